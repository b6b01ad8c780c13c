"""Noun phrases of a topic: what it is about, fit to stand after "about"."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chimera.providers.scripted.english import is_plural, plural
from chimera.providers.scripted.lexicon import Lexicon

Kind = Literal["should", "whether", "why", "how", "number", "choice", "noun"]

BE = frozenset({"is", "are", "was", "were", "am"})
DO = frozenset({"do", "does", "did"})
MODALS = frozenset({"can", "cannot", "could", "will", "would", "must", "might", "may", "shall"})
DETERMINERS = frozenset({
    "a", "an", "the", "my", "your", "our", "his", "her", "their", "its", "this", "that", "these",
    "those", "every", "all", "some", "any", "no", "one", "most", "many",
})  # fmt: skip
PREPOSITIONS = frozenset({
    "of", "in", "on", "at", "for", "with", "without", "from", "to", "about", "after", "before",
    "over", "under", "between", "by", "into", "as", "than", "when", "if", "because", "while",
})  # fmt: skip


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


def noun_frame(
    words: Sequence[str], lexicon: Lexicon, *, limit: int = 8, typed: bool = False
) -> Frame:
    """A bare noun phrase; "my landlord" becomes "that landlord" and, in general, "landlords".

    A `typed` subject without a determiner is a mass noun or a name and stays as it is.
    """
    kept = [each for each in words if each] or ["silence"]
    owned = kept[0].lower() in {"my", "our", "your", "his", "her", "their"}
    core = kept[1:] if kept[0].lower() in DETERMINERS and len(kept) > 1 else kept
    breaks = PREPOSITIONS | {"and", "or"}
    cut = next((i for i, each in enumerate(core) if i and each.lower() in breaks), len(core))
    heart = " ".join(core[:cut][:4])
    plain = core is kept and (typed or cut < len(core))
    head = heart if plain else bare(heart, lexicon, determiner=article_in(kept[0]))
    if len(kept) > limit:
        return Frame(kind="noun", phrase=head, head=head)
    if owned:
        whole = " ".join(core)
        return Frame(kind="noun", phrase=whole if is_plural(heart) else head, head=head)
    phrase = " ".join(kept) if core is not kept or cut < len(core) else head
    return Frame(kind="noun", phrase=phrase, head=head)


def article_in(word: str) -> str:
    return word if word.lower() in DETERMINERS else ""


def bare(noun: str, lexicon: Lexicon, *, determiner: str = "") -> str:
    """A noun that can stand alone: plural if it counts; "the sky" keeps its "the"."""
    words = noun.split()
    if words and words[0].lower() in DETERMINERS and len(words) > 1:
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
    countable = words[-1] in lexicon.nouns or determiner.lower() in DETERMINERS
    return (lexicon.nouns.get(words[-1]) and plural(bare)) or (plural(bare) if countable else bare)


def object_of(words: Sequence[str], lexicon: Lexicon) -> str:
    """The first noun of what is done: "cars" in "ban cars"."""
    for place, word in enumerate(words):
        lower = word.lower().strip(",")
        if lower in lexicon.nouns or lower in lexicon.plurals:
            if lower in lexicon.adjectives and place + 1 < len(words):
                continue
            start = place - 1 if place and lexicon.is_adjective(words[place - 1].lower()) else place
            before = words[start - 1] if start else ""
            noun = " ".join(words[start : place + 1])
            return bare(noun, lexicon, determiner=article_in(before))
    content = [each for each in words if each.lower() not in lexicon.function | PREPOSITIONS]
    last = content[-1] if content else ""
    known = last[:1].isupper() or last.endswith("s") or lexicon.is_noun(last)
    return bare(last, lexicon) if known and not last.endswith("selves") else ""
