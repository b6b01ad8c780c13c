"""The interface as its callers see it: over HTTP, with a house that does nothing by itself."""

import socket
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx2
import pytest

from api_house import HOST, ORIGIN, Made, make_house, served
from chimera.api.security import loopback_hosts
from chimera.store.database import Store
from fakes import CountingIds, FakeClock


@pytest.fixture
def made(sqlite_store: Store, clock: FakeClock, ids: CountingIds) -> Made:
    return make_house(sqlite_store, clock, ids, hosts=frozenset({HOST}), web=None)


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


@dataclass(frozen=True, kw_only=True)
class Served:
    """A house that listens on this machine."""

    made: Made
    port: int

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def live(self) -> str:
        return f"ws://127.0.0.1:{self.port}/api/v1/live"


@pytest.fixture
async def running(
    sqlite_store: Store, clock: FakeClock, ids: CountingIds
) -> AsyncGenerator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        made = make_house(sqlite_store, clock, ids, hosts=loopback_hosts(port), web=None)
        async with served(made.app, listening):
            yield Served(made=made, port=port)


@pytest.fixture
async def visitor(running: Served) -> AsyncGenerator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=running.origin) as opened:
        yield opened
