"""Take a topic apart, whatever a person typed: what it is about, and what it asks.

The phrase always fits after "about", the clause after "that"; where no clause can be made with
confidence there is none, and the troupe speaks of the bare noun.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from chimera.core import topics
from chimera.providers.scripted.clauses import fitted, polar, spoken_to, statement
from chimera.providers.scripted.english import gerund
from chimera.providers.scripted.lexicon import Lexicon
from chimera.providers.scripted.nouns import (
    BE,
    DETERMINERS,
    DO,
    MODALS,
    Frame,
    bare,
    noun_frame,
    object_of,
)

_CONTRACTIONS = (
    ("can't", "cannot"), ("won't", "will not"), ("n't", " not"), ("what's", "what is"),
    ("who's", "who is"), ("it's", "it is"), ("that's", "that is"), ("i'm", "I am"),
    ("there's", "there is"), ("where's", "where is"), ("how's", "how is"), ("i've", "I have"),
)  # fmt: skip
#: Words that are English and something else; they prove neither.
_TWO_TONGUES = frozenset({
    "was", "die", "am", "an", "in", "so", "man", "no", "me", "do", "on", "us", "a", "as", "he", "i",
    "also", "hat", "most", "to", "one", "des",
})  # fmt: skip
_FOREIGN_ARTICLES = frozenset({
    "le", "la", "les", "un", "une", "der", "das", "ein", "eine", "el", "los", "las", "il", "lo",
    "gli", "os", "uma", "de", "het", "een", "den", "det", "en", "ett",
})  # fmt: skip
_ASIDES = re.compile(
    r"^(?:let(?:'s| us) (?:talk|discuss|debate|chat)(?: about)?|talk about|discuss|debate|"
    r"tell me about|what about|how about|(?:the )?(?:topic|question|subject)(?: is| of|:)|on)\s+",
    re.IGNORECASE,
)


def parse(topic: str, lexicon: Lexicon) -> Frame:
    """The frame of any topic; never fails."""
    text = _clean(topic)
    if not text:
        return Frame(kind="noun", phrase="silence", head="silence")
    if _foreign(text, lexicon):
        return _foreign_frame(text)
    text = _ASIDES.sub("", text).strip() or text
    words = text.split()
    words[0] = _lowered(words[0], lexicon)
    for reading in (_choice, _why, _how, _what, polar, statement):
        frame = reading(words, lexicon)
        if frame is not None:
            return frame
    return noun_frame(words, lexicon)


def frame_of(topic: str, lexicon: Lexicon) -> Frame:
    """The frame of a topic: the house's own account of it, else what its words show."""
    starter = topics.starter_of(topic)
    return from_starter(starter.frame, lexicon) if starter else parse(topic, lexicon)


def from_starter(frame: topics.Frame, lexicon: Lexicon) -> Frame:
    """The frame that the house's own starter gives with its question."""
    head = bare(frame.head, lexicon)
    return Frame(
        kind=frame.kind, phrase=frame.phrase, head=head, clause=frame.clause,
        denied=frame.denied,
    )  # fmt: skip


def _clean(topic: str) -> str:
    text = unicodedata.normalize("NFC", topic).replace("’", "'").replace("`", "'")
    text = "".join(each for each in text if each.isprintable())
    text = re.sub(r"https?://\S+|[<>{}\[\]|*_#\\\"“”]", " ", text)
    text = re.split(r"(?<=[?!.])\s+", text.strip())[0]
    text = re.sub(r"\s+", " ", text).strip(" ?!.,;:¿¡-")
    for short, full in _CONTRACTIONS:
        text = re.sub(re.escape(short) + r"\b", full, text, flags=re.IGNORECASE)
    return text[:140]


def _foreign(text: str, lexicon: Lexicon) -> bool:
    letters = [each for each in text if each.isalpha()]
    if letters and sum(not each.isascii() for each in letters) > len(letters) / 2:
        return True
    words = {each.lower().strip(",") for each in text.split()}
    return bool(words & lexicon.foreign) and not words & (lexicon.function - _TWO_TONGUES)


def _foreign_frame(text: str) -> Frame:
    """The bare noun, as it was written; German helps with its capitals, others with articles."""
    words = [each.strip(",;:") for each in text.split()]
    if len(words) == 1 or not any(each.isascii() for each in words):
        noun = text if len(text) <= 40 else text[:40].rsplit(" ", 1)[0]
        return Frame(kind="noun", phrase=f"“{noun}”", head=f"“{noun}”")
    capitals = [each for each in words[1:] if each[:1].isupper()]
    named = [noun for before, noun in pairwise(words) if before.lower() in _FOREIGN_ARTICLES]
    noun = (capitals or named or [max(words, key=len)])[0]
    return Frame(kind="noun", phrase=noun, head=noun)


def _lowered(word: str, lexicon: Lexicon) -> str:
    known = word.lower() in lexicon.known or word.lower() in BE | DO | MODALS | DETERMINERS
    return word.lower() if known and word[1:] == word[1:].lower() and word != "I" else word


def _choice(words: Sequence[str], lexicon: Lexicon) -> Frame | None:
    text = " ".join(words)
    text = re.sub(r"^(?:which is|what is|who is|is it) (?:\w+er|better|best)[:,]?\s+", "", text)
    parts = re.split(r"\s+(?:or|vs\.?|versus)\s+", text, flags=re.IGNORECASE)
    if len(parts) != 2 or any(not 1 <= len(each.split()) <= 4 for each in parts):
        return None
    if parts[0].split()[0].lower() in BE | DO | MODALS | {"should", "why", "how", "what"}:
        return None
    one, other = (bare(each, lexicon) for each in parts)
    both = f"{one} and {other}"
    return Frame(kind="choice", phrase=f"{one} or {other}", head=both, one=one, other=other)


def _why(words: Sequence[str], lexicon: Lexicon) -> Frame | None:
    if words[0].lower() != "why" or len(words) < 3:
        return None
    inner = polar(words[1:], lexicon)
    if inner is None:
        return replace(noun_frame(words[1:], lexicon), kind="why")
    *_, last = words
    plain = len(inner.clause.split()) == len(inner.head.split()) + 2
    if plain and lexicon.is_adjective(last.lower()) and words[1].lower() in BE:
        article, _, rest = inner.head.rpartition(" ")
        seen = f"{article} {last} {rest}".strip()
        return replace(inner, kind="why", phrase=seen, head=seen)
    return replace(inner, kind="why")


def _how(words: Sequence[str], lexicon: Lexicon) -> Frame | None:
    first = words[0].lower()
    if first == "whether" and len(words) > 2:
        return statement(words[1:], lexicon)
    if first != "how" or len(words) < 3:
        return None
    second, rest = words[1].lower(), words[2:]
    if second in {"many", "much", "long", "often", "far", "old", "big", "fast"}:
        stop = next((i for i, each in enumerate(rest) if i and _auxiliary(each)), len(rest))
        return replace(noun_frame(rest[:stop], lexicon), kind="number", clause="")
    if second == "to":
        return replace(_acting(rest, lexicon), kind="how")
    inner = polar(words[1:], lexicon)
    return replace(inner, kind="how") if inner else replace(noun_frame(rest, lexicon), kind="how")


def _auxiliary(word: str) -> bool:
    return word.lower() in BE | DO | MODALS | {"should"}


def _what(words: Sequence[str], lexicon: Lexicon) -> Frame | None:
    first = words[0].lower()
    if first not in {"what", "who", "where", "when", "which"} or len(words) < 3:
        return None
    second, rest = words[1].lower(), list(words[2:])
    if second == "if":
        past = next((i for i, each in enumerate(rest) if i and each.endswith("ed")), len(rest))
        inner = statement(rest, lexicon) or noun_frame(rest[:past], lexicon)
        return replace(inner, kind="noun", clause="", denied="")
    if second in BE:
        return noun_frame(rest, lexicon)
    if "about" in rest[:-1]:
        return noun_frame(rest[rest.index("about") + 1 :], lexicon)
    if second == "makes" and len(rest) > 1:
        return noun_frame(rest[:3], lexicon)
    return noun_frame([each for each in rest if each.lower() not in DO | MODALS], lexicon)


def _acting(words: Sequence[str], lexicon: Lexicon) -> Frame:
    """From "make friends" to "making friends"."""
    if words[0].lower() not in lexicon.verbs:
        return noun_frame(words, lexicon)
    done = " ".join((gerund(words[0].lower()), *spoken_to(words[1:])))
    return fitted("how", done, object_of(words[1:], lexicon) or done, "", "")


__all__ = ["Frame", "from_starter", "parse"]
