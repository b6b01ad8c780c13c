"""Deadlines and sizes while a request is received: uvicorn has none of its own.

Without them a connection that says one byte a second is held open for ever (`security.md`
section 13). How an answer is read is not watched here.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

#: For the request line and all headers together, from their first byte or the connection's start.
HEAD_S = 5.0
HEAD_BYTES = 16 * 1024
#: For the body: so long, and what it takes at this speed.
BODY_S = 10.0
BODY_BYTES_PER_S = 64_000
#: A body that does not say its length is counted in full (`api/security.py` stops it there).
UNKNOWN_BYTES = 1_000_000


class Guarded(HttpToolsProtocol):
    """uvicorn's protocol with a stopwatch."""

    _timer: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] - as in uvicorn
        super().connection_made(transport)
        self._within(HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        self._within(HEAD_S)

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._weigh(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._weigh(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._within(BODY_S + self._body_bytes() / BODY_BYTES_PER_S)

    def on_message_complete(self) -> None:
        self._stop()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._stop()
        super().handle_websocket_upgrade()

    def _body_bytes(self) -> int:
        for name, value in self.headers:
            if name == b"content-length" and value.isdigit():
                return min(int(value), UNKNOWN_BYTES)
        return UNKNOWN_BYTES

    def _weigh(self, count: int) -> None:
        self._head_bytes += count
        if self._head_bytes > HEAD_BYTES:
            self._refuse(431, "The headers are too large.")

    def _within(self, seconds: float) -> None:
        self._stop()
        self._timer = self.loop.call_later(seconds, self._refuse, 408, "The request took too long.")

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: int, why: str) -> None:
        """Answer, unless an answer is on its way already, and hang up."""
        self._stop()
        if self.transport.is_closing():
            return
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete:
            body = why.encode()
            self.transport.write(
                STATUS_LINE[status]
                + b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
                + b"content-length: %d\r\n\r\n" % len(body)
                + body
            )
        self.transport.close()
