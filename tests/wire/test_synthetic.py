"""Small streams written for this: each kind of answer and of failure in the OpenAI chat format."""

from pathlib import Path
from random import Random

import pytest
from wire_reading import Reading, cut_at, read

STREAMS = {path.stem: path for path in sorted((Path(__file__).parent / "chat").glob("*.sse"))}
WARM = "Tea is warm."
EXPECTED = {
    "plain": Reading(text=WARM, tokens=(14, 8), finish="stop"),
    "unicode": Reading(text="Thé 茶 ☕️ 👩‍🔬 — ça va.", tokens=(14, 8), finish="stop"),
    "crlf_comments_bom": Reading(text=WARM, tokens=(14, 8), finish="stop"),
    "reasoning_content": Reading(
        text=WARM, thought="They ask about tea.", tokens=(14, 8), finish="stop"
    ),
    "reasoning": Reading(text=WARM, thought="They ask about tea.", tokens=(14, 8), finish="stop"),
    "inline_thinking": Reading(
        text=WARM, thought="They ask about tea.", tokens=(14, 8), finish="stop"
    ),
    "usage_missing": Reading(text=WARM, tokens=(0, 4), estimated=True, finish="stop"),
    "empty_choices_first": Reading(text=WARM, tokens=(14, 8), finish="stop"),
    "length": Reading(text="Tea is", tokens=(14, 8), finish="length"),
    "refusal": Reading(tokens=(14, 8), finish="refused"),
    "filtered": Reading(text="Tea", tokens=(14, 8), finish="filtered"),
    "unreadable_lines": Reading(text=WARM, tokens=(14, 8), finish="stop"),
    "no_final_blank_line": Reading(text=WARM, tokens=(14, 8), finish="stop"),
    "no_done": Reading(text=WARM, tokens=(14, 8), finish="stop"),
    "error_after_finish": Reading(text="Tea is", tokens=(14, 8), finish="length"),
    "error_midway": Reading(text="Tea", failure="invalid_request"),
    "busy_midway": Reading(text="Tea", failure="provider_busy"),
    "cut_short": Reading(text="Tea is", failure="truncated_stream"),
    "cut_in_an_event": Reading(text="Tea", failure="truncated_stream"),
    "done_without_finish": Reading(text="Tea", failure="truncated_stream"),
    "unreadable": Reading(text="Tea", failure="bad_stream"),
}


def test_every_stream_has_an_expectation() -> None:
    assert STREAMS.keys() == EXPECTED.keys()


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_means_what_it_should(name: str) -> None:
    assert Reading.of(read([STREAMS[name].read_bytes()])) == EXPECTED[name]


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_means_the_same_cut_at_every_byte(name: str) -> None:
    data = STREAMS[name].read_bytes()
    whole = read([data])
    for place in range(1, len(data)):
        assert read(cut_at(data, [place])) == whole
    assert read(cut_at(data, range(len(data)))) == whole
    assert read(cut_at(data, Random(1).choices(range(len(data)), k=20))) == whole
