"""A house of several processes by one command: web × 2, workers × 2, PostgreSQL and Redis.

    make cluster [PORT=9000] [DATA=folder]

A PostgreSQL or a Redis that the settings name is used; else one is started that keeps nothing. All
web processes answer at one address; what dies is replaced, and Ctrl-C ends everything.
"""

import argparse
import asyncio
import base64
import os
import secrets
import sys
from collections.abc import Mapping
from contextlib import ExitStack, closing
from itertools import cycle
from pathlib import Path

import pytest

from chimera.cli.fleet import Fleet, Role
from chimera.cli.serving import BACKLOG, bind, check_exposure, settings_host, web_roles
from chimera.core.errors import Unready
from chimera.settings import Settings, load_settings
from chimera.telemetry import set_up_logs

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.servers import postgres_server, redis_server

WEBS, WORKERS = 2, 2
COLOURS = (36, 35, 33, 32, 34, 31)


def wanted() -> Settings:
    """The settings, with what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--data-dir", type=Path)
    given = vars(parser.parse_args())
    return load_settings(server={name: each for name, each in given.items() if each is not None})


def meet(settings: Settings, stack: ExitStack) -> Mapping[str, str]:
    """Start what processes meet in, if nothing is named; the settings that name it."""
    # Not a terminal to them, but read by a person.
    named = {"CHIMERA_LOG__FORMAT": "text"} if settings.log.format == "auto" else {}
    if settings.database.url is None:
        print("Starting PostgreSQL; what is said here is gone when it ends …", flush=True)
        named["CHIMERA_DATABASE__URL"] = stack.enter_context(postgres_server())
        if settings.security.kek is None and settings.security.kek_file is None:
            key = base64.b64encode(secrets.token_bytes(32)).decode()
            named["CHIMERA_SECURITY__KEK"] = key
    if settings.redis.url is None:
        print("Starting Redis …", flush=True)
        named["CHIMERA_REDIS__URL"] = stack.enter_context(redis_server())
    return named


class Painter:
    """Writes what each process says, with its name before it."""

    def __init__(self, names: list[str]) -> None:
        self._width = max(map(len, names))
        bright = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._colours = dict(zip(names, cycle(COLOURS if bright else (0,)), strict=False))

    def say(self, name: str, line: bytes) -> None:
        colour = self._colours[name]
        padded = name.ljust(self._width)
        label = f"\033[{colour}m{padded} │\033[0m " if colour else f"{padded} │ "
        print(label + line.decode(errors="replace").rstrip(), flush=True)


def run(settings: Settings) -> None:
    check_exposure(settings.server.host)
    style = settings.log.format
    set_up_logs(settings.log.level, "text" if style == "auto" else style)
    with ExitStack() as stack:
        door = stack.enter_context(closing(bind(settings.server.host, settings.server.port)))
        door.listen(BACKLOG)
        os.environ |= meet(settings, stack)
        words = ("serve", "--no-worker", "--data-dir", str(settings.server.data_dir))
        workers = [Role(name=f"worker {each + 1}", words=("worker",)) for each in range(WORKERS)]
        roles = [*web_roles(WEBS, words, door), *workers]
        painter = Painter([role.name for role in roles])
        address = f"http://{settings_host(settings)}:{door.getsockname()[1]}"
        fleet = Fleet(roles, said=painter.say)
        asyncio.run(fleet.run(lambda: print(f"Chimera is open: {address}", flush=True)))


def main() -> None:
    try:
        run(wanted())
    except* Unready as group:
        errors = group.exceptions
        print(f"cluster: {errors[0]}", file=sys.stderr)
        sys.exit(1)
    except* pytest.fail.Exception as group:
        # The servers' own words on what is missing.
        print(f"cluster: {group.exceptions[0]}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
