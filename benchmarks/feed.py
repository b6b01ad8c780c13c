"""A model service that only talks: paced, in a burst, or one word and then silence.

    python -m benchmarks.feed

A process of its own, so that what it costs is not counted among its callers' costs. Each word is
the moment at which it was sent, on the clock that all processes of a machine share. The first
part of a path says how to talk, the rest is the path of the service whose format is wanted.
"""

import asyncio
import json
import re
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, cast

import uvloop

#: Events a second of a paced stream, as a quick model speaks.
PER_SECOND = 50
#: Events of a burst.
BURST = 5_000
#: Bytes a piece of a burst may have: what somebody in between had collected comes in large pieces.
_PIECE = 16 * 1024
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def _sse(fields: object, name: str = "") -> bytes:
    event = b"event: %b\n" % name.encode() if name else b""
    return event + b"data: " + json.dumps(fields, separators=(",", ":")).encode() + b"\n\n"


class Format(ABC):
    """Events as the service itself sends them, other fields included."""

    def begin(self) -> bytes:
        return b""

    @abstractmethod
    def end(self) -> bytes: ...

    @abstractmethod
    def word(self, text: str) -> bytes:
        """One token."""


class Chat(Format):
    _ABOUT = {  # noqa: RUF012 – never changed
        "id": "chatcmpl-CbyBt4Qk5Z0mBbVvD1bQ9nY3x7u2k", "object": "chat.completion.chunk",
        "created": 1763800000, "model": "gpt-4o-mini-2024-07-18", "service_tier": "default",
        "system_fingerprint": "fp_560af6e559",
    }  # fmt: skip

    def _event(self, delta: dict[str, str], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return _sse(self._ABOUT | {"choices": [choice], "usage": None})

    def begin(self) -> bytes:
        return self._event({"role": "assistant", "content": ""})

    def end(self) -> bytes:
        usage = {"prompt_tokens": 14, "completion_tokens": 8, "total_tokens": 22}
        about: dict[str, Any] = {**self._ABOUT, "choices": [], "usage": usage}
        return self._event({}, "stop") + _sse(about) + b"data: [DONE]\n\n"

    def word(self, text: str) -> bytes:
        return self._event({"content": text})


class Messages(Format):
    def _event(self, kind: str, **fields: Any) -> bytes:
        return _sse({"type": kind, **fields}, kind)

    def begin(self) -> bytes:
        message: dict[str, Any] = {
            "id": "msg_01", "type": "message", "role": "assistant", "model": "m1", "content": [],
            "stop_reason": None, "stop_sequence": None,
            "usage": {"input_tokens": 14, "output_tokens": 1},
        }  # fmt: skip
        block = {"type": "text", "text": ""}
        return self._event("message_start", message=message) + self._event(
            "content_block_start", index=0, content_block=block
        )

    def end(self) -> bytes:
        delta, usage = {"stop_reason": "end_turn"}, {"output_tokens": 8}
        return (
            self._event("content_block_stop", index=0)
            + self._event("message_delta", delta=delta, usage=usage)
            + self._event("message_stop")
        )

    def word(self, text: str) -> bytes:
        delta = {"type": "text_delta", "text": text}
        return self._event("content_block_delta", index=0, delta=delta)


class Gemini(Format):
    def _event(self, text: str, **fields: str) -> bytes:
        content = {"parts": [{"text": text}], "role": "model"}
        usage = {"promptTokenCount": 14, "candidatesTokenCount": 8, "totalTokenCount": 22}
        candidate: dict[str, Any] = {"content": content, "index": 0, **fields}
        about = {"usageMetadata": usage, "modelVersion": "m1", "responseId": "r1"}
        return _sse({"candidates": [candidate], **about})

    def end(self) -> bytes:
        return self._event("", finishReason="STOP")

    def word(self, text: str) -> bytes:
        return self._event(text)


class Ollama(Format):
    def _line(self, text: str, **fields: Any) -> bytes:
        about = {"model": "m1", "created_at": "2026-03-01T12:00:00.123456Z"}
        message = {"role": "assistant", "content": text}
        return json.dumps({**about, "message": message, "done": False, **fields}).encode() + b"\n"

    def end(self) -> bytes:
        return self._line("", done=True, done_reason="stop", prompt_eval_count=14, eval_count=8)

    def word(self, text: str) -> bytes:
        return self._line(text)


FORMATS: tuple[tuple[bytes, Format], ...] = (
    (b"/chat/completions", Chat()),
    (b"/messages", Messages()),
    (b":streamGenerateContent", Gemini()),
    (b"/api/chat", Ollama()),
)


class Talk(asyncio.Protocol):
    """One connection, on which one answer is given."""

    def __init__(self, ended: list[float]) -> None:
        self._ended = ended
        self._heard = b""
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Those of uvloop are of no common class.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, found, body = self._heard.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or len(body) < int(length[1] if length else 0):
            return
        self._heard = b""
        path = head.split(b" ", 2)[1]
        if path == b"/ended":
            self._tell_who_left()
        else:
            self._answer(path)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._timer is not None:
            self._timer.cancel()
            self._ended.append(time.monotonic())

    def _tell_who_left(self) -> None:
        body = json.dumps(self._ended).encode()
        self._ended.clear()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        self._transport.write(head % len(body) + body)

    def _answer(self, path: bytes) -> None:
        spoken = next(spoken for part, spoken in FORMATS if part in path)
        kind = b"application/x-ndjson" if isinstance(spoken, Ollama) else b"text/event-stream"
        head = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ntransfer-encoding: chunked\r\n\r\n" % kind
        self._transport.write(head + _piece(spoken.begin() + spoken.word(_now())))
        acts: dict[bytes, Callable[[Format], None]] = {
            b"paced": self._pace, b"burst": self._burst, b"hang": self._hang,
        }  # fmt: skip
        acts[path.split(b"/")[1]](spoken)

    def _pace(self, spoken: Format) -> None:
        # Each stream keeps its own time, however late a single word was.
        due = self._loop.time()

        def speak() -> None:
            nonlocal due
            self._transport.write(_piece(spoken.word(_now())))
            due += 1 / PER_SECOND
            self._timer = self._loop.call_at(due, speak)

        speak()

    def _burst(self, spoken: Format) -> None:
        data = spoken.word(_now()) * BURST + spoken.end()
        pieces = (data[start : start + _PIECE] for start in range(0, len(data), _PIECE))
        self._transport.write(b"".join(map(_piece, pieces)) + b"0\r\n\r\n")

    def _hang(self, spoken: Format) -> None:
        del spoken
        self._timer = self._loop.call_later(3600, self._transport.close)


def _piece(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def _now() -> str:
    return f"{time.monotonic():.6f} "


async def _serve() -> None:
    ended: list[float] = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Talk(ended), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started it closes its input to end it, by dying if need be.
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(_serve())
