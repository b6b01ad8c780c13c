import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.core import events as ev
from chimera.core import signals, stance
from chimera.core.parts import Line
from chimera.engine.recall import load_sentiment
from chimera.lab.headless import seat

CAST = tuple(seat(index) for index in range(3))
ADA, BRUNO, CLEO = CAST
SENTIMENT = load_sentiment()
LAST = Line(
    seq=5, message_id="msg_1", turn=3, participant_id=BRUNO.id, kind="persona", name=BRUNO.name,
    text="The river keeps its own clock.", at=0,
)  # fmt: skip


def read(text: str, *lines: Line) -> ev.MessageSignals:
    found = signals.read(text, CAST, ADA.id, lines)
    return stance.read(found, text, CAST, ADA.id, lines, SENTIMENT)


def stances(text: str) -> dict[str, float]:
    return {each.to: each.value for each in read(text, LAST).stance or ()}


@pytest.mark.parametrize(
    "text",
    ["I agree, that is a fair point.", "You're right about the river.", "Well said, Bruno.",
     "Exactly. A river has its own time.", "That isn't wrong; the river knows."],
)  # fmt: skip
def test_who_agrees_is_for_the_last_speaker(text: str) -> None:
    assert stances(text)[BRUNO.id] >= stance.KNOWN


@pytest.mark.parametrize(
    "text",
    ["Nonsense. A river has no clock.", "I don't agree with a word of it.", "No, you are mistaken.",
     "But surely the river is only water.", "I am not convinced, Bruno."],
)  # fmt: skip
def test_who_disagrees_is_against_the_last_speaker(text: str) -> None:
    assert stances(text)[BRUNO.id] <= -stance.KNOWN


def test_a_stance_goes_to_whom_it_names() -> None:
    assert set(stances("Cleo, I disagree.")) == {CLEO.id}


@pytest.mark.parametrize("text", ["Ships are blue.", "The river is long.", "What time is it?"])
def test_what_is_not_clear_is_unknown(text: str) -> None:
    assert read(text, LAST).stance is None


def test_a_side_on_something_else_is_no_stance() -> None:
    assert (
        read("Ships are blue. The harbour master says the tide tables are wrong.", LAST).stance
        is None
    )


@pytest.mark.parametrize(
    ("text", "hit"),
    [("You idiot!", BRUNO), ("Cleo is a liar.", CLEO), ("You are pathetic, Cleo.", CLEO)],
)
def test_an_insult_hits_whom_it_is_meant_for(text: str, hit: object) -> None:
    assert read(text, LAST).insulted == (hit.id,)  # pyright: ignore[reportAttributeAccessIssue] - a participant
    assert stances(text)[hit.id] <= -0.7  # pyright: ignore[reportAttributeAccessIssue] - a participant


@pytest.mark.parametrize(
    "text",
    ["What an idiot I was.", "Bruno is no fool.", "A stupid lamp, that was.", "Idiots vote."],
)
def test_an_insulting_word_that_hits_nobody_here_is_no_insult(text: str) -> None:
    assert read(text, LAST).insulted is None


def test_who_is_quoted_with_credit_is_cited() -> None:
    assert read("As Cleo said, water is patient.", LAST).cited == (CLEO.id,)
    assert read("As Cleo said, which was absurd nonsense.", LAST).cited is None


def test_loud_words_are_aroused() -> None:
    assert stance.arousal("I never, EVER said that!!") > 0.6 > 0.1 > stance.arousal("I said so.")


@pytest.mark.parametrize(
    "text",
    ["川には時計がない。", "ليس للنهر ساعة", "No, el río no tiene ningún reloj propio",
     "Non, je ne suis pas du tout convaincu par ce que dit Bruno."],
)  # fmt: skip
def test_a_language_without_lists_takes_no_side_and_shows_no_emotion(text: str) -> None:
    found = read(text, LAST)
    assert found.language != "en"
    assert (found.sentiment, found.stance, found.insulted, found.emotion) == (None,) * 4
    assert {*(found.acts or ())} <= {"question"}


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Da hast du recht, Bruno, das stimmt, der Fluss hat seine eigene Zeit.", 1),
        ("Guter Punkt, Bruno. Das sehe ich auch so, denn der Fluss ist alt.", 1),
        ("Das ist doch Unsinn, Bruno, der Fluss hat keine Zeit für uns.", -1),
        ("Ich bin nicht überzeugt, Bruno, denn Wasser hat keine Uhr.", -1),
    ],
)
def test_german_takes_sides_by_its_own_lists(text: str, sign: int) -> None:
    found = read(text, LAST)
    assert found.stance is not None
    (toward,) = found.stance
    assert (found.language, toward.to, found.sentiment) == ("de", BRUNO.id, None)
    assert toward.value * sign >= stance.KNOWN


def test_a_short_line_is_taken_for_what_is_spoken() -> None:
    found = signals.read("Unsinn, Bruno!", CAST, ADA.id, (LAST,))
    asked = ("Unsinn, Bruno!", CAST, ADA.id, (LAST,), SENTIMENT)
    assert stance.read(found, *asked).stance is None
    german = stance.read(found, *asked, spoken="de-AT").stance
    assert german is not None
    (toward,) = german
    assert (toward.to, toward.value) == (BRUNO.id, -0.7)
    # In a language without lists a short line says nothing.
    assert stance.read(found, *asked, spoken="fr").language is None


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Cities should ban cars, and I am for it.", 1),
        ("We need fewer cars; by all means ban them.", 1),
        ("Cities should not ban cars.", -1),
        ("Banning cars is a terrible idea, I'm against it.", -1),
    ],
)
def test_a_line_has_a_position_toward_the_topic(text: str, sign: int) -> None:
    found = stance.position(text, "Should cities ban cars?", None, "en")
    assert (found or 0) * sign >= stance.KNOWN


@pytest.mark.parametrize(
    "text", ["Tea should be hot.", "Should cities ban cars?", "The cars are parked."]
)
def test_what_is_not_about_the_topic_or_unclear_has_no_position(text: str) -> None:
    assert stance.position(text, "Should cities ban cars?", None, "en") is None


@given(st.text())
def test_anything_can_be_read(text: str) -> None:
    found = read(text, LAST)
    assert 0 <= (found.arousal or 0) <= 1
    for each in found.stance or ():
        assert stance.KNOWN <= abs(each.value) <= 1
        assert each.to != ADA.id


def test_the_warmth_of_words_is_told_only_where_it_is_known() -> None:
    assert (SENTIMENT.of("What a lovely day") or 0) > 0.3
    assert (SENTIMENT.of("This is a horrible, hateful mess") or 0) < -0.3
    assert SENTIMENT.of("qwertz") is None
