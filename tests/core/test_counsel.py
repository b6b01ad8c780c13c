"""What the director is told from outside: a scheme that fails, and a model's advice."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chimera.core import director, floor
from chimera.core import events as ev
from chimera.core.director import Speak, decide, labelled
from chimera.core.errors import PluginFailed
from chimera.core.floor import Advice, Counsel
from chimera.core.schemes import SCHEMES, SHOW, Scheme, View
from chimera.core.state import ConversationState
from chimera.lab.headless import Headless, random_words, seat

CAST = tuple(seat(index) for index in range(4))


def played(name: str = "show", turns: int = 12, seed: int = 5) -> Headless:
    return Headless(CAST, seed=seed, director=name).run(turns, random_words(seed))


def quiet(state: ConversationState) -> ConversationState:
    """The same with nobody addressed or owed an answer, so that a draw decides."""
    lines = tuple(replace(each, addressed=(), questions=0) for each in state.lines)
    return replace(state, lines=lines, energy=1.0)


def speaks(state: ConversationState, counsel: Counsel = floor.ALONE) -> Speak:
    decision = decide(state, state.last_at, labelled(state), counsel)
    assert isinstance(decision, Speak)
    return decision


def advised(state: ConversationState, who: str) -> Counsel:
    return Counsel(
        advice=Advice(participant_id=who, reason="She knows it.", finished=state.finished)
    )


# --- schemes from outside ------------------------------------------------------------------------


def only_cleo(view: View) -> Mapping[str, float]:
    return {"energy": 8.0 if view.talk > 0.9 else 0.0}


def scheme(terms: object = only_cleo) -> Scheme:
    return replace(SHOW, name="mine", terms=terms)


def test_a_director_from_outside_decides_who_speaks() -> None:
    cast = (*CAST[:2], seat(2, talk=1.0), CAST[3])
    drawn = Counter[str]()
    for seed in range(40):
        play = Headless(cast, seed=seed, director="mine").run(1, random_words(seed))
        state = quiet(play.state)
        if cast[2].id in floor.candidates_of(state):
            counsel = Counsel(schemes={**SCHEMES, "mine": scheme()})
            drawn[speaks(state, counsel).participant_id] += 1
    assert drawn[cast[2].id] >= 0.8 * drawn.total() > 0


def test_where_the_director_is_gone_show_plays_and_the_turn_says_so() -> None:
    state = quiet(played("mine").state)
    speak, usual = speaks(state), speaks(replace(state, director="show"))
    assert speak.directed_by is not None
    assert (speak.directed_by.director, speak.directed_by.why) == ("show", "gone")
    assert replace(speak, directed_by=None) == usual
    assert usual.directed_by is None


@pytest.mark.parametrize("why", ["failed", "resting"])
def test_a_director_that_fails_is_replaced_for_that_turn(why: str) -> None:
    def failing(_view: View) -> Mapping[str, float]:
        raise PluginFailed("it broke", because=why)

    state = quiet(played("mine").state)
    speak = speaks(state, Counsel(schemes={**SCHEMES, "mine": scheme(failing)}))
    assert speak.directed_by is not None
    assert speak.directed_by.why == why
    assert speak.participant_id == speaks(replace(state, director="show")).participant_id


# --- advice --------------------------------------------------------------------------------------


def test_advice_can_win_a_draw_and_is_named_as_the_reason() -> None:
    without, with_it, told = 0, 0, list[ev.BidRef]()
    for seed in range(60):
        state = quiet(played("model", seed=seed).state)
        who = max(floor.candidates_of(state))
        without += speaks(state).participant_id == who
        speak = speaks(state, advised(state, who))
        with_it += speak.participant_id == who
        if speak.participant_id == who and speak.cause == "self_selected":
            told += [each for each in speak.bids if each.participant_id == who]
    assert with_it > without + 10
    assert told
    assert {each.reason for each in told} == {"director"}
    assert {each.said for each in told} == {"She knows it."}


def test_only_the_director_that_asks_for_it_listens_to_advice() -> None:
    state = quiet(played("show").state)
    who = max(floor.candidates_of(state))
    assert speaks(state, advised(state, who)) == speaks(state)


def test_advice_for_another_turn_counts_for_nothing() -> None:
    state = quiet(played("model").state)
    late = Advice(
        participant_id=max(floor.candidates_of(state)), reason="Late.",
        finished=state.finished - 1,
    )  # fmt: skip
    assert speaks(state, Counsel(advice=late)) == speaks(state)


def test_advice_to_let_the_last_speaker_go_on_counts_for_nothing() -> None:
    state = quiet(played("model").state)
    (last,) = floor.last_speakers(state)
    assert speaks(state, advised(state, last)) == speaks(state)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 300), st.integers(0, 3))
def test_advice_never_beats_a_hard_rule(seed: int, place: int) -> None:
    state = played("model", turns=6, seed=seed).state
    usual = decide(state, state.last_at, labelled(state))
    counsel = advised(state, CAST[place].id)
    speak = decide(state, state.last_at, labelled(state), counsel)
    forced = {"overdue", "invited", "continued"}
    if isinstance(usual, Speak) and (usual.cause in forced or usual.human):
        assert isinstance(speak, Speak)
        assert (speak.participant_id, speak.cause) == (usual.participant_id, usual.cause)


def test_a_person_is_answered_by_whom_they_asked_whatever_the_model_says() -> None:
    play = played("model")
    (last,) = floor.last_speakers(play.state)
    asked, other = [each.id for each in CAST if each.id != last][:2]
    play.post("What do you think?", to=asked)
    assert speaks(play.state, advised(play.state, other)).participant_id == asked


def test_whoever_is_spoken_to_stays_the_likelier_one() -> None:
    state = quiet(played("model").state)
    named, other = sorted(floor.candidates_of(state))[:2]
    line = replace(state.lines[-1], addressed=(named,), questions=1)
    state = replace(state, lines=(*state.lines[:-1], line))
    standings = {each.id: each for each in floor.survey(state, advised(state, other))}
    assert standings[named].chance > standings[other].chance


def test_all_directors_of_the_house_can_be_named() -> None:
    assert director.NAMES == ("show", "human", "model")
