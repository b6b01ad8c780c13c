"""The house's lists of words, by language, and in which language a text is.

A language is told by its small words, which are counted here rather than by a library: those that
know more languages bring numpy or megabytes of tables, and for most of them the house has no lists.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any, get_args

from chimera.core.details import Act, Feeling

#: Languages of which the house has every list; others are told but not read.
LISTED = ("en", "de")
#: Shorter texts say too little about their language.
LEAST_CHARACTERS, LEAST_WORDS = 20, 5
#: A text is in a language if this share of its words are that one's small words.
SMALL_SHARE = 0.2
#: How many words before a cue a negation turns it round.
NEGATES = 2

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
#: Scripts of a single language, by how Unicode calls their letters.
_SCRIPTS = {
    "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CJK": "zh", "GREEK": "el",
    "HEBREW": "he", "THAI": "th",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The small words of one language."""

    stop_words: frozenset[str]
    #: Before a role word these make it one of many: "a scientist" calls nobody.
    indefinite: frozenset[str]
    second_person: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What gives a side away in one language."""

    #: Cues for, cues against, and words that insult whom they hit.
    agree: "re.Pattern[str]"
    disagree: "re.Pattern[str]"
    insults: "re.Pattern[str]"
    #: Words that credit somebody who is named beside them.
    cites: "re.Pattern[str]"
    negations: frozenset[str]
    intensifiers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """What gives away what a text does, feels and thinks of its topic, in one language."""

    acts: "Mapping[Act, re.Pattern[str]]"
    for_: "re.Pattern[str]"
    against: "re.Pattern[str]"
    feelings: Mapping[str, Feeling]


@cache
def words(language: str) -> Words:
    """Raises FileNotFoundError for a language without lists."""
    data = _read(language)
    return Words(
        stop_words=frozenset(data["stop_words"]),
        indefinite=frozenset(data["indefinite"]),
        second_person=frozenset(data["second_person"]),
    )


@cache
def sides(language: str) -> Sides:
    """Raises FileNotFoundError for a language without lists."""
    data = _read(f"stance_{language}")
    return Sides(
        agree=any_of(data["agree"]), disagree=any_of(data["disagree"]),
        insults=any_of(data["insults"]), cites=any_of(data["cites"]),
        negations=frozenset(data["negations"]), intensifiers=frozenset(data["intensifiers"]),
    )  # fmt: skip


@cache
def deeds(language: str) -> Deeds:
    """Raises FileNotFoundError for a language without lists, ValueError for unknown names."""
    data = _read(f"signals_{language}")
    if {*data["acts"]} - {*get_args(Act)} or {*data["emotions"]} != {*get_args(Feeling)}:
        raise ValueError(f"the lists of signals_{language}.json are not those we know")
    return Deeds(
        acts={act: any_of(listed) for act, listed in data["acts"].items()},
        for_=any_of(data["for"]),
        against=any_of(data["against"]),
        feelings={word: each for each, listed in data["emotions"].items() for word in listed},
    )


def load() -> None:
    """Read it all."""
    for each in LISTED:
        words(each)
        sides(each)
        deeds(each)
    _small_words()


def _read(name: str) -> Any:
    source = resources.files("chimera") / "data" / "cues" / f"{name}.json"
    return json.loads(source.read_text("utf-8"))


def any_of(cues: Sequence[str]) -> "re.Pattern[str]":
    """The longest of some cues first; one that begins with ^ counts where a sentence begins."""
    ordered = sorted(cues, key=lambda cue: (-len(cue), cue))
    starts = [re.escape(cue[1:]) for cue in ordered if cue.startswith("^")]
    inside = [re.escape(cue) for cue in ordered if not cue.startswith("^")]
    begins = [rf"(?:\A|[.!?…:;—–-]\s+|\n)(?:{'|'.join(starts)})"] if starts else []
    within = [rf"(?<![\w'])(?:{'|'.join(inside)})"] if inside else []
    return re.compile(rf"(?:{'|'.join([*begins, *within])})(?!\w)")


def plain(text: str) -> str:
    """The text as the lists of cues spell it."""
    return text.lower().replace("’", "'")


def negated(text: str, place: int, negations: frozenset[str]) -> bool:
    """Whether a plain text turns round what stands at a place."""
    clause = re.split(r"[,.;:!?…—–]", text[:place])[-1]
    before = _WORD.findall(clause)[-NEGATES:]
    return any(word in negations or word.endswith("n't") for word in before)


# --- languages -----------------------------------------------------------------------------------


@cache
def _small_words() -> Mapping[str, frozenset[str]]:
    listed = {each: words(each).stop_words for each in LISTED}
    return listed | {each: frozenset(small) for each, small in _read("languages").items()}


@lru_cache(maxsize=1024)
def language(text: str) -> str | None:
    """The language a text is in; None where it is too short, or where none is clear."""
    if written := _by_script(text):
        return written
    said = _WORD.findall(plain(text))
    if len(said) < LEAST_WORDS or len(text) < LEAST_CHARACTERS:
        return None
    different = set(said)
    shares = {each: len(different & small) for each, small in _small_words().items()}
    likeliest = max(shares, key=lambda each: shares[each])
    return likeliest if shares[likeliest] / len(different) >= SMALL_SHARE else None


def _by_script(text: str) -> str | None:
    letters = [each for each in text if each.isalpha()]
    if len(letters) < 2 or all(each.isascii() for each in letters[:20]):
        return None
    kinds = Counter(unicodedata.name(each, "").partition(" ")[0] for each in letters[:60])
    if kinds["HIRAGANA"] or kinds["KATAKANA"]:
        return "ja"
    return _SCRIPTS.get(kinds.most_common(1)[0][0])


def lists_of(text: str, spoken: str | None = None) -> str | None:
    """The language by whose lists a text is read; None: by none.

    A text of a few words is taken for what is spoken in the conversation, else for English.
    """
    found = language(text)
    if found is None:
        said = _WORD.findall(text)
        short = len(said) < LEAST_WORDS or len(text) < LEAST_CHARACTERS
        if not short or not any(each.isascii() for each in said):
            return None
        found = (spoken or "en").split("-")[0].lower()
    return found if found in LISTED else None
