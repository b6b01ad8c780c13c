"""When a route is tried again, and what is remembered of its provider."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.core.errors import (
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    ProviderSlow,
)
from chimera.core.routing import RETRIES, HealthBook, HealthRecord, retry_delay

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(seed=st.integers(), attempt=st.integers(0, 5), left=st.floats(0, 60))
def test_waits_grow_with_full_jitter_and_end(seed: int, attempt: int, left: float) -> None:
    delay = retry_delay(ProviderDown("x"), attempt=attempt, left=left, rng=Random(seed))
    if attempt >= RETRIES:
        assert delay is None
    else:
        assert delay is None or 0 <= delay <= min(0.5 * 2**attempt, left)


@given(wait=st.floats(0, 100), left=st.floats(0, 60))
def test_a_busy_provider_is_waited_for_only_while_half_the_time_remains(
    wait: float, left: float
) -> None:
    delay = retry_delay(ProviderBusy("x", retry_after=wait), attempt=0, left=left, rng=Random(1))
    assert delay == (wait if wait <= min(30, left / 2) else None)


@pytest.mark.parametrize(
    "failure",
    [
        ProviderRefused("x"),
        ProviderSlow("x", stage="first_byte"),
        ProviderSlow("x", stage="total"),
    ],
)
def test_what_another_call_cannot_mend_is_not_tried_again(failure: ProviderError) -> None:
    assert retry_delay(failure, attempt=0, left=60, rng=Random(1)) is None


def test_a_provider_that_was_never_called_has_an_empty_record() -> None:
    assert HealthBook().record("openai") == HealthRecord()


def test_the_record_holds_counts_times_and_quantiles() -> None:
    book = HealthBook()
    for step in range(1, 101):
        book.succeeded("openai", at=NOON + timedelta(seconds=step), latency_ms=step)
    book.failed("openai", at=NOON, code="provider_down")
    book.failed("openai", at=NOON, code="provider_busy")
    book.failed("openai", at=NOON, code="provider_busy")
    assert book.record("openai") == HealthRecord(
        calls=103,
        failures={"provider_down": 1, "provider_busy": 2},
        last_success=NOON + timedelta(seconds=100),
        last_failure=NOON,
        last_code="provider_busy",
        p50_ms=50,
        p95_ms=95,
    )


@given(latencies=st.lists(st.floats(0, 1e5), min_size=1, max_size=500))
def test_quantiles_are_measured_values_in_order(latencies: list[float]) -> None:
    book = HealthBook()
    for latency in latencies:
        book.succeeded("openai", at=NOON, latency_ms=latency)
    record = book.record("openai")
    assert record.p50_ms in latencies[-200:]
    assert record.p95_ms in latencies[-200:]
    assert record.p50_ms <= record.p95_ms
