"""Whether the database can be written; while it cannot, writes are refused and reading goes on.

It is tried again now and then, and opens by itself (`reliability.md` section 9).
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from sqlalchemy import Connection, insert, update

from chimera.core.errors import ChimeraError, DiskFull, ReadOnly
from chimera.store.tables import meta
from chimera.store.units import Result

#: How often it is looked whether writing is possible; whoever is refused hears the same number.
LOOK_S = ReadOnly.retry_after
_BEAT = "heartbeat"

_log = structlog.get_logger(__name__)


class Gate:
    """Lets writes through, or says why none can be made."""

    def __init__(self) -> None:
        self._shut: ReadOnly | None = None
        #: Nobody is let through to try, until it is let go.
        self._held = False
        self._looked = 0.0

    @property
    def shut(self) -> ReadOnly | None:
        """Why nothing can be written; None while all is well."""
        return self._shut

    async def through(self, write: Callable[[], Awaitable[Result]]) -> Result:
        """Make this write. Raises ReadOnly, and shuts or stays shut, if none can be made.

        Who comes when it is time to look again is let through, whatever became of the others.
        """
        now = asyncio.get_running_loop().time()
        if self._shut is not None and (self._held or now < self._looked + LOOK_S):
            # A new one: an error that is raised again and again grows.
            raise type(self._shut)(self._shut.message)
        self._looked = now
        try:
            result = await write()
        except ReadOnly as error:
            self.close(error)
            raise
        self._open()
        return result

    def close(self, because: ReadOnly, *, held: bool = False) -> None:
        """Let nobody through until it has been looked again; `held`: until it is let go."""
        if self._shut is None:
            _log.error("read_only_begun", why=because.message)
        self._shut, self._held = because, held
        self._looked = asyncio.get_running_loop().time()

    def let_go(self) -> None:
        """Let the next one try."""
        self._held, self._looked = False, -LOOK_S

    def _open(self) -> None:
        if self._shut is not None:
            self._shut = None
            _log.warning("read_only_over")


def beat(connection: Connection) -> None:
    """The smallest write there is; the same each time."""
    if not connection.execute(update(meta).where(meta.c.name == _BEAT).values(value="1")).rowcount:
        connection.execute(insert(meta).values(name=_BEAT, value="1"))


async def watch(
    gate: Gate,
    write: Callable[[], Awaitable[None]],
    *,
    file: Path | None,
    least_free: int,
    every_s: float = LOOK_S,
) -> None:
    """Look for ever: shut before the disk of an embedded database is full, open when it is not.

    Its writer needs room to move what is logged into the file, and so do the logs of the house.
    """
    while True:
        if file is not None and await asyncio.to_thread(_free, file.parent) < least_free:
            almost = DiskFull("The disk of the database is almost full; nothing new is kept.")
            gate.close(almost, held=True)
        elif gate.shut is not None:
            gate.let_go()
            await _try(gate, write)
        await asyncio.sleep(every_s)


async def _try(gate: Gate, write: Callable[[], Awaitable[None]]) -> None:
    try:
        await gate.through(write)
    except ChimeraError as error:
        _log.info("read_only_still", why=error.message)


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free
