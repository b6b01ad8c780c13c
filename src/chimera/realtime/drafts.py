"""Write a message in public: one delta per 40 ms, each with its place in the text."""

import asyncio
from types import TracebackType
from typing import Any, Self

import orjson

from chimera.core.events import Signal
from chimera.core.ports import Hub
from chimera.core.sequence import Draft, utf16_length

#: Pieces that come within this time go out as one delta; with one frame for each token a hundred
#: talking conversations saturated two cores.
WINDOW_S = 0.040


class DraftWriter:
    """Shows a text while it grows. Use it as a block: what waits is sent at its normal end."""

    def __init__(
        self,
        hub: Hub,
        conversation_id: str,
        *,
        message_id: str,
        turn_id: str,
        participant_id: str,
        generation: int,
    ) -> None:
        self._hub = hub
        self._conversation_id = conversation_id
        self._empty = Draft(
            message_id=message_id,
            turn_id=turn_id,
            participant_id=participant_id,
            generation=generation,
        )
        self._draft = self._empty
        self._waiting: list[str] = []
        self._arrived = asyncio.Event()
        # Frames must not overtake each other on their way out.
        self._order = asyncio.Lock()
        self._group = asyncio.TaskGroup()
        self._pump: asyncio.Task[None] | None = None
        self._over = False

    @property
    def text(self) -> str:
        """All that was added since the last withdrawal, shown or about to be."""
        return self._draft.text + "".join(self._waiting)

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._pump = self._group.create_task(self._send_on())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # What publishes may swallow the cancellation: then this ends the pump.
        self._over = True
        if self._pump:
            self._pump.cancel()
        # The group is told of no error: the block's own must come out as it is, not in a group.
        await self._group.__aexit__(None, None, None)
        if error is None:
            await self.flush()

    async def add(self, text: str) -> None:
        """Show more of the text within 40 ms."""
        if text:
            self._waiting.append(text)
            self._arrived.set()

    async def flush(self) -> None:
        """Show what waits now, as one delta."""
        text = "".join(self._waiting)
        self._waiting.clear()
        self._arrived.clear()
        if not text:
            return
        before = self._draft
        self._draft = Draft(
            message_id=before.message_id,
            turn_id=before.turn_id,
            participant_id=before.participant_id,
            generation=before.generation,
            text=before.text + text,
            offset=before.offset + utf16_length(text),
        )
        delta = Signal(
            self._conversation_id,
            "message.delta",
            {
                "message_id": before.message_id,
                "participant_id": before.participant_id,
                "generation": before.generation,
                "offset": before.offset,
                "text": text,
            },
        )
        await self._publish(delta, draft=self._draft)

    async def withdraw(self, why: str) -> None:
        """Make everybody forget what was shown; the next piece begins the text anew."""
        self._waiting.clear()
        self._arrived.clear()
        self._draft = self._empty
        body: dict[str, Any] = {
            "message_id": self._empty.message_id,
            "generation": self._empty.generation,
            "why": why,
        }
        signal = Signal(self._conversation_id, "draft.withdrawn", body)
        await self._publish(signal, draft=None)

    async def _send_on(self) -> None:
        while not self._over:
            await self._arrived.wait()
            await asyncio.sleep(WINDOW_S)
            await self.flush()

    async def _publish(self, signal: Signal, *, draft: Draft | None) -> None:
        async with self._order:
            await self._hub.publish(
                self._conversation_id,
                [orjson.dumps(signal.wire())],
                generation=self._empty.generation,
                draft=draft,
                keep_draft=draft is not None,
            )
