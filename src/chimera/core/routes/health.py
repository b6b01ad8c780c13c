"""What real calls showed of providers and their routes: how many, how fast, which failures.

Pure: times come in as arguments.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

#: Measurements remembered for each provider and each route.
_SAMPLES = 200
#: Routes remembered: anybody may name a model.
_MOST_PAGES = 10_000
#: Seconds after which a call counts half.
_HALF_LIFE = 600.0
#: How fast the tail of the latencies follows: quickly up, slowly down, so that it stays near p95.
_UP, _DOWN = 0.285, 0.015
#: Seconds in which the peak of the latencies is half forgotten.
_PEAK_HALF_LIFE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRecord:
    """How calls went; latencies are those to the first token."""

    calls: int = 0
    failures: Mapping[str, int] = field(default_factory=dict[str, int])
    last_success: datetime | None = None
    last_failure: datetime | None = None
    last_code: str | None = None
    #: How many of the newest calls failed, one after the other.
    failing: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    #: Output tokens a second, first token to last, the median.
    tokens_per_s: float | None = None
    #: Recent calls that went well and that did not, older ones counting less and less.
    good: float = 0.0
    bad: float = 0.0
    #: Averages that follow the slowest calls, for choosing; None before the first.
    tail_ms: float | None = None
    peak_ms: float | None = None

    @property
    def error_rate(self) -> float:
        """The share of recent calls that failed; what is long ago counts as nothing."""
        return self.bad / (self.good + self.bad + 1)


#: Of a route that was never called.
UNKNOWN = HealthRecord()


class HealthBook:
    """Remembers how the calls to each provider went, and to each of its models."""

    def __init__(self) -> None:
        self._pages: defaultdict[tuple[str, str | None], _Page] = defaultdict(_Page)

    def succeeded(
        self,
        provider: str,
        model: str | None = None,
        *,
        at: datetime,
        latency_ms: float,
        tokens_per_s: float | None = None,
    ) -> None:
        for page in self._both(provider, model):
            page.succeeded(at, latency_ms, tokens_per_s)

    def failed(self, provider: str, model: str | None = None, *, at: datetime, code: str) -> None:
        for page in self._both(provider, model):
            page.failed(at, code)

    def record(
        self, provider: str, model: str | None = None, *, at: datetime | None = None
    ) -> HealthRecord:
        """The state of one provider, or of one of its models, after its last call or by `at`."""
        page = self._pages.get((provider, model)) or _Page()
        return page.record() if at is None else page.faded(at)

    def _both(self, provider: str, model: str | None) -> "Sequence[_Page]":
        if len(self._pages) >= _MOST_PAGES:
            self._pages.clear()
        whole = self._pages[provider, None]
        return (whole,) if model is None else (whole, self._pages[provider, model])


@dataclass(slots=True)
class _Page:
    calls: int = 0
    failures: Counter[str] = field(default_factory=Counter[str])
    last_success: datetime | None = None
    last_failure: datetime | None = None
    last_code: str | None = None
    failing: int = 0
    latencies: deque[float] = field(default_factory=lambda: deque[float](maxlen=_SAMPLES))
    speeds: deque[float] = field(default_factory=lambda: deque[float](maxlen=_SAMPLES))
    good: float = 0.0
    bad: float = 0.0
    tail: float | None = None
    peak: float | None = None
    faded_at: datetime | None = None
    #: Worked out at most once between two calls: every ranking reads it.
    kept: HealthRecord | None = None

    def succeeded(self, at: datetime, latency_ms: float, tokens_per_s: float | None) -> None:
        past = self._fade(at)
        self.calls += 1
        self.good += 1
        self.last_success = at
        self.failing = 0
        self.latencies.append(latency_ms)
        if tokens_per_s is not None:
            self.speeds.append(tokens_per_s)
        tail = latency_ms if self.tail is None else self.tail
        self.tail = tail + (latency_ms - tail) * (_UP if latency_ms > tail else _DOWN)
        peak = latency_ms if self.peak is None else self.peak
        kept = 0.5 ** (past / _PEAK_HALF_LIFE)
        self.peak = max(latency_ms, peak * kept + latency_ms * (1 - kept))

    def failed(self, at: datetime, code: str) -> None:
        self._fade(at)
        self.calls += 1
        self.bad += 1
        self.last_failure = at
        self.last_code = code
        self.failing += 1
        self.failures[code] += 1

    def record(self) -> HealthRecord:
        if self.kept is None:
            ordered = sorted(self.latencies)
            self.kept = HealthRecord(
                calls=self.calls,
                failures=dict(self.failures),
                last_success=self.last_success,
                last_failure=self.last_failure,
                last_code=self.last_code,
                failing=self.failing,
                p50_ms=_quantile(ordered, 0.5),
                p95_ms=_quantile(ordered, 0.95),
                tokens_per_s=_quantile(sorted(self.speeds), 0.5),
                good=self.good,
                bad=self.bad,
                tail_ms=self.tail,
                peak_ms=self.peak,
            )
        return self.kept

    def faded(self, at: datetime) -> HealthRecord:
        """The record as it looks after a while without calls."""
        kept = 0.5 ** (self._past(at) / _HALF_LIFE)
        return replace(self.record(), good=self.good * kept, bad=self.bad * kept)

    def _past(self, at: datetime) -> float:
        return max(0.0, (at - self.faded_at).total_seconds()) if self.faded_at else 0.0

    def _fade(self, at: datetime) -> float:
        """Let earlier calls count less; the seconds since the last one."""
        past = self._past(at)
        self.faded_at = at
        self.kept = None
        kept = 0.5 ** (past / _HALF_LIFE)
        self.good *= kept
        self.bad *= kept
        return past


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share does not exceed."""
    if not ordered:
        return None
    rank = -int(-share * len(ordered) // 1)
    return ordered[max(rank, 1) - 1]
