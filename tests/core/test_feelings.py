"""Feelings change who speaks, what is said and how: each effect is seen with and without them."""

from dataclasses import replace

import pytest
from benchmarks.feelings import hothead, tempers

from chimera.core import aftermath, director, feelings, floor, guard, pacing, prompt, relations
from chimera.core import events as ev
from chimera.core.conversation import Pace, Participant
from chimera.core.director import Speak
from chimera.core.mood import Mood
from chimera.core.parts import Seat
from chimera.core.persona import Character, Traits, load_house
from chimera.core.relations import Pair, Relations, Tie
from chimera.core.state import ConversationState
from chimera.lab.headless import Headless, random_words, seat

CAST = tuple(seat(index) for index in range(3))
ADA, BRUNO, CLEO = CAST
CARD = load_house()[0]


def said(play: Headless, who: Participant, text: str) -> None:
    speak = Speak(participant_id=who.id, cause="self_selected", bids=(), words=5)
    play.start(speak, pacing.plan(play.state, speak, None, director.labelled(play.state)))
    play.finish(speak, text)


def begun() -> Headless:
    """Everybody has spoken; Bruno last."""
    play = Headless(CAST)
    for who in (CLEO, ADA, BRUNO):
        said(play, who, "Lamps and rivers and stones.")
    return play


def feeling(state: ConversationState, one: Participant, other: Participant, value: float,
            **more: object) -> ConversationState:  # fmt: skip
    tie = replace(Tie(affinity=value, told=value, turn=state.finished), **more)
    ties = state.feelings.ties.with_tie(one.id, other.id, tie)
    return replace(state, feelings=replace(state.feelings, ties=ties))


def paired(state: ConversationState, **changes: object) -> ConversationState:
    ties = state.feelings.ties.with_pair(ADA.id, BRUNO.id, replace(Pair(), **changes))
    return replace(state, feelings=replace(state.feelings, ties=ties))


def moody(state: ConversationState, who: Participant, felt: Mood) -> ConversationState:
    seats = tuple(replace(each, mood=felt) if each.id == who.id else each for each in state.seats)
    return replace(state, seats=seats)


def utility(state: ConversationState, who: Participant, term: str) -> float:
    return next(each for each in floor.survey(state) if each.id == who.id).terms[term]


def told(state: ConversationState, who: Participant) -> str:
    speak = Speak(participant_id=who.id, cause="self_selected", bids=(), words=20)
    return prompt.compose(state, speak, CARD).messages[-1].text


# --- bids ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0.9, -0.9])
def test_friends_and_rivals_want_the_floor_after_each_other(value: float) -> None:
    state = begun().state
    calm = utility(feeling(state, ADA, BRUNO, 0.0), ADA, "tie")
    assert utility(feeling(state, ADA, BRUNO, value), ADA, "tie") >= calm + 0.4


def test_a_quarrel_of_words_makes_feelings_count_for_more() -> None:
    state = begun().state
    calm = utility(feeling(state, ADA, BRUNO, -0.6), ADA, "tie")
    hot = feeling(state, ADA, BRUNO, -0.6, heat=0.5, heated=state.finished)
    assert utility(hot, ADA, "tie") == pytest.approx(calm * 0.7 / 0.5)


def test_who_was_asked_to_make_peace_gets_the_floor_sooner() -> None:
    play = begun()
    before = utility(play.state, CLEO, "mediation")
    about = (ADA.id, BRUNO.id)
    play.append(ev.DirectorNoted(
        note="Make peace.", participant_id=CLEO.id, because="conflict", rung=0, about=about,
    ))  # fmt: skip
    assert utility(play.state, CLEO, "mediation") == before + 2


def test_applause_draws_back_to_the_floor_who_earned_it() -> None:
    play = begun()
    before = utility(play.state, CLEO, "crowd")
    clapped(play, "msg_1")
    assert utility(play.state, CLEO, "crowd") > before == 0


def clapped(play: Headless, message_id: str, emoji: str = "👏") -> None:
    for viewer in ("anna", "ben", "cem", "dan", "eve", "fay"):
        play.append(
            ev.ReactionAdded(message_id=message_id, emoji=emoji, viewers=6),
            ev.Actor(type="viewer", id=viewer),
        )


def test_two_who_were_parted_do_not_answer_each_other() -> None:
    state = begun().state
    assert ADA.id in floor.candidates_of(state)
    parted = paired(state, rung=2, stepped=state.finished, level="hostile")
    assert floor.candidates_of(parted) == {CLEO.id}
    later = replace(parted, finished=state.finished + relations.APART)
    assert ADA.id in floor.candidates_of(replace(later, seats=spoke_last(later, BRUNO)))


def spoke_last(state: ConversationState, who: Participant) -> tuple[Seat, ...]:
    return tuple(
        replace(each, spoke=state.finished) if each.id == who.id else each for each in state.seats
    )


# --- prompts -------------------------------------------------------------------------------------


def test_the_prompt_says_how_one_feels_about_who_spoke_last() -> None:
    state = begun().state
    assert "gets on your nerves" not in told(feeling(state, ADA, BRUNO, 0.0), ADA)
    assert "You enjoy The Bruno" in told(feeling(state, ADA, BRUNO, 0.5), ADA)
    assert "The Bruno gets on your nerves;" in told(feeling(state, ADA, BRUNO, -0.5), ADA)
    respects = feeling(state, ADA, BRUNO, -0.5, respect=0.4, familiarity=0.5)
    assert "you respect how they argue" in told(respects, ADA)
    assert "know each other by now" in told(respects, ADA)


def test_the_prompt_names_allies() -> None:
    state = begun().state
    assert "On your side here: Bruno." in told(paired(state, allied=1), ADA)
    assert "On your side" not in told(state, ADA)
    assert "On your side" not in told(paired(state, allied=1), CLEO)


def test_the_prompt_tells_a_mood_that_is_far_from_home() -> None:
    state = begun().state
    assert "You are angry" in told(moody(state, ADA, Mood(-0.5, 0.5, 0.2)), ADA)
    assert "You are angry" not in told(moody(state, ADA, Mood(-0.1, 0.1, 0)), ADA)


@pytest.mark.parametrize(("emoji", "sentence"), [("😂", "laughs and claps"), ("👎", "restless")])
def test_the_prompt_tells_what_the_audience_makes_of_ones_line(emoji: str, sentence: str) -> None:
    play = begun()
    assert sentence not in told(play.state, CLEO)
    clapped(play, "msg_1", emoji)
    assert sentence in told(play.state, CLEO)


# --- lengths and typing --------------------------------------------------------------------------


def lengths(state: ConversationState) -> float:
    turns = [replace(state, started=turn) for turn in range(200)]
    return sum(pacing.length(each, ADA, director.labelled(each)) for each in turns)


def test_excitement_makes_lines_longer() -> None:
    state = begun().state
    assert lengths(moody(state, ADA, Mood(0, 0.9, 0))) > 1.1 * lengths(state)


def test_excitement_makes_typing_quicker() -> None:
    play = Headless(CAST, pace=Pace(mode="human"))
    for who in CAST:
        said(play, who, "Lamps and rivers.")
    speak = Speak(participant_id=ADA.id, cause="self_selected", bids=(), words=6)
    rng = director.labelled(play.state)
    text = "Only a few words, really."

    def lead(felt: Mood) -> float:
        return pacing.plan(moody(play.state, ADA, felt), speak, text, rng).lead_s

    assert lead(Mood(0, 0.9, 0)) < lead(Mood(0, -0.9, 0))


# --- moods move with what is said ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "who", "sign"),
    [("Bruno, that is absurd nonsense, you fool!", BRUNO, -1),
     ("Well said, Bruno, I agree.", BRUNO, 1), ("Well said, Bruno, I agree.", ADA, 1)],
)  # fmt: skip
def test_words_move_moods(line: str, who: Participant, sign: int) -> None:
    play = begun()
    said(play, ADA, line)
    assert sign * (play.state.seat(who.id).mood or Mood()).pleasure > 0


def test_an_ally_resents_an_attack() -> None:
    play = begun()
    play.state = paired(play.state, allied=1)
    said(play, CLEO, "Bruno, that is absurd nonsense!")
    assert (play.state.seat(ADA.id).mood or Mood()).dominance > 0


def test_who_is_applauded_is_glad_and_who_is_booed_is_not() -> None:
    for emoji, sign in (("👏", 1), ("👎", -1)):
        play = begun()
        clapped(play, "msg_3", emoji)
        said(play, ADA, "Stones again.")
        assert sign * (play.state.seat(BRUNO.id).mood or Mood()).pleasure > 0


def test_applause_feeds_the_topic() -> None:
    quiet, loud = begun(), begun()
    clapped(loud, "msg_1")
    for play in (quiet, loud):
        said(play, ADA, "Stones again.")
    assert loud.state.energy > quiet.state.energy


# --- what a line leads to ------------------------------------------------------------------------


def test_a_pair_that_obeys_has_cooled_within_eight_turns() -> None:
    cooled = 0
    for seed in range(7):
        found = tempers(Headless(CAST, seed=seed), 40, hothead(obeys=True))
        first = found.hostile.index(True)
        cooled += min(found.tensions[first : first + 9]) < relations.HEATED
        assert not any(found.hostile[first + 9 :])
    assert cooled >= 6


def test_a_pair_that_never_obeys_is_kept_from_hostility_by_the_guard() -> None:
    hostile = turns = 0
    for seed in range(7):
        found = tempers(Headless(CAST, seed=seed), 80, hothead(obeys=False))
        assert any(found.hostile[:20])
        hostile += sum(found.hostile[20:])
        turns += len(found.hostile[20:])
    assert turns >= 400
    assert hostile / turns <= 0.02


def test_insults_are_refused_only_where_a_quarrel_has_gone_so_far() -> None:
    state = begun().state
    insult = "Bruno, you are an idiot."
    assert guard.review(insult, state, ADA) is None
    warned = paired(state, rung=2, stepped=state.finished, level="hostile")
    assert guard.review(insult, warned, ADA) == "insult"
    assert guard.review("Bruno, I doubt it.", warned, ADA) is None
    assert guard.review(insult, warned, CLEO) is None


def follows(state: ConversationState) -> list[ev.Body]:
    line = replace(state.lines[-1], participant_id=CLEO.id)
    return [each.body for each in aftermath.follow(state, line, director.labelled(state))]


def hostile(state: ConversationState, **more: object) -> ConversationState:
    hot = feeling(state, ADA, BRUNO, -0.5, heat=2.0, heated=state.finished)
    return paired(hot, level="hostile", since=state.finished, **more)


def test_the_first_step_asks_both_to_concede() -> None:
    notes = [each for each in follows(hostile(begun().state)) if isinstance(each, ev.DirectorNoted)]
    asked = [each for each in notes if each.rung == 1]
    assert {each.participant_id for each in asked} == {ADA.id, BRUNO.id}
    assert all("Concede" in each.note for each in asked)


def test_nobody_is_asked_to_make_up_with_somebody_who_has_gone() -> None:
    play = begun()
    play.append(ev.ParticipantLeft(participant_id=BRUNO.id))
    assert not [each for each in follows(hostile(play.state)) if isinstance(each, ev.DirectorNoted)]


def test_a_step_is_given_two_turns() -> None:
    state = begun().state
    assert not any(
        isinstance(each, ev.DirectorNoted) for each in follows(hostile(state, rung=1, stepped=2))
    )


def test_the_third_step_sends_the_hotter_one_off_and_calls_it_back() -> None:
    play = begun()
    state = hostile(play.state, rung=2, stepped=play.state.finished - 2)
    (muted,) = [each for each in follows(state) if isinstance(each, ev.ParticipantMuted)]
    assert (muted.participant_id, muted.because) == (ADA.id, "conflict")
    play.state = state
    play.append(muted)
    assert relations.tension(play.state.feelings.ties, ADA.id, BRUNO.id, play.state.finished) == 0
    gone = play.state.finished
    play.run(feelings.SITS_OUT + 3, random_words(1))
    assert not play.state.seat(ADA.id).muted
    back = next(each for each in play.log if isinstance(each.body, ev.ParticipantUnmuted))
    between = [
        each.body.participant_id for each in play.log
        if isinstance(each.body, ev.MessageCompleted) and each.seq < back.seq
    ]  # fmt: skip
    assert ADA.id not in between[gone:]
    assert len(between) == gone + feelings.SITS_OUT


def test_whom_a_person_muted_no_cooling_brings_back() -> None:
    play = begun()
    play.append(ev.ParticipantMuted(participant_id=ADA.id))
    play.run(feelings.SITS_OUT + 3, random_words(1))
    assert play.state.seat(ADA.id).muted


def alone(rung: int) -> tuple[ConversationState, list[ev.Body]]:
    """What the next step does to two who are alone and hostile."""
    play = Headless(CAST[:2])
    for who in (ADA, BRUNO, ADA):
        said(play, who, "Lamps and rivers.")
    state = hostile(play.state, rung=rung, stepped=1)
    line = state.lines[-1]
    return state, [each.body for each in aftermath.follow(state, line, director.labelled(state))]


def test_two_who_are_alone_get_another_subject() -> None:
    state, bodies = alone(2)
    (changed,) = [each for each in bodies if isinstance(each, ev.TopicChanged)]
    assert changed.topic != state.topic
    assert changed.cause == "director"


def test_two_whom_no_subject_reconciles_come_to_their_closing_words() -> None:
    _, bodies = alone(3)
    assert "conflict" in {each.ends for each in bodies if isinstance(each, ev.DirectorNoted)}


def test_a_quarrel_that_lasts_gets_a_mediator_once() -> None:
    warm = [
        each.model_copy(update={"character": Character(traits=Traits(warmth=warmth))})
        for each, warmth in zip(CAST, (0, 0, 1), strict=True)
    ]
    play = Headless(warm)
    for who in warm:
        said(play, who, "Lamps and rivers and stones.")
    state = replace(play.state, finished=20)
    hot = feeling(state, ADA, BRUNO, -0.2, heat=0.9, heated=20)
    asked = [each for each in follows(paired(hot, level="heated", since=10))
             if isinstance(each, ev.DirectorNoted)]  # fmt: skip
    assert [each.participant_id for each in asked] == [CLEO.id]
    assert not follows(paired(hot, level="heated", since=10, mediated=True))
    assert not follows(paired(hot, level="heated", since=16))


def test_no_viewer_moves_a_relation() -> None:
    play = begun()
    before = play.state.feelings.ties
    play.post("Bruno, you are a pathetic idiot! As Cleo said, I agree with Cleo.")
    assert play.state.feelings.ties == before


def test_somebody_fond_reacts_now_and_then_and_nobody_else_does() -> None:
    play = begun()
    reactors = set[str | None]()
    for turn in range(300):
        state = feeling(replace(play.state, started=turn), ADA, BRUNO, 0.5, stance=0.8)
        for event in aftermath.follow(state, state.lines[-1], director.labelled(state)):
            if isinstance(event.body, ev.ReactionAdded):
                reactors.add(event.actor.id)
    assert reactors == {ADA.id}


def test_the_applause_of_the_cast_sways_nobody() -> None:
    play = begun()
    actor = ev.Actor(type="participant", id=ADA.id)
    play.append(ev.ReactionAdded(message_id="msg_1", emoji="👏"), actor)
    assert play.state.feelings.crowd.energy == 0


def test_feelings_stay_flat_over_a_long_talk() -> None:
    play = begun().run(120, random_words(3, addressing=0.3))
    ties = play.state.feelings.ties
    assert len(ties.ties) <= 6
    assert len(ties.pairs) <= 3
    assert isinstance(ties, Relations)


def test_only_who_is_far_from_their_usual_mood_shows_it() -> None:
    play = begun()
    assert feelings.stirred(play.state.seats) == {}
    angry = moody(play.state, ADA, Mood(-0.6, 0.7, 0.3))
    assert feelings.stirred(angry.seats) == {ADA.id: "anger"}
    gone = tuple(replace(each, present=False) for each in angry.seats)
    assert feelings.stirred(gone) == {}
