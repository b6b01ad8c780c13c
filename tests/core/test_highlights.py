"""Which messages are worth coming back to."""

from hypothesis import given
from hypothesis import strategies as st

from chimera.core import highlights
from chimera.core.highlights import APART, MOST, Told


def talk(**special: Told) -> list[Told]:
    """Forty messages of which nothing is to be told, but for some by their places."""
    return [special.get(f"m{place}", Told(f"msg_{place}")) for place in range(40)]


def test_a_talk_in_which_nothing_happens_has_none() -> None:
    assert highlights.find(talk()) == []
    assert highlights.find([]) == []


def test_the_peak_of_the_applause_is_one_and_a_single_hand_is_none() -> None:
    found = highlights.find(
        talk(
            m5=Told("msg_5", applause=1), m10=Told("msg_10", applause=3),
            m12=Told("msg_12", applause=2), m30=Told("msg_30", boos=4),
        )
    )  # fmt: skip
    assert [(each.message_id, each.because) for each in found] == [
        ("msg_10", ("applause",)),
        ("msg_30", ("boos",)),
    ]


def test_what_turns_the_feelings_is_one_with_all_its_reasons() -> None:
    (found,) = highlights.find(
        talk(m7=Told("msg_7", warmth=-0.5, marks=("alliance_ended", "quarrel")))
    )
    assert found.because == ("quarrel", "tension", "alliance_ended")
    assert 0.9 < found.weight < 1


def test_a_mark_by_hand_always_counts_and_what_is_found_keeps_its_distance() -> None:
    found = highlights.find(
        talk(
            m10=Told("msg_10", by_hand=True), m11=Told("msg_11", by_hand=True),
            m12=Told("msg_12", marks=("quarrel",)), m20=Told("msg_20", marks=("peace",)),
            m21=Told("msg_21", marks=("quarrel",)),
        )
    )  # fmt: skip
    assert [each.message_id for each in found] == ["msg_10", "msg_11", "msg_21"]


def test_a_new_topic_alone_is_none() -> None:
    assert highlights.find(talk(m9=Told("msg_9", marks=("new_topic",)))) == []


def test_more_hands_weigh_more() -> None:
    few, many = (highlights.find(talk(m9=Told("msg_9", applause=n)))[0].weight for n in (2, 9))
    assert few < many < 1


@given(
    st.lists(
        st.builds(
            Told, st.just("msg"), st.booleans(), st.integers(0, 9), st.integers(0, 9),
            st.floats(-2, 2), st.lists(st.sampled_from(sorted(highlights.WEIGHTS))).map(tuple),
        ),
        max_size=120,
    )
)  # fmt: skip
def test_highlights_are_in_order_apart_and_never_too_many(told: list[Told]) -> None:
    found = highlights.find(told)
    assert [each.place for each in found] == sorted({each.place for each in found})
    own = [each for each in found if "by_hand" not in each.because]
    assert len(own) <= MOST
    for each in own:
        assert all(abs(each.place - o.place) >= APART for o in found if o is not each)
    assert all(0 < each.weight <= 1 and each.because for each in found)
