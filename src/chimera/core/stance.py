"""How a line stands to the others: for or against whom, how warmly, how loudly.

Counted cues (`engine.md` section 6). Sarcasm defeats them, and what is not clear is unknown, which
is not the same as neutral.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Protocol

from chimera.core import signals
from chimera.core.conversation import Participant
from chimera.core.events import MessageSignals, StanceRef
from chimera.core.ports import Sentiment

#: A weaker stance is not known.
KNOWN = 0.3
CUE, MOOD = 0.7, 0.3
#: How many words before a cue a negation turns it round.
NEGATES = 2
#: From so many words on a text is English only if this share of them are its small words.
ENGLISH_WORDS, ENGLISH_SHARE = 5, 0.2


class Said(signals.Spoken, Protocol):
    """What is read of an earlier line, its words included."""

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cues:
    """What gives a side away in one language."""

    #: Cues for, cues against, and words that insult whom they hit.
    agree: "re.Pattern[str]"
    disagree: "re.Pattern[str]"
    insults: "re.Pattern[str]"
    #: Words that credit somebody who is named beside them.
    cites: "re.Pattern[str]"
    negations: frozenset[str]
    intensifiers: frozenset[str]


@cache
def load_cues() -> Cues:
    """The house's English cues."""
    source = resources.files("chimera") / "data" / "cues" / "stance_en.json"
    data = json.loads(source.read_text("utf-8"))
    return Cues(
        agree=_any_of(data["agree"]),
        disagree=_any_of(data["disagree"]),
        insults=_any_of(data["insults"]),
        cites=_any_of(data["cites"]),
        negations=frozenset(data["negations"]),
        intensifiers=frozenset(data["intensifiers"]),
    )


def _any_of(cues: Sequence[str]) -> "re.Pattern[str]":
    """The longest of some cues first; one that begins with ^ counts where a sentence begins."""
    ordered = sorted(cues, key=lambda cue: (-len(cue), cue))
    starts = [re.escape(cue[1:]) for cue in ordered if cue.startswith("^")]
    inside = [re.escape(cue) for cue in ordered if not cue.startswith("^")]
    begins = [rf"(?:\A|[.!?…:;—–-]\s+|\n)(?:{'|'.join(starts)})"] if starts else []
    within = [rf"(?<![\w'])(?:{'|'.join(inside)})"] if inside else []
    return re.compile(rf"(?:{'|'.join([*begins, *within])})(?!\w)")


def read(
    found: MessageSignals,
    text: str,
    cast: Sequence[Participant],
    speaker_id: str,
    lines: Sequence[Said],
    sentiment: Sentiment,
) -> MessageSignals:
    """The signals of a participant's line, with its warmth, its loudness and its side.

    Another language than English keeps an unknown sentiment and takes no side.
    """
    loud = found.model_copy(update={"arousal": round(arousal(text), 3)})
    if not is_english(text):
        return loud
    warmth = sentiment.of(text)
    last = next((each for each in reversed(lines) if each.participant_id), None)
    insulted = insults(text, cast, speaker_id, found.addressed or _of(last))
    value = _value(text, warmth, insulting=bool(insulted))
    cited = _cited(text, cast, speaker_id) if (value or 0) >= 0 else ()
    meant = [*insulted, *found.addressed[:1], *cited] or (_of(last) if _answers(text, last) else [])
    others = [who for who in dict.fromkeys(meant) if who != speaker_id]
    stance = [StanceRef(to=who, value=value) for who in others if value is not None]
    return loud.model_copy(
        update={
            "language": "en", "sentiment": None if warmth is None else round(warmth, 3),
            "stance": tuple(stance) or None, "cited": cited or None, "insulted": insulted or None,
        }
    )  # fmt: skip


def is_english(text: str) -> bool:
    """Whether the small words of a text are English; a text of a few words may pass for it."""
    said = signals.tokens(text)
    if not said or not any(each.isascii() for each in said):
        return False
    different = set(said)
    small = len(different & signals.load_cues().stop_words)
    return len(said) < ENGLISH_WORDS or small / len(different) >= ENGLISH_SHARE


def arousal(text: str) -> float:
    """0…1, from exclamation marks, capitals and words that strengthen others."""
    letters = [each for each in text if each.isalpha()]
    capitals = sum(each.isupper() for each in letters) / len(letters) if len(letters) > 3 else 0.0
    strong = sum(word in load_cues().intensifiers for word in signals.tokens(text))
    return 0.4 * min(1.0, text.count("!") / 2) + 0.3 * capitals + 0.3 * min(1.0, strong / 2)


def insults(
    text: str, cast: Sequence[Participant], speaker_id: str, you: Sequence[str] = ()
) -> tuple[str, ...]:
    """Whom of the cast a text calls names: who is named beside an insulting word, or is "you"."""
    second_person = signals.load_cues().second_person
    hit: list[str] = []
    for sentence in signals.sentences(text):
        plain = _plain(sentence)
        if not any(
            not _negated(plain, each.start()) for each in load_cues().insults.finditer(plain)
        ):
            continue
        others = [who for who in signals.named(sentence, cast) if who != speaker_id]
        if not others and not second_person.isdisjoint(signals.tokens(sentence)):
            others = [who for who in you[:1] if who != speaker_id]
        hit += others
    return tuple(dict.fromkeys(hit))


def _plain(text: str) -> str:
    """The text as the lists of cues spell it."""
    return text.lower().replace("’", "'")


def _value(text: str, warmth: float | None, *, insulting: bool) -> float | None:
    """From −1 to 1, or None while it is not clear."""
    cues = load_cues()
    plain = _plain(text)
    agree = disagree = 0
    for pattern, sign in ((cues.agree, 1), (cues.disagree, -1)):
        for match in pattern.finditer(plain):
            turned = -sign if _negated(plain, match.start()) else sign
            agree, disagree = agree + (turned > 0), disagree + (turned < 0)
    balance = agree - disagree - insulting
    value = min(max(CUE * balance + MOOD * (warmth or 0.0), -1.0), 1.0)
    return round(value, 3) if abs(value) >= KNOWN else None


def _negated(plain: str, place: int) -> bool:
    clause = re.split(r"[,.;:!?…—–]", plain[:place])[-1]
    before = signals.tokens(clause)[-NEGATES:]
    return any(word in load_cues().negations or word.endswith("n't") for word in before)


def _cited(text: str, cast: Sequence[Participant], speaker_id: str) -> tuple[str, ...]:
    """Who is given credit: named in a sentence with a word such as "as … said"."""
    credited = [
        who
        for sentence in signals.sentences(text)
        if load_cues().cites.search(_plain(sentence))
        for who in signals.named(sentence, cast)
    ]
    return tuple(who for who in dict.fromkeys(credited) if who != speaker_id)


def _of(line: Said | None) -> list[str]:
    return [line.participant_id] if line and line.participant_id else []


def _answers(text: str, last: Said | None) -> bool:
    """Whether a line takes up a word of the last one, or takes a side at once."""
    if last is None:
        return False
    cues, first = load_cues(), _plain(next(iter(signals.sentences(text)), ""))
    if cues.agree.search(first) or cues.disagree.search(first):
        return True
    return not signals.content_words(text).isdisjoint(signals.content_words(last.text))
