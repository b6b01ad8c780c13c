"""Trials of set-ups and of prompts: who gets which arm, and what can be said of the outcome.

An experiment compares two arms by a sequential test that is valid at every look; variants of a
prompt share the traffic by Thompson sampling with a floor (`engine.md` section 13).
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

Verdict = Literal["running", "decided", "broken_ratio"]

#: The arm of a persona's trial that is its card as it stands.
CARD = "card"
#: An arm with a smaller share of the assignments goes before all others.
FLOOR = 0.10
#: Lambda at which an experiment is decided, and how many outcomes each arm needs for it.
DECIDED, LEAST_PER_ARM = 20.0, 30
#: The size of the differences that the sequential test looks for.
TAU = 0.05
#: A split as uneven as this comes of a fault, not of chance.
BROKEN_RATIO = 0.001
_Z95 = 1.96


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of an arm: how many were assigned to it, and how the judged ones were judged."""

    assigned: int = 0
    good: int = 0
    bad: int = 0

    @property
    def judged(self) -> int:
        return self.good + self.bad

    @property
    def rate(self) -> float | None:
        """The share that was liked; None while nothing was judged."""
        return self.good / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, 95 times in 100 (Wilson); anywhere while nothing is known."""
        n = self.judged
        if not n:
            return 0.0, 1.0
        share, z2 = self.good / n, _Z95 * _Z95
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        reach = _Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        return max(0.0, middle - reach), min(1.0, middle + reach)

    def after(self, *, liked: bool) -> "Tally":
        """With one more outcome."""
        return Tally(self.assigned, self.good + liked, self.bad + (not liked))


# --- variants of a prompt ------------------------------------------------------------------------


def choose(arms: Mapping[str, Tally], rng: Random) -> str:
    """The arm of the coming conversation: one below the floor, else by Thompson sampling."""
    total = sum(each.assigned for each in arms.values())
    scarcest = min(arms, key=lambda each: arms[each].assigned)
    if arms[scarcest].assigned < FLOOR * total:
        return scarcest
    drawn = {
        name: rng.betavariate(1 + each.good, 1 + each.bad) for name, each in sorted(arms.items())
    }
    return max(drawn, key=lambda each: drawn[each])


# --- experiments ---------------------------------------------------------------------------------


def arm_of(unit: str, experiment: str) -> int:
    """0 or 1: always the same for the same unit of one experiment."""
    return hashlib.sha256(f"{experiment}:{unit}".encode()).digest()[0] % 2


def evidence(one: Tally, other: Tally) -> float:
    """Lambda: how much likelier the outcomes are if the arms differ than if they do not.

    A mixture sequential probability ratio test (Johari, Pekelis and Walsh): whoever stops at
    DECIDED, at whatever look, is wrong about equal arms at most once in DECIDED times.
    """
    if not one.judged or not other.judged:
        return 1.0
    share = (one.good + other.good + 1) / (one.judged + other.judged + 2)
    variance = share * (1 - share) * (1 / one.judged + 1 / other.judged)
    difference = other.good / other.judged - one.good / one.judged
    total = variance + TAU * TAU
    exponent = TAU * TAU * difference * difference / (2 * variance * total)
    return math.sqrt(variance / total) * math.exp(min(exponent, 700.0))


def is_decided(one: Tally, other: Tally) -> bool:
    """Whether a look at this moment decides."""
    enough = min(one.judged, other.judged) >= LEAST_PER_ARM
    return enough and evidence(one, other) >= DECIDED


def ratio_chance(one: int, other: int) -> float:
    """How probable a split at least as uneven is where both arms are as likely (chi-square)."""
    if one + other == 0:
        return 1.0
    return math.erfc(abs(one - other) / math.sqrt(2 * (one + other)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How the comparison stood after so many outcomes."""

    judged: int
    difference: float
    evidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that can be said of an experiment."""

    arms: tuple[Tally, Tally]
    #: How much more often the second arm was liked; None while one of them has no outcome.
    difference: float | None
    evidence: float
    ratio_chance: float
    verdict: Verdict
    #: The arm that was liked more often when the experiment was first decided.
    better: int | None
    course: tuple[Look, ...]


def report(assigned: tuple[int, int], outcomes: Sequence[tuple[int, bool]]) -> Report:
    """What the outcomes (arm, liked), in their order, say.

    A decision stands, whatever comes after it: that is what makes every look valid.
    """
    arms = [Tally(assigned[0]), Tally(assigned[1])]
    better: int | None = None
    course: list[Look] = []
    for arm, liked in outcomes:
        arms[arm] = arms[arm].after(liked=liked)
        one, other = arms
        if better is None and is_decided(one, other):
            better = int((other.rate or 0) > (one.rate or 0))
        difference = _difference(one, other)
        if difference is not None:
            judged = one.judged + other.judged
            course.append(Look(judged=judged, difference=difference, evidence=evidence(one, other)))
    one, other = arms
    chance = ratio_chance(*assigned)
    decided: Verdict = "running" if better is None else "decided"
    return Report(
        arms=(one, other), difference=_difference(one, other), evidence=evidence(one, other),
        ratio_chance=chance, verdict="broken_ratio" if chance < BROKEN_RATIO else decided,
        better=better, course=tuple(course),
    )  # fmt: skip


def _difference(one: Tally, other: Tally) -> float | None:
    if one.rate is None or other.rate is None:
        return None
    return other.rate - one.rate
