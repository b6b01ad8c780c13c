"""The composition root: settings in, a house with all its parts out."""

import secrets
import shutil
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

import structlog
from docket import Docket
from fastapi import FastAPI
from sqlalchemy import select

from chimera.api.application import create_api
from chimera.api.deps import House
from chimera.api.openapi import openapi_bytes
from chimera.api.visitors import Visitors
from chimera.app.keys import KeyDesk
from chimera.app.models import Models, Plan, build_models
from chimera.app.sealed import vault_of
from chimera.app.system import SystemClock, TimeOrderedIds, only_one_process
from chimera.core import content
from chimera.core.errors import ChimeraError
from chimera.core.events import SYSTEM
from chimera.core.generation import Route
from chimera.core.ids import Clock, IdSource
from chimera.core.persona import Persona, load_house
from chimera.core.ports import Hub
from chimera.core.topics import load_starters
from chimera.engine.audience import Audience
from chimera.engine.journal import Journal
from chimera.engine.judging import Judge
from chimera.engine.learning import Study
from chimera.engine.performing import Stage
from chimera.engine.polling import Polls
from chimera.engine.recall import load_sentiment
from chimera.engine.reconcile import Reconciler
from chimera.engine.titling import Titles
from chimera.engine.turns import Turns
from chimera.engine.wings import Prompter, Wings
from chimera.engine.worker import DocketAlarm, TurnWorker, WorkerSettings, docket_url, register
from chimera.features.conversations.casting import seat_all
from chimera.features.conversations.crowd_routes import router as crowd_router
from chimera.features.conversations.looking import PAGES
from chimera.features.conversations.routes import router as conversations_router
from chimera.features.conversations.schemas import CreateConversation
from chimera.features.conversations.service import create
from chimera.features.house.routes import router as house_router
from chimera.features.learning.routes import router as learning_router
from chimera.features.personas.routes import router as personas_router
from chimera.features.providers.routes import router as providers_router
from chimera.plugins import load_directors
from chimera.providers.roster import SCRIPTED
from chimera.realtime.hub import MemoryHub
from chimera.realtime.redis_hub import RedisHub, await_redis
from chimera.settings import Settings, load_settings
from chimera.store.database import Store
from chimera.store.ledger import StoreLedger
from chimera.store.personas import Cards
from chimera.store.pictures import StoredPictures
from chimera.store.preferences import Preferences
from chimera.store.records import StoreRecorder
from chimera.store.tables import conversations
from chimera.store.vault import Vault

log = structlog.get_logger()

#: Below this much free disk the house takes no more traffic.
LEAST_DISK = 200 * 1024 * 1024

# --- the house ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What is written down of calls, and the choices it depends on."""

    preferences: Preferences
    ledger: StoreLedger
    recorder: StoreRecorder

    @classmethod
    def of(cls, store: Store, clock: Clock) -> "Books":
        preferences = Preferences(store, clock)
        return cls(
            preferences=preferences,
            ledger=StoreLedger(store, preferences, clock),
            recorder=StoreRecorder(store, preferences, clock),
        )

    @property
    def chores(self) -> Sequence[Callable[[], Awaitable[object]]]:
        """What keeps them in order, now and then."""
        return (self.preferences.current, self.ledger.sweep, self.recorder.purge)


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
    keys: KeyDesk
    preferences: Preferences
    personas: tuple[Persona, ...]
    docket: Docket
    alarm: DocketAlarm
    audience: Audience
    wings: Wings
    turns: Turns
    worker: TurnWorker
    reconciler: Reconciler
    polls: Polls


@asynccontextmanager
async def open_parts(
    settings: Settings,
    *,
    clock: Clock | None = None,
    ids: IdSource | None = None,
    plans: Mapping[str, Plan] | None = None,
) -> AsyncGenerator[Parts]:
    """Everything but HTTP. Raises Unready with the exit code that says what is missing.

    `plans`: how providers are asked, if not by the settings and what is stored here.
    """
    clock, ids = clock or SystemClock(), ids or TimeOrderedIds()
    content.load()
    load_sentiment()
    vault = vault_of(settings)
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
        books = Books.of(store, clock)
        await books.preferences.current()
        models, keys = await _open_models(
            stack, settings, store=store, vault=vault, books=books, clock=clock, ids=ids,
            plans=plans,
        )  # fmt: skip
        docket = await stack.enter_async_context(
            Docket(name="chimera", url=docket_url(settings.redis.url), execution_ttl=timedelta(0))
        )
        parts = _assemble(settings, clock, ids, store, hub, books, models, keys, docket)
        await stack.enter_async_context(parts.wings.open())
        yield parts


async def _open_models(
    stack: AsyncExitStack,
    settings: Settings,
    *,
    store: Store,
    vault: Vault,
    books: Books,
    clock: Clock,
    ids: IdSource,
    plans: Mapping[str, Plan] | None,
) -> tuple[Models, KeyDesk]:
    """Everything between a turn and a model, and the desk where its keys are handed in."""

    async def refused(credential: str, code: str) -> None:
        keys.refused(credential, code)

    models = build_models(
        settings, clock, plans, ids=ids, ledger=books.ledger, recorder=books.recorder,
        on_refused=refused,
    )  # fmt: skip
    stack.push_async_callback(models.gateway.close)
    keys = KeyDesk(
        settings=settings, store=store, vault=vault, models=models, clock=clock, ids=ids,
        plans=plans,
    )  # fmt: skip
    await keys.open()
    return models, keys


def _assemble(
    settings: Settings,
    clock: Clock,
    ids: IdSource,
    store: Store,
    hub: Hub,
    books: Books,
    models: Models,
    keys: KeyDesk,
    docket: Docket,
) -> Parts:
    """Join what is open, and teach the docket its tasks."""
    journal, alarm, personas = Journal(store, hub, clock), DocketAlarm(docket), load_house()
    polls = Polls(journal=journal, store=store, alarm=alarm, bell=alarm, clock=clock)
    audience = Audience(
        journal=journal, store=store, hub=hub, alarm=alarm, clock=clock, polls=polls
    )
    wings = _wings(settings, clock, ids, store, journal, books, models)
    stage = Stage(
        journal=journal, gateway=models.gateway, hub=hub, clock=clock, ids=ids,
        gallery=StoredPictures(store), warm=models.warming.warm,
        bills=books.ledger, entitle=alarm.entitle, sentiment=load_sentiment(),
        persona=Cards(store, personas).of, wings=wings,
    )  # fmt: skip
    turns, worker = Turns(stage, audience), TurnWorker(docket, _worker_settings(settings))
    chores = (*books.chores, polls.sweep, Study(store, clock).go_on)
    reconciler = Reconciler(store, alarm, clock, chores=chores)
    titles = Titles(journal=journal, store=store, gateway=models.gateway, ids=ids)
    _teach(docket, worker, turns, reconciler, titles, polls)
    return Parts(
        settings=settings, clock=clock, ids=ids, store=store, hub=hub, journal=journal,
        models=models, keys=keys, preferences=books.preferences,
        personas=personas, docket=docket, alarm=alarm, audience=audience,
        wings=wings, turns=turns, worker=worker, reconciler=reconciler, polls=polls,
    )  # fmt: skip


def _teach(
    docket: Docket,
    worker: TurnWorker,
    turns: Turns,
    reconciler: Reconciler,
    titles: Titles,
    polls: Polls,
) -> None:
    async def turn(conversation_id: str) -> datetime | None:
        # The reconciler lets the worker doze when nothing runs; the first turn wakes it up.
        worker.attend(running=True)
        return await worker.carry(turns.run(conversation_id))

    async def reconcile() -> None:
        worker.attend(running=await reconciler.run() > 0)

    register(docket, turn, reconcile, titles.run, polls.close)


def _wings(
    settings: Settings,
    clock: Clock,
    ids: IdSource,
    store: Store,
    journal: Journal,
    books: Books,
    models: Models,
) -> Wings:
    """What helps the director, as the settings want it. Raises Unready for a plugin gone wrong."""
    minds = settings.minds
    prompter = Prompter(gateway=models.gateway, ids=ids, route=route_of(minds.director_model))
    judge = Judge(prompter=prompter, journal=journal, store=store, bills=books.ledger)
    return Wings(
        schemes=load_directors(minds.directors, clock=clock),
        prompter=prompter,
        moderates=minds.moderator,
        judge=judge if minds.stance_judge else None,
    )


def route_of(named: str | None) -> Route | None:
    """The route that a setting names as `provider/model`."""
    if named is None:
        return None
    provider, _, model = named.partition("/")
    return Route(provider=provider, model=model)


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


# --- the doors ---------------------------------------------------------------------------------


def create_house(parts: Parts, *, hosts: frozenset[str]) -> House:
    """What the routes reach for. `hosts` are the names with port by which we are reached."""
    return House(
        store=parts.store,
        journal=parts.journal,
        hub=parts.hub,
        alarm=parts.alarm,
        audience=parts.audience,
        polls=parts.polls,
        clock=parts.clock,
        ids=parts.ids,
        providers=parts.models.directory,
        pulls=parts.models.pulls,
        keys=parts.keys,
        gateway=parts.models.gateway,
        preferences=parts.preferences,
        personas=parts.personas,
        visitors=Visitors(parts.store.secret),
        starters=load_starters(),
        directors=parts.wings.schemes,
        seed=partial(secrets.randbelow, 2**31),
        failing=partial(failing, parts),
        hosts=hosts,
        web=built_web(),
    )


def create_app(house: House) -> FastAPI:
    routers = [
        conversations_router, crowd_router, personas_router, providers_router, house_router,
        learning_router,
    ]  # fmt: skip
    return create_api(house, routers, content=PAGES)


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
    here = Path(__file__).parents[1]
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
    await house.store.work(
        SYSTEM, lambda work: create(work, house, body, seat_all(work.connection, house, body.cast))
    )
