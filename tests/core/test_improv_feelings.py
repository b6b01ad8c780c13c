"""What the troupe says follows what its players feel, and what they feel follows what is said."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from benchmarks.troupe import Play

from chimera.core import director, pacing, relations
from chimera.core.director import Speak
from chimera.core.mood import Mood
from chimera.core.relations import Pair, Tie
from chimera.core.state import ConversationState

SCIENTIST, COMEDIAN = "par_scientist", "par_comedian"


Change = Callable[[ConversationState], ConversationState]


def claimed(seed: int) -> Play:
    """The comedian has just said something that one can take a side on."""
    play = Play("Should cities ban cars?", seed=seed)
    for who in ("par_philosopher", COMEDIAN):
        speak = Speak(participant_id=who, cause="self_selected", bids=(), words=20)
        text = play.write(play.state, speak)
        play.start(speak, pacing.plan(play.state, speak, text, director.labelled(play.state)))
        play.finish(speak, text)
    return play


def feels(state: ConversationState, value: float) -> ConversationState:
    ties = state.feelings.ties
    for other in (COMEDIAN, "par_philosopher"):
        ties = ties.with_tie(SCIENTIST, other, Tie(affinity=value, told=value, turn=state.finished))
    return replace(state, feelings=replace(state.feelings, ties=ties))


def acts(change: Change, seeds: int = 40) -> Counter[str]:
    """What the scientist does next, under a change of the state."""
    done = Counter[str]()
    speak = Speak(participant_id=SCIENTIST, cause="self_selected", bids=(), words=20)
    for seed in range(seeds):
        play = claimed(seed)
        play.write(change(play.state), speak)
        done[str(play.told[-1].signals["act"])] += 1
    return done


def test_who_dislikes_somebody_challenges_them_more() -> None:
    friend, foe = (acts(partial(feels, value=value)) for value in (0.9, -0.9))
    assert foe["CHALLENGE"] >= 1.15 * friend["CHALLENGE"]


def test_a_bad_mood_challenges_more() -> None:
    def moody(state: ConversationState, pleasure: float) -> ConversationState:
        seats = tuple(
            replace(each, mood=Mood(pleasure, 0, 0)) if each.id == SCIENTIST else each
            for each in state.seats
        )
        return replace(state, seats=seats)

    glad, cross = (acts(partial(moody, pleasure=value)) for value in (0.9, -0.9))
    assert cross["CHALLENGE"] > glad["CHALLENGE"]


def test_allies_challenge_each_other_less() -> None:
    def allied(state: ConversationState) -> ConversationState:
        ties = state.feelings.ties
        for other in (COMEDIAN, "par_philosopher"):
            ties = ties.with_pair(SCIENTIST, other, Pair(allied=1))
        return replace(state, feelings=replace(state.feelings, ties=ties))

    assert acts(allied)["CHALLENGE"] < acts(lambda state: state)["CHALLENGE"]


def test_a_challenge_of_the_troupe_is_a_stance_and_so_is_a_concession() -> None:
    play = Play("Should cities ban cars?", seed=2)
    play.run(60, play.write)
    stances = {
        str(line.signals.improv["act"]): line.signals.stance[0].value
        for line in play.state.lines
        if line.signals and line.signals.improv and line.signals.stance
    }
    assert stances["CHALLENGE"] < 0
    assert max(stances.values()) > 0


def test_a_play_changes_what_its_players_feel_for_each_other() -> None:
    play = Play("Should cities ban cars?", seed=5)
    play.run(60, play.write)
    ties, turn, cast = play.state.feelings.ties, play.state.finished, play.state.participants
    moved = [
        abs(relations.affinity(ties, one, other, turn) - relations.baseline(one, other))
        for one in cast for other in cast if one is not other
    ]  # fmt: skip
    assert max(moved) > 0.1
