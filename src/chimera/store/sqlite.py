"""SQLite: one thread that writes in groups, and a few that read.

Two connections that write would only wait for each other, and two that checkpoint can corrupt the
file before SQLite 3.51.3; so one connection does both. A unit runs whole inside its thread, because
a hop between threads for each statement costs more than the statement (`realtime.md` section 12).
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import orjson
from sqlalchemy import Connection, Engine, create_engine, event

from chimera.core.errors import StoreBusy
from chimera.store.units import Result, Unit, translated

#: Units that may wait for the writer, or for a reader, before callers are turned away.
QUEUE = 256
#: Units that share one commit, and thereby one sync of the disk.
GROUP = 64
READERS = 4
#: The writer moves the WAL into the file at 16 MiB; readers never do.
_CHECKPOINT_PAGES = 4096
#: The first version in which two connections may checkpoint at once without harm.
SAFE_VERSION = (3, 51, 3)


@dataclass(frozen=True, slots=True)
class _Job:
    unit: Unit[Any]
    answer: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


class Writer:
    """The one thread that writes. Results are handed back after the commit."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.Queue[_Job | None] = queue.Queue(QUEUE)
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._closed = False
        self._thread.start()

    async def run(self, unit: Unit[Result]) -> Result:
        """The unit's result, once it is on the disk. Raises StoreBusy when too many wait."""
        answer: asyncio.Future[Result] = self._loop.create_future()
        if self._closed:
            raise StoreBusy("The database is closing.")
        try:
            self._jobs.put_nowait(_Job(unit, answer))
        except queue.Full:
            raise StoreBusy("Too many writes are waiting. Try again in a moment.") from None
        return await answer

    async def close(self) -> None:
        """Finish what waits, then end the thread."""
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._jobs.put, None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        closing = False
        while not closing:
            group, closing = self._next_group()
            if group:
                outcomes = self._commit(group)
                self._loop.call_soon_threadsafe(_hand_back, group, outcomes)

    def _next_group(self) -> tuple[list[_Job], bool]:
        group: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            group.append(job)
            if len(group) == GROUP:
                return group, False
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _commit(self, group: list[_Job]) -> list[Any]:
        try:
            with self._engine.begin() as connection:
                return [_in_savepoint(connection, job) for job in group]
        except BaseException as error:  # whatever it is, the callers must hear it, not this thread
            failed = _Failed(translated(error))
            return [failed] * len(group)


def _in_savepoint(connection: Connection, job: _Job) -> Any:
    """The unit's result, or its failure, which has undone this unit and no other."""
    if job.answer.cancelled():
        return None
    # Straight to the driver: SQLAlchemy compiles every savepoint anew, a quarter of an append.
    driver = _driver(connection)
    driver.execute("SAVEPOINT unit")
    try:
        result = job.unit(connection)
    except BaseException as error:
        # A full disk ends the whole transaction; then nobody's unit has happened.
        if not driver.in_transaction:
            raise
        driver.execute("ROLLBACK TO unit")
        result = _Failed(translated(error))
    driver.execute("RELEASE unit")
    return result


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError(f"not a SQLite connection: {driver!r}")
    return driver


def _hand_back(group: list[_Job], outcomes: list[Any]) -> None:
    for job, outcome in zip(group, outcomes, strict=True):
        if job.answer.done():
            continue
        if isinstance(outcome, _Failed):
            job.answer.set_exception(outcome.error)
        else:
            job.answer.set_result(outcome)


class Readers:
    """A few threads that read; a whole unit is one hop.

    Through aiosqlite every statement and every fetch is a hop of its own: measured on a busy
    machine, looking up one row took 0.2-0.9 ms here and 0.5-3.6 ms there.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._waiting = 0

    async def run(self, unit: Unit[Result]) -> Result:
        if self._waiting >= QUEUE:
            raise StoreBusy("Too many reads are waiting. Try again in a moment.")
        self._waiting += 1
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, partial(self._read, unit))
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)

    def _read(self, unit: Unit[Result]) -> Result:
        try:
            with self._engine.connect() as connection:
                return unit(connection)
        except Exception as error:
            raise translated(error) from error


class Sqlite:
    """One file; implements `Backend`."""

    def __init__(self, writing: Engine, reading: Engine) -> None:
        self._writing = writing
        self._reading = reading
        self._writer = Writer(writing)
        self._readers = Readers(reading)

    @classmethod
    async def open(cls, path: Path, *, synchronous: str) -> Self:
        """The database in this file; it must have been checked that there can be one."""
        pragmas = {
            "journal_mode": "WAL",
            "busy_timeout": 5000,
            "foreign_keys": "on",
            "synchronous": synchronous,
        }
        writing = pragmas | {"wal_autocheckpoint": _CHECKPOINT_PAGES}
        reading = pragmas | {"wal_autocheckpoint": 0, "query_only": "on"}
        return cls(
            await asyncio.to_thread(_engine, path, writing, begin="BEGIN IMMEDIATE", connections=1),
            await asyncio.to_thread(_engine, path, reading, begin="BEGIN", connections=READERS),
        )

    async def write(self, unit: Unit[Result]) -> Result:
        return await self._writer.run(unit)

    async def read(self, unit: Unit[Result]) -> Result:
        return await self._readers.run(unit)

    async def snapshot(self, unit: Unit[Result]) -> Result:
        # Each transaction is one here, and has no deadline.
        return await self._readers.run(unit)

    async def close(self) -> None:
        await self._writer.close()
        await self._readers.close()
        await asyncio.to_thread(self._reading.dispose)
        await asyncio.to_thread(self._put_away)

    def _put_away(self) -> None:
        """Move the WAL into the file, so that the file alone is whole."""
        driver = self._writing.raw_connection()
        try:
            driver.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            driver.close()
        self._writing.dispose()


def _engine(path: Path, pragmas: dict[str, Any], *, begin: str, connections: int) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        pool_size=connections,
        max_overflow=0,
        json_serializer=dumps,
        json_deserializer=orjson.loads,
        # The driver would begin transactions of its own, too late and of the wrong kind.
        connect_args={"isolation_level": None},
    )
    event.listen(engine, "connect", _setting(pragmas))
    event.listen(engine, "begin", _beginning(begin))
    return engine


def _setting(pragmas: dict[str, Any]) -> Callable[[sqlite3.Connection, object], None]:
    def set_pragmas(driver: sqlite3.Connection, _: object) -> None:
        for name, value in pragmas.items():
            driver.execute(f"PRAGMA {name} = {value}")

    return set_pragmas


def _beginning(statement: str) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return begin


def read_file(file: Path) -> sqlite3.Connection:
    """A connection that only reads, to a file which another process may have open.

    Without a log beside it nobody has it open, and it can be read as it lies.
    """
    how = "mode=ro" if file.with_name(f"{file.name}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"file:{quote(str(file.absolute()))}?{how}", uri=True)


def dumps(value: Any) -> str:
    """JSON text as both databases store it."""
    return orjson.dumps(value).decode()
