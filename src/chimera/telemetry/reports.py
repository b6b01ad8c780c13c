"""Reports of errors to a service that speaks Sentry's protocol, with secrets taken out.

What is logged as an error is reported, and nothing else is hooked into: the library's own
integrations stay off, and so do the values of local variables.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from structlog.types import EventDict, WrappedLogger

from chimera import __version__
from chimera.core.errors import Unready
from chimera.telemetry.logs import clean

if TYPE_CHECKING:
    from sentry_sdk import Client
    from sentry_sdk.types import Event, Hint

_REPORTED = frozenset({"error", "critical", "exception"})
#: What leads from a report to its lines in the log.
_TAGS = ("request_id", "conversation_id", "turn_id", "error_id")
_OURS = {"level", "event", "exc_info", "timestamp", "logger", "stack_info"}
#: How long the last reports may take to leave.
_FAREWELL_S = 2.0


@contextmanager
def reporting(dsn: str) -> Generator["Reporter"]:
    """Report errors until the block ends. Raises Unready(2) for a DSN that is none."""
    try:
        from sentry_sdk import Client  # noqa: PLC0415 - an extra
        from sentry_sdk.utils import BadDsn  # noqa: PLC0415 - an extra
    except ImportError:
        raise Unready(
            "CHIMERA_ERRORS__DSN needs the extra `sentry`: pip install 'chimera[sentry]'.",
            exit_code=2,
        ) from None
    try:
        client = Client(
            dsn, release=f"chimera@{__version__}", before_send=_cleaned,
            include_local_variables=False, default_integrations=False, auto_session_tracking=False,
            max_breadcrumbs=0, shutdown_timeout=_FAREWELL_S,
        )  # fmt: skip
    except BadDsn:
        raise Unready("CHIMERA_ERRORS__DSN is not a DSN.", exit_code=2) from None
    try:
        yield Reporter(client)
    finally:
        client.close(timeout=_FAREWELL_S)


class Reporter:
    """A step in the chain of logs that reports what passes as an error."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def __call__(self, _logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        if event.get("level", method) in _REPORTED:
            self._client.capture_event(self._report(event))
        return event

    def _report(self, event: EventDict) -> "Event":
        from sentry_sdk.utils import event_from_exception  # noqa: PLC0415 - an extra

        report: Event = {}
        error = _error(event.get("exc_info"))
        if error is not None:
            report, _ = event_from_exception(error, client_options=self._client.options)
        report["level"] = "error"
        report["logentry"] = {"message": str(event.get("event", ""))}
        report["tags"] = {name: str(event[name]) for name in _TAGS if name in event}
        report["extra"] = {
            name: value
            for name, value in event.items()
            if name not in {*_OURS, *_TAGS} and not name.startswith("_")
        }
        return report


def _error(told: object) -> BaseException | None:
    """The error of a line: itself, all that is known of it, or the one being dealt with."""
    if isinstance(told, tuple):
        told = cast("tuple[object, ...]", told)[1]
    if told is True:
        return sys.exc_info()[1]
    return told if isinstance(told, BaseException) else None


def _cleaned(report: "Event", _: "Hint") -> "Event":
    """Everything in it, as in a log."""
    return clean(report)
