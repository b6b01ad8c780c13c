"""What is remembered of the calls to a provider and its models."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.core.routes.health import UNKNOWN, HealthBook

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_provider_that_was_never_called_has_an_empty_record() -> None:
    assert HealthBook().record("openai") == UNKNOWN
    assert UNKNOWN.error_rate == 0


def test_the_record_holds_counts_times_and_quantiles() -> None:
    book = HealthBook()
    for step in range(1, 101):
        book.succeeded(
            "openai", "m1", at=NOON + timedelta(seconds=step), latency_ms=step, tokens_per_s=step
        )
    for code in ("provider_down", "provider_busy", "provider_busy"):
        book.failed("openai", "m1", at=NOON + timedelta(seconds=100), code=code)
    record = book.record("openai", "m1")
    assert (record.calls, record.failures) == (103, {"provider_down": 1, "provider_busy": 2})
    assert record.last_success == NOON + timedelta(seconds=100)
    assert record.last_failure == NOON + timedelta(seconds=100)
    assert (record.last_code, record.p50_ms, record.p95_ms) == ("provider_busy", 50, 95)
    assert record.tokens_per_s == 50
    assert book.record("openai") == record, "the provider has what its models have"


def test_models_are_told_apart() -> None:
    book = HealthBook()
    book.succeeded("openai", "m1", at=NOON, latency_ms=100)
    book.failed("openai", "m2", at=NOON, code="provider_down")
    assert book.record("openai", "m1").error_rate == 0
    assert book.record("openai", "m2").failures == {"provider_down": 1}
    assert book.record("openai").calls == 2


def test_old_failures_are_forgiven() -> None:
    book = HealthBook()
    for _ in range(20):
        book.failed("openai", "m1", at=NOON, code="provider_down")
    now = book.record("openai", "m1", at=NOON).error_rate
    later = book.record("openai", "m1", at=NOON + timedelta(hours=1)).error_rate
    assert now > 0.9
    assert later < 0.3


def test_the_tail_follows_the_slow_calls_and_the_peak_forgets_them_sooner() -> None:
    book = HealthBook()
    for step in range(100):
        book.succeeded("a", "m", at=NOON + timedelta(seconds=step), latency_ms=100)
    book.succeeded("a", "m", at=NOON + timedelta(seconds=100), latency_ms=5000)
    slow = book.record("a", "m")
    assert slow.peak_ms == 5000
    assert slow.tail_ms is not None
    assert slow.tail_ms > 1000
    book.succeeded("a", "m", at=NOON + timedelta(seconds=160), latency_ms=100)
    after = book.record("a", "m")
    assert after.peak_ms == pytest.approx(100 + 4900 / 64)
    assert after.tail_ms is not None
    assert after.tail_ms > 1000


@given(latencies=st.lists(st.floats(0, 1e5), min_size=1, max_size=500))
def test_quantiles_are_measured_values_in_order(latencies: list[float]) -> None:
    book = HealthBook()
    for latency in latencies:
        book.succeeded("openai", at=NOON, latency_ms=latency)
    record = book.record("openai")
    assert record.p50_ms in latencies[-200:]
    assert record.p95_ms in latencies[-200:]
    assert record.p50_ms <= record.p95_ms
