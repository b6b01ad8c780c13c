"""What goes wrong, and when: one seed decides it all, each time the same.

A decision hangs on the seed, on who asks and for the how-manieth time, never on the order in which
different askers come: so a seed keeps its meaning whatever else runs beside.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, TypeVar

Choice = TypeVar("Choice")
What = Literal["crash", "error", "freeze", "stall", "delay"]
Alarm = Literal["early", "late", "twice", "never", "well"]
Speech = Literal["down", "broken", "silent", "well"]

#: Frames are many: each of their ports is so much less likely to be the place of a fault.
RARELY = 20
RARE = frozenset({"hub.publish", "provider.chunk"})
#: The longest that each takes, in seconds. A lease is 2 s, a run counts as stuck after 75 s.
DELAY_S, STALL_S, FREEZE_S = 0.3, 100.0, 15.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at one await, and for how long."""

    what: What
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How likely each fault is; every seed has its own."""

    crash: float
    error: float
    freeze: float
    stall: float
    delay: float
    lost: float
    alarm: float
    speech: float


class Plan:
    """The faults of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        #: While it is, nothing goes wrong.
        self.calm = True
        self._asked: Counter[tuple[str, str]] = Counter()
        self.weather = Weather(
            crash=self.one_of("crash", [0, 0.004, 0.012]),
            error=self.one_of("error", [0, 0.01, 0.04]),
            freeze=self.one_of("freeze", [0, 0, 0.004]),
            stall=self.one_of("stall", [0, 0, 0.004]),
            delay=self.one_of("delay", [0, 0.1, 0.3]),
            lost=self.one_of("lost", [0, 0.05, 0.4]),
            alarm=self.one_of("alarm", [0, 0.1, 0.4]),
            speech=self.one_of("speech", [0, 0.1, 0.4]),
        )

    def draw(self, who: str, what: str) -> float:
        """The next number of this asker, from 0 to 1."""
        self._asked[who, what] += 1
        key = f"{self.seed}:{who}:{what}:{self._asked[who, what]}"
        return int.from_bytes(blake2b(key.encode(), digest_size=7).digest()) / 2**56

    def one_of(self, what: str, choices: Sequence[Choice], who: str = "world") -> Choice:
        return choices[int(self.draw(who, what) * len(choices))]

    def between(self, low: float, high: float, what: str, who: str = "world") -> float:
        return low + (high - low) * self.draw(who, what)

    # --- what the ports ask --------------------------------------------------------------------

    def at(self, port: str, process: str) -> Fault | None:
        """What happens at this await of that process."""
        if self.calm:
            return None
        luck = self.draw(process, port) * (RARELY if port in RARE else 1)
        longest: dict[What, float] = {"freeze": FREEZE_S, "stall": STALL_S, "delay": DELAY_S}
        for what in ("crash", "error", "freeze", "stall", "delay"):
            luck -= getattr(self.weather, what)
            if luck < 0:
                seconds = longest.get(what, 0.0)
                return Fault(what, seconds and self.between(0, seconds, f"{port}:{what}", process))
        return None

    def loses(self, link: str) -> bool:
        """Whether this link loses what it carries."""
        return not self.calm and self.draw(link, "lost") < self.weather.lost

    def repeats(self, link: str) -> bool:
        return not self.calm and self.draw(link, "repeated") < self.weather.lost / 4

    def ringing(self, key: str) -> Alarm:
        """How an alarm rings."""
        if self.calm or self.draw(key, "alarm") >= self.weather.alarm:
            return "well"
        return self.one_of("ringing", ["early", "late", "twice", "never"], key)

    def speaking(self, process: str) -> Speech:
        """How a provider's call goes."""
        if self.calm or self.draw(process, "speech") >= self.weather.speech:
            return "well"
        return self.one_of("speaking", ["down", "broken", "silent"], process)
