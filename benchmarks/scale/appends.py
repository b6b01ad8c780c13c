"""Appends to the log and pages of it, on both databases (`realtime.md` J1–J3)."""

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import Connection
from tests.servers import postgres_server

from benchmarks.scale.cluster import store_at
from benchmarks.table import Row
from chimera.core import events as ev
from chimera.core.conversation import Participant
from chimera.store import log
from chimera.store.database import Store

#: Seconds of one stretch, and who appends at once.
STRETCH_S = 4.0
WRITERS = (1, 16, 64)
PAGE, PAGES = 200, 200
TEXT = "The lamp is lit, the boat is in, and nobody has said yet what the fish were for. " * 3
ADA = ev.Actor(type="participant", id="par_ada")


def created() -> list[ev.NewEvent]:
    """How a conversation begins that talks at once."""
    cast = tuple(
        Participant(
            id=f"par_{slug}", persona_id=f"per_{slug}", slug=slug, name=slug.title(),
            short=slug.title(), color="rose", mask="seed", provider="scripted", model="troupe",
        )
        for slug in ("ada", "bo")
    )  # fmt: skip
    body = ev.ConversationCreated(
        title="Fish", topic="Do fish get bored?", seed=7, participants=cast
    )
    return [ev.NewEvent(body=each, actor=ev.HOST) for each in (body, ev.ConversationStarted())]


def begun(of: str, number: int) -> ev.NewEvent:
    """A turn that starts."""
    body = ev.TurnStarted(
        turn_id=f"trn_{of}_{number}", message_id=f"msg_{of}_{number}", participant_id="par_ada",
        generation=1, cause="self_selected", pause_ms=500, energy=0.625,
        route=ev.RouteRef(provider="scripted", model="troupe"),
    )  # fmt: skip
    return ev.NewEvent(body=body, actor=ADA)


def line(of: str, number: int, text: str = TEXT) -> ev.NewEvent:
    """A line that was said, about 370 bytes of it."""
    body = ev.MessageCompleted(
        turn_id=f"trn_{of}_{number}", message_id=f"msg_{of}_{number}", participant_id="par_ada",
        text=text, route=ev.RouteRef(provider="scripted", model="troupe"),
    )  # fmt: skip
    return ev.NewEvent(body=body, actor=ADA)


def _open(connection: Connection, of: str) -> log.Claim:
    log.create(connection, of, created(), at=1, visibility="private", owner=None)
    claim = log.claim(connection, of, now=1, deadline=2)
    assert claim is not None
    return claim


async def _append(store: Store, of: str, until: float) -> list[float]:
    """Append turns with the fence until then, start and line by turns; how long each took."""
    claim, took = await store.write(partial(_open, of=of)), list[float]()
    while (since := time.perf_counter()) < until:
        number, landing = divmod(len(took), 2)
        new = [line(of, number) if landing else begun(of, number)]
        envelopes = await store.write(
            partial(log.append_turn, mine=claim, new=new, at=1, open_turn=None, deadline=2, due=3)
        )
        claim = log.Claim(conversation_id=of, generation=claim.generation, seen=envelopes[-1].seq)
        took.append(1000 * (time.perf_counter() - since))
    return took


async def stretch(store: Store, writers: int, name: str) -> dict[str, float]:
    """So many append at once, each to its own conversation."""
    cpu, begun = time.process_time(), time.perf_counter()
    until = begun + STRETCH_S
    each = await asyncio.gather(
        *(_append(store, f"cnv_{name}{n:03}", until) for n in range(writers))
    )
    seconds, took = time.perf_counter() - begun, sorted(x for some in each for x in some)
    return {
        "per_s": len(took) / seconds, "us": 1e6 * (time.process_time() - cpu) / len(took),
        "p99_ms": took[int(0.99 * len(took))],
    }  # fmt: skip


def _fill(connection: Connection, of: str) -> None:
    _open(connection, of)
    log.append(connection, of, [line(of, number) for number in range(PAGE)], at=1)


async def _pages(store: Store) -> float:
    """Microseconds of processor time for a page."""
    of = "cnv_pages"
    await store.write(partial(_fill, of=of))
    await store.read(partial(log.read, conversation_id=of, after=0, limit=PAGE))
    cpu = time.process_time()
    for _ in range(PAGES):
        page = await store.read(partial(log.read_frames, conversation_id=of, after=0, limit=PAGE))
        assert len(page) == PAGE
    return 1e6 * (time.process_time() - cpu) / PAGES


async def _measured(url: str, *, durable: bool = False) -> tuple[dict[str, float], float]:
    """Appends by how many wrote, and a page."""
    async with store_at(url, durable=durable, pool_size=20) as store:
        await stretch(store, 16, "warm")
        found = {n: await stretch(store, n, f"w{n}x") for n in WRITERS}
        figures = {f"{key}_{n}": x for n, each in found.items() for key, x in each.items()}
        return figures, await _pages(store)


def _row(what: str, goal: str, figures: dict[str, float], ok: bool) -> Row:
    bare = f" (floor: {figures['bare_per_s']:,.0f} inserts/s)" if "bare_per_s" in figures else ""
    said = "; ".join(
        f"{n}: {figures[f'per_s_{n}']:,.0f}/s, {figures[f'us_{n}']:.0f} µs,"
        f" p99 {figures[f'p99_ms_{n}']:.0f} ms"
        for n in WRITERS
    )
    return Row(what=what, goal=goal, measured=said + bare, ok=ok,
               figures=figures | {"load": os.getloadavg()[0]})  # fmt: skip


def _page_row(database: str, page: float) -> Row:
    return Row(
        what=f"J3 page of {PAGE} events, {database}", goal="≤ 900 µs of processor",
        measured=f"{page:.0f} µs", ok=page <= 900, figures={"us": page},
    )  # fmt: skip


def sqlite_rows() -> list[Row]:
    rows = list[Row]()
    for mode, durable in (("NORMAL", False), ("FULL", True)):
        with tempfile.TemporaryDirectory() as folder:
            bare = _bare(Path(folder) / "bare.db")
            url = f"sqlite:///{Path(folder) / 'chimera.db'}"
            figures, page = asyncio.run(_measured(url, durable=durable))
        best = max(figures[f"per_s_{n}"] for n in (16, 64))
        late = max(figures[f"p99_ms_{n}"] for n in WRITERS)
        rows.append(_row(
            f"J1 fenced appends by 1, 16, 64 writers, SQLite {mode}",
            "≥ 2,500/s, p99 ≤ 200 ms", figures | {"bare_per_s": bare},
            best >= 2500 and late <= 200,
        ))  # fmt: skip
        if not durable:
            rows.append(_page_row("SQLite", page))
    return rows


def _bare(path: Path) -> float:
    """Inserts a second of the driver alone, each in a transaction."""
    driver = sqlite3.connect(path, isolation_level=None)
    driver.execute("PRAGMA journal_mode = WAL")
    driver.execute("PRAGMA synchronous = NORMAL")
    driver.execute("CREATE TABLE log (number INTEGER PRIMARY KEY, text TEXT)")
    begun = time.perf_counter()
    for _ in range(5000):
        driver.execute("INSERT INTO log (text) VALUES (?)", (TEXT,))
    rate = 5000 / (time.perf_counter() - begun)
    driver.close()
    return rate


def postgres_rows() -> list[Row]:
    with postgres_server(durable=True) as url:
        figures, page = asyncio.run(_measured(url))
    best = max(figures[f"per_s_{n}"] for n in (16, 64))
    return [
        _row("J2 fenced appends by 1, 16, 64 writers, PostgreSQL with fsync", "≥ 800/s a process",
             figures, best >= 800),
        _page_row("PostgreSQL", page),
    ]  # fmt: skip


TABLES: dict[str, Callable[[], Sequence[Row]]] = {"J1": sqlite_rows, "J2": postgres_rows}
