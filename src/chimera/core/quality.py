"""How good the talk is: whether it goes in circles, and what a score of it is made of.

The limits are those of `engine.md` sections 11.1 and 12, set against windows of human talk. Plain
arithmetic on words: no model judges.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from itertools import combinations
from statistics import mean, pstdev

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
#: The score looks at so many messages, is worked out every so many turns, and not before so many.
SCORED, EVERY, LEAST_SCORED = 60, 12, 24
#: Among so many lines before it, by others, a line's link is looked for.
LINK_REACHES = 3
LINKED_REL = 0.65
#: Fewer questions say nothing about whether they are answered.
LEAST_QUESTIONS = 3
#: Coherence is looked at every so many messages.
STRIDE = 6


@dataclass(frozen=True, slots=True)
class Loop:
    """What the loop detector measured, and which of it is beyond what people do."""

    measured: Mapping[str, float]
    raised: frozenset[str]

    @property
    def found(self) -> bool:
        return len(self.raised) >= FLAGS


NO_LOOP = Loop({}, frozenset())


#: The lists that notes are taken by, in every language that has lists, and those of English alone.
NOTED = ("promises", "opinions", "of_oneself", "sayings")
CUES = ("agreeing", "hedges", *NOTED)


@cache
def cues(name: str, language: str = "en") -> "re.Pattern[str]":
    """The house's list of that name, as one pattern for text in lower case."""
    source = resources.files("chimera") / "data" / "cues" / f"talk_{language}.json"
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


# --- the score -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Score:
    """How good a stretch of talk was, 0…100, and the parts of which one alone can spoil it."""

    value: float
    parts: Mapping[str, float]


def score(lines: Sequence[Line]) -> Score:
    """The score of the cast's lines among these (`engine.md` section 12)."""
    said = [line for line in lines if line.participant_id][-SCORED:]
    texts = [line.text for line in said]
    speakers = Counter(line.participant_id or "" for line in said)
    measured: dict[str, float | None] = {
        "floor": 1 - max(0.0, gini(list(speakers.values())) - 0.32) / 0.3,
        "novelty": (_novelty(texts) - 0.50) / 0.25,
        "repetition": 1 - signals.repeated(texts) / 0.12,
        "response": _response(said) / 0.30,
        "closure": None if (closed := _closure(said)) is None else closed / 0.50,
        "coherence": _coherence(texts),
        "tension": _tension(said),
        "distinct": _distinct(said, len(speakers)),
        "variety": _variety(texts) / 0.6,
    }
    parts = {name: min(max(part, 0.0), 1.0) for name, part in measured.items() if part is not None}
    value = 100 * math.exp(mean(math.log(max(part, 0.05)) for part in parts.values()))
    return Score(round(value, 1), {name: round(part, 3) for name, part in parts.items()})


def gini(counts: Sequence[float]) -> float:
    """Inequality of shares: 0 for equal ones, towards 1 when one has all."""
    ordered, size = sorted(counts), len(counts)
    weighed = sum((2 * place - size - 1) * each for place, each in enumerate(ordered, 1))
    return weighed / (size * sum(ordered)) if sum(ordered) else 0.0


def _novelty(texts: Sequence[str]) -> float:
    windows = [texts[end - LOOP_WINDOW : end] for end in range(len(texts), 11, -LOOP_WINDOW)]
    return mean(new_words(window) for window in windows) if windows else 1.0


def _response(said: Sequence[Line]) -> float:
    """Share of lines that take up something of what others have just said."""
    linked = sum(
        any(linked_to(line, other) for other in said[max(0, place - LINK_REACHES) : place])
        for place, line in enumerate(said[1:], 1)
    )
    return linked / max(1, len(said) - 1)


def linked_to(line: Line, other: Line) -> bool:
    """Whether a line takes up a word, or at least the matter, of somebody else's."""
    if line.participant_id == other.participant_id:
        return False
    if not signals.content_words(line.text).isdisjoint(signals.content_words(other.text)):
        return True
    return _alike(line.text, other.text)


@lru_cache(maxsize=1024)
def _alike(one: str, other: str) -> bool:
    """Whether two texts are about one matter; most pairs of a score were in the one before."""
    likeness = signals.cosine(signals.vector(one), signals.vector(other))
    return signals.HASHED_PAIR.rel(likeness) > LINKED_REL


def _closure(said: Sequence[Line]) -> float | None:
    """Share of questions that somebody took up, or whom they named answered."""
    asked = answered = 0
    for place, line in enumerate(said[:-1]):
        if not line.questions or not signals.content_words(line.text):
            continue
        asked += 1
        after = said[place + 1 : place + 1 + LINK_REACHES]
        named = line.addressed[:1]
        answered += any(
            each.participant_id in named if named else _takes_up(each, line) for each in after
        )
    return answered / asked if asked >= LEAST_QUESTIONS else None


def _takes_up(line: Line, question: Line) -> bool:
    """Whether a line answers: it shares the matter, or begins as answers do."""
    if line.participant_id == question.participant_id:
        return False
    answers = line.signals is not None and "answer" in (line.signals.acts or ())
    return answers or linked_to(line, question)


def _coherence(texts: Sequence[str]) -> float | None:
    """Whether the newest lines belong to those before them without repeating them."""
    ends = range(len(texts), 10, -STRIDE)
    found = [_belongs(tuple(texts[end - 11 : end])) for end in ends]
    return mean(found) if found else None


@lru_cache(maxsize=256)
def _belongs(texts: tuple[str, ...]) -> float:
    """How the last three texts of eleven belong; a stride divides the turns between two scores."""
    vectors = [(signals.vector(text), 1.0) for text in texts]
    newest, before = signals.mean_vector(vectors[-3:]), signals.mean_vector(vectors[:-3])
    likeness = signals.HASHED_WINDOW.rel(signals.cosine(newest, before))
    return signals.trapezoid(likeness, 0, 0.25, 0.9, 1.4)


def _tension(said: Sequence[Line]) -> float | None:
    """How far the mood of the talk swings; unknown where nobody can read it."""
    felt = [line.signals.sentiment for line in said if line.signals]
    known = [each for each in felt if each is not None]
    if len(known) < len(said) / 2 or len(known) < 8:
        return None
    blocks = [mean(known[start : start + 4]) for start in range(0, len(known) - 3, 4)]
    return signals.trapezoid(pstdev(blocks), 0, 0.10, 0.35, 0.70)


def _distinct(said: Sequence[Line], size: int) -> float | None:
    """Whether the words tell who is speaking: naive Bayes, each line left out once."""
    if size < 2:
        return None
    bags = [(line.participant_id or "", Counter(signals.tokens(line.text))) for line in said]
    totals: dict[str, Counter[str]] = {}
    for speaker, bag in bags:
        totals.setdefault(speaker, Counter()).update(bag)
    sizes = {speaker: total.total() for speaker, total in totals.items()}
    vocabulary = 0.5 * len(set[str]().union(*totals.values()))
    right = 0
    for speaker, bag in bags:
        fits: dict[str, float] = {}
        for other, total in totals.items():
            own = other == speaker
            rest = sizes[other] - (bag.total() if own else 0) + vocabulary
            fits[other] = sum(
                n * math.log((total[word] - (n if own else 0) + 0.5) / rest)
                for word, n in bag.items()
            )
        right += max(fits, key=lambda each: fits[each]) == speaker
    chance = 1 / size
    return (right / len(bags) - chance) / (0.8 - chance)


def _variety(texts: Sequence[str]) -> float:
    lengths = [len(text.split()) for text in texts]
    return pstdev(lengths) / mean(lengths) if lengths and mean(lengths) else 0.0
