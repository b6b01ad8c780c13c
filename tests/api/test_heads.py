"""How far logs go is read once for all who ask within a moment, and again after it."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from chimera.api.deps import Heads


class Logs:
    """Logs that grow, and what was asked of them."""

    def __init__(self, **heads: int) -> None:
        self.heads = heads
        self.asked: list[list[str]] = []

    async def read(self, asked: Sequence[str]) -> Mapping[str, int]:
        self.asked.append(list(asked))
        return {each: self.heads[each] for each in asked if each in self.heads}


@pytest.mark.looptime
async def test_many_who_ask_at_once_cost_one_read() -> None:
    heads, logs = Heads(), Logs(a=3, b=7)
    for _ in range(100):
        assert await heads.of(["a"], fresh_s=1, read=logs.read) == {"a": 3}
    assert await heads.of(["a", "b"], fresh_s=1, read=logs.read) == {"a": 3, "b": 7}
    assert logs.asked == [["a"], ["b"]]
    logs.heads["a"] = 4
    await asyncio.sleep(1.5)
    assert await heads.of(["a"], fresh_s=1, read=logs.read) == {"a": 4}


async def test_a_log_that_is_not_there_is_told_as_missing() -> None:
    heads, logs = Heads(), Logs(a=1)
    for _ in range(2):
        assert await heads.of(["a", "gone"], fresh_s=1, read=logs.read) == {"a": 1}
    assert logs.asked == [["a", "gone"]]


async def test_forgetting_others_loses_nothing_that_was_asked() -> None:
    heads, logs = Heads(kept=2), Logs(a=1, b=2, c=3)
    await heads.of(["a", "b"], fresh_s=9, read=logs.read)
    assert await heads.of(["a", "b", "c"], fresh_s=9, read=logs.read) == {"a": 1, "b": 2, "c": 3}
