"""Fan-out of frames inside one process.

Viewers hold a position, never a queue: whoever falls off the ring goes back to the log, so a slow
viewer costs nobody anything (`realtime.md` section 10). All of it happens in one loop tick, so that
`head` and `state` always belong together.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from chimera.core.ports import Frame, HubState, Taker
from chimera.core.sequence import Draft

RING_FRAMES = 512
RING_BYTES = 512 * 1024
#: How long a channel without viewers is kept: they may come back with a position.
LINGER_S = 60.0


class RingChannel:
    """One conversation's ring; implements `Channel`."""

    def __init__(self) -> None:
        self.head = 0
        self.state = HubState()
        #: Who watches, and which of them are viewers.
        self.watchers = 0
        self.viewers_here = 0
        #: Viewers that other processes have told of.
        self.viewers_elsewhere = 0
        #: The newest run whose line is over: what comes late of it revives no draft.
        self._over = 0
        self._ring: deque[Frame] = deque()
        self._bytes = 0
        #: Who waits for the next frame, and what would take it without being woken.
        self._waiting: dict[asyncio.Future[None], Taker | None] = {}

    @property
    def viewers(self) -> int:
        return self.viewers_here + self.viewers_elsewhere

    def since(self, position: int) -> Sequence[Frame] | None:
        missing = self.head - position
        if missing > len(self._ring) or missing < 0:
            return None
        return [self._ring[index] for index in range(len(self._ring) - missing, len(self._ring))]

    async def changed(self, position: int, taker: Taker | None = None) -> None:
        while self.head <= position:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting[waiter] = taker
            try:
                await waiter
            finally:
                self._waiting.pop(waiter, None)

    def put(
        self,
        frames: Sequence[bytes],
        *,
        seq: int | None,
        generation: int | None,
        draft: Draft | None,
        keep_draft: bool,
    ) -> None:
        """Add frames and remember what they mean for late joiners."""
        before = self.state.generation
        if generation is not None and not self._current(generation, signals=seq is None):
            return
        if draft is not None and draft.generation <= self._over:
            return
        if seq is not None:
            self.state.seq = max(self.state.seq, seq)
            if not keep_draft:
                # A run may begin by telling the end of the line that the run before it left open.
                self._over = before
        if draft is not None or not keep_draft:
            self.state.draft = draft
        first = None if seq is None else seq - len(frames) + 1
        for index, data in enumerate(frames):
            self._add(Frame(data, None if first is None else first + index))
        self._ring_bell(() if seq is not None else tuple(frames))

    def lose_all(self) -> None:
        """Frames were lost: every position falls off the ring, and its holder reads the log."""
        self.head += 1
        self._ring.clear()
        self._bytes = 0
        self._ring_bell()

    def _current(self, generation: int, *, signals: bool) -> bool:
        """Note the generation; False for a signal of a run that another has succeeded."""
        if signals and generation < self.state.generation:
            return False
        if generation > self.state.generation:
            self.state.generation = generation
            # A draft of the run before will never be finished.
            self.state.draft = None
        return True

    def _add(self, frame: Frame) -> None:
        self._ring.append(frame)
        self._bytes += len(frame.data)
        self.head += 1
        while len(self._ring) > RING_FRAMES or self._bytes > RING_BYTES:
            self._bytes -= len(self._ring.popleft().data)

    def _ring_bell(self, signals: Sequence[bytes] = ()) -> None:
        """Wake who waits, but for those who take these signals as they are."""
        for waiter, taker in list(self._waiting.items()):
            if signals and taker is not None and taker(self.head, signals):
                continue
            del self._waiting[waiter]
            if not waiter.done():
                waiter.set_result(None)


class Channels:
    """The channels of a process: made by the first frame or watcher, dropped when idle.

    `on_made` and `on_dropped` tell a hub that has to fetch frames from elsewhere.
    """

    def __init__(
        self,
        *,
        on_made: Callable[[str], None] | None = None,
        on_dropped: Callable[[str], None] | None = None,
    ) -> None:
        self._channels: dict[str, RingChannel] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._on_made = on_made
        self._on_dropped = on_dropped

    def __len__(self) -> int:
        return len(self._channels)

    @property
    def viewers_here(self) -> int:
        """How many watch in this process; who watches two conversations counts twice."""
        return sum(channel.viewers_here for channel in list(self._channels.values()))

    def find(self, conversation_id: str) -> RingChannel | None:
        return self._channels.get(conversation_id)

    def all(self) -> list[tuple[str, RingChannel]]:
        return list(self._channels.items())

    def get(self, conversation_id: str) -> RingChannel:
        """The channel, made if need be; it lives on for a minute."""
        channel = self._channels.get(conversation_id)
        if channel is None:
            channel = self._channels[conversation_id] = RingChannel()
            self._linger(conversation_id)
            if self._on_made:
                self._on_made(conversation_id)
        return channel

    @asynccontextmanager
    async def watch(self, conversation_id: str, *, viewer: bool) -> AsyncGenerator[RingChannel]:
        channel = self.get(conversation_id)
        channel.watchers += 1
        channel.viewers_here += viewer
        try:
            yield channel
        finally:
            channel.watchers -= 1
            channel.viewers_here -= viewer
            # Who leaves after the hub was closed leaves nothing behind.
            if not channel.watchers and self.find(conversation_id) is channel:
                self._linger(conversation_id)

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._channels.clear()

    def _linger(self, conversation_id: str) -> None:
        timer = self._timers.pop(conversation_id, None)
        if timer:
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._timers[conversation_id] = loop.call_later(LINGER_S, self._drop, conversation_id)

    def _drop(self, conversation_id: str) -> None:
        del self._timers[conversation_id]
        channel = self._channels[conversation_id]
        if channel.watchers:
            return
        if channel.state.draft is not None:
            # A turn is open: whoever comes now wants its draft.
            self._linger(conversation_id)
            return
        del self._channels[conversation_id]
        if self._on_dropped:
            self._on_dropped(conversation_id)


class MemoryHub:
    """The hub of a house that is one process; implements `Hub`."""

    def __init__(self) -> None:
        self._channels = Channels()

    #: Nothing has to come from elsewhere, and nothing is lost on the way.
    lag_s, lost = 0.0, 0

    @property
    def viewers_here(self) -> int:
        return self._channels.viewers_here

    @property
    def degraded_since(self) -> datetime | None:
        return None

    async def publish(
        self,
        conversation_id: str,
        frames: Sequence[bytes],
        *,
        seq: int | None = None,
        generation: int | None = None,
        draft: Draft | None = None,
        keep_draft: bool = True,
    ) -> None:
        self._channels.get(conversation_id).put(
            frames, seq=seq, generation=generation, draft=draft, keep_draft=keep_draft
        )

    @asynccontextmanager
    async def watch(
        self, conversation_id: str, *, viewer: bool = False
    ) -> AsyncGenerator[RingChannel]:
        async with self._channels.watch(conversation_id, viewer=viewer) as channel:
            yield channel

    def close(self) -> None:
        """Forget everything. Who still watches sees no more frames."""
        self._channels.close()
