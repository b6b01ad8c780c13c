"""The commands (`api.md` section 1)."""

import asyncio
import sys
from collections.abc import Coroutine, Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from chimera import __version__
from chimera.cli import backup, keys, lab, personas, providers, talk
from chimera.cli.options import DataDir
from chimera.core.errors import ChimeraError, Unready
from chimera.settings import Settings, load_settings
from chimera.telemetry import set_up_logs
from chimera.telemetry.reports import reporting

app = typer.Typer(
    name="chimera",
    help="A live theatre of AI minds.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(providers.app, name="providers")
app.add_typer(keys.app, name="keys")
app.add_typer(personas.app, name="personas")
app.add_typer(lab.app, name="lab")
app.command("talk")(talk.talk)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)

Host = Annotated[str | None, typer.Option(help="Address to listen on; this machine only.")]
#: Started by another process of the house (`fleet.py`).
Leashed = Annotated[bool, typer.Option("--leashed", hidden=True)]
Port = Annotated[int | None, typer.Option(help="Port to listen on.", min=0, max=65535)]


def main() -> None:
    """Run a command; what we raise on purpose ends in one line and a distinct exit code."""
    # Standard output is for what was asked for; a command that serves sets its own level.
    set_up_logs("warning", "auto")
    try:
        app()
    except Unready as error:
        print(f"chimera: {error.message}", file=sys.stderr)
        sys.exit(error.exit_code)
    except ChimeraError as error:
        print(f"chimera: {error.message}", file=sys.stderr)
        sys.exit(1)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end on the fastest loop there is."""
    try:
        import uvloop  # noqa: PLC0415 - not on every system

        factory = uvloop.new_event_loop
    except ImportError:
        factory = None
    with asyncio.Runner(loop_factory=factory) as runner:
        try:
            runner.run(work)
        except BaseExceptionGroup as group:
            raise first_of(group) from None


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that a group of tasks ended with."""
    leaves: list[BaseException] = [group]
    while isinstance(leaves[0], BaseExceptionGroup):
        leaves = list(cast("BaseExceptionGroup[BaseException]", leaves[0]).exceptions)
    return leaves[0]


def settings_with(host: str | None, port: int | None, data_dir: Path | None) -> Settings:
    given = {"host": host, "port": port, "data_dir": data_dir}
    return load_settings(server={name: each for name, each in given.items() if each is not None})


@contextmanager
def telling(settings: Settings) -> Generator[None]:
    """Logs as the settings want them, and reports of errors where they say. Raises Unready(2)."""
    dsn = settings.errors.dsn
    with nullcontext() if dsn is None else reporting(dsn.get_secret_value()) as report:
        set_up_logs(settings.log.level, settings.log.format, report)
        yield


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    worker: Annotated[bool, typer.Option(help="Run turns in this process.")] = True,
    workers: Annotated[
        int, typer.Option(help="Processes that serve at one port.", min=1, max=64)
    ] = 1,
    door: Annotated[int | None, typer.Option(hidden=True)] = None,
    leashed: Leashed = False,
) -> None:
    """Serve the web app, the API and, unless told otherwise, run the turns."""
    # The web stack is the slowest import we have; other commands do without it.
    from chimera.cli import serving  # noqa: PLC0415 – as slow as the engine

    settings = settings_with(host, port, data_dir)
    with telling(settings):
        if workers > 1:
            run(serving.serve_many(settings, processes=workers, with_worker=worker))
        else:
            place = serving.place_of(door=door, leashed=leashed)
            run(serving.serve(settings, with_worker=worker, place=place))


@app.command()
def worker(
    concurrency: Annotated[int | None, typer.Option(min=1, help="Turns awake at once.")] = None,
    leashed: Leashed = False,
) -> None:
    """Run turns for other processes; needs PostgreSQL and Redis."""
    from chimera.cli import serving  # noqa: PLC0415 – as slow as the engine

    given = {} if concurrency is None else {"concurrency": concurrency}
    settings = load_settings(engine=given)
    with telling(settings):
        run(serving.run_worker(settings, place=serving.place_of(leashed=leashed)))


@app.command()
def migrate(data_dir: DataDir = None) -> None:
    """Bring the database to this version's schema."""
    from chimera.app.system import only_one_process  # noqa: PLC0415 – as slow as the engine
    from chimera.store import database  # noqa: PLC0415 – as slow as the engine

    settings = settings_with(None, None, data_dir)
    embedded = settings.database.url is None
    with only_one_process(settings.server.data_dir) if embedded else nullcontext():
        patience = settings.database.patience_seconds
        run(database.migrate(settings.database_url, patience=patience))
    print("The database is up to date.")


@app.command()
def doctor(
    data_dir: DataDir = None,
    deep: Annotated[bool, typer.Option(help="Check every log too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what is set, what is missing, and what to do about it."""
    from chimera.cli.doctor import examine, report  # noqa: PLC0415 – as slow as the engine

    findings = asyncio.run(examine(settings_with(None, None, data_dir), deep=deep))
    report(findings, as_json=json)
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


@app.command()
def openapi() -> None:
    """Print the API's description, as it stands in contracts/openapi.json."""
    from chimera.app import describe_api  # noqa: PLC0415 – as slow as the engine

    sys.stdout.buffer.write(asyncio.run(describe_api()))
