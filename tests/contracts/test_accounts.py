"""What calls are taken to cost when their providers say nothing, or nonsense."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from provider_fakes import ask

from chimera.core.errors import (
    ContentRefused,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    ProviderSlow,
    TruncatedStream,
)
from chimera.core.generation import Usage
from chimera.providers.accounts import Brought, Most, most, settle, together

LIMIT = Most(input=1000, output=500)
SAID = Brought(
    seen=350, characters=350, report=None, failure=None, silent=1.0, may_think=False
)  # fmt: skip
COUNTS = st.integers(-10, 10**9)


def told(input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> Brought:
    report = Usage(
        input_tokens=input_tokens, output_tokens=output_tokens, cached_tokens=cached_tokens
    )
    return replace(SAID, report=report)


def test_the_most_is_counted_high_and_rare_scripts_higher() -> None:
    plain, rare = most(ask("tea " * 70)), most(ask("茶" * 280))
    assert plain.input == pytest.approx((280 + 24) / 3.5 * 1.2, abs=1)
    assert rare.input > 280, "a token for each character"
    assert (plain.output, most(ask(), may_think=False).output) == (256 + 2048, 256)


def test_what_was_reported_is_believed_as_it_is() -> None:
    report = Usage(input_tokens=800, output_tokens=90, cached_tokens=600)
    assert settle(LIMIT, replace(SAID, report=report)) == report


@pytest.mark.parametrize(
    "brought",
    [
        told(input_tokens=-5, output_tokens=90),
        told(input_tokens=800, output_tokens=0),
        told(input_tokens=0, output_tokens=90),
        told(input_tokens=1, output_tokens=90),
        told(input_tokens=800, output_tokens=20),
        told(input_tokens=800, output_tokens=-1),
        told(input_tokens=10**9, output_tokens=90),
        told(input_tokens=800, output_tokens=10**9),
        told(input_tokens=800, output_tokens=90, cached_tokens=801),
    ],
    ids=lambda brought: str(brought.report),
)
def test_what_cannot_be_right_is_estimated_and_never_lowers(brought: Brought) -> None:
    usage = settle(LIMIT, brought)
    assert usage.estimated
    assert LIMIT.input <= usage.input_tokens <= 11 * LIMIT.input
    assert 120 <= usage.output_tokens <= LIMIT.output


@given(read=COUNTS, written=COUNTS, cached=COUNTS)
def test_no_report_makes_a_call_cost_less_than_what_was_heard(
    read: int, written: int, cached: int
) -> None:
    usage = settle(LIMIT, told(input_tokens=read, output_tokens=written, cached_tokens=cached))
    assert usage.output_tokens * 16 >= SAID.characters
    assert usage.input_tokens > 0
    assert usage.estimated or (usage.input_tokens, usage.output_tokens) == (read, written)


@pytest.mark.parametrize(
    ("failure", "billed"),
    [
        (ProviderDown("503", status=503), False),
        (ProviderDown("nobody there", sent=False), False),
        (ProviderDown("the line broke", sent=True), True),
        (ProviderSlow("x", stage="connect"), False),
        (ProviderSlow("x", stage="first_byte"), True),
        (ProviderRefused("x"), False),
        (ProviderBusy("x"), False),
        (TruncatedStream("x"), True),
        (ContentRefused("x"), True),
        (KeyboardInterrupt(), True),
    ],
    ids=repr,
)
def test_a_call_that_brought_nothing_is_billed_only_if_somebody_worked(
    failure: ProviderError, billed: bool
) -> None:
    nothing = replace(SAID, seen=0, characters=0, failure=failure)
    usage = settle(LIMIT, nothing)
    assert usage == (Usage(input_tokens=1000, estimated=True) if billed else Usage())


def test_thinking_that_nobody_saw_is_counted_by_its_time() -> None:
    silent = replace(SAID, seen=0, characters=0, failure=TruncatedStream("x"), may_think=True)
    assert settle(LIMIT, replace(silent, silent=2.0)).output_tokens == 120
    assert settle(LIMIT, replace(silent, silent=60.0)).output_tokens == LIMIT.output


def test_thinking_that_nobody_saw_is_counted_also_where_speech_followed_it() -> None:
    broken = replace(SAID, failure=TruncatedStream("x"), may_think=True)
    assert settle(LIMIT, replace(broken, silent=2.0)).output_tokens == 120 + 120
    assert settle(LIMIT, replace(broken, silent=60.0)).output_tokens == LIMIT.output
    assert settle(LIMIT, replace(broken, may_think=False)).output_tokens == 120


def test_several_calls_make_one_bill_whose_cost_is_known_only_if_all_are() -> None:
    one, two = Usage(input_tokens=1, cost=0.5), Usage(input_tokens=2, cost=0.25, estimated=True)
    assert together([one, two]) == Usage(input_tokens=3, cost=0.75, estimated=True)
    assert together([one, Usage(output_tokens=1)]).cost is None
    assert together([]) == Usage(cost=0.0)
