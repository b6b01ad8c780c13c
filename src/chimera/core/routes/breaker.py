"""Whether a route may be called at all: after many failures only one call tries it, now and then.

Pure: times come in as arguments, in seconds on the monotonic clock, draws from the caller's
random source (`reliability.md` section 2.3).
"""

from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Literal

BreakerState = Literal["closed", "open", "half_open"]

#: So many calls within the window, half of them failed, and it opens.
LEAST_CALLS = 5
WINDOW = 30.0
#: How long it stays open at first, and at most; each time it doubles.
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 120.0
SPREAD = 0.2
#: Good calls after which a route that was open is trusted again (`engine.md` section 16.3).
PROOFS = 2
#: Calls remembered; more than this in one window would only say the same.
_MOST_CALLS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Permit:
    """Leave to make one call; it must be given back with how the call went."""

    probe: bool


class Breaker:
    """Closed: everybody may call. Open: nobody. Half open: exactly one call tries."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._calls = deque[tuple[float, bool]](maxlen=_MOST_CALLS)
        self._until: float | None = None
        self._probe: Permit | None = None
        self._times_open = 0
        self._proofs = PROOFS

    def state(self, now: float) -> BreakerState:
        if self._until is None:
            return "closed"
        return "open" if now < self._until else "half_open"

    @property
    def until(self) -> float | None:
        """When the next probe may go; None while it is closed."""
        return self._until

    @property
    def trusted(self) -> bool:
        """Whether it was never open, or has gone well often enough since."""
        return self._until is None and self._proofs >= PROOFS

    def ready(self, now: float) -> bool:
        """Whether `admit` would give leave now."""
        return self._until is None or (now >= self._until and self._probe is None)

    def admit(self, now: float) -> Permit | None:
        """Leave for one call; None while it is open or another call probes."""
        if not self.ready(now):
            return None
        permit = Permit(probe=self._until is not None)
        if permit.probe:
            self._probe = permit
        return permit

    def succeeded(self, permit: Permit, now: float) -> None:
        if permit is self._probe:
            self._probe, self._until, self._times_open = None, None, 0
            self._calls.clear()
            self._proofs = 1
        elif self._until is None:
            self._calls.append((now, True))
            self._proofs += 1

    def failed(self, permit: Permit, now: float) -> None:
        """The call failed in a way that speaks against the route."""
        if permit is self._probe:
            self._probe = None
            self._open(now)
        elif self._until is None:
            self._calls.append((now, False))
            if self._proofs < PROOFS:
                self._proofs = 0
            if self._mostly_failed(now):
                self._open(now)

    def returned(self, permit: Permit) -> None:
        """The call showed nothing: it was cancelled, or failed for another reason."""
        if permit is self._probe:
            self._probe = None

    def _mostly_failed(self, now: float) -> bool:
        while self._calls and self._calls[0][0] <= now - WINDOW:
            self._calls.popleft()
        failures = sum(not good for _, good in self._calls)
        return len(self._calls) >= LEAST_CALLS and 2 * failures >= len(self._calls)

    def _open(self, now: float) -> None:
        pause = min(FIRST_PAUSE * 2**self._times_open, LONGEST_PAUSE)
        self._until = now + pause * self._rng.uniform(1 - SPREAD, 1 + SPREAD)
        # Beyond this the pause no longer grows.
        self._times_open = min(self._times_open + 1, 10)
        self._calls.clear()
        self._proofs = 0
