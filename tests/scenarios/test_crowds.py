"""What the audience does to the play: crowds, people in a hurry, lines nobody may see."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from playhouse import Playhouse, playhouse
from provider_fakes import ActedProvider, line

from chimera.core import events as ev
from chimera.core.conversation import Pace
from chimera.core.generation import ImagePart, Model
from chimera.engine.journal import Claim, Journal
from chimera.engine.turns import Turns
from chimera.store import pictures

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


class Swept(Journal):
    """A journal whose stage is cleared in the instant before the first line lands."""

    def __init__(self, house: Playhouse, last: type[ev.Body]) -> None:
        super().__init__(house.store, house.hub, house.clock)
        self._house = house
        self._last = last
        self.swept = 0

    async def append_turn(self, claim: Claim, events: Sequence[ev.NewEvent], **rest: Any) -> Claim:
        if isinstance(events[-1].body, self._last) and not self.swept:
            cleared = ev.ConversationCleared(up_to_seq=claim.seen)
            self.swept = await self._house.take_floor(
                claim.conversation_id, cleared, "interrupted", wake=True
            )
        return await super().append_turn(claim, events, **rest)


@pytest.mark.parametrize("last", [ev.MessageCompleted, ev.TurnFailed])
async def test_nothing_of_a_turn_follows_its_end(last: type[ev.Body]) -> None:
    async with playhouse() as house:
        conversation_id = await house.open(max_turns=2)
        if last is ev.TurnFailed:
            # The run dies in the middle of its turn; the next one finds it open.
            await house.until(conversation_id, ev.TurnStarted)
            house.alarm.kill(conversation_id)
        journal = Swept(house, last)
        turns = Turns(replace(house.stage, journal=journal), house.audience)
        house.alarm.turn = turns.run
        await house.alarm.ring(conversation_id, house.clock.now())
        await house.until(conversation_id, ev.ConversationEnded)
        log = await house.log(conversation_id)
    assert journal.swept
    ended = [
        each.body.turn_id
        for each in log
        if isinstance(each.body, ev.TurnFailed | ev.MessageCompleted)
    ]
    assert len(ended) == len(set(ended))


async def show(house: Playhouse, conversation_id: str, text: str = "") -> ev.Picture:
    """A viewer shows a picture."""
    picture = ev.Picture(id=house.ids.new("img"), media_type="image/webp", width=4, height=3)
    kept = pictures.Kept(data=b"RIFF", **picture.model_dump())
    await house.store.write(lambda to: pictures.keep(to, conversation_id, [kept], at=0))
    author = ev.Author(kind="viewer", name="Anna")
    body = ev.MessagePosted(
        message_id=house.ids.new("msg"), author=author, text=text, images=(picture,)
    )
    await house.tell(conversation_id, body, actor=ev.Actor(type="viewer"))
    return picture


async def test_a_model_that_sees_is_shown_the_picture_itself() -> None:
    eyes = ActedProvider("eyes", line(SPOKEN), models=[Model(id="m1", vision=True)])
    async with playhouse(eyes) as house:
        await house.catalog.refresh()
        conversation_id = await house.open(provider="eyes", pace=Pace(mode="instant"))
        await house.until(conversation_id, ev.MessageCompleted)
        await show(house, conversation_id, "Look")
        await house.until(conversation_id, ev.MessageCompleted, 2)
        house.alarm.close()
    assert eyes.requests[0].pictures == 0
    assert [part.data for each in eyes.requests[-1].messages for part in each.parts
            if isinstance(part, ImagePart)] == [b"RIFF"]  # fmt: skip
