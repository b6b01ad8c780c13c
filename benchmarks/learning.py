"""How well the house learns from votes: simulated experiments, bandits and predictions."""

from collections.abc import Sequence
from random import Random

from chimera.core.learning.experiments import Tally, choose, is_decided
from chimera.core.learning.prediction import Features, learn

#: What an arm that nobody prefers is liked by.
USUAL = 0.5
#: The rates of `engine.md` section 13.
RATES = (0.50, 0.52, 0.55, 0.62)


def decided_share(*, gain: float, runs: int = 1500, most: int = 2000, every: int = 1) -> float:
    """Share of experiments that are decided within so many outcomes an arm, looked at so often.

    Without a gain each of them is a false alarm.
    """
    return (
        sum(_is_decided(Random(f"{gain}:{run}"), gain, most, every) for run in range(runs)) / runs
    )


def _is_decided(rng: Random, gain: float, most: int, every: int) -> bool:
    one = other = 0
    for judged in range(1, most + 1):
        one += rng.random() < USUAL
        other += rng.random() < USUAL + gain
        if judged % every == 0 and is_decided(
            Tally(good=one, bad=judged - one), Tally(good=other, bad=judged - other)
        ):
            return True
    return False


def shares(
    *, votes: int = 1000, rates: Sequence[float] = RATES, runs: int = 60
) -> tuple[float, float]:
    """Of the traffic: the mean share of the best arm, and the least share any arm ever ended with.

    The arms are given in the order of their rates, the best last.
    """
    best, least = 0.0, 1.0
    for run in range(runs):
        counts = _traffic(Random(run), votes, rates)
        best += counts[-1] / votes / runs
        least = min(least, min(counts) / votes)
    return best, least


def _traffic(rng: Random, votes: int, rates: Sequence[float]) -> list[int]:
    arms = {str(place): Tally() for place in range(len(rates))}
    for _ in range(votes):
        name = choose(arms, rng)
        arm, liked = arms[name], rng.random() < rates[int(name)]
        arms[name] = Tally(arm.assigned + 1, arm.good, arm.bad).after(liked=liked)
    return [each.assigned for each in arms.values()]


def shown_share(*, strength: float, votes: int = 300, runs: int = 100) -> float:
    """Share of houses in which a prediction is shown; without strength each shows noise."""
    return (
        sum(_is_shown(Random(f"{strength}:{run}"), strength, votes) for run in range(runs)) / runs
    )


def _is_shown(rng: Random, strength: float, votes: int) -> bool:
    examples: list[tuple[Features, bool]] = []
    for _ in range(votes):
        features = {f"part {place}": rng.gauss(0, 1) for place in range(16)}
        pull = strength * (features["part 0"] - features["part 1"])
        examples.append((features, rng.gauss(0, 1) < pull))
    return learn(examples).is_shown
