"""What every benchmark gives: rows that say what was measured, beside what we hold ourselves to."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
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
    #: Which of the lab's minds plays, and what others measured; empty where nobody did.
    fake: str = ""
    reference: str = ""
    #: The same as numbers, for pages that calculate with them.
    figures: Mapping[str, float] = field(default_factory=dict[str, float])

    @classmethod
    def at_most(
        cls, what: str, measured: float, goal: float, *, fake: str = "", reference: str = ""
    ) -> "Row":
        ok = measured <= goal
        return cls(what=what, goal=f"≤ {goal:g}", measured=f"{measured:.3f}", ok=ok, fake=fake,
                   reference=reference)  # fmt: skip

    @classmethod
    def at_least(
        cls, what: str, measured: float, goal: float, *, fake: str = "", reference: str = ""
    ) -> "Row":
        ok = measured >= goal
        return cls(what=what, goal=f"≥ {goal:g}", measured=f"{measured:.3f}", ok=ok, fake=fake,
                   reference=reference)  # fmt: skip

    @classmethod
    def between(
        cls, what: str, measured: float, low: float, high: float,
        *, fake: str = "", reference: str = "",
    ) -> "Row":  # fmt: skip
        ok = low <= measured <= high
        return cls(what=what, goal=f"{low:g}–{high:g}", measured=f"{measured:.3f}", ok=ok,
                   fake=fake, reference=reference)  # fmt: skip

    @classmethod
    def told(cls, what: str, measured: float, *, fake: str = "", reference: str = "") -> "Row":
        """A figure that nothing is demanded of."""
        return cls(what=what, goal="–", measured=f"{measured:.3f}", ok=None, fake=fake,
                   reference=reference)  # fmt: skip

    @property
    def verdict(self) -> str:
        return {True: "ok", False: "MISSED", None: ""}[self.ok]


#: What a table shows of a row, and over which heading.
COLUMNS = {
    "what": "check", "fake": "fake", "goal": "pass line", "measured": "ours",
    "reference": "reference", "verdict": "verdict",
}  # fmt: skip


def cells_of(rows: Sequence[Row]) -> list[list[str]]:
    """The headings and the rows, without columns in which nobody says anything."""
    names = [name for name in COLUMNS if any(getattr(row, name) for row in rows)]
    return [[COLUMNS[name] for name in names]] + [
        [getattr(row, name) for name in names] for row in rows
    ]


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    cells = cells_of(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        line = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(line).rstrip(), flush=True)


def machine(load_before: float) -> dict[str, Any]:
    """What a table was measured on."""
    return {
        "cores": os.cpu_count(), "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "load": [round(load_before, 2), round(os.getloadavg()[0], 2)],
    }  # fmt: skip


def keep(tables: Mapping[str, Sequence[Row]], *, load_before: float) -> Path:
    """Write the tables to `benchmarks/results/`, with what they were measured on."""
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
    fresh = [{"table": name, **asdict(row)} for name, rows in tables.items() for row in rows]
    names = {row["what"] for row in fresh}
    kept = [row for row in before if row["what"] not in names]
    result = {
        "at": f"{now:%Y-%m-%dT%H:%M:%SZ}", "machine": machine(load_before),
        "rows": [*kept, *fresh],
    }  # fmt: skip
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    return path
