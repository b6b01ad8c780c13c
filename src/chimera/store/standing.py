"""How the house stands as a whole: which turns are due, and when it was last copied."""

from sqlalchemy import Connection, bindparam, case, func, or_, select

from chimera.store.tables import RINGING, conversations, meta

#: Under which name the store knows when it was last backed up, milliseconds UTC.
BACKED_UP_AT = "backed_up_at"

_C = conversations.c
_WANTED = case((_C.status == "paused", _C.resume_at), else_=_C.next_turn_at)
_OVERDUE = select(func.count(), func.min(_WANTED)).where(
    RINGING,
    bindparam("now") >= _WANTED,
    or_(_C.run_deadline.is_(None), _C.run_deadline < bindparam("now")),
)
_BACKED_UP = select(meta.c.value).where(meta.c.name == BACKED_UP_AT)


def overdue(connection: Connection, *, now: int) -> tuple[int, int | None]:
    """How many conversations should be awake and are not, and since when the first should be."""
    count, oldest = connection.execute(_OVERDUE, {"now": now}).one()
    return count, oldest


def backed_up_at(connection: Connection) -> int | None:
    """When the newest backup was made; None if there never was one."""
    told = connection.execute(_BACKED_UP).scalar_one_or_none()
    return None if told is None else int(told)
