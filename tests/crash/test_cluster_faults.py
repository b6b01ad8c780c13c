"""Two web processes and two workers, when Redis or PostgreSQL fails them, or one freezes."""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
import redis
from viewers import BROKEN_OFF, Viewer, begin, check_log, check_viewer, eventually, log_of

from processes import ServerProcess, chimera
from servers import free_port, redis_server

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

#: How long the talk may be silent once the fault is over (`reliability.md`, P8).
PROMISED_S = 35.0
LEASE_S = 2.0
CONVERSATIONS = 6


def now() -> float:
    return time.time()  # noqa: TID251 - compared with the times of events


def moment(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["at"]).timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The processes, the servers they share, and who watches."""

    webs: list[ServerProcess]
    workers: list[ServerProcess]
    database: str
    redis: "OurRedis"
    viewers: list[Viewer]

    def said(self) -> str:
        return "\n".join(each.said() for each in (*self.webs, *self.workers))

    def waited_s(self) -> float:
        """For how long the machine let the busiest of them wait."""
        return max(each.waited_s() for each in (*self.webs, *self.workers))


class OurRedis:
    """A Redis that can be killed and comes back, empty, to the same address."""

    def __init__(self, port: int) -> None:
        self.url = f"redis://127.0.0.1:{port}/0"
        self._port = port
        self._stack = ExitStack()

    def start(self) -> None:
        self._stack.enter_context(redis_server(self._port))

    def stop(self) -> None:
        self._stack.close()

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)


@asynccontextmanager
async def cluster(folder: Path, database: str) -> AsyncGenerator[Cluster]:
    """A house of four processes in which every conversation is being spoken in."""
    ours = OurRedis(free_port())
    with ExitStack() as stack:
        stack.callback(ours.stop)
        ours.start()
        shared = {"CHIMERA_DATABASE__URL": database, "CHIMERA_REDIS__URL": ours.url}

        def start(name: str, *words: str) -> ServerProcess:
            return stack.enter_context(chimera(*words, log=folder / name, **shared))

        webs = [start(f"web{each}", "serve", "--no-worker", "--port", "0") for each in (1, 2)]
        workers = [start(f"worker{each}", "worker") for each in (1, 2)]
        addresses = [await asyncio.to_thread(each.address) for each in webs]
        for each in workers:
            await asyncio.to_thread(each.until_working)
        doors = cycle(addresses)
        ids = [await asyncio.to_thread(begin, addresses[0], speed=8) for _ in range(CONVERSATIONS)]
        viewers = [Viewer(next(doors), each) for each in ids]
        house = Cluster(webs=webs, workers=workers, database=database, redis=ours, viewers=viewers)
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(each.watch()) for each in viewers]
            await eventually(lambda: all(each.open_turn for each in viewers), house.said)
            yield house
            for task in watching:
                task.cancel()


# --- the faults; each gives the moment from which the talk has to come back ----------------------

Fault = Callable[[Cluster], Awaitable[float]]


async def redis_forgets(house: Cluster) -> float:
    with house.redis.client() as client:
        client.flushall()
    return now()


async def redis_dies(house: Cluster) -> float:
    await asyncio.to_thread(house.redis.stop)
    await asyncio.sleep(5)
    await asyncio.to_thread(house.redis.start)
    return now()


async def redis_is_full(house: Cluster) -> float:
    with house.redis.client() as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        await asyncio.sleep(5)
        client.config_set("maxmemory", "0")
    return now()


async def postgres_throws_everybody_out(house: Cluster) -> float:
    name = house.database.rpartition("/")[2]
    address = house.database.rpartition("/")[0] + "/postgres"
    connection = cast("Any", await asyncpg.connect(address))
    try:
        for _ in range(4):
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
            )
            await asyncio.sleep(0.5)
    finally:
        await connection.close()
    return now()


async def a_worker_freezes(house: Cluster) -> float:
    """Longer than its lease; when it wakes, its turns are long somebody else's."""
    frozen = house.workers[0]
    frozen.signal(signal.SIGSTOP)
    since = now()
    await asyncio.sleep(3 * LEASE_S)
    frozen.signal(signal.SIGCONT)
    return since


async def redis_forgets_and_a_worker_dies(house: Cluster) -> float:
    """Then neither Redis nor the dead tells anybody which lines are open."""
    house.workers[0].kill()
    with house.redis.client() as client:
        client.flushall()
    return now()


FAULTS = (
    redis_forgets, redis_forgets_and_a_worker_dies, redis_dies, redis_is_full,
    postgres_throws_everybody_out, a_worker_freezes,
)  # fmt: skip


#: Where less is promised than the deadline of a run: four leases until a dead worker is missed.
BOUNDS: dict[Fault, float] = {redis_forgets_and_a_worker_dies: 20.0}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.__name__)
async def test_the_talk_comes_back_with_nothing_lost_or_doubled(
    tmp_path: Path, postgres_database: str, fault: Fault
) -> None:
    async with cluster(tmp_path, postgres_database) as house:
        before = house.waited_s()
        over = await fault(house)
        await eventually(
            lambda: all(len(starts(each, over)) > 2 for each in house.viewers), house.said
        )
        waited = house.waited_s() - before
        silent = max(silence(each, over) for each in house.viewers)
        print(f"silent for {silent:.1f} s, of which waited {waited:.1f} s")  # noqa: T201
        assert silent < BOUNDS.get(fault, PROMISED_S) + waited
        logs = [log_of(each.address, each.conversation_id) for each in house.viewers]
    for viewer, events in zip(house.viewers, logs, strict=True):
        # Whether a commit that broke has happened is not known: then the run itself has failed.
        check_log(events, BROKEN_OFF | {"internal"})
        check_viewer(viewer, events)
        assert viewer.visits == 1
    await check_rows(postgres_database)


def starts(viewer: Viewer, since: float) -> list[float]:
    """When turns began."""
    found = [each for each in viewer.events if each["type"] == "turn.started"]
    return [moment(each) for each in found if moment(each) > since]


def silence(viewer: Viewer, since: float) -> float:
    """The longest time from one event to the next."""
    times = [since, *(at for each in viewer.events if (at := moment(each)) > since)]
    return max(after - before for before, after in pairwise(times))


async def check_rows(database: str) -> None:
    """What is kept beside the log is what the log says."""
    connection = cast("Any", await asyncpg.connect(database))
    try:
        wrong = await connection.fetch(
            "SELECT id FROM conversations c WHERE head_seq <> (SELECT count(*) FROM events e"
            " WHERE e.conversation_id = c.id) OR message_count <> (SELECT count(*) FROM messages m"
            " WHERE m.conversation_id = c.id)"
        )
        said = await connection.fetchval(
            "SELECT count(*) FROM events WHERE type IN ('message.completed', 'message.posted')"
        )
        kept = await connection.fetchval("SELECT count(*) FROM messages")
    finally:
        await connection.close()
    assert not wrong
    assert said == kept
