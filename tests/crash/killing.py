"""Kills workers and web processes of a cluster at random moments, and measures the silence."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from service import check_books
from viewers import Heckler, Viewer, begin, check_heckler, check_log, check_viewer, eventually
from viewers import log_of as whole_log

from processes import ServerProcess, chimera
from servers import free_port

LEASE_S = 2.0
#: What is promised of the silence after a worker's death, in parts of the lease.
MEDIAN, MOST = 1.25, 1.5
#: Every so-manieth victim is a web process.
WEB_EVERY = 4
TELL_EVERY = 10
CONVERSATIONS, SPEED = 10, 4.0


@dataclass(slots=True)
class Figures:
    """What the kills came to."""

    kills: int = 0
    webs: int = 0
    #: Of each line that was broken off: seconds from the kill to the event that says so.
    silences: list[float] = field(default_factory=list[float])
    #: The same without what the survivor waited for a processor that others had.
    own: list[float] = field(default_factory=list[float])
    lines: int = 0
    posts: int = 0

    def __str__(self) -> str:
        told = f"{self.kills} kills ({self.webs} of web processes), {self.lines} lines, "
        told += f"{self.posts} posts acknowledged, {len(self.silences)} lines broken off"
        if not self.silences:
            return told
        return (
            f"{told}; silence {_spread(self.silences)}; without waiting for a processor"
            f" {_spread(self.own)} (lease {LEASE_S:g} s)"
        )

    @property
    def kept(self) -> bool:
        """Whether the silence was as short as promised, as far as it is ours."""
        return median(self.own) <= MEDIAN * LEASE_S and max(self.own) <= MOST * LEASE_S


def _spread(seconds: list[float]) -> str:
    return f"median {median(seconds):.2f} s, most {max(seconds):.2f} s"


def moment(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["at"]).timestamp()


class Cluster:
    """Two web processes and two workers; who dies is replaced at once."""

    def __init__(self, start: Callable[..., ServerProcess]) -> None:
        self._start = start
        self.ports = [free_port(), free_port()]
        self.webs = [self._web(each) for each in (0, 1)]
        self.workers = [start("worker0", "worker"), start("worker1", "worker")]

    def _web(self, place: int) -> ServerProcess:
        port = str(self.ports[place])
        return self._start(f"web{place}", "serve", "--no-worker", "--port", port)

    def address(self, place: int) -> str:
        return f"http://127.0.0.1:{self.ports[place]}"

    def said(self) -> str:
        return "\n".join(each.said() for each in (*self.webs, *self.workers))

    def until_open(self) -> None:
        for each in self.webs:
            each.address()
        for each in self.workers:
            each.until_working()

    def kill_web(self, place: int) -> None:
        self.webs[place].kill()
        self.webs[place] = self._web(place)

    def kill_worker(self, place: int) -> None:
        self.workers[place].kill()
        self.workers[place] = self._start(f"worker{place}", "worker")


@asynccontextmanager
async def watched(
    folder: Path, shared: dict[str, str], *, conversations: int = CONVERSATIONS, **wishes: Any
) -> AsyncGenerator[tuple[Cluster, list[Viewer], list[Heckler]]]:
    """A cluster that talks; `wishes`: what each conversation is to be like."""
    with ExitStack() as stack:

        def start(name: str, *words: str) -> ServerProcess:
            return stack.enter_context(chimera(*words, log=folder / name, **shared))

        cluster = Cluster(start)
        await asyncio.to_thread(cluster.until_open)
        asked = partial(begin, cluster.address(0), speed=SPEED, **wishes)
        ids = [await asyncio.to_thread(asked) for _ in range(conversations)]
        viewers = [Viewer(cluster.address(place % 2), each) for place, each in enumerate(ids)]
        hecklers = [Heckler(each.address, each.conversation_id) for each in viewers[:2]]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each.watch()) for each in viewers]
            tasks += [group.create_task(each.heckle()) for each in hecklers]
            yield cluster, viewers, hecklers
            for task in tasks:
                task.cancel()


async def kill_at_random(
    folder: Path,
    *,
    database: str,
    redis: str,
    kills: int,
    seed: int,
    tell: Callable[[str], None] = lambda _: None,
) -> Figures:
    """So many kills; every promise but that of the silence is checked here.

    `tell` hears the figures of now and then.
    """
    rng, figures = random.Random(seed), Figures()
    shared = {"CHIMERA_DATABASE__URL": database, "CHIMERA_REDIS__URL": redis}
    async with watched(folder, shared) as (cluster, viewers, hecklers):
        while figures.kills < kills:
            await talking(viewers, cluster)
            await asyncio.sleep(rng.random())
            await one(cluster, viewers, figures, rng)
            if figures.kills % TELL_EVERY == 0:
                tell(str(figures))
        await talking(viewers, cluster)
        address = cluster.address(0)
        await eventually(cluster.webs[0].opened, cluster.said)
        for viewer in viewers:
            events = await asyncio.to_thread(whole_log, address, viewer.conversation_id)
            check_log(events)
            check_viewer(viewer, events)
            figures.lines += sum(each["type"] == "message.completed" for each in events)
            for heckler in hecklers:
                if heckler.conversation_id == viewer.conversation_id:
                    check_heckler(heckler, events)
                    figures.posts += len(heckler.acknowledged)
    await check_books(database)
    return figures


async def talking(viewers: list[Viewer], cluster: Cluster) -> None:
    """Return when lines are being said, and both workers have begun."""
    await asyncio.to_thread(cluster.until_open)
    known = [each.last for each in viewers]
    await eventually(
        lambda: (
            all(each.last > before for each, before in zip(viewers, known, strict=True))
            and sum(bool(each.open_turn) for each in viewers) > len(viewers) // 3
        ),
        cluster.said,
    )


async def one(
    cluster: Cluster, viewers: list[Viewer], figures: Figures, rng: random.Random
) -> None:
    """One kill, until all that was open then has ended."""
    figures.kills += 1
    place = rng.randrange(2)
    if figures.kills % WEB_EVERY == 0:
        figures.webs += 1
        await asyncio.to_thread(cluster.kill_web, place)
        return
    known = [each.last for each in viewers]
    open_turns = [each.open_turn for each in viewers]
    survivor = cluster.workers[1 - place]
    waited = survivor.waited_s()
    killed = time.time()  # noqa: TID251 - compared with the times of events
    await asyncio.to_thread(cluster.kill_worker, place)
    ends = [
        await ended(viewer, turn, before, cluster)
        for viewer, turn, before in zip(viewers, open_turns, known, strict=True)
        if turn
    ]
    waited = survivor.waited_s() - waited
    broken = [moment(each) - killed for each in ends if each["type"] == "turn.failed"]
    figures.silences += broken
    figures.own += [max(0.0, each - waited) for each in broken]


async def ended(viewer: Viewer, turn: str, before: int, cluster: Cluster) -> dict[str, Any]:
    """The event that ends this turn."""
    found: list[dict[str, Any]] = []

    def look() -> bool:
        found.extend(
            each for each in viewer.events[before:]
            if each["body"].get("turn_id") == turn and each["type"] != "turn.started"
        )  # fmt: skip
        return bool(found)

    await eventually(look, cluster.said)
    return found[0]
