"""Our own time per turn: from the moment a line was due to the moment it was in the log.

Embedded, scripted provider, product tempo, everything on this machine's cores (`realtime.md` T6).
"""

import time
from collections.abc import Sequence
from itertools import pairwise
from statistics import quantiles
from typing import Any

from benchmarks.house import Running, house
from benchmarks.table import Row

TALK_S = 60.0
GOALS = {10: 50.0, 100: 200.0}


def rows() -> list[Row]:
    return [_row(count, goal) for count, goal in GOALS.items()]


def _row(count: int, goal: float) -> Row:
    with house() as server:
        ids = [talk_about(server, number) for number in range(count)]
        time.sleep(TALK_S)
        logs = [log_of(server, conversation_id) for conversation_id in ids]
    own = sorted(each for log in logs for each in own_times(log))
    missing, twice = sum(map(lost, logs)), sum(map(doubled, logs))
    cuts = quantiles(own, n=100)
    return Row(
        what=f"own time per turn, {count} conversations, {len(own)} turns",
        goal=f"p99 ≤ {goal:.0f} ms, 0 lost, 0 doubled",
        measured=f"p50 {cuts[49]:.0f} p99 {cuts[98]:.0f} ms, {missing} lost, {twice} doubled",
        ok=cuts[98] <= goal and not missing and not twice,
    )


def talk_about(server: Running, number: int, **more: Any) -> str:
    """A conversation of its own; its id."""
    topic = f"What would a city of {number + 2} people need first?"
    body = {"topic": topic, "seed": number, **more}
    return server.call("POST", "/conversations", body)["id"]


def log_of(server: Running, conversation_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    while True:
        path = f"/conversations/{conversation_id}/events?limit=200&after={len(items)}"
        page = server.call("GET", path)["items"]
        items += page
        if len(page) < 200:
            return items


def _millis(stamp: str) -> float:
    hours, minutes, seconds = stamp[11:-1].split(":")
    return 1000 * (3600 * int(hours) + 60 * int(minutes) + float(seconds))


def own_times(log: Sequence[dict[str, Any]]) -> list[float]:
    """Milliseconds between due and landed, for every line after the first."""
    landed = [each for each in log if each["type"] == "message.completed"]
    return [
        _millis(after["at"]) - _millis(before["at"]) - after["body"]["timings"]["planned_ms"]
        for before, after in pairwise(landed)
    ]


def lost(log: Sequence[dict[str, Any]]) -> int:
    """Turns that were begun and neither finished nor failed; the last may still be spoken."""
    ended = {each["body"]["turn_id"] for each in log if each["type"] in ENDS}
    begun = [each["body"]["turn_id"] for each in log if each["type"] == "turn.started"]
    holes = sum(each["seq"] != place for place, each in enumerate(log, start=1))
    return holes + sum(turn not in ended for turn in begun[:-1])


def doubled(log: Sequence[dict[str, Any]]) -> int:
    """Turns that were finished twice."""
    landed = [each["body"]["turn_id"] for each in log if each["type"] == "message.completed"]
    return len(landed) - len(set(landed))


ENDS = {"message.completed", "turn.failed"}
