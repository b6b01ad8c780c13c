from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chimera.core import events as ev
from chimera.core import topics
from chimera.core.state import ConversationState, apply
from chimera.lab.headless import Headless, seat

STARTERS = topics.load_starters()
BAKER = seat(0, expertise=("bread", "yeast", "ovens"), sample_lines=("Dough never lies.",))
PILOT = seat(1, expertise=("wings", "clouds", "engines"))
NOBODY = seat(2)


def fit_after(*lines: str, topic: str = "Evenings") -> dict[str, float]:
    play = Headless((BAKER, PILOT, NOBODY), topic=topic)
    for line in lines:
        play.post(line)
    return topics.fit(play.state)


def test_a_topic_suits_who_knows_it() -> None:
    fit = fit_after("Bread without yeast stays in the oven.", topic="Bread and ovens")
    assert fit[BAKER.id] == 1
    assert fit[PILOT.id] == 0


def test_before_the_first_line_the_topic_itself_counts() -> None:
    fit = fit_after(topic="Engines above the clouds")
    assert fit[PILOT.id] > fit[BAKER.id]


def test_who_has_no_expertise_is_suited_as_well_as_not() -> None:
    assert fit_after("Bread and yeast.", topic="Bread")[NOBODY.id] == 0.5


def test_a_topic_for_nobody_suits_all_alike() -> None:
    assert set(fit_after("Xylophones.", topic="Xylophones").values()) == {0.5}


@settings(max_examples=50)
@given(lines=st.lists(st.text(max_size=60), max_size=4), topic=st.text(min_size=1, max_size=80))
def test_a_fit_lies_between_none_and_full(lines: list[str], topic: str) -> None:
    fit = fit_after(*lines, topic=topic)
    assert set(fit) == {BAKER.id, PILOT.id, NOBODY.id}
    assert all(0 <= value <= 1 for value in fit.values())


def test_what_a_participant_did_not_hear_does_not_suit_it() -> None:
    play = Headless((BAKER, PILOT), topic="Evenings")
    body = ev.MessagePosted(
        message_id="msg_1", author=ev.Author(kind="viewer", name="Max"), text="Bread, yeast, ovens!"
    )
    loud, quiet = (
        apply(
            play.state,
            ev.Envelope(
                conversation_id="cnv_headless", seq=3, at=play.now, actor=ev.SYSTEM, body=body,
                visibility=visibility,
            ),
        )
        for visibility in ("all", (PILOT.id,))
    )  # fmt: skip
    assert topics.fit(loud)[BAKER.id] > topics.fit(quiet)[BAKER.id]


def drifting(said: str, *called: str) -> ConversationState:
    """A talk that has long left its topic, with what viewers called in."""
    play = Headless((BAKER, PILOT, NOBODY), topic="Evenings").run(5, lambda _state, _speak: said)
    for text in called:
        play.post(text, name="Marta")
    return replace(play.state, drifting=topics.DRIFT_TURNS, topic_turn=-topics.OLD)


def test_a_talk_is_named_after_what_it_has_come_to_and_never_after_anybody() -> None:
    changed = topics.drifted(drifting("Bruno, the lantern again? Marta knows, Bruno.", "Yes!"))
    assert changed is not None
    assert "lantern" in changed.topic.lower()
    assert not {"bruno", "marta"} & set(changed.topic.lower().split())
    assert topics.drifted(drifting("Bruno! Bruno!")) is None


def test_a_viewer_is_answered_but_does_not_name_the_talk() -> None:
    asked = "@Bruno what do you see here?"
    assert topics.drifted(drifting("Oh.", asked, asked, asked)) is None
    assert {"Bruno", "Marta"}.isdisjoint(topics.offers(drifting("Oh.", asked, "Marta!")))
    changed = topics.drifted(drifting("A lantern.", "Umbrella umbrella.", "Umbrella!"))
    assert changed is not None
    assert changed.topic == "Lantern"


def test_calls_of_viewers_do_not_carry_a_talk_away() -> None:
    play = Headless((BAKER, PILOT, NOBODY), topic="Bread")
    play.run(6, lambda _state, _speak: "Bread and ovens, yeast and dough.")
    for _ in range(6):
        play.post("Umbrellas, umbrellas, umbrellas.")
    assert play.state.drifting == 0


def test_what_viewers_wish_for_is_offered_without_whom_they_asked() -> None:
    state = drifting("Oh.", "@Bruno lighthouses")
    assert "Lighthouses" in topics.offers(state)


def test_the_house_keeps_many_openings() -> None:
    assert len(STARTERS) >= 150
    assert topics.starter(STARTERS[3].id) == STARTERS[3]
    assert topics.starter("no-such-opening") is None


@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 20), seed=st.integers(0, 99), query=st.text(max_size=30) | st.none())
def test_suggestions_are_different_and_repeatable(count: int, seed: int, query: str | None) -> None:
    one, other = (topics.suggest(STARTERS, count, Random(seed), query=query) for _ in range(2))
    assert one == other
    assert len({each.id for each in one}) == count


def test_a_theme_keeps_to_itself() -> None:
    found = topics.suggest(STARTERS, 5, Random(1), theme="food")
    assert found
    assert all("food" in each.themes for each in found)


@pytest.mark.parametrize(("query", "word"), [("dreaming", "dream"), ("time travel", "time")])
def test_what_is_near_to_a_query_comes_first(query: str, word: str) -> None:
    first = topics.suggest(STARTERS, 1, Random(1), query=query)[0]
    assert word in f"{first.text} {first.frame.phrase} {' '.join(first.themes)}".casefold()


def test_another_seed_suggests_otherwise() -> None:
    drawn = [topics.suggest(STARTERS, 3, Random(seed)) for seed in range(5)]
    assert any(each != drawn[0] for each in drawn)
