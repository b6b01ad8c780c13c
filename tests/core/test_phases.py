"""Where in its course a show is, by the log alone, and what that changes."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chimera.core import events as ev
from chimera.core import pacing, phases, prompt
from chimera.core.conversation import Limits, Participant
from chimera.core.director import Speak, labelled
from chimera.core.persona import load_house
from chimera.core.phases import PHASED, Phases
from chimera.core.state import ConversationState
from chimera.lab.headless import Headless, random_words, seat

ADA, BRUNO, CLEO = CAST = tuple(seat(index) for index in range(3))
CARD = load_house()[0]


def course(log: Sequence[ev.Envelope]) -> list[tuple[str, int]]:
    folded = Phases()
    for each in log:
        folded = folded.after(each)
    return [(mark.phase, mark.from_seq) for mark in folded.marks]


def opened(turns: int = 0, max_turns: int | None = None) -> Headless:
    return Headless(CAST, seed=3, limits=Limits(max_turns=max_turns)).run(turns, random_words(3))


def allied(play: Headless) -> ev.Envelope:
    body = ev.RelationChanged.model_validate({
        "from": ADA.id, "to": BRUNO.id, "affinity": 0.5, "delta": 0.1, "evidence": "msg_1",
        "alliance": "formed",
    })  # fmt: skip
    return play.append(body)


def quarrel(play: Headless, level: str) -> ev.Envelope:
    body = ev.RelationChanged.model_validate({
        "from": ADA.id, "to": BRUNO.id, "affinity": -0.5, "delta": -0.1, "evidence": "msg_1",
        "conflict": level,
    })  # fmt: skip
    return play.append(body)


def told(state: ConversationState, who: Participant = CLEO) -> str:
    speak = Speak(participant_id=who.id, cause="self_selected", bids=(), words=20)
    return prompt.compose(state, speak, CARD).messages[-1].text


def test_the_opening_lasts_until_everybody_has_spoken() -> None:
    play = opened()
    spoken: set[str] = set()
    while len(spoken) < 3 and len(play.played) < 5:
        assert play.state.phases.phase == "opening"
        play.run(len(play.played) + 1, random_words(3))
        spoken.add(play.played[-1].speak.participant_id)
    assert play.state.phases.phase == "development"
    assert course(play.log)[0] == ("opening", 1)


def test_who_never_speaks_does_not_hold_the_opening_open() -> None:
    folded = Phases()
    play = opened(12)
    for each in play.log:
        mine = isinstance(each.body, ev.MessageCompleted) and each.body.participant_id == CLEO.id
        if not mine:
            folded = folded.after(each)
    assert folded.phase == "development"


def test_lines_of_the_opening_are_shorter() -> None:
    state = opened().state
    later = replace(state, phases=Phases(phase="development"))
    assert mean_length(state) < 0.85 * mean_length(later)


def mean_length(state: ConversationState) -> float:
    seeded = (replace(state, seed=seed) for seed in range(200))
    return mean(pacing.length(each, ADA, labelled(each)) for each in seeded)


@pytest.mark.parametrize("level", ["heated", "hostile"])
def test_a_quarrel_turns_the_play_and_renews_the_topic_once(level: str) -> None:
    play = opened(8)
    before = play.state.energy
    turned = quarrel(play, level)
    assert play.state.phases.phase == "turning_point"
    assert play.state.energy == pytest.approx(min(1.0, before + phases.LIFT))
    assert ("turning_point", turned.seq) in course(play.log)
    renewed = play.state.energy
    allied(play)
    assert play.state.energy == renewed


def test_banter_turns_nothing() -> None:
    play = opened(8)
    quarrel(play, "banter")
    assert play.state.phases.phase == "development"


def test_the_first_speaker_after_the_turn_says_what_has_changed_and_the_others_know_of_it() -> None:
    play = opened(8)
    assert phases.TURNING not in told(play.state)
    allied(play)
    assert phases.TURNING in told(play.state)
    play.run(9, random_words(3))
    assert phases.TURNING not in told(play.state)
    assert phases.TURNED in told(play.state)


def test_after_six_turns_the_play_goes_on_as_before() -> None:
    play = opened(8)
    allied(play)
    play.run(13, random_words(3))
    assert play.state.phases.phase == "turning_point"
    play.run(14, random_words(3))
    assert play.state.phases.phase == "development"
    allied(play)
    assert play.state.phases.phase == "development"


@pytest.mark.parametrize(("planned", "turns", "turning"), [
    (30, 10, False), (30, 14, True), (None, 11, False), (None, 13, True),
])  # fmt: skip
def test_only_a_late_change_of_the_topic_turns_the_play(
    planned: int | None, turns: int, turning: bool
) -> None:
    play = opened(turns, max_turns=planned)
    assert play.state.phases.turned is None
    body = {"topic": "Is silence rude?", "from": "whistling", "cause": "director"}
    play.append(ev.TopicChanged.model_validate(body))
    assert (play.state.phases.phase == "turning_point") == turning


def test_the_finale_is_the_last_phase() -> None:
    play = opened(12, max_turns=12)
    while play.state.status == "running":
        play.step(random_words(3))
    assert play.state.phases.phase == "finale"
    assert course(play.log)[-1][0] == "finale"


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 500), st.integers(1, 30))
def test_the_course_can_be_told_from_its_own_events_and_never_goes_back(
    seed: int, turns: int
) -> None:
    play = Headless(CAST, seed=seed, limits=Limits(max_turns=turns))
    while play.state.status == "running" and len(play.log) < 400:
        play.step(random_words(seed))
    marks = course(play.log)
    assert marks == course([each for each in play.log if isinstance(each.body, PHASED)])
    assert [seq for _, seq in marks] == sorted({seq for _, seq in marks})
    assert len(marks) <= 5
    assert [phase for phase, _ in marks].count("turning_point") <= 1
