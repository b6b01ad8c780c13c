"""Serves the built web app: pages filled for their address, assets for ever."""

import asyncio
import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import orjson
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from chimera.api.deps import House
from chimera.api.security import API, NONCE
from chimera.core.errors import RateLimited

ASSETS = "/assets/"

#: The name of whoever asks, by conversation.
Named = Callable[[str], str]

_TYPES: Mapping[str, str] = {
    ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png",
    ".ico": "image/x-icon", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
    ".json": "application/json", ".webmanifest": "application/manifest+json",
}  # fmt: skip
_FOR_EVER = "public, max-age=31536000, immutable"
_CONVERSATION = re.compile(r"/c/(cnv_[A-Za-z0-9_-]{1,60})\Z")
#: What could end a script element, or a line of JavaScript, is written as an escape.
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Island:
    """What a page knows before it asks; `found` is false where nothing is at its address."""

    found: bool = True
    title: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What pages are filled with; the features above us know how."""

    #: Both are told under which name a conversation knows the browser that asks.
    front: Callable[[Connection, Named], Island]
    conversation: Callable[[Connection, str, Named], Island]
    #: The values of `plain.html.j2`, from a seq on. Raises NotFound.
    plain: Callable[[Connection, str, int], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    path: Path
    media_type: str
    cache_control: str
    packed: bool


class Pages:
    """Whatever is not the API's: an ASGI application, asked last."""

    def __init__(self, house: House, content: Content) -> None:
        self._house = house
        self._content = content
        self._files = _files(house.web) if house.web else {}
        self._plain_page, self._unbuilt_page = _templates()
        self._index = (house.web / "index.html").read_text("utf-8") if house.web else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises HTTPException where there is nothing."""
        if scope["type"] == "websocket":
            return await WebSocketClose()(scope, receive, send)
        path: str = scope["path"]
        file = self._files.get(path)
        if file is None and path.startswith((API, ASSETS)):
            raise HTTPException(404)
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        request = Request(scope)
        answer = await _sent(file, request) if file else await self._page(request)
        return await answer(scope, receive, send)

    async def _page(self, request: Request) -> Response:
        nonce: str = request.scope[NONCE]
        shown = _CONVERSATION.match(request.url.path)
        if shown and request.query_params.get("plain") == "1":
            return await self._plain(shown[1], request.query_params.get("after", "0"), nonce)
        if self._index is None:
            return HTMLResponse(self._unbuilt_page.render(nonce=nonce), 503)
        visitors = self._house.visitors
        visitor = visitors.known(request)
        fresh = None if visitor else await self._admitted(request)
        named = partial(visitors.name, visitor or fresh)
        island = await self._island(request.url.path, shown[1] if shown else None, named)
        answer = HTMLResponse(_filled(self._index, island, nonce), 200 if island.found else 404)
        if fresh is not None:
            visitors.keep(answer, fresh, secure=request.url.scheme == "https")
        return answer

    async def _admitted(self, request: Request) -> str | None:
        """A cookie for a browser that comes for the first time, unless too many come at once."""
        address = request.client.host if request.client else ""
        try:
            return await self._house.visitors.admit(address, self._house.clock.monotonic())
        except RateLimited:
            return None

    async def _island(self, path: str, conversation_id: str | None, named: Named) -> Island:
        read, content = self._house.store.read, self._content
        if conversation_id is not None:
            return await read(lambda each: content.conversation(each, conversation_id, named))
        return await read(lambda each: content.front(each, named)) if path == "/" else Island()

    async def _plain(self, conversation_id: str, after: str, nonce: str) -> Response:
        start = int(after) if re.fullmatch(r"\d{1,15}", after, re.ASCII) else 0
        values = await self._house.store.read(
            lambda connection: self._content.plain(connection, conversation_id, start)
        )
        return HTMLResponse(self._plain_page.render(nonce=nonce, **values))


def _filled(index: str, island: Island, nonce: str) -> str:
    """The built page for one address (what is replaced is agreed in `web/README.md`)."""
    data = orjson.dumps(island.data).decode().translate(_ESCAPES)
    page = index.replace("__CSP_NONCE__", nonce).replace('"__BOOT__"', data, 1)
    if island.title is None:
        return page
    title = f"<title>{html.escape(island.title)} · Chimera</title>"
    return page.replace("<title>Chimera</title>", title, 1)


def _files(folder: Path) -> dict[str, _File]:
    """Every file that may be asked for, by its path in an address."""
    found: dict[str, _File] = {}
    for path in folder.rglob("*"):
        media_type = _TYPES.get(path.suffix)
        if media_type is None or not path.is_file() or path.name.startswith("."):
            continue
        address = f"/{path.relative_to(folder).as_posix()}"
        found[address] = _File(
            path=path,
            media_type=media_type,
            cache_control=_FOR_EVER if address.startswith(ASSETS) else "no-cache",
            packed=path.with_name(path.name + ".br").is_file(),
        )
    return found


async def _sent(file: _File, request: Request) -> Response:
    """Raises HTTPException for a file that a later build took away."""
    headers = {"Cache-Control": file.cache_control, "Vary": "Accept-Encoding"}
    path = file.path
    if file.packed and "br" in _accepted(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "br"
        path = path.with_name(path.name + ".br")
    try:
        stat = await asyncio.to_thread(path.stat)
    except FileNotFoundError:
        raise HTTPException(404) from None
    return FileResponse(path, headers=headers, media_type=file.media_type, stat_result=stat)


def _accepted(header: str) -> set[str]:
    """The encodings a client takes."""
    wanted = [each.replace(" ", "").split(";") for each in header.lower().split(",")]
    return {name for name, *weight in wanted if weight not in (["q=0"], ["q=0.0"])}


def _templates() -> tuple[jinja2.Template, jinja2.Template]:
    """The page of plain text, and the one that stands in for a web app that is not built."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("chimera", "data/pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("plain.html.j2"), environment.get_template("unbuilt.html.j2")
