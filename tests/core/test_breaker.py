"""When a route is left alone, and who tries it again."""

import asyncio
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.core.routes.breaker import (
    LEAST_CALLS,
    LONGEST_PAUSE,
    PROOFS,
    SPREAD,
    Breaker,
    Permit,
)


def opened(breaker: Breaker, now: float = 0.0) -> Breaker:
    for _ in range(LEAST_CALLS):
        fail(breaker, now)
    assert breaker.state(now) == "open"
    return breaker


def permit(breaker: Breaker, now: float) -> Permit:
    given = breaker.admit(now)
    assert given is not None
    return given


def fail(breaker: Breaker, now: float) -> None:
    breaker.failed(permit(breaker, now), now)


def succeed(breaker: Breaker, now: float) -> None:
    breaker.succeeded(permit(breaker, now), now)


def test_half_of_five_calls_within_half_a_minute_open_it() -> None:
    breaker = Breaker(Random(1))
    for step, call in enumerate((succeed, succeed, fail, fail)):
        call(breaker, step)
    assert breaker.state(4) == "closed", "four calls say little"
    fail(breaker, 4)
    assert breaker.state(4) == "open"
    assert breaker.admit(4) is None


def test_what_is_long_ago_or_rare_does_not_open_it() -> None:
    breaker = Breaker(Random(1))
    for minute in range(100):
        fail(breaker, 31.0 * minute)
    assert breaker.state(3100) == "closed"
    healthy = Breaker(Random(1))
    for step in range(100):
        (fail if step % 3 == 0 and step else succeed)(healthy, step / 10)
    assert healthy.state(10) == "closed"


def test_the_pause_doubles_up_to_two_minutes_and_is_spread() -> None:
    breaker, now = opened(Breaker(Random(1))), 0.0
    for expected in (5, 10, 20, 40, 80, 120, 120, 120):
        assert breaker.until is not None
        assert expected * (1 - SPREAD) <= breaker.until - now <= expected * (1 + SPREAD)
        now = breaker.until
        assert breaker.state(now) == "half_open"
        fail(breaker, now)


def test_exactly_one_call_tries_and_its_success_closes_and_forgets() -> None:
    breaker = opened(Breaker(Random(1)))
    probe = permit(breaker, 10)
    assert probe.probe
    assert [breaker.admit(10) for _ in range(50)] == [None] * 50
    breaker.succeeded(probe, 11)
    assert breaker.state(11) == "closed"
    for _ in range(LEAST_CALLS - 1):
        fail(breaker, 11)
    assert breaker.state(11) == "closed", "what was before is forgotten"
    fail(breaker, 11)
    assert breaker.until is not None
    assert breaker.until - 11 <= 5 * (1 + SPREAD), "and so is how often it was open"


def test_a_probe_that_showed_nothing_is_handed_back() -> None:
    breaker = opened(Breaker(Random(1)))
    probe = permit(breaker, 10)
    assert not breaker.ready(10)
    breaker.returned(probe)
    assert permit(breaker, 10).probe


def test_calls_from_before_it_opened_change_nothing() -> None:
    breaker = Breaker(Random(1))
    late = [permit(breaker, 0) for _ in range(3)]
    opened(breaker)
    until = breaker.until
    breaker.failed(late[0], 1)
    breaker.succeeded(late[1], 1)
    breaker.returned(late[2])
    assert breaker.until == until


def test_a_route_is_trusted_again_after_two_good_calls() -> None:
    breaker = opened(Breaker(Random(1)))
    assert not breaker.trusted
    succeed(breaker, 10)
    assert breaker.state(10) == "closed"
    assert not breaker.trusted
    fail(breaker, 11)
    succeed(breaker, 12)
    assert not breaker.trusted, "they must follow each other"
    succeed(breaker, 13)
    assert PROOFS == 2
    assert breaker.trusted


Step = tuple[str, float, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["call", "good", "bad", "cancel"]),
        st.floats(0, 40),
        st.integers(0, 9),
    ),
    max_size=200,
)


@given(steps=STEPS, seed=st.integers())
def test_never_more_than_one_probe_and_never_a_call_while_open(
    steps: list[Step], seed: int
) -> None:
    breaker, now, running = Breaker(Random(seed)), 0.0, list[Permit]()
    for what, pause, which in steps:
        now += pause
        if what == "call":
            state = breaker.state(now)
            got = breaker.admit(now)
            assert (got is None) == (state == "open" or any(each.probe for each in running)) or (
                got is None and state == "half_open"
            )
            if got is not None:
                assert got.probe == (state == "half_open")
                running.append(got)
        elif running:
            each = running.pop(which % len(running))
            if what == "cancel":
                breaker.returned(each)
            else:
                (breaker.succeeded if what == "good" else breaker.failed)(each, now)
        assert sum(each.probe for each in running) <= 1
        assert breaker.until is None or breaker.until - now <= LONGEST_PAUSE * (1 + SPREAD)


@pytest.mark.looptime
async def test_in_an_hour_of_outage_fifty_callers_send_one_probe_at_a_time() -> None:
    breaker, loop = Breaker(Random(1)), asyncio.get_running_loop()
    calls, together, most, refused = list[float](), 0, 0, 0

    async def caller(number: int) -> None:
        nonlocal together, most, refused
        await asyncio.sleep(number / 10)
        while loop.time() - began < 3600:
            given = breaker.admit(loop.time())
            if given is None:
                refused += 1
            else:
                together += given.probe
                most = max(most, together)
                calls.append(loop.time() - began)
                await asyncio.sleep(0.5)
                together -= given.probe
                breaker.failed(given, loop.time())
            await asyncio.sleep(5)

    began = loop.time()
    await asyncio.gather(*(caller(number) for number in range(50)))
    first = [at for at in calls if at < 2]
    probes = [at for at in calls if at >= 5 * (1 - SPREAD)]
    assert most == 1
    assert len(first) + len(probes) == len(calls)
    assert 3600 / (LONGEST_PAUSE * 1.3) <= len(probes) <= 3600 / (LONGEST_PAUSE * 0.8) + 10
    assert refused > 20_000
