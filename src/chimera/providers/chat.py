"""The stream of an answer in the OpenAI chat format: bytes in, chunks out."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from chimera.core.errors import ProviderDown
from chimera.core.generation import Chunk, FinishReason, Usage
from chimera.providers.answers import (
    TEXT_LIMIT,
    AnswerDecoder,
    SpeechSplitter,
    count_of,
    fields_of,
)
from chimera.providers.failures import from_event
from chimera.providers.framing import SseSplitter

_REASONS: Mapping[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "filtered",
    "refusal": "refused",
}
#: Finish reasons that are failures in disguise.
_BROKEN_REASONS = frozenset({"error", "insufficient_system_resource"})


class ChatDecoder(AnswerDecoder):
    """Reads the chat completions of OpenAI and of all who copied them."""

    def __init__(self, *, prompt_tokens: int = 0, text_limit: int = TEXT_LIMIT) -> None:
        super().__init__(SseSplitter(), prompt_tokens=prompt_tokens, text_limit=text_limit)
        self._speech = SpeechSplitter()
        self._refused = False

    def _decode(self, payload: bytes) -> Iterator[Chunk]:
        if payload == b"[DONE]":
            self._done = True
            return
        event = self._parse(payload, _EVENTS)
        if event is None:
            return
        self._note(event)
        for choice in event.choices or ():
            if choice.index == 0:
                yield from self._pieces(choice)

    def _last_pieces(self) -> Iterator[Chunk]:
        for piece in self._speech.close():
            yield from self._within_limit(piece)

    def _note(self, event: "_Event") -> None:
        # An error after the finish reason says nothing that the reason did not.
        if not self.complete and (event.error or event.object == "error"):
            raise from_event(event.error or {"message": event.message})
        self._response_id = event.id or self._response_id
        self._model = event.model or self._model
        self._usage = _read_usage(event.usage) or self._usage

    def _pieces(self, choice: "_Choice") -> Iterator[Chunk]:
        delta = choice.delta or _Delta()
        yield from self._think(delta.reasoning_content or delta.reasoning)
        if isinstance(delta.content, str):
            for piece in self._speech.feed(delta.content):
                yield from self._within_limit(piece)
        self._refused = self._refused or bool(delta.refusal)
        if choice.finish_reason in _BROKEN_REASONS:
            raise ProviderDown(f"the provider gave up: {choice.finish_reason}")
        if choice.finish_reason and not self._done:
            ending = _REASONS.get(choice.finish_reason, "stop")
            self._end(choice.finish_reason, "refused" if self._refused else ending)


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


def _read_usage(report: object) -> Usage | None:
    """What the provider says the answer took; None if that cannot be right."""
    fields = fields_of(report)
    read = count_of(fields.get("prompt_tokens"))
    written = count_of(fields.get("completion_tokens"))
    if read is None or written is None:
        return None
    details = fields_of(fields.get("completion_tokens_details"))
    thought = count_of(details.get("reasoning_tokens")) or 0
    if thought and fields.get("total_tokens") == read + written + thought:
        # Some leave thinking out of the count and bill it all the same.
        written += thought
    cached = count_of(fields_of(fields.get("prompt_tokens_details")).get("cached_tokens"))
    if cached is None:
        cached = count_of(fields.get("prompt_cache_hit_tokens")) or 0
    return Usage(
        input_tokens=read,
        output_tokens=written,
        cached_tokens=min(cached, read),
        reasoning_tokens=thought,
    )
