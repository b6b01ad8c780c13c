"""Any topic a person types is taken apart, and what comes out can be said aloud."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.providers.scripted import load_deck
from chimera.providers.scripted.english import article, gerund, mirror, plural, third
from chimera.providers.scripted.frames import parse

LEXICON = load_deck().lexicon


@pytest.mark.parametrize(
    ("topic", "kind", "phrase", "head", "clause"),
    [
        ("Should cities ban cars?", "should", "cities banning cars", "cars",
         "cities should ban cars"),
        ("tea or coffee", "choice", "tea or coffee", "tea and coffee", ""),
        ("why do cats stare at walls", "why", "cats staring at walls", "cats",
         "cats stare at walls"),
        ("time travel", "noun", "time travel", "time travel", ""),
        ("my landlord", "noun", "landlords", "landlords", ""),
        ("Ist Langeweile nützlich?", "noun", "Langeweile", "Langeweile", ""),
        ("Pourquoi les chats dorment-ils autant?", "noun", "chats", "chats", ""),
        ("Is homework pointless?", "whether", "homework", "homework", "homework is pointless"),
        ("How many friends do you need?", "number", "friends", "friends", ""),
        ("how to boil an egg", "how", "boiling an egg", "eggs", ""),
        ("Is it wrong to eat meat?", "whether", "eating meat", "meat", "it is wrong to eat meat"),
        ("Money can't buy happiness", "whether", "money", "money", "money cannot buy happiness"),
        ("Should I quit my job?", "should", "quitting your job", "jobs",
         "you should quit your job"),
        ("What is love?", "noun", "love", "love", ""),
        ("Why is the sky blue?", "why", "the blue sky", "the blue sky", "the sky is blue"),
        ("I hate Mondays", "noun", "Mondays", "Mondays", ""),
        ("", "noun", "silence", "silence", ""),
    ],
)  # fmt: skip
def test_a_topic_is_taken_apart(topic: str, kind: str, phrase: str, head: str, clause: str) -> None:
    frame = parse(topic, LEXICON)
    assert (frame.kind, frame.phrase, frame.head, frame.clause) == (kind, phrase, head, clause)


def test_a_claim_can_be_denied() -> None:
    assert parse("Should cities ban cars?", LEXICON).denied == "cities should not ban cars"
    assert parse("Money can't buy happiness", LEXICON).denied == "money can buy happiness"
    assert parse("Do plants feel pain?", LEXICON).denied == "plants do not feel pain"


@given(st.text(max_size=200))
def test_no_topic_is_too_strange(topic: str) -> None:
    frame = parse(topic, LEXICON)
    assert frame.phrase
    assert frame.head
    assert "\n" not in frame.phrase
    assert len(frame.phrase) <= 160


def test_english_bends_its_words() -> None:
    assert [plural(word) for word in ("car", "box", "city", "child", "key")] == [
        "cars", "boxes", "cities", "children", "keys",
    ]  # fmt: skip
    assert [gerund(word) for word in ("ban", "make", "die", "see", "stare")] == [
        "banning", "making", "dying", "seeing", "staring",
    ]  # fmt: skip
    assert [third(word) for word in ("stare", "fly", "go", "watch")] == [
        "stares", "flies", "goes", "watches",
    ]  # fmt: skip
    assert [article(word) for word in ("apple", "university", "hour", "car")] == [
        "an apple", "a university", "an hour", "a car",
    ]  # fmt: skip


def test_what_somebody_says_of_themself_is_said_back() -> None:
    assert mirror("I miss my dog") == "you miss your dog"
    assert mirror("I am sure you hate us") == "you are sure we hate you"
