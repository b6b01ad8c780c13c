"""How much a machine carries: viewers, deltas, turns, appends, a full library."""

from collections.abc import Callable

from benchmarks.scale import fanout
from benchmarks.table import Row


def all_tables() -> dict[str, Callable[[], list[Row]]]:
    """Every table by the name under which `BENCH` asks for it."""
    return {**fanout.TABLES}
