"""The stream of an answer in the OpenAI chat format: bytes in, chunks out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import msgspec

from chimera.core.errors import BadStream, ProviderDown, TruncatedStream
from chimera.core.generation import (
    Chunk,
    Finish,
    FinishReason,
    Reasoning,
    Text,
    Usage,
    UsageReport,
    estimated_tokens,
)
from chimera.providers.failures import from_event
from chimera.providers.transport import SseSplitter

#: Characters of speech and thinking after which a stream counts as a runaway.
TEXT_LIMIT = 512 * 1024
#: Unreadable events a stream may have before it counts as broken.
_UNREADABLE = 3
_REASONS: Mapping[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "filtered",
    "refusal": "refused",
}
#: Finish reasons that are failures in disguise.
_BROKEN_REASONS = frozenset({"error", "insufficient_system_resource"})
_THINK_TAG = re.compile(r"</?think>")


class ChatDecoder:
    """Turns the bytes of one answer into chunks; says when the stream was cut short."""

    def __init__(self, *, prompt_tokens: int = 0, text_limit: int = TEXT_LIMIT) -> None:
        self._prompt_tokens = prompt_tokens
        self._text_left = text_limit
        self._events = SseSplitter()
        self._speech = _SpeechSplitter()
        self._characters = 0
        self._unreadable = 0
        self._usage: Usage | None = None
        self._reason: str | None = None
        self._refused = False
        self._response_id: str | None = None
        self._model: str | None = None
        self._done = False

    @property
    def complete(self) -> bool:
        return self._reason is not None

    @property
    def done(self) -> bool:
        return self._done

    def feed(self, data: bytes) -> Iterator[Chunk]:
        for payload in self._events.feed(data):
            yield from self._decode(payload)

    def close(self) -> Sequence[Chunk]:
        chunks = [chunk for payload in self._events.close() for chunk in self._decode(payload)]
        chunks += self._within_limit(self._speech.close())
        if self._reason is None:
            raise TruncatedStream("the stream ended without a finish reason")
        reason: FinishReason = _REASONS.get(self._reason, "stop")
        return [
            *chunks,
            UsageReport(self._accounting()),
            Finish(
                reason="refused" if self._refused else reason,
                raw_reason=self._reason,
                response_id=self._response_id,
                model=self._model,
            ),
        ]

    def _decode(self, payload: bytes) -> Iterator[Chunk]:
        payload = payload.strip()
        if self._done or not payload:
            return
        if payload == b"[DONE]":
            self._done = True
            return
        try:
            event = _EVENTS.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._unreadable += 1
            if self._unreadable > _UNREADABLE:
                raise BadStream("too many events of the stream are not JSON") from error
            return
        self._note(event)
        for choice in event.choices or ():
            if choice.index == 0:
                yield from self._within_limit(self._pieces(choice))

    def _note(self, event: "_Event") -> None:
        # An error after the finish reason says nothing that the reason did not.
        if self._reason is None and (event.error or event.object == "error"):
            raise from_event(event.error or {"message": event.message})
        self._response_id = event.id or self._response_id
        self._model = event.model or self._model
        self._usage = _read_usage(event.usage) or self._usage

    def _pieces(self, choice: "_Choice") -> Iterator[Text | Reasoning]:
        delta = choice.delta or _Delta()
        thought = delta.reasoning_content or delta.reasoning
        if isinstance(thought, str) and thought:
            yield Reasoning(thought)
        if isinstance(delta.content, str) and delta.content:
            yield from self._speech.feed(delta.content)
        self._refused = self._refused or bool(delta.refusal)
        if choice.finish_reason in _BROKEN_REASONS:
            raise ProviderDown(f"the provider gave up: {choice.finish_reason}")
        self._reason = choice.finish_reason or self._reason

    def _within_limit(self, pieces: Iterator[Text | Reasoning]) -> Iterator[Text | Reasoning]:
        for piece in pieces:
            if self._text_left <= 0:
                # A runaway stream ends here, as if it had kept to its limit.
                self._reason, self._done = "length", True
                return
            kept = piece.text[: self._text_left]
            self._text_left -= len(kept)
            self._characters += len(kept)
            yield type(piece)(kept)

    def _accounting(self) -> Usage:
        written = self._usage.output_tokens if self._usage else 0
        if self._usage and (written or not self._characters):
            return self._usage
        return Usage(
            input_tokens=self._prompt_tokens,
            output_tokens=estimated_tokens(self._characters),
            estimated=True,
        )


class _Delta(msgspec.Struct):
    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: Any = None


class _Choice(msgspec.Struct):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Event(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None
    object: Any = None
    message: Any = None


_EVENTS = msgspec.json.Decoder(_Event)


class _SpeechSplitter:
    """Tells speech from thinking that a model writes inline between `<think>` tags."""

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False

    def feed(self, text: str) -> Iterator[Text | Reasoning]:
        text = self._held + text
        start = 0
        for tag in _THINK_TAG.finditer(text):
            yield from self._piece(text[start : tag.start()])
            self._thinking = tag[0] == "<think>"
            start = tag.end()
        rest = text[start:]
        kept = len(rest) - _unfinished_tag(rest)
        self._held = rest[kept:]
        yield from self._piece(rest[:kept])

    def close(self) -> Iterator[Text | Reasoning]:
        held, self._held = self._held, ""
        yield from self._piece(held)

    def _piece(self, text: str) -> Iterator[Text | Reasoning]:
        if text:
            yield Reasoning(text) if self._thinking else Text(text)


def _unfinished_tag(text: str) -> int:
    """How many characters at the end may be the beginning of a tag."""
    start = text.rfind("<", max(0, len(text) - len("</think>") + 1))
    if start < 0:
        return 0
    beginning = text[start:]
    opens = "<think>".startswith(beginning) or "</think>".startswith(beginning)
    return len(beginning) if opens else 0


def _read_usage(report: object) -> Usage | None:
    """What the provider says the answer took; None if that cannot be right."""
    if not isinstance(report, dict):
        return None
    fields = cast("dict[str, object]", report)
    read = _count(fields.get("prompt_tokens"))
    written = _count(fields.get("completion_tokens"))
    if read is None or written is None:
        return None
    thought = _count(_part(fields, "completion_tokens_details").get("reasoning_tokens")) or 0
    if thought and fields.get("total_tokens") == read + written + thought:
        # Some leave thinking out of the count and bill it all the same.
        written += thought
    cached = _count(_part(fields, "prompt_tokens_details").get("cached_tokens"))
    if cached is None:
        cached = _count(fields.get("prompt_cache_hit_tokens")) or 0
    return Usage(
        input_tokens=read,
        output_tokens=written,
        cached_tokens=min(cached, read),
        reasoning_tokens=thought,
    )


def _count(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _part(fields: dict[str, object], name: str) -> dict[str, object]:
    part = fields.get(name)
    return cast("dict[str, object]", part) if isinstance(part, dict) else {}
