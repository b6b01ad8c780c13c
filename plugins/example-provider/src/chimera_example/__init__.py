"""A service that nobody needs: it shows how a provider is written outside the house.

Its format is made up: JSON in, one JSON object a line out, the last of which says why it ended.

    {"word": "Tea."}
    {"thought": "They ask about tea."}
    {"error": "overloaded"}
    {"end": "stop", "read": 12, "written": 5}
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from pydantic import SecretStr

from chimera.core.generation import Chunk, FinishReason, GenerationRequest, Model, Usage
from chimera.core.ids import Clock
from chimera.providers.adapter import Body, HttpProvider, entries_of
from chimera.providers.addresses import origin_of
from chimera.providers.answers import TEXT_LIMIT, AnswerDecoder, count_of, text_of
from chimera.providers.failures import from_event
from chimera.providers.framing import LineSplitter
from chimera.providers.transport import HttpCall, Transport

_ENDINGS: Mapping[str, FinishReason] = {
    "length": "length",
    "refused": "refused",
    "filtered": "filtered",
}


def example(*, clock: Clock, environment: Mapping[str, str]) -> "ExampleProvider":
    """What the entry point leads to."""
    address = environment.get("EXAMPLE_BASE_URL", "http://127.0.0.1:4000/v1").rstrip("/")
    key = environment.get("EXAMPLE_API_KEY")
    return ExampleProvider(
        # Our own server may be on this machine; any other address has to be a public one.
        transport=Transport(clock=clock, allowed=[origin_of(address)]),
        base_url=address,
        api_key=SecretStr(key) if key else None,
    )


class ExampleProvider(HttpProvider):
    """The adapter: which calls there are, and how its lists are read."""

    title = "Example"

    def __init__(
        self, *, transport: Transport, base_url: str, api_key: SecretStr | None = None
    ) -> None:
        super().__init__(
            "example",
            transport=transport,
            decoder=ExampleDecoder,
            base_url=base_url,
            api_key=api_key,
        )

    async def models(self) -> Sequence[Model]:
        entries = entries_of(await self._get("minds"), "minds")
        found = ((text_of(each.get("name")), each.get("fits")) for each in entries)
        return [Model(id=name, context=count_of(fits)) for name, fits in found if name]

    def _call(self, request: GenerationRequest) -> HttpCall:
        return self._post("say", encode(request))


def encode(request: GenerationRequest) -> Body:
    """The body that asks for one answer; knobs that the service lacks are left out."""
    return {
        "mind": request.model,
        "about": request.system,
        "heard": [[message.role, message.text] for message in request.messages],
        "stream": True,
        "most": request.max_output_tokens,
    }


class ExampleDecoder(AnswerDecoder):
    """The codec: bytes in, chunks out. What all decoders do is done already."""

    def __init__(self, *, prompt_tokens: int = 0, text_limit: int = TEXT_LIMIT) -> None:
        super().__init__(LineSplitter(), prompt_tokens=prompt_tokens, text_limit=text_limit)

    def _decode(self, payload: bytes) -> Iterator[Chunk]:
        event = self._parse(payload, _EVENTS) or _Event()
        if event.error is not None:
            raise from_event(event.error)
        yield from self._think(event.thought)
        yield from self._say(event.word)
        if event.end is not None:
            reason = str(event.end)
            self._response_id, self._model = text_of(event.id), text_of(event.mind)
            self._usage = _read_usage(event)
            self._end(reason, _ENDINGS.get(reason, "stop"))
            self._done = True


class _Event(msgspec.Struct):
    word: Any = None
    thought: Any = None
    error: Any = None
    end: Any = None
    id: Any = None
    mind: Any = None
    read: Any = None
    written: Any = None


_EVENTS = msgspec.json.Decoder(_Event)


def _read_usage(event: _Event) -> Usage | None:
    read, written = count_of(event.read), count_of(event.written)
    if read is None or written is None:
        return None
    return Usage(input_tokens=read, output_tokens=written)
