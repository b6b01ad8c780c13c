"""How a line reaches the viewers at its own pace, while it may still be being written."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from chimera.core import events as ev
from chimera.core.errors import Superseded
from chimera.core.ports import Observer

#: A piece is shown no more often than this; the eye cannot tell.
BEAT_S = 0.05


@asynccontextmanager
async def together() -> AsyncGenerator[asyncio.TaskGroup]:
    """A TaskGroup that raises the error itself instead of a group of one."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


class Punctuality:
    """How late a line begins, and how much of the time until it has landed was our own.

    A line that is hurried, or of a pace without pauses, is never `begun`: it is due at no moment.
    """

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._late_ms = 0
        #: When the line should land, milliseconds UTC.
        self._lands_at: int | None = None

    def begun(self, due: int, now: int, *, lead_s: float) -> None:
        """The line was to begin at `due`, milliseconds UTC, and to land so much later."""
        self._late_ms = max(0, now - due)
        self._lands_at = due + round(1000 * lead_s)

    def landed(self, ready: int, now: int) -> None:
        """The log has the line, whose text was known at `ready`."""
        if self._lands_at is None:
            return
        own = max(0, now - max(self._lands_at, ready))
        self._observer.landed(late_s=self._late_ms / 1000, own_s=own / 1000)


@dataclass(slots=True)
class News:
    """What others append while a run is awake."""

    turn_id: str
    #: Set at anything a waiting run should look at: news, or a piece of text.
    changed: asyncio.Event
    #: Events after which the text no longer fits.
    steering: frozenset[str] = ev.STEERING
    steered: bool = False
    floor_gone: bool = False
    #: The seq of the newest skip.
    skipped: int = 0
    #: The seq of the newest event after which the text of the next turn does not fit.
    turned: int = 0

    def hear(self, envelope: ev.Envelope) -> None:
        match envelope.body:
            case body if takes_floor(body, self.turn_id):
                self.floor_gone = True
            case ev.TurnSkipped():
                self.skipped = envelope.seq
            case body if body.type in ev.STEERING:
                self.turned = envelope.seq
                self.steered = self.steered or body.type in self.steering
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
