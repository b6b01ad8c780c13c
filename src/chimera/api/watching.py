"""One viewer's view of one conversation: a snapshot, what was missed, then what happens.

A viewer is a position on the ring and nothing else: the next frames are taken when the last ones
have been sent, so a slow viewer gets one larger batch instead of a queue, and one that fell off
the ring goes back to the log (`realtime.md` sections 9 and 10).
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, select

from chimera.api.deps import House
from chimera.core.errors import NotFound
from chimera.core.ids import rfc3339
from chimera.core.ports import Channel, Frame
from chimera.core.sequence import Draft, Sequencer, Verdict
from chimera.store.tables import conversations

#: More missed events than this are not pushed; the client pages through them when it wants them.
MOST_MISSED = 2_000
#: How many of the newest are pushed then.
NEWEST = 200
PAGE = 200

After = int | Literal["head"]
Frames = Sequence[bytes]

_C = conversations.c
_STANDING = select(_C.status, _C.generation, _C.head_seq, _C.next_turn_at).where(
    _C.id == bindparam("of")
)
_HEADS = select(_C.id, _C.head_seq).where(_C.id.in_(bindparam("all", expanding=True)))


class Standing(NamedTuple):
    """Where a conversation stands."""

    status: str
    generation: int
    head_seq: int
    next_turn_at: int | None


def standing(connection: Connection, conversation_id: str) -> Standing:
    """Raises NotFound."""
    row = connection.execute(_STANDING, {"of": conversation_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such conversation.")
    return Standing(*row)


def heads(connection: Connection, conversation_ids: Sequence[str]) -> dict[str, int]:
    """The last seq of each of these that exist."""
    rows = connection.execute(_HEADS, {"all": list(conversation_ids)})
    return {row.id: row.head_seq for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a viewer asked to see; `after` is the last seq it has."""

    conversation_id: str
    after: After = 0
    request_id: str | None = None
    #: Whether somebody comes in; false for a viewer who is there and begins again.
    arriving: bool = True


class Watching:
    """Follows one conversation for one viewer. Use `frames` once, and close what it returns."""

    def __init__(self, house: House, wanted: Request) -> None:
        self._house = house
        self._wanted = wanted
        self._sequencer = Sequencer()
        self._position = 0
        self._channel: Channel | None = None
        self._told = 0
        #: Whether everything that came has been handed out, and nothing new has come.
        self.resting = False

    @property
    def last(self) -> int:
        """The newest seq this viewer was given."""
        return self._sequencer.last

    async def frames(
        self, put: Callable[[Frames], bool] = lambda _frames: False
    ) -> AsyncGenerator[Frames]:
        """Batches to send, for ever. Raises NotFound when the conversation is not there.

        Signals that find this viewer up to date are `put` on the wire, and come in no batch if
        that went without waiting.
        """
        async with self._house.hub.watch(self._wanted.conversation_id, viewer=True) as channel:
            if self._wanted.arriving and channel.viewers <= 1:
                await self._house.audience.arrived(self._wanted.conversation_id)
            async for batch in self._catch_up(channel, self._wanted.after):
                yield batch
            self._channel = channel
            while True:
                arrivals = channel.since(self._position)
                if arrivals and all(frame.seq is None for frame in arrivals):
                    # Nearly everything is a piece of a draft: the way of a frame to a viewer who
                    # is up to date is kept short, and sets no timer.
                    self._position = channel.head
                    yield tuple(frame.data for frame in arrivals)
                elif arrivals is None or arrivals:
                    async for batch in self._step(channel, arrivals):
                        yield batch
                else:
                    self.resting = True
                    await channel.changed(self._position, partial(self._take, put))
                    self.resting = False

    def _take(self, put: Callable[[Frames], bool], head: int, signals: Frames) -> bool:
        taken = put(signals)
        if taken:
            self._position = head
        return taken

    def presence(self) -> bytes | None:
        """A frame with the number of viewers, if that has changed since it was told."""
        if self._channel is None or self._channel.viewers == self._told:
            return None
        self._told = self._channel.viewers
        return _presence(self._wanted.conversation_id, self._told)

    async def _step(
        self, channel: Channel, arrivals: Sequence[Frame] | None
    ) -> AsyncGenerator[Frames]:
        if arrivals is None:
            steps = self._resync(channel)
        else:
            # Position and arrivals belong together: nothing is awaited in between.
            self._position = channel.head
            steps = self._deliver(arrivals)
        async for batch in steps:
            yield batch

    async def _resync(self, channel: Channel) -> AsyncGenerator[Frames]:
        """Go back to the log: this viewer fell off the ring."""
        yield (control("resync", conversation_id=self._wanted.conversation_id, why="behind"),)
        async for batch in self._catch_up(channel, self.last):
            yield batch

    async def _catch_up(self, channel: Channel, after: After) -> AsyncGenerator[Frames]:
        """A snapshot and the missed events."""
        # Before the log is read: what comes meanwhile is on the ring behind this position.
        self._position, draft = channel.head, channel.state.draft
        generation = channel.state.generation
        row = await self._standing()
        head = row.head_seq
        first = head if after == "head" else min(after, head)
        truncated = head - first > MOST_MISSED
        if truncated:
            first = head - NEWEST
        self._sequencer = Sequencer(first)
        self._told = channel.viewers
        yield (
            control(
                "snapshot",
                request_id=self._wanted.request_id,
                conversation_id=self._wanted.conversation_id,
                status=row.status,
                generation=max(row.generation, generation),
                from_seq=first + 1,
                head_seq=head,
                truncated=truncated,
                viewers=self._told,
                next_turn_at=None if row.next_turn_at is None else rfc3339(row.next_turn_at),
                draft=None if draft is None else _draft(draft),
            ),
        )
        async for batch in self._unread(head):
            yield batch

    async def _standing(self) -> Standing:
        look = partial(standing, conversation_id=self._wanted.conversation_id)
        async with self._house.reading:
            return await self._house.store.read(look)

    async def _unread(self, head: int) -> AsyncGenerator[Frames]:
        """The log up to `head`, page by page as the viewer takes it."""
        while self.last < head:
            few = min(PAGE, head - self.last)
            async with self._house.reading:
                page = await self._house.journal.frames(
                    self._wanted.conversation_id, after=self.last, limit=few
                )
            if not page:
                return
            self._sequencer = Sequencer(self.last + len(page))
            yield page

    async def _deliver(self, arrivals: Sequence[Frame]) -> AsyncGenerator[Frames]:
        """Signals as they are, events once and in order; what is missing comes from the log."""
        batch: list[bytes] = []
        for frame in arrivals:
            verdict = Verdict.NEXT if frame.seq is None else self._sequencer.judge(frame.seq)
            if verdict is Verdict.NEXT:
                batch.append(frame.data)
            elif verdict is Verdict.GAP and frame.seq is not None:
                if batch:
                    yield batch
                    batch = []
                async for page in self._unread(frame.seq):
                    yield page
        if batch:
            yield batch


def control(type_: str, **fields: Any) -> bytes:
    """A control frame; a request id that was not given is left out."""
    if fields.get("request_id", "") is None:
        del fields["request_id"]
    return orjson.dumps({"kind": "control", "type": type_, **fields})


def _presence(conversation_id: str, viewers: int) -> bytes:
    return orjson.dumps(
        {
            "kind": "signal",
            "conversation_id": conversation_id,
            "type": "presence",
            "body": {"viewers": viewers},
        }
    )


def _draft(draft: Draft) -> dict[str, Any]:
    return {
        "message_id": draft.message_id, "turn_id": draft.turn_id,
        "participant_id": draft.participant_id, "generation": draft.generation,
        "text": draft.text, "offset": draft.offset,
    }  # fmt: skip
