"""Take a backup of a database that is in use, and restore one into an empty place, of either kind.

What is written down is what the tables hold, not how a database keeps it; so a backup of SQLite
restores into PostgreSQL and the other way round. Search indexes are made anew.
"""

import asyncio
import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson
import structlog
from sqlalchemy import (
    JSON,
    URL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    create_engine,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.types import TypeEngine

from chimera import __version__
from chimera.core.errors import AlreadyExists, NotFound, Unready
from chimera.core.ids import IdSource
from chimera.store import migrations
from chimera.store.archive import (
    BATCH,
    Archive,
    BadBackup,
    Kind,
    Manifest,
    Row,
    TablePart,
    Told,
    Writing,
    line_of,
    sync_folder,
    writing,
)
from chimera.store.check import check
from chimera.store.database import Store, parse, reach
from chimera.store.sqlite import read_file
from chimera.store.tables import conversations, events, meta
from chimera.store.units import Unit

_log = structlog.get_logger(__name__)
#: A restore lifts every generation by so much: no process with an older memory can write any more.
LIFT = 1_000_000
#: The name under which a server's database remembers its last backup.
_LAST = "last_backup"
_REVISION = "alembic_version"
_TYPES: Mapping[Kind, TypeEngine[Any]] = {
    "json": JSON(none_as_null=True),
    "bytes": LargeBinary(),
    "bool": Boolean(),
    "int": BigInteger(),
    "float": Float(),
    "text": Text(),
}
_CLASSES: tuple[tuple[type[TypeEngine[Any]], Kind], ...] = (
    (JSON, "json"), (LargeBinary, "bytes"), (Boolean, "bool"), (Integer, "int"), (Float, "float"),
)  # fmt: skip


# --- taking one ----------------------------------------------------------------------------------


async def back_up(url: str, path: Path, *, at: int, told: Told, patience: float = 30.0) -> Manifest:
    """Write everything as it stands at one moment into a new file; the house goes on meanwhile.

    Raises AlreadyExists, NotFound without a database, Unready where one cannot be read or written.
    """
    address = parse(url)
    if address.drivername == "sqlite":
        file = Path(address.database or "")
        manifest = await asyncio.to_thread(_back_up_file, file, path, at, told)
        await asyncio.to_thread(_put_stamp, file, at)
        return manifest
    async with reach(address, patience=patience) as backend:
        with writing(path) as archive:
            manifest = await backend.snapshot(partial(_dump, archive=archive, at=at, told=told))
        await backend.write(partial(_remember, at=at))
        return manifest


async def last_backup(store: Store) -> int | None:
    """When the newest backup was taken, in milliseconds UTC; None if none was."""
    if store.file is not None:
        return await asyncio.to_thread(stamped, store.file)
    return await store.read(last_backup_by)


def last_backup_by(connection: Connection) -> int | None:
    """What a server's database knows of its own."""
    found = _fact(connection, _LAST)
    return None if found is None else int(found)


def _fact(connection: Connection, name: str) -> str | None:
    found = connection.execute(select(meta.c.value).where(meta.c.name == name))
    return found.scalar_one_or_none()


def stamped(file: Path) -> int | None:
    """What lies beside the file of an embedded database."""
    try:
        return int(_stamp(file).read_text())
    except (FileNotFoundError, ValueError):
        return None


def _stamp(file: Path) -> Path:
    """Nobody but the house itself writes into the file of an embedded database."""
    return file.with_name(f"{file.name}.backup")


def _put_stamp(file: Path, at: int) -> None:
    try:
        _stamp(file).write_text(str(at))
    except OSError as error:
        # The backup is whole all the same.
        _log.warning("backup_not_noted", why=str(error))


def _remember(connection: Connection, *, at: int) -> None:
    changed = update(meta).where(meta.c.name == _LAST).values(value=str(at))
    if not connection.execute(changed).rowcount:
        connection.execute(insert(meta).values(name=_LAST, value=str(at)))


def _back_up_file(file: Path, path: Path, at: int, told: Told) -> Manifest:
    """From a copy of the file, so that its log of writes has to be kept for a moment only."""
    if not file.is_file():
        raise NotFound(f"There is no database {file}.")
    with writing(path) as archive, tempfile.TemporaryDirectory(dir=path.parent) as folder:
        copy = Path(folder) / "copy.db"
        _copy(file, copy)
        engine = create_engine(
            f"sqlite:///{copy}", json_serializer=str, json_deserializer=orjson.loads
        )
        try:
            with engine.connect() as connection:
                return _dump(connection, archive=archive, at=at, told=told)
        finally:
            engine.dispose()


def _copy(file: Path, copy: Path) -> None:
    """All pages in one step: with several, each write of the house would begin it anew."""
    try:
        source, target = read_file(file), sqlite3.connect(copy)
        try:
            source.backup(target)
            found = target.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            source.close()
            target.close()
    except sqlite3.Error as error:
        raise Unready(f"The database {file} cannot be read: {error}.", exit_code=3) from error
    if found != "ok":
        raise Unready(f"The database {file} is damaged: {found}.", exit_code=3)


def _dump(connection: Connection, *, archive: Writing, at: int, told: Told) -> Manifest:
    revision = migrations.revision_of(connection)
    if revision is None:
        raise NotFound("There is nothing in the database: no Chimera has used it yet.")
    migrations.check_known(revision)
    for table in _tables(connection):
        archive.table(table.name, table.columns, _batches(connection, table, told))
    archive.transcripts(transcripts(connection))
    return archive.manifest(
        app=__version__,
        revision=revision,
        dialect=connection.dialect.name,
        store_id=_fact(connection, "store_id") or "",
        at=at,
        faults=_faults(connection, revision),
    )


def _faults(connection: Connection, revision: str) -> tuple[str, ...]:
    """What is wrong already; only of tables as this version has them can it be said."""
    return tuple(map(str, check(connection))) if revision == migrations.newest() else ()


def transcripts(connection: Connection) -> Iterator[tuple[str, str]]:
    """Each conversation's id with the hash of its log, in the order of ids."""
    columns = [each for each in events.c if each.name != "conversation_id"]
    query = select(events.c.conversation_id, *columns).order_by(
        events.c.conversation_id, events.c.seq
    )
    rows = connection.execute(query, execution_options={"yield_per": BATCH})
    for conversation_id, log in groupby(rows, key=lambda row: str(row[0])):
        digest = hashlib.sha256()
        for row in log:
            digest.update(line_of(row[1:]))
        yield conversation_id, digest.hexdigest()


# --- tables as they are ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shape:
    """A table as the database has it, whatever this version would make of it."""

    name: str
    columns: tuple[tuple[str, Kind], ...]
    key: tuple[str, ...]

    @property
    def table(self) -> Table:
        """For statements that give and take plain values."""
        columns = (Column(name, _TYPES[kind]) for name, kind in self.columns)
        return Table(self.name, MetaData(), *columns)


def _tables(connection: Connection) -> list[_Shape]:
    """All that hold anything of their own, owners before what they own."""
    inspector, found = inspect(connection), MetaData()
    names = set(inspector.get_table_names()) - {_REVISION} - _indexes(connection)
    found.reflect(connection, only=sorted(names))
    return [_shape(table) for table in found.sorted_tables]


def _indexes(connection: Connection) -> set[str]:
    """The tables that SQLite keeps for search: virtual ones, and those under them."""
    if connection.dialect.name != "sqlite":
        return set()
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    names = {row.name: row.sql or "" for row in rows}
    virtual = [each for each, made in names.items() if made.upper().startswith("CREATE VIRTUAL")]
    return {
        each for each in names if any(each == of or each.startswith(f"{of}_") for of in virtual)
    }


def _shape(table: Table) -> _Shape:
    kept = [each for each in table.c if each.computed is None]
    columns = tuple[tuple[str, Kind], ...]((each.name, _kind(each.type)) for each in kept)
    return _Shape(table.name, columns, tuple(each.name for each in table.primary_key))


def _kind(of: TypeEngine[Any]) -> Kind:
    for known, kind in _CLASSES:
        if isinstance(of, known):
            return kind
    return "text"


def _batches(connection: Connection, shape: _Shape, told: Told) -> Iterator[Sequence[Row]]:
    table = shape.table
    many = connection.execute(select(func.count()).select_from(table)).scalar_one()
    # Pictures are large.
    size = 8 if any(kind == "bytes" for _, kind in shape.columns) else BATCH
    query = select(table).order_by(*(table.c[each] for each in shape.key))
    done = 0
    told(shape.name, done, many)
    for rows in connection.execute(query, execution_options={"yield_per": size}).partitions():
        yield [list(row) for row in rows]
        done += len(rows)
        told(shape.name, done, many)


# --- restoring one --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back, and what is wrong in it that was wrong before."""

    manifest: Manifest
    faults: tuple[str, ...]


async def restore(
    path: Path, url: str, *, ids: IdSource, told: Told, patience: float = 30.0
) -> Restored:
    """Bring a backup back into an empty place: whole and checked, or not at all.

    Raises AlreadyExists where the place is not empty, NotFound, BadBackup, Unready.
    """
    address = parse(url)
    bring = partial(_bring_back, path=path, store_id=ids.new("sto"), told=told)
    if address.drivername == "sqlite":
        return await _restore_file(Path(address.database or ""), bring)
    async with reach(address, patience=patience) as backend:
        return await backend.write(bring)


async def _restore_file(file: Path, bring: Unit[Restored]) -> Restored:
    """Beside, then renamed: until it is whole, the place stays empty."""
    if await asyncio.to_thread(file.exists):
        raise AlreadyExists(f"{file} is there already; a backup is restored into an empty place.")
    beside = file.with_name(f"{file.name}.restoring")
    try:
        async with reach(URL.create("sqlite", database=str(beside))) as backend:
            restored = await backend.write(bring)
        await asyncio.to_thread(os.replace, beside, file)
        await asyncio.to_thread(sync_folder, file.parent)
    finally:
        await asyncio.to_thread(_remove, beside)
    return restored


def _remove(file: Path) -> None:
    for each in ("", "-wal", "-shm"):
        file.with_name(f"{file.name}{each}").unlink(missing_ok=True)


def _bring_back(connection: Connection, *, path: Path, store_id: str, told: Told) -> Restored:
    """The whole restore, in one transaction."""
    migrations.hold(connection)
    if inspect(connection).get_table_names():
        raise AlreadyExists("The database is not empty; a backup is restored into an empty one.")
    with Archive.open(path) as archive:
        manifest = archive.manifest
        migrations.check_known(manifest.revision)
        migrations.move(connection, revision=manifest.revision)
        shapes = _tables(connection)
        _check_shapes(shapes, manifest.tables)
        for shape in shapes:
            _fill(connection, shape, archive, told)
        if dict(transcripts(connection)) != archive.transcripts():
            raise BadBackup("The backup is damaged: a log is not the one that was saved.")
    migrations.upgrade(connection)
    faults = _check_sound(connection, manifest)
    _begin_anew(connection, store_id)
    return Restored(manifest, faults)


def _check_shapes(shapes: Sequence[_Shape], parts: Mapping[str, TablePart]) -> None:
    """Nothing of the archive is ever a name in a statement: its tables must be those we made."""
    ours = {shape.name: dict(shape.columns) for shape in shapes}
    theirs = {name: dict(part.columns) for name, part in parts.items()}
    if ours != theirs:
        raise BadBackup("The backup is damaged: it does not hold the tables of its version.")


def _fill(connection: Connection, shape: _Shape, archive: Archive, told: Told) -> None:
    names = [name for name, _ in archive.manifest.tables[shape.name].columns]
    many, done, statement = archive.manifest.tables[shape.name].rows, 0, insert(shape.table)
    for rows in archive.table(shape.name):
        connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])
        done += len(rows)
        told(shape.name, done, many)
    if connection.dialect.name == "postgresql":
        _count_on(connection, shape)


def _count_on(connection: Connection, shape: _Shape) -> None:
    """Have a server number new rows after those that were brought back."""
    key = shape.table.c[shape.key[0]]
    sequence = func.pg_get_serial_sequence(shape.name, key.name)
    if len(shape.key) == 1 and connection.execute(select(sequence)).scalar_one():
        last = select(func.max(key)).scalar_subquery()
        connection.execute(select(func.setval(sequence, func.coalesce(last, 1), last.is_not(None))))


def _check_sound(connection: Connection, manifest: Manifest) -> tuple[str, ...]:
    """What was wrong when the backup was taken is no reason to lose all that was right.

    Of a backup of older tables nobody knows what was; its hashes have been compared already.
    """
    faults = tuple(map(str, check(connection)))
    fresh = [each for each in faults if each not in manifest.faults]
    if fresh and manifest.revision == migrations.newest():
        raise BadBackup(f"The backup is damaged: {fresh[0]}.", faults=fresh)
    return faults


def _begin_anew(connection: Connection, store_id: str) -> None:
    """Tell viewers and processes with an older memory from those of the house that begins now."""
    connection.execute(update(meta).where(meta.c.name == "store_id").values(value=store_id))
    connection.execute(delete(meta).where(meta.c.name == _LAST))
    connection.execute(update(conversations).values(generation=conversations.c.generation + LIFT))
