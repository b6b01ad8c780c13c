"""The docket that rings for turns, and the worker that runs them.

Docket is the alarm clock and nothing more: the rows say what is due, docket repeats it, and losing
all of docket's state costs at most one pass of the reconciler (`realtime.md` sections 3 and 5).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import structlog
from docket import CurrentExecution, Docket, Execution, Perpetual, Worker
from redis.exceptions import RedisError

from chimera.engine.roll import RedisRoll

EMBEDDED = "memory://chimera"
#: How closely alarms are kept while anything runs; idle workers look up less often.
_BUSY = timedelta(milliseconds=20)
_IDLE = timedelta(milliseconds=250)

#: A call to the docket that takes longer is given up.
_PATIENCE_S = 5.0
#: How often a worker looks whether Redis has been away, or has forgotten everything.
_LOOK_S = 1.0
#: How often a run that may be alive elsewhere is asked for.
_ASK_AGAIN_S = 0.25
_FAILURES = (RedisError, OSError, TimeoutError)

_log = structlog.get_logger(__name__)

#: Gets a conversation, and whether the run is another's that was given up.
TurnFunction = Callable[[str, bool], Awaitable[datetime | None]]
Reconcile = Callable[[], Awaitable[None]]
TitleFunction = Callable[[str], Awaitable[None]]
PollFunction = Callable[[str], Awaitable[None]]


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


def poll_key(poll_id: str) -> str:
    return f"poll:{poll_id}"


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

    async def tally(self, poll_id: str, at: datetime) -> None:
        """Have a poll closed at that time; asking twice closes it once."""
        await self._try(poll_id, self._docket.add("poll", at, poll_key(poll_id))(poll_id))

    async def cancel(self, key: str) -> None:
        await self._try(key, self._docket.cancel(turn_key(key)))

    async def _try(self, key: str, call: Awaitable[object]) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await call
        except _FAILURES as error:
            _log.warning("alarm_not_set", conversation_id=key, error=repr(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """`lease` is how long a silent worker keeps its runs: the silence after a crash."""

    concurrency: int = 1000
    lease: timedelta = timedelta(seconds=30)


def register(
    docket: Docket,
    run_turn: TurnFunction,
    run_reconcile: Reconcile,
    run_title: TitleFunction,
    run_poll: PollFunction,
) -> None:
    """Teach the docket its four tasks, by the names of the functions.

    A turn catches everything itself, because an exception in a Perpetual reschedules it at once.
    """

    async def turn(
        conversation_id: str,
        execution: Execution = CurrentExecution(),
        perpetual: Perpetual = Perpetual(every=timedelta(seconds=5)),
    ) -> None:
        due = await run_turn(conversation_id, execution.redelivered)
        # Never `after()` here: docket checks its own generation on `cancel`, so a newer
        # schedule of the key survives; a loser that reschedules would not respect it.
        if due is None:
            perpetual.cancel()
        else:
            await _remind(docket, execution)
            perpetual.at(due)

    async def reconcile(
        perpetual: Perpetual = Perpetual(every=timedelta(seconds=30), automatic=True),
    ) -> None:
        await run_reconcile()

    async def title(conversation_id: str) -> None:
        await run_title(conversation_id)

    async def poll(poll_id: str) -> None:
        await run_poll(poll_id)

    for task in (turn, poll, title, reconcile):
        docket.register(task)


async def _remind(docket: Docket, execution: Execution) -> None:
    """Give a key its number back that Redis has forgotten, before the run sets its next alarm.

    Docket counts the alarms of a key and deletes the record of every alarm that is not newer than
    the run which ends. When Redis forgets, it counts from one again: the alarm that a run from
    before sets would count as older than the run itself, and never ring.
    """
    record = docket.runs_key(execution.key)
    try:
        async with asyncio.timeout(_PATIENCE_S), docket.redis() as redis:
            known = await redis.hget(record, "generation")
            if known is None or int(known) < execution.generation:
                await redis.hset(record, "generation", str(execution.generation))
    except _FAILURES as error:
        _log.warning("alarm_not_numbered", key=execution.key, error=repr(error))


class TurnWorker:
    """Runs what the docket rings for, until it is drained."""

    def __init__(self, docket: Docket, settings: WorkerSettings) -> None:
        self._docket = docket
        self._settings = settings
        self._interval = _BUSY
        self._worker = self._hire()
        #: The runs that are under way, with their conversations.
        self._awake: dict[asyncio.Task[Any], str] = {}
        #: Those that wait until another process lets their conversation go.
        self._waiting: set[asyncio.Task[Any]] = set()
        self._broken_off: set[asyncio.Task[Any]] = set()
        #: One process alone knows by itself who is awake.
        self.roll = (
            None
            if docket.url == EMBEDDED
            else RedisRoll(docket, settings.lease, awake=self._carried)
        )
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._draining = False
        #: What Redis was marked with when we last looked; None before the first look.
        self._mark: bytes | None = None

    async def carry(
        self, conversation_id: str, run: Callable[[], Awaitable[datetime | None]], *, again: bool
    ) -> datetime | None:
        """Carry one run, so that a drain knows what to wait for.

        `again`: its lease ran out elsewhere. That happens to living runs too while Redis is away,
        so it begins when they are over. What a drain breaks off is due at once: for another
        process, this one takes nothing more.
        """
        task = _this_task()
        if again:
            await self._until_let_go(task, conversation_id)
        self._awake[task] = conversation_id
        self._quiet.clear()
        try:
            return await run()
        except asyncio.CancelledError:
            if task not in self._broken_off:
                raise
            task.uncancel()
            return datetime.fromtimestamp(0, UTC)
        finally:
            del self._awake[task]
            self._broken_off.discard(task)
            if not self._awake:
                self._quiet.set()

    async def _until_let_go(self, task: "asyncio.Task[Any]", conversation_id: str) -> None:
        self._waiting.add(task)
        try:
            while True:
                if not await self._is_carried(conversation_id):
                    return
                await asyncio.sleep(_ASK_AGAIN_S)
        finally:
            self._waiting.discard(task)

    async def _is_carried(self, conversation_id: str) -> bool:
        if conversation_id in self._carried():
            return True
        return self.roll is not None and await self.roll.still_carried(conversation_id)

    def _carried(self) -> Collection[str]:
        return frozenset(self._awake.values())

    @property
    def draining(self) -> bool:
        return self._draining

    def attend(self, *, running: bool) -> None:
        """Look for alarms often while any conversation runs, seldom while none does."""
        self._interval = _BUSY if running else _IDLE
        self._worker.minimum_check_interval = self._interval
        self._worker.scheduling_resolution = self._interval

    async def run(self) -> None:
        """Work until cancelled.

        A worker of docket's that loses Redis takes nothing new until its last run is over, be it a
        minute; so another takes its place as soon as Redis is back. At its start it also sees to
        it that the reconciler runs, without which lost alarms stay lost.
        """
        async with asyncio.TaskGroup() as group:
            calling = group.create_task(self.roll.keep()) if self.roll else None
            try:
                while True:
                    over = asyncio.Event()
                    group.create_task(_work(self._worker, over))
                    await self._redis_to_be_lost()
                    _log.warning("worker_renewed", awake=len(self._awake))
                    self._worker.concurrency = 0
                    group.create_task(_after(frozenset(self._awake), over))
                    self._worker = self._hire()
            finally:
                if calling is not None:
                    calling.cancel()
                self._cancel_runs()

    def _hire(self) -> Worker:
        return Worker(
            self._docket,
            concurrency=self._settings.concurrency,
            redelivery_timeout=self._settings.lease,
            reconnection_delay=timedelta(milliseconds=500),
            minimum_check_interval=self._interval,
            scheduling_resolution=self._interval,
        )

    async def _redis_to_be_lost(self) -> None:
        """Return once Redis is back after it was away, or is there and has forgotten everything."""
        away = False
        while True:
            try:
                mark = await self._look()
            except _FAILURES:
                away = True
            else:
                known, self._mark = self._mark, mark
                if (away or known not in {None, mark}) and not self._draining:
                    return
            await asyncio.sleep(_LOOK_S)

    async def _look(self) -> bytes | None:
        """The mark that Redis carries for as long as it remembers; made if there is none."""
        key = self._docket.key("mark")
        async with asyncio.timeout(_PATIENCE_S), self._docket.redis() as redis:
            mark = await redis.get(key)
            if mark is None:
                now = asyncio.get_running_loop().time()
                await redis.set(key, f"{self._worker.name} at {now}", nx=True)
                mark = await redis.get(key)
            return mark

    async def drain(self, patience: float) -> bool:
        """Take nothing new and let what is awake finish; whether all of it did.

        What is not done in time, or when the drain is cancelled, is broken off: the next process
        finds the open turn and tells it as interrupted. Without that, docket would wait for it.

        Docket stops renewing the leases of a worker that is being cancelled, and another would
        begin the same turns; with no concurrency left it goes on renewing (`realtime.md` §3.6).
        """
        self._draining = True
        self._worker.concurrency = 0
        try:
            async with asyncio.timeout(patience):
                await self._quiet.wait()
        except TimeoutError:
            return False
        finally:
            self._broken_off.update(self._awake)
            self._cancel_runs()
        return True

    def _cancel_runs(self) -> None:
        for run in (*self._awake, *self._waiting):
            run.cancel()


def _this_task() -> "asyncio.Task[Any]":
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - docket runs every task in one of its own
    return task


async def _work(worker: Worker, over: asyncio.Event) -> None:
    """Work until told that it is over.

    Docket's worker is told by leaving its block: redis-py can swallow what cancels its calls.
    """
    async with asyncio.TaskGroup() as group, worker:
        group.create_task(worker.run_forever())
        await over.wait()


async def _after(runs: Collection["asyncio.Task[Any]"], over: asyncio.Event) -> None:
    """Tell a worker that takes nothing new that it is over, once these runs of its are."""
    if runs:
        await asyncio.wait(runs)
    over.set()
