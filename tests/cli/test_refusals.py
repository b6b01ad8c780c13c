"""Starts that cannot work end in one clear line and their own exit code."""

import asyncio
import fcntl
import os
import socket
import sqlite3
import subprocess
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest

from chimera.store.database import migrate
from processes import Commands
from servers import free_port

NOBODY = {"CHIMERA_DATABASE__PATIENCE_SECONDS": "0", "CHIMERA_REDIS__PATIENCE_SECONDS": "0"}


def test_a_busy_port_is_6(commands: Commands) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = commands.run("serve", "--port", port)
    assert done.code == 6
    assert f"Port {port} " in done.complaint
    assert "--port" in done.complaint


def test_a_data_folder_that_is_a_file_is_3(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    for words in (("serve", "--port", "0"), ("migrate",)):
        done = commands.run(*words, "--data-dir", "taken")
        assert done.code == 3
        assert "taken cannot be written" in done.complaint


def test_a_data_folder_that_cannot_be_made_is_3(commands: Commands) -> None:
    # Where nobody may make a folder, not even root.
    done = commands.run("serve", "--port", "0", "--data-dir", "/proc/chimera/data")
    assert done.code == 3
    assert "/proc/chimera/data cannot be written" in done.complaint


@pytest.fixture
def protected(tmp_path: Path) -> Generator[Path]:
    """A folder on a disk that cannot be written, with a database in it; only root may make one."""
    if os.geteuid() != 0:
        pytest.skip("only root may make a protected disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "none", folder], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("this machine makes no disks")
    (folder / "data").mkdir()
    asyncio.run(migrate(f"sqlite:///{folder}/data/chimera.db"))
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    yield folder / "data"
    subprocess.run(["umount", folder], check=True)


def test_a_folder_on_a_protected_disk_is_3_and_can_still_be_saved(
    commands: Commands, protected: Path
) -> None:
    data = ("--data-dir", str(protected))
    for words in (("serve", "--port", "0"), ("migrate",)):
        done = commands.run(*words, *data)
        assert done.code == 3
        assert "cannot be written" in done.complaint
    told = commands.run("doctor", "--json", *data)
    assert told.code == 1
    assert "cannot be written" in told.out
    saved = commands.run("backup", "b.zip", *data)
    assert saved.code == 0, saved.err
    assert commands.run("restore", "b.zip", "--data-dir", "new").code == 0


def test_a_folder_that_another_process_has_is_3(commands: Commands, tmp_path: Path) -> None:
    with (tmp_path / "chimera.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for words in (("serve", "--port", "0"), ("migrate",)):
            done = commands.run(*words, "--data-dir", str(tmp_path))
            assert done.code == 3
            assert "Another Chimera is using the data folder" in done.complaint


def test_a_file_that_is_no_database_is_3(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "chimera.db").write_bytes(b"Dear diary, " * 100)
    done = commands.run("serve", "--port", "0", "--data-dir", str(tmp_path))
    assert done.code == 3
    assert "chimera.db cannot be used as a database" in done.complaint


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_an_address_that_others_reach_is_7(commands: Commands, host: str) -> None:
    done = commands.run("serve", "--host", host, "--port", "0")
    assert done.code == 7
    assert f"does not listen on {host}" in done.complaint


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("CHIMERA_DATABASE__POOL_SIZE", "many", "CHIMERA_DATABASE__POOL_SIZE"),
        ("CHIMERA_SERVER__PRT", "80", "CHIMERA_SERVER__PRT"),
        ("CHIMERA_SERVER", "{", '"server"'),
        ("CHIMERA_LOG__LEVEL", "loud", "CHIMERA_LOG__LEVEL"),
        ("CHIMERA_ENGINE__CONCURRENCY", "0", "CHIMERA_ENGINE__CONCURRENCY"),
        ("CHIMERA_DATABASE__URL", "mysql://a/b", "postgresql://"),
        ("CHIMERA_DATABASE__URL", "what?", "database address"),
        ("CHIMERA_REDIS__URL", "http://a", "CHIMERA_REDIS__URL"),
        ("CHIMERA_REDIS__URL", "redis://127.0.0.1:port", "CHIMERA_REDIS__URL"),
        ("CHIMERA_PROVIDERS__ORDER", "openai,gods", "CHIMERA_PROVIDERS__ORDER"),
    ],
)
def test_a_broken_setting_is_2_and_named(
    commands: Commands, name: str, value: str, named: str
) -> None:
    done = commands.run("serve", "--port", "0", **{name: value})
    assert done.code == 2
    assert named in done.complaint


@pytest.mark.parametrize("host", ["stage.test", "127.0.0"])
def test_a_host_that_is_no_address_is_2(commands: Commands, host: str) -> None:
    done = commands.run("serve", "--host", host, "--port", "0")
    assert done.code == 2
    assert host in done.complaint


def test_a_postgresql_that_does_not_answer_is_4(commands: Commands) -> None:
    url = f"postgresql://chimera@127.0.0.1:{free_port()}/chimera"
    for words in (("serve", "--port", "0"), ("migrate",)):
        done = commands.run(*words, CHIMERA_DATABASE__URL=url, **NOBODY)
        assert done.code == 4
        assert "The database cannot be reached" in done.complaint


def test_a_redis_that_does_not_answer_is_4(commands: Commands) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    done = commands.run("serve", "--port", "0", CHIMERA_REDIS__URL=url, **NOBODY)
    assert done.code == 4
    assert "Redis cannot be reached" in done.complaint


def test_a_database_of_a_newer_version_is_5(commands: Commands, tmp_path: Path) -> None:
    assert commands.run("migrate", "--data-dir", str(tmp_path)).code == 0
    with closing(sqlite3.connect(tmp_path / "chimera.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    for words in (("serve", "--port", "0"), ("migrate",)):
        done = commands.run(*words, "--data-dir", str(tmp_path))
        assert done.code == 5
        assert "9999" in done.complaint
        assert "newer Chimera" in done.complaint


@pytest.mark.parametrize(
    "settings",
    [{}, {"CHIMERA_REDIS__URL": "redis://127.0.0.1:1/0"}, {"CHIMERA_DATABASE__URL": "sqlite:///a"}],
)
def test_a_worker_with_nobody_to_share_with_is_2(
    commands: Commands, settings: dict[str, str]
) -> None:
    done = commands.run("worker", **settings)
    assert done.code == 2
    assert "CHIMERA_REDIS__URL" in done.complaint


def test_a_server_without_worker_and_without_redis_is_2(commands: Commands) -> None:
    done = commands.run("serve", "--no-worker", "--port", "0")
    assert done.code == 2
    assert "--no-worker needs Redis" in done.complaint


@pytest.fixture
def picky_postgres(postgres_database: str) -> str:
    """A server that asks one of its users for a password."""
    asyncio.run(_ask_for_passwords(postgres_database))
    return postgres_database.replace("chimera@", "picky:wrong@")


async def _ask_for_passwords(url: str) -> None:
    server = cast("Any", await asyncpg.connect(url))
    try:
        rules = Path(await server.fetchval("SHOW hba_file"))
        if "picky" not in rules.read_text():
            asked = "host all picky 127.0.0.1/32 scram-sha-256\n"
            rules.write_text(asked + rules.read_text())
            await server.execute("CREATE ROLE picky LOGIN PASSWORD 'secret'")
            await server.execute("SELECT pg_reload_conf()")
    finally:
        await server.close()


def test_a_wrong_password_of_postgresql_is_4_at_once(
    commands: Commands, picky_postgres: str
) -> None:
    for words in (("serve", "--port", "0"), ("backup", "b.zip")):
        done = commands.run(*words, CHIMERA_DATABASE__URL=picky_postgres)
        assert done.code == 4
        assert "refuses us: password authentication failed" in done.complaint
        assert "wrong" not in done.err
    told = commands.run("doctor", "--json", CHIMERA_DATABASE__URL=picky_postgres)
    assert told.code == 1
    assert "password authentication failed" in told.out


def test_a_database_that_is_not_there_is_4_at_once(
    commands: Commands, postgres_database: str
) -> None:
    done = commands.run("serve", "--port", "0", CHIMERA_DATABASE__URL=f"{postgres_database}_not")
    assert done.code == 4
    assert "does not exist" in done.complaint


def test_a_wrong_password_of_redis_is_4_at_once(commands: Commands, redis_url: str) -> None:
    url = redis_url.replace("redis://", "redis://nobody:wrong@")
    done = commands.run("serve", "--port", "0", CHIMERA_REDIS__URL=url)
    assert done.code == 4
    assert "does not accept our user and password" in done.complaint
    told = commands.run("doctor", "--json", CHIMERA_REDIS__URL=url)
    assert told.code == 1
    assert "user and password" in told.out


def test_a_backup_is_refused_in_one_line(commands: Commands, tmp_path: Path) -> None:
    data = ("--data-dir", str(tmp_path))
    assert commands.run("migrate", *data).code == 0
    assert commands.run("backup", "b.zip", *data).code == 0
    again = commands.run("backup", "b.zip", *data)
    assert (again.code, "there already" in again.complaint) == (1, True)
    over = commands.run("restore", "b.zip", *data)
    assert (over.code, "empty place" in over.complaint) == (1, True)
    nowhere = commands.run("restore", "b.zip", "--to", "postgresql", *data)
    assert (nowhere.code, "CHIMERA_DATABASE__URL" in nowhere.complaint) == (2, True)
    (tmp_path / "b.zip").write_bytes(b"Dear diary")
    damaged = commands.run("restore", "b.zip", "--data-dir", "new")
    assert (damaged.code, "no backup" in damaged.complaint) == (1, True)
