"""Whether trials decide as they promise: the sequential test, and the bandit over variants."""

from random import Random
from statistics import mean, median

from benchmarks.table import Row, show
from chimera.core.learning.experiments import LEAST_PER_ARM, Tally, choose, is_decided

MOST_PER_ARM, RUNS = 2000, 1500
BASE = 0.5
#: Somebody looks after so many outcomes of each arm.
LOOKS = 5
RATES = {"a": 0.50, "b": 0.52, "c": 0.55, "d": 0.62}


def decided_at(seed: int, difference: float) -> int | None:
    """Outcomes of each arm when an experiment is decided; None if it never is."""
    random, good = Random(f"{seed}:{difference}").random, [0, 0]
    for n in range(1, MOST_PER_ARM + 1):
        good[0] += random() < BASE
        good[1] += random() < BASE + difference
        if n >= LEAST_PER_ARM and n % LOOKS == 0:
            one, other = (Tally(n, each, n - each) for each in good)
            if is_decided(one, other):
                return n
    return None


def traffic(seed: int, votes: int = 1000) -> dict[str, float]:
    """Each arm's share of so many conversations, every one of them judged."""
    random, arms = Random(seed), dict.fromkeys(RATES, Tally())
    for _ in range(votes):
        name = choose(arms, random)
        arm = arms[name].after(liked=random.random() < RATES[name])
        arms[name] = Tally(arm.assigned + 1, arm.good, arm.bad)
    return {name: arm.assigned / votes for name, arm in arms.items()}


def rows(runs: int = RUNS) -> list[Row]:
    null = mean(decided_at(seed, 0.0) is not None for seed in range(runs))
    eight = [decided_at(seed, 0.08) for seed in range(runs)]
    five = mean(decided_at(seed, 0.05) is not None for seed in range(runs))
    shares = [traffic(seed) for seed in range(200)]
    return [
        Row.at_most(f"mSPRT, {runs} runs: alarms without a difference", null, 0.05,
                    reference=".018 (naive peeking .449)"),
        Row.at_least("mSPRT: power at +8 points", mean(each is not None for each in eight), 0.95,
                     reference=".99"),
        Row.told("mSPRT: outcomes per arm at +8 points, median",
                 median(each for each in eight if each), reference="627"),
        Row.at_least("mSPRT: power at +5 points", five, 0.60, reference=".70"),
        Row.at_least("bandit, 1,000 votes: traffic of the best, mean",
                     mean(each["d"] for each in shares), 0.55, reference=".59"),
        Row.at_least("bandit: smallest arm, worst of 200 runs",
                     min(min(each.values()) for each in shares), 0.10, reference=".10"),
    ]  # fmt: skip


if __name__ == "__main__":
    show(rows())
