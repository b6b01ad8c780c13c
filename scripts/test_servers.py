"""See that the programs the tests need are there; on Debian, as root, install what is missing.

PostgreSQL comes as a Python package; Redis and Chromium are the system's.
"""

import os
import shutil
import subprocess
import sys

NEEDED = (
    (("redis-server",), "redis-server", "Redis"),
    (("chromium", "chromium-browser", "google-chrome"), "chromium", "a Chromium browser"),
)


def missing() -> list[tuple[str, str]]:
    """Debian package and name of each program that is not on the path."""
    found = {"chromium": os.environ.get("CHROMIUM")}
    return [
        (package, name)
        for programs, package, name in NEEDED
        if not found.get(package) and not any(shutil.which(program) for program in programs)
    ]


def install(packages: list[str]) -> None:
    quiet = {
        "stdout": subprocess.DEVNULL,
        "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
    }
    subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
        check=False,
        **quiet,
    )


def main() -> None:
    wanted = missing()
    if wanted and shutil.which("apt-get") and os.geteuid() == 0:
        print(f"Installing {', '.join(package for package, _ in wanted)} …", flush=True)
        install([package for package, _ in wanted])
        wanted = missing()
    for package, name in wanted:
        print(f"The tests need {name}. On Debian or Ubuntu: sudo apt-get install {package}")
    if wanted:
        sys.exit(1)


if __name__ == "__main__":
    main()
