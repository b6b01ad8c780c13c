"""`chimera doctor`: what is set, what is missing, what to do about it."""

import asyncio
import json
import os
import shutil
import sqlite3
import sys
from dataclasses import asdict, dataclass
from typing import Literal

from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from chimera.app import LEAST_DISK, built_web
from chimera.app.models import build_models
from chimera.app.sealed import Setup, read_setup, vault_of
from chimera.app.system import SystemClock
from chimera.core.errors import ChimeraError, Unready
from chimera.core.generation import ProviderState
from chimera.core.ids import to_millis
from chimera.providers.minilm import MiniLM
from chimera.providers.roster import SCRIPTED
from chimera.realtime import redis_server
from chimera.settings import Settings
from chimera.store.survey import Survey, survey

State = Literal["ok", "missing", "broken"]
MARKS = {"ok": "[green]✓[/]", "missing": "[yellow]○[/]", "broken": "[red]✗[/]"}
PATIENCE_S = 3.0
DATA = "data folder"
KEYS = "keys of providers"
CONNECTIONS = "connections"
LOGS = "logs"
#: A turn is late after so long, and a backup old.
LATE_S = 30
OLD_BACKUP_H = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. `missing` is something one can do without."""

    what: str
    state: State
    detail: str


async def examine(settings: Settings, *, deep: bool = False) -> list[Finding]:
    """Look at everything a start needs, and change nothing; `deep`: at every log too."""
    return [
        _python(),
        _web(),
        _disk(settings),
        *await _stores(settings, deep=deep),
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


async def _stores(settings: Settings, *, deep: bool) -> list[Finding]:
    """The database, and what stands in it."""
    now = to_millis(SystemClock().now())
    try:
        found = await survey(settings.database_url, now=now, deep=deep, patience=PATIENCE_S)
    except (ChimeraError, SQLAlchemyError) as error:
        return [Finding(what="database", state="broken", detail=str(error).partition("\n")[0])]
    if found is None:
        return [Finding(what="database", state="ok", detail="SQLite, made at the first start")]
    findings = [_database(found), *_room(found, settings.database.pool_size)]
    if found.revision == found.newest:
        findings += [_due(found, now), _backup(found, now), *_faults(found, deep=deep)]
    return findings


def _database(found: Survey) -> Finding:
    detail, state = f"{found.server}, at revision {found.revision}", "ok"
    if found.revision is None:
        detail = f"{found.server}, empty; its tables are made at the first start"
    elif found.revision != found.newest:
        detail += f", and this version has {found.newest}: the next start, or chimera migrate,"
        detail += " brings it there; take a backup before"
        state = "missing"
    else:
        detail += f", migrated; conversations: {found.conversations}"
    return Finding(what="database", state=state, detail=detail)


def _room(found: Survey, pool: int) -> list[Finding]:
    """Whether the server takes the connections of our processes; each may open a whole pool."""
    if found.room is None:
        return []
    processes = found.room.most // pool
    detail = f"{found.room.ours} of {found.room.most} are ours; enough for {processes} processes"
    detail += f" with {pool} each"
    if processes > 1:
        return [Finding(what=CONNECTIONS, state="ok", detail=detail)]
    detail += ": raise max_connections, or lower CHIMERA_DATABASE__POOL_SIZE"
    return [Finding(what=CONNECTIONS, state="broken", detail=detail)]


def _due(found: Survey, now: int) -> Finding:
    late = 0 if found.due_since is None else (now - found.due_since) / 1000
    if late < LATE_S:
        return Finding(what="turns", state="ok", detail="none is late")
    detail = f"{found.due} should have begun, the first {late:.0f} s ago: is any worker running?"
    return Finding(what="turns", state="missing", detail=detail)


def _backup(found: Survey, now: int) -> Finding:
    if found.backed_up_at is None:
        detail = "none was ever taken; chimera backup FILE takes one"
        return Finding(what="last backup", state="missing", detail=detail)
    hours = (now - found.backed_up_at) / 3_600_000
    state: State = "ok" if hours < OLD_BACKUP_H else "missing"
    return Finding(what="last backup", state=state, detail=f"{hours:.1f} hours ago")


def _faults(found: Survey, *, deep: bool) -> list[Finding]:
    if not deep:
        return []
    if not found.faults:
        detail = "every log is whole, and everything beside it says the same"
        return [Finding(what=LOGS, state="ok", detail=detail)]
    return [Finding(what=LOGS, state="broken", detail=str(each)) for each in found.faults]


async def _redis(settings: Settings) -> Finding:
    url = settings.redis.url
    if url is None:
        return Finding(what="Redis", state="missing", detail="not set; one process needs none")
    try:
        await redis_server.await_redis(url, patience=0)
        facts = await redis_server.look_at(url)
    except Unready as error:
        detail = f"named by CHIMERA_REDIS__URL: {error.message}"
        return Finding(what="Redis", state="broken", detail=detail)
    except (RedisError, OSError) as error:
        # It does what we need, and does not tell of itself.
        return Finding(what="Redis", state="ok", detail=f"answers, and says no more: {error}")
    detail = f"{facts.version}, with streams; {facts.policy}; {facts.kept}"
    if facts.policy == "noeviction":
        return Finding(what="Redis", state="ok", detail=detail)
    detail += "; set maxmemory-policy noeviction: an alarm that is thrown out rings late"
    return Finding(what="Redis", state="missing", detail=detail)


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
