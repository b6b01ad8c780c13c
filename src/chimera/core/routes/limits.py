"""How much a key may be asked for: rates that it keeps to before its provider must say so.

Pure: times come in as arguments, in seconds on the monotonic clock.
"""

from collections import deque
from dataclasses import dataclass

_MINUTE = 60.0
#: Extra calls that a provider gets in a minute: this share of all, and at least so many.
_EXTRA_SHARE = 0.10
_LEAST_EXTRA = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one key may do; None where its provider sets no bound, or nobody knows it."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    #: Calls at once.
    concurrency: int | None = None


UNLIMITED = Limits()


class Bucket:
    """Fills up steadily to what a minute may take; a correction may leave it in debt."""

    def __init__(self, per_minute: int) -> None:
        self._most = float(per_minute)
        self._level = self._most
        self._at = 0.0

    def wait(self, amount: float, now: float) -> float:
        """Seconds until so much may be taken; what never fits needs a full bucket."""
        missing = min(amount, self._most) - self._filled(now)
        return max(0.0, missing) * _MINUTE / self._most

    def take(self, amount: float, now: float) -> None:
        """Take it, or with a negative amount give it back."""
        self._level = min(self._most, self._filled(now) - amount)
        self._at = now

    def empty(self, now: float) -> None:
        self._level, self._at = min(0.0, self._filled(now)), now

    def _filled(self, now: float) -> float:
        return min(self._most, self._level + max(0.0, now - self._at) * self._most / _MINUTE)


class KeyGate:
    """What one key has left of its rates, and whether its provider sent it away for a while."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        requests, tokens = limits.requests_per_minute, limits.tokens_per_minute
        self._requests = Bucket(requests) if requests else None
        self._tokens = Bucket(tokens) if tokens else None
        self._paused_until = 0.0
        self._paused_because: str | None = None

    def changed(self, limits: Limits) -> "KeyGate":
        """The gate with other limits; what it was told still holds."""
        gate = KeyGate(limits)
        gate._paused_until, gate._paused_because = self._paused_until, self._paused_because
        return gate

    def wait(self, tokens: int, now: float) -> float:
        """Seconds until a call that takes about so many tokens may be made."""
        waits = [self._paused_until - now, 0.0]
        if self._requests is not None:
            waits.append(self._requests.wait(1, now))
        if self._tokens is not None:
            waits.append(self._tokens.wait(tokens, now))
        return max(waits)

    def paused(self, now: float) -> str | None:
        """The code of the failure for which the provider sent it away; None if it may come."""
        return self._paused_because if now < self._paused_until else None

    def take(self, tokens: int, now: float) -> None:
        if self._requests is not None:
            self._requests.take(1, now)
        if self._tokens is not None:
            self._tokens.take(tokens, now)

    def paused_until(self, now: float) -> float | None:
        """When the provider lets it come again; None if it may now."""
        return self._paused_until if now < self._paused_until else None

    def correct(self, *, estimated: int, taken: int, now: float) -> None:
        """Put right what was estimated before the call."""
        if self._tokens is not None:
            self._tokens.take(taken - estimated, now)

    def pause(self, seconds: float, code: str, now: float) -> None:
        """The provider said no for so long; what was left is not believed in."""
        for bucket in (self._requests, self._tokens):
            if bucket is not None:
                bucket.empty(now)
        if now + seconds > self._paused_until:
            self._paused_until, self._paused_because = now + seconds, code

    def reopen(self) -> None:
        """Somebody who knows says that it may be asked again."""
        self._paused_until, self._paused_because = 0.0, None


class RetryBudget:
    """Keeps an outage from becoming a storm: extra calls are few beside the first ones."""

    def __init__(self) -> None:
        self._calls = deque[float]()
        self._extra = deque[float]()

    def called(self, now: float) -> None:
        self._forget(now)
        self._calls.append(now)

    def spend(self, now: float) -> bool:
        """Whether one extra call may be made; if so, it counts."""
        self._forget(now)
        if len(self._extra) >= max(_LEAST_EXTRA, _EXTRA_SHARE * len(self._calls)):
            return False
        self._extra.append(now)
        return True

    def _forget(self, now: float) -> None:
        for times in (self._calls, self._extra):
            while times and times[0] <= now - _MINUTE:
                times.popleft()
