"""The store: units of work, each a plain function run in one transaction, on either database."""

import asyncio
import os
import secrets
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import structlog
from sqlalchemy import URL, Connection, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError

from chimera.core.errors import ReadOnly, Unready
from chimera.core.events import Actor
from chimera.core.ids import IdSource
from chimera.store import gate, migrations
from chimera.store.gate import Gate
from chimera.store.postgres import Postgres
from chimera.store.sqlite import SAFE_VERSION, Sqlite
from chimera.store.tables import meta
from chimera.store.units import Backend, Result, Unit, sqlstate

Dialect = Literal["sqlite", "postgresql"]
Afterwards = Callable[[], Awaitable[None]]

_log = structlog.get_logger(__name__)
#: How often a server that does not answer at the start is asked again.
_ASK_AGAIN = 0.5
#: States that do not pass by themselves: a wrong user or password, no such database, no right.
_NEVER = ("28", "3D", "42501")


@dataclass(frozen=True, slots=True)
class Work:
    """One person's transaction: who acts, and the connection on which all of it happens.

    Table functions take `connection`; what must only happen once the work is safe, such as telling
    the viewers, is handed to `afterwards`.
    """

    actor: Actor
    connection: Connection
    #: What waits for the commit.
    after: list[Afterwards] = field(default_factory=list[Afterwards])

    def afterwards(self, action: Afterwards) -> None:
        """Run `action` after the commit, in order; never if the work fails."""
        self.after.append(action)


class Store:
    """Reads and writes; use `Store.open`."""

    def __init__(
        self,
        backend: Backend,
        *,
        dialect: Dialect,
        store_id: str,
        secret: str = "",
        file: Path | None = None,
    ) -> None:
        self._backend = backend
        self._gate = Gate()
        self.dialect: Dialect = dialect
        #: Where everything is kept, if it is one file of this machine.
        self.file = file
        #: Changes when a backup is restored: clients then forget their cursors.
        self.store_id = store_id
        #: What only the processes of this house know; never told.
        self.secret = secret

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        url: str,
        *,
        ids: IdSource,
        durable: bool = False,
        pool_size: int = 10,
        patience: float = 30.0,
    ) -> AsyncGenerator["Store"]:
        """The store at `url`, migrated and ready, until the block ends.

        `durable` makes SQLite sync each commit, so that even a power cut takes nothing. A server
        gets `patience` seconds to appear. Raises Unready with the exit code that says why not.
        """
        address = parse(url)
        dialect: Dialect = "sqlite" if address.drivername == "sqlite" else "postgresql"
        file = Path(address.database or "") if dialect == "sqlite" else None
        async with reach(
            address, durable=durable, pool_size=pool_size, patience=patience
        ) as backend:
            await backend.write(migrations.upgrade)
            store_id = await backend.write(partial(_fact, name="store_id", fresh=ids.new("sto")))
            secret = await backend.write(
                partial(_fact, name="secret", fresh=secrets.token_urlsafe(32))
            )
            yield cls(backend, dialect=dialect, store_id=store_id, secret=secret, file=file)

    async def write(self, unit: Unit[Result]) -> Result:
        """Run `unit` in one transaction. It may run twice: it must change nothing but rows.

        Raises StoreBusy when the database cannot keep up, ReadOnly while it cannot be written.
        """
        return await self._gate.through(partial(self._backend.write, unit))

    @property
    def read_only(self) -> ReadOnly | None:
        """Why nothing can be written; None while all is well."""
        return self._gate.shut

    async def beat(self) -> None:
        """Write next to nothing. Raises StoreBusy or ReadOnly if not even that can be done."""
        await self.write(gate.beat)

    async def watch(self, *, least_free: int, every_s: float = gate.LOOK_S) -> None:
        """See to it for ever that writing ends before the disk is full, and is taken up again."""
        probe = partial(self._backend.write, gate.beat)
        await gate.watch(self._gate, probe, file=self.file, least_free=least_free, every_s=every_s)

    async def read(self, unit: Unit[Result]) -> Result:
        """Run a `unit` that only reads; it sees every write that has returned."""
        return await self._backend.read(unit)

    async def work(self, actor: Actor, unit: Callable[[Work], Result]) -> Result:
        """Run one person's work in one transaction, then what it left for afterwards."""

        def attempt(connection: Connection) -> tuple[Work, Result]:
            work = Work(actor, connection)
            return work, unit(work)

        work, result = await self.write(attempt)
        for action in work.after:
            await action()
        return result


async def migrate(url: str, revision: str = "head", *, patience: float = 30.0) -> None:
    """Bring the database at `url` to a revision, up or down."""
    async with reach(parse(url), patience=patience) as backend:
        await backend.write(partial(migrations.move, revision=revision))


def parse(url: str) -> URL:
    """The address in a setting. Raises Unready(2) for one that is none of ours."""
    try:
        address = make_url(url)
    except ArgumentError:
        raise Unready("The database address cannot be read.", exit_code=2) from None
    kind = address.drivername.partition("+")[0]
    if kind == "sqlite" and address.database not in {None, "", ":memory:"}:
        return address.set(drivername="sqlite")
    if kind in {"postgresql", "postgres"}:
        return address.set(drivername="postgresql")
    raise Unready(
        "The database must be sqlite:///a/file.db or postgresql://user:password@host/name.",
        exit_code=2,
    )


@asynccontextmanager
async def reach(
    address: URL, *, durable: bool = True, pool_size: int = 1, patience: float = 30.0
) -> AsyncGenerator[Sqlite | Postgres]:
    """The database at this address, whatever is in it; raises Unready if it cannot be used."""
    if address.drivername == "sqlite":
        path = Path(address.database or "")
        await asyncio.to_thread(_check_file, path)
        backend = await Sqlite.open(path, synchronous="FULL" if durable else "NORMAL")
    else:
        backend = Postgres(address, pool_size=pool_size)
    try:
        if isinstance(backend, Postgres):
            await _await_server(backend, patience)
        yield backend
    finally:
        await backend.close()


def _check_file(path: Path) -> None:
    """Raises Unready(3) if this file cannot be our database."""
    folder = path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unready(f"The folder {folder} cannot be made: {error}.", exit_code=3) from error
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise Unready(f"The database {path} cannot be written there.", exit_code=3)
    try:
        probe = sqlite3.connect(path, timeout=5)
        try:
            probe.execute("PRAGMA schema_version").fetchone()
        finally:
            probe.close()
    except sqlite3.Error as error:
        raise Unready(f"{path} cannot be used as a database: {error}.", exit_code=3) from error
    if sqlite3.sqlite_version_info < SAFE_VERSION:
        _log.warning(
            "sqlite_old",
            version=sqlite3.sqlite_version,
            advice="Let no other program open the database file for writing while Chimera runs.",
        )


async def _await_server(backend: Postgres, patience: float) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while True:
        try:
            return await backend.check_version()
        except (OSError, TimeoutError, DBAPIError) as error:
            why = _said(error)
            if isinstance(error, DBAPIError) and (sqlstate(error) or "").startswith(_NEVER):
                raise Unready(f"The database refuses us: {why}.", exit_code=4) from error
            if loop.time() >= deadline:
                raise Unready(f"The database cannot be reached: {why}.", exit_code=4) from error
            await asyncio.sleep(_ASK_AGAIN)


def _said(error: Exception) -> str:
    """What the server said, in one line."""
    said = error.orig if isinstance(error, DBAPIError) else error
    text = str(said).partition("\n")[0].rstrip(".")
    return text.rpartition(">: ")[2] or type(error).__name__


def _fact(connection: Connection, *, name: str, fresh: str) -> str:
    """What the store knows under that name; `fresh` if it knows nothing yet."""
    query = select(meta.c.value).where(meta.c.name == name)
    known = connection.execute(query).scalar_one_or_none()
    if known is not None:
        return known
    # Of several processes that open a new database at once, one is the first.
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(make(meta).values(name=name, value=fresh).on_conflict_do_nothing())
    return connection.execute(query).scalar_one()
