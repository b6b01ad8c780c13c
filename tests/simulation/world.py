"""A whole simulation: two processes, one database, people; trouble, healing, and talk again."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import orjson
from structlog.testing import capture_logs

from chimera.core import events as ev
from chimera.core.conversation import Pace, Participant
from chimera.core.errors import ChimeraError
from chimera.core.ids import from_millis
from chimera.lab.clockwork import LoopClock, VirtualLoop
from simulation.bell import Bell
from simulation.oracle import Oracle, Violation
from simulation.people import Person, Viewer
from simulation.plan import Plan
from simulation.ports import Disk, Wires
from simulation.process import Making, Process, Street, Work, house

#: Virtual seconds of trouble, and within how many all speak again once it is over: a run that
#: counts as awake 75 s, as stuck after 30 s more, a pass every 30 s, two minutes of backing off.
TROUBLE_S, PROMISED_S = 30.0, 300.0
#: The last of the trouble finds the people silent: nobody's post wakes what is asleep for ever.
SILENT_S = 8.0
CONVERSATIONS, LINES = 2, 1
RECONCILE_S = 30.0
CAST = ("philosopher", "comedian", "scientist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What one seed brought."""

    seed: int
    steps: int
    lines: int
    #: By their code.
    failed: Counter[str]
    deaths: int
    #: Virtual seconds from the healing until everybody had spoken again.
    healed_s: float
    #: What happened, in order.
    story: Sequence[str] = field(repr=False)


def simulate(seed: int, making: Making | None = None) -> Played:
    """Play one seed. Raises Violation with the seed in its words."""
    try:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner, capture_logs():
            return runner.run(World(seed, making or Making()).play())
    except Violation as violation:
        raise Violation(f"{violation}\nCHIMERA_SEED={seed} commit={_commit()}") from None


class World:
    """Everything of one seed."""

    def __init__(self, seed: int, making: Making) -> None:
        self._plan, self._oracle = Plan(seed), Oracle()
        self._making = making
        self._processes: list[Process] = []
        self._born = 0
        self._deaths = 0
        self._over = False
        #: The deaths that will be followed by a start, and what goes on beside the processes.
        self._births: list[asyncio.TimerHandle] = []
        self._beside: list[asyncio.Task[None]] = []
        self._story: list[str] = []

    async def play(self) -> Played:
        disk = Disk(self._oracle)
        try:
            async with asyncio.TaskGroup() as group:
                self._open(disk, group)
                try:
                    healed_s = await self._acts(group, disk)
                finally:
                    self._close()
            disk.look(self._oracle.reread)
            _raise(disk)
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            await disk.close()
        events = [each for log in self._oracle.logs.values() for each in log.events]
        failed = [orjson.loads(body) for _, kind, body in events if kind == ev.TurnFailed.type]
        return Played(
            seed=self._plan.seed, steps=self._oracle.steps, deaths=self._deaths,
            lines=sum(log.lines for log in self._oracle.logs.values()),
            failed=Counter(each["code"] for each in failed),
            healed_s=healed_s, story=self._story,
        )  # fmt: skip

    def _open(self, disk: Disk, group: asyncio.TaskGroup) -> None:
        self._disk, self._group = disk, group
        self._street = Street(
            plan=self._plan, oracle=self._oracle, disk=disk, wires=Wires(self._plan),
            bell=Bell(self._plan, self._processes), group=group, making=self._making,
            tell=self._tell,
        )  # fmt: skip
        for _ in range(2):
            self._start()

    def _close(self) -> None:
        self._over = True
        for timer in self._births:
            timer.cancel()
        for process in tuple(self._processes):
            process.kill()
        for task in self._beside:
            task.cancel()

    async def _acts(self, group: asyncio.TaskGroup, disk: Disk) -> float:
        keys = [await self._begin(number) for number in range(CONVERSATIONS)]
        self._viewers = [
            Viewer(f"viewer {place}.{number}", key, self._report)
            for place, key in enumerate(keys)
            for number in range(2)
        ]
        people = [Person(name, self._plan, self._oracle) for name in ("Anna", "Ben")]
        beside: list[Work] = [self._street.bell.sweep(), self._reconcile(), self._wipe()]
        beside += [self._watching(each) for each in self._viewers]
        beside += [self._acting(each, keys) for each in people]
        self._plan.calm = False
        self._beside += [group.create_task(each) for each in beside]
        await self._unless_broken(asyncio.sleep(TROUBLE_S))
        self._tell("healed")
        self._plan.calm = True
        begun = asyncio.get_running_loop().time()
        await self._unless_broken(self._speaks_again(people[0], keys))
        for viewer in self._viewers:
            viewer.compare(self._oracle)
        return asyncio.get_running_loop().time() - begun

    # --- processes -----------------------------------------------------------------------------

    def _start(self) -> None:
        self._born += 1
        process = Process(f"process {self._born}", self._street, on_death=self._died)
        self._processes.append(process)
        self._tell(f"{process.name} starts")
        process.do(self._pass(process))

    def _died(self, process: Process) -> None:
        self._processes.remove(process)
        if self._over:
            return
        self._deaths += 1
        self._tell(f"{process.name} dies")
        delay = self._plan.between(1, 10, "away", process.name)
        self._births.append(asyncio.get_running_loop().call_later(delay, self._start))

    async def _pass(self, process: Process) -> None:
        """One pass of the reconciler; one that fails is made again at its time."""
        if not self._making.reconciles:
            return
        try:
            await process.reconciler.run()
        except ChimeraError as error:
            self._tell(f"{process.name} could not reconcile: {error.code}")

    async def _reconcile(self) -> None:
        while True:
            await asyncio.sleep(RECONCILE_S)
            able = [each for each in self._processes if each.renews]
            if able:
                process = self._plan.one_of("reconciler", able)
                process.do(self._pass(process))

    async def _wipe(self) -> None:
        """Half of the bells forget everything, once."""
        await asyncio.sleep(self._plan.between(0, 2 * TROUBLE_S, "wipe"))
        if not self._plan.calm:
            self._tell("the bell forgets")
            self._street.bell.forget()

    # --- people --------------------------------------------------------------------------------

    async def _watching(self, viewer: Viewer) -> None:
        while True:
            process = await self._one(viewer.name)
            await asyncio.wait([process.do(viewer.watch(process))])
            await asyncio.sleep(self._plan.between(0.1, 2, "away", viewer.name))

    async def _acting(self, person: Person, keys: Sequence[str]) -> None:
        clock = LoopClock()
        silent_at = clock.monotonic() + TROUBLE_S - SILENT_S
        while clock.monotonic() < silent_at:
            await asyncio.sleep(self._plan.between(1, 8, "idle", person.name))
            process = await self._one(person.name)
            await asyncio.wait([process.do(person.act(process, keys))])

    async def _one(self, who: str) -> Process:
        """A process to come through."""
        while not self._processes:  # noqa: ASYNC110 - they start by a timer
            await asyncio.sleep(0.5)
        return self._plan.one_of("door", self._processes, who)

    # --- the play ------------------------------------------------------------------------------

    async def _begin(self, number: int) -> str:
        """A conversation, begun before the trouble; its id."""
        process, key = self._processes[0], f"cnv_{number}"
        cards = {each.slug: each for each in house()[0]}
        cast = tuple(
            Participant(
                id=f"par_{slug}", persona_id=cards[slug].id, slug=slug, name=cards[slug].name,
                short=cards[slug].short, color=cards[slug].color, mask=cards[slug].mask,
                provider="mind", model="m1", character=cards[slug].character,
            )
            for slug in CAST
        )  # fmt: skip
        bodies = [
            ev.ConversationCreated(
                title="A talk", topic="Should cities ban cars?", participants=cast,
                pace=Pace(speed=(2.0, 4.0)[number % 2]), seed=self._plan.seed,
            ),
            ev.ConversationStarted(),
        ]  # fmt: skip
        news = [ev.NewEvent(body=body, actor=ev.HOST) for body in bodies]
        unit = partial(process.journal.create, conversation_id=key, events=news, wake_at=0)
        done = await process.store.work(ev.HOST, unit)
        await process.alarm.ring(key, from_millis(done.next_turn_at or 0))
        return key

    async def _speaks_again(self, person: Person, keys: Sequence[str]) -> None:
        """Return when every conversation has had more lines, all viewers being told of them."""
        logs = {key: self._oracle.logs[key] for key in keys}
        wanted = {key: log.lines + LINES for key, log in logs.items()}
        try:
            async with asyncio.timeout(PROMISED_S):
                while any(log.lines < wanted[key] for key, log in logs.items()):
                    await asyncio.sleep(1)
                    for key, log in logs.items():
                        if log.status == "paused" and log.seq:
                            await self._resume(person, key)
                while any(self._behind(each) for each in self._viewers):  # noqa: ASYNC110 - no event tells
                    await asyncio.sleep(0.05)
        except TimeoutError:
            told = {key: (log.status, log.lines, wanted[key]) for key, log in logs.items()}
            heard = [(each.name, len(each.events)) for each in self._viewers]
            why = f"no talk within {PROMISED_S:g} s of healing: {told}, {heard}"
            raise Violation(why) from None

    def _behind(self, viewer: Viewer) -> bool:
        return len(viewer.events) < self._oracle.logs[viewer.conversation_id].seq

    async def _resume(self, person: Person, key: str) -> None:
        try:
            process = await self._one("resuming")
            await person.resume(process, key)
        except ChimeraError:
            return

    # --- what is found -------------------------------------------------------------------------

    async def _unless_broken(self, work: Work) -> None:
        """Do it, unless a promise is broken meanwhile. Raises Violation."""
        task = self._group.create_task(work)
        await asyncio.wait({task, self._disk.broken}, return_when=asyncio.FIRST_COMPLETED)
        if self._disk.broken.done():
            task.cancel()
        _raise(self._disk)
        await task

    def _report(self, violation: Violation) -> None:
        if not self._disk.broken.done():
            self._disk.broken.set_exception(violation)

    def _tell(self, what: str) -> None:
        self._story.append(f"{LoopClock().monotonic():8.3f} {what}")


def _raise(disk: Disk) -> None:
    if disk.broken.done():
        error = disk.broken.exception()
        if error is not None:
            raise error


def _commit() -> str:
    told = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return told.stdout.strip() or "unknown"
