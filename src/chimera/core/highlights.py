"""Which messages of a talk are worth coming back to, and why.

Each thing that happened at a message speaks for it by so much; together they make its weight, as
independent chances do. What was marked by hand always counts.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Literal, NamedTuple

Why = Literal[
    "by_hand", "applause", "boos", "warmth", "tension", "alliance_formed", "alliance_ended",
    "quarrel", "peace", "loop_broken", "new_topic",
]  # fmt: skip

#: What speaks for a message with how much; applause and boos grow with the hands.
WEIGHTS: Mapping[Why, float] = {
    "by_hand": 1.0, "applause": 0.5, "boos": 0.45, "warmth": 0.5, "tension": 0.5,
    "alliance_formed": 0.7, "alliance_ended": 0.65, "quarrel": 0.75, "peace": 0.6,
    "loop_broken": 0.5, "new_topic": 0.2,
}  # fmt: skip
#: Hands that make a peak, if no message so near has more.
HANDS, NEAR = 2, 8
#: A message that moved feelings by so much in all is a turn.
MOVED = 0.25
#: Lighter ones are none; those found stand so many messages apart, and are so many at most.
LEAST, APART, MOST = 0.5, 3, 24


class Told(NamedTuple):
    """What happened at one message."""

    message_id: str
    by_hand: bool = False
    applause: int = 0
    boos: int = 0
    #: Sum of the changes of feelings that cite it.
    warmth: float = 0.0
    marks: tuple[Why, ...] = ()


class Found(NamedTuple):
    """A highlight: its place among the messages, its weight 0…1, and the reasons, weighty first."""

    place: int
    message_id: str
    weight: float
    because: tuple[Why, ...]


def find(told: Sequence[Told]) -> list[Found]:
    """The highlights of a talk, in its order."""
    weighed = [_weighed(place, told) for place in range(len(told))]
    kept: list[Found] = [each for each in weighed if "by_hand" in each.because]
    rest = [each for each in weighed if each.weight >= LEAST and "by_hand" not in each.because]
    found: list[Found] = []
    for each in sorted(rest, key=lambda one: (-one.weight, one.place)):
        apart = all(abs(each.place - other.place) >= APART for other in (*kept, *found))
        if apart and len(found) < MOST:
            found.append(each)
    return sorted([*kept, *found])


def _weighed(place: int, told: Sequence[Told]) -> Found:
    one = told[place]
    speaks: dict[Why, float] = {why: WEIGHTS[why] for why in one.marks}
    if one.by_hand:
        speaks["by_hand"] = WEIGHTS["by_hand"]
    around = [*told[max(0, place - NEAR) : place], *told[place + 1 : place + 1 + NEAR]]
    if one.applause >= HANDS and all(each.applause <= one.applause for each in around):
        speaks["applause"] = _grown(WEIGHTS["applause"], one.applause)
    if one.boos >= HANDS and all(each.boos <= one.boos for each in around):
        speaks["boos"] = _grown(WEIGHTS["boos"], one.boos)
    if abs(one.warmth) >= MOVED:
        why: Why = "warmth" if one.warmth > 0 else "tension"
        speaks[why] = _grown(WEIGHTS[why], HANDS * abs(one.warmth) / MOVED)
    weight = 1 - prod(1 - each for each in speaks.values())
    because = tuple(sorted(speaks, key=lambda each: (-speaks[each], each)))
    return Found(place, one.message_id, round(weight, 3), because)


def _grown(base: float, hands: float) -> float:
    """The more hands, the nearer to certainty; never quite."""
    return 1 - (1 - base) * HANDS / max(hands, HANDS)
