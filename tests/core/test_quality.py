from random import Random

import pytest
from benchmarks.troupe import play as played
from hypothesis import given
from hypothesis import strategies as st

from chimera.core import events as ev
from chimera.core import quality
from chimera.core.conversation import Limits
from chimera.core.parts import Line
from chimera.lab import habits as fakes
from chimera.lab.headless import Headless, random_words, seat

CAST = tuple(seat(index) for index in range(3))
FILLER = ["the", "long", "road", "by", "the", "water", "and", "the", "hill", "behind", "it"]


def varied(count: int, seed: int = 1) -> list[str]:
    """Lines with nothing in common."""
    random = Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [" ".join("".join(random.choices(letters, k=7)) for _ in range(9)) for _ in range(count)]


def lines(texts: list[str], speakers: int = 3) -> list[Line]:
    return [
        Line(
            seq=n + 1, message_id=f"msg_{n}", turn=n + 1, participant_id=f"par_{n % speakers}",
            kind="persona", name="X", text=text, at=n, questions=text.count("?"),
        )
        for n, text in enumerate(texts)
    ]  # fmt: skip


# --- loops ---------------------------------------------------------------------------------------


def test_talk_without_repetition_raises_no_flag() -> None:
    assert quality.loop(tuple(varied(12))).raised == frozenset()


def spoilt(flag: str, number: int, text: str) -> str:
    """A line with one habit."""
    match flag:
        case "likeness":
            return "one two three four five six seven" if number in {2, 7} else text
        case "opening":
            return f"I think {text}" if number % 2 else text
        case "ending":
            return f"{text} my friend" if number in {1, 5, 9} else text
        case "agreement":
            return f"Exactly so, {text}" if number % 3 else text
        case _:
            return f"{text[: number + 3]} as the old saying goes {text}"


@pytest.mark.parametrize("flag", ["likeness", "opening", "ending", "agreement", "repetition"])
def test_each_habit_raises_its_flag(flag: str) -> None:
    texts = tuple(spoilt(flag, n, text) for n, text in enumerate(varied(12)))
    assert flag in quality.loop(texts).raised


def test_old_words_only_raise_the_flag_of_novelty() -> None:
    first = varied(6)
    mixed = [" ".join(reversed(text.split())) for text in first]
    assert "novelty" in quality.loop((*first, *mixed)).raised


def test_two_flags_are_a_loop_and_one_is_not() -> None:
    texts = varied(12)
    one = tuple(f"I think {text}" if n % 2 else text for n, text in enumerate(texts))
    both = tuple(f"{text} my friend" if n < 4 else text for n, text in enumerate(one))
    assert not quality.loop(one).found
    assert quality.loop(both).found


def test_another_language_loses_the_flag_of_agreement() -> None:
    texts = tuple(f"Exactly, {text}" for text in varied(12))
    assert "agreement" not in quality.loop(texts, agreement=False).raised
    assert not quality.english("de-AT")
    assert quality.english("en-GB")


def test_short_lines_and_those_of_viewers_are_not_looked_at() -> None:
    said = lines(["Too short.", *varied(3)])
    host = Line(
        seq=9, message_id="msg_h", turn=4, participant_id=None, kind="host", name="Host",
        text="A long line that the host says to everybody here", at=9,
    )  # fmt: skip
    assert len(quality.window([*said, host])) == 3
    assert len(quality.window(said, after=3)) == 1


def test_phrases_worn_out_are_named_once_each() -> None:
    texts = [f"{text} as the saying goes here" for text in varied(5)]
    worn = quality.worn(texts)
    assert "as the saying goes" in worn
    assert len(worn) <= quality.WORN_PHRASES


# --- the score -----------------------------------------------------------------------------------


def test_the_troupe_is_good_and_endless_agreement_is_not() -> None:
    stage = played("Can a machine be bored?", seed=2, turns=60)
    good = quality.score(stage.state.lines)
    play = Headless(CAST, seed=1, limits=Limits(min_turns=99))
    bad = quality.score(play.run(60, fakes.agreeer(1, obeys=False)).state.lines)
    assert good.value >= 70
    assert bad.value < 25


def test_one_dead_part_cannot_be_bought_by_the_others() -> None:
    stage = played("Can a machine be bored?", seed=2, turns=36)
    said = [line for line in stage.state.lines if line.participant_id]
    alone = [
        Line(
            seq=each.seq, message_id=each.message_id, turn=each.turn, kind="persona", name="X",
            participant_id="par_0" if n % 12 else "par_1", text=each.text, at=each.at,
        )
        for n, each in enumerate(said)
    ]  # fmt: skip
    assert quality.score(alone).parts["floor"] < 0.8
    assert quality.score(alone).value < quality.score(said).value


@given(texts=st.lists(st.text(max_size=60), min_size=24, max_size=30))
def test_any_talk_has_a_score_within_its_bounds(texts: list[str]) -> None:
    score = quality.score(lines(texts))
    assert 0 <= score.value <= 100
    assert all(0 <= part <= 1 for part in score.parts.values())


def test_what_cannot_be_known_is_left_out() -> None:
    parts = quality.score(lines(varied(24))).parts
    assert "tension" not in parts
    assert "closure" not in parts


def test_equal_shares_have_no_inequality() -> None:
    assert quality.gini([5, 5, 5]) == 0
    assert quality.gini([15, 0, 0]) == pytest.approx(2 / 3)


def test_the_score_is_told_every_twelve_turns_with_its_parts() -> None:
    play = Headless(CAST, seed=1).run(50, random_words(1))
    told = [each.body for each in play.log if isinstance(each.body, ev.QualityScored)]
    assert [body.window.messages for body in told] == [24, 36, 48]
    assert all(set(body.components) >= {"floor", "novelty", "distinct"} for body in told)
