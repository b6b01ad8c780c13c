"""What a text says about itself: whom it names, what it asks, which words carry it.

Plain arithmetic on words, without a model (`engine.md` section 6). Every threshold on likeness is
in calibrated units, because the raw cosines of two embedders cannot be compared.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Protocol
from zlib import crc32

from chimera.core import cues
from chimera.core.conversation import Participant
from chimera.core.events import MessageSignals

#: A sparse vector: the places that are not zero.
Vector = Mapping[int, float]

DIMENSIONS = 4096
KEYWORDS_KEPT = 5
#: A question with "you" goes to whom its speaker addressed at most so many turns ago.
YOU_REACHES = 3

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_QUESTION = re.compile(r"[?？؟]+")
_SENTENCE = re.compile(r"[^.!?？؟。！\n]*[.!?？؟。！\n]*")
_PHRASE_BREAK = re.compile(r"[^\w\s'’-]+|\n")


class Spoken(Protocol):
    """What is read of an earlier line."""

    @property
    def participant_id(self) -> str | None: ...
    @property
    def turn(self) -> int: ...
    @property
    def addressed(self) -> tuple[str, ...]: ...


def tokens(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation."""
    return list(_tokens(text))


@lru_cache(maxsize=1024)
def _tokens(text: str) -> tuple[str, ...]:
    # Lowered word by word, because lowering may make two characters of one.
    return tuple([word.lower().replace("’", "'") for word in _WORD.findall(text)])


def _small_words(text: str) -> frozenset[str]:
    """What carries no meaning, in the language of the text as far as there is a list."""
    return cues.words(cues.lists_of(text) or "en").stop_words


def content(text: str) -> list[str]:
    """The words that carry the meaning: no stop words, nothing of a single letter."""
    stop_words = _small_words(text)
    return [word for word in tokens(text) if len(word) > 1 and word not in stop_words]


@lru_cache(maxsize=2048)
def content_words(text: str) -> frozenset[str]:
    """The different content words of at least four letters."""
    return frozenset(word for word in content(text) if len(word) >= 4)


def novelty(text: str, earlier: Iterable[str]) -> float | None:
    """Share of content words that no earlier text has; None below two such words."""
    words = content_words(text)
    if len(words) < 2:
        return None
    known = frozenset[str]().union(*(content_words(each) for each in earlier))
    return len(words - known) / len(words)


# --- whom and what -----------------------------------------------------------------------------


def read(
    text: str, cast: Sequence[Participant], speaker_id: str | None, lines: Sequence[Spoken]
) -> MessageSignals:
    """The signals of a text that `speaker_id` (None: a viewer) says after `lines`."""
    return MessageSignals(
        addressed=addressed(text, cast, speaker_id, lines),
        questions=count_questions(text),
        keywords=keywords(text),
    )


def sentences(text: str) -> list[str]:
    """The sentences of a text, with what ends them."""
    return [each.strip() for each in _SENTENCE.findall(text) if each.strip()]


def count_questions(text: str) -> int:
    """How many times the text asks; "?!?" asks once."""
    return len(_QUESTION.findall(text))


def addressed(
    text: str, cast: Sequence[Participant], speaker_id: str | None, lines: Sequence[Spoken]
) -> tuple[str, ...]:
    """Who is spoken to, the one who should answer first.

    An @name goes before a plain name, the last named before the first. Where nobody is named, a
    question with "you" goes to whom its speaker addressed last.
    """
    tagged: list[str] = []
    plain: list[str] = []
    for match, participant_id in _mentions(text, cast):
        if participant_id == speaker_id:
            continue
        if match.group("at"):
            tagged.append(participant_id)
        elif _calls(text, match, viewer=speaker_id is None):
            plain.append(participant_id)
    named = tuple(dict.fromkeys([*reversed(tagged), *reversed(plain)]))
    return named or _meant_by_you(text, cast, speaker_id, lines)


def named(text: str, cast: Sequence[Participant]) -> tuple[str, ...]:
    """Whom of the cast the text names, in the order of the words."""
    found = (who for match, who in _mentions(text, cast) if _calls(text, match, viewer=False))
    return tuple(dict.fromkeys(found))


def _mentions(text: str, cast: Sequence[Participant]) -> Iterable[tuple["re.Match[str]", str]]:
    people = _people(tuple((each.id, each.names) for each in cast))
    if people is None:
        return
    pattern, owners = people
    for match in pattern.finditer(text):
        yield match, owners[match.group("name").casefold()]


@lru_cache(maxsize=256)
def _people(
    cast: tuple[tuple[str, tuple[str, ...]], ...],
) -> tuple["re.Pattern[str]", Mapping[str, str]] | None:
    """One pattern for all names, the longest first; of two with one name the first seat has it."""
    owners: dict[str, str] = {}
    for participant_id, names in cast:
        for name in names:
            owners.setdefault(name.casefold(), participant_id)
    spellings = {name for _, names in cast for name in names if name.casefold() in owners}
    if not spellings:
        return None
    ordered = sorted(spellings, key=lambda name: (-len(name), name))
    joined = "|".join(re.escape(name) for name in ordered)
    return re.compile(rf"(?<!\w)(?P<at>@)?(?P<name>{joined})(?!\w)", re.IGNORECASE), owners


def _calls(text: str, match: "re.Match[str]", *, viewer: bool) -> bool:
    """Whether a name stands for a participant here and not for the common word.

    "A philosopher" is anybody. In lower case a name counts where a person types it, or where
    commas set it apart as people do when they call somebody.
    """
    before = text[: match.start()].rstrip()
    previous = tokens(before[-24:])
    adjacent = previous and before[-1:].isalnum() and previous[-1]
    if adjacent and adjacent in cues.words("en").indefinite:
        return False
    if viewer or match.group("name").split()[-1][:1].isupper():
        return True
    after = text[match.end() :].lstrip()
    opens = not before or before[-1] in ",;:.!?—–-"
    closes = not after or after[0] in ",;:.!?—–-"
    return opens and closes


def _meant_by_you(
    text: str, cast: Sequence[Participant], speaker_id: str | None, lines: Sequence[Spoken]
) -> tuple[str, ...]:
    if not lines or not _asks_you(text):
        return ()
    seated = {each.id for each in cast}
    oldest = lines[-1].turn + 1 - YOU_REACHES
    for line in reversed(lines):
        if line.turn < oldest:
            break
        if line.participant_id == speaker_id and line.addressed:
            first = line.addressed[0]
            return (first,) if first in seated and first != speaker_id else ()
    return ()


def _asks_you(text: str) -> bool:
    you = cues.words("en").second_person
    return any(
        _QUESTION.search(sentence) and not you.isdisjoint(tokens(sentence))
        for sentence in _SENTENCE.findall(text)
    )


def keywords(text: str, limit: int = KEYWORDS_KEPT) -> tuple[str, ...]:
    """The phrases between stop words, those of long and well-connected words first (RAKE)."""
    phrases = _phrases(text)
    frequency = Counter(word for phrase in phrases for word in phrase)
    degree: Counter[str] = Counter()
    for phrase in phrases:
        for word in phrase:
            degree[word] += len(phrase)
    scores = {
        " ".join(phrase): sum(degree[word] / frequency[word] for word in phrase)
        for phrase in phrases
    }
    ranked = sorted(scores, key=lambda phrase: (-scores[phrase], phrase))
    return tuple(ranked[:limit])


def _phrases(text: str) -> list[tuple[str, ...]]:
    """Runs of one to three content words."""
    stop_words = _small_words(text)
    phrases: list[tuple[str, ...]] = []
    for clause in _PHRASE_BREAK.split(text):
        run: list[str] = []
        for word in [*tokens(clause), ""]:
            if len(word) >= 3 and word not in stop_words and not word.isdigit():
                run.append(word)
                continue
            if 1 <= len(run) <= 3:
                phrases.append(tuple(run))
            run = []
    return phrases


# --- likeness ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Calibration:
    """Cosines of unrelated (`lo`, median) and of related texts (`hi`, P90), as measured."""

    lo: float
    hi: float

    def rel(self, cosine: float) -> float:
        """0 for unrelated texts, 1 for clearly related ones; not clipped."""
        return (cosine - self.lo) / (self.hi - self.lo)


#: Hashed vectors of two messages, and of three messages against a centroid.
HASHED_PAIR = Calibration(0.011, 0.203)
HASHED_WINDOW = Calibration(0.076, 0.311)


@lru_cache(maxsize=1024)
def vector(text: str) -> Vector:
    """The hashed vector of a text, of length 1; empty if it has no content words.

    Content words count 1, pairs of them .7, the character 3- and 4-grams of `<word>` .35.
    """
    words = content(text)
    weights: dict[int, float] = {}
    _add(weights, Counter(f"w:{word}" for word in words), 1.0)
    _add(weights, Counter(f"p:{one} {other}" for one, other in pairwise(words)), 0.7)
    _add(weights, Counter(gram for word in words for gram in _grams(word)), 0.35)
    return _unit(weights)


def trapezoid(value: float, *corners: float) -> float:
    """0 up to the first corner and past the last, 1 between the middle two, straight between."""
    rises, full, falls, ends = corners
    up = (value - rises) / (full - rises)
    down = (ends - value) / (ends - falls)
    return min(max(min(up, down), 0.0), 1.0)


@lru_cache(maxsize=4096)
def _grams(word: str) -> tuple[str, ...]:
    bounded = f"<{word}>"
    return tuple(
        f"g:{bounded[start : start + size]}"
        for size in (3, 4)
        for start in range(len(bounded) - size + 1)
    )


def _add(weights: dict[int, float], features: Mapping[str, int], weight: float) -> None:
    for feature, count in features.items():
        place, sign = _place(feature)
        scaled = weight if count == 1 else weight * (1.0 + math.log(count))
        weights[place] = weights.get(place, 0.0) + sign * scaled


@lru_cache(maxsize=16_384)
def _place(feature: str) -> tuple[int, float]:
    """Where a feature is counted, and as what."""
    digest = crc32(feature.encode())
    # The sign comes from a bit the place does not use, so that collisions cancel on average.
    return digest % DIMENSIONS, 1.0 if digest & 0x80000000 else -1.0


def _unit(weights: Mapping[int, float]) -> Vector:
    norm = math.sqrt(math.fsum([value * value for value in weights.values()]))
    if norm == 0:
        return {}
    return {place: value / norm for place, value in weights.items() if value}


def mean_vector(vectors: Iterable[tuple[Vector, float]], *, places: int | None = None) -> Vector:
    """The weighted mean of some vectors, scaled to length 1; a centroid, or a query.

    With `places` only the strongest are kept, so that a mean of many texts stays small.
    """
    total: defaultdict[int, float] = defaultdict(float)
    for each, weight in vectors:
        for place, value in each.items():
            total[place] += weight * value
    if places is None or len(total) <= places:
        return _unit(total)
    kept = sorted([(-abs(value), place) for place, value in total.items()])[:places]
    return _unit({place: total[place] for _, place in kept})


def cosine(one: Vector, other: Vector) -> float:
    """How alike two vectors of length 1 are, −1…1; 0 if one is empty."""
    return math.fsum([one[place] * other[place] for place in one.keys() & other.keys()])


def to_mean(vectors: Sequence[Vector], other: Vector) -> float:
    """How alike the mean of some vectors and another are, without the work of making the mean."""
    length = sum(map(bool, vectors)) + 2 * math.fsum(
        [cosine(one, next_) for one, next_ in combinations(vectors, 2)]
    )
    if length <= 0:
        return 0.0
    return math.fsum([cosine(each, other) for each in vectors]) / math.sqrt(length)


# --- repetition --------------------------------------------------------------------------------


def jaccard(one: str, other: str) -> float:
    """Shared words over all words of two texts, 0…1."""
    return overlap(frozenset(tokens(one)), frozenset(tokens(other)))


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared members over all members of two sets, 0…1."""
    shared = len(one & other)
    union = len(one) + len(other) - shared
    return shared / union if union else 0.0


def ngrams(words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """All runs of `size` words."""
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]


def repeated(texts: Iterable[str], size: int = 4) -> float:
    """Share of runs of `size` words that stood there before, over all the texts."""
    runs = [run for text in texts for run in ngrams(tokens(text), size)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0
