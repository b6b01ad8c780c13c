"""A thousand turns through a provider that keeps failing: nothing is lost, said or forgotten."""

import pytest
from benchmarks import faults


@pytest.mark.looptime
async def test_a_thousand_turns_survive_a_provider_that_fails_in_eleven_ways() -> None:
    got = await faults.play()
    assert got.turns == got.lines == 1000
    assert len(got.faults) == 11
    assert 0.25 < got.failed / (got.calls - got.understudies) < 0.35
    assert got.kept > 0, "some break after a sentence, which stands"
    assert (got.doubled, got.errors_spoken) == (0, 0)
    assert got.understudies > 100
    assert got.unrecorded == 0
    assert (got.under, got.differing) == (0, 0)
    assert got.true_cost <= got.ledger <= 1.5 * got.true_cost
