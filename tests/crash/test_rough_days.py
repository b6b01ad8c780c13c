"""A database that restarts, a plugin that blocks, viewers that stray, files that run out."""

import asyncio
import json
import os
import random
import resource
import signal
import socket
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import pytest
from killing import Cluster, talking, watched
from service import check_books
from viewers import BROKEN_OFF, Viewer, begin, check_log, check_viewer, eventually, log_of
from websockets.asyncio.client import ClientConnection

from chimera.store.database import migrate
from processes import chimera
from servers import free_port, postgres_folder

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

CONVERSATIONS = 4


async def goes_on(viewers: list[Viewer], cluster: Cluster) -> None:
    """Return when every conversation has begun two more turns."""
    known = [starts(each) for each in viewers]
    await eventually(
        lambda: all(
            starts(each) > before + 1 for each, before in zip(viewers, known, strict=True)
        ),
        cluster.said,
    )  # fmt: skip


def starts(viewer: Viewer) -> int:
    return sum(each["type"] == "turn.started" for each in viewer.events)


async def check_all(
    address: str, viewers: list[Viewer], database: str, why: frozenset[str] = BROKEN_OFF
) -> list[dict[str, Any]]:
    """Every promise; the turns that failed."""
    failed: list[dict[str, Any]] = []
    for viewer in viewers:
        events = await asyncio.to_thread(log_of, address, viewer.conversation_id)
        check_log(events, why)
        check_viewer(viewer, events)
        failed += [each for each in events if each["type"] == "turn.failed"]
    await check_books(database)
    return failed


async def test_postgres_may_be_killed_and_started_again(tmp_path: Path, redis_url: str) -> None:
    async with AsyncExitStack() as stack:
        files = stack.enter_context(postgres_folder())
        running = ExitStack()
        stack.push(running)
        running.enter_context(files.running())
        await migrate(files.url)
        shared = {"CHIMERA_DATABASE__URL": files.url, "CHIMERA_REDIS__URL": redis_url}
        house = watched(tmp_path, shared, conversations=CONVERSATIONS)
        cluster, viewers, _ = await stack.enter_async_context(house)
        await talking(viewers, cluster)
        await asyncio.to_thread(running.close)
        await asyncio.sleep(2)
        await asyncio.to_thread(running.enter_context, files.running())
        await goes_on(viewers, cluster)
        # Whether a commit that broke has happened is not known: then the run itself has failed.
        await check_all(cluster.address(0), viewers, files.url, BROKEN_OFF | {"internal"})
        assert all(each.visits == 1 for each in viewers)


async def test_a_worker_that_is_asked_to_stop_breaks_no_line(
    tmp_path: Path, postgres_database: str, redis_url: str
) -> None:
    shared = {"CHIMERA_DATABASE__URL": postgres_database, "CHIMERA_REDIS__URL": redis_url}
    house = watched(tmp_path, shared, conversations=CONVERSATIONS)
    async with house as (cluster, viewers, _):
        await talking(viewers, cluster)
        first = cluster.workers[0]
        first.signal(signal.SIGTERM)
        await eventually(lambda: first.process.poll() is not None, cluster.said)
        assert first.wait() == 0
        await goes_on(viewers, cluster)
        assert await check_all(cluster.address(0), viewers, postgres_database) == []


SLEEPY = """
import time
from itertools import count
from chimera.core.generation import Finish, Health, Model, Text, Usage, UsageReport
from service import line

class make:
    name = "sleepy"
    def __init__(self, **given):
        self.calls = count(1)
    async def stream(self, request):
        number = next(self.calls)
        for word in line(7 * number):
            yield Text(word)
        if number % 4 == 0:
            time.sleep(3)
        yield UsageReport(Usage(input_tokens=10, output_tokens=10))
        yield Finish(reason="stop")
    async def models(self):
        return (Model(id="m1"),)
    async def check(self):
        return Health(ok=True)
    async def close(self):
        pass
"""


def install(folder: Path) -> None:
    """The plugin, as a package in a folder."""
    (folder / "sleepy.py").write_text(SLEEPY)
    about = folder / "sleepy-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: sleepy\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[chimera.providers]\nsleepy = sleepy:make\n")


async def test_a_plugin_that_blocks_its_process_for_longer_than_the_lease(
    tmp_path: Path, postgres_database: str, redis_url: str
) -> None:
    install(tmp_path)
    here = Path(__file__).parent
    places = (tmp_path, here, here.parent, here.parent / "contracts")
    shared = {
        "CHIMERA_DATABASE__URL": postgres_database,
        "CHIMERA_REDIS__URL": redis_url,
        "CHIMERA_PROVIDERS__PLUGINS": "sleepy",
        "PYTHONPATH": os.pathsep.join(map(str, places)),
    }
    cast = [
        {"persona": each, "provider": "sleepy", "model": "m1"}
        for each in ("philosopher", "comedian", "scientist")
    ]
    house = watched(tmp_path, shared, conversations=CONVERSATIONS, cast=cast)
    async with house as (cluster, viewers, _):
        await talking(viewers, cluster)
        for _ in range(3):
            await goes_on(viewers, cluster)
        await check_all(cluster.address(0), viewers, postgres_database)


class Wanderer(Viewer):
    """Goes offline again and again, comes back by another door, and asks for what it has seen."""

    def __init__(self, doors: list[str], conversation_id: str, rng: random.Random) -> None:
        super().__init__(doors[0], conversation_id)
        self._doors = doors
        self._rng = rng

    async def watch(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._rng.uniform(0.5, 3)):
                    await super().watch()
            except TimeoutError:
                self.address = self._rng.choice(self._doors)
                await asyncio.sleep(self._rng.uniform(0, 2))

    async def _ask(self, socket: ClientConnection) -> None:
        after = max(0, self.last - self._rng.randrange(5))
        asked = {"type": "subscribe", "conversation_id": self.conversation_id, "after": after}
        await socket.send(json.dumps(asked))

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["kind"] == "event" and frame["seq"] <= self.last:
            assert frame == {"kind": "event", **self.events[frame["seq"] - 1]}
            return
        super()._take(frame)


async def test_viewers_that_come_and_go_have_it_all_and_once(
    tmp_path: Path, postgres_database: str, redis_url: str
) -> None:
    shared = {"CHIMERA_DATABASE__URL": postgres_database, "CHIMERA_REDIS__URL": redis_url}
    seed = random.randrange(2**31)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when this fails
    house = watched(tmp_path, shared, conversations=CONVERSATIONS)
    async with house as (cluster, viewers, _), asyncio.TaskGroup() as group:
        doors = [cluster.address(0), cluster.address(1)]
        strays = [
            Wanderer(doors, each.conversation_id, random.Random(seed + place))
            for place, each in enumerate(viewers * 3)
        ]
        watching = [group.create_task(each.watch()) for each in strays]
        await eventually(lambda: all(each.visits > 4 for each in strays), cluster.said)
        heads = {each.conversation_id: each.last for each in viewers}
        await eventually(
            lambda: all(each.last >= heads[each.conversation_id] for each in strays), cluster.said
        )
        for task in watching:
            task.cancel()
        await check_all(cluster.address(0), [*viewers, *strays], postgres_database)


async def test_a_house_that_runs_out_of_files_serves_again_when_it_has_some(tmp_path: Path) -> None:
    port = free_port()
    data = tmp_path / "data"
    words = ("serve", "--port", str(port), "--data-dir", str(data))
    with chimera(*words, log=tmp_path / "log") as server:
        address = await asyncio.to_thread(server.address)
        ids = [await asyncio.to_thread(begin, address) for _ in range(2)]
        viewers = [Viewer(address, each) for each in ids]
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(each.watch()) for each in viewers]
            await eventually(lambda: all(each.open_turn for each in viewers), server.said)
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (128, 128))
            with ExitStack() as crowd:
                for _ in range(200):
                    crowd.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
                # Who is in goes on; who is not has to wait.
                known = [each.last for each in viewers]
                await eventually(
                    lambda: all(
                        each.last > before + 2 for each, before in zip(viewers, known, strict=True)
                    ),
                    server.said,
                )
            again = Viewer(address, ids[0])
            watching.append(group.create_task(again.watch()))
            await eventually(lambda: again.last > 0 and again.open_turn, server.said)
            for task in watching:
                task.cancel()
        assert all(each.visits == 1 for each in viewers)
        await check_all(address, [*viewers, again], f"sqlite:///{data / 'chimera.db'}")
