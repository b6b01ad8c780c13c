"""A real server on a free port of this machine, for the benchmarks to measure."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that answers."""

    address: str
    process: "subprocess.Popen[str]"
    #: Seconds from the start of the process to the first answer of `ready`.
    ready_s: float

    def call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - our own address
            f"{self.address}/api/v1{path}", data=data, method=method,
            headers={"content-type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    @property
    def resident_mb(self) -> float:
        return psutil.Process(self.process.pid).memory_info().rss / 2**20


@contextmanager
def house(*, show: bool = False, folder: Path | None = None) -> Generator[Running]:
    """Serve until the block ends; with `show`, the conversation of the house plays."""
    with tempfile.TemporaryDirectory() as temporary:
        data = folder or Path(temporary)
        environment = os.environ | {
            "CHIMERA_ENGINE__HOUSE": str(show).lower(),
            "CHIMERA_PROVIDERS__DISCOVER": "false",
            "CHIMERA_LOG__FORMAT": "json",
        }
        command = [sys.executable, "-m", "chimera", "serve", "--port", "0", "--data-dir", str(data)]
        begun = time.perf_counter()
        with subprocess.Popen(
            command, env=environment, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                address = _address(process)
                yield Running(
                    address=address, process=process, ready_s=_until_ready(address, begun)
                )
            finally:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=PATIENCE_S)


def _address(process: "subprocess.Popen[str]") -> str:
    if process.stderr is None:
        raise RuntimeError("the server's log is not read")
    for line in process.stderr:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            return found.group()
    raise RuntimeError("the server did not start")


def _until_ready(address: str, begun: float) -> float:
    while time.perf_counter() - begun < PATIENCE_S:
        try:
            with urllib.request.urlopen(f"{address}/health/ready", timeout=1):  # noqa: S310
                return time.perf_counter() - begun
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the server is not ready")
