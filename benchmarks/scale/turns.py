"""Our own time per turn in the cluster, and what a house of fifty talks costs in the long run.

`realtime.md` T5–T7: scripted provider, product tempo, every process on this machine's cores.
"""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import quantiles
from typing import Any

import psutil

from benchmarks.house import Running, house
from benchmarks.overhead import doubled, log_of, lost, own_times, talk_about
from benchmarks.scale.cluster import cluster, cpu, waited
from benchmarks.table import Row

TALK_S = 40.0
#: The conversations begin over so long: people do not all come in one second.
ARRIVALS_S = 8.0
WORKERS = 2
GOALS = {100: 50.0, 1000: 200.0}
FLAT_S, FLAT_WARM_S = (7200.0, 600.0) if os.environ.get("LONG") else (55.0, 20.0)


def own_rows(count: int) -> list[Row]:
    """The first part of the talk is warm-up in nothing: it counts."""
    with cluster(workers=WORKERS) as stage:
        ids = _begin(stage.web, count)
        processes = [stage.server, *(psutil.Process(each.pid) for each in stage.workers)]
        load, before, since = os.getloadavg()[0], _each(processes), time.monotonic()
        idle = sum(map(waited, processes))
        time.sleep(TALK_S)
        took, seconds = _each(processes), time.monotonic() - since
        idle = (sum(map(waited, processes)) - idle) / seconds
        with ThreadPoolExecutor(4) as pool:
            logs = list(pool.map(partial(log_of, stage.web), ids))
    busy = [(after - then) / seconds for after, then in zip(took, before, strict=True)]
    return [_own_row(count, logs, busy, {"load": load, "waited_share": idle}, seconds)]


def _begin(web: Running, count: int) -> list[str]:
    begun, ids = time.monotonic(), list[str]()
    for number in range(count):
        ids.append(talk_about(web, number))
        time.sleep(max(0.0, begun + number * ARRIVALS_S / count - time.monotonic()))
    return ids


def _each(processes: Sequence[psutil.Process]) -> list[float]:
    return [cpu(each) for each in processes]


def _own_row(
    count: int, logs: Sequence[Sequence[dict[str, Any]]], busy: list[float],
    around: dict[str, float], seconds: float,
) -> Row:  # fmt: skip
    own = sorted(each for log in logs for each in own_times(log))
    cuts = quantiles(own, n=100)
    missing, twice = sum(map(lost, logs)), sum(map(doubled, logs))
    ms = 1000 * sum(busy) * seconds / max(len(own), 1)
    goal = GOALS[count]
    figures = {
        "conversations": count, "turns": len(own), "p50_ms": cuts[49], "p99_ms": cuts[98],
        "web_share": busy[0], "worker_share": sum(busy[1:]), "cpu_ms_per_turn": ms,
    }  # fmt: skip
    return Row(
        what=f"T6 own time per turn, cluster, {count} conversations, {WORKERS} workers",
        goal=f"p99 ≤ {goal:.0f} ms, 0 lost, 0 doubled",
        measured=f"{len(own)} turns, p50 {cuts[49]:.0f} p99 {cuts[98]:.0f} ms, {missing} lost,"
        f" {twice} doubled; {ms:.1f} ms of processor a turn, {sum(busy):.2f} cores,"
        f" {around['waited_share']:.2f} more waited for",
        ok=cuts[98] <= goal and not missing and not twice,
        figures=figures | around,
    )


def flat_rows() -> list[Row]:
    """Fifty conversations at speed 8 in one process: what it holds, early and late."""
    with house() as server:
        for number in range(50):
            talk_about(server, number, pace={"speed": 8})
        time.sleep(FLAT_WARM_S)
        early = server.resident_mb
        load, process = os.getloadavg()[0], psutil.Process(server.process.pid)
        before = cpu(process)
        time.sleep(FLAT_S - FLAT_WARM_S)
        late, busy = server.resident_mb, (cpu(process) - before) / (FLAT_S - FLAT_WARM_S)
    long = FLAT_S > 3600
    figures = {
        "seconds": FLAT_S, "early_mb": early, "late_mb": late, "server_share": busy, "load": load,
    }  # fmt: skip
    said = f"{early:.0f} MB after {FLAT_WARM_S:.0f} s, {late:.0f} MB after {FLAT_S:.0f} s"
    return [Row(
        what="memory of 50 conversations at speed 8" + ("" if long else ", short form"),
        goal="flat within 10 % after the first 10 min of 2 h" if long else "told; LONG=1 decides",
        measured=f"{said}; {busy:.2f} cores", figures=figures,
        ok=late <= 1.1 * early if long else None,
    )]  # fmt: skip


TABLES: dict[str, Callable[[], Sequence[Row]]] = {
    "T6-100": partial(own_rows, 100), "T6-1000": partial(own_rows, 1000), "flat": flat_rows,
}  # fmt: skip
