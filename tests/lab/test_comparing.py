"""Comparisons: what differs is found, what does not is not, and the page shows it safely."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chimera.core.errors import Invalid
from chimera.lab.comparing import Contrast, compare
from chimera.lab.report import Experiment, render, told
from chimera.lab.running import Result
from chimera.lab.setup import Setup


def results(values: Sequence[float], *, first: int = 1, name: str = "score") -> list[Result]:
    return [
        Result(seed=seed, ended="ended: turns", digest="", measures={name: value})
        for seed, value in enumerate(values, first)
    ]


def only(a: Sequence[Result], b: Sequence[Result]) -> Contrast:
    (found,) = compare(a, b)
    return found


def drawn(seed: int, mean: float, count: int = 20) -> list[float]:
    random = Random(seed)
    return [random.gauss(mean, 5) for _ in range(count)]


def test_a_clear_difference_is_clear_and_has_its_direction() -> None:
    found = only(results(drawn(1, 60)), results(drawn(2, 80)))
    assert (found.verdict, found.gain, found.paired) == ("clear", True, True)
    assert found.difference.low < 20 < found.difference.high + 5
    assert only(results(drawn(2, 80)), results(drawn(1, 60))).gain is False


def test_what_does_not_differ_is_seldom_said_to() -> None:
    verdicts = [
        only(results(drawn(2 * each, 60)), results(drawn(2 * each + 1, 60))).verdict
        for each in range(40)
    ]
    assert sum(each != "open" for each in verdicts) <= 6
    assert "clear" not in verdicts


def test_the_same_seeds_are_compared_one_by_one() -> None:
    """Plays that differ widely, but each by the same amount: only pairs show it."""
    wide = [float(100 * each) for each in range(10)]
    better = [each + 3 + each / 1000 for each in wide]
    assert only(results(wide), results(better)).verdict == "clear"
    assert only(results(wide), results(better, first=50)).verdict == "open"


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 100), min_size=2, max_size=12))
def test_an_interval_lies_within_the_values_and_around_the_mean(values: list[int]) -> None:
    side = only(results([*map(float, values)]), results([*map(float, values)])).a.interval
    assert min(values) <= side.low <= side.high <= max(values)
    assert side.low - 1e-9 <= side.mean <= side.high + 1e-9


def test_one_play_is_no_experiment() -> None:
    with pytest.raises(Invalid, match="fewer than 2 plays"):
        compare(results([1.0]), results([1.0, 2.0]))


def page(name: str = "second") -> str:
    first = Setup(name="first", topic="Why?")
    second = Setup(name=name, topic="<script>alert(1)</script> & why?")
    a, b = results(drawn(1, 60)), results(drawn(2, 80))
    return render(Experiment(first, a), Experiment(second, b), compare(a, b))


def test_the_page_has_both_themes_and_neither_a_script_nor_an_address() -> None:
    html = page()
    assert "prefers-color-scheme: dark" in html
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "http" not in html
    assert "src=" not in html


def test_each_plot_says_in_words_what_it_shows() -> None:
    html = page()
    assert html.count('role="img"') == html.count("aria-label=") == 3
    assert "Quality: B is higher, better." in html


def test_numbers_have_the_digits_they_deserve() -> None:
    found = only(results([0.0, 0.0, 0.0]), results([1.0, 1.0, 1.0]))
    assert told(found.a.interval) == "0 in every play"
    found = only(results(drawn(1, 60)), results(drawn(2, 80)))
    assert told(found.difference, signed=True).startswith("+")
    assert "." not in told(found.a.interval)
