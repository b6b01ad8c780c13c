"""What a database is like, looked at from outside and without changing it: for the doctor."""

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import orjson
from sqlalchemy import Connection, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError

from chimera.core.errors import Unready
from chimera.store import migrations
from chimera.store.backup import last_backup_by, stamped
from chimera.store.check import Fault, check
from chimera.store.database import parse, reach
from chimera.store.sqlite import read_file
from chimera.store.standing import overdue
from chimera.store.tables import conversations


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Connections of a server: all it takes, and those that are ours already."""

    most: int
    ours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Times in milliseconds UTC; of tables that are not of this version nothing more is said."""

    server: str
    #: None before the first start.
    revision: str | None
    newest: str
    room: Room | None = None
    conversations: int = 0
    #: How many turns should have begun, and when the first should have.
    due: int = 0
    due_since: int | None = None
    backed_up_at: int | None = None
    #: What is wrong in it, where that was asked for.
    faults: tuple[Fault, ...] = ()


async def survey(url: str, *, now: int, deep: bool, patience: float) -> Survey | None:
    """None where no database is yet. Raises Unready if it cannot be read, or is too new."""
    address = parse(url)
    look = partial(_look, now=now, deep=deep)
    if address.drivername == "sqlite":
        return await asyncio.to_thread(_look_at_file, Path(address.database or ""), look)
    async with reach(address, patience=patience) as backend:
        return await backend.snapshot(look)


def _look_at_file(file: Path, look: "partial[Survey]") -> Survey | None:
    if not file.exists():
        return None
    engine = create_engine(
        "sqlite://", creator=partial(read_file, file), json_deserializer=orjson.loads
    )
    try:
        with engine.connect() as connection:
            return look(connection, backed_up_at=stamped(file))
    except DBAPIError as error:
        raise Unready(f"{file} cannot be used as a database: {error.orig}.", exit_code=3) from error
    finally:
        engine.dispose()


def _look(
    connection: Connection, *, now: int, deep: bool, backed_up_at: int | None = None
) -> Survey:
    revision, newest = migrations.revision_of(connection), migrations.newest()
    server, room = _server(connection)
    if revision is not None:
        migrations.check_known(revision)
    if revision != newest:
        return Survey(server=server, room=room, revision=revision, newest=newest)
    due, since = overdue(connection, now=now)
    return Survey(
        server=server,
        room=room,
        revision=revision,
        newest=newest,
        conversations=connection.execute(
            select(func.count()).select_from(conversations)
        ).scalar_one(),
        due=due,
        due_since=since,
        backed_up_at=backed_up_at if room is None else last_backup_by(connection),
        faults=tuple(check(connection)) if deep else (),
    )


def _server(connection: Connection) -> tuple[str, Room | None]:
    if connection.dialect.name == "sqlite":
        return "SQLite", None
    version = connection.execute(text("SHOW server_version")).scalar_one()
    most = int(connection.execute(text("SHOW max_connections")).scalar_one())
    kept = int(connection.execute(text("SHOW superuser_reserved_connections")).scalar_one())
    counting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'chimera'"
        " AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    ours = connection.execute(counting).scalar_one()
    return f"PostgreSQL {version.split()[0]}", Room(most=most - kept, ours=ours)
