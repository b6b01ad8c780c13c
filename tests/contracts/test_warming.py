"""Waking models of this machine: who is woken, how often, and what a failure does."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest
from provider_fakes import ActedProvider

from chimera.core.errors import ProviderDown
from chimera.core.generation import Route
from chimera.lab.clockwork import LoopClock
from chimera.providers.catalog import Catalog, no_prices
from chimera.providers.knowledge import Overrides
from chimera.providers.roster import Roster
from chimera.providers.warming import Warming

pytestmark = pytest.mark.looptime

A = Route(provider="ollama", model="a")
B = Route(provider="ollama", model="b")


class Sleepy(ActedProvider):
    """Implements `Preloads`: each model takes ten seconds to wake."""

    def __init__(self, name: str = "ollama") -> None:
        super().__init__(name, [])
        self.woken: list[str] = []
        self.fails = False

    async def preload(self, model: str) -> None:
        await asyncio.sleep(10)
        self.woken.append(model)
        if self.fails:
            raise ProviderDown("out of memory")


@asynccontextmanager
async def warming(*servers: ActedProvider, local: Sequence[str]) -> AsyncGenerator[Warming]:
    roster, clock = Roster.of(*servers), LoopClock()
    catalog = Catalog(roster, clock=clock, overrides=Overrides(), prices=no_prices, local=local)
    made = Warming(roster, catalog, clock)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(made.run())
        yield made
        task.cancel()


async def test_a_hint_wakes_the_model_without_holding_anybody_up() -> None:
    server = Sleepy()
    async with warming(server, local=["ollama"]) as house:
        house.warm(A)
        assert asyncio.get_running_loop().time() == 0
        await asyncio.sleep(11)
    assert server.woken == ["a"]


async def test_what_is_awake_is_let_be_until_it_may_have_fallen_asleep() -> None:
    server = Sleepy()
    async with warming(server, local=["ollama"]) as house:
        for _ in range(5):
            house.warm(A)
            await asyncio.sleep(20)
        assert server.woken == ["a"]
        await asyncio.sleep(300)
        house.warm(A)
        await asyncio.sleep(11)
    assert server.woken == ["a", "a"]


async def test_of_hints_that_come_while_one_wakes_the_newest_counts() -> None:
    server = Sleepy()
    async with warming(server, local=["ollama"]) as house:
        for route in (A, B, A, B):
            house.warm(route)
            await asyncio.sleep(1)
        await asyncio.sleep(60)
    assert server.woken == ["a", "b"]


async def test_a_model_that_does_not_wake_is_told_of_by_its_turn_and_tried_again() -> None:
    server = Sleepy()
    server.fails = True
    async with warming(server, local=["ollama"]) as house:
        for _ in range(2):
            house.warm(A)
            await asyncio.sleep(11)
    assert server.woken == ["a", "a"]


@pytest.mark.parametrize("failure", [OSError("no more processes"), None], ids=["fails", "hangs"])
async def test_a_hint_that_comes_to_nothing_is_not_the_last(failure: OSError | None) -> None:
    class Odd(Sleepy):
        async def preload(self, model: str) -> None:
            if model == A.model:
                if failure is not None:
                    raise failure
                await asyncio.Event().wait()
            await super().preload(model)

    server = Odd()
    async with warming(server, local=["ollama"]) as house:
        house.warm(A)
        await asyncio.sleep(400)
        house.warm(B)
        await asyncio.sleep(11)
    assert server.woken == ["b"]


async def test_distant_services_and_servers_that_need_no_waking_get_no_hint() -> None:
    distant, plain = Sleepy("openai"), ActedProvider("lmstudio", [])
    async with warming(distant, plain, local=["lmstudio"]) as house:
        for name in ("openai", "lmstudio", "scripted", "nobody"):
            house.warm(Route(provider=name, model="a"))
        await asyncio.sleep(60)
    assert distant.woken == []
