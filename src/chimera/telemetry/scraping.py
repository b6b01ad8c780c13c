"""A door for Prometheus alone, on a port of its own: for workers, which serve nothing else.

It has a thread of its own, so that it answers while the event loop stands still.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chimera.core.errors import Unready
from chimera.telemetry.watchdog import Watchdog

_HOST = "127.0.0.1"
#: A caller that says nothing for so long is sent away.
_PATIENCE_S = 5.0

Exposition = Callable[[], tuple[bytes, str]]


@asynccontextmanager
async def scraping(port: int, exposition: Exposition, watchdog: Watchdog) -> AsyncGenerator[int]:
    """Answer `/metrics` and `/health/live` on this machine until the block ends; the port.

    Raises Unready(6) for a port that is taken.
    """
    try:
        server = ThreadingHTTPServer((_HOST, port), partial(Door, exposition, watchdog))
    except OSError as error:
        raise Unready(
            f"Port {port} for metrics cannot be used ({error.strerror}). "
            "Choose another with CHIMERA_METRICS__PORT.",
            exit_code=6,
        ) from None
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        await asyncio.to_thread(_close, server)


def _close(server: ThreadingHTTPServer) -> None:
    server.shutdown()
    server.server_close()


class Door(BaseHTTPRequestHandler):
    """One request."""

    timeout = _PATIENCE_S
    server_version, sys_version = "chimera", ""

    def __init__(self, exposition: Exposition, watchdog: Watchdog, *request: Any) -> None:
        self._exposition = exposition
        self._watchdog = watchdog
        # It answers within this call.
        super().__init__(*request)

    def do_GET(self) -> None:
        named = self.headers.get("Host", "").rpartition(":")[0]
        if named not in {_HOST, "localhost"}:
            # A page elsewhere may have its own name point at this machine.
            self._answer(403, b"This server does not answer under that host name.\n")
        elif self.path == "/metrics":
            self._answer(200, *self._exposition())
        elif self.path == "/health/live":
            stalled = self._watchdog.stalled
            self._answer(503 if stalled else 200, b"stalled\n" if stalled else b"ok\n")
        else:
            self._answer(404, b"There are /metrics and /health/live.\n")

    def _answer(self, status: int, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Nobody wants a line for every look."""
