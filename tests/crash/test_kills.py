"""Workers and web processes killed at random moments under load: the short form of `make soak`."""

import random
from pathlib import Path

import pytest
from killing import kill_at_random

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

KILLS = 6


async def test_a_kill_costs_a_moment_and_nothing_else(
    tmp_path: Path, postgres_database: str, redis_url: str
) -> None:
    seed = random.randrange(2**31)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when this fails
    figures = await kill_at_random(
        tmp_path, database=postgres_database, redis=redis_url, kills=KILLS, seed=seed
    )
    print(figures)  # noqa: T201 - pytest shows it when this fails
    assert figures.silences
    assert figures.kept
