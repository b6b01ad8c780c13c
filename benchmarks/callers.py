"""One caller of the talking service, in a fresh process: our adapter or a service's own SDK.

    python -m benchmarks.callers STACK WHAT PORT STREAMS

Prints one JSON object. Everything is done on the loop that serves the house.
"""
# ruff: noqa: PLC0415 – only the stack that is measured may be loaded

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from datetime import UTC, datetime
from statistics import quantiles
from typing import Any

import psutil
import uvloop

#: How many streams a figure of a single chunk is taken from.
PACED_STREAMS = 60
#: Seconds of a paced run that are not counted, and those that are.
WARM_UP = 1.5
COUNTED = 5.0
#: Seconds between two streams that are cancelled.
_SILENCE = 0.06


class _Clock:
    """The machine's; the house's own would bring the whole engine with it."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


#: The texts of one answer, whoever reads it.
Answer = AsyncGenerator[str]
Ask = Callable[[], Answer]


def _ours(name: str) -> Callable[[str], Ask]:
    """The adapter of a provider as the house uses it."""

    def build(root: str) -> Ask:
        from chimera.core.generation import GenerationRequest, PromptMessage, Text, TextPart
        from chimera.providers.addresses import origin_of
        from chimera.providers.anthropic import AnthropicProvider
        from chimera.providers.compatible import COMPATIBLE, CompatibleProvider
        from chimera.providers.gemini import GeminiProvider
        from chimera.providers.ollama import OllamaProvider
        from chimera.providers.transport import Transport

        transport = Transport(clock=_Clock(), allowed=[origin_of(root)])
        provider = {
            "chat": lambda: CompatibleProvider(
                COMPATIBLE, transport=transport, base_url=f"{root}/v1"
            ),
            "anthropic": lambda: AnthropicProvider(transport=transport, base_url=f"{root}/v1"),
            "gemini": lambda: GeminiProvider(transport=transport, base_url=f"{root}/v1beta"),
            "ollama": lambda: OllamaProvider(transport=transport, base_url=root),
        }[name]()
        request = GenerationRequest(
            model="m1",
            system="You are the Philosopher.",
            messages=(PromptMessage("others", (TextPart("What is tea?"),)),),
            max_output_tokens=30_000,
        )

        async def ask() -> Answer:
            async with aclosing(provider.stream(request)) as chunks:
                async for chunk in chunks:
                    if isinstance(chunk, Text):
                        yield chunk.text

        return ask

    return build


def _openai(root: str) -> Ask:
    import openai

    sdk = openai.AsyncOpenAI(api_key="none", base_url=f"{root}/v1", max_retries=0)

    async def ask() -> Answer:
        stream = await sdk.chat.completions.create(
            model="m1", messages=[{"role": "user", "content": "What is tea?"}], stream=True
        )
        async with stream:
            async for chunk in stream:
                if chunk.choices and chunk.choices[0].delta.content:
                    yield chunk.choices[0].delta.content

    return ask


def _anthropic(root: str) -> Ask:
    import anthropic

    sdk = anthropic.AsyncAnthropic(api_key="none", base_url=root, max_retries=0)

    async def ask() -> Answer:
        stream = await sdk.messages.create(
            model="m1", max_tokens=30_000, stream=True,
            messages=[{"role": "user", "content": "What is tea?"}],
        )  # fmt: skip
        async with stream:
            async for event in stream:
                if event.type == "content_block_delta" and event.delta.type == "text_delta":
                    yield event.delta.text

    return ask


def _gemini(root: str) -> Ask:
    from google import genai
    from google.genai.types import HttpOptions

    sdk = genai.Client(api_key="none", http_options=HttpOptions(base_url=root))

    async def ask() -> Answer:
        stream = await sdk.aio.models.generate_content_stream(model="m1", contents="What is tea?")
        async for chunk in stream:
            if chunk.text:
                yield chunk.text

    return ask


def _ollama(root: str) -> Ask:
    import ollama

    sdk = ollama.AsyncClient(host=root)

    async def ask() -> Answer:
        messages = [{"role": "user", "content": "What is tea?"}]
        async for chunk in await sdk.chat(model="m1", messages=messages, stream=True):
            if chunk.message.content:
                yield chunk.message.content

    return ask


STACKS: dict[str, Callable[[str], Ask]] = {
    "ours-chat": _ours("chat"),
    "ours-anthropic": _ours("anthropic"),
    "ours-gemini": _ours("gemini"),
    "ours-ollama": _ours("ollama"),
    "openai": _openai,
    "anthropic": _anthropic,
    "google-genai": _gemini,
    "ollama": _ollama,
}
Figures = dict[str, Any]


async def paced(ask: Ask, streams: int) -> Figures:
    """What a word costs while many streams talk at their own pace, and how late it is heard."""
    words = 0
    late: list[float] = []

    async def listen() -> None:
        nonlocal words
        async with aclosing(ask()) as texts:
            async for text in texts:
                words += 1
                if words % 8 == 0:
                    late.append(time.monotonic() - float(text))

    tasks = list[asyncio.Task[None]]()
    for _ in range(streams):
        tasks.append(asyncio.ensure_future(listen()))
        await asyncio.sleep(0.5 / streams)
    await asyncio.sleep(WARM_UP)
    begun, spent, before = time.monotonic(), time.process_time(), words
    late.clear()
    await asyncio.sleep(COUNTED)
    spent, took, heard = (
        time.process_time() - spent, time.monotonic() - begun, words - before,
    )  # fmt: skip
    if any(task.done() for task in tasks):
        raise RuntimeError("a stream ended early")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {
        "words": heard,
        "per_second": heard / took,
        "us": 1e6 * spent / heard,
        "share": spent / took,
        "late_p99_ms": 1000 * quantiles(late, n=100)[98],
    }


async def burst(ask: Ask, streams: int) -> Figures:
    """How long the loop is held while everything is there at once, and what a word costs then."""
    words = 0
    lags: list[float] = []

    async def listen() -> None:
        nonlocal words
        async with aclosing(ask()) as texts:
            async for _ in texts:
                words += 1

    async def watch() -> None:
        while True:
            due = time.monotonic() + 0.001
            await asyncio.sleep(0.001)
            lags.append(time.monotonic() - due)

    watcher = asyncio.ensure_future(watch())
    await asyncio.sleep(0.05)
    lags.clear()
    spent = time.process_time()
    await asyncio.gather(*(listen() for _ in range(streams)))
    spent = time.process_time() - spent
    # The moment that was being waited for when the last stream ended counts as well.
    await asyncio.sleep(0.01)
    watcher.cancel()
    return {
        "words": words,
        "us": 1e6 * spent / words,
        "lag_p99_ms": 1000 * quantiles(lags, n=100)[98],
        "lag_max_ms": 1000 * max(lags),
    }


async def cancel(ask: Ask, streams: int) -> Figures:
    """When each of these streams was cancelled in the middle, one after another."""
    left: list[float] = []
    for _ in range(streams):
        heard = asyncio.Event()
        task = asyncio.ensure_future(_listen_until(ask, heard))
        async with asyncio.timeout(5):
            await heard.wait()
        left.append(time.monotonic())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        # One after another, so that the server notices them in the same order.
        await asyncio.sleep(_SILENCE)
    return {"left": left}


async def _listen_until(ask: Ask, heard: asyncio.Event) -> None:
    async with aclosing(ask()) as texts:
        async for _ in texts:
            heard.set()


WHATS: dict[str, Callable[[Ask, int], Coroutine[Any, Any, Figures]]] = {
    "paced": paced, "burst": burst, "cancel": cancel,
}  # fmt: skip
_ACTS = {"paced": "paced", "burst": "burst", "cancel": "hang"}


async def _run(stack: str, what: str, port: str, streams: int) -> Figures:
    ask = STACKS[stack](f"http://127.0.0.1:{port}/{_ACTS[what]}")
    figures = await WHATS[what](ask, streams)
    return figures | {"rss_mb": psutil.Process().memory_info().rss / 2**20}


def main(stack: str, what: str, port: str, streams: str) -> None:
    """Measure, and print the figures."""
    print(json.dumps(uvloop.run(_run(stack, what, port, int(streams)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
