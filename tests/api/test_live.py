"""The live socket and the event stream, over real connections of this machine."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import httpx2
import pytest
from api_house import Made, Served
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from chimera.api.deps import Patience
from chimera.core import events as ev
from chimera.core.sequence import Draft
from chimera.store import log

CONVERSATIONS = "/api/v1/conversations"
PATIENCE = 5
V1 = Subprotocol("chimera.v1")


class Viewer:
    """Reads frames one by one."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._frames: list[dict[str, Any]] = []

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def next(self, type_: str | None = None) -> dict[str, Any]:
        """The next frame, or the next of a type."""
        while True:
            while not self._frames:
                async with asyncio.timeout(PATIENCE):
                    self._frames = json.loads(await self.socket.recv())
            frame = self._frames.pop(0)
            if type_ is None or frame["type"] == type_:
                return frame

    async def events(self, count: int) -> list[int]:
        """The seqs of the next so many events."""
        seqs: list[int] = []
        while len(seqs) < count:
            frame = await self.next()
            if frame["kind"] == "event":
                seqs.append(frame["seq"])
        return seqs

    async def closed(self) -> int:
        """The code with which the server closes."""
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionClosed):
                while True:
                    await self.socket.recv()
        assert self.socket.close_code is not None
        return self.socket.close_code


@asynccontextmanager
async def viewer(running: Served, **options: Any) -> AsyncGenerator[Viewer]:
    async with connect(running.live, compression=None, proxy=None, **options) as socket:
        found = Viewer(socket)
        hello = await found.next()
        assert hello["type"] == "hello"
        yield found


@pytest.fixture
async def watched(visitor: httpx2.AsyncClient) -> str:
    answer = await visitor.post(CONVERSATIONS, json={"topic": "Do fish get bored?"})
    return answer.json()["id"]


async def post(visitor: httpx2.AsyncClient, conversation_id: str, text: str) -> int:
    answer = await visitor.post(f"{CONVERSATIONS}/{conversation_id}/messages", json={"text": text})
    assert answer.status_code == 201
    return answer.json()["seq"]


async def append_many(made: Made, conversation_id: str, count: int) -> None:
    """Notes to the director, sixty-four at a time."""
    note = ev.NewEvent(body=ev.DirectorNoted(note="Louder."), actor=ev.HOST)
    while count:
        few = [note] * min(count, 64)
        append = partial(made.house.journal.append, conversation_id=conversation_id, events=few)
        await made.house.store.work(ev.HOST, append)
        count -= len(few)


# -- the wire ---------------------------------------------------------------------------------


async def test_a_viewer_gets_a_snapshot_what_was_missed_and_what_happens(
    running: Served, visitor: httpx2.AsyncClient, watched: str
) -> None:
    async with viewer(running) as anna:
        await anna.send(type="subscribe", request_id="1", conversation_id=watched, after=1)
        snapshot = await anna.next()
        assert snapshot == {
            "kind": "control", "type": "snapshot", "request_id": "1", "conversation_id": watched,
            "status": "running", "generation": 0, "from_seq": 2, "head_seq": 2,
            "truncated": False, "viewers": 1, "next_turn_at": "2026-11-22T12:00:00.000Z",
            "draft": None,
        }  # fmt: skip
        assert (await anna.next())["type"] == "conversation.started"
        await post(visitor, watched, "And whales?")
        live = await anna.next()
        listed = (await visitor.get(f"{CONVERSATIONS}/{watched}/events?after=2")).json()["items"]
        assert live == {"kind": "event"} | listed[0]


async def test_the_hello_says_what_may_be_expected(running: Served) -> None:
    async with connect(running.live, subprotocols=[V1], proxy=None) as socket:
        assert socket.subprotocol == "chimera.v1"
        [hello] = json.loads(await socket.recv())
    assert hello["protocol"] == 1
    assert hello["store_id"] == running.made.house.store.store_id
    assert (hello["heartbeat_s"], hello["max_subscriptions"]) == (15, 20)
    assert hello["server_time"] == "2026-11-22T12:00:00.000Z"


async def test_who_comes_late_gets_the_draft(running: Served, watched: str) -> None:
    draft = Draft(
        message_id="msg_1", turn_id="trn_1", participant_id="par_1", generation=3,
        text="I would rather say 🐟", offset=21,
    )  # fmt: skip
    await running.made.hub.publish(watched, [b'{"kind":"signal"}'], generation=3, draft=draft)
    async with viewer(running) as anna:
        await anna.send(type="subscribe", conversation_id=watched, after="head")
        snapshot = await anna.next()
    assert "request_id" not in snapshot
    assert (snapshot["from_seq"], snapshot["generation"]) == (3, 3)
    assert snapshot["draft"] == {
        "message_id": "msg_1", "turn_id": "trn_1", "participant_id": "par_1", "generation": 3,
        "text": "I would rather say 🐟", "offset": 21,
    }  # fmt: skip


async def test_a_viewer_who_comes_back_misses_nothing_and_sees_nothing_twice(
    running: Served, visitor: httpx2.AsyncClient, watched: str
) -> None:
    seen: list[int] = []
    for round_ in range(4):
        async with viewer(running) as anna:
            await anna.send(type="subscribe", conversation_id=watched, after=len(seen))
            seen += await anna.events(2 if round_ == 0 else 3)
        for number in range(3):
            await post(visitor, watched, f"{round_}.{number}")
    assert seen == list(range(1, 12))


async def test_events_that_the_hub_lost_or_repeated_come_once_and_in_order(
    running: Served, visitor: httpx2.AsyncClient, watched: str
) -> None:
    made = running.made
    async with viewer(running) as anna:
        await anna.send(type="subscribe", conversation_id=watched, after="head")
        await anna.next("snapshot")
        await append_many(made, watched, 1)
        frames = await made.house.journal.frames(watched, after=2)
        await made.hub.publish(watched, frames, seq=3)
        # Two events that no hub tells of, then one that it does.
        note = ev.NewEvent(body=ev.DirectorNoted(note="Hush."), actor=ev.HOST)
        await made.house.store.write(
            partial(log.append, conversation_id=watched, new=[note, note], at=1)
        )
        await post(visitor, watched, "And whales?")
        assert await anna.events(4) == [3, 4, 5, 6]


async def test_more_than_two_thousand_missed_events_are_not_pushed(
    running: Served, watched: str
) -> None:
    await append_many(running.made, watched, 2_100)
    async with viewer(running) as anna:
        await anna.send(type="subscribe", conversation_id=watched, after=0)
        snapshot = await anna.next()
        assert (snapshot["truncated"], snapshot["head_seq"]) == (True, 2_102)
        assert snapshot["from_seq"] == 2_102 - 199
        assert await anna.events(200) == list(range(1_903, 2_103))


async def test_a_cursor_from_another_life_starts_at_the_head(
    running: Served, visitor: httpx2.AsyncClient, watched: str
) -> None:
    async with viewer(running) as anna:
        await anna.send(type="subscribe", conversation_id=watched, after=900)
        assert (await anna.next())["from_seq"] == 3
        await post(visitor, watched, "Hello?")
        assert await anna.events(1) == [3]


async def test_an_unsubscribed_viewer_hears_no_more(
    running: Served, visitor: httpx2.AsyncClient, watched: str
) -> None:
    async with viewer(running) as anna:
        await anna.send(type="subscribe", conversation_id=watched)
        await anna.events(2)
        await anna.send(type="unsubscribe", conversation_id=watched)
        await anna.send(type="ping", request_id="a")
        assert (await anna.next())["type"] == "pong"
        await post(visitor, watched, "And whales?")
        await anna.send(type="ping", request_id="b")
        assert await anna.next() == {"kind": "control", "type": "pong", "request_id": "b"}


async def test_resync_gives_a_snapshot_from_where_the_viewer_is(
    running: Served, watched: str
) -> None:
    async with viewer(running) as anna:
        await anna.send(type="subscribe", conversation_id=watched)
        await anna.events(2)
        await anna.send(type="resync", conversation_id=watched, request_id="r")
        snapshot = await anna.next()
        assert (snapshot["type"], snapshot["request_id"], snapshot["from_seq"]) == (
            "snapshot", "r", 3
        )  # fmt: skip


async def test_who_begins_again_does_not_cut_a_silence_short(running: Served, watched: str) -> None:
    async with viewer(running) as anna:
        await anna.send(type="subscribe", conversation_id=watched)
        await anna.events(2)
        running.made.clock.advance(10)
        await anna.send(type="resync", conversation_id=watched)
        assert (await anna.next("snapshot"))["head_seq"] == 2


async def test_typing_is_passed_on_at_most_every_two_seconds(running: Served, watched: str) -> None:
    async with viewer(running) as anna, viewer(running) as ben:
        for each in (anna, ben):
            await each.send(type="subscribe", conversation_id=watched, after="head")
            await each.next("snapshot")
        for _ in range(3):
            await ben.send(type="typing", conversation_id=watched)
        await ben.send(type="ping")
        await ben.next("pong")
        running.made.clock.advance(6)
        await ben.send(type="typing", conversation_id=watched)
        until = [(await anna.next("viewer.typing"))["body"]["until"] for _ in range(2)]
        assert until == ["2026-11-22T12:00:04.000Z", "2026-11-22T12:00:10.000Z"]


async def test_an_arrival_ends_a_pause_for_want_of_viewers(running: Served, watched: str) -> None:
    made = running.made
    idle = ev.NewEvent(body=ev.ConversationPaused(because="idle"), actor=ev.SYSTEM)
    await made.house.store.work(
        ev.SYSTEM, lambda work: made.house.journal.append(work, watched, [idle])
    )
    async with viewer(running) as anna:
        await anna.send(type="subscribe", conversation_id=watched, after="head")
        assert (await anna.next("snapshot"))["status"] == "running"


async def test_a_deleted_conversation_is_said_to_be_gone(
    running: Served, visitor: httpx2.AsyncClient, watched: str
) -> None:
    async with viewer(running) as anna:
        await anna.send(type="subscribe", conversation_id=watched)
        await anna.events(2)
        await visitor.delete(f"{CONVERSATIONS}/{watched}")
        gone = await anna.next()
        assert (gone["type"], gone["code"], gone["conversation_id"]) == (
            "error", "not_found", watched
        )  # fmt: skip


async def test_viewers_are_told_when_the_house_closes(running: Served) -> None:
    async with viewer(running) as anna:
        running.made.house.draining.set()
        draining = await anna.next("server.draining")
        assert 500 <= draining["retry_ms"] <= 5_000


# -- a slow viewer ----------------------------------------------------------------------------


async def test_a_viewer_that_does_not_read_costs_the_others_nothing(
    running: Served, watched: str
) -> None:
    made = running.made
    async with viewer(running, max_queue=1) as stalled, viewer(running) as anna:
        for each in (stalled, anna):
            await each.send(type="subscribe", conversation_id=watched, after="head")
            await each.next("snapshot")
        # From here on `stalled` reads nothing: its buffers fill, and only its own.
        piece = b'{"kind":"signal","type":"message.delta","body":{"text":"' + b"x" * 20_000 + b'"}}'
        heard = 0
        for number in range(600):
            await made.hub.publish(watched, [piece], generation=1)
            if number % 10 == 9:
                while heard <= number:
                    heard += (await anna.next())["type"] == "message.delta"
        assert heard == 600
        # It fell off the ring; when it reads again it is cut back to the log.
        seen: set[str] = set()
        while "resync" not in seen:
            seen.add((await stalled.next())["type"])
        assert (await stalled.next("snapshot"))["head_seq"] == 2


class TestImpatience:
    """With less patience than in earnest, so that nobody has to wait."""

    @pytest.fixture
    def patience(self) -> Patience:
        return Patience(heartbeat_s=0.05, idle_s=0.4, stalled_s=0.3, presence_s=0.05)

    async def test_heartbeats_say_how_far_each_log_goes(
        self, running: Served, watched: str
    ) -> None:
        async with viewer(running) as anna:
            assert (await anna.next("heartbeat"))["head_seq"] == {}
            await anna.send(type="subscribe", conversation_id=watched, after="head")
            await anna.next("snapshot")
            await append_many(running.made, watched, 1)
            await anna.events(1)
            assert await anna.next() == {
                "kind": "control", "type": "heartbeat", "at": "2026-11-22T12:00:00.000Z",
                "head_seq": {watched: 3},
            }  # fmt: skip

    async def test_viewers_are_told_how_many_they_are(self, running: Served, watched: str) -> None:
        async with viewer(running) as anna:
            await anna.send(type="subscribe", conversation_id=watched, after="head")
            assert (await anna.next("snapshot"))["viewers"] == 1
            async with viewer(running) as ben:
                await ben.send(type="subscribe", conversation_id=watched, after="head")
                assert (await ben.next("snapshot"))["viewers"] == 2
                assert (await anna.next("presence"))["body"] == {"viewers": 2}
            assert (await anna.next("presence"))["body"] == {"viewers": 1}

    async def test_a_lost_last_frame_is_found_by_looking_at_the_log(
        self, running: Served, watched: str
    ) -> None:
        async with viewer(running) as anna:
            await anna.send(type="subscribe", conversation_id=watched, after="head")
            await anna.next("snapshot")
            note = ev.NewEvent(body=ev.DirectorNoted(note="Hush."), actor=ev.HOST)
            append = partial(log.append, conversation_id=watched, new=[note], at=1)
            await running.made.house.store.write(append)
            assert await anna.events(1) == [3]

    async def test_a_socket_that_watches_nothing_is_closed(self, running: Served) -> None:
        async with viewer(running) as anna:
            assert await anna.closed() == 4408

    async def test_a_viewer_that_takes_nothing_is_given_up(
        self, running: Served, watched: str
    ) -> None:
        async with viewer(running, max_queue=1) as stalled:
            await stalled.send(type="subscribe", conversation_id=watched, after="head")
            await stalled.next("snapshot")
            transport = stalled.socket.transport
            assert isinstance(transport, asyncio.ReadTransport)
            transport.pause_reading()
            piece = b'{"kind":"signal","type":"x","body":{"text":"' + b"x" * 400_000 + b'"}}'
            async with asyncio.timeout(PATIENCE), running.made.hub.watch(watched) as channel:
                while channel.viewers:
                    await running.made.hub.publish(watched, [piece], generation=1)
                    await asyncio.sleep(0.01)
            transport.resume_reading()

    async def test_the_stream_has_heartbeats_too(
        self, visitor: httpx2.AsyncClient, watched: str
    ) -> None:
        address = f"{CONVERSATIONS}/{watched}/stream?after=2"
        async with asyncio.timeout(PATIENCE), visitor.stream("GET", address) as answer:
            events = stream_of(answer.aiter_lines())
            kinds = [json.loads((await anext(events)).get("data", "{}")) for _ in range(4)]
        assert kinds[-1]["type"] == "heartbeat"


# -- strangers and nonsense -------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    ["null", "http://evil.test", "https://127.0.0.1:{port}", "http://127.0.0.1:1",
     "http://127.0.0.1:{port}.evil.test", "http://localhost:{port}", "http://127.0.0.1"],
)  # fmt: skip
async def test_a_foreign_origin_is_refused_before_the_socket_opens(
    running: Served, origin: str
) -> None:
    origin = origin.format(port=running.port)
    with pytest.raises(InvalidStatus) as refused:
        async with connect(running.live, origin=Origin(origin), proxy=None):
            pass
    assert refused.value.response.status_code == 403


async def test_our_own_origin_is_welcome(running: Served) -> None:
    async with viewer(running, origin=running.origin):
        pass


async def test_a_foreign_host_name_is_refused(running: Served) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(
            f"ws://evil.test:{running.port}/api/v1/live",
            host="127.0.0.1", port=running.port, proxy=None,
        ):  # fmt: skip
            pass
    assert refused.value.response.status_code == 403


async def test_a_ticket_opens_one_socket(running: Served, visitor: httpx2.AsyncClient) -> None:
    ticket = (await visitor.post("/api/v1/live-tickets")).json()["ticket"]
    options: dict[str, Any] = {
        "subprotocols": ["chimera.v1", ticket], "origin": "http://app.test"
    }  # fmt: skip
    async with viewer(running, **options) as anna:
        assert anna.socket.subprotocol == "chimera.v1"
    with pytest.raises(InvalidStatus):
        async with connect(running.live, proxy=None, **options):
            pass


async def test_a_ticket_is_good_for_a_minute(running: Served, visitor: httpx2.AsyncClient) -> None:
    ticket = (await visitor.post("/api/v1/live-tickets")).json()["ticket"]
    running.made.clock.advance(61)
    with pytest.raises(InvalidStatus):
        async with connect(running.live, proxy=None, subprotocols=[V1, ticket]):
            pass


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", "malformed"),
        ("{", "malformed"),
        ("NaN", "malformed"),
        ("[]", "invalid"),
        ("{}", "unknown_type"),
        ('{"type":"shout"}', "unknown_type"),
        ('{"type":null}', "unknown_type"),
        ('{"type":"subscribe"}', "invalid"),
        ('{"type":"subscribe","conversation_id":7}', "invalid"),
        ('{"type":"subscribe","conversation_id":"cnv_1","after":-1}', "invalid"),
        ('{"type":"subscribe","conversation_id":"cnv_1","after":"tail"}', "invalid"),
        ('{"type":"subscribe","conversation_id":"cnv_1","extra":1}', "invalid"),
        ('{"type":"subscribe","conversation_id":"cnv_1","after":9e99}', "invalid"),
        ('{"type":"subscribe","conversation_id":"cnv_1"}', "not_found"),
        ('{"type":"resync","conversation_id":"cnv_1"}', "not_subscribed"),
        ('{"type":"typing","conversation_id":"cnv_1"}', "not_subscribed"),
        ('{"type":"ping","request_id":"' + "x" * 65 + '"}', "invalid"),
        ('{"type":"ping","padding":"' + "x" * 5_000 + '"}', "too_large"),
        ("[" * 2_000, "malformed"),
    ],
)
async def test_nonsense_gets_an_error_frame_and_the_socket_lives(
    running: Served, message: str, code: str
) -> None:
    async with viewer(running) as anna:
        await anna.socket.send(message)
        error = await anna.next()
        assert (error["kind"], error["type"], error["code"]) == ("control", "error", code)
        assert error["retryable"] is False
        assert error["message"]
        await anna.send(type="ping", request_id="still here")
        assert (await anna.next())["type"] == "pong"


async def test_an_error_names_the_request_it_is_about(running: Served) -> None:
    async with viewer(running) as anna:
        await anna.send(type="subscribe", request_id="7", conversation_id="cnv_unknown")
        error = await anna.next()
        assert (error["request_id"], error["conversation_id"]) == ("7", "cnv_unknown")


async def test_a_message_of_64_kilobytes_and_more_closes_the_socket(running: Served) -> None:
    async with viewer(running) as anna:
        await anna.socket.send("x" * 70_000)
        assert await anna.closed() == 1009


async def test_binary_closes_the_socket(running: Served) -> None:
    async with viewer(running) as anna:
        await anna.socket.send(b"\x00\x01")
        assert await anna.closed() == 1003


async def test_more_than_thirty_messages_in_ten_seconds_close_the_socket(
    running: Served,
) -> None:
    async with viewer(running) as anna:
        for _ in range(31):
            await anna.send(type="ping")
        assert await anna.closed() == 4429


async def test_one_socket_watches_twenty_conversations(
    running: Served, visitor: httpx2.AsyncClient
) -> None:
    created = [
        (await visitor.post(CONVERSATIONS, json={"topic": "Tea?", "start": False})).json()["id"]
        for _ in range(21)
    ]
    async with viewer(running) as anna:
        for conversation_id in created[:20]:
            await anna.send(type="subscribe", conversation_id=conversation_id, after="head")
            await anna.next("snapshot")
        await anna.send(type="subscribe", conversation_id=created[20])
        assert (await anna.next("error"))["code"] == "limit_reached"


# -- the event stream -------------------------------------------------------------------------


async def stream_of(lines: AsyncIterator[str]) -> AsyncIterator[dict[str, str]]:
    """Server-sent events as their fields."""
    fields: dict[str, str] = {}
    async for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            yield fields
            fields = {}


async def test_the_event_stream_carries_the_same_frames(
    running: Served, visitor: httpx2.AsyncClient, watched: str
) -> None:
    address = f"{CONVERSATIONS}/{watched}/stream"
    headers = {"Last-Event-ID": "1"}
    async with (
        asyncio.timeout(PATIENCE),
        visitor.stream("GET", address, params={"after": 0}, headers=headers) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["conversation-status"] == "running"
        events = stream_of(answer.aiter_lines())
        assert await anext(events) == {"retry": "2000"}
        assert json.loads((await anext(events))["data"])["type"] == "hello"
        snapshot = await anext(events)
        assert (snapshot["event"], "id" in snapshot) == ("control", False)
        assert json.loads(snapshot["data"])["from_seq"] == 2
        started = await anext(events)
        assert (started["event"], started["id"]) == ("event", "2")
        await post(visitor, watched, "Line\nbreak")
        posted = await anext(events)
        assert posted["id"] == "3"
        assert json.loads(posted["data"])["body"]["text"] == "Line\nbreak"


@pytest.mark.parametrize("last", ["-1", "x", "1; DROP", "²"])
async def test_a_last_event_id_is_a_seq(
    visitor: httpx2.AsyncClient, watched: str, last: str
) -> None:
    headers = {"Last-Event-ID": last.encode()}
    answer = await visitor.get(f"{CONVERSATIONS}/{watched}/stream", headers=headers)  # pyright: ignore[reportArgumentType] - raw bytes
    assert answer.status_code == 422
