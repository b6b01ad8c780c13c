"""How often one viewer may do one thing; each process counts for itself."""

from collections import OrderedDict

from chimera.core.errors import RateLimited
from chimera.core.routes.limits import Bucket

#: Of more viewers the one who did nothing for longest is forgotten.
KEPT = 10_000


class Rates:
    """So many a minute for each key, with that many at once."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, key: str, now: float) -> None:
        """Count one; `now` in seconds. Raises RateLimited, and has then counted nothing."""
        bucket = self._buckets.pop(key, None) or Bucket(self._per_minute)
        self._buckets[key] = bucket
        while len(self._buckets) > KEPT:
            self._buckets.popitem(last=False)
        wait = bucket.wait(1, now)
        if wait > 0:
            raise RateLimited("That was too often; wait a moment.", retry_after=round(wait, 1))
        bucket.take(1, now)
