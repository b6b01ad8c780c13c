"""A full house: ten thousand conversations that are over, a million lines, and who looks there."""

import asyncio
import http.client
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psutil
from sqlalchemy import Connection, Table, insert, select

from benchmarks.house import Running, house
from benchmarks.scale.appends import created, line
from benchmarks.scale.cluster import store_at
from benchmarks.table import Row
from chimera.core import events as ev
from chimera.store import log
from chimera.store import tables as store

#: The whole of it takes some minutes to write.
CONVERSATIONS = 10_000 if os.environ.get("LONG") else 2_000
LINES = 100
#: Words of the language that is spoken here, the common ones far more often than the rest.
WORDS = 20_000
ASKED, GOAL_MS = 200, 50.0
_DAY_MS = 86_400_000
#: When the last of them ended.
_NOW_MS = 1_760_000_000_000
_CHUNK = 100


class Language:
    """Words by Zipf's law; the nth is as rare as n is large."""

    def __init__(self, seed: int = 1) -> None:
        self._rng = random.Random(seed)
        syllables = ["ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu"]
        self.words = ["".join(syllables[int(digit)] for digit in str(n + 10)) for n in range(WORDS)]
        total, self._sums = 0.0, list[float]()
        for n in range(WORDS):
            total += 1 / (n + 1)
            self._sums.append(total)

    def text(self, count: int = 14) -> str:
        return " ".join(self._rng.choices(self.words, cum_weights=self._sums, k=count))


def _mould(connection: Connection) -> dict[str, dict[str, Any]]:
    """One conversation as the house itself writes it; its rows are the mould of all."""
    of = "cnv_mould"
    log.create(connection, of, created(), at=1, visibility="private", owner=None)
    log.append(connection, of, [line(of, 1)], at=2)
    ended = ev.NewEvent(body=ev.ConversationEnded(because="stopped"), actor=ev.HOST)
    log.append(connection, of, [ended], at=3)

    def last(table: Table, kind: str = "") -> dict[str, Any]:
        query = select(table)
        if kind:
            query = query.where(table.c.type == kind)
        return dict(connection.execute(query).mappings().first() or {})

    found = {
        "conversation": last(store.conversations), "message": last(store.messages),
        "created": last(store.events, "conversation.created"),
        "line": last(store.events, "message.completed"),
        "ended": last(store.events, "conversation.ended"),
    }  # fmt: skip
    for each in ("conversation", "message"):
        del found[each]["number"]
    log.forget(connection, of)
    return found


def _conversations(
    mould: dict[str, dict[str, Any]], numbers: range, speech: Language
) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    rows: dict[str, list[dict[str, Any]]] = {"conversations": [], "events": [], "messages": []}
    for number in numbers:
        of, at = f"cnv_{number:07}", _NOW_MS - (CONVERSATIONS - number) * _DAY_MS // 20
        title = speech.text(4)
        rows["conversations"].append(mould["conversation"] | {
            "id": of, "title": title, "topic": title, "head_seq": LINES + 2, "created_at": at,
            "last_at": at + LINES * 1000, "message_count": LINES,
        })  # fmt: skip
        place = {"conversation_id": of}
        rows["events"].append(mould["created"] | place | {"seq": 1, "at": at})
        for seq in range(2, LINES + 2):
            text, message = speech.text(), f"msg_{number:07}_{seq}"
            body = mould["line"]["body"] | {"message_id": message, "text": text}
            more = place | {"seq": seq, "at": at + 1000 * seq}
            rows["events"].append(mould["line"] | more | {"body": body})
            rows["messages"].append(mould["message"] | more | {"id": message, "text": text})
        rows["events"].append(mould["ended"] | place | {"seq": LINES + 2, "at": at})
    for table in (store.conversations, store.events, store.messages):
        yield table, rows[table.name]


def _write(
    connection: Connection, mould: dict[str, dict[str, Any]], numbers: range, speech: Language
) -> None:
    for table, rows in _conversations(mould, numbers, speech):
        connection.execute(insert(table), rows)


async def fill(url: str, count: int = CONVERSATIONS) -> float:
    """Write them all, without asking anybody; how many seconds that took."""
    speech, begun = Language(), time.perf_counter()
    async with store_at(url) as target:
        mould = await target.write(_mould)
        for first in range(0, count, _CHUNK):
            numbers = range(first, first + _CHUNK)
            await target.write(partial(_write, mould=mould, numbers=numbers, speech=speech))
    return time.perf_counter() - begun


class Asking:
    """One caller after the other, over one connection."""

    def __init__(self, server: Running) -> None:
        where = urlsplit(server.address)
        self._line = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        self._server = psutil.Process(server.process.pid)

    def get(self, path: str) -> Any:
        self._line.request("GET", f"/api/v1{path}")
        answer = self._line.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
        return json.loads(body)

    def row(self, what: str, paths: Sequence[str], goal: float = GOAL_MS) -> Row:
        for each in paths[:3]:
            self.get(each)
        load, before, took = os.getloadavg()[0], sum(self._server.cpu_times()[:2]), list[float]()
        for path in paths:
            begun = time.perf_counter()
            self.get(path)
            took.append(1000 * (time.perf_counter() - begun))
        cpu = 1000 * (sum(self._server.cpu_times()[:2]) - before) / len(paths)
        took.sort()
        figures = {
            "p50_ms": took[len(took) // 2], "p99_ms": took[int(0.99 * len(took))],
            "cpu_ms": cpu, "load": load,
        }  # fmt: skip
        return Row(
            what=what, goal=f"p99 ≤ {goal:g} ms",
            measured=f"p50 {figures['p50_ms']:.1f} p99 {figures['p99_ms']:.1f} ms;"
            f" {cpu:.1f} ms of processor",
            ok=figures["p99_ms"] <= goal, figures=figures,
        )  # fmt: skip


def _rows(asking: Asking, where: str) -> list[Row]:
    rng, speech = random.Random(7), Language()
    marks, path = ["/conversations?limit=20"], "/conversations?limit=20"
    for _ in range(40):
        path = f"/conversations?limit=20&cursor={asking.get(path)['next_cursor']}"
        marks.append(path)
    of = [f"cnv_{rng.randrange(CONVERSATIONS):07}" for _ in range(ASKED)]
    rare = [speech.words[rng.randrange(500, WORDS)] for _ in range(ASKED)]
    common = [speech.words[rng.randrange(30)] for _ in range(ASKED // 4)]
    two = [f"{speech.words[rng.randrange(100)]} {speech.words[rng.randrange(2000)]}" for _ in of]
    search = "/conversations?limit=20&q="
    return [
        asking.row(f"library, pages of 20, {where}", [*marks * 5]),
        asking.row(f"library of what ended, {where}",
                   ["/conversations?status=ended&sort=newest"] * ASKED),
        asking.row(f"search for a rare word, {where}", [search + quote(x) for x in rare]),
        asking.row(f"search for two words, {where}", [search + quote(x) for x in two]),
        asking.row(f"search for the commonest words, {where}", [search + quote(x) for x in common]),
        asking.row(f"resume 50 events behind, {where}",
                   [f"/conversations/{x}/events?after={LINES - 48}&limit=50" for x in of]),
        asking.row(f"open a conversation at its end, {where}",
                   [f"/conversations/{x}/messages?before_seq={LINES + 3}&limit=50" for x in of]),
    ]  # fmt: skip


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        seconds = asyncio.run(fill(f"sqlite:///{folder / 'chimera.db'}"))
        size = (folder / "chimera.db").stat().st_size / 2**20
        print(f"   filled in {seconds:.0f} s, {size:,.0f} MB", flush=True)
        with house(folder=folder) as server:
            whole = f"{CONVERSATIONS:,} conversations, {CONVERSATIONS * LINES:,} lines, SQLite"
            return _rows(Asking(server), whole)


TABLES: dict[str, Callable[[], Sequence[Row]]] = {"library": rows}
