"""How much each participant wants the floor: the terms of a bid, and the chance it gives.

The quantities are those of `engine.md` section 3.1. A scheme (`core/schemes.py`) turns them into
named terms whose sum is the utility, so that every bid can be explained by its largest term.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chimera.core import feelings, relations, signals, topics
from chimera.core.details import DirectedBy
from chimera.core.errors import PluginFailed
from chimera.core.events import BidRef
from chimera.core.likeness import Embedder
from chimera.core.schemes import MODEL, SCHEMES, SHOW, Scheme, View
from chimera.core.state import ConversationState, Line, Seat

#: At so little energy of the topic all bids begin to sink.
TIRED = 0.35
#: How many messages back a line can still wait for its answer.
OWED_REACHES = 4
#: From so much anger on there is a quarrel, which makes feelings count for more while it is one
#: of words.
QUARREL = 0.1
#: What a model's advice adds: five times the odds of an equal, a third of being spoken to. It can
#: win a draw; every hard rule comes before the draw.
ADVISED = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one participant stands before the coming turn."""

    seat: Seat
    view: View
    terms: Mapping[str, float]
    #: The raised hand, 0…1.
    value: float
    #: Probability of the draw; 0 for those who may not speak.
    chance: float
    candidate: bool
    #: Waiting so long makes overdue.
    limit: int
    #: The director who weighed it in the place of the conversation's own.
    directed_by: DirectedBy | None = None
    #: What a model that was asked says for this participant.
    advised: str | None = None

    @property
    def id(self) -> str:
        return self.seat.id

    @property
    def reason(self) -> str:
        """The code of the largest term."""
        return max(self.terms, key=lambda code: self.terms[code])

    def bid(self, reason: str | None = None) -> BidRef:
        """The bid as the log keeps it; `reason` where a rule and not the bid decides."""
        return BidRef(
            participant_id=self.id,
            value=round(self.value, 4),
            reason=reason or self.reason,
            chance=round(self.chance, 4),
            terms={code: round(term, 4) for code, term in self.terms.items()},
            said=self.advised,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Whom a model would have speak after so many finished turns, and why."""

    participant_id: str
    reason: str
    finished: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counsel:
    """What the director is given from outside: the schemes there are, and a model's advice."""

    schemes: Mapping[str, Scheme] = field(default_factory=lambda: SCHEMES)
    advice: Advice | None = None
    #: What texts mean; without it they are held together by their words.
    embedder: Embedder | None = None


ALONE = Counsel()


def survey(state: ConversationState, counsel: Counsel = ALONE) -> tuple[Standing, ...]:
    """Where everybody who is present stands, in the order of the seats."""
    seats = [seat for seat in state.seats if seat.present]
    candidates = candidates_of(state)
    advised = _advised(state, counsel.advice, candidates)
    fits = topics.fit(state, counsel.embedder)
    scheme, views, weighed, directed_by = _weighed(state, seats, fits, counsel.schemes)
    terms = [
        {**each, "director": ADVISED} if seat.id in advised else each
        for seat, each in zip(seats, weighed, strict=True)
    ]
    utilities = [math.fsum(each.values()) for each in terms]
    chances = _softmax(
        {
            seat.id: utility / scheme.temperature
            for seat, utility in zip(seats, utilities, strict=True)
            if seat.id in candidates
        }
    )
    vigour = min(1.0, state.energy / TIRED)
    return tuple(
        Standing(
            seat=seat,
            view=view,
            terms=term,
            value=vigour * _logistic((utility - scheme.middle) / scheme.slope) * (not seat.muted),
            chance=chances.get(seat.id, 0.0),
            candidate=seat.id in candidates,
            limit=math.ceil(scheme.patience / view.target) + 1,
            directed_by=directed_by,
            advised=advised.get(seat.id),
        )
        for seat, view, term, utility in zip(seats, views, terms, utilities, strict=True)
    )


def _weighed(
    state: ConversationState,
    seats: Sequence[Seat],
    fits: Mapping[str, float],
    schemes: Mapping[str, Scheme],
) -> tuple[Scheme, list[View], list[Mapping[str, float]], DirectedBy | None]:
    """Everybody's terms by the conversation's director; by `show` where that one cannot weigh."""
    scheme = schemes.get(state.director)
    why = "gone"
    if scheme is not None:
        views = _views(state, seats, fits, echoes=scheme.echoes)
        try:
            return scheme, views, [scheme.terms(view) for view in views], None
        except PluginFailed as error:
            why = error.details.get("because", "failed")
    views = _views(state, seats, fits, echoes=SHOW.echoes)
    ref = DirectedBy(director=SHOW.name, why=why)
    return SHOW, views, [SHOW.terms(view) for view in views], ref


def _advised(
    state: ConversationState, advice: Advice | None, candidates: Collection[str]
) -> Mapping[str, str]:
    """Whom the advice is for, with its reason, if it is about the coming turn."""
    if advice is None or state.director != MODEL.name or advice.finished != state.finished:
        return {}
    known = advice.participant_id in candidates
    return {advice.participant_id: advice.reason} if known else {}


def candidates_of(state: ConversationState) -> frozenset[str]:
    """Who may be drawn: seated, not muted, and not the one who spoke last.

    Those whose providers have just failed, and whoever was told to leave the last speaker alone,
    are left out while there is somebody else. Where nobody else can speak, who spoke last goes on.
    """
    last = last_speakers(state)
    active = [seat for seat in state.seats if seat.active]
    others = [seat for seat in active if seat.id not in last]
    well = [seat for seat in active if seat.benched <= state.turn]
    able = [seat for seat in others if seat in well] or well or others or active
    apart = [seat for seat in able if not _parted(state, seat.id, last)]
    return frozenset(seat.id for seat in apart or able)


def _parted(state: ConversationState, participant_id: str, last: Iterable[str]) -> bool:
    ties = state.feelings.ties
    return any(relations.parted(ties.pair(participant_id, each), state.finished) for each in last)


def last_speakers(state: ConversationState) -> frozenset[str]:
    """Who had the last finished turn; both of a duet, nobody before the first."""
    if not state.finished:
        return frozenset()
    return frozenset(seat.id for seat in state.seats if seat.spoke == state.finished)


def wait_of(seat: Seat, finished: int) -> int:
    """Finished turns since the participant spoke, joined or was unmuted."""
    return finished - max(seat.spoke or 0, seat.since)


def _views(
    state: ConversationState, seats: Sequence[Seat], fits: Mapping[str, float], *, echoes: bool
) -> list[View]:
    active = [seat for seat in seats if seat.active] or list(seats)
    talk = {seat.id: seat.participant.character.traits.talk for seat in seats}
    total = sum(talk[seat.id] for seat in active)
    spoken = last_speakers(state)
    last_seat = next((seat for seat in seats if seat.id in spoken), None)
    aba = _previous_but_one(state)
    last = state.lines[-1] if state.lines else None
    finished = state.finished
    return [
        View(
            addressed=bool(last and last.addressed[:1] == (seat.id,)),
            owed=owing(state, seat.id) is not None,
            owed_before=_owed_before(state, seat.id),
            fit=fits[seat.id],
            affinity=_affinity(state, seat, last_seat),
            tie_weight=_tie_weight(state, seat, last_seat),
            crowd=feelings.crowd_of(seat, state.feelings.crowd, finished, state.last_at),
            mediates=_mediates(state, seat.id),
            energy=seat.energy,
            wait=wait_of(seat, finished),
            spoken=seat.spoke is not None,
            turns=seat.turns,
            share=seat.turns / finished if finished else 0.0,
            target=talk[seat.id] / total,
            talk=talk[seat.id],
            mean_talk=total / len(active),
            aba=seat.id == aba,
            echo=_echo(state, seat.id, last) if echoes else 0.0,
            finished=finished,
            size=len(active),
            asked=bool(last and last.asks),
        )
        for seat in seats
    ]


def owing(state: ConversationState, participant_id: str) -> Line | None:
    """The newest of the last messages that addressed a participant who has been silent since."""
    for line in reversed(state.lines[-OWED_REACHES:]):
        if line.participant_id == participant_id:
            return None
        if participant_id in line.addressed:
            return line
    return None


def _owed_before(state: ConversationState, participant_id: str) -> bool:
    for line in reversed(state.lines[-OWED_REACHES:-1]):
        if line.participant_id == participant_id:
            return False
        if participant_id in line.addressed:
            return bool(state.lines[-1].participant_id != participant_id)
    return False


def _affinity(state: ConversationState, seat: Seat, toward: Seat | None) -> float:
    if toward is None or toward.id == seat.id:
        return 0.0
    return relations.affinity(
        state.feelings.ties, seat.participant, toward.participant, state.finished
    )


def _tie_weight(state: ConversationState, seat: Seat, toward: Seat | None) -> float:
    if toward is None:
        return 0.5
    anger = relations.tension(state.feelings.ties, seat.id, toward.id, state.finished)
    return 0.7 if QUARREL <= anger <= relations.HOSTILE else 0.5


def _mediates(state: ConversationState, participant_id: str) -> bool:
    """Whether a request to make peace still waits for this participant's next turn."""
    return any(
        note.because == "conflict" and note.rung == 0 and note.participant_id == participant_id
        for note in state.notes
    )


def _previous_but_one(state: ConversationState) -> str | None:
    said = [line for line in state.lines[-8:] if line.participant_id]
    return said[-2].participant_id if len(said) >= 2 else None


def _echo(state: ConversationState, participant_id: str, last: Line | None) -> float:
    heard = last is not None and last.heard_by(participant_id)
    words = signals.content_words(last.text) if last and heard else frozenset[str]()
    if not words:
        return 0.0
    used: set[str] = set()
    for line in state.lines:
        if line.participant_id == participant_id:
            used |= words & signals.content_words(line.text)
    return len(used) / len(words)


def _softmax(utilities: Mapping[str, float]) -> dict[str, float]:
    if not utilities:
        return {}
    top = max(utilities.values())
    powers = {each: math.exp(value - top) for each, value in utilities.items()}
    total = math.fsum(powers.values())
    return {each: power / total for each, power in powers.items()}


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
