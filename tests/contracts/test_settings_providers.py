"""What the settings alone make of providers: which there are, where and how they are asked."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from provider_fakes import ask
from provider_formats import (
    ChatFormat,
    Format,
    GeminiFormat,
    MessagesFormat,
    OllamaFormat,
    ResponsesFormat,
)
from provider_server import ProviderServer, answers, streams

from chimera.app.models import ADDRESSES, TITLES, Models, build_models
from chimera.core.errors import Unready
from chimera.core.generation import Text, Usage
from chimera.lab.clockwork import LoopClock
from chimera.providers.responses import OpenAIProvider
from chimera.settings import ProviderSettings, load_settings

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY",
        "DEEPSEEK_API_KEY", "OLLAMA_HOST")  # fmt: skip


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)


@asynccontextmanager
async def models_of(monkeypatch: pytest.MonkeyPatch, **variables: str) -> AsyncGenerator[Models]:
    for name, value in {"CHIMERA_PROVIDERS__DISCOVER": "false", **variables}.items():
        monkeypatch.setenv(name, value)
    # Files are read: settings, price list.
    models = await asyncio.to_thread(lambda: build_models(load_settings(), LoopClock()))
    yield models
    await models.gateway.close()


async def say(models: Models, name: str, spoken: Format) -> str:
    provider = models.roster.provider(name)
    assert provider is not None
    async with aclosing(provider.stream(ask(model=spoken.model))) as stream:
        chunks = [chunk async for chunk in stream]
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, Text))


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("OPENAI_API_KEY", "openai"),
        ("ANTHROPIC_API_KEY", "anthropic"),
        ("GEMINI_API_KEY", "gemini"),
        ("GOOGLE_API_KEY", "gemini"),
        ("DEEPSEEK_API_KEY", "deepseek"),
        ("CHIMERA_PROVIDERS__ANTHROPIC__API_KEY", "anthropic"),
        ("CHIMERA_PROVIDERS__GEMINI__API_KEY", "gemini"),
    ],
)
async def test_a_key_is_enough(monkeypatch: pytest.MonkeyPatch, variable: str, name: str) -> None:
    async with models_of(monkeypatch, **{variable: "a-key"}) as models:
        known = models.directory.known()
        assert [each.name for each in known] == [name, "scripted"]
        assert (known[0].title, known[0].base_url) == (TITLES[name], ADDRESSES[name])
        best = models.directory.best()
        assert best.provider == name
        assert models.catalog.cost(name, best.model, Usage(output_tokens=9)) is not None


async def test_every_provider_can_be_set_and_they_play_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = ProviderSettings().order
    urls = {f"CHIMERA_PROVIDERS__{name.upper()}__BASE_URL": "http://127.0.0.1:9" for name in order}
    async with models_of(monkeypatch, **urls) as models:
        assert [each.name for each in models.directory.known()] == [*order, "scripted"]


@pytest.mark.parametrize(
    ("name", "root", "spoken"),
    [
        ("openai", "/v1", ChatFormat()),
        ("anthropic", "/v1", MessagesFormat()),
        ("gemini", "/v1beta", GeminiFormat()),
        ("ollama", "", OllamaFormat()),
        ("lmstudio", "/v1", ChatFormat()),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_at_its_address_each_is_listed_and_asked_in_its_own_format(
    monkeypatch: pytest.MonkeyPatch, name: str, root: str, spoken: Format
) -> None:
    async with ProviderServer() as server:
        server.play(*(answers(200, body) for body in spoken.models("m1", context=4096)))
        url = {f"CHIMERA_PROVIDERS__{name.upper()}__BASE_URL": server.root + root}
        async with models_of(monkeypatch, **url) as models:
            assert [each.id for each in await models.directory.models(name)] == ["m1"]
            assert models.directory.default_model(name) == "m1"
            server.play(streams(spoken.whole("Tea.")))
            assert await say(models, name, spoken) == "Tea."
        assert server.requests[-1].path == spoken.path


async def test_openai_itself_has_both_formats_and_a_server_of_its_kind_the_chat_format(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with models_of(monkeypatch, OPENAI_API_KEY="a-key") as models:
        assert isinstance(models.roster.provider("openai"), OpenAIProvider)
    async with ProviderServer() as server:
        server.play(streams(ChatFormat().whole("Tea.")))
        url = {"CHIMERA_PROVIDERS__OPENAI__BASE_URL": server.base_url}
        async with models_of(monkeypatch, **url) as models:
            assert await say(models, "openai", ResponsesFormat()) == "Tea."
        assert server.requests[-1].path == "/v1/chat/completions"


async def test_ollama_keeps_a_model_as_long_as_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with ProviderServer() as server:
        server.play(streams(OllamaFormat().whole("Tea.")))
        variables = {"OLLAMA_HOST": server.root, "CHIMERA_PROVIDERS__OLLAMA__KEEP_ALIVE": "1h30m"}
        async with models_of(monkeypatch, **variables) as models:
            await say(models, "ollama", OllamaFormat())
        assert server.requests[-1].json["keep_alive"] == "1h30m"


@pytest.mark.parametrize("value", ["soon", "10 m", "m", "--1"])
def test_a_time_that_ollama_cannot_read_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CHIMERA_PROVIDERS__OLLAMA__KEEP_ALIVE", value)
    with pytest.raises(Unready, match="KEEP_ALIVE"):
        load_settings()
