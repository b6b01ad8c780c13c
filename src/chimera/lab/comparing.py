"""Compares two experiments: differences of means with confidence intervals from resampling."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, pstdev
from typing import Literal

from chimera.core.errors import Invalid
from chimera.lab.measures import MEASURES, Measure
from chimera.lab.running import Result

RESAMPLES = 4000
#: Intervals hold so often one by one, and so often all at once (Bonferroni).
ALONE = 0.95
TOGETHER = 1 - 0.05 / len(MEASURES)
#: Resampling of fewer plays gives intervals that are too narrow.
FEW = 8
#: With fewer there is nothing to resample.
LEAST = 2

Verdict = Literal["clear", "likely", "open"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean, and between which values it lies."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One measure in one experiment."""

    values: tuple[float, ...]
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One measure in both: how much B is above A."""

    measure: Measure
    a: Side
    b: Side
    difference: Interval
    #: The difference in standard deviations of single plays; None where nothing varies.
    effect: Interval | None
    #: `clear` holds for all measures together, `likely` for this one alone.
    verdict: Verdict
    #: Whether the same seeds were played in both, and compared one by one.
    paired: bool

    @property
    def gain(self) -> bool | None:
        """Whether B is better; None where neither direction is, or nothing was shown."""
        if self.verdict == "open" or self.measure.better == "neither":
            return None
        return (self.difference.mean > 0) == (self.measure.better == "higher")


def compare(a: Sequence[Result], b: Sequence[Result]) -> list[Contrast]:
    """Every measure that both have. Raises Invalid for too few plays."""
    for name, results in (("first", a), ("second", b)):
        if len(results) < LEAST:
            raise Invalid(f"The {name} folder has fewer than {LEAST} plays: nothing to compare.")
    found = (_contrast(each, _values(a, each), _values(b, each)) for each in MEASURES)
    return [each for each in found if each is not None]


def _values(results: Sequence[Result], measure: Measure) -> dict[int, float]:
    known = ((each.seed, each.measures.get(measure.name)) for each in results)
    return {seed: value for seed, value in known if value is not None}


def _contrast(measure: Measure, a: Mapping[int, float], b: Mapping[int, float]) -> Contrast | None:
    if len(a) < LEAST or len(b) < LEAST:
        return None
    paired = a.keys() == b.keys()
    left, right = _ordered(a), _ordered(b)
    if paired:
        pairs = [b[seed] - a[seed] for seed in sorted(a)]
        draws, mean = _resampled(measure, lambda random: fmean(_drawn(random, pairs))), fmean(pairs)
    else:
        draws = _resampled(
            measure, lambda random: fmean(_drawn(random, right)) - fmean(_drawn(random, left))
        )
        mean = fmean(right) - fmean(left)
    difference = _between(mean, draws, ALONE)
    spread = ((pstdev(left) ** 2 + pstdev(right) ** 2) / 2) ** 0.5
    effect = None
    if spread > 0:
        effect = Interval(*(each / spread for each in (mean, difference.low, difference.high)))
    return Contrast(
        measure=measure, a=_side(measure, left), b=_side(measure, right), difference=difference,
        effect=effect, verdict=_verdict(difference, _between(mean, draws, TOGETHER)), paired=paired,
    )  # fmt: skip


def _ordered(values: Mapping[int, float]) -> tuple[float, ...]:
    return tuple(values[seed] for seed in sorted(values))


def _side(measure: Measure, values: tuple[float, ...]) -> Side:
    draws = _resampled(measure, lambda random: fmean(_drawn(random, values)))
    return Side(values=values, interval=_between(fmean(values), draws, ALONE))


def _resampled(measure: Measure, draw: Callable[[Random], float]) -> list[float]:
    """What could have come out, in order; the same for the same plays."""
    random = Random(f"lab:{measure.name}")
    return sorted(draw(random) for _ in range(RESAMPLES))


def _drawn(random: Random, values: Sequence[float]) -> list[float]:
    return random.choices(values, k=len(values))


def _between(mean: float, draws: Sequence[float], level: float) -> Interval:
    outside = round((1 - level) / 2 * len(draws))
    return Interval(mean, draws[outside], draws[len(draws) - 1 - outside])


def _verdict(alone: Interval, together: Interval) -> Verdict:
    if together.low > 0 or together.high < 0:
        return "clear"
    return "likely" if alone.low > 0 or alone.high < 0 else "open"


def few(a: Sequence[Result], b: Sequence[Result]) -> bool:
    """Whether there are too few plays to trust the intervals."""
    return min(len(a), len(b)) < FEW
