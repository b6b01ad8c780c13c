"""Chimera as real processes: commands that end, and servers that are watched and killed."""

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

Found = TypeVar("Found")

#: Far beyond anything promised: only a process that hangs takes so long.
PATIENCE_S = 120.0
#: What the machine's own settings must not decide.
PLAIN = {
    "CHIMERA_PROVIDERS__DISCOVER": "false",
    "CHIMERA_ENGINE__HOUSE": "false",
    "CHIMERA_LOG__FORMAT": "json",
    "COLUMNS": "200",
}
_OURS = ("CHIMERA_", "OPENAI_", "DEEPSEEK_", "OLLAMA_", "ANTHROPIC_", "GEMINI_", "GOOGLE_")


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with these settings of ours and no other."""
    inherited = {name: each for name, each in os.environ.items() if not name.startswith(_OURS)}
    return inherited | PLAIN | settings


# --- commands ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def complaint(self) -> str:
        """The one line with which it refused; logs beside it are JSON."""
        lines = [line for line in self.err.splitlines() if line and not line.startswith("{")]
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        return lines[0]


class Commands:
    """Runs commands as processes forked from one that has imported everything already.

    Imports take most of a short command's time; it is the same program in all else.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._forks = multiprocessing.get_context("forkserver")
        self._forks.set_forkserver_preload(["chimera.cli.serving"])

    def run(self, *words: str, **settings: str) -> Finished:
        """A command to its end."""
        out, err = self._folder / "out", self._folder / "err"
        begun = time.monotonic()
        process = self._forks.Process(
            target=_command, args=(words, environment(**settings), self._folder, out, err)
        )
        process.start()
        process.join(PATIENCE_S)
        seconds = time.monotonic() - begun
        if process.exitcode is None:
            process.kill()
            pytest.fail(f"{words} does not end:\n{err.read_text()}", pytrace=False)
        return Finished(
            code=process.exitcode, out=out.read_text(), err=err.read_text(), seconds=seconds
        )


def _command(
    words: tuple[str, ...], settings: Mapping[str, str], folder: Path, out: Path, err: Path
) -> None:
    """Become the command: its words, its environment, its folder, its streams."""
    for path, number in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.environ.clear()
    os.environ.update(settings)
    os.chdir(folder)
    sys.argv = ["chimera", *words]
    from chimera.cli import main

    main()


# --- servers -----------------------------------------------------------------------------------


class ServerProcess:
    """`chimera serve`, or a worker, as a child of ours."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self.log = log
        self.begun = time.time()  # noqa: TID251 - compared with the times of events

    def address(self) -> str:
        """Where it answers, once it does."""
        return until(lambda: re.search(r"http://127\.0\.0\.1:\d+", self.said()), self.said).group()

    def opened(self) -> float:
        """Seconds from the start to the opening of the doors; 0 before."""
        for line in self.said().splitlines():
            if '"open"' in line:
                at = datetime.fromisoformat(json.loads(line)["timestamp"])
                return at.timestamp() - self.begun
        return 0

    def until_working(self) -> None:
        """Return when a worker has begun."""
        until(lambda: '"working"' in self.said(), self.said)

    def said(self) -> str:
        return self.log.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        return self.process.wait(PATIENCE_S)

    def waited_s(self) -> float:
        """For how long it was ready to run while the machine ran others: nobody's promise.

        Only Linux tells; elsewhere nothing is taken off.
        """
        tasks = Path(f"/proc/{self.process.pid}/task")
        delays = 0
        for each in tasks.glob("*/schedstat"):
            # A thread may end between being listed and being read.
            with suppress(FileNotFoundError, ProcessLookupError):
                delays += int(each.read_text().split()[1])
        return delays / 1e9


@contextmanager
def chimera(*words: str, log: Path, **settings: str) -> Generator[ServerProcess]:
    """A process that lasts as long as the block, unless it ends sooner."""
    command = [sys.executable, "-m", "chimera", *words]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment(**settings), stdout=output, stderr=output, cwd=log.parent
        )
    try:
        yield ServerProcess(process, log)
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def until(look: Callable[[], Found | None], said: Callable[[], str] = str) -> Found:
    """What `look` finds, as soon as it does."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        if time.monotonic() > deadline:
            pytest.fail(f"it did not happen; the process said:\n{said()}", pytrace=False)
        time.sleep(0.01)
    return found


def call(address: str, method: str, path: str, body: object = None) -> Any:
    """One request; the JSON of the answer, whatever its status."""
    request = urllib.request.Request(  # noqa: S310 - our own address
        address + path, method=method, headers={"content-type": "application/json"},
        data=None if body is None else json.dumps(body).encode(),
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return json.load(error)
