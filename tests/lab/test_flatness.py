"""Long conversations cost no more than short ones; `benchmarks/flatness.py` plays 2,000 turns."""

from statistics import mean

import pytest
from benchmarks.flatness import Long, talk

TURNS = 360


@pytest.fixture(scope="module")
def long() -> Long:
    return talk(TURNS)


def test_prompts_stop_growing(long: Long) -> None:
    early, late = long.prompts[100:200], long.prompts[-100:]
    assert 0.8 <= mean(late) / mean(early) <= 1.2


def test_the_state_stops_growing_once_it_is_full(long: Long) -> None:
    # Weighed at every tenth turn; it keeps 240 lines.
    full, late = long.weights[25:30], long.weights[-6:]
    assert 0.9 <= mean(late) / mean(full) <= 1.1


def test_most_of_a_prompt_stands_where_the_call_before_had_it(long: Long) -> None:
    assert long.calls.stable >= 0.85
    assert "what was there changed" not in long.calls.fresh
