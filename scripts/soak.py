"""Look for trouble for as long as you like: thousands of seeds, long tests, hundreds of kills.

SEEDS, MINUTES (of the seeds) and KILLS say how much; 0 leaves a part out. The first seed that fails
ends it, with the line that plays it again.
"""

import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count, islice
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLACES = ("tests", "tests/crash", "tests/contracts")
sys.path[:0] = [str(ROOT / each) for each in PLACES]

from killing import Figures, kill_at_random  # noqa: E402 - of the tests, found by the line above

from chimera.core import content  # noqa: E402 - the same
from chimera.store.database import migrate  # noqa: E402 - the same
from servers import postgres_server, redis_server  # noqa: E402 - the same
from simulation.world import Played, simulate  # noqa: E402 - the same

#: Seeds that a process plays before it says how it went.
AT_ONCE = 20
TESTED = 200


def asked(name: str, default: float) -> float:
    return float(os.environ.get(name) or default)


def some(first: int) -> list[Played]:
    return [simulate(seed) for seed in range(first, first + AT_ONCE)]


def simulations(seeds: int, minutes: float) -> None:
    """Seeds that no test plays, until so many are played or the time is over."""
    ends, begun, played = time.monotonic() + 60 * minutes, time.monotonic(), 0
    batches: Iterator[int] = (TESTED + AT_ONCE * each for each in count())
    content.load()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        while played < seeds and time.monotonic() < ends:
            for done in pool.map(some, list(islice(batches, 2 * (os.cpu_count() or 1)))):
                played += len(done)
            rate = played / (time.monotonic() - begun)
            print(f"{played} seeds, {rate:.1f} a second", flush=True)


@contextmanager
def servers() -> Generator[tuple[str, str]]:
    """A database and a Redis of our own."""
    with postgres_server() as url, redis_server() as redis:
        database = url.rpartition("/")[0] + "/postgres"
        asyncio.run(migrate(database))
        yield database, redis


def kill(kills: int) -> Figures:
    seed = random.randrange(2**31)
    print(f"{kills} kills, seed {seed}, load {os.getloadavg()[0]:.1f}", flush=True)
    with servers() as (database, redis), tempfile.TemporaryDirectory() as folder:
        return asyncio.run(
            kill_at_random(
                Path(folder),
                database=database,
                redis=redis,
                kills=kills,
                seed=seed,
                tell=partial(print, flush=True),
            )
        )


def long_tests() -> int:
    """What `make test` has no time for."""
    command = (sys.executable, "-m", "pytest", "-q", "-n", "0", "-m", "long", "tests")
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def main() -> int:
    seeds, minutes, kills = asked("SEEDS", 10_000), asked("MINUTES", 60), asked("KILLS", 200)
    if seeds and minutes:
        simulations(int(seeds), minutes)
    if failed := long_tests():
        return failed
    if not kills:
        return 0
    figures = kill(int(kills))
    print(figures)
    verdict = "kept" if figures.kept else "the silence was too long"
    print(f"load {os.getloadavg()[0]:.1f}; {verdict}")
    return 0 if figures.kept else 1


if __name__ == "__main__":
    sys.exit(main())
