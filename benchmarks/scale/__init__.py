"""How much a machine carries: viewers, deltas, turns, appends, a full library."""

from collections.abc import Callable, Sequence

from benchmarks.scale import appends, fanout, library, turns
from benchmarks.table import Row


def all_tables() -> dict[str, Callable[[], Sequence[Row]]]:
    """Every table by the name under which `BENCH` asks for it."""
    return {**appends.TABLES, **fanout.TABLES, **library.TABLES, **turns.TABLES}
