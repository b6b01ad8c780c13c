"""How alike texts are: by what an embedder makes of them, else by their hashed vectors.

What is folded from a log rests on hashed vectors alone. An embedder is asked only where something
is decided that the log records: bids, notes recalled, topics that have changed (ADR 21).
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, combinations
from statistics import fmean
from typing import TYPE_CHECKING, Protocol

from chimera.core import signals
from chimera.core.signals import Calibration

if TYPE_CHECKING:
    from chimera.core.state import ConversationState

#: Texts, and how much of a mean each of them is.
Weighed = tuple[tuple[str, float], ...]

#: Of the lines before, so many make the centroid, each counting so much less than the next.
REACHES, FADES = 16, 0.8


class Embedder(Protocol):
    """What texts mean, as far as it has been worked out."""

    @property
    def pair(self) -> Calibration:
        """Of two messages."""
        ...

    @property
    def window(self) -> Calibration:
        """Of three messages and the talk before them."""
        ...

    def knows(self, texts: Iterable[str]) -> bool:
        """Whether all these have been worked out."""
        ...

    def cosine(self, one: Weighed, other: Weighed) -> float:
        """How alike the means of two groups of known texts are, −1…1."""
        ...

    async def learn(self, texts: Iterable[str]) -> None:
        """Work out what is not known yet, the first ones first; waits a moment at most."""
        ...

    def close(self) -> None:
        """Work out nothing more."""
        ...


def able(embedder: Embedder | None, groups: Iterable[Weighed]) -> Embedder | None:
    """The embedder if it knows all of these, which are to be compared with one another."""
    if embedder is None:
        return None
    return embedder if embedder.knows(text for text, _ in chain.from_iterable(groups)) else None


def cosine(one: Weighed, other: Weighed, embedder: Embedder | None) -> float | None:
    """How alike the means of two groups of texts are; None if one of them says nothing."""
    if embedder is not None:
        return embedder.cosine(one, other) if one and other else None
    here, there = mean(one), mean(other)
    return signals.cosine(here, there) if here and there else None


@lru_cache(maxsize=512)
def mean(weighed: Weighed) -> signals.Vector:
    """The hashed vector of a group of texts."""
    return signals.mean_vector((signals.vector(text), weight) for text, weight in weighed)


def to_newest(text: str, newest: tuple[str, ...], embedder: Embedder | None) -> float:
    """How alike a text and the newest lines are, in calibrated units; 0 for unrelated ones."""
    one, other = ((text, 1.0),), tuple((each, 1.0) for each in newest)
    embedder = able(embedder, (one, other))
    if embedder is not None and newest:
        return embedder.pair.rel(embedder.cosine(one, other))
    # Without a shared word two texts are hardly alike, and most have none.
    if _words(newest).isdisjoint(signals.content_words(text)):
        return 0.0
    return signals.HASHED_PAIR.rel(cosine(one, other, None) or 0.0)


@lru_cache(maxsize=64)
def _words(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset[str]().union(*map(signals.content_words, texts))


def has_left(
    state: "ConversationState",
    embedder: Embedder,
    *,
    drifts: float,
    together: float,
    turns: int,
) -> bool | None:
    """Whether the last three lines have left the talk before them, for so many turns running.

    What may be a new topic is no part of the old one meanwhile. None if the embedder does not
    know these lines, or there are too few.
    """
    spoken = [
        (line.text, 1.0)
        for line in state.lines
        if line.kind == "persona" and line.visibility == "all" and line.turn > state.topic_turn
    ]
    lines = tuple(spoken[-REACHES - 2 - turns :])
    before = len(lines) - 2 - turns
    if before < 1 or able(embedder, (lines,)) is None:
        return None
    faded = zip(lines[before - 1 :: -1], range(before), strict=True)
    centroid = tuple((text, FADES**age) for (text, _), age in faded)
    windows = [lines[before + place : before + place + 3] for place in range(turns)]
    return all(
        embedder.window.rel(embedder.cosine(window, centroid)) < drifts
        and fmean(
            embedder.pair.rel(embedder.cosine((one,), (other,)))
            for one, other in combinations(window, 2)
        ) >= together
        for window in windows
    )  # fmt: skip


def texts_of(state: "ConversationState") -> Iterator[str]:
    """What an embedder has to know before the next decision, what is new first."""
    yield from (line.text for line in reversed(state.lines[-REACHES - 8 :]))
    yield state.topic
    for each in state.participants:
        yield " ".join(each.character.expertise)
        yield from each.character.sample_lines
    for seat in state.seats:
        yield from (note.text for note in reversed(seat.memory))
