"""PostgreSQL under pressure: bounded waits, whole units again, and nothing by halves."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

import asyncpg
import pytest
from sqlalchemy import Connection, insert, select, text, update

from chimera.core.errors import StoreBusy, Unready
from chimera.store.database import Store, parse
from chimera.store.postgres import Postgres
from chimera.store.tables import meta
from fakes import CountingIds

#: A statement has 5 s on the server.
BOUND_S = 8.0


def put(name: str, value: str = "") -> Callable[[Connection], None]:
    def unit(connection: Connection) -> None:
        connection.execute(insert(meta).values(name=name, value=value))

    return unit


def value_of(name: str) -> Callable[[Connection], str]:
    query = select(meta.c.value).where(meta.c.name == name)
    return lambda connection: connection.execute(query).scalar_one()


async def test_a_server_that_is_too_old_ends_the_start_with_code_4(postgres_database: str) -> None:
    backend = Postgres(parse(postgres_database), pool_size=1, oldest=99)
    with pytest.raises(Unready, match="too old; Chimera needs 99") as raised:
        await backend.check_version()
    assert raised.value.exit_code == 4
    await backend.close()


async def test_a_row_that_somebody_holds_is_waited_for_only_so_long(
    postgres_database: str, ids: CountingIds
) -> None:
    async with Store.open(postgres_database, ids=ids) as store:
        await store.write(put("held", "before"))
        holder = cast("Any", await asyncpg.connect(postgres_database))
        await holder.execute("BEGIN")
        await holder.execute("UPDATE meta SET value = 'theirs' WHERE name = 'held'")
        begun = time.monotonic()

        def both(connection: Connection) -> None:
            put("half")(connection)
            held = update(meta).where(meta.c.name == "held")
            connection.execute(held.values(value="ours"))

        with pytest.raises(StoreBusy):
            await store.write(both)
        assert time.monotonic() - begun < BOUND_S
        await holder.execute("ROLLBACK")
        await holder.close()
        # Nothing of it has happened, and the next try does all of it.
        await store.write(both)
        assert await store.read(value_of("held")) == "ours"


async def test_a_server_without_a_free_connection_is_busy_and_heals(
    postgres_database: str, ids: CountingIds
) -> None:
    name = postgres_database.rpartition("/")[2]
    async with Store.open(postgres_database, ids=ids, pool_size=2) as store:
        await store.write(put("open"))
        master = cast("Any", await asyncpg.connect(postgres_database))
        await master.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
        await master.execute("CREATE ROLE crowded LOGIN")
        await master.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO crowded")
        crowded = postgres_database.replace("chimera@", "crowded@")
        backend = Postgres(parse(crowded), pool_size=1)
        try:
            with pytest.raises(StoreBusy):
                await backend.write(put("late"))
            await master.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')
            await backend.write(put("late"))
            assert await store.read(value_of("late")) == ""
        finally:
            await backend.close()
            await master.execute("DROP OWNED BY crowded")
            await master.execute("DROP ROLE crowded")
            await master.close()


async def test_units_that_cannot_be_put_in_an_order_run_again_whole(
    postgres_database: str, ids: CountingIds
) -> None:
    async with Store.open(postgres_database, ids=ids) as store:
        await store.write(put("count", "0"))

        def add_one(connection: Connection) -> None:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
            count = int(value_of("count")(connection))
            connection.execute(text("SELECT pg_sleep(0.1)"))
            counted = update(meta).where(meta.c.name == "count")
            connection.execute(counted.values(value=str(count + 1)))

        await asyncio.gather(*(store.write(add_one) for _ in range(3)))
        assert await store.read(value_of("count")) == "3"
