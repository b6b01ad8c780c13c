"""What servers of this machine do besides speaking: fetch models, wake them, describe them."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from provider_server import ProviderServer, Received, Wire, answers, streams
from pydantic import SecretStr

from chimera.core.errors import (
    BadStream,
    ProviderDown,
    ProviderError,
    TruncatedStream,
    UnknownModel,
)
from chimera.core.generation import Fetches, Preloads, Progress
from chimera.lab.clockwork import LoopClock
from chimera.providers.compatible import COMPATIBLE, LM_STUDIO, CompatibleProvider
from chimera.providers.ollama import OllamaProvider
from chimera.providers.transport import Transport

NDJSON = "application/x-ndjson"
MANIFEST = {"status": "pulling manifest"}
SUCCESS = {"status": "success"}


@pytest.fixture
async def server() -> AsyncGenerator[ProviderServer]:
    async with ProviderServer() as opened:
        yield opened


@asynccontextmanager
async def ollama(server: ProviderServer, keep_alive: str = "10m") -> AsyncGenerator[OllamaProvider]:
    transport = Transport(clock=LoopClock(), allowed=[server.address])
    provider = OllamaProvider(transport=transport, base_url=server.root, keep_alive=keep_alive)
    try:
        yield provider
    finally:
        await transport.close()


def lines(*told: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in told)


def layer(name: str, completed: int, total: int) -> dict[str, Any]:
    return {
        "status": f"pulling {name}", "digest": f"sha256:{name}", "total": total,
        "completed": completed,
    }  # fmt: skip


async def pulled(server: ProviderServer, model: str = "llama3.2") -> list[Progress]:
    async with ollama(server) as provider, aclosing(provider.pull(model)) as told:
        return [each async for each in told]


# -- fetching ---------------------------------------------------------------------------------


async def test_a_fetching_tells_how_far_all_its_parts_are(server: ProviderServer) -> None:
    told = lines(
        MANIFEST, layer("aa", 0, 900), layer("aa", 450, 900), layer("bb", 100, 100),
        layer("aa", 900, 900), {"status": "verifying sha256 digest"}, SUCCESS,
    )  # fmt: skip
    server.play(streams(told, kind=NDJSON))
    progress = await pulled(server)
    assert server.requests[0].path == "/api/pull"
    assert server.requests[0].json == {"model": "llama3.2", "stream": True}
    assert [(each.completed, each.total) for each in progress] == [
        (None, None), (0, 900), (450, 900), (550, 1000), (1000, 1000), (1000, 1000), (1000, 1000),
    ]  # fmt: skip
    assert progress[-1].status == "success"


@pytest.mark.parametrize("said", ["pull model manifest: file does not exist", "model not found"])
async def test_a_model_that_nobody_has_is_unknown(server: ProviderServer, said: str) -> None:
    server.play(streams(lines(MANIFEST, {"error": said}), kind=NDJSON))
    with pytest.raises(UnknownModel):
        await pulled(server)


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (lines(MANIFEST, {"error": "no space left on device"}), ProviderError),
        (lines(MANIFEST, layer("aa", 1, 9)), TruncatedStream),
        (b"<html>", BadStream),
        (lines({"status": 7}), BadStream),
    ],
    ids=["an error", "a clean end", "no JSON", "another shape"],
)
async def test_what_goes_wrong_on_the_way_is_named(
    server: ProviderServer, body: bytes, failure: type[ProviderError]
) -> None:
    server.play(streams(body, kind=NDJSON))
    with pytest.raises(failure):
        await pulled(server)


async def test_a_fetching_that_fails_quotes_no_key(server: ProviderServer) -> None:
    key = "of/no+known~form"
    server.play(streams(lines({"error": f"the library refused {key}"}), kind=NDJSON))
    transport = Transport(clock=LoopClock(), allowed=[server.address])
    provider = OllamaProvider(
        transport=transport, base_url=server.root, api_key=SecretStr(key), keep_alive="10m"
    )
    with pytest.raises(ProviderError, match=r"refused \*\*\*$"):
        async with aclosing(provider.pull("llama3.2")) as told:
            await anext(told)
    await provider.close()


async def test_a_server_that_refuses_says_why(server: ProviderServer) -> None:
    server.play(answers(500, {"error": "disk is full"}))
    with pytest.raises(ProviderDown, match="disk is full"):
        await pulled(server)


async def test_leaving_a_fetching_closes_the_connection(server: ProviderServer) -> None:
    async def endless(wire: Wire) -> None:
        await wire.head(200, Content_Type=NDJSON)
        await wire.raw(lines(MANIFEST, layer("aa", 1, 9)))
        await wire.client_left()

    server.play(endless)
    async with ollama(server) as provider:
        async with aclosing(provider.pull("llama3.2")) as told:
            async for each in told:
                if each.total:
                    break
        left = asyncio.get_running_loop().time()
        async with asyncio.timeout(2):
            await server.left.wait()
    assert server.ended[0] - left < 0.05


# -- waking up --------------------------------------------------------------------------------


@pytest.mark.parametrize(("keep_alive", "sent"), [("10m", "10m"), ("-1", -1)])
async def test_a_model_is_woken_by_asking_it_for_nothing(
    server: ProviderServer, keep_alive: str, sent: object
) -> None:
    server.play(answers(200, {"model": "small", "done": True, "done_reason": "load"}))
    async with ollama(server, keep_alive) as provider:
        await provider.preload("small")
    (asked,) = server.requests
    assert asked.path == "/api/generate"
    assert asked.json == {"model": "small", "keep_alive": sent, "stream": False}


async def test_a_model_that_is_not_there_cannot_be_woken(server: ProviderServer) -> None:
    server.play(answers(404, {"error": "model 'big' not found"}))
    async with ollama(server) as provider:
        with pytest.raises(UnknownModel):
            await provider.preload("big")


def test_it_is_known_who_can_fetch_and_who_can_wake() -> None:
    transport = Transport(clock=LoopClock())
    native = OllamaProvider(transport=transport)
    other = CompatibleProvider(COMPATIBLE, transport=transport, base_url="http://127.0.0.1:1/v1")
    assert isinstance(native, Fetches)
    assert isinstance(native, Preloads)
    assert not isinstance(other, Fetches)
    assert not isinstance(other, Preloads)


# -- telling ----------------------------------------------------------------------------------


class Ollama:
    """Lists these models, by their capabilities; None: it cannot tell."""

    def __init__(self, **models: list[str] | None) -> None:
        self.models = models
        self.shown: list[str] = []

    async def __call__(self, wire: Wire, asked: Received) -> None:
        match asked.path:
            case "/api/tags":
                await answers(200, {"models": [
                    {"name": name, "digest": f"d-{name}", "details": {"family": "llama"}}
                    for name in self.models
                ]})(wire)  # fmt: skip
            case "/api/show":
                name = asked.json["model"]
                self.shown.append(name)
                able = self.models[name]
                told: dict[str, Any] = {} if able is None else {"capabilities": able}
                await answers(200, told)(wire)
            case _:
                await answers(200, {"models": []})(wire)


async def test_ollama_tells_who_sees_and_who_thinks_and_is_asked_once(
    server: ProviderServer,
) -> None:
    house = Ollama(
        eyes=["completion", "vision"], brain=["completion", "thinking"], vectors=["embedding"],
        old=None,
    )  # fmt: skip
    server.play(lambda wire: house(wire, server.requests[-1]))
    async with ollama(server) as provider:
        await provider.models()
        models = {each.id: (each.vision, each.thinking) for each in await provider.models()}
    assert models == {"eyes": (True, False), "brain": (False, True), "old": (None, None)}
    assert sorted(house.shown) == ["brain", "eyes", "old", "old", "vectors"]


async def test_a_running_model_without_a_name_is_passed_over(server: ProviderServer) -> None:
    async def strange(wire: Wire) -> None:
        asked = server.requests[-1]
        if asked.path == "/api/ps":
            await answers(200, b'{"models": [{"name": []}, {"name": {}}, {"name": "old"}]}')(wire)
        else:
            await Ollama(old=None)(wire, asked)

    server.play(strange)
    async with ollama(server) as provider:
        assert [(each.id, each.loaded) for each in await provider.models()] == [("old", True)]


async def test_a_slow_answer_about_abilities_does_not_hold_up_the_list(
    server: ProviderServer,
) -> None:
    async def slow(wire: Wire) -> None:
        asked = server.requests[-1]
        if asked.path == "/api/show":
            await wire.client_left()
        else:
            await Ollama(eyes=[])(wire, asked)

    server.play(slow)
    async with ollama(server) as provider:
        async with asyncio.timeout(1):
            models = await provider.models()
    assert [(each.id, each.vision) for each in models] == [("eyes", None)]


@pytest.mark.parametrize(
    ("entry", "sees"),
    [
        ({"type": "vlm"}, True),
        ({"type": "llm"}, False),
        ({}, None),
        ({"architecture": {"input_modalities": ["text", "image"]}}, True),
        ({"architecture": {"input_modalities": ["text"]}}, False),
        ({"architecture": "llama", "type": 3}, None),
    ],
)
async def test_servers_of_the_compatible_family_tell_who_sees(
    server: ProviderServer, entry: dict[str, Any], sees: bool | None
) -> None:
    server.play(answers(200, {"data": [{"id": "a-model", **entry}]}))
    transport = Transport(clock=LoopClock(), allowed=[server.address])
    provider = CompatibleProvider(LM_STUDIO, transport=transport, base_url=server.base_url)
    (model,) = await provider.models()
    await transport.close()
    assert model.vision is sees
