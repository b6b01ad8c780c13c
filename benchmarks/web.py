"""The page: how soon it is painted, how soon it speaks, what a token costs, how large it is."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from benchmarks.table import ROOT, Row

WEB = ROOT / "web"


def rows() -> list[Row]:
    return [*_browser(), *_sizes()]


def _browser() -> list[Row]:
    """What the browser measured; it writes one figure a line."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures"
        environment = os.environ | {"BENCH_OUT": str(out)}
        result = subprocess.run(
            ["npm", "run", "--silent", "bench"], cwd=WEB, env=environment, check=False
        )
        if not out.exists():
            return [Row(what="browser", goal="measured", measured="did not run", ok=False)]
        figures = [json.loads(line) for line in out.read_text().splitlines()]
    found = [
        Row(
            what=each["name"],
            goal="" if each.get("goal") is None else f"≤ {each['goal']} {each['unit']}",
            measured=f"{each['value']:.3g} {each['unit']}",
            ok=None if each.get("goal") is None else each["value"] <= each["goal"],
        )
        for each in figures
    ]
    if result.returncode:
        found.append(Row(what="browser", goal="passes", measured="failed", ok=False))
    return found


def _sizes() -> list[Row]:
    """The table of `npm run budget`."""
    result = subprocess.run(
        ["npm", "run", "--silent", "budget"], cwd=WEB, capture_output=True, text=True, check=False
    )
    parsed = (re.search(SIZE, line) for line in result.stdout.splitlines())
    return [
        Row(
            what=f"size: {found['what']}",
            goal=f"≤ {found['limit']} kB",
            measured=f"{found['size']} kB",
            ok=float(found["size"]) <= float(found["limit"]),
        )
        for found in parsed
        if found
    ]


SIZE = r"^(?:ok|OVER)\s+(?P<size>[\d.]+) of\s+(?P<limit>[\d.]+) kB\s+(?P<what>.+)$"
