"""The formats of Anthropic, Gemini, Ollama and OpenAI Responses: what is asked, what bytes mean."""

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.core.errors import BadStream, ProviderDown, ProviderError, TruncatedStream
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
from chimera.providers import anthropic, gemini, ollama, responses
from chimera.providers.anthropic import AnthropicDecoder
from chimera.providers.framing import LINE_LIMIT, LineSplitter, ObjectSplitter, Splitter
from chimera.providers.gemini import GeminiDecoder
from chimera.providers.ollama import OllamaDecoder
from chimera.providers.responses import ResponsesDecoder
from chimera.providers.transport import Decoder

MARK = {"type": "ephemeral"}


def cut(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = [0, *sorted(min(each, len(data)) for each in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


# --- framing -------------------------------------------------------------------------------------


values = st.recursive(
    st.none() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
objects = st.lists(st.dictionaries(st.text(max_size=6), values, max_size=3), max_size=4)
places = st.lists(st.integers(0, 300), max_size=8)


def split(splitter: Splitter, pieces: Sequence[bytes]) -> list[object]:
    found = [payload for piece in pieces for payload in splitter.feed(piece)]
    return [json.loads(payload) for payload in [*found, *splitter.close()] if payload.strip()]


@given(sent=objects, cuts=places, indent=st.sampled_from([None, 2]), escape=st.booleans())
def test_an_array_is_read_object_by_object_wherever_it_is_cut(
    sent: list[object], cuts: list[int], indent: int | None, escape: bool
) -> None:
    data = json.dumps(sent, indent=indent, ensure_ascii=escape).encode()
    assert split(ObjectSplitter(), cut(data, cuts)) == sent
    assert split(ObjectSplitter(), cut(data, range(len(data)))) == sent


@given(sent=objects, cuts=places, end=st.sampled_from([b"\n", b"\r\n"]), last=st.booleans())
def test_lines_are_the_same_wherever_they_are_cut(
    sent: list[object], cuts: list[int], end: bytes, last: bool
) -> None:
    data = end.join(json.dumps(each, ensure_ascii=False).encode() for each in sent)
    data += end * last
    assert split(LineSplitter(), cut(data, cuts)) == sent
    assert split(LineSplitter(), cut(data, range(len(data)))) == sent


def test_an_object_is_not_given_before_it_is_whole() -> None:
    splitter = ObjectSplitter()
    assert list(splitter.feed(b'[{"a": {"b": "}"')) == []
    assert list(splitter.feed(b"}}, {")) == [b'{"a": {"b": "}"}}']


@pytest.mark.parametrize("splitter", [ObjectSplitter, LineSplitter])
@pytest.mark.parametrize("piece", [1000, 10 * LINE_LIMIT])
def test_no_more_is_kept_than_the_limit(splitter: Callable[[], Splitter], piece: int) -> None:
    made, taken = splitter(), LINE_LIMIT // (piece + 2)
    for _ in range(taken):
        assert list(made.feed(b'{"' + b"x" * piece)) == []
    with pytest.raises(BadStream):
        list(made.feed(b'{"' + b"x" * piece))


# --- answers -------------------------------------------------------------------------------------


def sse(**fields: Any) -> bytes:
    return f"data: {json.dumps(fields, ensure_ascii=False)}\n\n".encode()


def lines(**fields: Any) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def message_answer(texts: list[tuple[bool, str]]) -> bytes:
    pieces = [
        sse(type="content_block_delta", delta={"thinking" if thought else "text": text})
        for thought, text in texts
    ]
    stop = sse(type="message_delta", delta={"stop_reason": "end_turn"})
    return b"".join([*pieces, stop, sse(type="message_stop")])


def gemini_events(texts: list[tuple[bool, str]]) -> list[dict[str, Any]]:
    parts = [{"text": text, "thought": thought} for thought, text in texts]
    said = [{"candidates": [{"content": {"parts": [part]}}]} for part in parts]
    return [*said, {"candidates": [{"finishReason": "STOP"}]}]


def gemini_answer(texts: list[tuple[bool, str]]) -> bytes:
    return b"".join(sse(**each) for each in gemini_events(texts))


def gemini_array(texts: list[tuple[bool, str]]) -> bytes:
    return json.dumps(gemini_events(texts), indent=1, ensure_ascii=False).encode()


def ollama_answer(texts: list[tuple[bool, str]]) -> bytes:
    pieces = [
        lines(message={"thinking" if thought else "content": text}) for thought, text in texts
    ]
    return b"".join([*pieces, lines(done=True, done_reason="stop")])


def responses_answer(texts: list[tuple[bool, str]]) -> bytes:
    kinds = {True: "response.reasoning_text.delta", False: "response.output_text.delta"}
    pieces = [sse(type=kinds[thought], delta=text) for thought, text in texts]
    return b"".join([*pieces, sse(type="response.completed", response={})])


FORMATS = [
    (AnthropicDecoder, message_answer),
    (GeminiDecoder, gemini_answer),
    (GeminiDecoder, gemini_array),
    (OllamaDecoder, ollama_answer),
    (ResponsesDecoder, responses_answer),
]
each_format = pytest.mark.parametrize(
    ("make", "answer"), FORMATS, ids=["anthropic", "gemini", "array", "ollama", "responses"]
)
#: Without the beginnings of tags, which one of the formats holds back.
words = st.text(st.characters(codec="utf-8", exclude_characters="<"), min_size=1)
spoken = st.lists(st.tuples(st.booleans(), words), max_size=6)


def decode(decoder: Decoder, pieces: Sequence[bytes]) -> list[Chunk]:
    fed = [chunk for piece in pieces for chunk in decoder.feed(piece)]
    return [*fed, *decoder.close()]


@each_format
@given(texts=spoken, cuts=places)
def test_speech_and_thinking_are_told_apart_wherever_the_bytes_are_cut(
    make: Callable[[], Decoder],
    answer: Callable[[list[tuple[bool, str]]], bytes],
    texts: list[tuple[bool, str]],
    cuts: list[int],
) -> None:
    data = answer(texts)
    chunks = decode(make(), cut(data, cuts))
    assert chunks[:-2] == [Reasoning(text) if thought else Text(text) for thought, text in texts]
    assert isinstance(chunks[-2], UsageReport)
    assert isinstance(chunks[-1], Finish)


@each_format
@given(data=st.binary(max_size=300))
def test_no_bytes_do_worse_than_fail_with_a_name(
    make: Callable[[], Decoder], answer: object, data: bytes
) -> None:
    for framed in (data, b"data: " + data + b"\n\n", b"[" + data):
        with pytest.raises((BadStream, TruncatedStream)):
            decode(make(), [framed])


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
KNOWN = (
    "type", "delta", "message", "usage", "content_block", "error", "candidates", "usageMetadata",
    "promptFeedback", "done", "done_reason", "model", "response", "modelVersion", "eval_count",
)  # fmt: skip
TYPES = (
    "message_start", "message_delta", "message_stop", "content_block_delta", "error",
    "response.completed", "response.output_text.delta", "response.failed",
)  # fmt: skip


@each_format
@given(
    events=st.lists(
        st.dictionaries(st.sampled_from(KNOWN), odd | st.sampled_from(TYPES)), max_size=5
    )
)
def test_no_event_is_too_odd_to_be_read_or_refused(
    make: Callable[[], Decoder], answer: object, events: list[dict[str, Any]]
) -> None:
    for framing in (sse, lines):
        try:
            decode(make(), [framing(**event) for event in events])
        except ProviderError:
            continue


@each_format
def test_a_runaway_text_is_cut_at_its_limit(
    make: Callable[..., Decoder], answer: Callable[[list[tuple[bool, str]]], bytes]
) -> None:
    chunks = decode(make(text_limit=10), [answer([(False, "12345678")] * 3)])
    assert "".join(chunk.text for chunk in chunks if isinstance(chunk, Text)) == "1234567812"
    assert chunks[-1] == Finish(reason="length", raw_reason="length")


def test_anthropic_counts_cached_tokens_apart_and_we_among_the_others() -> None:
    start = {"input_tokens": 5, "cache_read_input_tokens": 100, "output_tokens": 1}
    start["cache_creation_input_tokens"] = 20
    data = sse(type="message_start", message={"usage": start})
    data += sse(type="message_delta", delta={}, usage={"output_tokens": 9, "input_tokens": None})
    (report, _) = decode(AnthropicDecoder(), [data + sse(type="message_stop")])
    assert report == UsageReport(
        Usage(input_tokens=125, output_tokens=9, cached_tokens=100, cache_write_tokens=20)
    )


def test_gemini_bills_thinking_as_output_and_the_last_count_stands() -> None:
    counts = {"promptTokenCount": 18, "candidatesTokenCount": 31, "thoughtsTokenCount": 35}
    last = {**counts, "candidatesTokenCount": 80, "cachedContentTokenCount": 10}
    data = sse(candidates=[{"content": {"parts": [{"text": "1"}]}}], usageMetadata=counts)
    data += sse(candidates=[{"finishReason": "STOP"}], usageMetadata=last)
    (_, report, _) = decode(GeminiDecoder(), [data])
    assert report == UsageReport(
        Usage(input_tokens=18, output_tokens=115, cached_tokens=10, reasoning_tokens=35)
    )


def test_a_failure_that_openai_puts_into_an_error_event_has_its_name() -> None:
    with pytest.raises(ProviderDown, match="it broke"):
        decode(ResponsesDecoder(), [sse(type="error", code="server_error", message="it broke")])


def test_thinking_that_ollama_leaves_inline_is_not_speech() -> None:
    texts = ["<thi", "nk>Hm.</th", "ink>Tea.", "<"]
    data = b"".join(lines(message={"content": text}) for text in texts) + lines(done=True)
    assert decode(OllamaDecoder(), [data])[:3] == [Reasoning("Hm."), Text("Tea."), Text("<")]


# --- requests ------------------------------------------------------------------------------------


def request(*messages: PromptMessage, **fields: object) -> GenerationRequest:
    return GenerationRequest(
        **{"model": "m1", "system": "You are.", "messages": messages, **fields}  # type: ignore[arg-type] - fields of one test
    )


def others(*texts: str) -> PromptMessage:
    return PromptMessage("others", tuple(map(TextPart, texts)))


def own(text: str) -> PromptMessage:
    return PromptMessage("self", (TextPart(text),))


PICTURE = PromptMessage("others", (TextPart("Look:"), ImagePart("image/png", b"\x89PNG")))


def block(text: str, **fields: object) -> dict[str, object]:
    return {"type": "text", "text": text, **fields}


def test_anthropic_hears_alternating_roles_that_others_begin_and_end() -> None:
    body = anthropic.encode(request(own("A"), others("B"), others("C"), own("D")))
    assert [(each["role"], each["content"]) for each in body["messages"]] == [
        ("user", [block("…")]),
        ("assistant", [block("A")]),
        ("user", [block("B"), block("C")]),
        ("assistant", [block("D")]),
        ("user", [block("…")]),
    ]
    assert body["system"] == [block("You are.", cache_control=MARK)]
    assert anthropic.encode(request(others("A", " ", "\n")))["messages"] == [
        {"role": "user", "content": [block("A")]}
    ]


@pytest.mark.parametrize("first", [(), (others("Topic"),)])
def test_anthropic_may_keep_what_will_stay_the_same(first: tuple[PromptMessage, ...]) -> None:
    messages = (*first, own("A"), others("B"), own("C"), others("D", "tail"))
    body = anthropic.encode(request(*messages, cache_hint=len(messages) - 1))
    marked = [
        each["text"]
        for message in body["messages"]
        for each in message["content"]
        if "cache_control" in each
    ]
    assert marked == ["C"]
    unmarked = json.dumps(anthropic.encode(request(*messages))["messages"])
    assert "cache_control" not in unmarked


@pytest.mark.parametrize(
    ("model", "thinking", "fields", "temperature"),
    [
        ("claude-3-5-haiku-latest", "off", {}, 1.0),
        ("claude-3-5-haiku-latest", "high", {}, 1.0),
        ("claude-sonnet-4-20250514", "off", {"thinking": {"type": "disabled"}}, 1.0),
        ("claude-opus-4-6", "off", {"thinking": {"type": "disabled"}}, 1.0),
        ("claude-opus-4-7", "off", {"thinking": {"type": "disabled"}}, None),
        ("claude-haiku-5-5", "off", {"thinking": {"type": "disabled"}}, None),
        ("claude-fable-5", "off", {"output_config": {"effort": "low"}}, None),
        (
            "claude-haiku-4-5-20251001",
            "low",
            {"thinking": {"type": "enabled", "budget_tokens": 1024}},
            None,
        ),
        (
            "claude-opus-5",
            "high",
            {
                "thinking": {"type": "adaptive", "display": "summarized"},
                "output_config": {"effort": "high"},
            },
            None,
        ),
    ],
)
def test_each_generation_of_anthropic_takes_its_own_knobs(
    model: str, thinking: str, fields: dict[str, object], temperature: float | None
) -> None:
    body = anthropic.encode(
        request(others("Hi"), model=model, thinking=thinking, temperature=1.2, top_p=0.9)
    )
    told = {name: body[name] for name in ("thinking", "output_config") if name in body}
    assert told == fields
    assert body.get("temperature") == temperature
    assert "top_p" not in body
    thinks = fields and fields.get("thinking") != {"type": "disabled"}
    assert (body["max_tokens"] > 256) is bool(thinks)


def test_anthropic_takes_no_stop_string_of_space() -> None:
    body = anthropic.encode(request(others("Hi"), stop=("\n", "\nPoet:")))
    assert body["stop_sequences"] == ["\nPoet:"]
    assert "stop_sequences" not in anthropic.encode(request(others("Hi"), stop=("\n",)))


@pytest.mark.parametrize(
    ("model", "thinking", "setting", "room"),
    [
        ("gemini-2.0-flash", "off", None, False),
        ("gemini-2.5-flash", "off", {"thinkingBudget": 0}, False),
        ("gemini-2.5-pro", "off", {"thinkingBudget": 128}, True),
        ("gemini-2.5-flash", "low", {"thinkingBudget": 1024, "includeThoughts": True}, True),
        ("gemini-3-flash-preview", "off", {"thinkingLevel": "minimal"}, True),
        ("gemini-3.8-flash", "off", {"thinkingLevel": "low"}, True),
        ("gemini-4-argon", "high", {"thinkingLevel": "high", "includeThoughts": True}, True),
    ],
)
def test_each_generation_of_gemini_is_told_to_think_little_in_its_own_words(
    model: str, thinking: str, setting: object, room: bool
) -> None:
    body = gemini.encode(request(others("Hi"), model=model, thinking=thinking))
    settings = body["generationConfig"]
    assert settings.get("thinkingConfig") == setting
    assert (settings["maxOutputTokens"] > 256) is room


def test_gemini_hears_its_own_roles_and_names() -> None:
    asked = request(own("A"), others("B"), temperature=0.0, seed=3, stop=tuple("abcdef"))
    assert gemini.encode(asked) == {
        "contents": [
            {"role": "user", "parts": [{"text": "…"}]},
            {"role": "model", "parts": [{"text": "A"}]},
            {"role": "user", "parts": [{"text": "B"}]},
        ],
        "systemInstruction": {"parts": [{"text": "You are."}]},
        "generationConfig": {
            "maxOutputTokens": 256 + 2048,
            "temperature": 0.0,
            "seed": 3,
            "stopSequences": list("abcde"),
            "thinkingConfig": {"thinkingLevel": "low"},
        },
    }


def test_ollama_gets_its_knobs_as_options() -> None:
    asked = request(others("Hi"), temperature=0.5, top_p=0.9, seed=3, stop=("\nPoet:",))
    assert ollama.encode(asked, keep_alive="-1") == {
        "model": "m1",
        "messages": [
            {"role": "system", "content": "You are."},
            {"role": "user", "content": "Hi"},
        ],
        "stream": True,
        "keep_alive": -1,
        "think": False,
        "options": {
            "num_predict": 256, "temperature": 0.5, "top_p": 0.9, "seed": 3, "stop": ["\nPoet:"],
        },
    }  # fmt: skip
    assert ollama.encode(asked, keep_alive="1h30m")["keep_alive"] == "1h30m"


@pytest.mark.parametrize(
    ("model", "thinking", "think"),
    [
        ("qwen3:8b", "low", None),
        ("gpt-oss:20b", "off", "low"),
        ("someone/gpt-oss", "high", "high"),
    ],
)
def test_ollama_is_not_told_to_think_by_models_that_may_not_know_how(
    model: str, thinking: str, think: str | None
) -> None:
    body = ollama.encode(request(others("Hi"), model=model, thinking=thinking))
    assert body.get("think") == think
    assert body["options"]["num_predict"] > 256


def test_openai_is_asked_to_keep_nothing() -> None:
    asked = request(own("A"), others("B"), model="gpt-5.1", temperature=0.5, stop=("\n",))
    assert responses.encode(asked) == {
        "model": "gpt-5.1",
        "input": [
            {"role": "developer", "content": "You are."},
            {"role": "assistant", "content": "A"},
            {"role": "user", "content": "B"},
        ],
        "max_output_tokens": 256 + 2048,
        "store": False,
        "stream": True,
        "stream_options": {"include_obfuscation": False},
        "reasoning": {"effort": "none"},
    }
    assert "reasoning" not in responses.encode(request(others("B"), model="gpt-5.2-pro"))


def test_pictures_travel_in_each_formats_own_way() -> None:
    data = "iVBORw=="
    assert anthropic.encode(request(PICTURE))["messages"][0]["content"][1] == {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": data},
    }
    assert gemini.encode(request(PICTURE))["contents"][0]["parts"][1] == {
        "inlineData": {"mimeType": "image/png", "data": data}
    }
    assert ollama.encode(request(PICTURE))["messages"][1] == {
        "role": "user", "content": "Look:", "images": [data],
    }  # fmt: skip
    assert responses.encode(request(PICTURE, model="gpt-5"))["input"][1]["content"] == [
        {"type": "input_text", "text": "Look:"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{data}"},
    ]
