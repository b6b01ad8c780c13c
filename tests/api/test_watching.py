"""A viewer sees every event once and in order, whatever the hub does to the frames."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from functools import partial
from random import Random

import orjson
import pytest
from api_house import HOST, Made, make_house

from chimera.api.watching import Request, Watching
from chimera.core import events as ev
from chimera.core.sequence import Draft
from chimera.engine.journal import Journal
from chimera.realtime.hub import MemoryHub, RingChannel
from chimera.store.database import Store
from conversations_made import created, started
from fakes import CountingIds, FakeClock

COUNT = 120


class CarelessHub(MemoryHub):
    """Implements `Hub`: loses, repeats and reorders what it is given."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._random = random
        self._late: list[tuple[str, Sequence[bytes], int | None]] = []

    async def publish(
        self,
        conversation_id: str,
        frames: Sequence[bytes],
        *,
        seq: int | None = None,
        generation: int | None = None,
        draft: Draft | None = None,
        keep_draft: bool = True,
    ) -> None:
        fate = self._random.random()
        if fate < 0.2:
            return
        if fate < 0.4:
            self._late.append((conversation_id, frames, seq))
            return
        for _ in range(2 if fate < 0.6 else 1):
            await super().publish(conversation_id, frames, seq=seq, generation=generation)
        while self._late and self._random.random() < 0.5:
            late = self._late.pop(self._random.randrange(len(self._late)))
            await super().publish(late[0], late[1], seq=late[2])

    @asynccontextmanager
    async def watch(
        self, conversation_id: str, *, viewer: bool = False
    ) -> AsyncGenerator[RingChannel]:
        async with super().watch(conversation_id, viewer=viewer) as channel:
            yield channel


@pytest.fixture
def made(sqlite_store: Store, clock: FakeClock, ids: CountingIds) -> Made:
    return make_house(sqlite_store, clock, ids, hosts=frozenset({HOST}))


@pytest.mark.parametrize("seed", range(6))
async def test_every_event_comes_once_and_in_order(made: Made, seed: int) -> None:
    random = Random(seed)
    hub = CarelessHub(random)
    journal = Journal(made.house.store, hub, made.clock)
    house = replace(made.house, hub=hub, journal=journal)
    note = ev.NewEvent(body=ev.DirectorNoted(note="Louder."), actor=ev.HOST)
    create = partial(journal.create, conversation_id="cnv_1", events=[created(), started()])
    await house.store.work(ev.HOST, create)
    seen: list[int] = []

    async def write() -> None:
        written = 2
        while written < COUNT:
            few = min(random.randint(1, 3), COUNT - written)
            append = partial(journal.append, conversation_id="cnv_1", events=[note] * few)
            await house.store.work(ev.HOST, append)
            written += few
        # The last frames may be lost as well; looking after the log would take fifteen seconds.
        frames = await journal.frames("cnv_1", after=COUNT - 1)
        await MemoryHub.publish(hub, "cnv_1", frames, seq=COUNT)

    async def read() -> None:
        while len(seen) < COUNT:
            watching = Watching(house, Request(conversation_id="cnv_1", after=len(seen)))
            patience = random.randint(1, 40)
            async with aclosing(watching.frames()) as batches:
                async for batch in batches:
                    frames = [orjson.loads(frame) for frame in batch]
                    seen.extend(each["seq"] for each in frames if each["kind"] == "event")
                    patience -= 1
                    if len(seen) >= COUNT or not patience:
                        break

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(write())
        group.create_task(read())
    assert seen == list(range(1, COUNT + 1))
