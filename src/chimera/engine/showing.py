"""How a line reaches the viewers at its own pace, while it may still be being written."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from chimera.core import events as ev
from chimera.core.errors import BudgetSpent, ProviderError, Superseded
from chimera.core.generation import Performance

#: A piece is shown no more often than this; the eye cannot tell.
BEAT_S = 0.05

Perform = Callable[[Callable[[str], None]], Awaitable[Performance]]


@asynccontextmanager
async def together() -> AsyncGenerator[asyncio.TaskGroup]:
    """A TaskGroup that raises the error itself instead of a group of one."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


class Rehearsal:
    """One call of a model under way: what has come of it so far, and how it ended."""

    def __init__(self, changed: asyncio.Event) -> None:
        self._changed = changed
        self.text = ""
        self.performance: Performance | None = None
        self.error: ProviderError | BudgetSpent | None = None

    @property
    def done(self) -> bool:
        return self.performance is not None or self.error is not None

    def _hear(self, piece: str) -> None:
        self.text += piece
        self._changed.set()

    async def run(self, perform: Perform) -> None:
        """Carry out the call; that nobody speaks, or nobody pays, is kept, not raised."""
        try:
            self.performance = await perform(self._hear)
        except (ProviderError, BudgetSpent) as error:
            self.error = error
        self._changed.set()


@dataclass(slots=True)
class News:
    """What others append while a run is awake."""

    #: The turn, and whether it is open.
    turn_id: str
    started: bool = False
    #: Events after which the text no longer fits.
    steering: frozenset[str] = ev.STEERING
    steered: bool = False
    floor_gone: bool = False
    #: The seq of the newest skip.
    skipped: int = 0
    #: Set at anything a waiting run should look at: news, or a piece of text.
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, envelope: ev.Envelope) -> None:
        match envelope.body:
            case body if takes_floor(body, self.turn_id):
                self.floor_gone = True
            case ev.TurnSkipped():
                self.skipped = envelope.seq
            case body if body.type in self.steering:
                self.steered = True
            case _:
                return
        self.changed.set()

    async def wait(self, seconds: float) -> None:
        """Return after so long, or at once when something changes."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(seconds):
                await self.changed.wait()
        except TimeoutError:
            return
        self.changed.clear()


def still_open(news: Sequence[ev.Envelope], turn_id: str) -> None:
    """Raises Superseded if somebody has ended this turn: nothing of it may follow its end.

    The run does not begin again: whoever took the floor rings for another one, and two at once
    would take the alarm from each other.
    """
    if any(takes_floor(envelope.body, turn_id) for envelope in news):
        raise Superseded("the floor was taken away")


def takes_floor(body: ev.Body, turn_id: str) -> bool:
    """Whether a run is over by this event of somebody else's, be its turn open or not."""
    match body:
        case ev.TurnFailed():
            return body.turn_id == turn_id
        case ev.ConversationPaused() | ev.ConversationEnded():
            return True
        case _:
            return False


def next_boundary(text: str, shown: int, allowed: int) -> int:
    """How far to show: to the last word boundary within `allowed`, never back behind `shown`."""
    if allowed >= len(text):
        return len(text)
    boundary = max(text.rfind(mark, shown, max(allowed, shown)) for mark in " \n")
    return shown if boundary < 0 else boundary + 1
