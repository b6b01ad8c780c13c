"""The composition root: settings in, a house with all its parts out."""

import fcntl
import secrets
import shutil
import tempfile
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from time import monotonic

import structlog
import uuid_utils
from docket import Docket
from fastapi import FastAPI
from sqlalchemy import select

from chimera.api.application import create_api
from chimera.api.deps import House
from chimera.api.openapi import openapi_bytes
from chimera.core import content
from chimera.core.errors import ChimeraError, NotFound, Unready
from chimera.core.events import SYSTEM
from chimera.core.ids import Clock, IdSource
from chimera.core.persona import Persona, load_house
from chimera.core.ports import Hub
from chimera.core.topics import load_starters
from chimera.engine.audience import Audience
from chimera.engine.journal import Journal
from chimera.engine.performing import Stage
from chimera.engine.reconcile import Reconciler
from chimera.engine.turns import Turns
from chimera.engine.worker import DocketAlarm, TurnWorker, WorkerSettings, docket_url, register
from chimera.features.conversations.casting import seat_all
from chimera.features.conversations.looking import PAGES
from chimera.features.conversations.routes import router as conversations_router
from chimera.features.conversations.schemas import CreateConversation
from chimera.features.conversations.service import create
from chimera.features.personas.routes import router as personas_router
from chimera.features.providers.routes import router as providers_router
from chimera.providers import compatible
from chimera.providers.addresses import origin_of
from chimera.providers.catalog import Catalog, load_prices, no_prices, ollama_url, read_overrides
from chimera.providers.directory import Directory, Entry
from chimera.providers.gateway import SCRIPTED, Gateway
from chimera.providers.scripted.provider import ScriptedProvider
from chimera.providers.transport import Transport
from chimera.realtime.hub import MemoryHub
from chimera.realtime.redis_hub import RedisHub, await_redis
from chimera.settings import CompatibleSettings, Settings, load_settings
from chimera.store.database import Store
from chimera.store.tables import conversations

log = structlog.get_logger()

#: Below this much free disk the house takes no more traffic.
LEAST_DISK = 200 * 1024 * 1024
TITLES = {
    "openai": "OpenAI", "deepseek": "DeepSeek", "lmstudio": "LM Studio", "ollama": "Ollama",
    "compatible": "OpenAI-compatible server", SCRIPTED: "Improv troupe",
}  # fmt: skip
MEMBERS = {
    "openai": compatible.OPENAI, "deepseek": compatible.DEEPSEEK,
    "lmstudio": compatible.LM_STUDIO, "ollama": compatible.OLLAMA,
    "compatible": compatible.COMPATIBLE,
}  # fmt: skip


class SystemClock:
    """The machine's two clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the Clock

    def monotonic(self) -> float:
        return monotonic()


class TimeOrderedIds:
    """A prefix and a UUIDv7: ids sort by the time at which they were made."""

    def new(self, prefix: str) -> str:
        return f"{prefix}_{uuid_utils.uuid7().hex}"


# --- providers ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Everything between a turn and a model."""

    gateway: Gateway
    catalog: Catalog
    directory: Directory


def _configured(name: str, settings: Settings) -> CompatibleSettings:
    """What is set for a provider, the well-known variables of its own included."""
    given: CompatibleSettings = getattr(settings.providers, name)
    key = {"openai": settings.openai_api_key, "deepseek": settings.deepseek_api_key}.get(name)
    if given.api_key is None and key is not None:
        given = given.model_copy(update={"api_key": key})
    if name == "ollama" and given.base_url is None:
        given = given.model_copy(update={"base_url": ollama_url(settings.ollama_host)})
    return given


def _wanted(name: str, given: CompatibleSettings, settings: Settings) -> bool:
    """Whether there is anything to ask: a key, an address, or a local server to look for."""
    member = MEMBERS[name]
    if member.local:
        return settings.providers.discover or _is_set(name, given, settings)
    return given.api_key is not None or given.base_url is not None


def _is_set(name: str, given: CompatibleSettings, settings: Settings) -> bool:
    """Whether a person named this provider; a local server may merely have been found."""
    if name == "ollama":
        named = settings.providers.ollama
        return settings.ollama_host is not None or named.base_url is not None
    return given.api_key is not None or given.base_url is not None


def build_models(settings: Settings, clock: Clock) -> Models:
    """Every provider that the settings name or this machine may run, and the troupe."""
    given = {name: _configured(name, settings) for name in settings.providers.order}
    wanted = [name for name in given if _wanted(name, given[name], settings)]
    addresses = {name: given[name].base_url or MEMBERS[name].base_url for name in wanted}
    # An address that the operator names may be private; a member's own public one may not.
    allowed = [
        origin_of(addresses[name])
        for name in wanted
        if MEMBERS[name].local or given[name].base_url is not None
    ]
    transport = Transport(clock=clock, allowed=allowed)
    adapters = [
        compatible.CompatibleProvider(
            MEMBERS[name],
            transport=transport,
            base_url=addresses[name],
            api_key=given[name].api_key,
        )
        for name in wanted
    ]
    local = [name for name in wanted if MEMBERS[name].local]
    catalog = Catalog(
        adapters,
        clock=clock,
        overrides=read_overrides(),
        prices=load_prices() if len(local) < len(wanted) else no_prices,
        local=local,
    )
    gateway = Gateway([*adapters, ScriptedProvider()], catalog=catalog, clock=clock, rng=Random())
    entries = {
        name: Entry(
            title=TITLES[name],
            base_url=addresses[name],
            model=given[name].model,
            configured=_is_set(name, given[name], settings),
        )
        for name in wanted
    }
    entries[SCRIPTED] = Entry(title=TITLES[SCRIPTED])
    return Models(gateway=gateway, catalog=catalog, directory=Directory(gateway, catalog, entries))


# --- the house ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A running house, without its doors."""

    settings: Settings
    clock: Clock
    ids: IdSource
    store: Store
    hub: Hub
    journal: Journal
    models: Models
    personas: tuple[Persona, ...]
    docket: Docket
    alarm: DocketAlarm
    audience: Audience
    turns: Turns
    worker: TurnWorker
    reconciler: Reconciler


@asynccontextmanager
async def open_parts(
    settings: Settings, *, clock: Clock | None = None, ids: IdSource | None = None
) -> AsyncGenerator[Parts]:
    """Everything but HTTP. Raises Unready with the exit code that says what is missing."""
    clock, ids = clock or SystemClock(), ids or TimeOrderedIds()
    async with AsyncExitStack() as stack:
        if settings.database.url is None:
            stack.enter_context(only_one_process(settings.server.data_dir))
        store = await stack.enter_async_context(
            Store.open(
                settings.database_url, ids=ids, pool_size=settings.database.pool_size,
                patience=settings.database.patience_seconds,
            )
        )  # fmt: skip
        hub = await stack.enter_async_context(_open_hub(settings, clock, ids))
        journal = Journal(store, hub, clock)
        models = build_models(settings, clock)
        stack.push_async_callback(models.gateway.close)
        docket = await stack.enter_async_context(
            Docket(name="chimera", url=docket_url(settings.redis.url), execution_ttl=timedelta(0))
        )
        alarm = DocketAlarm(docket)
        audience = Audience(journal=journal, store=store, hub=hub, alarm=alarm, clock=clock)
        content.load()
        personas = load_house()
        stage = Stage(
            journal=journal, gateway=models.gateway, hub=hub, clock=clock, ids=ids,
            persona=partial(_card, {each.id: each for each in personas}),
        )  # fmt: skip
        turns = Turns(stage, audience)
        worker = TurnWorker(docket, _worker_settings(settings))
        reconciler = Reconciler(store, alarm, clock)

        async def turn(conversation_id: str) -> datetime | None:
            # The reconciler lets the worker doze when nothing runs; the first turn wakes it up.
            worker.attend(running=True)
            return await turns.run(conversation_id, worker.busy())

        async def reconcile() -> None:
            worker.attend(running=await reconciler.run() > 0)

        register(docket, turn, reconcile)
        yield Parts(
            settings=settings, clock=clock, ids=ids, store=store, hub=hub, journal=journal,
            models=models, personas=personas, docket=docket, alarm=alarm, audience=audience,
            turns=turns, worker=worker, reconciler=reconciler,
        )  # fmt: skip


class Occupied(Unready):
    """Another process has the data folder."""


@contextmanager
def only_one_process(folder: Path) -> Generator[None]:
    """Hold the data folder. Raises Unready(3) if it cannot be written, Occupied if it is held.

    The embedded database has one writer, and that writer is a process.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "chimera.lock").open("w")
    except OSError as error:
        raise Unready(
            f"The data folder {folder} cannot be written: {error.strerror}.", exit_code=3
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Occupied(
                f"Another Chimera is using the data folder {folder}. Stop it, or name another"
                " folder with DATA= or --data-dir.",
                exit_code=3,
            ) from None
        yield


@asynccontextmanager
async def _open_hub(settings: Settings, clock: Clock, ids: IdSource) -> AsyncGenerator[Hub]:
    if settings.redis.url is None:
        yield MemoryHub()
        return
    await await_redis(settings.redis.url, patience=settings.redis.patience_seconds)
    async with RedisHub.open(settings.redis.url, clock=clock, ids=ids) as hub:
        yield hub


def _worker_settings(settings: Settings) -> WorkerSettings:
    # Embedded, a dead process takes its queue along, and a short lease would only let the worker
    # reclaim its own run after a blocked loop.
    default = 30.0 if settings.redis.url is None else 2.0
    lease = timedelta(seconds=settings.engine.redelivery_seconds or default)
    return WorkerSettings(concurrency=settings.engine.concurrency, lease=lease)


def _card(cards: dict[str, Persona], persona_id: str) -> Persona:
    try:
        return cards[persona_id]
    except KeyError:
        raise NotFound(f"There is no persona {persona_id!r}.") from None


# --- the doors ---------------------------------------------------------------------------------


def create_house(parts: Parts, *, hosts: frozenset[str]) -> House:
    """What the routes reach for. `hosts` are the names with port by which we are reached."""
    return House(
        store=parts.store,
        journal=parts.journal,
        hub=parts.hub,
        alarm=parts.alarm,
        audience=parts.audience,
        clock=parts.clock,
        ids=parts.ids,
        providers=parts.models.directory,
        personas=parts.personas,
        starters=load_starters(),
        seed=partial(secrets.randbelow, 2**31),
        failing=partial(failing, parts),
        hosts=hosts,
        web=built_web(),
    )


def create_app(house: House) -> FastAPI:
    return create_api(
        house, [conversations_router, personas_router, providers_router], content=PAGES
    )


async def describe_api() -> bytes:
    """The API's description; needs no running house."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(
            server={"data_dir": folder},
            providers={"discover": False},
            redis={"url": None},
            database={"url": None},
        )
        async with open_parts(settings) as parts:
            return openapi_bytes(create_app(create_house(parts, hosts=frozenset())))


def built_web() -> Path | None:
    """The built web app: inside the package when installed, beside it in a checkout."""
    here = Path(__file__).parent
    for folder in (here / "web", here.parents[1] / "web" / "dist"):
        if (folder / "index.html").is_file():
            return folder
    return None


async def failing(parts: Parts) -> Sequence[str]:
    """The checks that fail; a house with any takes no traffic."""
    found: list[str] = []
    if parts.worker.draining:
        found.append("draining")
    try:
        await parts.store.write(lambda connection: connection.execute(select(1)))
    except ChimeraError:
        found.append("database")
    if parts.hub.degraded_since is not None:
        found.append("redis")
    folder = parts.settings.server.data_dir
    if folder.is_dir() and shutil.disk_usage(folder).free < LEAST_DISK:
        found.append("disk")
    return found


async def open_first_show(house: House, *, idle_minutes: float) -> None:
    """At the first start a conversation of the house is already playing, and costs nothing."""
    anything = select(conversations.c.id).limit(1)
    if await house.store.read(lambda connection: connection.execute(anything).first()):
        return
    starter = Random(house.seed()).choice(house.starters)
    slugs = ("philosopher", "comedian", "scientist")
    body = CreateConversation.model_validate({
        "topic": starter.text,
        "cast": [{"persona": slug, "provider": SCRIPTED} for slug in slugs],
        "idle_minutes": idle_minutes,
    })  # fmt: skip
    cast = seat_all(house, body.cast)
    await house.store.work(SYSTEM, lambda work: create(work, house, body, cast))
