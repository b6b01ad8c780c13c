"""Whether a route deserves another try, judged by what its provider did so far.

Pure: times come in as arguments, draws from the caller's random source.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from chimera.core.errors import ProviderBusy, ProviderError, ProviderSlow

#: Extra calls a route gets for one line.
RETRIES = 2
_BACKOFF = 0.5
#: The wait after a busy answer that names none, or nonsense.
_BUSY_WAIT = 5.0
_LONGEST_BUSY_WAIT = 30.0
#: Latencies remembered for each provider.
_SAMPLES = 200


def retry_delay(failure: ProviderError, *, attempt: int, left: float, rng: Random) -> float | None:
    """Seconds before the same route is called again; None if the next route should speak.

    `attempt` counts from 0, `left` is what remains of the line's time (`reliability.md` 2.2).
    """
    if attempt >= RETRIES:
        return None
    if isinstance(failure, ProviderBusy):
        wait = _BUSY_WAIT if failure.retry_after is None else failure.retry_after
        return wait if wait <= min(_LONGEST_BUSY_WAIT, left / 2) else None
    too_late = isinstance(failure, ProviderSlow) and failure.stage in {"first_byte", "total"}
    if too_late or not failure.counts:
        return None
    wait = rng.uniform(0, _BACKOFF * 2**attempt)
    return wait if wait < left else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRecord:
    """What real calls showed of a provider; latencies are those to the first token."""

    calls: int = 0
    failures: Mapping[str, int] = field(default_factory=dict[str, int])
    last_success: datetime | None = None
    last_failure: datetime | None = None
    last_code: str | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None


class HealthBook:
    """Remembers how the calls to each provider went."""

    def __init__(self) -> None:
        self._pages: defaultdict[str, _Page] = defaultdict(_Page)

    def succeeded(self, provider: str, *, at: datetime, latency_ms: float) -> None:
        page = self._pages[provider]
        page.calls += 1
        page.last_success = at
        page.latencies.append(latency_ms)

    def failed(self, provider: str, *, at: datetime, code: str) -> None:
        page = self._pages[provider]
        page.calls += 1
        page.last_failure = at
        page.last_code = code
        page.failures[code] += 1

    def record(self, provider: str) -> HealthRecord:
        """The state of one provider, as it is now."""
        page = self._pages.get(provider, _Page())
        ordered = sorted(page.latencies)
        return HealthRecord(
            calls=page.calls,
            failures=dict(page.failures),
            last_success=page.last_success,
            last_failure=page.last_failure,
            last_code=page.last_code,
            p50_ms=_quantile(ordered, 0.5),
            p95_ms=_quantile(ordered, 0.95),
        )


@dataclass(slots=True)
class _Page:
    calls: int = 0
    failures: Counter[str] = field(default_factory=Counter[str])
    last_success: datetime | None = None
    last_failure: datetime | None = None
    last_code: str | None = None
    latencies: deque[float] = field(default_factory=lambda: deque[float](maxlen=_SAMPLES))


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share does not exceed."""
    if not ordered:
        return None
    rank = -int(-share * len(ordered) // 1)
    return ordered[max(rank, 1) - 1]
