"""The short way to a socket: a finished WebSocket frame, given straight to its transport.

What all viewers of a conversation share is made once, and costs each of them a write and nothing
above it (`realtime.md` section 10). uvicorn's way stays the rule: this one is taken only by viewers
who have taken everything before, and only where uvicorn is built as we know it.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Protocol

import structlog
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

#: Where the server's own `send` waits for the socket's route.
SEND: Final = "chimera.send"

_log = structlog.get_logger(__name__)


class Transport(Protocol):
    """What is used of a loop's transport."""

    def write(self, data: bytes) -> None: ...

    def get_write_buffer_size(self) -> int: ...

    def is_closing(self) -> bool: ...


class Closing(Protocol):
    """What is asked of a server's protocol."""

    @property
    def close_sent(self) -> bool: ...


class Direct:
    """The transport of one socket."""

    def __init__(self, protocol: Closing, transport: Transport) -> None:
        self._protocol = protocol
        self._transport = transport

    def put(self, frames: Sequence[bytes]) -> bool:
        """Send these frames as one message; False, and nothing is sent, if it would have to wait.

        Nothing may be said after a close, and nothing before what still waits to be sent.
        """
        transport = self._transport
        if transport.get_write_buffer_size() or self._protocol.close_sent or transport.is_closing():
            return False
        transport.write(wire(tuple(frames)))
        return True


class FastPath:
    """Finds the short way, and says once whether there is one."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._enabled = enabled
        self._said = False

    def of(self, send: object) -> Direct | None:
        """The short way to the socket that `send` belongs to; None: go uvicorn's way."""
        if not self._enabled:
            return None
        protocol: object = getattr(send, "__self__", None)
        if not isinstance(protocol, WebSocketsSansIOProtocol):
            return self._say("another server or protocol")
        if why := _doubt(protocol):
            return self._say(why)
        self._say(None)
        return Direct(protocol, protocol.transport)

    def _say(self, why: str | None) -> None:
        if not self._said:
            self._said = True
            _log.info("websocket_path", path="ordinary" if why else "fast", why=why)


def _doubt(protocol: WebSocketsSansIOProtocol) -> str | None:
    """Why this is not the uvicorn that we know, if it is not."""
    if type(protocol) is not WebSocketsSansIOProtocol:
        return "another protocol"
    if not hasattr(protocol.transport, "get_write_buffer_size"):
        return "a transport that does not tell its buffer"
    if not protocol.handshake_complete:
        return "a handshake that is not over"
    if protocol.conn.extensions:
        return "an extension that changes frames"
    return None


def _wire(frames: tuple[bytes, ...]) -> bytes:
    """One unmasked text message, as it goes over the wire."""
    payload = b"[" + b",".join(frames) + b"]"
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    if length < 65_536:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return b"\x81\x7f" + length.to_bytes(8, "big") + payload


# The frames are the hub's own objects: their hashes are made once, comparing them is free.
wire = lru_cache(maxsize=512)(_wire)
