"""What the shell implements for the rest of the house."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from chimera.core.events import Envelope
from chimera.core.generation import GenerationRequest, ImagePart, Route, TurnRequest, Usage
from chimera.core.sequence import Draft


@dataclass(slots=True)
class HubState:
    """What a late joiner needs to know of a conversation's live part."""

    seq: int = 0
    generation: int = 0
    draft: Draft | None = None


class Frame(NamedTuple):
    """One frame as it goes over the wire; `seq` is the place of an event, None for the rest."""

    data: bytes
    seq: int | None = None


#: Is offered signals as they come, and the position after them; False: it will fetch them itself.
Taker = Callable[[int, Sequence[bytes]], bool]


class Channel(Protocol):
    """One watched conversation in this process, shared by all its viewers."""

    @property
    def head(self) -> int:
        """The position after the newest frame; means something in this process only."""
        ...

    @property
    def state(self) -> HubState: ...

    @property
    def viewers(self) -> int:
        """How many watch, over all processes."""
        ...

    def since(self, position: int) -> Sequence[Frame] | None:
        """The frames after `position`, encoded once for all; None if they fell off the ring."""
        ...

    async def changed(self, position: int, taker: Taker | None = None) -> None:
        """Return when there is a frame after `position` that `taker`, if there is one, left."""
        ...


class Hub(Protocol):
    """Fan-out of frames. It may lose, repeat or reorder; the log is the truth."""

    @property
    def degraded_since(self) -> datetime | None:
        """Since when frames of other processes do not arrive; None while all is well."""
        ...

    async def publish(
        self,
        conversation_id: str,
        frames: Sequence[bytes],
        *,
        seq: int | None = None,
        generation: int | None = None,
        draft: Draft | None = None,
        keep_draft: bool = True,
    ) -> None:
        """Send frames to all watchers and remember what late joiners get.

        `seq` is that of the last frame where the frames are events, one after the other. Signals
        of a `generation` below the newest are dropped. With `keep_draft` false the retained draft
        becomes `draft`, also when that is None.
        """
        ...

    def watch(
        self, conversation_id: str, *, viewer: bool = False
    ) -> AbstractAsyncContextManager[Channel]:
        """A channel that is alive while the block lasts; a `viewer` counts in its presence."""
        ...


class Alarm(Protocol):
    """Rings for a conversation's next turn."""

    async def ring(self, key: str, at: datetime) -> None:
        """Ring at that time, instead of whatever was set before."""
        ...

    async def add(self, key: str, at: datetime) -> None:
        """Ring at that time unless the key is already scheduled or running."""
        ...

    async def cancel(self, key: str) -> None: ...


class Gallery(Protocol):
    """Has the pictures that viewers showed."""

    async def load(self, picture_ids: Sequence[str]) -> Mapping[str, ImagePart]:
        """The pictures that are still there, by their ids."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """The most that one call may take, set aside before it is made; `cost` in US dollars."""

    id: str
    conversation_id: str
    turn_id: str
    participant_id: str
    provider: str
    model: str
    #: The id of the key that pays, and whose conversation it is; None: the house's own.
    credential: str | None = None
    owner: str | None = None
    input_tokens: int
    output_tokens: int
    cost: float
    #: What the conversation may cost in all, None without a budget.
    ceiling: float | None = None


class Ledger(Protocol):
    """What calls cost; nothing is called that was not reserved (`reliability.md` section 2.6)."""

    async def reserve(self, call: Reservation) -> None:
        """Set the cost aside. Raises BudgetSpent, with `scope` and, if it renews, `resets_at`."""
        ...

    async def report(self, call_id: str, usage: Usage) -> None:
        """What the call took, in place of what was set aside.

        It counts as discarded until the message of its turn settles it.
        """
        ...


class Bills(Protocol):
    """What the ledger knows of a turn."""

    async def of_turn(self, turn_id: str, *, counted: float | None = None) -> Usage | None:
        """What all its calls took, or at most have taken; None if it made none.

        `counted`: what its conversation has cost so far by its log, in US dollars. What it really
        took beyond that and this turn is `unheard`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call for people who look behind the stage, redacted already."""

    id: str
    conversation_id: str
    turn_id: str
    participant_id: str
    provider: str
    model: str
    #: Milliseconds UTC.
    at: int
    first_token_ms: int | None
    duration_ms: int
    #: System prompt, messages and knobs, pictures told by their size.
    request: Mapping[str, Any]
    text: str
    reasoning: str
    usage: Usage | None
    #: Code and message of the failure, if it failed.
    error: Mapping[str, str] | None = None


class Recorder(Protocol):
    """Keeps calls for the debug view, if the operator switched that on."""

    @property
    def on(self) -> bool: ...

    async def record(self, call: CallRecord) -> None:
        """Keep it for a few days; a failure to do so is logged, never raised."""
        ...


class Sentiment(Protocol):
    """How warm the words of a text are."""

    def of(self, text: str) -> float | None:
        """From −1 to 1; None where it cannot tell. English only."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMade:
    """One call to a model that is over, whatever came of it."""

    turn: TurnRequest
    route: Route
    request: GenerationRequest
    text: str
    #: Why the model stopped; None if it did not come to that.
    finish: str | None
    #: When it began, milliseconds UTC.
    at: int
    first_token_ms: int | None
    duration_ms: int
    usage: Usage
    #: The code of its failure.
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestServed:
    """One HTTP request whose answer has begun."""

    request_id: str
    method: str
    #: The template of its address, such as `/conversations/{conversation_id}`; `page` for the rest.
    route: str
    status: int
    #: When it came, milliseconds UTC, and how long its answer took to begin.
    at: int
    seconds: float


class Observer(Protocol):
    """Is told what has happened. Must not wait, and must not fail."""

    def appended(self, events: Sequence[Envelope]) -> None:
        """These stand in a log now, put there by this process."""
        ...

    def landed(self, *, late_s: float, own_s: float) -> None:
        """A line has landed: how much later than planned it began, and our own time in it.

        Our own time is what passed between the moment at which it could have landed, due and with
        its text known, and the moment at which the log had it.
        """
        ...

    def called(self, call: CallMade) -> None: ...

    def served(self, request: RequestServed) -> None: ...


class Unobserved:
    """Implements `Observer` where nobody looks."""

    def appended(self, events: Sequence[Envelope]) -> None:
        """Nobody is told."""

    def landed(self, *, late_s: float, own_s: float) -> None:
        """Nobody is told."""

    def called(self, call: CallMade) -> None:
        """Nobody is told."""

    def served(self, request: RequestServed) -> None:
        """Nobody is told."""
