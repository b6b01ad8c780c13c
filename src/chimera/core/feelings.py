"""What a conversation's fold keeps of feelings: who likes whom, who is in which mood, the crowd.

Each function takes the parts it changes and gives them back; `core/state.py` holds them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from chimera.core import events as ev
from chimera.core import mood, relations
from chimera.core.mood import Crowd, Emotion, Reaction
from chimera.core.parts import Line, Seat
from chimera.core.relations import Relations

#: Turns for which somebody sits out after a quarrel.
SITS_OUT = 10
#: A line is still the crowd's business so many turns later.
FRESH = 3
GRATEFUL, ADMIRING, ANGRY = 0.3, 0.6, -0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Feelings:
    """All feelings on stage and in the stalls, the moods apart, which sit with their owners."""

    ties: Relations = field(default_factory=Relations)
    crowd: Crowd = field(default_factory=Crowd)


def after_line(
    feelings: Feelings, seats: tuple[Seat, ...], line: Line
) -> tuple[Feelings, tuple[Seat, ...]]:
    """After a participant's line; `line.turn` is its number."""
    speaker = line.participant_id
    if speaker is None or line.signals is None:
        return feelings, seats
    cast = [seat.participant for seat in seats if seat.present]
    audience = None if line.visibility == "all" else line.visibility
    ties = relations.heard(feelings.ties, cast, speaker, line.signals, line.turn, audience=audience)
    feelings = replace(feelings, ties=ties)
    return feelings, tuple(_moved(seat, feelings, line) for seat in seats)


def _moved(seat: Seat, feelings: Feelings, line: Line) -> Seat:
    traits = seat.participant.character.traits
    emotions = tuple(_emotions(seat, feelings, line)) if line.heard_by(seat.id) else ()
    moved = mood.after_turn(seat.mood, traits, emotions)
    return seat if moved == seat.mood else replace(seat, mood=moved)


def _emotions(seat: Seat, feelings: Feelings, line: Line) -> Iterator[Emotion]:
    """What one participant feels at a line (`engine.md` section 8.2)."""
    read = line.signals or ev.MessageSignals()
    stances = {each.to: each.value for each in read.stance or ()}
    mine = stances.get(seat.id, 0.0)
    if mine >= GRATEFUL:
        yield "gratitude"
    elif mine <= ANGRY:
        yield "anger"
    if seat.id in (read.cited or ()):
        yield "pride"
    if seat.id == line.participant_id:
        if max(stances.values(), default=0.0) >= ADMIRING:
            yield "admiration"
    elif any(stances.get(ally, 0.0) <= ANGRY for ally in relations.allies(feelings.ties, seat.id)):
        yield "reproach"
    energy = crowd_of(seat, feelings.crowd, line.turn, line.at)
    if abs(energy) >= mood.FELT:
        yield "joy" if energy > 0 else "shame"


def crowd_of(seat: Seat, crowd: Crowd, finished: int, now: int) -> float:
    """The crowd as a participant feels it: only who has just spoken takes it personally."""
    if seat.spoke is None or finished - seat.spoke >= FRESH:
        return 0.0
    return mood.felt(crowd, seat.participant.character.traits, now)


def after_event(
    feelings: Feelings, seats: tuple[Seat, ...], envelope: ev.Envelope, finished: int
) -> tuple[Feelings, tuple[Seat, ...]]:
    """After anything else that moves feelings."""
    ties, crowd = feelings.ties, feelings.crowd
    viewer = (
        (envelope.actor.id or envelope.actor.type) if envelope.actor.type != "participant" else None
    )
    match envelope.body:
        case ev.RelationChanged() as body:
            return replace(feelings, ties=relations.told(ties, body, finished)), seats
        case ev.ReactionAdded() as body if viewer:
            reaction = Reaction(viewer, body.message_id, body.emoji, envelope.at)
            return replace(feelings, crowd=mood.reacted(crowd, reaction, body.viewers)), seats
        case ev.ReactionRemoved() as body if viewer:
            crowd = mood.retracted(crowd, viewer, body.message_id, body.emoji, envelope.at)
            return replace(feelings, crowd=crowd), seats
        case ev.DirectorNoted(because="conflict", rung=int(rung), about=(one, other)):
            ids = relations.key_of(one, other)
            return replace(feelings, ties=relations.stepped(ties, ids, rung, finished)), seats
        case ev.ParticipantMuted(because="conflict", participant_id=who):
            ties = relations.sat_out(ties, who, finished)
            return replace(feelings, ties=ties), _sent_off(seats, who, finished)
        case _:
            return feelings, seats


def _sent_off(seats: Sequence[Seat], who: str, finished: int) -> tuple[Seat, ...]:
    return tuple(
        replace(seat, back_at=finished + SITS_OUT) if seat.id == who else seat for seat in seats
    )
