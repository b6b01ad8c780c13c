"""Recordings of real traffic, decoded by us and by the vendors' own SDK."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest
from openai import OpenAI
from wire_reading import RECORDINGS, Reading, cut_at, read

from chimera.core.errors import (
    ContextTooLong,
    InvalidRequest,
    ProviderBusy,
    ProviderError,
    ProviderRefused,
    UnknownModel,
)
from chimera.providers.failures import from_answer

FAMILY = ("openai-chat", "deepseek", "openai-compat-other", "ollama")
FOREIGN = ("native_", "responses_", "nonstream_")
STREAMS = [
    path
    for folder in FAMILY
    for path in sorted((RECORDINGS / folder).iterdir())
    if path.name.endswith((".sse", ".chunks.txt")) and not path.name.startswith(FOREIGN)
]
WHOLE = [path for path in STREAMS if "error_midway" not in path.name]
ERRORS = {
    "openai-chat/error_404_model_not_found.json": UnknownModel,
    "openai-chat/error_400_unsupported_value.json": InvalidRequest,
    "openai-chat/error_400_max_tokens_param.json": InvalidRequest,
    "deepseek/error_401.json": ProviderRefused,
    "deepseek/error_400_context_length.json": ContextTooLong,
    "ollama/cloud_error_401.json": ProviderRefused,
    "ollama/cloud_error_400_context.json": ContextTooLong,
    "openai-compat-other/openrouter_429.json": ProviderBusy,
}


def label(path: Path) -> str:
    return f"{path.parent.name}/{path.name.split('.')[0]}"


def body(path: Path) -> bytes:
    data = path.read_bytes()
    if path.name.endswith(".sse"):
        return data
    # Their framing was stripped where they were recorded.
    events = [b"data: " + line + b"\n\n" for line in data.splitlines() if line]
    return b"".join([*events, b"data: [DONE]\n\n"])


@dataclass(slots=True)
class Oracle:
    """What the SDK makes of the same bytes."""

    pieces: list[str] = field(default_factory=list[str])
    text: str = ""
    thought: str = ""
    finish: str | None = None
    usage: Any = None


def ask_the_sdk(data: bytes) -> Oracle:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=data)

    oracle = Oracle()
    with (
        httpx2.Client(transport=httpx2.MockTransport(answer)) as http,
        OpenAI(
            api_key="none", base_url="http://127.0.0.1/v1", max_retries=0, http_client=http
        ) as sdk,
    ):
        for chunk in sdk.chat.completions.create(model="m", messages=[], stream=True):
            oracle.usage = chunk.usage or oracle.usage
            for choice in chunk.choices:
                extra = choice.delta.model_extra or {}
                thought = extra.get("reasoning_content") or extra.get("reasoning") or ""
                oracle.thought += thought
                oracle.text += choice.delta.content or ""
                oracle.pieces += [thought, choice.delta.content or ""]
                oracle.finish = choice.finish_reason or oracle.finish
    return oracle


@pytest.mark.parametrize("path", WHOLE, ids=label)
def test_we_and_the_sdk_read_the_same(path: Path) -> None:
    data = body(path)
    ours, theirs = Reading.of(read([data])), ask_the_sdk(data)
    assert ours.finish == theirs.finish
    if "<think>" in theirs.text:
        # The SDK takes inline thinking for speech.
        assert ours.thought + ours.text == strip_tags(theirs.text)
        assert ours.thought
    else:
        assert (ours.text, ours.thought) == (theirs.text, theirs.thought)
    if theirs.usage is None:
        assert ours.estimated
        return
    total, read_tokens = theirs.usage.total_tokens, theirs.usage.prompt_tokens
    # One service leaves thinking out of the completion, but not out of the total.
    assert ours.tokens == (read_tokens, total - read_tokens)
    assert not ours.estimated


def strip_tags(text: str) -> str:
    return text.replace("<think>", "").replace("</think>", "")


@pytest.mark.parametrize("path", STREAMS, ids=label)
def test_a_recording_means_the_same_cut_at_200_random_places(path: Path) -> None:
    data = body(path)
    places = Random(path.name).choices(range(len(data)), k=200)
    assert read(cut_at(data, places)) == read([data])


@pytest.mark.parametrize("path", [p for p in STREAMS if p.stat().st_size < 5_000], ids=label)
def test_a_short_recording_means_the_same_cut_at_every_byte(path: Path) -> None:
    data = body(path)
    whole = read([data])
    assert read(cut_at(data, range(len(data)))) == whole
    for place in range(1, len(data)):
        assert read(cut_at(data, [place])) == whole


def test_an_error_in_a_running_stream_is_named() -> None:
    path = RECORDINGS / "openai-compat-other" / "groq_stream_error_midway.sse"
    reading = Reading.of(read([path.read_bytes()]))
    assert reading.failure == "invalid_request"
    assert reading.thought


def test_an_error_after_the_finish_changes_nothing() -> None:
    path = RECORDINGS / "openai-compat-other" / "openrouter_stream_error_midway.sse"
    reading = Reading.of(read([path.read_bytes()]))
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


def quoted(path: Path) -> str:
    message: str = json.loads(path.read_text())["error"]["message"]
    return message


def test_every_recorded_refusal_is_expected() -> None:
    found: Sequence[str] = [
        f"{folder}/{path.name}"
        for folder in FAMILY
        for path in (RECORDINGS / folder).glob("*error_*.json")
        if not path.name.endswith(".meta.json")
    ]
    assert set(found) <= ERRORS.keys()
