"""The host asks the stalls in a lull: by a poll where enough of them are there."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest
from api_house import Made
from test_conversations import CONVERSATIONS

from chimera.core import content, ladders, topics
from chimera.core import events as ev
from chimera.core.state import ConversationState, fold
from chimera.engine.audience import Audience
from chimera.engine.polling import LEAST_VIEWERS, NEXT

ASKS = (
    ev.DirectorNoted(note="The audience is asked.", because="lull", rung=ladders.ASKS_RUNG),
    ev.MessagePosted(
        message_id="msg_host", author=ev.Author(kind="host", name="Host"), text=ladders.ASKING
    ),
)


@pytest.fixture(scope="module", autouse=True)
def _rehearsed() -> None:
    content.load()


@pytest.fixture
def audience(made: Made) -> Audience:
    house = made.house
    return Audience(
        journal=house.journal, store=house.store, hub=house.hub, alarm=house.alarm,
        clock=made.clock, polls=house.polls,
    )  # fmt: skip


@pytest.fixture
async def stalls(made: Made, conversation: str) -> AsyncGenerator[AsyncExitStack]:
    """Where viewers sit as long as the test lasts."""
    async with AsyncExitStack() as seats:
        yield seats


async def sit(made: Made, stalls: AsyncExitStack, conversation: str, viewers: int) -> None:
    for _ in range(viewers):
        await stalls.enter_async_context(made.house.hub.watch(conversation, viewer=True))


async def state_of(made: Made, conversation: str) -> ConversationState:
    return fold(conversation, await made.house.journal.read(conversation))


async def tell(made: Made, conversation: str, *bodies: ev.Body) -> None:
    news = [ev.NewEvent(body=body, actor=ev.SYSTEM) for body in bodies]
    await made.house.store.work(
        ev.SYSTEM, lambda work: made.house.journal.append(work, conversation, news)
    )


async def test_enough_viewers_are_asked_by_a_poll_between_the_best_topics(
    made: Made, audience: Audience, stalls: AsyncExitStack, conversation: str
) -> None:
    await sit(made, stalls, conversation, LEAST_VIEWERS)
    state = await state_of(made, conversation)
    *said, poll = await audience.asked(state, ASKS)
    assert tuple(said) == ASKS
    assert isinstance(poll, ev.PollOpened)
    assert (poll.question, poll.decides, poll.quorum) == (NEXT, "topic", 1)
    assert poll.options == tuple(topic for topic, _ in topics.ranked(state)[:3])
    assert [each for each, _ in made.alarm.tallied] == [poll.poll_id]


async def test_a_few_are_asked_in_words(
    made: Made, audience: Audience, stalls: AsyncExitStack, conversation: str
) -> None:
    await sit(made, stalls, conversation, LEAST_VIEWERS - 1)
    assert await audience.asked(await state_of(made, conversation), ASKS) == ASKS
    assert made.alarm.tallied == []


async def test_other_steps_ask_nobody(
    made: Made, audience: Audience, stalls: AsyncExitStack, conversation: str
) -> None:
    await sit(made, stalls, conversation, 9)
    step = ev.DirectorNoted(note="It grows quiet.", because="lull", rung=1)
    assert await audience.asked(await state_of(made, conversation), (step,)) == (step,)


async def test_one_poll_at_a_time_and_its_winner_is_talked_about(
    client: httpx2.AsyncClient, made: Made, audience: Audience, stalls: AsyncExitStack,
    conversation: str,
) -> None:  # fmt: skip
    await sit(made, stalls, conversation, LEAST_VIEWERS)
    told = await audience.asked(await state_of(made, conversation), ASKS)
    await tell(made, conversation, *told)
    assert await audience.asked(await state_of(made, conversation), ASKS) == ASKS
    poll = told[-1]
    assert isinstance(poll, ev.PollOpened)
    address = f"{CONVERSATIONS}/{conversation}/polls"
    (shown,) = (await client.get(address)).json()["items"]
    assert shown["options"] == list(poll.options)
    voted = await client.put(f"{address}/{poll.poll_id}/vote", json={"option": 1})
    assert voted.status_code == 200, voted.text
    made.clock.advance(ladders.ASKS_S + 1)
    await made.house.polls.close(poll.poll_id)
    state = await state_of(made, conversation)
    assert (state.topic, state.feelings.stalls.polling) == (poll.options[1], False)


async def test_what_is_offered_is_what_the_director_would_choose_from(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    await client.post(
        f"{CONVERSATIONS}/{conversation}/messages", json={"text": "Why do fish sleep at all?"}
    )
    await client.put(f"{CONVERSATIONS}/{conversation}/topics", json={"topic": "Sleepy fish"})
    found: dict[str, Any] = (await client.get(f"{CONVERSATIONS}/{conversation}/topics")).json()
    best = [topic for topic, _ in topics.ranked(await state_of(made, conversation))]
    assert found["suggestions"] == best[:5]
    # What viewers wish and speak of is among it, not the deck of the house alone.
    assert found["suggestions"][0] == "Sleepy fish"
    assert "Fish sleep" in best
