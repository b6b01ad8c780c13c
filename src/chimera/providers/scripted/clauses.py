"""Clauses of a topic: subject and predicate, the clause they make, and its denial."""

from collections.abc import Sequence

from chimera.providers.scripted.english import gerund, third
from chimera.providers.scripted.lexicon import Lexicon
from chimera.providers.scripted.nouns import (
    BE,
    DETERMINERS,
    DO,
    MODALS,
    PREPOSITIONS,
    Frame,
    Kind,
    noun_frame,
    object_of,
)

_PRONOUNS = frozenset({
    "i", "you", "we", "they", "he", "she", "it", "there", "people", "everyone", "everybody",
    "anyone", "anybody", "someone", "nobody", "one", "this", "that",
})  # fmt: skip
#: Words that open the second half of "is X Y".
_OPENS_PREDICATE = frozenset({
    "a", "an", "the", "better", "worse", "more", "less", "really", "just", "only", "ever", "worth",
    "still", "always", "never", "actually", "too", "very", "good", "bad", "possible", "real", "to",
    "in", "on", "at", "for", "like", "about", "overrated", "underrated", "dead", "alive", "not",
    "truly", "simply", "mostly", "as", "necessary", "useful", "useless", "dangerous",
    "allowed", "meant", "made", "able", "ready", "part", "our", "your", "my",
})  # fmt: skip


def polar(words: Sequence[str], lexicon: Lexicon) -> Frame | None:
    """Should, can, do or is: an auxiliary, a subject and the rest."""
    auxiliary = words[0].lower()
    if auxiliary not in BE | DO | MODALS | {"should", "ought"} or len(words) < 3:
        return None
    denied = words[1].lower() == "not"
    if auxiliary == "cannot":
        auxiliary, denied = "can", True
        words = ["can", "not", *words[1:]]
    body = list(words[2:] if denied else words[1:])
    split = _subject_end(body, auxiliary, lexicon)
    if not 0 < split < len(body):
        return None
    subject, rest = spoken_to(body[:split]), body[split:]
    if rest[0].lower() == "not" and len(rest) > 1:
        denied, rest = True, rest[1:]
    return _assembled(auxiliary, subject, spoken_to(rest), denied=denied, lexicon=lexicon)


def _subject_end(body: Sequence[str], auxiliary: str, lexicon: Lexicon) -> int:
    """Where the subject stops and what is said of it begins."""
    if body[0].lower() in _PRONOUNS and body[0].lower() not in {"this", "that", "one"}:
        return 1
    start = 2 if body[0].lower() in DETERMINERS else 1
    opens = _opens_after_be if auxiliary in BE else _opens_after_do
    for place in range(start, len(body)):
        word, before = body[place].lower(), body[place - 1].lower()
        if before not in PREPOSITIONS | DETERMINERS and opens(word, lexicon):
            return place
    if auxiliary in BE:
        return len(body) - 1
    while start < len(body) - 1 and lexicon.is_noun(body[start].lower()):
        start += 1
    return start


def _opens_after_be(word: str, lexicon: Lexicon) -> bool:
    if word in _OPENS_PREDICATE or lexicon.is_adjective(word):
        return True
    return word.endswith(("ing", "ed")) and len(word) > 4 and word not in lexicon.nouns


def _opens_after_do(word: str, lexicon: Lexicon) -> bool:
    return word in lexicon.verbs or word in {"not", "ever", "really", "always", "still", "be"}


def spoken_to(words: Sequence[str]) -> list[str]:
    """The topic belongs to the person who typed it: "I" and "my" become "you" and "your"."""
    turned = {"i": "you", "my": "your", "me": "you", "myself": "yourself", "am": "are"}
    return [turned.get(each.lower(), each) for each in words]


def _assembled(
    auxiliary: str, subject: list[str], rest: list[str], *, denied: bool, lexicon: Lexicon
) -> Frame:
    who, what = " ".join(subject), " ".join(rest)
    noun = noun_frame(subject, lexicon, typed=True)
    pronoun = subject[0].lower() in _PRONOUNS
    if auxiliary in DO and not denied:
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
    acting = auxiliary not in BE and rest[0].lower() in lexicon.verbs
    if acting:
        done = " ".join((gerund(rest[0].lower()), *rest[1:]))
        phrase = done if pronoun else f"{who} {done}"
        phrase = f"not {phrase}" if denied and pronoun else phrase
        head = object_of(rest[1:], lexicon) if kind == "should" or pronoun else noun.head
        return fitted(kind, phrase, head or (phrase if pronoun else noun.head), clause, opposite)
    if pronoun:
        tail = _gerund_of_infinitive(rest, lexicon) or what
        if tail == what and who not in {"it", "there"}:
            tail = f"being {what}"
        head = object_of(rest, lexicon) or tail
        return fitted(kind, tail or head or "this question", head or "it", clause, opposite)
    return fitted(kind, noun.phrase, noun.head, clause, opposite)


def _past(subject: list[str], rest: list[str], *, pronoun: bool, lexicon: Lexicon) -> Frame:
    """Something that happened once: no clause is made, for English pasts are irregular."""
    done = " ".join((gerund(rest[0].lower()), *rest[1:]))
    phrase = done if pronoun else f"{' '.join(subject)} {done}"
    head = (
        object_of(rest[1:], lexicon) if pronoun else noun_frame(subject, lexicon, typed=True).head
    )
    return fitted("whether", phrase, head or phrase, "", "")


def fitted(kind: Kind, phrase: str, head: str, clause: str, denied: str) -> Frame:
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


def statement(words: Sequence[str], lexicon: Lexicon) -> Frame | None:
    """Read "pineapple belongs on pizza": a subject, then a verb that shows it is one."""
    if words[0].lower() in {"i", "i'm"}:
        head = object_of(words[2:], lexicon)
        return Frame(kind="noun", phrase=head, head=head) if head else None
    for place in range(1, len(words) - 1):
        word = words[place].lower()
        before = words[place - 1].lower()
        auxiliary = word in BE | MODALS | {"should"}
        verb = word in lexicon.thirds and before not in DETERMINERS | PREPOSITIONS
        if auxiliary or (verb and word not in lexicon.plurals):
            subject = words[:place]
            noun = noun_frame(subject, lexicon, typed=True)
            clause = " ".join(spoken_to(words))
            kind: Kind = "should" if word in {"should", "must"} else "whether"
            return fitted(kind, noun.phrase, noun.head, clause, denied_of(clause.split()))
    return None


def denied_of(words: Sequence[str]) -> str:
    """The opposite of a clause; empty if it cannot be said with confidence."""
    for place, word in enumerate(words):
        if word.lower() in BE | MODALS | {"should"}:
            if word.lower() == "cannot":
                return " ".join((*words[:place], "can", *words[place + 1 :]))
            if words[place + 1 : place + 2] == ["not"]:
                return " ".join((*words[: place + 1], *words[place + 2 :]))
            joined = ("cannot",) if word.lower() == "can" else (word, "not")
            return " ".join((*words[:place], *joined, *words[place + 1 :]))
    return ""
