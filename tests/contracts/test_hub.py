"""Fan-out: the same promises for one process and for many."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chimera.core.ports import Channel, Hub
from chimera.core.sequence import Draft, splice, utf16_length
from chimera.realtime.drafts import DraftWriter
from chimera.realtime.hub import LINGER_S, RING_BYTES, RING_FRAMES, Channels, MemoryHub, RingChannel
from chimera.realtime.redis_hub import SWEEP_S, RedisHub
from fakes import CountingIds, FakeClock
from servers import free_port, redis_server

CNV = "cnv_1"


@pytest.fixture(params=["memory", "redis"])
async def hub(
    request: pytest.FixtureRequest, clock: FakeClock, ids: CountingIds
) -> AsyncGenerator[Hub]:
    if request.param == "memory":
        memory = MemoryHub()
        yield memory
        memory.close()
    else:
        url = request.getfixturevalue("redis_url")
        async with RedisHub.open(url, clock=clock, ids=ids) as redis:
            yield redis


def frame(number: int) -> bytes:
    return orjson.dumps({"kind": "signal", "type": "test", "number": number, "body": {}})


async def heard(channel: Channel, position: int, count: int) -> list[bytes]:
    """The next frames, once there are so many."""
    async with asyncio.timeout(5):
        while channel.head < position + count:
            await channel.changed(channel.head)
    frames = channel.since(position)
    assert frames is not None
    return [each.data for each in frames]


def writing(hub: Hub, generation: int = 1, message: str = "msg_1") -> DraftWriter:
    return DraftWriter(
        hub, CNV, message_id=message, turn_id="trn_1", participant_id="par_ada",
        generation=generation,
    )  # fmt: skip


async def test_every_watcher_gets_every_frame_in_order(hub: Hub) -> None:
    async with hub.watch(CNV) as one, hub.watch(CNV) as two:
        begin = one.head, two.head
        for number in range(30):
            await hub.publish(CNV, [frame(number)])
        expected = [frame(number) for number in range(30)]
        assert await heard(one, begin[0], 30) == expected
        assert await heard(two, begin[1], 30) == expected


async def test_conversations_do_not_hear_each_other(hub: Hub) -> None:
    async with hub.watch(CNV) as one, hub.watch("cnv_2") as two:
        await hub.publish("cnv_2", [frame(2)])
        await hub.publish(CNV, [frame(1)])
        assert await heard(one, 0, 1) == [frame(1)]
        assert await heard(two, 0, 1) == [frame(2)]


async def test_event_frames_know_their_place_and_the_state_the_newest(hub: Hub) -> None:
    async with hub.watch(CNV) as channel:
        await hub.publish(CNV, [frame(1), frame(2), frame(3)], seq=9, generation=4)
        await heard(channel, 0, 3)
        frames = channel.since(0)
        assert frames is not None
        assert [each.seq for each in frames] == [7, 8, 9]
        assert (channel.state.seq, channel.state.generation) == (9, 4)


async def test_signals_of_an_older_run_are_dropped(hub: Hub) -> None:
    async with hub.watch(CNV) as channel:
        await hub.publish(CNV, [frame(1)], generation=5)
        await hub.publish(CNV, [frame(2)], generation=4)
        await hub.publish(CNV, [frame(3)], generation=5)
        assert await heard(channel, 0, 2) == [frame(1), frame(3)]


async def test_nothing_new_is_an_empty_answer_and_waiting_ends_with_a_frame(hub: Hub) -> None:
    async with hub.watch(CNV) as channel:
        assert channel.since(channel.head) == []
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            group.create_task(channel.changed(channel.head))
            await hub.publish(CNV, [frame(1)])


async def test_a_newcomer_gets_the_draft_as_it_stands(hub: Hub) -> None:
    async with writing(hub) as writer:
        for number in range(25):
            await writer.add(f"word{number} ")
            await writer.flush()
        async with hub.watch(CNV) as channel:
            draft = await settled(channel, lambda d: d is not None and d.text == writer.text)
            assert draft is not None
            assert draft.offset == utf16_length(writer.text)
            await writer.add("and 🐟 on")
            await writer.flush()
            await settled(channel, lambda d: d is not None and d.text == writer.text)


async def settled(channel: Channel, right: Callable[[Draft | None], bool]) -> Draft | None:
    async with asyncio.timeout(5):
        while not right(channel.state.draft):
            await channel.changed(channel.head)
    return channel.state.draft


async def test_a_withdrawn_draft_is_forgotten_and_begins_anew(hub: Hub) -> None:
    async with hub.watch(CNV) as channel, writing(hub) as writer:
        await writer.add("I would never")
        await writer.flush()
        await settled(channel, lambda d: d is not None)
        await writer.withdraw("guard")
        await settled(channel, lambda d: d is None)
        await writer.add("Perhaps")
        await writer.flush()
        draft = await settled(channel, lambda d: d is not None)
        assert draft is not None
        assert draft.text == "Perhaps"


async def test_an_event_that_ends_the_turn_ends_the_draft(hub: Hub) -> None:
    async with hub.watch(CNV) as channel, writing(hub) as writer:
        await writer.add("I would")
        await writer.flush()
        await settled(channel, lambda d: d is not None)
        await hub.publish(CNV, [frame(1)], seq=1, generation=1, keep_draft=False)
        await settled(channel, lambda d: d is None)


async def test_what_comes_late_of_an_ended_line_revives_no_draft(hub: Hub) -> None:
    async with hub.watch(CNV) as channel:
        async with writing(hub) as writer:
            await writer.add("To be")
            await writer.flush()
            await settled(channel, lambda d: d is not None)
            # Somebody takes the floor: their event knows nothing of the run.
            await hub.publish(CNV, [frame(1)], seq=1, keep_draft=False)
            await settled(channel, lambda d: d is None)
            # Enough pieces for the next one that carries the whole text.
            for word in ("or", "not", "to", "be", "that", "is", "the", "question", "here"):
                await writer.add(word)
                await writer.flush()
        position = channel.head
        await hub.publish(CNV, [frame(2)], seq=2, generation=1)
        while channel.head < position or channel.state.seq < 2:
            await channel.changed(channel.head)
        assert channel.state.draft is None
        async with writing(hub, generation=2, message="msg_2") as writer:
            await writer.add("Once more")
        draft = await settled(channel, lambda d: d is not None)
        assert draft is not None
        assert draft.text == "Once more"


async def test_who_tells_that_a_line_broke_off_is_heard_with_the_next(hub: Hub) -> None:
    async with hub.watch(CNV) as channel:
        async with writing(hub, generation=1) as writer:
            await writer.add("To be")
        await settled(channel, lambda d: d is not None)
        await hub.publish(CNV, [frame(1)], seq=1, generation=2, keep_draft=False)
        async with writing(hub, generation=2, message="msg_2") as writer:
            await writer.add("To be or not")
        draft = await settled(channel, lambda d: d is not None and d.message_id == "msg_2")
        assert draft is not None
        assert draft.text == "To be or not"


async def test_a_new_run_ends_the_draft_of_the_old_one(hub: Hub) -> None:
    async with hub.watch(CNV) as channel, writing(hub, generation=1) as writer:
        await writer.add("I would")
        await writer.flush()
        await settled(channel, lambda d: d is not None)
        await hub.publish(CNV, [frame(1)], seq=1, generation=2)
        await settled(channel, lambda d: d is None)


async def test_viewers_are_counted_and_other_watchers_are_not(hub: Hub) -> None:
    async with hub.watch(CNV) as channel:
        assert channel.viewers == 0
        async with hub.watch(CNV, viewer=True), hub.watch(CNV, viewer=True):
            assert channel.viewers == 2
        assert channel.viewers == 0


# --- the ring --------------------------------------------------------------------------------


def fill(channel: RingChannel, frames: list[bytes]) -> None:
    channel.put(frames, seq=None, generation=None, draft=None, keep_draft=True)


def test_who_is_too_far_behind_falls_off_the_ring() -> None:
    channel = RingChannel()
    fill(channel, [b"x"] * (RING_FRAMES + 1))
    assert channel.since(0) is None
    assert len(channel.since(1) or ()) == RING_FRAMES


def test_the_ring_is_bounded_in_bytes_too() -> None:
    channel = RingChannel()
    fill(channel, [b"x" * 1000] * 600)
    kept = next(p for p in range(600) if channel.since(p) is not None)
    assert (channel.head - kept) * 1000 <= RING_BYTES


def test_after_a_loss_every_position_is_off_the_ring() -> None:
    channel = RingChannel()
    fill(channel, [b"x"] * 3)
    position = channel.head
    channel.lose_all()
    assert channel.since(position) is None
    assert channel.since(channel.head) == []


@pytest.mark.looptime
async def test_a_channel_is_dropped_a_minute_after_its_last_watcher() -> None:
    channels = Channels()
    async with channels.watch(CNV, viewer=True):
        await asyncio.sleep(3 * LINGER_S)
        assert len(channels) == 1
    await asyncio.sleep(LINGER_S - 1)
    assert len(channels) == 1
    await asyncio.sleep(2)
    assert len(channels) == 0
    channels.close()


@pytest.mark.looptime
async def test_who_leaves_after_the_end_leaves_nothing_behind() -> None:
    wrong: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
    channels = Channels()
    async with channels.watch(CNV, viewer=True):
        channels.close()
    await asyncio.sleep(2 * LINGER_S)
    assert wrong == []


@pytest.mark.looptime
async def test_a_channel_with_an_open_turn_is_kept_for_who_comes_later() -> None:
    hub = MemoryHub()
    async with writing(hub) as writer:
        await writer.add("Well, ")
        await asyncio.sleep(10 * LINGER_S)
        async with hub.watch(CNV) as channel:
            assert channel.state.draft is not None
            assert channel.state.draft.text == "Well, "
    hub.close()


# --- drafts ----------------------------------------------------------------------------------


@pytest.mark.looptime
async def test_pieces_within_the_window_go_out_as_one_delta() -> None:
    hub = MemoryHub()
    async with hub.watch(CNV) as channel, writing(hub) as writer:
        for _ in range(100):
            await writer.add("word ")
            await asyncio.sleep(0.010)
        await asyncio.sleep(0.1)
        deltas = [orjson.loads(each.data)["body"] for each in channel.since(0) or ()]
        assert 18 <= len(deltas) <= 30
        assert "".join(delta["text"] for delta in deltas) == "word " * 100
    hub.close()


async def test_what_waits_is_sent_at_the_end_and_not_after_a_failure() -> None:
    hub = MemoryHub()
    async with hub.watch(CNV) as channel:
        async with writing(hub) as writer:
            await writer.add("the end")
        assert channel.head == 1
        with pytest.raises(LookupError):
            await _fail_in_public(hub)
        assert channel.head == 1
    hub.close()


async def _fail_in_public(hub: Hub) -> None:
    async with writing(hub, message="msg_2") as writer:
        await writer.add("never seen")
        raise LookupError


pieces = st.lists(st.text(alphabet="ab 🐟é\u200d\n", min_size=1, max_size=6), max_size=12)


@given(pieces=pieces, data=st.data())
@settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_what_is_shown_is_always_a_prefix_of_what_was_written(
    pieces: list[str], data: st.DataObject
) -> None:
    """Deltas are lost, repeated and reordered; the reader never shows what was not written."""
    deltas = asyncio.run(_deltas(pieces))
    arrivals = data.draw(st.lists(st.sampled_from(deltas), max_size=30)) if deltas else []
    whole = "".join(pieces)
    draft = Draft(message_id="msg_1", turn_id="trn_1", participant_id="par_ada", generation=1)
    for body in arrivals:
        draft = splice(draft, generation=1, offset=body["offset"], text=body["text"]) or draft
        assert whole.startswith(draft.text)
        assert draft.offset == utf16_length(draft.text)
    for body in deltas:
        draft = splice(draft, generation=1, offset=body["offset"], text=body["text"]) or draft
    assert draft.text == whole


async def _deltas(pieces: list[str]) -> list[dict[str, Any]]:
    hub = MemoryHub()
    async with hub.watch(CNV) as channel, writing(hub) as writer:
        for piece in pieces:
            await writer.add(piece)
            await writer.flush()
        deltas = [orjson.loads(each.data)["body"] for each in channel.since(0) or ()]
    hub.close()
    return deltas


# --- many processes --------------------------------------------------------------------------


@asynccontextmanager
async def two_hubs(
    url: str, clock: FakeClock, ids: CountingIds
) -> AsyncGenerator[tuple[RedisHub, RedisHub]]:
    async with (
        RedisHub.open(url, clock=clock, ids=ids) as one,
        RedisHub.open(url, clock=clock, ids=ids) as two,
    ):
        yield one, two


async def test_frames_cross_from_one_process_to_another(
    redis_url: str, clock: FakeClock, ids: CountingIds
) -> None:
    async with two_hubs(redis_url, clock, ids) as (here, there), there.watch(CNV) as channel:
        for number in range(100):
            await here.publish(CNV, [frame(number)], seq=number + 1)
        assert await heard(channel, 0, 100) == [frame(number) for number in range(100)]
        assert here.degraded_since is None
        assert there.degraded_since is None


async def test_a_wake_makes_a_frame_arrive_long_before_the_next_sweep(
    redis_url: str, clock: FakeClock, ids: CountingIds
) -> None:
    async with two_hubs(redis_url, clock, ids) as (here, there), there.watch(CNV) as channel:
        async with asyncio.timeout(SWEEP_S):
            # A sweep may bring one of these early, never all.
            for number in range(10):
                await here.publish(CNV, [frame(number)])
                await heard(channel, number, 1)


async def test_a_newcomer_in_another_process_finds_the_draft_by_its_keyframe(
    redis_url: str, clock: FakeClock, ids: CountingIds
) -> None:
    async with two_hubs(redis_url, clock, ids) as (here, there), writing(here) as writer:
        for number in range(150):
            await writer.add(f"{number} ")
            await writer.flush()
        async with there.watch(CNV) as channel:
            draft = await settled(channel, lambda d: d is not None)
            assert draft is not None
            assert draft.text == writer.text


async def test_viewers_of_all_processes_are_added_up(
    redis_url: str, clock: FakeClock, ids: CountingIds
) -> None:
    async with (
        two_hubs(redis_url, clock, ids) as (here, there),
        here.watch(CNV, viewer=True) as one,
        there.watch(CNV, viewer=True) as two,
    ):
        for hub in (here, there, here):
            await hub._exchange_presence()
        assert (one.viewers, two.viewers) == (2, 2)


class DeafHub(MemoryHub):
    """Swallows what cancels a call that is done already, as `wait_for` did before Python 3.12."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def publish(self, conversation_id: str, frames: Sequence[bytes], **rest: Any) -> None:
        self.asked.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        await super().publish(conversation_id, frames, **rest)


async def test_a_line_ends_though_the_hub_does_not_hear_that_it_is_over() -> None:
    hub = DeafHub()
    async with asyncio.timeout(5), hub.watch(CNV) as channel:
        async with writing(hub) as writer:
            await writer.add("To be")
            await hub.asked.wait()
        frames = channel.since(0)
        assert frames is not None
        assert len(frames) == 1
    hub.close()


async def test_without_redis_frames_are_dropped_and_counted_and_nothing_waits(
    clock: FakeClock, ids: CountingIds
) -> None:
    async with RedisHub.open("redis://127.0.0.1:9/0", clock=clock, ids=ids) as hub:
        async with asyncio.timeout(3), hub.watch(CNV) as channel:
            for number in range(1000):
                await hub.publish(CNV, [frame(number)])
            assert channel.head == 0
        assert hub.lost == 1000
        assert hub.degraded_since == clock.now()


async def test_when_redis_comes_back_so_do_the_frames(clock: FakeClock, ids: CountingIds) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    async with (
        RedisHub.open(url, clock=clock, ids=ids) as hub,
        hub.watch(CNV) as channel,
        AsyncExitStack() as later,
    ):
        await hub.publish(CNV, [frame(0)])
        assert hub.degraded_since is not None
        position = channel.head
        server = redis_server(port)
        await asyncio.to_thread(server.__enter__)
        later.push_async_callback(asyncio.to_thread, server.__exit__, None, None, None)
        async with asyncio.timeout(10):
            await channel.changed(position)
        # Whoever watched meanwhile may have missed frames, and is sent back to the log.
        assert hub.degraded_since is None
        assert channel.since(position) is None
        position = channel.head
        await hub.publish(CNV, [frame(1)])
        assert await heard(channel, position, 1) == [frame(1)]
