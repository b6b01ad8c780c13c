"""People in the stalls of a house that is killed: they watch, speak, come back, and compare."""

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from processes import call

CONVERSATIONS = "/api/v1/conversations"
AWAY = (OSError, WebSocketException, TimeoutError, EOFError)
#: Only what hangs takes so long.
PATIENCE_S = 120.0


def begin(address: str, *, mode: str = "stream", speed: float = 8, **wishes: Any) -> str:
    """A conversation that talks fast; its id."""
    body = {"topic": "Do fish get bored?", "pace": {"mode": mode, "speed": speed}, **wishes}
    return call(address, "POST", CONVERSATIONS, body)["id"]


def log_of(address: str, conversation_id: str) -> list[dict[str, Any]]:
    """Every event, page by page."""
    events: list[dict[str, Any]] = []
    while True:
        path = f"{CONVERSATIONS}/{conversation_id}/events?limit=200&after={len(events)}"
        page = call(address, "GET", path)["items"]
        if not page:
            return events
        events += page


@dataclass
class Viewer:
    """Watches one conversation and comes back with its last seq whenever the line breaks."""

    address: str
    conversation_id: str
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    #: What was shown of each message before it was whole.
    drafts: dict[str, str] = field(default_factory=dict[str, str])
    controls: list[str] = field(default_factory=list[str])
    closes: list[int | None] = field(default_factory=list[int | None])
    visits: int = 0

    @property
    def last(self) -> int:
        return len(self.events)

    @property
    def open_turn(self) -> str | None:
        """The turn under way, as far as this viewer was told."""
        for event in reversed(self.events):
            if event["type"] in {"message.completed", "turn.failed"}:
                return None
            if event["type"] == "turn.started":
                return event["body"]["turn_id"]
        return None

    async def watch(self) -> None:
        """Until cancelled."""
        url = self.address.replace("http", "ws") + "/api/v1/live"
        while True:
            try:
                async with connect(url, compression=None, proxy=None, open_timeout=5) as socket:
                    self.visits += 1
                    await self._ask(socket)
                    await self._listen(socket)
            except AWAY:
                # The house is away; it will be asked again.
                pass
            await asyncio.sleep(0.05)

    async def _listen(self, socket: ClientConnection) -> None:
        try:
            async for message in socket:
                for frame in json.loads(message):
                    self._take(frame)
        finally:
            self.closes.append(socket.close_code)

    async def _ask(self, socket: ClientConnection) -> None:
        asked = {"type": "subscribe", "conversation_id": self.conversation_id, "after": self.last}
        await socket.send(json.dumps(asked))

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["kind"] == "event":
            # Exactly once and in order, whatever happened to the line.
            assert frame.pop("kind") == "event"
            assert frame["seq"] == self.last + 1
            self.events.append(frame)
        elif frame["type"] == "snapshot":
            self._draft(frame["draft"])
        elif frame["type"] == "message.delta":
            body = frame["body"]
            shown = self.drafts.get(body["message_id"], "")
            # A piece that was lost leaves a gap: what follows it cannot be shown.
            if body["offset"] <= len(shown):
                self.drafts[body["message_id"]] = shown[: body["offset"]] + body["text"]
        elif frame["kind"] == "control":
            self.controls.append(frame["type"])

    def _draft(self, draft: dict[str, Any] | None) -> None:
        if draft is not None:
            self.drafts[draft["message_id"]] = draft["text"]


@dataclass
class Heckler:
    """Posts into one conversation and remembers what the house has acknowledged."""

    address: str
    conversation_id: str
    acknowledged: dict[int, str] = field(default_factory=dict[int, str])
    said: int = 0

    async def heckle(self) -> None:
        """Until cancelled."""
        path = f"{CONVERSATIONS}/{self.conversation_id}/messages"
        while True:
            self.said += 1
            text = f"Heckle number {self.said}."
            try:
                answer = await asyncio.to_thread(
                    call, self.address, "POST", path, {"text": text, "name": "Anna"}
                )
            except (OSError, ValueError):
                # Not acknowledged: it may be in the log or not.
                answer = {}
            if "seq" in answer:
                self.acknowledged[answer["seq"]] = text
            await asyncio.sleep(1.5)


async def eventually(what: Any, said: Any = str) -> None:
    """Return when `what()` holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, said()
        await asyncio.sleep(0.01)


async def some_frames(viewers: list[Viewer], rng: random.Random) -> None:
    """Return at a random moment of the play, while some line is being said."""

    def seen() -> int:
        return sum(each.last + sum(map(len, each.drafts.values())) for each in viewers)

    enough = seen() + rng.randint(50, 400)
    await eventually(lambda: seen() >= enough and any(each.open_turn for each in viewers))


# --- the oracle --------------------------------------------------------------------------------


#: Why a line may have been broken off by a fault.
BROKEN_OFF = frozenset({"interrupted"})


def check_log(events: list[dict[str, Any]], why: frozenset[str] = BROKEN_OFF) -> None:
    """No hole, nothing doubled, every turn ended once, a broken one begun again by its speaker."""
    assert [each["seq"] for each in events] == list(range(1, len(events) + 1))
    turns = [each for each in events if "turn_id" in each["body"]]
    opened = [each["body"]["turn_id"] for each in turns if each["type"] == "turn.started"]
    assert len(opened) == len(set(opened))
    for before, after in pairwise(turns):
        if before["type"] == "turn.started":
            assert after["type"] in {"message.completed", "turn.failed"}
            assert after["body"]["turn_id"] == before["body"]["turn_id"]
        else:
            assert after["type"] == "turn.started"
    said = [each["body"]["message_id"] for each in events if each["type"].startswith("message.")]
    assert len(said) == len(set(said))
    for index, event in enumerate(events):
        if event["type"] == "turn.failed":
            assert event["body"]["code"] in why
            check_spoken_again(event, events[:index], events[index + 1 :])


def check_spoken_again(
    failed: dict[str, Any], earlier: list[dict[str, Any]], later: list[dict[str, Any]]
) -> None:
    """A crash costs a moment, not a change of speaker, unless somebody steered meanwhile."""
    assert failed["body"]["retryable"] is True
    # Who posted while the line was being said is answered before it is said again.
    during = [each["type"] for each in takewhile(lambda each: "turn_id" not in each["body"],
                                                 reversed(earlier))]  # fmt: skip
    following = next((each for each in later if each["type"] != "message.completed"), None)
    if following is None or "message.posted" in during:
        return
    if following["type"] == "turn.started":
        assert following["body"]["participant_id"] == failed["body"]["participant_id"]
        assert following["body"]["generation"] > 0


def check_viewer(viewer: Viewer, events: list[dict[str, Any]]) -> None:
    """What was watched is the log, and no text of a dead turn ever became a line."""
    assert viewer.events == events[: viewer.last]
    whole = {
        each["body"]["message_id"]: each["body"]["text"]
        for each in events
        if each["type"] == "message.completed"
    }
    for message_id, shown in viewer.drafts.items():
        if message_id in whole:
            assert whole[message_id].startswith(shown)
    dead = {each["body"]["message_id"] for each in events if each["type"] == "turn.failed"}
    assert not dead & set(whole)


def check_heckler(heckler: Heckler, events: list[dict[str, Any]]) -> None:
    """Every post that was acknowledged is in the log, once, where it was said to be."""
    assert heckler.acknowledged
    posted = {
        each["seq"]: each["body"]["text"] for each in events if each["type"] == "message.posted"
    }
    assert heckler.acknowledged.items() <= posted.items()
    texts = list(posted.values())
    assert len(texts) == len(set(texts))
