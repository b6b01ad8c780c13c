"""What one viewer may do is counted over all processes, and never not at all."""

import asyncio

import pytest
from structlog.testing import capture_logs

from chimera.api.limits import SHARE_ALONE, Rates
from chimera.core.errors import RateLimited
from chimera.realtime.redis_tally import PATIENCE_S, REST_S, RedisTally
from servers import free_port, redis_server


async def granted(rates: Rates, key: str, tries: int, now: float = 1.0) -> int:
    """How many of so many tries at one moment are let through."""
    through = 0
    for _ in range(tries):
        try:
            await rates.take(key, now)
        except RateLimited as refused:
            # What is refused may be tried again in a while.
            through += refused.retry_after <= 0
        else:
            through += 1
    return through


async def test_a_process_alone_counts_by_its_own_clock() -> None:
    rates = Rates("clapping", 6)
    assert await granted(rates, "anna", 8) == 6
    assert await granted(rates, "ben", 1) == 1
    assert await granted(rates, "anna", 8, now=21.0) == 2


async def test_two_processes_give_together_what_one_would(redis_url: str) -> None:
    async with RedisTally.open(redis_url) as one, RedisTally.open(redis_url) as other:
        # So slow a rate that nothing of it comes back while the test runs.
        first, second = Rates("asking", 5, one), Rates("asking", 5, other)
        assert await granted(first, "anna", 3) == 3
        assert await granted(second, "anna", 5) == 2
        assert await granted(first, "anna", 1) == 0
        assert await granted(second, "ben", 5) == 5
        assert await granted(Rates("clapping", 5, other), "anna", 5) == 5


async def test_who_is_refused_is_told_when_to_come_again(redis_url: str) -> None:
    async with RedisTally.open(redis_url) as tally:
        waits = [await tally.wait("often:anna", 60) for _ in range(61)]
        assert waits[:60] == [0] * 60
        assert waits[60] is not None
        assert 0 < waits[60] <= 1
        # A second later one more is there: the count is a bucket, not a window.
        await asyncio.sleep(waits[60] + 0.01)
        assert await tally.wait("often:anna", 60) == 0


async def test_while_redis_is_away_less_is_given_and_it_is_said_once() -> None:
    port = free_port()
    server = redis_server(port)
    url = await asyncio.to_thread(server.__enter__)
    async with RedisTally.open(url) as tally:
        rates = Rates("clapping", 60, tally)
        assert await granted(rates, "anna", 1) == 1
        await asyncio.to_thread(server.__exit__, None, None, None)
        with capture_logs() as logs:
            assert await granted(rates, "anna", 100) == 60 // SHARE_ALONE
            assert await granted(Rates("asking", 3, tally), "anna", 9) == 1
        assert [each["event"] for each in logs] == ["rates_counted_here"]
        server = redis_server(port)
        await asyncio.to_thread(server.__enter__)
        with capture_logs() as logs:
            await asyncio.sleep(REST_S + PATIENCE_S)
            assert await granted(rates, "anna", 100) == 60
        assert [each["event"] for each in logs] == ["rates_counted_together"]
    await asyncio.to_thread(server.__exit__, None, None, None)


@pytest.mark.parametrize("per_minute", [1, 7, 60, 10_000])
async def test_never_more_than_a_minute_holds_at_once(redis_url: str, per_minute: int) -> None:
    async with RedisTally.open(redis_url) as tally:
        tries = min(per_minute, 100) + 20
        asked = [await tally.wait(f"most:{per_minute}", per_minute) for _ in range(tries)]
    let = sum(wait == 0 for wait in asked)
    assert min(per_minute, tries) <= let <= min(per_minute + 5, tries)
