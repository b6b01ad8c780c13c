"""`chimera keys`, and what other commands say of keys: where they come from, and how they end."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from processes import Commands, call, chimera, until
from servers import free_port

KEY = "sk-planted-key-0123456789abcdef"
CREDENTIAL = "/api/v1/providers/gemini/credential"
#: Nobody is asked anything: a public service is only set.
DATA = ("--data-dir", "data")


def rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def stored(tmp_path: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(tmp_path / "data/chimera.db")) as database:
        query = "SELECT provider, sealed FROM credentials"
        return {name: json.loads(sealed) for name, sealed in database.execute(query)}


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A folder of a house in which a key was stored."""
    with chimera("serve", "--port", "0", *DATA, log=tmp_path / "log") as server:
        put = call(server.address(), "PUT", CREDENTIAL, {"api_key": KEY})
        assert put["credential"]["last4"] == "cdef"
    return tmp_path


def test_keys_of_the_environment_are_listed_by_their_ends(commands: Commands) -> None:
    keys = {
        "OPENAI_API_KEY": f"{KEY},sk-second-0123456789",
        "CHIMERA_PROVIDERS__OLLAMA__API_KEY": "short",
    }
    done = commands.run("keys", "list", **keys)
    assert done.code == 0
    assert "environment …cdef and 1 more" in done.out
    assert "planted" not in done.out + done.err
    assert "short" not in done.out
    nothing = commands.run("keys", "list")
    assert nothing.out == "There is no key: nothing is set and nothing is stored.\n"


@pytest.mark.crash
def test_a_stored_key_is_listed_and_its_house_key_rotated(commands: Commands, filled: Path) -> None:
    (row,) = rows(commands.run("keys", "list", "--json", *DATA).out)
    assert (row["provider"], row["source"], row["last4"]) == ("gemini", "stored", "cdef")
    before = stored(filled)["gemini"]
    assert row["sealed_with"] == before["kid"]
    done = commands.run("keys", "rotate", *DATA)
    assert done.code == 0, done.err
    after = stored(filled)["gemini"]
    assert after["kid"] != before["kid"]
    assert after["ct"] == before["ct"]
    assert f"1 wrapped anew. Stored keys are sealed with {after['kid']}." in done.out
    (row,) = rows(commands.run("keys", "list", "--json", *DATA).out)
    assert (row["sealed_with"], row["disabled_because"]) == (after["kid"], None)
    everything = (filled / "data/chimera.key").read_text() + (filled / "log").read_text()
    assert "planted" not in everything


@pytest.mark.crash
def test_the_house_key_is_rotated_beside_an_open_house(commands: Commands, filled: Path) -> None:
    before = stored(filled)["gemini"]
    with chimera("serve", "--port", "0", *DATA, log=filled / "log2") as server:
        address = server.address()
        (row,) = rows(commands.run("keys", "list", "--json", *DATA).out)
        assert row["sealed_with"] == before["kid"]
        done = commands.run("keys", "rotate", *DATA)
        assert done.code == 0, done.err
        assert "The open house did it." in done.out
        assert stored(filled)["gemini"]["kid"] != before["kid"]
        page = call(address, "GET", "/api/v1/providers")
        assert page["items"][0]["credential"]["last4"] == "cdef"


@pytest.mark.crash
def test_the_doctor_says_whose_key_cannot_be_opened(commands: Commands, filled: Path) -> None:
    def keys_of(out: str) -> dict[str, Any]:
        return next(each for each in json.loads(out) if each["what"] == "keys of providers")

    well = commands.run("doctor", "--json", *DATA, CHIMERA_PROVIDERS__ORDER="ollama")
    assert keys_of(well.out)["state"] == "ok"
    assert "1 stored" in keys_of(well.out)["detail"]
    path = filled / "data/chimera.key"
    path.chmod(0o644)
    readable = commands.run("doctor", "--json", *DATA, CHIMERA_PROVIDERS__ORDER="ollama")
    assert readable.code == 1
    assert "chmod 600" in keys_of(readable.out)["detail"]
    refused = commands.run("serve", "--port", "0", *DATA)
    assert refused.code == 7
    assert "can be read by others" in refused.complaint
    path.unlink()
    lost = commands.run("doctor", "--json", *DATA, CHIMERA_PROVIDERS__ORDER="ollama")
    assert lost.code == 1
    assert "the key of gemini cannot be opened" in keys_of(lost.out)["detail"]
    assert not path.exists()


def test_a_house_key_in_a_setting_is_rotated_by_its_owner(commands: Commands) -> None:
    old, new = "b" * 64, "a" * 64
    alone = commands.run("keys", "rotate", *DATA, CHIMERA_SECURITY__KEK=old)
    assert alone.code == 1
    assert "Put a new one before it" in alone.complaint
    done = commands.run("keys", "rotate", *DATA, CHIMERA_SECURITY__KEK=f"{new},{old}")
    assert done.code == 0
    assert "can be taken out" in done.out


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({"CHIMERA_SECURITY__KEK": "short-and-secret"}, 2, "CHIMERA_SECURITY__KEK"),
        ({"CHIMERA_SECURITY__KEK": "a" * 64, "CHIMERA_SECURITY__KEK_FILE": "kek"}, 2, "not both"),
        ({"CHIMERA_SECURITY__KEK_FILE": "kek"}, 7, "is not there"),
    ],
)
def test_a_start_with_a_house_key_that_cannot_be_right_is_refused(
    commands: Commands, settings: dict[str, str], code: int, said: str
) -> None:
    done = commands.run("serve", "--port", "0", *DATA, **settings)
    assert done.code == code
    assert said in done.complaint
    assert "short-and-secret" not in done.err


def test_limits_are_shown_and_stored(commands: Commands) -> None:
    words = ("providers", "limits", "openai")
    shown = commands.run(*words, CHIMERA_PROVIDERS__OPENAI__CONCURRENCY="3")
    assert (
        shown.out == "requests per minute: no limit\ntokens per minute: no limit\nconcurrency: 3\n"
    )
    done = commands.run(*words, "--requests-per-minute", "60", "--json")
    assert json.loads(done.out) == {
        "name": "openai", "requests_per_minute": 60, "tokens_per_minute": None, "concurrency": None,
    }  # fmt: skip
    assert "requests per minute: 60" in commands.run(*words).out
    assert "no limit" in commands.run(*words, "--requests-per-minute", "0").out.splitlines()[0]
    unknown = commands.run("providers", "limits", "gods")
    assert unknown.code == 1
    assert "no provider 'gods'" in unknown.complaint


@pytest.mark.crash
def test_two_processes_with_different_house_keys_are_told_apart(
    commands: Commands, tmp_path: Path, postgres_database: str
) -> None:
    """Who cannot open what the other has stored is not ready, and says why; the other is."""
    shared = {
        "CHIMERA_DATABASE__URL": postgres_database,
        "CHIMERA_PROVIDERS__GEMINI__BASE_URL": f"http://127.0.0.1:{free_port()}/v1",
    }
    ours, theirs = ({"CHIMERA_SECURITY__KEK": letter * 64} for letter in "ab")
    words = ("serve", "--port", "0")
    with (
        chimera(*words, log=tmp_path / "one", **shared, **ours) as one,
        chimera(*words, log=tmp_path / "other", **shared, **theirs) as other,
    ):
        put = call(one.address(), "PUT", CREDENTIAL, {"api_key": KEY, "force": True})
        assert put["credential"]["last4"] == "cdef"
        address = other.address()
        until(lambda: "house_key" in call(address, "GET", "/health/ready")["failing"], other.said)
        assert "key_unreadable" in other.said()
        assert "house_key" not in call(one.address(), "GET", "/health/ready")["failing"]
    told = commands.run("doctor", "--json", **shared, **theirs)
    assert told.code == 1
    assert "cannot be opened" in told.out
    assert "planted" not in one.said() + other.said()
