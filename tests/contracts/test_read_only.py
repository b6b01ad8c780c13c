"""When nothing can be written: refused at once, told to everybody, and over by itself."""

import asyncio
import os
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, text

from chimera.core.errors import DiskFull, ReadOnly, StoreBusy
from chimera.store.database import Store
from chimera.store.gate import LOOK_S, Gate
from chimera.store.tables import meta
from fakes import CountingIds


def put(connection: Connection, name: str = "x", size: int = 1) -> None:
    connection.execute(insert(meta).values(name=name, value="x" * size))


def kept(connection: Connection) -> set[str]:
    return set(connection.execute(select(meta.c.name)).scalars())


class Disk:
    """Writes that fail for as long as it is full."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked = 0

    async def write(self) -> str:
        self.asked += 1
        if self.error:
            raise self.error
        return "kept"


@pytest.mark.looptime
async def test_while_nothing_can_be_written_it_is_tried_only_now_and_then() -> None:
    gate, disk = Gate(), Disk(DiskFull("full"))
    for _ in range(50):
        with pytest.raises(DiskFull):
            await gate.through(disk.write)
    assert disk.asked == 1
    await asyncio.sleep(LOOK_S)
    with pytest.raises(DiskFull):
        await gate.through(disk.write)
    assert disk.asked == 2


@pytest.mark.looptime
async def test_the_first_write_that_succeeds_opens_for_all() -> None:
    gate, disk = Gate(), Disk(ReadOnly("protected"))
    with pytest.raises(ReadOnly):
        await gate.through(disk.write)
    disk.error = None
    with pytest.raises(ReadOnly):
        await gate.through(disk.write)
    assert gate.shut is not None
    await asyncio.sleep(LOOK_S)
    assert await gate.through(disk.write) == "kept"
    assert gate.shut is None


@pytest.mark.looptime
async def test_a_busy_database_shuts_nothing() -> None:
    gate, disk = Gate(), Disk(StoreBusy("busy"))
    with pytest.raises(StoreBusy):
        await gate.through(disk.write)
    disk.error = None
    assert await gate.through(disk.write) == "kept"


@pytest.mark.looptime
async def test_nobody_tries_a_disk_that_is_almost_full_until_there_is_room() -> None:
    gate, disk = Gate(), Disk()
    gate.close(DiskFull("almost"), held=True)
    await asyncio.sleep(2 * LOOK_S)
    with pytest.raises(DiskFull):
        await gate.through(disk.write)
    assert disk.asked == 0
    gate.let_go()
    assert await gate.through(disk.write) == "kept"


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A disk of 4 MB; only root may make one."""
    if os.geteuid() != 0:
        pytest.skip("only root may make a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", folder], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("this machine makes no small disks")
    yield folder
    subprocess.run(["umount", folder], check=True)


async def test_a_full_disk_is_told_as_such_and_passes_when_there_is_room(
    small_disk: Path, ids: CountingIds
) -> None:
    async with Store.open(f"sqlite:///{small_disk}/chimera.db", ids=ids) as store:
        await store.write(put)
        ballast = small_disk / "ballast"
        fill(ballast)
        with pytest.raises(DiskFull):
            await store.write(lambda c: put(c, "large", 2_000_000))
        assert store.read_only is not None
        # What was kept is still read, and nothing of what was refused is there.
        assert "x" in await store.read(kept)
        assert "large" not in await store.read(kept)

        ballast.unlink()
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(store.watch(least_free=0, every_s=0.01))
            await turned(store, shut=False)
            watching.cancel()
        await store.write(lambda c: put(c, "large", 100_000))
        assert {"x", "large"} <= await store.read(kept)


async def turned(store: Store, *, shut: bool) -> None:
    for _ in range(3000):
        if (store.read_only is not None) is shut:
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not turn", pytrace=False)


def fill(path: Path) -> None:
    """Take all the room that is left."""
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 65_536):
                pass
        except OSError:
            return


async def test_writing_ends_before_the_disk_is_full(sqlite_store: Store) -> None:
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(sqlite_store.watch(least_free=2**60, every_s=0.01))
        await turned(sqlite_store, shut=True)
        watching.cancel()
    with pytest.raises(DiskFull, match="almost full"):
        await sqlite_store.write(put)
    assert "x" not in await sqlite_store.read(kept)


async def test_a_server_that_only_reads_is_told_from_a_full_disk(
    postgres_database: str, ids: CountingIds
) -> None:
    async with Store.open(postgres_database, ids=ids) as store:

        def protected(connection: Connection) -> Any:
            connection.execute(text("SET TRANSACTION READ ONLY"))
            put(connection)

        with pytest.raises(ReadOnly) as raised:
            await store.write(protected)
        assert not isinstance(raised.value, DiskFull)
        assert store.read_only is not None
