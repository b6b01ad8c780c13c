"""Workers tell each other what they carry, and say so when they cannot know."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest
from docket import Docket
from redis.asyncio import Redis

from chimera.engine.roll import RedisRoll
from chimera.engine.worker import docket_url

LEASE = timedelta(seconds=0.4)


@pytest.fixture(autouse=True)
def _never_blocking() -> None:
    """Docket and redis-py look up their own versions on the disk when they connect."""


class Process:
    """What one process carries, and its place on the roll."""

    def __init__(self, docket: Docket) -> None:
        self.carries: set[str] = set()
        self.roll = RedisRoll(docket, LEASE, awake=lambda: self.carries)


@asynccontextmanager
async def processes(redis_url: str, name: str) -> AsyncGenerator[tuple[Process, Process]]:
    """Two that have called each other's names for long enough to know."""
    async with AsyncExitStack() as stack:
        both: list[Process] = []
        group = await stack.enter_async_context(asyncio.TaskGroup())
        for _ in range(2):
            docket = Docket(name=name, url=docket_url(redis_url), execution_ttl=timedelta(0))
            both.append(Process(await stack.enter_async_context(docket)))
        keeping = [group.create_task(each.roll.keep()) for each in both]
        await both[0].roll.settle()
        yield both[0], both[1]
        for task in keeping:
            task.cancel()


async def test_each_knows_what_the_other_carries(redis_url: str) -> None:
    async with processes(redis_url, "known") as (one, other):
        one.carries = {"cnv_1"}
        await one.roll.call_out()
        assert await other.roll.still_carried("cnv_1")
        assert not await other.roll.still_carried("cnv_2")
        assert await other.roll.called() == {"cnv_1"}


async def test_what_nobody_calls_any_more_is_let_go(redis_url: str) -> None:
    async with processes(redis_url, "let-go") as (one, other):
        one.carries = {"cnv_1"}
        await one.roll.call_out()
        one.carries = set()
        await other.roll.settle()
        assert not await other.roll.still_carried("cnv_1")
        assert await other.roll.called() == set()


async def test_after_redis_forgot_nobody_is_taken_for_dead_until_all_have_called(
    redis_url: str,
) -> None:
    async with processes(redis_url, "forgot") as (one, other):
        one.carries = {"cnv_1"}
        async with Redis.from_url(redis_url, driver_info=None) as client:
            await client.flushall()
        await other.roll.call_out()
        assert await other.roll.called() is None
        await other.roll.settle()
        assert await other.roll.called() == {"cnv_1"}


async def test_after_redis_was_away_everything_may_be_carried(redis_url: str) -> None:
    async with processes(redis_url, "away") as (_, other):
        async with Redis.from_url(redis_url, driver_info=None) as client:
            await client.client_pause(int(2_000 * LEASE.total_seconds()))
            await client.ping()
        assert await other.roll.still_carried("cnv_of_nobody")
        assert await other.roll.called() is None
        await other.roll.settle()
        assert not await other.roll.still_carried("cnv_of_nobody")
        assert await other.roll.called() == set()
