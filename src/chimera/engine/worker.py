"""The docket that rings for turns, and the worker that runs them.

Docket is the alarm clock and nothing more: the rows say what is due, docket repeats it, and losing
all of docket's state costs at most one pass of the reconciler (`realtime.md` sections 3 and 5).
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import structlog
from docket import Docket, Perpetual, Worker
from redis.exceptions import RedisError

EMBEDDED = "memory://chimera"
#: How closely alarms are kept while anything runs; idle workers look up less often.
_BUSY = timedelta(milliseconds=20)
_IDLE = timedelta(milliseconds=250)

#: A call to the docket that takes longer is given up.
_PATIENCE_S = 5.0

_log = structlog.get_logger(__name__)

TurnFunction = Callable[[str], Awaitable[datetime | None]]
Reconcile = Callable[[], Awaitable[None]]
TitleFunction = Callable[[str], Awaitable[None]]


def docket_url(redis_url: str | None) -> str:
    """The address docket is given.

    redis-py limits a pool to 100 connections; with hundreds of turns awake most would wait for
    redelivery, so the pool is widened here.
    """
    if redis_url is None:
        return EMBEDDED
    parts = urlsplit(redis_url)
    query = dict(parse_qsl(parts.query)) | {"max_connections": "5000"}
    return urlunsplit(parts._replace(query=urlencode(query)))


def turn_key(conversation_id: str) -> str:
    return f"conversation:{conversation_id}"


def title_key(conversation_id: str) -> str:
    return f"title:{conversation_id}"


class DocketAlarm:
    """Rings a conversation's turn through docket; implements `core.ports.Alarm`.

    Whoever rings has committed already, so nobody is told when Redis is away: the row says what is
    due, and the reconciler sets what is missing once Redis is back.
    """

    def __init__(self, docket: Docket) -> None:
        self._docket = docket

    async def ring(self, key: str, at: datetime) -> None:
        await self._try(key, self._docket.replace("turn", at, turn_key(key))(key))

    async def add(self, key: str, at: datetime) -> None:
        await self._try(key, self._docket.add("turn", at, turn_key(key))(key))

    async def entitle(self, key: str) -> None:
        """Have a talk named away from its turns; asking twice names it once."""
        await self._try(key, self._docket.add("title", None, title_key(key))(key))

    async def cancel(self, key: str) -> None:
        await self._try(key, self._docket.cancel(turn_key(key)))

    async def _try(self, key: str, call: Awaitable[object]) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await call
        except (RedisError, OSError, TimeoutError) as error:
            _log.warning("alarm_not_set", conversation_id=key, error=repr(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """`lease` is how long a silent worker keeps its runs: the silence after a crash."""

    concurrency: int = 1000
    lease: timedelta = timedelta(seconds=30)


def register(
    docket: Docket, run_turn: TurnFunction, run_reconcile: Reconcile, run_title: TitleFunction
) -> None:
    """Teach the docket its three tasks, by the names of the functions.

    A turn catches everything itself, because an exception in a Perpetual reschedules it at once.
    """

    async def turn(
        conversation_id: str, perpetual: Perpetual = Perpetual(every=timedelta(seconds=5))
    ) -> None:
        due = await run_turn(conversation_id)
        # Never `after()` here: docket checks its own generation on `cancel`, so a newer
        # schedule of the key survives; a loser that reschedules would not respect it.
        if due is None:
            perpetual.cancel()
        else:
            perpetual.at(due)

    async def reconcile(
        perpetual: Perpetual = Perpetual(every=timedelta(seconds=30), automatic=True),
    ) -> None:
        await run_reconcile()

    async def title(conversation_id: str) -> None:
        await run_title(conversation_id)

    docket.register(turn)
    docket.register(title)
    docket.register(reconcile)


class TurnWorker:
    """Runs what the docket rings for, until it is drained."""

    def __init__(self, docket: Docket, settings: WorkerSettings) -> None:
        self._docket = docket
        self._concurrency = settings.concurrency
        self._worker = Worker(
            docket,
            concurrency=settings.concurrency,
            redelivery_timeout=settings.lease,
            reconnection_delay=timedelta(milliseconds=500),
            minimum_check_interval=_BUSY,
            scheduling_resolution=_BUSY,
        )
        self._awake: set[asyncio.Task[Any] | None] = set()
        self._quiet = asyncio.Event()
        self._quiet.set()

    @asynccontextmanager
    async def busy(self) -> AsyncGenerator[None]:
        """Marks one run as awake, so that a drain knows what to wait for."""
        run = asyncio.current_task()
        self._awake.add(run)
        self._quiet.clear()
        try:
            yield
        finally:
            self._awake.discard(run)
            if not self._awake:
                self._quiet.set()

    @property
    def draining(self) -> bool:
        return self._worker.concurrency == 0

    def attend(self, *, running: bool) -> None:
        """Look for alarms often while any conversation runs, seldom while none does."""
        interval = _BUSY if running else _IDLE
        self._worker.minimum_check_interval = interval
        self._worker.scheduling_resolution = interval

    def hold(self) -> AbstractAsyncContextManager[Worker]:
        return self._worker

    async def run(self) -> None:
        """Work until cancelled. The worker must be held meanwhile."""
        await self._worker.run_forever()

    async def drain(self, patience: float) -> bool:
        """Take nothing new and let what is awake finish; whether all of it did.

        What is not done in time, or when the drain is cancelled, is broken off: the next process
        finds the open turn and tells it as interrupted. Without that, docket would wait for it.

        Docket stops renewing the leases of a worker that is being cancelled, and another would
        begin the same turns; with no concurrency left it goes on renewing (`realtime.md` §3.6).
        """
        self._worker.concurrency = 0
        try:
            async with asyncio.timeout(patience):
                await self._quiet.wait()
        except TimeoutError:
            return False
        finally:
            for run in self._awake:
                if run is not None:
                    run.cancel()
        return True
