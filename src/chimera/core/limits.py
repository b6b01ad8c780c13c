"""How much a key may be asked for: rates that it keeps to before its provider must say so.

Pure: times come in as arguments, in seconds on the monotonic clock.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one key may do; None where its provider sets no bound, or nobody knows it."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    #: Calls at once.
    concurrency: int | None = None


UNLIMITED = Limits()
