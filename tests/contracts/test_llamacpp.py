"""Models in files: a real llama.cpp with a model that is written on the spot."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

import aiohttp
import psutil
import pytest

from chimera.core.errors import ContextTooLong, InvalidRequest, ProviderDown, UnknownModel
from chimera.core.generation import (
    Chunk,
    Fetches,
    Finish,
    GenerationRequest,
    Preloads,
    PromptMessage,
    Reasoning,
    Text,
    TextPart,
    UsageReport,
)
from chimera.lab.clockwork import LoopClock
from chimera.providers.llamacpp import LlamaCppProvider
from chimera.providers.llamacpp_child import READY
from tiny_gguf import write_llama

CONTEXT = 2048


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models, and what people leave beside them."""
    folder = tmp_path_factory.mktemp("models")
    whole = write_llama(folder / "tiny.gguf").read_bytes()
    write_llama(folder / "other one.gguf", seed=2)
    (folder / "mmproj-tiny.gguf").write_bytes(whole)
    (folder / "big-00002-of-00003.gguf").write_bytes(whole)
    (folder / "notes.gguf").write_text("These are no weights.")
    return folder


@pytest.fixture
async def llama(shelf: Path) -> AsyncGenerator[LlamaCppProvider]:
    provider = LlamaCppProvider(path=shelf, clock=LoopClock(), context=CONTEXT)
    yield provider
    await provider.close()


def request(model: str = "tiny", *, tokens: int = 12, words: str = "hello") -> GenerationRequest:
    return GenerationRequest(
        model=model, system="Be brief.", messages=(PromptMessage("others", (TextPart(words),)),),
        max_output_tokens=tokens, seed=7,
    )  # fmt: skip


async def said(provider: LlamaCppProvider, asked: GenerationRequest) -> list[Chunk]:
    async with asyncio.timeout(30), aclosing(provider.stream(asked)) as chunks:
        return [each async for each in chunks]


def text_of(chunks: Sequence[Chunk]) -> str:
    return "".join(each.text for each in chunks if isinstance(each, Text | Reasoning))


def children() -> set[int]:
    return {each.pid for each in psutil.Process().children() if _plays(each)}


def _plays(process: psutil.Process) -> bool:
    try:
        return "chimera.providers.llamacpp_child" in process.cmdline()
    except psutil.NoSuchProcess:
        # One that has died and was not yet waited for is among them.
        return False


async def test_a_line_comes_in_pieces_with_its_usage_and_its_end(llama: LlamaCppProvider) -> None:
    *pieces, usage, end = await said(llama, request())
    assert len(pieces) > 3
    assert all(isinstance(each, Text | Reasoning) for each in pieces)
    assert isinstance(usage, UsageReport)
    assert (usage.usage.output_tokens, usage.usage.estimated) == (12, False)
    assert usage.usage.input_tokens > 10
    assert isinstance(end, Finish)
    assert end.reason == "length"


async def test_the_same_seed_says_the_same(llama: LlamaCppProvider) -> None:
    first, second = await said(llama, request()), await said(llama, request())
    assert text_of(first) == text_of(second) != ""


async def test_a_model_is_loaded_once_and_stays(llama: LlamaCppProvider) -> None:
    assert [each.loaded for each in await llama.models()] == [False, False]
    await said(llama, request())
    before = children()
    await said(llama, request())
    assert children() == before
    assert len(before) == 1
    assert [(each.id, each.loaded) for each in await llama.models()] == [
        ("tiny", True), ("other-one", False),
    ]  # fmt: skip


async def test_another_model_takes_the_place_of_the_first(llama: LlamaCppProvider) -> None:
    first = text_of(await said(llama, request()))
    await llama.preload("other-one")
    assert [each.id for each in await llama.models() if each.loaded] == ["other-one"]
    assert len(children()) == 1
    assert text_of(await said(llama, request("other-one"))) != first


async def test_leaving_a_line_ends_it_at_once_and_the_next_need_not_wait(
    llama: LlamaCppProvider,
) -> None:
    loop = asyncio.get_running_loop()
    await llama.preload("tiny")
    began = loop.time()
    await said(llama, request(tokens=100))
    hundred = loop.time() - began
    async with aclosing(llama.stream(request(tokens=1900))) as chunks:
        await anext(chunks)
        left = loop.time()
    assert loop.time() - left < 0.05
    await said(llama, request(tokens=2))
    # Nineteen times as long, had the line been finished first.
    assert loop.time() - left < max(0.5, 5 * hundred)


async def test_lines_are_said_one_after_the_other(llama: LlamaCppProvider) -> None:
    await llama.preload("tiny")
    order: list[str] = []

    async def say(name: str) -> None:
        async with aclosing(llama.stream(request(tokens=20))) as chunks:
            async for _ in chunks:
                order.append(name)  # noqa: PERF401 – who comes first is the point

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(say("first"))
        group.create_task(say("second"))
    assert order == sorted(order)


async def test_who_is_cancelled_while_it_loads_leaves_it_loading(llama: LlamaCppProvider) -> None:
    waking = asyncio.ensure_future(llama.preload("tiny"))
    while llama._child is None:  # noqa: ASYNC110 – it does not say when it has started one
        await asyncio.sleep(0.001)
    waking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waking
    before = children()
    await said(llama, request())
    assert children() == before


async def test_a_prompt_that_is_too_long_says_how_much_fits(llama: LlamaCppProvider) -> None:
    with pytest.raises(ContextTooLong) as raised:
        await said(llama, request(words="fish " * 2000))
    assert raised.value.limit == CONTEXT


async def test_a_process_that_dies_is_a_provider_that_is_down_and_started_again(
    llama: LlamaCppProvider,
) -> None:
    await llama.preload("tiny")
    with pytest.raises(ProviderDown):  # noqa: PT012 – the death comes in the middle of the line
        async with aclosing(llama.stream(request(tokens=1800))) as chunks:
            async for _ in chunks:
                for pid in children():
                    psutil.Process(pid).kill()
    assert text_of(await said(llama, request()))


async def test_a_process_that_hangs_while_it_loads_is_ended(shelf: Path) -> None:
    llama = LlamaCppProvider(path=shelf, clock=LoopClock(), context=CONTEXT, load=0.5)
    waking = asyncio.ensure_future(llama.preload("tiny"))
    while not (found := children()):  # noqa: ASYNC110 – it does not say when it has started one
        await asyncio.sleep(0.001)
    for pid in found:
        psutil.Process(pid).suspend()
    with pytest.raises(ProviderDown, match=r"not loaded tiny in 0\.5 s"):
        async with asyncio.timeout(10):
            await waking
    assert not children()


async def test_closing_unloads_it(llama: LlamaCppProvider) -> None:
    await llama.preload("tiny")
    assert children()
    await llama.close()
    assert not children()
    assert [each.loaded for each in await llama.models()] == [False, False]


async def test_an_unknown_model_is_answered_with_those_that_are_there(
    llama: LlamaCppProvider,
) -> None:
    with pytest.raises(UnknownModel, match="other-one, tiny"):
        await said(llama, request("huge"))


async def test_one_file_is_a_model_too(shelf: Path) -> None:
    provider = LlamaCppProvider(path=shelf / "tiny.gguf", clock=LoopClock(), context=CONTEXT)
    assert [(each.id, each.context) for each in await provider.models()] == [("tiny", CONTEXT)]
    assert (await provider.check()).ok


@pytest.mark.parametrize(
    ("name", "why"),
    [("notes.gguf", "is no GGUF file"), ("none.gguf", "there is no file or folder")],
)
async def test_what_is_no_model_is_told_without_starting_anything(
    shelf: Path, name: str, why: str
) -> None:
    provider = LlamaCppProvider(path=shelf / name, clock=LoopClock())
    health = await provider.check()
    assert (health.ok, health.code) == (False, "invalid_request")
    assert why in health.detail
    with pytest.raises(InvalidRequest):
        await said(provider, request())


async def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    health = await LlamaCppProvider(path=tmp_path, clock=LoopClock()).check()
    assert "no GGUF file in" in health.detail


async def test_a_file_that_was_cut_off_says_so(shelf: Path, tmp_path: Path) -> None:
    half = (shelf / "tiny.gguf").read_bytes()[:100_000]
    (tmp_path / "half.gguf").write_bytes(half)
    provider = LlamaCppProvider(path=tmp_path, clock=LoopClock())
    with pytest.raises(InvalidRequest, match="corrupted or incomplete"):
        await said(provider, request("half"))
    assert not children()


async def test_without_the_extra_it_says_what_to_install(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    health = await LlamaCppProvider(path=shelf, clock=LoopClock()).check()
    assert "[local]" in health.detail


def test_it_can_be_woken_and_fetches_nothing(shelf: Path) -> None:
    provider = LlamaCppProvider(path=shelf, clock=LoopClock())
    assert isinstance(provider, Preloads)
    assert not isinstance(provider, Fetches)


async def test_the_process_answers_nobody_else_and_goes_with_whoever_started_it(
    shelf: Path,
) -> None:
    command = [sys.executable, "-m", "chimera.providers.llamacpp_child"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    assert child.stdout is not None
    wanted = {"file": str(shelf / "tiny.gguf"), "context": 512, "key": "ours"}
    child.stdin.write(json.dumps(wanted) + "\n")
    child.stdin.flush()
    told = await asyncio.to_thread(child.stdout.readline)
    address = told.removeprefix(READY).strip()
    async with aiohttp.ClientSession() as session, session.get(f"{address}/models") as answer:
        assert answer.status == 401
    child.stdin.close()
    assert await asyncio.to_thread(child.wait, 5) == 0
    child.stdout.close()
