"""Plays a set-up: one house, one loop and one log for each seed."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from chimera.core import content
from chimera.core import events as ev
from chimera.core.errors import Stuck
from chimera.core.ids import Clock
from chimera.engine.recall import load_sentiment
from chimera.lab.clockwork import LoopClock, Outside, VirtualLoop
from chimera.lab.habits import HABITS, Fake
from chimera.lab.house import LabHouse, open_house
from chimera.lab.setup import Setup
from chimera.providers.catalog import no_prices
from chimera.providers.knowledge import PriceList
from chimera.providers.roster import SCRIPTED, Keyed
from chimera.providers.scripted.provider import ScriptedProvider
from chimera.store.database import Store

#: Virtual seconds in which something must happen, whatever its pace; a talk that stands still is a
#: failure of ours, and has to end too. Where for so long nobody could be heard, whatever was tried,
#: nobody will be.
_PATIENCE_S = 3600.0

#: Adapters of a provider of the house, made anew in each loop.
MakeKeyed = Callable[[Clock], Sequence[Keyed]]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the house has that plays outside of virtual time."""

    providers: Mapping[str, MakeKeyed] = field(default_factory=dict[str, MakeKeyed])
    #: Default models, by provider.
    models: dict[str, str] = field(default_factory=dict[str, str])
    local: frozenset[str] = frozenset()
    prices: PriceList = no_prices


NOWHERE = World()


def play(setup: Setup, seed: int, world: World = NOWHERE) -> list[ev.Envelope]:
    """The whole log of one play. Raises Stuck."""
    content.load()
    load_sentiment()
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(perform(setup, seed, world))


async def perform(
    setup: Setup, seed: int, world: World = NOWHERE, store: Store | None = None
) -> list[ev.Envelope]:
    """The same, in a VirtualLoop that runs already and a store that is open."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualLoop):
        raise TypeError("only a VirtualLoop plays a set-up")
    entries: dict[str, Sequence[Keyed]] = {SCRIPTED: [Keyed(provider=ScriptedProvider())]}
    for name in {each.provider for each in setup.cast} & HABITS.keys():
        entries[name] = [Keyed(provider=Fake(name, seed))]
    for name, make in world.providers.items():
        entries[name] = [_outside(each, loop) for each in make(LoopClock())]
    local = [*HABITS, *world.local]
    async with open_house(
        entries, seed=seed, local=local, prices=world.prices, store=store, without=setup.without
    ) as house:
        try:
            return await _follow(house, setup, setup.created(seed, world.models))
        finally:
            for each in (keyed for name in world.providers for keyed in entries[name]):
                await each.provider.close()


def _outside(keyed: Keyed, loop: VirtualLoop) -> Keyed:
    return Keyed(
        provider=Outside(keyed.provider, loop), credential=keyed.credential, owner=keyed.owner,
        limits=keyed.limits,
    )  # fmt: skip


async def _follow(
    house: LabHouse, setup: Setup, created: ev.ConversationCreated
) -> list[ev.Envelope]:
    """Let it play to its end, or to a pause that does not end by itself."""
    log: list[ev.Envelope] = []
    said, heard_at, waiting = 0, 0, sorted(setup.viewers, key=lambda each: each.after)
    conversation_id = await house.open(created)
    heard = house.journal.follow(conversation_id, after=0)
    while True:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                each = await anext(heard)
        except TimeoutError:
            raise Stuck(f"nothing happens after line {said} of seed {created.seed}") from None
        if not isinstance(each, ev.Envelope):
            continue
        log.append(each)
        if isinstance(each.body, ev.ConversationCreated | ev.MessageCompleted):
            heard_at = each.at
        if _over(each.body, silent_ms=each.at - heard_at):
            await heard.aclose()
            return log
        if isinstance(each.body, ev.MessageCompleted):
            said += 1
        while waiting and waiting[0].after <= said:
            remark = waiting.pop(0)
            await house.say(conversation_id, remark.name, remark.text)


def _over(body: ev.Body, *, silent_ms: int) -> bool:
    match body:
        case ev.ConversationEnded() | ev.ConversationPaused(resume_at=None):
            return True
        case ev.ConversationPaused() | ev.TurnFailed():
            return silent_ms >= 1000 * _PATIENCE_S
        case _:
            return False


def digest(log: Sequence[ev.Envelope]) -> str:
    """One number for a whole play: who said what, when and why."""
    wires = (orjson.dumps(each.wire(), option=orjson.OPT_SORT_KEYS) for each in log)
    return hashlib.sha256(b"\n".join(wires)).hexdigest()
