"""Who stands with whom: the split of a cast that contradicts the least feeling."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from chimera.core.conversation import Participant
from chimera.core.relations import Directed, Relations, affinity

#: Two camps are shown if so little of the feeling contradicts them and there is so much of it.
CONTRADICTS, FEELS = 0.15, 0.2
#: Of more people not every split can be tried.
MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Camps:
    """The split that contradicts the least feeling, and how balanced the cast is, −1…1."""

    balance: float
    #: Two groups of participant ids; empty where nothing worth showing divides the cast.
    sides: tuple[tuple[str, ...], ...] = ()


def camps(relations: Relations, cast: Sequence[Participant], turn: int) -> Camps:
    """The best of all splits, and whether it is worth showing."""
    people = [each.id for each in cast][:MOST]
    among = {each.id: each for each in cast}
    ties = {
        pair: _both(relations, among[pair[0]], among[pair[1]], turn)
        for pair in combinations(people, 2)
    }
    total = math.fsum(abs(value) for value in ties.values())
    if not total:
        return Camps(balance=1.0)
    least, best = total, 0
    for split in range(2 ** (len(people) - 1)):
        frustration = _frustration(people, ties, split)
        if frustration < least:
            least, best = frustration, split
    shown = least / total < CONTRADICTS and total >= FEELS * len(ties) and best
    sides = tuple(
        tuple(who for place, who in enumerate(people) if (best >> place) & 1 == side)
        for side in (0, 1)
    )
    return Camps(balance=1 - 2 * least / total, sides=sides if shown else ())


def _both(relations: Relations, one: Participant, other: Participant, turn: int) -> float:
    there, back = affinity(relations, one, other, turn), affinity(relations, other, one, turn)
    return (there + back) / 2


def _frustration(people: Sequence[str], ties: Mapping[Directed, float], split: int) -> float:
    """How much feeling a split contradicts: liking across it, dislike within."""
    side = {who: (split >> place) & 1 for place, who in enumerate(people)}
    return math.fsum(
        abs(value)
        for (one, other), value in ties.items()
        if value and (value > 0) != (side[one] == side[other])
    )
