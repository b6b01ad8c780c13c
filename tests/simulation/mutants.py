"""Houses in which one thing is broken: whoever checks must find each of them."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from chimera.core import events as ev
from chimera.core.generation import Usage
from chimera.core.ports import Ledger, Reservation
from chimera.core.sequence import Sequencer
from chimera.engine.journal import Claim, Journal, Judge
from chimera.store.tables import conversations
from chimera.store.units import Backend, Result, Unit
from simulation.ports import WRITING, KnownJournal
from simulation.process import Making

_FENCE = select(conversations.c.generation, conversations.c.head_seq, conversations.c.status)


class Unfenced(Journal):
    """Lets every run write, whoever has begun after it."""

    async def append_turn(
        self,
        claim: Claim,
        events: Sequence[ev.NewEvent],
        *,
        open_turn: str | None,
        deadline: int | None,
        due: int | None,
        judge: Judge,
    ) -> Claim:
        token = WRITING.set(claim.generation)
        mine = _FENCE.where(conversations.c.id == claim.conversation_id)
        row = await self._store.read(lambda connection: connection.execute(mine).one())
        forged = replace(claim, generation=row.generation, seen=row.head_seq, status=row.status)
        try:
            done = await super().append_turn(
                forged, events, open_turn=open_turn, deadline=deadline, due=due, judge=judge
            )
        finally:
            WRITING.reset(token)
        return replace(done, generation=claim.generation)


class Trusting(KnownJournal):
    """Follows the hub alone, and never looks into the log for what it did not bring."""

    async def _unread(self, conversation_id: str, cursor: Sequencer) -> AsyncGenerator[ev.Envelope]:
        if cursor.last == 0:
            async for past in super()._unread(conversation_id, cursor):
                yield past


class Forgetful:
    """Implements `Ledger`: sets nothing aside, and counts only what is reported."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._calls: dict[str, Reservation] = {}

    async def reserve(self, call: Reservation) -> None:
        self._calls[call.id] = call

    async def report(self, call_id: str, usage: Usage) -> None:
        await self._ledger.reserve(self._calls.pop(call_id))
        await self._ledger.report(call_id, usage)


class Lying:
    """Implements `Backend`: says of one commit in thirty that it happened, and takes it back."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._commits = 0

    async def write(self, unit: Unit[Result]) -> Result:
        self._commits += 1
        if self._commits % 30 != 0:
            return await self._backend.write(unit)

        def undone(connection: Connection) -> Result:
            savepoint = connection.begin_nested()
            result = unit(connection)
            savepoint.rollback()
            return result

        return await self._backend.write(undone)

    async def read(self, unit: Unit[Result]) -> Result:
        return await self._backend.read(unit)

    async def close(self) -> None:
        await self._backend.close()


MUTANTS: dict[str, Callable[[], Making]] = {
    "the fence is off": lambda: Making(journal=Unfenced),
    "followers trust the hub": lambda: Making(journal=Trusting),
    "nothing is set aside": lambda: Making(ledger=Forgetful),
    "a commit is taken back": lambda: Making(backend=Lying),
    "nobody looks for lost alarms": lambda: Making(reconciles=False),
}
