"""Take a topic apart, whatever a person typed: what it is about, and what it asks.

The phrase always fits after "about", the clause after "that"; where no clause can be made with
confidence there is none, and the troupe speaks of the bare noun.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chimera.core import topics
from chimera.providers.scripted.english import gerund, is_plural, plural, third
from chimera.providers.scripted.lexicon import Lexicon

Kind = Literal["should", "whether", "why", "how", "number", "choice", "noun"]

_CONTRACTIONS = (
    ("can't", "cannot"), ("won't", "will not"), ("n't", " not"), ("what's", "what is"),
    ("who's", "who is"), ("it's", "it is"), ("that's", "that is"), ("i'm", "I am"),
    ("there's", "there is"), ("where's", "where is"), ("how's", "how is"), ("i've", "I have"),
)  # fmt: skip
_BE = frozenset({"is", "are", "was", "were", "am"})
_DO = frozenset({"do", "does", "did"})
_MODALS = frozenset({"can", "cannot", "could", "will", "would", "must", "might", "may", "shall"})
_DETERMINERS = frozenset({
    "a", "an", "the", "my", "your", "our", "his", "her", "their", "its", "this", "that", "these",
    "those", "every", "all", "some", "any", "no", "one", "most", "many",
})  # fmt: skip
_PRONOUNS = frozenset({
    "i", "you", "we", "they", "he", "she", "it", "there", "people", "everyone", "everybody",
    "anyone", "anybody", "someone", "nobody", "one", "this", "that",
})  # fmt: skip
#: Words that open the second half of "is X Y".
_OPENS_PREDICATE = frozenset({
    "a", "an", "the", "better", "worse", "more", "less", "really", "just", "only", "ever", "worth",
    "still", "always", "never", "actually", "too", "very", "good", "bad", "possible", "real", "to",
    "in", "on", "at", "for", "like", "about", "overrated", "underrated", "dead", "alive", "not",
    "truly", "simply", "mostly", "as", "the", "necessary", "useful", "useless", "dangerous",
    "allowed", "meant", "made", "able", "ready", "part", "our", "your", "my",
})  # fmt: skip
_PREPOSITIONS = frozenset({
    "of", "in", "on", "at", "for", "with", "without", "from", "to", "about", "after", "before",
    "over", "under", "between", "by", "into", "as", "than", "when", "if", "because", "while",
})  # fmt: skip
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
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A topic, taken apart."""

    kind: Kind
    #: A noun phrase that fits after "about": "cities banning cars".
    phrase: str
    #: The noun at the heart of it, fit to stand alone after "about": "cars".
    head: str
    #: "cities should ban cars"; empty where the topic asserts nothing.
    clause: str = ""
    denied: str = ""
    #: The two things of a choice.
    one: str = ""
    other: str = ""

    @property
    def named(self) -> frozenset[str]:
        """Lower-case words of which one is enough to have named the topic."""
        words = {self.head.split()[-1].lower()} if self.head else set[str]()
        words |= {each.split()[-1].lower() for each in (self.one, self.other) if each}
        return frozenset(words)


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
    for reading in (_choice, _why, _how, _what, _polar, _statement):
        frame = reading(words, lexicon)
        if frame is not None:
            return frame
    return _noun(words, lexicon)


def from_starter(frame: topics.Frame, lexicon: Lexicon) -> Frame:
    """The frame that the house's own starter gives with its question."""
    head = _bare(frame.head, lexicon)
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
        text = re.sub(re.escape(short) + r"\b", full, text, flags=re.I)
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
    pairs = zip(words, words[1:], strict=False)
    named = [noun for before, noun in pairs if before.lower() in _FOREIGN_ARTICLES]
    noun = (capitals or named or [max(words, key=len)])[0]
    return Frame(kind="noun", phrase=noun, head=noun)


def _lowered(word: str, lexicon: Lexicon) -> str:
    known = word.lower() in lexicon.known or word.lower() in _BE | _DO | _MODALS | _DETERMINERS
    return word.lower() if known and word[1:] == word[1:].lower() and word != "I" else word


def _choice(words: Sequence[str], lexicon: Lexicon) -> Frame | None:
    text = " ".join(words)
    text = re.sub(r"^(?:which is|what is|who is|is it) (?:\w+er|better|best)[:,]?\s+", "", text)
    parts = re.split(r"\s+(?:or|vs\.?|versus)\s+", text, flags=re.I)
    if len(parts) != 2 or any(not 1 <= len(each.split()) <= 4 for each in parts):
        return None
    if parts[0].split()[0].lower() in _BE | _DO | _MODALS | {"should", "why", "how", "what"}:
        return None
    one, other = (_bare(each, lexicon) for each in parts)
    both = f"{one} and {other}"
    return Frame(kind="choice", phrase=f"{one} or {other}", head=both, one=one, other=other)


def _why(words: Sequence[str], lexicon: Lexicon) -> Frame | None:
    if words[0].lower() != "why" or len(words) < 3:
        return None
    inner = _polar(words[1:], lexicon)
    if inner is None:
        return replace(_noun(words[1:], lexicon), kind="why")
    return replace(inner, kind="why")


def _how(words: Sequence[str], lexicon: Lexicon) -> Frame | None:
    first = words[0].lower()
    if first == "whether" and len(words) > 2:
        return _statement(words[1:], lexicon)
    if first != "how" or len(words) < 3:
        return None
    second, rest = words[1].lower(), words[2:]
    if second in {"many", "much", "long", "often", "far", "old", "big", "fast"}:
        stop = next((i for i, each in enumerate(rest) if i and _auxiliary(each)), len(rest))
        return replace(_noun(rest[:stop], lexicon), kind="number", clause="")
    if second == "to":
        return replace(_acting(rest, lexicon), kind="how")
    inner = _polar(words[1:], lexicon)
    return replace(inner, kind="how") if inner else replace(_noun(rest, lexicon), kind="how")


def _auxiliary(word: str) -> bool:
    return word.lower() in _BE | _DO | _MODALS | {"should"}


def _what(words: Sequence[str], lexicon: Lexicon) -> Frame | None:
    first = words[0].lower()
    if first not in {"what", "who", "where", "when", "which"} or len(words) < 3:
        return None
    second, rest = words[1].lower(), list(words[2:])
    if second == "if":
        past = next((i for i, each in enumerate(rest) if i and each.endswith("ed")), len(rest))
        inner = _statement(rest, lexicon) or _noun(rest[:past], lexicon)
        return replace(inner, kind="noun", clause="", denied="")
    if second in _BE:
        return _noun(rest, lexicon)
    if "about" in rest[:-1]:
        return _noun(rest[rest.index("about") + 1 :], lexicon)
    if second == "makes" and len(rest) > 1:
        return _noun(rest[:3], lexicon)
    return _noun([each for each in rest if each.lower() not in _DO | _MODALS], lexicon)


def _polar(words: Sequence[str], lexicon: Lexicon) -> Frame | None:
    """Should, can, do or is: an auxiliary, a subject and the rest."""
    auxiliary = words[0].lower()
    if auxiliary not in _BE | _DO | _MODALS | {"should", "ought"} or len(words) < 3:
        return None
    denied = words[1].lower() == "not"
    if auxiliary == "cannot":
        auxiliary, denied = "can", True
        words = ["can", "not", *words[1:]]
    body = list(words[2:] if denied else words[1:])
    split = _subject_end(body, auxiliary, lexicon)
    if not 0 < split < len(body):
        return None
    subject, rest = _person(body[:split]), body[split:]
    if rest[0].lower() == "not" and len(rest) > 1:
        denied, rest = True, rest[1:]
    return _assembled(auxiliary, subject, _person(rest), denied=denied, lexicon=lexicon)


def _subject_end(body: Sequence[str], auxiliary: str, lexicon: Lexicon) -> int:
    """Where the subject stops and what is said of it begins."""
    if body[0].lower() in _PRONOUNS and body[0].lower() not in {"this", "that", "one"}:
        return 1
    start = 2 if body[0].lower() in _DETERMINERS else 1
    for place in range(start, len(body)):
        word, before = body[place].lower(), body[place - 1].lower()
        if before in _PREPOSITIONS | _DETERMINERS:
            continue
        if auxiliary in _BE:
            if word in _OPENS_PREDICATE or lexicon.is_adjective(word):
                return place
            if word.endswith(("ing", "ed")) and len(word) > 4 and word not in lexicon.nouns:
                return place
        elif word in lexicon.verbs or word in {"not", "ever", "really", "always", "still", "be"}:
            return place
    if auxiliary in _BE:
        return len(body) - 1
    while start < len(body) - 1 and lexicon.is_noun(body[start].lower()):
        start += 1
    return start


def _person(words: Sequence[str]) -> list[str]:
    """The topic belongs to the person who typed it: "I" and "my" become "you" and "your"."""
    turned = {"i": "you", "my": "your", "me": "you", "myself": "yourself", "am": "are"}
    return [turned.get(each.lower(), each) for each in words]


def _assembled(
    auxiliary: str, subject: list[str], rest: list[str], *, denied: bool, lexicon: Lexicon
) -> Frame:
    who, what = " ".join(subject), " ".join(rest)
    noun = _noun(subject, lexicon, typed=True)
    pronoun = subject[0].lower() in _PRONOUNS
    if auxiliary in _DO and not denied:
        if auxiliary == "did":
            return _past(subject, rest, pronoun=pronoun, lexicon=lexicon)
        singular = auxiliary == "does" and rest[0].lower() in lexicon.verbs
        said = " ".join((third(rest[0]) if singular else rest[0], *rest[1:]))
        clause, opposite = f"{who} {said}", f"{who} {auxiliary} not {what}"
    else:
        verb = "are" if auxiliary == "am" else auxiliary.removesuffix("not")
        plain = f"{who} {verb} {what}"
        negative = f"{who} cannot {what}" if verb == "can" else f"{who} {verb} not {what}"
        clause, opposite = (negative, plain) if denied else (plain, negative)
    kind: Kind = "should" if auxiliary in {"should", "ought", "must"} else "whether"
    acting = auxiliary not in _BE and rest[0].lower() in lexicon.verbs
    if acting:
        done = " ".join((gerund(rest[0].lower()), *rest[1:]))
        phrase = done if pronoun else f"{who} {done}"
        phrase = f"not {phrase}" if denied and pronoun else phrase
        head = _object(rest[1:], lexicon) if kind == "should" or pronoun else noun.head
        return _fitted(kind, phrase, head or (phrase if pronoun else noun.head), clause, opposite)
    if pronoun:
        tail = _gerund_of_infinitive(rest, lexicon) or what
        if tail == what and who not in {"it", "there"}:
            tail = f"being {what}"
        head = _object(rest, lexicon) or tail
        return _fitted(kind, tail or head or "this question", head or "it", clause, opposite)
    return _fitted(kind, noun.phrase, noun.head, clause, opposite)


def _past(subject: list[str], rest: list[str], *, pronoun: bool, lexicon: Lexicon) -> Frame:
    """Something that happened once: no clause is made, for English verbs have moods of their own."""
    done = " ".join((gerund(rest[0].lower()), *rest[1:]))
    phrase = done if pronoun else f"{' '.join(subject)} {done}"
    head = _object(rest[1:], lexicon) if pronoun else _noun(subject, lexicon, typed=True).head
    return _fitted("whether", phrase, head or phrase, "", "")


def _fitted(kind: Kind, phrase: str, head: str, clause: str, denied: str) -> Frame:
    """Nothing longer than the ear holds."""
    if len(clause.split()) > 12 or " or " in clause:
        clause = denied = ""
    if len(phrase.split()) > 6:
        phrase = head or phrase
    return Frame(kind=kind, phrase=phrase, head=head or phrase, clause=clause, denied=denied)


def _gerund_of_infinitive(words: Sequence[str], lexicon: Lexicon) -> str:
    for place in range(len(words) - 1):
        if words[place].lower() == "to" and words[place + 1].lower() in lexicon.verbs:
            rest = (gerund(words[place + 1].lower()), *words[place + 2 :])
            return " ".join(rest)
    return ""


def _acting(words: Sequence[str], lexicon: Lexicon) -> Frame:
    """ "make friends" → "making friends"."""
    if words[0].lower() not in lexicon.verbs:
        return _noun(words, lexicon)
    done = " ".join((gerund(words[0].lower()), *_person(words[1:])))
    return _fitted("how", done, _object(words[1:], lexicon) or done, "", "")


def _object(words: Sequence[str], lexicon: Lexicon) -> str:
    """The first noun of what is done: "cars" in "ban cars"."""
    for place, word in enumerate(words):
        lower = word.lower().strip(",")
        if lower in lexicon.nouns or lower in lexicon.plurals:
            if lower in lexicon.adjectives and place + 1 < len(words):
                continue
            start = place - 1 if place and lexicon.is_adjective(words[place - 1].lower()) else place
            before = words[start - 1] if start else ""
            noun = " ".join(words[start : place + 1])
            return _bare(noun, lexicon, determiner=_article(before))
    content = [each for each in words if each.lower() not in lexicon.function | _PREPOSITIONS]
    last = content[-1] if content else ""
    known = last[:1].isupper() or last.endswith("s") or lexicon.is_noun(last)
    return _bare(last, lexicon) if known and not last.endswith("selves") else ""


def _statement(words: Sequence[str], lexicon: Lexicon) -> Frame | None:
    """ "Pineapple belongs on pizza": a subject, then a verb that shows it is one."""
    if words[0].lower() in {"i", "i'm"}:
        head = _object(words[2:], lexicon)
        return Frame(kind="noun", phrase=head, head=head) if head else None
    for place in range(1, len(words) - 1):
        word = words[place].lower()
        before = words[place - 1].lower()
        auxiliary = word in _BE | _MODALS | {"should"}
        verb = word in lexicon.thirds and before not in _DETERMINERS | _PREPOSITIONS
        if auxiliary or (verb and word not in lexicon.plurals):
            subject = words[:place]
            noun = _noun(subject, lexicon, typed=True)
            clause = " ".join(_person(words))
            kind: Kind = "should" if word in {"should", "must"} else "whether"
            return _fitted(kind, noun.phrase, noun.head, clause, _denied(clause.split()))
    return None


def _denied(words: Sequence[str]) -> str:
    """The opposite of a clause; empty if it cannot be said with confidence."""
    for place, word in enumerate(words):
        if word.lower() in _BE | _MODALS | {"should"}:
            if word.lower() == "cannot":
                return " ".join((*words[:place], "can", *words[place + 1 :]))
            if words[place + 1 : place + 2] == ["not"]:
                return " ".join((*words[: place + 1], *words[place + 2 :]))
            joined = ("cannot",) if word.lower() == "can" else (word, "not")
            return " ".join((*words[:place], *joined, *words[place + 1 :]))
    return ""


def _noun(
    words: Sequence[str], lexicon: Lexicon, *, limit: int = 8, typed: bool = False
) -> Frame:
    """A bare noun phrase; "my landlord" becomes "that landlord" and, in general, "landlords".

    A `typed` subject without a determiner is a mass noun or a name and stays as it is.
    """
    kept = [each for each in words if each] or ["silence"]
    owned = kept[0].lower() in {"my", "our", "your", "his", "her", "their"}
    core = kept[1:] if kept[0].lower() in _DETERMINERS and len(kept) > 1 else kept
    breaks = _PREPOSITIONS | {"and", "or"}
    cut = next((i for i, each in enumerate(core) if i and each.lower() in breaks), len(core))
    heart = " ".join(core[:cut][:4])
    plain = core is kept and (typed or cut < len(core))
    head = heart if plain else _bare(heart, lexicon, determiner=_article(kept[0]))
    if len(kept) > limit:
        return Frame(kind="noun", phrase=head, head=head)
    if owned:
        whole = " ".join(core)
        return Frame(kind="noun", phrase=whole if is_plural(heart) else head, head=head)
    phrase = " ".join(kept) if core is not kept or cut < len(core) else head
    return Frame(kind="noun", phrase=phrase, head=head)


def _article(word: str) -> str:
    return word if word.lower() in _DETERMINERS else ""


def _bare(noun: str, lexicon: Lexicon, *, determiner: str = "") -> str:
    """A noun that can stand alone: plural if it counts, else as it is; "the sky" keeps its "the"."""
    words = noun.split()
    if words and words[0].lower() in _DETERMINERS and len(words) > 1:
        determiner, words = words[0], words[1:]
    bare = " ".join(words)
    if not determiner and (len(words) > 1 or len(bare) < 3):
        return bare
    if determiner.lower() == "the" and not is_plural(bare):
        return f"the {bare}"
    if not bare or bare != bare.lower() or is_plural(bare) or lexicon.is_mass(words[-1]):
        return bare
    if determiner.lower() in {"the", "this", "that"}:
        return f"the {bare}"
    countable = words[-1] in lexicon.nouns or determiner.lower() in _DETERMINERS
    return lexicon.nouns.get(words[-1]) and plural(bare) or (plural(bare) if countable else bare)
