"""A house for tests: real store, journal and hub; nobody plays, and the alarm only takes notes."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

import uvicorn
from fastapi import FastAPI
from provider_fakes import ActedProvider, line
from pydantic import SecretStr

from chimera.api.application import create_api
from chimera.api.deps import House, KeyCard, KeyChange, Outlook, Patience, ProviderCard
from chimera.api.protocol import Guarded
from chimera.api.visitors import Visitors
from chimera.core.errors import NotFound, ProviderDown, UnknownModel
from chimera.core.generation import Health, Model, Progress, Provider, ProviderState, Route
from chimera.core.persona import load_house
from chimera.core.ports import Observer, Unobserved
from chimera.core.topics import load_starters
from chimera.engine.audience import Audience
from chimera.engine.journal import Journal
from chimera.engine.polling import Polls
from chimera.features.conversations.crowd_routes import router as crowd_router
from chimera.features.conversations.looking import PAGES
from chimera.features.conversations.routes import router as conversations_router
from chimera.features.house.routes import router as house_router
from chimera.features.learning.routes import router as learning_router
from chimera.features.personas.routes import router as personas_router
from chimera.features.providers.routes import router as providers_router
from chimera.providers.catalog import Catalog
from chimera.providers.gateway import Gateway
from chimera.providers.knowledge import Overrides
from chimera.providers.pulls import Pulls
from chimera.providers.roster import Roster
from chimera.providers.scripted.provider import ScriptedProvider
from chimera.realtime.hub import MemoryHub
from chimera.store.database import Store
from chimera.store.ledger import StoreLedger
from chimera.store.preferences import Preferences
from fakes import CountingIds, FakeClock

HOST = "stage.test:8000"
ORIGIN = f"http://{HOST}"
LIVE = "/api/v1/live"


class NotingAlarm:
    """Implements `core.ports.Alarm` by remembering what it was told."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, datetime]] = []
        self.cancelled: list[str] = []
        self.tallied: list[tuple[str, datetime]] = []

    async def ring(self, key: str, at: datetime) -> None:
        self.rung.append((key, at))

    async def add(self, key: str, at: datetime) -> None:
        self.rung.append((key, at))

    async def tally(self, poll_id: str, at: datetime) -> None:
        self.tallied.append((poll_id, at))

    async def cancel(self, key: str) -> None:
        self.cancelled.append(key)


class FetchingServer(ActedProvider):
    """Implements `Fetches`: half of every model comes, and the rest when somebody lets it."""

    def __init__(self, name: str) -> None:
        super().__init__(name, [])
        self.let = asyncio.Event()
        self.left = asyncio.Event()

    async def pull(self, model: str) -> AsyncGenerator[Progress]:
        try:
            yield Progress(status="pulling manifest")
            if "none" in model:
                raise UnknownModel("Ollama's library has no such model")
            yield Progress(status="pulling aa", completed=50, total=100)
            await self.let.wait()
            yield Progress(status="success", completed=100, total=100)
        finally:
            self.left.set()


def _state(name: str, *, ready: bool = True, local: bool = False, **more: object) -> ProviderState:
    title = {"scripted": "Improv troupe", "openai": "OpenAI"}.get(name, "Ollama")
    return ProviderState(name=name, title=title, ready=ready, local=local, found=ready, **more)  # pyright: ignore[reportArgumentType] - fields of the state


@dataclass
class FewProviders:
    """Implements `Providers`: the troupe, a distant service and a server on this machine."""

    states: list[ProviderState] = field(
        default_factory=lambda: [
            _state("openai", default_model="gpt-x", models=("gpt-x",), calls=3, errors=1,
                   last_success_at=1_700_000_000_000, p50_ms=400.0),
            _state("ollama", local=True, models=("llama:8b",), default_model="llama:8b"),
            _state("scripted", local=True, models=("improv",), default_model="improv"),
        ]
    )  # fmt: skip
    looked: int = 0

    def known(self) -> Sequence[ProviderState]:
        return self.states

    async def look(self) -> None:
        self.looked += 1

    async def models(self, name: str) -> Sequence[Model]:
        if name == "openai":
            raise ProviderDown("OpenAI does not answer.")
        return [Model(id=each, context=8192) for each in self._state(name).models]

    async def check(self, name: str) -> Health:
        return Health(ok=bool(self._state(name).ready), latency_ms=12.5)

    def best(self) -> Route:
        return Route(provider="scripted", model="improv")

    def _state(self, name: str) -> ProviderState:
        for each in self.states:
            if each.name == name:
                return each
        raise NotFound("There is no such provider.")


@dataclass
class FewKeys:
    """Implements `Keys` by remembering what it was told; two services are set, one is not."""

    providers: FewProviders
    told: list[tuple[str, object]] = field(default_factory=list[tuple[str, object]])

    def cards(self) -> Sequence[ProviderCard]:
        key = KeyCard(source="environment", last4="-key", fingerprint="0123456789ab")
        return [
            ProviderCard(
                name="openai", title="OpenAI", local=False, wants_key=True, credential=key
            ),
            ProviderCard(name="anthropic", title="Anthropic", local=False, wants_key=True),
            ProviderCard(name="ollama", title="Ollama", local=True, wants_key=False),
        ]

    async def put(self, name: str, change: KeyChange) -> None:
        self.told.append((name, change))

    async def drop(self, name: str) -> None:
        self.told.append((name, None))

    async def tune(self, name: str, tuning: Mapping[str, int | str | None]) -> None:
        self.told.append((name, tuning))

    async def check(self, name: str, change: KeyChange) -> Health:
        return await self.providers.check(name)


@dataclass
class StillLookout:
    """Implements `Lookout` with what the test sets."""

    stalled: bool = False
    outlook: Outlook = field(
        default_factory=lambda: Outlook(
            due=2, oldest_due_s=1.5, unstuck={"late": 1}, wal_bytes=4096, backed_up_at=None
        )
    )

    async def look(self) -> Outlook:
        return self.outlook

    def exposition(self) -> tuple[bytes, str]:
        return b"# HELP chimera_viewers How many watch.\n", "text/plain; version=0.0.4"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A house with the hands of the test on its parts."""

    house: House
    app: FastAPI
    alarm: NotingAlarm
    hub: MemoryHub
    clock: FakeClock
    providers: FewProviders
    failing: list[str]
    server: FetchingServer
    lookout: StillLookout


@dataclass(frozen=True, kw_only=True)
class Served:
    """A house that listens on this machine."""

    made: Made
    port: int

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def live(self) -> str:
        return f"ws://127.0.0.1:{self.port}/api/v1/live"


def make_house(
    store: Store,
    clock: FakeClock,
    ids: CountingIds,
    *,
    hosts: frozenset[str],
    web: Path | None = None,
    patience: Patience | None = None,
    metrics_token: str | None = None,
    observer: Observer | None = None,
) -> Made:
    hub, alarm, providers, failing = MemoryHub(), NotingAlarm(), FewProviders(), list[str]()
    journal = Journal(store, hub, clock)

    async def checks() -> Sequence[str]:
        return failing

    server = FetchingServer("ollama")
    servers: dict[str, Provider] = {"ollama": server, "openai": ActedProvider("openai", [])}
    pulls = Pulls(servers.get, fetched=lambda _: None)
    lookout = StillLookout()
    house = House(
        lookout=lookout, observer=observer or Unobserved(),
        metrics_token=None if metrics_token is None else SecretStr(metrics_token),
        store=store, journal=journal, hub=hub, alarm=alarm,
        audience=Audience(journal=journal, store=store, hub=hub, alarm=alarm, clock=clock),
        polls=Polls(journal=journal, store=store, alarm=alarm, bell=alarm, clock=clock),
        clock=clock, ids=ids, providers=providers, keys=FewKeys(providers), pulls=pulls,
        gateway=_gateway(store, clock, ids),
        preferences=Preferences(store, clock), personas=load_house(),
        starters=load_starters(), seed=lambda: 11, failing=checks, hosts=hosts, web=web,
        patience=patience or Patience(), visitors=Visitors("a secret of the tests"),
    )  # fmt: skip
    routers = [
        conversations_router, crowd_router, personas_router, providers_router, house_router,
        learning_router,
    ]  # fmt: skip
    app = create_api(house, routers, content=PAGES)
    return Made(
        house=house, app=app, alarm=alarm, hub=hub, clock=clock, providers=providers,
        failing=failing, server=server, lookout=lookout,
    )  # fmt: skip


def _gateway(store: Store, clock: FakeClock, ids: CountingIds) -> Gateway:
    """The troupe, and a service of which every word costs something."""
    texts = ("The river keeps no diary.", "My aunt sells hats.", "Nobody counts the gulls here.")
    said = [line(each) for each in texts]
    roster = Roster.of(ScriptedProvider(), ActedProvider("openai", *said))
    catalog = Catalog(
        roster,
        clock=clock,
        overrides=Overrides(),
        prices=lambda _p, _m, _u, _at: 0.01,
        local=["scripted"],
    )
    ledger = StoreLedger(store, Preferences(store, clock), clock)
    return Gateway(roster, catalog=catalog, clock=clock, rng=Random(1), ids=ids, ledger=ledger)


@asynccontextmanager
async def served(
    app: FastAPI, listening: socket.socket, protocol: type[Guarded] = Guarded
) -> AsyncGenerator[None]:
    """The application behind our own protocol, as it is served in earnest."""
    config = uvicorn.Config(
        app, lifespan="off", http=protocol, ws="websockets-sansio", ws_max_size=65536,
        ws_per_message_deflate=False, log_config=None, server_header=False,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listening])
    try:
        yield
    finally:
        await server.shutdown(sockets=[listening])
