"""`chimera lab`: what it takes."""

from pathlib import Path
from typing import Annotated

import typer

from chimera.settings import load_settings
from chimera.telemetry import set_up_logs

app = typer.Typer(
    help="Play a set-up many times on virtual time, and compare two.", no_args_is_help=True
)

Experiment = Annotated[Path, typer.Argument(help="A folder that `chimera lab run` wrote.")]


@app.command()
def run(
    setup: Annotated[Path, typer.Argument(help="A TOML or JSON file: topic, cast, director …")],
    seeds: Annotated[int, typer.Option(min=1, max=10_000, help="Plays: seeds 1 to N.")] = 8,
    turns: Annotated[int | None, typer.Option(min=1, max=10_000, help="Lines of each.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Keep the plays in this folder; without it, print them.")
    ] = None,
) -> None:
    """Play SETUP with seeds 1 to N: JSON lines, one for each play."""
    set_up_logs("error", "auto")
    # The engine is the slowest import we have; whoever asks for help does not need it.
    from chimera.cli.experiments import experiment  # noqa: PLC0415 – as slow as the engine

    if not experiment(load_settings(), setup, seeds=seeds, turns=turns, out=out):
        raise typer.Exit(130)


@app.command()
def compare(
    first: Experiment,
    second: Experiment,
    out: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("lab-report.html"),
    judge: Annotated[
        str | None, typer.Option(help="provider/model that says which plays are better.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs; no report.")] = False,
) -> None:
    """Say what differs between two experiments, and how surely; write a report with plots."""
    from chimera.cli.experiments import contrast  # noqa: PLC0415 – as slow as the engine

    contrast(load_settings(), first, second, None if as_json else out, judge=judge)
