"""What clients get about personas."""

from typing import Literal

from chimera.api.strict import Output


class Traits(Output):
    """Each in 0…1; `cps` is typing speed in characters a second."""

    humour: float
    formality: float
    warmth: float
    assertiveness: float
    curiosity: float
    verbosity: float
    optimism: float
    talk: float
    tempo: float
    cps: float


class Business(Output):
    """What a persona is seen doing while it does not speak."""

    listening: list[str]
    eager: list[str]
    chosen: list[str]
    thinking: list[str]


class Persona(Output):
    id: str
    slug: str
    name: str
    short: str
    aliases: list[str]
    tagline: str
    about: str
    voice: str
    values: list[str]
    habits: list[str]
    expertise: list[str]
    sample_lines: list[str]
    color: str
    mask: str
    rhythm: Literal["slow", "quick", "even"]
    language: str
    traits: Traits
    business: Business
    relations: dict[str, float]


class PersonaPage(Output):
    items: list[Persona]
    next_cursor: str | None
