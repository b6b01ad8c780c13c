"""Fan-out of frames between processes, over Redis Streams.

A stream per conversation carries the frames; a message on its wake channel says that there are
new ones. Nothing waits for Redis: while it is away frames are dropped and counted, and viewers get
finished messages from the log (`realtime.md` section 7).
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Self, cast

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chimera.core.ids import Clock, IdSource
from chimera.core.sequence import Draft
from chimera.realtime.entries import Keyframes, apply_entry
from chimera.realtime.hub import Channels, RingChannel

#: About so many entries are kept of each conversation, for so long.
KEPT_ENTRIES = 2000
KEPT_S = 3600
#: A call that takes longer is given up.
PATIENCE_S = 1.0
#: After a failure nothing is sent for so long: a run must not wait a second for each delta.
REST_S = 1.0
#: A newcomer's process reads so far back; a keyframe is never farther away.
LOOK_BACK = 64
#: How often woken streams are read, and how often all of them, because a wake may be lost.
TICK_S = 0.005
SWEEP_S = 1.0
#: How often processes tell each other of their viewers, and how long that is believed.
PRESENCE_S = 5.0
PRESENCE_KEPT_S = 15
CONNECTIONS = 50
_PROCESSES = "viewers"
_FAILURES = (RedisError, OSError, TimeoutError)

_log = structlog.get_logger(__name__)


class RedisHub:
    """The hub of a house of many processes; implements `Hub`. Use `RedisHub.open`."""

    def __init__(self, redis: Redis, clock: Clock, *, process: str) -> None:
        self._redis = redis
        self._clock = clock
        self._process = process
        self._channels = Channels(on_made=self._made, on_dropped=self._dropped)
        self._keyframes = Keyframes()
        #: The last entry read of each stream; None before the first look.
        self._streams: dict[str, bytes | None] = {}
        self._dirty: set[str] = set()
        self._unwatched: set[str] = set()
        self._woken = asyncio.Event()
        self._reading = asyncio.Lock()
        self._pubsub: PubSub | None = None
        self._rest_until = 0.0
        self._degraded_since: datetime | None = None
        #: Frames that were not sent because Redis was away.
        self.lost = 0
        #: How old the newest frame was when it was read, by the clocks of Redis and of this
        #: machine.
        self.lag_s = 0.0

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, clock: Clock, ids: IdSource) -> AsyncGenerator[Self]:
        """A hub that works until the block ends. Redis may come and go meanwhile."""
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=PATIENCE_S,
            # Our calls have deadlines of their own. With this one redis-py would wrap each in a
            # `wait_for`, which before Python 3.12 swallows what cancels it at the wrong moment:
            # then a line that has been said never ends.
            socket_timeout=None,
            socket_connect_timeout=PATIENCE_S,
            retry=Retry(NoBackoff(), 0),
            # The answers have the shapes that this code reads, whatever the server offers.
            protocol=2,
            # Else redis-py looks its own version up on the disk for each connection.
            driver_info=None,
        )
        async with Redis(connection_pool=pool) as redis:
            hub = cls(redis, clock, process=ids.new("prc"))
            try:
                async with _beside(hub._listen(), hub._fetch(), hub._count()):
                    yield hub
            finally:
                hub._channels.close()
                await pool.aclose()

    @property
    def degraded_since(self) -> datetime | None:
        return self._degraded_since

    @property
    def viewers_here(self) -> int:
        return self._channels.viewers_here

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
        if asyncio.get_running_loop().time() < self._rest_until:
            self.lost += len(frames)
            return
        entries = self._keyframes.entries(
            conversation_id, frames, seq=seq, generation=generation, draft=draft,
            keep_draft=keep_draft,
        )  # fmt: skip
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._send(conversation_id, entries, refresh=seq is not None)
        except _FAILURES as error:
            self.lost += len(frames)
            self._rest_until = asyncio.get_running_loop().time() + REST_S
            self._failed(error)
        else:
            self._recovered()

    @asynccontextmanager
    async def watch(
        self, conversation_id: str, *, viewer: bool = False
    ) -> AsyncGenerator[RingChannel]:
        async with self._channels.watch(conversation_id, viewer=viewer) as channel:
            await self._join(conversation_id)
            yield channel

    async def _send(
        self, conversation_id: str, entries: Sequence[dict[Any, Any]], *, refresh: bool
    ) -> None:
        stream = _stream(conversation_id)
        async with self._redis.pipeline(transaction=False) as pipeline:
            for entry in entries:
                pipeline.xadd(stream, entry, maxlen=KEPT_ENTRIES, approximate=True)
            if refresh:
                pipeline.expire(stream, KEPT_S)
            pipeline.publish(_wake(conversation_id), b"")
            await pipeline.execute()

    # --- watching ------------------------------------------------------------------------------

    def _made(self, conversation_id: str) -> None:
        self._streams[conversation_id] = None
        self._unwatched.discard(conversation_id)

    def _dropped(self, conversation_id: str) -> None:
        del self._streams[conversation_id]
        self._dirty.discard(conversation_id)
        self._unwatched.add(conversation_id)

    async def _join(self, conversation_id: str) -> None:
        """Listen for wakes, then read back what a newcomer needs."""
        if self._streams[conversation_id] is not None:
            return
        try:
            async with asyncio.timeout(PATIENCE_S):
                if self._pubsub:
                    await self._pubsub.subscribe(_wake(conversation_id))
                await self._read({conversation_id})
        except _FAILURES as error:
            # The next sweep looks again.
            self._failed(error)

    async def _read(self, conversations: Collection[str]) -> None:
        """Read what is new of these streams, and of those seen for the first time the end."""
        async with self._reading:
            known: dict[str, bytes] = {}
            for conversation_id in conversations:
                if conversation_id not in self._streams:
                    continue
                last = self._streams[conversation_id]
                if last is None:
                    await self._look_back(conversation_id)
                else:
                    known[conversation_id] = last
            if known:
                await self._read_on(known)

    async def _look_back(self, conversation_id: str) -> None:
        entries: Any = await self._redis.xrevrange(_stream(conversation_id), count=LOOK_BACK)
        self._take(conversation_id, list(reversed(entries)))
        self._streams[conversation_id] = entries[0][0] if entries else b"0-0"

    async def _read_on(self, known: dict[str, bytes]) -> None:
        streams: dict[Any, Any] = {
            _stream(conversation_id): last for conversation_id, last in known.items()
        }
        answer: Any = await self._redis.xread(streams, count=KEPT_ENTRIES)
        for name, entries in answer:
            conversation_id = name.decode().partition(":")[2]
            self._take(conversation_id, entries)
            newest: bytes = entries[-1][0]
            self._streams[conversation_id] = newest
            written_ms = int(newest.partition(b"-")[0])
            self.lag_s = max(0.0, self._clock.now().timestamp() - written_ms / 1000)

    def _take(self, conversation_id: str, entries: Sequence[tuple[bytes, Any]]) -> None:
        channel = self._channels.find(conversation_id)
        if channel:
            for _, fields in entries:
                apply_entry(channel, fields)

    # --- what goes on all the time ---------------------------------------------------------------

    async def _listen(self) -> None:
        """Note which streams have news. A lost connection is made again for ever."""
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
                    # One channel that never has news, so that there is always a subscription.
                    await pubsub.subscribe("wake")
                    self._pubsub = pubsub
                    # From here on `_join` subscribes; this is for who joined before.
                    if self._streams:
                        await pubsub.subscribe(*map(_wake, self._streams))
                    while True:
                        await self._hear(pubsub)
            except _FAILURES as error:
                self._failed(error)
            finally:
                self._pubsub = None
            await asyncio.sleep(REST_S)

    async def _hear(self, pubsub: PubSub) -> None:
        heard = cast("dict[str, Any] | None", await pubsub.get_message(timeout=SWEEP_S))
        if heard is not None:
            conversation_id = heard["channel"].decode().partition(":")[2]
            if conversation_id in self._streams:
                self._dirty.add(conversation_id)
                self._woken.set()
        if self._unwatched:
            gone, self._unwatched = self._unwatched, set()
            await pubsub.unsubscribe(*map(_wake, gone))

    async def _fetch(self) -> None:
        """Read woken streams once per tick, and all of them once per second."""
        loop = asyncio.get_running_loop()
        next_sweep = loop.time() + SWEEP_S
        while True:
            try:
                async with asyncio.timeout_at(next_sweep):
                    await self._woken.wait()
                    await asyncio.sleep(TICK_S)
            except TimeoutError:
                next_sweep = loop.time() + SWEEP_S
                self._dirty.update(self._streams)
            dirty, self._dirty = self._dirty, set()
            self._woken.clear()
            if dirty:
                await self._refresh(dirty)

    async def _refresh(self, conversations: Collection[str]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._read(conversations)
        except _FAILURES as error:
            self._failed(error)
        else:
            self._recovered()

    async def _count(self) -> None:
        """Tell the other processes of our viewers, and hear of theirs."""
        while True:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await self._exchange_presence()
            except _FAILURES as error:
                self._failed(error)
            await asyncio.sleep(PRESENCE_S)

    async def _exchange_presence(self) -> None:
        now = self._clock.now().timestamp()
        channels = self._channels.all()
        ours: dict[Any, Any] = {
            name: channel.viewers_here for name, channel in channels if channel.viewers_here
        }
        mine = _presence(self._process)
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.delete(mine)
            if ours:
                pipeline.hset(mine, mapping=ours)
                pipeline.expire(mine, PRESENCE_KEPT_S)
            pipeline.zadd(_PROCESSES, {self._process: now})
            pipeline.zremrangebyscore(_PROCESSES, "-inf", now - PRESENCE_KEPT_S)
            pipeline.zrange(_PROCESSES, 0, -1)
            processes = {each.decode() for each in (await pipeline.execute())[-1]}
        await self._add_up(channels, processes - {self._process})

    async def _add_up(
        self, channels: Sequence[tuple[str, RingChannel]], others: Collection[str]
    ) -> None:
        if not channels:
            return
        async with self._redis.pipeline(transaction=False) as pipeline:
            for other in others:
                pipeline.hmget(_presence(other), [name for name, _ in channels])
            counts: list[list[bytes | None]] = await pipeline.execute()
        for index, (_, channel) in enumerate(channels):
            channel.viewers_elsewhere = sum(int(row[index] or 0) for row in counts)

    # --- Redis away --------------------------------------------------------------------------

    def _failed(self, error: Exception) -> None:
        if self._degraded_since is None:
            self._degraded_since = self._clock.now()
            _log.warning("redis_away", error=str(error) or type(error).__name__)

    def _recovered(self) -> None:
        if self._degraded_since is None:
            return
        self._degraded_since = None
        _log.info("redis_back", frames_lost=self.lost)
        for _, channel in self._channels.all():
            channel.lose_all()


@asynccontextmanager
async def _beside(*jobs: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Run jobs while the block lasts. Its own error comes out as it is, not in a group."""
    group = asyncio.TaskGroup()
    await group.__aenter__()
    tasks = [group.create_task(job) for job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await group.__aexit__(None, None, None)


def _stream(conversation_id: str) -> str:
    return f"live:{conversation_id}"


def _wake(conversation_id: str) -> str:
    return f"wake:{conversation_id}"


def _presence(process: str) -> str:
    return f"viewers:{process}"
