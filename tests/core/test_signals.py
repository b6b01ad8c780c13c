import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.core import signals
from chimera.core.conversation import Participant
from chimera.core.parts import Line
from chimera.lab.headless import seat

PHIL = seat(0, aliases=("philosopher", "Phil")).model_copy(
    update={"name": "The Philosopher", "short": "Philosopher"}
)
COCO = seat(1).model_copy(update={"name": "The Comedian", "short": "Comedian"})
SCI = seat(2).model_copy(update={"name": "The Scientist", "short": "Scientist"})
CAST = (PHIL, COCO, SCI)


def line(speaker: Participant | None, *addressed: str, turn: int = 1) -> Line:
    return Line(
        seq=turn, message_id=f"msg_{turn}", turn=turn, participant_id=speaker and speaker.id,
        kind="persona", name="", text="", at=0, addressed=addressed,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("Comedian, is that a joke?", [COCO]),
        ("I agree with the Comedian and with the Scientist.", [SCI, COCO]),
        ("@Comedian says one thing, the Scientist another.", [COCO, SCI]),
        ("Ask a Comedian, any Comedian.", []),
        ("Every scientist I know would laugh.", []),
        ("As the scientist in the corner knows.", []),
        ("Tell me, scientist, what you measured.", [SCI]),
        ("The Philosopherish mood is over.", []),
        ("Phil is right.", []),
        ("Nobody here.", []),
    ],
)
def test_who_is_addressed(text: str, who: list[Participant]) -> None:
    assert signals.addressed(text, CAST, PHIL.id, ()) == tuple(each.id for each in who)


@pytest.mark.parametrize("text", ["phil, why?", "what does the philosopher think", "hey Phil!"])
def test_a_viewer_need_not_mind_capitals(text: str) -> None:
    assert signals.addressed(text, CAST, None, ()) == (PHIL.id,)


def test_a_question_with_you_goes_to_whom_its_speaker_addressed_last() -> None:
    lines = (line(PHIL, SCI.id, turn=5), line(SCI, turn=6))
    assert signals.addressed("And what do you say?", CAST, PHIL.id, lines) == (SCI.id,)
    assert signals.addressed("I know you.", CAST, PHIL.id, lines) == ()
    assert signals.addressed("And what do we say?", CAST, PHIL.id, lines) == ()


def test_you_does_not_reach_back_for_ever() -> None:
    lines = (line(PHIL, SCI.id, turn=5), line(COCO, turn=8))
    assert signals.addressed("And what do you say?", CAST, PHIL.id, lines) == ()


def test_you_is_nobody_who_has_left() -> None:
    lines = (line(PHIL, "par_gone", turn=5),)
    assert signals.addressed("And what do you say?", CAST, PHIL.id, lines) == ()


@given(text=st.text(), speaker=st.sampled_from([None, *CAST]))
def test_nobody_addresses_themself_or_a_stranger(text: str, speaker: Participant | None) -> None:
    found = signals.read(f"{text} Phil {text} Comedian", CAST, speaker and speaker.id, ())
    assert set(found.addressed) <= {each.id for each in CAST} - {speaker and speaker.id}
    assert len(set(found.addressed)) == len(found.addressed)


def test_questions_are_counted_once_each() -> None:
    assert signals.count_questions("Really?! Why?? No. 本当？") == 3


def test_keywords_are_phrases_that_carry_the_meaning() -> None:
    found = signals.keywords("The open window of a thermostat is not the open window of a cat.")
    assert found[0] == "open window"
    assert {"thermostat", "cat"} <= set(found)


@given(text=st.text())
def test_a_vector_has_length_one_or_is_empty(text: str) -> None:
    vector = signals.vector(text)
    length = math.sqrt(sum(value * value for value in vector.values()))
    assert not vector or length == pytest.approx(1)
    assert all(0 <= place < signals.DIMENSIONS for place in vector)


@given(one=st.text(), other=st.text())
def test_likeness_is_symmetric_and_bounded(one: str, other: str) -> None:
    cosine = signals.cosine(signals.vector(one), signals.vector(other))
    assert cosine == pytest.approx(signals.cosine(signals.vector(other), signals.vector(one)))
    assert -1.001 <= cosine <= 1.001
    assert 0 <= signals.jaccard(one, other) <= 1


def test_related_texts_are_nearer_than_unrelated_ones() -> None:
    bread = signals.vector("Fresh bread from the baker's oven in the morning")
    baking = signals.vector("She bakes bread every morning before the oven cools")
    stars = signals.vector("Telescopes measure light from distant galaxies")
    rel = signals.HASHED_PAIR.rel
    assert rel(signals.cosine(bread, baking)) > 0.8
    assert rel(signals.cosine(bread, stars)) < 0.5


def test_a_centroid_lies_between_its_texts() -> None:
    one, other = signals.vector("copper kettle"), signals.vector("paper boat")
    centroid = signals.mean_vector([(one, 1.0), (other, 1.0)])
    assert signals.cosine(centroid, one) > 0.6
    assert signals.cosine(centroid, other) > 0.6


def test_novelty_is_the_share_of_new_words() -> None:
    assert signals.novelty("golden bicycle", ["a golden coin"]) == pytest.approx(0.5)
    assert signals.novelty("golden bicycle", []) == 1
    assert signals.novelty("well, yes", []) is None


def test_repetition_counts_runs_of_four_words() -> None:
    assert signals.repeated(["one two three four"]) == 0
    assert signals.repeated(["one two three four", "one two three four"]) == pytest.approx(0.5)
    assert signals.repeated(["too short"]) == 0
