"""Deadlines and sizes while a request is received: uvicorn has none of its own.

Without them a connection that says one byte a second is held open for ever (`security.md`
section 13). How an answer is read is not watched here.
"""

import asyncio
from typing import ClassVar, cast

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from chimera.api.security import LARGEST_BODY, LARGEST_MESSAGE

_TOO_SLOW = b"The request took too long."


class Guarded(HttpToolsProtocol):
    """uvicorn's protocol with a stopwatch and scales."""

    #: Seconds for the request line and all headers together; also for the first byte to come.
    head_s: ClassVar[float] = 5.0
    head_bytes: ClassVar[int] = 16 * 1024
    #: Seconds for the body, and what it takes besides at this speed. One that does not tell its
    #: length is taken for the largest without pictures.
    body_s: ClassVar[float] = 10.0
    body_bytes_per_s: ClassVar[int] = 64_000

    _timer: asyncio.TimerHandle | None = None
    _weight = 0
    _begun = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] - as in uvicorn
        super().connection_made(transport)
        self._within(self.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begun, self._weight = True, 0
        self._within(self.head_s)

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._weigh(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._weigh(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._within(self.body_s + self._announced() / self.body_bytes_per_s)

    def on_message_complete(self) -> None:
        self._stop()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._stop()
        super().handle_websocket_upgrade()

    def _announced(self) -> int:
        """The length of the body, as far as it was told."""
        for name, value in self.headers:
            if name == b"content-length" and value.isdigit():
                return min(int(value), LARGEST_MESSAGE)
        return LARGEST_BODY

    def _weigh(self, count: int) -> None:
        """Raises ValueError, which the parser's caller answers with 400 and by hanging up."""
        self._weight += count
        if self._weight > self.head_bytes:
            raise ValueError("the head of the request is too large")

    def _within(self, seconds: float) -> None:
        self._stop()
        self._timer = self.loop.call_later(seconds, self._hang_up)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _hang_up(self) -> None:
        """Say why, unless nothing was asked yet or an answer is on its way."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if self._begun and (cycle is None or cycle.response_complete):
            self.transport.write(
                STATUS_LINE[408]
                + b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
                + b"content-length: %d\r\n\r\n" % len(_TOO_SLOW)
                + _TOO_SLOW
            )
        self.transport.close()
