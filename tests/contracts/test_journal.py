"""The door to the log: nothing is lost, doubled or late, whoever else is at it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import datetime
from random import Random

import orjson
import pytest
from sqlalchemy import select

from chimera.core.errors import (
    Invalid,
    NotFound,
    Stale,
    StoreBusy,
    Superseded,
    Withdrawn,
    WrongStatus,
)
from chimera.core.events import (
    HOST,
    Envelope,
    MessageCompleted,
    MessagePosted,
    NewEvent,
    Signal,
    TurnStarted,
)
from chimera.core.ports import Channel
from chimera.core.sequence import Draft
from chimera.engine.journal import Claim, Journal, event_frame
from chimera.realtime.hub import MemoryHub
from chimera.store.database import Store, Work
from chimera.store.log import Appended
from chimera.store.tables import messages
from conversations_made import (
    completed,
    created,
    ended,
    failed,
    paused,
    posted,
    started,
    turn_started,
)
from fakes import FakeClock

CNV = "cnv_1"


@pytest.fixture
def hub() -> MemoryHub:
    return MemoryHub()


@pytest.fixture
def journal(store: Store, hub: MemoryHub, clock: FakeClock) -> Journal:
    return Journal(store, hub, clock)


class Host:
    """Somebody who makes requests, each in a transaction of its own."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    async def create(self, conversation_id: str = CNV) -> Appended:
        def unit(work: Work) -> Appended:
            return self._journal.create(work, conversation_id, [created(), started()])

        return await self._store.work(HOST, unit)

    async def say(self, *new: NewEvent, conversation_id: str = CNV) -> Appended:
        def unit(work: Work) -> Appended:
            return self._journal.append(work, conversation_id, new)

        return await self._store.work(HOST, unit)

    async def take_floor(self, *new: NewEvent, code: str = "paused") -> Appended:
        def unit(work: Work) -> Appended:
            return self._journal.take_floor(work, CNV, new, code=code)

        return await self._store.work(HOST, unit)


@pytest.fixture
def host(store: Store, journal: Journal) -> Host:
    return Host(store, journal)


def keep(news: Sequence[Envelope]) -> None:
    """A judge to whom nothing matters."""


async def claimed(journal: Journal, conversation_id: str = CNV) -> Claim:
    claim = await journal.claim(conversation_id)
    assert claim is not None
    return claim


async def say(
    journal: Journal, claim: Claim, *new: NewEvent, open_turn: str | None = None
) -> Claim:
    return await journal.append_turn(
        claim, new, open_turn=open_turn, deadline=None, due=None, judge=keep
    )


# --- a run -----------------------------------------------------------------------------------


async def test_a_turn_goes_from_claim_to_message(
    journal: Journal, host: Host, clock: FakeClock
) -> None:
    await host.create()
    claim = await claimed(journal)
    assert (claim.generation, claim.seen, claim.status) == (1, 2, "running")
    claim = await say(journal, claim, turn_started("1"), open_turn="trn_1")
    claim = await say(journal, claim, completed("1"))
    assert claim.seen == 4
    read = await journal.read(CNV)
    assert [each.seq for each in read] == [1, 2, 3, 4]
    assert read[-1].body == completed("1").body
    await journal.sleep(claim, 1234)
    assert (await claimed(journal)).next_turn_at == 1234


async def test_a_stale_run_judges_the_news_and_appends_after_them(
    journal: Journal, host: Host
) -> None:
    await host.create()
    claim = await claimed(journal)
    await host.say(posted("msg_a"), posted("msg_b"))
    judged: list[int] = []

    def judge(news: Sequence[Envelope]) -> list[NewEvent]:
        judged.extend(each.seq for each in news)
        return [turn_started("other")]

    claim = await journal.append_turn(
        claim, [turn_started("1")], open_turn="trn_1", deadline=9, due=9, judge=judge
    )
    assert judged == [3, 4]
    assert claim.seen == 5
    assert (await journal.read(CNV, after=4))[0].body == turn_started("other").body


async def test_a_judge_may_withdraw_and_then_nothing_is_written(
    journal: Journal, host: Host
) -> None:
    await host.create()
    claim = await claimed(journal)
    await host.say(posted("msg_a"))

    def judge(news: Sequence[Envelope]) -> None:
        raise Withdrawn("somebody spoke")

    with pytest.raises(Withdrawn):
        await journal.append_turn(
            claim, [turn_started("1")], open_turn="trn_1", deadline=9, due=9, judge=judge
        )
    assert await journal.head(CNV) == 3


async def test_a_superseded_run_is_told_so_before_it_judges(journal: Journal, host: Host) -> None:
    await host.create()
    claim = await claimed(journal)
    await host.take_floor(paused())

    def judge(news: Sequence[Envelope]) -> None:
        raise AssertionError("nothing to judge")

    with pytest.raises(Superseded):
        await journal.append_turn(
            claim, [turn_started("1")], open_turn="trn_1", deadline=9, due=9, judge=judge
        )
    with pytest.raises(Superseded):
        await journal.sleep(claim, 1)


async def test_a_run_does_not_sleep_over_news(journal: Journal, host: Host) -> None:
    await host.create()
    claim = await claimed(journal)
    await host.say(posted("msg_a"))
    with pytest.raises(Stale):
        await journal.sleep(claim, 1)


async def test_an_append_is_bounded(journal: Journal, host: Host) -> None:
    await host.create()
    with pytest.raises(Invalid):
        await host.say(*(posted(f"msg_{n}") for n in range(65)))
    with pytest.raises(Invalid):
        await host.say(posted("msg_a", "x" * 300_000))
    with pytest.raises(Invalid):
        await host.say()
    assert await journal.head(CNV) == 2


async def test_what_cannot_be_appended_is_refused_and_nobody_hears_of_it(
    journal: Journal, host: Host, hub: MemoryHub
) -> None:
    await host.create()
    await host.say(ended())
    async with hub.watch(CNV) as channel:
        before = channel.head
        with pytest.raises(WrongStatus):
            await host.say(posted("msg_a"))
        with pytest.raises(NotFound):
            await host.say(posted("msg_a"), conversation_id="cnv_none")
        assert channel.head == before
    with pytest.raises(NotFound):
        await journal.head("cnv_none")


# --- telling ---------------------------------------------------------------------------------


async def test_viewers_hear_of_an_event_after_its_commit_as_the_log_has_it(
    journal: Journal, host: Host, hub: MemoryHub
) -> None:
    await host.create()
    async with hub.watch(CNV) as channel:
        begin = channel.head
        claim = await say(journal, await claimed(journal), turn_started("1"), open_turn="trn_1")
        await host.say(posted("msg_a"))
        frames = channel.since(begin)
        assert frames is not None
        assert [each.seq for each in frames] == [3, 4]
        assert [each.data for each in frames] == await journal.frames(CNV, after=2)
        assert [event_frame(each) for each in await journal.read(CNV, after=2)] == [
            each.data for each in frames
        ]
        assert channel.state.generation == claim.generation


async def test_the_end_of_a_turn_ends_its_draft(
    journal: Journal, host: Host, hub: MemoryHub
) -> None:
    await host.create()
    async with hub.watch(CNV) as channel:
        claim = await say(journal, await claimed(journal), turn_started("1"), open_turn="trn_1")
        draft = Draft(
            message_id="msg_1", turn_id="trn_1", participant_id="par_ada",
            generation=claim.generation, text="Wel", offset=3,
        )  # fmt: skip
        await hub.publish(CNV, [b"{}"], generation=claim.generation, draft=draft)
        await host.say(posted("msg_a"))
        assert channel.state.draft == draft
        await say(journal, claim, failed("1"))
        assert channel.state.draft is None


class DeafHub(MemoryHub):
    """A hub on which every publish fails."""

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
        raise ConnectionError("on purpose")


async def test_a_publish_that_fails_loses_nothing_and_is_counted(
    store: Store, clock: FakeClock
) -> None:
    journal = Journal(store, DeafHub(), clock)
    await Host(store, journal).create()
    await say(journal, await claimed(journal), turn_started("1"))
    assert await journal.head(CNV) == 3
    assert journal.unheard == 2


# --- following -------------------------------------------------------------------------------


class Unreliable:
    """A hub that loses, repeats and swaps what passes through it; implements `Hub`."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._hub = MemoryHub()
        self._held: list[tuple[str, bytes, int | None]] = []

    @property
    def degraded_since(self) -> datetime | None:
        return None

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
        first = None if seq is None else seq - len(frames) + 1
        for index, data in enumerate(frames):
            place = None if first is None else first + index
            self._held += [(conversation_id, data, place)] * self._random.choice((0, 1, 1, 1, 2))
        self._random.shuffle(self._held)
        while len(self._held) > 3:
            name, data, place = self._held.pop()
            await self._hub.publish(name, [data], seq=place)

    @asynccontextmanager
    async def watch(self, conversation_id: str, *, viewer: bool = False) -> AsyncGenerator[Channel]:
        async with self._hub.watch(conversation_id, viewer=viewer) as channel:
            yield channel


async def followed(journal: Journal, last: int, *, after: int = 0) -> list[int]:
    """The numbers a follower sees until it has seen the last."""
    seen: list[int] = []
    async with asyncio.timeout(20), aclosing(journal.follow(CNV, after=after)) as stream:
        async for heard in stream:
            if isinstance(heard, Envelope):
                seen.append(heard.seq)
                if heard.seq >= last:
                    break
    return seen


@pytest.mark.parametrize("seed", range(8))
async def test_a_follower_sees_every_event_once_and_in_order_whatever_the_hub_does(
    sqlite_store: Store, clock: FakeClock, seed: int
) -> None:
    journal = Journal(sqlite_store, Unreliable(seed), clock, heartbeat_s=0.05)
    host = Host(sqlite_store, journal)
    await host.create()
    async with asyncio.TaskGroup() as group:
        followers = [
            group.create_task(followed(journal, 62, after=after)) for after in (0, 0, 1, 20)
        ]
        for number in range(60):
            await host.say(posted(f"msg_{number}"))
            if number % 7 == 0:
                await asyncio.sleep(0)
    assert [each.result() for each in followers] == [
        list(range(after + 1, 63)) for after in (0, 0, 1, 20)
    ]


class Forgetful(MemoryHub):
    """A hub that loses one event."""

    def __init__(self, lost: int) -> None:
        super().__init__()
        self._lost = lost

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
        if seq != self._lost:
            await super().publish(conversation_id, frames, seq=seq)


async def test_a_gap_is_filled_as_soon_as_it_is_seen(sqlite_store: Store, clock: FakeClock) -> None:
    journal = Journal(sqlite_store, Forgetful(lost=4), clock, heartbeat_s=60)
    host = Host(sqlite_store, journal)
    await host.create()
    async with asyncio.timeout(10), aclosing(journal.follow(CNV, after=2)) as stream:
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.05)
        for number in range(3):
            await host.say(posted(f"msg_{number}"))
        heard = [await waiting, await anext(stream), await anext(stream)]
    assert [each.seq for each in heard if isinstance(each, Envelope)] == [3, 4, 5]


async def test_a_lost_last_frame_is_found_at_the_next_heartbeat(
    store: Store, clock: FakeClock
) -> None:
    journal = Journal(store, DeafHub(), clock, heartbeat_s=0.02)
    await Host(store, journal).create()
    assert await followed(journal, 2) == [1, 2]


async def test_a_follower_far_behind_reads_the_log_in_pages(
    sqlite_store: Store, clock: FakeClock
) -> None:
    journal = Journal(sqlite_store, MemoryHub(), clock)
    host = Host(sqlite_store, journal)
    await host.create()
    for start in range(0, 1200, 60):
        await host.say(*(posted(f"msg_{start + n}") for n in range(60)))
    assert await followed(journal, 1202) == list(range(1, 1203))


async def test_a_follower_that_fell_off_the_ring_goes_back_to_the_log(
    sqlite_store: Store, clock: FakeClock
) -> None:
    hub = MemoryHub()
    journal = Journal(sqlite_store, hub, clock)
    host = Host(sqlite_store, journal)
    await host.create()
    async with aclosing(journal.follow(CNV, after=0)) as stream:
        seen = [await anext(stream), await anext(stream)]
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        await host.say(posted("msg_a"))
        seen.append(await waiting)
        # While it does nothing, more passes than the ring holds.
        await hub.publish(CNV, [b'{"kind":"signal","type":"presence","body":{}}'] * 600)
        await host.say(posted("msg_b"))
        seen.append(await anext(stream))
    assert [each.seq for each in seen if isinstance(each, Envelope)] == [1, 2, 3, 4]


async def test_signals_pass_between_events_and_those_of_an_older_run_do_not(
    journal: Journal, host: Host, hub: MemoryHub
) -> None:
    await host.create()

    async def delta(generation: int) -> None:
        body = {"message_id": "msg_1", "generation": generation, "offset": 0, "text": "We"}
        signal = Signal(CNV, "message.delta", body)
        await hub.publish(CNV, [orjson.dumps(signal.wire())], generation=generation)

    async with asyncio.timeout(5), aclosing(journal.follow(CNV, after=2)) as stream:
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.01)
        await delta(4)
        first = await waiting
        assert isinstance(first, Signal)
        assert first.body["generation"] == 4
        await delta(3)
        await host.say(posted("msg_a"))
        assert isinstance(await anext(stream), Envelope)


# --- everybody at once -----------------------------------------------------------------------

CONVERSATIONS, RUNS, POSTERS, SECONDS = 10, 40, 20, 2.0


class Crowd:
    """Runs and posters fighting over a few conversations, and what they were told had landed."""

    def __init__(self, journal: Journal, host: Host, names: Sequence[str]) -> None:
        self._journal = journal
        self._host = host
        self._names = names
        self.landed: list[str] = []

    async def fight(self, seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        async with asyncio.TaskGroup() as group:
            for number in range(RUNS):
                group.create_task(self._run(number, deadline))
            for number in range(POSTERS):
                group.create_task(self._post(number, deadline))

    async def _run(self, number: int, deadline: float) -> None:
        random, turns = Random(number), 0
        while asyncio.get_running_loop().time() < deadline:
            turns += 1
            with suppress(Superseded, StoreBusy):
                await self._turn(f"{number}_{turns}", random)

    async def _turn(self, turn: str, random: Random) -> None:
        claim = await claimed(self._journal, random.choice(self._names))
        begun = turn_started(turn, claim.generation)
        claim = await say(self._journal, claim, begun, open_turn=f"trn_{turn}")
        await asyncio.sleep(random.random() * 0.02)
        await say(self._journal, claim, completed(turn))
        self.landed.append(f"msg_{turn}")

    async def _post(self, number: int, deadline: float) -> None:
        random, count = Random(number), 0
        while asyncio.get_running_loop().time() < deadline:
            count += 1
            message = f"msg_p{number}_{count}"
            with suppress(StoreBusy):
                await self._host.say(posted(message), conversation_id=random.choice(self._names))
                self.landed.append(message)
            await asyncio.sleep(random.random() * 0.02)


async def test_many_runs_and_posters_leave_no_hole_no_double_and_no_late_word(
    store: Store, journal: Journal, host: Host
) -> None:
    names = [f"cnv_{number}" for number in range(CONVERSATIONS)]
    for name in names:
        await host.create(name)
    crowd = Crowd(journal, host, names)
    await crowd.fight(SECONDS)
    said: list[str] = []
    for name in names:
        envelopes: list[Envelope] = []
        while page := await journal.read(name, after=len(envelopes)):
            envelopes += page
        assert [each.seq for each in envelopes] == list(range(1, len(envelopes) + 1))
        said += _said(envelopes)
        _no_event_of_an_older_run_after_a_newer(envelopes)
    assert sorted(said) == sorted(crowd.landed)
    rows = await store.read(lambda c: c.execute(select(messages.c.id)).scalars().all())
    assert sorted(rows) == sorted(crowd.landed)
    assert len(crowd.landed) > 50


def _said(envelopes: Sequence[Envelope]) -> list[str]:
    return [
        each.body.message_id
        for each in envelopes
        if isinstance(each.body, MessageCompleted | MessagePosted)
    ]


def _no_event_of_an_older_run_after_a_newer(envelopes: list[Envelope]) -> None:
    generations: dict[str, int] = {}
    newest = 0
    for envelope in envelopes:
        match envelope.body:
            case TurnStarted(turn_id=turn_id, generation=generation):
                generations[turn_id] = generation
            case MessageCompleted(turn_id=turn_id):
                generation = generations[turn_id]
            case _:
                continue
        assert generation >= newest
        newest = generation
