"""A set-up: what is talked about, by whom, played by what; read from a small TOML or JSON file."""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError, model_validator

from chimera.core import events as ev
from chimera.core.conversation import Budget, Limits, Pace, Participant
from chimera.core.errors import Invalid
from chimera.core.persona import Frozen, Persona, load_house
from chimera.lab.habits import HABITS
from chimera.lab.lacking import Lack
from chimera.providers.roster import IMPROV, SCRIPTED

#: A set-up is a page, not a book.
_LARGEST = 256 * 1024


class Closed(Frozen):
    """What a file may hold; a word it does not know is a mistake, not a wish."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SeatPlan(Closed):
    """One member of the cast, and what plays it."""

    persona: str
    #: The troupe, a habit of the lab, or a provider of the house.
    provider: str = SCRIPTED
    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    #: Traits that differ from the card's.
    traits: dict[str, float] = Field(default_factory=dict[str, float])

    def seated(self, place: int, model: str) -> Participant:
        """The participant. Raises Invalid for traits that nobody has."""
        card = _cards()[self.persona]
        known = card.character.traits.model_dump()
        for name in self.traits.keys() - known.keys():
            raise Invalid(f"cast.{place}.traits.{name}: there is no such trait; there are"
                          f" {', '.join(known)}")  # fmt: skip
        try:
            traits = type(card.character.traits).model_validate(known | self.traits)
        except ValidationError as error:
            raise Invalid(_told(error, f"cast.{place}.traits.")) from None
        return Participant(
            id=f"par_{card.slug}", persona_id=card.id, slug=card.slug, name=card.name,
            short=card.short, color=card.color, mask=card.mask, provider=self.provider,
            model=model, temperature=self.temperature,
            character=card.character.model_copy(update={"traits": traits}),
        )  # fmt: skip


class Remark(Closed):
    """Something a viewer says once so many lines were said."""

    after: Annotated[int, Field(ge=0, le=10_000)]
    text: Annotated[str, Field(min_length=1, max_length=500)]
    name: Annotated[str, Field(min_length=1, max_length=60)] = "Anna"


DEFAULT_CAST = tuple(SeatPlan(persona=slug) for slug in ("philosopher", "comedian", "scientist"))


class Setup(Closed):
    """What is the same in every play of an experiment; only the seed changes."""

    name: Annotated[str, Field(pattern=r"^[\w .,:()+-]{1,80}$")] = "set-up"
    topic: Annotated[str, Field(min_length=1, max_length=500)]
    cast: Annotated[tuple[SeatPlan, ...], Field(min_length=2, max_length=8)] = DEFAULT_CAST
    director: Literal["show", "human"] = "show"
    turns: Annotated[int, Field(ge=1, le=10_000)] = 60
    min_turns: Annotated[int, Field(ge=0, le=10_000)] | None = None
    pace: Pace = Pace(mode="human")
    language: str | None = None
    budget: Budget | None = None
    whispers: bool = False
    viewers: Annotated[tuple[Remark, ...], Field(max_length=200)] = ()
    #: Mechanisms that are left out, to see what they are worth.
    without: tuple[Lack, ...] = ()

    @model_validator(mode="after")
    def _one_of_each(self) -> "Setup":
        slugs = [each.persona for each in self.cast]
        for place, slug in enumerate(slugs):
            if slug not in _cards():
                raise ValueError(f"cast.{place}.persona: there is no persona {slug!r}; there are"
                                 f" {', '.join(_cards())}")  # fmt: skip
            if slug in slugs[:place]:
                raise ValueError(f"cast.{place}.persona: {slug!r} is in the cast already")
        return self

    @property
    def outside(self) -> tuple[str, ...]:
        """The providers of the house that play in it."""
        named = dict.fromkeys(each.provider for each in self.cast)
        return tuple(each for each in named if each != SCRIPTED and each not in HABITS)

    def created(self, seed: int, models: dict[str, str]) -> ev.ConversationCreated:
        """The first event of a play. `models`: what providers play with if nobody says."""
        ours = {SCRIPTED: IMPROV, **{habit: habit for habit in HABITS}, **models}
        cast = [
            each.seated(place, each.model or ours[each.provider])
            for place, each in enumerate(self.cast)
        ]
        limits = Limits(max_turns=self.turns, min_turns=self.min_turns, budget=self.budget)
        return ev.ConversationCreated(
            title=self.topic[:120], topic=self.topic, participants=tuple(cast), seed=seed,
            pace=self.pace, limits=limits, director=self.director, language=self.language,
            whispers=self.whispers,
        )  # fmt: skip


def _cards() -> dict[str, Persona]:
    return {each.slug: each for each in load_house()}


def read_setup_file(path: Path) -> Setup:
    """The set-up in a file. Raises Invalid that says what is wrong with it, and where."""
    try:
        if path.stat().st_size > _LARGEST:
            raise Invalid(f"{path}: a set-up has at most {_LARGEST // 1024} KiB.")
        text = path.read_text("utf-8")
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Invalid(f"{path} is not UTF-8 text.") from None
    return parse_setup(text, name=str(path), toml=path.suffix.lower() != ".json")


def parse_setup(text: str, *, name: str, toml: bool) -> Setup:
    """Raises Invalid."""
    try:
        found: Any = tomllib.loads(text) if toml else json.loads(text)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Invalid(f"{name} is not {'TOML' if toml else 'JSON'}: {error}.") from None
    try:
        setup = Setup.model_validate(found)
        setup.created(0, dict.fromkeys(setup.outside, "model"))
    except ValidationError as error:
        raise Invalid(f"{name}: {_told(error)}") from None
    except Invalid as error:
        raise Invalid(f"{name}: {error.message}") from None
    return setup


def _told(error: ValidationError, path: str = "") -> str:
    """Every fault with its place."""
    faults: list[str] = []
    for each in error.errors(include_url=False):
        where = path + ".".join(map(str, each["loc"]))
        what = each["msg"].removeprefix("Value error, ")
        faults.append(f"{where}: {what}" if where else what)
    return "; ".join(faults)
