"""What every test may ask for: a clock, ids, real databases and a real Redis on loopback."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Generator
from itertools import count
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
import pytest_socket
import redis
from blockbuster import BlockBuster, blockbuster_ctx

from chimera.store.database import Store, migrate
from fakes import CountingIds, FakeClock
from servers import postgres_server, redis_server

TEMPLATE = "chimera_template"

# Without this a plain test that runs first makes looptime open a loop that nobody closes.
asyncio.set_event_loop(None)


@pytest.fixture(autouse=True)
def _loopback_only() -> Generator[None]:
    """No test reaches beyond this machine."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)
    yield
    pytest_socket._remove_restrictions()


@pytest.fixture(autouse=True)
def _never_blocking() -> Generator[BlockBuster]:
    """Our code never blocks the event loop: a file or a lock in it is an error."""
    with blockbuster_ctx("chimera") as blockbuster:
        for function in blockbuster.functions.values():
            # A new connection looks for a password file; that is one look, and not ours to change.
            function.can_block_in("asyncpg/connect_utils.py", {"_parse_connect_dsn_and_args"})
            # Migrations run before anybody is served, and a command serves nobody.
            function.can_block_in("store/migrations/__init__.py", {"move", "_scripts"})
            function.can_block_in("store/backup.py", {"back_up", "_dump", "_bring_back"})
        yield blockbuster


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ids() -> CountingIds:
    return CountingIds()


# --- databases: migrated once, copied for each test ----------------------------------------------


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "chimera.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Generator[str]:
    """A server of the session's own; its database `chimera_template` is migrated."""
    with postgres_server() as url:
        asyncio.run(_execute(url, f"CREATE DATABASE {TEMPLATE}"))
        asyncio.run(migrate(_database(url, TEMPLATE)))
        yield url


@pytest.fixture(scope="session")
def fresh_names() -> Generator[str]:
    return (f"chimera_{number}" for number in count(1))


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "chimera.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_database(postgres_url: str, fresh_names: Generator[str]) -> Generator[str]:
    name = next(fresh_names)
    asyncio.run(_execute(postgres_url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    yield _database(postgres_url, name)
    asyncio.run(_execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def empty_postgres(postgres_url: str, fresh_names: Generator[str]) -> Generator[str]:
    """A database in which there is nothing, not even our tables."""
    name = next(fresh_names)
    asyncio.run(_execute(postgres_url, f"CREATE DATABASE {name}"))
    yield _database(postgres_url, name)
    asyncio.run(_execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database; the test runs once for each kind."""
    kind = {"sqlite": "sqlite_url", "postgresql": "postgres_database"}[request.param]
    return request.getfixturevalue(kind)


@pytest.fixture
async def store(database_url: str, ids: CountingIds) -> AsyncGenerator[Store]:
    async with Store.open(database_url, ids=ids) as opened:
        yield opened


@pytest.fixture
async def sqlite_store(sqlite_url: str, ids: CountingIds) -> AsyncGenerator[Store]:
    """For tests to which the kind of database makes no difference."""
    async with Store.open(sqlite_url, ids=ids) as opened:
        yield opened


@pytest.fixture(scope="session")
def redis_address() -> Generator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
def redis_url(redis_address: str) -> str:
    """An empty Redis."""
    with redis.Redis.from_url(redis_address) as client:
        client.flushall()
    return redis_address


def _database(url: str, name: str) -> str:
    return url.rpartition("/")[0] + f"/{name}"


async def _connection(url: str) -> Any:
    """A server listens before it serves: ask until it does."""
    async with asyncio.timeout(30):
        while True:
            try:
                return cast("Any", await asyncpg.connect(url))
            except asyncpg.CannotConnectNowError:
                await asyncio.sleep(0.05)


async def _execute(url: str, statement: str) -> None:
    connection = await _connection(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
