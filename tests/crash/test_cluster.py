"""Web process and workers over PostgreSQL and Redis, when a worker dies."""

import asyncio
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from viewers import Viewer, begin, check_log, check_viewer, eventually, log_of

from processes import ServerProcess, chimera

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

LEASE_S = 2.0


def moment(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["at"]).timestamp()


def now() -> float:
    return time.time()  # noqa: TID251 - compared with the times of events


async def test_the_talk_survives_a_worker(
    tmp_path: Path, postgres_database: str, redis_url: str
) -> None:
    shared = {"CHIMERA_DATABASE__URL": postgres_database, "CHIMERA_REDIS__URL": redis_url}
    with ExitStack() as stack:

        def start(name: str, *words: str) -> ServerProcess:
            return stack.enter_context(chimera(*words, log=tmp_path / name, **shared))

        web = start("web", "serve", "--no-worker", "--port", "0")
        first = start("first", "worker")
        address = web.address()
        first.until_working()
        viewers = [Viewer(address, begin(address, speed=8)) for _ in range(5)]
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(each.watch()) for each in viewers]
            await eventually(lambda: all(each.open_turn for each in viewers), first.said)
            second = start("second", "worker")
            await asyncio.to_thread(second.until_working)
            await eventually(lambda: sum(bool(each.open_turn) for each in viewers) > 3)

            first.kill()
            killed, before = now(), second.waited_s()
            await goes_on(viewers, killed, second)
            waited = second.waited_s() - before
            broken = [each for each in viewers if any(map(is_failed, each.events))]
            for viewer in broken:
                failed = next(filter(is_failed, viewer.events))
                assert moment(failed) - killed - waited < 1.5 * LEASE_S + 1

            for task in watching:
                task.cancel()
        assert broken
        for viewer in viewers:
            events = log_of(address, viewer.conversation_id)
            check_log(events)
            check_viewer(viewer, events)
            assert viewer.visits == 1


def is_failed(event: dict[str, Any]) -> bool:
    return event["type"] == "turn.failed"


def starts(viewer: Viewer, since: float) -> list[float]:
    """When turns began."""
    found = [each for each in viewer.events if each["type"] == "turn.started"]
    return [moment(each) for each in found if moment(each) > since]


async def goes_on(viewers: list[Viewer], since: float, worker: ServerProcess) -> None:
    """Return when every conversation has gone from one turn to the next.

    A turn that was under way may end, and even the one after it begin, without any alarm.
    """
    await eventually(lambda: all(len(starts(each, since)) > 2 for each in viewers), worker.said)
