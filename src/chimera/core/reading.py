"""What a text does and feels: its acts, the emotion of its words, the names it names.

Counted cues, as with sides: what is not listed is not found, and irony passes for earnest.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Protocol

from chimera.core import cues, signals
from chimera.core.details import Act, Feeling

#: Among so many lines before it the question is looked for that a line answers.
ANSWERS_WITHIN = 3
#: A statement of fewer content words claims nothing.
CLAIM_WORDS = 3
ENTITIES_KEPT = 5

_WORD = re.compile(r"[^\W\d_][\w'’]*")
_BETWEEN = re.compile(r"[\s-]+")
#: Small words that may join capitalised ones, as in "Bridge of Sighs".
_JOINS = frozenset({"of", "the", "de", "la", "von", "van", "der"})
_ASKED = re.compile(r"[?？؟]")
#: A text of more capitalised words than this is a heading, or shouted.
_HEADING = 0.8


class Said(Protocol):
    """What is read of an earlier line."""

    @property
    def participant_id(self) -> str | None: ...
    @property
    def addressed(self) -> tuple[str, ...]: ...
    @property
    def text(self) -> str: ...


def acts(text: str, speaker_id: str, lines: Sequence[Said], listed: str | None) -> tuple[Act, ...]:
    """What a line does, by the lists of a language; without them only its questions are known."""
    found: list[Act] = ["question"] if signals.count_questions(text) else []
    if listed is None:
        return tuple(found)
    known, plain = cues.deeds(listed).acts, cues.plain(text)
    asked = _asked(speaker_id, lines)
    if asked and _answers(text, plain, asked, known["answer"]):
        found.append("answer")
    if any(_claims(each, known["claim"]) for each in signals.sentences(text)):
        found.append("claim")
    more: tuple[Act, ...] = ("challenge", "concession", "joke")
    return (*found, *(each for each in more if known[each].search(plain)))


def _asked(speaker_id: str, lines: Sequence[Said]) -> Said | None:
    """The newest question of somebody else that was for everybody or for the speaker."""
    for line in reversed(lines[-ANSWERS_WITHIN:]):
        for_me = not line.addressed or speaker_id in line.addressed
        if line.participant_id != speaker_id and for_me and _ASKED.search(line.text):
            return line
    return None


def _answers(text: str, plain: str, asked: Said, opens: "re.Pattern[str]") -> bool:
    statements = [each for each in signals.sentences(text) if not _ASKED.search(each)]
    if not statements:
        return False
    questions = [each for each in signals.sentences(asked.text) if _ASKED.search(each)]
    wanted = signals.content_words(" ".join(questions))
    return bool(opens.search(plain)) or not wanted.isdisjoint(signals.content_words(text))


def _claims(sentence: str, verbs: "re.Pattern[str]") -> bool:
    return (
        not _ASKED.search(sentence)
        and len(signals.content(sentence)) >= CLAIM_WORDS
        and bool(verbs.search(cues.plain(sentence)))
    )


def emotion(text: str, listed: str | None) -> Feeling | None:
    """The emotion that most of its words belong to; None where two are as strong, or none is."""
    if listed is None:
        return None
    lexicon, negations = cues.deeds(listed).feelings, cues.sides(listed).negations
    said = signals.tokens(text)
    counts: Counter[Feeling] = Counter()
    for place, word in enumerate(said):
        before = said[max(0, place - cues.NEGATES) : place]
        turned = any(each in negations or each.endswith("n't") for each in before)
        if word in lexicon and not turned:
            counts[lexicon[word]] += 1
    first = counts.most_common(2)
    return first[0][0] if first and (len(first) < 2 or first[0][1] > first[1][1]) else None


@lru_cache(maxsize=512)
def entities(text: str, names: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What a text calls by name: people of these names, and words with capitals.

    In English a single capitalised word counts inside a sentence; elsewhere, and where a sentence
    begins, only several in a row do, the small word that opens it apart.
    """
    said = signals.tokens(text)
    capitals = sum(each[:1].isupper() for each in text.split())
    heading = len(said) > 3 and capitals / max(1, len(text.split())) > _HEADING
    found = [each for each in names if re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text)]
    if not heading:
        english = cues.lists_of(text) == "en"
        for sentence in signals.sentences(text):
            found += _named(sentence, names, english=english)
    return tuple(dict.fromkeys(found))[:ENTITIES_KEPT]


def _named(sentence: str, people: Sequence[str], *, english: bool) -> list[str]:
    small = cues.words("en" if english else "de").stop_words
    known = {word for each in people for word in each.split()}
    found: list[str] = []
    for start, capitals in _runs(sentence):
        opens = not sentence[:start].strip(" \"'“„‘(–—-")
        run = [each for each in capitals if each not in known]
        while run and cues.plain(run[0]) in small:
            run, opens = run[1:], False
        if len(run) > 1 or (english and not opens and bool(run) and len(run[0]) > 2):
            found.append(" ".join(run))
    return found


def _runs(sentence: str) -> Iterator[tuple[int, list[str]]]:
    """Capitalised words in a row, and where the first of them stands."""
    run: list[str] = []
    start = end = 0
    for match in _WORD.finditer(sentence):
        word = match.group()
        if run and not (_BETWEEN.fullmatch(sentence[end : match.start()]) and _goes_on(word)):
            yield start, _trimmed(run)
            run = []
        if run or word[0].isupper():
            start = start if run else match.start()
            run.append(word)
        end = match.end()
    if run:
        yield start, _trimmed(run)


def _goes_on(word: str) -> bool:
    return word[0].isupper() or word in _JOINS


def _trimmed(run: list[str]) -> list[str]:
    """Without small words at its end, which join nothing."""
    last = max(place for place, word in enumerate(run) if word[0].isupper())
    return run[: last + 1]
