"""A house that is asked to stop finishes its sentences, and goes at once if somebody insists."""

import asyncio
import json
import signal
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from viewers import CONVERSATIONS, Viewer, begin, eventually

from processes import ServerProcess, call, chimera

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]


def log_in(folder: Path) -> list[dict[str, Any]]:
    """Every event of every conversation, read from the file of a house that is closed."""
    with closing(sqlite3.connect(folder / "data" / "chimera.db")) as database:
        rows = database.execute("SELECT conversation_id, type, body, at FROM events ORDER BY at")
        names = ("conversation_id", "type", "body", "at")
        return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


@asynccontextmanager
async def talking(
    folder: Path, *, conversations: int, speed: float
) -> AsyncGenerator[tuple[ServerProcess, list[Viewer]]]:
    """A house in which every conversation is in the middle of a turn."""
    words = ("serve", "--port", "0", "--data-dir", str(folder / "data"))
    with chimera(*words, log=folder / "log") as server:
        address = server.address()
        viewers = [Viewer(address, begin(address, speed=speed)) for _ in range(conversations)]
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(each.watch()) for each in viewers]
            await eventually(lambda: all(each.open_turn for each in viewers), server.said)
            yield server, viewers
            for task in watching:
                task.cancel()


async def ended(server: ServerProcess) -> float:
    """Seconds until the process has ended, those off that the machine gave to others."""
    begun, before = time.monotonic(), server.waited_s()
    waited = before
    while server.process.poll() is None:
        waited = max(waited, server.waited_s())
        assert time.monotonic() < begun + 90, server.said()
        await asyncio.sleep(0.01)
    return time.monotonic() - begun - (waited - before)


async def answer(work: Callable[..., Any], *words: Any) -> Any:
    return await asyncio.to_thread(work, *words)


def cut(folder: Path) -> bool:
    """Whether a line was cut: left open, so that the next process says so, or said already."""
    events = log_in(folder)
    kinds = [each["type"] for each in events]
    failed = [json.loads(each["body"])["code"] for each in events if each["type"] == "turn.failed"]
    assert set(failed) <= {"interrupted"}
    return kinds.count("turn.started") > kinds.count("message.completed")


async def test_sigterm_lets_every_line_be_finished(tmp_path: Path) -> None:
    async with talking(tmp_path, conversations=3, speed=2) as (server, viewers):
        address = viewers[0].address
        server.signal(signal.SIGTERM)
        await eventually(lambda: all("server.draining" in each.controls for each in viewers))
        # Meanwhile it is no place for new traffic, but serves what comes.
        assert await answer(call, address, "GET", "/health/ready") == {
            "status": "unready", "failing": ["draining"],
        }  # fmt: skip
        path = f"{CONVERSATIONS}/{viewers[0].conversation_id}/messages"
        posted = await answer(call, address, "POST", path, {"text": "Good night!"})
        assert "seq" in posted
        await ended(server)
        gone = time.time()  # noqa: TID251 - compared with the times of events
    assert server.wait() == 0
    events = log_in(tmp_path)
    assert not [each for each in events if each["type"] == "turn.failed"]
    kinds = [each["type"] for each in events]
    assert kinds.count("turn.started") == kinds.count("message.completed")
    assert "Good night!" in {json.loads(each["body"]).get("text") for each in events}
    landed = max(each["at"] for each in events if each["type"] == "message.completed")
    assert gone - landed / 1000 < 10
    assert all(each.closes[0] == 1012 for each in viewers)


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    async with talking(tmp_path, conversations=3, speed=0.1) as (server, viewers):
        server.signal(signal.SIGTERM)
        await eventually(lambda: all("server.draining" in each.controls for each in viewers))
        assert server.process.poll() is None
        server.signal(signal.SIGTERM)
        assert await ended(server) < 2
    assert server.wait() == 0
    assert cut(tmp_path)


async def test_whoever_presses_ctrl_c_waits_three_seconds_at_most(tmp_path: Path) -> None:
    async with talking(tmp_path, conversations=3, speed=0.1) as (server, _):
        server.signal(signal.SIGINT)
        assert await ended(server) < 3.5
    assert server.wait() == 0
    # What was said in time is said; what was not is left for the next process to tell.
    assert not [each for each in log_in(tmp_path) if each["type"] == "turn.failed"]


async def test_a_house_where_nobody_speaks_is_gone_in_a_moment(tmp_path: Path) -> None:
    words = ("serve", "--port", "0", "--data-dir", str(tmp_path / "data"))
    with chimera(*words, log=tmp_path / "log") as server:
        server.address()
        server.signal(signal.SIGTERM)
        assert await ended(server) < 2
        assert server.wait() == 0
    assert '"closed"' in server.said()
