"""The contract of every provider adapter, over real HTTP on loopback."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime
from functools import partial

import pytest
from provider_fakes import NOON, LoopClock, ask
from provider_formats import (
    ChatFormat,
    Counts,
    Format,
    GeminiArrayFormat,
    GeminiFormat,
    MessagesFormat,
    OllamaFormat,
    ResponsesFormat,
    sse,
)
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
)
from pydantic import SecretStr

from chimera.core.errors import (
    BadStream,
    ContentRefused,
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

KEY = "sk-test-0123456789abcdef"
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
CASES = (
    *map(member, (OPENAI, DEEPSEEK, LM_STUDIO)), CHAT, RESPONSES, ANTHROPIC, GEMINI, ARRAY, NATIVE,
)  # fmt: skip
#: One adapter for each format, where waiting makes a test slow.
FORMATS = (CHAT, RESPONSES, ANTHROPIC, GEMINI, NATIVE)
each_format = pytest.mark.parametrize("each", FORMATS, ids=lambda case: case.name)


@pytest.fixture
async def server() -> AsyncIterator[ProviderServer]:
    async with ProviderServer() as server:
        yield server


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture
async def provider(case: Case, server: ProviderServer) -> AsyncIterator[Provider]:
    async with made(case, server) as provider:
        yield provider


@asynccontextmanager
async def made(
    case: Case, server: ProviderServer, deadlines: Deadlines | None = None
) -> AsyncGenerator[Provider]:
    transport = Transport(clock=LoopClock(), allowed=[server.address], deadlines=deadlines)
    yield case.build(transport=transport, base_url=server.root + case.root, api_key=SecretStr(KEY))
    await transport.close()


def said(chunks: Sequence[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, Text))


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


FAILURES: list[tuple[str, Callable[[Format], Act], type[ProviderError] | None]] = [
    ("bad key", lambda f: answers(401, f.refusal(401, "bad key")), ProviderRefused),
    ("no permission", lambda f: answers(403, f.refusal(403, "no permission")), ProviderRefused),
    ("no such model", lambda f: answers(404, f.refusal(404, "no such thing")), UnknownModel),
    ("no money", lambda f: answers(402, f.refusal(402, "Insufficient Balance")), QuotaSpent),
    ("busy", lambda f: answers(429, f.refusal(429, "slow down")), ProviderBusy),
    ("bad knob", lambda f: answers(400, f.refusal(400, "it is too high")), InvalidRequest),
    ("too long", lambda f: answers(400, f.refusal(400, f.too_long)), ContextTooLong),
    ("oops", lambda f: answers(500, b"oops", content_type="text/plain"), ProviderDown),
    ("away", lambda f: answers(503, b"", content_type="text/plain"), ProviderDown),
    ("overloaded", lambda f: answers(529, f.refusal(529, "Overloaded")), ProviderDown),
    ("elsewhere", lambda f: answers(302, b"", location="http://127.0.0.1/x"), InvalidRequest),
    ("a page", lambda f: answers(200, b"<html>", content_type="text/html"), BadStream),
    ("no stream", lambda f: answers(200, {"choices": []}), None),
    ("error as success", lambda f: answers(200, {"error": {"code": 429}}), ProviderBusy),
    ("words as success", lambda f: answers(200, {"error": "out of memory"}), ProviderDown),
    ("reset", lambda f: resets_at_once, ProviderDown),
    ("nothing", lambda f: streams(b""), TruncatedStream),
    ("half", lambda f: streams(f.begin() + f.text("Half a")), TruncatedStream),
    ("reset midway", lambda f: then_resets(f.begin() + f.text("Half a")), ProviderDown),
    ("noise", lambda f: streams(f.begin() + f.junk * 4 + f.whole("Yes.")), BadStream),
    (
        "long line",
        lambda f: streams(b"data: " + b"x" * 5_000_000 + b"\n\n" + f.whole("Yes.")),
        BadStream,
    ),
    ("down midway", lambda f: streams(f.begin() + f.text("A") + f.trouble()), ProviderDown),
    (
        "busy midway",
        lambda f: streams(f.begin() + f.text("A") + f.trouble(busy=True)),
        ProviderBusy,
    ),
]


@pytest.mark.parametrize(
    ("act", "error"), [each[1:] for each in FAILURES], ids=[each[0] for each in FAILURES]
)
async def test_every_failure_has_its_name(
    case: Case,
    provider: Provider,
    server: ProviderServer,
    act: Callable[[Format], Act],
    error: type[ProviderError] | None,
) -> None:
    server.play(act(case.format))
    with pytest.raises(ProviderError) as caught:
        await case.stream(provider)
    assert type(caught.value) is (error or case.format.pointless)
    assert len(server.requests) == 1, "an adapter never tries again and follows no redirect"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (delta("Half a") + DONE, TruncatedStream),
        (b"data: " + b"x" * 60_000 + b"\ndata: " + b"y" * 60_000, BadStream),
        (b'event: error\ndata: {"error":{"type":"rate_limit_error"}}\n\n', ProviderBusy),
        (delta("A") + finish("insufficient_system_resource") + DONE, ProviderDown),
    ],
)
async def test_the_chat_format_has_failures_of_its_own(
    server: ProviderServer, data: bytes, error: type[ProviderError]
) -> None:
    server.play(streams(data))
    async with made(CHAT, server) as provider:
        with pytest.raises(error):
            await CHAT.stream(provider)


async def test_a_message_without_its_last_event_is_cut_short(server: ProviderServer) -> None:
    spoken = ANTHROPIC.format
    data = spoken.begin() + spoken.text("Tea.") + spoken.end()
    server.play(streams(data[: data.index(b'data: {"type": "message_stop')]))
    async with made(ANTHROPIC, server) as provider:
        with pytest.raises(TruncatedStream):
            await ANTHROPIC.stream(provider)


@pytest.mark.parametrize("refused", [member(OPENAI), ANTHROPIC, GEMINI], ids=lambda c: c.name)
async def test_a_refused_connection_means_down(refused: Case, server: ProviderServer) -> None:
    async with made(refused, server) as provider:
        server._server.close()
        await server._server.wait_closed()
        with pytest.raises(ProviderDown):
            await refused.stream(provider)


async def test_gemini_says_in_the_body_how_long_to_wait(server: ProviderServer) -> None:
    delay = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "48.93s"}
    error = {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "x", "details": [delay]}
    for act in (answers(429, {"error": error}), streams(sse(error=error))):
        server.play(act)
        async with made(GEMINI, server) as provider:
            with pytest.raises(ProviderBusy) as caught:
                await GEMINI.stream(provider)
        assert caught.value.retry_after == 48.93


@pytest.mark.parametrize(
    "data",
    [
        sse(promptFeedback={"blockReason": "SAFETY"}, usageMetadata={"promptTokenCount": 12}),
        sse(candidates=[{"content": {}, "finishReason": "PROHIBITED_CONTENT"}]),
    ],
)
async def test_what_gemini_blocks_is_refused(server: ProviderServer, data: bytes) -> None:
    server.play(streams(data))
    async with made(GEMINI, server) as provider:
        with pytest.raises(ContentRefused):
            await GEMINI.stream(provider)


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
    case: Case, provider: Provider, server: ProviderServer, header: str, seconds: float | None
) -> None:
    server.play(answers(429, {}, retry_after=header))
    with pytest.raises(ProviderBusy) as caught:
        await case.stream(provider)
    assert caught.value.retry_after == seconds


async def test_retry_after_is_read_as_a_date(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    later = NOON + timedelta(seconds=asyncio.get_running_loop().time() + 20)
    server.play(answers(429, {}, retry_after=format_datetime(later, usegmt=True)))
    with pytest.raises(ProviderBusy) as caught:
        await case.stream(provider)
    assert caught.value.retry_after == pytest.approx(20, abs=2)


async def test_the_key_is_never_quoted(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    server.play(answers(401, {"error": {"message": f"Incorrect API key: {KEY}. " + "x" * 3000}}))
    with pytest.raises(ProviderRefused) as caught:
        await case.stream(provider)
    assert KEY not in caught.value.message
    assert len(caught.value.message) < 1200


async def test_three_unreadable_events_are_skipped(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    spoken = case.format
    junk, tea, is_ = spoken.junk, spoken.text("Tea"), spoken.text(" is")
    data = spoken.begin() + junk + tea + junk + is_ + junk
    server.play(streams(data + spoken.text(" hot.") + spoken.end()))
    assert said(await case.stream(provider)) == "Tea is hot."


async def test_what_follows_the_end_cannot_spoil_the_answer(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    spoken = case.format
    data = spoken.begin() + spoken.text("Tea.") + spoken.end()
    for act in (then_resets(data), streams(data + spoken.trouble()), streams(data)):
        server.play(act)
        chunks = await case.stream(provider)
        assert said(chunks) == "Tea."
        assert isinstance(chunks[-1], Finish)


async def test_in_the_chat_format_the_finish_reason_is_the_end(server: ProviderServer) -> None:
    async with made(CHAT, server) as provider:
        for act in (
            then_resets(delta("Tea.") + finish()),
            streams(delta("Tea.") + finish("length") + event(error={"message": "limit"})),
            streams(delta("Tea.") + finish()),
        ):
            server.play(act)
            chunks = await CHAT.stream(provider)
            assert said(chunks) == "Tea."
            assert isinstance(chunks[-1], Finish)


@each_format
async def test_an_answer_that_is_complete_does_not_wait_for_the_goodbye(
    each: Case, server: ProviderServer
) -> None:
    spoken = each.format
    server.play(then_hangs(spoken.begin() + spoken.text("Tea.") + spoken.end()))
    async with made(each, server, SHORT) as hasty:
        assert said(await each.stream(hasty)) == "Tea."


@pytest.mark.parametrize("counts", [(-1, 5), (12, -5), None, "lots"])
async def test_missing_or_impossible_usage_is_estimated(
    case: Case, provider: Provider, server: ProviderServer, counts: Counts
) -> None:
    server.play(streams(case.format.text("x" * 35) + case.format.end(counts=counts)))
    chunks = await case.stream(provider)
    (reported,) = (chunk.usage for chunk in chunks if isinstance(chunk, UsageReport))
    assert reported == Usage(input_tokens=11, output_tokens=10, estimated=True)


async def test_of_two_usages_the_last_that_makes_sense_counts(server: ProviderServer) -> None:
    server.play(
        streams(usage(1, 1) + delta("Tea.") + finish() + usage(20, 4) + usage(-1, -1) + DONE)
    )
    async with made(CHAT, server) as provider:
        chunks = await CHAT.stream(provider)
    assert [chunk.usage.input_tokens for chunk in chunks if isinstance(chunk, UsageReport)] == [20]


async def test_an_empty_answer_is_an_answer(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    server.play(streams(case.format.begin() + case.format.end(counts=(12, 0))))
    assert [type(chunk) for chunk in await case.stream(provider)] == [UsageReport, Finish]


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


async def test_an_endless_stream_ends_at_its_limit(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    server.play(never_ends(case.format.text("word " * 200)))
    chunks = await case.stream(provider, tokens=100)
    assert isinstance(chunks[-1], Finish)
    assert chunks[-1].reason == "length"
    assert len(said(chunks)) < 40_000


WAITS: list[tuple[Callable[[Format], Act], str]] = [
    (lambda f: hangs_before_the_head, "first_byte"),
    (lambda f: then_hangs(b""), "first_byte"),
    (lambda f: drips(f.quiet, every=0.02), "first_byte"),
    (lambda f: never_ends(f.quiet * 50), "first_byte"),
    (lambda f: drips(f.begin() or f.text(""), every=0.02), "first_byte"),
    (lambda f: then_hangs(f.text("Tea")), "gap"),
    (lambda f: drips(f.text("Tea"), every=0.05), "total"),
    (lambda f: drips(f.thought("Hm"), every=0.05), "total"),
]


@each_format
@pytest.mark.parametrize(("act", "stage"), WAITS)
async def test_deadlines_count_tokens(
    each: Case, server: ProviderServer, act: Callable[[Format], Act], stage: str
) -> None:
    server.play(act(each.format))
    async with made(each, server, SHORT) as hasty:
        with pytest.raises(ProviderSlow) as caught:
            await each.stream(hasty)
    assert caught.value.stage == stage


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
    case: Case, provider: Provider, server: ProviderServer, act: Act, code: str
) -> None:
    server.play(act)
    health = await provider.check()
    assert (health.ok, health.code) == (False, code)


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
