"""Feelings in the whole house: what a line does to relations, and how a quarrel is cooled."""

from collections.abc import AsyncGenerator, Sequence
from random import Random

import pytest
from playhouse import Playhouse, playhouse

from chimera.core import events as ev
from chimera.core import relations
from chimera.core.conversation import Pace
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
from chimera.core.state import fold
from chimera.lab.headless import SYLLABLES

pytestmark = pytest.mark.looptime

INSTANT = Pace(mode="instant")
INSULTS = (
    "{} is an idiot.", "What a liar you are, {}!", "{}, you are pathetic.", "Only a coward, {}!",
    "You clown, {}.", "I call {} a hypocrite.", "{} sounds like a moron to me.", "Shut up, {}!",
    "How ignorant you are, {}.", "{} the buffoon again.",
)  # fmt: skip
SMALL = ("and", "of", "to the", "in a", "with my", "for your", "over that", "but not", "at their")


def babble(random: Random) -> str:
    """Words nobody has said before, held together by those that everybody says."""
    made = ["".join(random.choices(SYLLABLES, k=3)) for _ in range(6)]
    return "It was " + " ".join(f"{each} {random.choice(SMALL)}" for each in made) + " it."


class Hothead:
    """A model that insults whoever spoke last, for ever; the scientist only ever chats."""

    name = "hothead"

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        scene = request.scene
        assert scene is not None
        random = Random(f"{scene.turn}")
        chat = babble(random)
        others = [each for each in scene.state.lines if each.participant_id]
        last = others[-1].participant_id if others else None
        foes = {"par_philosopher": "Comedian", "par_comedian": "Philosopher"}
        me = scene.speak.participant_id
        calm = me not in foes or last not in foes or last == me
        text = chat if calm else f"{random.choice(INSULTS).format(foes[me])} {chat}"
        yield Text(text)
        yield UsageReport(Usage(input_tokens=10, output_tokens=20))
        yield Finish(reason="stop")

    async def models(self) -> Sequence[Model]:
        return (Model(id="m1"),)

    async def check(self) -> Health:
        return Health(ok=True)

    async def close(self) -> None:
        """Nothing is open."""


async def quarrel(house: Playhouse, turns: int) -> list[ev.Envelope]:
    conversation_id = await house.open(
        provider="hothead", pace=INSTANT, max_turns=turns, providers={"scientist": "scripted"}
    )
    await house.until(conversation_id, ev.ConversationEnded, within=7200)
    return await house.log(conversation_id)


async def test_what_a_line_does_to_relations_is_written_with_the_line() -> None:
    async with playhouse(Hothead()) as house:
        log = await quarrel(house, 12)
    changes = [each for each in log if isinstance(each.body, ev.RelationChanged)]
    assert changes
    for change in changes:
        assert isinstance(change.body, ev.RelationChanged)
        before = next(
            each for each in reversed(log[: change.seq - 1])
            if isinstance(each.body, ev.MessageCompleted)
        )  # fmt: skip
        assert isinstance(before.body, ev.MessageCompleted)
        assert before.body.message_id == change.body.evidence
        assert before.at == change.at
        between = [each.type for each in log[before.seq : change.seq - 1]]
        assert set(between) <= {"relation.changed"}


async def test_the_sentiment_of_a_line_is_in_the_log() -> None:
    async with playhouse(Hothead()) as house:
        log = await quarrel(house, 8)
    read = [each.body.signals for each in log if isinstance(each.body, ev.MessageCompleted)]
    insults = [each for each in read if each and each.insulted]
    assert insults
    assert any((each.sentiment or 0) < 0 for each in insults)
    assert all(each.stance and each.stance[0].value <= -0.4 for each in insults)


async def test_a_quarrel_is_cooled_step_by_step() -> None:
    async with playhouse(Hothead()) as house:
        log = await quarrel(house, 60)
    state = fold("cnv_1", log[:-1])
    steps = [
        each.body.rung for each in log
        if isinstance(each.body, ev.DirectorNoted) and each.body.because == "conflict"
    ]  # fmt: skip
    assert {1, 2} <= set(steps)
    refused = [
        each.body for each in log
        if isinstance(each.body, ev.MessageCompleted) and each.body.route.why == "insult"
    ]  # fmt: skip
    # What may not be said any more is read by the troupe, and said so.
    assert refused
    assert all(each.scripted for each in refused)
    warned = next(
        each.seq for each in log
        if isinstance(each.body, ev.DirectorNoted) and each.body.because == "conflict"
        and each.body.rung == 2
    )  # fmt: skip
    lines = [each for each in log if isinstance(each.body, ev.MessageCompleted)]
    late = [each.body for each in lines if each.seq > warned][: relations.FORGIVEN]
    assert not [
        each for each in late
        if isinstance(each, ev.MessageCompleted) and each.signals and each.signals.insulted
    ]  # fmt: skip
    pair = relations.key_of("par_philosopher", "par_comedian")
    assert relations.tension(state.feelings.ties, *pair, state.finished) <= relations.HOSTILE


async def test_the_cast_feels_the_audience_and_the_log_replays_it() -> None:
    async with playhouse() as house:
        conversation_id = await house.open(max_turns=12)
        first = await house.until(conversation_id, ev.MessageCompleted, 2)
        assert isinstance(first.body, ev.MessageCompleted)
        for viewer in ("anna", "ben", "cem"):
            body = ev.ReactionAdded(message_id=first.body.message_id, emoji="👏", viewers=3)
            await house.tell(conversation_id, body, actor=ev.Actor(type="viewer", id=viewer))
        state = await house.state(conversation_id)
        await house.until(conversation_id, ev.ConversationEnded, within=3600)
        log = await house.log(conversation_id)
    assert state.feelings.crowd.energy == pytest.approx(3, abs=0.1)
    terms = [
        bid.terms["crowd"] for each in log if isinstance(each.body, ev.TurnStarted)
        for bid in each.body.bids
    ]  # fmt: skip
    assert max(terms) > 0.05
    assert fold(conversation_id, log) == fold(conversation_id, log)
