"""What every adapter of a model service does, whatever its wire format."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol, cast

import msgspec
from yarl import URL

from chimera.core.errors import BadStream, ProviderError
from chimera.core.generation import (
    Chunk,
    GenerationRequest,
    Health,
    Model,
    Part,
    PromptMessage,
    TextPart,
    estimated_tokens,
)
from chimera.providers.answers import TEXT_LIMIT
from chimera.providers.transport import Decoder, HttpCall, Transport

if TYPE_CHECKING:
    from pydantic import SecretStr

Body = dict[str, Any]

#: Tokens a thinking model gets besides its speech: most services count both together.
ROOM_TO_THINK = 2048
#: No tokenizer puts more characters into a token over a whole text; more means a runaway stream.
_CHARACTERS_PER_TOKEN = 16
#: What is said for nobody, where a format wants somebody to have spoken.
SILENCE = TextPart("…")


class DecoderMaker(Protocol):
    def __call__(self, *, prompt_tokens: int, text_limit: int) -> Decoder: ...


class HttpProvider(ABC):
    """A service that is asked over HTTP; formats differ in calls, decoders and lists."""

    def __init__(
        self,
        name: str,
        *,
        transport: Transport,
        decoder: DecoderMaker,
        base_url: str,
        api_key: "SecretStr | None" = None,
    ) -> None:
        self._name = name
        self._decoder = decoder
        self._transport = transport
        self._base = base_url
        self._key = api_key

    @property
    def name(self) -> str:
        return self._name

    @property
    def base_url(self) -> str:
        return self._base

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        tokens = request.max_output_tokens + ROOM_TO_THINK
        decoder = self._decoder(
            prompt_tokens=estimated_tokens(request.characters),
            text_limit=min(TEXT_LIMIT, tokens * _CHARACTERS_PER_TOKEN),
        )
        async with aclosing(self._transport.stream(self._call(request), decoder)) as chunks:
            async for chunk in chunks:
                yield chunk

    @abstractmethod
    async def models(self) -> Sequence[Model]: ...

    async def check(self) -> Health:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            models = await self.models()
        except ProviderError as error:
            return Health(ok=False, code=error.code, detail=error.message)
        latency = 1000 * (loop.time() - began)
        found = "1 model" if len(models) == 1 else f"{len(models)} models"
        return Health(ok=True, detail=found, latency_ms=latency)

    async def close(self) -> None:
        """Close the transport, which is this adapter's own."""
        await self._transport.close()

    @abstractmethod
    def _call(self, request: GenerationRequest) -> HttpCall:
        """What asks for one answer."""

    def _headers(self) -> dict[str, str]:
        """What shows who asks; most services want it like this."""
        if self._key is None:
            return {}
        return {"Authorization": f"Bearer {self._key.get_secret_value()}"}

    def _post(self, path: str, body: Body, *, json_stream: bool = False) -> HttpCall:
        return HttpCall(
            method="POST",
            url=f"{self._base}/{path}",
            headers={"Content-Type": "application/json", **self._headers()},
            body=msgspec.json.encode(body),
            json_stream=json_stream,
        )

    async def _get(self, path: str) -> dict[str, object]:
        """The JSON object at a path below the base URL, or from the server's root."""
        url = str(URL(f"{self._base}/").join(URL(path)))
        answer = await self._transport.fetch(
            HttpCall(method="GET", url=url, headers=self._headers())
        )
        try:
            found: object = msgspec.json.decode(answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadStream("the list of models is not JSON") from error
        if not isinstance(found, dict):
            raise BadStream("the list of models is not an object")
        return cast("dict[str, object]", found)


def entries_of(answer: dict[str, object], name: str) -> Iterator[dict[str, object]]:
    """The objects of a list in an answer."""
    entries = answer.get(name)
    if not isinstance(entries, list):
        raise BadStream(f"the list of models has no {name}")
    for entry in cast("list[object]", entries):
        if isinstance(entry, dict):
            yield cast("dict[str, object]", entry)


def with_version(base_url: str, version: str = "v1") -> str:
    """The base URL as calls need it: no slash at the end, a version where no path is given."""
    stripped = base_url.rstrip("/")
    return stripped if URL(stripped).path.strip("/") else f"{stripped}/{version}"


def known_knobs(**knobs: object) -> Body:
    """The knobs that were set."""
    return {name: value for name, value in knobs.items() if value is not None}


def alternating(messages: Iterable[PromptMessage]) -> Iterator[PromptMessage]:
    """Neighbours of one role joined, others the first to speak and the last."""
    for _, group in groupby(framed(messages), key=lambda message: message.role):
        first, *others = group
        joined = list[Part](first.parts)
        for message in others:
            joined += [TextPart("\n\n"), *message.parts]
        yield PromptMessage(first.role, tuple(joined))


def framed(messages: Iterable[PromptMessage]) -> Iterator[PromptMessage]:
    """The messages with others the first to speak and the last, if only by a silence."""
    last = "self"
    for number, message in enumerate(messages):
        if number == 0 and message.role == "self":
            yield PromptMessage("others", (SILENCE,))
        last = message.role
        yield message
    if last == "self":
        yield PromptMessage("others", (SILENCE,))
