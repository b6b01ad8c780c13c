"""What each mechanism is worth: the same talk with it and without it.

    python -m benchmarks.ablations

Without fairness, without the owed term, without the ladder against loops, without writing ahead,
and with delays as programs usually make them (`engine.md` section 18).
"""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from random import Random
from statistics import mean

from benchmarks import lateness
from benchmarks.minds import Sample, drawn_words, floors, ks_against, table_cdf
from benchmarks.table import Row, show
from chimera.core import quality
from chimera.core.director import Decision
from chimera.core.floor import ALONE, Counsel
from chimera.engine.ahead import IN_A_ROW
from chimera.lab import habits
from chimera.lab.headless import Headless, Writer, seat
from chimera.lab.lacking import schemes_without

#: How much somebody wants to talk for whom fairness is made.
QUIET = 0.1
SEEDS = range(30)
#: Fixed delays as many programs have them: a pause, and characters a second.
FIXED_S, CPS = 2.0, 5.0
CHARS_PER_WORD = 5.5


UNFAIR = Counsel(schemes=schemes_without(["fairness"]))
UNOWED = Counsel(schemes=schemes_without(["owed"]))


class Unbroken(Headless):
    """A talk whose director takes no step out of a loop."""

    def step(self, write: Writer) -> Decision:
        # As if a step had just been taken: the next is not due.
        kept = self.state.ladders
        late = replace(kept.loop, rung=1, turn=self.state.finished)
        self.state = replace(self.state, ladders=replace(kept, loop=late))
        return super().step(write)


def fairness(counsel: Counsel | None = None) -> float:
    """The longest wait of one who hardly talks among four talkers, with the director `human`.

    `show` needs no such rule for it: what it adds for waiting does as much.
    """
    longest: list[int] = []
    for seed in SEEDS:
        cast = [seat(0, talk=QUIET), *(seat(index, talk=0.9) for index in range(1, 5))]
        talk = Headless(cast, seed=seed, director="human", counsel=counsel or ALONE)
        talk.run(200, habits.HABITS["stub"](seed))
        turns = [n for n, each in enumerate(talk.played) if each.speak.participant_id == "par_0"]
        marks = [-1, *turns, len(talk.played)]
        longest.append(max(b - a - 1 for a, b in pairwise(marks)))
    return mean(longest)


def owed(counsel: Counsel | None = None) -> float:
    """How often the one who was named speaks next, of eight."""
    found = floors(8, SEEDS, counsel=counsel or ALONE)
    return found.answered / found.named


def loops(stage: type[Headless]) -> float:
    """Of the windows of a talk with a mind that repeats itself until noted, those in a loop."""
    flags: list[bool] = []
    for seed in SEEDS:
        talk = stage([seat(index) for index in range(3)], seed=seed)
        talk.run(40, habits.loop(seed))
        lines = [each for each in talk.state.lines if each.participant_id]
        flags += [quality.loop(quality.window(lines[:end])).found
                  for end in range(quality.LOOP_WINDOW, len(lines) + 1)]  # fmt: skip
    return mean(flags)


def fixed(words: int, _random: Random) -> float:
    return FIXED_S + words * CHARS_PER_WORD / CPS


def uniform(_words: int, random: Random) -> float:
    return random.uniform(1.0, 3.0)


def distance(sample: Sample, gap: Callable[[int, Random], float] | None = None) -> float:
    """KS distance of gaps from people's; of our own, or of a naive rule for the same lines."""
    if gap is None:
        return sample.distance()
    random = Random(7)
    naive = [math.log(gap(words, random)) for words in sample.words]
    total = len(sample.buckets)

    def cdf(ln_gap: float) -> float:
        return sum(
            n * table_cdf(bucket, ln_gap)
            for bucket, n in ((each, sample.buckets.count(each)) for each in set(sample.buckets))
        ) / total  # fmt: skip

    return ks_against(naive, cdf)


def rows() -> list[Row]:
    """One table: with, without, and what without costs."""
    sample = drawn_words(1, conversations=100)
    asked = {way: lateness.shows(lateness.SLOW, in_a_row=way, seeds=8).share
             for way in (IN_A_ROW, 1)}  # fmt: skip
    return [
        _pair("fairness: longest wait of a quiet one among four talkers", "Stub",
              fairness(), fairness(UNFAIR), "W + N − 2 = 149 at most"),
        _pair("owed term: addressee next, N = 8", "Stub", owed(), owed(UNOWED), ".98 / .93"),
        _pair("ladder against loops: windows in a loop", "Loop", loops(Headless), loops(Unbroken)),
        _pair("writing ahead: lines later than 250 ms", "Slow", asked[IN_A_ROW], asked[1],
              ".058 / .256"),
        _pair("delays: KS from people's gaps, against 2 s + 5 characters a second", "Stub",
              distance(sample), distance(sample, fixed), ".03 / .31"),
        _pair("delays: the same, against 1 to 3 s at random", "Stub",
              distance(sample), distance(sample, uniform), ".03 / .88"),
    ]  # fmt: skip


def _pair(what: str, fake: str, with_it: float, without: float, reference: str = "") -> Row:
    """`reference`: the design's own simulation, with and without."""
    return Row(what=f"ablation: {what}", goal="with / without", fake=fake, ok=None,
               measured=f"{with_it:.3f} / {without:.3f}", reference=reference)  # fmt: skip


if __name__ == "__main__":
    show(rows())
