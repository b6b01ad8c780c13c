"""The composition root: settings in, a house with all its parts out."""

import secrets
import shutil
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random

import structlog
from docket import Docket
from fastapi import FastAPI
from sqlalchemy import select
from structlog.contextvars import bound_contextvars

from chimera.api.application import create_api
from chimera.api.deps import (
    POLLS_PER_MINUTE,
    REACTIONS_PER_MINUTE,
    TRIES_PER_MINUTE,
    House,
    ProviderCard,
)
from chimera.api.direct import FastPath
from chimera.api.limits import Rates
from chimera.api.openapi import openapi_bytes
from chimera.api.visitors import Visitors
from chimera.app.keys import KeyDesk
from chimera.app.lookout import Lookout, open_lookout
from chimera.app.meeting import Meeting, docket_of, open_meeting, worker_settings
from chimera.app.models import Models, Plan, build_models
from chimera.app.sealed import vault_of
from chimera.app.system import SystemClock, TimeOrderedIds, crash_point, only_one_process
from chimera.app.wings import open_wings
from chimera.core import content
from chimera.core.errors import ChimeraError
from chimera.core.events import SYSTEM
from chimera.core.ids import Clock, IdSource
from chimera.core.persona import Persona, load_house
from chimera.core.ports import Hub, Observer
from chimera.core.topics import load_starters
from chimera.engine.audience import Audience
from chimera.engine.crashing import Reached
from chimera.engine.journal import Journal
from chimera.engine.learning import Study
from chimera.engine.performing import Stage
from chimera.engine.polling import Polls
from chimera.engine.recall import load_sentiment
from chimera.engine.reconcile import Reconciler
from chimera.engine.titling import Titles
from chimera.engine.turns import Turns
from chimera.engine.wings import Wings
from chimera.engine.worker import DocketAlarm, TurnWorker, register
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
from chimera.providers.roster import SCRIPTED
from chimera.settings import Settings, load_settings
from chimera.store.database import Store
from chimera.store.ledger import StoreLedger
from chimera.store.personas import Cards
from chimera.store.pictures import StoredPictures
from chimera.store.preferences import Preferences
from chimera.store.records import StoreRecorder
from chimera.store.tables import conversations
from chimera.store.vault import UNREADABLE, Vault

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
    meeting: Meeting
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
    lookout: Lookout

    @property
    def hub(self) -> Hub:
        return self.meeting.hub


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
        meeting = await stack.enter_async_context(open_meeting(settings, clock, ids))
        books = Books.of(store, clock)
        await books.preferences.current()
        watch = open_lookout(settings, store, clock, books.preferences)
        lookout = await stack.enter_async_context(watch)
        models, keys = await _open_models(
            stack, settings, store=store, vault=vault, books=books, clock=clock, ids=ids,
            plans=plans, observer=lookout.observer,
        )  # fmt: skip
        docket = await stack.enter_async_context(docket_of(settings))
        parts = _assemble(
            settings, clock, ids, store, meeting, books, models, keys, docket, lookout
        )
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
    observer: Observer,
) -> tuple[Models, KeyDesk]:
    """Everything between a turn and a model, and the desk where its keys are handed in."""

    async def refused(credential: str, code: str) -> None:
        keys.refused(credential, code)

    models = build_models(
        settings, clock, plans, ids=ids, ledger=books.ledger, recorder=books.recorder,
        on_refused=refused, observer=observer,
    )  # fmt: skip
    stack.push_async_callback(models.gateway.close)
    keys = KeyDesk(
        settings=settings, store=store, vault=vault, models=models, clock=clock, ids=ids,
        plans=plans,
    )  # fmt: skip
    await keys.open()
    return models, keys


def _assemble(
    settings: Settings, clock: Clock, ids: IdSource, store: Store, meeting: Meeting, books: Books,
    models: Models, keys: KeyDesk, docket: Docket, lookout: Lookout,
) -> Parts:  # fmt: skip
    """Join what is open, and teach the docket its tasks."""
    hub = meeting.hub
    reached = crash_point(settings.crash_at)
    journal = Journal(store, hub, clock, observer=lookout.observer, reached=reached)
    alarm, personas = DocketAlarm(docket), load_house()
    polls = Polls(journal=journal, store=store, alarm=alarm, bell=alarm, clock=clock)
    audience = Audience(
        journal=journal, store=store, hub=hub, alarm=alarm, clock=clock, polls=polls
    )
    wings = open_wings(
        settings, clock, ids, store=store, journal=journal, ledger=books.ledger,
        gateway=models.gateway,
    )  # fmt: skip
    stage = Stage(
        journal=journal, gateway=models.gateway, hub=hub, clock=clock, ids=ids,
        gallery=StoredPictures(store), warm=models.warming.warm,
        bills=books.ledger, entitle=alarm.entitle, sentiment=load_sentiment(),
        persona=Cards(store, personas).of, wings=wings, observer=lookout.observer,
        reached=reached,
    )  # fmt: skip
    turns, worker = Turns(stage, audience), TurnWorker(docket, worker_settings(settings))
    chores = (*books.chores, polls.sweep, Study(store, clock).go_on)
    reconciler = Reconciler(store, alarm, clock, roll=worker.roll, chores=chores)
    titles = Titles(journal=journal, store=store, gateway=models.gateway, ids=ids)
    lookout.export(meeting.hub, reconciler, models.directory, journal)
    _teach(docket, worker, turns, reconciler, titles, polls, reached)
    return Parts(
        settings=settings, clock=clock, ids=ids, store=store, meeting=meeting, journal=journal,
        models=models, keys=keys, preferences=books.preferences,
        personas=personas, docket=docket, alarm=alarm, audience=audience,
        wings=wings, turns=turns, worker=worker, reconciler=reconciler, polls=polls,
        lookout=lookout,
    )  # fmt: skip


def _teach(
    docket: Docket,
    worker: TurnWorker,
    turns: Turns,
    reconciler: Reconciler,
    titles: Titles,
    polls: Polls,
    reached: Reached,
) -> None:
    async def turn(conversation_id: str, again: bool) -> datetime | None:
        # The reconciler lets the worker doze when nothing runs; the first turn wakes it up.
        worker.attend(running=True)
        run = partial(turns.run, conversation_id)
        with bound_contextvars(conversation_id=conversation_id):
            due = await worker.carry(conversation_id, run, again=again)
        reached("before_reschedule")
        return due

    async def title(conversation_id: str) -> None:
        with bound_contextvars(conversation_id=conversation_id):
            await titles.run(conversation_id)

    async def reconcile() -> None:
        worker.attend(running=await reconciler.run() > 0)

    register(docket, turn, reconcile, title, polls.close)


# --- the doors ---------------------------------------------------------------------------------


def create_house(parts: Parts, *, hosts: frozenset[str]) -> House:
    """What the routes reach for. `hosts` are the names with port by which we are reached."""
    tally = parts.meeting.tally
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
        visitors=Visitors(parts.store.secret, tally),
        reacting=Rates("reacting", REACTIONS_PER_MINUTE, tally),
        trying=Rates("trying", TRIES_PER_MINUTE, tally),
        asking=Rates("asking", POLLS_PER_MINUTE, tally),
        starters=load_starters(),
        directors=parts.wings.schemes,
        seed=partial(secrets.randbelow, 2**31),
        failing=partial(failing, parts),
        lookout=parts.lookout,
        observer=parts.lookout.observer,
        outflow=parts.lookout.outflow,
        fast_path=FastPath(enabled=parts.settings.realtime.fast_path == "auto"),
        metrics_token=parts.settings.metrics.token,
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
        await parts.store.beat()
    except ChimeraError:
        found.append("database")
    if parts.hub.degraded_since is not None:
        found.append("redis")
    if parts.settings.database.url is not None and _keyless(parts.keys.cards()):
        found.append("house_key")
    folder = parts.settings.server.data_dir
    if folder.is_dir() and shutil.disk_usage(folder).free < LEAST_DISK:
        found.append("disk")
    return found


def _keyless(cards: Sequence[ProviderCard]) -> bool:
    """Whether another process stored keys that this one cannot open: it has another house key."""
    keys = [each.credential for each in cards if each.credential is not None]
    return any(each.disabled_because == UNREADABLE for each in keys)


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
