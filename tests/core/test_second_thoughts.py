"""What a judge corrects is felt as if it had been read so at once, or nearly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chimera.core import events as ev
from chimera.core import feelings, relations
from chimera.core.director import Speak, labelled
from chimera.core.pacing import plan
from chimera.core.state import ConversationState, fold
from chimera.lab.headless import Headless, seat

ADA, BRUNO, CLEO = CAST = tuple(seat(index) for index in range(3))
LINES = (
    "Bruno, what a perfectly wonderful plan.", "Rivers run under the old bridge.",
    "A lamp in the window.", "Stones remember little.", "Nobody counts the gulls.",
)  # fmt: skip


def begun() -> Headless:
    play = Headless(CAST)
    for place, text in enumerate(LINES):
        who = CAST[place % 3]
        speak = Speak(participant_id=who.id, cause="self_selected", bids=(), words=6)
        play.start(speak, plan(play.state, speak, None, labelled(play.state)))
        play.finish(speak, text)
    return play


def judged(play: Headless, place: int, **stances: float) -> ev.Envelope:
    line = play.state.lines[place]
    refs = tuple(ev.StanceRef(to=f"par_{who[1:]}", value=value) for who, value in stances.items())
    return play.append(
        ev.StanceJudged(lines=(ev.Judged(message_id=line.message_id, stance=refs),))
    )  # fmt: skip


def likes(state: ConversationState) -> float:
    return relations.affinity(state.feelings.ties, ADA, BRUNO, state.finished)


def test_praise_that_was_irony_turns_into_the_opposite() -> None:
    play = begun()
    before = likes(play.state)
    judged(play, 0, _1=-0.8)
    assert likes(play.state) < before - 0.1
    pair = play.state.feelings.ties.pair(ADA.id, BRUNO.id)
    assert pair.stances[-1] is False
    signals = play.state.lines[0].signals
    assert signals is not None
    assert signals.stance == (ev.StanceRef(to=BRUNO.id, value=-0.8),)


def test_a_line_that_meant_nothing_leaves_nothing() -> None:
    play = begun()
    silent = Headless(CAST)
    judged(play, 0)
    assert likes(play.state) == pytest.approx(likes(silent.state), abs=0.025)
    assert play.state.feelings.ties.pair(ADA.id, BRUNO.id).stances == ()


def test_anger_that_was_none_is_gone_and_missed_anger_has_cooled_since() -> None:
    play = begun()
    judged(play, 0, _1=-1.0)
    heat = relations.heat(play.state.feelings.ties, ADA.id, BRUNO.id, play.state.finished)
    assert 0 < heat < 1.0 * relations.HEAT_KEPT**4
    judged(play, 0)
    cold = relations.heat(play.state.feelings.ties, ADA.id, BRUNO.id, play.state.finished)
    assert cold == pytest.approx(0, abs=1e-9)


def test_the_newest_line_stays_as_it_was_heard() -> None:
    play = begun()
    before = play.state
    judged(play, -1, _0=-1.0)
    assert play.state.lines == before.lines
    assert play.state.feelings.ties == before.feelings.ties


def test_whom_a_line_was_kept_from_cannot_be_hurt_by_it() -> None:
    play = begun()
    whispered = play.append(
        ev.MessagePosted(
            message_id="msg_w", author=ev.Author(kind="viewer", name="Anna"), text="Psst.",
            to=ADA.id,
        ),
        ev.Actor(type="viewer"),
        (ADA.id,),
    )  # fmt: skip
    assert whispered.visibility == (ADA.id,)
    felt, lines = feelings.corrected(
        play.state.feelings, play.state.seats, play.state.lines,
        [ev.Judged(message_id="msg_w", stance=(ev.StanceRef(to=BRUNO.id, value=-1),))],
        play.state.finished + 1,
    )  # fmt: skip
    assert felt.ties == play.state.feelings.ties
    assert lines[-1].signals is not None
    assert lines[-1].signals.stance is None


def test_what_it_cost_is_counted() -> None:
    play = begun()
    before = play.state.cost
    spent = ev.UsageRef(input_tokens=800, output_tokens=60, cost=0.004)
    play.append(ev.StanceJudged(lines=(), usage=spent))
    assert play.state.cost == pytest.approx(before + 0.004)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.floats(-1, 1)), max_size=8))
def test_every_replay_feels_the_same_and_stays_in_bounds(
    thoughts: list[tuple[int, int, float]],
) -> None:
    play = begun()
    for place, who, value in thoughts:
        judged(play, place, **{f"_{who}": value})
    again = fold(play.state.id, play.log)
    assert again == play.state
    for tie in again.feelings.ties.ties.values():
        assert -1 <= tie.affinity <= 1
        assert tie.heat >= 0
