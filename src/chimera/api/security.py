"""The doors: which requests come in at all, and what every answer says to browsers.

Pure ASGI and outermost, so that errors carry the headers too (`security.md` sections 2, 4, 8).
"""

import asyncio
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from chimera.api.direct import SEND
from chimera.api.errors import (
    REQUEST_ID,
    ForeignOrigin,
    TooLarge,
    UnsupportedMedia,
    WrongHost,
    problem,
)
from chimera.core.errors import ChimeraError, Malformed
from chimera.core.ids import Clock, IdSource, to_millis
from chimera.core.ports import Observer, RequestServed, Unobserved

#: Where a page's nonce waits for the page and its policy.
NONCE: Final = "chimera.nonce"
LARGEST_BODY: Final = 1_000_000
#: Of a message with pictures: four of five million bytes each, in base64.
LARGEST_MESSAGE: Final = 27_000_000
#: How long the body of one may take to come: others wait for its place.
_PATIENCE_S = 30.0
API: Final = "/api/"

_MESSAGES = re.compile(r"/api/v1/conversations/[^/]+/messages\Z")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_METHODS = _SAFE | {"POST", "PUT", "PATCH", "DELETE"}
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

_ALWAYS: Mapping[str, str] = {
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": (
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
    ),
}
_API_POLICY = "default-src 'none'; frame-ancestors 'none'"
_PAGE_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; "
    "style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self' {socket}; media-src 'self' blob:; worker-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-src 'none'; "
    "frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; "
    "trusted-types chimera"
)


def loopback_hosts(port: int) -> frozenset[str]:
    """The `Host` values by which a server on this machine alone may be addressed."""
    names = {f"{name}:{port}" for name in _LOOPBACK}
    return frozenset(names | set(_LOOPBACK)) if port == 80 else frozenset(names)


def own_origin(scope: Scope) -> str:
    """The origin of our pages, as the browser that sent this request knows us."""
    secure = scope["scheme"] in {"https", "wss"}
    return f"{'https' if secure else 'http'}://{Headers(scope=scope).get('host', '')}"


def check_host(scope: Scope, hosts: Iterable[str]) -> None:
    """Raises WrongHost unless the request is addressed to us, once."""
    named = Headers(scope=scope).getlist("host")
    if len(named) != 1 or named[0].lower() not in hosts:
        raise WrongHost("This server does not answer under that host name.")


def check_origin(scope: Scope) -> None:
    """Raises ForeignOrigin if another site's page is asking.

    Reads of the API are refused too when the browser says that another site asks; without any
    such word (programs send none) only loopback protects, as local mode promises.
    """
    headers = Headers(scope=scope)
    ours = headers.get("sec-fetch-site", "none") in {"same-origin", "none"}
    if scope["method"] in _SAFE:
        refused = not ours and scope["path"].startswith(API) and not _navigates(headers)
    else:
        refused = not ours or _foreign(headers, scope)
    if refused:
        raise ForeignOrigin("Only pages of this server may do that.")


def _navigates(headers: Headers) -> bool:
    """A link to a page, followed by a person, harms nothing."""
    return headers.get("sec-fetch-mode") == "navigate"


def _foreign(headers: Headers, scope: Scope) -> bool:
    origin = headers.get("origin")
    return origin is not None and origin != own_origin(scope)


def check_body(scope: Scope) -> None:
    """Raises for a body that is packed, too large or of no clear length."""
    headers = Headers(scope=scope)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("Send the body as it is, without Content-Encoding.")
    declared = headers.get("content-length")
    if declared is not None and not declared.isdecimal():
        raise Malformed("The Content-Length is not a number.")
    largest = largest_body(scope)
    if declared is not None and int(declared) > largest:
        raise _too_large(largest)


def largest_body(scope: Scope) -> int:
    """How many bytes may be sent to this address."""
    pictures = scope["method"] == "POST" and _MESSAGES.match(scope["path"])
    return LARGEST_MESSAGE if pictures else LARGEST_BODY


def _too_large(largest: int) -> TooLarge:
    return TooLarge(f"A body may have {largest:,} bytes at most.")


def _is_heavy(scope: Scope) -> bool:
    """Whether the body may be one with pictures: it is held several times while it is read."""
    declared = Headers(scope=scope).get("content-length")
    heavy = declared is None or int(declared) > LARGEST_BODY
    return heavy and largest_body(scope) > LARGEST_BODY


class Metered:
    """Counts a request's body while it is read, and waits for the whole of it so long."""

    def __init__(self, receive: Receive, largest: int, *, patience: float | None = None) -> None:
        self._receive = receive
        self._largest = largest
        self._until = patience and asyncio.get_running_loop().time() + patience
        self._read = 0

    async def __call__(self) -> Message:
        """The next message. Raises TooLarge once there was too much, and Malformed too late."""
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise Malformed("The body did not come in time.") from None
        if not message.get("more_body"):
            # What follows is no body: whether the caller is still there.
            self._until = None
        self._read += len(message.get("body", b""))
        if self._read > self._largest:
            raise _too_large(self._largest)
        return message


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The outermost layer around the application."""

    app: ASGIApp
    hosts: frozenset[str]
    ids: IdSource
    clock: Clock
    observer: Observer = field(default_factory=Unobserved)
    #: For bodies with pictures: each may take 100 MB while it is read.
    heavy: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        request_id = scope[REQUEST_ID] = self.ids.new("req")
        # Whatever is logged meanwhile has this id.
        with bound_contextvars(request_id=request_id):
            if scope["type"] == "websocket":
                # The socket's own rules are checked before it is accepted (`api/live.py`).
                scope[SEND] = send
                return await self.app(scope, receive, send)
            return await self._enter(scope, receive, _Told(self, scope, send))

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[NONCE] = secrets.token_urlsafe(16)
        send = _Headed(scope, send)
        try:
            check_host(scope, self.hosts)
            check_origin(scope)
            check_body(scope)
        except ChimeraError as error:
            refusal: Response = problem(error, scope[REQUEST_ID])
            return await refusal(scope, receive, send)
        largest = largest_body(scope)
        if not _is_heavy(scope):
            return await self.app(scope, Metered(receive, largest), send)
        async with self.heavy:
            return await self.app(scope, Metered(receive, largest, patience=_PATIENCE_S), send)


class _Told:
    """Tells the observer of the answer's beginning: a stream may go on for hours."""

    def __init__(self, doors: Doors, scope: Scope, send: Send) -> None:
        self._doors = doors
        self._scope = scope
        self._send = send
        self._at = to_millis(doors.clock.now())
        self._began = doors.clock.monotonic()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            method = self._scope["method"]
            self._doors.observer.served(
                RequestServed(
                    request_id=self._scope[REQUEST_ID],
                    method=method if method in _METHODS else "other",
                    route=getattr(self._scope.get("route"), "path", "page"),
                    status=message["status"],
                    at=self._at,
                    seconds=self._doors.clock.monotonic() - self._began,
                )
            )
        await self._send(message)


class _Headed:
    """Adds our headers to the answer; what the answer says itself wins."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _headers_for(self._scope, headers).items():
                headers.setdefault(name, value)
        await self._send(message)


def _headers_for(scope: Scope, answer: Mapping[str, str]) -> dict[str, str]:
    ours = dict(_ALWAYS) | {"X-Request-Id": scope[REQUEST_ID]}
    if answer.get("content-type", "").startswith("text/html"):
        socket = own_origin(scope).replace("http", "ws", 1)
        ours["Content-Security-Policy"] = _PAGE_POLICY.format(nonce=scope[NONCE], socket=socket)
        ours["Cache-Control"] = "no-store"
    else:
        ours["Content-Security-Policy"] = _API_POLICY
        ours["Cache-Control"] = "no-store"
        ours["Vary"] = "Cookie, Authorization"
    return ours
