"""What one says to another alone: when, and that nobody else of the cast ever learns of it."""

from itertools import pairwise

from company_casts import ADA, BRUNO, CAST, CLEO, DORA, WHISPER, begun, coming, pairs, whispered

from chimera.core import director, floor, memory, prompt, topics
from chimera.core import events as ev
from chimera.core.company import whispers
from chimera.core.conversation import Participant
from chimera.core.director import Speak
from chimera.core.persona import load_house
from chimera.core.state import ConversationState
from chimera.lab.headless import Headless, random_words

SECRET = "zanzibar"
CARD = load_house()[0]


def shown(state: ConversationState, who: str) -> str:
    """The whole prompt of somebody's coming line."""
    speak = Speak(
        participant_id=who, cause="self_selected", bids=(), words=12,
        recalled=memory.recall(state, who, closing=True),
    )  # fmt: skip
    composed = prompt.compose(state, speak, CARD)
    return "\n".join([composed.system, *(each.text for each in composed.messages)])


def test_only_where_the_conversation_allows_it() -> None:
    for seed in range(2):
        play = pairs(seed).run(40, random_words(seed))
        assert all(turn.speak.audience == "all" for turn in play.played)


def test_allies_whisper_now_and_then_and_never_twice_within_eight_turns() -> None:
    found = 0
    for seed in range(4):
        play = pairs(seed, whispers=True).run(60, random_words(seed))
        places = [n for n, turn in enumerate(play.played) if turn.speak.audience != "all"]
        found += len(places)
        assert all(b - a > whispers.APART for a, b in pairwise(places))
        for speak in (play.played[place].speak for place in places):
            assert len(set(speak.audience)) == 2
            assert speak.audience[0] == speak.participant_id
            assert play.state.feelings.ties.pair(*speak.audience).allied is not None
    assert found >= 2


def test_strangers_have_nothing_to_whisper() -> None:
    for seed in range(2):
        play = Headless(CAST, seed=seed, whispers=True).run(60, random_words(seed))
        assert all(turn.speak.audience == "all" for turn in play.played)


def test_who_whispers_knows_it_and_so_does_the_one_who_hears() -> None:
    play = pairs(3, whispers=True).run(4, random_words(3))
    told = prompt.compose(play.state, WHISPER, CARD).messages[-1].text
    assert "You whisper this to Bruno alone; the others do not hear it." in told
    whispered(play, f"Meet me in {SECRET} after the show.")
    assert f"[whispered to you alone] The Ada: Meet me in {SECRET}" in shown(play.state, BRUNO.id)
    assert f"[you whispered to Bruno] Meet me in {SECRET}" in shown(play.state, ADA.id)


def test_it_reaches_no_prompt_note_or_topic_of_those_who_did_not_hear() -> None:
    for seed in range(6):
        play = pairs(seed, whispers=True).run(seed % 7, random_words(seed, addressing=0.3))
        whispered(play, f"Cleo, I promise you {SECRET} is what I think of {SECRET}, do you see?")
        # Everybody who speaks says nothing new: whoever knows the word has heard it.
        play.run(12, random_words(seed, addressing=0.3))
        for who in (each.id for each in CAST[2:]):
            assert SECRET not in shown(play.state, who)
            assert all(SECRET not in note.text for note in play.state.seat(who).memory)
        assert SECRET not in play.state.topic
        assert all(SECRET not in each for each in topics.offers(play.state))


def test_what_is_worn_out_is_forbidden_only_to_who_has_heard_it() -> None:
    play = pairs(3)
    for _ in range(6):
        whispered(play, f"The {SECRET} of the {SECRET} lamps is all we have left tonight.")
    loops = play.state.ladders.loop
    assert loops.rung == 0
    play.append(ev.DirectorNoted(note="In circles.", because="loop", rung=1))
    assert "Do not use these words again" in shown(play.state, BRUNO.id)
    assert SECRET not in shown(play.state, CLEO.id)


def test_nobody_has_to_answer_what_they_did_not_hear() -> None:
    play = whispered(pairs(3, whispers=True), "Cleo, what do you think about that?")
    assert play.state.lines[-1].addressed == ()
    assert floor.owing(play.state, CLEO.id) is None
    heard = whispered(pairs(3, whispers=True), "Bruno, what do you think about that?")
    assert heard.state.lines[-1].addressed == (BRUNO.id,)


def aloud(play: Headless, who: Participant, text: str) -> ev.MessageSignals:
    speak = Speak(participant_id=who.id, cause="self_selected", bids=(), words=8)
    begun(play, speak).finish(speak, text)
    read = play.state.lines[-1].signals
    assert read is not None
    return read


def test_a_line_takes_no_side_in_what_its_speaker_did_not_hear() -> None:
    play = pairs(3)
    aloud(play, DORA, "Stones remember little.")
    whispered(play, "Do lanterns matter to you?")
    read = aloud(play, CLEO, "Exactly, lanterns matter.")
    assert [each.to for each in read.stance or ()] == [DORA.id]
    assert "answer" not in (read.acts or ())
    aloud(play, ADA, "Do lanterns matter to you?")
    read = aloud(play, CLEO, "Exactly, lanterns matter.")
    assert [each.to for each in read.stance or ()] == [ADA.id]
    assert "answer" in (read.acts or ())


def test_what_was_whispered_does_not_go_on_aloud() -> None:
    for seed in range(12):
        play = whispered(pairs(seed, whispers=True), "That is all I can say of it here.")
        decision = director.decide(play.state, play.now, director.labelled(play.state))
        assert not (isinstance(decision, Speak) and decision.cause == "continued")


def test_feelings_about_a_whisper_stay_with_the_two() -> None:
    play = Headless(CAST, seed=3)
    before = len(play.log)
    whispered(play, "You are right, Bruno, and I agree with all of it.")
    written = play.log[before:]
    assert {each.type for each in written} >= {"turn.started", "relation.changed"}
    assert all(each.visibility != "all" and CLEO.id not in each.visibility for each in written)
    assert play.state.seat(CLEO.id).mood is None


def test_an_interrupted_whisper_is_whispered_again() -> None:
    play = pairs(3, whispers=True).run(4, random_words(3))
    begun(play, WHISPER).fail(WHISPER, "interrupted")
    assert coming(play).audience == (ADA.id, BRUNO.id)
    play.append(ev.ParticipantLeft(participant_id=BRUNO.id))
    assert coming(play).audience == "all"
