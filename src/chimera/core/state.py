"""A conversation as its log tells it: `fold` the events and everything later turns need is there.

The state keeps the last LINES_KEPT lines and counters for what came before, so that its size, and
the time of a step, do not grow with the conversation.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import reduce

from chimera.core import events as ev
from chimera.core import feelings, ladders, memory, mood, signals, topics, voices
from chimera.core.company import duets
from chimera.core.conversation import (
    EndedBecause,
    Limits,
    Pace,
    Participant,
    PausedBecause,
    Status,
)
from chimera.core.feelings import Feelings
from chimera.core.ladders import Ladders
from chimera.core.parts import GivenBack, Line, OpenTurn, Outage, Seat, whispers
from chimera.core.phases import Phases

__all__ = ["ConversationState", "GivenBack", "Line", "OpenTurn", "Seat", "apply", "fold"]

#: Enough for the longest memory any rule has (the troupe's novelty guard: 150 lines).
LINES_KEPT = 240
TOPICS_KEPT = 50
UNANSWERED_KEPT = 50
#: Two whispers for each of eight participants.
NOTES_KEPT = 16
#: A word is new to the topic if so many messages did not have it (`engine.md` section 10.1).
NOVELTY_REACHES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationState:
    """Everything the log says that a later turn depends on."""

    id: str
    seq: int = 0
    status: Status = "created"
    title: str = ""
    topic: str = ""
    topic_seq: int = 0
    #: Finished turns when the present topic began.
    topic_turn: int = 0
    topics: tuple[str, ...] = ()
    seed: int = 0
    pace: Pace = field(default_factory=Pace)
    limits: Limits = field(default_factory=Limits)
    director: str = "show"
    language: str | None = None
    starter: str | None = None
    #: Whether the cast may say things to one alone.
    whispers: bool = False
    seats: tuple[Seat, ...] = ()
    lines: tuple[Line, ...] = ()
    #: Viewers' messages that no finished turn knew of, oldest first.
    unanswered: tuple[Line, ...] = ()
    invited: tuple[str, ...] = ()
    #: The director's whispers that wait for their participant's next turn; each names one.
    notes: tuple[ev.DirectorNoted, ...] = ()
    open_turn: OpenTurn | None = None
    given_back: GivenBack | None = None
    #: Turns started, failed ones included; the next turn's number is one more.
    started: int = 0
    finished: int = 0
    failures: int = 0
    #: A person will not wait for the coming line, or for the rest of the present one.
    skipped: bool = False
    messages: int = 0
    tokens: int = 0
    cost: float = 0.0
    cost_estimated: bool = False
    #: How many lines in a row the troupe has said in the places of models; those of its own seats
    #: count for neither.
    stood_in: int = 0
    outage: Outage = field(default_factory=Outage)
    pace_draw: ev.PaceDraw | None = None
    #: Topic energy (`engine.md` section 10.1).
    energy: float = 0.7
    #: What the talk has been about lately, and for how many lines running it has left that.
    centroid: signals.Vector = field(default_factory=dict[int, float])
    drifting: int = 0
    #: Finished turns when the director last changed the topic, the newest last.
    shifts: tuple[int, ...] = ()
    ladders: Ladders = field(default_factory=Ladders)
    feelings: Feelings = field(default_factory=Feelings)
    phases: Phases = field(default_factory=Phases)
    created_at: int = 0
    started_at: int | None = None
    ended_at: int | None = None
    last_at: int = 0
    #: When the last message landed, milliseconds UTC.
    landed_at: int | None = None
    paused_at: int | None = None
    #: Milliseconds spent in pauses that are over.
    paused_ms: int = 0
    paused_because: PausedBecause | None = None
    resume_at: str | None = None
    ended_because: EndedBecause | None = None

    @property
    def turn(self) -> int:
        """The number of the coming turn; every draw is keyed by it."""
        return self.started + 1

    @property
    def participants(self) -> tuple[Participant, ...]:
        return tuple(seat.participant for seat in self.seats if seat.present)

    def seat(self, participant_id: str) -> Seat:
        """The seat of a participant, also of one who has left. Raises KeyError."""
        for seat in self.seats:
            if seat.id == participant_id:
                return seat
        raise KeyError(participant_id)

    def heard(self, participant_id: str) -> tuple[Line, ...]:
        """The kept lines that somebody was meant to hear, their own among them."""
        return tuple(each for each in self.lines if each.heard_by(participant_id))


def fold(
    conversation_id: str,
    envelopes: Iterable[ev.Envelope],
    state: ConversationState | None = None,
) -> ConversationState:
    """The state after these events, from `state` or from nothing."""
    state = state or ConversationState(id=conversation_id)
    for envelope in envelopes:
        state = apply(state, envelope)
    return state


def apply(state: ConversationState, envelope: ev.Envelope) -> ConversationState:
    """The state after one more event. Raises ValueError if its seq is not the next."""
    if envelope.seq != state.seq + 1:
        raise ValueError(f"seq {envelope.seq} cannot follow {state.seq}")
    felt, seats = feelings.after_event(state.feelings, state.seats, envelope, state.finished)
    seats = memory.after_event(seats, envelope.body, state.finished, envelope.actor)
    state = replace(
        state, seq=envelope.seq, last_at=envelope.at, feelings=felt, seats=seats,
        outage=state.outage.after(envelope), phases=(course := state.phases.after(envelope)),
        energy=course.lifted(state.energy, state.phases),
    )  # fmt: skip
    match envelope.body:
        case ev.TurnStarted() | ev.TurnFailed() | ev.MessageCompleted() | ev.MessagePosted():
            return _talk(state, envelope)
        case ev.StanceJudged():
            return _talk(state, envelope)
        case ev.ParticipantJoined() | ev.ParticipantLeft() | ev.ParticipantMuted():
            return _seating(state, envelope)
        case ev.ParticipantUnmuted():
            return _seating(state, envelope)
        case _:
            return _wishes(state, envelope)


def _wishes(state: ConversationState, envelope: ev.Envelope) -> ConversationState:
    """Topic, title and tempo changed; somebody invited; a note for the cast."""
    match envelope.body:
        case ev.ParticipantInvited(participant_id=who):
            return replace(state, invited=(*state.invited, who))
        case ev.TopicChanged() as body:
            return _topic_changed(state, body, envelope)
        case ev.DirectorNoted() as body:
            state = replace(state, ladders=ladders.noted(state, body, envelope.at))
            return replace(
                state, notes=(*state.notes, *whispers(body, state.participants))[-NOTES_KEPT:]
            )
        case ev.TurnSkipped():
            return replace(state, skipped=True)
        case ev.ConversationRenamed(title=title, usage=spent):
            return replace(_paid(state, spent), title=title)
        case ev.ConversationLimited(limits=limits):
            return replace(state, limits=limits)
        case ev.ConversationPaced(pace=pace):
            return replace(state, pace=pace)
        case _:
            return _life(state, envelope)


def _topic_changed(
    state: ConversationState, body: ev.TopicChanged, envelope: ev.Envelope
) -> ConversationState:
    own = (state.finished,) if body.cause == "director" else ()
    # The first stays, because every prompt begins with it.
    later = (*state.topics[1:], body.topic)[1 - TOPICS_KEPT :]
    return replace(
        state, topic=body.topic, topics=(*state.topics[:1], *later),
        topic_seq=state.topic_seq if body.cause == "drift" else envelope.seq,
        topic_turn=state.finished, drifting=0, centroid={},
        shifts=(*state.shifts, *own)[-topics.MOST:],
    )  # fmt: skip


def _life(state: ConversationState, envelope: ev.Envelope) -> ConversationState:
    """Created, started, paused, resumed, ended, cleared."""
    match envelope.body:
        case ev.ConversationCreated():
            return _created(state, envelope.body, envelope)
        case ev.ConversationStarted():
            return replace(state, status="running", started_at=envelope.at)
        case ev.ConversationPaused(because=because, resume_at=resume_at):
            return replace(
                state, status="paused", paused_because=because, resume_at=resume_at,
                paused_at=envelope.at,
            )  # fmt: skip
        case ev.ConversationResumed():
            paused = envelope.at - state.paused_at if state.paused_at is not None else 0
            return replace(
                state, status="running", paused_because=None, resume_at=None, paused_at=None,
                paused_ms=state.paused_ms + paused,
            )  # fmt: skip
        case ev.ConversationEnded(because=because):
            return replace(state, status="ended", ended_because=because, ended_at=envelope.at)
        case ev.ConversationCleared():
            calm = tuple(replace(seat, mood=None) for seat in state.seats)
            return replace(
                state, lines=(), unanswered=(), invited=(), notes=(), given_back=None, messages=0,
                feelings=feelings.cleared(state.feelings), seats=calm,
            )  # fmt: skip
        case _:
            return state


def _created(
    state: ConversationState, body: ev.ConversationCreated, envelope: ev.Envelope
) -> ConversationState:
    seats = tuple(Seat(participant=each, joined_seq=envelope.seq) for each in body.participants)
    return replace(
        state, title=body.title, topic=body.topic, topics=(body.topic,), topic_seq=envelope.seq,
        seed=body.seed, pace=body.pace, limits=body.limits, director=body.director,
        language=body.language, starter=body.starter, whispers=body.whispers, seats=seats,
        created_at=envelope.at,
    )  # fmt: skip


def _seating(state: ConversationState, envelope: ev.Envelope) -> ConversationState:
    body, now = envelope.body, state.finished
    match body:
        case ev.ParticipantJoined(participant_id=who, participant=newcomer):
            if any(seat.id == who for seat in state.seats):
                recast = {"participant": newcomer} if newcomer else {}
                return _reseat(state, who, present=True, left_seq=None, since=now, **recast)
            if newcomer is None:
                return state
            seat = Seat(participant=newcomer, since=now, joined_seq=envelope.seq)
            return replace(state, seats=(*state.seats, seat))
        case ev.ParticipantLeft(participant_id=who):
            return _reseat(_uninvited(state, who), who, present=False, left_seq=envelope.seq)
        case ev.ParticipantMuted(participant_id=who):
            return _reseat(_uninvited(state, who), who, muted=True)
        case ev.ParticipantUnmuted(participant_id=who):
            return _reseat(state, who, muted=False, since=now, back_at=None)
        case _:
            return state


def _uninvited(state: ConversationState, participant_id: str) -> ConversationState:
    invited = tuple(each for each in state.invited if each != participant_id)
    return replace(state, invited=invited)


def _reseat(state: ConversationState, participant_id: str, **changes: object) -> ConversationState:
    seats = tuple(
        replace(seat, **changes) if seat.id == participant_id else seat for seat in state.seats
    )
    return replace(state, seats=seats)


def _talk(state: ConversationState, envelope: ev.Envelope) -> ConversationState:
    match envelope.body:
        case ev.TurnStarted() as body:
            return _turn_started(state, body, envelope)
        case ev.TurnFailed() as body:
            return _turn_failed(state, body)
        case ev.MessageCompleted() as body:
            return _message_completed(state, body, envelope)
        case ev.MessagePosted() as body:
            return _message_posted(state, body, envelope)
        case ev.StanceJudged(lines=judged, usage=spent):
            felt, lines = feelings.corrected(
                state.feelings, state.seats, state.lines, judged, state.finished
            )
            return replace(_paid(state, spent), feelings=felt, lines=lines)
        case _:
            return state


def _turn_started(
    state: ConversationState, body: ev.TurnStarted, envelope: ev.Envelope
) -> ConversationState:
    turn = OpenTurn(
        turn_id=body.turn_id, message_id=body.message_id, participant_id=body.participant_id,
        cause=body.cause, seq=envelope.seq, at=envelope.at, generation=body.generation,
        note=body.note, heard=body.heard, audience=envelope.visibility,
        with_=body.with_.participant_id if body.with_ else None,
    )  # fmt: skip
    invited = list(state.invited)
    if body.participant_id in invited:
        invited.remove(body.participant_id)
    return replace(
        state, started=state.started + 1, open_turn=turn, given_back=None,
        invited=tuple(invited), pace_draw=body.pace or state.pace_draw,
        notes=tuple(each for each in state.notes if each.participant_id != body.participant_id),
        ladders=ladders.started(state, body.bids),
    )  # fmt: skip


def _turn_failed(state: ConversationState, body: ev.TurnFailed) -> ConversationState:
    turn = state.open_turn
    state = _paid(state, body.usage)
    if body.code in {"interrupted", "paused"} and turn is not None:
        back = GivenBack(
            participant_id=turn.participant_id, cause=turn.cause, note=turn.note, with_=turn.with_,
            audience=turn.audience,
        )  # fmt: skip
        return replace(state, open_turn=None, given_back=back)
    seats = tuple(
        seat.after_failure(state.started) if seat.id == body.participant_id else seat
        for seat in state.seats
    )
    return replace(
        state, open_turn=None, seats=seats, failures=state.failures + 1,
        ladders=ladders.failed(state.ladders, body.code),
    )  # fmt: skip


def _message_completed(
    state: ConversationState, body: ev.MessageCompleted, envelope: ev.Envelope
) -> ConversationState:
    turn, finished = state.open_turn, state.finished + 1
    heard = envelope.seq if turn is None else turn.heard or turn.seq
    lines, seats, felt = duets.lines(state, body, envelope), state.seats, state.feelings
    speakers = {line.participant_id: 1 / len(lines) for line in lines}
    seats = tuple(seat.after_turn(finished, speakers.get(seat.id)) for seat in seats)
    for line in lines:
        felt, seats = feelings.after_line(felt, seats, line)
    state = replace(
        reduce(_landed, lines, _paid(state, body.usage)), finished=finished, open_turn=None,
        failures=0, unanswered=tuple(each for each in state.unanswered if each.seq > heard),
        seats=seats, feelings=felt, messages=state.messages + 1,
        stood_in=state.stood_in + bool(body.route.understudy_for) if body.scripted else 0,
    )  # fmt: skip
    seats = voices.settled(state.seats, state.lines, speakers)
    return replace(state, seats=seats, ladders=ladders.landed(state, body.usage.cost or 0.0))


def _paid(state: ConversationState, spent: ev.UsageRef | None) -> ConversationState:
    if spent is None:
        return state
    return replace(
        state, tokens=state.tokens + spent.input_tokens + spent.output_tokens,
        cost=state.cost + (spent.cost or 0.0) + (spent.unheard or 0.0),
        cost_estimated=state.cost_estimated or spent.estimated,
    )  # fmt: skip


def _landed(state: ConversationState, line: Line) -> ConversationState:
    """Everything a message changes, whoever said it."""
    recent = [each.text for each in state.lines[-NOVELTY_REACHES:]]
    fresh = signals.novelty(line.text, recent)
    energy = state.energy if fresh is None else 0.93 * state.energy + 0.07 * fresh
    energy += 0.03 * max(0.0, mood.applause(state.feelings.crowd, line.at))
    lines = (*state.lines, line)[-LINES_KEPT:]
    centroid, drifting = topics.followed(state, lines)
    return replace(
        state, lines=lines, centroid=centroid, drifting=drifting, landed_at=line.at,
        skipped=False, energy=min(1.0, energy),
    )  # fmt: skip


def _message_posted(
    state: ConversationState, body: ev.MessagePosted, envelope: ev.Envelope
) -> ConversationState:
    read = signals.read(body.text, state.participants, None, state.lines)
    line = Line(
        seq=envelope.seq, message_id=body.message_id, turn=state.finished, participant_id=None,
        kind=body.author.kind, name=body.author.name, text=body.text, at=envelope.at,
        addressed=(body.to,) if body.to else read.addressed, questions=read.questions,
        visibility=envelope.visibility, signals=read, images=body.images or (),
    )  # fmt: skip
    open_ = (*state.unanswered, line) if body.author.kind == "viewer" else state.unanswered
    host = ladders.told(state.ladders) if body.author.kind == "host" else state.ladders
    return replace(
        _landed(state, line), unanswered=open_[-UNANSWERED_KEPT:], ladders=host,
        messages=state.messages + 1,
    )  # fmt: skip
