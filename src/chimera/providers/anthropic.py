"""The Messages format of Anthropic."""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from chimera.core.generation import (
    Chunk,
    FinishReason,
    GenerationRequest,
    ImagePart,
    Model,
    Part,
    PromptMessage,
    TextPart,
    Usage,
)
from chimera.providers.adapter import (
    ROOM_TO_THINK,
    SILENCE,
    Body,
    HttpProvider,
    entries_of,
    framed,
    known_knobs,
    with_version,
)
from chimera.providers.answers import TEXT_LIMIT, AnswerDecoder, count_of, fields_of, text_of
from chimera.providers.failures import from_event
from chimera.providers.framing import SseSplitter
from chimera.providers.transport import HttpCall, Transport

if TYPE_CHECKING:
    from pydantic import SecretStr

BASE_URL = "https://api.anthropic.com/v1"
_VERSION = "2023-06-01"
_CACHED_UP_TO_HERE = {"type": "ephemeral"}
#: The smallest budget of thinking that the service takes, and a generous one.
_BUDGETS = {"low": 1024, "high": 4096}
#: Models that always think, and refuse to be told not to.
_ALWAYS_THINK = re.compile(r"claude-(?:fable|mythos)")
#: Models from before thinking; others of their time take a budget of tokens, later ones an effort.
_NEVER_THINK = re.compile(r"claude-(?:[12]|instant|3(?!-7))")
_TAKE_A_BUDGET = re.compile(
    r"claude-(?:3-7|(?:opus|sonnet|haiku)-4(?:-[0-5])?(?:-\d{6,}|-latest|$))"
)
#: The last models that may be told how freely to draw their words.
_TAKE_SAMPLING = re.compile(
    r"claude-(?:[123]|instant|(?:opus|sonnet|haiku)-4(?:-[0-6])?(?:-\d{6,}|-latest|$))"
)
_REASONS: Mapping[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refused",
}


def encode(request: GenerationRequest) -> Body:
    """The body that asks for one answer."""
    thinking, room = _thinking(request)
    body: Body = {
        "model": request.model,
        "max_tokens": request.max_output_tokens + room,
        "messages": _messages(request),
        "stream": True,
        **thinking,
    }
    if request.system.strip():
        system = {"type": "text", "text": request.system, "cache_control": _CACHED_UP_TO_HERE}
        body["system"] = [system]
    # A stop string of nothing but space is not accepted.
    body |= known_knobs(stop_sequences=[stop for stop in request.stop if stop.strip()] or None)
    if not room and _TAKE_SAMPLING.match(request.model):
        body |= _sampling(request)
    return body


class AnthropicDecoder(AnswerDecoder):
    """Reads the events of one message; ends with `message_stop`, not before."""

    def __init__(self, *, prompt_tokens: int = 0, text_limit: int = TEXT_LIMIT) -> None:
        super().__init__(SseSplitter(), prompt_tokens=prompt_tokens, text_limit=text_limit)
        self._counts: dict[str, object] = {}
        self._stopped_by: str | None = None

    def _decode(self, payload: bytes) -> Iterator[Chunk]:
        event = self._parse(payload, _EVENTS) or _Event()
        match event.type:
            case "message_start":
                self._start(fields_of(event.message))
            case "content_block_start":
                yield from self._piece(fields_of(event.content_block))
            case "content_block_delta":
                yield from self._piece(fields_of(event.delta))
            case "message_delta":
                self._delta(fields_of(event.delta), fields_of(event.usage))
            case "message_stop":
                self._stop()
            case "error":
                raise from_event(event.error)
            case _:
                # Pings, and whatever the service may send one day.
                pass

    def _start(self, message: dict[str, object]) -> None:
        self._response_id = text_of(message.get("id")) or self._response_id
        self._model = text_of(message.get("model")) or self._model
        self._counts |= fields_of(message.get("usage"))

    def _piece(self, block: dict[str, object]) -> Iterator[Chunk]:
        """What a block begins with, or what is added to it."""
        yield from self._think(block.get("thinking"))
        yield from self._say(block.get("text"))

    def _delta(self, delta: dict[str, object], counts: dict[str, object]) -> None:
        self._stopped_by = text_of(delta.get("stop_reason")) or self._stopped_by
        self._counts |= {name: value for name, value in counts.items() if value is not None}

    def _stop(self) -> None:
        self._usage = _read_usage(self._counts)
        reason = self._stopped_by or "end_turn"
        self._end(reason, _REASONS.get(reason, "stop"))
        self._done = True


class AnthropicProvider(HttpProvider):
    """The adapter of Anthropic."""

    def __init__(
        self,
        *,
        transport: Transport,
        base_url: str | None = None,
        api_key: "SecretStr | None" = None,
    ) -> None:
        address = with_version(base_url or BASE_URL)
        super().__init__(
            "anthropic",
            transport=transport,
            decoder=AnthropicDecoder,
            base_url=address,
            api_key=api_key,
        )

    async def models(self) -> Sequence[Model]:
        """The models in the service's own order, the newest first."""
        answer = await self._get("models?limit=1000")
        listed = (_read_model(entry) for entry in entries_of(answer, "data"))
        return [model for model in listed if model is not None]

    def _call(self, request: GenerationRequest) -> HttpCall:
        return self._post("messages", encode(request))

    def _headers(self) -> dict[str, str]:
        headers = {"anthropic-version": _VERSION}
        if self._key is not None:
            headers["x-api-key"] = self._key.get_secret_value()
        return headers


class _Event(msgspec.Struct):
    type: str = ""
    message: Any = None
    content_block: Any = None
    delta: Any = None
    usage: Any = None
    error: Any = None


_EVENTS = msgspec.json.Decoder(_Event)


def _thinking(request: GenerationRequest) -> tuple[Body, int]:
    """The fields that set how much a model thinks, and the tokens it needs for that."""
    if _NEVER_THINK.match(request.model):
        return {}, 0
    if request.thinking == "off":
        if _ALWAYS_THINK.match(request.model):
            return {"output_config": {"effort": "low"}}, ROOM_TO_THINK
        return {"thinking": {"type": "disabled"}}, 0
    budget = _BUDGETS[request.thinking]
    if _TAKE_A_BUDGET.match(request.model):
        return {"thinking": {"type": "enabled", "budget_tokens": budget}}, budget
    # Thinking that is not shown would look like a service that hangs.
    shown = {"type": "adaptive", "display": "summarized"}
    return {"thinking": shown, "output_config": {"effort": request.thinking}}, budget


def _sampling(request: GenerationRequest) -> Body:
    """The one knob of the two that may be set, within what the service takes."""
    if request.temperature is not None:
        return {"temperature": min(request.temperature, 1.0)}
    return known_knobs(top_p=request.top_p)


def _messages(request: GenerationRequest) -> list[Body]:
    heard = list(framed(request.messages))
    led = bool(request.messages) and heard[0] is not request.messages[0]
    stable = request.cache_hint + led if request.cache_hint else 0
    spoken: list[Body] = []
    for number, message in enumerate(heard, 1):
        role = {"self": "assistant", "others": "user"}[message.role]
        blocks = _blocks(message)
        if number == stable:
            blocks[-1]["cache_control"] = _CACHED_UP_TO_HERE
        if spoken and spoken[-1]["role"] == role:
            spoken[-1]["content"] += blocks
        else:
            spoken.append({"role": role, "content": blocks})
    return spoken


def _blocks(message: PromptMessage) -> list[Body]:
    """The message's parts; one of nothing but space is not accepted."""
    parts = [each for each in message.parts if isinstance(each, ImagePart) or each.text.strip()]
    return [_block(part) for part in parts or [SILENCE]]


def _block(part: Part) -> Body:
    match part:
        case TextPart(text):
            return {"type": "text", "text": text}
        case ImagePart(media_type, data):
            encoded = b64encode(data).decode()
            source = {"type": "base64", "media_type": media_type, "data": encoded}
            return {"type": "image", "source": source}


def _read_usage(counts: dict[str, object]) -> Usage | None:
    """What the answer took; None if that cannot be right. Cached tokens are counted apart."""
    fresh = count_of(counts.get("input_tokens"))
    written = count_of(counts.get("output_tokens"))
    if fresh is None or written is None:
        return None
    cached = count_of(counts.get("cache_read_input_tokens")) or 0
    kept = count_of(counts.get("cache_creation_input_tokens")) or 0
    details = fields_of(counts.get("output_tokens_details"))
    return Usage(
        input_tokens=fresh + cached + kept,
        output_tokens=written,
        cached_tokens=cached,
        cache_write_tokens=kept,
        reasoning_tokens=count_of(details.get("thinking_tokens")) or 0,
    )


#: What the list calls the line of a model, the best first.
_TIERS: Mapping[object, int] = {"mythos": 1, "fable": 1, "opus": 1, "sonnet": 2, "haiku": 3}


def _read_model(fields: dict[str, object]) -> Model | None:
    name = text_of(fields.get("id"))
    if name is None or fields.get("lifecycle") == "retired":
        return None
    capabilities = fields_of(fields.get("capabilities"))
    return Model(
        id=name,
        name=text_of(fields.get("display_name")),
        context=count_of(fields.get("max_input_tokens")) or None,
        tier=_TIERS.get(fields.get("line")),
        vision=_supported(capabilities, "image_input"),
        thinking=_supported(capabilities, "thinking"),
    )


def _supported(capabilities: dict[str, object], name: str) -> bool | None:
    supported = fields_of(capabilities.get(name)).get("supported")
    return supported if isinstance(supported, bool) else None
