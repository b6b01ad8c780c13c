"""Who watches, as far as the play cares: whether anybody does, and what an arrival changes."""

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial

from sqlalchemy import bindparam, select

from chimera.core import events as ev
from chimera.core.errors import ChimeraError
from chimera.core.ids import Clock, from_millis, to_millis
from chimera.core.ladders import ASKS_RUNG
from chimera.core.ports import Alarm, Hub
from chimera.core.state import ConversationState
from chimera.engine.journal import Appended, Journal
from chimera.engine.polling import Polls
from chimera.store.database import Store, Work
from chimera.store.tables import conversations

#: Somebody who comes into a silence longer than this does not have to sit through the rest of it.
SILENCE_MS = 1_500
#: Of so many conversations it is remembered when somebody watched; who is asked about seldom goes.
KEPT = 20_000

_STANDING = select(
    conversations.c.status,
    conversations.c.paused_because,
    conversations.c.open_turn,
    conversations.c.last_at,
).where(conversations.c.id == bindparam("of"))


class Audience:
    """Counts absence, and lets the play go on for whoever comes in."""

    def __init__(
        self, *, journal: Journal, store: Store, hub: Hub, alarm: Alarm, clock: Clock,
        polls: Polls | None = None,
    ) -> None:  # fmt: skip
        """Without `polls` the host asks in words alone."""
        self._journal = journal
        self._store = store
        self._hub = hub
        self._alarm = alarm
        self._clock = clock
        self._polls = polls
        self._seen: OrderedDict[str, float] = OrderedDict()

    async def absent_s(self, conversation_id: str) -> float:
        """For how many seconds nobody has watched, as far as this process has looked."""
        now = self._clock.monotonic()
        async with self._hub.watch(conversation_id) as channel:
            seen = now if channel.viewers else self._seen.get(conversation_id, now)
        self._note(conversation_id, seen)
        return now - seen

    async def asked(self, state: ConversationState, bodies: Sequence[ev.Body]) -> Sequence[ev.Body]:
        """What the director does, with a poll where the host asks and enough are there to vote."""
        steps = (each for each in bodies if isinstance(each, ev.DirectorNoted))
        asks = any(each.because == "lull" and each.rung == ASKS_RUNG for each in steps)
        if not asks or self._polls is None:
            return bodies
        async with self._hub.watch(state.id) as channel:
            viewers = channel.viewers
        return (*bodies, *await self._polls.on_topic(state, viewers))

    async def arrived(self, conversation_id: str) -> None:
        """Somebody begins to watch: a pause for want of viewers ends, so does a long silence."""
        self._note(conversation_id, self._clock.monotonic())
        try:
            done = await self._store.work(
                ev.SYSTEM, partial(self._begin, conversation_id=conversation_id)
            )
        except ChimeraError:
            # A busy store: the viewer waits like everybody else.
            return
        if done is not None and done.ring_at is not None:
            await self._alarm.ring(conversation_id, from_millis(done.ring_at))

    def _note(self, conversation_id: str, seen: float) -> None:
        self._seen[conversation_id] = seen
        self._seen.move_to_end(conversation_id)
        while len(self._seen) > KEPT:
            self._seen.popitem(last=False)

    def _begin(self, work: Work, conversation_id: str) -> Appended | None:
        now = to_millis(self._clock.now())
        row = work.connection.execute(_STANDING, {"of": conversation_id}).one_or_none()
        if row is None:
            return None
        if row.status == "paused" and row.paused_because == "idle":
            body: ev.Body = ev.ConversationResumed()
        elif row.status == "running" and not row.open_turn and row.last_at < now - SILENCE_MS:
            body = ev.TurnSkipped()
        else:
            return None
        event = ev.NewEvent(body=body, actor=ev.SYSTEM)
        return self._journal.append(work, conversation_id, [event], wake_at=now)
