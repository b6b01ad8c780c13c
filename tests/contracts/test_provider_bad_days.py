"""What every provider adapter makes of each way a service can fail, over real HTTP on loopback."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from random import Random

import pytest
from gateway_house import SPEECH, House, acted
from provider_cases import (
    ANTHROPIC,
    CHAT,
    GEMINI,
    KEY,
    SHORT,
    Case,
    each_format,
    made,
    member,
    said,
)
from provider_fakes import line
from provider_formats import (
    Counts,
    Format,
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
    says,
    streams,
    then_hangs,
    then_resets,
    trickles,
)
from provider_wordings import FAULTS, TOO_LONG

from chimera.core.errors import (
    BadStream,
    ContentRefused,
    ContextTooLong,
    InvalidRequest,
    NotPermitted,
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
    Finish,
    Provider,
    Route,
    Usage,
    UsageReport,
)
from chimera.lab.clockwork import NOON, LoopClock
from chimera.providers.compatible import OPENAI
from chimera.providers.gateway import Gateway
from chimera.providers.knowledge import Family

FAILURES: list[tuple[str, Callable[[Format], Act], type[ProviderError] | None]] = [
    ("bad key", lambda f: answers(401, f.refusal(401, "bad key")), ProviderRefused),
    ("no permission", lambda f: answers(403, f.refusal(403, "no permission")), NotPermitted),
    ("no such model", lambda f: answers(404, f.refusal(404, "no such thing")), UnknownModel),
    ("no money", lambda f: answers(402, f.refusal(402, "Insufficient Balance")), QuotaSpent),
    ("busy", lambda f: answers(429, f.refusal(429, "slow down")), ProviderBusy),
    ("bad knob", lambda f: answers(400, f.refusal(400, "it is too high")), InvalidRequest),
    ("too long", lambda f: answers(400, f.refusal(400, f.too_long)), ContextTooLong),
    ("oops", lambda f: answers(500, b"oops", content_type="text/plain"), ProviderDown),
    ("away", lambda f: answers(503, b"", content_type="text/plain"), ProviderDown),
    ("overloaded", lambda f: answers(529, f.refusal(529, "Overloaded")), ProviderDown),
    ("not HTTP", lambda f: says(b"SSH-2.0-OpenSSH_9.2\r\n"), BadStream),
    (
        "head too large",
        lambda f: says(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 99_000),
        BadStream,
    ),
    ("less than promised", lambda f: answers(500, b"oops", content_length="99"), ProviderDown),
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
        lambda f: streams(f.long_line(5_000_000) + b"\n\n" + f.whole("Yes.")),
        BadStream,
    ),
    ("line without end", lambda f: never_ends(f.long_line(50_000)), BadStream),
    ("noise without end", lambda f: never_ends(f.begin() + f.junk * 500), BadStream),
    ("a page as a stream", lambda f: streams(b"<html>\n<body>Sorry!\n</html>\n"), TruncatedStream),
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
    assert len(server.requests) == 1, "an adapter never tries again"


class Hasty(Random):
    """Draws the shortest wait there is."""

    def uniform(self, a: float, b: float) -> float:
        del b
        return a


@each_format
@pytest.mark.parametrize(
    ("act", "error"), [each[1:] for each in FAILURES], ids=[each[0] for each in FAILURES]
)
async def test_on_a_bad_day_the_understudy_reads_and_nobody_hears_an_error(
    each: Case,
    server: ProviderServer,
    act: Callable[[Format], Act],
    error: type[ProviderError] | None,
) -> None:
    listed = each.format.models(each.format.model, context=4096)
    server.play(*(answers(200, body) for body in listed), act(each.format))
    async with made(each, server) as lead:
        families = [Family(provider=name, prefix="", tier=2) for name in (lead.name, "lmstudio")]
        understudy = acted("lmstudio", line(SPEECH), models=["m2"])
        house = House(lead, understudy, families=families)
        # With so little time nobody waits for who is busy.
        house.gateway = Gateway(
            house.roster, catalog=house.catalog, clock=LoopClock(), rng=Hasty(1), total=4
        )
        await house.catalog.refresh()
        route = Route(provider=lead.name, model=each.format.model)
        heard = await house.perform(route=route)
    assert (heard.text, "".join(house.pieces)) == (SPEECH, SPEECH)
    assert heard.route.provider == "lmstudio"
    assert heard.route.understudy_for == f"{route.provider}/{route.model}"
    failed = error or each.format.pointless
    assert heard.route.why == failed.code
    again = failed.retryable and failed is not ProviderBusy
    lines = [request for request in server.requests if request.path == each.format.path]
    assert len(lines) == (3 if again else 1)


@each_format
async def test_an_unknown_model_is_answered_with_the_nearest_known_ones(
    each: Case, server: ProviderServer
) -> None:
    spoken = each.format
    known = spoken.models("little-fish", "large-fish", context=4096)
    server.play(
        *(answers(200, body) for body in known), answers(404, spoken.refusal(404, "unknown"))
    )
    async with made(each, server) as lead:
        house = House(lead)
        await house.catalog.refresh()
        with pytest.raises(UnknownModel, match="little-fish") as caught:
            await house.perform(route=Route(provider=lead.name, model="litle-fish"))
    assert caught.value.details["nearest"] == ["little-fish", "large-fish"]
    assert server.requests[-1].method == "POST"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(
    case: Case, provider: Provider, server: ProviderServer, status: int
) -> None:
    server.play(
        answers(status, b"", location=f"{server.root}/x"), streams(case.format.whole("No."))
    )
    with pytest.raises(InvalidRequest, match="redirects"):
        await case.stream(provider)
    assert len(server.requests) == 1


async def test_the_environment_neither_names_a_proxy_nor_gives_a_password(
    case: Case,
    provider: Provider,
    server: ProviderServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password walrus\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with ProviderServer() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.root)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        proxy.play(streams(b""))
        server.play(streams(case.format.whole("Tea.")))
        assert said(await case.stream(provider)) == "Tea."
        assert not proxy.requests
    assert "Basic" not in str(server.requests[0].headers)


@pytest.mark.parametrize(
    ("which", "status", "error", "limit"), TOO_LONG, ids=lambda value: getattr(value, "name", None)
)
async def test_a_prompt_that_does_not_fit_is_told_from_other_refusals(
    server: ProviderServer, which: Case, status: int, error: object, limit: int | None
) -> None:
    server.play(answers(status, {"error": error}))
    async with made(which, server) as provider:
        with pytest.raises(ContextTooLong) as caught:
            await which.stream(provider)
    assert caught.value.limit == limit


@pytest.mark.parametrize(
    ("which", "error", "kind"), FAULTS, ids=lambda value: getattr(value, "name", None)
)
async def test_an_error_inside_a_stream_has_its_name(
    server: ProviderServer, which: Case, error: object, kind: type[ProviderError]
) -> None:
    spoken = which.format
    server.play(streams(spoken.begin() + spoken.text("Tea") + spoken.fault(error) + spoken.end()))
    async with made(which, server) as provider:
        with pytest.raises(ProviderError) as caught:
            await which.stream(provider)
    assert type(caught.value) is kind


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


@pytest.mark.parametrize("inside", [False, True], ids=["instead", "inside"])
async def test_the_key_is_never_quoted(
    case: Case, provider: Provider, server: ProviderServer, inside: bool
) -> None:
    spoken = case.format
    error = {"message": f"Incorrect API key: {KEY}. " + "x" * 3000, "code": 401}
    server.play(
        streams(spoken.begin() + spoken.fault(error)) if inside else answers(401, {"error": error})
    )
    with pytest.raises(ProviderRefused) as caught:
        await case.stream(provider)
    assert KEY not in f"{caught.value.message} {caught.value!r} {caught.value.details}"
    assert len(caught.value.message) < 1200


async def test_what_is_not_http_quotes_no_key_of_whatever_form(
    provider: Provider, server: ProviderServer
) -> None:
    server.play(says(f"HTTP/1.1 2000 <{KEY}>\r\n\r\n".encode()))
    health = await provider.check()
    assert not health.ok
    assert "<***>" in health.detail


async def test_a_number_of_thousands_of_digits_is_no_limit(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    server.play(answers(400, {"error": {"message": f"context length {'9' * 5000}"}}))
    with pytest.raises(ContextTooLong):
        await case.stream(provider)


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


@each_format
@pytest.mark.parametrize("again", [False, True], ids=["quiet", "again"])
async def test_what_never_ends_after_the_answer_is_not_listened_to(
    each: Case, server: ProviderServer, again: bool
) -> None:
    spoken = each.format
    whole = spoken.whole("Tea.")
    server.play(
        drips(whole, every=0.1) if again else trickles(spoken.quiet * 999, every=0.02, start=whole)
    )
    async with made(each, server) as provider:
        assert said(await each.stream(provider)).startswith("Tea.")
        async with asyncio.timeout(1):
            await server.left.wait()


@pytest.mark.parametrize("counts", [(-1, 5), (12, -5), None, "lots"])
async def test_missing_or_impossible_usage_is_estimated(
    case: Case, provider: Provider, server: ProviderServer, counts: Counts
) -> None:
    server.play(streams(case.format.text("x" * 35) + case.format.end(counts=counts)))
    chunks = await case.stream(provider)
    (reported,) = (chunk.usage for chunk in chunks if isinstance(chunk, UsageReport))
    assert reported == Usage(input_tokens=11, output_tokens=10, estimated=True)


async def test_of_several_usages_the_last_that_makes_sense_counts(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    server.play(streams(case.format.counted_twice()))
    chunks = await case.stream(provider)
    reports = [chunk.usage for chunk in chunks if isinstance(chunk, UsageReport)]
    assert reports == [Usage(input_tokens=12, output_tokens=5)]


async def test_an_empty_answer_is_an_answer(
    case: Case, provider: Provider, server: ProviderServer
) -> None:
    server.play(streams(case.format.begin() + case.format.end(counts=(12, 0))))
    assert [type(chunk) for chunk in await case.stream(provider)] == [UsageReport, Finish]


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
    (lambda f: trickles(b"HTTP/1.1 200 OK\r\n" * 9, every=0.02, head=False), "first_byte"),
    (lambda f: trickles(f.text("Tea" * 99), every=0.02, start=f.begin()), "first_byte"),
    (lambda f: trickles(f.text("hot" * 99), every=0.02, start=f.begin() + f.text("Tea")), "gap"),
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
