"""A character anyone may cast: who it is, how it talks, what moves it."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Unit = Annotated[float, Field(ge=0, le=1)]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Phrase = Annotated[str, Field(min_length=1, max_length=48)]
Gel = Literal[
    "rose", "coral", "amber", "straw", "moss", "verdigris",
    "lagoon", "steel", "periwinkle", "wisteria", "orchid", "lime",
]  # fmt: skip

#: Words that stand for a part of the protocol and not for somebody on stage.
ROLE_WORDS = frozenset({
    "ai", "assistant", "audience", "developer", "host", "human", "system", "the", "tool", "user",
    "viewer",
})  # fmt: skip


def check_name(name: str) -> str:
    """A name that can stand before a colon and be called. Raises ValueError."""
    name = name.strip()
    if not name[:1].isalnum() or not all(_belongs(character) for character in name):
        raise ValueError(
            "a name begins with a letter or digit and holds only letters, digits, spaces, "
            "points, hyphens and apostrophes"
        )
    words = {word for word in re.split(r"[\W_]+", name.casefold()) if not word.isdigit()}
    if words <= ROLE_WORDS:
        raise ValueError(f"{name!r} looks like a role in the conversation, not like a name")
    return name


def _belongs(character: str) -> bool:
    # Letters of many scripts carry their vowels as marks.
    return (
        character.isalnum()
        or character in " .'’-"
        or unicodedata.category(character).startswith("M")
    )


#: What somebody on stage may be called.
Name = Annotated[str, AfterValidator(check_name)]


#: What a card may leave open between braces, by what is put there when the persona is cast.
VARIABLES: Mapping[str, str] = {
    "name": "the full name of the persona",
    "short": "what the others call it",
    "cast": "the names of the others on stage",
    "topic": "what the conversation began with",
    "language": "the language it is held in",
}
_SLOT = re.compile(r"\{([^{}]*)\}")


def check_template(text: str) -> str:
    """A text whose braces hold nothing but variables. Raises ValueError."""
    for slot in _SLOT.findall(text):
        if slot not in VARIABLES:
            known = ", ".join(f"{{{each}}}" for each in VARIABLES)
            raise ValueError(
                f"There is no variable of this name between braces; there are {known}."
            )
    if "{" in (rest := _SLOT.sub("", text)) or "}" in rest:
        raise ValueError("A brace stands alone; braces are for variables such as {name}.")
    return text


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _SLOT.sub(lambda slot: values.get(slot[1], slot[0]), text)


class Frozen(BaseModel):
    """A closed value: unknown fields are refused, nothing changes after it is made."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
    )


class Traits(Frozen):
    """Each in 0…1 (`engine.md` section 8.1); `cps` is typing speed in characters a second."""

    humour: Unit = 0.5
    formality: Unit = 0.5
    warmth: Unit = 0.5
    assertiveness: Unit = 0.5
    curiosity: Unit = 0.5
    verbosity: Unit = 0.5
    optimism: Unit = 0.5
    talk: Annotated[float, Field(ge=0.05, le=1)] = 0.5
    tempo: Unit = 0.5
    cps: Annotated[float, Field(ge=2, le=12)] = 4.3
    #: How strongly it feels the audience; None: as its humour and warmth have it.
    sens: Unit | None = None


class Business(Frozen):
    """What a persona is seen doing while it does not speak, a few phrases for each state."""

    listening: tuple[Phrase, ...] = Field(min_length=1, max_length=12)
    eager: tuple[Phrase, ...] = Field(min_length=1, max_length=12)
    chosen: tuple[Phrase, ...] = Field(min_length=1, max_length=12)
    thinking: tuple[Phrase, ...] = Field(min_length=1, max_length=12)


class Character(Frozen):
    """What everybody may know of a persona's ways; enough to decide who speaks and when."""

    aliases: tuple[Name, ...] = Field(default=(), max_length=12)
    tagline: str = Field(default="", max_length=140)
    expertise: tuple[str, ...] = Field(default=(), max_length=40)
    sample_lines: tuple[str, ...] = Field(default=(), max_length=40)
    rhythm: Literal["slow", "quick", "even"] = "even"
    language: str = Field(default="en", max_length=35)
    traits: Traits = Traits()
    business: Business = Business(
        listening=("Listening",), eager=("Leaning in",), chosen=("Drawing breath",),
        thinking=("Thinking",),
    )  # fmt: skip
    #: Seed affinity toward other personas, by slug.
    relations: dict[Slug, Annotated[float, Field(ge=-1, le=1)]] = {}
    #: The persona of the house whose words the troupe has for this one; None: its own, if any.
    plays_as: Slug | None = None


class Persona(Character):
    """One edition of a character. Everything in it is data; nothing in it is ever executed."""

    slug: Slug
    name: Name = Field(min_length=1, max_length=60)
    short: Name = Field(min_length=1, max_length=24)
    color: Gel
    mask: str = Field(max_length=120)
    about: str = Field(max_length=800)
    voice: str = Field(max_length=800)
    values: tuple[str, ...] = Field(default=(), max_length=12)
    habits: tuple[str, ...] = Field(default=(), max_length=12)
    forbidden: tuple[str, ...] = Field(default=(), max_length=12)
    #: Whether it brings what it remembers of its owner's earlier shows to the next one.
    remembers: bool = False

    @property
    def id(self) -> str:
        """The id under which the house's own personas are known."""
        return f"per_{self.slug}"

    @property
    def character(self) -> Character:
        """The public part, without the card that only a model reads."""
        return Character.model_validate(self.model_dump(include=set(Character.model_fields)))

    def has_voice_of(self, other: "Persona") -> bool:
        """Whether it talks by the same words, of which some sample lines may differ."""
        kept = set(other.sample_lines) & set(self.sample_lines)
        return self.voice == other.voice and 2 * len(kept) >= len(other.sample_lines)

    def reworded(self, changes: Mapping[str, object]) -> "Persona":
        """The same in other words; with another voice it speaks for itself."""
        persona = Persona.model_validate(self.model_dump() | dict(changes))
        if persona.has_voice_of(self):
            return persona
        return persona.model_copy(update={"plays_as": None})

    def filled(self, values: Mapping[str, str]) -> "Persona":
        """The card with its variables filled, in one pass: what is put in is never read again."""
        words = {each: _filled(getattr(self, each), values) for each in ("about", "voice")}
        lists = {
            each: tuple(_filled(text, values) for text in getattr(self, each))
            for each in ("values", "habits", "forbidden")
        }
        return self.model_copy(update={**words, **lists})


@cache
def load_house() -> tuple[Persona, ...]:
    """The personas that ship with the house, by slug."""
    folder = resources.files("chimera") / "data" / "personas"
    cards = [each for each in folder.iterdir() if each.name.endswith(".toml")]
    personas = [Persona.model_validate(tomllib.loads(card.read_text("utf-8"))) for card in cards]
    return tuple(sorted(personas, key=lambda persona: persona.slug))
