"""`chimera talk`: what it takes."""

import asyncio
import secrets
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from chimera.telemetry import set_up_logs


class Tempo(StrEnum):
    STREAM = "stream"
    HUMAN = "human"
    INSTANT = "instant"


def talk(
    topic: Annotated[str, typer.Argument(help="What to talk about.")],
    cast: Annotated[
        str, typer.Option(help="Personas, parted by commas.")
    ] = "philosopher,comedian,scientist",
    turns: Annotated[int, typer.Option(min=1, max=10_000)] = 12,
    seed: Annotated[int | None, typer.Option(help="Same seed, same lines.")] = None,
    pace: Annotated[Tempo, typer.Option()] = Tempo.STREAM,
    speed: Annotated[float, typer.Option(min=0.1, max=8)] = 1.0,
    provider: Annotated[str | None, typer.Option(help="Default: the improv troupe.")] = None,
    model: Annotated[str | None, typer.Option()] = None,
    base_url: Annotated[str | None, typer.Option(help="An OpenAI-compatible server.")] = None,
    save: Annotated[bool, typer.Option("--save", help="Keep it in the data folder.")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="Where --save keeps it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One frame a line.")] = False,
) -> None:
    """Let a cast talk about TOPIC in the terminal."""
    set_up_logs("error", "auto")
    seats = [seat.strip() for seat in cast.split(",") if seat.strip()]
    chosen = provider or ("compatible" if base_url else "scripted")
    body: dict[str, Any] = {
        "topic": topic,
        "cast": [{"persona": seat, "provider": chosen, "model": model} for seat in seats],
        "pace": {"mode": pace.value, "speed": speed},
        "max_turns": turns,
        "seed": secrets.randbelow(2**31) if seed is None else seed,
    }
    # The engine is the slowest import we have; whoever asks for help does not need it.
    from chimera.cli.playing import play  # noqa: PLC0415 – as slow as the engine
    from chimera.cli.providers import settings_for  # noqa: PLC0415 – as slow as the engine

    settings = settings_for(chosen, base_url=base_url, api_key_env=None)
    given = chosen if base_url else None
    played = play(settings, body, given=given, save=save, data_dir=data_dir, as_json=as_json)
    try:
        failed = asyncio.run(played)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    if failed:
        raise typer.Exit(1)
