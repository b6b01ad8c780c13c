"""Virtual time: it leaps to timers, stands still for databases, and passes for real models."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from chimera.lab.clockwork import VirtualLoop


def loop() -> VirtualLoop:
    found = asyncio.get_running_loop()
    assert isinstance(found, VirtualLoop)
    return found


def virtually(work: Callable[[], Coroutine[Any, Any, float]]) -> float:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work())


def test_a_day_passes_at_once_and_to_the_second() -> None:
    async def day() -> float:
        await asyncio.gather(*(asyncio.sleep(hours * 3600) for hours in range(25)))
        return loop().time()

    began = time.monotonic()
    assert virtually(day) == 24 * 3600
    assert time.monotonic() - began < 60


def test_timers_ring_in_their_order() -> None:
    rung: list[int] = []

    async def ringing(seconds: int) -> None:
        await asyncio.sleep(seconds)
        rung.append(seconds)

    async def work() -> float:
        await asyncio.gather(*map(ringing, (30, 10, 20)))
        return 0.0

    virtually(work)
    assert rung == [10, 20, 30]


def test_time_stands_still_while_something_quick_is_waited_for() -> None:
    async def work() -> float:
        asyncio.get_running_loop().call_later(0.001, lambda: None)
        with loop().frozen():
            await asyncio.to_thread(time.sleep, 0.02)
        return loop().time()

    assert virtually(work) == 0.0


def test_time_passes_as_it_does_outside_while_a_real_model_is_asked() -> None:
    async def work() -> float:
        rung: list[bool] = []
        asyncio.get_running_loop().call_later(3600, rung.append, True)
        with loop().outside():
            await asyncio.to_thread(time.sleep, 0.02)
        passed = loop().time()
        assert not rung
        await asyncio.sleep(3601)
        assert rung
        return passed

    assert 0.02 <= virtually(work) < 60
