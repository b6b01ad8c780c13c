"""How the tests read the house's own words, and what they compare them with."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

import chimera
from chimera.core.persona import Persona

DATA = Path(chimera.__file__).parent / "data"
SLUGS = frozenset(
    {
        "philosopher", "comedian", "scientist", "historian", "poet", "engineer",
        "skeptic", "diplomat", "child", "detective", "chef", "futurist",
    }
)  # fmt: skip
DEFAULT_CAST = ("philosopher", "comedian", "scientist")
NEAR = 0.6

Theme = Literal[
    "mind", "technology", "everyday", "food", "love", "time",
    "art", "science", "society", "money", "nature", "play",
]  # fmt: skip
Themes = Annotated[tuple[Theme, ...], Field(min_length=1, max_length=2)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Concepts = Annotated[tuple[str, ...], Field(min_length=1, max_length=4)]


class Entry(BaseModel):
    """A closed record: a misspelt key is an error, not a silent default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Frame(Entry):
    kind: Literal["whether", "should", "why", "how", "number", "noun"]
    head: str
    phrase: str
    clause: str
    denied: str


class Starter(Entry):
    id: Id
    text: Annotated[str, Field(max_length=90, pattern=r"^[A-Z].*\?$")]
    themes: Themes
    frame: Frame
    seeds: dict[str, str]


class Fact(Entry):
    id: Id
    text: Annotated[str, Field(pattern=r"\.$")]
    concepts: Concepts
    themes: Themes
    source: Annotated[str, Field(min_length=8)]


class Quotation(Entry):
    id: Id
    text: Annotated[str, Field(pattern=r"[.!?]$")]
    author: Annotated[str, Field(min_length=4)]
    work: Annotated[str, Field(min_length=4)]
    concepts: Concepts
    themes: Themes


class Noun(Entry):
    word: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")]
    plural: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")] | None
    themes: Annotated[tuple[Theme, ...], Field(min_length=1)]


def read_improv(name: str) -> str:
    return (DATA / "improv" / name).read_text(encoding="utf-8")


@cache
def personas() -> dict[str, Persona]:
    files = sorted((DATA / "personas").glob("*.toml"))
    return {
        file.stem: Persona.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        for file in files
    }


@cache
def starters() -> tuple[Starter, ...]:
    table = tomllib.loads((DATA / "starters.toml").read_text(encoding="utf-8"))
    return TypeAdapter(tuple[Starter, ...]).validate_python(table["starter"])


@cache
def facts() -> tuple[Fact, ...]:
    return TypeAdapter(tuple[Fact, ...]).validate_json(read_improv("facts.json"))


@cache
def quotations() -> tuple[Quotation, ...]:
    return TypeAdapter(tuple[Quotation, ...]).validate_json(read_improv("quotations.json"))


@cache
def nouns() -> dict[str, Noun]:
    entries = TypeAdapter(tuple[Noun, ...]).validate_json(read_improv("nouns.json"))
    assert not repeated(entry.word for entry in entries)
    return {entry.word: entry for entry in entries}


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w']+", text.lower()))


def near_duplicates(texts: Iterable[str], limit: float = NEAR) -> list[tuple[str, str]]:
    """Pairs whose word sets overlap by `limit` or more (Jaccard)."""
    bags = [(text, words(text)) for text in texts]
    return [
        (one, other)
        for (one, a), (other, b) in combinations(bags, 2)
        if len(a & b) >= limit * len(a | b)
    ]


def repeated(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]
