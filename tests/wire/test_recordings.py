"""Recordings of real traffic, decoded by us and by the services' own SDKs."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from oracles import ORACLES
from provider_cases import GEMINI, made
from provider_server import ProviderServer, answers
from wire_reading import RECORDINGS, Reading, cut_at, read

from chimera.core.errors import (
    ContextTooLong,
    InvalidRequest,
    ProviderBusy,
    ProviderError,
    ProviderRefused,
    UnknownModel,
)
from chimera.providers.compatible import NOT_FOR_CHAT
from chimera.providers.failures import from_answer

#: What is spoken in each folder; a name may begin otherwise.
FOLDERS = {
    "openai-chat": "chat",
    "deepseek": "chat",
    "openai-compat-other": "chat",
    "ollama": "chat",
    "openai-responses": "responses",
    "anthropic": "anthropic",
    "gemini": "gemini",
}
NAMED = {"native_": "ollama", "responses_": "responses"}
#: Recorded where no stream was asked for, and in a shape that no stream has.
OTHER_SHAPES = {"deepseek/nonstream_r1.json", "gemini/models_list.json"}


def spoken_in(path: Path) -> str:
    named = (spoken for prefix, spoken in NAMED.items() if path.name.startswith(prefix))
    return next(named, FOLDERS[path.parent.name])


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


ERRORS: Mapping[str, type[ProviderError]] = {
    "openai-chat/error_404_model_not_found.json": UnknownModel,
    "openai-chat/error_400_unsupported_value.json": InvalidRequest,
    "openai-chat/error_400_max_tokens_param.json": InvalidRequest,
    "openai-responses/error_401.json": ProviderRefused,
    "openai-responses/error_400_context_length.json": ContextTooLong,
    "openai-responses/error_400_model.json": InvalidRequest,
    "anthropic/error_401.json": ProviderRefused,
    "anthropic/error_400_prompt_too_long.json": ContextTooLong,
    "anthropic/error_404_model.json": UnknownModel,
    "anthropic/error_400_invalid_request.json": InvalidRequest,
    "gemini/error_400_bad_key.json": ProviderRefused,
    "gemini/error_429_quota_retryinfo.json": ProviderBusy,
    "gemini/error_404_model.json": UnknownModel,
    "deepseek/error_401.json": ProviderRefused,
    "deepseek/error_400_context_length.json": ContextTooLong,
    "ollama/cloud_error_401.json": ProviderRefused,
    "ollama/cloud_error_400_context.json": ContextTooLong,
    "openai-compat-other/openrouter_429.json": ProviderBusy,
}
RECORDED = [
    path
    for folder in FOLDERS
    for path in sorted((RECORDINGS / folder).iterdir())
    if not path.name.endswith(".meta.json")
]
STREAMS = [path for path in RECORDED if named(path) not in {*ERRORS, *OTHER_SHAPES}]
#: Those that end badly, and how.
BROKEN = {
    "openai-compat-other/groq_stream_error_midway.sse": "invalid_request",
    "openai-responses/stream_error_midway.chunks.txt": "quota_spent",
    "openai-responses/stream_rate_limited_midway.sse": "provider_busy",
    "openai-responses/stream_unknown_error_midway.sse": "provider_down",
    "gemini/nonstream_safety.json": "content_refused",
    "gemini/nonstream_prompt_blocked.json": "content_refused",
}
#: Its SDK stops at the error that comes after the finish.
ENDED_BEFORE = "openai-compat-other/openrouter_stream_error_midway.sse"
WHOLE = [path for path in STREAMS if named(path) not in {*BROKEN, ENDED_BEFORE}]
#: The services' words for other ends than a plain stop.
FINISHES = {"length": "length", "max_tokens": "length", "MAX_TOKENS": "length"} | {
    "refusal": "refused"
}


def label(path: Path) -> str:
    return f"{path.parent.name}/{path.name.split('.')[0]}"


def body(path: Path) -> bytes:
    data = path.read_bytes()
    if not path.name.endswith(".chunks.txt"):
        return data
    # Their framing was stripped where they were recorded.
    events = [b"data: " + line + b"\n\n" for line in data.splitlines() if line]
    end = b"data: [DONE]\n\n" if spoken_in(path) == "chat" else b""
    return b"".join([*events, end])


def with_event_names(data: bytes) -> bytes:
    """The events under the names that their data repeats; an SDK goes by those."""
    events = (event.removeprefix(b"data: ") for event in data.split(b"\n\n") if event)
    kinds = ((json.loads(event)["type"].encode(), event) for event in events)
    return b"".join(b"event: %b\ndata: %b\n\n" % each for each in kinds)


def read_whole(path: Path) -> Reading:
    return Reading.of(read([body(path)], spoken_in(path)))


@pytest.mark.parametrize("path", WHOLE, ids=label)
def test_we_and_the_sdk_read_the_same(path: Path) -> None:
    data, spoken = body(path), spoken_in(path)
    ours = Reading.of(read([data], spoken))
    if spoken == "anthropic" and path.name.endswith(".chunks.txt"):
        data = with_event_names(data)
    theirs = ORACLES[spoken](data)
    assert theirs.finish is not None
    assert ours.finish == FINISHES.get(theirs.finish, "stop")
    if "<think>" in theirs.text:
        # The SDK takes inline thinking for speech.
        assert ours.thought + ours.text == strip_tags(theirs.text)
        assert ours.thought
    else:
        assert (ours.text, ours.thought) == (theirs.text, theirs.thought)
    assert ours.estimated is (theirs.tokens is None)
    if theirs.tokens is not None:
        assert ours.tokens == theirs.tokens


def strip_tags(text: str) -> str:
    return text.replace("<think>", "").replace("</think>", "")


@pytest.mark.parametrize("path", STREAMS, ids=label)
def test_a_recording_means_the_same_cut_at_200_random_places(path: Path) -> None:
    data, spoken = body(path), spoken_in(path)
    places = Random(path.name).choices(range(len(data)), k=200)
    assert read(cut_at(data, places), spoken) == read([data], spoken)


@pytest.mark.parametrize("path", [p for p in STREAMS if p.stat().st_size < 5_000], ids=label)
def test_a_short_recording_means_the_same_cut_at_every_byte(path: Path) -> None:
    data, spoken = body(path), spoken_in(path)
    whole = read([data], spoken)
    assert read(cut_at(data, range(len(data))), spoken) == whole
    for place in range(1, len(data)):
        assert read(cut_at(data, [place]), spoken) == whole


@pytest.mark.parametrize(("name", "failure"), BROKEN.items(), ids=list(BROKEN))
def test_a_stream_that_ends_badly_says_how(name: str, failure: str) -> None:
    assert read_whole(RECORDINGS / name).failure == failure


def test_an_error_after_the_finish_changes_nothing() -> None:
    reading = read_whole(RECORDINGS / ENDED_BEFORE)
    assert (reading.finish, reading.failure, reading.tokens) == ("length", None, (43, 10))


@pytest.mark.parametrize(("name", "error"), ERRORS.items(), ids=list(ERRORS))
def test_a_recorded_refusal_has_its_name(name: str, error: type[ProviderError]) -> None:
    path = RECORDINGS / name
    meta = json.loads(path.with_suffix(".meta.json").read_text())
    failure = from_answer(
        meta["status"], meta["headers"], path.read_bytes(), now=datetime(2026, 3, 1, tzinfo=UTC)
    )
    assert type(failure) is error
    assert failure.message.endswith(quoted(path))


def test_gemini_says_in_its_body_how_long_to_wait() -> None:
    data = (RECORDINGS / "gemini/error_429_quota_retryinfo.json").read_bytes()
    failure = from_answer(429, {}, data, now=datetime(2026, 3, 1, tzinfo=UTC))
    assert isinstance(failure, ProviderBusy)
    assert failure.retry_after == 48


def quoted(path: Path) -> str:
    """What the service says, as we repeat it: on one line."""
    message: str = json.loads(path.read_text())["error"]["message"]
    return " ".join(message.split())


async def test_the_recorded_list_of_gemini_is_read() -> None:
    """Those that can be asked for text, with the room they have, as the list itself says."""
    path = RECORDINGS / "gemini/models_list.json"
    listed: list[dict[str, Any]] = json.loads(path.read_text())["models"]
    talking = {
        entry["name"].removeprefix("models/"): entry["inputTokenLimit"]
        for entry in listed
        if "generateContent" in entry["supportedGenerationMethods"]
        and not NOT_FOR_CHAT.search(entry["name"])
    }
    async with ProviderServer() as server:
        server.play(answers(200, path.read_bytes()))
        async with made(GEMINI, server) as provider:
            found = {model.id: model.context for model in await provider.models()}
    assert found == talking
    assert len(found) > 10


def test_no_recorded_refusal_is_taken_for_a_stream() -> None:
    assert not [path for path in STREAMS if b'"error"' in path.read_bytes()[:12]]
