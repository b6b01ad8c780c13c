"""Budgets bind the tail: what grows beyond them must be split, or listed here with its reason."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = sorted((ROOT / "src/chimera").rglob("*.py"))
MOST_LINES, MOST_FUNCTION_LINES, MOST_WEB_LINES = 400, 40, 250
#: Modules in one folder, and in all of them (ADR 17).
MOST_IN_A_FOLDER, MOST_FILES = 40, 240
EXCEPTIONS: dict[str, str] = {}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.lineno
            yield node.name, (node.end_lineno or first) - first + 1


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_module_and_its_functions_stay_small(path: Path) -> None:
    if str(path.relative_to(ROOT)) in EXCEPTIONS:
        return
    assert len(path.read_text().splitlines()) <= MOST_LINES
    long = {name: lines for name, lines in functions(path) if lines > MOST_FUNCTION_LINES}
    assert not long


def test_a_web_file_stays_small() -> None:
    files = [
        path
        for pattern in ("*.ts", "*.tsx")
        for path in (ROOT / "web/src").rglob(pattern)
        if ".gen." not in path.name and path.name != "schema.d.ts"
    ]
    assert files
    long = {
        str(path.relative_to(ROOT)): lines
        for path in files
        if (lines := len(path.read_text().splitlines())) > MOST_WEB_LINES
    }
    assert not long


def test_the_backend_has_few_files() -> None:
    modules = [
        path for path in PYTHON if path.name != "__init__.py" and "migrations" not in path.parts
    ]
    assert 20 < len(modules) <= MOST_FILES
    folders = Counter(path.parent for path in modules)
    assert not {
        str(folder.relative_to(ROOT)): files
        for folder, files in folders.items()
        if files > MOST_IN_A_FOLDER
    }


def test_only_the_log_touches_the_events_table() -> None:
    users = [
        str(path.relative_to(ROOT / "src/chimera"))
        for path in PYTHON
        if "events" in names_from_tables(path)
    ]
    # The other two only read whole logs: to hash them, and to find what is wrong in them.
    readers = {"store/backup.py", "store/check.py"}
    assert set(users) <= {"store/log.py", "store/statements.py"} | readers


def names_from_tables(path: Path) -> set[str]:
    """What a module imports from `store.tables`."""
    return {
        alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "chimera.store.tables"
        for alias in node.names
    }
