"""Which nouns of a line can be taken up by the next: concepts, never arbitrary words."""

import re
from functools import lru_cache

from chimera.providers.scripted.lexicon import Lexicon

_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_BEFORE = frozenset({"a", "an", "the", "my", "your", "our", "their", "his", "her", "of", "about"})
_DULL = frozenset({
    "thing", "things", "way", "lot", "kind", "sort", "bit", "one", "time", "people", "something",
    "question", "answer", "point", "line", "word", "case", "fact", "day", "hour", "reason", "part",
    "side", "place", "number", "year", "hand", "man", "woman", "person", "life", "world", "other",
    "room", "name", "end", "matter", "moment", "minute", "problem", "idea", "example", "half",
})  # fmt: skip


@lru_cache(maxsize=2048)
def _tokens(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.replace("’", "'")))


def concepts(text: str, lexicon: Lexicon) -> tuple[str, ...]:
    """The nouns of a text that something can be said about, most telling first."""
    tokens = _tokens(text)
    found: dict[str, int] = {}
    for place, token in enumerate(tokens):
        word = token.lower()
        if len(word) < 4 or word in _DULL or not lexicon.is_noun(word):
            continue
        if word in lexicon.verbs and (not place or tokens[place - 1].lower() not in _BEFORE):
            continue
        found[word] = max(found.get(word, 0), len(word) + 4 * (place > 0))
    return tuple(sorted(found, key=lambda each: (-found[each], each)))
