"""The acceptance table of the minds: every figure that needs no corpus, beside its pass line.

Those that need a corpus of people's talk are in `python -m benchmarks.timing --corpus DIR`.
"""

from collections.abc import Callable
from itertools import chain

from benchmarks import (
    ablations,
    company,
    feelings,
    flatness,
    lateness,
    learning,
    minds,
    plays,
    secrecy,
    signals,
    talk,
    texts,
    timing,
)
from benchmarks.table import Row

PARTS: tuple[Callable[[], list[Row]], ...] = (
    minds.rows, lateness.rows, feelings.rows, talk.rows, secrecy.rows, company.rows, texts.rows,
    signals.rows, learning.rows, plays.rows, flatness.rows, ablations.rows, timing.unread,
)  # fmt: skip


def rows() -> list[Row]:
    """All parts, one after the other."""
    return list(chain.from_iterable(part() for part in PARTS))
