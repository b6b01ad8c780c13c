"""The ports of a simulated process, each with its faults; what they share outlives the process."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from chimera.core import events as ev
from chimera.core.errors import ProviderDown, StoreBusy
from chimera.core.generation import (
    Chunk,
    Finish,
    GenerationRequest,
    Health,
    Model,
    Text,
    Usage,
    UsageReport,
)
from chimera.core.sequence import Draft
from chimera.engine.journal import Claim, Journal, Judge
from chimera.lab.clockwork import InlineBackend
from chimera.realtime.hub import MemoryHub, RingChannel
from chimera.store.units import Result, Unit
from simulation.oracle import Oracle, Violation
from simulation.plan import Plan

#: The generation of the run that writes, if a run does.
WRITING = ContextVar[int | None]("writing", default=None)
#: Dollars for a token, read and written.
READ, WRITTEN = 1e-6, 1e-5
THINGS = (
    "tram", "garden", "bridge", "kettle", "letter", "lamp", "boat", "clock", "river", "stair",
    "market", "window", "pigeon", "statue", "bench", "tower", "puddle", "engine", "cellar", "gate",
    "ladder", "orchard", "harbour", "violin", "mirror", "lantern", "meadow", "chimney", "anchor",
)  # fmt: skip
DEEDS = (
    "rings", "grows", "hums", "sings", "wanders", "flickers", "drifts", "argues", "forgets",
    "climbs", "shouts", "listens", "votes", "yawns", "waits", "leans", "coughs", "doubts", "bends",
)  # fmt: skip


class Life(Protocol):
    """The process that a port belongs to."""

    name: str

    async def passing(self, port: str, error: Callable[[], Exception] | None = None) -> None:
        """An await of that port: whatever the plan has for it happens here."""
        ...


class Disk(InlineBackend):
    """The one database, which every process reaches and the oracle reads."""

    def __init__(self, oracle: Oracle) -> None:
        super().__init__()
        self._oracle = oracle
        self.broken = asyncio.get_running_loop().create_future()

    async def commit(self, unit: Unit[Result], generation: int | None) -> Result:
        """Do the unit, and have the oracle look before anybody else runs."""
        result = await self.write(unit)
        self.look(lambda database: self._oracle.look(database, generation))
        return result

    def look(self, how: Callable[[Any], None]) -> None:
        """Let the oracle read; the first broken promise ends the simulation."""
        connection = self._engine.raw_connection()
        try:
            how(connection.driver_connection)
        except Violation as violation:
            if not self.broken.done():
                self.broken.set_exception(violation)
        finally:
            connection.close()


class FaultyDisk:
    """Implements `store.units.Backend` for one process."""

    def __init__(self, disk: Disk, life: Life) -> None:
        self._disk = disk
        self._life = life

    async def write(self, unit: Unit[Result]) -> Result:
        generation = WRITING.get()
        await self._life.passing("store.write", _away)
        result = await self._disk.commit(unit, generation)
        # The line may break after the commit: then nobody knows whether it has happened.
        await self._life.passing("store.written", _away)
        return result

    async def read(self, unit: Unit[Result]) -> Result:
        await self._life.passing("store.read", _away)
        result = await self._disk.read(unit)
        await self._life.passing("store.were_read")
        return result

    async def snapshot(self, unit: Unit[Result]) -> Result:
        return await self.read(unit)

    async def close(self) -> None:
        """The disk is everybody's."""


def _away() -> Exception:
    return StoreBusy("The database cannot be reached. Try again in a moment.")


class KnownJournal(Journal):
    """Tells the oracle for which run it writes."""

    async def append_turn(
        self,
        claim: Claim,
        events: Sequence[ev.NewEvent],
        *,
        open_turn: str | None,
        deadline: int | None,
        due: int | None,
        judge: Judge,
    ) -> Claim:
        token = WRITING.set(claim.generation)
        try:
            return await super().append_turn(
                claim, events, open_turn=open_turn, deadline=deadline, due=due, judge=judge
            )
        finally:
            WRITING.reset(token)


class Wires:
    """Carries frames from process to process: late, twice, out of order, or not at all."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._hubs: dict[str, MemoryHub] = {}

    def join(self, name: str, hub: MemoryHub) -> None:
        self._hubs[name] = hub

    def leave(self, name: str) -> None:
        del self._hubs[name]

    def carry(self, sender: str, publish: Callable[[MemoryHub], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        for name in self._hubs:
            link = f"{sender}>{name}"
            for _ in range(1 + self._plan.repeats(link)):
                if self._plan.loses(link):
                    continue
                delay = 0.002 if self._plan.calm else self._plan.between(0, 0.05, "wire", link)
                loop.call_later(delay, self._arrive, name, publish)

    def _arrive(self, name: str, publish: Callable[[MemoryHub], Awaitable[None]]) -> None:
        hub = self._hubs.get(name)
        if hub is not None:
            # The hub of one process does all in one step and awaits nothing.
            try:
                publish(hub).__await__().__next__()
            except StopIteration:
                return


class FaultyHub:
    """Implements `Hub` for one process; what it publishes reaches all by the wires."""

    degraded_since = None

    def __init__(self, wires: Wires, life: Life) -> None:
        self._wires = wires
        self._life = life
        self._own = MemoryHub()
        wires.join(life.name, self._own)

    async def publish(
        self,
        conversation_id: str,
        frames: Sequence[bytes],
        *,
        seq: int | None = None,
        generation: int | None = None,
        draft: Draft | None = None,
        keep_draft: bool = True,
    ) -> None:
        await self._life.passing("hub.publish", lambda: ConnectionError("the hub is away"))

        async def publish(hub: MemoryHub) -> None:
            await hub.publish(
                conversation_id, frames, seq=seq, generation=generation, draft=draft,
                keep_draft=keep_draft,
            )  # fmt: skip

        self._wires.carry(self._life.name, publish)

    @asynccontextmanager
    async def watch(
        self, conversation_id: str, *, viewer: bool = False
    ) -> AsyncGenerator[RingChannel]:
        await self._life.passing("hub.watch")
        async with self._own.watch(conversation_id, viewer=viewer) as channel:
            yield channel


class Mind:
    """Implements `Provider`: a service that bills what it says, also to whoever does not listen."""

    name = "mind"

    def __init__(self, plan: Plan, life: Life, oracle: Oracle) -> None:
        self._plan = plan
        self._life = life
        self._oracle = oracle

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        name, plan = self._life.name, self._plan
        goes = plan.speaking(name)
        await self._life.passing("provider.call")
        await asyncio.sleep(plan.between(0.2, 2.0, "first", name))
        if goes == "down":
            raise ProviderDown("the service does not answer")
        read = request.characters // 6
        self._oracle.billed += READ * read
        words = self._words()
        for place, word in enumerate(words, 1):
            await self._life.passing("provider.chunk")
            await asyncio.sleep(0.03)
            self._oracle.billed += WRITTEN
            yield Text(word)
            if goes == "broken" and place == len(words) // 2:
                raise ProviderDown("the line broke")
            if goes == "silent" and place == len(words) // 2:
                await asyncio.sleep(90)
        yield UsageReport(Usage(input_tokens=read, output_tokens=len(words)))
        yield Finish(reason="stop")

    def _words(self) -> list[str]:
        said: list[str] = []
        for _ in range(1 + int(self._plan.draw(self._life.name, "length") * 3)):
            one, other, last = (self._of(THINGS) for _ in range(3))
            said += [f"Every {one} {self._of(DEEDS)} ", f"while the {other} ",
                     f"{self._of(DEEDS)} ", f"beside a {last}. "]  # fmt: skip
        return said

    def _of(self, words: Sequence[str]) -> str:
        return self._plan.one_of("word", words, self._life.name)

    async def models(self) -> Sequence[Model]:
        return ()

    async def check(self) -> Health:
        return Health(ok=True)

    async def close(self) -> None:
        """Nothing is open."""


def price(_provider: str, _model: str, usage: Usage, _at: object) -> float:
    return READ * usage.input_tokens + WRITTEN * usage.output_tokens
