"""What varies from machine to machine: its clocks, its ids, its data folder."""

import fcntl
import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic

import uuid_utils

from chimera.core.errors import Unready
from chimera.engine.crashing import CrashAt, Reached, unharmed


class SystemClock:
    """The machine's two clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the Clock

    def monotonic(self) -> float:
        return monotonic()


class TimeOrderedIds:
    """A prefix and a UUIDv7: ids sort by the time at which they were made."""

    def new(self, prefix: str) -> str:
        return f"{prefix}_{uuid_utils.uuid7().hex}"


def crash_point(setting: str | None) -> Reached:
    """What kills this process at the point that is set; none in any house but a test's."""
    if setting is None:
        return unharmed
    return CrashAt(setting, partial(os.kill, os.getpid(), signal.SIGKILL))


class Occupied(Unready):
    """Another process has the data folder."""


@contextmanager
def only_one_process(folder: Path) -> Generator[None]:
    """Hold the data folder. Raises Unready(3) if it cannot be written, Occupied if it is held.

    The embedded database has one writer, and that writer is a process.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "chimera.lock").open("w")
    except OSError as error:
        raise Unready(
            f"The data folder {folder} cannot be written: {error.strerror}.", exit_code=3
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Occupied(
                f"Another Chimera is using the data folder {folder}. Stop it, or name another"
                " folder with DATA= or --data-dir.",
                exit_code=3,
            ) from None
        yield
