"""What every benchmark gives: rows that say what was measured, beside what we hold ourselves to."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks/results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `ok` is None where there is no line to pass."""

    what: str
    goal: str
    measured: str
    ok: bool | None

    @classmethod
    def at_most(cls, what: str, measured: float, goal: float) -> "Row":
        return cls(what=what, goal=f"≤ {goal:g}", measured=f"{measured:.3f}", ok=measured <= goal)

    @classmethod
    def at_least(cls, what: str, measured: float, goal: float) -> "Row":
        return cls(what=what, goal=f"≥ {goal:g}", measured=f"{measured:.3f}", ok=measured >= goal)

    @classmethod
    def between(cls, what: str, measured: float, low: float, high: float) -> "Row":
        ok = low <= measured <= high
        return cls(what=what, goal=f"{low:g}–{high:g}", measured=f"{measured:.3f}", ok=ok)


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    widths = [max(len(getattr(row, name)) for row in rows) for name in ("what", "goal", "measured")]
    for row in rows:
        mark = {True: "ok", False: "MISSED", None: ""}[row.ok]
        cells = (
            row.what.ljust(widths[0]),
            row.goal.ljust(widths[1]),
            row.measured.ljust(widths[2]),
        )
        print("  ".join((*cells, mark)).rstrip())


def keep(rows: Sequence[Row], *, load_before: float) -> Path:
    """Write the table to `benchmarks/results/`, with what it was measured on."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    now = datetime.now(UTC)
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{now:%Y-%m-%d}-{commit or 'uncommitted'}.json"
    before: list[dict[str, Any]] = json.loads(path.read_text())["rows"] if path.exists() else []
    fresh = [asdict(row) for row in rows]
    names = {row["what"] for row in fresh}
    kept = [row for row in before if row["what"] not in names]
    machine: dict[str, Any] = {
        "cores": os.cpu_count(), "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "load": [round(load_before, 2), round(os.getloadavg()[0], 2)],
    }  # fmt: skip
    result = {"at": f"{now:%Y-%m-%dT%H:%M:%SZ}", "machine": machine, "rows": [*kept, *fresh]}
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    return path
