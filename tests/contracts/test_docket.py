"""The alarm clock rings, in one process and over Redis, and a drained worker finishes its runs."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from docket import Docket
from redis.asyncio import Redis

from chimera.engine.worker import DocketAlarm, TurnWorker, WorkerSettings, docket_url, register
from servers import free_port, redis_server

LEASE_S = 2.0
Turn = Callable[[str], Awaitable[datetime | None]]


def now(seconds: float = 0.0) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)  # noqa: TID251 - docket reads the wall


@pytest.fixture(autouse=True)
def _never_blocking() -> None:
    """Docket and redis-py look up their own versions on the disk when they connect."""


class House:
    """A docket with a worker, and what it rang for."""

    def __init__(self, docket: Docket) -> None:
        self.alarm = DocketAlarm(docket)
        self.worker = TurnWorker(docket, WorkerSettings(lease=timedelta(seconds=LEASE_S)))
        self.rung: list[str] = []
        self.reconciled = asyncio.Event()
        self.heard = asyncio.Event()
        self.answer: Turn = self._never_again
        self.repair = _nothing
        register(docket, self._turn, self._reconcile, _untitled, _untitled)

    async def _turn(self, conversation_id: str, again: bool) -> datetime | None:
        async def run() -> datetime | None:
            self.rung.append(conversation_id)
            self.heard.set()
            return await self.answer(conversation_id)

        return await self.worker.carry(conversation_id, run, again=again)

    async def _reconcile(self) -> None:
        await self.repair()
        self.reconciled.set()

    async def _never_again(self, conversation_id: str) -> datetime | None:
        del conversation_id
        return None


@asynccontextmanager
async def working(url: str, name: str) -> AsyncGenerator[House]:
    async with Docket(name=name, url=url, execution_ttl=timedelta(0)) as docket:
        house = House(docket)
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            running = group.create_task(house.worker.run())
            yield house
            running.cancel()


@pytest.fixture(params=["memory", "redis"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return "memory://test-" + request.node.originalname
    return docket_url(request.getfixturevalue("redis_url"))


async def test_it_rings_at_its_time_and_again_when_told(url: str) -> None:
    async with working(url, "rings") as house:
        times: list[datetime] = []

        async def twice(conversation_id: str) -> datetime | None:
            times.append(now())
            return now(0.2) if len(times) < 2 else None

        house.answer = twice
        due = now(0.3)
        await house.alarm.ring("cnv_1", due)
        while len(times) < 2:
            await house.heard.wait()
            house.heard.clear()
        assert house.rung == ["cnv_1", "cnv_1"]
        assert times[0] >= due - timedelta(milliseconds=5)
        assert times[1] - times[0] >= timedelta(milliseconds=190)


async def test_a_second_ring_replaces_the_first_and_an_addition_does_not(url: str) -> None:
    async with working(url, "replaces") as house:
        await house.alarm.ring("cnv_1", now(3600))
        await house.alarm.add("cnv_1", now())
        await house.alarm.ring("cnv_2", now())
        await house.heard.wait()
        assert house.rung == ["cnv_2"]
        house.heard.clear()
        await house.alarm.ring("cnv_1", now())
        await house.heard.wait()
        assert house.rung == ["cnv_2", "cnv_1"]


async def test_a_cancelled_run_stops(url: str) -> None:
    async with working(url, "cancels") as house:
        stopped = asyncio.Event()

        async def forever(conversation_id: str) -> datetime | None:
            del conversation_id
            try:
                await asyncio.Event().wait()
            finally:
                stopped.set()

        house.answer = forever
        await house.alarm.ring("cnv_1", now())
        await house.heard.wait()
        await house.alarm.cancel("cnv_1")
        await stopped.wait()


async def test_a_drain_waits_for_what_is_awake_and_takes_nothing_new(url: str) -> None:
    async with working(url, "drains") as house:
        end = asyncio.Event()

        async def until_told(conversation_id: str) -> datetime | None:
            del conversation_id
            await end.wait()
            return None

        house.answer = until_told
        await house.alarm.ring("cnv_1", now())
        await house.heard.wait()
        assert not await house.worker.drain(0.05)
        await house.alarm.ring("cnv_2", now())
        end.set()
        assert await house.worker.drain(5)
        assert house.worker.draining
        assert house.rung == ["cnv_1"]


async def test_another_worker_takes_at_once_what_a_drain_breaks_off(redis_url: str) -> None:
    url = docket_url(redis_url)
    async with working(url, "breaks") as first:
        first.answer = forever
        await first.alarm.ring("cnv_1", now())
        await rung(first, "cnv_1")
        async with working(url, "breaks") as second:
            begun = now()
            assert not await first.worker.drain(0.05)
            await rung(second, "cnv_1")
            assert now() - begun < timedelta(seconds=1)


async def test_what_lives_is_not_begun_again_though_redis_was_away_for_longer_than_its_lease(
    tmp_path: Path,
) -> None:
    port = free_port()
    server = redis_server(port, folder=tmp_path)
    url = docket_url(await asyncio.to_thread(server.__enter__))
    async with working(url, "kept") as first, working(url, "kept") as second:
        end = asyncio.Event()

        async def until_told(conversation_id: str) -> datetime | None:
            del conversation_id
            await end.wait()
            return None

        first.answer = second.answer = until_told
        first.heard = second.heard = asyncio.Event()
        await first.alarm.ring("cnv_1", now())
        await first.heard.wait()
        first.heard.clear()
        await asyncio.to_thread(server.__exit__, None, None, None)
        await asyncio.sleep(LEASE_S)
        # It comes back and remembers an alarm whose lease is over.
        server = redis_server(port, folder=tmp_path)
        await asyncio.to_thread(server.__enter__)
        await asyncio.sleep(2 * LEASE_S)
        assert first.rung + second.rung == ["cnv_1"]
        end.set()
        # Once it is over, whoever waited finds out that there is nothing to do.
        await first.heard.wait()
    await asyncio.to_thread(server.__exit__, None, None, None)


async def test_the_reconciler_runs_when_a_worker_starts(url: str) -> None:
    async with working(url, "reconciles") as house:
        await house.reconciled.wait()


def test_the_connection_pool_of_the_docket_is_wide() -> None:
    assert docket_url("redis://127.0.0.1:6379/3?ssl=false").endswith(
        "/3?ssl=false&max_connections=5000"
    )


async def test_nobody_is_told_when_the_alarm_cannot_be_set() -> None:
    server = redis_server()
    address = docket_url(await asyncio.to_thread(server.__enter__))
    async with Docket(name="away", url=address, execution_ttl=timedelta(0)) as docket:
        register(docket, _never, _nothing, _untitled, _untitled)
        alarm = DocketAlarm(docket)
        await alarm.ring("cnv_1", now())
        await asyncio.to_thread(server.__exit__, None, None, None)
        # What was said is committed: a caller who got an error would say it twice.
        await alarm.ring("cnv_1", now())
        await alarm.add("cnv_1", now())
        await alarm.cancel("cnv_1")


# --- when Redis forgets -------------------------------------------------------------------------


async def wipe(url: str) -> None:
    async with Redis.from_url(url, driver_info=None) as client:
        await client.flushall()


async def test_the_alarm_rings_that_is_set_by_a_run_which_redis_has_forgotten(
    redis_url: str,
) -> None:
    async with working(docket_url(redis_url), "forgets") as house:

        async def once_more(conversation_id: str) -> datetime | None:
            del conversation_id
            if len(house.rung) > 1:
                return None
            await wipe(redis_url)
            return now(0.1)

        house.answer = once_more
        await house.alarm.ring("cnv_1", now())
        await rung(house, "cnv_1", "cnv_1")


async def test_a_forgotten_alarm_rings_though_another_run_is_awake(redis_url: str) -> None:
    async with working(docket_url(redis_url), "wiped") as house:
        await asleep_beside_awake(house)
        await wipe(redis_url)
        await rung(house, "cnv_1", "cnv_2")


async def test_so_it_does_when_redis_was_killed() -> None:
    port = free_port()
    server = redis_server(port)
    url = docket_url(await asyncio.to_thread(server.__enter__))
    async with working(url, "killed") as house:
        await asleep_beside_awake(house)
        await asyncio.to_thread(server.__exit__, None, None, None)
        server = redis_server(port)
        await asyncio.to_thread(server.__enter__)
        await rung(house, "cnv_1", "cnv_2")
    await asyncio.to_thread(server.__exit__, None, None, None)


async def forever(conversation_id: str) -> datetime | None:
    """Only the first conversation has a run without an end."""
    if conversation_id == "cnv_1":
        await asyncio.Event().wait()
    return None


async def asleep_beside_awake(house: House) -> None:
    """One run that does not end, an alarm that is far, and a reconciler that wants it now."""

    async def repair() -> None:
        await house.alarm.add("cnv_2", now())

    await house.reconciled.wait()
    house.answer, house.repair = forever, repair
    await house.alarm.ring("cnv_2", now(3600))
    await house.alarm.ring("cnv_1", now())
    await rung(house, "cnv_1")


async def rung(house: House, *conversations: str) -> None:
    """Return when it has rung for exactly these."""
    while len(house.rung) < len(conversations):
        await house.heard.wait()
        house.heard.clear()
    assert house.rung == list(conversations)


async def _never(conversation_id: str, again: bool) -> datetime | None:
    del conversation_id, again
    return None


async def _nothing() -> None:
    """There is nothing to set right."""


async def _untitled(conversation_id: str) -> None:
    """Nobody asks for a title here."""
    del conversation_id
