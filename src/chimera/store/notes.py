"""What people's own personas keep of earlier shows; only shows of the same owner hear of it."""

import hashlib
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from chimera.core import events as ev
from chimera.core import memory
from chimera.core.errors import NotFound
from chimera.core.parts import Note
from chimera.store.statements import READ_KINDS
from chimera.store.tables import conversations, notes, persona_versions, personas

#: What a persona keeps of all shows; beyond that the least important go, the oldest first.
MOST_KEPT = 200

_N, _P, _V = notes.c, personas.c, persona_versions.c
#: What changes what somebody remembers, and what the stalls said: that stays in its show.
_TOLD = (
    ev.ConversationCreated, ev.ParticipantJoined, ev.ConversationCleared, ev.NoteTaken,
    ev.NoteEdited, ev.NoteRemoved, ev.TurnStarted, ev.MessageCompleted, ev.MessagePosted,
    ev.ReactionAdded, ev.ReactionRemoved,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A note that has outlived its show; `about` is a persona, `at` milliseconds UTC."""

    id: str
    conversation_id: str
    title: str
    source: str
    kind: ev.NoteKind
    about: str | None
    text: str
    importance: float
    at: int


def rememberers(
    connection: Connection, persona_ids: Collection[str], *, owner: str | None
) -> list[str]:
    """Those of the personas that are this owner's and that are to remember."""
    newest = (_V.persona_id == _P.id) & (_V.version == _P.version)
    mine = _P.owner.is_(None) if owner is None else _P.owner == owner
    rows = connection.execute(
        select(_P.id, _V.card)
        .join(persona_versions, newest)
        .where(_P.id.in_(persona_ids), mine, _P.deleted_at.is_(None))
        .order_by(_P.id)
    )
    return [row.id for row in rows if row.card.get("remembers")]


def keep(
    connection: Connection, conversation_id: str, cast: Sequence[Mapping[str, Any]], *, at: int
) -> None:
    """At the end of a show: the best notes of those of its cast who are to remember it."""
    owner = connection.execute(
        select(conversations.c.owner).where(conversations.c.id == conversation_id)
    ).scalar_one()
    remembering = rememberers(connection, [each["persona_id"] for each in cast], owner=owner)
    if not remembering:
        return
    told = _told(connection, conversation_id)
    posted = [body for body, _ in told if isinstance(body, ev.MessagePosted)]
    seats = memory.remembering(told)
    who = {seat.id: seat.participant.persona_id for seat in seats}
    for persona_id in remembering:
        held = next(seat.memory for seat in seats if who[seat.id] == persona_id)
        rows = [
            {
                "id": _id_of(conversation_id, note.id), "persona_id": persona_id,
                "conversation_id": conversation_id, "source": note.source, "kind": note.kind,
                "about": who.get(note.about or ""), "text": note.text,
                "importance": note.importance, "at": at,
            }
            for note in memory.lasting(held, posted)
        ]  # fmt: skip
        if rows:
            connection.execute(insert(notes), rows)
            _thin_out(connection, persona_id)


def _told(connection: Connection, conversation_id: str) -> list[tuple[ev.Body, ev.Actor]]:
    named = {"of": conversation_id, "after": 0, "upto": sys.maxsize, "most": sys.maxsize}
    rows = connection.execute(READ_KINDS, named | {"kinds": [each.type for each in _TOLD]})
    return [
        (ev.load_body(row.type, row.version, row.body), ev.Actor.model_validate(row.actor))
        for row in rows
    ]


def _id_of(conversation_id: str, note_id: str) -> str:
    digest = hashlib.sha256(f"{conversation_id}:{note_id}".encode()).hexdigest()
    return f"mem_{digest[:26]}"


def _thin_out(connection: Connection, persona_id: str) -> None:
    over = connection.execute(
        select(_N.id)
        .where(_N.persona_id == persona_id)
        .order_by(_N.importance.desc(), _N.at.desc(), _N.id)
        .offset(MOST_KEPT)
        .limit(MOST_KEPT)
    ).scalars()
    if gone := list(over):
        connection.execute(delete(notes).where(_N.id.in_(gone)))


def listing(connection: Connection, persona_id: str) -> list[Kept]:
    """All that a persona keeps, what came last first."""
    rows = connection.execute(
        select(notes, conversations.c.title)
        .join(conversations, conversations.c.id == _N.conversation_id)
        .where(_N.persona_id == persona_id)
        .order_by(_N.at.desc(), _N.importance.desc(), _N.id)
    )
    return [_kept(row) for row in rows]


def of(connection: Connection, persona_id: str) -> list[Note]:
    """The same as somebody remembers them who has not said a word yet."""
    return [
        Note(
            id=each.id, text=each.text, kind=each.kind, about=each.about, source=each.source,
            importance=each.importance, turn=0, used=0, from_conversation=each.conversation_id,
        )
        for each in listing(connection, persona_id)
    ]  # fmt: skip


def edit(connection: Connection, persona_id: str, note_id: str, changes: Mapping[str, Any]) -> Kept:
    """Put a note right. Raises NotFound."""
    connection.execute(
        update(notes).where(_N.persona_id == persona_id, _N.id == note_id).values(**changes)
    )
    found = next((each for each in listing(connection, persona_id) if each.id == note_id), None)
    if found is None:
        raise NotFound("This persona keeps no such note.")
    return found


def forget(connection: Connection, persona_id: str, note_id: str | None = None) -> None:
    """Without that note, or without any. Raises NotFound for a note that is not there."""
    gone = delete(notes).where(_N.persona_id == persona_id)
    if note_id is None:
        connection.execute(gone)
    elif not connection.execute(gone.where(_N.id == note_id)).rowcount:
        raise NotFound("This persona keeps no such note.")


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        id=row.id, conversation_id=row.conversation_id, title=row.title, source=row.source,
        kind=row.kind, about=row.about, text=row.text, importance=row.importance, at=row.at,
    )  # fmt: skip
