"""`chimera backup` and `chimera restore`: everything the house keeps, in one file and back."""

import asyncio
import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from chimera.cli.options import DataDir, settings_in
from chimera.core.errors import Unready
from chimera.core.ids import rfc3339, to_millis
from chimera.settings import Settings

if TYPE_CHECKING:
    from chimera.store.archive import Manifest

Engine = Literal["sqlite", "postgresql"]
#: Ended by the person at the keyboard, as shells count.
ENDED = 130


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
    data_dir: DataDir = None,
) -> None:
    """Write everything into one file, while the house goes on."""
    from chimera.app.sealed import vault_of  # noqa: PLC0415 – as slow as the engine
    from chimera.app.system import SystemClock  # noqa: PLC0415 – as slow as the engine
    from chimera.store.backup import back_up  # noqa: PLC0415 – as slow as the engine

    settings = settings_in(data_dir)
    begun = time.monotonic()
    with _shown() as told:
        manifest = asyncio.run(
            back_up(
                settings.database_url,
                file.absolute(),
                at=to_millis(SystemClock().now()),
                told=told,
                patience=settings.database.patience_seconds,
            )
        )
    size = file.stat().st_size / 2**20
    print(f"{file}: {_measured(manifest)}, {size:.1f} MB, in {time.monotonic() - begun:.1f} s.")
    for fault in manifest.faults:
        print(f"What was saved is not sound: {fault}.")
    where = vault_of(settings).path or "CHIMERA_SECURITY__KEK"
    print(f"The keys of providers in it are sealed. Keep what opens them apart: {where}.")


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    to: Annotated[
        Engine | None, typer.Option(help="The database to fill, if not the one of the settings.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Bring a backup back into an empty place: whole and checked, or not at all."""
    from chimera.app.system import only_one_process  # noqa: PLC0415 – as slow as the engine

    settings = settings_in(data_dir)
    url = _target(settings, to)
    begun = time.monotonic()
    ours = url == _embedded(settings)
    with only_one_process(settings.server.data_dir) if ours else nullcontext(), _shown() as told:
        manifest, faults = asyncio.run(_bring_back(settings, file, url, told))
    print(
        f"Restored {_measured(manifest)}, saved at {rfc3339(manifest.at)} by Chimera"
        f" {manifest.app}, in {time.monotonic() - begun:.1f} s. All of it has been checked."
    )
    for fault in faults:
        print(f"It was not sound when it was saved: {fault}.")
    print("The keys of providers in it open with the house key of then; put it back if it is not.")


async def _bring_back(
    settings: Settings, file: Path, url: str, told: Callable[[str, int, int], None]
) -> tuple["Manifest", tuple[str, ...]]:
    from chimera.app.system import TimeOrderedIds  # noqa: PLC0415 – as slow as the engine
    from chimera.realtime import redis_server  # noqa: PLC0415 – as slow as the engine
    from chimera.store.backup import restore  # noqa: PLC0415 – as slow as the engine

    redis = settings.redis.url
    if redis is not None:
        # Before anything is written: what it remembers is of the time before.
        await redis_server.await_redis(redis, patience=settings.redis.patience_seconds)
    restored = await restore(
        file, url, ids=TimeOrderedIds(), told=told, patience=settings.database.patience_seconds
    )
    if redis is not None:
        await redis_server.forget(redis)
    return restored.manifest, restored.faults


def _target(settings: Settings, to: Engine | None) -> str:
    """The address of what is to be filled. Raises Unready(2) if no setting names it."""
    url = settings.database_url
    if to is None or url.startswith("sqlite") == (to == "sqlite"):
        return url
    if to == "sqlite":
        return _embedded(settings)
    raise Unready("Name the server to fill: CHIMERA_DATABASE__URL=postgresql://…", exit_code=2)


def _embedded(settings: Settings) -> str:
    database = settings.database.model_copy(update={"url": None})
    return settings.model_copy(update={"database": database}).database_url


def _measured(manifest: "Manifest") -> str:
    talks, events = (manifest.tables[name].rows for name in ("conversations", "events"))
    return f"conversations: {talks}, events: {events}"


# --- shown and broken off -------------------------------------------------------------------------


class _BrokenOff(Exception):
    """The person at the keyboard wants no more of it."""


@contextmanager
def _shown() -> Generator[Callable[[str, int, int], None]]:
    """How far each table is, on a terminal; the first signal ends it at the next batch of rows."""
    asked: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: asked.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    bars: dict[str, TaskID] = {}

    def told(table: str, done: int, many: int) -> None:
        if asked:
            raise _BrokenOff
        if many and table not in bars:
            bars[table] = progress.add_task(table, total=many)
        if many:
            progress.update(bars[table], completed=done)

    try:
        with progress:
            yield told
    except _BrokenOff:
        print("Broken off; nothing was written.")
        raise typer.Exit(ENDED) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
