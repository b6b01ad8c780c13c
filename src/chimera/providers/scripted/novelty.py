"""What has been said already, so that nobody says it again."""

import re
from collections.abc import Sequence
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
#: Lines that a new one is compared with, and the likeness from which it is refused.
MEMORY, LIMIT = 150, 0.6


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return _WORD.findall(text.lower().replace("’", "'"))


@lru_cache(maxsize=4096)
def word_set(text: str) -> frozenset[str]:
    return frozenset(words(text))


@lru_cache(maxsize=4096)
def grams(text: str) -> frozenset[tuple[str, ...]]:
    """The runs of four words in a text."""
    found = words(text)
    return frozenset(zip(found, found[1:], found[2:], found[3:], strict=False))


def likeness(one: str, other: str) -> float:
    """The share of words two lines have in common (Jaccard)."""
    a, b = word_set(one), word_set(other)
    return len(a & b) / len(a | b) if a or b else 1.0


class Novelty:
    """The last lines, ready to be compared with."""

    __slots__ = ("_lines",)

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = tuple(lines[-MEMORY:])

    def refuses(self, text: str) -> bool:
        """Whether the text is a copy, or nearly one, of a line we remember."""
        own = word_set(text)
        size = len(own)
        for line in self._lines:
            other = word_set(line)
            # The cheap bound first: sets of very different size cannot be alike.
            if min(size, len(other)) <= LIMIT * max(size, len(other)):
                continue
            if likeness(text, line) > LIMIT:
                return True
        return False

    def staleness(self, text: str) -> float:
        """Share of the text's runs of four words that were said before; 0 is all new."""
        own = grams(text)
        said = {gram for line in self._lines for gram in own & grams(line)}
        return len(said) / len(own) if own else 0.0
