"""The cast in company, in the whole house: duets, whispers, and who comes in late."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from itertools import permutations
from typing import Any

import pytest
from playhouse import Playhouse, playhouse, seat

from chimera.core import events as ev
from chimera.core.company import duets
from chimera.core.conversation import Mode, Pace
from chimera.core.errors import ProviderDown
from chimera.core.generation import (
    Chunk,
    Finish,
    GenerationRequest,
    Health,
    Model,
    Text,
    Usage,
    UsageReport,
)
from chimera.core.persona import load_house
from chimera.core.sequence import utf16_length
from chimera.lab.headless import random_words

pytestmark = pytest.mark.looptime

INSTANT = Pace(mode="instant")
CAST = ("philosopher", "comedian", "scientist")
TURNS = 30
SECRET = "zanzibar"


class Voice:
    """A model that always has another line; how it ends an ally's line can be arranged."""

    name = "voice"

    def __init__(self, *, ending: str | None = None, late_s: float = 0.0) -> None:
        self.ending = ending
        self.late_s = late_s
        #: Who was asked, and what with.
        self.asked: list[tuple[str, str]] = []

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        scene = request.scene
        assert scene is not None
        speak = scene.speak
        prompt = "\n".join([request.system, *(each.text for each in request.messages)])
        self.asked.append((speak.participant_id, prompt))
        text = random_words(scene.state.seed)(scene.state, speak)
        if speak.audience != "all":
            text = f"{text} {SECRET}."
        if speak.cause == "duet" and speak.with_ is None:
            await asyncio.sleep(self.late_s)
            if self.ending == "fails":
                raise ProviderDown("nobody answers")
            text = self.ending or f"And so {text}"
        yield Text(text)
        yield UsageReport(Usage(input_tokens=10, output_tokens=20))
        yield Finish(reason="stop")

    async def models(self) -> Sequence[Model]:
        return (Model(id="m1"),)

    async def check(self) -> Health:
        return Health(ok=True)

    async def close(self) -> None:
        """Nothing is open."""


async def opened(house: Playhouse, *, seed: int = 7, provider: str = "voice", **wanted: Any) -> str:
    """A show among allies begins."""
    conversation_id = await house.open(
        slugs=CAST, provider=provider, seed=seed, max_turns=TURNS,
        pace=wanted.pop("pace", INSTANT), **wanted,
    )  # fmt: skip
    for one, other in permutations(CAST, 2):
        await house.tell(conversation_id, ev.RelationChanged.model_validate({
            "from": f"par_{one}", "to": f"par_{other}", "affinity": 0.9, "delta": 0.5,
            "evidence": "msg_1", "alliance": "formed",
        }))  # fmt: skip
    return conversation_id


async def performed(house: Playhouse, **wanted: Any) -> list[ev.Envelope]:
    """A whole one; its log."""
    conversation_id = await opened(house, **wanted)
    await house.until(conversation_id, ev.ConversationEnded, within=36_000)
    return await house.log(conversation_id)


def lines(log: Sequence[ev.Envelope]) -> list[ev.MessageCompleted]:
    return [each.body for each in log if isinstance(each.body, ev.MessageCompleted)]


def begun(log: Sequence[ev.Envelope]) -> dict[str, ev.PartnerRef]:
    """Who was to end a line, by message."""
    return {
        each.body.message_id: each.body.with_
        for each in log
        if isinstance(each.body, ev.TurnStarted) and each.body.with_
    }


async def test_two_calls_make_one_message_of_two() -> None:
    voice = Voice(ending="And that is where the lamp comes in.")
    async with playhouse(voice, cost=0.01) as house:
        log = await performed(house)
        shared = [each for each in lines(log) if each.with_]
        assert shared
        for each in shared:
            part = each.with_
            assert part is not None
            first, second = duets.split(each.text, part.offset)
            assert second == "And that is where the lamp comes in."
            assert utf16_length(first) + 1 == part.offset
            assert part.participant_id == begun(log)[each.message_id].participant_id
            assert part.route.provider == "voice"
            # Both calls are paid for, and told apart.
            assert each.usage.cost == pytest.approx(0.02)
            assert part.usage.cost == pytest.approx(0.01)
            assert each.usage.input_tokens > part.usage.input_tokens


async def test_the_second_hears_the_first_part_and_is_asked_to_finish_it() -> None:
    voice = Voice()
    async with playhouse(voice) as house:
        log = await performed(house)
        shared = next(each for each in lines(log) if each.with_)
        assert shared.with_ is not None
        first, _ = duets.split(shared.text, shared.with_.offset)
        told = next(prompt for _, prompt in voice.asked if "Finish your ally's thought" in prompt)
        assert first in told
        assert any("do not conclude it" in prompt for _, prompt in voice.asked)


@pytest.mark.parametrize(
    "voice",
    [Voice(ending="fails"), Voice(late_s=20.0), Voice(ending="…")],
    ids=["fails", "takes too long", "says nothing"],
)
async def test_the_first_part_stands_alone_if_no_second_comes(voice: Voice) -> None:
    async with playhouse(voice) as house:
        log = await performed(house)
        promised = begun(log)
        assert promised
        alone = [each for each in lines(log) if each.message_id in promised]
        assert len(alone) == len(promised)
        assert all(each.with_ is None and each.text for each in alone)
        assert not [each for each in log if isinstance(each.body, ev.TurnFailed)]


async def test_the_troupe_shares_lines_for_nothing() -> None:
    async with playhouse() as house:
        log = await performed(house, provider="scripted")
        shared = [each for each in lines(log) if each.with_]
        assert shared
        assert all(each.scripted and not each.usage.cost for each in shared)


@pytest.mark.parametrize("mode", ["stream", "human"])
async def test_the_indicator_passes_to_the_second_when_the_first_part_is_said(mode: Mode) -> None:
    voice = Voice(ending="And that is where the lamp comes in.")
    shown, passed, body = "", dict[str, str](), None
    async with playhouse(voice) as house:
        conversation_id = await opened(house, pace=Pace(mode=mode))
        async for heard in house.journal.follow(conversation_id, after=0):
            body = heard.body
            if isinstance(body, ev.TurnStarted):
                shown = ""
            elif isinstance(body, ev.MessageCompleted) and body.with_:
                break
            elif isinstance(heard, ev.Signal) and heard.type == "message.delta":
                shown += heard.body["text"]
            elif isinstance(heard, ev.Signal) and heard.type == "participant.typing":
                passed["on" if heard.body["on"] else "off"] = heard.body["participant_id"]
                passed["shown"] = shown
        assert isinstance(body, ev.MessageCompleted)
        assert body.with_ is not None
        assert passed["off"] == body.participant_id
        assert passed["on"] == body.with_.participant_id
        first, _ = duets.split(body.text, body.with_.offset)
        # What the viewers have seen by then is the first part; a piece may be on its way.
        assert passed["shown"] in first if mode == "stream" else passed["shown"] == ""


async def test_what_is_whispered_reaches_nobody_who_did_not_hear_it() -> None:
    heard = 0
    for seed in range(3):
        voice = Voice()
        async with playhouse(voice) as house:
            log = await performed(house, seed=seed, whispers=True)
        secret = [
            each for each in log
            if isinstance(each.body, ev.MessageCompleted) and SECRET in each.body.text
        ]  # fmt: skip
        heard += len(secret)
        for each in secret:
            assert each.visibility != "all"
            assert len(each.visibility) == 2
        if len({tuple(sorted(each.visibility)) for each in secret}) == 1:
            [outsider] = {f"par_{slug}" for slug in CAST} - set(secret[0].visibility)
            assert all(SECRET not in prompt for who, prompt in voice.asked if who == outsider)
        for each in log:
            if isinstance(each.body, ev.NoteTaken) and SECRET in each.body.text:
                source = next(line for line in secret if line.body.message_id == each.body.source)  # type: ignore[union-attr]
                assert each.body.participant_id in source.visibility
    assert heard


async def test_who_comes_in_late_is_told_what_it_is_about() -> None:
    async with playhouse(Voice()) as house:
        conversation_id = await house.open(provider="voice", slugs=CAST, max_turns=TURNS)
        await house.until(conversation_id, ev.MessageCompleted, 4)
        poet = next(each for each in load_house() if each.slug == "poet")
        newcomer = seat(poet, "voice")
        await house.tell(
            conversation_id,
            ev.ParticipantJoined(participant_id=newcomer.id, participant=newcomer),
        )
        posted = await house.until(conversation_id, ev.MessagePosted)
        assert isinstance(posted.body, ev.MessagePosted)
        assert posted.body.author.kind == "host"
        assert posted.body.text.startswith("Poet has just joined us. We are talking about")
        await house.until(conversation_id, ev.MessageCompleted, 8)
        said = await house.bodies(conversation_id, ev.MessagePosted)
        assert len(said) == 1
