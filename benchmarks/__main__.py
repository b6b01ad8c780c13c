"""`make bench`: every table, or those that BENCH names (`overhead,minds`)."""

import os
import sys
from collections.abc import Callable, Sequence

from benchmarks import (
    acceptance,
    faults,
    lateness,
    overhead,
    providers,
    scale,
    signals,
    startup,
    troupe,
    web,
)
from benchmarks.table import Row, keep, show

TABLES: dict[str, Callable[[], Sequence[Row]]] = {
    "startup": startup.rows,
    "overhead": overhead.rows,
    "web": web.rows,
    "minds": acceptance.rows,
    "troupe": troupe.rows,
    "providers": providers.rows,
    "faults": faults.rows,
    **scale.all_tables(),
}
#: Slow ones, and parts of others, only by name.
ON_REQUEST: dict[str, Callable[[], Sequence[Row]]] = {
    "fresh": startup.fresh_rows,
    "lateness": lateness.rows,
    "signals": signals.rows,
}


def main(selection: str) -> int:
    names = [name for name in selection.split(",") if name] or list(TABLES)
    known = TABLES | ON_REQUEST
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    load_before, measured = os.getloadavg()[0], dict[str, Sequence[Row]]()
    for name in names:
        print(f"── {name}", flush=True)
        measured[name] = known[name]()
        show(measured[name])
    print(f"kept in {keep(measured, load_before=load_before).name}")
    missed = [row for rows in measured.values() for row in rows if row.ok is False]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
