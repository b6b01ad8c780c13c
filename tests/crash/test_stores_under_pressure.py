"""A real house whose disk fills up, and one whose backup is taken while everybody talks."""

import asyncio
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from pathlib import Path

import pytest
from viewers import BROKEN_OFF, Viewer, begin, check_log, check_viewer, eventually, log_of

from chimera.store import log as logs
from chimera.store.check import check
from chimera.store.database import Store
from fakes import CountingIds
from processes import Commands, call, chimera

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

#: Below 200 MB free nothing new is kept.
DISK_MB, BALLAST_MB = 280, 120
#: How long it may take to notice that there is room again (`reliability.md` section 9).
PROMISED_S = 10.0


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(tmp_path)


@pytest.fixture
def disk(tmp_path: Path) -> Generator[Path]:
    """A disk of our own; only root may make one."""
    if os.geteuid() != 0:
        pytest.skip("only root may make a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", folder],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("this machine makes no small disks")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def post(address: str, conversation_id: str) -> tuple[int, str | None]:
    """Say something; the status, and when to come back."""
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{address}/api/v1/conversations/{conversation_id}/messages",
        data=json.dumps({"text": "And what about whales?"}).encode(),
        headers={"content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Retry-After"]


async def test_a_disk_that_fills_up_stops_the_talk_and_not_the_reading(
    tmp_path: Path, disk: Path
) -> None:
    folder = disk / "data"
    words = ("serve", "--port", "0", "--data-dir", str(folder))
    with chimera(*words, log=tmp_path / "log") as server:
        address = await asyncio.to_thread(server.address)
        talk = await asyncio.to_thread(begin, address)
        viewer = Viewer(address, talk)
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(viewer.watch())
            await eventually(lambda: len(viewer.events) > 5, server.said)
            ballast = folder / "ballast"
            with ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, BALLAST_MB * 2**20)
            await eventually(lambda: post(address, talk)[0] == 507, server.said)

            _, retry = await asyncio.to_thread(post, address, talk)
            assert retry is not None
            assert int(retry) >= 1
            ready = await asyncio.to_thread(call, address, "GET", "/health/ready")
            assert set(ready["failing"]) >= {"database", "disk"}
            assert await asyncio.to_thread(log_of, address, talk)
            said = len(viewer.events)
            await asyncio.sleep(3)
            assert len(viewer.events) <= said + 1

            freed = time.monotonic()
            ballast.unlink()
            await eventually(lambda: post(address, talk)[0] < 300, server.said)
            assert time.monotonic() - freed < PROMISED_S + server.waited_s()
            await eventually(lambda: len(viewer.events) > said + 5, server.said)
            watching.cancel()
        events = await asyncio.to_thread(log_of, address, talk)
        assert "Traceback" not in server.said()
    check_log(events, BROKEN_OFF)
    check_viewer(viewer, events)


@pytest.mark.parametrize("way", ["sqlite-postgresql", "postgresql-sqlite"])
async def test_a_backup_under_load_comes_back_in_the_other_database(
    tmp_path: Path,
    commands: Commands,
    empty_postgres: str,
    way: str,
    ids: CountingIds,
) -> None:
    source, target = way.split("-")
    shared = {"CHIMERA_DATABASE__URL": empty_postgres}
    house = shared if source == "postgresql" else {}
    there = f"sqlite:///{tmp_path}/new/chimera.db" if target == "sqlite" else empty_postgres
    words = ("serve", "--port", "0", "--data-dir", str(tmp_path / "old"))
    with chimera(*words, log=tmp_path / "log", **house) as server:
        address = await asyncio.to_thread(server.address)
        talks = [await asyncio.to_thread(begin, address) for _ in range(6)]
        await eventually(lambda: len(log_of(address, talks[0])) > 20, server.said)
        taken = commands.run("backup", "b.zip", "--data-dir", str(tmp_path / "old"), **house)
        assert taken.code == 0, taken.err
        heard = {each: log_of(address, each) for each in talks}
    begun = time.monotonic()
    back = commands.run(
        *("restore", "b.zip", "--to", target, "--data-dir", str(tmp_path / "new")), **shared
    )
    assert back.code == 0, back.err
    print(f"backup {taken.seconds:.1f} s, restore {time.monotonic() - begun:.1f} s")  # noqa: T201
    async with Store.open(there, ids=ids) as store:
        assert await store.read(check) == []
        for each in talks:
            rows = await store.read(lambda c, of=each: logs.read_wire(c, of, after=0, limit=10_000))
            # Whatever was said after the moment of the backup is not in it; all else is, unchanged.
            assert len(rows) > 2
            assert rows == [{k: event[k] for k in rows[0]} for event in heard[each][: len(rows)]]
