"""What the cast remember, for people to look into and put right, and how good the talk has been."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy import Connection

from chimera.api.deps import House
from chimera.api.paging import Marker
from chimera.api.strict import OMIT_NONE, Input, Output, Text
from chimera.core import events as ev
from chimera.core import memory, untrusted
from chimera.core.conversation import Participant, Status
from chimera.core.errors import Invalid, NotFound
from chimera.core.ids import rfc3339
from chimera.core.parts import Note as Kept
from chimera.core.parts import Seat
from chimera.features.conversations import schemas, tables
from chimera.features.conversations.foreseeing import Foreseen, Unforeseen, foresee
from chimera.store import log
from chimera.store import notes as kept
from chimera.store.database import Work

#: What changes what somebody remembers.
_MEMORY = (
    ev.ConversationCreated, ev.ParticipantJoined, ev.ConversationCleared, ev.NoteTaken,
    ev.NoteEdited, ev.NoteRemoved, ev.TurnStarted, ev.MessageCompleted, ev.ReactionAdded,
    ev.ReactionRemoved,
)  # fmt: skip

#: So many notes of earlier shows begin a show at most: they go into its first append.
MOST_BROUGHT = 56


# -- notes ------------------------------------------------------------------------------------


class Note(Output):
    """One thing a participant remembers; nobody else of the cast knows of it.

    `source` is the message it was taken from, `about` a participant's id or a viewer's name,
    `recalled` in how many turns its owner was reminded of it. `from_conversation` is the earlier
    show from which it was brought along, and in which `source` was said.
    """

    id: str
    participant_id: str
    text: str
    kind: ev.NoteKind
    about: Annotated[str | None, OMIT_NONE] = None
    source: str
    from_conversation: Annotated[str | None, OMIT_NONE] = None
    importance: float
    #: Its importance, and more where the stalls liked its message better than others.
    weight: float
    seq: int
    at: schemas.Moment
    recalled: int


class NotePage(Output):
    items: list[Note]
    next_cursor: str | None


class EditNote(Input):
    """What is to be changed of a note; absent fields stay as they are."""

    text: (
        Annotated[
            Text,
            AfterValidator(untrusted.check),
            Field(min_length=1, max_length=memory.NOTE_CHARS),
        ]
        | None
    ) = None
    importance: Annotated[float, Field(ge=0, le=1)] | None = None


def notes(
    connection: Connection,
    conversation_id: str,
    *,
    participant_id: str | None,
    limit: int,
    cursor: str | None,
) -> tuple[Status, NotePage]:
    """What everybody, or one of the cast, remembers now, oldest first."""
    row = tables.one(connection, conversation_id)
    marker = Marker(f"notes:{conversation_id}:{participant_id}")
    after = str(marker.read(cursor, int, str)[1]) if cursor else ""
    place = int(marker.read(cursor, int, str)[0]) if cursor else 0
    found = [
        each
        for each in _remembered(connection, conversation_id)
        if participant_id in {None, each.participant_id} and (each.seq, each.id) > (place, after)
    ]
    page = found[:limit]
    more = len(found) > limit
    return row.status, NotePage(
        items=page, next_cursor=marker.write([page[-1].seq, page[-1].id]) if more else None
    )


def _remembered(connection: Connection, conversation_id: str) -> list[Note]:
    """The notes as the log tells them, by the fold that the cast itself remembers with."""
    taken: dict[str, tuple[int, int]] = {}
    recalled: dict[str, int] = {}
    told = log.read_kinds(connection, conversation_id, _MEMORY)
    for each in told:
        match each.body:
            case ev.NoteTaken(note_id=which):
                taken[which] = (each.seq, each.at)
            case ev.TurnStarted(recalled=reminded):
                for which in reminded or ():
                    recalled[which] = recalled.get(which, 0) + 1
            case _:
                pass
    found = [
        _note(seat, note, taken[note.id], recalled.get(note.id, 0))
        for seat in memory.remembering((each.body, each.actor) for each in told)
        for note in seat.memory
    ]
    return sorted(found, key=lambda note: (note.seq, note.id))


def _note(seat: Seat, note: Kept, taken: tuple[int, int], recalled: int) -> Note:
    seq, at = taken
    return Note(
        id=note.id, participant_id=seat.id, text=note.text, kind=note.kind, about=note.about,
        source=note.source, importance=note.importance, seq=seq, at=rfc3339(at), recalled=recalled,
        from_conversation=note.from_conversation,
        weight=round(memory.importance(note, seat.memory), 3),
    )  # fmt: skip


def edit_note(
    work: Work, house: House, conversation_id: str, note_id: str, wanted: EditNote
) -> Note:
    """Put what somebody remembers right."""
    if wanted.text is None and wanted.importance is None:
        raise Invalid("Name at least one field to change.")
    note = _held(work, conversation_id, note_id)
    body = ev.NoteEdited(
        note_id=note_id, participant_id=note.participant_id,
        text=note.text if wanted.text is None else wanted.text,
        importance=note.importance if wanted.importance is None else wanted.importance,
    )  # fmt: skip
    _tell(work, house, conversation_id, note, body)
    return note.model_copy(update={"text": body.text, "importance": body.importance})


def remove_note(work: Work, house: House, conversation_id: str, note_id: str) -> None:
    """Make somebody forget."""
    note = _held(work, conversation_id, note_id)
    body = ev.NoteRemoved(note_id=note_id, participant_id=note.participant_id)
    _tell(work, house, conversation_id, note, body)


def _held(work: Work, conversation_id: str, note_id: str) -> Note:
    """The note, while nobody else changes the conversation. Raises NotFound."""
    tables.hold(work.connection, conversation_id)
    for note in _remembered(work.connection, conversation_id):
        if note.id == note_id:
            return note
    raise NotFound("Nobody remembers such a note in this conversation.")


def _tell(work: Work, house: House, conversation_id: str, note: Note, body: ev.Body) -> None:
    event = ev.NewEvent(body=body, actor=work.actor, visibility=(note.participant_id,))
    house.journal.append(work, conversation_id, [event], unless=())


def bring(work: Work, cast: Sequence[Participant], topic: str) -> list[ev.NewEvent]:
    """What those of a new cast bring along who remember earlier shows of the same owner."""
    seats = {each.persona_id: each.id for each in cast}
    most = MOST_BROUGHT // max(1, len(cast))
    told: list[ev.NewEvent] = []
    for who in kept.rememberers(work.connection, seats, owner=work.actor.id):
        earlier = kept.of(work.connection, who)
        for note in memory.brought(earlier, topic)[:most]:
            body = ev.NoteTaken(
                note_id=note.id, participant_id=seats[who], text=note.text, kind=note.kind,
                about=seats.get(note.about or ""), importance=note.importance,
                source=note.source, from_conversation=note.from_conversation,
            )  # fmt: skip
            actor = ev.Actor(type="participant", id=seats[who])
            told.append(ev.NewEvent(body=body, actor=actor, visibility=(seats[who],)))
    return told


# -- quality ----------------------------------------------------------------------------------


class Scored(Output):
    """The score of one window of messages, with the parts it is made of (each 0–1)."""

    seq: int
    at: schemas.Moment
    first_seq: int
    last_seq: int
    messages: int
    score: float
    components: dict[str, float]
    #: How far each participant was from its own voice; above 1.06 it is reminded of it.
    voices: dict[str, float]


class Quality(Output):
    """The newest score, if there is one yet, and how it came to that, oldest first."""

    conversation_id: str
    latest: Annotated[Scored | None, OMIT_NONE] = None
    history: list[Scored]
    next_cursor: str | None
    prediction: Foreseen | Unforeseen


def quality(
    connection: Connection, conversation_id: str, *, limit: int, cursor: str | None
) -> tuple[Status, Quality]:
    """How good the talk has been; the first score comes after 24 messages."""
    row = tables.one(connection, conversation_id)
    marker = Marker(f"quality:{conversation_id}")
    after = int(marker.read(cursor, int)[0]) if cursor else 0
    told = [
        _scored(each, each.body)
        for each in log.read_kinds(connection, conversation_id, [ev.QualityScored])
        if isinstance(each.body, ev.QualityScored)
    ]
    coming = [each for each in told if each.seq > after]
    page = coming[:limit]
    return row.status, Quality(
        conversation_id=conversation_id, latest=told[-1] if told else None, history=page,
        next_cursor=marker.write([page[-1].seq]) if len(coming) > limit else None,
        prediction=foresee(connection, conversation_id),
    )  # fmt: skip


def _scored(envelope: ev.Envelope, body: ev.QualityScored) -> Scored:
    return Scored(
        seq=envelope.seq, at=rfc3339(envelope.at), first_seq=body.window.first,
        last_seq=body.window.last, messages=body.window.messages, score=body.score,
        components=dict(body.components), voices=dict(body.voices or {}),
    )  # fmt: skip
