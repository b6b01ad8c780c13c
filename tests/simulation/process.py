"""One simulated process: the real engine on faulty ports. Killed, all that it knew is gone."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from random import Random
from typing import Any

from chimera.core.persona import Persona, load_house
from chimera.core.ports import Alarm, Hub, Ledger, Sentiment
from chimera.engine.audience import Audience
from chimera.engine.journal import Journal
from chimera.engine.performing import Stage
from chimera.engine.recall import load_sentiment
from chimera.engine.reconcile import Reconciler
from chimera.engine.turns import Turns
from chimera.lab.clockwork import LoopClock
from chimera.providers.catalog import Catalog
from chimera.providers.gateway import Gateway
from chimera.providers.knowledge import Overrides
from chimera.providers.roster import Roster
from chimera.store.database import Store
from chimera.store.ledger import StoreLedger
from chimera.store.personas import Cards
from chimera.store.pictures import StoredPictures
from chimera.store.preferences import Preferences
from chimera.store.units import Backend
from fakes import CountingIds
from simulation.bell import Bell, FaultyAlarm
from simulation.oracle import Oracle
from simulation.plan import Plan
from simulation.ports import Disk, FaultyDisk, FaultyHub, KnownJournal, Mind, Wires, price

Work = Coroutine[Any, Any, Any]


@cache
def house() -> tuple[tuple[Persona, ...], Sentiment]:
    """What is read from files and never changes."""
    return load_house(), load_sentiment()


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """How the parts of a process are made; a broken part in place of a good one must be found."""

    journal: Callable[[Store, Hub, LoopClock], Journal] = KnownJournal
    ledger: Callable[[Ledger], Ledger] = lambda ledger: ledger
    backend: Callable[[Backend], Backend] = lambda backend: backend
    #: Whether anybody looks for lost alarms.
    reconciles: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """What outlives a process."""

    plan: Plan
    oracle: Oracle
    disk: Disk
    wires: Wires
    bell: Bell
    group: asyncio.TaskGroup
    ids: CountingIds = field(default_factory=CountingIds)
    making: Making = field(default_factory=Making)
    #: Told of what happened, for whoever looks into one seed.
    tell: Callable[[str], None] = lambda _: None


class Process:
    """Implements `Life` and `Runner`."""

    def __init__(self, name: str, street: Street, *, on_death: Callable[["Process"], None]) -> None:
        self.name = name
        self._street = street
        self._on_death = on_death
        self._tasks: set[asyncio.Task[Any]] = set()
        self._awake = asyncio.Event()
        self._awake.set()
        self.dead = False
        self._build()

    def _build(self) -> None:
        street, clock = self._street, LoopClock()
        plan, making, (personas, sentiment) = street.plan, street.making, house()
        disk = making.backend(FaultyDisk(street.disk, self))
        self.store = Store(disk, dialect="sqlite", store_id="sto_sim")
        self.hub = FaultyHub(street.wires, self)
        self.alarm: Alarm = FaultyAlarm(street.bell, self)
        self.journal = making.journal(self.store, self.hub, clock)
        roster = Roster.of(Mind(plan, self, street.oracle))
        books = StoreLedger(self.store, Preferences(self.store, clock), clock)
        catalog = Catalog(roster, clock=clock, overrides=Overrides(), prices=price)
        gateway = Gateway(
            roster, catalog=catalog, clock=clock, rng=Random(self.name), ids=street.ids,
            ledger=making.ledger(books),
        )  # fmt: skip
        audience = Audience(
            journal=self.journal, store=self.store, hub=self.hub, alarm=self.alarm, clock=clock
        )
        stage = Stage(
            journal=self.journal, gateway=gateway, hub=self.hub, clock=clock, ids=street.ids,
            gallery=StoredPictures(self.store), warm=lambda _: None, sentiment=sentiment,
            bills=books, entitle=self._entitle, persona=Cards(self.store, personas).of,
        )  # fmt: skip
        self.turns = Turns(stage, audience)
        self.reconciler = Reconciler(self.store, self.alarm, clock)

    async def _entitle(self, _conversation_id: str) -> None:
        await self.passing("entitle")

    # --- what it does --------------------------------------------------------------------------

    @property
    def renews(self) -> bool:
        return not self.dead and self._awake.is_set()

    def begin(self, key: str) -> "asyncio.Task[datetime | None]":
        return self.do(self.turns.run(key))

    def do(self, work: Work) -> "asyncio.Task[Any]":
        """Do it as long as the process lives."""
        task = self._street.group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # --- what happens to it --------------------------------------------------------------------

    async def passing(self, port: str, error: Callable[[], Exception] | None = None) -> None:
        self._alive()
        fault = self._street.plan.at(port, self.name)
        if fault is not None:
            if fault.what != "delay":
                self._street.tell(f"{self.name} {port}: {fault.what} {fault.seconds:.2f}")
            match fault.what:
                case "crash":
                    self.kill()
                case "freeze":
                    self.freeze(fault.seconds)
                case "error" if error is not None:
                    raise error()
                case _:
                    await asyncio.sleep(fault.seconds)
        await self._awake.wait()
        self._alive()

    def _alive(self) -> None:
        if self.dead:
            # Whatever cleans up after a death finds every door shut.
            raise asyncio.CancelledError

    def freeze(self, seconds: float) -> None:
        """Stopped, not dead: nothing of it goes on until it wakes, and it does not know."""
        self._awake.clear()
        asyncio.get_running_loop().call_later(seconds, self._awake.set)

    def kill(self) -> None:
        """Dead at this very moment."""
        if self.dead:
            return
        self.dead = True
        self._awake.set()
        self._street.wires.leave(self.name)
        for task in sorted(self._tasks, key=lambda each: each.get_name()):
            task.cancel()
        self._on_death(self)
