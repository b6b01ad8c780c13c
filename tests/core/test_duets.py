"""Two allies compose one message: when they do, what it is made of, what follows from it."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from benchmarks.minds import longest_waits
from company_casts import (
    ADA,
    BRUNO,
    CAST,
    CLEO,
    DORA,
    DUET,
    allied,
    begun,
    coming,
    pairs,
    shared,
)  # fmt: skip
from hypothesis import given, settings
from hypothesis import strategies as st

from chimera.core import director, floor, schemes
from chimera.core import events as ev
from chimera.core.company import duets
from chimera.core.conversation import Budget, Limits
from chimera.core.sequence import utf16_length
from chimera.core.state import fold
from chimera.lab.headless import Headless, random_words, seat

TEXT = st.text(min_size=1).filter(lambda text: text == text.strip())


# --- when ----------------------------------------------------------------------------------------


def test_allies_now_and_then_share_a_line_and_never_two_within_twelve_turns() -> None:
    found: list[list[int]] = []
    for seed in range(3):
        play = pairs(seed).run(50, random_words(seed))
        found.append([place for place, turn in enumerate(play.played) if turn.speak.with_])
    assert sum(map(len, found)) >= 3
    gaps = [later - first for places in found for first, later in pairwise(places)]
    assert min(gaps) > duets.APART


def test_a_duet_is_between_allies_who_want_it_and_nobody_is_left_waiting() -> None:
    allies = {frozenset({ADA.id, BRUNO.id}), frozenset({CLEO.id, DORA.id})}
    for seed in range(3):
        play = pairs(seed).run(50, random_words(seed, addressing=0.2))
        for speak in (turn.speak for turn in play.played if turn.speak.with_):
            assert speak.cause == "duet"
            assert frozenset({speak.participant_id, speak.with_}) in allies
            values = {bid.participant_id: bid.value for bid in speak.bids}
            assert values[speak.with_ or ""] >= duets.EAGER
            assert all(not bid.terms["owed"] for bid in speak.bids)


@pytest.mark.parametrize("size", [2, 4])
def test_two_alone_and_strangers_never_share_a_line(size: int) -> None:
    for seed in range(3):
        play = Headless(CAST[:size], seed=seed)
        if size == 2:
            allied(play, ADA.id, BRUNO.id)
        play.run(40, random_words(seed))
        assert not any(turn.speak.with_ for turn in play.played)


def test_a_show_that_saves_plays_no_duets() -> None:
    rich = Limits(budget=Budget(amount=1.0, when_spent="pause"))
    poor = Limits(budget=Budget(amount=0.0001, when_spent="pause"))
    counts = [
        sum(
            bool(turn.speak.with_)
            for seed in range(3)
            for turn in pairs(seed, limits=limits).run(40, random_words(seed)).played[1:]
        )
        for limits in (rich, poor)
    ]
    assert counts[0] > counts[1] == 0


def test_both_of_a_duet_are_left_out_of_the_next_draw() -> None:
    play = shared(pairs(3))
    assert floor.candidates_of(play.state) == {CLEO.id, DORA.id}


# --- what it is ----------------------------------------------------------------------------------


@given(first=TEXT, second=TEXT)
def test_the_offset_always_parts_the_two(first: str, second: str) -> None:
    text, offset = duets.joined(first, second)
    assert duets.split(text, offset) == (first, second)
    assert offset == utf16_length(first) + 1


def test_a_duet_counts_half_a_turn_for_each_and_resets_both_waits() -> None:
    play = pairs(3).run(6, random_words(3))
    before = {each.id: play.state.seat(each.id).turns for each in CAST}
    state = shared(play).state
    for each in (ADA, BRUNO):
        assert state.seat(each.id).turns == before[each.id] + 0.5
        assert floor.wait_of(state.seat(each.id), state.finished) == 0
    assert state.seat(CLEO.id).turns == before[CLEO.id]
    assert state.finished == 7
    assert state.messages == 7


def test_it_is_heard_as_two_lines_of_two_speakers() -> None:
    state = shared(pairs(3)).state
    first, second = state.lines
    assert (first.participant_id, second.participant_id) == (ADA.id, BRUNO.id)
    assert first.message_id == second.message_id
    assert first.text == "A lamp remembers nothing of the dark"
    assert second.text == "because it was never told. 🎭"


def test_it_is_a_stance_of_each_for_the_other_with_a_receipt() -> None:
    play = Headless(CAST, seed=3)
    shared(play)
    changes = [each.body for each in play.log if isinstance(each.body, ev.RelationChanged)]
    told = {(each.from_, each.to): each.delta for each in changes}
    assert told[ADA.id, BRUNO.id] > 0
    assert told[BRUNO.id, ADA.id] > 0
    message = next(each.body for each in play.log if isinstance(each.body, ev.MessageCompleted))
    assert {each.evidence for each in changes} == {message.message_id}
    ties = play.state.feelings.ties.ties
    assert ties[ADA.id, BRUNO.id].stance == ties[BRUNO.id, ADA.id].stance == duets.STANCE


def test_a_first_part_that_stands_alone_is_a_turn_like_any_other() -> None:
    play = begun(pairs(3), DUET)
    play.finish(DUET, "A lamp remembers nothing of the dark.")
    assert play.state.seat(ADA.id).turns == 1
    assert play.state.seat(BRUNO.id).spoke is None
    assert floor.candidates_of(play.state) == {BRUNO.id, CLEO.id, DORA.id}


def test_an_interrupted_duet_is_given_back_to_both() -> None:
    play = pairs(3).run(4, random_words(3))
    begun(play, DUET).fail(DUET, "interrupted")
    again = coming(play)
    assert (again.participant_id, again.cause, again.with_) == (ADA.id, "duet", BRUNO.id)
    play.append(ev.ParticipantMuted(participant_id=BRUNO.id))
    alone = coming(play)
    assert (alone.participant_id, alone.cause, alone.with_) == (ADA.id, "self_selected", None)


def test_the_first_is_asked_for_most_of_the_line_and_the_second_for_the_rest() -> None:
    speak = replace(DUET, words=80)
    first, second = duets.first(speak), duets.second(speak)
    assert (first.participant_id, first.words) == (ADA.id, 52)
    assert (second.participant_id, second.words) == (BRUNO.id, duets.SECOND_WORDS)
    assert duets.first(replace(speak, with_=None)).words == 80


# --- what holds for every show -------------------------------------------------------------------


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 9999), name=st.sampled_from(director.NAMES), talk=st.floats(0.1, 1))
def test_nobody_waits_beyond_the_bound_where_duets_and_whispers_are_played(
    seed: int, name: str, talk: float
) -> None:
    cast = [seat(0, talk=talk), *CAST[1:]]
    play = Headless(cast, seed=seed, director=name, whispers=True)
    allied(play, ADA.id, BRUNO.id)
    allied(play, CLEO.id, DORA.id)
    play.run(50, random_words(seed, addressing=0.2))
    total = sum(each.character.traits.talk for each in cast)
    for each in cast:
        heard = [
            each.id if each.id in {turn.speak.participant_id, turn.speak.with_} else ""
            for turn in play.played
        ]
        target = each.character.traits.talk / total
        limit = math.ceil(schemes.SCHEMES[name].patience / target) + 1
        assert longest_waits(heard, [each.id, ""])[each.id] <= limit + len(cast) - 2


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 9999))
def test_a_log_with_duets_folds_to_the_same_again(seed: int) -> None:
    play = pairs(seed, whispers=True).run(40, random_words(seed))
    assert fold("cnv_headless", play.log) == play.state
    turns = sum(each.turns for each in play.state.seats)
    assert turns == pytest.approx(len(play.played))
