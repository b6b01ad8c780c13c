"""What every format's decoder does with an answer, whatever its events look like."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TypeVar, cast

import msgspec

from chimera.core.errors import BadStream, TruncatedStream
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
from chimera.providers.framing import Splitter

#: Characters of speech and thinking after which a stream counts as a runaway.
TEXT_LIMIT = 512 * 1024
#: Unreadable events a stream may have before it counts as broken.
_UNREADABLE = 3
_THINK_TAG = re.compile(r"</?think>")
EventT = TypeVar("EventT")


class AnswerDecoder(ABC):
    """Turns the bytes of one answer into chunks; says when the stream was cut short."""

    def __init__(self, splitter: Splitter, *, prompt_tokens: int, text_limit: int) -> None:
        self._splitter = splitter
        self._prompt_tokens = prompt_tokens
        self._text_left = text_limit
        self._characters = 0
        self._unreadable = 0
        self._usage: Usage | None = None
        #: The provider's own word for the end; None while the answer goes on.
        self._reason: str | None = None
        self._ending: FinishReason = "stop"
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
        for payload in self._splitter.feed(data):
            yield from self._heed(payload)

    def close(self) -> Sequence[Chunk]:
        chunks = [chunk for payload in self._splitter.close() for chunk in self._heed(payload)]
        chunks += self._last_pieces()
        if not self.complete:
            raise TruncatedStream("the stream ended before the answer did")
        finish = Finish(
            reason=self._ending,
            raw_reason=self._reason,
            response_id=self._response_id,
            model=self._model,
        )
        return [*chunks, UsageReport(self._accounting()), finish]

    @abstractmethod
    def _decode(self, payload: bytes) -> Iterator[Chunk]:
        """The chunks of one event. Raises ProviderError."""

    def _last_pieces(self) -> Iterator[Chunk]:
        """What was held back until nothing could follow."""
        yield from ()

    def _heed(self, payload: bytes) -> Iterator[Chunk]:
        payload = payload.strip()
        if payload and not self._done:
            yield from self._decode(payload)

    def _parse(self, payload: bytes, events: "msgspec.json.Decoder[EventT]") -> EventT | None:
        """The event; None for one that cannot be read, of which a stream may have a few."""
        try:
            return events.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._unreadable += 1
            if self._unreadable > _UNREADABLE:
                raise BadStream("too many events of the stream are not JSON") from error
            return None

    def _end(self, raw_reason: str, ending: FinishReason = "stop") -> None:
        self._reason, self._ending = raw_reason, ending

    def _say(self, text: object) -> Iterator[Text | Reasoning]:
        if isinstance(text, str) and text:
            yield from self._within_limit(Text(text))

    def _think(self, text: object) -> Iterator[Text | Reasoning]:
        if isinstance(text, str) and text:
            yield from self._within_limit(Reasoning(text))

    def _within_limit(self, piece: Text | Reasoning) -> Iterator[Text | Reasoning]:
        if self._text_left <= 0:
            # A runaway stream ends here, as if it had kept to its limit.
            self._end("length", "length")
            self._done = True
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


class SpeechSplitter:
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


def count_of(value: object) -> int | None:
    """A number of tokens; None if it cannot be one."""
    return value if type(value) is int and value >= 0 else None


def fields_of(value: object) -> dict[str, object]:
    """The fields of a JSON object; none of anything else."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def text_of(value: object) -> str | None:
    """A text that says something; None for anything else."""
    return value if isinstance(value, str) and value else None


def _unfinished_tag(text: str) -> int:
    """How many characters at the end may be the beginning of a tag."""
    start = text.rfind("<", max(0, len(text) - len("</think>") + 1))
    if start < 0:
        return 0
    beginning = text[start:]
    opens = "<think>".startswith(beginning) or "</think>".startswith(beginning)
    return len(beginning) if opens else 0
