"""Which conversations are awake, as the workers of a house call it out to each other.

A lease says who *was* awake when Redis last heard of it. While Redis is away all leases run out,
and after it was emptied there are none; either way nobody could tell a run that lives from one that
died with its process. So every worker calls the names of its runs several times a lease. Whoever is
about to take a run over, because its lease is over or its alarm is lost, listens first.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import Any, Protocol, cast

import structlog
from docket import Docket
from redis.asyncio import Redis
from redis.exceptions import RedisError

#: Parts of a lease: between calls; how old the last call of a living run may be; and after how
#: long a run that nobody has called is dead, however busy its process.
_CALL, _FRESH, _KEPT = 0.25, 0.75, 3.0
_FAILURES = (RedisError, OSError, TimeoutError)

#: Notes the time of each name and forgets the old; tells the time, and since when the roll is kept.
_CALL_OUT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('SET', KEYS[2], string.format('%.3f', now), 'NX')
for each = 2, #ARGV do redis.call('ZADD', KEYS[1], now, ARGV[each]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
return {string.format('%.3f', now), redis.call('GET', KEYS[2])}
"""

_log = structlog.get_logger(__name__)


class Roll(Protocol):
    """What the reconciler asks before it takes a run for dead."""

    async def called(self) -> Collection[str] | None:
        """The conversations that some process carries; None if that cannot be told now."""
        ...

    async def settle(self) -> None:
        """Return when every living run has been called once more."""
        ...


class RedisRoll:
    """The roll in the docket's Redis; implements `Roll`. Times are Redis's own, in seconds."""

    def __init__(
        self, docket: Docket, lease: timedelta, *, awake: Callable[[], Collection[str]]
    ) -> None:
        """`awake`: the conversations that this process carries."""
        self._docket = docket
        self._lease_s = lease.total_seconds()
        self._awake = awake
        self._names, self._begun = docket.key("awake"), docket.key("awake-since")
        #: Our last call, and from when on nothing is missing of the others.
        self._last: float | None = None
        self._whole_from = 0.0
        #: When Redis was back after we had lost it.
        self._back_at: float | None = None
        self._last_monotonic = 0.0

    async def keep(self) -> None:
        """Call out our runs, until cancelled."""
        while True:
            try:
                await self.call_out()
            except _FAILURES as error:
                # Whoever looks sees that our last call is old.
                _log.debug("roll_not_called", error=repr(error))
            await asyncio.sleep(self._lease_s * _CALL)

    async def call_out(self) -> None:
        """Raises RedisError or OSError when Redis is away, TimeoutError when it does not answer."""
        kept = str(self._lease_s * _KEPT)
        async with asyncio.timeout(self._lease_s), self._docket.redis() as client:
            # Docket's own type of it leaves out what docket does not use.
            redis = cast("Redis", client)
            keys = (self._names, self._begun)
            answer: Any = await redis.eval(_CALL_OUT, len(keys), *keys, kept, *self._awake())
        now, begun = (float(each) for each in cast("Sequence[bytes]", answer))
        if self._last is not None and now - self._last > self._lease_s * _FRESH:
            self._back_at = now
        self._whole_from = max(begun, self._back_at or 0.0)
        self._last, self._last_monotonic = now, asyncio.get_running_loop().time()

    async def still_carried(self, conversation_id: str) -> bool:
        """Whether some process carries it, or may: nobody knows while Redis is coming back."""
        now = self._now()
        if now is None or now - (self._back_at or 0.0) < self._lease_s:
            return True
        try:
            async with asyncio.timeout(self._lease_s), self._docket.redis() as redis:
                called = await redis.zscore(self._names, conversation_id)
        except _FAILURES:
            return True
        return called is not None and called > now - self._lease_s * _FRESH

    async def called(self) -> Collection[str] | None:
        now = self._now()
        if now is None or now - self._whole_from < self._lease_s * _KEPT:
            return None
        since = now - self._lease_s * _KEPT
        try:
            async with asyncio.timeout(self._lease_s), self._docket.redis() as redis:
                names = await redis.zrangebyscore(self._names, since, "+inf")
        except _FAILURES:
            return None
        return {each.decode() for each in cast("Sequence[bytes]", names)}

    async def settle(self) -> None:
        await asyncio.sleep(self._lease_s * (_KEPT + 2 * _CALL))

    def _now(self) -> float | None:
        """The time in Redis, if we have been in touch with it."""
        if self._last is None:
            return None
        since = asyncio.get_running_loop().time() - self._last_monotonic
        return None if since > self._lease_s * _FRESH else self._last + since
