"""The contract of every provider adapter, over real HTTP on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import timedelta
from email.utils import format_datetime

import pytest
from provider_fakes import NOON, LoopClock, ask
from provider_server import (
    DONE,
    Act,
    ProviderServer,
    answers,
    delta,
    drips,
    event,
    finish,
    hangs_before_the_head,
    never_ends,
    resets_at_once,
    streams,
    then_hangs,
    then_resets,
    usage,
    whole,
)
from pydantic import SecretStr

from chimera.core.errors import (
    BadStream,
    ContextTooLong,
    InvalidRequest,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    ProviderSlow,
    QuotaSpent,
    TruncatedStream,
    UnknownModel,
)
from chimera.core.generation import (
    Chunk,
    Finish,
    Provider,
    Reasoning,
    Text,
    Usage,
    UsageReport,
)
from chimera.providers.compatible import (
    COMPATIBLE,
    DEEPSEEK,
    LM_STUDIO,
    OLLAMA,
    OPENAI,
    Compatible,
    CompatibleProvider,
)
from chimera.providers.transport import Deadlines, Transport

KEY = "sk-test-0123456789abcdef"
MEMBERS = (OPENAI, DEEPSEEK, LM_STUDIO, OLLAMA, COMPATIBLE)
SHORT = Deadlines(connect=0.2, first_token=0.15, gap=0.15, total=0.4)


@pytest.fixture
async def server() -> AsyncIterator[ProviderServer]:
    async with ProviderServer() as server:
        yield server


@pytest.fixture(params=MEMBERS, ids=lambda member: member.name)
async def provider(
    request: pytest.FixtureRequest, server: ProviderServer
) -> AsyncIterator[Provider]:
    async for made in make(request.param, server, Deadlines()):
        yield made


@pytest.fixture
async def hasty(server: ProviderServer) -> AsyncIterator[Provider]:
    """A provider whose deadlines a test can wait for."""
    async for made in make(OPENAI, server, SHORT):
        yield made


async def make(
    member: Compatible, server: ProviderServer, deadlines: Deadlines
) -> AsyncIterator[Provider]:
    transport = Transport(clock=LoopClock(), allowed=[server.address], deadlines=deadlines)
    yield CompatibleProvider(
        member, transport=transport, base_url=server.base_url, api_key=SecretStr(KEY)
    )
    await transport.close()


async def collect(provider: Provider, *, tokens: int = 256) -> list[Chunk]:
    async with asyncio.timeout(5), aclosing(provider.stream(ask(tokens=tokens))) as chunks:
        return [chunk async for chunk in chunks]


def said(chunks: Sequence[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, Text))


async def test_text_comes_in_order_then_one_usage_then_one_finish(
    provider: Provider, server: ProviderServer
) -> None:
    server.play(streams(delta("") + delta("Tea", reasoning_content="Hm.") + whole(" is ", "☕.")))
    assert await collect(provider) == [
        Reasoning("Hm."),
        Text("Tea"),
        Text(" is "),
        Text("☕."),
        UsageReport(Usage(input_tokens=12, output_tokens=5)),
        Finish(reason="stop", raw_reason="stop", response_id="r1", model="m1"),
    ]


async def test_the_request_is_one_streamed_post_with_the_key_in_its_header(
    provider: Provider, server: ProviderServer
) -> None:
    server.play(streams(whole("Yes.")))
    await collect(provider)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.json["stream"] is True
    assert request.json["stream_options"] == {"include_usage": True}
    assert request.json["messages"][0] == {"role": "system", "content": "You are the Philosopher."}
    assert KEY not in request.body.decode()


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (
            answers(401, {"error": {"message": "bad key", "code": "invalid_api_key"}}),
            ProviderRefused,
        ),
        (answers(403, {"error": {"message": "no permission"}}), ProviderRefused),
        (answers(404, {"error": {"message": "no such", "code": "model_not_found"}}), UnknownModel),
        (answers(402, {"error": {"message": "Insufficient Balance"}}), QuotaSpent),
        (answers(429, {"error": {"code": "insufficient_quota", "message": "pay"}}), QuotaSpent),
        (answers(429, {"error": {"message": "slow down"}}), ProviderBusy),
        (answers(400, {"error": {"message": "temperature is too high"}}), InvalidRequest),
        (
            answers(400, {"error": {"message": "maximum context length is 8,192 tokens"}}),
            ContextTooLong,
        ),
        (answers(500, b"oops", content_type="text/plain"), ProviderDown),
        (answers(503, b"", content_type="text/plain"), ProviderDown),
        (answers(529, {"error": {"type": "overloaded_error"}}), ProviderDown),
        (answers(302, b"", location="http://127.0.0.1/elsewhere"), InvalidRequest),
        (answers(200, b"<html>Sign in</html>", content_type="text/html"), BadStream),
        (answers(200, {"choices": []}), BadStream),
        (answers(200, {"error": {"type": "rate_limit_error", "code": 429}}), ProviderBusy),
        (answers(200, {"error": "out of memory"}), ProviderDown),
        (resets_at_once, ProviderDown),
        (streams(b""), TruncatedStream),
        (streams(delta("Half a")), TruncatedStream),
        (streams(delta("Half a") + DONE), TruncatedStream),
        (then_resets(delta("Half a")), ProviderDown),
        (streams(b"data: {nonsense}\n\n" * 4 + whole("Yes.")), BadStream),
        (streams(b"data: " + b"x" * 5_000_000 + b"\n\n" + whole("Yes.")), BadStream),
        (streams(b"data: " + b"x" * 60_000 + b"\ndata: " + b"y" * 60_000), BadStream),
        (streams(delta("A") + event(error={"message": "overloaded", "code": 503})), ProviderDown),
        (
            streams(b'event: error\ndata: {"error":{"type":"rate_limit_error"}}\n\n'),
            ProviderBusy,
        ),
        (streams(delta("A") + finish("insufficient_system_resource") + DONE), ProviderDown),
    ],
)
async def test_every_failure_has_its_name(
    provider: Provider, server: ProviderServer, act: Act, error: type[ProviderError]
) -> None:
    server.play(act)
    with pytest.raises(ProviderError) as caught:
        await collect(provider)
    assert type(caught.value) is error
    assert len(server.requests) == 1, "an adapter never tries again and follows no redirect"


async def test_a_refused_connection_means_down(server: ProviderServer) -> None:
    async for provider in make(OPENAI, server, Deadlines()):
        server._server.close()
        await server._server.wait_closed()
        with pytest.raises(ProviderDown):
            await collect(provider)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2", 2.0),
        ("0.5", 0.5),
        ("86400", 86400.0),
        ("-3", None),
        ("soon", None),
        ("nan", None),
    ],
)
async def test_retry_after_is_read_as_a_number(
    provider: Provider, server: ProviderServer, header: str, seconds: float | None
) -> None:
    server.play(answers(429, {}, retry_after=header))
    with pytest.raises(ProviderBusy) as caught:
        await collect(provider)
    assert caught.value.retry_after == seconds


async def test_retry_after_is_read_as_a_date(provider: Provider, server: ProviderServer) -> None:
    later = NOON + timedelta(seconds=asyncio.get_running_loop().time() + 20)
    server.play(answers(429, {}, retry_after=format_datetime(later, usegmt=True)))
    with pytest.raises(ProviderBusy) as caught:
        await collect(provider)
    assert caught.value.retry_after == pytest.approx(20, abs=2)


async def test_the_key_is_never_quoted(provider: Provider, server: ProviderServer) -> None:
    server.play(answers(401, {"error": {"message": f"Incorrect API key: {KEY}. " + "x" * 3000}}))
    with pytest.raises(ProviderRefused) as caught:
        await collect(provider)
    assert KEY not in caught.value.message
    assert len(caught.value.message) < 1200


async def test_three_unreadable_events_are_skipped(
    provider: Provider, server: ProviderServer
) -> None:
    junk = b"data: {nonsense}\n\n"
    server.play(streams(junk + delta("Tea") + junk + delta(" is") + junk + whole(" hot.")))
    assert said(await collect(provider)) == "Tea is hot."


async def test_what_follows_the_finish_reason_cannot_spoil_the_answer(
    provider: Provider, server: ProviderServer
) -> None:
    for act in (
        then_resets(delta("Tea.") + finish()),
        streams(delta("Tea.") + finish("length") + event(error={"message": "limit"})),
        streams(delta("Tea.") + finish()),
    ):
        server.play(act)
        chunks = await collect(provider)
        assert said(chunks) == "Tea."
        assert isinstance(chunks[-1], Finish)


async def test_an_answer_that_is_complete_does_not_wait_for_the_goodbye(
    hasty: Provider, server: ProviderServer
) -> None:
    server.play(then_hangs(delta("Tea.") + finish()))
    assert said(await collect(hasty)) == "Tea."


@pytest.mark.parametrize("report", [usage(-1, 5), usage(12, -5), b"", event(usage="lots")])
async def test_missing_or_impossible_usage_is_estimated(
    provider: Provider, server: ProviderServer, report: bytes
) -> None:
    server.play(streams(delta("x" * 35) + finish() + report + DONE))
    chunks = await collect(provider)
    (reported,) = (chunk.usage for chunk in chunks if isinstance(chunk, UsageReport))
    assert reported == Usage(input_tokens=11, output_tokens=10, estimated=True)


async def test_of_two_usages_the_last_that_makes_sense_counts(
    provider: Provider, server: ProviderServer
) -> None:
    server.play(
        streams(usage(1, 1) + delta("Tea.") + finish() + usage(20, 4) + usage(-1, -1) + DONE)
    )
    chunks = await collect(provider)
    assert [chunk.usage.input_tokens for chunk in chunks if isinstance(chunk, UsageReport)] == [20]


async def test_an_empty_answer_is_an_answer(provider: Provider, server: ProviderServer) -> None:
    server.play(streams(finish() + usage(12, 0) + DONE))
    assert [type(chunk) for chunk in await collect(provider)] == [UsageReport, Finish]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (delta(refusal="I cannot say that.") + finish(), "refused"),
        (finish("content_filter"), "filtered"),
        (delta("Tea") + finish("length"), "length"),
        (delta("Tea") + finish("eos"), "stop"),
    ],
)
async def test_the_finish_says_why_the_answer_ended(
    provider: Provider, server: ProviderServer, data: bytes, reason: str
) -> None:
    server.play(streams(data + usage() + DONE))
    chunks = await collect(provider)
    assert isinstance(chunks[-1], Finish)
    assert chunks[-1].reason == reason
    assert "cannot" not in said(chunks)


async def test_an_endless_stream_ends_at_its_limit(
    provider: Provider, server: ProviderServer
) -> None:
    server.play(never_ends(delta("word " * 200)))
    chunks = await collect(provider, tokens=100)
    assert isinstance(chunks[-1], Finish)
    assert chunks[-1].reason == "length"
    assert len(said(chunks)) < 40_000


@pytest.mark.parametrize(
    ("act", "stage"),
    [
        (hangs_before_the_head, "first_byte"),
        (then_hangs(b""), "first_byte"),
        (drips(b": still thinking\n\n", every=0.02), "first_byte"),
        (never_ends(b": comment\n\n" * 50), "first_byte"),
        (drips(delta(""), every=0.02), "first_byte"),
        (then_hangs(delta("Tea")), "gap"),
        (drips(delta("Tea"), every=0.05), "total"),
        (drips(delta(reasoning="Hm"), every=0.05), "total"),
    ],
)
async def test_deadlines_count_tokens(
    hasty: Provider, server: ProviderServer, act: Act, stage: str
) -> None:
    server.play(act)
    with pytest.raises(ProviderSlow) as caught:
        await collect(hasty)
    assert caught.value.stage == stage


async def test_leaving_a_stream_closes_its_connection_within_50_ms(
    provider: Provider, server: ProviderServer
) -> None:
    server.play(then_hangs(delta("Tea")))
    async with aclosing(provider.stream(ask())) as chunks:
        assert await anext(chunks) == Text("Tea")
    left = asyncio.get_running_loop().time()
    await server.left.wait()
    assert server.ended[0] - left <= 0.05


@pytest.mark.parametrize("act", [then_hangs(delta("Tea")), hangs_before_the_head])
async def test_cancelling_closes_the_connection_within_50_ms(
    provider: Provider, server: ProviderServer, act: Act
) -> None:
    server.play(act)
    task = asyncio.ensure_future(collect(provider))
    await server.arrived.wait()
    task.cancel()
    left = asyncio.get_running_loop().time()
    with pytest.raises(asyncio.CancelledError):
        await task
    await server.left.wait()
    assert server.ended[0] - left <= 0.05


async def test_a_burst_lets_others_run(provider: Provider, server: ProviderServer) -> None:
    server.play(streams(delta("w") * 400 + whole("!")))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.ensure_future(others())
    async with aclosing(provider.stream(ask())) as chunks:
        seen = [turns async for _ in chunks]
    other.cancel()
    longest = max(seen.count(turn) for turn in set(seen))
    assert longest <= 33


async def test_the_list_names_models_that_can_talk(
    provider: Provider, server: ProviderServer
) -> None:
    listed = [
        {"id": "b-chat"},
        {"id": "a-chat", "context_length": 4096},
        {"id": "text-embedding-3"},
    ]
    server.play(answers(200, {"object": "list", "data": listed}))
    models = await provider.models()
    assert [(model.id, model.context) for model in models] == [("a-chat", 4096), ("b-chat", None)]
    health = await provider.check()
    assert health.ok
    assert health.latency_ms is not None
    assert all(request.method == "GET" for request in server.requests)


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
    async for provider in make(LM_STUDIO, server, Deadlines()):
        models = await provider.models()
        assert [(model.id, model.loaded, model.context) for model in models] == [
            ("small", True, 4096),
            ("big", False, 131072),
        ]
    assert server.requests[0].path == "/api/v0/models"


async def test_an_older_lm_studio_is_asked_the_plain_way(server: ProviderServer) -> None:
    for unknown in (answers(404, {}), answers(200, {"error": "Unexpected endpoint or method."})):
        server.play(unknown, answers(200, {"data": [{"id": "small"}]}))
        async for provider in make(LM_STUDIO, server, Deadlines()):
            assert [model.id for model in await provider.models()] == ["small"]
        assert server.requests[-1].path == "/v1/models"


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (answers(401, {"error": {"message": "who?"}}), "provider_refused"),
        (answers(200, b"not json"), "bad_stream"),
        (answers(200, b"[" + b" " * 1_100_000), "bad_stream"),
        (streams(b"<html>", kind="text/html"), "bad_stream"),
        (resets_at_once, "provider_down"),
    ],
)
async def test_a_check_reports_and_never_raises(
    provider: Provider, server: ProviderServer, act: Act, code: str
) -> None:
    server.play(act)
    health = await provider.check()
    assert (health.ok, health.code) == (False, code)


async def test_a_stream_without_a_content_type_is_read_all_the_same(
    provider: Provider, server: ProviderServer
) -> None:
    server.play(streams(whole("Tea."), kind="application/octet-stream"))
    assert said(await collect(provider)) == "Tea."


async def test_a_long_prompt_arrives_whole(provider: Provider, server: ProviderServer) -> None:
    server.play(streams(whole("Yes.")))
    text = "ü" * 200_000
    async with aclosing(provider.stream(ask(text))) as chunks:
        assert [chunk async for chunk in chunks]
    assert json.loads(server.requests[0].body)["messages"][-1]["content"] == text
