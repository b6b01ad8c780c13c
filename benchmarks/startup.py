"""How long a start takes and what an idle server holds."""

import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

from benchmarks.house import house
from benchmarks.table import ROOT, Row

STARTS = 5
IDLE_S = 20.0


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        warm = sorted(_start(Path(folder)) for _ in range(STARTS + 1))[: STARTS + 1]
    with house() as server:
        process = psutil.Process(server.process.pid)
        time.sleep(5)
        before, begun = sum(process.cpu_times()[:2]), time.perf_counter()
        time.sleep(IDLE_S)
        busy = (sum(process.cpu_times()[:2]) - before) / (time.perf_counter() - begun)
        resident = server.resident_mb
    return [
        Row(
            what="start to ready, built before", goal="≤ 4 s",
            measured=f"median {warm[len(warm) // 2]:.2f} s, max {warm[-1]:.2f} s",
            ok=warm[-1] <= 4,
        ),
        Row(
            what="idle server, memory", goal="≤ 160 MB", measured=f"{resident:.0f} MB",
            ok=resident <= 160,
        ),
        Row(
            what="idle server, processor", goal="≤ 2 % of a core",
            measured=f"{100 * busy:.1f} %", ok=busy <= 0.02,
        ),
    ]  # fmt: skip


def _start(folder: Path) -> float:
    with house(folder=folder) as server:
        return server.ready_s


def fresh_rows() -> list[Row]:
    """From a fresh clone with cold package caches to an open house; slow, so asked for by name."""
    with tempfile.TemporaryDirectory() as folder:
        clone, caches = Path(folder) / "chimera", Path(folder) / "caches"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        environment = os.environ | {
            "UV_CACHE_DIR": str(caches / "uv"), "npm_config_cache": str(caches / "npm"),
            "PIP_NO_CACHE_DIR": "1", "MAKEFLAGS": "",
        }  # fmt: skip
        begun = time.perf_counter()
        command = ["make", "run", "PORT=8931", "DATA=data"]
        with subprocess.Popen(command, cwd=clone, env=environment) as process:
            took = _until_open("http://127.0.0.1:8931/health/ready", begun)
            for child in psutil.Process(process.pid).children(recursive=True):
                child.terminate()
        shutil.rmtree(clone, ignore_errors=True)
    return [
        Row(
            what="fresh clone to ready, cold caches",
            goal="≤ 240 s",
            measured=f"{took:.0f} s",
            ok=took <= 240,
        )
    ]


def _until_open(address: str, begun: float) -> float:
    while time.perf_counter() - begun < 600:
        try:
            with urllib.request.urlopen(address, timeout=1):  # noqa: S310 - our own address
                return time.perf_counter() - begun
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("not ready within ten minutes")
