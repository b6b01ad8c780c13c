"""What people's own personas keep of earlier shows, for their owner to look into and put right."""

from sqlalchemy import Connection

from chimera.api.deps import House
from chimera.api.paging import Marker
from chimera.core.errors import Forbidden, Invalid
from chimera.core.ids import rfc3339
from chimera.features.personas import schemas
from chimera.features.personas.service import find
from chimera.store import notes
from chimera.store.database import Work


def listing(
    connection: Connection,
    house: House,
    *,
    owner: str | None,
    id_or_slug: str,
    limit: int,
    cursor: str | None,
) -> schemas.KeptNotePage:
    """One page. Raises NotFound or Forbidden."""
    persona_id = _own(connection, house, id_or_slug, owner)
    marker = Marker(f"memory:{persona_id}")
    start = int(marker.read(cursor, int)[0]) if cursor else 0
    found = notes.listing(connection, persona_id)
    more = start + limit < len(found)
    return schemas.KeptNotePage(
        items=[_shape(each) for each in found[start : start + limit]],
        next_cursor=marker.write([start + limit]) if more else None,
    )


def edit(
    work: Work, house: House, id_or_slug: str, note_id: str, wanted: schemas.EditKeptNote
) -> schemas.KeptNote:
    """Raises Invalid, NotFound or Forbidden."""
    changes = wanted.model_dump(exclude_none=True)
    if not changes:
        raise Invalid("Name at least one field to change.")
    persona_id = _own(work.connection, house, id_or_slug, work.actor.id)
    return _shape(notes.edit(work.connection, persona_id, note_id, changes))


def forget(work: Work, house: House, id_or_slug: str, note_id: str | None = None) -> None:
    """One note, or all of them. Raises NotFound or Forbidden."""
    notes.forget(work.connection, _own(work.connection, house, id_or_slug, work.actor.id), note_id)


def _own(connection: Connection, house: House, id_or_slug: str, owner: str | None) -> str:
    """The id of a persona into whose memory this owner may look."""
    kept = find(connection, house, id_or_slug).kept
    if kept is None:
        raise Forbidden("The house's personas keep nothing of a show. Fork this one.")
    if kept.owner != owner:
        raise Forbidden("What this persona remembers is its owner's alone.")
    return kept.id


def _shape(kept: notes.Kept) -> schemas.KeptNote:
    return schemas.KeptNote(
        id=kept.id, text=kept.text, kind=kept.kind, about=kept.about,
        importance=kept.importance, from_conversation=kept.conversation_id, title=kept.title,
        source=kept.source, at=rfc3339(kept.at),
    )  # fmt: skip
