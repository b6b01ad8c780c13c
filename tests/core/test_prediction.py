"""What is foretold, from what, and when nothing is."""

from random import Random

import numpy as np
import pytest

from chimera.core import events as ev
from chimera.core.learning import prediction
from chimera.core.learning.prediction import Features, auc_low, fit, learn, observe
from chimera.lab.headless import Headless, random_words, seat

PARTS = {
    "floor", "novelty", "repetition", "response", "coherence", "distinct", "variety",
}  # fmt: skip
REST = {"gap", "questions", "addresses", "reactions", "conflict", "alliances", "humans"}


def examples(count: int, *, seed: int = 1, pull: float = 1.5) -> list[tuple[Features, bool]]:
    """One part decides, as far as chance lets it, and two say nothing."""
    rng = Random(seed)
    found: list[tuple[Features, bool]] = []
    for _ in range(count):
        features = {name: rng.gauss(3, 2) for name in ("decides", "idle", "vain")}
        found.append((features, rng.gauss(0, 2) < pull * (features["decides"] - 3)))
    return found


# -- the regression ---------------------------------------------------------------------------


def test_the_weights_are_where_the_slope_of_the_likelihood_is_level() -> None:
    known = examples(300)
    found = fit(known)
    names = sorted(found.coefficients)
    raw = np.array([[features[name] for name in names] for features, _ in known])
    rows = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    truth = np.array([float(liked) for _, liked in known])
    weights = np.array([found.coefficients[name].weight for name in names])
    chances = 1 / (1 + np.exp(-(found.intercept + rows @ weights)))
    assert abs((truth - chances).sum()) < 1e-3
    assert np.abs(rows.T @ (truth - chances) - prediction.RIDGE * weights).max() < 1e-3
    assert found.coefficients["decides"].weight > 5 * abs(found.coefficients["idle"].weight)


def test_examples_that_a_line_parts_leave_the_weights_finite() -> None:
    known = [({"sign": float(place % 2)}, place % 2 == 1) for place in range(200)]
    found = fit(known)
    assert found.probability({"sign": 1.0}) > 0.95
    assert found.probability({"sign": 0.0}) < 0.05


def test_what_never_varies_and_what_is_not_known_says_nothing() -> None:
    known = [({**features, "same": 1.0}, liked) for features, liked in examples(200)]
    found = fit(known)
    assert "same" not in found.coefficients
    middle = {name: each.mean for name, each in found.coefficients.items()}
    assert found.probability({}) == pytest.approx(found.probability(middle))


# -- whether it is shown ----------------------------------------------------------------------


def test_the_bound_lies_below_the_area_and_rises_with_the_examples() -> None:
    truth = [True, False] * 10
    guesses = [0.9 if liked else 0.1 for liked in truth]
    few, many = auc_low(guesses, truth), auc_low(guesses * 20, truth * 20)
    assert 0.85 < few < many < 1
    assert auc_low([0.5] * 40, truth * 2) < 0.5


def test_too_few_votes_foretell_nothing() -> None:
    few = learn(examples(prediction.NEEDED - 1))
    assert (few.votes, few.auc_low, few.is_shown) == (99, None, False)
    unanimous = learn([(features, True) for features, _ in examples(200)])
    assert unanimous.auc_low is None


def test_what_helps_is_shown() -> None:
    found = learn(examples(300))
    assert found.is_shown
    assert found.probability({"decides": 6.0}) > 0.8 > 0.2 > found.probability({"decides": 0.0})


def test_noise_is_hardly_ever_shown() -> None:
    runs = [learn(examples(150, seed=seed, pull=0.0)) for seed in range(100)]
    assert {each.votes for each in runs} == {150}
    assert sum(each.is_shown for each in runs) <= 5


def test_a_taste_that_has_turned_is_not_shown() -> None:
    """The newest are examined: what held for older conversations alone is no prediction."""
    before, after = examples(210), [(each, not liked) for each, liked in examples(90, seed=2)]
    assert not learn([*before, *after]).is_shown


# -- what is looked at ------------------------------------------------------------------------


def headless(turns: int) -> Headless:
    return Headless([seat(0), seat(1)], seed=3).run(turns, random_words(3))


def seen(play: Headless) -> Features:
    found = observe("cnv_1", play.log)
    assert found is not None
    return found


def test_twelve_turns_are_looked_at_and_what_comes_later_is_not() -> None:
    assert observe("cnv_1", headless(11).log) is None
    found = seen(headless(12))
    assert set(found) >= PARTS | REST
    assert seen(headless(30)) == found


def test_time_is_measured_between_the_first_line_and_the_twelfth() -> None:
    play = headless(12)
    said = [each.at for each in play.log if isinstance(each.body, ev.MessageCompleted)]
    assert seen(play)["gap"] == pytest.approx(np.log1p((said[-1] - said[0]) / 11_000))


def test_the_stalls_quarrels_and_alliances_count() -> None:
    play, quiet = headless(6), headless(6).run(12, random_words(3))
    for name, times in (("Anna", 2), ("Bert", 1)):
        for _ in range(times):
            play.post("Oh!", name=name)
    for who in ("vwr_a", "vwr_b"):
        clap = ev.ReactionAdded(message_id="msg_1", emoji="👏", viewers=2)
        play.append(clap, ev.Actor(type="viewer", id=who))
    play.append(clap, ev.Actor(type="participant", id="par_0"))
    for told in ({"conflict": "hostile"}, {"conflict": "banter"}, {"alliance": "formed"}):
        tie = {"from": "par_0", "to": "par_1", "affinity": 0.1, "delta": 0.1, "evidence": "msg_1"}
        play.append(ev.RelationChanged.model_validate(tie | told))
    found, before = seen(play.run(12, random_words(3))), seen(quiet)
    assert (before["humans"], before["conflict"], before["alliances"]) == (0, 0, 0)
    assert (found["humans"], found["conflict"], found["alliances"]) == (2, 2, 1)
    said = [each.at for each in play.log if isinstance(each.body, ev.MessageCompleted)]
    # One clap for each who watched; what the cast clap for does not count.
    assert found["reactions"] == pytest.approx(np.log1p(60_000 / (said[11] - said[0])))
    assert before["reactions"] == 0


def test_a_beginning_that_was_swept_away_is_none() -> None:
    play = headless(11)
    play.append(ev.ConversationCleared(up_to_seq=play.state.seq))
    assert observe("cnv_1", play.run(12, random_words(3)).log) is None
