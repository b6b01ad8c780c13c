"""The only door to a conversation's log: append, read, follow.

Everybody hears of an event after its commit and through the hub; who misses it reads the log.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection

from chimera.core import events as ev
from chimera.core.conversation import Status
from chimera.core.errors import Invalid, Stale
from chimera.core.ids import Clock, to_millis
from chimera.core.ports import Channel, Hub, Observer, Unobserved
from chimera.core.sequence import Sequencer, Verdict
from chimera.engine.crashing import Reached, unharmed
from chimera.store import log
from chimera.store.database import Store, Work
from chimera.store.log import Appended, Claim

__all__ = ["Appended", "Claim", "Journal", "Judge", "event_frame"]

#: What a run has for a text (60 s), to write it (10 s), and to spare (5 s).
RUN_MS = 75_000
MOST_EVENTS = 64
MOST_BYTES = 256 * 1024
PAGE = 500
#: How long a follower waits for a frame before it looks whether the log went on without one.
HEARTBEAT_S = 15.0
#: The same while the hub cannot reach the other processes.
DEGRADED_S = 1.0

#: Sees the events that came between, decides whether the turn's own still fit (None), gives others
#: in their place, or raises Withdrawn. It runs inside the transaction: plain and quick.
Judge = Callable[[Sequence[ev.Envelope]], Sequence[ev.NewEvent] | None]

#: Events after which nobody shows a draft any more.
_DRAFT_ENDS = frozenset({"message.completed", "turn.failed", "conversation.ended"})

_log = structlog.get_logger(__name__)


class Journal:
    """Appends, reads and follows the logs."""

    def __init__(
        self,
        store: Store,
        hub: Hub,
        clock: Clock,
        *,
        heartbeat_s: float = HEARTBEAT_S,
        observer: Observer | None = None,
        reached: Reached = unharmed,
    ) -> None:
        self._store = store
        self._hub = hub
        self._clock = clock
        self._heartbeat_s = heartbeat_s
        self._observer = observer or Unobserved()
        self._reached = reached
        #: Publishes that failed; the events are safe, followers find them in the log.
        self.unheard = 0

    # --- a run ---------------------------------------------------------------------------------

    async def claim(self, conversation_id: str) -> Claim | None:
        """Begin a run; from now on no older one can write. None: there is nothing to do."""
        now = self._now()
        claim = await self._store.write(
            partial(log.claim, conversation_id=conversation_id, now=now, deadline=now + RUN_MS)
        )
        self._reached("after_claim")
        return claim

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
        """Append what a run says and set when the next one is due; the claim, moved on.

        If others have appended meanwhile, `judge` sees their events, and the second attempt holds
        the row while it does. Raises Superseded when another run is in charge or the conversation
        no longer runs, and whatever `judge` raises.
        """
        check_size(events)
        write = partial(
            self._write, at=self._now(), open_turn=open_turn, deadline=deadline, due=due
        )
        try:
            envelopes = await self._store.write(partial(write, mine=claim, new=events))
        except Stale:

            def again(connection: Connection) -> tuple[ev.Envelope, ...]:
                caught_up, news = log.catch_up(connection, claim)
                verdict = judge(news)
                fitting = events if verdict is None else verdict
                check_size(fitting)
                return write(connection, mine=caught_up, new=fitting)

            envelopes = await self._store.write(again)
        self._reached("after_commit_before_publish")
        await self._publish(claim.conversation_id, envelopes, claim.generation)
        if open_turn is not None:
            self._reached("after_started")
        return _moved_on(claim, envelopes, open_turn=open_turn, due=due)

    def _write(
        self, connection: Connection, mine: Claim, new: Sequence[ev.NewEvent], **row: Any
    ) -> tuple[ev.Envelope, ...]:
        written = log.append_turn(connection, mine, new, **row)
        self._reached("before_commit")
        return written

    async def sleep(self, claim: Claim, due: int | None) -> None:
        """Go back to sleep without an event; a paused conversation's `resume_at` moves instead.

        Raises Superseded, and Stale if there is news to read first.
        """
        await self._store.write(partial(log.sleep, mine=claim, due=due))

    # --- everybody else, inside their own transaction ------------------------------------------

    def create(
        self,
        work: Work,
        conversation_id: str,
        events: Sequence[ev.NewEvent],
        *,
        visibility: str = "private",
        owner: str | None = None,
        wake_at: int | None = None,
    ) -> Appended:
        """A new conversation; `conversation.created` is the first of its events."""
        check_size(events)
        return self._told(
            work,
            conversation_id,
            log.create(
                work.connection, conversation_id, events, at=self._now(),
                visibility=visibility, owner=owner, wake_at=wake_at,
            ),
        )  # fmt: skip

    def append(
        self,
        work: Work,
        conversation_id: str,
        events: Sequence[ev.NewEvent],
        *,
        unless: Collection[Status] = ("ended",),
        wake_at: int | None = None,
    ) -> Appended:
        """Append in the work's transaction; viewers hear of it after the commit.

        `unless`: statuses in which it must not happen. `wake_at`: the next run is due then, if it
        was not due sooner; ring the alarm for `Appended.ring_at` after the commit. Raises NotFound
        or WrongStatus.
        """
        check_size(events)
        return self._told(
            work,
            conversation_id,
            log.append(
                work.connection, conversation_id, events, at=self._now(),
                unless=unless, wake_at=wake_at,
            ),
        )  # fmt: skip

    def take_floor(
        self,
        work: Work,
        conversation_id: str,
        events: Sequence[ev.NewEvent],
        *,
        code: str,
        unless: Collection[Status] = ("ended",),
        speaker: str | None = None,
        wake_at: int | None = None,
    ) -> Appended:
        """The same for commands that end the turn under way (pause, stop, clear, leave, mute).

        `turn.failed` with `code` comes first if a turn is open; with `speaker`, only if it is that
        participant's.
        """
        check_size(events)
        return self._told(
            work,
            conversation_id,
            log.take_floor(
                work.connection, conversation_id, events, at=self._now(), code=code,
                unless=unless, speaker=speaker, wake_at=wake_at,
            ),
        )  # fmt: skip

    # --- reading -------------------------------------------------------------------------------

    async def read(
        self, conversation_id: str, *, after: int = 0, limit: int = PAGE
    ) -> list[ev.Envelope]:
        """The events with `after < seq ≤ after + limit`, ascending."""
        return await self._store.read(
            partial(log.read, conversation_id=conversation_id, after=after, limit=limit)
        )

    async def frames(
        self, conversation_id: str, *, after: int = 0, limit: int = PAGE
    ) -> list[bytes]:
        """The same as frames, exactly as stored: for viewers who catch up."""
        return await self._store.read(
            partial(log.read_frames, conversation_id=conversation_id, after=after, limit=limit)
        )

    async def head(self, conversation_id: str) -> int:
        """The seq of the last event. Raises NotFound."""
        return await self._store.read(partial(log.head, conversation_id=conversation_id))

    async def follow(
        self, conversation_id: str, *, after: int
    ) -> AsyncGenerator[ev.Envelope | ev.Signal]:
        """Every event past `after` exactly once and in order, for ever, with signals between.

        The hub may drop, repeat or reorder; the log is the truth and refills each gap.
        """
        cursor = Sequencer(after)
        # Watching before reading closes the race between history and live.
        async with self._hub.watch(conversation_id) as channel:
            position, newest = channel.head, channel.state.generation
            async for past in self._unread(conversation_id, cursor):
                yield past
            while True:
                heard = await self._arrivals(channel, position)
                position = channel.head
                if heard is None:
                    async for past in self._unread(conversation_id, cursor):
                        yield past
                    continue
                for frame in heard:
                    newest = max(newest, channel.state.generation)
                    async for each in self._deliver(conversation_id, cursor, frame, newest):
                        yield each

    async def _arrivals(self, channel: Channel, position: int) -> list[dict[str, Any]] | None:
        """New frames; None if some were lost, or if it was quiet so long that some may be."""
        wait = DEGRADED_S if self._hub.degraded_since is not None else self._heartbeat_s
        try:
            async with asyncio.timeout(wait):
                await channel.changed(position)
        except TimeoutError:
            return None
        frames = channel.since(position)
        return None if frames is None else [orjson.loads(frame.data) for frame in frames]

    async def _deliver(
        self, conversation_id: str, cursor: Sequencer, frame: dict[str, Any], newest: int
    ) -> AsyncGenerator[ev.Envelope | ev.Signal]:
        match frame["kind"]:
            case "signal":
                if frame["body"].get("generation", newest) >= newest:
                    yield ev.Signal(conversation_id, frame["type"], frame["body"])
            case "event":
                verdict = cursor.judge(frame["seq"])
                if verdict is Verdict.NEXT:
                    yield _parsed(frame)
                elif verdict is Verdict.GAP:
                    async for past in self._unread(conversation_id, cursor):
                        yield past
            case _:
                return

    async def _unread(self, conversation_id: str, cursor: Sequencer) -> AsyncGenerator[ev.Envelope]:
        """What the log holds beyond the cursor, page by page as it is taken."""
        while True:
            page = await self.read(conversation_id, after=cursor.last)
            for envelope in page:
                if cursor.judge(envelope.seq) is Verdict.NEXT:
                    yield envelope
            if len(page) < PAGE:
                return

    # --- telling -------------------------------------------------------------------------------

    def _now(self) -> int:
        return to_millis(self._clock.now())

    def _told(self, work: Work, conversation_id: str, done: Appended) -> Appended:
        work.afterwards(partial(self._publish, conversation_id, done.envelopes))
        return done

    async def _publish(
        self,
        conversation_id: str,
        envelopes: Sequence[ev.Envelope],
        generation: int | None = None,
    ) -> None:
        """Tell who watches. The log has the events: a failure here loses nothing."""
        self._observer.appended(envelopes)
        try:
            await self._hub.publish(
                conversation_id,
                [event_frame(envelope) for envelope in envelopes],
                seq=envelopes[-1].seq,
                generation=generation,
                keep_draft=not any(each.type in _DRAFT_ENDS for each in envelopes),
            )
        except Exception as error:
            self.unheard += 1
            _log.warning("publish_failed", conversation_id=conversation_id, error=repr(error))


def event_frame(envelope: ev.Envelope) -> bytes:
    """An event as every viewer gets it, encoded once for all of them."""
    return orjson.dumps({"kind": "event", **envelope.wire()})


def check_size(events: Sequence[ev.NewEvent]) -> None:
    """Raises Invalid for more than one append may hold."""
    if not 0 < len(events) <= MOST_EVENTS:
        raise Invalid(f"An append holds 1 to {MOST_EVENTS} events.")
    if sum(len(orjson.dumps(ev.dump_body(each.body))) for each in events) > MOST_BYTES:
        raise Invalid(f"An append holds at most {MOST_BYTES // 1024} KiB.")


def _moved_on(
    claim: Claim, envelopes: Sequence[ev.Envelope], *, open_turn: str | None, due: int | None
) -> Claim:
    resumed = any(each.type == ev.ConversationResumed.type for each in envelopes)
    return replace(
        claim,
        seen=envelopes[-1].seq,
        status="running" if resumed else claim.status,
        open_turn=open_turn,
        next_turn_at=due,
    )


def _parsed(frame: dict[str, Any]) -> ev.Envelope:
    visibility = frame["visibility"]
    return ev.Envelope(
        conversation_id=frame["conversation_id"],
        seq=frame["seq"],
        at=to_millis(datetime.fromisoformat(frame["at"])),
        actor=ev.Actor.model_validate(frame["actor"]),
        body=ev.load_body(frame["type"], frame["version"], frame["body"]),
        visibility=visibility if visibility == "all" else tuple(visibility),
    )
