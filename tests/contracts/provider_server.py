"""A provider we write ourselves: real HTTP on loopback, down to the bytes that go wrong."""

import asyncio
import json
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

DONE = b"data: [DONE]\n\n"
EVENT_STREAM = "text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


class Wire:
    """One request being answered."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def head(self, status: int = 200, **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} X", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.raw("\r\n".join([*lines, "", ""]).encode())

    async def raw(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def client_left(self) -> None:
        while await self._reader.read(4096):
            pass

    def reset(self) -> None:
        """Drop the connection so that the client sees an RST."""
        raw: socket.socket = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Act = Callable[[Wire], Awaitable[None]]


class ProviderServer:
    """Answers each request with the next act; the last one is repeated."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        #: When each client's connection had ended, on the loop's clock.
        self.ended: list[float] = []
        self.arrived = asyncio.Event()
        self.left = asyncio.Event()
        self._acts: deque[Act] = deque()
        self._visits: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> tuple[str, int]:
        return self._server.sockets[0].getsockname()

    @property
    def root(self) -> str:
        host, port = self.address
        return f"http://{host}:{port}"

    @property
    def base_url(self) -> str:
        return f"{self.root}/v1"

    def play(self, *acts: Act) -> None:
        self._acts = deque(acts)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.current_task()
        assert visit is not None
        self._visits.add(visit)
        try:
            self.requests.append(await _read(reader))
            self.arrived.set()
            act = self._acts.popleft() if len(self._acts) > 1 else self._acts[0]
            await act(Wire(reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.ended.append(asyncio.get_running_loop().time())
            self.left.set()
            self._visits.discard(visit)
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ")
    headers = {
        name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method=method, path=path, headers=headers, body=body)


def event(**fields: Any) -> bytes:
    return b"data: " + json.dumps({"id": "r1", "model": "m1", **fields}).encode() + b"\n\n"


def delta(text: str | None = None, **fields: Any) -> bytes:
    content = {"content": text} if text is not None else {}
    return event(choices=[{"index": 0, "delta": {**content, **fields}, "finish_reason": None}])


def finish(reason: str = "stop") -> bytes:
    return event(choices=[{"index": 0, "delta": {}, "finish_reason": reason}])


def usage(read: int = 12, written: int = 5, **details: Any) -> bytes:
    report = {"prompt_tokens": read, "completion_tokens": written, **details}
    return event(choices=[], usage=report)


def whole(*texts: str) -> bytes:
    """A stream of the chat format in which everything is right."""
    return b"".join([*map(delta, texts), finish(), usage(), DONE])


def streams(data: bytes, *, kind: str = EVENT_STREAM) -> Act:
    """Sends these bytes and closes in good order."""

    async def act(wire: Wire) -> None:
        await wire.head(content_type=kind)
        await wire.raw(data)

    return act


def answers(status: int, body: object, **headers: str) -> Act:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def act(wire: Wire) -> None:
        kind = {"content_type": "application/json"} | headers
        await wire.head(status, content_length=str(len(data)), **kind)
        await wire.raw(data)

    return act


def then_resets(data: bytes) -> Act:
    """Sends one piece of a chunked body, as real providers do, and breaks off."""

    async def act(wire: Wire) -> None:
        await wire.head(content_type=EVENT_STREAM, transfer_encoding="chunked")
        await wire.raw(b"%x\r\n%b\r\n" % (len(data), data))
        # The client reads what was sent before the connection goes.
        await asyncio.sleep(0.02)
        wire.reset()

    return act


def then_hangs(data: bytes) -> Act:
    async def act(wire: Wire) -> None:
        await wire.head(content_type=EVENT_STREAM)
        await wire.raw(data)
        await wire.client_left()

    return act


async def hangs_before_the_head(wire: Wire) -> None:
    await wire.client_left()


async def resets_at_once(wire: Wire) -> None:
    wire.reset()


def trickles(data: bytes, *, every: float, start: bytes = b"", head: bool = True) -> Act:
    """Sends a beginning, then one byte after another, slowly."""

    async def act(wire: Wire) -> None:
        if head:
            await wire.head(content_type=EVENT_STREAM)
        await wire.raw(start)
        for place in range(len(data)):
            await wire.raw(data[place : place + 1])
            await asyncio.sleep(every)

    return act


def says(data: bytes) -> Act:
    """Sends these bytes and nothing else, not even a head."""

    async def act(wire: Wire) -> None:
        await wire.raw(data)

    return act


def drips(data: bytes, *, every: float) -> Act:
    """Sends the same bytes again and again, slowly."""

    async def act(wire: Wire) -> None:
        await wire.head(content_type=EVENT_STREAM)
        while True:
            await wire.raw(data)
            await asyncio.sleep(every)

    return act


def never_ends(data: bytes) -> Act:
    """Sends the same bytes again and again, as fast as they are taken."""

    async def act(wire: Wire) -> None:
        await wire.head(content_type=EVENT_STREAM)
        while True:
            await wire.raw(data)

    return act
