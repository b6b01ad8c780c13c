"""A cluster on this machine for the benchmarks: real processes, and figures of what each burns."""

import asyncio
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from tests.servers import postgres_server, redis_server

from benchmarks.house import Running
from benchmarks.table import ROOT
from chimera.app.system import TimeOrderedIds
from chimera.store.database import Store

PATIENCE_S = 60.0
#: Sockets that thousands of viewers need on either side.
FILES = 20_000


def cpu(process: psutil.Process) -> float:
    """Seconds of processor time so far, those of its children included."""
    taken = process.cpu_times()
    own = taken.user + taken.system
    return own + sum(cpu(child) for child in process.children())


def waited(process: psutil.Process) -> float:
    """Seconds for which it was ready to run while the machine ran others; Linux alone tells."""
    tasks = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[1]) for each in tasks) / 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Processes over one PostgreSQL and one Redis."""

    web: Running
    workers: Sequence["subprocess.Popen[str]"]
    database: str
    redis: str

    @property
    def server(self) -> psutil.Process:
        return psutil.Process(self.web.process.pid)


@contextmanager
def cluster(*, workers: int = 0, durable: bool = False) -> Generator[Cluster]:
    """One web process and some workers until the block ends."""
    many_files()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        database = stack.enter_context(postgres_server(durable=durable))
        redis = stack.enter_context(redis_server())
        environment = os.environ | {
            "CHIMERA_DATABASE__URL": database, "CHIMERA_REDIS__URL": redis,
            "CHIMERA_SERVER__DATA_DIR": str(folder), "CHIMERA_ENGINE__HOUSE": "false",
            "CHIMERA_PROVIDERS__DISCOVER": "false", "CHIMERA_LOG__FORMAT": "json",
        }  # fmt: skip

        def start(name: str, *words: str) -> "subprocess.Popen[str]":
            log = stack.enter_context((folder / name).open("w"))
            command = [sys.executable, "-m", "chimera", *words]
            return stack.enter_context(_child(command, environment, log))

        web = start("web.log", "serve", "--no-worker", "--port", "0")
        address = _said(web, folder / "web.log", r"http://127\.0\.0\.1:\d+")
        rest = [start(f"worker-{n}.log", "worker") for n in range(workers)]
        for number, worker in enumerate(rest):
            _said(worker, folder / f"worker-{number}.log", '"working"')
        running = Running(address=address, process=web, ready_s=0.0)
        yield Cluster(web=running, workers=rest, database=database, redis=redis)


def many_files() -> None:
    """Let this process and its children hold many sockets."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@contextmanager
def _child(
    command: Sequence[str], environment: Mapping[str, str], log: Any
) -> Generator["subprocess.Popen[str]"]:
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, text=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _said(process: "subprocess.Popen[str]", log: Path, what: str) -> str:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(what, log.read_text()):
            return found.group()
        time.sleep(0.05)
    raise RuntimeError(f"it did not start: {log.read_text()}")


class Audience:
    """The process with the viewers."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def tell(self, do: str, **words: Any) -> dict[str, Any]:
        """Have it done; what it says then."""
        asking, answering = self._process.stdin, self._process.stdout
        assert asking is not None
        assert answering is not None
        asking.write(json.dumps({"do": do, **words}).encode() + b"\n")
        line = await answering.readline()
        if not line:
            raise RuntimeError("the viewers' process ended")
        return json.loads(line)


@asynccontextmanager
async def audience(address: str) -> AsyncGenerator[Audience]:
    """An empty house of viewers until the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.scale.stalls", address, cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Audience(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@asynccontextmanager
async def store_at(url: str, **options: Any) -> AsyncGenerator[Store]:
    async with Store.open(url, ids=TimeOrderedIds(), **options) as store:
        yield store


def silent(web: Running, count: int) -> list[str]:
    """Conversations in which nobody says anything: there is no worker."""
    made = (web.call("POST", "/conversations", {"topic": f"Silence {n}?"}) for n in range(count))
    return [each["id"] for each in made]
