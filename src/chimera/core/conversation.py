"""The fixed facts of a conversation: who is in it, at which tempo, until when."""

from typing import Annotated, Literal

from pydantic import Field

from chimera.core.persona import Character, Frozen, Gel

#: A title made from a topic is no longer.
_LONGEST_TITLE = 120

Status = Literal["created", "running", "paused", "ended"]
Mode = Literal["stream", "human", "instant"]
Cause = Literal[
    "addressed", "owed", "self_selected", "overdue", "continued", "invited", "duet"
]  # fmt: skip
EndedBecause = Literal[
    "stopped", "turns", "time", "budget", "tokens", "phrase", "lull", "loop", "conflict",
    "failed",
]  # fmt: skip
PausedBecause = Literal["providers_down", "budget", "credential", "moderation", "idle"]

#: Speeds by name (`engine.md` section 5.1).
PRESETS = {"real": 0.35, "lively": 1.0, "game": 1.75}


class Pace(Frozen):
    """The tempo of a conversation; a speed of 2 halves every pause."""

    mode: Mode = "stream"
    speed: float = Field(default=1.0, ge=0.1, le=8)


class Budget(Frozen):
    """A money ceiling, and what happens when it is spent."""

    amount: float = Field(gt=0, le=1_000_000)
    currency: Literal["USD"] = "USD"
    when_spent: Literal["finale", "improv", "pause"] = "finale"


class Limits(Frozen):
    """Any one of these ends (or, for `idle_minutes`, pauses) the conversation."""

    max_turns: Annotated[int, Field(ge=1, le=10_000)] | None = None
    max_minutes: Annotated[float, Field(gt=0, le=525_600)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    min_turns: Annotated[int, Field(ge=0, le=10_000)] | None = None
    idle_minutes: Annotated[float, Field(gt=0, le=525_600)] | None = None
    stop_phrase: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    budget: Budget | None = None


class Participant(Frozen):
    """A persona seated in one conversation, with the route that plays it."""

    id: str
    persona_id: str
    #: Which edition of it; None for a persona of the house.
    version: int | None = None
    #: The words in place of its card's that are tried on this conversation, or `card`.
    variant: str | None = None
    slug: str
    name: str
    short: str
    color: Gel
    mask: str
    provider: str
    model: str
    temperature: float | None = None
    #: Kept whole in the log, so that an old conversation folds without any other table.
    character: Character = Character()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything the others may call it, the full name first."""
        return (self.name, self.short, *self.character.aliases)

    @property
    def part(self) -> str:
        """Whose words the troupe has for it."""
        return self.character.plays_as or self.slug


def title_of(topic: str) -> str:
    """The topic on one line, cut between words where it is long: what a nameless talk is called."""
    line = " ".join(topic.split())
    if len(line) <= _LONGEST_TITLE:
        return line
    return line[: _LONGEST_TITLE - 1].rsplit(" ", 1)[0] + "…"
