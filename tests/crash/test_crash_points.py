"""Killed at each named moment of a turn, alone and beside others: nothing lost, nothing doubled."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from service import check_books, service
from viewers import Viewer, begin, check_log, check_viewer, eventually, log_of

from chimera.engine.crashing import POINTS
from processes import ServerProcess, chimera
from servers import free_port

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

CONVERSATIONS = 3
#: For the so-manieth time, so that the talk is in its middle.
TIMES = {"after_claim": 5, "before_commit": 4, "before_reschedule": 2, "writing_ahead": 2}
Start = Callable[[str], ServerProcess]


async def dies(start: Start, point: str) -> None:
    """Run a process until it comes to that point."""
    process = await asyncio.to_thread(start, f"{point}:{TIMES.get(point, 3)}")
    await eventually(lambda: process.process.poll() is not None, process.said)
    assert process.wait() == -signal.SIGKILL, process.said()


async def goes_on(viewers: list[Viewer], said: Callable[[], str]) -> None:
    """Return when every conversation has had two more lines."""
    known = [lines(each) for each in viewers]
    await eventually(
        lambda: all(
            lines(each) > before + 1 for each, before in zip(viewers, known, strict=True)
        ),
        said,
    )  # fmt: skip


def lines(viewer: Viewer) -> int:
    return sum(each["type"] == "message.completed" for each in viewer.events)


def check_all(address: str, viewers: list[Viewer]) -> None:
    broken = 0
    for viewer in viewers:
        events = log_of(address, viewer.conversation_id)
        check_log(events)
        check_viewer(viewer, events)
        broken += sum(each["type"] == "turn.failed" for each in events)
    # Some points lie within a turn, others do not.
    assert 0 < broken <= CONVERSATIONS * len(POINTS)


@pytest.mark.long
async def test_a_house_of_one_process(tmp_path: Path) -> None:
    port = free_port()
    address, data = f"http://127.0.0.1:{port}", tmp_path / "data"
    words = ("serve", "--port", str(port), "--data-dir", str(data))
    with ExitStack() as stack:
        async with service() as settings, asyncio.TaskGroup() as group:

            def start(**crash: str) -> ServerProcess:
                given = settings | crash
                return stack.enter_context(chimera(*words, log=tmp_path / "log", **given))

            # The first only opens the conversations.
            first = start()
            await asyncio.to_thread(first.address)
            ids = [await asyncio.to_thread(begin, address) for _ in range(CONVERSATIONS)]
            viewers = [Viewer(address, each) for each in ids]
            watching = [group.create_task(each.watch()) for each in viewers]
            await eventually(lambda: any(each.open_turn for each in viewers), first.said)
            await asyncio.to_thread(first.kill)
            for point in POINTS:
                await dies(lambda at: start(CHIMERA_CRASH_AT=at), point)
            last = start()
            await goes_on(viewers, last.said)
            for task in watching:
                task.cancel()
            await asyncio.to_thread(check_all, address, viewers)
    await check_books(f"sqlite:///{data / 'chimera.db'}")


async def test_a_worker_beside_others(
    tmp_path: Path, postgres_database: str, redis_url: str
) -> None:
    shared = {"CHIMERA_DATABASE__URL": postgres_database, "CHIMERA_REDIS__URL": redis_url}
    with ExitStack() as stack:
        async with service() as settings, asyncio.TaskGroup() as group:

            def start(name: str, *words: str, **crash: str) -> ServerProcess:
                given = settings | shared | crash
                return stack.enter_context(chimera(*words, log=tmp_path / name, **given))

            web = start("web", "serve", "--no-worker", "--port", "0")
            address = await asyncio.to_thread(web.address)
            ids = [await asyncio.to_thread(begin, address) for _ in range(CONVERSATIONS)]
            viewers = [Viewer(address, each) for each in ids]
            watching = [group.create_task(each.watch()) for each in viewers]
            for point in POINTS:
                await dies(lambda at: start("worker", "worker", CHIMERA_CRASH_AT=at), point)
            last = start("last", "worker")
            await goes_on(viewers, last.said)
            for task in watching:
                task.cancel()
            await asyncio.to_thread(check_all, address, viewers)
            assert all(each.visits == 1 for each in viewers)
    await check_books(postgres_database)
