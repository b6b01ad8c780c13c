"""Sees to it that every running conversation has its alarm set, whatever was lost.

It only schedules: it never writes to a log and holds no transaction over a call to the docket. What
else a house has to put in order now and then is done at the end of a pass.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Literal

import structlog

from chimera.core.errors import ChimeraError
from chimera.core.ids import Clock, from_millis, to_millis
from chimera.core.ports import Alarm
from chimera.engine.roll import Roll
from chimera.store import log as logs
from chimera.store.database import Store
from chimera.store.log import Ringing

log = structlog.get_logger()

#: Why a conversation needs a new alarm instead of the one it has.
Why = Literal["late", "awake", "far", "abandoned"]

PAGE = 500
#: A row that is late by this much had its alarm and did not wake from it.
STUCK_MS = 30_000
#: No pause is longer: the slowest pace (speed 0.1) stretches the longest human gap of 180 s by 3.5.
LONGEST_PAUSE_MS = 15 * 60_000


class Reconciler:
    """One pass at the start and then every 30 seconds, by the docket."""

    def __init__(
        self,
        store: Store,
        alarm: Alarm,
        clock: Clock,
        *,
        roll: Roll | None = None,
        chores: Sequence[Callable[[], Awaitable[object]]] = (),
    ) -> None:
        """`roll`: who is awake, where there are several processes."""
        self._store = store
        self._alarm = alarm
        self._clock = clock
        self._roll = roll
        self._chores = chores
        #: Conversations found stuck, by the reason; anything but nothing is a bug to look at.
        self.unstuck: dict[str, int] = {}
        self._first = True
        self._opened = to_millis(clock.now())

    async def run(self) -> int:
        """Set what is missing; how many conversations run."""
        seen, awake = 0, dict[str, int]()
        async for row in self._rows():
            await self._see_to(row)
            seen += 1
            if row.run_deadline is not None and _is_awake(row, to_millis(self._clock.now())):
                awake[row.id] = row.run_deadline
        self._first = False
        if self._roll is not None:
            await self._bury(self._roll, awake)
        for chore in self._chores:
            await self._do(chore)
        return seen

    async def _rows(self) -> AsyncGenerator[Ringing]:
        after = ""
        while page := await self._store.read(partial(logs.ringing, after=after, limit=PAGE)):
            for row in page:
                yield row
            after = page[-1].id

    async def _bury(self, roll: Roll, awake: Mapping[str, int]) -> None:
        """Take over the runs that no process calls its own, though by their rows they are awake.

        Redis redelivers what a dead worker carried, unless it has forgotten it as well. One look
        is not enough: a run that began a moment ago has not been called yet.
        """
        known = await roll.called() or ()
        silent = {each: deadline for each, deadline in awake.items() if each not in known}
        if not silent:
            return
        await roll.settle()
        known = await roll.called()
        if known is None:
            return
        async for row in self._rows():
            if row.id in silent and row.id not in known and row.run_deadline == silent[row.id]:
                await self._wake(row, "abandoned")

    async def _wake(self, row: Ringing, why: Why) -> None:
        self.unstuck[why] = self.unstuck.get(why, 0) + 1
        log.warning("a conversation was stuck", conversation_id=row.id, why=why)
        await self._alarm.ring(row.id, self._clock.now())

    async def _do(self, chore: Callable[[], Awaitable[object]]) -> None:
        """A chore that cannot be done now is done in the next pass."""
        try:
            await chore()
        except ChimeraError as error:
            log.warning("a chore was put off", error=repr(error))

    async def _see_to(self, row: Ringing) -> None:
        now = to_millis(self._clock.now())
        elsewhere = self._roll is not None and _is_awake(row, now)
        if self._first and not elsewhere and now < self._opened + STUCK_MS:
            # At the start everything is late, and in a house of one process what counts as awake
            # died with who ran it.
            await self._alarm.add(row.id, from_millis(_due(row, now)))
            return
        why = stuck(row, now)
        if why is not None:
            await self._wake(row, why)
        elif _is_awake(row, now):
            # It sets its alarm itself, and a second one would break it off: Redis may have
            # forgotten that it runs.
            return
        elif row.status == "paused" and _due(row, now) == now:
            # Its end was brought forward, and the alarm it has is for the old one.
            await self._alarm.ring(row.id, from_millis(now))
        else:
            await self._alarm.add(row.id, from_millis(_due(row, now)))


def _is_awake(row: Ringing, now: int) -> bool:
    return row.run_deadline is not None and row.run_deadline >= now


def _moment(row: Ringing) -> int | None:
    """When it wants to be woken: the end of its pause, or its next turn."""
    return row.resume_at if row.status == "paused" else row.next_turn_at


def _due(row: Ringing, now: int) -> int:
    return max(now, _moment(row) or now)


def stuck(row: Ringing, now: int) -> Why | None:
    """Why this row needs a new alarm instead of the one it has; None if it does not."""
    if row.run_deadline is not None:
        return "awake" if row.run_deadline < now - STUCK_MS else None
    due = _moment(row)
    if due is None:
        return None
    if due < now - STUCK_MS:
        return "late"
    # A pause may be as long as it likes: one for money lasts until midnight.
    far = row.status == "running" and due > now + LONGEST_PAUSE_MS
    return "far" if far else None
