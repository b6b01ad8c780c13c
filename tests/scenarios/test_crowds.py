"""What the audience does to the play: crowds, people in a hurry, lines nobody may see."""

import asyncio

import pytest
from playhouse import playhouse
from provider_fakes import ActedProvider, line

from chimera.core import events as ev
from chimera.core.conversation import Pace

pytestmark = pytest.mark.looptime

SPOKEN = "A city is a room that many people furnish at once, and nobody may lock the door."


@pytest.mark.parametrize("every_s", [0.25, 3.0])
async def test_a_crowd_that_never_pauses_does_not_silence_the_cast(every_s: float) -> None:
    async with playhouse() as house:
        conversation_id = await house.open()
        await house.until(conversation_id, ev.MessageCompleted, 2)
        for number in range(round(60 / every_s)):
            await house.say(conversation_id, f"What about number {number}?")
            await asyncio.sleep(every_s)
        lines = await house.bodies(conversation_id, ev.MessageCompleted)
        house.alarm.close()
    assert len(lines) >= 8


async def test_a_crowd_does_not_keep_a_slow_model_from_answering() -> None:
    slow = ActedProvider("slow", [8.0, *line(SPOKEN)])
    async with playhouse(slow) as house:
        conversation_id = await house.open(provider="slow", pace=Pace(mode="instant"))
        for number in range(10):
            await house.say(conversation_id, f"What about number {number}?")
            await asyncio.sleep(3.0)
        log = await house.log(conversation_id)
        state = await house.state(conversation_id)
        house.alarm.close()
    started = next(each.body for each in log if isinstance(each.body, ev.TurnStarted))
    assert [each for each in log if isinstance(each.body, ev.MessageCompleted)]
    # What was said while the model wrote is still to be answered.
    assert started.heard is not None
    assert state.unanswered


async def test_nobody_sees_a_line_that_was_refused_before_it_began() -> None:
    other = "Trains move more minds than any argument ever has, and they do it on schedule."
    parrot = ActedProvider("parrot", line(SPOKEN), line(SPOKEN), [8.0, *line(other)])
    shown: dict[str, str] = {}
    async with playhouse(parrot) as house:
        conversation_id = await house.open(provider="parrot", max_turns=2, pace=Pace(speed=8))
        async for heard in house.journal.follow(conversation_id, after=0):
            if isinstance(heard, ev.Signal) and heard.type == "message.delta":
                key = heard.body["message_id"]
                shown[key] = shown.get(key, "") + heard.body["text"]
            elif isinstance(heard, ev.Envelope) and isinstance(heard.body, ev.ConversationEnded):
                break
    assert list(shown.values()) == [SPOKEN, other]


async def test_a_second_skip_ends_a_line_that_was_hurried_already() -> None:
    async with playhouse() as house:
        conversation_id = await house.open(pace=Pace(speed=0.1))
        await house.until(conversation_id, ev.MessageCompleted, 2)
        await house.tell(conversation_id, ev.TurnSkipped())
        await house.until(conversation_id, ev.TurnStarted, 3)
        seq = await house.tell(conversation_id, ev.TurnSkipped())
        await house.until(conversation_id, ev.MessageCompleted, 3)
        log = await house.log(conversation_id)
        house.alarm.close()
    again = next(each for each in log if each.seq == seq)
    landed = [each for each in log if isinstance(each.body, ev.MessageCompleted)][2]
    assert landed.at - again.at < 100
