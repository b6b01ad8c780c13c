from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chimera.core import events as ev
from chimera.core import ladders, prompt, quality, topics
from chimera.core.conversation import Budget, Limits, Pace
from chimera.core.director import Direct, End, Speak, Wait, decide, labelled
from chimera.core.persona import load_house
from chimera.core.state import fold
from chimera.lab import habits as fakes
from chimera.lab.headless import Headless, Writer, random_words, seat

CAST = tuple(seat(index) for index in range(3))
CARD = load_house()[0]


def stage(seed: int = 1, **limits: object) -> Headless:
    return Headless(CAST, seed=seed, limits=Limits.model_validate(limits))


def steps(play: Headless, ladder: str) -> list[int]:
    """The rungs that were climbed, one entry for each step."""
    found: list[tuple[int, int]] = []
    turn = 0
    for each in play.log:
        turn += each.type == "turn.started"
        body = each.body
        if isinstance(body, ev.DirectorNoted) and body.because == ladder and body.rung:
            found.append((turn, body.rung))
    return [rung for _, rung in dict.fromkeys(found)]


def notes(play: Headless) -> list[ev.DirectorNoted]:
    return [each.body for each in play.log if isinstance(each.body, ev.DirectorNoted)]


# --- loops ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("habit", [fakes.loop, fakes.agreeer])
@pytest.mark.parametrize("seed", range(4))
def test_a_loop_is_seen_in_one_window_and_left_at_the_first_whisper(
    habit: Callable[[int], Writer], seed: int
) -> None:
    play = stage(seed).run(12, habit(seed))
    play.run(24, habit(seed))
    assert steps(play, "loop")[:1] == [1]
    late = [line.text for line in play.state.lines[-6:]]
    assert fakes.STUCK not in late
    assert quality.agreeing(late) == 0


def test_ordinary_talk_is_no_loop() -> None:
    for seed in range(6):
        assert steps(stage(seed).run(60, random_words(seed)), "loop") == []


def test_a_loop_that_never_obeys_is_led_through_every_rung_to_its_end() -> None:
    play = stage().run(200, fakes.stubborn)
    assert steps(play, "loop") == [1, 2, 3, 4, 5]
    assert play.state.ended_because == "loop"
    assert play.state.finished <= 40
    assert play.log[-1].body == ev.ConversationEnded(because="loop", finale=True)


def test_before_its_least_length_no_loop_ends_a_conversation() -> None:
    play = stage(min_turns=60).run(80, fakes.stubborn)
    assert max(steps(play, "loop")) == 5
    assert play.state.finished >= 60


def test_everybody_gets_a_device_of_their_own_and_none_twice_before_all_have_come() -> None:
    play = stage(min_turns=400).run(120, fakes.stubborn)
    asked = [note.device for note in notes(play) if note.device]
    first = asked[: len(ladders.load_devices())]
    assert len(set(first)) == len(first) > 20
    assert set(asked) <= {each.id for each in ladders.load_devices()}


def told(play: Headless) -> str:
    """The prompt of the coming turn."""
    speak = speaking(play)
    composed = prompt.compose(play.state, speak, CARD)
    return "\n".join(each.text for each in composed.messages)


def speaking(play: Headless) -> Speak:
    decision = decide(play.state, play.now, labelled(play.state))
    while not isinstance(decision, Speak):
        assert isinstance(decision, Direct | Wait)
        if isinstance(decision, Direct):
            for body in decision.bodies:
                play.append(body)
        else:
            play.now += round(1000 * decision.seconds) + 1
        decision = decide(play.state, play.now, labelled(play.state))
    return decision


def test_in_a_loop_the_speaker_is_told_a_device_and_what_is_worn_out() -> None:
    play = stage().run(12, fakes.stubborn)
    before = told(stage().run(12, random_words(1)))
    during = told(play)
    assert ladders.CIRCLING in during
    assert "Do not use these words again: “" in during
    assert "keep coming back" in during.split("Do not use these words again")[1]
    assert "Do not use these words" not in before


def test_from_the_second_rung_on_less_of_the_past_is_shown() -> None:
    play = stage().run(12, fakes.stubborn)
    assert told(play).count(fakes.STUCK) == 12
    play.run(18, fakes.stubborn)
    assert play.state.ladders.loop.rung == 2
    assert told(play).count(fakes.STUCK) == ladders.SHORT_SIGHT


def test_eight_clean_turns_lead_back_to_the_ground() -> None:
    play = stage().run(12, fakes.stubborn)
    speaking(play)
    assert play.state.ladders.loop.rung == 1
    play.run(12 + ladders.CLEAN_TURNS, random_words(3))
    assert play.state.ladders.loop.rung == 0


def test_how_far_the_ladders_are_climbed_stands_in_the_log_of_the_turn() -> None:
    play = stage().run(14, fakes.stubborn)
    began = [each.body for each in play.log if isinstance(each.body, ev.TurnStarted)]
    assert began[11].rungs is None
    assert began[-1].rungs == ev.Rungs(loop=1)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 99), turns=st.integers(8, 40))
def test_a_log_read_again_stands_on_the_same_rungs(seed: int, turns: int) -> None:
    play = stage(seed).run(turns, fakes.stubborn)
    assert fold(play.state.id, play.log) == play.state


# --- lulls ---------------------------------------------------------------------------------------


def test_a_tired_topic_climbs_from_the_quietest_to_the_audience_to_the_end() -> None:
    def dull(_state: object, _speak: Speak) -> str:
        # Too short for the detector of loops, which looks at six words and more.
        return "The river and the lamp."

    play = Headless(CAST, seed=2, limits=Limits(), pace=Pace(mode="human"))
    for _ in range(400):
        if play.state.status == "ended":
            break
        play.step(dull)
    assert steps(play, "lull") == [1, 2, 3, 4, 5]
    assert play.state.ended_because == "lull"
    assert play.state.finished <= 60
    assert ladders.ASKING in [line.text for line in play.state.lines if line.kind == "host"]


def test_the_audience_has_twenty_seconds_to_call_something_out() -> None:
    play = stage().run(6, random_words(1))
    step = ev.DirectorNoted(note="The audience is asked.", because="lull", rung=4)
    play.append(step)
    play.append(ladders.host(play.state, ladders.ASKING))
    waiting = decide(play.state, play.now, labelled(play.state))
    assert isinstance(waiting, Wait)
    assert waiting.seconds == pytest.approx(ladders.ASKS_S)
    play.post("Talk about whales!")
    assert speaking(play).human


def test_a_raised_hand_on_a_lively_topic_ends_the_lull() -> None:
    play = stage().run(6, random_words(1))
    play.append(ev.DirectorNoted(note="It grows quiet.", because="lull", rung=1))
    assert play.state.ladders.lull.rung == 1
    play.run(8, random_words(1))
    assert play.state.ladders.lull.rung == 0


def test_a_provider_that_is_away_does_not_end_the_conversation() -> None:
    play = stage().run(4, random_words(1))
    for _ in range(40):
        speak = speaking(play)
        play.append(
            ev.TurnStarted(
                turn_id=f"trn_{play.state.turn}", message_id=f"msg_{play.state.turn}",
                participant_id=speak.participant_id, generation=1, cause=speak.cause, pause_ms=0,
                route=ev.RouteRef(provider="stub", model="words"),
            )
        )  # fmt: skip
        play.fail(speak, "provider_down")
    assert play.state.status == "running"
    assert max(steps(play, "lull"), default=0) <= ladders.OUTAGE_RUNG


# --- topics --------------------------------------------------------------------------------------


def test_an_old_topic_gives_way_to_another_which_somebody_leads_over_to() -> None:
    play = stage().run(40, random_words(1))
    changed = [
        each.seq for each in play.log
        if isinstance(each.body, ev.TopicChanged) and each.body.cause == "director"
    ]  # fmt: skip
    assert len(changed) == 1
    after = next(each for each in play.log[changed[0] :] if each.type == "turn.started")
    assert isinstance(after.body, ev.TurnStarted)
    assert after.body.cause == "invited"


def test_the_first_line_on_a_new_topic_is_asked_for_a_bridge() -> None:
    play = stage().run(10, random_words(1))
    assert "lead over from" not in told(play)
    old = play.state.topic
    play.append(ev.TopicChanged(topic="Do whales dream?", cause="viewer"))
    assert f"lead over from “{old}” by way of “" in told(play)
    play.run(11, random_words(1))
    assert "lead over from" not in told(play)


def test_topics_change_no_oftener_than_the_rule_allows() -> None:
    play = stage(min_turns=200).run(120, fakes.stubborn)
    turns = [
        sum(before.type == "message.completed" for before in play.log[: each.seq])
        for each in play.log
        if isinstance(each.body, ev.TopicChanged) and each.body.cause == "director"
    ]
    assert len(turns) >= 2
    assert all(later - sooner >= topics.APART for sooner, later in pairwise(turns))
    thirds = zip(turns, turns[2:], strict=False)
    assert all(later - sooner >= topics.WITHIN for sooner, later in thirds)


def test_talk_that_has_left_its_topic_together_gets_a_new_name() -> None:
    def wander(state: object, speak: Speak) -> str:
        turn = play.state.finished
        if turn < 12:
            return f"Whistling in a dark cellar number {turn} keeps the dark away from whistling."
        return f"The submarine engineers number {turn} repaired submarine turbines with engineers."

    play = stage()
    play.run(20, wander)
    drifts = [
        each.body for each in play.log
        if isinstance(each.body, ev.TopicChanged) and each.body.cause == "drift"
    ]  # fmt: skip
    assert drifts
    assert drifts[0].topic.split(" and ")[0].lower() in {"engineers", "submarine", "number"}
    assert "lead over from" not in told(play)


# --- the finale ----------------------------------------------------------------------------------


@pytest.mark.parametrize("turns", [5, 6, 9, 20])
def test_closing_words_are_said_within_the_number_of_turns(turns: int) -> None:
    play = stage(max_turns=turns).run(99, random_words(1))
    assert play.log[-1].body == ev.ConversationEnded(because="turns", finale=True)
    assert play.state.finished == turns
    host = [line.text for line in play.state.lines if line.kind == "host"]
    assert host == [ladders.LAST_ROUND, ladders.GOOD_NIGHT]
    closing = [each.speak for each in play.played if each.speak.closing]
    assert len({speak.participant_id for speak in closing}) == len(closing) >= 2
    assert all(ladders.CLOSING in (speak.note or "") for speak in closing)


@pytest.mark.parametrize("turns", [1, 2, 4])
def test_a_talk_hardly_longer_than_its_finale_has_none(turns: int) -> None:
    play = stage(max_turns=turns).run(9, random_words(1))
    assert play.log[-1].body == ev.ConversationEnded(because="turns", finale=False)


def test_the_longest_silent_closes_first() -> None:
    play = stage(max_turns=12).run(99, random_words(1))
    began = next(n for n, each in enumerate(play.played) if each.speak.closing)
    before = [each.speak.participant_id for each in play.played[:began]]
    closing = [each.speak.participant_id for each in play.played[began:]]
    spoke = {who: n for n, who in enumerate(before)}
    waits = [len(before) - spoke[each] for each in closing]
    assert waits == sorted(waits, reverse=True)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 9999), amount=st.floats(0.008, 0.06))
def test_the_closing_words_fit_into_the_money(seed: int, amount: float) -> None:
    play = Headless(CAST, seed=seed, limits=Limits(budget=Budget(amount=amount)))
    play.run(200, random_words(seed))
    assert play.log[-1].body == ev.ConversationEnded(because="budget", finale=True)
    assert play.state.cost <= amount


def test_time_that_runs_out_leaves_room_for_closing_words() -> None:
    play = stage(max_minutes=5).run(500, random_words(1))
    assert play.log[-1].body == ev.ConversationEnded(because="time", finale=True)


def test_a_person_is_answered_even_in_the_finale() -> None:
    play = stage(max_turns=12).run(9, random_words(1))
    speaking(play)
    assert play.state.ladders.finale is not None
    play.post("One more question: why?")
    assert speaking(play).human
    play.run(99, random_words(1))
    assert play.log[-1].body == ev.ConversationEnded(because="turns", finale=True)


def test_an_ended_finale_decides_the_same_end_again() -> None:
    play = stage(max_turns=6).run(6, random_words(1))
    curtain = decide(play.state, play.now, labelled(play.state))
    assert isinstance(curtain, Direct)
    play.append(curtain.bodies[0])
    assert decide(play.state, play.now, labelled(play.state)) == End(because="turns", finale=True)
