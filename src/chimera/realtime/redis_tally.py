"""Counts over all processes how often something was done, in Redis.

A count is one moment: when its bucket will be full again. So a key takes a few bytes and forgets
itself within a minute, and one script both looks and counts.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Self

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

#: An answer that takes longer is not waited for, and for so long nobody asks again.
PATIENCE_S = 0.5
REST_S = 1.0
CONNECTIONS = 20
_MINUTE_MS = 60_000
_FAILURES = (RedisError, OSError, TimeoutError)

#: Milliseconds to wait; 0 if it was counted.
_COUNT = f"""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local each = math.ceil({_MINUTE_MS} / ARGV[1])
local full = math.max(now, tonumber(redis.call('GET', KEYS[1]) or now)) + each
if full > now + each * ARGV[1] then return full - now - each * ARGV[1] end
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', full - now)
return 0
"""

_log = structlog.get_logger(__name__)


class RedisTally:
    """Implements `api.limits.Tally`. Use `RedisTally.open`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._count = redis.register_script(_COUNT)
        self._rest_until = 0.0
        self._away = False

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncGenerator[Self]:
        """A tally that works until the block ends. Redis may come and go meanwhile."""
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=PATIENCE_S,
            # Our calls have deadlines of their own (`redis_hub.py`).
            socket_timeout=None,
            socket_connect_timeout=PATIENCE_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
        )
        async with Redis(connection_pool=pool) as redis:
            try:
                yield cls(redis)
            finally:
                await pool.aclose()

    async def wait(self, key: str, per_minute: int) -> float | None:
        """Count one, unless so many were in the last minute; the seconds to wait, 0 if counted.

        None while Redis is away.
        """
        now = asyncio.get_running_loop().time()
        if now < self._rest_until:
            return None
        try:
            async with asyncio.timeout(PATIENCE_S):
                wait: Any = await self._count(keys=[f"rate:{key}"], args=[per_minute])
        except _FAILURES as error:
            self._rest_until = now + PATIENCE_S + REST_S
            if not self._away:
                _log.warning("rates_counted_here", error=str(error) or type(error).__name__)
            self._away = True
            return None
        if self._away:
            _log.info("rates_counted_together")
        self._away = False
        return int(wait) / 1000
