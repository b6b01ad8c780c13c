"""The engine with nothing around it: turns, a gateway and a log, for talks that nobody watches."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random

from chimera.core import events as ev
from chimera.core.conversation import Participant
from chimera.core.generation import Route
from chimera.core.ids import IdSource
from chimera.core.persona import Persona, load_house
from chimera.engine.ahead import IN_A_ROW
from chimera.engine.audience import Audience
from chimera.engine.journal import Appended, Journal
from chimera.engine.performing import Stage
from chimera.engine.recall import load_sentiment
from chimera.engine.turns import Turns
from chimera.engine.wings import Wings
from chimera.lab.clockwork import CountedIds, InlineBackend, LoopAlarm, LoopClock
from chimera.lab.lacking import Lack, schemes_without
from chimera.providers.catalog import Catalog, no_prices
from chimera.providers.gateway import Gateway
from chimera.providers.knowledge import Overrides, PriceList
from chimera.providers.roster import Keyed, Roster
from chimera.realtime.hub import MemoryHub
from chimera.store.database import Store, Work
from chimera.store.ledger import StoreLedger
from chimera.store.pictures import StoredPictures
from chimera.store.preferences import Preferences


class LabHouse:
    """One house for one talk."""

    def __init__(
        self,
        *,
        store: Store,
        alarm: LoopAlarm,
        entries: Mapping[str, Sequence[Keyed]],
        local: Sequence[str],
        prices: PriceList = no_prices,
        seed: int,
        without: Collection[Lack] = (),
    ) -> None:
        clock, hub = LoopClock(asyncio.get_running_loop()), MemoryHub()
        self.store, self.alarm = store, alarm
        self.ids: IdSource = CountedIds()
        self.journal = Journal(store, hub, clock)
        roster = Roster(entries)
        self.catalog = Catalog(
            roster, clock=clock, overrides=Overrides(), prices=prices, local=local
        )
        ledger = StoreLedger(store, Preferences(store, clock), clock)
        gateway = Gateway(
            roster, catalog=self.catalog, clock=clock, rng=Random(f"{seed}:gateway"),
            ids=self.ids, ledger=ledger,
        )  # fmt: skip
        self.audience = Audience(
            journal=self.journal, store=store, hub=hub, alarm=alarm, clock=clock
        )  # fmt: skip
        cards = {each.id: each for each in load_house()}

        async def persona(participant: Participant) -> Persona:
            return cards[participant.persona_id]

        self.stage = Stage(
            journal=self.journal, gateway=gateway, hub=hub, clock=clock, ids=self.ids,
            gallery=StoredPictures(store), warm=_nothing_sleeps, bills=ledger,
            entitle=_nobody_reads_titles, sentiment=load_sentiment(), persona=persona,
            wings=Wings(schemes=schemes_without(without)),
        )  # fmt: skip
        in_a_row = 1 if "ahead" in without else IN_A_ROW
        alarm.turn = Turns(self.stage, self.audience, in_a_row=in_a_row).run

    async def open(self, created: ev.ConversationCreated) -> str:
        """A conversation that runs from now on; its id."""
        conversation_id = self.ids.new("cnv")
        bodies: tuple[ev.Body, ...] = (created, ev.ConversationStarted())

        def unit(work: Work) -> Appended:
            events = [ev.NewEvent(body=body, actor=ev.HOST) for body in bodies]
            return self.journal.create(work, conversation_id, events, wake_at=0)

        await self.store.work(ev.HOST, unit)
        await self.alarm.ring(conversation_id, LoopClock().now())
        return conversation_id

    async def say(self, conversation_id: str, name: str, text: str) -> None:
        """A viewer speaks."""
        now = round(1000 * LoopClock().now().timestamp())
        body = ev.MessagePosted(
            message_id=self.ids.new("msg"), author=ev.Author(kind="viewer", name=name), text=text
        )
        event = ev.NewEvent(body=body, actor=ev.Actor(type="viewer"))
        await self.store.work(
            event.actor,
            lambda work: self.journal.append(work, conversation_id, [event], wake_at=now),
        )
        await self.alarm.ring(conversation_id, LoopClock().now())


def _nothing_sleeps(_route: Route) -> None:
    """Nobody has to be woken."""


async def _nobody_reads_titles(_conversation_id: str) -> None:
    """The set-up has one."""


@asynccontextmanager
async def open_house(
    entries: Mapping[str, Sequence[Keyed]],
    *,
    seed: int,
    local: Sequence[str] = (),
    prices: PriceList = no_prices,
    store: Store | None = None,
    without: Collection[Lack] = (),
) -> AsyncGenerator[LabHouse]:
    """A house with these providers; what it writes is gone with it, unless a store is given."""
    backend = InlineBackend()
    kept = store or Store(backend, dialect="sqlite", store_id="sto_lab")
    async with asyncio.TaskGroup() as group:
        alarm = LoopAlarm(group)
        try:
            yield LabHouse(
                store=kept,
                alarm=alarm,
                entries=entries,
                local=local,
                prices=prices,
                seed=seed,
                without=without,
            )
        finally:
            alarm.close()
    await backend.close()
