"""What the house tells those who look after it: metrics, traces."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chimera.core.events import Envelope
from chimera.core.generation import GenerationRequest, Route, TurnRequest, Usage


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
