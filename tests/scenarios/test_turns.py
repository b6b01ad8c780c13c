"""Whole conversations on virtual time: what happens, in which order, whatever goes wrong."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from playhouse import Playhouse, playhouse
from provider_fakes import ActedProvider, line

from chimera.core import events as ev
from chimera.core.conversation import Pace
from chimera.core.errors import ProviderDown, ProviderRefused
from chimera.core.generation import Text
from chimera.engine.turns import Turns

pytestmark = pytest.mark.looptime

SPOKEN = "A city is a room that many people furnish at once, and nobody may lock the door."


async def talk(house: Playhouse, turns: int, **options: Any) -> str:
    """A conversation that has had so many turns."""
    conversation_id = await house.open(max_turns=turns, **options)
    await house.until(conversation_id, ev.ConversationEnded, within=3600)
    return conversation_id


async def test_three_personas_talk_and_the_log_has_no_gap() -> None:
    async with playhouse() as house:
        log = await house.log(await talk(house, 20))
    assert [each.seq for each in log] == list(range(1, len(log) + 1))
    started = [each.body for each in log if isinstance(each.body, ev.TurnStarted)]
    landed = [each.body for each in log if isinstance(each.body, ev.MessageCompleted)]
    assert [each.message_id for each in started] == [each.message_id for each in landed]
    assert len({each.participant_id for each in landed}) == 3
    assert all(each.scripted and each.text for each in landed)


async def test_lines_land_when_their_planned_pause_is_over() -> None:
    async with playhouse() as house:
        log = await house.log(await talk(house, 12))
    landings = [each for each in log if isinstance(each.body, ev.MessageCompleted)]
    for before, after in pairwise(landings):
        assert isinstance(after.body, ev.MessageCompleted)
        late = after.at - before.at - (after.body.timings.planned_ms or 0)
        # Between the choice of the wake and the landing lies nothing but our own work.
        assert -5 <= late <= 20


async def test_what_viewers_see_grows_into_the_line_that_lands() -> None:
    shown: dict[str, str] = {}
    whole: dict[str, str] = {}
    async with playhouse() as house:
        conversation_id = await house.open(max_turns=4)
        async with asyncio.timeout(600):
            async for heard in house.journal.follow(conversation_id, after=0):
                if isinstance(heard, ev.Signal) and heard.type == "message.delta":
                    key = heard.body["message_id"]
                    assert heard.body["offset"] == len(shown.get(key, ""))
                    shown[key] = shown.get(key, "") + heard.body["text"]
                elif isinstance(heard, ev.Envelope):
                    if isinstance(heard.body, ev.MessageCompleted):
                        whole[heard.body.message_id] = heard.body.text
                    elif isinstance(heard.body, ev.ConversationEnded):
                        break
    assert shown == whole


async def test_a_viewer_is_answered_by_the_next_turn() -> None:
    async with playhouse() as house:
        conversation_id = await house.open()
        await house.until(conversation_id, ev.MessageCompleted, 3)
        seq = await house.say(conversation_id, "Scientist, what would you measure?")
        await house.until(conversation_id, ev.MessageCompleted, 5)
        later = [
            each.body
            for each in await house.log(conversation_id)
            if each.seq > seq and isinstance(each.body, ev.TurnStarted)
        ]
        house.alarm.close()
    assert later[0].participant_id == "par_scientist"
    assert later[0].cause == "addressed"


async def test_a_pause_is_heard_within_a_second_and_the_speaker_begins_again() -> None:
    async with playhouse() as house:
        conversation_id = await house.open()
        started = await house.until(conversation_id, ev.TurnStarted, 3)
        await asyncio.sleep(0.3)
        before = asyncio.get_running_loop().time()
        seq = await house.take_floor(conversation_id, ev.ConversationPaused(), "paused")
        await asyncio.sleep(30)
        log = await house.log(conversation_id)
        assert log[-1].seq == seq
        assert isinstance(log[-2].body, ev.TurnFailed)
        assert log[-2].body.code == "paused"
        assert (log[-1].at - log[-2].at) <= 1000
        assert house.alarm.running.get(conversation_id, []) == []
        await house.tell(conversation_id, ev.ConversationResumed())
        again = await house.until(conversation_id, ev.TurnStarted, 4)
        house.alarm.close()
    assert isinstance(started.body, ev.TurnStarted)
    assert isinstance(again.body, ev.TurnStarted)
    assert again.body.participant_id == started.body.participant_id
    assert again.body.pause_ms == 0
    assert before > 0


async def test_a_stop_ends_everything() -> None:
    async with playhouse() as house:
        conversation_id = await house.open()
        await house.until(conversation_id, ev.TurnStarted, 2)
        seq = await house.take_floor(
            conversation_id, ev.ConversationEnded(because="stopped"), "stopped"
        )
        await asyncio.sleep(120)
        log = await house.log(conversation_id)
    assert log[-1].seq == seq
    assert isinstance(log[-2].body, ev.TurnFailed)


async def test_a_run_that_dies_is_closed_by_the_next_and_spoken_again() -> None:
    async with playhouse() as house:
        conversation_id = await house.open()
        died = await house.until(conversation_id, ev.TurnStarted, 3)
        await asyncio.sleep(0.5)
        house.alarm.kill(conversation_id)
        await asyncio.sleep(5)
        await house.alarm.ring(conversation_id, house.clock.now())
        failed = await house.until(conversation_id, ev.TurnFailed)
        again = await house.until(conversation_id, ev.TurnStarted, 4)
        house.alarm.close()
    assert isinstance(failed.body, ev.TurnFailed)
    assert isinstance(died.body, ev.TurnStarted)
    assert isinstance(again.body, ev.TurnStarted)
    assert failed.body.code == "interrupted"
    assert failed.body.turn_id == died.body.turn_id
    assert again.body.participant_id == died.body.participant_id
    assert again.body.cause == died.body.cause
    assert again.at - failed.at < 1000


async def test_of_two_runs_at_once_only_one_writes() -> None:
    async with playhouse() as house:
        conversation_id = await house.open()
        await house.until(conversation_id, ev.MessageCompleted, 2)
        await asyncio.gather(*(house.turns.run(conversation_id) for _ in range(4)))
        await house.until(conversation_id, ev.MessageCompleted, 6)
        house.alarm.close()
        log = await house.log(conversation_id)
    landed = [each.body.turn_id for each in log if isinstance(each.body, ev.MessageCompleted)]
    assert len(landed) == len(set(landed))
    open_turn: str | None = None
    for each in log:
        if isinstance(each.body, ev.TurnStarted):
            assert open_turn is None
            open_turn = each.body.turn_id
        elif isinstance(each.body, ev.MessageCompleted | ev.TurnFailed):
            assert each.body.turn_id == open_turn
            open_turn = None


async def test_a_failing_provider_is_an_event_with_a_reason_and_the_others_go_on() -> None:
    sick = ActedProvider("sick", [ProviderRefused("the key is not valid")])
    async with playhouse(sick) as house:
        conversation_id = await talk(house, 24, providers={"comedian": "sick"})
        failures = await house.bodies(conversation_id, ev.TurnFailed)
        lines = await house.bodies(conversation_id, ev.MessageCompleted)
    assert failures
    assert {each.code for each in failures} == {"provider_refused"}
    assert all("key" in each.detail for each in failures)
    played = [each for each in lines if each.participant_id == "par_comedian"]
    assert {each.route.why for each in played} == {"provider_refused"}
    assert len(played) == 3, "the troupe, at first and for the closing words"
    assert not any("key" in each.text for each in lines)
    # Benched longer each time, it is asked seldom.
    assert len(failures) <= 6


async def test_a_line_that_breaks_off_stands_as_cut_off() -> None:
    breaking = ActedProvider("breaking", [Text(SPOKEN), ProviderDown("connection reset")])
    async with playhouse(breaking) as house:
        conversation_id = await talk(house, 1, provider="breaking")
        lines = await house.bodies(conversation_id, ev.MessageCompleted)
    assert {each.ending for each in lines} == {"cut_off"}
    assert all(each.text in SPOKEN for each in lines)


async def test_the_rest_is_not_waited_for_when_somebody_skips() -> None:
    async with playhouse() as house:
        conversation_id = await house.open(pace=Pace(speed=0.1))
        await house.until(conversation_id, ev.TurnStarted, 2)
        seq = await house.tell(conversation_id, ev.TurnSkipped())
        await house.until(conversation_id, ev.MessageCompleted, 2)
        log = await house.log(conversation_id)
        house.alarm.close()
    skipped = next(each for each in log if each.seq == seq)
    landed = [each for each in log if isinstance(each.body, ev.MessageCompleted)][1]
    assert landed.at - skipped.at < 1000


async def test_somebody_who_will_not_wait_brings_the_next_line_at_once() -> None:
    async with playhouse() as house:
        conversation_id = await house.open(pace=Pace(speed=0.1))
        landed = await house.until(conversation_id, ev.MessageCompleted, 2)
        await house.tell(conversation_id, ev.TurnSkipped())
        started = await house.until(conversation_id, ev.TurnStarted, 3)
        house.alarm.close()
    assert started.at - landed.at < 1000


async def test_a_steering_word_cancels_a_text_that_nobody_has_heard() -> None:
    slow = ActedProvider("slow", [5.0, *line(SPOKEN)])
    async with playhouse(slow) as house:
        conversation_id = await house.open(provider="slow")
        await asyncio.sleep(0.5)
        assert slow.open == 1
        await house.say(conversation_id, "Comedian, begin with a joke.")
        await asyncio.sleep(0.2)
        assert len(slow.requests) == 2
        assert slow.open == 1
        first = await house.until(conversation_id, ev.TurnStarted)
        house.alarm.close()
    assert isinstance(first.body, ev.TurnStarted)
    assert first.body.participant_id == "par_comedian"


async def test_a_late_model_shows_that_it_thinks_and_says_how_late_it_was() -> None:
    slow = ActedProvider("slow", [15.0, *line(SPOKEN)])
    async with playhouse(slow) as house:
        conversation_id = await talk(house, 2, provider="slow", pace=Pace(speed=8))
        log = await house.log(conversation_id)
    started = next(each for each in log if isinstance(each.body, ev.TurnStarted))
    landed = next(each for each in log if isinstance(each.body, ev.MessageCompleted))
    assert landed.at - started.at > 10_000
    assert isinstance(landed.body, ev.MessageCompleted)
    assert landed.body.timings.late_ms is not None
    assert landed.body.timings.late_ms > 10_000


async def test_without_pauses_there_are_bounds_all_the_same() -> None:
    async with playhouse() as house:
        conversation_id = await house.open(pace=Pace(mode="instant"))
        await asyncio.sleep(60)
        house.alarm.close()
        lines = await house.bodies(conversation_id, ev.MessageCompleted)
    assert 18 <= len(lines) <= 21
    assert all(each.timings.planned_ms > 0 for each in lines[1:])


async def test_in_the_human_mode_nothing_is_shown_before_the_whole_line() -> None:
    async with playhouse() as house:
        conversation_id = await house.open(pace=Pace(mode="human"), max_turns=5)
        signals: list[str] = []
        async with asyncio.timeout(600):
            async for heard in house.journal.follow(conversation_id, after=0):
                if isinstance(heard, ev.Signal):
                    signals.append(heard.type)
                elif isinstance(heard.body, ev.ConversationEnded):
                    break
        started = await house.bodies(conversation_id, ev.TurnStarted)
    assert signals == []
    assert all(each.typing for each in started)


async def test_a_cleared_stage_goes_on_without_what_was_said() -> None:
    async with playhouse() as house:
        conversation_id = await house.open()
        await house.until(conversation_id, ev.TurnStarted, 4)
        head = (await house.log(conversation_id))[-1].seq
        await house.take_floor(
            conversation_id, ev.ConversationCleared(up_to_seq=head), "interrupted", wake=True
        )
        await house.until(conversation_id, ev.MessageCompleted, 5)
        state = await house.state(conversation_id)
        house.alarm.close()
    assert state.messages == len(state.lines) == 2


async def test_without_viewers_the_house_rests_and_an_arrival_wakes_it() -> None:
    async with playhouse() as house:
        conversation_id = await house.open(idle_minutes=1)
        paused = await house.until(conversation_id, ev.ConversationPaused, within=600)
        assert isinstance(paused.body, ev.ConversationPaused)
        assert paused.body.because == "idle"
        await asyncio.sleep(3600)
        came = house.stage.now()
        async with house.hub.watch(conversation_id, viewer=True):
            await house.audience.arrived(conversation_id)
            resumed = await house.until(conversation_id, ev.ConversationResumed)
            turns = len(await house.bodies(conversation_id, ev.TurnStarted))
            started = await house.until(conversation_id, ev.TurnStarted, turns + 1)
        house.alarm.close()
    assert resumed.at - came < 100
    assert started.at - came < 1500


async def test_one_seed_plays_one_conversation() -> None:
    texts: list[list[str]] = []
    for _ in range(2):
        async with playhouse() as house:
            conversation_id = await talk(house, 15, seed=42)
            lines = await house.bodies(conversation_id, ev.MessageCompleted)
            texts.append([f"{each.participant_id}: {each.text}" for each in lines])
    assert texts[0] == texts[1]


@pytest.mark.parametrize("speed", [0.35, 1.0, 8.0])
async def test_the_speed_changes_when_a_line_comes_and_not_what_it_says(speed: float) -> None:
    async with playhouse() as house:
        slow = await house.bodies(await talk(house, 8, pace=Pace(speed=speed)), ev.MessageCompleted)
        fast = await house.bodies(await talk(house, 8), ev.MessageCompleted)
    assert [each.text for each in slow] == [each.text for each in fast]


async def test_every_line_says_whom_it_answers() -> None:
    async with playhouse() as house:
        conversation_id = await house.open()
        await house.until(conversation_id, ev.MessageCompleted, 2)
        seq = await house.say(conversation_id, "What about the trams?")
        posted = next(each for each in await house.log(conversation_id) if each.seq == seq)
        await house.until(conversation_id, ev.MessageCompleted, 4)
        lines = await house.bodies(conversation_id, ev.MessageCompleted)
        house.alarm.close()
    assert isinstance(posted.body, ev.MessagePosted)
    assert posted.body.message_id in {each.replies_to for each in lines}


async def test_a_model_that_repeats_itself_is_asked_again_and_then_stood_in_for() -> None:
    parrot = ActedProvider("parrot", line(SPOKEN))
    async with playhouse(parrot) as house:
        conversation_id = await talk(house, 3, provider="parrot")
        lines = await house.bodies(conversation_id, ev.MessageCompleted)
    assert [each.scripted for each in lines] == [False, True, True]
    assert lines[1].route.understudy_for == "parrot/m1"
    assert lines[1].route.why == "near_copy"
    assert len(parrot.requests) == 5


async def test_texts_that_were_refused_are_paid_for_all_the_same() -> None:
    parrot = ActedProvider("parrot", line(SPOKEN))
    async with playhouse(parrot, cost=0.25) as house:
        conversation_id = await talk(house, 2, provider="parrot")
        first, second = await house.bodies(conversation_id, ev.MessageCompleted)
        state = await house.state(conversation_id)
    assert (first.usage.cost, first.usage.input_tokens) == (0.25, 100)
    assert (second.scripted, second.usage.cost, second.usage.input_tokens) == (True, 0.5, 200)
    assert state.cost == 0.75


async def test_a_crowd_that_never_stops_speaking_does_not_silence_the_cast() -> None:
    async with playhouse() as house:
        conversation_id = await house.open(pace=Pace(speed=8))
        for number in range(200):
            await house.say(conversation_id, f"And what about number {number}?")
            await asyncio.sleep(0.15)
        house.alarm.close()
        lines = await house.bodies(conversation_id, ev.MessageCompleted)
    assert len(lines) >= 5


async def test_the_next_speakers_model_is_hinted_at_while_the_line_is_shown() -> None:
    other = "Trains move more minds than any argument ever has, and they do it on schedule."
    minds = {"philosopher": "left", "comedian": "right"}
    left, right = ActedProvider("left", line(SPOKEN)), ActedProvider("right", line(other))
    async with playhouse(left, right) as house:
        # Where the next text is written ahead, its model is awake anyway.
        house.alarm.turn = Turns(house.stage, house.audience, in_a_row=1).run
        conversation_id = await house.open(slugs=tuple(minds), providers=minds)
        await house.until(conversation_id, ev.TurnStarted)
        await asyncio.sleep(0.1)
        hinted = list(house.hints)
        assert not await house.bodies(conversation_id, ev.MessageCompleted)
        await house.until(conversation_id, ev.TurnStarted, 2)
        _, second, *_ = await house.bodies(conversation_id, ev.TurnStarted)
        house.alarm.close()
    assert [each.provider for each in hinted] == [second.route.provider]
