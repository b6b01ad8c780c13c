"""The short way to a socket: the same bytes, sooner; never past what waits, never after a close."""

import asyncio
import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from api_house import LIVE, Made, make_house, served
from websockets.asyncio.client import connect

from chimera.api.direct import Direct, FastPath
from chimera.api.security import loopback_hosts
from chimera.core.events import HOST, Signal
from chimera.engine.journal import Journal
from chimera.realtime.hub import MemoryHub, RingChannel
from chimera.store.database import Store
from conversations_made import created, started
from fakes import CountingIds, FakeClock
from processes import chimera

CONVERSATION = "cnv_1"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Raw:
    """A socket whose bytes are all kept, and a client that masks with zeros."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.heard = b""

    async def shake_hands(self, host: str) -> None:
        self._writer.write(
            b"GET /api/v1/live HTTP/1.1\r\nHost: %b\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Version: 13\r\n\r\n" % host.encode()
        )
        assert b" 101 " in await self._reader.readuntil(b"\r\n\r\n")

    def send(self, opcode: int, payload: bytes) -> None:
        self._writer.write(bytes((0x80 | opcode, 0x80 | len(payload))) + bytes(4) + payload)

    async def next(self) -> bytes:
        """One frame's payload."""
        head = await self._reader.readexactly(2)
        more = {126: 2, 127: 8}.get(head[1], 0)
        length = await self._reader.readexactly(more)
        size = int.from_bytes(length, "big") if more else head[1]
        payload = await self._reader.readexactly(size)
        self.heard += head + length + payload
        return payload

    async def until(self, what: bytes) -> None:
        async with asyncio.timeout(5):
            while what not in await self.next():
                pass


class Counted(Direct):
    """Counts what went the short way."""

    def __init__(self, direct: Direct) -> None:
        self._direct = direct
        self.puts = 0

    def put(self, frames: Sequence[bytes]) -> bool:
        put = self._direct.put(frames)
        self.puts += put
        return put


class Watched(FastPath):
    """The path, and what it found."""

    found: Counted | None = None

    def of(self, send: object) -> Direct | None:
        direct = super().of(send)
        self.found = None if direct is None else Counted(direct)
        return self.found


def delta(text: str) -> bytes:
    return json.dumps(Signal(CONVERSATION, "message.delta", {"text": text}).wire()).encode()


async def play(made: Made, raw: Raw) -> None:
    """Deltas of every length of a frame, with pings, events and a close in between."""
    hub = made.house.hub
    subscribe = {"type": "subscribe", "conversation_id": CONVERSATION, "after": "head"}
    raw.send(TEXT, json.dumps(subscribe).encode())
    await raw.until(b'"snapshot"')
    for number, size in enumerate((1, 50, 125, 126, 3_000, 65_400, 70_000)):
        await hub.publish(CONVERSATION, [delta(f"<{number}>" + "é" * size)])
        await raw.until(b"<%d>" % number)
        raw.send(PING, b"are you there?")
        await raw.until(b"are you there?")
    note = json.dumps({"kind": "event", "seq": 3, "type": "director.noted"}).encode()
    await hub.publish(CONVERSATION, [note], seq=3)
    await raw.until(b"director.noted")
    await hub.publish(CONVERSATION, [delta("two"), delta("at once")])
    await raw.until(b"at once")
    raw.send(CLOSE, b"\x03\xe8")
    await raw.until(b"\x03\xe8")


async def heard(store: Store, path: FastPath) -> bytes:
    """All that a viewer is sent during the play."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        hosts = loopback_hosts(port)
        make = partial(make_house, store, FakeClock(), CountingIds(), hosts=hosts)
        made = await asyncio.to_thread(make)
        made.app.state.house = replace(made.house, fast_path=path)
        async with served(made.app, listening):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
            raw = Raw(reader, writer)
            await raw.shake_hands(f"127.0.0.1:{port}")
            await play(made, raw)
            writer.close()
    return raw.heard


@pytest.fixture
async def store(sqlite_store: Store) -> Store:
    journal = Journal(sqlite_store, MemoryHub(), FakeClock())
    create = partial(journal.create, conversation_id=CONVERSATION, events=[created(), started()])
    await sqlite_store.work(HOST, create)
    return sqlite_store


async def test_both_ways_send_the_same_bytes(store: Store) -> None:
    fast, ordinary = Watched(), Watched(enabled=False)
    assert await heard(store, fast) == await heard(store, ordinary)
    assert fast.found is not None
    # Every signal, and no event: events are judged for their place first.
    assert fast.found.puts == 8
    assert ordinary.found is None


@dataclass
class Pipe:
    """A transport and its server's protocol, with something on the way or none."""

    waiting: int = 0
    closing: bool = False
    close_sent: bool = False
    written: bytes = b""

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return self.closing

    def write(self, data: bytes) -> None:
        self.written += data


@pytest.mark.parametrize(
    "state", [{"waiting": 1}, {"closing": True}, {"close_sent": True}], ids=str
)
def test_nothing_overtakes_what_waits_and_nothing_follows_a_close(state: dict[str, Any]) -> None:
    pipe = Pipe(**state)
    assert not Direct(pipe, pipe).put([b"{}"])
    assert not pipe.written
    free = Pipe()
    assert Direct(free, free).put([b"{}"])
    assert free.written == b"\x81\x04[{}]"


def test_another_server_is_sent_to_in_its_own_way() -> None:
    async def send(_message: object) -> None: ...

    assert FastPath().of(send) is None
    assert FastPath().of(None) is None


# -- the hub's part -----------------------------------------------------------------------------


def put(channel: RingChannel, data: bytes, seq: int | None = None) -> None:
    channel.put([data], seq=seq, generation=None, draft=None, keep_draft=True)


async def test_who_takes_a_signal_sleeps_on_and_an_event_wakes_everybody() -> None:
    channel, taken = RingChannel(), list[tuple[int, Sequence[bytes]]]()

    def take(head: int, signals: Sequence[bytes]) -> bool:
        taken.append((head, signals))
        return signals != (b"too much",)

    for last, seq in ((b"event", 1), (b"too much", None)):
        async with asyncio.timeout(1), asyncio.TaskGroup() as group:
            waiting = group.create_task(channel.changed(channel.head, take))
            await asyncio.sleep(0)
            put(channel, b"one")
            put(channel, b"two")
            await asyncio.sleep(0)
            assert not waiting.done()
            put(channel, last, seq)
    assert taken == [(1, (b"one",)), (2, (b"two",)), (4, (b"one",)), (5, (b"two",)),
                     (6, (b"too much",))]  # fmt: skip


async def test_a_house_as_it_is_served_takes_the_short_way(tmp_path: Path) -> None:
    words = ("serve", "--port", "0", "--data-dir", str(tmp_path / "data"))
    with chimera(*words, log=tmp_path / "log") as server:
        address = await asyncio.to_thread(server.address)
        async with connect(address.replace("http", "ws") + LIVE) as talk:
            await talk.recv()
            assert '"path": "fast"' in server.said()
