"""How often one viewer may do one thing, in the whole house."""

from collections import OrderedDict
from typing import Protocol

from chimera.core.errors import RateLimited
from chimera.core.routes.limits import Bucket

#: Of more viewers the one who did nothing for longest is forgotten.
KEPT = 10_000
#: A process that cannot ask the others gives away this part of a rate: four of them are within it.
SHARE_ALONE = 4


class Tally(Protocol):
    """Counts for all processes of a house."""

    async def wait(self, key: str, per_minute: int) -> float | None:
        """Count one; the seconds until it may be done, 0 if it may. None: nobody can tell now."""
        ...


class Rates:
    """So many a minute for each key, with that many at once."""

    def __init__(self, name: str, per_minute: int, tally: Tally | None = None) -> None:
        """`tally`: where processes count together; without it this one counts for itself."""
        self._name = name
        self._per_minute = per_minute
        self._tally = tally
        self._here = per_minute if tally is None else max(1, per_minute // SHARE_ALONE)
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    async def take(self, key: str, now: float) -> None:
        """Count one; `now` in seconds. Raises RateLimited, and has then counted nothing."""
        wait = None
        if self._tally is not None:
            wait = await self._tally.wait(f"{self._name}:{key}", self._per_minute)
        if wait is None:
            wait = self._wait_here(key, now)
        if wait > 0:
            raise RateLimited("That was too often; wait a moment.", retry_after=round(wait, 1))

    def _wait_here(self, key: str, now: float) -> float:
        bucket = self._buckets.pop(key, None) or Bucket(self._here)
        self._buckets[key] = bucket
        while len(self._buckets) > KEPT:
            self._buckets.popitem(last=False)
        wait = bucket.wait(1, now)
        if wait <= 0:
            bucket.take(1, now)
        return wait
