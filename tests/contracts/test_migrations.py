"""Every revision up and down, on both databases, and the tables as the code expects them."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from chimera.core.errors import Unready
from chimera.store import learning, migrations
from chimera.store.database import Store, migrate, parse
from chimera.store.postgres import Postgres
from chimera.store.sqlite import Sqlite
from chimera.store.units import Backend
from fakes import CountingIds

#: What the search adds to the tables; the code knows it only as `search.found`.
SEARCH = ("search", "conversations_search", "messages_search")


def ours(name: str | None, *_: object) -> bool:
    return not (name or "").startswith(SEARCH)


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"include_name": ours})
    return list(compare_metadata(context, learning.trials.metadata))


async def _backend(url: str) -> Backend:
    address = parse(url)
    if address.drivername == "sqlite":
        return await Sqlite.open(Path(address.database or ""), synchronous="NORMAL")
    return Postgres(address, pool_size=1)


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


async def test_the_migrations_make_exactly_the_tables_of_the_code(store: Store) -> None:
    assert await store.read(differences) == []


async def test_going_down_leaves_nothing_and_up_again_makes_it_all(
    database_url: str, ids: CountingIds
) -> None:
    backend = await _backend(database_url)
    try:
        await backend.write(partial(migrations.move, revision="base"))
        assert await backend.read(tables) == set()
        await backend.write(migrations.upgrade)
    finally:
        await backend.close()
    async with Store.open(database_url, ids=ids) as store:
        assert await store.read(differences) == []


async def test_migrating_twice_changes_nothing(database_url: str, ids: CountingIds) -> None:
    await migrate(database_url)
    async with Store.open(database_url, ids=ids) as store:
        assert await store.read(differences) == []


def test_there_is_one_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


async def test_a_database_newer_than_the_code_ends_the_start_with_code_5(
    database_url: str, ids: CountingIds
) -> None:
    async with Store.open(database_url, ids=ids) as store:
        await store.write(
            lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        )
    with pytest.raises(Unready, match="newer Chimera") as raised:
        async with Store.open(database_url, ids=ids):
            pass
    assert raised.value.exit_code == 5


async def test_tables_that_stand_in_the_way_end_the_start_with_code_5(
    tmp_path: Path, ids: CountingIds
) -> None:
    url = f"sqlite:///{tmp_path}/foreign.db"
    async with Store.open(url, ids=ids) as store:
        await store.write(lambda c: c.execute(text("DELETE FROM alembic_version")))
    with pytest.raises(Unready, match="migrated") as raised:
        await migrate(url)
    assert raised.value.exit_code == 5
