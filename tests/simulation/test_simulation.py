"""Two hundred seeds of trouble, each with its own; whatever goes wrong, every promise is kept."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from simulation.mutants import MUTANTS
from simulation.oracle import Violation
from simulation.world import simulate

#: Give one to play nothing but it: `CHIMERA_SEED=17 pytest tests/simulation`.
SEED = os.environ.get("CHIMERA_SEED")
SEEDS, AT_ONCE = 200, 10


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_every_promise_is_kept_whatever_goes_wrong(first: int) -> None:
    if SEED is None:
        for seed in range(first, first + AT_ONCE):
            simulate(seed)
    elif first == 0:
        print("\n".join(simulate(int(SEED)).story))  # noqa: T201 - asked for


def test_the_trouble_is_real() -> None:
    """Processes die, lines are broken off, and errors that nobody foresaw are told as such."""
    played = [simulate(seed) for seed in range(6)]
    assert sum(each.deaths for each in played) > 3
    failed = sum((each.failed for each in played), Counter[str]())
    assert failed["interrupted"] > 2
    assert failed["internal"]
    assert all(each.lines >= 2 for each in played)


@pytest.mark.parametrize("broken", MUTANTS)
def test_whatever_is_broken_is_found(broken: str) -> None:
    def some_seed_finds_it() -> None:
        for seed in range(SEEDS):
            simulate(seed, MUTANTS[broken]())

    with pytest.raises(Violation, match=r"CHIMERA_SEED=\d+ commit="):
        some_seed_finds_it()


def test_a_seed_says_the_same_each_time() -> None:
    """In another process too, where sets and hashes lie in another order."""
    program = "from simulation.world import simulate; print('\\n'.join(simulate(4).story))"
    place = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    told = [
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env=os.environ | {"PYTHONHASHSEED": order, "PYTHONPATH": place},
        ).stdout
        for order in ("1", "2")
    ]  # fmt: skip
    assert told[0] == told[1]
    assert "dies" in told[0]
