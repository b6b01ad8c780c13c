"""The budget ladder: what changes at which share of the ceiling."""

from dataclasses import replace

import pytest

from chimera.core import budget
from chimera.core.conversation import Budget, Limits
from chimera.core.state import ConversationState


def spent(cost: float, amount: float | None = 10.0) -> ConversationState:
    limits = Limits(budget=Budget(amount=amount, when_spent="pause") if amount else None)
    return ConversationState(id="cnv_1", limits=limits, cost=cost)


@pytest.mark.parametrize(
    ("cost", "quiet", "thrifty", "over"),
    [
        (5.99, False, False, False),
        (6.0, True, False, False),
        (8.0, True, True, False),
        (10.0, True, True, True),
        (12.0, True, True, True),
    ],
)
def test_each_rung_begins_at_its_share(
    cost: float, quiet: bool, thrifty: bool, over: bool
) -> None:  # fmt: skip
    state = spent(cost)
    found = (budget.quiet(state), budget.thrifty(state), budget.spent(state))
    assert found == (quiet, thrifty, over)


def test_without_a_ceiling_nothing_is_ever_spent() -> None:
    state = spent(1_000_000, amount=None)
    assert budget.share(state) == 0
    assert not budget.quiet(state)
    assert budget.when_spent(state) is None
    assert budget.words(state, 40) == 40


def test_who_saves_speaks_a_fifth_less_and_never_in_single_words() -> None:
    saving = spent(8.0)
    assert [budget.words(saving, words) for words in (40, 10, 3, 1)] == [32, 8, 3, 1]
    assert budget.words(replace(saving, cost=7.9), 40) == 40
