"""Sees when the event loop stands still, and who holds it.

The loop notes when it expects to be woken next. A thread looks at the note: while the loop is late,
it can still see at which line of which file it stands (`reliability.md` section 5).
"""

import asyncio
import sys
import threading
import traceback
from time import monotonic
from types import FrameType
from typing import Protocol

import structlog

#: How often the loop says that it turns, and the thread looks.
BEAT_S = 0.1
#: Later than this is told; later than that is as good as dead.
SLOW_S, DEAD_S = 0.25, 5.0
#: No more than one stack in so long: a house that crawls must not fill its disk with them.
DUMP_EVERY_S = 60.0
#: For how long after its end a standstill can still be seen from outside.
REMEMBERED_S = 10.0
_MOST_FRAMES = 12

_log = structlog.get_logger(__name__)


class Notes(Protocol):
    """Is told how the loop does."""

    def lagged(self, seconds: float, *, blocked: bool) -> None:
        """So late was somebody woken; `blocked` if that is more than can be borne."""
        ...


class Watchdog:
    """Watches the loop that runs it."""

    def __init__(self, notes: Notes, *, dead_s: float = DEAD_S) -> None:
        self._notes = notes
        self._dead_s = dead_s
        self._loop_thread = 0
        #: When the loop should say again that it turns.
        self._due = float("inf")
        self._dumped_at = float("-inf")
        self._stalled_until = float("-inf")
        self._over = threading.Event()

    @property
    def stalled(self) -> bool:
        """Whether the loop has stood still for five seconds, now or a moment ago."""
        now = monotonic()
        return now - self._due > self._dead_s or now < self._stalled_until

    async def run(self) -> None:
        """Watch until cancelled."""
        self._loop_thread = threading.get_ident()
        thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._due = monotonic() + BEAT_S
        thread.start()
        try:
            while True:
                await asyncio.sleep(max(0.0, self._due - monotonic()))
                now = monotonic()
                lag = max(0.0, now - self._due)
                self._notes.lagged(lag, blocked=lag > SLOW_S)
                if lag > self._dead_s:
                    self._stalled_until = now + REMEMBERED_S
                self._due = now + BEAT_S
        finally:
            self._due = float("inf")
            self._over.set()

    def _watch(self) -> None:
        while True:
            began = monotonic()
            if self._over.wait(BEAT_S):
                return
            now = monotonic()
            if now - began > SLOW_S:
                # This thread was late as well: the machine stood still, or somebody held Python's
                # lock; whose fault it was cannot be seen any more.
                continue
            lag = now - self._due
            if lag > SLOW_S and now - self._dumped_at >= DUMP_EVERY_S:
                self._dumped_at = now
                self._dump(lag)

    def _dump(self, lag: float) -> None:
        """Say who holds the loop."""
        frame = sys._current_frames().get(self._loop_thread)  # noqa: SLF001 - no other way to it
        if frame is None:
            return
        stack = "".join(traceback.format_stack(frame)[-_MOST_FRAMES:])
        _log.warning("loop_blocked", lag_ms=round(1000 * lag), where=where(frame), stack=stack)


def where(frame: FrameType) -> str:
    """The line that a frame has come to."""
    code = frame.f_code
    return f"{code.co_filename}:{frame.f_lineno} in {code.co_qualname}"
