"""Trials: who gets which arm, and what may be said of what came of it."""

import math
from random import Random
from statistics import mean

import pytest
from benchmarks.learning import decided_at, traffic
from hypothesis import given
from hypothesis import strategies as st

from chimera.core.learning.experiments import (
    CARD,
    FLOOR,
    LEAST_PER_ARM,
    Tally,
    arm_of,
    choose,
    evidence,
    is_decided,
    ratio_chance,
    report,
)

tallies = st.builds(
    Tally, assigned=st.integers(0, 500), good=st.integers(0, 300), bad=st.integers(0, 300)
)


# -- what came of an arm ----------------------------------------------------------------------


@given(tally=tallies)
def test_the_interval_holds_the_rate_and_stays_between_nothing_and_all(tally: Tally) -> None:
    low, high = tally.interval
    assert 0 <= low < high <= 1
    assert tally.rate is None or low - 1e-9 <= tally.rate <= high + 1e-9


def test_more_votes_make_the_interval_narrower() -> None:
    few, many = Tally(good=5, bad=5).interval, Tally(good=500, bad=500).interval
    assert few == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert many[1] - many[0] < (few[1] - few[0]) / 5


# -- variants ---------------------------------------------------------------------------------


@given(
    arms=st.dictionaries(st.sampled_from([CARD, "a", "b", "c", "d"]), tallies, min_size=1),
    seed=st.integers(),
)
def test_an_arm_below_the_floor_goes_first(arms: dict[str, Tally], seed: int) -> None:
    chosen = choose(arms, Random(seed))
    total = sum(each.assigned for each in arms.values())
    if any(each.assigned < FLOOR * total for each in arms.values()):
        assert arms[chosen].assigned == min(each.assigned for each in arms.values())
    assert chosen in arms


def test_the_same_seed_and_the_same_votes_choose_the_same_arm() -> None:
    arms = {"a": Tally(9, 5, 4), "b": Tally(9, 4, 5)}
    again = dict(reversed(arms.items()))
    assert [choose(arms, Random(each)) for each in range(50)] == [
        choose(again, Random(each)) for each in range(50)
    ]


def test_the_best_of_four_gets_most_of_the_traffic_and_none_starves() -> None:
    shares = [traffic(seed) for seed in range(40)]
    assert mean(each["d"] for each in shares) >= 0.55
    assert min(min(each.values()) for each in shares) >= 0.0995


# -- experiments ------------------------------------------------------------------------------


def test_a_unit_keeps_its_arm_and_another_experiment_deals_anew() -> None:
    units = [f"vwr_{number}" for number in range(2000)]
    arms = [arm_of(each, "exp_1") for each in units]
    assert arms == [arm_of(each, "exp_1") for each in units]
    assert ratio_chance(arms.count(0), arms.count(1)) > 0.001
    same = sum(one == arm_of(each, "exp_2") for one, each in zip(arms, units, strict=True))
    assert 900 < same < 1100


def test_lambda_is_that_of_the_paper() -> None:
    one, other = Tally(good=100, bad=100), Tally(good=130, bad=70)
    p, d = 231 / 402, 0.15
    v, t = 2 * p * (1 - p) / 200, 0.05**2
    expected = math.sqrt(v / (v + t)) * math.exp(t * d * d / (2 * v * (v + t)))
    assert evidence(one, other) == pytest.approx(expected)
    assert evidence(other, one) == pytest.approx(expected)


@given(one=tallies, other=tallies)
def test_lambda_is_always_a_likelihood(one: Tally, other: Tally) -> None:
    assert 0 < evidence(one, other) < math.inf


def test_few_outcomes_decide_nothing_however_clear() -> None:
    short = LEAST_PER_ARM - 1
    assert not is_decided(Tally(bad=short), Tally(good=500))
    assert is_decided(Tally(bad=short + 1), Tally(good=500))


def test_equal_arms_are_seldom_told_apart_however_often_one_looks() -> None:
    assert mean(decided_at(seed, 0.0) is not None for seed in range(300)) <= 0.05


@pytest.mark.parametrize(("gain", "power"), [(0.08, 0.95), (0.05, 0.60)])
def test_a_real_difference_is_found(gain: float, power: float) -> None:
    assert mean(decided_at(seed, gain) is not None for seed in range(300)) >= power


def test_a_split_that_chance_does_not_make_breaks_the_experiment() -> None:
    assert ratio_chance(0, 0) == 1
    assert ratio_chance(500, 500) == 1
    assert ratio_chance(520, 480) > 0.001
    assert ratio_chance(600, 400) < 0.001
    assert ratio_chance(400, 600) == ratio_chance(600, 400)
    outcomes = [(place % 2, place % 2 == 1) for place in range(400)]
    assert report((600, 400), outcomes).verdict == "broken_ratio"


def test_what_is_decided_stays_decided() -> None:
    clear = [(place % 2, place % 2 == 1) for place in range(100)]
    reversed_later = [(place % 2, place % 2 == 0) for place in range(100)]
    found = report((100, 100), [*clear, *reversed_later])
    assert found.difference == 0
    assert found.evidence < 20
    assert (found.verdict, found.better) == ("decided", 1)


def test_a_report_tells_every_look() -> None:
    found = report((2, 1), [(0, True), (0, False), (1, True)])
    assert found.arms == (Tally(2, 1, 1), Tally(1, 1, 0))
    assert (found.verdict, found.better, found.difference) == ("running", None, 0.5)
    assert [each.judged for each in found.course] == [3]
    assert report((0, 0), []).difference is None
