import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.core import mood
from chimera.core.mood import Crowd, Mood, Reaction
from chimera.core.persona import Traits, load_house

PLAIN = Traits()
NOON = 1_700_000_000_000
CARDS = {each.slug: each.character.traits for each in load_house()}


def clapped(count: int, *, viewers: int = 2, each_ms: int = 100, emoji: str = "👏") -> Crowd:
    """One pair of hands, again and again."""
    crowd = Crowd()
    for number in range(count):
        at = NOON + number * each_ms
        crowd = mood.reacted(crowd, Reaction("anna", f"msg_{number}", emoji, at), viewers)
    return crowd


# --- mood ----------------------------------------------------------------------------------------


def test_a_mood_begins_at_home_and_stays_there_while_nothing_happens() -> None:
    assert mood.after_turn(None, PLAIN, ()) is None
    assert mood.home(PLAIN) == pytest.approx((0, 0, 0))


def test_anger_is_felt_named_and_gone_in_the_end() -> None:
    felt = None
    for _ in range(4):
        felt = mood.after_turn(felt, PLAIN, ("anger",))
    assert mood.stirred(felt, PLAIN) == "anger"
    for _ in range(60):
        felt = mood.after_turn(felt, PLAIN, ())
    assert mood.stirred(felt, PLAIN) is None
    assert mood.label(felt or Mood()) == "neutral"


@pytest.mark.parametrize("emotion", mood.POINTS)
def test_every_emotion_is_named_after_its_own_point(emotion: mood.Emotion) -> None:
    assert mood.label(mood.POINTS[emotion]) == emotion


def test_excitement_makes_lines_longer_and_fingers_quicker() -> None:
    excited, calm = Mood(0, 0.6, 0), Mood(0, -0.6, 0)
    assert mood.lengthened(excited) == pytest.approx(1.12)
    assert mood.quickened(excited) > 1 > mood.quickened(calm)


@given(emotions=st.lists(st.lists(st.sampled_from(sorted(mood.POINTS)), max_size=3), max_size=40))
def test_a_mood_stays_within_its_space(emotions: list[list[mood.Emotion]]) -> None:
    felt = None
    for each in emotions:
        felt = mood.after_turn(felt, PLAIN, each)
    assert all(-1 <= value <= 1 for value in felt or Mood())


# --- the crowd -----------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", CARDS)
@pytest.mark.parametrize("emoji", ["👏", "👎"])
def test_one_hand_never_sways_a_house(slug: str, emoji: str) -> None:
    crowd = clapped(100, emoji=emoji)
    assert abs(mood.felt(crowd, CARDS[slug], NOON + 10_000)) < mood.FELT


def test_a_full_house_does() -> None:
    crowd = Crowd()
    for number in range(8):
        reaction = Reaction(f"viewer_{number}", "msg_1", "😂", NOON + number)
        crowd = mood.reacted(crowd, reaction, 8)
    comedian, scientist = (
        mood.felt(crowd, CARDS[each], NOON) for each in ("comedian", "scientist")
    )
    assert comedian > scientist > 0
    assert comedian > mood.FELT


def test_a_card_may_say_how_much_the_audience_moves_it() -> None:
    crowd = clapped(10)
    as_usual = mood.felt(crowd, Traits(humour=0.9), NOON)
    deaf = mood.felt(crowd, Traits(humour=0.9, sens=0.0), NOON)
    moved = mood.felt(crowd, Traits(humour=0.0, warmth=0.0, sens=1.0), NOON)
    assert deaf == 0 < as_usual < moved == pytest.approx(mood.applause(crowd, NOON))


def test_a_handful_cannot_speak_for_a_crowd() -> None:
    few = clapped(3, viewers=2)
    many = clapped(3, viewers=500)
    assert mood.applause(few, NOON) > 10 * mood.applause(many, NOON)


def test_energy_halves_and_boos_count_the_other_way() -> None:
    crowd = clapped(1)
    assert mood.energy(crowd, NOON + mood.HALF_LIFE_MS) == pytest.approx(0.5)
    assert mood.energy(clapped(1, emoji="👎"), NOON) == -1
    assert mood.energy(clapped(1, emoji="🌍"), NOON) == 0


def test_what_is_taken_back_counts_no_more_and_given_again_counts_once() -> None:
    crowd = clapped(1)
    twice = mood.reacted(crowd, Reaction("anna", "msg_0", "👏", NOON + 5), 2)
    assert twice == crowd
    gone = mood.retracted(crowd, "anna", "msg_0", "👏", NOON + 1000)
    assert mood.energy(gone, NOON + 1000) == pytest.approx(0)
    for number in range(50):
        at = NOON + 2000 + 10 * number
        gone = mood.reacted(gone, Reaction("anna", "msg_0", "👏", at), 2)
        gone = mood.retracted(gone, "anna", "msg_0", "👏", at + 5)
    assert abs(mood.energy(gone, NOON + 3000)) < 0.01


def test_the_crowd_is_kept_flat() -> None:
    assert len(clapped(5000, each_ms=1).recent) <= mood.REACTIONS_KEPT
