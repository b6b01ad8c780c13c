"""Who speaks next, and why: `decide` looks at the state and names the next thing to happen."""

from dataclasses import dataclass

from chimera.core.conversation import Cause, EndedBecause
from chimera.core.events import BidRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak:
    """A participant gets the floor."""

    participant_id: str
    cause: Cause
    bids: tuple[BidRef, ...]
    #: Target length in words (`engine.md` section 5.2).
    words: int
    #: What the director whispers to the speaker; part of the prompt's tail.
    note: str | None = None
    #: The message this turn answers: a viewer's, or the line that named the speaker.
    replies_to: str | None = None
    #: Whether a person is being answered; such a turn is not kept waiting in the long tail.
    human: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nobody wants the floor: silence for one beat, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The conversation is over."""

    because: EndedBecause


Decision = Speak | Wait | End
