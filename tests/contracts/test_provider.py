"""The contract of every provider adapter, over real HTTP on loopback."""

import asyncio
import json
from contextlib import aclosing
from dataclasses import replace

import pytest
from provider_cases import (
    CHAT,
    KEY,
    NATIVE,
    RESPONSES,
    Case,
    made,
    member,
    said,
)
from provider_fakes import ask
from provider_server import (
    DONE,
    ProviderServer,
    answers,
    delta,
    finish,
    hangs_before_the_head,
    streams,
    then_hangs,
)

from chimera.core.generation import (
    Finish,
    Provider,
    Reasoning,
    Text,
    Usage,
    UsageReport,
)
from chimera.providers.compatible import (
    LM_STUDIO,
)


async def test_text_comes_in_order_then_one_usage_then_one_finish(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    spoken = case.format
    data = spoken.begin() + spoken.thought("Hm.")
    data += b"".join(map(spoken.text, ("Tea", " is ", "☕."))) + spoken.end()
    server.play(streams(data))
    assert await case.stream(provider) == [
        Reasoning("Hm."),
        Text("Tea"),
        Text(" is "),
        Text("☕."),
        UsageReport(Usage(input_tokens=12, output_tokens=5)),
        Finish(
            reason="stop",
            raw_reason=spoken.stop_word,
            response_id=spoken.response_id,
            model="m1",
        ),
    ]


async def test_the_request_is_one_post_with_the_key_in_its_header(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    server.play(streams(case.format.whole("Yes.")))
    await case.stream(provider)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", case.format.path)
    keys = {request.headers.get(name) for name in ("authorization", "x-api-key", "x-goog-api-key")}
    assert keys & {KEY, f"Bearer {KEY}"}
    assert KEY not in request.body.decode() + request.path
    assert "You are the Philosopher." in request.body.decode()
    assert request.json.get("stream") is (None if case.root == "/v1beta" else True)


async def test_a_model_of_openai_that_cannot_think_is_asked_in_the_chat_format(
    server: ProviderServer,
) -> None:
    server.play(streams(CHAT.format.whole("Yes.")))
    async with made(RESPONSES, server) as provider:
        assert said(await CHAT.stream(provider)) == "Yes."
    assert server.requests[0].path == "/v1/chat/completions"


@pytest.mark.parametrize("reason", ["stop", "length", "refused", "filtered"])
async def test_the_finish_says_why_the_answer_ended(
    case: Case, provider: Provider, server: ProviderServer, reason: str
) -> None:
    spoken = case.format
    server.play(streams(spoken.begin() + spoken.text("Tea") + spoken.end(reason)))
    chunks = await case.stream(provider)
    assert isinstance(chunks[-1], Finish)
    assert chunks[-1].reason == spoken.ends_as(reason)
    assert said(chunks) == "Tea"


async def test_an_unknown_finish_reason_of_the_chat_format_is_a_stop(
    server: ProviderServer,
) -> None:
    server.play(streams(delta("Tea") + finish("eos") + DONE))
    async with made(CHAT, server) as provider:
        chunks = await CHAT.stream(provider)
    assert isinstance(chunks[-1], Finish)
    assert chunks[-1].reason == "stop"


async def test_leaving_a_stream_closes_its_connection_within_50_ms(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    server.play(then_hangs(case.format.begin() + case.format.text("Tea")))
    async with aclosing(provider.stream(ask(model=case.format.model))) as chunks:
        assert await anext(chunks) == Text("Tea")
    left = asyncio.get_running_loop().time()
    await server.left.wait()
    assert server.ended[0] - left <= 0.05


@pytest.mark.parametrize("speaks", [True, False])
async def test_cancelling_closes_the_connection_within_50_ms(
    case: Case, provider: Provider, server: ProviderServer, speaks: bool
) -> None:
    server.play(then_hangs(case.format.text("Tea")) if speaks else hangs_before_the_head)
    task = asyncio.ensure_future(case.stream(provider))
    await server.arrived.wait()
    task.cancel()
    left = asyncio.get_running_loop().time()
    with pytest.raises(asyncio.CancelledError):
        await task
    await server.left.wait()
    assert server.ended[0] - left <= 0.05


async def test_a_burst_lets_others_run(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    server.play(streams(case.format.begin() + case.format.text("w") * 400 + case.format.end()))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.ensure_future(others())
    async with aclosing(provider.stream(ask(model=case.format.model))) as chunks:
        seen = [turns async for _ in chunks]
    other.cancel()
    longest = max(seen.count(turn) for turn in set(seen))
    assert longest <= 33


async def test_the_list_names_models_that_can_talk(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    listed = case.format.models("a-chat", "b-chat", context=4096)
    server.play(*(answers(200, body) for body in listed * 2))
    models = await provider.models()
    assert [(model.id, model.context) for model in models] == [("a-chat", 4096), ("b-chat", 4096)]
    health = await provider.check()
    assert health.ok
    assert health.latency_ms is not None
    assert all(request.method == "GET" for request in server.requests)


async def test_ollama_tells_what_is_loaded_and_how_much_fits(server: ProviderServer) -> None:
    tags = {"models": [{"name": "big"}, {"name": "small"}, {"name": "nomic-embed-text"}]}
    running = {"models": [{"name": "small", "context_length": 4096}]}
    server.play(answers(200, tags), answers(200, running))
    async with made(NATIVE, server) as provider:
        models = await provider.models()
    assert [(model.id, model.loaded, model.context) for model in models] == [
        ("small", True, 4096),
        ("big", False, None),
    ]
    assert [request.path for request in server.requests] == ["/api/tags", "/api/ps"]


async def test_an_older_ollama_lists_its_models_all_the_same(server: ProviderServer) -> None:
    server.play(answers(200, {"models": [{"name": "small"}]}), answers(404, b"404 page not found"))
    async with made(NATIVE, server) as provider:
        assert [(model.id, model.loaded) for model in await provider.models()] == [("small", None)]


async def test_an_address_of_ollamas_compatible_side_means_the_same_server(
    server: ProviderServer,
) -> None:
    server.play(streams(NATIVE.format.whole("Yes.")))
    async with made(replace(NATIVE, root="/v1"), server) as provider:
        assert said(await NATIVE.stream(provider)) == "Yes."
    assert server.requests[0].path == "/api/chat"


async def test_lm_studio_tells_what_is_loaded_and_how_much_fits(server: ProviderServer) -> None:
    listed = [
        {"id": "big", "type": "llm", "state": "not-loaded", "max_context_length": 131072},
        {
            "id": "small",
            "type": "vlm",
            "state": "loaded",
            "max_context_length": 32768,
            "loaded_context_length": 4096,
        },
        {"id": "nomic", "type": "embeddings", "state": "not-loaded"},
    ]
    server.play(answers(200, {"data": listed}))
    async with made(member(LM_STUDIO), server) as provider:
        models = await provider.models()
        assert [(model.id, model.loaded, model.context) for model in models] == [
            ("small", True, 4096),
            ("big", False, 131072),
        ]
    assert server.requests[0].path == "/api/v0/models"


async def test_an_older_lm_studio_is_asked_the_plain_way(server: ProviderServer) -> None:
    for unknown in (answers(404, {}), answers(200, {"error": "Unexpected endpoint or method."})):
        server.play(unknown, answers(200, {"data": [{"id": "small"}]}))
        async with made(member(LM_STUDIO), server) as provider:
            assert [model.id for model in await provider.models()] == ["small"]
        assert server.requests[-1].path == "/v1/models"


async def test_a_stream_without_a_content_type_is_read_all_the_same(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    server.play(streams(case.format.whole("Tea."), kind="application/octet-stream"))
    assert said(await case.stream(provider)) == "Tea."


async def test_a_long_prompt_arrives_whole(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    server.play(streams(case.format.whole("Yes.")))
    text = "ü" * 200_000
    async with aclosing(provider.stream(ask(text, model=case.format.model))) as chunks:
        assert [chunk async for chunk in chunks]
    assert text in json.dumps(server.requests[0].json, ensure_ascii=False)
