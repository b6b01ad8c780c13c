"""What participants feel for each other: affinity, alliances, conflict and how it cools.

The formulas of `engine.md` section 9. A fold keeps the running values from the stances in the log;
`relation.changed`, whose numbers are the truth for later readers, sets them anew.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import combinations
from typing import Literal

from chimera.core.conversation import Participant
from chimera.core.events import MessageSignals, RelationChanged
from chimera.core.persona import Traits

Level = Literal["banter", "heated", "hostile"]
Directed = tuple[str, str]

#: How fast a stance moves an affinity: what hurts is kept longer.
WARMS, COOLS = 0.12, 0.16
#: How strongly friends of friends, and enemies of enemies, draw each other.
PULL = 0.40
#: Per turn an affinity goes back to where it began.
DRIFT = 1 / 300
#: A smaller change is no news.
TELLS = 0.02
HEAT_KEPT = 0.8
HEATED, HOSTILE = 0.6, 1.2
#: A level is left only below this share of its limit: one quiet turn ends no quarrel.
EASES = 0.8
ALLIED, ESTRANGED = 0.30, 0.10
#: Turns of affinity before an alliance, and its shortest life.
PROVEN, SHORTEST = 5, 8
STANCES_KEPT, STANCES_NEEDED, POSITIVE = 10, 5, 0.6
FAMILIAR, RESPECTED = 0.05, 0.10
#: Turns for which the two of rung 2 do not answer each other; banter that ends the ladder.
APART, FORGIVEN = 6, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """What one participant feels for another."""

    #: The running value at `turn`, and what was last told of it.
    affinity: float
    told: float
    turn: int
    #: Anger toward the other at turn `heated`.
    heat: float = 0.0
    heated: int = 0
    familiarity: float = 0.0
    respect: float = 0.0
    #: The last stance that was known.
    stance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What lies between two, whoever feels it."""

    #: Whether their latest known stances toward each other were for or against, oldest first.
    stances: tuple[bool, ...] = ()
    #: The turn since which both like each other enough for an alliance.
    warm: int | None = None
    allied: int | None = None
    level: Level = "banter"
    #: The turn in which the level was reached.
    since: int = 0
    #: The last step of the ladder of de-escalation, and when it was taken.
    rung: int = 0
    stepped: int = 0
    #: Whether somebody was asked to mediate since it is heated.
    mediated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """Everything between the participants of a conversation."""

    ties: Mapping[Directed, Tie] = field(default_factory=dict[Directed, Tie])
    pairs: Mapping[Directed, Pair] = field(default_factory=dict[Directed, Pair])

    def pair(self, one: str, other: str) -> Pair:
        return self.pairs.get(key_of(one, other), Pair())

    def with_tie(self, one: str, other: str, tie: Tie) -> "Relations":
        return replace(self, ties={**self.ties, (one, other): tie})

    def with_pair(self, one: str, other: str, pair: Pair) -> "Relations":
        return replace(self, pairs={**self.pairs, key_of(one, other): pair})


def key_of(one: str, other: str) -> Directed:
    """The name of a pair, the same from both sides."""
    return (one, other) if one < other else (other, one)


# --- affinity ------------------------------------------------------------------------------------


def baseline(one: Participant, other: Participant) -> float:
    """Where an affinity begins and drifts back to: what the card says, else likeness of traits."""
    seed = one.character.relations.get(other.slug)
    if seed is not None:
        return seed
    return _likeness(_profile(one.character.traits), _profile(other.character.traits))


@lru_cache(maxsize=1024)
def _likeness(mine: tuple[float, ...], theirs: tuple[float, ...]) -> float:
    return 0.4 - 0.8 * math.dist(mine, theirs) / math.sqrt(len(mine))


def _profile(traits: Traits) -> tuple[float, ...]:
    return (
        traits.humour, traits.formality, traits.warmth, traits.assertiveness, traits.curiosity,
        traits.verbosity, traits.optimism,
    )  # fmt: skip


def affinity(relations: Relations, one: Participant, other: Participant, turn: int) -> float:
    """What `one` feels for `other` at a turn, −1…1."""
    tie = relations.ties.get((one.id, other.id))
    home = baseline(one, other)
    if tie is None:
        return home
    return home + (tie.affinity - home) * (1 - DRIFT) ** max(0, turn - tie.turn)


def heat(relations: Relations, one: str, other: str, turn: int) -> float:
    """How angry `one` is with `other`; it fades by a fifth each turn."""
    tie = relations.ties.get((one, other))
    return tie.heat * HEAT_KEPT ** max(0, turn - tie.heated) if tie else 0.0


def tension(relations: Relations, one: str, other: str, turn: int) -> float:
    """The anger between two, from the angrier side."""
    return max(heat(relations, one, other, turn), heat(relations, other, one, turn))


def tie_at(relations: Relations, one: Participant, other: Participant, turn: int) -> Tie:
    """The tie as it is at a turn."""
    now = affinity(relations, one, other, turn)
    tie = relations.ties.get((one.id, other.id))
    if tie is None:
        return Tie(affinity=now, told=now, turn=turn)
    return replace(tie, affinity=now, turn=turn)


def heard(
    relations: Relations,
    cast: Sequence[Participant],
    speaker_id: str,
    read: MessageSignals,
    turn: int,
    *,
    audience: Iterable[str] | None = None,
) -> Relations:
    """After a line of `speaker_id`, heard by `audience` (None: by all)."""
    people = {each.id: each for each in cast}
    if speaker_id not in people:
        return relations
    present = people.keys() if audience is None else people.keys() & set(audience)
    for stance in read.stance or ():
        if stance.to in present and stance.to != speaker_id:
            relations = _felt(relations, people, speaker_id, stance.to, stance.value, read, turn)
    for who in read.cited or ():
        if who in people and who != speaker_id:
            tie = tie_at(relations, people[speaker_id], people[who], turn)
            respect = tie.respect + RESPECTED * (1 - tie.respect)
            relations = relations.with_tie(speaker_id, who, replace(tie, respect=respect))
    return warmed(relations, cast, turn)


def _felt(
    relations: Relations,
    people: Mapping[str, Participant],
    one: str,
    other: str,
    stance: float,
    read: MessageSignals,
    turn: int,
) -> Relations:
    tie = tie_at(relations, people[one], people[other], turn)
    moved = tie.affinity + step_of(tie, stance) + pull_of(relations, people, one, other, turn)
    changed = replace(
        tie,
        affinity=min(max(moved, -1.0), 1.0),
        heat=heat(relations, one, other, turn) + anger_of(read, stance, other),
        heated=turn,
        familiarity=tie.familiarity + FAMILIAR * (1 - tie.familiarity),
        stance=stance,
    )
    pair = relations.pair(one, other)
    stances = (*pair.stances, stance > 0)[-STANCES_KEPT:]
    return relations.with_tie(one, other, changed).with_pair(
        one, other, replace(pair, stances=stances)
    )


def pull_of(
    relations: Relations, people: Mapping[str, Participant], one: str, other: str, turn: int
) -> float:
    """By how much any stance at all moves an affinity, because of what the others feel."""
    now = affinity(relations, people[one], people[other], turn)
    return PULL * (1 - abs(now)) * _balance(relations, people, one, other, turn)


def step_of(tie: Tie, stance: float) -> float:
    """By how much a stance moves an affinity."""
    return (WARMS if stance > 0 else COOLS) * (stance - tie.affinity)


def anger_of(read: MessageSignals, stance: float, other: str) -> float:
    """How angry a line with that stance makes whoever says it."""
    insult = 0.35 + 0.65 * _negativity(read, other)
    return max(0.0, -stance) * insult * (1 + (read.arousal or 0))


def _negativity(read: MessageSignals, other: str) -> float:
    if other in (read.insulted or ()):
        return 1.0
    return max(0.0, -(read.sentiment or 0.0))


def _balance(
    relations: Relations, people: Mapping[str, Participant], one: str, other: str, turn: int
) -> float:
    """What third participants make of the two: the mean of the products of their affinities."""
    products = [
        affinity(relations, people[one], third, turn)
        * affinity(relations, third, people[other], turn)
        for third in people.values()
        if third.id not in {one, other}
    ]
    return math.fsum(products) / len(products) if products else 0.0


def mutual(relations: Relations, one: Participant, other: Participant, turn: int) -> float:
    """The smaller of the two affinities between them."""
    return min(affinity(relations, one, other, turn), affinity(relations, other, one, turn))


def warmed(relations: Relations, cast: Sequence[Participant], turn: int) -> Relations:
    """Keep since when pairs like each other enough to be allies."""
    for one, other in combinations(cast, 2):
        pair = relations.pair(one.id, other.id)
        warm = mutual(relations, one, other, turn) >= ALLIED
        if warm != (pair.warm is not None):
            changed = replace(pair, warm=turn if warm else None)
            relations = relations.with_pair(one.id, other.id, changed)
    return relations


def told(relations: Relations, event: RelationChanged, turn: int) -> Relations:
    """After a `relation.changed`: its numbers are the truth."""
    one, other = event.from_, event.to
    before = relations.ties.get((one, other)) or Tie(affinity=0.0, told=0.0, turn=turn)
    tie = replace(before, affinity=event.affinity, told=event.affinity, turn=turn)
    pair = relations.pair(one, other)
    if event.alliance:
        pair = replace(pair, allied=turn if event.alliance == "formed" else None)
    if event.conflict and event.conflict != pair.level:
        calm = {"mediated": False} if event.conflict == "banter" else {}
        pair = replace(pair, level=event.conflict, since=turn, **calm)
    return relations.with_tie(one, other, tie).with_pair(one, other, pair)


def stepped(relations: Relations, pair_ids: Directed, rung: int, turn: int) -> Relations:
    """After a step of the ladder for a pair; rung 0 only asks somebody to mediate."""
    one, other = pair_ids
    pair = relations.pair(one, other)
    if rung == 0:
        return relations.with_pair(one, other, replace(pair, mediated=True))
    # Both are told of one step.
    if (pair.rung, pair.stepped) == (rung, turn):
        return relations
    relations = relations.with_pair(one, other, replace(pair, rung=rung, stepped=turn))
    return _cooled(relations, one, other, turn, 0.5)


def sat_out(relations: Relations, participant_id: str, turn: int) -> Relations:
    """After somebody was sent to sit out: the quarrels they were in are over."""
    for (one, other), pair in relations.pairs.items():
        if participant_id in {one, other}:
            climbed = 3 if pair.level == "hostile" else pair.rung
            relations = relations.with_pair(one, other, replace(pair, rung=climbed, stepped=turn))
            relations = _cooled(relations, one, other, turn, 0.0)
    return relations


def rung_of(pair: Pair, turn: int) -> int:
    """The rung of the ladder a pair stands on; a long banter brings it down to the ground."""
    calm = pair.level == "banter" and turn - max(pair.since, pair.stepped) >= FORGIVEN
    return 0 if calm else pair.rung


def parted(pair: Pair, turn: int) -> bool:
    """Whether the two may not answer each other for now."""
    return rung_of(pair, turn) >= 2 and turn - pair.stepped < APART


def guarded(relations: Relations, participant_id: str, turn: int) -> bool:
    """Whether somebody is in a quarrel in which no insult may be said any more."""
    return any(
        participant_id in ids and rung_of(pair, turn) >= 2 for ids, pair in relations.pairs.items()
    )


def _cooled(relations: Relations, one: str, other: str, turn: int, kept: float) -> Relations:
    for ids in ((one, other), (other, one)):
        tie = relations.ties.get(ids)
        if tie is not None:
            cooler = replace(tie, heat=kept * heat(relations, *ids, turn), heated=turn)
            relations = relations.with_tie(*ids, cooler)
    return relations


# --- what follows from a line --------------------------------------------------------------------


def changes(
    relations: Relations,
    cast: Sequence[Participant],
    speakers: Collection[str | None],
    message_id: str,
    turn: int,
) -> Iterable[RelationChanged]:
    """What has to be told after a message of these speakers, who come first in their pairs."""
    ordered = sorted(cast, key=lambda each: each.id not in speakers)
    for one, other in combinations(ordered, 2):
        pair = relations.pair(one.id, other.id)
        alliance = _alliance(relations, one, other, turn)
        level = _level(relations, one.id, other.id, turn)
        news = {"alliance": alliance} if alliance else {}
        news |= {"conflict": level} if level != pair.level else {}
        delta = _delta(relations, one.id, other.id, turn) if one.id in speakers else 0.0
        if abs(delta) >= TELLS or news:
            now = affinity(relations, one, other, turn)
            yield _told((one.id, other.id), now, delta, message_id, **news)
        back = _delta(relations, other.id, one.id, turn) if other.id in speakers else 0.0
        if abs(back) >= TELLS:
            now = affinity(relations, other, one, turn)
            yield _told((other.id, one.id), now, back, message_id)


def _delta(relations: Relations, one: str, other: str, turn: int) -> float:
    """By how much this turn has moved what `one` feels: what has drifted has no evidence."""
    tie = relations.ties.get((one, other))
    return tie.affinity - tie.told if tie is not None and tie.turn == turn else 0.0


def _told(ids: Directed, now: float, delta: float, evidence: str, **news: str) -> RelationChanged:
    return RelationChanged.model_validate({
        "from": ids[0], "to": ids[1], "affinity": round(now, 4), "delta": round(delta, 4),
        "evidence": evidence, **news,
    })  # fmt: skip


def _alliance(
    relations: Relations, one: Participant, other: Participant, turn: int
) -> Literal["formed", "ended"] | None:
    pair = relations.pair(one.id, other.id)
    if pair.allied is not None:
        hostile = tension(relations, one.id, other.id, turn) > HOSTILE
        estranged = mutual(relations, one, other, turn) < ESTRANGED
        return "ended" if hostile or (estranged and turn - pair.allied >= SHORTEST) else None
    proven = pair.warm is not None and turn - pair.warm >= PROVEN
    known = len(pair.stances) >= STANCES_NEEDED
    agreed = known and sum(pair.stances) >= POSITIVE * len(pair.stances)
    return "formed" if proven and agreed and pair.level != "hostile" else None


def _level(relations: Relations, one: str, other: str, turn: int) -> Level:
    pair, now = relations.pair(one, other), tension(relations, one, other, turn)
    hostile = HOSTILE * (EASES if pair.level == "hostile" else 1)
    heated = HEATED * (EASES if pair.level != "banter" else 1)
    if now > hostile:
        return "hostile"
    return "heated" if now >= heated else "banter"


def allies(relations: Relations, participant_id: str) -> tuple[str, ...]:
    """With whom somebody is allied."""
    return tuple(
        other if one == participant_id else one
        for (one, other), pair in relations.pairs.items()
        if pair.allied is not None and participant_id in {one, other}
    )
