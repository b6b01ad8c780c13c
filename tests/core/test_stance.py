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
    ["Der Fluss hat keine Uhr, Bruno, und das ist auch gut so für uns.", "川には時計がない。",
     "ليس للنهر ساعة", "No, el río no tiene ningún reloj propio"],
)  # fmt: skip
def test_other_languages_take_no_side(text: str) -> None:
    found = read(text, LAST)
    assert (found.language, found.sentiment, found.stance, found.insulted) == (None,) * 4


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
