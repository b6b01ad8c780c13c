"""What was backed up comes back whole, into either database, or does not come back at all."""

import asyncio
import shutil
import sqlite3
import zipfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, insert, select, text

from chimera.core.errors import AlreadyExists, NotFound, Unready
from chimera.store import log as logs
from chimera.store.archive import BadBackup
from chimera.store.backup import LIFT, back_up, last_backup, restore, transcripts
from chimera.store.check import check
from chimera.store.database import Store, migrate
from chimera.store.tables import conversations, images, meta, personas, reactions
from conversations_made import completed, created, posted, started, turn_started
from fakes import CountingIds

AT = 1_763_000_000_000
PICTURE = bytes(range(256)) * 40


def quiet(table: str, done: int, many: int) -> None:
    assert done <= many


def fill(connection: Connection) -> None:
    """Something of every kind: text of all scripts, JSON, money, pictures, empty fields."""
    for number in (1, 2, 3):
        of = f"cnv_{number}"
        new = [created(topic=f"Do fish № {number} get bored? 魚も退屈する？ 🐟"), started()]
        logs.create(connection, of, new, at=AT, visibility="public", owner=None)
        for line in range(number * 3):
            turn = f"{number}_{line}"
            lines = [turn_started(turn), completed(turn), posted(f"msg_p{turn}", "“Why?”\n\t\\")]
            logs.append(connection, of, lines, at=AT + line)
    row = {"id": "img_1", "conversation_id": "cnv_1", "media_type": "image/png", "width": 1}
    connection.execute(insert(images).values(**row, height=1, data=PICTURE, at=AT))
    connection.execute(
        insert(reactions).values(message_id="msg_1_0", actor="viewer", emoji="🎉", at=AT)
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An address where there is nothing yet."""
    if request.param == "sqlite":
        (tmp_path / "elsewhere").mkdir()
        return f"sqlite:///{tmp_path}/elsewhere/chimera.db"
    return request.getfixturevalue("empty_postgres")


@pytest.fixture
async def saved(sqlite_store: Store, tmp_path: Path) -> Path:
    """A backup of the filled embedded database."""
    await sqlite_store.write(fill)
    return await save(sqlite_store, tmp_path / "saved.zip")


async def save(store: Store, path: Path) -> Path:
    await back_up(f"sqlite:///{store.file}", path, at=AT, told=quiet)
    return path


def everything(connection: Connection) -> dict[str, Any]:
    """What people would miss, in an order and a form that both databases share."""
    told: dict[str, Any] = {"logs": dict(transcripts(connection))}
    columns = [each for each in conversations.c if each.name != "generation"]
    told["rows"] = [tuple(row) for row in connection.execute(select(*columns).order_by("id"))]
    for table in (images, reactions, personas):
        told[table.name] = [tuple(row) for row in connection.execute(select(table))]
    return told


async def test_what_was_saved_comes_back_into_either_database(
    store: Store, database_url: str, empty_url: str, tmp_path: Path, ids: CountingIds
) -> None:
    await store.write(fill)
    before = await store.read(everything)
    path = tmp_path / "saved.zip"
    manifest = await back_up(database_url, path, at=AT, told=quiet)
    assert manifest.dialect == store.dialect
    assert await last_backup(store) == AT

    restored = await restore(path, empty_url, ids=ids, told=quiet)
    assert restored.faults == ()
    async with Store.open(empty_url, ids=ids) as back:
        assert await back.read(everything) == before
        assert await back.read(check) == []
        # It is another store from now on, and nobody with an older memory may write.
        assert back.store_id != store.store_id
        assert back.secret == store.secret
        lowest = select(conversations.c.generation).order_by(conversations.c.generation).limit(1)
        assert await back.read(lambda c: c.execute(lowest).scalar_one()) >= LIFT
        # Rows that are new are numbered after those that came back, and search finds both.
        await back.write(partial(one_more, conversation_id="cnv_new"))


def one_more(connection: Connection, *, conversation_id: str) -> None:
    logs.create(
        connection, conversation_id, [created(), started(), posted("msg_new")], at=AT,
        visibility="public", owner=None,
    )  # fmt: skip


async def test_a_backup_shows_one_moment_however_much_is_said_meanwhile(
    store: Store, database_url: str, empty_url: str, tmp_path: Path, ids: CountingIds
) -> None:
    await store.write(fill)
    before = await store.read(everything)
    said: list[str] = []

    def talk_on(table: str, done: int, many: int) -> None:
        said.append(table)

    async with talking(store):
        await back_up(database_url, tmp_path / "saved.zip", at=AT, told=talk_on)
    assert {"events", "messages"} <= set(said)
    await restore(tmp_path / "saved.zip", empty_url, ids=ids, told=quiet)
    async with Store.open(empty_url, ids=ids) as back:
        assert await back.read(check) == []
        assert set(before["logs"]) <= set((await back.read(everything))["logs"])


@asynccontextmanager
async def talking(store: Store) -> AsyncGenerator[None]:
    """Somebody who begins a talk at every turn of the loop."""
    over = asyncio.Event()

    async def talk() -> None:
        number = 0
        while not over.is_set():
            number += 1
            await store.write(partial(one_talk, number=number))

    async with asyncio.TaskGroup() as group:
        group.create_task(talk())
        await asyncio.sleep(0)
        yield
        over.set()


def one_talk(connection: Connection, *, number: int) -> None:
    logs.create(
        connection, f"cnv_x{number}", [created(), started(), posted(f"msg_x{number}")], at=AT,
        visibility="public", owner=None,
    )  # fmt: skip


# --- places and files that will not do -----------------------------------------------------------


async def test_a_file_that_is_there_is_never_overwritten(sqlite_store: Store, saved: Path) -> None:
    before = saved.read_bytes()
    with pytest.raises(AlreadyExists):
        await save(sqlite_store, saved)
    assert saved.read_bytes() == before


async def test_a_place_that_is_not_empty_is_left_as_it_is(
    store: Store, database_url: str, saved: Path, ids: CountingIds
) -> None:
    await store.write(lambda c: c.execute(insert(meta).values(name="mine", value="1")))
    with pytest.raises(AlreadyExists, match="empty"):
        await restore(saved, database_url, ids=ids, told=quiet)
    kept = select(meta.c.value).where(meta.c.name == "mine")
    assert await store.read(lambda c: c.execute(kept).scalar_one()) == "1"


async def test_a_backup_that_is_broken_off_leaves_nothing(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    await store.write(fill)
    folder = tmp_path / "backups"
    folder.mkdir()

    with pytest.raises(KeyboardInterrupt):
        await back_up(database_url, folder / "saved.zip", at=AT, told=enough("messages"))
    assert list(folder.iterdir()) == []
    assert await last_backup(store) is None


async def test_a_restore_that_is_broken_off_leaves_nothing(
    saved: Path, empty_url: str, ids: CountingIds
) -> None:
    with pytest.raises(KeyboardInterrupt):
        await restore(saved, empty_url, ids=ids, told=enough("messages"))
    await still_empty(empty_url, saved, ids)


def enough(table: str) -> Callable[[str, int, int], None]:
    def told(at: str, done: int, many: int) -> None:
        if at == table and done:
            raise KeyboardInterrupt

    return told


async def still_empty(url: str, saved: Path, ids: CountingIds) -> None:
    """Nothing is left behind: a whole backup finds the place empty."""
    if url.startswith("sqlite"):
        assert list(Path(url.removeprefix("sqlite:///")).parent.iterdir()) == []
    await restore(saved, url, ids=ids, told=quiet)


def changed(member: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """The archive with one of its members made another."""

    def damage(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            members = {each: archive.read(each) for each in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, change(content) if name == member else content)

    return damage


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[300] ^= 0x40
    path.write_bytes(content)


def written(content: bytes) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.write_bytes(content)

    return damage


def told(**facts: Any) -> Callable[[Path], None]:
    return changed("manifest.json", lambda text: orjson.dumps(orjson.loads(text) | facts))


def a_log_swapped(text: bytes) -> bytes:
    return text.replace(b"expect something", b"expect anything!")


DAMAGE: dict[str, Callable[[Path], None]] = {
    "cut": cut,
    "a bit flipped": flip,
    "a word changed": changed("tables/events.jsonl", a_log_swapped),
    "a row lost": changed("tables/messages.jsonl", lambda t: t.partition(b"\n")[2]),
    "a row too short": changed("tables/meta.jsonl", lambda t: b"[1]\n" + t),
    "no JSON": changed("tables/meta.jsonl", lambda t: b"{" + t),
    "a hash changed": changed("transcripts.jsonl", lambda t: t.replace(b"a", b"b")),
    "another program's": changed("manifest.json", lambda t: b"[]"),
    "no manifest": changed("manifest.json", lambda t: b""),
    "tables of nobody": told(tables={}),
    "no archive": written(b"Dear diary"),
    "an empty file": written(b""),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
async def test_a_damaged_archive_is_refused_and_nothing_is_written(
    saved: Path, tmp_path: Path, ids: CountingIds, damage: Callable[[Path], None]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    await refused(saved, f"sqlite:///{tmp_path}/elsewhere/chimera.db", ids, damage)


async def test_a_server_takes_back_what_it_has_of_a_damaged_archive(
    saved: Path, empty_postgres: str, ids: CountingIds
) -> None:
    # The last thing that is looked at.
    await refused(saved, empty_postgres, ids, DAMAGE["a hash changed"])


async def refused(
    saved: Path, empty_url: str, ids: CountingIds, damage: Callable[[Path], None]
) -> None:
    whole = saved.with_name("whole.zip")
    shutil.copyfile(saved, whole)
    damage(saved)
    with pytest.raises(BadBackup, match=r"damaged|no backup"):
        await restore(saved, empty_url, ids=ids, told=quiet)
    await still_empty(empty_url, whole, ids)


@pytest.mark.parametrize("facts", [{"version": 2}, {"revision": "9999"}], ids=["form", "tables"])
async def test_an_archive_of_a_newer_version_says_so(
    saved: Path, tmp_path: Path, ids: CountingIds, facts: dict[str, Any]
) -> None:
    told(**facts)(saved)
    with pytest.raises(Unready, match="newer Chimera") as raised:
        await restore(saved, f"sqlite:///{tmp_path}/new.db", ids=ids, told=quiet)
    assert raised.value.exit_code == 5


async def test_a_backup_that_is_not_there_is_not_found(tmp_path: Path, ids: CountingIds) -> None:
    with pytest.raises(NotFound):
        await restore(tmp_path / "none.zip", f"sqlite:///{tmp_path}/new.db", ids=ids, told=quiet)


async def test_there_is_no_backup_of_a_house_that_never_opened(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await back_up(f"sqlite:///{tmp_path}/none.db", tmp_path / "b.zip", at=AT, told=quiet)
    assert not (tmp_path / "b.zip").exists()


async def test_a_folder_that_is_not_there_is_3(sqlite_store: Store, tmp_path: Path) -> None:
    with pytest.raises(Unready) as raised:
        await save(sqlite_store, tmp_path / "nowhere" / "b.zip")
    assert raised.value.exit_code == 3


# --- what is older, or was not sound before -------------------------------------------------------


async def test_a_backup_of_older_tables_comes_back_as_those_of_now(
    saved: Path, tmp_path: Path, empty_postgres: str, ids: CountingIds
) -> None:
    await restore(saved, f"sqlite:///{tmp_path}/old.db", ids=ids, told=quiet)
    await migrate(f"sqlite:///{tmp_path}/old.db", "0004")
    old = tmp_path / "old.zip"
    manifest = await back_up(f"sqlite:///{tmp_path}/old.db", old, at=AT, told=quiet)
    assert manifest.revision == "0004"
    await restore(old, empty_postgres, ids=ids, told=quiet)
    async with Store.open(empty_postgres, ids=ids) as back:
        assert len((await back.read(everything))["logs"]) == 3
        assert await back.read(check) == []


async def test_what_was_not_sound_before_is_told_and_comes_back(
    sqlite_store: Store, tmp_path: Path, ids: CountingIds
) -> None:
    await sqlite_store.write(fill)
    wrong = text("UPDATE conversations SET message_count = 99 WHERE id = 'cnv_1'")
    await sqlite_store.write(lambda c: c.execute(wrong))
    await save(sqlite_store, tmp_path / "saved.zip")
    restored = await restore(
        tmp_path / "saved.zip", f"sqlite:///{tmp_path}/new.db", ids=ids, told=quiet
    )
    assert restored.faults == ("a wrong count of messages: cnv_1 99",)


async def test_a_damaged_file_is_found_when_it_is_saved(saved: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    with closing(sqlite3.connect(broken)) as database:
        database.execute("CREATE TABLE t (x)")
        database.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 500)
        database.commit()
    content = bytearray(broken.read_bytes())
    content[4096 * 3 : 4096 * 5] = bytes(8192)
    broken.write_bytes(content)
    with pytest.raises(Unready, match="damaged"):
        await back_up(f"sqlite:///{broken}", tmp_path / "b.zip", at=AT, told=quiet)


async def test_nobody_else_reads_a_backup(saved: Path) -> None:
    assert saved.stat().st_mode & 0o077 == 0
