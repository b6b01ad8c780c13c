"""Figures about who speaks and when, held against their goals.

    python -m benchmarks.minds

The Stub speaks: made-up words, lengths as people write them. Nothing here needs a network.
"""

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from statistics import correlation, mean, quantiles
from time import process_time

from benchmarks.table import Row, show
from chimera.core import pacing, schemes
from chimera.core.conversation import Pace
from chimera.core.director import Speak, decide, labelled
from chimera.core.floor import ALONE, Counsel
from chimera.core.state import ConversationState
from chimera.lab.headless import Headless, Played, random_words, seat

TYPING_WPM = 52
TABLE = pacing.load_table()


@dataclass(frozen=True, slots=True)
class Quantiles:
    """A distribution known by some of its quantiles."""

    levels: tuple[float, ...]
    values: tuple[float, ...]

    def draw(self, random: Random) -> int:
        """A whole number of it."""
        level = random.random()
        place = bisect_right(self.levels, level)
        if place in {0, len(self.levels)}:
            return round(self.values[0] if place == 0 else self.values[-1])
        low, high = self.levels[place - 1], self.levels[place]
        share = (level - low) / (high - low)
        return round(self.values[place - 1] * (1 - share) + self.values[place] * share)


#: Words of a message in the rooms whose gaps we use (`engine.md` section 18).
HUMAN_WORDS = Quantiles((0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95), (1, 1, 3, 7, 14, 22, 29))


# --- statistics --------------------------------------------------------------------------------


def gini(counts: Sequence[float]) -> float:
    """Inequality of shares: 0 for equal ones, towards 1 when one has all."""
    ordered, size = sorted(counts), len(counts)
    weighed = sum((2 * place - size - 1) * each for place, each in enumerate(ordered, 1))
    return weighed / (size * sum(ordered))


def ranks(values: Sequence[float]) -> list[float]:
    """Mean ranks; equal values share theirs."""
    ordered = sorted(values)
    return [(bisect_left(ordered, each) + bisect_right(ordered, each) - 1) / 2 for each in values]


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Rank correlation."""
    return correlation(ranks(one), ranks(other))


def ks(one: Sequence[float], other: Sequence[float]) -> float:
    """The largest distance between two empirical distributions."""
    first, second = sorted(one), sorted(other)
    return max(
        abs(bisect_right(first, each) / len(first) - bisect_right(second, each) / len(second))
        for each in (*first, *second)
    )


def ks_against(draws: Sequence[float], cdf: Callable[[float], float]) -> float:
    """The largest distance between a sample and a distribution."""
    ordered, size = sorted(draws), len(draws)
    return max(
        max(abs((place + 1) / size - cdf(each)), abs(place / size - cdf(each - 1e-12)))
        for place, each in enumerate(ordered)
    )


def table_cdf(bucket: int, ln_gap: float) -> float:
    """Share of the table's gaps in a bucket that are no longer."""
    row, levels = TABLE.rows[bucket], TABLE.levels
    place = bisect_right(row, ln_gap)
    if place in {0, len(row)}:
        return 0.0 if place == 0 else 1.0
    share = (ln_gap - row[place - 1]) / (row[place] - row[place - 1])
    return levels[place - 1] + share * (levels[place] - levels[place - 1])


# --- conversations -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The gaps of some conversations at scale 1, changes of speaker only."""

    gaps: list[float]
    words: list[int]
    buckets: list[int]
    #: The same gaps, conversation by conversation.
    chains: list[list[float]]

    def below_typing(self, least_words: int = 0) -> float:
        """Share of gaps shorter than it takes to type the message."""
        pairs = [pair for pair in zip(self.gaps, self.words, strict=True) if pair[1] > least_words]
        return mean(gap < 60 * words / TYPING_WPM for gap, words in pairs)

    def lag(self) -> float:
        """How one gap's logarithm goes with the next one's."""
        before = [math.log(each) for chain in self.chains for each in chain[:-1]]
        after = [math.log(each) for chain in self.chains for each in chain[1:]]
        return correlation(before, after)

    def distance(self) -> float:
        """KS distance from the reference table, mixed as the buckets occurred."""
        mixture = Counter(self.buckets)
        total = sum(mixture.values())

        def cdf(ln_gap: float) -> float:
            return sum(n * table_cdf(bucket, ln_gap) for bucket, n in mixture.items()) / total

        return ks_against([math.log(each) for each in self.gaps], cdf)


def drawn_words(seed: int, *, conversations: int = 100, turns: int = 21) -> Sample:
    """Conversations of the Stub at scale 1 with lengths as people write them."""
    chains: list[list[Played]] = []
    for number in range(conversations):
        key = 1000 * seed + number

        def write(state: ConversationState, _speak: Speak, key: int = key) -> str:
            return "so " * max(1, HUMAN_WORDS.draw(Random(f"{key}:{state.turn}")))

        cast = [seat(index) for index in range(3)]
        pace = Pace(mode="human", speed=pacing.LIVELY)
        played = Headless(cast, seed=key, pace=pace).run(turns, write).played
        chains.append([each for each in played[1:] if each.speak.cause != "continued"])
    together = [each for chain in chains for each in chain]
    return Sample(
        gaps=[each.plan.gap_s for each in together],
        words=[len(each.text.split()) for each in together],
        buckets=[each.plan.draw.bucket for each in together],
        chains=[[each.plan.gap_s for each in chain] for chain in chains],
    )


@dataclass(slots=True)
class Floor:
    """Who had the floor in some conversations."""

    inequality: list[float]
    named: int = 0
    answered: int = 0
    aba: int = 0
    triples: int = 0
    #: The longest wait beyond the promised bound; never above 0.
    beyond: int = -1000
    silent: int = 0
    turns: int = 0


def floors(
    size: int, seeds: range, *, director: str = "show", turns: int = 100, counsel: Counsel = ALONE
) -> Floor:
    """Equal talk, a random address in every fifth line."""
    found = Floor(inequality=[])
    for seed in seeds:
        cast = [seat(index) for index in range(size)]
        play = Headless(cast, seed=seed, director=director, counsel=counsel)
        play.run(turns, random_words(seed, addressing=0.2))
        _count(found, play, cast_ids=[each.id for each in cast], director=director)
    return found


def _count(found: Floor, play: Headless, *, cast_ids: Sequence[str], director: str) -> None:
    speakers = [each.speak.participant_id for each in play.played]
    found.inequality.append(gini([speakers.count(each) for each in cast_ids]))
    lines = play.state.lines
    for line, following in pairwise(lines):
        if line.addressed:
            found.named += 1
            found.answered += following.participant_id == line.addressed[0]
    for one, two, three in zip(speakers, speakers[1:], speakers[2:], strict=False):
        if len({one, two}) == 2 and two != three:
            found.triples += 1
            found.aba += one == three
    patience = schemes.SCHEMES[director].patience
    limit = math.ceil(patience * len(cast_ids)) + 1 + len(cast_ids) - 2
    found.beyond = max(found.beyond, max(longest_waits(speakers, cast_ids).values()) - limit)
    found.silent += play.waits
    found.turns += len(speakers)


def longest_waits(speakers: Sequence[str], cast_ids: Sequence[str]) -> dict[str, int]:
    """The most finished turns that each let pass before speaking, or until the end."""
    longest, last = dict.fromkeys(cast_ids, 0), dict.fromkeys(cast_ids, 0)
    for turn, speaker in enumerate(speakers, 1):
        longest[speaker] = max(longest[speaker], turn - 1 - last[speaker])
        last[speaker] = turn
    return {each: max(longest[each], len(speakers) - last[each]) for each in cast_ids}


def humans_answered(seeds: range) -> tuple[int, int]:
    """Messages from the stalls, and how many the next turn answered, by the one they named."""
    posted = answered = 0
    for seed in seeds:
        play = Headless([seat(index) for index in range(3)], seed=seed)
        random, write = Random(seed), random_words(seed, addressing=0.2)
        for _ in range(20):
            play.run(len(play.played) + random.randint(1, 4), write)
            named = random.choice([None, *play.state.participants])
            text = f"{named.short}, what do you say?" if named else "What a thought!"
            play.post(text)
            play.run(len(play.played) + 1, write)
            speak = play.played[-1].speak
            posted += 1
            answered += speak.human and (named is None or speak.participant_id == named.id)
    return posted, answered


def decision_ms(turns: int = 400) -> float:
    """The slowest of a hundred decisions, plan included, in milliseconds of the processor."""
    play = Headless([seat(index) for index in range(8)], seed=1)
    play.run(60, random_words(1, addressing=0.2))
    state, times = play.state, list[float]()
    for _ in range(turns):
        begun = process_time()
        decision = decide(state, play.now, labelled(state))
        if isinstance(decision, Speak):
            pacing.plan(state, decision, None, labelled(state))
        times.append(1000 * (process_time() - begun))
        play.step(random_words(2))
        state = play.state
    return quantiles(times, n=100)[98]


# --- the table ---------------------------------------------------------------------------------


def rows() -> list[Row]:
    """Everything this page promises, measured now."""
    return [*pacing_figures(), *floor_figures()]


def pacing_figures(seeds: int = 20, conversations: int = 100) -> list[Row]:
    """The gaps against the table they come from, as conversations really draw them."""
    samples = [drawn_words(seed, conversations=conversations) for seed in range(seeds)]
    random = Random(20)
    apart = max(
        ks_against(
            [TABLE.ln_gap(each, pacing.NORMAL.cdf(pacing.normal(random))) for _ in range(20_000)],
            lambda ln_gap, bucket=each: table_cdf(bucket, ln_gap),
        )
        for each in range(8)
    )
    together = mean(each.distance() for each in samples)
    return [
        Row.at_most(
            f"gaps: mean KS, {seeds} seeds",
            together,
            0.045,
            fake="Stub",
            reference=".029; people .029, P95 .045",
        ),
        Row.at_most(
            "gaps: one bucket alone, worst KS", apart, 0.015, fake="Stub", reference=".0096 at 5 %"
        ),
        Row.between(
            "gap/length: Spearman, mean",
            mean(spearman(each.gaps, each.words) for each in samples),
            0.15,
            0.27,
            fake="Stub",
            reference=".190; people .21",
        ),
        Row.between(
            "ln gap: lag-1, mean",
            mean(each.lag() for each in samples),
            0.15,
            0.29,
            fake="Stub",
            reference=".226; people .23",
        ),
        Row.between(
            "gaps below typing time, all",
            mean(each.below_typing() for each in samples),
            0.24,
            0.30,
            fake="Stub",
            reference=".269; people .27",
        ),
        Row.between(
            "gaps below typing time, > 8 words",
            mean(each.below_typing(8) for each in samples),
            0.38,
            0.45,
            fake="Stub",
            reference=".418; people .41",
        ),
    ]


def floor_figures(seeds: int = 60) -> list[Row]:
    """Who speaks, over a hundred turns."""
    three, eight = floors(3, range(seeds)), floors(8, range(seeds // 2))
    posted, answered = humans_answered(range(seeds // 3))
    beyond = max(three.beyond, eight.beyond)
    return [
        Row.at_most(
            "floor: Gini, N = 3, mean",
            mean(three.inequality),
            0.15,
            fake="Stub",
            reference=".034; people .26",
        ),
        Row.at_most(
            "floor: Gini, N = 3, worst seed",
            max(three.inequality),
            0.15,
            fake="Stub",
            reference=".067 P95; people .41",
        ),
        Row.at_least(
            "floor: addressee speaks next, N = 3",
            three.answered / three.named,
            0.95,
            fake="Stub",
            reference=".994; people .59–.64",
        ),
        Row.at_least(
            "floor: addressee speaks next, N = 8",
            eight.answered / eight.named,
            0.95,
            fake="Stub",
            reference=".981",
        ),
        Row.at_least(
            "floor: a person is answered next",
            answered / posted,
            1.0,
            fake="Stub",
            reference="1.00",
        ),
        Row.between(
            "floor: ABA, N = 3",
            three.aba / three.triples,
            0.50,
            0.70,
            fake="Stub",
            reference=".586; people .618",
        ),
        Row.at_most(
            "floor: longest wait beyond W + N − 2",
            beyond,
            0,
            fake="Stub",
            reference="none in 1,600 runs",
        ),
        Row.at_most(
            "floor: silent beats",
            three.silent / three.turns,
            0.02,
            fake="Stub",
            reference=".002–.006",
        ),
        Row.at_most(
            "floor: decision and plan, N = 8, p99 ms",
            decision_ms(),
            50,
            fake="Stub",
            reference="roadmap 500",
        ),
    ]


if __name__ == "__main__":
    table = rows()
    show(table)
    raise SystemExit(any(row.ok is False for row in table))
