"""Whether a database keeps what it promises: logs without holes, and rows that say what they say.

The oracle of restores, of `chimera doctor --deep` and of the tests that kill things.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, exists, func, or_, select

from chimera.core import events as ev
from chimera.store.learning import variants
from chimera.store.tables import conversations, events, messages, usage

#: As many faults of a kind are named; one is enough to know.
MOST_NAMED = 20
#: Sums of floats may differ in their last digits.
_CENT = 1e-6
_SAID = (ev.MessageCompleted.type, ev.MessagePosted.type)
_ENDS = (ev.MessageCompleted.type, ev.TurnFailed.type)

#: Those of learning and those of the house are one.
_ALL = variants.metadata
_Question = Select[*tuple[Any, ...]]

_C, _E, _M = conversations.c, events.c, messages.c


@dataclass(frozen=True, slots=True)
class Fault:
    """One row, or one conversation, that is not as it should be."""

    what: str
    where: str

    def __str__(self) -> str:
        return f"{self.what}: {self.where}"


def check(connection: Connection) -> list[Fault]:
    """Everything that is wrong; nothing, if all is well. Reads every log, and writes nothing."""
    found: list[Fault] = []
    for what, query in _QUESTIONS:
        found += _faults(connection, what, query)
    for table in _ALL.sorted_tables:
        found += _orphans(connection, table)
    return found


def _faults(connection: Connection, what: str, query: _Question) -> list[Fault]:
    rows = connection.execute(query.limit(MOST_NAMED))
    return [Fault(what, " ".join(str(each) for each in row)) for row in rows]


def _orphans(connection: Connection, table: Table) -> list[Fault]:
    """Rows that belong to one that is not there."""
    found: list[Fault] = []
    for key in table.foreign_keys:
        owner = key.column.table.alias()
        lost = and_(
            key.parent.is_not(None),
            ~exists().where(owner.c[key.column.name] == key.parent),
        )
        found += _faults(
            connection, f"{table.name} without its row", select(key.parent).where(lost)
        )
    return found


def _numbered() -> _Question:
    """Logs whose numbers do not run from one to the head."""
    logs = (
        select(
            _E.conversation_id,
            func.count().label("many"),
            func.min(_E.seq).label("first"),
            func.max(_E.seq).label("last"),
        )
        .group_by(_E.conversation_id)
        .subquery()
    )
    joined = conversations.outerjoin(logs, logs.c.conversation_id == _C.id)
    return (
        select(_C.id, _C.head_seq, logs.c.many, logs.c.last)
        .select_from(joined)
        .where(
            or_(
                logs.c.many.is_(None),
                logs.c.first != 1,
                logs.c.many != _C.head_seq,
                logs.c.last != _C.head_seq,
            )
        )
    )


def _counted() -> _Question:
    """Conversations that count other messages than there are."""
    many = select(func.count()).where(_M.conversation_id == _C.id).scalar_subquery()
    return select(_C.id, _C.message_count).where(_C.message_count != many)


def _unsaid() -> _Question:
    """Messages of which the log knows nothing."""
    said = (_E.conversation_id == _M.conversation_id, _E.seq == _M.seq, _E.type.in_(_SAID))
    return select(_M.id).where(~exists().where(*said))


def _unkept() -> _Question:
    """Lines of the log without their message, unless the script was cleared after them."""
    kept = exists().where(_M.conversation_id == _E.conversation_id, _M.seq == _E.seq)
    clears = events.alias("clears")
    cleared = exists().where(
        clears.c.conversation_id == _E.conversation_id,
        clears.c.type == ev.ConversationCleared.type,
        clears.c.body["up_to_seq"].as_integer() >= _E.seq,
    )
    return select(_E.conversation_id, _E.seq).where(_E.type.in_(_SAID), ~kept, ~cleared)


def _twice(kinds: Sequence[str]) -> _Question:
    """Turns that have more than one of these events."""
    turn = _E.body["turn_id"].as_string()
    return (
        select(_E.conversation_id, turn)
        .where(_E.type.in_(kinds))
        .group_by(_E.conversation_id, turn)
        .having(func.count() > 1)
    )


def _unpaid() -> _Question:
    """Lines that cost more than their calls did by the books."""
    turn, cost = _E.body["turn_id"].as_string(), _E.body[("usage", "cost")].as_float()
    booked = select(func.coalesce(func.sum(usage.c.cost), 0.0)).where(usage.c.turn_id == turn)
    return select(_E.conversation_id, _E.seq).where(
        _E.type == ev.MessageCompleted.type, cost > booked.scalar_subquery() + _CENT
    )


_QUESTIONS: tuple[tuple[str, _Question], ...] = (
    ("a log with a hole, or a head that is not its last event", _numbered()),
    ("a wrong count of messages", _counted()),
    ("a message that is not in the log", _unsaid()),
    ("a line of the log without its message", _unkept()),
    ("a turn that began twice", _twice((ev.TurnStarted.type,))),
    ("a turn that ended twice", _twice(_ENDS)),
    ("a line that cost more than was written down", _unpaid()),
)
