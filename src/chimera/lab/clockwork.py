"""Virtual time: a loop that leaps to its next timer, and what of a house must live inside it.

The database runs in the loop instead of in its threads, so that nothing but the loop decides what
time it is, and an hour of talk takes as long as its arithmetic.
"""

import asyncio
import selectors
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

import orjson
from sqlalchemy import Connection, StaticPool, create_engine, event

from chimera.core.generation import Chunk, GenerationRequest, Health, Model, Provider
from chimera.store.tables import metadata
from chimera.store.units import Backend, Result, Unit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class LoopClock:
    """Implements `core.ids.Clock` with the loop's time, so that virtual time moves both clocks."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Of the loop that runs when it is asked, or of one that threads may ask for too."""
        self._loop = loop

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (self._loop or asyncio.get_running_loop()).time()


class CountedIds:
    """Ids that depend on nothing but how many were made: one seed, the same log to the byte."""

    def __init__(self) -> None:
        self._made = 0

    def new(self, prefix: str) -> str:
        self._made += 1
        return f"{prefix}_{self._made:012d}"


class _Leaping(selectors.BaseSelector):
    """Waits for files as the best selector does, and for timers not at all."""

    def __init__(self, leap: Callable[[float], bool]) -> None:
        self._files = selectors.DefaultSelector()
        #: Moves the time; false where it has to pass by itself.
        self._leap = leap

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._files.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._files.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._files.modify(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._files.select(0)
        if ready or timeout == 0:
            return ready
        if timeout is not None and self._leap(timeout):
            return []
        return self._files.select(timeout)

    def close(self) -> None:
        self._files.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._files.get_map()


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time leaps to the next timer, except while something real is waited for."""

    def __init__(self) -> None:
        self._virtual = 0.0
        self._outside = self._frozen = 0
        self._since = 0.0
        super().__init__(_Leaping(self._leap))

    def time(self) -> float:
        passed = monotonic() - self._since if self._outside else 0.0
        return self._virtual + passed

    @contextmanager
    def outside(self) -> Generator[None]:
        """Time passes as it does in the world: a real model is asked."""
        if not self._outside:
            self._since = monotonic()
        self._outside += 1
        try:
            yield
        finally:
            if self._outside == 1:
                self._virtual = self.time()
            self._outside -= 1

    @contextmanager
    def frozen(self) -> Generator[None]:
        """Time stands still: what is waited for is quick, and no part of the play."""
        self._frozen += 1
        try:
            yield
        finally:
            self._frozen -= 1

    def _leap(self, seconds: float) -> bool:
        if self._frozen or self._outside:
            return False
        self._virtual += seconds
        return True


class Outside:
    """Implements `Provider`: a real one, during whose calls time passes as it does outside."""

    def __init__(self, provider: Provider, loop: VirtualLoop) -> None:
        self.name = provider.name
        self._provider = provider
        self._loop = loop

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        with self._loop.outside():
            async with aclosing(self._provider.stream(request)) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def models(self) -> Sequence[Model]:
        with self._loop.outside():
            return await self._provider.models()

    async def check(self) -> Health:
        with self._loop.outside():
            return await self._provider.check()

    async def close(self) -> None:
        with self._loop.outside():
            await self._provider.close()


class Frozen:
    """Implements `store.units.Backend`: a real database, during whose calls time stands still."""

    def __init__(self, backend: Backend, loop: VirtualLoop) -> None:
        self._backend = backend
        self._loop = loop

    async def write(self, unit: Unit[Result]) -> Result:
        with self._loop.frozen():
            return await self._backend.write(unit)

    async def read(self, unit: Unit[Result]) -> Result:
        with self._loop.frozen():
            return await self._backend.read(unit)

    async def close(self) -> None:
        with self._loop.frozen():
            await self._backend.close()


class InlineBackend:
    """Implements `store.units.Backend` in the memory of this process, without a thread."""

    def __init__(self) -> None:
        self._engine = create_engine(
            "sqlite://",
            poolclass=StaticPool,
            json_serializer=_dumps,
            json_deserializer=orjson.loads,
        )
        event.listen(self._engine, "connect", _by_hand)
        event.listen(self._engine, "begin", _begin)
        with self._engine.begin() as connection:
            metadata.create_all(connection)

    async def write(self, unit: Unit[Result]) -> Result:
        await asyncio.sleep(0)
        with self._engine.begin() as connection:
            return unit(connection)

    async def read(self, unit: Unit[Result]) -> Result:
        return await self.write(unit)

    async def close(self) -> None:
        self._engine.dispose()


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def _by_hand(connection: Any, _record: Any) -> None:
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


class LoopAlarm:
    """Implements `core.ports.Alarm` with the loop's timers, one task for each ring."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self.running: dict[str, list[asyncio.Task[None]]] = {}
        self.turn: Callable[[str], Coroutine[Any, Any, datetime | None]] | None = None

    async def ring(self, key: str, at: datetime) -> None:
        self._stop(key)
        loop = asyncio.get_running_loop()
        delay = max(0.0, (at - LoopClock().now()).total_seconds())
        self._timers[key] = loop.call_later(delay, self._start, key)

    async def add(self, key: str, at: datetime) -> None:
        if key not in self._timers and not self.running.get(key):
            await self.ring(key, at)

    async def cancel(self, key: str) -> None:
        self._stop(key)
        for task in self.running.pop(key, []):
            task.cancel()

    def errand(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside the turns."""
        self._group.create_task(work)

    def kill(self, key: str) -> None:
        """End the run under way as a crash would: nothing of it is heard again."""
        self._stop(key)
        for task in self.running.pop(key, []):
            task.cancel()

    def close(self) -> None:
        for key in [*self._timers, *self.running]:
            self.kill(key)

    def _stop(self, key: str) -> None:
        timer = self._timers.pop(key, None)
        if timer:
            timer.cancel()

    def _start(self, key: str) -> None:
        self._timers.pop(key, None)
        task = self._group.create_task(self._run(key))
        self.running.setdefault(key, []).append(task)
        task.add_done_callback(partial(self._over, key))

    def _over(self, key: str, task: "asyncio.Task[None]") -> None:
        if task in self.running.get(key, []):
            self.running[key].remove(task)

    async def _run(self, key: str) -> None:
        if self.turn is None:
            raise AssertionError("nobody takes turns")
        due = await self.turn(key)
        # A newer ring wins over the loser's own idea of when to come back.
        if due is not None and key not in self._timers:
            await self.ring(key, due)
