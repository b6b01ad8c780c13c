"""Whether viewers will like a conversation, foretold from its first twelve turns.

A logistic regression in plain arithmetic (ADR 20): the features are few, the examples are at most
thousands, and nothing is told before it has foretold votes that it had not seen.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import mean, pstdev
from typing import get_args

from pydantic import Field

from chimera.core import events as ev
from chimera.core import quality
from chimera.core.persona import Frozen
from chimera.core.relations import Level
from chimera.core.state import ConversationState, apply

#: So many turns are looked at.
TURNS = 12
#: So many judged conversations are needed, and of the newest of them, by which the regression is
#: examined, so many of either kind.
NEEDED, LEAST_OF_A_KIND = 100, 5
#: The share of the examples, the newest, that the examination is made of.
EXAMINED = 0.3
#: Nothing is told unless the area under the curve is surely more than this; a coin has .5.
SHOWN_ABOVE = 0.55
#: How strongly the weights are held towards nothing, and how often they are mended at most.
RIDGE, STEPS = 1.0, 25
#: No certainty that so few examples could not carry.
_FARTHEST = 8.0
_Z95 = 1.96

Features = Mapping[str, float]
Vector = list[float]


class Coefficient(Frozen):
    """What one feature counts, in units of how far it varies."""

    mean: float
    sd: float
    weight: float


class Forecast(Frozen):
    """What was learnt from so many judged conversations."""

    votes: int
    #: The lower end of the 95 % interval of the area under the curve; None: nothing was examined.
    auc_low: float | None = None
    intercept: float = 0.0
    coefficients: Mapping[str, Coefficient] = Field(default_factory=dict[str, Coefficient])

    @property
    def is_shown(self) -> bool:
        return self.auc_low is not None and self.auc_low > SHOWN_ABOVE

    def probability(self, features: Features) -> float:
        """That viewers like a conversation which began like this."""
        total = self.intercept
        for name, each in self.coefficients.items():
            # What is not known of it is taken for usual.
            total += each.weight * (features.get(name, each.mean) - each.mean) / each.sd
        return _chance(total)


# --- features ------------------------------------------------------------------------------------


def observe(conversation_id: str, events: Iterable[ev.Envelope]) -> Features | None:
    """What the first turns were like; None where there are not enough of them in sight."""
    state = ConversationState(id=conversation_id)
    begun: list[ev.Envelope] = []
    for each in events:
        state = apply(state, each)
        begun.append(each)
        if state.finished == TURNS:
            return _features(state, begun)
    return None


def _features(state: ConversationState, begun: Sequence[ev.Envelope]) -> Features | None:
    said = [line for line in state.lines if line.participant_id]
    if len(said) < TURNS:
        # The stage was swept in between.
        return None
    minutes = max((said[-1].at - said[0].at) / 60_000, 0.1)
    return {
        **quality.score(said).parts,
        "gap": math.log1p(60 * minutes / (TURNS - 1)),
        "questions": sum(line.questions for line in said) / TURNS,
        "addresses": sum(bool(line.addressed) for line in said) / TURNS,
        "reactions": math.log1p(_clapping(begun) / minutes),
        "conflict": float(_worst(begun)),
        "alliances": float(sum(_is_alliance(each.body) for each in begun)),
        "humans": float(len({_who(each) for each in begun} - {None})),
    }


def _clapping(begun: Sequence[ev.Envelope]) -> float:
    """Reactions of the stalls for each who watched, as far as the log knows how many did."""
    bodies = [
        each.body
        for each in begun
        if isinstance(each.body, ev.ReactionAdded) and each.actor.type != "participant"
    ]
    viewers = max((body.viewers or 1 for body in bodies), default=1)
    return len(bodies) / max(1, viewers)


def _worst(begun: Sequence[ev.Envelope]) -> int:
    """The highest level of conflict that was told, from 0."""
    levels = get_args(Level)
    told = (
        levels.index(each.body.conflict)
        for each in begun
        if isinstance(each.body, ev.RelationChanged) and each.body.conflict
    )
    return max(told, default=0)


def _is_alliance(body: ev.Body) -> bool:
    return isinstance(body, ev.RelationChanged) and body.alliance == "formed"


def _who(envelope: ev.Envelope) -> str | None:
    """Who spoke from the stalls, if that is what happened."""
    if not isinstance(envelope.body, ev.MessagePosted):
        return None
    return envelope.actor.id or envelope.body.author.name


# --- learning ------------------------------------------------------------------------------------


def learn(examples: Sequence[tuple[Features, bool]]) -> Forecast:
    """What the examples, the oldest first, teach; examined on the newest, taught by all."""
    votes = len(examples)
    cut = votes - math.ceil(votes * EXAMINED)
    known, unseen = examples[:cut], examples[cut:]
    rarest = min(sum(liked is kind for _, liked in unseen) for kind in (True, False))
    if votes < NEEDED or rarest < LEAST_OF_A_KIND or len({liked for _, liked in known}) < 2:
        return Forecast(votes=votes)
    trial = fit(known)
    guesses = [trial.probability(features) for features, _ in unseen]
    low = auc_low(guesses, [liked for _, liked in unseen])
    return fit(examples).model_copy(update={"auc_low": round(low, 4)})


def auc_low(guesses: Sequence[float], truth: Sequence[bool]) -> float:
    """The lower end of the 95 % interval of the area under the curve (Hanley and McNeil)."""
    good = [guess for guess, liked in zip(guesses, truth, strict=True) if liked]
    bad = [guess for guess, liked in zip(guesses, truth, strict=True) if not liked]
    wins = sum((one > other) + (one == other) / 2 for one in good for other in bad)
    pairs = len(good) * len(bad)
    # A perfect order of a few is no proof of a perfect order of all.
    area = (wins + 0.5) / (pairs + 1)
    one, other = area / (2 - area), 2 * area * area / (1 + area)
    square = area * area
    spread = (
        area * (1 - area) + (len(good) - 1) * (one - square) + (len(bad) - 1) * (other - square)
    )
    return area - _Z95 * math.sqrt(max(spread, 0.0) / pairs)


def fit(examples: Sequence[tuple[Features, bool]]) -> Forecast:
    """The regression of all examples: standardised features, Newton's steps, a ridge."""
    scales = _scales([features for features, _ in examples])
    rows = [
        [1.0, *((each.get(name, middle) - middle) / sd for name, (middle, sd) in scales.items())]
        for each, _ in examples
    ]
    weights = _newton(rows, [float(liked) for _, liked in examples])
    coefficients = {
        name: Coefficient(mean=middle, sd=sd, weight=weight)
        for (name, (middle, sd)), weight in zip(scales.items(), weights[1:], strict=True)
    }
    return Forecast(votes=len(examples), intercept=weights[0], coefficients=coefficients)


def _scales(examples: Sequence[Features]) -> dict[str, tuple[float, float]]:
    """Mean and spread of every feature that varies."""
    columns: dict[str, Vector] = {}
    for each in examples:
        for name, value in each.items():
            columns.setdefault(name, []).append(value)
    found = {name: (mean(values), pstdev(values)) for name, values in sorted(columns.items())}
    return {name: scale for name, scale in found.items() if scale[1] > 1e-9}


def _newton(rows: Sequence[Vector], truth: Sequence[float]) -> Vector:
    size = len(rows[0])
    weights = [0.0] * size
    for _ in range(STEPS):
        slope = [0.0] + [-RIDGE * weight for weight in weights[1:]]
        curve = [[RIDGE if i == j and i else 0.0 for j in range(size)] for i in range(size)]
        for row, liked in zip(rows, truth, strict=True):
            chance = _chance(sum(map(float.__mul__, weights, row)))
            heft = max(chance * (1 - chance), 1e-6)
            for i, value in enumerate(row):
                slope[i] += (liked - chance) * value
                pull, line = heft * value, curve[i]
                for j in range(i + 1):
                    line[j] += pull * row[j]
        step = _solved(curve, slope)
        weights = [weight + each for weight, each in zip(weights, step, strict=True)]
        if max(map(abs, step)) < 1e-6:
            break
    return weights


def _solved(lower: Sequence[Vector], right: Vector) -> Vector:
    """The solution for a symmetric positive matrix, of which the lower half is given."""
    size = len(right)
    root: list[Vector] = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = lower[i][j] - sum(root[i][k] * root[j][k] for k in range(j))
            root[i][j] = math.sqrt(rest) if i == j else rest / root[j][j]
    down = list(right)
    for i in range(size):
        down[i] = (down[i] - sum(root[i][k] * down[k] for k in range(i))) / root[i][i]
    for i in reversed(range(size)):
        rest = sum(root[k][i] * down[k] for k in range(i + 1, size))
        down[i] = (down[i] - rest) / root[i][i]
    return down


def _chance(total: float) -> float:
    return 1 / (1 + math.exp(-max(-_FARTHEST, min(total, _FARTHEST))))
