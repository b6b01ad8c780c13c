"""Units of work: whole or not at all, on both databases, whatever else happens."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import IntegrityError

from chimera.core.errors import ReadOnly, StoreBusy, Unready
from chimera.core.events import HOST
from chimera.store.database import Store, Work, parse
from chimera.store.postgres import Postgres
from chimera.store.sqlite import GROUP, QUEUE
from chimera.store.tables import meta
from fakes import CountingIds


def put(name: str, value: str = "") -> Callable[[Connection], None]:
    def unit(connection: Connection) -> None:
        connection.execute(insert(meta).values(name=name, value=value))

    return unit


def names(connection: Connection) -> set[str]:
    return set(connection.execute(select(meta.c.name)).scalars()) - {
        "store_id",
        "secret",
        "heartbeat",
    }


async def test_a_read_sees_every_write_that_returned(store: Store) -> None:
    for number in range(20):
        await store.write(put(str(number)))
        assert str(number) in await store.read(names)


async def test_a_unit_that_fails_leaves_nothing(store: Store) -> None:
    def unit(connection: Connection) -> None:
        put("half")(connection)
        raise LookupError("on purpose")

    with pytest.raises(LookupError, match="on purpose"):
        await store.write(unit)
    assert await store.read(names) == set()


async def test_units_written_together_fail_alone(store: Store) -> None:
    await store.write(put("7"))
    outcomes = await asyncio.gather(
        *(store.write(put(str(number))) for number in range(GROUP + 10)), return_exceptions=True
    )
    failed = [number for number, outcome in enumerate(outcomes) if outcome is not None]
    assert failed == [7]
    assert isinstance(outcomes[7], IntegrityError)
    assert await store.read(names) == {str(number) for number in range(GROUP + 10)}


async def test_when_the_whole_transaction_is_lost_everybody_in_it_hears_so(
    sqlite_store: Store,
) -> None:
    """As on a full disk, where SQLite takes everything back by itself."""
    begun, go = threading.Event(), threading.Event()

    def wait(_: Connection) -> None:
        begun.set()
        go.wait(5)

    def lose(connection: Connection) -> None:
        connection.exec_driver_sql("ROLLBACK")
        raise LookupError("on purpose")

    first = asyncio.ensure_future(sqlite_store.write(wait))
    await asyncio.to_thread(begun.wait)
    together = [asyncio.ensure_future(sqlite_store.write(put(str(n)))) for n in range(3)]
    together.append(asyncio.ensure_future(sqlite_store.write(lose)))
    await asyncio.sleep(0)
    go.set()
    await first
    outcomes = await asyncio.gather(*together, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [LookupError] * 4
    assert await sqlite_store.read(names) == set()
    await sqlite_store.write(put("next"))
    assert await sqlite_store.read(names) == {"next"}


async def test_a_read_cannot_write(store: Store) -> None:
    with pytest.raises(ReadOnly):
        await store.read(put("sneaky"))
    assert await store.read(names) == set()


async def test_what_is_left_for_afterwards_runs_after_the_commit(store: Store) -> None:
    seen: list[set[str]] = []

    async def look() -> None:
        seen.append(await store.read(names))

    def unit(work: Work) -> str:
        put("done")(work.connection)
        work.afterwards(look)
        return work.actor.type

    assert await store.work(HOST, unit) == "host"
    assert seen == [{"done"}]


async def test_work_that_fails_has_no_afterwards(store: Store) -> None:
    told: list[str] = []

    async def tell() -> None:
        told.append("told")

    def unit(work: Work) -> None:
        work.afterwards(tell)
        raise LookupError("on purpose")

    with pytest.raises(LookupError):
        await store.work(HOST, unit)
    assert told == []


async def test_more_writers_than_may_wait_are_turned_away_and_the_rest_are_served(
    sqlite_store: Store,
) -> None:
    outcomes = await asyncio.gather(
        *(sqlite_store.write(put(str(number))) for number in range(2 * QUEUE)),
        return_exceptions=True,
    )
    busy = [outcome for outcome in outcomes if isinstance(outcome, StoreBusy)]
    assert busy
    assert len(await sqlite_store.read(names)) == 2 * QUEUE - len(busy)


async def test_a_writer_that_gave_up_does_not_disturb_the_others(store: Store) -> None:
    tasks = [asyncio.ensure_future(store.write(put(str(number)))) for number in range(10)]
    tasks[3].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(outcomes[3], asyncio.CancelledError)
    assert {str(number) for number in range(10)} - {"3"} <= await store.read(names)


async def test_the_store_keeps_its_identity(database_url: str, ids: CountingIds) -> None:
    async with Store.open(database_url, ids=ids) as store:
        first = (store.store_id, store.secret)
        assert len(store.secret) > 30
    async with Store.open(database_url, ids=ids) as store:
        assert (store.store_id, store.secret) == first


async def test_two_transactions_that_lock_each_other_out_both_succeed(
    postgres_database: str, ids: CountingIds
) -> None:
    async with Store.open(postgres_database, ids=ids) as store:
        await store.write(put("a", "0"))
        await store.write(put("b", "0"))
        lock = text("UPDATE meta SET value = value || 'x' WHERE name = :name")
        wait = text("SELECT pg_sleep(0.2)")

        def crossing(first: str, second: str) -> Callable[[Connection], None]:
            def unit(connection: Connection) -> None:
                connection.execute(lock, {"name": first})
                connection.execute(wait)
                connection.execute(lock, {"name": second})

            return unit

        await asyncio.gather(store.write(crossing("a", "b")), store.write(crossing("b", "a")))
        both = select(meta.c.value).where(meta.c.name.in_(["a", "b"]))
        values = await store.read(lambda c: c.execute(both).scalars().all())
        assert values == ["0xx", "0xx"]


async def test_a_broken_connection_costs_a_second_try_and_nothing_else(
    postgres_database: str, ids: CountingIds
) -> None:
    async with Store.open(postgres_database, ids=ids, pool_size=1) as store:
        victim = await store.read(lambda c: c.execute(text("SELECT pg_backend_pid()")).scalar_one())
        async with Store.open(postgres_database, ids=ids) as other:
            await other.read(
                lambda c: c.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": victim})
            )
        await store.write(put("survived"))
        assert await store.read(names) == {"survived"}


async def test_a_statement_that_takes_too_long_is_cut_off(
    postgres_database: str, ids: CountingIds
) -> None:
    def slow(connection: Connection) -> None:
        connection.execute(text("SET LOCAL statement_timeout = 50"))
        connection.execute(text("SELECT pg_sleep(5)"))

    async with Store.open(postgres_database, ids=ids) as store:
        with pytest.raises(StoreBusy):
            await store.write(slow)


async def test_a_caller_waits_for_a_connection_only_so_long(postgres_database: str) -> None:
    backend = Postgres(parse(postgres_database), pool_size=1, checkout=0.1)
    async with asyncio.TaskGroup() as group:
        group.create_task(backend.read(lambda c: c.execute(text("SELECT pg_sleep(0.5)"))))
        await asyncio.sleep(0)
        with pytest.raises(StoreBusy, match="no free connection"):
            await backend.write(put("late"))
    await backend.close()


async def test_a_server_that_is_not_there_ends_the_start_with_code_4(ids: CountingIds) -> None:
    with pytest.raises(Unready) as raised:
        async with Store.open("postgresql://nobody@127.0.0.1:9/none", ids=ids, patience=0):
            pass
    assert raised.value.exit_code == 4


async def test_a_folder_that_cannot_be_made_ends_the_start_with_code_3(
    tmp_path: Path, ids: CountingIds
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unready) as raised:
        async with Store.open(f"sqlite:///{tmp_path}/file/chimera.db", ids=ids):
            pass
    assert raised.value.exit_code == 3


async def test_a_file_that_is_something_else_ends_the_start_with_code_3(
    tmp_path: Path, ids: CountingIds
) -> None:
    path = tmp_path / "chimera.db"
    path.write_text("a shopping list " * 100)
    with pytest.raises(Unready) as raised:
        async with Store.open(f"sqlite:///{path}", ids=ids):
            pass
    assert raised.value.exit_code == 3
    assert path.read_text().startswith("a shopping list")


@pytest.mark.parametrize("url", ["", "mysql://localhost/x", "sqlite://", "no address at all"])
def test_an_address_that_is_none_of_ours_ends_the_start_with_code_2(url: str) -> None:
    with pytest.raises(Unready) as raised:
        parse(url)
    assert raised.value.exit_code == 2
