"""The file of a backup: a ZIP of tables as JSON lines, with a manifest that knows their hashes.

A ZIP, because its directory stands at the end: a file that broke off is recognised before a row of
it is read, the manifest is found without unpacking the rest, and anybody's tools open it. Lines of
JSON, because they mean the same to both databases, and to whoever reads them in twenty years.
"""

import base64
import hashlib
import os
import tempfile
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, Self, cast
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import orjson
from pydantic import BaseModel, ConfigDict

from chimera.core.errors import AlreadyExists, Invalid, NotFound, Unready

FORMAT = "chimera-backup"
VERSION = 1
#: What a column holds, whatever a database calls it.
Kind = Literal["int", "float", "bool", "text", "json", "bytes"]
#: Hears of a table, how many of its rows are done, and how many there are; may raise to end it all.
Told = Callable[[str, int, int], None]
Row = list[Any]

_MANIFEST, _TRANSCRIPTS = "manifest.json", "transcripts.jsonl"
#: The quickest; the others make the file a tenth smaller in three times the time.
_LEVEL = 1
#: No row is longer; a picture has 5 MB.
_LONGEST = 64 * 2**20
_LONGEST_MANIFEST = 2**20
#: Rows, or bytes of them, that are handed over at once.
BATCH = 500
_BATCH_BYTES = 4 * 2**20


class BadBackup(Invalid):
    """The file is none of ours, or not as it was written."""

    code = "bad_backup"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)

    rows: int
    sha256: str


class TablePart(_Part):
    """One table; its rows are lists of values in the order of these columns."""

    columns: tuple[tuple[str, Kind], ...]


class Manifest(BaseModel):
    """What is in a backup, and of what it was taken."""

    model_config = ConfigDict(frozen=True)

    format: Literal["chimera-backup"]
    version: int
    #: The Chimera that wrote it, and the revision of the tables.
    app: str
    revision: str
    dialect: str
    store_id: str
    #: Milliseconds UTC.
    at: int
    tables: Mapping[str, TablePart]
    #: A hash for each conversation's log.
    transcripts: _Part
    #: What was wrong in the database already.
    faults: tuple[str, ...] = ()


# --- writing -------------------------------------------------------------------------------------


class Writing:
    """An archive being written; use `writing`."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._tables: dict[str, TablePart] = {}
        self._transcripts = _Part(rows=0, sha256="")

    def table(
        self,
        name: str,
        columns: Sequence[tuple[str, Kind]],
        rows: Iterable[Sequence[Sequence[Any]]],
    ) -> None:
        """Write a table, given in batches."""
        part = self._write(f"tables/{name}.jsonl", rows)
        self._tables[name] = TablePart(columns=tuple(columns), **part)

    def transcripts(self, found: Iterable[tuple[str, str]]) -> None:
        """Write the id of each conversation with the hash of its log."""
        self._transcripts = _Part(**self._write(_TRANSCRIPTS, ([each] for each in found)))

    def manifest(self, **facts: Any) -> Manifest:
        """Write what was written; the last of all."""
        manifest = Manifest(
            format=FORMAT, version=VERSION, tables=self._tables, transcripts=self._transcripts,
            **facts,
        )  # fmt: skip
        self._archive.writestr(_MANIFEST, manifest.model_dump_json(indent=1))
        return manifest

    def _write(self, name: str, batches: Iterable[Sequence[Sequence[Any]]]) -> dict[str, Any]:
        digest, rows = hashlib.sha256(), 0
        with self._archive.open(name, "w", force_zip64=True) as member:
            for batch in batches:
                text = b"".join(map(line_of, batch))
                digest.update(text)
                member.write(text)
                rows += len(batch)
        return {"rows": rows, "sha256": digest.hexdigest()}


def line_of(row: Sequence[Any]) -> bytes:
    """A row as its line; bytes in base64."""
    return orjson.dumps(tuple(row), default=_encoded, option=orjson.OPT_APPEND_NEWLINE)


def _encoded(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"no database has given us such a value: {type(value)}")


@contextmanager
def writing(path: Path) -> Generator[Writing]:
    """A new archive that is whole when the block has ended well, and otherwise never was there.

    Raises AlreadyExists, or Unready(3) where it cannot be written.
    """
    _check_new(path)
    try:
        number, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
        beside = Path(name)
        try:
            with os.fdopen(number, "wb") as file:
                with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
                    yield Writing(archive)
                file.flush()
                os.fsync(file.fileno())
            _publish(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        why = error.strerror or error
        raise Unready(f"The backup {path} cannot be written: {why}.", exit_code=3) from error


def _check_new(path: Path) -> None:
    if path.exists():
        raise AlreadyExists(f"{path} is there already; name a new file.")


def _publish(beside: Path, path: Path) -> None:
    """Give it its name, unless somebody else has taken that meanwhile."""
    try:
        os.link(beside, path)
    except FileExistsError:
        _check_new(path)
    except OSError:
        # Some disks know no second name for a file; there the moment between is left open.
        _check_new(path)
        beside.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in it survive a power cut."""
    number = os.open(folder, os.O_RDONLY)
    try:
        # Some file systems cannot; then they do it in their own time.
        with suppress(OSError):
            os.fsync(number)
    finally:
        os.close(number)


# --- reading -------------------------------------------------------------------------------------


class Archive:
    """An archive being read; use `Archive.open`."""

    def __init__(self, archive: ZipFile, manifest: Manifest) -> None:
        self._archive = archive
        self.manifest = manifest

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Generator[Self]:
        """Raises NotFound, or BadBackup if it is none of ours, damaged or too new."""
        if not path.is_file():
            raise NotFound(f"There is no file {path}.")
        with _reading():
            archive = ZipFile(path)
        with archive:
            yield cls(archive, _manifest(archive))

    def table(self, name: str) -> Iterator[list[Row]]:
        """The rows in batches. Raises BadBackup, at the end too: then none of them counts."""
        part = self.manifest.tables[name]
        binary = [place for place, (_, kind) in enumerate(part.columns) if kind == "bytes"]
        for batch in self._rows(f"tables/{name}.jsonl", part, width=len(part.columns)):
            with _reading():
                for row in batch:
                    for place in binary:
                        row[place] = None if row[place] is None else base64.b64decode(row[place])
            yield batch

    def transcripts(self) -> dict[str, str]:
        """The hash of each conversation's log."""
        found = self._rows(_TRANSCRIPTS, self.manifest.transcripts, width=2)
        return {of: digest for batch in found for of, digest in batch}

    def _rows(self, name: str, part: _Part, *, width: int) -> Iterator[list[Row]]:
        digest, many = hashlib.sha256(), 0
        with _reading():
            for lines in self._batches(name):
                digest.update(b"".join(lines))
                batch: list[Row] = [orjson.loads(line) for line in lines]
                many += len(batch)
                if any(len(row) != width for row in batch):
                    raise BadBackup(f"The backup is damaged: {name} has a row of another form.")
                yield batch
        if many != part.rows or digest.hexdigest() != part.sha256:
            raise BadBackup(f"The backup is damaged: {name} is not what was written.")

    def _batches(self, name: str) -> Iterator[list[bytes]]:
        lines: list[bytes] = []
        size = 0
        with self._archive.open(name) as member:
            while line := member.readline(_LONGEST):
                lines.append(line)
                size += len(line)
                if len(lines) == BATCH or size > _BATCH_BYTES:
                    yield lines
                    lines, size = [], 0
        if lines:
            yield lines


def _manifest(archive: ZipFile) -> Manifest:
    with _reading():
        with archive.open(_MANIFEST) as member:
            facts: Any = orjson.loads(member.read(_LONGEST_MANIFEST))
        if not isinstance(facts, dict) or cast("dict[str, Any]", facts).get("format") != FORMAT:
            raise BadBackup("The file is no backup of Chimera.")
        version = cast("dict[str, Any]", facts).get("version")
        if version != VERSION:
            raise Unready(
                f"The backup has the form {version}, which a newer Chimera has written. "
                "Restore it with that version.",
                exit_code=5,
            )
        return Manifest.model_validate(facts)


@contextmanager
def _reading() -> Generator[None]:
    try:
        yield
    except (BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, OSError) as error:
        raise BadBackup("The file is no backup of Chimera, or it is damaged.") from error
    except (ValueError, TypeError) as error:
        # No JSON, no base64, or a manifest that says other things than it should.
        raise BadBackup("The backup is damaged: something in it cannot be read.") from error
