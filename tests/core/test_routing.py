"""When a route is tried again, and what is remembered of its provider."""

from datetime import UTC, datetime
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
from chimera.core.routing import RETRIES, retry_delay

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
