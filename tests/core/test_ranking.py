"""Which route plays, and when one is tried again."""

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

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
from chimera.core.routes.health import HealthRecord
from chimera.core.routes.ranking import RETRIES, Option, Rung, Wish, rank, retry_delay


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


# --- which route, before another -----------------------------------------------------------------

BANTER = Wish(kind="banter")


def option(name: str, rung: Rung = Rung.OTHER_PROVIDER, **known: Any) -> Option:
    return Option(provider=name, model=f"{name}-1", credential=name, rung=rung, **known)


def names(options: Sequence[Option], wish: Wish = BANTER, seed: int = 1) -> list[str]:
    return [each.provider for each in rank(options, wish, Random(seed))]


def first_of_many(options: Sequence[Option], wish: Wish = BANTER) -> Counter[str]:
    return Counter(names(options, wish, seed)[0] for seed in range(300))


@given(seed=st.integers(), costs=st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_the_ladder_is_climbed_in_its_order_whatever_it_costs(
    seed: int, costs: list[float]
) -> None:
    options = [option(rung.name, rung, cost=costs[rung]) for rung in reversed(Rung)]
    assert names(options, BANTER, seed) == [rung.name for rung in Rung]


def test_a_lead_that_has_yet_to_prove_itself_waits_behind_all_that_work() -> None:
    lead = option("lead", Rung.LEAD, doubtful=True)
    assert names([lead, option("other"), option("local", Rung.LOCAL)])[-1] == "lead"
    assert names([lead]) == ["lead"]


def test_a_probe_is_for_the_leads_own_turn() -> None:
    probing = [option("lead", Rung.LEAD, probing=True), option("a", probing=True), option("b")]
    assert names(probing) == ["lead", "b", "a"]


def test_understudies_of_the_same_class_come_first() -> None:
    assert names([option("far", distance=2), option("near"), option("next", distance=1)]) == [
        "near", "next", "far"
    ]  # fmt: skip


def test_the_better_and_the_cheaper_win_more_often() -> None:
    good = option("good", record=HealthRecord(good=50))
    bad = option("bad", record=HealthRecord(good=10, bad=40))
    assert first_of_many([good, bad])["good"] == 300
    slow = option("slow", record=HealthRecord(good=50, tail_ms=9000))
    assert first_of_many([good, slow])["good"] > 290
    dear = option("dear", record=HealthRecord(good=50), cost=0.005)
    assert first_of_many([good, dear])["good"] > 290
    unknown = option("unknown")
    assert 0 < first_of_many([good, unknown])["unknown"] < 30, "all get their chance"


@pytest.mark.parametrize(
    "wish", [Wish(kind="background"), Wish(kind="banter", thrifty=True)], ids=repr
)
def test_where_it_must_be_cheap_the_cheapest_plays(wish: Wish) -> None:
    cheap = option("cheap", cost=0.0001, record=HealthRecord(good=1, bad=3))
    good = option("good", cost=0.0002, record=HealthRecord(good=50))
    assert first_of_many([cheap, good], wish)["cheap"] == 300


@pytest.mark.parametrize("kind", ["finale", "synthesis"])
def test_for_a_finale_the_best_tier_plays(kind: Any) -> None:
    best = option("best", tier=1, cost=0.01)
    quick = option("quick", tier=3)
    nobody_knows = option("unknown")
    assert names([quick, best, nobody_knows], Wish(kind=kind))[0] == "best"


@given(seed=st.integers(), busy=st.integers(1, 50))
def test_of_two_keys_the_less_busy_one_is_taken(seed: int, busy: int) -> None:
    keys = [
        Option(provider="a", model="m", credential=each, rung=Rung.LEAD, in_flight=calls)
        for each, calls in (("one", busy), ("two", 0))
    ]
    assert rank(keys, BANTER, Random(seed))[0].credential == "two"


def test_many_keys_share_the_load() -> None:
    calls, rng = Counter[str](), Random(1)
    for _ in range(400):
        keys = [
            Option(provider="a", model="m", credential=each, rung=Rung.LEAD, in_flight=calls[each])
            for each in "abcd"
        ]
        calls[rank(keys, BANTER, rng)[0].credential] += 1
    assert max(calls.values()) - min(calls.values()) <= 4
