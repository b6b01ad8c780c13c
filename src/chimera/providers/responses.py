"""The Responses format of OpenAI."""

from base64 import b64encode
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from chimera.core.generation import (
    Chunk,
    FinishReason,
    GenerationRequest,
    ImagePart,
    Model,
    Part,
    TextPart,
    Usage,
)
from chimera.providers.adapter import ROOM_TO_THINK, Body, HttpProvider, known_knobs
from chimera.providers.answers import TEXT_LIMIT, AnswerDecoder, count_of, fields_of, text_of
from chimera.providers.compatible import (
    OPENAI,
    OPENAI_THINKERS,
    CompatibleProvider,
    openai_effort,
)
from chimera.providers.failures import from_event
from chimera.providers.framing import SseSplitter
from chimera.providers.transport import HttpCall, Transport

if TYPE_CHECKING:
    from pydantic import SecretStr

_REASONS: Mapping[str, FinishReason] = {
    "max_output_tokens": "length",
    "content_filter": "filtered",
}


def encode(request: GenerationRequest) -> Body:
    """The body that asks a thinking model for one answer, of which OpenAI keeps nothing.

    The format has no stop strings and no seed, and these models take no sampling knobs.
    """
    # Not as `instructions`: those are sent back three times with every answer.
    system = [{"role": "developer", "content": request.system}] if request.system else []
    effort = openai_effort(request.model, request.thinking)
    return {
        "model": request.model,
        "input": [*system, *_messages(request)],
        "max_output_tokens": request.max_output_tokens + ROOM_TO_THINK,
        "store": False,
        "stream": True,
        # Padding against listeners who guess words from lengths; the line is encrypted.
        "stream_options": {"include_obfuscation": False},
        **known_knobs(reasoning={"effort": effort} if effort else None),
    }


class ResponsesDecoder(AnswerDecoder):
    """Reads the events of one response."""

    def __init__(self, *, prompt_tokens: int = 0, text_limit: int = TEXT_LIMIT) -> None:
        super().__init__(SseSplitter(), prompt_tokens=prompt_tokens, text_limit=text_limit)
        self._refused = False

    def _decode(self, payload: bytes) -> Iterator[Chunk]:
        event = self._parse(payload, _EVENTS) or _Event()
        match event.type:
            case "response.output_text.delta":
                yield from self._say(event.delta)
            case "response.reasoning_text.delta" | "response.reasoning_summary_text.delta":
                yield from self._think(event.delta)
            case "response.refusal.delta":
                self._refused = True
            case "response.completed" | "response.incomplete":
                self._finish(fields_of(event.response))
            case "response.failed":
                raise from_event(fields_of(event.response).get("error"))
            case "error":
                said = {"code": event.code, "message": event.message}
                raise from_event(event.error or said)
            case _:
                # Most events only tell of the response's inner life.
                pass

    def _finish(self, response: dict[str, object]) -> None:
        self._response_id = text_of(response.get("id"))
        self._model = text_of(response.get("model"))
        self._usage = _read_usage(response.get("usage"))
        stopped = text_of(fields_of(response.get("incomplete_details")).get("reason"))
        reason = stopped or text_of(response.get("status")) or "completed"
        self._end(reason, "refused" if self._refused else _REASONS.get(reason, "stop"))
        self._done = True


class OpenAIProvider(HttpProvider):
    """The adapter of OpenAI's own service.

    Models that think are asked for responses; those from before them keep the chat format,
    because only there they take stop strings, a seed and a temperature together.
    """

    def __init__(
        self,
        *,
        transport: Transport,
        base_url: str | None = None,
        api_key: "SecretStr | None" = None,
    ) -> None:
        self._chat = CompatibleProvider(
            OPENAI, transport=transport, base_url=base_url, api_key=api_key
        )
        super().__init__(
            "openai",
            transport=transport,
            decoder=ResponsesDecoder,
            base_url=self._chat.base_url,
            api_key=api_key,
        )

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        thinks = OPENAI_THINKERS.match(request.model) is not None
        source = super().stream(request) if thinks else self._chat.stream(request)
        async with aclosing(source) as chunks:
            async for chunk in chunks:
                yield chunk

    async def models(self) -> Sequence[Model]:
        return await self._chat.models()

    def _call(self, request: GenerationRequest) -> HttpCall:
        return self._post("responses", encode(request))


class _Event(msgspec.Struct):
    type: str = ""
    delta: Any = None
    response: Any = None
    error: Any = None
    code: Any = None
    message: Any = None


_EVENTS = msgspec.json.Decoder(_Event)


def _messages(request: GenerationRequest) -> Iterator[Body]:
    for message in request.messages:
        role = {"self": "assistant", "others": "user"}[message.role]
        if any(isinstance(part, ImagePart) for part in message.parts):
            yield {"role": role, "content": [_part(part) for part in message.parts]}
        else:
            yield {"role": role, "content": message.text}


def _part(part: Part) -> Body:
    match part:
        case TextPart(text):
            return {"type": "input_text", "text": text}
        case ImagePart(media_type, data):
            url = f"data:{media_type};base64,{b64encode(data).decode()}"
            return {"type": "input_image", "image_url": url}


def _read_usage(report: object) -> Usage | None:
    """What the answer took; None if that cannot be right."""
    fields = fields_of(report)
    read = count_of(fields.get("input_tokens"))
    written = count_of(fields.get("output_tokens"))
    if read is None or written is None:
        return None
    incoming = fields_of(fields.get("input_tokens_details"))
    outgoing = fields_of(fields.get("output_tokens_details"))
    return Usage(
        input_tokens=read,
        output_tokens=written,
        cached_tokens=min(count_of(incoming.get("cached_tokens")) or 0, read),
        cache_write_tokens=count_of(incoming.get("cache_write_tokens")) or 0,
        reasoning_tokens=count_of(outgoing.get("reasoning_tokens")) or 0,
    )
