"""What every backend runs: units of work, and the names their failures get."""

import sqlite3
from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy import exc as sa

from chimera.core.errors import ChimeraError, DiskFull, ReadOnly, StoreBusy

Result = TypeVar("Result")
#: A plain function of a connection: it runs whole, in one transaction, and may run twice.
Unit = Callable[[Connection], Result]

_BUSY_STATES = frozenset({
    "40001", "40P01",  # serialization failure, deadlock: after the retries
    "53300", "55P03", "57014", "57P01", "57P02", "57P03",  # connections, lock, statement, shutdown
})  # fmt: skip
_FULL_STATE = "53100"
_READ_ONLY_STATE = "25006"
_BUSY_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT})
_READ_ONLY_CODES = frozenset({
    sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
})  # fmt: skip


class Backend(Protocol):
    """One kind of database."""

    async def write(self, unit: Unit[Result]) -> Result:
        """Run a unit in a transaction of its own and commit it."""
        ...

    async def read(self, unit: Unit[Result]) -> Result:
        """Run a unit that only reads, on a snapshot that has every write that returned."""
        ...

    async def close(self) -> None: ...


def sqlstate(error: sa.DBAPIError) -> str | None:
    """The five-letter code of a PostgreSQL error."""
    return getattr(error.orig, "sqlstate", None)


def translated(error: BaseException) -> BaseException:
    """The error under the name that the rest of the house knows, or the error itself.

    Broken constraints keep their own name: they are for the caller who can say what they mean.
    """
    match error:
        case sa.TimeoutError():
            return StoreBusy("The database has no free connection. Try again in a moment.")
        case sa.DBAPIError():
            return _named(error) or error
        case ConnectionError() | TimeoutError() | OSError():
            return StoreBusy("The database cannot be reached. Try again in a moment.")
        case _:
            return error


def _named(error: sa.DBAPIError) -> ChimeraError | None:
    state, code = sqlstate(error), getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if state == _FULL_STATE or code == sqlite3.SQLITE_FULL:
        return DiskFull("The disk of the database is full; nothing new can be kept.")
    if state == _READ_ONLY_STATE or code in _READ_ONLY_CODES:
        return ReadOnly("The database cannot be written: its place is write-protected or broken.")
    if error.connection_invalidated or state in _BUSY_STATES or code in _BUSY_CODES:
        return StoreBusy("The database is busy. Try again in a moment.")
    return None
