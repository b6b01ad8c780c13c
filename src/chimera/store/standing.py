"""How the house stands as a whole: which turns are due."""

from sqlalchemy import Connection, bindparam, case, func, or_, select

from chimera.store.tables import RINGING, conversations

_C = conversations.c
_WANTED = case((_C.status == "paused", _C.resume_at), else_=_C.next_turn_at)
_OVERDUE = select(func.count(), func.min(_WANTED)).where(
    RINGING,
    bindparam("now") >= _WANTED,
    or_(_C.run_deadline.is_(None), _C.run_deadline < bindparam("now")),
)


def overdue(connection: Connection, *, now: int) -> tuple[int, int | None]:
    """How many conversations should be awake and are not, and since when the first should be."""
    count, oldest = connection.execute(_OVERDUE, {"now": now}).one()
    return count, oldest
