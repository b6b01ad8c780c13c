"""Requests that take for ever, or bring too much, on the bare connection."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2
import pytest
from api_house import HOST, Served, make_house, served

from chimera.api.protocol import Guarded
from chimera.api.security import loopback_hosts
from chimera.store.database import Store
from fakes import CountingIds, FakeClock

PATIENCE = 5
POST = b"POST /api/v1/conversations HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"


class Hasty(Guarded):
    """As in earnest, with less patience."""

    head_s = 0.3
    body_s = 0.3
    body_bytes_per_s = 10_000_000


@pytest.fixture
async def hasty(sqlite_store: Store, clock: FakeClock, ids: CountingIds) -> AsyncGenerator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        hosts = loopback_hosts(port) | {HOST}
        made = await asyncio.to_thread(make_house, sqlite_store, clock, ids, hosts=hosts)
        async with served(made.app, listening, Hasty):
            yield Served(made=made, port=port)


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connection(hasty: Served) -> AsyncGenerator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", hasty.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Everything up to the end of the connection."""
    async with asyncio.timeout(PATIENCE):
        return await reader.read()


async def drip(streams: Streams, data: bytes) -> bytes:
    """Byte after byte, until the server has had enough."""
    reader, writer = streams
    answer = asyncio.ensure_future(rest(reader))
    for byte in data:
        if answer.done() or writer.is_closing():
            break
        writer.write(bytes([byte]))
        await asyncio.sleep(0.02)
    return await answer


async def test_a_silent_connection_is_closed_without_a_word(hasty: Served) -> None:
    async with connection(hasty) as (reader, _):
        assert await rest(reader) == b""


async def test_a_dripped_head_is_closed_at_its_deadline(hasty: Served) -> None:
    async with connection(hasty) as streams:
        answer = await drip(streams, b"GET /health/live HTTP/1.1\r\nX-Slow: " + b"x" * 1_000)
    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_dripped_body_is_closed_at_its_deadline(hasty: Served) -> None:
    head = POST % hasty.port + b"Content-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    async with connection(hasty) as streams:
        streams[1].write(head)
        answer = await drip(streams, b" " * 900)
    assert b" 200 " not in answer
    assert b" 201 " not in answer


@pytest.mark.parametrize("size", [17_000, 100_000])
async def test_a_large_head_is_refused_at_once(hasty: Served, size: int) -> None:
    async with connection(hasty) as (reader, writer):
        writer.write(b"GET /health/live HTTP/1.1\r\nX-Large: " + b"x" * size + b"\r\n\r\n")
        answer = await rest(reader)
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_ten_kilobytes_of_headers_and_a_kept_connection_are_fine(hasty: Served) -> None:
    async with httpx2.AsyncClient(base_url=hasty.origin) as client:
        for _ in range(3):
            answer = await client.get("/health/live", headers={"X-Large": "x" * 10_000})
            assert answer.status_code == 200
            await asyncio.sleep(0.4)  # longer than a head may take: an idle connection stays


@pytest.mark.parametrize(
    "request_",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"Content-Length: -1\r\n\r\n",
        b" folded: yes\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_a_body_of_two_lengths_is_no_request(hasty: Served, request_: bytes) -> None:
    async with connection(hasty) as (reader, writer):
        writer.write(POST % hasty.port + b"Content-Type: application/json\r\n" + request_)
        answer = await rest(reader)
    assert answer.startswith(b"HTTP/1.1 400 "), answer[:200]


async def test_a_client_that_waits_for_continue_is_not_waited_for(hasty: Served) -> None:
    head = b"Content-Type: application/json\r\nContent-Length: 20\r\nExpect: 100-continue\r\n\r\n"
    async with connection(hasty) as (reader, writer):
        writer.write(POST % hasty.port + head)
        answer = await rest(reader)
    assert b" 201 " not in answer


async def test_the_server_lives_through_a_hundred_such_connections(hasty: Served) -> None:
    async with asyncio.timeout(PATIENCE), httpx2.AsyncClient(base_url=hasty.origin) as client:
        opened = [await asyncio.open_connection("127.0.0.1", hasty.port) for _ in range(100)]
        for _, writer in opened:
            writer.write(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert (await client.get("/health/live")).status_code == 200
        for reader, writer in opened:
            await rest(reader)
            writer.close()
