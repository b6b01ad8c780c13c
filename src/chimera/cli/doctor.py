"""`chimera doctor`: what is set, what is missing, what to do about it."""

import asyncio
import json
import os
import shutil
import sqlite3
import sys
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Literal

from redis.asyncio import Redis
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table

from chimera.app import LEAST_DISK, built_web
from chimera.app.models import build_models
from chimera.app.sealed import Setup, read_setup, vault_of
from chimera.app.system import Occupied, SystemClock, TimeOrderedIds, only_one_process
from chimera.core.errors import Unready
from chimera.core.generation import ProviderState
from chimera.providers.minilm import MiniLM
from chimera.providers.roster import SCRIPTED
from chimera.settings import Settings
from chimera.store.database import Store

State = Literal["ok", "missing", "broken"]
MARKS = {"ok": "[green]✓[/]", "missing": "[yellow]○[/]", "broken": "[red]✗[/]"}
PATIENCE_S = 3.0
DATA = "data folder"
KEYS = "keys of providers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. `missing` is something one can do without."""

    what: str
    state: State
    detail: str


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything a start needs; an old database is migrated on the way."""
    return [
        _python(),
        _web(),
        _disk(settings),
        await _database(settings),
        await _redis(settings),
        await _keys(settings),
        *await _providers(settings),
        await asyncio.to_thread(_embeddings, settings),
    ]


def _python() -> Finding:
    return Finding(
        what="Python",
        state="ok",
        detail=f"{sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}",
    )


def _web() -> Finding:
    folder = built_web()
    if folder is None:
        return Finding(what="web app", state="missing", detail="not built; run: make run")
    return Finding(what="web app", state="ok", detail=f"built in {folder}")


def _disk(settings: Settings) -> Finding:
    folder = settings.server.data_dir.absolute()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        return Finding(what=DATA, state="broken", detail=f"{folder} cannot be written")
    free = shutil.disk_usage(there).free
    state: State = "ok" if free >= LEAST_DISK else "broken"
    detail = f"{folder}, {free / 2**30:.1f} GiB free"
    return Finding(what=DATA, state=state, detail=detail)


async def _database(settings: Settings) -> Finding:
    embedded, folder = settings.database.url is None, settings.server.data_dir
    if embedded and not folder.is_dir():
        return Finding(what="database", state="ok", detail="SQLite, made at the first start")
    try:
        # The file of a house that is open belongs to its process alone.
        with only_one_process(folder) if embedded else nullcontext():
            async with Store.open(
                settings.database_url, ids=TimeOrderedIds(), patience=PATIENCE_S
            ) as store:
                return Finding(what="database", state="ok", detail=f"{store.dialect}, migrated")
    except Occupied:
        return Finding(what="database", state="ok", detail="SQLite, in use: a Chimera is running")
    except Unready as error:
        return Finding(what="database", state="broken", detail=error.message)


async def _redis(settings: Settings) -> Finding:
    if settings.redis.url is None:
        return Finding(what="Redis", state="missing", detail="not set; one process needs none")
    client = Redis.from_url(settings.redis.url, socket_connect_timeout=PATIENCE_S)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await client.xlen("chimera:doctor")
    except (RedisError, OSError, TimeoutError) as error:
        detail = f"named by CHIMERA_REDIS__URL, and does not answer as it should: {error}"
        return Finding(what="Redis", state="broken", detail=detail)
    finally:
        await client.aclose()
    return Finding(what="Redis", state="ok", detail="answers")


async def _keys(settings: Settings) -> Finding:
    """Whether the stored keys of providers can be opened."""
    try:
        setup = await read_setup(settings)
        vault = vault_of(settings)
        ring = await asyncio.to_thread(vault.load)
    except Unready as error:
        return Finding(what=KEYS, state="broken", detail=error.message)
    sealed = [each for each in setup.found.stored if each.sealed]
    lost = [each.provider for each in sealed if each.id not in setup.opened]
    if lost:
        where = vault.path or "CHIMERA_SECURITY__KEK"
        detail = f"the key of {', '.join(lost)} cannot be opened: {where} is not what sealed it"
        return Finding(what=KEYS, state="broken", detail=detail)
    if vault.makes and not settings.database_url.startswith("sqlite"):
        detail = "none can be stored for several processes: set CHIMERA_SECURITY__KEK_FILE"
        return Finding(what=KEYS, state="missing", detail=detail)
    if ring is None:
        return Finding(what=KEYS, state="ok", detail="none is stored; sealed when one is")
    detail = f"{len(sealed)} stored, sealed with {ring.current.kid} of {vault.path or 'a setting'}"
    return Finding(what=KEYS, state="ok", detail=detail)


async def _providers(settings: Settings) -> list[Finding]:
    try:
        setup = await read_setup(settings)
    except Unready:
        # Said where the keys, or the database, are looked at.
        setup = Setup(settings=settings)
    models = build_models(settings, SystemClock(), setup.plans())
    try:
        await models.catalog.refresh()
        return [_provider(each) for each in models.directory.known()]
    finally:
        await models.gateway.close()


def _provider(found: ProviderState) -> Finding:
    what = f"provider {found.name}"
    if found.name == SCRIPTED:
        return Finding(what=what, state="ok", detail="plays without any key")
    if found.ready:
        many = "1 model" if len(found.models) == 1 else f"{len(found.models)} models"
        detail = f"{many} at {found.base_url}"
        return Finding(what=what, state="ok", detail=detail)
    # A local server that is not running is nothing wrong; a key that is refused is.
    state: State = "missing" if found.local else "broken"
    return Finding(what=what, state=state, detail=found.detail or "does not answer")


def _embeddings(settings: Settings) -> Finding:
    what, folder = "embeddings", settings.minds.embeddings
    if folder is None:
        return Finding(what=what, state="missing", detail="not set; words are compared instead")
    try:
        model = MiniLM(folder)
    except Unready as error:
        return Finding(what=what, state="broken", detail=error.message)
    model.close()
    return Finding(what=what, state="ok", detail=f"{model.told}, from {folder}")


def report(findings: list[Finding], *, as_json: bool) -> None:
    """Print them, for people or for programs."""
    if as_json:
        print(json.dumps([asdict(each) for each in findings], ensure_ascii=False))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for each in findings:
        table.add_row(MARKS[each.state], each.what, each.detail)
    Console().print(table)
