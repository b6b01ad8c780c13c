"""A whole house in one loop, on virtual time: playbooks say what happens and look at the log.

The database runs inside the loop instead of in its threads, so that nothing but the loop decides
what time it is, and a minute of talk takes no time at all.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Any

from chimera.core import events as ev
from chimera.core.conversation import Limits, Pace, Participant
from chimera.core.generation import (
    Chunk,
    Finish,
    GenerationRequest,
    Health,
    Model,
    Provider,
    Route,
    Text,
    Usage,
    UsageReport,
)
from chimera.core.ids import from_millis
from chimera.core.persona import Persona, load_house
from chimera.core.ports import Observer, Unobserved
from chimera.core.state import ConversationState, fold
from chimera.engine.asking import Performer
from chimera.engine.audience import Audience
from chimera.engine.journal import Appended, Journal
from chimera.engine.performing import Stage
from chimera.engine.recall import load_sentiment
from chimera.engine.titling import Titles
from chimera.engine.turns import Turns
from chimera.engine.wings import Wings
from chimera.lab.clockwork import InlineBackend, LoopAlarm, LoopClock
from chimera.providers.catalog import Catalog
from chimera.providers.gateway import Gateway
from chimera.providers.knowledge import Overrides
from chimera.providers.roster import Roster
from chimera.realtime.hub import MemoryHub
from chimera.store.database import Store, Work
from chimera.store.ledger import StoreLedger
from chimera.store.personas import Cards
from chimera.store.pictures import StoredPictures
from chimera.store.preferences import Preferences
from fakes import CountingIds


class Extras:
    """Implements `Provider` in the troupe's place: always another line, with no material."""

    name = "scripted"

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        if request.scene is None:
            raise AssertionError("the engine gives the troupe its scene")
        random = Random(f"{request.scene.state.seed}:{request.scene.turn}:improv")
        words = [random.choice(WORDS) for _ in range(request.scene.speak.words + 2)]
        for word in words:
            yield Text(f"{word} ")
        yield UsageReport(Usage(input_tokens=10, output_tokens=len(words), cost=0.0))
        yield Finish(reason="stop")

    async def models(self) -> Sequence[Model]:
        return ()

    async def check(self) -> Health:
        return Health(ok=True)

    async def close(self) -> None:
        """Nothing is open."""


WORDS = ("river", "lamp", "orange", "quietly", "stone", "silver", "under", "the", "of", "velvet")


class Playhouse:
    """What a playbook drives."""

    def __init__(
        self,
        *,
        store: Store,
        hub: MemoryHub,
        alarm: LoopAlarm,
        providers: Sequence[Provider],
        cost: float | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.clock, self.ids = LoopClock(), CountingIds()
        #: Routes that were said to be asked soon.
        self.hints: list[Route] = []
        self.store, self.hub, self.alarm = store, hub, alarm
        self.journal = Journal(store, hub, self.clock, observer=observer)
        everybody = [*providers, Extras()]
        roster = Roster.of(*everybody)
        self.catalog = Catalog(
            roster,
            clock=self.clock,
            overrides=Overrides(),
            prices=lambda _provider, _model, _usage, _at: cost,
            local=[] if cost else [each.name for each in providers],
        )
        self.preferences = Preferences(store, self.clock)
        self.ledger = StoreLedger(store, self.preferences, self.clock)
        self.gateway = Gateway(
            roster, catalog=self.catalog, clock=self.clock, rng=Random(1), ids=self.ids,
            ledger=self.ledger, observer=observer,
        )  # fmt: skip
        self.audience = Audience(
            journal=self.journal, store=store, hub=hub, alarm=alarm, clock=self.clock
        )
        self.stage = Stage(
            journal=self.journal, gateway=self.gateway, hub=hub, clock=self.clock, ids=self.ids,
            gallery=StoredPictures(store), warm=self.hints.append,
            persona=Cards(store, load_house()).of,
            sentiment=load_sentiment(), bills=self.ledger, entitle=self.entitle,
            observer=observer or Unobserved(),
        )  # fmt: skip
        self.titles = Titles(
            journal=self.journal, store=store, gateway=self.gateway, ids=self.ids
        )  # fmt: skip
        self.turns = Turns(self.stage, self.audience)
        alarm.turn = self.turns.run

    def write_nothing_ahead(self) -> None:
        """Have every line asked for by its own turn, from the next run on."""
        self.turns = Turns(self.stage, self.audience, in_a_row=1)
        self.alarm.turn = self.turns.run

    async def entitle(self, conversation_id: str) -> None:
        self.alarm.errand(self.titles.run(conversation_id))

    def perform_with(self, gateway: Performer) -> None:
        """Let another gateway play, from the next run on."""
        self.stage = replace(self.stage, gateway=gateway)
        self.turns = Turns(self.stage, self.audience)
        self.alarm.turn = self.turns.run

    def help_with(self, wings: Wings) -> None:
        """Let the director be helped, from the next run on."""
        self.stage = replace(self.stage, wings=wings)
        self.turns = Turns(self.stage, self.audience)
        self.alarm.turn = self.turns.run

    async def open(
        self,
        *,
        topic: str = "Should cities ban cars?",
        slugs: Sequence[str] = ("philosopher", "comedian", "scientist"),
        provider: str = "scripted",
        providers: dict[str, str] | None = None,
        pace: Pace | None = None,
        seed: int = 7,
        title: str | None = None,
        whispers: bool = False,
        director: str = "show",
        **limits: Any,
    ) -> str:
        """Create and start a conversation; its id."""
        cards = {each.slug: each for each in load_house()}
        cast = tuple(seat(cards[slug], (providers or {}).get(slug, provider)) for slug in slugs)
        created = ev.ConversationCreated(
            title=title or topic, topic=topic, participants=cast, pace=pace or Pace(), seed=seed,
            limits=Limits(**limits), whispers=whispers, director=director,
        )  # fmt: skip
        conversation_id = self.ids.new("cnv")
        bodies = [created, ev.ConversationStarted()]

        def unit(work: Work) -> Appended:
            return self.journal.create(
                work, conversation_id,
                [ev.NewEvent(body=body, actor=ev.HOST) for body in bodies],
                wake_at=0,
            )  # fmt: skip

        await self.store.work(ev.HOST, unit)
        await self.alarm.ring(conversation_id, self.clock.now())
        return conversation_id

    async def say(self, conversation_id: str, text: str, to: str | None = None) -> int:
        """A viewer speaks; the seq of the line."""
        body = ev.MessagePosted(
            message_id=self.ids.new("msg"), author=ev.Author(kind="viewer", name="Anna"),
            text=text, to=to,
        )  # fmt: skip
        return await self.tell(conversation_id, body, actor=ev.Actor(type="viewer"))

    async def tell(self, conversation_id: str, body: ev.Body, actor: ev.Actor = ev.HOST) -> int:
        """Append something of a person's and wake the cast; its seq."""
        now = self.stage.now()
        done = await self.store.work(
            actor,
            lambda work: self.journal.append(
                work, conversation_id, [ev.NewEvent(body=body, actor=actor)], wake_at=now
            ),
        )
        if done.ring_at is not None:
            await self.alarm.ring(conversation_id, from_millis(done.ring_at))
        return done.seq

    async def take_floor(
        self, conversation_id: str, body: ev.Body, code: str, *, wake: bool = False
    ) -> int:
        """Pause, stop or clear; the seq. With `wake` the talk goes on."""
        done = await self.store.work(
            ev.HOST,
            lambda work: self.journal.take_floor(
                work, conversation_id, [ev.NewEvent(body=body, actor=ev.HOST)], code=code,
                wake_at=self.stage.now() if wake else None,
            ),
        )  # fmt: skip
        if wake and done.ring_at is not None:
            await self.alarm.ring(conversation_id, from_millis(done.ring_at))
        return done.seq

    async def log(self, conversation_id: str) -> list[ev.Envelope]:
        return await self.journal.read(conversation_id, limit=5000)

    async def bodies(self, conversation_id: str, kind: type[Any]) -> list[Any]:
        return [
            each.body for each in await self.log(conversation_id) if isinstance(each.body, kind)
        ]

    async def state(self, conversation_id: str) -> ConversationState:
        return fold(conversation_id, await self.log(conversation_id))

    async def until(
        self, conversation_id: str, kind: type[Any], count: int = 1, within: float = 600
    ) -> ev.Envelope:
        """Wait on virtual time for the so-manieth event of a kind."""
        async with asyncio.timeout(within):
            seen = 0
            async for heard in self.journal.follow(conversation_id, after=0):
                if isinstance(heard, ev.Envelope) and isinstance(heard.body, kind):
                    seen += 1
                    if seen == count:
                        return heard
        raise AssertionError("a log has no end")


def seat(persona: Persona, provider: str) -> Participant:
    return Participant(
        id=f"par_{persona.slug}", persona_id=persona.id, slug=persona.slug, name=persona.name,
        short=persona.short, color=persona.color, mask=persona.mask, provider=provider,
        model="improv" if provider == "scripted" else "m1", character=persona.character,
    )  # fmt: skip


@asynccontextmanager
async def playhouse(
    *providers: Provider, cost: float | None = None, observer: Observer | None = None
) -> AsyncGenerator[Playhouse]:
    """A house with these providers beside the troupe; each of their calls costs so much."""
    backend = InlineBackend()
    store = Store(backend, dialect="sqlite", store_id="sto_test")
    async with asyncio.TaskGroup() as group:
        alarm = LoopAlarm(group)
        try:
            yield Playhouse(
                store=store, hub=MemoryHub(), alarm=alarm, providers=providers, cost=cost,
                observer=observer,
            )  # fmt: skip
        finally:
            alarm.close()
    await backend.close()
