"""What providers' refusals mean, and what of them anybody gets to see."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    QuotaSpent,
    UnknownModel,
)
from chimera.providers.failures import from_answer, from_event, redact, retry_after

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def meant(status: int, body: object = None, **headers: str) -> ProviderError:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return from_answer(status, headers, data, now=NOW)


def told(message: str, **fields: object) -> dict[str, object]:
    return {"error": {"message": message, **fields}}


BAD_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, told("x"), InvalidRequest),
        (400, told("API key not valid. Please pass a valid API key."), ProviderRefused),
        (400, told("x", code="context_length_exceeded"), ContextTooLong),
        (400, told("prompt is too long: 210000 tokens > 200000 maximum"), ContextTooLong),
        (400, told("prompt too long; exceeded max context length by 5 tokens"), ContextTooLong),
        (400, told("x", type="exceed_context_size_error", n_ctx=4096), ContextTooLong),
        (
            400,
            told("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
            ContextTooLong,
        ),
        (
            400,
            told("The input token count (1200) exceeds the maximum number of tokens (1000)."),
            ContextTooLong,
        ),
        (400, told("x", status="INVALID_ARGUMENT", details=[BAD_KEY]), ProviderRefused),
        (400, told("You have reached your specified API usage limits."), QuotaSpent),
        (400, {"error": '"llama3.2" does not support thinking'}, InvalidRequest),
        (404, {"error": "model 'small' not found"}, UnknownModel),
        (400, told("x", code="invalid_prompt"), ContentRefused),
        (400, told("Output blocked", code="content_filter"), ContentRefused),
        (400, told("rejected as a result of our safety system"), ContentRefused),
        (400, told("No models loaded. Please load a model."), UnknownModel),
        (401, told("Unauthorized", type="api_error"), ProviderRefused),
        (402, told("x"), QuotaSpent),
        (403, told("Your credit balance is too low"), QuotaSpent),
        (403, told("Project has no access to model gpt-5", code="model_not_found"), UnknownModel),
        (403, told("Your key may not use this model", type="permission_error"), NotPermitted),
        (403, told("Denied", status="PERMISSION_DENIED"), NotPermitted),
        (403, b"<html>Sorry, you have been blocked</html>", NotPermitted),
        (403, told("Your model requires moderation and your input was flagged"), ContentRefused),
        (403, told("Your API key was reported as leaked."), ProviderRefused),
        (400, told("API key expired. Please renew it."), ProviderRefused),
        (404, told('model "small" not found, try pulling it first'), UnknownModel),
        (408, b"", ProviderDown),
        (413, b"", ContextTooLong),
        (422, {"detail": "field required"}, InvalidRequest),
        (429, told("You exceeded your current quota", status="RESOURCE_EXHAUSTED"), ProviderBusy),
        (429, told("x", code="insufficient_quota"), QuotaSpent),
        (500, b"<html>oops</html>", ProviderDown),
        (529, told("x", type="overloaded_error"), ProviderDown),
        (307, b"", InvalidRequest),
        (200, {"choices": []}, BadStream),
        (200, told("x", code=429), ProviderBusy),
    ],
)
def test_every_failure_has_a_name(status: int, body: object, error: type[ProviderError]) -> None:
    assert type(meant(status, body)) is error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "invalid_request_error", "message": "x"}, InvalidRequest),
        ({"type": "rate_limit_error"}, ProviderBusy),
        ({"code": "rate_limit_exceeded"}, ProviderBusy),
        ({"code": 429, "status": "RESOURCE_EXHAUSTED"}, ProviderBusy),
        ({"type": "overloaded_error"}, ProviderDown),
        ({"type": "timeout_error"}, ProviderDown),
        ({"type": "billing_error"}, QuotaSpent),
        ({"type": "request_too_large"}, ContextTooLong),
        ({"code": "bio_policy"}, ContentRefused),
        ({"code": "image_too_large"}, InvalidRequest),
        (None, ProviderDown),
        ({"code": 503}, ProviderDown),
        ({"status_code": 401}, ProviderRefused),
        ({"type": "nobody knows"}, ProviderDown),
        ("unexpected EOF", ProviderDown),
    ],
)
def test_an_error_inside_a_stream_maps_by_the_same_table(
    error: object, kind: type[ProviderError]
) -> None:
    assert type(from_event(error)) is kind


@pytest.mark.parametrize(
    ("message", "limit"),
    [
        ("This model's maximum context length is 1,048,565 tokens.", 1_048_565),
        ("the request exceeds the available context size (4096 tokens)", 4096),
        ("prompt is too long: 210000 tokens > 200000 maximum", 200_000),
        ("`max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease", 200_000),
        ("The input token count (12) exceeds the maximum number of tokens allowed (10).", 10),
        ("prompt too long", None),
    ],
)
def test_the_limit_of_the_context_is_read_from_the_wording(message: str, limit: int | None) -> None:
    failure = meant(400, told(message))
    assert isinstance(failure, ContextTooLong)
    assert failure.limit == limit


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2", 2.0),
        ("0", 0.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Sun, 01 Mar 2026 12:00:30 -0000", 30.0),
        ("soon", None),
        ("inf", None),
        ("-1", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


@given(header=st.text() | st.from_regex(r"Sun, 0?\d+ Mar \d+ \d+:\d+:\d+ [A-Z+\-\d]+"))
def test_no_retry_after_is_fatal(header: str) -> None:
    seconds = retry_after(header, NOW)
    assert seconds is None or seconds >= 0


def test_milliseconds_are_more_exact_than_seconds() -> None:
    failure = meant(429, {}, **{"Retry-After": "2", "retry-after-ms": "1500"})
    assert isinstance(failure, ProviderBusy)
    assert failure.retry_after == 1.5


@pytest.mark.parametrize(
    ("delay", "headers", "seconds"),
    [
        ("48.939935699s", {}, 48.939935699),
        ("0s", {}, 0.0),
        ("48s", {"Retry-After": "7"}, 7.0),
        ("48", {}, None),
        ("-1s", {}, None),
        ({"seconds": 48}, {}, None),
    ],
)
def test_google_hides_the_wait_among_the_details(
    delay: object, headers: dict[str, str], seconds: float | None
) -> None:
    details = [{"@type": "Help"}, "noise", {"@type": "RetryInfo", "retryDelay": delay}]
    failure = meant(429, told("x", status="RESOURCE_EXHAUSTED", details=details), **headers)
    assert isinstance(failure, ProviderBusy)
    assert failure.retry_after == seconds


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-abcdefghijkl1234.",
        "key AIzaSyA1234567890abcdefg is wrong",
        "header was Bearer abcdefghijkl1234",
        "see https://me:abcdefghijkl1234@host/",
        '{"api_key": "abcdefghijkl1234"}',
        "{'x-secret': 'abcdefghijkl1234'}",
        "you sent abcdefghijkl1234",
    ],
)
def test_keys_are_cut_out(text: str) -> None:
    shown = redact(text, ["abcdefghijkl1234"])
    assert "abcdefghijkl1234" not in shown
    assert "1234567890" not in shown
    assert "***" in shown


@pytest.mark.parametrize("text", ["x" * 60_000, "key" * 20_000, '"' * 60_000, "model " * 10_000])
def test_long_answers_are_cut_in_little_time(text: str) -> None:
    began = time.process_time()
    failure = meant(404, told(text))
    assert time.process_time() - began < 0.25
    assert len(failure.message) < 1200


@given(body=st.binary(max_size=300), status=st.integers(300, 599))
def test_no_answer_is_beyond_naming(body: bytes, status: int) -> None:
    failure = from_answer(status, {}, body, now=NOW + timedelta(0))
    assert isinstance(failure, ProviderError)
    assert "\n" not in failure.message
