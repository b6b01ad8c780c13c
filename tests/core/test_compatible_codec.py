"""The OpenAI chat format without a network: what is asked, and what bytes mean."""

import json
import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.core.errors import BadStream, TruncatedStream
from chimera.core.generation import (
    Chunk,
    Finish,
    GenerationRequest,
    ImagePart,
    PromptMessage,
    Reasoning,
    Text,
    TextPart,
    Usage,
    UsageReport,
)
from chimera.providers.adapter import with_version
from chimera.providers.chat import ChatDecoder
from chimera.providers.compatible import COMPATIBLE, DEEPSEEK, LM_STUDIO, OPENAI, encode
from chimera.providers.framing import LINE_LIMIT, SseSplitter


def decode(*pieces: bytes) -> list[Chunk]:
    decoder = ChatDecoder(prompt_tokens=7)
    fed = [chunk for piece in pieces for chunk in decoder.feed(piece)]
    return [*fed, *decoder.close()]


def told(**fields: object) -> bytes:
    return f"data: {json.dumps(fields)}\n\n".encode()


def delta(**fields: object) -> bytes:
    return told(choices=[{"index": 0, "delta": fields}])


FINISH = told(choices=[{"index": 0, "finish_reason": "stop"}])


def joined(chunks: Sequence[Chunk], kind: type[Text | Reasoning]) -> str:
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, kind))


# --- events --------------------------------------------------------------------------------------


lines = st.text(st.characters(exclude_characters="\r\n\ufeff", codec="utf-8"), max_size=12)
endings = st.sampled_from(["\n", "\r\n", "\r"])


@st.composite
def event_streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A stream with everything the format allows, and the data it carries."""
    end = draw(endings)
    text, expected = draw(st.sampled_from(["", "\ufeff"])), list[bytes]()
    for data in draw(st.lists(st.lists(lines, min_size=1, max_size=3), max_size=5)):
        text += draw(st.sampled_from(["", f": comment{end}", f"event: x{end}id: 3{end}", end]))
        space = draw(st.sampled_from([" ", ""])) if not data[0].startswith(" ") else " "
        text += "".join(
            f"data:{' ' if line.startswith(' ') else space}{line}{end}" for line in data
        )
        text += end
        expected.append("\n".join(data).encode())
    if expected and draw(st.booleans()):
        text = text.removesuffix(end)  # the blank line after the last event
    return text.encode(), expected


@given(stream=event_streams(), cuts=st.lists(st.integers(0, 200)))
def test_events_are_the_same_wherever_the_bytes_are_cut(
    stream: tuple[bytes, list[bytes]], cuts: list[int]
) -> None:
    data, expected = stream
    splitter = SseSplitter()
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    events = [event for start, end in pairwise(places) for event in splitter.feed(data[start:end])]
    assert [*events, *splitter.close()] == expected


@pytest.mark.parametrize("piece", [1000, LINE_LIMIT, 10 * LINE_LIMIT])
def test_a_line_beyond_the_limit_is_refused_before_it_is_kept(piece: int) -> None:
    splitter = SseSplitter()
    taken = LINE_LIMIT // piece * piece if piece < LINE_LIMIT else 0
    for _ in range(taken // piece):
        assert list(splitter.feed(b"x" * piece)) == []
    with pytest.raises(BadStream):
        list(splitter.feed(b"x" * (piece + 1)))


def test_a_line_at_the_limit_is_read() -> None:
    line = b"data:" + b"x" * (LINE_LIMIT - 7)
    assert list(SseSplitter().feed(line + b"\n\n")) == [line[5:]]


# --- chunks --------------------------------------------------------------------------------------


speech = st.lists(
    st.text(st.characters(codec="utf-8"), min_size=1)
    | st.sampled_from(["<think>", "</think>", "<", "<th", "ink>", "</", "think>"]),
    max_size=8,
)


@given(texts=speech, cuts=st.lists(st.integers(0, 2000), max_size=6))
def test_chunks_are_the_same_wherever_the_bytes_are_cut(texts: list[str], cuts: list[int]) -> None:
    data = b"".join(delta(content=text) for text in texts) + FINISH
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(places)]
    assert decode(*pieces) == decode(data)


@given(texts=speech)
def test_thinking_between_tags_is_never_speech_wherever_the_tags_are_cut(texts: list[str]) -> None:
    chunks = decode(*(delta(content=text) for text in texts), FINISH)
    said, thought, thinking = "", "", False
    for part in re.split(r"(</?think>)", "".join(texts)):
        if part in {"<think>", "</think>"}:
            thinking = part == "<think>"
        elif thinking:
            thought += part
        else:
            said += part
    assert joined(chunks, Text) == said
    assert joined(chunks, Reasoning) == thought


def test_thinking_has_many_names() -> None:
    chunks = decode(delta(reasoning_content="A"), delta(reasoning="B"), delta(content="C"), FINISH)
    assert chunks[:3] == [Reasoning("A"), Reasoning("B"), Text("C")]


def test_a_field_said_under_two_names_is_heard_once() -> None:
    assert joined(decode(delta(reasoning_content="A", reasoning="A"), FINISH), Reasoning) == "A"


def test_there_is_one_usage_and_one_finish_whatever_comes_twice() -> None:
    usage = told(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 2})
    chunks = decode(delta(content="A"), FINISH, FINISH, usage, usage, b"data: [DONE]\n\n" * 2)
    assert [type(chunk) for chunk in chunks] == [Text, UsageReport, Finish]


def test_nothing_is_heard_after_the_end() -> None:
    assert joined(decode(FINISH, b"data: [DONE]\n\n", delta(content="late")), Text) == ""


def test_the_end_marker_alone_is_not_the_end_of_an_answer() -> None:
    with pytest.raises(TruncatedStream):
        decode(delta(content="A"), b"data: [DONE]\n\n")


def test_a_last_event_without_its_blank_line_counts() -> None:
    assert isinstance(decode(delta(content="A"), FINISH.rstrip())[-1], Finish)


def test_what_is_unknown_is_ignored() -> None:
    chunks = decode(
        b": hello\n\n",
        told(choices=[], prompt_filter_results=[]),
        told(choices=None),
        told(choices=[{"index": 1, "delta": {"content": "another choice"}}]),
        told(choices=[{"index": 0, "delta": {"role": "assistant", "tool_calls": None}}]),
        told(choices=[{"index": 0}]),
        delta(content=None),
        FINISH,
    )
    assert [type(chunk) for chunk in chunks] == [UsageReport, Finish]


@pytest.mark.parametrize(
    ("report", "usage"),
    [
        (
            {"prompt_tokens": 10, "completion_tokens": 4, "prompt_cache_hit_tokens": 6},
            Usage(input_tokens=10, output_tokens=4, cached_tokens=6),
        ),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 4,
                "total_tokens": 14,
                "prompt_tokens_details": {"cached_tokens": 99},
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            Usage(input_tokens=10, output_tokens=4, cached_tokens=10, reasoning_tokens=3),
        ),
        (
            {
                "prompt_tokens": 12,
                "completion_tokens": 2,
                "total_tokens": 354,
                "completion_tokens_details": {"reasoning_tokens": 340},
            },
            Usage(input_tokens=12, output_tokens=342, reasoning_tokens=340),
        ),
        (
            {"prompt_tokens": 10, "completion_tokens": 0},
            Usage(input_tokens=7, output_tokens=2, estimated=True),
        ),
        (
            {"prompt_tokens": True, "completion_tokens": 1.5},
            Usage(input_tokens=7, output_tokens=2, estimated=True),
        ),
    ],
)
def test_usage_is_read_if_it_can_be_right(report: dict[str, object], usage: Usage) -> None:
    assert UsageReport(usage) in decode(
        delta(content="seven.."), FINISH, told(choices=[], usage=report)
    )


def test_a_runaway_text_is_cut_at_its_limit_and_ends_as_too_long() -> None:
    decoder = ChatDecoder(text_limit=10)
    chunks = [*decoder.feed(delta(content="12345678") * 3)]
    assert joined(chunks, Text) == "1234567812"
    assert decoder.done
    assert [*decoder.close()][-1] == Finish(reason="length", raw_reason="length")


@given(data=st.binary(max_size=400))
def test_no_bytes_do_worse_than_fail_with_a_name(data: bytes) -> None:
    decoder = ChatDecoder()
    try:
        for _ in decoder.feed(b"data: " + data + b"\n\n"):
            pass
        decoder.close()
    except (BadStream, TruncatedStream):
        return
    pytest.fail("a finish reason cannot come from noise")


# --- requests ------------------------------------------------------------------------------------


def request(*messages: PromptMessage, **fields: object) -> GenerationRequest:
    return GenerationRequest(
        **{"model": "m1", "system": "You are.", "messages": messages, **fields}  # type: ignore[arg-type] - fields of one test
    )


def others(text: str) -> PromptMessage:
    return PromptMessage("others", (TextPart(text),))


def own(text: str) -> PromptMessage:
    return PromptMessage("self", (TextPart(text),))


def test_each_member_has_its_own_name_for_the_length() -> None:
    asked = request(others("Hi"), max_output_tokens=99)
    assert encode(asked, OPENAI)["max_completion_tokens"] == 99
    for member in (DEEPSEEK, LM_STUDIO, COMPATIBLE):
        body = encode(asked, member)
        assert body["max_tokens"] == 99
        assert "max_completion_tokens" not in body


def test_openai_takes_four_stop_strings() -> None:
    asked = request(others("Hi"), stop=("a", "b", "c", "d", "e"))
    assert encode(asked, OPENAI)["stop"] == ["a", "b", "c", "d"]
    assert encode(asked, COMPATIBLE)["stop"] == ["a", "b", "c", "d", "e"]
    assert "stop" not in encode(request(others("Hi")), OPENAI)


def test_knobs_are_sent_only_when_set() -> None:
    body = encode(request(others("Hi"), temperature=0.0, seed=3), COMPATIBLE)
    assert (body["temperature"], body["seed"]) == (0.0, 3)
    assert "top_p" not in body


def test_deepseek_thinks_only_when_asked() -> None:
    assert encode(request(others("Hi")), DEEPSEEK)["thinking"] == {"type": "disabled"}
    thinking = encode(request(others("Hi"), thinking="high"), DEEPSEEK)
    assert thinking["thinking"] == {"type": "enabled"}
    assert thinking["max_tokens"] > 256


@pytest.mark.parametrize(
    ("model", "effort"),
    [
        ("gpt-5.1", "none"),
        ("gpt-6-luna", "none"),
        ("gpt-5-mini", "minimal"),
        ("gpt-5.1-codex", "low"),
        ("gpt-6-astra", "low"),
        ("o4-mini", "low"),
        ("gpt-4o", None),
    ],
)
def test_a_model_that_always_thinks_gets_room_and_no_sampling_knobs(
    model: str, effort: str | None
) -> None:
    body = encode(request(others("Hi"), model=model, temperature=0.8, stop=("\n",)), OPENAI)
    assert body.get("reasoning_effort") == effort
    assert ("temperature" in body) is (effort is None)
    assert ("stop" in body) is (effort is None)
    assert (body["max_completion_tokens"] > 256) is (effort is not None)


def test_local_templates_get_alternating_roles_that_others_begin() -> None:
    asked = request(own("A"), others("B"), others("C"), own("D"), others("E"))
    roles = [(m["role"], m["content"]) for m in encode(asked, LM_STUDIO)["messages"]]
    assert roles == [
        ("system", "You are."),
        ("user", "…"),
        ("assistant", "A"),
        ("user", "B\n\nC"),
        ("assistant", "D"),
        ("user", "E"),
    ]
    assert len(encode(asked, OPENAI)["messages"]) == 6
    assert encode(request(), LM_STUDIO)["messages"][-1] == {"role": "user", "content": "…"}


def test_pictures_travel_as_data_urls() -> None:
    picture = PromptMessage("others", (TextPart("Look:"), ImagePart("image/png", b"\x89PNG")))
    (_, message) = encode(request(picture), OPENAI)["messages"]
    assert message["content"] == [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
    ]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://127.0.0.1:1234", "http://127.0.0.1:1234/v1"),
        ("http://127.0.0.1:1234/", "http://127.0.0.1:1234/v1"),
        ("http://127.0.0.1:1234/v1/", "http://127.0.0.1:1234/v1"),
        ("https://router.test/openai/v1", "https://router.test/openai/v1"),
    ],
)
def test_a_base_url_without_a_path_means_the_first_version(given: str, meant: str) -> None:
    assert with_version(given) == meant
