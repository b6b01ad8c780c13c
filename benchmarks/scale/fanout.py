"""From a word that is said to a thousand sockets (`realtime.md` F1–F7 and J4).

A real web process; this one speaks through Redis as a worker does, a third one holds the viewers.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from benchmarks.scale import floor
from benchmarks.scale.cluster import Audience, Cluster, audience, cluster, cpu, silent, store_at
from benchmarks.table import Row
from chimera.app.system import SystemClock, TimeOrderedIds
from chimera.core import events as ev
from chimera.realtime.drafts import DraftWriter
from chimera.realtime.redis_hub import RedisHub
from chimera.store import log

TALK_S = 10.0
HOLD_S = 300.0 if os.environ.get("LONG") else 30.0
PER_SECOND = 50
#: The process that counts must not be the one that cannot keep up.
MOST_CLIENT = 0.60


def stamp(size: int = 16) -> str:
    """A word that says when it was said."""
    return f"~{time.monotonic_ns() // 1000:015d}".ljust(size)


async def speak(
    hub: RedisHub, ids: Sequence[str], seconds: float, *, rate: float = PER_SECOND, size: int = 16,
    coalesced: bool = True,
) -> int:  # fmt: skip
    """Say words in all conversations at once; how many."""

    async def line(number: int, conversation_id: str) -> int:
        loop, said = asyncio.get_running_loop(), 0
        await asyncio.sleep(number / len(ids) / rate)
        begun = loop.time()
        while loop.time() - begun < seconds:
            async with DraftWriter(
                hub, conversation_id, message_id=f"msg_{said}", turn_id=f"trn_{said}",
                participant_id="par_1", generation=1,
            ) as writer:  # fmt: skip
                # A line of four seconds, so that drafts stay as short as they are.
                for _ in range(round(4 * rate)):
                    await writer.add(stamp(size))
                    said += 1
                    if not coalesced:
                        await writer.flush()
                    await asyncio.sleep(max(0, begun + said / rate - loop.time()))
                    if loop.time() - begun >= seconds:
                        break
        return said

    return sum(await asyncio.gather(*(line(n, each) for n, each in enumerate(ids))))


class Measured:
    """One stretch of talk."""

    def __init__(self, said: int, told: dict[str, Any], took: float, before: float) -> None:
        self.said = said
        self.told = told
        #: Seconds of the web process, those of the idle stretch before it included.
        self.took = took
        self.load = before

    def figures(self, **more: float) -> dict[str, float]:
        told = self.told
        return more | {
            "viewers": told["viewers"], "deltas": told["deltas"], "frames": told["frames"],
            "us_per_delta": 1e6 * self.took / max(told["deltas"], 1),
            "us_per_frame": 1e6 * self.took / max(told["frames"], 1),
            "p50_ms": told["p50_ms"], "p99_ms": told["p99_ms"],
            "server_share": self.took / told["seconds"], "client_share": told["cpu_share"],
            "bytes_per_delta": told["bytes"] / max(told["deltas"], 1),
            "load": self.load,
        }  # fmt: skip


async def talk(
    stage: Cluster, stalls: Audience, hub: RedisHub, ids: Sequence[str],
    seconds: float = TALK_S, **how: Any,
) -> Measured:  # fmt: skip
    """A warm-up, then a stretch that counts."""
    await speak(hub, ids, 1, **how)
    await asyncio.sleep(0.5)
    await stalls.tell("begin")
    load, before = os.getloadavg()[0], cpu(stage.server)
    said = await speak(hub, ids, seconds, **how)
    await asyncio.sleep(0.5)
    took = cpu(stage.server) - before
    return Measured(said, await stalls.tell("tell"), took, load)


Scene = Callable[[Cluster, Audience, RedisHub], Awaitable[list[Row]]]


async def _play(scene: Scene) -> list[Row]:
    with cluster() as stage:
        async with (
            RedisHub.open(stage.redis, clock=SystemClock(), ids=TimeOrderedIds()) as hub,
            audience(stage.web.address) as stalls,
        ):
            return await scene(stage, stalls, hub)


def _void(figures: dict[str, float]) -> str:
    return ", VOID: the client was busy" if figures["client_share"] > MOST_CLIENT else ""


def _row(
    what: str, goal: str, figures: dict[str, float], ok: bool, beside: str = ""
) -> Row:  # fmt: skip
    said = (
        f"{figures['us_per_delta']:.1f} µs a delta, {figures['us_per_frame']:.1f} a frame{beside};"
        f" p50 {figures['p50_ms']:.0f} p99 {figures['p99_ms']:.0f} ms{_void(figures)}"
    )
    return Row(
        what=what, goal=goal, measured=said, ok=None if _void(figures) else ok, figures=figures
    )


# --- F1: every word by itself -----------------------------------------------------------------


async def _frames(stage: Cluster, stalls: Audience, hub: RedisHub) -> list[Row]:
    ids = await asyncio.to_thread(silent, stage.web, 100)
    await stalls.tell("open", count=1000, ids=ids)
    got = await talk(stage, stalls, hub, ids, rate=10, size=60, coalesced=False)
    figures = got.figures()
    ok = figures["us_per_frame"] <= 13
    return [_row("F1 1,000 viewers of 100 conversations, 10,000 frames/s", "≤ 13 µs a frame",
                 figures, ok)]  # fmt: skip


# --- F2, F3: many conversations; F4: one --------------------------------------------------------


async def _many(stage: Cluster, stalls: Audience, hub: RedisHub) -> list[Row]:
    ids = await asyncio.to_thread(silent, stage.web, 20)
    await stalls.tell("open", count=1000, ids=ids)
    return [_against_floor(
        "F2 1,000 viewers of 20 conversations, 50 deltas/s each",
        await talk(stage, stalls, hub, ids),
    )]  # fmt: skip


def _against_floor(what: str, got: Measured, most: float = 6.0) -> Row:
    """Compared with what bare writes of as many bytes cost, in the same minute."""
    one = got.figures()
    size = round(got.told["bytes"] / max(got.told["frames"], 1)) + 4
    write, how = floor.microseconds(size)
    # Several words go in one write; the floor of a delta is its share of it.
    least = write * got.told["frames"] / max(got.told["deltas"], 1)
    figures = one | {"floor_us_per_write": write, "floor_us_per_delta": least}
    whole = got.told["deltas"] >= 0.999 * got.said * got.told["viewers"] / _conversations(what)
    us, p99 = figures["us_per_delta"], figures["p99_ms"]
    return _row(
        what,
        f"≤ {most:g} µs and ≤ 2 × floor; p99 ≤ 80 ms, all received",
        figures, us <= most and us <= 2 * least and p99 <= 80 and whole,
        f" (floor in {how}: {least:.1f} a delta, {write:.1f} a write)",
    )  # fmt: skip


def _conversations(what: str) -> int:
    return 20 if what.startswith("F2") else 1


async def _one(stage: Cluster, stalls: Audience, hub: RedisHub) -> list[Row]:
    ids = await asyncio.to_thread(silent, stage.web, 1)
    await stalls.tell("open", count=1000, ids=ids)
    return [_against_floor(
        "F4 1,000 viewers of one conversation, 50 deltas/s", await talk(stage, stalls, hub, ids)
    )]  # fmt: skip


# --- F5: three thousand, and what each holds ----------------------------------------------------


async def _held(stage: Cluster, stalls: Audience, hub: RedisHub) -> list[Row]:
    ids = await asyncio.to_thread(silent, stage.web, 1)
    await speak(hub, ids, 1)
    empty = _resident(stage)
    await stalls.tell("open", count=3000, ids=ids)
    await speak(hub, ids, 2)
    first = _resident(stage)
    got = await talk(stage, stalls, hub, ids, HOLD_S)
    last = _resident(stage)
    figures = got.figures(
        held_s=HOLD_S, kb_each=(last - empty) / 3000 / 1024, grown_mb=(last - first) / 2**20
    )
    ok = (
        figures["kb_each"] <= 35 and figures["grown_mb"] <= 8 and figures["viewers"] == 3000
        and figures["p99_ms"] <= 80
    )  # fmt: skip
    return [Row(
        what=f"F5 3,000 viewers of one conversation, 50 deltas/s, held {HOLD_S:.0f} s",
        goal="≤ 35 kB each, flat, p99 ≤ 80 ms",
        measured=f"{figures['kb_each']:.1f} kB each, {figures['grown_mb']:+.1f} MB meanwhile,"
        f" {figures['viewers']:.0f} there, {figures['us_per_delta']:.1f} µs a delta,"
        f" p50 {figures['p50_ms']:.0f} p99 {figures['p99_ms']:.0f} ms{_void(figures)}",
        ok=None if _void(figures) else ok, figures=figures,
    )]  # fmt: skip


def _resident(stage: Cluster) -> int:
    return stage.server.memory_info().rss


# --- F6: one who stopped reading ----------------------------------------------------------------


async def _stalled(stage: Cluster, stalls: Audience, hub: RedisHub) -> list[Row]:
    ids = await asyncio.to_thread(silent, stage.web, 1)
    await stalls.tell("open", count=20, ids=ids)
    await stalls.tell("stall", number=10)
    await speak(hub, ids, 1, rate=25, size=2000, coalesced=False)
    await stalls.tell("begin")
    load = os.getloadavg()[0]
    # As much as 1,500 words a second weigh, in the frames that a hub is really given.
    said = await speak(hub, ids, 2, rate=250, size=12_000, coalesced=False)
    early = _resident(stage)
    said += await speak(hub, ids, 4, rate=250, size=12_000, coalesced=False)
    await asyncio.sleep(0.5)
    told, grown = await stalls.tell("tell"), (_resident(stage) - early) / 2**20
    share = told["deltas"] / (said * told["viewers"])
    figures = {"share": share, "grown_mb": grown, "viewers": told["viewers"], "load": load}
    return [Row(
        what="F6 one of 20 viewers reads no more: the others", goal="≥ 99.9 % received, ≤ 8 MB",
        measured=f"{100 * share:.2f} % received, {grown:+.1f} MB", figures=figures,
        ok=share >= 0.999 and grown <= 8,
    )]  # fmt: skip


# --- J4: all come back at once ------------------------------------------------------------------

BEHIND = 200


async def _storm(stage: Cluster, stalls: Audience, hub: RedisHub) -> list[Row]:
    ids = await asyncio.to_thread(silent, stage.web, 20)
    head = 0
    async with store_at(stage.database) as store:
        for each in ids:
            head = await store.write(lambda c, of=each: _lengthen(c, of))
    others = await asyncio.to_thread(silent, stage.web, 20)
    await stalls.tell("open", count=1000, ids=ids)
    await stalls.tell("leave")
    await asyncio.sleep(1)
    load, before = os.getloadavg()[0], cpu(stage.server)
    talking = asyncio.create_task(speak(hub, others, 5))
    got = await stalls.tell(
        "open", count=1000, ids=ids, after=head - BEHIND, until=head, at_once=1000
    )
    took = cpu(stage.server) - before
    await talking
    figures = {
        "last_s": got["last_s"], "median_s": got["median_s"], "cpu_ms_each": took, "load": load,
        "refused": got["refused"],
    }  # fmt: skip
    return [Row(
        what="J4 1,000 viewers come back at once, 200 events behind, while 20 conversations talk",
        goal="all caught up ≤ 3 s, ≤ 2 ms of processor each",
        measured=f"all after {got['last_s']:.2f} s, median {got['median_s']:.2f};"
        f" {took:.2f} ms each, {got['refused']:.0f} called again",
        ok=got["last_s"] <= 3 and took <= 2, figures=figures,
    )]  # fmt: skip


def _lengthen(connection: Any, conversation_id: str) -> int:
    """Add what will be missed; the head of the log then."""
    author = ev.Author(kind="viewer", name="Anna")
    for number in range(BEHIND):
        body = ev.MessagePosted(
            message_id=f"msg_{conversation_id}_{number}", author=author,
            text="As long as such things are: a line, and then a little more than a line. " * 2,
        )  # fmt: skip
        new = [ev.NewEvent(body=body, actor=ev.Actor(type="viewer", id="usr_anna"))]
        log.append(connection, conversation_id, new, at=1_760_000_000_000 + number)
    return log.head(connection, conversation_id)


def _table(scene: Scene) -> Callable[[], list[Row]]:
    return lambda: asyncio.run(_play(scene))


TABLES: dict[str, Callable[[], list[Row]]] = {
    "F1": _table(_frames), "F2": _table(_many), "F4": _table(_one), "F5": _table(_held),
    "F6": _table(_stalled), "J4": _table(_storm),
}  # fmt: skip
