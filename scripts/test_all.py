"""Everything CI runs: the checks, then pytest, vitest and Playwright with their own summaries."""

import os
import subprocess
import sys
from pathlib import Path

from check import run_checks

ROOT = Path(__file__).parent.parent
RUNNERS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("pytest", (sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup"), "."),
    ("vitest", ("npm", "test", "--silent"), "web"),
    ("playwright", ("npm", "run", "--silent", "e2e"), "web"),
)


def main() -> int:
    failed = [f"check: {name}" for name in run_checks()]
    for name, command, folder in RUNNERS:
        print(f"\n── {name} ──", flush=True)
        environment = os.environ | {"CI": os.environ.get("CI", "1")}
        result = subprocess.run(command, cwd=ROOT / folder, env=environment, check=False)
        if result.returncode:
            failed.append(name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
