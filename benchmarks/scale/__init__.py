"""How much a machine carries: viewers, deltas, turns, appends, a full library."""

from collections.abc import Callable, Sequence
from functools import partial

from benchmarks.scale import appends, fanout, library, turns
from benchmarks.table import Row


def all_tables() -> dict[str, Callable[[], Sequence[Row]]]:
    """Every table by the name under which `BENCH` asks for it."""
    tables = {**appends.TABLES, **fanout.TABLES, **library.TABLES, **turns.TABLES}
    return {name: partial(_attempted, name, table) for name, table in tables.items()}


def _attempted(name: str, table: Callable[[], Sequence[Row]]) -> Sequence[Row]:
    """What is too much for the machine is a row that says so, and no end of all the others."""
    try:
        return table()
    except (RuntimeError, OSError) as error:
        return [Row(what=name, goal="runs to its end", measured=f"did not: {error}", ok=False)]
