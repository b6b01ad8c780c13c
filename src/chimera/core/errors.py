"""Every error raised on purpose.

ChimeraError                 code · message · retryable · details
├── Invalid                  a value breaks a rule
│   └── Malformed            not even readable
├── Unauthenticated · Forbidden · NotFound
├── Conflict
│   └── AlreadyExists · WrongStatus · StaleSeq
├── LimitReached
│   └── RateLimited(retry_after) · BudgetSpent
├── ProviderError
│   ├── ProviderBusy · ProviderDown · ProviderSlow · TruncatedStream · BadStream
│   ├── QuotaSpent · ProviderRefused · NotPermitted · UnknownModel
│   └── ContentRefused · ContextTooLong · InvalidRequest
├── StoreBusy
├── ReadOnly(retry_after)     nothing can be kept just now
│   └── DiskFull
├── Unready                  a start that cannot go on; carries the exit code
├── PluginFailed
├── Stuck                    a play of the lab in which nothing happens any more
└── Superseded · Stale · Withdrawn   internal to a run: it stops quietly, reads on, or begins again

`code` is public and permanent; HTTP statuses live in `api/errors.py`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class ChimeraError(Exception):
    """An error with a stable code and a sentence a person understands."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, Any] = details


class Invalid(ChimeraError):
    code = "invalid"


class Malformed(Invalid):
    code = "malformed"


class Unauthenticated(ChimeraError):
    code = "unauthenticated"


class Forbidden(ChimeraError):
    code = "forbidden"


class NotFound(ChimeraError):
    code = "not_found"


class Conflict(ChimeraError):
    code = "conflict"


class AlreadyExists(Conflict):
    code = "already_exists"


class WrongStatus(Conflict):
    """The conversation is not in a status in which this can be done."""

    code = "wrong_status"


class StaleSeq(Conflict):
    code = "stale_seq"


class LimitReached(ChimeraError):
    code = "limit_reached"


class RateLimited(LimitReached):
    code = "rate_limited"
    retryable = True

    def __init__(self, message: str, *, retry_after: float, **details: Any) -> None:
        super().__init__(message, retry_after=retry_after, **details)
        self.retry_after = retry_after


class BudgetSpent(LimitReached):
    code = "budget_spent"


class ProviderError(ChimeraError):
    """A provider did not do what we asked; the only kind an adapter raises."""

    code = "provider_error"
    #: Whether it speaks against the provider's health (`providers.md` section 2).
    counts: ClassVar[bool] = False


class ProviderBusy(ProviderError):
    code = "provider_busy"
    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None, **details: Any) -> None:
        super().__init__(message, retry_after=retry_after, **details)
        self.retry_after = retry_after


class ProviderDown(ProviderError):
    code = "provider_down"
    retryable = True
    counts = True


class ProviderSlow(ProviderError):
    """A deadline passed; `stage` is `connect`, `first_byte`, `gap` or `total`."""

    code = "provider_slow"
    retryable = True
    counts = True

    def __init__(self, message: str, *, stage: str, **details: Any) -> None:
        super().__init__(message, stage=stage, **details)
        self.stage = stage


class TruncatedStream(ProviderError):
    code = "truncated_stream"
    retryable = True
    counts = True


class BadStream(ProviderError):
    code = "bad_stream"
    retryable = True
    counts = True


class QuotaSpent(ProviderError):
    code = "quota_spent"


class ProviderRefused(ProviderError):
    """The key itself is wrong: it is not used again until somebody sees to it."""

    code = "provider_refused"


class NotPermitted(ProviderError):
    """The key is good, and may not do this: use that model, or call from here."""

    code = "not_permitted"


class UnknownModel(ProviderError):
    code = "unknown_model"


class ContentRefused(ProviderError):
    code = "content_refused"


class ContextTooLong(ProviderError):
    code = "context_too_long"

    def __init__(self, message: str, *, limit: int | None = None, **details: Any) -> None:
        super().__init__(message, limit=limit, **details)
        self.limit = limit


class InvalidRequest(ProviderError):
    code = "invalid_request"


class StoreBusy(ChimeraError):
    code = "store_busy"
    retryable = True


class ReadOnly(ChimeraError):
    """The database can be read and not written."""

    code = "read_only"
    retryable = True
    #: Seconds after which it is tried again.
    retry_after: ClassVar[float] = 5.0


class DiskFull(ReadOnly):
    code = "disk_full"


class Unready(ChimeraError):
    """The program cannot start; `exit_code` as listed in `reliability.md` section 6."""

    code = "unready"

    def __init__(self, message: str, *, exit_code: int, **details: Any) -> None:
        super().__init__(message, exit_code=exit_code, **details)
        self.exit_code = exit_code


class PluginFailed(ChimeraError):
    code = "plugin_failed"


class Stuck(ChimeraError):
    """A play of the lab in which nothing happens any more."""

    code = "stuck"


class Superseded(ChimeraError):
    """A later run is in charge, or the conversation no longer runs."""

    code = "superseded"


class Stale(ChimeraError):
    """Somebody appended events that this run has not read."""

    code = "stale"


class Withdrawn(ChimeraError):
    """What the run was about to do no longer fits the log; it begins again."""

    code = "withdrawn"
