"""A thousand viewers in a process of their own: raw sockets, a frame parser, and a stopwatch.

    python -m benchmarks.scale.stalls ADDRESS

Takes a command a line and answers each with a line of JSON. What is shown of a message says when
it was given to be shown: `~` and fifteen digits, microseconds of the clock that the processes of a
machine share. Every twentieth viewer reads it; all of them count.
"""

import asyncio
import json
import re
import struct
import sys
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import psutil
import uvloop

SAMPLED = 20
#: So many open their sockets at once; a storm opens all.
AT_ONCE = 100
_STAMP = re.compile(rb"~(\d{15})")
_LAST = re.compile(rb'"kind":"event","conversation_id":"[^"]+","seq":(\d+)')
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


def _frame(data: bytes, at: int) -> tuple[int, int, int] | None:
    """The frame that begins there: its opcode and the bounds of its payload; None: not whole."""
    if at + 2 > len(data):
        return None
    first, length = at + 2, data[at + 1]
    if length > 125:
        first += 2 if length == 126 else 8
        length = int.from_bytes(data[at + 2 : first], "big")
    last = first + length
    return (data[at] & 15, first, last) if last <= len(data) >= first else None


class Viewer(asyncio.Protocol):
    """Watches one conversation and counts what it is shown."""

    def __init__(self, host: str, wanted: dict[str, Any], *, sampled: bool) -> None:
        self._host = host
        self._wanted = wanted
        self._sampled = sampled
        self._rest = b""
        self._open = False
        self.transport: asyncio.Transport | None = None
        self.there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = False
        #: Socket messages, pieces of text in them, and how late each piece was.
        self.frames = self.deltas = self.bytes = 0
        self.late: list[int] = []
        #: Seqs below this one are still to come before `caught_up`.
        self.until = 0
        self.caught_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] - a loop's own
        self.transport = transport
        transport.write(
            b"GET /api/v1/live HTTP/1.1\r\nHost: %b\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Version: 13\r\n\r\n" % self._host.encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        self.lost = True
        for each in (self.there, self.caught_up):
            if not each.done():
                each.set_exception(ConnectionError("the server hung up"))
                each.exception()

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        at = 0
        if not self._open:
            at = data.find(b"\r\n\r\n") + 4
            if at < 4:
                self._rest = data
                return
            assert b" 101 " in data[:20], data[:200]
            self._open = True
            self._send(_TEXT, json.dumps({"type": "subscribe", **self._wanted}).encode())
        while (found := _frame(data, at)) is not None:
            opcode, first, last = found
            self._take(opcode, data[first:last])
            at = last
        self._rest = data[at:]

    def forget(self) -> None:
        self.frames = self.deltas = self.bytes = 0
        self.late.clear()

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            self._send(_PONG, payload)
            return
        if opcode != _TEXT:
            return
        self.frames += 1
        self.bytes += len(payload)
        self.deltas += payload.count(b"~")
        if not self.there.done() and b'"snapshot"' in payload:
            self.there.set_result(None)
        if self.until and not self.caught_up.done():
            seen = _LAST.findall(payload)
            if seen and int(seen[-1]) >= self.until:
                self.caught_up.set_result(None)
        if self._sampled:
            now = time.monotonic_ns() // 1000
            self.late += [now - int(each) for each in _STAMP.findall(payload)]

    def _send(self, opcode: int, payload: bytes) -> None:
        """Masked with zeros, which leaves the payload as it is."""
        assert self.transport is not None
        length = len(payload)
        assert length < 65_536
        head = bytes([0x80 | opcode, 0x80 | length]) if length < 126 else (
            bytes([0x80 | opcode, 0x80 | 126]) + struct.pack("!H", length)
        )  # fmt: skip
        self.transport.write(head + b"\0\0\0\0" + payload)


class Stalls:
    """All viewers, and what they are told to do."""

    def __init__(self, address: str) -> None:
        where = urlsplit(address)
        self._host, self._port = where.hostname or "127.0.0.1", where.port or 80
        self._viewers: list[Viewer] = []
        self._since = self._cpu = 0.0
        #: How often somebody was sent away and came again.
        self._refused = 0

    async def obey(self, command: dict[str, Any]) -> dict[str, Any]:
        return await getattr(self, "do_" + command.pop("do"))(**command)

    async def do_open(
        self, *, count: int, ids: Sequence[str], after: int | str = "head", until: int = 0,
        at_once: int = AT_ONCE,
    ) -> dict[str, Any]:  # fmt: skip
        """Seat viewers; with `until`, wait until each has been given that seq."""
        loop, gate, begun = asyncio.get_running_loop(), asyncio.Semaphore(at_once), _now()

        async def seat(number: int) -> float:
            # As the web app does: whoever is sent away calls again in a moment.
            for again in range(20):
                try:
                    return await sit(number)
                except (OSError, TimeoutError):
                    self._refused += 1
                    await asyncio.sleep(0.5 + again * 0.1)
            raise RuntimeError("the server lets nobody in")

        async def sit(number: int) -> float:
            wanted = {"conversation_id": ids[number % len(ids)], "after": after}
            viewer = Viewer(f"{self._host}:{self._port}", wanted, sampled=number % SAMPLED == 0)
            viewer.until = until
            async with gate:
                await loop.create_connection(lambda: viewer, self._host, self._port)
                async with asyncio.timeout(60):
                    await (viewer.caught_up if until else viewer.there)
            self._viewers.append(viewer)
            return _now() - begun

        took = sorted(await asyncio.gather(*map(seat, range(count))))
        return {
            "last_s": took[-1], "median_s": took[len(took) // 2], "refused": self._refused,
        }  # fmt: skip

    async def do_begin(self) -> dict[str, Any]:
        """Forget what was counted."""
        for each in self._viewers:
            each.forget()
        self._since, self._cpu = _now(), time.process_time()
        return {}

    async def do_tell(self) -> dict[str, Any]:
        """What was counted since."""
        seconds = _now() - self._since
        here = [each for each in self._viewers if not each.lost]
        late = sorted(x for each in here for x in each.late)
        deltas = [each.deltas for each in here]
        return {
            "viewers": len(here), "seconds": seconds,
            "cpu_share": (time.process_time() - self._cpu) / seconds,
            "frames": sum(each.frames for each in here), "deltas": sum(deltas),
            "fewest": min(deltas, default=0), "bytes": sum(each.bytes for each in here),
            "p50_ms": _at(late, 0.50), "p99_ms": _at(late, 0.99), "samples": len(late),
        }  # fmt: skip

    async def do_stall(self, *, number: int) -> dict[str, Any]:
        """One viewer reads no more."""
        transport = self._viewers.pop(number).transport
        assert transport is not None
        transport.pause_reading()
        self._stalled = transport
        return {}

    async def do_leave(self) -> dict[str, Any]:
        """All go, without a word."""
        for each in self._viewers:
            if each.transport is not None:
                each.transport.abort()
        self._viewers.clear()
        return {}

    async def do_memory(self) -> dict[str, Any]:
        return {"mb": psutil.Process().memory_info().rss / 2**20}


def _at(ordered: Sequence[int], share: float) -> float:
    """A quantile, in milliseconds."""
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] / 1000 if ordered else 0.0


def _now() -> float:
    return time.monotonic()


async def main(address: str) -> None:
    stalls = Stalls(address)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await stalls.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
