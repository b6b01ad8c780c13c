"""A character anyone may cast: who it is, how it talks, what moves it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Unit = Annotated[float, Field(ge=0, le=1)]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Phrase = Annotated[str, Field(min_length=1, max_length=48)]
Gel = Literal[
    "rose", "coral", "amber", "straw", "moss", "verdigris",
    "lagoon", "steel", "periwinkle", "wisteria", "orchid", "lime",
]  # fmt: skip


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


class Business(Frozen):
    """What a persona is seen doing while it does not speak, a few phrases for each state."""

    listening: tuple[Phrase, ...] = Field(min_length=1, max_length=12)
    eager: tuple[Phrase, ...] = Field(min_length=1, max_length=12)
    chosen: tuple[Phrase, ...] = Field(min_length=1, max_length=12)
    thinking: tuple[Phrase, ...] = Field(min_length=1, max_length=12)


class Character(Frozen):
    """What everybody may know of a persona's ways; enough to decide who speaks and when."""

    aliases: tuple[str, ...] = Field(default=(), max_length=12)
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


class Persona(Character):
    """One edition of a character. Everything in it is data; nothing in it is ever executed."""

    slug: Slug
    name: str = Field(min_length=1, max_length=60)
    short: str = Field(min_length=1, max_length=24)
    color: Gel
    mask: str = Field(max_length=120)
    about: str = Field(max_length=800)
    voice: str = Field(max_length=800)
    values: tuple[str, ...] = Field(default=(), max_length=12)
    habits: tuple[str, ...] = Field(default=(), max_length=12)
    forbidden: tuple[str, ...] = Field(default=(), max_length=12)

    @property
    def id(self) -> str:
        """The id under which the house's own personas are known."""
        return f"per_{self.slug}"

    @property
    def character(self) -> Character:
        """The public part, without the card that only a model reads."""
        return Character.model_validate(self.model_dump(include=set(Character.model_fields)))
