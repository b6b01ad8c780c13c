"""How good the talk is: whether it goes in circles, and what a score of it is made of.

The limits are those of `engine.md` sections 11.1 and 12, set against windows of human talk. Plain
arithmetic on words: no model judges.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from itertools import combinations

from chimera.core import signals
from chimera.core.parts import Line

#: A loop is looked for in so many messages of at least so many words.
LOOP_WINDOW, LOOP_WORDS = 12, 6
#: After a step against it the talk since then is judged, as soon as there is so much of it.
LEAST_FRESH = 4
#: So many flags at once are a loop.
FLAGS = 2
#: Fewer messages with one opening or ending are chance, however short the window.
ALIKE = 3
WORN_PHRASES = 5


@dataclass(frozen=True, slots=True)
class Loop:
    """What the loop detector measured, and which of it is beyond what people do."""

    measured: Mapping[str, float]
    raised: frozenset[str]

    @property
    def found(self) -> bool:
        return len(self.raised) >= FLAGS


NO_LOOP = Loop({}, frozenset())


@cache
def cues(name: str) -> "re.Pattern[str]":
    """The house's English list of that name, as one pattern for text in lower case."""
    source = resources.files("chimera") / "data" / "cues" / "talk_en.json"
    listed = json.loads(source.read_text("utf-8"))[name]
    joined = "|".join(re.escape(each) for each in sorted(listed, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)")


def plain(text: str) -> str:
    """The text as the lists of cues spell it."""
    return text.lower().replace("’", "'")


def english(language: str | None) -> bool:
    """Whether the lists of cues hold; a conversation of no stated language is taken for English."""
    return language is None or language.split("-")[0].lower() == "en"


# --- loops ---------------------------------------------------------------------------------------


def window(lines: Sequence[Line], *, after: int = 0) -> tuple[str, ...]:
    """The lines of the cast that the detector looks at, those said since a turn."""
    texts: list[str] = []
    for line in reversed(lines):
        if len(texts) == LOOP_WINDOW or line.turn <= after:
            break
        if line.participant_id and line.words >= LOOP_WORDS:
            texts.append(line.text)
    return tuple(reversed(texts))


@lru_cache(maxsize=256)
def loop(texts: tuple[str, ...], *, agreement: bool = True) -> Loop:
    """The flags of one window. Languages without a list of cues lose that of agreement."""
    if len(texts) < LEAST_FRESH:
        return NO_LOOP
    said = [signals.tokens(text) for text in texts]
    size = len(said)
    likest = max(
        signals.overlap(one, other) for one, other in combinations(map(frozenset, said), 2)
    )
    measured = {
        "repetition": signals.repeated(texts),
        "likeness": likest,
        "opening": _commonest(tuple(words[:2]) for words in said) / size,
        "ending": _commonest(tuple(words[-2:]) for words in said) / size,
        "agreement": agreeing(texts) if agreement else 0.0,
        "novelty": new_words(texts),
    }
    alike = ALIKE / size
    raised = {
        "repetition": measured["repetition"] > 0.10,
        "likeness": measured["likeness"] > 0.60,
        "opening": measured["opening"] >= max(0.34, alike),
        "ending": measured["ending"] >= max(0.25, alike),
        "agreement": measured["agreement"] >= 0.60,
        "novelty": measured["novelty"] < 0.50,
    }
    return Loop(measured, frozenset(name for name, true in raised.items() if true))


def _commonest(parts: Iterable[tuple[str, ...]]) -> int:
    return max(Counter(parts).values(), default=0)


def agreeing(texts: Sequence[str]) -> float:
    """Share of texts that agree aloud."""
    return sum(bool(cues("agreeing").search(plain(text))) for text in texts) / len(texts)


def new_words(texts: Sequence[str]) -> float:
    """Share of the words of the second half that the first did not have."""
    half = len(texts) // 2
    first, second = _long_words(texts[:half]), _long_words(texts[half:])
    return len(second - first) / len(second) if second else 1.0


def _long_words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in signals.tokens(text) if len(word) > 3}


def worn(texts: Sequence[str], limit: int = WORN_PHRASES) -> tuple[str, ...]:
    """The phrases and openings that come back most often, the worst first."""
    runs = Counter(run for text in texts for run in set(signals.ngrams(signals.tokens(text), 4)))
    openings = Counter(tuple(signals.tokens(text)[:2]) for text in texts)
    often = [(n, 0, " ".join(run)) for run, n in runs.items() if n > 1]
    often += [(n, 1, " ".join(words)) for words, n in openings.items() if n > 2 and len(words) > 1]
    often.sort(key=lambda each: (-each[0], each[1], each[2]))
    found: list[str] = []
    for _, _, phrase in often:
        # Runs that overlap are one phrase said again.
        if not any(_shares(phrase, other) for other in found):
            found.append(phrase)
    return tuple(found[:limit])


def _shares(one: str, other: str) -> bool:
    return len(set(one.split()) & set(other.split())) >= min(3, len(one.split()))
