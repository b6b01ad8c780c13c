"""The Redis that a setting names: whether it will do, what it is like, and what of it is ours."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    RedisError,
    ResponseError,
)

from chimera.core.errors import Unready

#: A call that takes longer is given up.
PATIENCE_S = 1.0
#: How often a server that does not answer at the start is asked again.
ASK_AGAIN_S = 0.5
#: The first with everything we ask of streams.
OLDEST = "6.2"
#: What our keys begin with: alarms, frames, who watches. Nothing else is ever touched.
OURS = ("chimera:*", "live:*", "viewers", "viewers:*")
#: Keys that are taken out at once.
_BATCH = 500
_NOWHERE = "live:"
_FAILURES = (RedisError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisFacts:
    """What a server tells of itself; `policy` is what it does when its memory is full."""

    version: str
    policy: str
    #: What it keeps on its disk, in a word.
    kept: str


async def await_redis(url: str, *, patience: float) -> None:
    """Return once the server does what we need; later it may come and go.

    Raises Unready: at once where waiting will not help, after `patience` seconds where it did not.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    async with _connected(url) as redis:
        while True:
            try:
                return await _try_out(redis)
            except BusyLoadingError:
                why = "it is still loading"
            except (AuthenticationError, NoPermissionError, ResponseError) as error:
                raise Unready(f"Redis will not do: {_complaint(error)}.", exit_code=4) from error
            except _FAILURES as error:
                why = str(error) or type(error).__name__
            if loop.time() >= deadline:
                raise Unready(f"Redis cannot be reached: {why}.", exit_code=4)
            await asyncio.sleep(ASK_AGAIN_S)


async def look_at(url: str) -> RedisFacts:
    """What the server says of itself. Raises RedisError or OSError."""
    async with _connected(url) as redis:
        told: dict[str, Any] = await redis.info("everything")
        try:
            saves = (await redis.config_get("save")).get("save")
        except ResponseError:
            # Servers that somebody else looks after do not tell.
            saves = None
    return RedisFacts(
        version=str(told.get("redis_version", "?")),
        policy=str(told.get("maxmemory_policy", "?")),
        kept=_kept(append_only=bool(told.get("aof_enabled")), saves=saves),
    )


def _kept(*, append_only: bool, saves: str | None) -> str:
    if append_only:
        return "every change on disk"
    if saves is None:
        return "unknown what is on disk"
    return "snapshots on disk" if saves else "nothing on disk"


async def forget(url: str) -> int:
    """Take everything of ours out, and only that; how many keys there were."""
    gone = 0
    async with _connected(url, patience=30) as redis:
        for pattern in OURS:
            batch: list[bytes] = []
            keys = cast("AsyncIterator[bytes]", redis.scan_iter(pattern, count=_BATCH))
            async for key in keys:
                batch.append(key)
                if len(batch) == _BATCH:
                    gone += await redis.unlink(*batch)
                    batch.clear()
            if batch:
                gone += await redis.unlink(*batch)
    return gone


async def _try_out(redis: Redis) -> None:
    """The commands that everything depends on, on a stream that nobody has."""
    await redis.xlen(_NOWHERE)
    try:
        await redis.execute_command("XAUTOCLAIM", _NOWHERE, "group", "nobody", "0", "0-0")
    except ResponseError as error:
        # That there is no such group is the answer of a server that knows the command.
        if not str(error).startswith("NOGROUP"):
            raise


def _complaint(error: RedisError) -> str:
    """Why a server that answers cannot be used."""
    match error:
        case NoPermissionError():
            return f"its user may not use streams ({error})"
        case AuthenticationError():
            return f"it does not accept our user and password ({error})"
        case _ if "unknown command" in str(error).lower():
            return f"it is older than {OLDEST} and has no streams as we need them ({error})"
        case _:
            return str(error)


@asynccontextmanager
async def _connected(url: str, *, patience: float = PATIENCE_S) -> AsyncGenerator[Redis]:
    try:
        client = Redis.from_url(
            url, socket_timeout=patience, socket_connect_timeout=PATIENCE_S, driver_info=None,
            retry=Retry(NoBackoff(), 0), protocol=2,
        )  # fmt: skip
    except ValueError as error:
        raise Unready(f"CHIMERA_REDIS__URL cannot be read: {error}", exit_code=2) from None
    async with client as redis:
        yield redis
