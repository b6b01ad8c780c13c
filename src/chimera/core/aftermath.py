"""What follows from a line besides its being said; written in the transaction of its message.

Each step looks at the conversation as the steps before it have left it, so that an alliance that
the line ends is over when the ladder of de-escalation is asked (`engine.md` section 1).
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from chimera.core import events as ev
from chimera.core import ladders, memory, quality, relations, topics, voices
from chimera.core.company import duets
from chimera.core.likeness import Embedder
from chimera.core.pacing import Rng
from chimera.core.parts import Line, Seat
from chimera.core.relations import Pair
from chimera.core.state import ConversationState, apply

Step = Callable[[ConversationState, Line, Rng], Iterable[ev.NewEvent]]

#: Turns between two steps of the ladder while a pair is hostile, and how long heat may last before
#: somebody is asked to mediate.
STEP_TURNS, HEATED_TURNS = 2, 6
#: An ally or an admirer reacts to a line, rather than to nothing, at most so often.
REACTS = 0.06
FOND = 0.5

CONCEDE = "Concede one concrete point to {other}, then lead on to a question next to this one."
LEAVE = "Leave {other} alone for a while: speak to the matter, or to somebody else. No insults."
MEDIATE = "Name what each side gets right, {one} and {other}, then ask a new question."
MOVE_ON = "This is a new subject. Leave the quarrel with {other} behind; not a word about it."


def follow(
    state: ConversationState,
    line: Line,
    rng: Rng,
    steps: Sequence[Step] | None = None,
    embedder: Embedder | None = None,
) -> tuple[ev.NewEvent, ...]:
    """The events that follow from `line`, the newest of `state`, in their order."""
    said: list[ev.NewEvent] = []
    for step in steps_with(embedder) if steps is None else steps:
        for event in tuple(step(state, line, rng)):
            said.append(event)
            state = apply(state, _landed(state, event, line.at))
    return tuple(said)


def _landed(state: ConversationState, event: ev.NewEvent, at: int) -> ev.Envelope:
    return ev.Envelope(
        conversation_id=state.id, seq=state.seq + 1, at=at, actor=event.actor, body=event.body,
        visibility=event.visibility,
    )  # fmt: skip


def _says(body: ev.Body) -> ev.NewEvent:
    return ev.NewEvent(body=body, actor=ev.SYSTEM)


# --- relations -----------------------------------------------------------------------------------


def _relations(state: ConversationState, line: Line, _rng: Rng) -> Iterable[ev.NewEvent]:
    """Affinities that moved, alliances and levels of conflict, with the line as evidence."""
    if line.participant_id is None:
        return
    cast = [seat.participant for seat in state.seats if seat.present]
    ties, turn = state.feelings.ties, state.finished
    speakers = [each.participant_id for each in duets.of_message(state, line)]
    for body in relations.changes(ties, cast, speakers, line.message_id, turn):
        yield ev.NewEvent(
            body=body, actor=ev.Actor(type="participant", id=body.from_), visibility=line.visibility
        )


# --- conflict ------------------------------------------------------------------------------------


def _mediation(state: ConversationState, _line: Line, _rng: Rng) -> Iterable[ev.NewEvent]:
    """A quarrel that has been heated for long: the warmest outsider is asked to mediate."""
    for ids, pair in _quarrels(state):
        lasting = pair.level != "banter" and state.finished - pair.since > HEATED_TURNS
        outsiders = [seat for seat in state.seats if seat.active and seat.id not in ids]
        if lasting and not pair.mediated and outsiders:
            warmest = max(outsiders, key=lambda seat: seat.participant.character.traits.warmth)
            yield _note(state, MEDIATE, to=warmest.id, pair=ids, rung=0)


def _quarrels(state: ConversationState) -> list[tuple[relations.Directed, Pair]]:
    """The pairs who are both there to quarrel."""
    active = {seat.id for seat in state.seats if seat.active}
    return [each for each in state.feelings.ties.pairs.items() if active.issuperset(each[0])]


def _ladder(state: ConversationState, _line: Line, _rng: Rng) -> Iterable[ev.NewEvent]:
    """One step for each pair that is hostile, the worst remedy last (`engine.md` section 9.3)."""
    turn = state.finished
    for ids, pair in _quarrels(state):
        rung = relations.rung_of(pair, turn)
        if pair.level != "hostile" or (rung and turn - pair.stepped < STEP_TURNS):
            continue
        yield from _step(state, ids, min(rung + 1, 4))


def _step(state: ConversationState, ids: relations.Directed, rung: int) -> Iterable[ev.NewEvent]:
    one, other = ids
    if rung <= 2:
        note = CONCEDE if rung == 1 else LEAVE
        yield _note(state, note, to=one, pair=(one, other), rung=rung)
        yield _note(state, note, to=other, pair=(other, one), rung=rung)
        return
    active = [seat for seat in state.seats if seat.active]
    if len(active) < 3:
        yield from _elsewhere(state, ids, rung)
    elif not any(seat.back_at for seat in state.seats):
        hotter = max(ids, key=lambda who: _heat(state, who, one if who == other else other))
        yield _says(ev.ParticipantMuted(participant_id=hotter, because="conflict"))


def _heat(state: ConversationState, one: str, other: str) -> float:
    return relations.heat(state.feelings.ties, one, other, state.finished)


def _elsewhere(
    state: ConversationState, ids: relations.Directed, rung: int
) -> Iterable[ev.NewEvent]:
    """Two who are alone cannot be parted: they get another subject, and then an end."""
    one, other = ids
    if rung >= 4 and state.finished >= (state.limits.min_turns or 0):
        bodies = () if state.ladders.finale else ladders.begin_finale(state, "conflict")
        yield from map(_says, bodies)
        return
    used = set(state.topics)
    fresh = [each for each in topics.load_starters() if each.text not in used]
    chosen = fresh[(state.seed + state.finished) % len(fresh)].text if fresh else state.topics[0]
    yield _says(
        ev.TopicChanged.model_validate({"topic": chosen, "from": state.topic, "cause": "director"})
    )
    yield _note(state, MOVE_ON, to=one, pair=(one, other), rung=3)
    yield _note(state, MOVE_ON, to=other, pair=(other, one), rung=3)


def _note(
    state: ConversationState, note: str, *, to: str, pair: relations.Directed, rung: int
) -> ev.NewEvent:
    one, other = (state.seat(who).participant.short for who in pair)
    return _says(
        ev.DirectorNoted(
            note=note.format(one=one, other=other), participant_id=to, because="conflict",
            rung=rung, about=relations.key_of(*pair),
        )
    )  # fmt: skip


def _back(state: ConversationState, _line: Line, _rng: Rng) -> Iterable[ev.NewEvent]:
    """Who has sat out long enough comes back."""
    for seat in state.seats:
        if seat.muted and seat.back_at is not None and seat.back_at <= state.finished:
            yield _says(ev.ParticipantUnmuted(participant_id=seat.id))


# --- reactions of the cast -----------------------------------------------------------------------


def _reactions(state: ConversationState, line: Line, rng: Rng) -> Iterable[ev.NewEvent]:
    """Now and then somebody who is fond of the speaker reacts instead of speaking."""
    random, speaker = rng("react"), line.participant_id
    spoke = {each.participant_id for each in duets.of_message(state, line)}
    for seat in state.seats:
        drawn = random.random()
        tie = state.feelings.ties.ties.get((seat.id, speaker or ""))
        likely = REACTS * (0.5 + seat.participant.character.traits.warmth)
        fond = tie is not None and tie.stance >= FOND
        hears = seat.active and seat.id not in spoke and line.heard_by(seat.id)
        if fond and hears and drawn < likely:
            actor = ev.Actor(type="participant", id=seat.id)
            body = ev.ReactionAdded(message_id=line.message_id, emoji=_emoji(seat))
            yield ev.NewEvent(body=body, actor=actor, visibility=line.visibility)


def _emoji(seat: Seat) -> str:
    traits = seat.participant.character.traits
    if traits.humour >= 0.7:
        return "😂"
    return "❤" if traits.warmth >= 0.7 else "👏"


# --- memory and topics ---------------------------------------------------------------------------


def _notes(state: ConversationState, line: Line, _rng: Rng) -> Iterable[ev.NewEvent]:
    """What the cast keeps of the line, and of what the stalls said since the one before."""
    earlier = (each.seq for each in state.lines if each.participant_id and each.seq < line.seq)
    before = max(earlier, default=0)
    for said in (each for each in state.lines if before < each.seq <= line.seq):
        for body in memory.take(state, said):
            actor = ev.Actor(type="participant", id=body.participant_id)
            yield ev.NewEvent(body=body, actor=actor, visibility=(body.participant_id,))


def _drift(
    state: ConversationState, _line: Line, _rng: Rng, *, embedder: Embedder | None
) -> Iterable[ev.NewEvent]:
    """A talk that has left its topic for good gets the name of what it has come to."""
    body = topics.drifted(state, embedder)
    if body is not None and state.ladders.finale is None:
        yield _says(body)


# --- quality -------------------------------------------------------------------------------------


def _quality(state: ConversationState, line: Line, _rng: Rng) -> Iterable[ev.NewEvent]:
    """Now and then, how good the talk has been, and how true everybody is to their voice."""
    said = [each for each in state.lines if each.participant_id][-quality.SCORED :]
    if state.finished % quality.EVERY or len(said) < quality.LEAST_SCORED:
        return
    score = quality.score(said)
    yield _says(
        ev.QualityScored(
            window=ev.Window(first=said[0].seq, last=line.seq, messages=len(said)),
            score=score.value, components=score.parts, voices=voices.measured(state),
        )
    )  # fmt: skip


def steps_with(embedder: Embedder | None = None) -> tuple[Step, ...]:
    """All steps in their order; an embedder, if there is one, sees better where a talk drifts."""
    drift = partial(_drift, embedder=embedder)
    return (_relations, _mediation, _ladder, _back, _reactions, _notes, drift, _quality)
