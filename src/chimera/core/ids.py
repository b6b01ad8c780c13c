"""Where time and identity come from: both are passed in, never reached for."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """The two clocks a process has."""

    def now(self) -> datetime:
        """The wall clock, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an unknown start; never goes back. Deadlines are measured with it."""
        ...


class IdSource(Protocol):
    """Makes ids: a prefix, an underscore and something opaque that sorts by time."""

    def new(self, prefix: str) -> str:
        """A fresh id, such as `cnv_…` for the prefix `cnv`."""
        ...


def to_millis(moment: datetime) -> int:
    """Milliseconds since 1970 UTC, the form in which databases keep times."""
    return round(moment.timestamp() * 1000)


def from_millis(millis: int) -> datetime:
    """The moment that `to_millis` gave."""
    return datetime.fromtimestamp(millis / 1000, UTC)


def rfc3339(millis: int) -> str:
    """A time as it stands on the wire: UTC with milliseconds, ending in `Z`."""
    seconds, rest = divmod(millis, 1000)
    return f"{_second(seconds)}.{rest:03}Z"


# A page of a log has hundreds of times, and few seconds.
@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").removesuffix("+00:00")
