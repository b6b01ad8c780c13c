"""What the house tells of itself: logs, metrics, traces, reports of errors, and a watchdog.

Beside the layers: these modules know the core's words and nothing of the rest of the house.
"""

from collections.abc import Callable, Sequence

import structlog

from chimera.core.events import Envelope
from chimera.core.ports import CallMade, Observer, RequestServed
from chimera.telemetry.logs import redact, set_up_logs

__all__ = ["Observers", "redact", "set_up_logs"]

_log = structlog.get_logger(__name__)


class Observers:
    """Several observers as one, of whom none can hurt the house; implements `Observer`."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers
        self._failed: set[type[Observer]] = set()

    def appended(self, events: Sequence[Envelope]) -> None:
        self._tell(lambda each: each.appended(events))

    def landed(self, *, late_s: float, own_s: float) -> None:
        self._tell(lambda each: each.landed(late_s=late_s, own_s=own_s))

    def called(self, call: CallMade) -> None:
        self._tell(lambda each: each.called(call))

    def served(self, request: RequestServed) -> None:
        self._tell(lambda each: each.served(request))

    def _tell(self, tell: Callable[[Observer], None]) -> None:
        for each in self._observers:
            try:
                tell(each)
            except Exception:
                # Nobody's turn or request fails because it could not be counted; said once.
                if type(each) not in self._failed:
                    self._failed.add(type(each))
                    _log.exception("observer_failed", observer=type(each).__name__)
