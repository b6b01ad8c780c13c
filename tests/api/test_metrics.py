"""Who may read the metrics, and what is counted of requests and of what viewers are sent."""

import asyncio
from typing import Any

import httpx2
import pytest
import structlog
from api_house import HOST, Made, Served, make_house
from starlette.types import Message, Receive, Scope, Send
from websockets.asyncio.client import connect

from chimera.api.security import Doors
from chimera.core.ports import RequestServed, Unobserved
from chimera.store.database import Store
from fakes import CountingIds, FakeClock

CONVERSATIONS = "/api/v1/conversations"


class Noting(Unobserved):
    """Keeps what is told of requests."""

    def __init__(self) -> None:
        self.told: list[RequestServed] = []

    def served(self, request: RequestServed) -> None:
        self.told.append(request)


@pytest.fixture
def locked(sqlite_store: Store, clock: FakeClock, ids: CountingIds) -> Made:
    """A house whose metrics want a token."""
    hosts = frozenset({HOST})
    return make_house(sqlite_store, clock, ids, hosts=hosts, metrics_token="open sesame")


@pytest.fixture
def noting() -> Noting:
    return Noting()


@pytest.fixture
def noted(sqlite_store: Store, clock: FakeClock, ids: CountingIds, noting: Noting) -> Made:
    return make_house(sqlite_store, clock, ids, hosts=frozenset({HOST}), observer=noting)


def caller(made: Made, address: str) -> httpx2.AsyncClient:
    """Somebody who calls from there."""
    transport = httpx2.ASGITransport(made.app, raise_app_exceptions=False, client=(address, 1234))
    return httpx2.AsyncClient(transport=transport, base_url=f"http://{HOST}")


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 403),
        ("no address", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 403),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 403),
        ("127.0.0.1", {"Host": "evil.test"}, 421),
    ],
)
async def test_without_a_token_metrics_are_told_to_this_machine_only(
    made: Made, address: str, headers: dict[str, str], status: int
) -> None:
    async with caller(made, address) as client:
        answer = await client.get("/metrics", headers=headers)
    assert answer.status_code == status
    assert ("chimera_viewers" in answer.text) is (status == 200)
    if status == 200:
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


@pytest.mark.parametrize(
    ("authorization", "status"),
    [("Bearer open sesame", 200), ("Bearer wrong", 401), ("Bearer", 401), ("", 401), ("ö", 401)],
)
async def test_with_a_token_nobody_reads_them_without(
    locked: Made, authorization: str, status: int
) -> None:
    for address in ("127.0.0.1", "192.0.2.7"):
        async with caller(locked, address) as client:
            headers = [(b"authorization", authorization.encode("latin-1"))]
            assert (await client.get("/metrics", headers=headers)).status_code == status


async def test_liveness_tells_of_a_loop_that_stood_still(
    client: httpx2.AsyncClient, made: Made
) -> None:
    made.lookout.stalled = True
    answer = await client.get("/health/live")
    assert (answer.status_code, answer.json()) == (503, {"status": "stalled", "failing": ["loop"]})
    made.lookout.stalled = False
    assert (await client.get("/health/live")).status_code == 200


async def test_services_tell_what_is_due_and_what_was_stuck(client: httpx2.AsyncClient) -> None:
    told = (await client.get("/health/services")).json()
    expected = {"turns_due": 2, "oldest_due_s": 1.5, "unstuck": {"late": 1}, "wal_bytes": 4096,
                "last_backup_at": None}  # fmt: skip
    assert {name: told[name] for name in expected} == expected


async def test_requests_are_counted_by_the_template_of_their_address(
    noting: Noting, noted: Made
) -> None:
    async with caller(noted, "127.0.0.1") as client:
        await client.get(f"{CONVERSATIONS}/cnv_1")
        await client.get(f"{CONVERSATIONS}/cnv_2/events")
        await client.get("/api/v1/nothing")
        await client.request("BREW", "/api/v1/nothing")
        await client.get("/health/live", headers={"Host": "evil.test"})
    assert [(each.method, each.route, each.status) for each in noting.told] == [
        ("GET", "/conversations/{conversation_id}", 404),
        ("GET", "/conversations/{conversation_id}/events", 404),
        ("GET", "page", 404),
        ("other", "page", 404),
        ("GET", "page", 421),
    ]
    assert len({each.request_id for each in noting.told}) == 5


async def test_every_line_of_a_request_has_its_id(clock: FakeClock, ids: CountingIds) -> None:
    bound: list[dict[str, Any]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        bound.append(dict(structlog.contextvars.get_contextvars()))
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    answers: list[Message] = []

    async def send(message: Message) -> None:
        answers.append(message)

    doors = Doors(app=app, hosts=frozenset({"here"}), ids=ids, clock=clock)
    for kind in ("http", "websocket"):
        scope: Scope = {
            "type": kind, "method": "GET", "path": "/", "headers": [(b"host", b"here")],
            "scheme": "http",
        }  # fmt: skip
        await doors(scope, receive, send)
    first, second = (each["request_id"] for each in bound)
    assert first != second
    assert (b"x-request-id", first.encode()) in answers[0]["headers"]
    assert "request_id" not in structlog.contextvars.get_contextvars()


async def test_what_viewers_are_sent_is_counted(running: Served) -> None:
    outflow = running.made.house.outflow
    async with connect(running.live, compression=None, proxy=None) as socket:
        hello = await socket.recv()
        assert (outflow.lines, outflow.frames) == (1, 1)
        # The frames of one message stand in a list.
        assert outflow.bytes == len(hello) - 2
        await socket.send('{"type": "ping"}')
        pong = await socket.recv()
        assert (outflow.frames, outflow.bytes) == (2, len(hello) + len(pong) - 4)
        await socket.close()
        await socket.wait_closed()
    async with asyncio.timeout(5):
        while outflow.lines:  # noqa: ASYNC110 - the server tells nobody that it has noticed
            await asyncio.sleep(0.01)
