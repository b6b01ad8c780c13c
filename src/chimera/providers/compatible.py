"""The OpenAI chat format, spoken by OpenAI, DeepSeek, LM Studio, Ollama and most other servers."""

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, cast

import msgspec
from pydantic import SecretStr
from yarl import URL

from chimera.core.errors import BadStream, ProviderError, UnknownModel
from chimera.core.generation import (
    Chunk,
    GenerationRequest,
    Health,
    ImagePart,
    Model,
    Part,
    TextPart,
    estimated_tokens,
)
from chimera.providers.chat import TEXT_LIMIT, ChatDecoder
from chimera.providers.transport import HttpCall, Transport

Thinking = Literal["off", "low", "high"]
Body = dict[str, Any]

#: No tokenizer puts more characters into a token over a whole text; more means a runaway stream.
_CHARACTERS_PER_TOKEN = 16
#: Tokens a thinking model gets besides its speech: most servers count both together.
_ROOM_TO_THINK = 2048
_NOT_FOR_CHAT = re.compile(
    r"embed|rerank|whisper|tts|dall-e|moderation|audio|realtime|image|transcribe|sora"
    r"|babbage|davinci|computer-use",
    re.IGNORECASE,
)
#: Names under which servers tell a model's context, the one in force first.
_CONTEXT_FIELDS = (
    "loaded_context_length",
    "max_model_len",
    "context_length",
    "context_window",
    "max_context_length",
)


def _no_knob(model: str, thinking: Thinking) -> Body:
    del model, thinking
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compatible:
    """How one member of the family differs from the others."""

    name: str
    base_url: str
    local: bool = False
    length_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    stop_limit: int = 16
    #: Some chat templates fail unless roles alternate and others begin.
    alternate: bool = False
    #: Where the list of models is, below the base URL or from the server's root.
    lists: tuple[str, ...] = ("models",)
    #: The body fields that set how much a model thinks.
    thinking: Callable[[str, Thinking], Body] = _no_knob
    #: Models that always think: they take no sampling knobs and no stop strings.
    thinkers: re.Pattern[str] | None = None


_OPENAI_THINKERS = re.compile(r"(?:o\d|gpt-5)(?!.*-chat)")


def _openai_thinking(model: str, thinking: Thinking) -> Body:
    if not _OPENAI_THINKERS.match(model):
        return {}
    if thinking != "off":
        return {"reasoning_effort": thinking}
    if model.startswith("gpt-5."):
        return {"reasoning_effort": "none"}
    return {"reasoning_effort": "minimal" if model.startswith("gpt-5") else "low"}


def _deepseek_thinking(model: str, thinking: Thinking) -> Body:
    del model
    return {"thinking": {"type": "disabled" if thinking == "off" else "enabled"}}


def _ollama_thinking(model: str, thinking: Thinking) -> Body:
    del model
    # Models that cannot think fail when asked to, and accept being asked not to.
    return {"reasoning_effort": "none"} if thinking == "off" else {}


OPENAI = Compatible(
    name="openai",
    base_url="https://api.openai.com/v1",
    length_field="max_completion_tokens",
    stop_limit=4,
    thinking=_openai_thinking,
    thinkers=_OPENAI_THINKERS,
)
DEEPSEEK = Compatible(
    name="deepseek", base_url="https://api.deepseek.com/v1", thinking=_deepseek_thinking
)
LM_STUDIO = Compatible(
    name="lmstudio",
    base_url="http://127.0.0.1:1234/v1",
    local=True,
    alternate=True,
    lists=("/api/v0/models", "models"),
)
OLLAMA = Compatible(
    name="ollama", base_url="http://127.0.0.1:11434/v1", local=True, thinking=_ollama_thinking
)
#: Any other server: its base URL comes with the adapter.
COMPATIBLE = Compatible(name="compatible", base_url="", alternate=True)


def encode(request: GenerationRequest, member: Compatible) -> Body:
    """The body that asks a member of the family for one answer."""
    body: Body = {
        "model": request.model,
        "messages": _messages(request, member),
        "stream": True,
        "stream_options": {"include_usage": True},
        **member.thinking(request.model, request.thinking),
    }
    thinker = member.thinkers is not None and member.thinkers.match(request.model) is not None
    room = _ROOM_TO_THINK if thinker or request.thinking != "off" else 0
    body[member.length_field] = request.max_output_tokens + room
    if not thinker:
        knobs = {
            "temperature": request.temperature,
            "top_p": request.top_p,
            "seed": request.seed,
            "stop": list(request.stop[: member.stop_limit]) or None,
        }
        body.update({name: value for name, value in knobs.items() if value is not None})
    return body


class CompatibleProvider:
    """The adapter of one member of the family."""

    def __init__(
        self,
        member: Compatible,
        *,
        transport: Transport,
        base_url: str | None = None,
        api_key: SecretStr | None = None,
    ) -> None:
        self._member = member
        self._transport = transport
        self._base = with_version(base_url or member.base_url)
        self._key = api_key

    @property
    def name(self) -> str:
        return self._member.name

    @property
    def base_url(self) -> str:
        return self._base

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        call = HttpCall(
            method="POST",
            url=f"{self._base}/chat/completions",
            headers={"Content-Type": "application/json", **self._headers()},
            body=msgspec.json.encode(encode(request, self._member)),
        )
        tokens = request.max_output_tokens + _ROOM_TO_THINK
        decoder = ChatDecoder(
            prompt_tokens=estimated_tokens(request.characters),
            text_limit=min(TEXT_LIMIT, tokens * _CHARACTERS_PER_TOKEN),
        )
        async with aclosing(self._transport.stream(call, decoder)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def models(self) -> Sequence[Model]:
        for path in self._member.lists:
            call = HttpCall(
                method="GET",
                url=str(URL(f"{self._base}/").join(URL(path))),
                headers=self._headers(),
            )
            try:
                answer = await self._transport.fetch(call)
                return _read_models(answer)
            except (UnknownModel, BadStream):
                # An older server may not have the richer list.
                if path == self._member.lists[-1]:
                    raise
        return ()

    async def check(self) -> Health:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            models = await self.models()
        except ProviderError as error:
            return Health(ok=False, code=error.code, detail=error.message)
        latency = 1000 * (loop.time() - began)
        return Health(ok=True, detail=f"{len(models)} models", latency_ms=latency)

    async def close(self) -> None:
        """Close the transport: it is shared, but providers close together, with the house."""
        await self._transport.close()

    def _headers(self) -> dict[str, str]:
        if self._key is None:
            return {}
        return {"Authorization": f"Bearer {self._key.get_secret_value()}"}


def with_version(base_url: str) -> str:
    """The base URL as the family writes it: no slash at the end, `/v1` where no path is given."""
    stripped = base_url.rstrip("/")
    return stripped if URL(stripped).path.strip("/") else f"{stripped}/v1"


def _messages(request: GenerationRequest, member: Compatible) -> list[Body]:
    system = [{"role": "system", "content": request.system}] if request.system else []
    spoken = [
        ({"self": "assistant", "others": "user"}[message.role], message.parts)
        for message in request.messages
    ]
    if member.alternate:
        spoken = list(_alternating(spoken))
    return [*system, *({"role": role, "content": _content(parts)} for role, parts in spoken)]


def _alternating(
    spoken: Iterable[tuple[str, tuple[Part, ...]]],
) -> Iterator[tuple[str, tuple[Part, ...]]]:
    """Neighbours of one role joined, the first of them a user's."""
    first = True
    for role, group in groupby(spoken, key=lambda message: message[0]):
        if first and role != "user":
            yield "user", (TextPart("…"),)
        first = False
        joined: list[Part] = []
        for _, parts in group:
            joined += [TextPart("\n\n")] * bool(joined) + list(parts)
        yield role, tuple(joined)
    if first:
        yield "user", (TextPart("…"),)


def _content(parts: Sequence[Part]) -> str | list[Body]:
    if not any(isinstance(part, ImagePart) for part in parts):
        return "".join(part.text for part in parts if isinstance(part, TextPart))
    return [_content_part(part) for part in parts]


def _content_part(part: Part) -> Body:
    match part:
        case TextPart(text):
            return {"type": "text", "text": text}
        case ImagePart(media_type, data):
            url = f"data:{media_type};base64,{b64encode(data).decode()}"
            return {"type": "image_url", "image_url": {"url": url}}


def _read_models(answer: bytes) -> Sequence[Model]:
    """The models of a list that can talk, those in memory first."""
    try:
        listed: object = msgspec.json.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadStream("the list of models is not JSON") from error
    entries = cast("dict[str, object]", listed).get("data") if isinstance(listed, dict) else None
    if not isinstance(entries, list):
        raise BadStream("the list of models has no data")
    models = [_read_model(entry) for entry in cast("list[object]", entries)]
    found = [model for model in models if model is not None]
    return sorted(found, key=lambda model: (not model.loaded, model.id))


def _read_model(entry: object) -> Model | None:
    if not isinstance(entry, dict):
        return None
    fields = cast("dict[str, object]", entry)
    name = fields.get("id")
    if (
        not isinstance(name, str)
        or fields.get("type") == "embeddings"
        or _NOT_FOR_CHAT.search(name)
    ):
        return None
    sizes = (fields.get(field) for field in _CONTEXT_FIELDS)
    state = fields.get("state")
    return Model(
        id=name,
        context=next((size for size in sizes if isinstance(size, int) and size > 0), None),
        loaded=state == "loaded" if isinstance(state, str) else None,
    )
