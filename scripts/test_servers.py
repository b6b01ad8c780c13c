"""See that the programs the tests need are there; on Debian, as root, install what is missing.

PostgreSQL comes as a Python package; Redis and Chromium are the system's. Of Prometheus only the
tool that tests alert rules is wanted: it is taken out of the package, which is not installed,
because that would start a server.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

STAMPS = Path(__file__).parents[1] / ".stamps"

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


def has_promtool() -> bool:
    return shutil.which("promtool", path=f"{STAMPS}:{os.environ.get('PATH', '')}") is not None


def fetch_promtool() -> None:
    """Take the tool out of Debian's package. Needs no rights; says nothing if it cannot be had."""
    STAMPS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(["apt-get", "download", "-qq", "prometheus"], check=False, **quiet)
        for package in Path(folder).glob("prometheus_*.deb"):
            subprocess.run(["dpkg-deb", "-x", package.name, "."], check=False, **quiet)
        tool = Path(folder) / "usr/bin/promtool"
        if tool.is_file():
            shutil.copy(tool, STAMPS / "promtool")


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
    if not has_promtool() and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        print("Fetching promtool …", flush=True)
        fetch_promtool()
    if not has_promtool():
        wanted = [*wanted, ("prometheus", "promtool, the tool of Prometheus")]
    for package, name in wanted:
        print(f"The tests need {name}. On Debian or Ubuntu: sudo apt-get install {package}")
    if wanted:
        sys.exit(1)


if __name__ == "__main__":
    main()
