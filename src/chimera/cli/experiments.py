"""Experiments in the terminal: progress on one side, JSON lines or a table on the other."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import fmean

import orjson
from rich.console import Console
from rich.table import Table

from chimera.app.models import LOCAL, keyed_of
from chimera.app.sealed import read_setup
from chimera.app.system import SystemClock
from chimera.core.errors import Invalid, ProviderError
from chimera.core.generation import GenerationRequest, PromptMessage, Text, TextPart
from chimera.lab import judging
from chimera.lab.comparing import Contrast, few
from chimera.lab.comparing import compare as compare_results
from chimera.lab.habits import HABITS
from chimera.lab.judging import Judgement, Pair, pairs_of
from chimera.lab.measures import MEASURES
from chimera.lab.playing import NOWHERE, World
from chimera.lab.report import Experiment, judged_in_words, render, said, told
from chimera.lab.running import Folder, Result, fill
from chimera.lab.running import run as run_plays
from chimera.lab.setup import Setup, read_setup_file
from chimera.providers.catalog import load_prices, no_prices
from chimera.providers.roster import SCRIPTED
from chimera.settings import Settings

STYLES = {"clear": "bold", "likely": "", "open": "dim"}


def experiment(
    settings: Settings, path: Path, *, seeds: int, turns: int | None, out: Path | None
) -> bool:
    """Play it; false if it was interrupted, which loses nothing that was played."""
    setup = read_setup_file(path)
    if turns is not None:
        setup = setup.model_copy(update={"turns": turns})
    world = asyncio.run(world_of(settings, setup))
    folder = None if out is None else Folder.begin(out, setup)
    try:
        if folder is None:
            for place, (result, _log) in enumerate(run_plays(setup, range(1, seeds + 1), world), 1):
                sys.stdout.buffer.write(
                    orjson.dumps(asdict(result), option=orjson.OPT_APPEND_NEWLINE)
                )
                sys.stdout.flush()
                _told(place, seeds, result)
        else:
            fill(folder, setup, seeds, world, _told)
    except KeyboardInterrupt:
        kept = f"; {len(folder.results)} plays are in {folder.path}" if folder else ""
        print(f"interrupted{kept}", file=sys.stderr)
        return False
    if folder is not None:
        _summary(folder)
    return True


def _told(done: int, of: int, result: Result) -> None:
    score = result.measures.get("score")
    quality = "" if score is None else f", quality {score:.0f}"
    lines = result.measures.get("turns") or 0
    print(
        f"{done}/{of}  seed {result.seed}: {lines:.0f} lines, {result.ended}{quality}",
        file=sys.stderr,
    )


def _summary(folder: Folder) -> None:
    results = folder.results
    table = Table(title=f"{folder.setup.name}: {len(results)} plays", title_justify="left")
    for column in ("measure", "mean", "least", "most"):
        table.add_column(column, justify="left" if column == "measure" else "right")
    for measure in MEASURES:
        values = [each.measures.get(measure.name) for each in results]
        known = [each for each in values if each is not None]
        if known:
            table.add_row(measure.title, *map(_figure, (fmean(known), min(known), max(known))))
    Console().print(table)


def _figure(value: float) -> str:
    """Four digits, and never as a power of ten."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


async def world_of(settings: Settings, setup: Setup) -> World:
    """The providers of the house that the set-up names. Raises Invalid for others."""
    if not setup.outside:
        return NOWHERE
    plans = (await read_setup(settings)).plans()
    for name in setup.outside:
        if name not in plans:
            known = ", ".join([SCRIPTED, *HABITS, *plans])
            raise Invalid(f"There is no provider {name!r} to play with. There are: {known}.")
    models = {name: model for name in setup.outside if (model := plans[name].model)}
    for place, seat in enumerate(setup.cast):
        if seat.provider in setup.outside and not (seat.model or seat.provider in models):
            raise Invalid(f"cast.{place}.model: name the model of {seat.provider}.")
    return World(
        providers={name: partial(keyed_of, plans[name]) for name in setup.outside},
        models=models,
        local=LOCAL,
        prices=no_prices if LOCAL.issuperset(setup.outside) else load_prices(),
    )


def contrast(
    settings: Settings, first: Path, second: Path, out: Path | None, *, judge: str | None
) -> None:
    """Compare two folders. Raises Invalid for what is none, and for too few plays."""
    folders = (Folder(first), Folder(second))
    a, b = (Experiment(folder.setup, folder.results) for folder in folders)
    found = compare_results(a.results, b.results)
    verdict = judge and asyncio.run(_judged(settings, judge, pairs_of(*folders)))
    if out is None:
        rows = [_plain(each) for each in found]
        rows += [dict(judging.plain(verdict))] if verdict else []
        sys.stdout.buffer.write(orjson.dumps(rows, option=orjson.OPT_APPEND_NEWLINE))
        return
    _table(a, b, found)
    if verdict:
        print(judged_in_words(verdict))
    try:
        out.write_text(render(a, b, found, verdict or None), "utf-8")
    except OSError as error:
        raise Invalid(f"{out} cannot be written: {error.strerror}.") from None
    print(f"The report is {out}.")


async def _judged(settings: Settings, named: str, pairs: Sequence[Pair]) -> Judgement:
    """What a model of a configured provider says. Raises Invalid for another, ProviderError."""
    name, _, model = named.partition("/")
    plans = (await read_setup(settings)).plans()
    if name not in plans or not model:
        known = ", ".join(plans) or "none"
        raise Invalid(f"--judge wants provider/model. Providers that are set: {known}.")
    provider = keyed_of(plans[name], SystemClock())[0].provider

    async def ask(system: str, prompt: str) -> str:
        request = GenerationRequest(
            model=model, system=system, temperature=0.0, max_output_tokens=60,
            messages=(PromptMessage("others", (TextPart(prompt),)),),
        )  # fmt: skip
        async with aclosing(provider.stream(request)) as chunks:
            return "".join([each.text async for each in chunks if isinstance(each, Text)])

    try:
        return await judging.judge(named, pairs, ask)
    except* ProviderError as group:
        raise group.exceptions[0] from None
    finally:
        await provider.close()


def _plain(each: Contrast) -> dict[str, object]:
    return {
        "measure": each.measure.name, "a": asdict(each.a.interval), "b": asdict(each.b.interval),
        "difference": asdict(each.difference), "verdict": each.verdict, "better": each.gain,
        "paired": each.paired, "effect": asdict(each.effect) if each.effect else None,
    }  # fmt: skip


def _table(a: Experiment, b: Experiment, found: Sequence[Contrast]) -> None:
    table = Table(title=f"A {a.setup.name} · B {b.setup.name}", title_justify="left")
    for column in ("measure", "A", "B − A", ""):
        table.add_column(column)
    for each in found:
        if each.effect is not None:
            table.add_row(
                each.measure.title, told(each.a.interval), told(each.difference, signed=True),
                said(each), style=STYLES[each.verdict],
            )  # fmt: skip
    Console().print(table)
    if few(a.results, b.results):
        print("These are few plays: the intervals are narrower than they should be.")
