"""What the services' own SDKs make of the same bytes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anthropic
import google.genai.types as genai_types
import httpx
import httpx2
import ollama
import openai
from google import genai

NOWHERE = "http://127.0.0.1"


@dataclass(slots=True)
class Oracle:
    """An answer as an SDK gives it."""

    text: str = ""
    thought: str = ""
    finish: str | None = None
    usage: Any = None
    #: Read and written, where the SDK counts.
    tokens: tuple[int, int] | None = None


def _answering(data: bytes) -> httpx2.Client:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=data)

    return httpx2.Client(transport=httpx2.MockTransport(answer))


def ask_openai_chat(data: bytes) -> Oracle:
    oracle = Oracle()
    with (
        _answering(data) as http,
        openai.OpenAI(api_key="none", base_url=NOWHERE, max_retries=0, http_client=http) as sdk,
    ):
        for chunk in sdk.chat.completions.create(model="m", messages=[], stream=True):
            oracle.usage = chunk.usage or oracle.usage
            for choice in chunk.choices:
                extra = choice.delta.model_extra or {}
                thought = extra.get("reasoning_content") or extra.get("reasoning") or ""
                oracle.thought += thought
                oracle.text += choice.delta.content or ""
                oracle.finish = choice.finish_reason or oracle.finish
    if oracle.usage:
        # One service leaves thinking out of the completion, but not out of the total.
        read = oracle.usage.prompt_tokens
        oracle.tokens = (read, oracle.usage.total_tokens - read)
    return oracle


def ask_openai_responses(data: bytes) -> Oracle:
    oracle = Oracle()
    with (
        _answering(data) as http,
        openai.OpenAI(api_key="none", base_url=NOWHERE, max_retries=0, http_client=http) as sdk,
    ):
        for event in sdk.responses.create(model="m", input="", stream=True):
            match event.type:
                case "response.output_text.delta":
                    oracle.text += event.delta
                case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                    oracle.thought += event.delta
                case "response.completed" | "response.incomplete":
                    oracle.finish = event.response.status
                    oracle.usage = event.response.usage
                case _:
                    pass
    oracle.tokens = (oracle.usage.input_tokens, oracle.usage.output_tokens)
    return oracle


def ask_anthropic(data: bytes) -> Oracle:
    oracle = Oracle()
    with (
        _answering(data) as http,
        anthropic.Anthropic(
            api_key="none", base_url=NOWHERE, max_retries=0, http_client=http
        ) as sdk,
        sdk.messages.stream(model="m", max_tokens=9, messages=[]) as stream,
    ):
        message = stream.get_final_message()
    for block in message.content:
        if block.type == "text":
            oracle.text += block.text
        elif block.type == "thinking":
            oracle.thought += block.thinking
    oracle.finish, oracle.usage = message.stop_reason, message.usage
    cached = (oracle.usage.cache_read_input_tokens or 0) + (
        oracle.usage.cache_creation_input_tokens or 0
    )
    oracle.tokens = (oracle.usage.input_tokens + cached, oracle.usage.output_tokens)
    return oracle


def ask_gemini(data: bytes) -> Oracle:
    if data.lstrip().startswith((b"[", b"{")):
        # The SDK only ever asks for events, so it gets the same objects as events.
        array = data if data.lstrip().startswith(b"[") else b"[%b]" % data
        objects: list[object] = json.loads(array)
        data = b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in objects)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=data)

    oracle = Oracle()
    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        options = genai_types.HttpOptions(httpx_client=http, base_url=NOWHERE)
        sdk = genai.Client(api_key="none", http_options=options)
        for chunk in sdk.models.generate_content_stream(model="m", contents="x"):
            oracle.usage = chunk.usage_metadata or oracle.usage
            for candidate in chunk.candidates or ():
                reason = candidate.finish_reason
                oracle.finish = reason.value if reason else oracle.finish
                for part in (candidate.content.parts if candidate.content else None) or ():
                    if part.thought:
                        oracle.thought += part.text or ""
                    else:
                        oracle.text += part.text or ""
    usage = oracle.usage
    written = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
    oracle.tokens = (usage.prompt_token_count or 0, written)
    return oracle


def ask_ollama(data: bytes) -> Oracle:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "application/x-ndjson"}, content=data)

    oracle = Oracle()
    sdk = ollama.Client(host=NOWHERE, transport=httpx.MockTransport(answer))
    for chunk in sdk.chat(model="m", messages=[], stream=True):
        oracle.text += chunk.message.content or ""
        oracle.thought += chunk.message.thinking or ""
        oracle.finish = chunk.done_reason or oracle.finish
        if chunk.done:
            oracle.tokens = (chunk.prompt_eval_count or 0, chunk.eval_count or 0)
    sdk._client.close()
    return oracle


ORACLES: Mapping[str, Callable[[bytes], Oracle]] = {
    "chat": ask_openai_chat,
    "responses": ask_openai_responses,
    "anthropic": ask_anthropic,
    "gemini": ask_gemini,
    "ollama": ask_ollama,
}
