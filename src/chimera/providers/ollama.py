"""Ollama's own format, spoken on the machine it runs on."""

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from chimera.core.errors import BadStream, ProviderError, TruncatedStream, UnknownModel
from chimera.core.generation import (
    Chunk,
    FinishReason,
    GenerationRequest,
    ImagePart,
    Model,
    Progress,
    PromptMessage,
    Usage,
)
from chimera.providers.adapter import (
    ROOM_TO_THINK,
    Body,
    HttpProvider,
    alternating,
    entries_of,
    known_knobs,
)
from chimera.providers.answers import (
    TEXT_LIMIT,
    AnswerDecoder,
    SpeechSplitter,
    count_of,
    fields_of,
    text_of,
)
from chimera.providers.compatible import NOT_FOR_CHAT
from chimera.providers.failures import from_event
from chimera.providers.framing import LineSplitter
from chimera.providers.transport import HttpCall, Transport

if TYPE_CHECKING:
    from pydantic import SecretStr

BASE_URL = "http://127.0.0.1:11434"
#: How long a model stays in memory after a line: longer than people let a conversation pause.
KEEP_ALIVE = "10m"
#: Models that always think, and only as much as they are told.
_ALWAYS_THINK = re.compile(r"(?:.*/)?gpt-oss")
#: Seconds a fetching may say nothing: checking a large file on a slow disk takes minutes.
_PULL_GAP = 300.0
_PULLED = "success"
_NO_SUCH_MODEL = re.compile(r"file does not exist|manifest unknown|not found", re.IGNORECASE)
#: Seconds a model may take to be loaded.
_LOADING = 300.0
#: Seconds that asking for abilities may add to a list, and models that are asked about in one.
_SHOWING = 0.2
_SHOWN_AT_ONCE = 8
_SPEAKS = "completion"
_REASONS: Mapping[str, FinishReason] = {"length": "length"}


def encode(request: GenerationRequest, *, keep_alive: str = KEEP_ALIVE) -> Body:
    """The body that asks for one answer."""
    always = _ALWAYS_THINK.match(request.model) is not None
    room = ROOM_TO_THINK if always or request.thinking != "off" else 0
    options = known_knobs(
        num_predict=request.max_output_tokens + room,
        temperature=request.temperature,
        top_p=request.top_p,
        seed=request.seed,
        stop=list(request.stop) or None,
    )
    system = [{"role": "system", "content": request.system}] if request.system else []
    return {
        "model": request.model,
        "messages": [*system, *map(_message, alternating(request.messages))],
        "stream": True,
        "keep_alive": _span(keep_alive),
        "options": options,
        **_thinking(request, always=always),
    }


class OllamaDecoder(AnswerDecoder):
    """Reads an answer of one JSON object a line, the last of which says it is done."""

    def __init__(self, *, prompt_tokens: int = 0, text_limit: int = TEXT_LIMIT) -> None:
        super().__init__(LineSplitter(), prompt_tokens=prompt_tokens, text_limit=text_limit)
        self._speech = SpeechSplitter()

    def _decode(self, payload: bytes) -> Iterator[Chunk]:
        event = self._parse(payload, _EVENTS) or _Event()
        if event.error:
            raise from_event(event.error)
        self._model = text_of(event.model) or self._model
        message = fields_of(event.message)
        yield from self._think(message.get("thinking"))
        for piece in self._speech.feed(text_of(message.get("content")) or ""):
            yield from self._within_limit(piece)
        if event.done is True and not self._done:
            reason = text_of(event.done_reason) or "stop"
            self._usage = _read_usage(event)
            self._end(reason, _REASONS.get(reason, "stop"))
            self._done = True

    def _last_pieces(self) -> Iterator[Chunk]:
        for piece in self._speech.close():
            yield from self._within_limit(piece)


class OllamaProvider(HttpProvider):
    """The adapter of Ollama."""

    def __init__(
        self,
        *,
        transport: Transport,
        base_url: str | None = None,
        api_key: "SecretStr | None" = None,
        keep_alive: str = KEEP_ALIVE,
    ) -> None:
        # Addresses of its OpenAI-compatible side mean the same server.
        address = (base_url or BASE_URL).rstrip("/").removesuffix("/v1")
        super().__init__(
            "ollama",
            transport=transport,
            decoder=OllamaDecoder,
            base_url=address,
            api_key=api_key,
        )
        self._keep_alive = keep_alive
        #: The capabilities of models by their digest.
        self._known: dict[str, frozenset[str]] = {}

    async def models(self) -> Sequence[Model]:
        """The models that are here, those in memory first."""
        listed = list(entries_of(await self._get("api/tags"), "models"))
        try:
            running = list(entries_of(await self._get("api/ps"), "models"))
        except (UnknownModel, BadStream):
            # An older server cannot tell; nothing is known of its memory then.
            contexts = None
        else:
            contexts = {
                str(each.get("name")): count_of(each.get("context_length")) for each in running
            }
        abilities = await self._abilities(listed)
        models = [_read_model(entry, contexts, abilities) for entry in listed]
        found = [model for model in models if model is not None]
        return sorted(found, key=lambda model: (not model.loaded, model.id))

    async def pull(self, model: str) -> AsyncGenerator[Progress]:
        """Fetch a model from Ollama's library; leaving it stops that, and the next try goes on."""
        layers: dict[str, tuple[int, int]] = {}
        call = self._post("api/pull", {"model": model, "stream": True})
        async with aclosing(self._transport.lines(call, gap=_PULL_GAP)) as lines:
            async for line in lines:
                if not line.strip():
                    continue
                progress = _read_progress(line, layers, secrets=call.secrets)
                yield progress
                if progress.status == _PULLED:
                    return
        raise TruncatedStream("the fetching ended before the model was there")

    async def preload(self, model: str) -> None:
        """Have a model loaded, to stay as long as after a line."""
        asleep = {"model": model, "keep_alive": _span(self._keep_alive), "stream": False}
        await self._transport.fetch(self._post("api/generate", asleep), within=_LOADING)

    async def _abilities(self, listed: Sequence[dict[str, object]]) -> Mapping[str, frozenset[str]]:
        """What each model can do, by its digest: asked once, and never waited for long."""
        digests = {str(each["digest"]): str(each["name"]) for each in listed if _told(each)}
        unknown = [digest for digest in digests if digest not in self._known]
        try:
            async with asyncio.timeout(_SHOWING), asyncio.TaskGroup() as group:
                for digest in unknown[:_SHOWN_AT_ONCE]:
                    group.create_task(self._show(digest, digests[digest]))
        except TimeoutError:
            # The next look asks for the rest.
            pass
        self._known = {digest: self._known[digest] for digest in digests if digest in self._known}
        return self._known

    async def _show(self, digest: str, name: str) -> None:
        try:
            answer = await self._transport.fetch(self._post("api/show", {"model": name}))
            told = msgspec.json.decode(answer, type=_Shown)
        except (ProviderError, msgspec.DecodeError):
            # An older server, or a model that went away: nothing is known of it.
            return
        if told.capabilities is not None:
            self._known[digest] = frozenset(told.capabilities)

    def _call(self, request: GenerationRequest) -> HttpCall:
        return self._post("api/chat", encode(request, keep_alive=self._keep_alive))


class _Pulling(msgspec.Struct):
    status: str = ""
    digest: str | None = None
    total: int = 0
    completed: int = 0
    error: str | None = None


class _Shown(msgspec.Struct):
    capabilities: list[str] | None = None


class _Event(msgspec.Struct):
    model: Any = None
    message: Any = None
    done: Any = None
    done_reason: Any = None
    prompt_eval_count: Any = None
    eval_count: Any = None
    error: Any = None


_EVENTS = msgspec.json.Decoder(_Event)


def _thinking(request: GenerationRequest, *, always: bool) -> Body:
    """The field that sets how much a model thinks.

    Models that cannot think fail when asked to, and accept being asked not to; those that can
    do so unasked.
    """
    if always:
        return {"think": "low" if request.thinking == "off" else request.thinking}
    return {"think": False} if request.thinking == "off" else {}


def _span(keep_alive: str) -> int | str:
    """A number of seconds is one only without quotes."""
    return int(keep_alive) if keep_alive.lstrip("-").isdigit() else keep_alive


def _read_progress(
    line: bytes, layers: dict[str, tuple[int, int]], *, secrets: Sequence[str]
) -> Progress:
    """What a line tells, and how far all layers are. Raises ProviderError."""
    try:
        told = msgspec.json.decode(line, type=_Pulling)
    except msgspec.DecodeError as error:
        raise BadStream("the progress of the fetching is not JSON") from error
    if told.error is not None:
        if _NO_SUCH_MODEL.search(told.error):
            raise UnknownModel("Ollama's library has no such model")
        raise from_event(told.error, secrets=secrets)
    if told.digest and told.total:
        layers[told.digest] = (told.completed, told.total)
    return Progress(
        status=told.status,
        completed=sum(done for done, _ in layers.values()) if layers else None,
        total=sum(size for _, size in layers.values()) if layers else None,
    )


def _told(entry: Mapping[str, object]) -> bool:
    return isinstance(entry.get("digest"), str) and isinstance(entry.get("name"), str)


def _message(message: PromptMessage) -> Body:
    role = {"self": "assistant", "others": "user"}[message.role]
    pictures = [part.data for part in message.parts if isinstance(part, ImagePart)]
    images = [b64encode(data).decode() for data in pictures]
    return {"role": role, "content": message.text, **known_knobs(images=images or None)}


def _read_usage(event: _Event) -> Usage | None:
    """What the answer took; None if that cannot be right, or was not counted."""
    read, written = count_of(event.prompt_eval_count), count_of(event.eval_count)
    if read is None or written is None:
        return None
    return Usage(input_tokens=read, output_tokens=written)


def _read_model(
    fields: dict[str, object],
    contexts: Mapping[str, int | None] | None,
    abilities: Mapping[str, frozenset[str]],
) -> Model | None:
    name = text_of(fields.get("name")) or text_of(fields.get("model"))
    family = str(fields_of(fields.get("details")).get("family"))
    able = abilities.get(str(fields.get("digest")))
    if name is None or NOT_FOR_CHAT.search(name) or "bert" in family:
        return None
    if able is not None and _SPEAKS not in able:
        return None
    return Model(
        id=name,
        context=(contexts or {}).get(name) or None,
        loaded=None if contexts is None else name in contexts,
        vision=None if able is None else "vision" in able,
        thinking=None if able is None else "thinking" in able,
    )
