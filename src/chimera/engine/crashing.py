"""Named moments at which a test may kill this process, to see what the next one makes of it.

Between the two of each pair something has happened of which nobody has been told yet; whatever the
engine promises must hold there too (`docs/guides/testing.md`).
"""

from collections.abc import Callable
from typing import Literal, get_args

CrashPoint = Literal[
    "after_claim",
    "text_ready",
    "after_started",
    "before_commit",
    "after_commit_before_publish",
    "before_reschedule",
    "writing_ahead",
]
POINTS: tuple[CrashPoint, ...] = get_args(CrashPoint)

#: Called whenever a run comes to a point.
Reached = Callable[[CrashPoint], None]


def unharmed(_point: CrashPoint) -> None:
    """A house in which nobody is killed."""


class CrashAt:
    """Kills the process when it comes to one point for the so-manieth time."""

    def __init__(self, setting: str, kill: Callable[[], None]) -> None:
        """`setting`: the name of the point, or `name:times`."""
        self._point, _, times = setting.partition(":")
        self._left = int(times or 1)
        self._kill = kill

    def __call__(self, point: CrashPoint) -> None:
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                self._kill()
