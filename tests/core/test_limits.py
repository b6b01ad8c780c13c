"""A key keeps to its rates before its provider must say so."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from chimera.core.routes.limits import Bucket, KeyGate, Limits, RetryBudget

AMOUNTS = st.lists(st.tuples(st.floats(0, 20), st.integers(1, 80)), max_size=60)


@given(calls=AMOUNTS, per_minute=st.integers(1, 100))
def test_whoever_waits_as_told_never_takes_more_than_a_bucket_and_its_refill(
    calls: list[tuple[float, int]], per_minute: int
) -> None:
    bucket, now, taken = Bucket(per_minute), 0.0, 0.0
    for pause, amount in calls:
        now += pause
        wait = bucket.wait(amount, now)
        now += wait
        assert bucket.wait(amount, now) < 1e-6
        taken += amount
        bucket.take(amount, now)
        # What is larger than the whole bucket is let through once it is full, and paid off.
        slack = max(0, amount - per_minute)
        assert taken <= per_minute + per_minute * now / 60 + slack + 1e-6


def test_requests_and_tokens_are_counted_apart() -> None:
    gate = KeyGate(Limits(requests_per_minute=2, tokens_per_minute=600))
    assert gate.wait(100, 0) == 0
    gate.take(100, 0)
    gate.take(100, 0)
    assert gate.wait(100, 0) == 30
    assert KeyGate(Limits()).wait(10**9, 0) == 0
    tokens = KeyGate(Limits(tokens_per_minute=600))
    tokens.take(600, 0)
    assert tokens.wait(100, 0) == 10


def test_what_was_estimated_before_is_put_right_after() -> None:
    gate = KeyGate(Limits(tokens_per_minute=600))
    gate.take(500, 0)
    gate.correct(estimated=500, taken=100, now=0)
    assert gate.wait(500, 0) == 0
    gate.correct(estimated=0, taken=900, now=0)
    assert gate.wait(100, 0) == 50, "a debt is paid off first"


def test_a_provider_that_says_no_is_believed() -> None:
    gate = KeyGate(Limits(requests_per_minute=60))
    gate.pause(20, "provider_busy", 0)
    assert gate.wait(1, 5) == 15
    assert (gate.paused(5), gate.paused_until(5)) == ("provider_busy", 20)
    gate.pause(5, "quota_spent", 6)
    assert gate.paused(6) == "provider_busy", "the longer word stands"
    assert gate.wait(1, 20) == 0
    assert gate.paused(20) is None
    assert gate.wait(60, 20) == 0


def test_the_bucket_is_empty_when_the_pause_begins() -> None:
    gate = KeyGate(Limits(requests_per_minute=60))
    gate.pause(0.5, "provider_busy", 0)
    assert gate.wait(1, 0.5) == 0.5


def test_other_limits_do_not_forget_a_pause() -> None:
    gate = KeyGate(Limits()).changed(Limits(requests_per_minute=1))
    assert gate.wait(1, 0) == 0
    gate.pause(9, "quota_spent", 0)
    assert gate.changed(Limits()).paused(1) == "quota_spent"


@given(first=st.integers(0, 500), extra=st.integers(0, 200))
def test_extra_calls_are_a_tenth_of_all_and_at_least_three(first: int, extra: int) -> None:
    budget = RetryBudget()
    for _ in range(first):
        budget.called(1.0)
    given_leave = sum(budget.spend(2.0) for _ in range(extra))
    assert given_leave == min(extra, max(3, -(-first // 10)))
    assert budget.spend(62.0), "a minute later there are some again"


def test_calls_of_a_provider_that_never_fails_are_forgotten_after_a_minute() -> None:
    budget = RetryBudget()
    tracemalloc.start()
    for second in range(50_000):
        budget.called(float(second))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 100_000
