"""What a WebSocket and an event stream have in common: one viewer's line, one message in flight."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from functools import lru_cache, partial
from typing import Protocol

from chimera.api.deps import House
from chimera.api.watching import Frames, Request, Watching, control, heads
from chimera.core.errors import ChimeraError
from chimera.core.ids import rfc3339

#: The head of a log that is not there any more: its viewers are to be told.
_GONE = 2**53


class Closed(Exception):
    """The line ends; `code` is the WebSocket's close code, None if the viewer has gone."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


class Transport(Protocol):
    """Puts frames on the wire."""

    async def send(self, frames: Frames) -> None:
        """Return once the other side can take more."""
        ...

    def put(self, frames: Frames) -> bool:
        """Send now, if that needs no waiting; False: nothing was sent."""
        ...


class Line:
    """Sends one viewer what it watches."""

    def __init__(self, house: House, transport: Transport) -> None:
        self._house = house
        self._transport = transport
        self._sending = asyncio.Lock()
        #: Since when a message is on its way that the viewer has not taken.
        self._pending_since: float | None = None
        self._watched: dict[str, tuple[Watching, asyncio.Task[None]]] = {}

    @property
    def watched(self) -> Sequence[str]:
        """The ids of the conversations watched now."""
        return list(self._watched)

    def last(self, conversation_id: str) -> int | None:
        """The newest seq given of a watched conversation."""
        found = self._watched.get(conversation_id)
        return found[0].last if found else None

    async def send(self, *frames: bytes) -> None:
        """Return once the viewer can take more."""
        await self._send(frames)

    def watch(self, group: asyncio.TaskGroup, wanted: Request) -> None:
        """Begin to watch, or begin again."""
        self.unwatch(wanted.conversation_id)
        watching = Watching(self._house, wanted)
        task = group.create_task(self._follow(watching, wanted))
        self._watched[wanted.conversation_id] = (watching, task)

    def unwatch(self, conversation_id: str) -> None:
        found = self._watched.pop(conversation_id, None)
        if found:
            found[1].cancel()

    def hang_up(self) -> None:
        for conversation_id in self.watched:
            self.unwatch(conversation_id)

    async def hello(self, connection_id: str, most: int) -> None:
        await self.send(
            control(
                "hello",
                protocol=1,
                connection_id=connection_id,
                store_id=self._house.store.store_id,
                heartbeat_s=round(self._house.patience.heartbeat_s),
                max_subscriptions=most,
                server_time=self._time(),
            )
        )

    def keep(self, group: asyncio.TaskGroup) -> None:
        """Begin with heartbeats, presence, farewell, and to look whether anybody is there."""
        group.create_task(self._beat(group))
        group.create_task(self._tell_presence())
        group.create_task(self._farewell())
        group.create_task(self._give_up())

    async def _beat(self, group: asyncio.TaskGroup) -> None:
        """Heartbeats say how far each log goes; a viewer that is not there yet is brought there."""
        patience = self._house.patience
        announced: Mapping[str, str] = {}
        while True:
            degraded = self._degraded(announced)
            pause = patience.degraded_s if degraded else patience.heartbeat_s
            await asyncio.sleep(pause)
            asked = self.watched
            head_seq = await self._heads(asked, fresh_s=pause / 4)
            frames = [control("heartbeat", at=self._time(), head_seq=head_seq or {})]
            frames += [
                control("degraded", what=what, since=since)
                for what, since in degraded.items()
                if announced.get(what) != since
            ]
            announced = degraded
            await self._send(frames)
            if head_seq is not None:
                gone = dict.fromkeys(asked, _GONE)
                await self._bring_up(group, gone | head_seq)

    def _degraded(self, before: Mapping[str, str]) -> dict[str, str]:
        """What does not work just now, and since when."""
        found: dict[str, str] = {}
        since = self._house.hub.degraded_since
        if since is not None:
            found["live_text"] = rfc3339(round(since.timestamp() * 1000))
        if self._house.store.read_only is not None:
            found["writes"] = before.get("writes") or self._time()
        return found

    async def _heads(self, asked: Sequence[str], *, fresh_s: float) -> dict[str, int] | None:
        """How far each log goes; None while the store is too busy to say."""
        try:
            return await self._house.heads.of(asked, fresh_s=fresh_s, read=self._read_heads)
        except ChimeraError as error:
            if not error.retryable:
                raise
            return None

    async def _read_heads(self, asked: Sequence[str]) -> Mapping[str, int]:
        async with self._house.reading:
            return await self._house.store.read(partial(heads, conversation_ids=asked))

    async def _bring_up(self, group: asyncio.TaskGroup, head_seq: Mapping[str, int]) -> None:
        """The hub may have lost the last frame: begin again from where the viewer is."""
        for conversation_id, (watching, _) in list(self._watched.items()):
            # A viewer that is farther than what was read has been told of more since.
            if not watching.resting or head_seq.get(conversation_id, 0) <= watching.last:
                continue
            await self.send(control("resync", conversation_id=conversation_id, why="lost"))
            again = Request(conversation_id=conversation_id, after=watching.last, arriving=False)
            self.watch(group, again)

    async def _tell_presence(self) -> None:
        while True:
            await asyncio.sleep(self._house.patience.presence_s)
            told = [watching.presence() for watching, _ in self._watched.values()]
            if frames := [frame for frame in told if frame is not None]:
                await self._send(frames)

    async def _give_up(self) -> None:
        """One watch over all sending: a timer for each frame would cost more than the frame."""
        stalled = self._house.patience.stalled_s
        while True:
            await asyncio.sleep(stalled / 4)
            if self._pending_since is not None and _now() - self._pending_since > stalled:
                raise Closed(4409)

    async def _farewell(self) -> None:
        """Before the process goes, tell this viewer to call again, each at another moment."""
        await self._house.draining.wait()
        await self.send(control("server.draining", retry_ms=random.randint(500, 5_000)))

    async def _follow(self, watching: Watching, wanted: Request) -> None:
        try:
            async with aclosing(watching.frames(self._put)) as batches:
                async for batch in batches:
                    await self._send(batch)
        except ChimeraError as error:
            if error.retryable:
                # Whoever calls again finds us in a better state, and resumes where it was.
                raise Closed(1013) from error
            self._watched.pop(wanted.conversation_id, None)
            await self.send(refusal(error, wanted.request_id, wanted.conversation_id))

    async def _send(self, frames: Frames) -> None:
        async with self._sending:
            self._pending_since = _now()
            self._count(frames)
            try:
                await self._transport.send(frames)
            finally:
                self._pending_since = None

    def _put(self, frames: Frames) -> bool:
        """Send past everybody who waits to send, if nobody does."""
        if self._sending.locked() or not self._transport.put(frames):
            return False
        self._count(frames)
        return True

    def _count(self, frames: Frames) -> None:
        outflow = self._house.outflow
        outflow.frames += len(frames)
        outflow.bytes += sum(map(len, frames))

    def _time(self) -> str:
        return rfc3339(self._house.now())


def _now() -> float:
    return asyncio.get_running_loop().time()


def refusal(
    error: ChimeraError, request_id: str | None = None, conversation_id: str | None = None
) -> bytes:
    """An error as a frame."""
    about = {} if conversation_id is None else {"conversation_id": conversation_id}
    return control(
        "error",
        request_id=request_id,
        code=error.code,
        message=error.message,
        retryable=error.retryable,
        **about,
    )


def joined(frames: Frames) -> str:
    """One message for the socket. Viewers who are up to date share it."""
    return _shared(tuple(frames)) if len(frames) <= 8 else _join(frames)


def _join(frames: Frames) -> str:
    return (b"[" + b",".join(frames) + b"]").decode()


# The frames are the hub's own objects: their hashes are made once, comparing them is free.
_shared = lru_cache(maxsize=512)(_join)
