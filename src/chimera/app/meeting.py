"""Where the processes of a house meet: in Redis, or nowhere if there is but one."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from docket import Docket

from chimera.api.limits import Tally
from chimera.core.ids import Clock, IdSource
from chimera.engine.worker import WorkerSettings, docket_url
from chimera.realtime.hub import MemoryHub
from chimera.realtime.redis_hub import RedisHub
from chimera.realtime.redis_server import await_redis
from chimera.realtime.redis_tally import RedisTally
from chimera.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """What goes from process to process; a single one counts for itself."""

    hub: MemoryHub | RedisHub
    tally: Tally | None = None


@asynccontextmanager
async def open_meeting(settings: Settings, clock: Clock, ids: IdSource) -> AsyncGenerator[Meeting]:
    """Raises Unready(4) if a Redis that is named does not answer."""
    url = settings.redis.url
    if url is None:
        yield Meeting(hub=MemoryHub())
        return
    await await_redis(url, patience=settings.redis.patience_seconds)
    async with RedisHub.open(url, clock=clock, ids=ids) as hub, RedisTally.open(url) as tally:
        yield Meeting(hub=hub, tally=tally)


def docket_of(settings: Settings) -> Docket:
    """The docket of all processes of the house; to be opened."""
    url = docket_url(settings.redis.url)
    return Docket(name="chimera", url=url, execution_ttl=timedelta(0))


def worker_settings(settings: Settings) -> WorkerSettings:
    # Embedded, a dead process takes its queue along, and a short lease would only let the worker
    # reclaim its own run after a blocked loop.
    default = 30.0 if settings.redis.url is None else 2.0
    lease = timedelta(seconds=settings.engine.redelivery_seconds or default)
    return WorkerSettings(concurrency=settings.engine.concurrency, lease=lease)
