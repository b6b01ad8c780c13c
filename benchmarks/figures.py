"""Write `docs/figures.md` from what is kept of the benchmarks: the newest figure of each row.

python -m benchmarks.figures
"""

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from benchmarks.table import RESULTS, ROOT, Row, cells_of

PAGE = ROOT / "docs/figures.md"
ABLATION = "ablation: "
PROSE = ROOT / "benchmarks/data/figures.md"


def markdown(rows: Sequence[Row]) -> str:
    """A table, its headings first."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in cells_of(rows)]
    head, *body = cells
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines) + "\n"


def page(result: dict[str, Any], names: set[str]) -> str:
    """The page for one kept result; only the rows of these names."""
    known = {each.name for each in fields(Row)}
    rows = [
        Row(**{key: value for key, value in each.items() if key in known})
        for each in result["rows"]
        if each["what"] in names
    ]
    machine = result["machine"]
    where = (
        f"{machine['cores']} cores of a shared machine (load {machine['load'][1]}),"
        f" Python {machine['python']}, {machine['system']}"
    )
    said = [each for each in rows if not each.what.startswith(("corpus", ABLATION))]
    cut = [each for each in rows if each.what.startswith(ABLATION)]
    return PROSE.read_text("utf-8").format(
        at=result["at"][:10], machine=where, figures=markdown(said), ablations=markdown(cut)
    )


def main() -> None:
    kept = [json.loads(path.read_text("utf-8")) for path in RESULTS.glob("*.json")]
    result = max(
        (each for each in kept if any(row.get("table") == "minds" for row in each["rows"])),
        key=lambda each: each["at"],
    )
    names = {row["what"] for row in result["rows"] if row.get("table") == "minds"}
    PAGE.write_text(page(result, names), "utf-8")
    print(f"{PAGE.relative_to(ROOT)} is written from the figures of {result['at']}")


if __name__ == "__main__":
    main()
