"""What the database knows of the stalls: polls, and what each viewer said once."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, delete, insert, select, update

from chimera.core.errors import NotFound
from chimera.store import tables as store

_P, _V, _J, _B = (
    each.c for each in (store.polls, store.poll_votes, store.votes, store.bookmarks)
)  # fmt: skip

_POLLS = (
    select(store.polls)
    .where(_P.conversation_id == bindparam("of"))
    .order_by(_P.opened_at.desc(), _P.id.desc())
)
_CHOICES = select(_V.viewer, _V.choice).where(_V.poll_id == bindparam("of"))
_JUDGED = select(_J.viewer, _J.value).where(_J.conversation_id == bindparam("of"))
_MARKED = (
    select(store.messages)
    .join(store.bookmarks, _B.message_id == store.messages.c.id)
    .where(_B.viewer == bindparam("who"), store.messages.c.conversation_id == bindparam("of"))
    .order_by(store.messages.c.seq)
)


def polls(connection: Connection, conversation_id: str) -> Sequence[Row[Any]]:
    """The newest first."""
    return connection.execute(_POLLS, {"of": conversation_id}).all()


def poll(connection: Connection, conversation_id: str, poll_id: str) -> Row[Any]:
    """Raises NotFound."""
    for row in polls(connection, conversation_id):
        if row.id == poll_id:
            return row
    raise NotFound("There is no such poll in this conversation.")


def choices(connection: Connection, poll_id: str) -> Mapping[str, int]:
    """Who chose what."""
    rows = connection.execute(_CHOICES, {"of": poll_id})
    return {row.viewer: row.choice for row in rows}


def cast(connection: Connection, poll_id: str, viewer: str, option: int, *, at: int) -> None:
    """The viewer's one vote. Whoever calls holds the conversation."""
    _put(connection, store.poll_votes, {"poll_id": poll_id}, viewer, {"choice": option, "at": at})


def judgements(connection: Connection, conversation_id: str) -> Mapping[str, int]:
    """Who thinks what of the talk."""
    rows = connection.execute(_JUDGED, {"of": conversation_id})
    return {row.viewer: row.value for row in rows}


def judge(
    connection: Connection, conversation_id: str, viewer: str, value: int, *, at: int
) -> None:
    """The viewer's one vote on the talk. Whoever calls holds the conversation."""
    of = {"conversation_id": conversation_id}
    _put(connection, store.votes, of, viewer, {"value": value, "at": at})


def bookmarked(connection: Connection, conversation_id: str, viewer: str) -> Sequence[Row[Any]]:
    """The messages that a viewer has marked, in their order."""
    return connection.execute(_MARKED, {"of": conversation_id, "who": viewer}).all()


def bookmark(connection: Connection, message_id: str, viewer: str, *, at: int) -> None:
    """Whoever calls holds the conversation."""
    _put(connection, store.bookmarks, {"message_id": message_id}, viewer, {"at": at})


def unmark(connection: Connection, message_id: str, viewer: str) -> None:
    connection.execute(
        delete(store.bookmarks).where(_B.message_id == message_id, _B.viewer == viewer)
    )


def _put(
    connection: Connection, table: Table, of: Mapping[str, str], viewer: str, values: dict[str, int]
) -> None:
    """Write one row of a table of what each viewer has said once."""
    key = {**of, "viewer": viewer}
    mine = [table.c[name] == value for name, value in key.items()]
    if not connection.execute(update(table).where(*mine).values(**values)).rowcount:
        connection.execute(insert(table).values(**key, **values))
