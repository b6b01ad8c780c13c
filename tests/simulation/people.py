"""Who sits before the stage: viewers, and some who speak up or take the floor away."""

import asyncio
from collections.abc import Callable, Sequence

from chimera.core import events as ev
from chimera.core.conversation import Status
from chimera.core.errors import ChimeraError
from chimera.core.ids import from_millis, to_millis
from chimera.engine.journal import Appended
from chimera.lab.clockwork import LoopClock
from chimera.store.database import Work
from simulation.oracle import Oracle, Violation, check
from simulation.plan import Plan
from simulation.process import Process

Report = Callable[[Violation], None]
#: What a person does, the frequent ones more than once.
DEEDS = ("post", "post", "post", "post", "skip", "pause")


class Viewer:
    """Watches one conversation through whichever process is there."""

    def __init__(self, name: str, conversation_id: str, report: Report) -> None:
        self.name = name
        self.conversation_id = conversation_id
        self.events: list[ev.Envelope] = []
        self._drafts: dict[str, str] = {}
        self._report = report

    async def watch(self, process: Process) -> None:
        """Until the line breaks."""
        try:
            async for heard in process.journal.follow(self.conversation_id, after=len(self.events)):
                self._hear(heard)
        except Violation as violation:
            self._report(violation)
        except ChimeraError:
            # It comes again.
            return

    def _hear(self, heard: ev.Envelope | ev.Signal) -> None:
        if isinstance(heard, ev.Envelope):
            last = len(self.events)
            check(heard.seq == last + 1, f"{self.name} heard {heard.seq} after {last}")
            self.events.append(heard)
            if isinstance(heard.body, ev.MessageCompleted):
                shown = self._drafts.pop(heard.body.message_id, "")
                check(heard.body.text.startswith(shown), f"{self.name} was shown {shown!r},"
                      f" then {heard.body.text!r}")  # fmt: skip
            return
        key = heard.body.get("message_id", "")
        if heard.type == "draft.withdrawn":
            self._drafts.pop(key, None)
        elif heard.type == "message.delta":
            shown = self._drafts.get(key, "")
            # A piece that was lost leaves a gap: what follows it cannot be shown.
            if heard.body["offset"] <= len(shown):
                self._drafts[key] = shown[: heard.body["offset"]] + heard.body["text"]

    def compare(self, logs: Oracle) -> None:
        """What was watched is the log. Raises Violation."""
        log = logs.logs[self.conversation_id].events[: len(self.events)]
        mine = [(each.seq, each.type) for each in self.events]
        check(mine == [(seq, kind) for seq, kind, _ in log], f"{self.name} saw another log")


class Person:
    """Speaks up, and remembers what the house has acknowledged."""

    def __init__(self, name: str, plan: Plan, oracle: Oracle) -> None:
        self.name = name
        self._plan = plan
        self._oracle = oracle
        self._said = 0

    async def act(self, process: Process, conversation_ids: Sequence[str]) -> None:
        """One thing, through this process."""
        key = self._plan.one_of("conversation", conversation_ids, self.name)
        deed = self._plan.one_of("deed", DEEDS, self.name)
        try:
            match deed:
                case "post":
                    await self._post(process, key)
                case "skip":
                    await self._tell(process, key, ev.TurnSkipped())
                case _:
                    await self._pause(process, key)
                    await asyncio.sleep(self._plan.between(0, 4, "pause", self.name))
                    await self.resume(process, key)
        except ChimeraError:
            # It was told so, and lets it be.
            return

    async def resume(self, process: Process, key: str) -> None:
        """Let it go on. Raises ChimeraError."""
        await self._tell(process, key, ev.ConversationResumed(), resuming=True)

    async def _post(self, process: Process, key: str) -> None:
        self._said += 1
        text = f"{self.name} says thing number {self._said}."
        body = ev.MessagePosted(
            message_id=f"msg_{self.name}_{self._said}",
            author=ev.Author(kind="viewer", name=self.name), text=text,
        )  # fmt: skip
        seq = await self._tell(process, key, body)
        self._oracle.acknowledged[key, seq] = text

    async def _tell(
        self, process: Process, key: str, body: ev.Body, *, resuming: bool = False
    ) -> int:
        now = to_millis(LoopClock().now())
        unless: tuple[Status, ...] = ("created", "running", "ended") if resuming else ("ended",)

        def unit(work: Work) -> Appended:
            return process.journal.append(
                work, key, [ev.NewEvent(body=body, actor=ev.Actor(type="viewer"))], wake_at=now,
                unless=unless,
            )  # fmt: skip

        done = await process.store.work(ev.HOST, unit)
        await self._ring(process, key, done)
        return done.seq

    async def _pause(self, process: Process, key: str) -> None:
        pause = ev.NewEvent(body=ev.ConversationPaused(), actor=ev.HOST)
        await process.store.work(
            ev.HOST,
            lambda work: process.journal.take_floor(
                work, key, [pause], code="paused", unless=("created", "paused", "ended")
            ),
        )
        await process.alarm.cancel(key)

    async def _ring(self, process: Process, key: str, done: Appended) -> None:
        if done.ring_at is not None:
            await process.alarm.ring(key, from_millis(done.ring_at))
