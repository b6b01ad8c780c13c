"""The live interface: one WebSocket for many conversations, or an event stream for one."""

import asyncio
from collections import deque
from functools import partial
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Header, Query, WebSocket
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from chimera.api import tickets
from chimera.api.deps import ConversationId, House, serving
from chimera.api.direct import SEND
from chimera.api.line import Closed, Line, joined, refusal
from chimera.api.security import check_host, own_origin
from chimera.api.strict import SAFE_INTEGER, Input, Output, StrictRoute
from chimera.api.watching import Frames, Request, control, standing
from chimera.core.errors import ChimeraError, Invalid, LimitReached, Malformed
from chimera.core.events import Signal
from chimera.core.ids import rfc3339

router = APIRouter(route_class=StrictRoute, tags=["live"])

PROTOCOL = "chimera.v1"
MOST_WATCHED = 20
LARGEST_MESSAGE = 4096
#: So many messages in so many seconds.
MOST_MESSAGES, WINDOW_S = 30, 10.0
#: How long a viewer is said to be typing, and how often we pass it on.
TYPING_MS, TYPING_EVERY_S = 4_000, 2.0

WatchedId = Annotated[str, Field(pattern=r"^cnv_[A-Za-z0-9_-]{1,60}$")]
RequestId = Annotated[str, Field(max_length=64)]


class Subscribe(Input):
    type: Literal["subscribe"]
    conversation_id: WatchedId
    after: Annotated[int, Field(ge=0, le=SAFE_INTEGER)] | Literal["head"] = 0
    request_id: RequestId | None = None


class About(Input):
    """A message about a conversation that is watched already."""

    type: Literal["unsubscribe", "resync", "typing"]
    conversation_id: WatchedId
    request_id: RequestId | None = None


class Ping(Input):
    type: Literal["ping"]
    request_id: RequestId | None = None


_MESSAGE: TypeAdapter[Subscribe | About | Ping] = TypeAdapter(
    Annotated[Subscribe | About | Ping, Field(discriminator="type")]
)


class UnknownType(Invalid):
    code = "unknown_type"


class NotSubscribed(Invalid):
    code = "not_subscribed"


class MessageTooLarge(Invalid):
    code = "too_large"


class Ticket(Output):
    """Good for one socket within a minute."""

    ticket: str


@router.post("/live-tickets", status_code=201)
async def issue_ticket(house: Annotated[House, Depends(serving)]) -> Ticket:
    """For programs that cannot send a header with their socket: offer it as a subprotocol."""
    return Ticket(ticket=await house.store.write(partial(tickets.issue, now=house.now())))


# -- the socket -------------------------------------------------------------------------------


@router.websocket("/live")
async def live(websocket: WebSocket, house: Annotated[House, Depends(serving)]) -> None:
    """Everything that happens, for up to twenty conversations."""
    if not await _welcome(websocket, house):
        # Before it is accepted, closing a socket is refusing it: HTTP 403.
        await websocket.close()
        return
    await websocket.accept(PROTOCOL if PROTOCOL in websocket.scope["subprotocols"] else None)
    with house.outflow.line():
        await Socket(websocket, house).run()


async def _welcome(websocket: WebSocket, house: House) -> bool:
    """Ours by host, and opened by our own page, by a ticket, or by a program on this machine."""
    try:
        check_host(websocket.scope, house.hosts)
    except ChimeraError:
        return False
    ticket = tickets.offered(websocket.scope["subprotocols"])
    if ticket is not None:
        return await house.store.write(partial(tickets.tear, ticket=ticket, now=house.now()))
    origin = websocket.headers.get("origin")
    return origin is None or origin == own_origin(websocket.scope)


class Socket:
    """One viewer's socket, from its welcome to its end."""

    def __init__(self, websocket: WebSocket, house: House) -> None:
        self._websocket = websocket
        self._house = house
        self._direct = house.fast_path.of(websocket.scope.get(SEND))
        self._line = Line(house, self)
        self._connection_id = house.ids.new("con")
        self._heard: deque[float] = deque(maxlen=MOST_MESSAGES)
        self._typed_at: dict[str, float] = {}

    async def run(self) -> None:
        code: int | None = None
        try:
            async with asyncio.TaskGroup() as group:
                await self._line.hello(self._connection_id, MOST_WATCHED)
                self._line.keep(group)
                group.create_task(self._dismiss_idle())
                await self._listen(group)
        except* Closed as closed:
            code = next(each.code for each in _flat(closed))
        if code is not None:
            await self._close(code)

    async def send(self, frames: Frames) -> None:
        """Implements `Transport`."""
        try:
            await self._websocket.send_text(joined(frames))
        except WebSocketDisconnect:
            raise Closed(None) from None

    def put(self, frames: Frames) -> bool:
        """Implements `Transport`."""
        return self._direct is not None and self._direct.put(frames)

    async def _close(self, code: int) -> None:
        try:
            async with asyncio.timeout(1):
                await self._websocket.close(code)
        except (TimeoutError, WebSocketDisconnect):
            # It takes nothing any more; the server drops it.
            return

    async def _dismiss_idle(self) -> None:
        while True:
            await asyncio.sleep(self._house.patience.idle_s)
            if not self._line.watched:
                raise Closed(4408)

    async def _listen(self, group: asyncio.TaskGroup) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise Closed(None)
            self._count()
            text: str | None = message.get("text")
            if text is None:
                raise Closed(1003)
            try:
                await self._obey(group, text)
            except ChimeraError as error:
                await self._line.send(refusal(error, *_about(text)))

    def _count(self) -> None:
        now = self._house.clock.monotonic()
        if len(self._heard) == MOST_MESSAGES and now - self._heard[0] < WINDOW_S:
            raise Closed(4429)
        self._heard.append(now)

    async def _obey(self, group: asyncio.TaskGroup, text: str) -> None:
        match _read(text):
            case Subscribe() as wanted:
                self._subscribe(group, wanted)
            case About(type="unsubscribe", conversation_id=conversation_id):
                self._line.unwatch(conversation_id)
            case About(type="resync") as wanted:
                self._line.watch(
                    group,
                    Request(
                        conversation_id=wanted.conversation_id,
                        after=self._last(wanted.conversation_id),
                        request_id=wanted.request_id,
                        arriving=False,
                    ),
                )
            case About(conversation_id=conversation_id):
                await self._typing(conversation_id)
            case Ping(request_id=request_id):
                await self._line.send(control("pong", request_id=request_id))

    def _subscribe(self, group: asyncio.TaskGroup, wanted: Subscribe) -> None:
        watched = self._line.watched
        if len(watched) >= MOST_WATCHED and wanted.conversation_id not in watched:
            raise LimitReached(f"One socket watches {MOST_WATCHED} conversations at most.")
        self._line.watch(
            group,
            Request(
                conversation_id=wanted.conversation_id,
                after=wanted.after,
                request_id=wanted.request_id,
            ),
        )

    def _last(self, conversation_id: str) -> int:
        last = self._line.last(conversation_id)
        if last is None:
            raise NotSubscribed("Subscribe to this conversation first.")
        return last

    async def _typing(self, conversation_id: str) -> None:
        """Passed on at most every two seconds."""
        self._last(conversation_id)
        now = self._house.clock.monotonic()
        if now - self._typed_at.get(conversation_id, -TYPING_EVERY_S) < TYPING_EVERY_S:
            return
        self._typed_at[conversation_id] = now
        until = rfc3339(self._house.now() + TYPING_MS)
        body = {"connection_id": self._connection_id, "until": until}
        signal = Signal(conversation_id, "viewer.typing", body)
        await self._house.hub.publish(conversation_id, [orjson.dumps(signal.wire())])


def _read(text: str) -> Subscribe | About | Ping:
    if len(text.encode()) > LARGEST_MESSAGE:
        raise MessageTooLarge(f"A message may have {LARGEST_MESSAGE:,} bytes at most.")
    try:
        return _MESSAGE.validate_python(orjson.loads(text))
    except orjson.JSONDecodeError:
        raise Malformed("The message is not valid JSON.") from None
    except ValidationError as error:
        kind = error.errors()[0]["type"]
        if kind in {"union_tag_invalid", "union_tag_not_found"}:
            raise UnknownType("There is no such type of message.") from None
        raise Invalid("The message does not have the right fields.") from None


class _Named(BaseModel):
    """As much of an unusable message as tells what it was about."""

    request_id: RequestId | None = None
    conversation_id: Annotated[str, Field(max_length=64)] | None = None


def _about(text: str) -> tuple[str | None, str | None]:
    try:
        named = _Named.model_validate_json(text[:LARGEST_MESSAGE])
    except ValidationError:
        return None, None
    return named.request_id, named.conversation_id


def _flat(group: BaseExceptionGroup[Closed]) -> list[Closed]:
    """The errors in a group of groups."""
    found: list[Closed] = []
    for each in group.exceptions:
        found += _flat(each) if isinstance(each, BaseExceptionGroup) else [each]
    return found


# -- the event stream -------------------------------------------------------------------------


@router.get(
    "/conversations/{conversation_id}/stream",
    response_class=Response,
    responses={200: {"description": "Frames, for ever.", "content": {"text/event-stream": {}}}},
)
async def stream(
    conversation_id: ConversationId,
    house: Annotated[House, Depends(serving)],
    after: Annotated[int, Query(ge=0, le=SAFE_INTEGER)] = 0,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> Response:
    """The frames of one conversation as server-sent events."""
    if last_event_id is not None:
        if not last_event_id.isascii() or not last_event_id.isdigit():
            raise Invalid("A Last-Event-ID is a seq.", path="Last-Event-ID")
        after = min(int(last_event_id), SAFE_INTEGER)
    now = await house.store.read(partial(standing, conversation_id=conversation_id))
    wanted = Request(conversation_id=conversation_id, after=after)
    return EventStream(house, wanted, status=now.status)


class EventStream(Response):
    """The frames of one conversation, one for each server-sent event."""

    media_type = "text/event-stream"

    def __init__(self, house: House, wanted: Request, *, status: str) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no", "Conversation-Status": status})
        del self.headers["content-length"]
        self._house = house
        self._wanted = wanted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        self._send = send
        line = Line(self._house, self)
        try:
            with self._house.outflow.line():
                async with asyncio.TaskGroup() as group:
                    group.create_task(_until_gone(receive))
                    await self._put(b"retry: 2000\n\n")
                    await line.hello(self._house.ids.new("con"), 1)
                    line.watch(group, self._wanted)
                    line.keep(group)
        except* Closed:
            pass  # Gone, or taking nothing: there is nobody to say goodbye to.

    async def send(self, frames: Frames) -> None:
        """Implements `Transport`."""
        await self._put(b"".join(_event(frame) for frame in frames))

    def put(self, frames: Frames) -> bool:  # noqa: ARG002 - as the protocol has it
        """Implements `Transport`: an answer over HTTP has no short way."""
        return False

    async def _put(self, body: bytes) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    raise Closed(None)


def _event(frame: bytes) -> bytes:
    head: dict[str, Any] = orjson.loads(frame)
    name = f"id: {head['seq']}\n" if head["kind"] == "event" else ""
    return f"{name}event: {head['kind']}\ndata: ".encode() + frame + b"\n\n"
