"""The OpenAI chat format, spoken by OpenAI, DeepSeek, LM Studio and most other servers."""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chimera.core.errors import BadStream, UnknownModel
from chimera.core.generation import GenerationRequest, ImagePart, Model, Part, TextPart
from chimera.providers.adapter import (
    ROOM_TO_THINK,
    Body,
    HttpProvider,
    alternating,
    entries_of,
    known_knobs,
    with_version,
)
from chimera.providers.answers import fields_of
from chimera.providers.chat import ChatDecoder
from chimera.providers.transport import HttpCall, Transport

if TYPE_CHECKING:
    from pydantic import SecretStr

Thinking = Literal["off", "low", "high"]

#: Names of models that cannot take part in a talk.
NOT_FOR_CHAT = re.compile(
    r"embed|rerank|whisper|tts|dall-e|moderation|audio|realtime|image|transcribe|translate|sora"
    r"|babbage|davinci|computer-use|deep-research|robotics|-live",
    re.IGNORECASE,
)
#: Kinds of models as LM Studio names them.
_SIGHT: Mapping[str, bool] = {"vlm": True, "llm": False}
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


#: Models of OpenAI that can think; of those before them none does.
OPENAI_THINKERS = re.compile(r"(?:o\d|gpt-(?:[5-9]|\d\d))(?!.*-chat)")
#: Those of them whose thinking can be switched off, and those that can only be told to hurry.
_THINKING_OFF = re.compile(r"gpt-5\.\d+(?!.*-codex)|gpt-6-(?:sol|luna)|gpt-6\.1-terra")
_THINKING_MINIMAL = re.compile(r"gpt-5(?!\.)(?!.*-codex)")


def openai_effort(model: str, thinking: Thinking) -> str | None:
    """How much effort to ask of a model for so much thinking; None where it takes no such knob."""
    if not OPENAI_THINKERS.match(model) or "-pro" in model:
        return None
    if thinking != "off":
        return thinking
    if _THINKING_OFF.match(model):
        return "none"
    return "minimal" if _THINKING_MINIMAL.match(model) else "low"


def _openai_thinking(model: str, thinking: Thinking) -> Body:
    return known_knobs(reasoning_effort=openai_effort(model, thinking))


def _deepseek_thinking(model: str, thinking: Thinking) -> Body:
    del model
    return {"thinking": {"type": "disabled" if thinking == "off" else "enabled"}}


OPENAI = Compatible(
    name="openai",
    base_url="https://api.openai.com/v1",
    length_field="max_completion_tokens",
    stop_limit=4,
    thinking=_openai_thinking,
    thinkers=OPENAI_THINKERS,
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
    room = ROOM_TO_THINK if thinker or request.thinking != "off" else 0
    body[member.length_field] = request.max_output_tokens + room
    if not thinker:
        body |= known_knobs(
            temperature=request.temperature,
            top_p=request.top_p,
            seed=request.seed,
            stop=list(request.stop[: member.stop_limit]) or None,
        )
    return body


class CompatibleProvider(HttpProvider):
    """The adapter of one member of the family."""

    def __init__(
        self,
        member: Compatible,
        *,
        transport: Transport,
        base_url: str | None = None,
        api_key: "SecretStr | None" = None,
    ) -> None:
        address = with_version(base_url or member.base_url)
        super().__init__(
            member.name,
            transport=transport,
            decoder=ChatDecoder,
            base_url=address,
            api_key=api_key,
        )
        self._member = member

    async def models(self) -> Sequence[Model]:
        for path in self._member.lists:
            try:
                return _read_models(await self._get(path))
            except (UnknownModel, BadStream):
                # An older server may not have the richer list.
                if path == self._member.lists[-1]:
                    raise
        return ()

    def _call(self, request: GenerationRequest) -> HttpCall:
        return self._post("chat/completions", encode(request, self._member))


def _messages(request: GenerationRequest, member: Compatible) -> list[Body]:
    system = [{"role": "system", "content": request.system}] if request.system else []
    heard = alternating(request.messages) if member.alternate else request.messages
    roles = {"self": "assistant", "others": "user"}
    spoken = [{"role": roles[each.role], "content": _content(each.parts)} for each in heard]
    return [*system, *spoken]


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


def _read_models(answer: dict[str, object]) -> Sequence[Model]:
    """The models of a list that can talk, those in memory first."""
    models = [_read_model(entry) for entry in entries_of(answer, "data")]
    found = [model for model in models if model is not None]
    return sorted(found, key=lambda model: (not model.loaded, model.id))


def _read_model(fields: dict[str, object]) -> Model | None:
    name = fields.get("id")
    if not isinstance(name, str) or fields.get("type") == "embeddings" or NOT_FOR_CHAT.search(name):
        return None
    sizes = (fields.get(field) for field in _CONTEXT_FIELDS)
    state = fields.get("state")
    return Model(
        id=name,
        context=next((size for size in sizes if isinstance(size, int) and size > 0), None),
        loaded=state == "loaded" if isinstance(state, str) else None,
        vision=_sees(fields),
    )


def _sees(fields: dict[str, object]) -> bool | None:
    """Whether a model reads pictures, in the words of LM Studio and of OpenRouter."""
    takes = fields_of(fields.get("architecture")).get("input_modalities")
    if isinstance(takes, list):
        return "image" in takes
    return _SIGHT.get(str(fields.get("type")))
