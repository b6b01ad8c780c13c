"""The interface as its callers see it: over HTTP, with a house that does nothing by itself."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from functools import partial

import httpx2
import pytest
from api_house import HOST, ORIGIN, Made, Served, make_house, served

from chimera.api.deps import Patience
from chimera.api.security import loopback_hosts
from chimera.core import cues
from chimera.core.persona import load_house
from chimera.core.topics import load_starters
from chimera.store.database import Store
from fakes import CountingIds, FakeClock


@pytest.fixture(scope="session", autouse=True)
def _awake() -> None:
    """What is read from files once is read before anybody is served."""
    cues.load()
    load_house()
    load_starters()


@pytest.fixture
def made(sqlite_store: Store, clock: FakeClock, ids: CountingIds) -> Made:
    return make_house(sqlite_store, clock, ids, hosts=frozenset({HOST}))


@pytest.fixture
async def client(made: Made) -> AsyncGenerator[httpx2.AsyncClient]:
    """A program on this machine: it sends neither an Origin nor Fetch Metadata."""
    transport = httpx2.ASGITransport(made.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as opened:
        yield opened


@pytest.fixture
async def conversation(client: httpx2.AsyncClient) -> str:
    """The id of a running conversation of the default cast."""
    answer = await client.post("/api/v1/conversations", json={"topic": "Do fish get bored?"})
    assert answer.status_code == 201
    return answer.json()["id"]


@pytest.fixture
def patience() -> Patience:
    """How long live lines are waited for; a test may have less of it."""
    return Patience()


@pytest.fixture
async def running(
    sqlite_store: Store, clock: FakeClock, ids: CountingIds, patience: Patience
) -> AsyncGenerator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        make = partial(make_house, hosts=loopback_hosts(port), patience=patience)
        made = await asyncio.to_thread(make, sqlite_store, clock, ids)
        async with served(made.app, listening):
            yield Served(made=made, port=port)


@pytest.fixture
async def visitor(running: Served) -> AsyncGenerator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=running.origin) as opened:
        yield opened
