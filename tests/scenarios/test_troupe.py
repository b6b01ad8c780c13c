"""The troupe on stage: whole plays, people who interrupt, a provider that streams."""

from collections.abc import Sequence

import pytest
from benchmarks.troupe import Play, measure, play

from chimera.core import events as ev
from chimera.core.director import Speak
from chimera.core.errors import InvalidRequest, UnknownModel
from chimera.core.generation import (
    Chunk,
    Finish,
    GenerationRequest,
    Scene,
    Text,
    UsageReport,
)
from chimera.core.persona import load_house
from chimera.providers.scripted import ScriptedProvider, improvise, load_deck

TOPICS = ("Should cities ban cars?", "my landlord", "Ist Langeweile nützlich?")
TOLD = "I am scripted; add a model key for a real answer"


@pytest.mark.parametrize("topic", TOPICS)
def test_a_hundred_turns_stay_fresh_and_on_topic(topic: str) -> None:
    figures = measure(play(topic, seed=1))
    assert (figures.exact, figures.near, figures.loops) == (0, 0, 0)
    assert figures.rep4 <= 0.06
    assert figures.named >= 0.25
    assert figures.longest_unnamed <= 7
    assert 0.45 <= figures.linked <= 0.8
    assert figures.met >= 0.6 * figures.claims
    assert figures.speaker >= 0.72


@pytest.mark.parametrize("seed", [1, 2])
def test_who_is_asked_by_name_answers(seed: int) -> None:
    figures = measure(play("time travel", seed=seed, turns=100))
    assert figures.asked >= 3
    assert figures.answered_next == figures.given_floor
    assert figures.given_floor >= 0.9 * figures.asked


def test_the_same_scene_gives_the_same_line() -> None:
    first, second = play("homework", seed=9, turns=25), play("homework", seed=9, turns=25)
    assert first.told == second.told


def test_every_house_persona_can_hold_a_stage() -> None:
    slugs = [persona.slug for persona in load_house()]
    for cast in (slugs[:4], slugs[4:8], slugs[8:]):
        figures = measure(play("Why do we dream?", seed=5, turns=40, cast=cast))
        assert (figures.exact, figures.near, figures.loops) == (0, 0, 0)


def test_nothing_unfilled_is_ever_spoken() -> None:
    for topic in TOPICS:
        for line in play(topic, seed=4, turns=40).told:
            assert "{" not in line.text
            assert "  " not in line.text
            assert line.text[0].isupper() or not line.text[0].isalpha()


def answer(stage: Play, text: str, name: str = "Ana") -> str:
    stage.post(text, name=name)
    stage.run(len(stage.played) + 1, stage.write)
    return stage.told[-1].text


def test_a_person_is_greeted_by_name() -> None:
    stage = play("tea or coffee", seed=2, turns=5)
    assert "Ana" in answer(stage, "hello everyone")
    assert stage.told[-1].signals["act"] == "GREET-HUMAN"


def test_the_first_question_of_a_person_is_told_the_truth_once() -> None:
    stage = play("tea or coffee", seed=2, turns=5)
    first = answer(stage, "What do you think about scooters?")
    assert TOLD in first
    assert len(first) > len(TOLD) + 40
    stage.run(len(stage.played) + 2, stage.write)
    assert TOLD not in answer(stage, "And why is that?")


def test_what_a_person_says_of_themself_is_said_back() -> None:
    stage = play("tea or coffee", seed=2, turns=5)
    assert "you miss your dog" in answer(stage, "I miss my dog").lower()


@pytest.mark.parametrize("words", ["", "What do you think of this?"])
def test_a_picture_is_answered_by_who_cannot_see_it(words: str) -> None:
    stage = play("tea or coffee", seed=2, turns=5)
    picture = ev.Picture(id="img_1", media_type="image/webp", width=4, height=3)
    author = ev.Author(kind="viewer", name="Ana")
    stage.append(ev.MessagePosted(message_id="msg_v", author=author, text=words, images=(picture,)))
    stage.run(len(stage.played) + 1, stage.write)
    text = stage.told[-1].text
    assert "Ana" in text
    assert any(word in text for word in ("picture", "holding", "square"))


def test_an_insult_is_never_repeated() -> None:
    stage = play("tea or coffee", seed=2, turns=5)
    said = answer(stage, "I think you are all idiots")
    assert "idiots" not in said


def test_a_name_that_cannot_be_said_is_not_said() -> None:
    stage = play("tea or coffee", seed=2, turns=5)
    assert "friend in the stalls" in answer(stage, "hello", name="<" * 30 + "x" * 30)


def test_a_new_topic_is_taken_up_at_once() -> None:
    stage = play("tea or coffee", seed=2, turns=8)
    stage.append(ev.TopicChanged(topic="time travel", cause="viewer"))
    stage.run(len(stage.played) + 1, stage.write)
    assert "time travel" in stage.told[-1].text.lower()
    assert stage.told[-1].signals["act"] == "SHIFT"


def request(model: str = "improv", *, scene: bool = True) -> GenerationRequest:
    stage = play("tea or coffee", seed=2, turns=3)
    state = stage.state
    speak = Speak(participant_id=state.seats[0].id, cause="self_selected", bids=(), words=20)
    scenery = Scene(state=state, speak=speak, turn=state.turn) if scene else None
    return GenerationRequest(model=model, system="", messages=(), scene=scenery)


async def streamed(provider: ScriptedProvider, asked: GenerationRequest) -> Sequence[Chunk]:
    return [chunk async for chunk in provider.stream(asked)]


async def test_the_provider_streams_words_then_usage_then_the_end() -> None:
    asked = request()
    chunks = await streamed(ScriptedProvider(), asked)
    texts = [chunk.text for chunk in chunks if isinstance(chunk, Text)]
    assert asked.scene is not None
    assert "".join(texts) == improvise(asked.scene, load_deck()).text
    assert isinstance(chunks[-2], UsageReport)
    assert chunks[-2].usage.cost == 0
    assert not chunks[-2].usage.estimated
    assert isinstance(chunks[-1], Finish)
    assert chunks[-1].signals is not None
    assert "act" in chunks[-1].signals["improv"]


async def test_the_provider_keeps_a_speed_only_if_asked_to() -> None:
    naps: list[float] = []

    async def sleep(seconds: float) -> None:
        naps.append(seconds)

    await streamed(ScriptedProvider(tokens_per_second=40, sleep=sleep), request())
    assert naps
    assert all(0.02 <= nap <= 0.2 for nap in naps)


async def test_the_provider_says_what_it_cannot_do() -> None:
    with pytest.raises(UnknownModel):
        await streamed(ScriptedProvider(), request("gpt"))
    with pytest.raises(InvalidRequest):
        await streamed(ScriptedProvider(), request(scene=False))
    assert (await ScriptedProvider().check()).ok
    assert [model.id for model in await ScriptedProvider().models()] == ["improv"]
