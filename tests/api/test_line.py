"""A viewer's line: what its heartbeats do when the store is busy, or slower than the hub."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import orjson
import pytest
from api_house import HOST, Made, make_house

from chimera.api.deps import Patience
from chimera.api.line import Line
from chimera.api.watching import Frames, Request
from chimera.core import events as ev
from chimera.core.errors import DiskFull, StoreBusy
from chimera.store.database import Store
from chimera.store.units import Result, Unit
from conversations_made import created, started
from fakes import CountingIds, FakeClock


class Wall:
    """Implements `Transport`: everything is taken and kept."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self._more = asyncio.Event()

    async def send(self, frames: Frames) -> None:
        self.frames += [orjson.loads(each) for each in frames]
        self._more.set()
        await asyncio.sleep(0)

    def put(self, frames: Frames) -> bool:
        """Everything goes the long way."""
        return False

    def seen(self, type_: str) -> list[dict[str, Any]]:
        return [each for each in self.frames if each["type"] == type_]

    async def until(self, type_: str, count: int = 1) -> None:
        async with asyncio.timeout(5):
            while len(self.seen(type_)) < count:
                self._more.clear()
                await self._more.wait()


class Between:
    """Implements `Backend`: does something once a read is done and before it returns."""

    def __init__(self, store: Store, then: Callable[[Any], Awaitable[None]]) -> None:
        self._store = store
        self._then = then

    async def write(self, unit: Unit[Result]) -> Result:
        return await self._store.write(unit)

    async def read(self, unit: Unit[Result]) -> Result:
        result = await self._store.read(unit)
        await self._then(result)
        return result

    async def close(self) -> None:
        """The store is closed by whoever opened it."""


class Full(Between):
    """The same on a disk that is full."""

    async def write(self, unit: Unit[Result]) -> Result:
        raise DiskFull("full")


@pytest.fixture
def made(sqlite_store: Store, clock: FakeClock, ids: CountingIds) -> Made:
    patience = Patience(heartbeat_s=0.05)
    return make_house(sqlite_store, clock, ids, hosts=frozenset({HOST}), patience=patience)


def over(store: Store, then: Callable[[Any], Awaitable[None]]) -> Store:
    return Store(Between(store, then), dialect="sqlite", store_id=store.store_id)


async def test_a_busy_store_does_not_end_the_line(made: Made) -> None:
    async def refuse(_: object) -> None:
        raise StoreBusy("Too many reads are waiting.")

    wall = Wall()
    house = replace(made.house, store=over(made.house.store, refuse))
    async with asyncio.TaskGroup() as group:
        talk = group.create_task(_keep(Line(house, wall)))
        await wall.until("heartbeat", 2)
        talk.cancel()
    assert wall.seen("heartbeat")[0]["head_seq"] == {}


async def test_viewers_are_told_once_that_nothing_can_be_kept(made: Made) -> None:
    async def nothing(_: object) -> None:
        return

    wall, whole = Wall(), made.house.store
    store = Store(Full(whole, nothing), dialect="sqlite", store_id=whole.store_id)
    with pytest.raises(DiskFull):
        await store.beat()
    house = replace(made.house, store=store)
    async with asyncio.TaskGroup() as group:
        talk = group.create_task(_keep(Line(house, wall)))
        await wall.until("heartbeat", 3)
        talk.cancel()
    assert [each["what"] for each in wall.seen("degraded")] == ["writes"]


async def test_a_viewer_who_is_ahead_of_the_heartbeat_is_not_sent_back(made: Made) -> None:
    wall = Wall()
    note = ev.NewEvent(body=ev.DirectorNoted(note="Louder."), actor=ev.HOST)
    journal = made.house.journal
    create = partial(journal.create, conversation_id="cnv_1", events=[created(), started()])
    await made.house.store.work(ev.HOST, create)

    async def say_more(result: object) -> None:
        if isinstance(result, dict):  # the heads of a heartbeat
            append = partial(journal.append, conversation_id="cnv_1", events=[note])
            await made.house.store.work(ev.HOST, append)
            await wall.until("director.noted", len(wall.seen("heartbeat")) + 1)

    house = replace(made.house, store=over(made.house.store, say_more))
    async with asyncio.TaskGroup() as group:
        talk = group.create_task(_keep(Line(house, wall), Request(conversation_id="cnv_1")))
        await wall.until("heartbeat", 3)
        talk.cancel()
    assert wall.seen("resync") == []
    assert len(wall.seen("snapshot")) == 1


async def _keep(line: Line, *wanted: Request) -> None:
    async with asyncio.TaskGroup() as group:
        line.keep(group)
        for each in wanted:
            line.watch(group, each)
