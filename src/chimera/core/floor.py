"""How much each participant wants the floor: the terms of a bid, and the chance it gives.

The quantities are those of `engine.md` section 3.1. A scheme turns them into named terms whose sum
is the utility, so that every bid can be explained by its largest term.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chimera.core import feelings, relations, signals, topics
from chimera.core.errors import Invalid
from chimera.core.events import BidRef
from chimera.core.state import ConversationState, Line, Seat

#: At so little energy of the topic all bids begin to sink.
TIRED = 0.35
#: How many messages back a line can still wait for its answer.
OWED_REACHES = 4
#: The codes a bid may give as its reason.
REASONS = (
    "addressed", "owed", "topic", "thread", "tie", "crowd", "energy", "waiting", "mediation",
    "overdue", "invited",
)  # fmt: skip
#: From so much anger on there is a quarrel, which makes feelings count for more while it is one
#: of words.
QUARREL = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a scheme looks at for one participant."""

    addressed: bool
    #: Named in one of the last messages, the very last included, and silent since.
    owed: bool
    #: The same without the very last one.
    owed_before: bool
    fit: float
    #: Affinity toward the last speaker, and how much it counts: more in a quarrel of words.
    affinity: float
    tie_weight: float
    #: The crowd as this participant feels it, if it has just spoken.
    crowd: float
    #: Has been asked to make peace.
    mediates: bool
    energy: float
    wait: int
    spoken: bool
    #: Share of the turns so far, and the share that talkativeness asks for.
    turns: float
    share: float
    target: float
    talk: float
    mean_talk: float
    #: Was the previous-but-one speaker.
    aba: bool
    #: Share of the last message's words that this participant has used.
    echo: float
    #: Finished turns, and how many participants may speak.
    finished: int
    size: int
    asked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A director's way of weighing; `middle` and `slope` shape the raised hand."""

    terms: Callable[[View], Mapping[str, float]]
    temperature: float
    middle: float
    slope: float
    #: Nobody waits much longer than this many times the share they are due.
    patience: float


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
        )


def _show(view: View) -> Mapping[str, float]:
    """Hand weights, tuned so that the statistics stay human and nothing looks mechanical."""
    behind = view.size * (view.target - view.share) * min(1.0, view.finished / 10)
    return {
        "addressed": 4.5 * view.addressed,
        "owed": 1.6 * view.owed,
        "topic": 1.4 * view.fit,
        "thread": 2.2 * view.spoken / (view.wait + 1),
        "tie": view.tie_weight * abs(view.affinity),
        "crowd": 0.3 * view.crowd,
        "mediation": 2.0 * view.mediates,
        "energy": 3.6 * (view.talk - view.mean_talk) + 0.2 * view.energy,
        "waiting": 0.15 * max(0, view.wait - view.size) + 0.6 * behind,
    }


def _human(view: View) -> Mapping[str, float]:
    """A conditional logit fitted to the floor changes of a support community."""
    share = math.log((view.turns + 3 * view.target) / (view.finished + 3))
    casting = math.log(view.size * view.target)
    return {
        "addressed": 0.50 * view.addressed,
        "owed": 0.62 * view.owed_before,
        "topic": 0.20 * view.echo,
        "thread": 1.67 * view.spoken / (view.wait + 1)
        + 0.10 * view.aba
        + 0.11 * (view.aba and view.asked),
        "mediation": 2.0 * view.mediates,
        "energy": 0.39 * share + 0.61 * casting,
    }


SCHEMES: Mapping[str, Scheme] = {
    "show": Scheme(terms=_show, temperature=0.9, middle=2.0, slope=0.8, patience=2.5),
    "human": Scheme(terms=_human, temperature=1.0, middle=0.45, slope=0.4, patience=4.0),
}


def scheme_of(director: str) -> Scheme:
    """The scheme of a director by its name. Raises Invalid for an unknown one."""
    scheme = SCHEMES.get(director)
    if scheme is None:
        raise Invalid(f"no director is called {director!r}; there are {', '.join(SCHEMES)}")
    return scheme


def survey(state: ConversationState) -> tuple[Standing, ...]:
    """Where everybody who is present stands, in the order of the seats."""
    scheme = scheme_of(state.director)
    seats = [seat for seat in state.seats if seat.present]
    candidates = candidates_of(state)
    views = _views(state, seats)
    terms = [scheme.terms(view) for view in views]
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
        )
        for seat, view, term, utility in zip(seats, views, terms, utilities, strict=True)
    )


def candidates_of(state: ConversationState) -> frozenset[str]:
    """Who may be drawn: seated, not muted, and not the one who spoke last.

    Those whose providers have just failed, and whoever was told to leave the last speaker alone,
    are left out while there is somebody else.
    """
    last = last_speakers(state)
    able = [seat for seat in state.seats if seat.active and seat.id not in last]
    rested = [seat for seat in able if seat.benched <= state.turn] or able
    apart = [seat for seat in rested if not _parted(state, seat.id, last)]
    return frozenset(seat.id for seat in apart or rested)


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


def _views(state: ConversationState, seats: Sequence[Seat]) -> list[View]:
    active = [seat for seat in seats if seat.active] or list(seats)
    talk = {seat.id: seat.participant.character.traits.talk for seat in seats}
    total = sum(talk[seat.id] for seat in active)
    fits = topics.fit(state)
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
            echo=_echo(state, seat.id, last) if state.director == "human" else 0.0,
            finished=finished,
            size=len(active),
            asked=bool(last and last.questions),
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
    words = signals.content_words(last.text) if last else frozenset[str]()
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
