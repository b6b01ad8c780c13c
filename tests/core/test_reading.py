"""What lines do and feel, and what it changes that this is known."""

from dataclasses import replace
from typing import get_args

import pytest
from benchmarks.signals import TURNS, read_again
from benchmarks.troupe import Play
from hypothesis import given
from hypothesis import strategies as st

from chimera.core import cues, memory, mood, quality, reading, signals, topics
from chimera.core import events as ev
from chimera.core.details import Act, Feeling
from chimera.core.parts import Line, Note
from chimera.lab.headless import Headless, Writer, random_words, seat

CAST = tuple(seat(index) for index in range(3))
ADA, BRUNO, CLEO = CAST


def says(text: str) -> Writer:
    return lambda _state, _speak: text


def line(text: str, who: str | None = BRUNO.id, *, turn: int = 1, **more: object) -> Line:
    whole = Line(
        seq=turn, message_id=f"msg_{turn}", turn=turn, participant_id=who, kind="persona",
        name="Somebody", text=text, at=0, questions=signals.count_questions(text),
    )  # fmt: skip
    return replace(whole, **more)


def acts(text: str, *before: Line) -> set[str]:
    return set(reading.acts(text, ADA.id, before, cues.lists_of(text)))


# --- acts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("What would a river want?", "question"),
        ("A river is older than every bridge across it.", "claim"),
        ("Prove it. Where is the evidence?", "challenge"),
        ("I disagree with every word.", "challenge"),
        ("Fair point, the water was there first.", "concession"),
        ("I stand corrected.", "concession"),
        ("A philosopher walks into a bar. Knock knock.", "joke"),
        ("Woher weißt du das so genau, mein lieber Freund?", "challenge"),
        ("Zugegeben, da hast du recht, der Fluss war vor uns da.", "concession"),
    ],
)
def test_a_line_does_what_its_words_say(text: str, act: str) -> None:
    assert act in acts(text)


@pytest.mark.parametrize("text", ["Water.", "The river. The bridge.", "Oh, the evening light."])
def test_a_line_may_do_nothing_of_note(text: str) -> None:
    assert acts(text) == set()


def test_who_is_asked_answers_and_nobody_else_does() -> None:
    asked = line("Ada, does the river sleep in winter?", addressed=(ADA.id,))
    assert "answer" in acts("Yes, under the ice.", asked)
    assert "answer" in acts("A river sleeps like a cat.", asked)
    other = replace(asked, addressed=(CLEO.id,))
    assert "answer" not in acts("Yes, under the ice.", other)
    assert "answer" not in acts("Lanterns rust.", asked)
    assert "answer" not in acts("Why do you ask?", asked)
    assert "answer" not in acts("Yes, under the ice.")


def test_a_question_counts_as_answered_by_who_answers_it_in_other_words() -> None:
    def talk(answered: bool) -> list[Line]:
        said: list[Line] = []
        for turn in range(1, 28, 3):
            said += [
                line(f"Do harbours number {turn} freeze?", BRUNO.id, turn=turn),
                line("Certainly, every winter.", ADA.id, turn=turn + 1,
                     signals=ev.MessageSignals(acts=("answer",) if answered else None)),
                line("Lanterns rust quietly.", CLEO.id, turn=turn + 2),
            ]  # fmt: skip
        return said

    assert quality.score(talk(True)).parts["closure"] == 1
    assert quality.score(talk(False)).parts["closure"] == 0


def test_what_is_told_as_a_joke_is_remembered_as_one() -> None:
    play = Headless(CAST, seed=1).run(2, random_words(1))
    play.run(3, says("A ferryman walks into a bar with two wooden lanterns."))
    speaker = play.state.lines[-1].participant_id or ""
    assert [note.kind for note in play.state.seat(speaker).memory] == ["joke"]


# --- emotions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "felt"),
    [
        ("I laughed and laughed, what a joy.", "joy"),
        ("This is terrifying; I am afraid of it.", "fear"),
        ("I miss her, and the loneliness aches.", "sadness"),
        ("How dare you, I am furious!", "anger"),
        ("Ugh, that is revolting.", "disgust"),
        ("Wow, I am amazed.", "surprise"),
        ("I am not afraid.", None),
        ("The table is brown.", None),
        ("Joy and sorrow.", None),
        ("Ich habe solche Angst vor der Gefahr, mein Freund.", "fear"),
        ("Estoy muy triste porque no hay amor en la casa.", None),
    ],
)
def test_the_emotion_of_the_words_is_told_where_it_is_clear(text: str, felt: str | None) -> None:
    assert reading.emotion(text, cues.lists_of(text)) == felt


def test_no_word_has_two_emotions_and_the_list_is_as_long_as_it_says() -> None:
    for each in cues.LISTED:
        assert {*cues.deeds(each).feelings.values()} == {*get_args(Feeling)}
    assert len(cues.deeds("en").feelings) > 400


def test_who_speaks_of_fear_is_moved_by_it_and_the_others_are_not() -> None:
    play = Headless(CAST, seed=1).run(1, says("I am afraid of it, this terror, this dread."))
    speaker = play.state.lines[-1].participant_id
    for each in play.state.seats:
        home = mood.home(each.participant.character.traits)
        if each.id == speaker:
            assert each.feeling.distance(mood.EXPRESSED["fear"]) < home.distance(
                mood.EXPRESSED["fear"]
            )
        else:
            assert each.feeling == home


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("I visited Cape Horn last year.", ("Cape Horn",)),
        ("The Eiffel Tower leans over Paris.", ("Eiffel Tower", "Paris")),
        ("Paris is a city. Yesterday it rained.", ()),
        ("We crossed the Bridge of Sighs.", ("Bridge of Sighs",)),
        ("Off Cape Horn of course we sang.", ("Cape Horn",)),
        ("Ask Bruno about it.", ("Bruno",)),
        ("ليس للنهر ساعة", ()),
        ("川には時計がない。", ()),
        ("мы видели мыс Горн и реку в тумане", ()),
        ("I SAID NO SUCH THING TO ANYBODY", ()),
        ("Ich mag den Fluss und die Brücke nicht besonders, aber das Kap Hoorn.", ("Kap Hoorn",)),
        ("", ()),
    ],
)
def test_names_are_found_by_their_capitals(text: str, named: tuple[str, ...]) -> None:
    assert reading.entities(text, ("Bruno",)) == named


def test_what_a_viewer_calls_by_name_is_offered_as_a_topic_in_its_own_letters() -> None:
    play = Headless(CAST, seed=1).run(3, random_words(1))
    play.post("@Bruno, tell us of the Bering Strait!")
    assert "Bering Strait" in topics.offers(play.state)
    assert not any("Bruno" in each for each in topics.offers(play.state))


def test_a_topic_that_came_up_by_itself_is_called_by_its_name() -> None:
    play = Headless(CAST, seed=1, topic="Evenings").run(12, random_words(1))
    talk = ["They say Cape Horn freezes sailors.", "Off Cape Horn the sailors sing.",
            "Nobody rounds Cape Horn twice, sailors swear.", "Sailors fear Cape Horn."]  # fmt: skip
    for number in range(8):
        play.run(len(play.played) + 1, says(talk[number % 4]))
    titles = [each.body.topic for each in play.log if isinstance(each.body, ev.TopicChanged)
              and each.body.cause == "drift"]  # fmt: skip
    assert any("Cape Horn" in each for each in titles)


# --- languages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What we want is not always what is good for us.", "en"),
        ("Was wir wollen, ist nicht immer das, was gut für uns ist.", "de"),
        ("Ce que nous voulons n'est pas toujours bon pour nous.", "fr"),
        ("Lo que queremos no siempre es bueno para nosotros.", "es"),
        ("私たちが欲しいものは何ですか。", "ja"),
        ("Τι θέλουμε;", "el"),
        ("Yes.", None),
        ("Blorp zanti kumquat fribble snerk wumble.", None),
    ],
)
def test_a_language_is_told_by_its_small_words(text: str, language: str | None) -> None:
    assert cues.language(text) == language


@given(st.text(), st.sampled_from([None, "en", "de", "fr", "tlh-x"]))
def test_only_languages_with_lists_are_read_by_lists(text: str, spoken: str | None) -> None:
    assert cues.lists_of(text, spoken) in {None, *cues.LISTED}


def test_german_small_words_are_no_matter_that_two_lines_share() -> None:
    one = "Der alte Leuchtturm ist nicht das, was viele glauben."
    other = "Das Brot ist heute nicht so gut, wie viele sagen."
    assert signals.content_words(one).isdisjoint(signals.content_words(other))


def test_german_key_phrases_have_no_small_words_in_them() -> None:
    found = signals.keywords("Der alte Leuchtturm ist nicht das, was die Leute glauben.")
    assert "alte leuchtturm" in found
    assert not {"der", "ist", "nicht", "was", "die"} & {w for each in found for w in each.split()}


# --- what the troupe says of its own -------------------------------------------------------------


def test_the_troupes_own_account_of_its_acts_goes_before_the_cues() -> None:
    play = Play("Should cities ban cars?", seed=2)
    play.run(TURNS, play.write)
    spent: list[float] = []
    read = read_again(play, spent)
    told = [(set(one.signals.acts), set(cue.acts or ())) for one, cue in read
            if one.signals and one.signals.acts]  # fmt: skip
    assert len(told) > TURNS / 2
    assert {act for truth, _ in told for act in truth} <= {*get_args(Act)}
    assert all("question" in cue for truth, cue in told if "question" in truth)
    agreed = sum(bool(truth & cue) for truth, cue in told) / len(told)
    assert agreed > 0.3
    sides = [one.signals.position for one, _ in read if one.signals and one.signals.position]
    assert {-0.7, 0.7} & set(sides)


# --- what the stalls like ------------------------------------------------------------------------


def test_a_note_matters_more_if_the_stalls_liked_its_message() -> None:
    play = Headless(CAST, seed=3).run(2, random_words(7))
    for number in range(4):
        play.append(
            ev.NoteTaken(
                note_id=f"nte_{number}", participant_id=ADA.id, text=f"Lamp {number} is blue.",
                kind="claim", importance=0.3, source=f"msg_{number}",
            )
        )  # fmt: skip

    def weights() -> list[float]:
        notes: tuple[Note, ...] = play.state.seat(ADA.id).memory
        return [memory.importance(each, notes) for each in notes]

    def react(emoji: str, viewer: str, kind: type[ev.Body] = ev.ReactionAdded) -> None:
        body = kind.model_validate({"message_id": "msg_1", "emoji": emoji})
        play.append(body, ev.Actor(type="viewer", id=viewer))

    assert weights() == [0.3] * 4
    react("👏", "vis_a")
    assert weights() == [0.3, 0.5, 0.3, 0.3]
    # One hand, however many emoji it shows, is one hand.
    react("🔥", "vis_a")
    react("👎", "vis_b")
    assert weights() == [0.3] * 4
    react("👎", "vis_b", ev.ReactionRemoved)
    assert weights()[1] == pytest.approx(0.5)
    play.append(
        ev.ReactionAdded(message_id="msg_2", emoji="👏"), ev.Actor(type="participant", id=CLEO.id)
    )
    assert weights()[2] == 0.3
