"""What a conversation's fold keeps of feelings: who likes whom, who is in which mood, the crowd.

Each function takes the parts it changes and gives them back; `core/state.py` holds them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from chimera.core import events as ev
from chimera.core import mood, relations, stalls, untrusted
from chimera.core.conversation import Participant
from chimera.core.mood import Crowd, Emotion, Reaction
from chimera.core.parts import Line, Seat
from chimera.core.relations import Relations
from chimera.core.stalls import Stalls

if TYPE_CHECKING:
    from chimera.core.state import ConversationState

#: Turns for which somebody sits out after a quarrel.
SITS_OUT = 10
#: A line is still the crowd's business so many turns later.
FRESH = 3
GRATEFUL, ADMIRING, ANGRY = 0.3, 0.6, -0.6
#: An affinity, a respect and a familiarity so strong are worth a sentence to who feels them.
STRONG, RESPECTFUL, FAMILIAR = 0.2, 0.2, 0.4
ALLIES_TOLD = 2
MOODS: dict[Emotion, str] = {
    "joy": "You are in high spirits; let it show.",
    "gratitude": "You feel well treated; you can afford to be generous.",
    "pride": "Somebody has just taken you up; you stand a little taller.",
    "admiration": "You are impressed, and more curious than usual.",
    "anger": "You are angry; be shorter and sharper, at the point and never at the person.",
    "reproach": "You do not like how your ally was treated.",
    "shame": "You feel small just now; speak more carefully than usual.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feelings:
    """All feelings on stage and in the stalls, the moods apart, which sit with their owners."""

    ties: Relations = field(default_factory=Relations)
    crowd: Crowd = field(default_factory=Crowd)
    stalls: Stalls = field(default_factory=Stalls)


def cleared(feelings: Feelings) -> Feelings:
    """After the script was cleared: nothing is felt any more, but an open poll is open still."""
    return Feelings(stalls=Stalls(polling=feelings.stalls.polling))


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


def corrected(
    feelings: Feelings,
    seats: Sequence[Seat],
    lines: tuple[Line, ...],
    judged: Sequence[ev.Judged],
    finished: int,
) -> tuple[Feelings, tuple[Line, ...]]:
    """After a second look at some lines: what they did is undone, and done anew as they were meant.

    The newest line is never touched: what is being answered stays as it was heard.
    """
    second = {each.message_id: each.stance for each in judged}
    cast = {seat.id: seat.participant for seat in seats if seat.present}
    ties, kept = feelings.ties, list[Line]()
    for line in lines:
        stance = second.get(line.message_id)
        if stance is None or line.turn >= finished or line.signals is None:
            kept.append(line)
            continue
        heard = {each.to: each.value for each in stance if line.heard_by(each.to)}
        ties = _restanced(ties, cast, line, heard, finished)
        told = tuple(ev.StanceRef(to=who, value=value) for who, value in heard.items())
        kept.append(replace(line, signals=line.signals.model_copy(update={"stance": told or None})))
    ties = relations.warmed(ties, list(cast.values()), finished)
    return replace(feelings, ties=ties), tuple(kept)


def _restanced(
    ties: Relations,
    cast: Mapping[str, Participant],
    line: Line,
    after: Mapping[str, float],
    finished: int,
) -> Relations:
    read, one = line.signals or ev.MessageSignals(), line.participant_id or ""
    before = {each.to: each.value for each in read.stance or ()}
    for other in dict.fromkeys([*before, *after]):
        was, now = before.get(other), after.get(other)
        if one not in cast or other not in cast or one == other or was == now:
            continue
        tie = relations.tie_at(ties, cast[one], cast[other], finished)
        faded = relations.HEAT_KEPT ** (finished - line.turn)
        pull = relations.pull_of(ties, cast, one, other, finished)
        moved = anger = 0.0
        for value, sign in ((was, -1), (now, 1)):
            if value is not None:
                moved += sign * (relations.step_of(tie, value) + pull)
                anger += sign * relations.anger_of(read, value, other) * faded
        heat = relations.heat(ties, one, other, finished)
        tie = replace(
            tie, affinity=min(max(tie.affinity + moved, -1.0), 1.0), heat=max(0.0, heat + anger),
            heated=finished, stance=(now or 0.0) if tie.stance == was else tie.stance,
        )  # fmt: skip
        ties = _restated(ties.with_tie(one, other, tie), one, other, was, now)
    return ties


def _restated(
    ties: Relations, one: str, other: str, was: float | None, now: float | None
) -> Relations:
    """After a stance was put right: the newest of its kind counts for what it really was."""
    pair = ties.pair(one, other)
    kept, new = list(pair.stances), [] if now is None else [now > 0]
    if was is not None and (was > 0) in kept:
        place = len(kept) - 1 - kept[::-1].index(was > 0)
        kept[place : place + 1] = new
    elif was is None:
        kept.extend(new)
    stances = tuple(kept[-relations.STANCES_KEPT :])
    return ties.with_pair(one, other, replace(pair, stances=stances))


def _moved(seat: Seat, feelings: Feelings, line: Line) -> Seat:
    traits = seat.participant.character.traits
    emotions = tuple(_emotions(seat, feelings, line)) if line.heard_by(seat.id) else ()
    spoken = line.signals.emotion if line.signals and seat.id == line.participant_id else None
    moved = mood.after_turn(seat.mood, traits, emotions, spoken)
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
            who = viewer or envelope.actor.type
            after = stalls.after_event(feelings.stalls, envelope.body, who, finished)
            same = after is feelings.stalls
            return feelings if same else replace(feelings, stalls=after), seats


def _sent_off(seats: Sequence[Seat], who: str, finished: int) -> tuple[Seat, ...]:
    return tuple(
        replace(seat, back_at=finished + SITS_OUT) if seat.id == who else seat for seat in seats
    )


def stirred(seats: Sequence[Seat]) -> dict[str, Emotion]:
    """The emotions that show: of those who are there and far from their usual mood."""
    return {
        seat.id: emotion
        for seat in seats
        if seat.present
        and (emotion := mood.stirred(seat.mood, seat.participant.character.traits)) is not None
    }


# --- what somebody is told of their own feelings -------------------------------------------------


def told(state: "ConversationState", participant_id: str) -> Iterator[str]:
    """Sentences for the prompt of a participant's coming line, the most important first."""
    seat = state.seat(participant_id)
    yield from _bond(state, seat)
    yield from _alliance(state, seat)
    emotion = mood.stirred(seat.mood, seat.participant.character.traits)
    if emotion:
        yield MOODS[emotion]
    energy = crowd_of(seat, state.feelings.crowd, state.finished, state.last_at)
    if energy >= mood.FELT:
        yield "The audience laughs and claps at what you said."
    elif energy <= -mood.FELT:
        yield "The audience is restless; win it back."


def _bond(state: "ConversationState", seat: Seat) -> Iterator[str]:
    """How the speaker feels about whoever spoke last."""
    heard = (line.participant_id for line in reversed(state.lines) if line.heard_by(seat.id))
    last = next((who for who in heard if who), None)
    if last is None or last == seat.id:
        return
    other = state.seat(last).participant
    ties, name = state.feelings.ties, untrusted.name(other.name)
    affinity = relations.affinity(ties, seat.participant, other, state.finished)
    tie = ties.ties.get((seat.id, last))
    if affinity >= STRONG:
        yield f"You enjoy {name}; that does not make you agree."
    elif affinity <= -STRONG:
        respects = tie is not None and tie.respect >= RESPECTFUL
        still = "; still, you respect how they argue" if respects else ""
        yield f"{name} gets on your nerves{still}; fight the point, never the person."
    if tie is not None and tie.familiarity >= FAMILIAR:
        yield f"You and {name} know each other by now: come back to what passed between you."


def _alliance(state: "ConversationState", seat: Seat) -> Iterator[str]:
    present = {each.id: each.short for each in state.participants}
    mine = relations.allies(state.feelings.ties, seat.id)
    names = [untrusted.name(present[who]) for who in mine if who in present][:ALLIES_TOLD]
    if names:
        who = " and ".join(names)
        yield f"On your side here: {who}. Cite them and build on what they say."
