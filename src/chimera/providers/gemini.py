"""The generateContent format of Gemini."""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

import msgspec

from chimera.core.errors import ContentRefused
from chimera.core.generation import (
    Chunk,
    GenerationRequest,
    ImagePart,
    Model,
    Part,
    TextPart,
    Usage,
)
from chimera.providers.adapter import (
    ROOM_TO_THINK,
    Body,
    HttpProvider,
    alternating,
    entries_of,
    known_knobs,
    with_version,
)
from chimera.providers.answers import TEXT_LIMIT, AnswerDecoder, count_of, fields_of, text_of
from chimera.providers.compatible import NOT_FOR_CHAT
from chimera.providers.failures import from_event, redact
from chimera.providers.framing import EventOrArraySplitter
from chimera.providers.transport import HttpCall, Transport

if TYPE_CHECKING:
    from pydantic import SecretStr

BASE_URL = "https://generativelanguage.googleapis.com/v1beta"
_STOP_LIMIT = 5
#: Tokens of thinking for models that take a number of them, which 2.5 was the last to do.
_BUDGETS = {"low": 1024, "high": 8192}
_TAKE_A_BUDGET = re.compile(r"gemini-2\.5")
#: The least that this one of them can be told to think.
_LEAST_BUDGET = 128
_NEVER_THINK = re.compile(r"gemini-(?:1|2\.0)|gemma|learnlm")
#: The later models that know a level below low.
_THINK_MINIMALLY = re.compile(r"gemini-3-flash|gemini-3\.1-flash-lite")
#: Ends by which the service holds an answer back; what was said before stands.
_BLOCKED = frozenset({
    "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "ESCALATION",
    "MODEL_ARMOR", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
})  # fmt: skip
_TOO_LONG = frozenset({"MAX_TOKENS", "CONTINUATION"})


def encode(request: GenerationRequest) -> Body:
    """The body that asks for one answer; the model stands in the path."""
    thinking, room = _thinking(request)
    settings = known_knobs(
        maxOutputTokens=request.max_output_tokens + room,
        temperature=request.temperature,
        topP=request.top_p,
        seed=request.seed,
        stopSequences=list(request.stop[:_STOP_LIMIT]) or None,
        thinkingConfig=thinking,
    )
    roles = {"self": "model", "others": "user"}
    body: Body = {
        "contents": [
            {"role": roles[message.role], "parts": [_part(part) for part in message.parts]}
            for message in alternating(request.messages)
        ],
        "generationConfig": settings,
    }
    if request.system:
        body["systemInstruction"] = {"parts": [{"text": request.system}]}
    return body


class GeminiDecoder(AnswerDecoder):
    """Reads an answer sent as events, or as one JSON array while it is written."""

    def __init__(self, *, prompt_tokens: int = 0, text_limit: int = TEXT_LIMIT) -> None:
        super().__init__(EventOrArraySplitter(), prompt_tokens=prompt_tokens, text_limit=text_limit)
        self._said = False

    def _decode(self, payload: bytes) -> Iterator[Chunk]:
        event = self._parse(payload, _EVENTS) or _Event()
        if event.error and not self.complete:
            raise from_event(event.error)
        self._response_id = text_of(event.responseId) or self._response_id
        self._model = text_of(event.modelVersion) or self._model
        self._usage = _read_usage(event.usageMetadata) or self._usage
        blocked = fields_of(event.promptFeedback).get("blockReason")
        if blocked and not self._said:
            raise ContentRefused(f"the provider refused the prompt: {redact(str(blocked))}")
        # Only one answer was asked for.
        for candidate in (event.candidates or ())[:1]:
            yield from self._pieces(candidate)

    def _pieces(self, candidate: "_Candidate") -> Iterator[Chunk]:
        parts = fields_of(candidate.content).get("parts")
        for part in cast("list[object]", parts) if isinstance(parts, list) else ():
            fields = fields_of(part)
            if fields.get("thought"):
                yield from self._think(fields.get("text"))
            else:
                self._said = self._said or bool(fields.get("text"))
                yield from self._say(fields.get("text"))
        if candidate.finishReason and not self._done:
            self._finish(candidate.finishReason)

    def _finish(self, reason: str) -> None:
        if reason in _BLOCKED and not self._said:
            raise ContentRefused(f"the provider refused the answer: {redact(reason)}")
        if reason in _TOO_LONG:
            self._end(reason, "length")
        else:
            self._end(reason, "filtered" if reason in _BLOCKED else "stop")


class GeminiProvider(HttpProvider):
    """The adapter of Gemini."""

    def __init__(
        self,
        *,
        transport: Transport,
        base_url: str | None = None,
        api_key: "SecretStr | None" = None,
    ) -> None:
        address = with_version(base_url or BASE_URL, "v1beta")
        super().__init__(
            "gemini",
            transport=transport,
            decoder=GeminiDecoder,
            base_url=address,
            api_key=api_key,
        )

    async def models(self) -> Sequence[Model]:
        answer = await self._get("models?pageSize=1000")
        listed = (_read_model(entry) for entry in entries_of(answer, "models"))
        return [model for model in listed if model is not None]

    def _call(self, request: GenerationRequest) -> HttpCall:
        model = quote(request.model.removeprefix("models/"), safe="")
        path = f"models/{model}:streamGenerateContent?alt=sse"
        return self._post(path, encode(request), json_stream=True)

    def _headers(self) -> dict[str, str]:
        return {"x-goog-api-key": self._key.get_secret_value()} if self._key else {}


class _Candidate(msgspec.Struct):
    content: Any = None
    finishReason: str | None = None  # noqa: N815 – the service's own name


class _Event(msgspec.Struct):
    candidates: list[_Candidate] | None = None
    promptFeedback: Any = None  # noqa: N815 – the service's own name
    usageMetadata: Any = None  # noqa: N815 – the service's own name
    responseId: Any = None  # noqa: N815 – the service's own name
    modelVersion: Any = None  # noqa: N815 – the service's own name
    error: Any = None


_EVENTS = msgspec.json.Decoder(_Event)


def _thinking(request: GenerationRequest) -> tuple[Body | None, int]:
    """The setting of how much a model thinks, and the tokens it needs for that."""
    model = request.model.removeprefix("models/")
    if _NEVER_THINK.match(model):
        return None, 0
    if _TAKE_A_BUDGET.match(model):
        least = _LEAST_BUDGET if "-pro" in model else 0
        budget = _BUDGETS.get(request.thinking, least)
        return {"thinkingBudget": budget, **_shown(request)}, budget
    level = request.thinking
    if level == "off":
        level = "minimal" if _THINK_MINIMALLY.match(model) else "low"
    return {"thinkingLevel": level, **_shown(request)}, ROOM_TO_THINK


def _shown(request: GenerationRequest) -> Body:
    """Thinking that was asked for is sent, or the service would seem to hang meanwhile."""
    return {} if request.thinking == "off" else {"includeThoughts": True}


def _part(part: Part) -> Body:
    match part:
        case TextPart(text):
            return {"text": text}
        case ImagePart(media_type, data):
            return {"inlineData": {"mimeType": media_type, "data": b64encode(data).decode()}}


def _read_usage(report: object) -> Usage | None:
    """What the answer took so far; None if that cannot be right."""
    fields = fields_of(report)
    read = count_of(fields.get("promptTokenCount"))
    written = count_of(fields.get("candidatesTokenCount", 0))
    thought = count_of(fields.get("thoughtsTokenCount", 0))
    if read is None or written is None or thought is None:
        return None
    return Usage(
        input_tokens=read,
        output_tokens=written + thought,
        cached_tokens=min(count_of(fields.get("cachedContentTokenCount")) or 0, read),
        reasoning_tokens=thought,
    )


def _read_model(fields: dict[str, object]) -> Model | None:
    name = text_of(fields.get("name"))
    methods = fields.get("supportedGenerationMethods")
    talks = isinstance(methods, list) and "generateContent" in methods
    if name is None or not talks or NOT_FOR_CHAT.search(name):
        return None
    return Model(
        id=name.removeprefix("models/"),
        name=text_of(fields.get("displayName")),
        context=count_of(fields.get("inputTokenLimit")) or None,
        thinking=True if fields.get("thinking") is True else None,
    )
