"""Which routes may play a line, the best first, and when one of them is tried again.

Pure: times come in as arguments, draws from the caller's random source.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from random import Random

from chimera.core.errors import ProviderBusy, ProviderError, ProviderSlow
from chimera.core.generation import Kind
from chimera.core.routes.health import UNKNOWN, HealthRecord

#: Where nobody pinned a model: this stands for the provider and for the model.
AUTO = "auto"
#: Extra calls a route gets for one line.
RETRIES = 2
_BACKOFF = 0.5
#: The wait after a busy answer that names none, or nonsense.
BUSY_WAIT = 5.0
_LONGEST_BUSY_WAIT = 30.0
#: No busy route is waited for longer while another one is ready to speak.
_SHORT_BUSY_WAIT = 2.0
#: What one line may cost where the conversation has no budget, and its share of one that it has.
_TURN_BUDGET = 0.01
_TURN_SHARE = 0.01
#: The pause before a usual line, in seconds: a first token that takes as long weighs one point.
_GAP = 3.0
#: Routes whose utilities differ by less are equals; how busy they are decides.
_TIE = 0.05
#: Weighs more than any utility: the best tier first.
_TIER = 1000.0
_LAST_TIER = 3


class Rung(IntEnum):
    """The ladder of `reliability.md` section 2.4: what is tried before what."""

    LEAD = 0
    OTHER_KEY = 1
    OTHER_MODEL = 2
    OTHER_PROVIDER = 3
    LOCAL = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One route with one key, and all that is known of it when a line is to be played."""

    provider: str
    model: str
    credential: str
    rung: Rung
    record: HealthRecord = UNKNOWN
    #: The likely cost of the line in US dollars.
    cost: float = 0.0
    tier: int | None = None
    #: How far its tier is below or above the lead's; 0 also where nobody knows.
    distance: int = 0
    #: Calls under way.
    in_flight: int = 0
    #: It was open a moment ago: its next call is a probe.
    probing: bool = False
    #: It has not yet gone well often enough since, and somebody else tries it now.
    doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a line is for, and what it may take."""

    kind: Kind
    ceiling: float | None = None
    thrifty: bool = False

    @property
    def turn_budget(self) -> float:
        return _TURN_BUDGET if not self.ceiling else self.ceiling * _TURN_SHARE

    @property
    def cheapest(self) -> bool:
        return self.thrifty or self.kind == "background"

    @property
    def best(self) -> bool:
        return self.kind in {"finale", "synthesis"} and not self.thrifty


def utility(option: Option, wish: Wish, rng: Random) -> float:
    """How good a choice it is (`engine.md` section 16.1); a draw, so that all get their chance."""
    record = option.record
    sample = rng.betavariate(1 + record.good, 1 + record.bad)
    latency = (record.tail_ms or 0.0) / 1000 / max(1.0, _GAP)
    value = sample - 2 * option.cost / wish.turn_budget - latency - 3 * record.error_rate
    if wish.best:
        value -= _TIER * (option.tier or _LAST_TIER)
    return value


def rank(options: Iterable[Option], wish: Wish, rng: Random) -> list[Option]:
    """The options in the order in which they are to be tried.

    The lead comes first whatever it costs, unless it is doubtful and there is anybody else.
    Within a rung the nearer tier wins, then the greater utility; equals go by power of two
    choices on latency times calls under way.
    """
    drawn = [(option, utility(option, wish, rng)) for option in options]
    rng.shuffle(drawn)
    return [option for option, _ in _in_order(drawn, wish)]


def _in_order(drawn: Sequence[tuple[Option, float]], wish: Wish) -> Sequence[tuple[Option, float]]:
    ordered = sorted(drawn, key=lambda each: _key(*each, wish))
    for place in range(len(ordered) - 1):
        first, second = ordered[place], ordered[place + 1]
        if _equals(first, second) and load(second[0]) < load(first[0]):
            ordered[place], ordered[place + 1] = second, first
    return ordered


def _key(option: Option, value: float, wish: Wish) -> tuple[float, ...]:
    # What has yet to prove itself waits behind what works; a lead alone is worth the try.
    waiting = option.doubtful or (option.probing and option.rung is not Rung.LEAD)
    if wish.cheapest:
        return (waiting, option.rung, option.distance, option.cost, -value)
    return (waiting, option.rung, option.distance, -value)


def _equals(first: tuple[Option, float], second: tuple[Option, float]) -> bool:
    one, other = first[0], second[0]
    alike = (one.rung, one.distance, one.probing, one.doubtful) == (
        other.rung, other.distance, other.probing, other.doubtful
    )  # fmt: skip
    same_route = (one.provider, one.model) == (other.provider, other.model)
    return alike and (same_route or abs(first[1] - second[1]) < _TIE)


def load(option: Option) -> float:
    """How long a call is likely to wait there: peak latency times calls under way."""
    return (option.record.peak_ms or 1.0) * (1 + option.in_flight)


def retry_delay(
    failure: ProviderError, *, attempt: int, left: float, rng: Random, elsewhere: bool = False
) -> float | None:
    """Seconds before the same route is called again; None if the next route should speak.

    `attempt` counts from 0, `left` is what remains of the line's time (`reliability.md` 2.2);
    `elsewhere` says whether another route is ready to speak.
    """
    if attempt >= RETRIES:
        return None
    if isinstance(failure, ProviderBusy):
        wait = BUSY_WAIT if failure.retry_after is None else failure.retry_after
        return wait if wait <= patience(left, elsewhere=elsewhere) else None
    too_late = isinstance(failure, ProviderSlow) and failure.stage in {"first_byte", "total"}
    if too_late or not failure.counts:
        return None
    wait = rng.uniform(0, _BACKOFF * 2**attempt)
    return wait if wait < left else None


def patience(left: float, *, elsewhere: bool = False) -> float:
    """The longest wait for a busy route while so many seconds of the line's time remain."""
    return min(_SHORT_BUSY_WAIT if elsewhere else _LONGEST_BUSY_WAIT, left / 2)
