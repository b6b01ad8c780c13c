"""What is read off a log in which two share a line."""

import pytest

from chimera.core import director, pacing
from chimera.core.director import Speak
from chimera.lab.headless import Headless, seat
from chimera.lab.measures import measure

CAST = tuple(seat(index) for index in range(3))
ADA, BRUNO, CLEO = (each.id for each in CAST)


def spoke(play: Headless, who: str, *parts: str, ally: str | None = None) -> None:
    speak = Speak(
        participant_id=who, cause="duet" if ally else "self_selected", bids=(), words=12, with_=ally
    )
    rng = director.labelled(play.state)
    play.start(speak, pacing.plan(play.state, speak, None, rng))
    play.finish(speak, *parts)


@pytest.fixture
def measured() -> dict[str, float | None]:
    play = Headless(CAST, seed=2)
    spoke(
        play, ADA, "A lamp remembers nothing of the dark", "because it was never told.", ally=BRUNO
    )
    spoke(play, CLEO, "Lamps forget.")
    spoke(play, BRUNO, "Not this one.")
    return dict(measure(play.log))


def test_a_duet_is_one_turn_and_half_a_turn_for_each(measured: dict[str, float | None]) -> None:
    # Ada ½, Bruno 1½, Cleo 1.
    assert measured["gini"] == pytest.approx(2 / 9)


def test_each_of_a_duet_has_spoken(measured: dict[str, float | None]) -> None:
    assert measured["aba"] == 1
    assert measured["longest_wait"] == 2
