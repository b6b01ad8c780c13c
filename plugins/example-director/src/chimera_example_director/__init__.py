"""A round table: whoever has waited longest speaks next, unless somebody was spoken to.

It shows how a director is written outside the house: one function from a `View` to named terms, and
six numbers. The house adds the terms up, draws from them and explains each bid by the largest.
"""

from collections.abc import Mapping

from chimera.core.schemes import Scheme, View


def weigh(view: View) -> Mapping[str, float]:
    """Politeness first, then patience; what it is about counts for little."""
    return {
        "addressed": 3.0 * view.addressed,
        "owed": 1.5 * view.owed,
        "waiting": 1.2 * min(view.wait, view.size),
        "topic": 0.3 * view.fit,
    }


#: What the entry point leads to.
ROUNDTABLE = Scheme(
    name="roundtable",
    description="Everybody in turn: whoever has waited longest, unless somebody was asked.",
    version="1.0",
    terms=weigh,
    temperature=0.4,
    middle=2.0,
    slope=0.8,
    patience=1.5,
)
