from dataclasses import replace

import pytest
from benchmarks.troupe import play as played
from hypothesis import given, settings
from hypothesis import strategies as st

from chimera.core import events as ev
from chimera.core import memory, prompt, topics
from chimera.core.director import Speak, decide, labelled
from chimera.core.generation import TextPart
from chimera.core.parts import Note
from chimera.core.persona import load_house
from chimera.lab import habits as fakes
from chimera.lab.headless import Headless, Writer, random_words, seat

CAST = tuple(seat(index) for index in range(3))
ADA, BRUNO, CLEO = CAST
CARD = load_house()[0]
CANARY = "xylophonic marmalade"


def says(text: str) -> Writer:
    return lambda _state, _speak: text


def memories(play: Headless, who: str) -> list[str]:
    return [note.text for note in play.state.seat(who).memory]


def prompted(play: Headless, who: str) -> str:
    """What somebody would be told if the floor were theirs now."""
    speak = Speak(
        participant_id=who, cause="self_selected", bids=(), words=20,
        recalled=memory.recall(play.state, who),
    )  # fmt: skip
    return fakes.seen(play.state, speak)


# --- taking --------------------------------------------------------------------------------------


def test_everybody_keeps_what_a_person_says_of_themself() -> None:
    play = Headless(CAST, seed=1).run(4, random_words(1))
    play.post("Hello! I keep two hives of bees on my roof. What do you say?")
    play.run(5, random_words(1))
    for each in CAST:
        assert memories(play, each.id) == ["I keep two hives of bees on my roof."]
    note = play.state.seat(ADA.id).memory[0]
    assert (note.kind, note.about) == ("human", "Anna")
    assert note.importance == pytest.approx(0.5)


def test_a_promise_is_kept_by_who_made_it_and_by_whom_it_was_made_to() -> None:
    play = Headless(CAST, seed=1).run(1, random_words(1))
    before = play.state.lines[-1].participant_id or ""
    play.run(2, says("I will bring the broken lantern back on Tuesday."))
    speaker = play.state.lines[-1].participant_id or ""
    assert memories(play, speaker) == memories(play, before)
    assert memories(play, speaker) == ["I will bring the broken lantern back on Tuesday."]
    third = next(each.id for each in CAST if each.id not in {speaker, before})
    assert memories(play, third) == []


def test_nothing_is_kept_twice() -> None:
    play = Headless(CAST, seed=1).run(30, says("I believe every lantern belongs to the harbour."))
    assert all(len(memories(play, each.id)) <= 1 for each in CAST)


def test_ordinary_talk_leaves_few_notes() -> None:
    notes = [each for each in played("tea or coffee", seed=2).log if each.type == "note.taken"]
    assert 5 <= len(notes) <= 100


@settings(max_examples=15, deadline=None)
@given(count=st.integers(0, 260), seed=st.integers(0, 99))
def test_a_memory_is_never_over_its_size_and_loses_what_has_faded_most(
    count: int, seed: int
) -> None:
    play = Headless(CAST, seed=seed)
    for number in range(count):
        play.append(
            ev.NoteTaken(
                note_id=f"nte_{number}", participant_id=ADA.id, text=f"Note {number}.",
                kind="claim", importance=1.0 if number == 0 else 0.3, source="msg_1",
            )
        )  # fmt: skip
    kept = play.state.seat(ADA.id).memory
    assert len(kept) == min(count, memory.KEPT)
    assert count == 0 or kept[0].id == "nte_0"


# --- recalling -----------------------------------------------------------------------------------


def aged(play: Headless, turns: int = memory.FRESH + 1) -> Headless:
    return play.run(len(play.played) + turns, random_words(7))


def remembering(text: str = "The lighthouse keeper paints every lighthouse blue.") -> Headless:
    play = Headless(CAST, seed=3).run(3, random_words(7))
    play.append(
        ev.NoteTaken(
            note_id="nte_1", participant_id=ADA.id, text=text, kind="claim",
            importance=0.3, source="msg_1",
        )
    )  # fmt: skip
    return aged(play, 40)


def test_a_note_comes_back_when_the_talk_comes_back_to_it() -> None:
    play = remembering()
    assert "lighthouse" not in prompted(play, ADA.id)
    play.post("Which lighthouse keeper paints a lighthouse?")
    told = prompted(play, ADA.id)
    assert "You remember: “The lighthouse keeper paints every lighthouse blue.”" in told
    assert "You remember" not in prompted(play, BRUNO.id)


def test_the_prompt_says_whose_words_are_remembered() -> None:
    play = Headless(CAST, seed=1).run(2, random_words(1))
    notes = (
        replace(NOTE, text="Mine.", about=ADA.id), replace(NOTE, text="His.", about=BRUNO.id),
        replace(NOTE, text="Hers.", about="Anna", kind="human"), replace(NOTE, text="Loose."),
    )  # fmt: skip
    speak = Speak(participant_id=ADA.id, cause="self_selected", bids=(), words=9, recalled=notes)
    assert list(memory.told(play.state, speak)) == [
        "You remember saying: “Mine.”", "You remember about Bruno: “His.”",
        "You remember that Anna in the audience said: “Hers.”", "You remember: “Loose.”",
    ]  # fmt: skip


def test_the_turn_says_of_what_its_speaker_was_reminded() -> None:
    play = remembering()
    play.post("Ada, which lighthouse keeper paints a lighthouse?")
    play.run(len(play.played) + 1, random_words(7))
    began = [each.body for each in play.log if isinstance(each.body, ev.TurnStarted)][-1]
    assert (began.participant_id, began.recalled) == (ADA.id, ("nte_1",))
    assert play.state.seat(ADA.id).memory[-1].own == play.state.seat(ADA.id).turns - 1


def test_what_was_just_brought_up_rests() -> None:
    play = remembering()
    play.post("Ada, which lighthouse keeper paints a lighthouse?")
    rested, used = (
        replace(NOTE, id="nte_a", used=play.state.finished),
        replace(NOTE, id="nte_b", used=play.state.finished, own=play.state.seat(ADA.id).turns),
    )
    play.state = replace(
        play.state,
        seats=tuple(replace(each, memory=(used, rested)) for each in play.state.seats),
    )
    assert memory.recall(play.state, ADA.id)[0] == rested


def test_at_most_three_notes_are_told() -> None:
    play = remembering()
    for number in range(2, 12):
        play.append(
            ev.NoteTaken(
                note_id=f"nte_{number}", participant_id=ADA.id, kind="claim", importance=0.9,
                text=f"The lighthouse keeper paints lighthouse number {number}.", source="msg_1",
            )
        )  # fmt: skip
    aged(play)
    play.post("Which lighthouse keeper paints a lighthouse?")
    assert len(memory.recall(play.state, ADA.id)) == 3


NOTE = Note(
    id="nte_x", text="The lighthouse keeper paints every lighthouse blue.", kind="claim",
    about=None, source="msg_1", importance=0.4, turn=0, used=0,
)  # fmt: skip


PERCENT = st.integers(0, 100).map(lambda each: each / 100)
ASKED = remembering()
ASKED.post("Which lighthouse keeper paints a lighthouse?")


@settings(max_examples=20, deadline=None)
@given(
    # Percents: what is less than the rounding of a sum makes no difference in it.
    importance=PERCENT, more=PERCENT, used=st.integers(0, 10), later=st.integers(0, 10),
)  # fmt: skip
def test_fresher_and_weightier_never_ranks_lower(
    importance: float, more: float, used: int, later: int
) -> None:
    one = replace(NOTE, id="nte_a", importance=min(importance, more), used=min(used, later))
    two = replace(NOTE, id="nte_b", importance=max(importance, more), used=max(used, later))
    seats = tuple(replace(each, memory=(one, two)) for each in ASKED.state.seats)
    told = memory.recall(replace(ASKED.state, seats=seats), ADA.id)
    assert one not in told or two in told
    if one in told and (one.importance, one.used) != (two.importance, two.used):
        assert told.index(two) < told.index(one)


def test_a_person_can_put_a_note_right_or_have_it_forgotten() -> None:
    play = remembering()
    play.append(
        ev.NoteEdited(
            note_id="nte_1", participant_id=ADA.id, text="The keeper hates blue.", importance=0.9
        )
    )
    assert memories(play, ADA.id)[-1:] == ["The keeper hates blue."]
    play.append(ev.NoteRemoved(note_id="nte_1", participant_id=ADA.id))
    assert "The keeper hates blue." not in memories(play, ADA.id)


def test_a_swept_stage_is_forgotten() -> None:
    play = remembering()
    play.append(ev.ConversationCleared(up_to_seq=play.state.seq))
    assert memories(play, ADA.id) == []


# --- whispers, and who heard what ----------------------------------------------------------------


def test_a_whisper_reaches_one_and_nobody_else_by_any_way() -> None:
    play = Headless(CAST, seed=5).run(4, random_words(5))
    secret = f"I love {CANARY}. Is that not the best topic of all?"
    play.post(secret, to=BRUNO.id)
    decision = decide(play.state, play.now, labelled(play.state))
    assert isinstance(decision, Speak)
    assert (decision.participant_id, decision.human) == (BRUNO.id, True)
    assert CANARY in prompted(play, BRUNO.id)
    for _ in range(30):
        play.run(len(play.played) + 1, random_words(5))
        for deaf in (ADA.id, CLEO.id):
            assert CANARY not in prompted(play, deaf)
            assert not any(CANARY in text for text in memories(play, deaf))
        assert CANARY not in play.state.topic.lower()
    assert any(CANARY in text for text in memories(play, BRUNO.id))
    told = [each for each in play.log if each.type == "note.taken" and each.heard_by(ADA.id)]
    assert not any(CANARY in str(each.body) for each in told)


def test_what_was_whispered_to_somebody_silenced_is_answered_by_nobody_else() -> None:
    play = Headless(CAST, seed=5).run(4, random_words(5))
    play.append(ev.ParticipantMuted(participant_id=BRUNO.id))
    play.post("Between us: why?", to=BRUNO.id)
    decision = decide(play.state, play.now, labelled(play.state))
    assert isinstance(decision, Speak)
    assert not decision.human


def test_a_whisper_is_no_wish_for_a_topic() -> None:
    for whispered in (True, False):
        play = Headless(CAST, seed=5).run(9, random_words(5))
        play.post(f"Talk about {CANARY}", to=BRUNO.id if whispered else None)
        offered = topics.offers(play.state)
        assert any(CANARY in each.lower() for each in offered) is not whispered


def test_the_troupe_does_not_hear_a_whisper_either() -> None:
    stage = played("tea or coffee", seed=2, turns=5)
    one = stage.state.seats[0].id
    stage.post(f"I adore {CANARY}", to=one)
    stage.run(len(stage.played) + 12, stage.write)
    others = [line for line in stage.state.lines[5:] if line.participant_id not in {None, one}]
    assert others
    assert not any("marmalade" in line.text for line in others)


def test_a_newcomer_has_not_heard_what_came_before() -> None:
    play = Headless(CAST[:2], seed=5).run(4, random_words(5))
    play.post(f"I love {CANARY}")
    play.append(ev.ParticipantJoined(participant_id=CLEO.id, participant=CLEO))
    play.run(len(play.played) + 2, random_words(5))
    assert CANARY not in prompted(play, CLEO.id)
    assert memories(play, CLEO.id) == []
    assert CANARY in prompted(play, ADA.id)


def test_the_prompt_stays_within_its_tail_however_much_is_remembered() -> None:
    play = remembering()
    play.post("Which lighthouse keeper paints a lighthouse?")
    note = replace(NOTE, text="The lighthouse keeper " + "paints " * 18)
    speak = Speak(
        participant_id=ADA.id, cause="self_selected", bids=(), words=9, note="Louder. " * 40,
        recalled=(note, note, note),
    )  # fmt: skip
    last = prompt.compose(play.state, speak, CARD).messages[-1].parts[-1]
    assert isinstance(last, TextPart)
    assert len(last.text) <= prompt.TAIL_CHARS + 2


def test_notes_are_taken_in_german_too() -> None:
    play = Headless(CAST, seed=1).run(4, random_words(1))
    play.post("Hallo! Ich wohne in einem alten Leuchtturm am Meer. Was sagt ihr dazu?")
    play.run(5, says("Ich verspreche dir eine neue Laterne für den Turm am Hafen."))
    kinds = {note.text: note.kind for note in play.state.seat(ADA.id).memory}
    assert kinds["Ich wohne in einem alten Leuchtturm am Meer."] == "human"
    assert "promise" in {
        note.kind for seat in play.state.seats for note in seat.memory if "Laterne" in note.text
    }
