"""The ledger is read back from the lines alone, and novelty remembers what was said."""

from benchmarks.troupe import Play, play

from chimera.providers.scripted.frames import parse
from chimera.providers.scripted.ledger import Ledger, read
from chimera.providers.scripted.novelty import Novelty, likeness


def remembered(stage: Play) -> Ledger:
    """The ledger of somebody who has heard everything."""
    frame = parse(stage.state.topic, stage.deck.lexicon)
    return read(stage.state, frame, stage.state.seats[0].id)


def test_claims_objections_and_answers_survive_in_the_log() -> None:
    stage = play("Should cities ban cars?", seed=2, turns=30)
    ledger = remembered(stage)
    made = [line.signals["claim"] for line in stage.told if "claim" in line.signals]
    assert [claim.id for claim in ledger.claims] == made
    assert any(claim.challengers for claim in ledger.claims)
    assert any(claim.answered for claim in ledger.claims)


def test_every_part_of_every_line_is_remembered_as_used() -> None:
    stage = play("tea or coffee", seed=3, turns=20)
    ledger = remembered(stage)
    parts = {part for line in stage.told for part in line.signals["parts"]}  # type: ignore[union-attr]  # parts is a list
    assert parts == set(ledger.used)


def test_a_near_copy_is_refused_and_a_new_line_is_not() -> None:
    novelty = Novelty(["The cat sat on the mat and looked at the wall."])
    assert novelty.refuses("The cat sat on the mat and looked at a wall.")
    assert not novelty.refuses("A dog ran over the hill.")
    assert novelty.staleness("The cat sat on the moon.") > 0.3
    assert novelty.staleness("Nothing of this was said.") == 0


def test_likeness_counts_shared_words() -> None:
    assert likeness("a b c d", "a b c d") == 1
    assert likeness("a b", "c d") == 0
