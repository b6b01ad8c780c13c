"""What conversations ask of the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select, tuple_, update

from chimera.core.errors import NotFound
from chimera.store import tables as store
from chimera.store.search import found
from chimera.store.tables import conversations, messages

_C = conversations.c
_M = messages.c
_R = store.reactions.c
_E = store.events.c

_ONE = select(conversations).where(_C.id == bindparam("of"))
_HOLD = select(_C.head_seq).where(_C.id == bindparam("of")).with_for_update()
_SHOW = update(conversations).where(_C.id == bindparam("of")).values(visibility=bindparam("to"))
#: The second part of a duet stands in the log alone.
_SAID = select(messages, _E.body["with"].label("partner")).join(
    store.events,
    (_E.conversation_id == _M.conversation_id) & (_E.seq == _M.seq),
    isouter=True,
)
_MESSAGE = _SAID.where(_M.conversation_id == bindparam("of"), _M.id == bindparam("message"))
_REACTIONS = (
    select(_R.message_id, _R.actor, _R.emoji)
    .where(_R.message_id.in_(bindparam("ids", expanding=True)))
    .order_by(_R.at, _R.emoji)
)
_SCORE = (
    select(_M.id, _M.seq, _M.participant_id, _M.text, _M.at)
    .where(_M.conversation_id == bindparam("of"))
    .order_by(_M.seq)
)
_ALOUD = (
    select(_M.id, _M.seq, _M.at, _M.participant_id, _M.author_name, _M.text)
    .where(_M.conversation_id == bindparam("of"))
    .order_by(_M.seq)
)
#: Column and direction of each order of the list; the id decides between equals.
_ORDERS = {
    "newest": (_C.created_at, True),
    "oldest": (_C.created_at, False),
    "active": (_C.last_at, True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which conversations, in which order, from where on (the value and id of the last one)."""

    status: str | None
    terms: str | None
    sort: str
    past: tuple[int, str] | None
    limit: int


def one(connection: Connection, conversation_id: str) -> Row[Any]:
    """Raises NotFound."""
    row = connection.execute(_ONE, {"of": conversation_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such conversation.")
    return row


def hold(connection: Connection, conversation_id: str) -> int:
    """The head of the log, which nobody moves before the transaction ends. Raises NotFound."""
    head = connection.execute(_HOLD, {"of": conversation_id}).scalar_one_or_none()
    if head is None:
        raise NotFound("There is no such conversation.")
    return head


def listing(connection: Connection, wanted: Filter) -> Sequence[Row[Any]]:
    """One row more than the limit, if there are more."""
    column, descending = _ORDERS[wanted.sort]
    query = select(conversations)
    if wanted.status is not None:
        query = query.where(_C.status == wanted.status)
    if wanted.terms is not None:
        query = query.where(found(connection, wanted.terms))
    if wanted.past is not None:
        place = tuple_(column, _C.id)
        query = query.where(place < wanted.past if descending else place > wanted.past)
    order = (column.desc(), _C.id.desc()) if descending else (column, _C.id)
    return connection.execute(query.order_by(*order).limit(wanted.limit + 1)).all()


def place_of(row: Row[Any], sort: str) -> tuple[int, str]:
    """Where a row stands in an order; the next page begins past it."""
    return (row.last_at if sort == "active" else row.created_at, row.id)


def show(connection: Connection, conversation_id: str, visibility: str) -> None:
    connection.execute(_SHOW, {"of": conversation_id, "to": visibility})


def spoken(
    connection: Connection,
    conversation_id: str,
    *,
    after: int | None,
    before: int | None,
    limit: int,
    backwards: bool,
) -> Sequence[Row[Any]]:
    """Messages between two seqs, nearest to the open end first; one more than the limit."""
    query = _SAID.where(_M.conversation_id == conversation_id)
    if after is not None:
        query = query.where(_M.seq > after)
    if before is not None:
        query = query.where(_M.seq < before)
    order = _M.seq.desc() if backwards else _M.seq
    return connection.execute(query.order_by(order).limit(limit + 1)).all()


def aloud(connection: Connection, conversation_id: str) -> Sequence[Any]:
    """All messages, as far as a list of them needs."""
    return connection.execute(_ALOUD, {"of": conversation_id}).all()


def message(connection: Connection, conversation_id: str, message_id: str) -> Row[Any]:
    """Raises NotFound."""
    place = {"of": conversation_id, "message": message_id}
    row = connection.execute(_MESSAGE, place).one_or_none()
    if row is None:
        raise NotFound("There is no such message in this conversation.")
    return row


class Reaction(NamedTuple):
    """Who reacted to what."""

    message_id: str
    actor: str
    emoji: str


def reactions(connection: Connection, ids: Sequence[str]) -> list[Reaction]:
    """All reactions to some messages, the oldest first."""
    return [Reaction(*row) for row in connection.execute(_REACTIONS, {"ids": list(ids)})]


class Said(NamedTuple):
    """What the score needs of a message."""

    id: str
    seq: int
    participant_id: str | None
    text: str
    at: int


def score(connection: Connection, conversation_id: str) -> list[Said]:
    return [Said(*row) for row in connection.execute(_SCORE, {"of": conversation_id})]
