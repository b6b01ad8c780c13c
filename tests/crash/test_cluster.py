"""Web process and workers over PostgreSQL and Redis, when a worker dies and Redis forgets."""

import asyncio
import time
from contextlib import ExitStack
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import redis
from viewers import Viewer, begin, check_log, check_viewer, eventually, log_of

from processes import ServerProcess, chimera

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

LEASE_S = 2.0
#: The reconciler looks every 30 seconds.
REPAIRED_S = 35.0


def moment(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["at"]).timestamp()


def now() -> float:
    return time.time()  # noqa: TID251 - compared with the times of events


async def test_the_talk_survives_a_worker_and_the_memory_of_redis(
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

            with redis.Redis.from_url(redis_url) as client:
                client.flushall()
            wiped, before = now(), second.waited_s()
            await goes_on(viewers, wiped, second)
            waited = second.waited_s() - before
            assert max(silence(each, wiped) for each in viewers) < REPAIRED_S + waited
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


def silence(viewer: Viewer, since: float) -> float:
    """The longest time from one event to the next."""
    times = [since, *(at for each in viewer.events if (at := moment(each)) > since)]
    return max(after - before for before, after in pairwise(times))


async def goes_on(viewers: list[Viewer], since: float, worker: ServerProcess) -> None:
    """Return when every conversation has gone from one turn to the next.

    A turn that was under way may end, and even the one after it begin, without any alarm.
    """
    await eventually(lambda: all(len(starts(each, since)) > 2 for each in viewers), worker.said)
