"""The scorecard of the providers: what is called done has a test, and the page shows it."""

import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chimera.app.models import TITLES

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs/providers"
SCORECARD: dict[str, Any] = tomllib.loads((PAGES / "scorecard.toml").read_text("utf-8"))
PROVIDERS: dict[str, dict[str, Any]] = SCORECARD["providers"]
ROWS: list[dict[str, Any]] = SCORECARD["row"]
#: Only there where the recordings are; elsewhere the function has to do as proof.
SOMETIMES = "tests/wire/test_recordings.py"
#: The tests are collected once, not once for each worker.
pytestmark = pytest.mark.xdist_group("scorecard")
SECTIONS = ["What you need", "Set up", "What works", "What it costs", "Known limits",
            "How errors look"]  # fmt: skip


def proof(row: dict[str, Any], provider: str) -> str | None:
    """The id of a test; None for what nobody calls done."""
    if provider in {**row.get("todo", {}), **row.get("exempt", {})}:
        return None
    own = row.get("tests", {}).get(provider)
    return own or row.get("test")


def state(row: dict[str, Any], provider: str) -> str:
    return next((name for name in ("todo", "exempt") if provider in row.get(name, {})), "done")


CLAIMS = [
    pytest.param(row, provider, id=f"{provider}: {row['what']}")
    for row in ROWS
    for provider in PROVIDERS
    if state(row, provider) == "done"
]


@cache
def collected() -> frozenset[str]:
    """The ids of all tests that stand in the scorecard's files."""
    named = [each for row in ROWS for each in (row.get("test"), *row.get("tests", {}).values())]
    files = sorted({each.partition("::")[0] for each in named if each} - {SOMETIMES})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return frozenset(line for line in done.stdout.splitlines() if "::" in line)


@pytest.mark.parametrize(("row", "provider"), CLAIMS)
def test_what_is_called_done_has_a_test(row: dict[str, Any], provider: str) -> None:
    test = proof(row, provider)
    assert test, "neither `test`, `tests`, `todo` nor `exempt` says anything of it"
    file, _, function = test.partition("::")
    if file == SOMETIMES:
        assert re.search(rf"^(async )?def {function}\(", (ROOT / file).read_text(), re.MULTILINE)
    elif test == row.get("test"):
        marks = (re.split(r"[\[\]-]", each) for each in collected() if each.startswith(f"{test}["))
        runs = {mark for each in marks for mark in each[1:]}
        assert runs & set(PROVIDERS[provider]["cases"]), f"{test} does not run for {provider}"
    else:
        assert any(each == test or each.startswith(f"{test}[") for each in collected()), test


def test_every_provider_of_the_house_has_a_column_and_a_page() -> None:
    names = {"troupe" if name == "scripted" else name for name in TITLES}
    assert names <= set(PROVIDERS)
    for name in PROVIDERS:
        text = (PAGES / f"{name}.md").read_text("utf-8")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS, name
        assert f"({name}.md)" in (PAGES / "README.md").read_text("utf-8")


def test_nothing_is_said_twice_of_a_provider() -> None:
    for row in ROWS:
        said = [name for kind in ("tests", "todo", "exempt") for name in row.get(kind, {})]
        assert len(said) == len(set(said)), row["what"]
        assert set(said) <= set(PROVIDERS), row["what"]


def rendered() -> str:
    """The table and the reasons, as the page has them."""
    titles = [PROVIDERS[name]["title"] for name in PROVIDERS]
    lines = [f"| | {' | '.join(titles)} |", f"|---|{'---|' * len(titles)}"]
    lines += [
        f"| {row['what']} | {' | '.join(state(row, name) for name in PROVIDERS)} |" for row in ROWS
    ]
    return "\n".join([*lines, "", *_reasons("todo"), "", *_reasons("exempt")])


def _reasons(kind: str) -> list[str]:
    lines = [f"**{kind}**", ""]
    for row in ROWS:
        who: dict[str, list[str]] = defaultdict(list)
        for name, reason in row.get(kind, {}).items():
            who[reason].append(PROVIDERS[name]["title"])
        lines += [f"- {row['what']}: {reason} ({', '.join(who[reason])})" for reason in who]
    return lines


def test_the_page_shows_the_scorecard() -> None:
    assert rendered() in (PAGES / "README.md").read_text("utf-8")


if __name__ == "__main__":
    print(rendered())  # noqa: T201 – to be pasted into the page
