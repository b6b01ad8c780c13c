from collections.abc import Callable
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chimera.core import events as ev
from chimera.core.conversation import Pace
from chimera.core.director import Speak
from chimera.core.state import LINES_KEPT, ConversationState, apply, fold
from chimera.lab.headless import Headless, random_words, seat

CAST = tuple(seat(index) for index in range(3))
ADA, BRUNO, CLEO = CAST
NEWCOMER = seat(3)

#: What people may do at any moment, besides letting the talk go on.
DEEDS: tuple[Callable[[Headless], object], ...] = (
    lambda play: play.post("Bruno, why?"),
    lambda play: play.append(ev.ParticipantMuted(participant_id=ADA.id)),
    lambda play: play.append(ev.ParticipantUnmuted(participant_id=ADA.id)),
    lambda play: play.append(ev.ParticipantInvited(participant_id=CLEO.id)),
    lambda play: play.append(ev.ParticipantJoined(participant_id="par_3", participant=NEWCOMER)),
    lambda play: play.append(ev.ParticipantLeft(participant_id="par_3")),
    lambda play: play.append(ev.TopicChanged(topic="Ships", cause="viewer")),
    lambda play: play.append(ev.DirectorNoted(note="Louder.")),
    lambda play: play.append(ev.ConversationPaced(pace=Pace(speed=2))),
    lambda play: play.append(ev.ConversationCleared(up_to_seq=play.state.seq)),
    lambda play: play.append(ev.ConversationPaused()),
    lambda play: play.append(ev.ConversationResumed()),
    lambda play: play.append(ev.TurnSkipped()),
    lambda play: interrupted(play, "interrupted"),
    lambda play: interrupted(play, "provider_down"),
)  # fmt: skip


def begun(play: Headless, who: str = ADA.id) -> Speak:
    speak = Speak(participant_id=who, cause="self_selected", bids=(), words=5)
    turn = play.state.turn
    play.append(
        ev.TurnStarted(
            turn_id=f"trn_{turn}", message_id=f"msg_{turn}", participant_id=who, generation=turn,
            cause="self_selected", pause_ms=0, route=ev.RouteRef(provider="stub", model="words"),
        )
    )  # fmt: skip
    return speak


def interrupted(play: Headless, code: str) -> None:
    play.fail(begun(play), code)


def played(deeds: list[int], seed: int) -> Headless:
    play = Headless(CAST, seed=seed)
    for deed in deeds:
        if deed < len(DEEDS):
            DEEDS[deed](play)
        else:
            play.step(random_words(seed, addressing=0.3))
    return play


@settings(max_examples=40, deadline=None)
@given(
    deeds=st.lists(st.integers(0, len(DEEDS) + 12), max_size=25),
    seed=st.integers(0, 99),
    cut=st.integers(0, 60),
)
def test_folding_in_two_parts_is_folding_at_once(deeds: list[int], seed: int, cut: int) -> None:
    play = played(deeds, seed)
    first = fold(play.state.id, play.log[:cut])
    assert fold(play.state.id, play.log[cut:], first) == fold(play.state.id, play.log) == play.state


@settings(max_examples=30, deadline=None)
@given(deeds=st.lists(st.integers(0, len(DEEDS) + 12), max_size=25), seed=st.integers(0, 99))
def test_a_log_read_back_from_its_json_gives_the_same_state(deeds: list[int], seed: int) -> None:
    play = played(deeds, seed)
    again = [
        ev.Envelope(
            conversation_id=each.conversation_id, seq=each.seq, at=each.at, actor=each.actor,
            body=ev.load_body(each.type, each.body.version, ev.dump_body(each.body)),
        )
        for each in play.log
    ]  # fmt: skip
    assert fold(play.state.id, again) == play.state


def test_an_event_out_of_place_is_refused() -> None:
    play = Headless(CAST)
    with pytest.raises(ValueError, match="seq 2 cannot follow 2"):
        apply(play.state, play.log[-1])


def test_the_state_does_not_grow_with_the_conversation() -> None:
    play = Headless(CAST, seed=1)
    for number in range(2 * LINES_KEPT):
        play.post(f"Call number {number}")
        play.append(ev.DirectorNoted(note=f"Note {number}"))
        play.append(ev.TopicChanged(topic=f"Topic {number}", cause="viewer"))
    sizes = {
        field.name: len(getattr(play.state, field.name))
        for field in fields(ConversationState)
        if isinstance(getattr(play.state, field.name), tuple)
    }
    assert sizes["lines"] == LINES_KEPT
    assert max(sizes.values()) <= LINES_KEPT
    assert play.state.messages == 2 * LINES_KEPT


def test_a_viewer_addresses_whom_the_words_name() -> None:
    play = Headless(CAST)
    play.post("bruno, is that so?")
    assert play.state.lines[-1].addressed == (BRUNO.id,)
    play.post("is that so?", to=CLEO.id)
    assert play.state.lines[-1].addressed == (CLEO.id,)
    assert len(play.state.unanswered) == 2


def test_a_line_without_signals_is_read_when_it_is_folded() -> None:
    play = Headless(CAST)
    begun(play)
    play.append(
        ev.MessageCompleted(
            turn_id="trn_1", message_id="msg_1", participant_id=ADA.id, text="Cleo, why?",
            route=ev.RouteRef(provider="stub", model="words"),
        )
    )  # fmt: skip
    assert play.state.lines[-1].addressed == (CLEO.id,)
    assert play.state.lines[-1].questions == 1


def test_new_words_keep_a_topic_awake_and_old_ones_tire_it() -> None:
    fresh, stale = Headless(CAST), Headless(CAST)
    for number in range(30):
        fresh.finish(begun(fresh), f"Every kettle{number} brings another harbour{number} along.")
        stale.finish(begun(stale), "Every kettle brings another harbour along.")
    assert fresh.state.energy > 0.65
    assert stale.state.energy < 0.35


def test_short_lines_neither_wake_nor_tire_it() -> None:
    play = Headless(CAST)
    play.finish(begun(play), "Well, yes.")
    assert play.state.energy == 0.7


def test_a_speaker_tires_and_a_listener_rests() -> None:
    play = Headless(CAST)
    for _ in range(3):
        play.finish(begun(play), "Again me.")
    energies = [seat.energy for seat in play.state.seats]
    assert energies[0] == 0
    assert energies[1] == energies[2] == 1


def test_a_note_for_all_reaches_each_once() -> None:
    play = Headless(CAST)
    play.append(ev.DirectorNoted(note="Slower."))
    play.append(ev.DirectorNoted(note="Bolder.", participant_id=BRUNO.id))
    assert len(play.state.notes) == 4
    play.finish(begun(play, BRUNO.id), "Very well.")
    assert {note.participant_id for note in play.state.notes} == {ADA.id, CLEO.id}


def test_a_recast_participant_keeps_its_seat() -> None:
    play = Headless(CAST)
    play.finish(begun(play), "I was Ada.")
    recast = ADA.model_copy(update={"model": "other"})
    play.append(ev.ParticipantJoined(participant_id=ADA.id, participant=recast))
    assert [seat.id for seat in play.state.seats] == [each.id for each in CAST]
    assert play.state.seat(ADA.id).participant.model == "other"
    assert play.state.seat(ADA.id).turns == 1


def test_one_who_comes_back_sits_down_again() -> None:
    play = Headless(CAST)
    play.append(ev.ParticipantLeft(participant_id=ADA.id))
    assert ADA not in play.state.participants
    play.append(ev.ParticipantJoined(participant_id=ADA.id))
    assert ADA in play.state.participants


def test_a_stranger_without_a_card_changes_nothing() -> None:
    play = Headless(CAST)
    play.append(ev.ParticipantJoined(participant_id="par_9"))
    assert len(play.state.seats) == 3


def test_clearing_leaves_the_counters() -> None:
    play = Headless(CAST, seed=1).run(4, random_words(1))
    play.post("Anybody?")
    play.append(ev.ConversationCleared(up_to_seq=play.state.seq))
    assert play.state.lines == play.state.unanswered == ()
    assert play.state.messages == 0
    assert play.state.finished == 4
    play.run(6, random_words(1))
    assert len(play.state.lines) == 2


def test_what_a_turn_costs_is_added_up() -> None:
    play = Headless(CAST, seed=1).run(3, random_words(1))
    assert play.state.tokens == 300 + sum(len(turn.text.split()) for turn in play.played)
    assert play.state.cost == pytest.approx(0.003)


def test_an_unknown_seat_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Headless(CAST).state.seat("par_9")
