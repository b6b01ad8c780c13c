"""Processes of one house at one address: begun by one command, killed, renewed, and still one."""

import asyncio
import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from viewers import Viewer, begin, check_log, check_viewer, eventually, log_of
from websockets.asyncio.client import connect

from processes import ServerProcess, call, chimera, environment, until

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

ROOT = Path(__file__).parents[2]
ROLES = ("web 1", "web 2", "worker 1", "worker 2")
KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


@contextmanager
def cluster(log: Path) -> Generator[ServerProcess]:
    """`make cluster`, until the block ends."""
    command = [sys.executable, str(ROOT / "scripts/cluster.py"), "--port", "0"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment(), stdout=output, stderr=output, cwd=log.parent
        )
    try:
        yield ServerProcess(process, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def pids(server: ServerProcess) -> dict[str, list[int]]:
    """Which processes have come up in each role."""
    found: dict[str, list[int]] = {}
    for line in server.said().splitlines():
        if '"process_up"' in line:
            told = json.loads(line)
            found.setdefault(told["role"], []).append(told["pid"])
    return found


def alive(pid: int) -> bool:
    with suppress(FileNotFoundError):
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return False


async def test_one_command_opens_a_house_that_outlives_its_processes(tmp_path: Path) -> None:
    with cluster(tmp_path / "log") as server:
        address = await asyncio.to_thread(server.address)
        await eventually(lambda: "Chimera is open" in server.said(), server.said)
        assert set(pids(server)) == set(ROLES)
        # Each process's words carry its name.
        assert all(re.search(rf"^{role} +│ ", server.said(), re.MULTILINE) for role in ROLES)
        ids = [await asyncio.to_thread(begin, address) for _ in range(4)]
        viewers = [Viewer(address, each) for each in ids]
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(each.watch()) for each in viewers]
            await eventually(lambda: all(each.open_turn for each in viewers), server.said)
            for role in ("web 1", "worker 2"):
                await kill(server, pids(server)[role][0])
            known = [each.last for each in viewers]
            await eventually(
                lambda: all(
                    each.last > last + 6 for each, last in zip(viewers, known, strict=True)
                ),
                server.said,
            )
            up = pids(server)
            assert [len(up[role]) for role in ROLES] == [2, 1, 1, 2]
            logs = [await asyncio.to_thread(log_of, address, each) for each in ids]
            for task in watching:
                task.cancel()
        for viewer, events in zip(viewers, logs, strict=True):
            check_log(events)
            check_viewer(
                viewer, events[: max(viewer.last, len(events))] + viewer.events[len(events) :]
            )
        server.signal(signal.SIGINT)
        assert await asyncio.to_thread(server.wait) == 0
        assert not [pid for each in pids(server).values() for pid in each if alive(pid)]


async def kill(server: ServerProcess, pid: int) -> None:
    """Kill a process and return when another has come up in its place."""
    before = sum(map(len, pids(server).values()))
    subprocess.run(["kill", "-9", str(pid)], check=True)
    await eventually(lambda: sum(map(len, pids(server).values())) > before, server.said)


# --- several web processes at one port --------------------------------------------------------


@dataclass
class Knocker:
    """Asks one thing after another, each over a connection of its own and over one that is kept."""

    address: str
    answers: list[int] = field(default_factory=list[int])
    failures: list[str] = field(default_factory=list[str])

    async def knock(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.to_thread(self._ask)
            await asyncio.sleep(0.005)

    def _ask(self) -> None:
        try:
            with urllib.request.urlopen(f"{self.address}/api/v1/starters", timeout=30) as answer:  # noqa: S310
                answer.read()
                self.answers.append(answer.status)
        except (urllib.error.URLError, OSError) as error:
            self.failures.append(repr(error))


async def test_a_house_is_renewed_without_one_failed_request(
    tmp_path: Path, postgres_database: str, redis_url: str
) -> None:
    shared = {"CHIMERA_DATABASE__URL": postgres_database, "CHIMERA_REDIS__URL": redis_url}
    words = ("serve", "--workers", "2", "--port", "0")
    with chimera(*words, log=tmp_path / "log", **shared) as server:
        address = await asyncio.to_thread(server.address)
        await eventually(lambda: len(pids(server)) == 2, server.said)
        viewer = Viewer(address, await asyncio.to_thread(begin, address))
        knockers = [Knocker(address) for _ in range(3)]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each.knock()) for each in knockers]
            tasks.append(group.create_task(viewer.watch()))
            await eventually(lambda: viewer.open_turn is not None, server.said)
            server.signal(signal.SIGHUP)
            await eventually(lambda: server.said().count("process_renewed") == 2, server.said)
            known = viewer.last
            await eventually(lambda: viewer.last > known + 3, server.said)
            for task in tasks:
                task.cancel()
        assert not [each.failures for each in knockers if each.failures]
        assert {status for each in knockers for status in each.answers} == {200}
        up = pids(server)
        assert [len(each) for each in up.values()] == [2, 2]
        assert not [each[0] for each in up.values() if alive(each[0])]
        assert "server.draining" in viewer.controls
        assert not [each for each in viewer.events if each["type"] == "turn.failed"]
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        assert not [each[1] for each in up.values() if alive(each[1])]


async def test_processes_go_when_their_parent_is_killed(
    tmp_path: Path, postgres_database: str, redis_url: str
) -> None:
    shared = {"CHIMERA_DATABASE__URL": postgres_database, "CHIMERA_REDIS__URL": redis_url}
    words = ("serve", "--workers", "2", "--no-worker", "--port", "0")
    with chimera(*words, log=tmp_path / "log", **shared) as server:
        await eventually(lambda: len(pids(server)) == 2, server.said)
        server.kill()
        await eventually(
            lambda: not any(alive(pid) for each in pids(server).values() for pid in each)
        )


# --- without stickiness -----------------------------------------------------------------------


async def test_whichever_process_answers_it_is_the_same_house(
    tmp_path: Path, postgres_database: str, redis_url: str
) -> None:
    shared = {
        "CHIMERA_DATABASE__URL": postgres_database,
        "CHIMERA_REDIS__URL": redis_url,
        "CHIMERA_SECURITY__KEK": KEY,
    }
    words = ("serve", "--no-worker", "--port", "0")
    with (
        chimera(*words, log=tmp_path / "one", **shared) as first,
        chimera(*words, log=tmp_path / "two", **shared) as second,
    ):
        one, two = await asyncio.to_thread(first.address), await asyncio.to_thread(second.address)
        for address in (one, two):
            for name in ("live", "startup", "ready"):
                answer = await asyncio.to_thread(call, address, "GET", f"/health/{name}")
                assert answer == {"status": "ok", "failing": []}
        seen = [
            await asyncio.to_thread(call, each, "GET", "/health/services") for each in (one, two)
        ]
        assert seen[0]["store_id"] == seen[1]["store_id"]
        await one_counts_for_the_other(one, two)
        await one_lets_in_who_comes_with_a_ticket_of_the_other(one, two)
        await one_sees_the_viewers_of_the_other(one, two)
        await one_does_as_was_chosen_at_the_other(one, two)


async def one_counts_for_the_other(one: str, two: str) -> None:
    path = f"/api/v1/conversations/{await asyncio.to_thread(begin, one)}/polls"
    poll = {"question": "Who is right?", "options": ["Both", "Neither"], "seconds": 30}
    codes = [
        (await asyncio.to_thread(call, address, "POST", path, poll)).get("code", "opened")
        for address in (one, two) * 4
    ]
    assert codes[-2:] == ["rate_limited", "rate_limited"]
    assert codes.index("rate_limited") == 6


async def one_lets_in_who_comes_with_a_ticket_of_the_other(one: str, two: str) -> None:
    made: dict[str, Any] = await asyncio.to_thread(call, one, "POST", "/api/v1/live-tickets")
    url = two.replace("http", "ws") + "/api/v1/live"
    offered: Any = ["chimera.v1", made["ticket"]]
    async with connect(url, subprotocols=offered, proxy=None) as socket:
        async with asyncio.timeout(60):
            assert json.loads(await socket.recv())[0]["type"] == "hello"


async def one_sees_the_viewers_of_the_other(one: str, two: str) -> None:
    conversation_id = await asyncio.to_thread(begin, one)
    asked = json.dumps({"type": "subscribe", "conversation_id": conversation_id, "after": "head"})
    lines = [each.replace("http", "ws") + "/api/v1/live" for each in (one, two)]
    async with connect(lines[0], proxy=None) as here, connect(lines[1], proxy=None) as there:
        await here.send(asked)
        await there.send(asked)
        async with asyncio.timeout(60):
            async for message in here:
                for frame in json.loads(message):
                    if frame["type"] == "presence" and frame["body"]["viewers"] == 2:
                        return


async def one_does_as_was_chosen_at_the_other(one: str, two: str) -> None:
    await asyncio.to_thread(call, one, "PATCH", "/api/v1/house", {"paid_calls": False})
    credential = {"api_key": "sk-of-the-tests-0000", "base_url": "http://127.0.0.1:9/v1"}
    path = "/api/v1/providers/compatible/credential"
    await asyncio.to_thread(call, one, "PUT", path, credential | {"force": True})

    def told() -> bool:
        house = call(two, "GET", "/api/v1/house")
        cards = call(two, "GET", "/api/v1/providers")["items"]
        keyed = {each["name"] for each in cards if each.get("credential")}
        return house["paid_calls"] is False and "compatible" in keyed

    await asyncio.to_thread(until, told)


# --- refusals ---------------------------------------------------------------------------------


def test_several_processes_are_refused_over_the_embedded_file(tmp_path: Path) -> None:
    words = ("serve", "--workers", "2", "--port", "0", "--data-dir", str(tmp_path / "data"))
    with chimera(*words, log=tmp_path / "log") as server:
        assert server.wait() == 2
    assert "Several processes cannot share the embedded database" in server.said()


def test_who_does_not_come_up_ends_the_start_with_its_own_code(tmp_path: Path) -> None:
    nobody = {
        "CHIMERA_DATABASE__URL": "postgresql://chimera@127.0.0.1:9/chimera",
        "CHIMERA_REDIS__URL": "redis://127.0.0.1:9/0",
        "CHIMERA_DATABASE__PATIENCE_SECONDS": "0",
    }
    with chimera(
        "serve", "--workers", "2", "--port", "0", log=tmp_path / "log", **nobody
    ) as server:
        assert server.wait() == 4
    assert "Traceback" not in server.said()
