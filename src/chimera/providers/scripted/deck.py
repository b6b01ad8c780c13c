"""Everything the troupe can say, loaded once from the package's data and never changed."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, cast

from chimera.core.persona import Traits
from chimera.providers.scripted.lexicon import Lexicon, build

_SLOT = re.compile(r"\{(\w+)\}")
#: "{who}" apart by a comma is called to; anywhere else the participant is spoken of.
_SPOKEN_OF = re.compile(r"(?<!, )\{who\}(?!,|$)|(?<![,\s] )(?<=\w )\{who\}")
#: A clause may open with the traits it needs: "+humour -formality :: text".
_HIGH, _LOW = 0.55, 0.45


@lru_cache(maxsize=8192)
def _shape(text: str) -> tuple[frozenset[str], int]:
    """The slots of a clause and its length in words; asked for many times a line."""
    return frozenset(_SLOT.findall(text)), len(text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One thing that can be said. `prop` is the object it leaves on stage for later."""

    id: str
    text: str
    prop: str | None = None
    traits: tuple[str, ...] = ()

    @property
    def slots(self) -> frozenset[str]:
        return _shape(self.text)[0]

    @property
    def words(self) -> int:
        return _shape(self.text)[1]

    def suits(self, traits: Traits) -> bool:
        """Whether somebody with these traits would say it."""
        for need in self.traits:
            value = getattr(traits, need[1:])
            if value < _HIGH if need[0] == "+" else value > _LOW:
                return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question to another participant, with what each of them would answer."""

    clause: Clause
    answers: Mapping[str, Clause]


@dataclass(frozen=True, slots=True, kw_only=True)
class Angle:
    """One idea that anything can be seen from, with what each voice has to say about it."""

    id: str
    words: frozenset[str]
    themes: tuple[str, ...]
    #: By voice and move: claim, object, defend, aside.
    lines: Mapping[tuple[str, str], tuple[Clause, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A narrow subject that people often ask about, with what each voice has to say on it."""

    words: frozenset[str]
    lines: Mapping[str, tuple[Clause, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The clauses of one persona, by what they are for ("object", "openers.agree", …)."""

    pools: Mapping[str, tuple[Clause, ...]]
    questions: tuple[Question, ...] = ()
    #: Words that betray the speaker; a line without one is likelier to get an opener.
    marks: frozenset[str] = frozenset()

    @property
    def full(self) -> bool:
        """Whether it has enough of its own never to borrow."""
        return "kinds.noun" in self.pools

    def pool(self, key: str) -> tuple[Clause, ...]:
        return self.pools.get(key, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrap:
    """A fact or a quotation that may be woven in."""

    id: str
    text: str
    source: str
    concepts: frozenset[str]
    themes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deck:
    """All the material."""

    lexicon: Lexicon
    angles: Mapping[str, Angle]
    tags: tuple[Tag, ...]
    voices: Mapping[str, Voice]
    generic: Voice
    facts: tuple[Scrap, ...]
    quotations: tuple[Scrap, ...]
    #: How likely an act is after another, and what traits and director's notes do to it.
    after: Mapping[str, Mapping[str, float]]
    traits: Mapping[str, Mapping[str, float]]
    notes: Mapping[str, str] = field(default_factory=dict[str, str])

    def voice(self, slug: str) -> Voice:
        return self.voices.get(slug, Voice(pools={}))


@cache
def load_deck() -> Deck:
    """The house's own deck, read from the package."""
    improv = files("chimera") / "data" / "improv"
    acts = _read(improv / "acts.json")
    voices = {
        each.name.removesuffix(".json"): _voice(each.name.removesuffix(".json"), _read(each))
        for each in sorted((improv / "voices").iterdir(), key=lambda each: each.name)
        if each.name.endswith(".json")
    }
    return Deck(
        lexicon=build(_read(improv / "nouns.json"), _read(improv / "words.json")),
        angles={each.id: each for each in map(_angle, _read(improv / "angles.json"))},
        tags=tuple(_tag(name, each) for name, each in _read(improv / "tags.json").items()),
        voices=voices, generic=_voice("generic", _read(improv / "generic.json")),
        facts=tuple(_scrap(each, each["source"]) for each in _read(improv / "facts.json")),
        quotations=tuple(
            _scrap(each, each["author"]) for each in _read(improv / "quotations.json")
        ),
        after=acts["after"], traits=acts["traits"], notes=acts["notes"],
    )  # fmt: skip


def _read(path: Traversable) -> Any:
    return json.loads(path.read_text("utf-8"))


def _clause(id_: str, text: str) -> Clause:
    traits: tuple[str, ...] = ()
    if " :: " in text:
        needs, text = text.split(" :: ", 1)
        traits = tuple(needs.split())
    text, _, prop = text.partition(" | ")
    text = _SPOKEN_OF.sub("{whom}", text)
    return Clause(id=id_, text=text, prop=prop or None, traits=traits)


def _pool(id_: str, texts: Sequence[str]) -> tuple[Clause, ...]:
    return tuple(_clause(f"{id_}.{place}", text) for place, text in enumerate(texts))


def _voice(slug: str, data: Mapping[str, Any]) -> Voice:
    pools: dict[str, tuple[Clause, ...]] = {}
    for key, value in data.items():
        if key in {"ask", "marks"}:
            continue
        if isinstance(value, dict):
            for inner, texts in cast(dict[str, list[str]], value).items():
                pools[f"{key}.{inner}"] = _pool(f"{slug}.{key}.{inner}", texts)
        else:
            pools[key] = _pool(f"{slug}.{key}", value)
    questions = tuple(
        Question(
            clause=_clause(f"{slug}.ask.{place}", each["text"]),
            answers={
                who: _clause(f"{slug}.ask.{place}.{who}", text)
                for who, text in each["answers"].items()
            },
        )
        for place, each in enumerate(data.get("ask", ()))
    )
    marks = frozenset(data.get("marks", "").split())
    return Voice(pools=pools, questions=questions, marks=marks)


def _tag(name: str, data: Mapping[str, Any]) -> Tag:
    return Tag(
        words=frozenset(data["words"].split()),
        lines={
            slug: _pool(f"tags.{name}.{slug}", texts)
            for slug, texts in data.items() if slug != "words"
        },
    )  # fmt: skip


def _angle(data: Mapping[str, Any]) -> Angle:
    moves = ("claim", "object", "defend", "aside")
    lines: dict[tuple[str, str], tuple[Clause, ...]] = {}
    for slug, texts in data["lines"].items():
        for move, text in zip(moves, texts, strict=True):
            lines[slug, move] = (_clause(f"{data['id']}.{move}.{slug}", text),)
    return Angle(
        id=data["id"], words=frozenset(data["words"].split()), themes=tuple(data["themes"]),
        lines=lines,
    )  # fmt: skip


def _scrap(data: Mapping[str, Any], source: str) -> Scrap:
    return Scrap(
        id=data["id"], text=data["text"], source=source,
        concepts=frozenset(data["concepts"]), themes=tuple(data["themes"]),
    )  # fmt: skip
