import math
from dataclasses import replace
from itertools import pairwise
from statistics import mean

import pytest
from benchmarks.minds import floors, gini, humans_answered, longest_waits
from hypothesis import given, settings
from hypothesis import strategies as st

from chimera.core import budget, director, floor, pacing, schemes
from chimera.core import events as ev
from chimera.core.conversation import Budget, Limits, Pace, Participant
from chimera.core.director import Decision, Direct, End, Speak, Wait, labelled
from chimera.core.state import ConversationState
from chimera.lab.headless import Headless, random_words, seat

CAST = tuple(seat(index) for index in range(3))
ADA, BRUNO, CLEO = CAST
TALKS = st.lists(st.floats(0.05, 1), min_size=2, max_size=8)
DIRECTORS = st.sampled_from(director.NAMES)


def decided(play: Headless) -> Decision:
    return director.decide(play.state, play.now, director.labelled(play.state))


def spoken(play: Headless) -> Speak:
    decision = decided(play)
    while isinstance(decision, Direct):
        for body in decision.bodies:
            play.append(body)
        decision = decided(play)
    assert isinstance(decision, Speak)
    return decision


def started(play: Headless, speak: Speak) -> None:
    plan = pacing.plan(play.state, speak, None, director.labelled(play.state))
    play.start(speak, plan)


def said(play: Headless, who: Participant, text: str) -> None:
    """Let somebody say something, whoever's turn it was."""
    speak = Speak(participant_id=who.id, cause="self_selected", bids=(), words=5)
    started(play, speak)
    play.finish(speak, text)


# --- promises that hold for any cast -----------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(talks=TALKS, seed=st.integers(0, 9999), name=DIRECTORS, addressing=st.floats(0, 1))
def test_nobody_waits_beyond_the_bound(
    talks: list[float], seed: int, name: str, addressing: float
) -> None:
    cast = [seat(index, talk=talk) for index, talk in enumerate(talks)]
    play = Headless(cast, seed=seed, director=name)
    play.run(6 * len(cast), random_words(seed, addressing=addressing))
    speakers = [turn.speak.participant_id for turn in play.played]
    waits = longest_waits(speakers, [each.id for each in cast])
    for each in cast:
        target = each.character.traits.talk / sum(talks)
        limit = math.ceil(schemes.SCHEMES[name].patience / target) + 1
        assert waits[each.id] <= limit + len(cast) - 2


@settings(max_examples=10, deadline=None)
@given(talks=TALKS, seed=st.integers(0, 9999), name=DIRECTORS)
def test_bids_are_well_formed(talks: list[float], seed: int, name: str) -> None:
    cast = [seat(index, talk=talk) for index, talk in enumerate(talks)]
    play = Headless(cast, seed=seed, director=name)
    for turn in play.run(12, random_words(seed, addressing=0.3)).played:
        bids = turn.speak.bids
        assert [bid.participant_id for bid in bids] == [each.id for each in cast]
        assert sum(bid.chance for bid in bids) == pytest.approx(1, abs=1e-3)
        for bid in bids:
            assert 0 <= bid.value <= 1
            assert bid.reason in schemes.REASONS
            if bid.reason not in {"overdue", "invited"}:
                assert bid.terms[bid.reason] == max(bid.terms.values())


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 9999), muted=st.sets(st.integers(0, 3)), left=st.sets(st.integers(0, 3)))
def test_the_muted_and_the_absent_never_speak(seed: int, muted: set[int], left: set[int]) -> None:
    cast = [seat(index) for index in range(4)]
    play = Headless(cast, seed=seed).run(3, random_words(seed))
    for index in sorted(left):
        play.append(ev.ParticipantLeft(participant_id=cast[index].id))
    for index in sorted(muted):
        play.append(ev.ParticipantMuted(participant_id=cast[index].id))
    play.append(ev.ParticipantInvited(participant_id=cast[0].id))
    play.post("Bruno and Cleo, what do you say?")
    silent = {cast[index].id for index in muted | left}
    for _ in range(6):
        decision = play.step(random_words(seed))
        if isinstance(decision, Speak):
            assert decision.participant_id not in silent
        else:
            assert isinstance(decision, Wait)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 9999), name=DIRECTORS)
def test_the_same_seed_decides_the_same(seed: int, name: str) -> None:
    one, other = (
        Headless(CAST, seed=seed, director=name).run(10, random_words(seed)) for _ in range(2)
    )
    assert one.log == other.log


def test_what_the_audience_does_meanwhile_re_rolls_nothing() -> None:
    play = Headless(CAST, seed=3).run(5, random_words(3))
    before = spoken(play)
    play.append(ev.ConversationRenamed(title="Another name"))
    assert spoken(play).participant_id == before.participant_id


@settings(max_examples=15, deadline=None)
@given(turns=st.integers(1, 12), seed=st.integers(0, 99), name=DIRECTORS)
def test_a_conversation_ends_at_its_turns(turns: int, seed: int, name: str) -> None:
    play = Headless(CAST, seed=seed, director=name, limits=Limits(max_turns=turns))
    play.run(99, random_words(seed))
    assert play.state.finished == turns
    assert play.state.ended_because == "turns"


# --- the rules in their order --------------------------------------------------------------------


def test_a_person_is_always_answered_next_by_whom_they_name() -> None:
    posted, answered = humans_answered(range(4))
    assert answered == posted == 80


def test_a_person_who_names_the_last_speaker_gets_that_one() -> None:
    play = Headless(CAST)
    said(play, BRUNO, "I have just spoken.")
    play.post("Bruno, say that again?")
    speak = spoken(play)
    assert (speak.participant_id, speak.cause, speak.human) == (BRUNO.id, "addressed", True)
    assert speak.replies_to == play.state.unanswered[0].message_id


def test_a_person_who_names_nobody_gets_whoever_wants_it_most() -> None:
    play = Headless(CAST, seed=2).run(4, random_words(2))
    play.post("Well said!")
    speak = spoken(play)
    chances = {bid.participant_id: bid.chance for bid in speak.bids}
    assert chances[speak.participant_id] == max(chances.values())
    assert (speak.cause, speak.human) == ("self_selected", True)


def test_a_message_posted_during_a_turn_is_answered_by_the_one_after() -> None:
    play = Headless(CAST)
    said(play, ADA, "Here I am.")
    speak = Speak(participant_id=BRUNO.id, cause="self_selected", bids=(), words=5)
    started(play, speak)
    play.post("Cleo?")
    play.finish(speak, "I did not hear that yet.")
    assert spoken(play).participant_id == CLEO.id
    assert spoken(play).human


def test_the_host_is_not_a_person_to_answer() -> None:
    play = Headless(CAST)
    author = ev.Author(kind="host", name="Host")
    play.append(ev.MessagePosted(message_id="msg_h", author=author, text="The last round!"))
    assert not spoken(play).human


def test_of_several_the_last_named_answers_and_the_first_is_owed() -> None:
    play = Headless(CAST)
    said(play, ADA, "Let me think.")
    play.post("Bruno and Cleo, which of you is right?")
    first = spoken(play)
    assert first.participant_id == CLEO.id
    said(play, CLEO, "I am.")
    bids = {bid.participant_id: bid for bid in spoken(play).bids}
    assert bids[BRUNO.id].terms["owed"] == pytest.approx(1.6)
    assert bids[ADA.id].terms["owed"] == 0


@pytest.mark.parametrize("code", ["interrupted", "paused"])
def test_an_interrupted_turn_is_given_back_with_its_whisper(code: str) -> None:
    play = Headless(CAST, seed=6).run(3, random_words(6))
    speak = spoken(play)
    play.append(ev.DirectorNoted(note="Be brief.", participant_id=speak.participant_id))
    speak = spoken(play)
    started(play, speak)
    play.fail(speak, code)
    again = spoken(play)
    assert (again.participant_id, again.cause) == (speak.participant_id, speak.cause)
    assert speak.note == again.note == "Be brief."


def test_a_person_goes_before_a_turn_given_back() -> None:
    play = Headless(CAST, seed=6).run(3, random_words(6))
    speak = spoken(play)
    started(play, speak)
    play.fail(speak, "interrupted")
    other = next(each for each in CAST if each.id != speak.participant_id)
    play.post(f"{other.short}?")
    assert spoken(play).participant_id == other.id


def test_a_failed_turn_lets_the_others_speak_first() -> None:
    play = Headless(CAST, seed=6).run(3, random_words(6))
    speak = spoken(play)
    started(play, speak)
    play.fail(speak, "provider_down")
    assert spoken(play).participant_id != speak.participant_id
    play.post(f"{play.state.seat(speak.participant_id).participant.short}?")
    assert spoken(play).participant_id != speak.participant_id


def test_with_two_on_stage_a_failing_one_is_asked_again_when_it_has_rested() -> None:
    play = Headless(CAST[:2])
    said(play, ADA, "Over to somebody else.")
    for _ in range(2):
        speak = spoken(play)
        assert speak.participant_id == BRUNO.id
        started(play, speak)
        play.fail(speak, "provider_down")
        # Meanwhile the only one who can speak goes on.
        while spoken(play).participant_id == ADA.id:
            said(play, ADA, "Then I go on by myself for a while.")


def test_the_invited_speaks_even_twice_in_a_row() -> None:
    play = Headless(CAST)
    said(play, ADA, "I was here.")
    play.append(ev.ParticipantInvited(participant_id=ADA.id))
    speak = spoken(play)
    assert (speak.participant_id, speak.cause) == (ADA.id, "invited")
    assert {bid.participant_id: bid.reason for bid in speak.bids}[ADA.id] == "invited"
    started(play, speak)
    play.finish(speak, "And again.")
    assert play.state.invited == ()


def test_an_invitation_of_a_muted_participant_is_void() -> None:
    play = Headless(CAST)
    play.append(ev.ParticipantInvited(participant_id=ADA.id))
    play.append(ev.ParticipantMuted(participant_id=ADA.id))
    assert spoken(play).participant_id != ADA.id


def test_the_overdue_speaks_before_the_draw() -> None:
    play = Headless(CAST)
    for _ in range(5):
        said(play, ADA, "I go on.")
        said(play, BRUNO, "So do I.")
    speak = spoken(play)
    assert (speak.participant_id, speak.cause) == (CLEO.id, "overdue")


def test_an_afterthought_is_short_rare_and_never_twice() -> None:
    turns = [
        turn
        for seed in range(6)
        for turn in Headless(CAST, seed=seed).run(40, random_words(seed)).played
    ]
    again = [turn for turn in turns if turn.speak.cause == "continued"]
    assert 0.02 < len(again) / len(turns) < 0.09
    assert all(turn.speak.words <= 12 for turn in again)
    for one, two in pairwise(turns):
        assert not one.speak.cause == two.speak.cause == "continued"


def test_nobody_continues_after_asking_or_naming_somebody() -> None:
    for seed in range(60):
        for text in ("Is it so?", "Bruno, no."):
            play = Headless(CAST, seed=seed)
            said(play, ADA, text)
            assert spoken(play).cause != "continued"


def test_a_tired_topic_brings_beats_of_silence_then_the_quietest_is_asked() -> None:
    play = Headless(CAST, seed=1)
    for each in (BRUNO, CLEO, ADA):
        said(play, each, "Hm.")
    play.state = replace(play.state, energy=0.02)
    wait = decided(play)
    assert isinstance(wait, Wait)
    assert 0 < wait.seconds <= 12
    play.now += math.ceil(1000 * wait.seconds)
    step = decided(play)
    assert isinstance(step, Direct)
    play.append(step.bodies[0])
    assert play.state.ladders.lull.rung == 1
    again = decided(play)
    assert isinstance(again, Wait)
    play.now += math.ceil(1000 * again.seconds)
    speak = spoken(play)
    assert speak.cause == "invited"
    assert speak.silence_s == pytest.approx(wait.seconds + again.seconds, abs=0.01)
    # The pause that is announced has the silence in it.
    assert pacing.plan(play.state, speak, None, labelled(play.state)).gap_s > wait.seconds


def test_nobody_holds_back_before_everybody_has_spoken() -> None:
    for seed in range(30):
        play = Headless(CAST, seed=seed)
        said(play, ADA, "Hm.")
        play.state = replace(play.state, energy=0.02)
        assert isinstance(decided(play), Speak)


def test_an_addressee_is_never_met_with_silence() -> None:
    play = Headless(CAST, seed=1)
    said(play, ADA, "Bruno, go on.")
    play.state = replace(play.state, energy=0.02)
    assert isinstance(decided(play), Speak)


def test_a_conversation_never_opens_with_silence() -> None:
    for seed in range(30):
        play = Headless(CAST, seed=seed)
        play.state = replace(play.state, energy=0.02)
        assert isinstance(decided(play), Speak)


def test_with_all_muted_the_stage_waits() -> None:
    play = Headless(CAST)
    for each in CAST:
        play.append(ev.ParticipantMuted(participant_id=each.id))
    play.post("Hello?")
    assert isinstance(decided(play), Wait)


# --- what ends a conversation --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "because"),
    [
        (Limits(max_turns=2), "turns"),
        (Limits(max_tokens=50), "tokens"),
        (Limits(max_minutes=0.01), "time"),
        (Limits(budget=Budget(amount=0.002)), "budget"),
        (Limits(stop_phrase="GOOD night"), "phrase"),
    ],
)
def test_every_limit_ends_the_conversation(limits: Limits, because: str) -> None:
    play = Headless(CAST, limits=limits)
    # Too little for closing words.
    for _ in range(2):
        said(play, ADA, "And so, good night.")
        play.now += 1000
    assert decided(play) == End(because=because)  # pyright: ignore[reportArgumentType]


def test_a_limit_not_reached_ends_nothing() -> None:
    limits = Limits(
        max_turns=4, max_tokens=5000, max_minutes=5, budget=Budget(amount=1), stop_phrase="amen"
    )
    play = Headless(CAST, limits=limits)
    said(play, ADA, "And so on.")
    assert isinstance(decided(play), Speak)


def test_before_the_start_no_time_has_passed() -> None:
    play = Headless(CAST, limits=Limits(max_minutes=5))
    waiting = replace(play.state, started_at=None)
    assert director.stopped(waiting, play.now + 10_000_000) is None


def test_a_pause_takes_nothing_from_the_time() -> None:
    play = Headless(CAST, limits=Limits(max_minutes=5))
    said(play, ADA, "And so on.")
    play.append(ev.ConversationPaused())
    play.now += 3_600_000
    play.append(ev.ConversationResumed())
    assert isinstance(decided(play), Speak)
    play.now += 300_000
    assert decided(play) == End(because="time")


@pytest.mark.parametrize("then", ["improv", "pause"])
def test_a_spent_budget_ends_only_where_a_finale_is_wanted(then: str) -> None:
    ceiling = Budget.model_validate({"amount": 0.0005, "when_spent": then})
    play = Headless(CAST, limits=Limits(budget=ceiling))
    said(play, ADA, "And so on.")
    assert budget.spent(play.state)
    assert isinstance(decided(play), Speak)


def test_an_old_stop_phrase_does_not_count() -> None:
    play = Headless(CAST)
    said(play, ADA, "Good night.")
    said(play, BRUNO, "Not yet.")
    play.state = replace(play.state, limits=Limits(stop_phrase="good night"))
    assert isinstance(decided(play), Speak)
    play.post("good night!")
    assert decided(play) == End(because="phrase")


# --- the weighing --------------------------------------------------------------------------------


def chance_of(state: ConversationState, who: Participant) -> float:
    return next(each.chance for each in floor.survey(state) if each.id == who.id)


def test_friends_and_rivals_both_react() -> None:
    rival = seat(2, relations={"ada": -0.9})
    friend = seat(2, relations={"ada": 0.9})
    chances: list[float] = []
    for third in (CLEO, friend, rival):
        play = Headless((ADA, BRUNO, third))
        said(play, ADA, "Well then.")
        chances.append(chance_of(play.state, third))
    assert chances[1] == pytest.approx(chances[2])
    assert chances[1] > chances[0]


def test_a_topic_draws_who_knows_it() -> None:
    baker = seat(1, expertise=("bread", "yeast", "ovens", "flour"))
    pilot = seat(2, expertise=("wings", "altitude", "engines", "clouds"))
    play = Headless((ADA, baker, pilot), topic="Bread and flour")
    said(play, ADA, "Bread without yeast is a brick of flour.")
    assert chance_of(play.state, baker) > 2 * chance_of(play.state, pilot)


def test_talkativeness_shows_in_the_shares() -> None:
    cast = [seat(0, talk=0.2), seat(1, talk=0.5), seat(2, talk=0.9)]
    for name in director.NAMES:
        plays = [
            Headless(cast, seed=each, director=name).run(100, random_words(each))
            for each in range(2)
        ]
        turns = [turn.speak.participant_id for play in plays for turn in play.played]
        shares = [turns.count(each.id) / len(turns) for each in cast]
        assert shares[0] < 0.26 < shares[1] < 0.42 < shares[2] + 0.04
        assert shares == sorted(shares)


def test_a_late_arrival_is_not_overdue_at_once() -> None:
    play = Headless(CAST, seed=2).run(30, random_words(2))
    newcomer = seat(3)
    play.append(ev.ParticipantJoined(participant_id=newcomer.id, participant=newcomer))
    standing = {each.id: each for each in floor.survey(play.state)}[newcomer.id]
    assert standing.view.wait == 0


# --- what minds.py measures, small ------------------------------------------------------------


def test_the_floor_is_shared_as_promised() -> None:
    found = floors(3, range(3))
    assert mean(found.inequality) <= 0.15
    assert max(found.inequality) <= 0.15
    assert found.answered / found.named >= 0.95
    assert 0.50 <= found.aba / found.triples <= 0.70
    assert found.beyond <= 0
    assert found.silent / found.turns <= 0.02


def test_inequality_is_zero_for_equal_shares() -> None:
    assert gini([5, 5, 5]) == pytest.approx(0)
    assert gini([0, 0, 9]) == pytest.approx(2 / 3)


def test_instant_conversations_hardly_wait_for_silence() -> None:
    play = Headless(CAST, pace=Pace(mode="instant", speed=pacing.LIVELY))
    for each in CAST:
        said(play, each, "Hm.")
    play.state = replace(play.state, energy=0.02)
    wait = decided(play)
    assert isinstance(wait, Wait)
    assert wait.seconds <= 0.25


def test_who_is_dared_to_prove_it_is_waited_for_like_who_is_asked() -> None:
    dared = "Prove it, somebody, or take it back."
    for said, afterthoughts in ((dared, False), ("The lamp is on the table over there.", True)):
        causes = set[str]()
        for seed in range(60):
            play = Headless(CAST, seed=seed).run(6, lambda _state, _speak, said=said: said)
            causes |= {turn.speak.cause for turn in play.played[1:]}
        assert ("continued" in causes) is afterthoughts
