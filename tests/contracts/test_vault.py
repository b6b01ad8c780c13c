"""Sealed keys: bound to their row, wrapped by a house key that may be replaced, lost or guarded."""

import asyncio
import json
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from chimera.app.sealed import rewrap_all
from chimera.core.errors import Unready
from chimera.store import credentials
from chimera.store.credentials import HOUSE, Stored
from chimera.store.database import Store
from chimera.store.vault import (
    Context,
    HouseKey,
    KeyRing,
    SealBroken,
    Vault,
    kid_of,
    make_ring,
    parse_ring,
    read_ring,
    rewrap,
    seal,
    unseal,
)

OLD, NEW = HouseKey(b"o" * 32), HouseKey(b"n" * 32)
SECRET = SecretStr("sk-planted-0123456789")
HERE = Context(HOUSE, "openai", "crd_1")

ids = st.text("abcdefghij_0123456789", max_size=12)


@given(secret=st.text(min_size=1), parts=st.tuples(ids, ids, ids))
def test_what_was_sealed_is_opened_in_its_own_row(secret: str, parts: tuple[str, str, str]) -> None:
    ring, context = KeyRing([NEW]), Context(*parts)
    envelope = seal(ring, SecretStr(secret), context)
    assert set(envelope) == {"v", "kid", "wrap", "ct"}
    assert unseal(ring, envelope, context).get_secret_value() == secret


@pytest.mark.parametrize(
    "elsewhere",
    [Context("usr_2", "openai", "crd_1"), Context(HOUSE, "gemini", "crd_1"),
     Context(HOUSE, "openai", "crd_2")],
)  # fmt: skip
def test_a_row_cannot_be_moved_to_another_owner_provider_or_id(elsewhere: Context) -> None:
    ring = KeyRing([NEW])
    with pytest.raises(SealBroken):
        unseal(ring, seal(ring, SECRET, HERE), elsewhere)


@given(field=st.sampled_from(["wrap", "ct"]), place=st.integers(0, 200), other=st.integers(1, 255))
def test_not_a_byte_of_an_envelope_can_be_changed(field: str, place: int, other: int) -> None:
    ring = KeyRing([NEW])
    envelope = seal(ring, SECRET, HERE)
    data = bytearray(b64decode(envelope[field]))
    data[place % len(data)] ^= other
    with pytest.raises(SealBroken):
        unseal(ring, envelope | {field: b64encode(data).decode()}, HERE)


@pytest.mark.parametrize(
    "broken", [{"v": 2}, {"wrap": None}, {"ct": "?"}, {"ct": ""}, {"kid": "x"}]
)
def test_an_envelope_out_of_form_is_refused_not_crashed_on(broken: dict[str, Any]) -> None:
    ring = KeyRing([NEW])
    with pytest.raises(SealBroken):
        unseal(ring, seal(ring, SECRET, HERE) | broken, HERE)


def test_the_same_secret_never_looks_the_same_and_shows_nothing() -> None:
    ring = KeyRing([NEW])
    one, two = seal(ring, SECRET, HERE), seal(ring, SECRET, HERE)
    assert (one["wrap"], one["ct"]) != (two["wrap"], two["ct"])
    assert "planted" not in json.dumps(one) + repr(SECRET) + repr(NEW) + repr(ring.keys)


def test_a_new_house_key_wraps_anew_and_leaves_the_secret_alone() -> None:
    envelope = seal(KeyRing([OLD]), SECRET, HERE)
    ring = KeyRing([NEW, OLD])
    fresh = rewrap(ring, envelope, HERE)
    assert fresh is not None
    assert (fresh["kid"], fresh["ct"]) == (NEW.kid, envelope["ct"])
    assert rewrap(ring, fresh, HERE) is None
    assert unseal(KeyRing([NEW]), fresh, HERE) == SECRET


# -- the file ---------------------------------------------------------------------------------


def test_the_first_start_makes_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "data" / "chimera.key"
    vault = Vault(path=path, makes=True)
    assert vault.load() is None
    made = vault.load(make=True)
    assert made is not None
    assert path.stat().st_mode & 0o777 == 0o600
    again = read_ring(path)
    assert again is not None
    assert again.current == made.current
    assert [each.name for each in path.parent.iterdir()] == ["chimera.key"]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "chimera.key"
    with ThreadPoolExecutor(8) as threads:
        rings = list(threads.map(make_ring, [path] * 16))
    assert len({ring.current.kid for ring in rings}) == 1


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "chimera.key"
    make_ring(path)
    path.chmod(mode)
    with pytest.raises(Unready, match=r"can be read by others .* chmod 600") as caught:
        read_ring(path)
    assert caught.value.exit_code == 7


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "short", "zz" * 32, b64encode(b"x" * 31).decode()]
)
def test_a_file_that_holds_no_key_is_refused_and_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "chimera.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(Unready) as caught:
        read_ring(path)
    assert not text.strip("# \n") or text not in caught.value.message


def test_a_file_that_a_setting_names_is_never_made(tmp_path: Path) -> None:
    with pytest.raises(Unready, match="is not there"):
        Vault(path=tmp_path / "kek").load(make=True)


def test_keys_are_read_in_base64_and_hex_parted_by_commas_or_lines() -> None:
    text = f"{b64encode(NEW.value).decode()}, {OLD.value.hex()}\n# the end"
    assert [key.kid for key in parse_ring(text).keys] == [NEW.kid, OLD.kid]


def test_a_key_that_was_added_by_another_process_is_found(tmp_path: Path) -> None:
    path = tmp_path / "chimera.key"
    ours, theirs = Vault(path=path, makes=True), Vault(path=path)
    ours.load(make=True)
    theirs.add()
    assert ours.open(theirs.seal(SECRET, HERE), HERE) == SECRET


# -- rotation ---------------------------------------------------------------------------------


def stored(vault: Vault, number: int) -> Stored:
    row = Stored(
        id=f"crd_{number}", owner=f"usr_{number}", provider="openai", created_at=1, updated_at=1
    )
    return replace(row, sealed=vault.seal(SecretStr(f"sk-{number}"), row.context))


async def fill(store: Store, vault: Vault, count: int) -> None:
    rows = await asyncio.to_thread(lambda: [stored(vault, number) for number in range(count)])

    def write(connection: Any) -> None:
        for row in rows:
            credentials.put(connection, row)

    await store.write(write)


async def test_a_rotation_wraps_everything_anew_and_retires_the_old_key(
    store: Store, tmp_path: Path
) -> None:
    vault = Vault(path=tmp_path / "chimera.key", makes=True)
    await fill(store, vault, 250)
    before = {each.id: each for each in (await store.read(credentials.snapshot)).stored}
    old = vault.ring
    ring = await asyncio.to_thread(vault.add)
    assert await rewrap_all(store, vault) == 250
    after = (await store.read(credentials.snapshot)).stored
    assert {kid_of(each.sealed or {}) for each in after} == {ring.current.kid}
    assert old is not None
    found = await asyncio.to_thread(vault.load)
    assert found is not None
    assert [key.kid for key in found.keys] == [ring.current.kid]
    for each in after:
        assert vault.open(each.sealed or {}, each.context) == SecretStr("sk-" + each.id[4:])
        assert (each.sealed or {})["ct"] == (before[each.id].sealed or {})["ct"]
    assert await rewrap_all(store, vault) == 0


async def test_a_rotation_that_broke_off_is_carried_on(sqlite_store: Store, tmp_path: Path) -> None:
    vault = Vault(path=tmp_path / "chimera.key", makes=True)
    await fill(sqlite_store, vault, 3)
    await asyncio.to_thread(vault.add)
    one = (await sqlite_store.read(credentials.snapshot)).stored[0]
    sealed = vault.rewrap(one.sealed or {}, one.context)
    assert sealed is not None
    await sqlite_store.write(lambda connection: credentials.replace_seal(connection, one, sealed))
    # Both keys are still there: nothing is lost in between.
    rows = (await sqlite_store.read(credentials.snapshot)).stored
    assert len([vault.open(each.sealed or {}, each.context) for each in rows]) == 3
    assert await rewrap_all(sqlite_store, vault) == 2


async def test_what_cannot_be_opened_is_left_alone(sqlite_store: Store, tmp_path: Path) -> None:
    lost = Vault(path=tmp_path / "lost.key", makes=True)
    await fill(sqlite_store, lost, 1)
    vault = Vault(path=tmp_path / "chimera.key", makes=True)
    await asyncio.to_thread(vault.load, make=True)
    await asyncio.to_thread(vault.add)
    before = (await sqlite_store.read(credentials.snapshot)).stored
    assert await rewrap_all(sqlite_store, vault) == 0
    assert (await sqlite_store.read(credentials.snapshot)).stored == before


async def test_a_seal_that_was_replaced_meanwhile_is_not_overwritten(
    sqlite_store: Store, tmp_path: Path
) -> None:
    vault = Vault(path=tmp_path / "chimera.key", makes=True)
    await fill(sqlite_store, vault, 1)
    seen = (await sqlite_store.read(credentials.snapshot)).stored[0]
    newer = await asyncio.to_thread(vault.seal, SecretStr("sk-newer"), seen.context)
    await sqlite_store.write(
        lambda connection: credentials.put(connection, replace(seen, sealed=newer))
    )
    await sqlite_store.write(
        lambda connection: credentials.replace_seal(connection, seen, {"kid": "x"})
    )
    assert (await sqlite_store.read(credentials.snapshot)).stored[0].sealed == newer


async def test_limits_marks_and_removal_are_rows_like_any_other(store: Store) -> None:
    row = Stored(
        id="crd_1", owner=HOUSE, provider="openai", base_url="https://api.test/v1",
        created_at=1, updated_at=1,
    )  # fmt: skip
    await store.write(partial(credentials.put, stored=row))
    await store.write(partial(credentials.put, stored=replace(row, id="crd_2")))
    for tuning in ({"concurrency": 2, "default_model": "m"}, {"concurrency": None}):
        await store.write(partial(credentials.tune, provider="openai", tuning=tuning, at=2))
    await store.write(partial(credentials.mark, credential="crd_2", because="refused", at=3))
    found = await store.read(credentials.snapshot)
    assert found.tunings == {"openai": {"default_model": "m"}}
    assert found.stored == (replace(row, id="crd_2", disabled_because="refused", updated_at=3),)
    assert found.of("openai") == found.stored[0]
    assert found.of("gemini") is None
    await store.write(partial(credentials.remove, provider="openai"))
    assert (await store.read(credentials.snapshot)).stored == ()
