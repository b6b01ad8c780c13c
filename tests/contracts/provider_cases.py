"""The adapters under contract, each with the format its service speaks."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from provider_fakes import ask
from provider_formats import (
    ChatFormat,
    Format,
    GeminiArrayFormat,
    GeminiFormat,
    MessagesFormat,
    OllamaFormat,
    ResponsesFormat,
)
from provider_plugin import ExampleFormat, plugged
from provider_server import ProviderServer
from pydantic import SecretStr

from chimera.core.generation import Chunk, Provider, Text
from chimera.lab.clockwork import LoopClock
from chimera.providers.anthropic import AnthropicProvider
from chimera.providers.compatible import (
    COMPATIBLE,
    DEEPSEEK,
    LM_STUDIO,
    OPENAI,
    Compatible,
    CompatibleProvider,
)
from chimera.providers.gemini import GeminiProvider
from chimera.providers.ollama import OllamaProvider
from chimera.providers.responses import OpenAIProvider
from chimera.providers.transport import Deadlines, Transport

#: Of no known form, so that nobody can guess what is to be hidden.
KEY = "walrus0123456789and7carpenters"
SHORT = Deadlines(connect=0.2, first_token=0.15, gap=0.15, total=0.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An adapter and the format its service speaks."""

    name: str
    format: Format
    build: Callable[..., Provider]
    #: The path its base URL has.
    root: str = "/v1"

    async def stream(self, provider: Provider, *, tokens: int = 256) -> list[Chunk]:
        request = ask(model=self.format.model, tokens=tokens)
        async with asyncio.timeout(5), aclosing(provider.stream(request)) as chunks:
            return [chunk async for chunk in chunks]


def member(which: Compatible) -> Case:
    build = partial(CompatibleProvider, which)
    return Case(name=which.name, format=ChatFormat(), build=build)


CHAT = member(COMPATIBLE)
RESPONSES = Case(name="responses", format=ResponsesFormat(), build=OpenAIProvider)
ANTHROPIC = Case(name="anthropic", format=MessagesFormat(), build=AnthropicProvider)
GEMINI = Case(name="gemini", format=GeminiFormat(), build=GeminiProvider, root="/v1beta")
ARRAY = Case(name="array", format=GeminiArrayFormat(), build=GeminiProvider, root="/v1beta")
NATIVE = Case(name="ollama", format=OllamaFormat(), build=OllamaProvider, root="")
#: What others write is held to the same.
PLUGIN = Case(name="plugin", format=ExampleFormat(), build=plugged)
CASES = (
    *map(member, (OPENAI, DEEPSEEK, LM_STUDIO)), CHAT, RESPONSES, ANTHROPIC, GEMINI, ARRAY, NATIVE,
    PLUGIN,
)  # fmt: skip
#: One adapter for each format, where waiting makes a test slow.
FORMATS = (CHAT, RESPONSES, ANTHROPIC, GEMINI, NATIVE)
each_format = pytest.mark.parametrize("each", FORMATS, ids=lambda case: case.name)


@asynccontextmanager
async def made(
    case: Case, server: ProviderServer, deadlines: Deadlines | None = None
) -> AsyncGenerator[Provider]:
    transport = Transport(clock=LoopClock(), allowed=[server.address], deadlines=deadlines)
    given: dict[str, Any] = {"base_url": server.root + case.root, "api_key": SecretStr(KEY)}
    # To find a plugin, files are read.
    provider = await asyncio.to_thread(case.build, transport=transport, **given)
    yield provider
    await provider.close()


def said(chunks: Sequence[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, Text))
