"""The alarm clock that all processes share: it rings early, late, twice, never, and side by side.

It outlives every process, as Redis does, and keeps a lease on each run: what a process does not
renew is given to another, also when the first only slept.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chimera.lab.clockwork import LoopClock
from simulation.plan import Plan
from simulation.ports import Life

LEASE_S = 2.0
SWEEP_S = 0.5


class Runner(Protocol):
    """A process that may be given a run."""

    name: str

    @property
    def renews(self) -> bool:
        """Whether it is alive and awake."""
        ...

    def begin(self, key: str) -> "asyncio.Task[datetime | None]": ...


@dataclass(slots=True, eq=False)
class Run:
    """One run, and until when its process holds it."""

    key: str
    runner: Runner
    task: "asyncio.Task[datetime | None]"
    held_until: float


class Bell:
    """Rings for turns."""

    def __init__(self, plan: Plan, runners: Sequence[Runner]) -> None:
        """`runners`: a list that changes as processes die and start."""
        self._plan = plan
        self._runners = runners
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._runs: list[Run] = []

    def ring(self, key: str, at: datetime) -> None:
        """Ring at that time, instead of whatever was set before; a run under way is not stopped."""
        self._unset(key)
        delay = max(0.0, (at - LoopClock().now()).total_seconds())
        match self._plan.ringing(key):
            case "never":
                return
            case "early":
                delay *= self._plan.draw(key, "early")
            case "late":
                delay += self._plan.between(0, 20, "late", key)
            case "twice":
                again = delay + self._plan.between(0, 3, "twice", key)
                asyncio.get_running_loop().call_later(again, self._begin, key)
            case "well":
                pass
        self._timers[key] = asyncio.get_running_loop().call_later(delay, self._rung, key)

    def add(self, key: str, at: datetime) -> None:
        if key not in self._timers and not any(run.key == key for run in self._runs):
            self.ring(key, at)

    def cancel(self, key: str) -> None:
        self._unset(key)
        for run in self._of(key):
            run.task.cancel()

    def forget(self) -> None:
        """All is wiped: what was set, and who runs what."""
        for key in tuple(self._timers):
            self._unset(key)
        self._runs.clear()

    async def sweep(self) -> None:
        """Renew the leases, and give away what nobody renews. Until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_S)
            now = asyncio.get_running_loop().time()
            for run in tuple(self._runs):
                if run.runner.renews:
                    run.held_until = now + LEASE_S
                elif run.held_until < now and run in self._runs:
                    self._runs.remove(run)
                    self._begin(run.key)

    def _of(self, key: str) -> list[Run]:
        return [run for run in self._runs if run.key == key]

    def _unset(self, key: str) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    def _rung(self, key: str) -> None:
        self._timers.pop(key, None)
        self._begin(key)

    def _begin(self, key: str) -> None:
        able = [each for each in self._runners if each.renews]
        if not able:
            # Nobody takes it: it waits in the queue.
            asyncio.get_running_loop().call_later(SWEEP_S, self._begin, key)
            return
        runner = self._plan.one_of("runner", able, key)
        task = runner.begin(key)
        run = Run(key, runner, task, asyncio.get_running_loop().time() + LEASE_S)
        self._runs.append(run)
        task.add_done_callback(lambda _: self._over(run))

    def _over(self, run: Run) -> None:
        if run not in self._runs or (run.task.cancelled() and not run.runner.renews):
            # It was given to another, or is about to be.
            return
        self._runs.remove(run)
        due = None if run.task.cancelled() else run.task.result()
        # A newer alarm wins over the loser's own idea of when to come back.
        if due is not None and run.key not in self._timers:
            self.ring(run.key, due)


class FaultyAlarm:
    """Implements `Alarm` for one process: where the bell cannot be reached, nobody is told."""

    def __init__(self, bell: Bell, life: Life) -> None:
        self._bell = bell
        self._life = life

    async def ring(self, key: str, at: datetime) -> None:
        await self._life.passing("alarm.ring")
        self._bell.ring(key, at)

    async def add(self, key: str, at: datetime) -> None:
        await self._life.passing("alarm.add")
        self._bell.add(key, at)

    async def cancel(self, key: str) -> None:
        await self._life.passing("alarm.cancel")
        self._bell.cancel(key)
