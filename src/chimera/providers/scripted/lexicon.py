"""The words the troupe knows: which are nouns, which are verbs, and which theme they belong to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chimera.providers.scripted.english import gerund, plural, third

_NOUN_ENDINGS = (
    "tion", "ness", "ity", "ment", "ism", "ship", "ance", "ence", "logy", "hood", "dom",
)  # fmt: skip
_ADJECTIVE_ENDINGS = (
    "ful", "less", "able", "ible", "ous", "ive", "ical", "ish", "ary", "rated", "ier",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """Closed word lists; everything in them is lower case."""

    #: Nouns and their plurals; None for a mass noun.
    nouns: Mapping[str, str | None]
    plurals: Mapping[str, str]
    themes: Mapping[str, tuple[str, ...]]
    verbs: frozenset[str]
    thirds: frozenset[str]
    adjectives: frozenset[str]
    function: frozenset[str]
    foreign: frozenset[str]
    unkind: frozenset[str]

    @property
    def known(self) -> "Known":
        return Known(self)

    def is_mass(self, word: str) -> bool:
        """Whether the word stands without an article, as far as we know."""
        lower = word.lower()
        if lower in self.nouns:
            return self.nouns[lower] is None
        return lower.endswith((*_NOUN_ENDINGS, "ing"))

    def is_adjective(self, word: str) -> bool:
        if word in self.nouns and word not in self.adjectives:
            return False
        return word in self.adjectives or word.endswith(_ADJECTIVE_ENDINGS)

    def is_noun(self, word: str) -> bool:
        """Whether a single lower-case word can be echoed as a concept."""
        if word in self.nouns or word in self.plurals:
            return True
        return len(word) > 5 and word.endswith(_NOUN_ENDINGS) and word not in self.function

    def themes_of(self, words: Sequence[str]) -> tuple[str, ...]:
        """The themes that these words belong to, commonest first."""
        counts: dict[str, int] = {}
        for word in words:
            for theme in self.themes.get(word.lower(), ()):
                counts[theme] = counts.get(theme, 0) + 1
        return tuple(sorted(counts, key=lambda each: (-counts[each], each)))


class Known:
    """Every word of any list, without a copy of them all."""

    __slots__ = ("_lexicon",)

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def __contains__(self, word: str) -> bool:
        of = self._lexicon
        return (
            word in of.nouns or word in of.plurals or word in of.verbs or word in of.thirds
            or word in of.function or word in of.adjectives or word.endswith("ing")
        )  # fmt: skip


def build(nouns: Sequence[Mapping[str, Any]], words: Mapping[str, Any]) -> Lexicon:
    """The lexicon from `nouns.json` and `words.json`."""
    singular: dict[str, str | None] = {each["word"]: each.get("plural") for each in nouns}
    for word in words["mass"].split():
        singular.setdefault(word, None)
    for word in words["countable"].split():
        singular.setdefault(word, plural(word))
    plurals = {many: one for one, many in singular.items() if many}
    verbs = frozenset(words["verbs"].split())
    return Lexicon(
        nouns=singular, plurals=plurals, themes=_themes(nouns, words["themes"], plurals, verbs),
        verbs=verbs, thirds=frozenset(third(each) for each in verbs),
        adjectives=frozenset(words["adjectives"].split()),
        function=frozenset(words["function"].split()), foreign=frozenset(words["foreign"].split()),
        unkind=frozenset(words["unkind"].split()),
    )  # fmt: skip


def _themes(
    nouns: Sequence[Mapping[str, Any]],
    listed: Mapping[str, str],
    plurals: Mapping[str, str],
    verbs: frozenset[str],
) -> dict[str, tuple[str, ...]]:
    """The themes of each word: those we list, those of the noun, those of its other forms."""
    themes: dict[str, tuple[str, ...]] = {}

    def add(word: str, *more: str) -> None:
        themes[word] = tuple(dict.fromkeys((*themes.get(word, ()), *more)))

    for theme, line in listed.items():
        for word in line.split():
            add(word, theme)
    for entry in nouns:
        add(entry["word"], *entry.get("themes", ()))
    for many, one in plurals.items():
        add(many, *themes.get(one, ()))
    for verb in verbs & set(themes):
        add(gerund(verb), *themes[verb])
    return themes
