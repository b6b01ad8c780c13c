"""Format, lint, types, layers and spelling, for Python and for the web."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
CODE = ("src", "tests", "benchmarks", "scripts", "plugins")
CHECKS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("format", ("ruff", "format", "--check", "--quiet", *CODE), "."),
    ("lint", ("ruff", "check", "--quiet", *CODE), "."),
    ("layers", ("lint-imports",), "."),
    ("types", ("pyright",), "."),
    (
        "spelling",
        ("codespell", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs", "src"),
        ".",
    ),
    ("web", ("npm", "run", "--silent", "check"), "web"),
)


def run_checks() -> list[str]:
    """The names of the checks that failed; their output is printed."""
    failed: list[str] = []
    for name, command, folder in CHECKS:
        begun = time.perf_counter()
        result = subprocess.run(
            command, cwd=ROOT / folder, capture_output=True, text=True, check=False
        )
        took = time.perf_counter() - begun
        print(
            f"{name:10} {'ok' if result.returncode == 0 else 'FAILED'} ({took:.1f} s)", flush=True
        )
        if result.returncode:
            failed.append(name)
            print(result.stdout + result.stderr, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(1 if run_checks() else 0)
