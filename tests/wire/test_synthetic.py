"""Small streams written for this: each kind of answer and of failure in each format."""

from pathlib import Path
from random import Random

import pytest
from wire_reading import DECODERS, Heard, Reading, cut_at, read

HERE = Path(__file__).parent
STREAMS = {
    f"{folder}/{path.stem}": path
    for folder in DECODERS
    for path in sorted((HERE / folder).glob("[!.]*"))
}
WARM = "Tea is warm."
UNICODE = "Thé 茶 ☕️ 👩‍🔬 — ça va."
PLAIN = Reading(text=WARM, tokens=(14, 8), finish="stop")
THOUGHT = Reading(text=WARM, thought="They ask about tea.", tokens=(14, 8), finish="stop")
EXPECTED = {
    "chat/plain": Reading(text=WARM, tokens=(14, 8), finish="stop"),
    "chat/unicode": Reading(text="Thé 茶 ☕️ 👩‍🔬 — ça va.", tokens=(14, 8), finish="stop"),
    "chat/crlf_comments_bom": Reading(text=WARM, tokens=(14, 8), finish="stop"),
    "chat/reasoning_content": Reading(
        text=WARM, thought="They ask about tea.", tokens=(14, 8), finish="stop"
    ),
    "chat/reasoning": Reading(
        text=WARM, thought="They ask about tea.", tokens=(14, 8), finish="stop"
    ),
    "chat/inline_thinking": Reading(
        text=WARM, thought="They ask about tea.", tokens=(14, 8), finish="stop"
    ),
    "chat/usage_missing": Reading(text=WARM, tokens=(0, 4), estimated=True, finish="stop"),
    "chat/empty_choices_first": Reading(text=WARM, tokens=(14, 8), finish="stop"),
    "chat/length": Reading(text="Tea is", tokens=(14, 8), finish="length"),
    "chat/refusal": Reading(tokens=(14, 8), finish="refused"),
    "chat/filtered": Reading(text="Tea", tokens=(14, 8), finish="filtered"),
    "chat/unreadable_lines": Reading(text=WARM, tokens=(14, 8), finish="stop"),
    "chat/no_final_blank_line": Reading(text=WARM, tokens=(14, 8), finish="stop"),
    "chat/no_done": Reading(text=WARM, tokens=(14, 8), finish="stop"),
    "chat/error_after_finish": Reading(text="Tea is", tokens=(14, 8), finish="length"),
    "chat/error_midway": Reading(text="Tea", failure="invalid_request"),
    "chat/busy_midway": Reading(text="Tea", failure="provider_busy"),
    "chat/cut_short": Reading(text="Tea is", failure="truncated_stream"),
    "chat/cut_in_an_event": Reading(text="Tea", failure="truncated_stream"),
    "chat/done_without_finish": Reading(text="Tea", failure="truncated_stream"),
    "chat/unreadable": Reading(text="Tea", failure="bad_stream"),
    "responses/plain": PLAIN,
    "responses/unicode": Reading(text=UNICODE, tokens=(14, 8), finish="stop"),
    "responses/summary": THOUGHT,
    "responses/reasoning_text": THOUGHT,
    "responses/length": Reading(text="Tea is", tokens=(14, 8), finish="length"),
    "responses/filtered": Reading(text="Tea", tokens=(14, 8), finish="filtered"),
    "responses/refusal": Reading(tokens=(14, 8), finish="refused"),
    "responses/usage_missing": Reading(text=WARM, tokens=(0, 4), estimated=True, finish="stop"),
    "responses/no_final_blank_line": PLAIN,
    "responses/failed": Reading(text="Tea", failure="provider_down"),
    "responses/busy_midway": Reading(text="Tea", failure="provider_busy"),
    "responses/quota_midway": Reading(failure="quota_spent"),
    "responses/cut_short": Reading(text="Tea is", failure="truncated_stream"),
    "responses/unreadable": Reading(text="Tea", failure="bad_stream"),
    "anthropic/plain": PLAIN,
    "anthropic/unicode": Reading(text=UNICODE, tokens=(14, 8), finish="stop"),
    "anthropic/thinking": THOUGHT,
    "anthropic/redacted_thinking": PLAIN,
    "anthropic/cached": PLAIN,
    "anthropic/started_twice": PLAIN,
    "anthropic/unknown_events": PLAIN,
    "anthropic/length": Reading(text="Tea is", tokens=(14, 8), finish="length"),
    "anthropic/refusal": Reading(tokens=(14, 8), finish="refused"),
    "anthropic/usage_missing": Reading(text=WARM, tokens=(0, 4), estimated=True, finish="stop"),
    "anthropic/crlf_no_final_blank_line": PLAIN,
    "anthropic/overloaded_midway": Reading(text="Tea", failure="provider_down"),
    "anthropic/busy_midway": Reading(text="Tea", failure="provider_busy"),
    "anthropic/cut_short": Reading(text="Tea is", failure="truncated_stream"),
    "anthropic/stopped_without_the_last_event": Reading(text=WARM, failure="truncated_stream"),
    "anthropic/unreadable": Reading(text="Tea", failure="bad_stream"),
    "gemini/plain": PLAIN,
    "gemini/plain_array": PLAIN,
    "gemini/unicode": Reading(text=UNICODE, tokens=(14, 8), finish="stop"),
    "gemini/unicode_array": Reading(text=UNICODE, tokens=(14, 8), finish="stop"),
    "gemini/thinking": THOUGHT,
    "gemini/thinking_array": THOUGHT,
    "gemini/length": Reading(text="Tea is", tokens=(14, 8), finish="length"),
    "gemini/length_no_content": Reading(tokens=(14, 8), finish="length"),
    "gemini/usage_missing": Reading(text=WARM, tokens=(0, 4), estimated=True, finish="stop"),
    "gemini/safety": Reading(failure="content_refused"),
    "gemini/safety_midway": Reading(text="Tea", tokens=(14, 8), finish="filtered"),
    "gemini/prompt_blocked": Reading(failure="content_refused"),
    "gemini/down_midway": Reading(text="Tea", failure="provider_down"),
    "gemini/busy_midway_array": Reading(text="Tea", failure="provider_busy"),
    "gemini/error_array": Reading(failure="invalid_request"),
    "gemini/cut_short": Reading(text="Tea is", failure="truncated_stream"),
    "gemini/cut_short_array": Reading(text="Tea is", failure="truncated_stream"),
    "gemini/unreadable": Reading(text="Tea", failure="bad_stream"),
    "ollama/plain": PLAIN,
    "ollama/no_final_newline": PLAIN,
    "ollama/crlf_blank_lines": PLAIN,
    "ollama/unicode": Reading(text=UNICODE, tokens=(14, 8), finish="stop"),
    "ollama/thinking": THOUGHT,
    "ollama/inline_thinking": THOUGHT,
    "ollama/length": Reading(text="Tea is", tokens=(14, 8), finish="length"),
    "ollama/usage_missing": Reading(text=WARM, tokens=(0, 4), estimated=True, finish="stop"),
    "ollama/tool_call": PLAIN,
    "ollama/error_midway": Reading(text="Tea", failure="provider_down"),
    "ollama/too_long_midway": Reading(failure="context_too_long"),
    "ollama/cut_short": Reading(text="Tea is", failure="truncated_stream"),
    "ollama/cut_in_a_line": Reading(text="Tea", failure="truncated_stream"),
    "ollama/unreadable": Reading(text="Tea", failure="bad_stream"),
}


def test_every_stream_has_an_expectation() -> None:
    assert STREAMS.keys() == EXPECTED.keys()


def heard_of(name: str, pieces: list[bytes]) -> Heard:
    return read(pieces, name.partition("/")[0])


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_means_what_it_should(name: str) -> None:
    assert Reading.of(heard_of(name, [STREAMS[name].read_bytes()])) == EXPECTED[name]


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_means_the_same_cut_at_every_byte(name: str) -> None:
    data = STREAMS[name].read_bytes()
    whole = heard_of(name, [data])
    for place in range(1, len(data)):
        assert heard_of(name, cut_at(data, [place])) == whole
    assert heard_of(name, cut_at(data, range(len(data)))) == whole
    assert heard_of(name, cut_at(data, Random(1).choices(range(len(data)), k=20))) == whole
