"""The small commands: version, migrate, openapi, doctor."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chimera import __version__
from chimera.store.database import migrate
from processes import Commands, chimera
from servers import free_port

ROOT = Path(__file__).parents[2]


def found(out: str) -> dict[str, dict[str, Any]]:
    return {each["what"]: each for each in json.loads(out)}


def test_the_version_is_that_of_the_package(commands: Commands) -> None:
    done = commands.run("version")
    assert (done.code, done.out, done.err) == (0, f"{__version__}\n", "")


def test_the_description_printed_is_the_contract(commands: Commands) -> None:
    # Whatever is set: the description needs neither PostgreSQL nor Redis.
    nowhere = f"127.0.0.1:{free_port()}"
    done = commands.run(
        "openapi",
        CHIMERA_DATABASE__URL=f"postgresql://chimera@{nowhere}/chimera",
        CHIMERA_REDIS__URL=f"redis://{nowhere}/0",
    )
    assert done.code == 0
    assert json.loads(done.out) == json.loads((ROOT / "contracts/openapi.json").read_text())


def test_migrating_makes_the_database_and_may_be_repeated(
    commands: Commands, tmp_path: Path
) -> None:
    for _ in range(2):
        done = commands.run("migrate", "--data-dir", "new/folder")
        assert done.code == 0
        assert done.out == "The database is up to date.\n"
    with closing(sqlite3.connect(tmp_path / "new/folder/chimera.db")) as database:
        assert database.execute("SELECT count(*) FROM conversations").fetchone() == (0,)


def test_the_doctor_finds_nothing_wrong_with_nothing_set(
    commands: Commands, tmp_path: Path
) -> None:
    done = commands.run("doctor", "--json")
    assert done.code == 0
    findings = found(done.out)
    assert not [each for each in findings.values() if each["state"] == "broken"]
    assert findings["Redis"]["state"] == "missing"
    assert findings["provider scripted"]["detail"] == "plays without any key"
    assert not (tmp_path / ".chimera").exists()


def test_the_doctor_speaks_to_people_too(commands: Commands) -> None:
    done = commands.run("doctor")
    assert done.code == 0
    assert "✓  data folder" in done.out
    assert "○  Redis" in done.out


def test_the_doctor_says_what_is_broken_and_ends_with_1(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "chimera.db").write_bytes(b"Dear diary, " * 100)
    redis = f"redis://127.0.0.1:{free_port()}/0"
    done = commands.run("doctor", "--json", "--data-dir", str(tmp_path), CHIMERA_REDIS__URL=redis)
    assert done.code == 1
    findings = found(done.out)
    assert findings["database"]["state"] == "broken"
    assert "cannot be used as a database" in findings["database"]["detail"]
    assert findings["Redis"]["state"] == "broken"
    assert "CHIMERA_REDIS__URL" in findings["Redis"]["detail"]
    shown = commands.run("doctor", "--data-dir", str(tmp_path), CHIMERA_REDIS__URL=redis)
    assert shown.code == 1
    assert "✗  database" in shown.out
    assert "✗  Redis" in shown.out


def test_the_doctor_sees_a_folder_that_cannot_be_one(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    done = commands.run("doctor", "--json", "--data-dir", "taken")
    assert done.code == 1
    assert "cannot be written" in found(done.out)["data folder"]["detail"]


def test_the_doctor_says_what_a_shared_database_needs_to_keep_keys(
    commands: Commands, postgres_database: str
) -> None:
    done = commands.run("doctor", "--json", CHIMERA_DATABASE__URL=postgres_database)
    keys = found(done.out)["keys of providers"]
    assert keys["state"] == "missing"
    assert "CHIMERA_SECURITY__KEK_FILE" in keys["detail"]
    kek = {"CHIMERA_SECURITY__KEK": "a" * 64}
    done = commands.run("doctor", "--json", CHIMERA_DATABASE__URL=postgres_database, **kek)
    assert found(done.out)["keys of providers"]["state"] == "ok"


@pytest.mark.crash
def test_the_doctor_leaves_the_file_of_an_open_house_alone(
    commands: Commands, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with chimera("serve", "--port", "0", "--data-dir", str(data), log=tmp_path / "log") as server:
        server.address()
        findings = found(commands.run("doctor", "--json", "--data-dir", str(data)).out)
        second = commands.run("serve", "--port", "0", "--data-dir", str(data))
    assert "migrated" in findings["database"]["detail"]
    assert second.code == 3
    assert "Another Chimera" in second.complaint


def test_the_doctor_tells_of_a_cluster_and_changes_nothing(
    commands: Commands, empty_postgres: str, redis_url: str
) -> None:
    cluster = {"CHIMERA_DATABASE__URL": empty_postgres, "CHIMERA_REDIS__URL": redis_url}
    before = found(commands.run("doctor", "--json", **cluster).out)
    assert "empty" in before["database"]["detail"]
    asyncio.run(migrate(empty_postgres, "0004"))
    older = found(commands.run("doctor", "--json", **cluster).out)
    assert older["database"]["state"] == "missing"
    assert "at revision 0004" in older["database"]["detail"]
    assert commands.run("migrate", **cluster).code == 0

    now = found(commands.run("doctor", "--json", "--deep", **cluster).out)
    assert now["database"]["detail"].startswith("PostgreSQL ")
    assert now["connections"]["state"] == "ok"
    assert now["turns"]["detail"] == "none is late"
    assert now["last backup"]["state"] == "missing"
    assert now["logs"]["state"] == "ok"
    assert "with streams; noeviction" in now["Redis"]["detail"]

    assert commands.run("backup", "b.zip", **cluster).code == 0
    full = cluster | {"CHIMERA_DATABASE__POOL_SIZE": "200"}
    later = found(commands.run("doctor", "--json", **full).out)
    assert later["last backup"]["detail"] == "0.0 hours ago"
    assert later["connections"]["state"] == "broken"
    assert "max_connections" in later["connections"]["detail"]


def test_the_doctor_finds_a_log_with_a_hole_if_told_to_look(
    commands: Commands, tmp_path: Path
) -> None:
    data = ("--data-dir", str(tmp_path))
    assert (
        commands.run("talk", "Fish", "--turns", "2", "--save", "--pace", "instant", *data).code == 0
    )
    with closing(sqlite3.connect(tmp_path / "chimera.db")) as database:
        database.execute("DELETE FROM events WHERE seq = 3")
        database.commit()
    assert commands.run("doctor", *data).code == 0
    done = commands.run("doctor", "--json", "--deep", *data)
    assert done.code == 1
    assert "a log with a hole" in done.out


def test_the_doctor_says_why_embeddings_do_not_load(commands: Commands, tmp_path: Path) -> None:
    done = commands.run("doctor", "--json", CHIMERA_MINDS__EMBEDDINGS=str(tmp_path / "nowhere"))
    assert done.code == 1
    finding = found(done.out)["embeddings"]
    assert finding["state"] == "broken"
    assert "nowhere" in finding["detail"]
