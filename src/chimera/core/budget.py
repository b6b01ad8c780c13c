"""What it changes that money is spent (`engine.md` section 16.2)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chimera.core.state import ConversationState

#: Shares of the ceiling: from the first on nothing is asked behind the scenes, from the second on
#: the show saves, at the third no paid call of any kind is made.
QUIET = 0.60
THRIFTY = 0.80
SPENT = 1.0
#: By so much lines are shorter while the show saves.
_SHORTER = 0.8
#: The shortest line anybody is asked for.
_LEAST_WORDS = 3


def share(state: "ConversationState") -> float:
    """How much of the ceiling is spent; 0 where there is none."""
    budget = state.limits.budget
    return state.cost / budget.amount if budget else 0.0


def quiet(state: "ConversationState") -> bool:
    """Whether calls that nobody would miss are left out."""
    return share(state) >= QUIET


def thrifty(state: "ConversationState") -> bool:
    """Whether the show saves: the cheapest models where nobody chose one, and shorter lines."""
    return share(state) >= THRIFTY


def spent(state: "ConversationState") -> bool:
    """Whether the ceiling is reached, whatever is to happen then."""
    return share(state) >= SPENT


def when_spent(state: "ConversationState") -> str | None:
    """What the owner wants then: `finale`, `improv` or `pause`; None without a budget."""
    return state.limits.budget.when_spent if state.limits.budget else None


def words(state: "ConversationState", wanted: int) -> int:
    """The length of a line, as the money allows."""
    return max(min(wanted, _LEAST_WORDS), round(_SHORTER * wanted)) if thrifty(state) else wanted
