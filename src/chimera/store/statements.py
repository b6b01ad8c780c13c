"""The statements of the log, as `realtime.md` section 2 numbers them.

Only `store/log.py` runs them.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Text,
    Update,
    and_,
    bindparam,
    case,
    cast,
    delete,
    insert,
    or_,
    select,
    update,
)

from chimera.core.events import TurnStarted
from chimera.store.tables import RINGING, conversations, events

_C = conversations.c
_ID = _C.id == bindparam("of")

S1 = (
    update(conversations)
    .where(
        _ID,
        or_(
            _C.status == "running",
            and_(_C.status == "paused", _C.resume_at <= bindparam("now")),
        ),
    )
    .values(generation=_C.generation + 1, run_deadline=bindparam("deadline"))
    .returning(_C.generation, _C.status, _C.head_seq, _C.open_turn, _C.owner, _C.next_turn_at)
)
S4 = select(_C.status, _C.generation, _C.head_seq).where(_ID)
#: Only the run in charge, only if it has read everything, only in the status it began in.
_FENCE = and_(
    _ID,
    _C.generation == bindparam("mine"),
    _C.head_seq == bindparam("seen"),
    _C.status == bindparam("expected"),
)
S5 = (
    update(conversations)
    .where(_FENCE)
    .values(next_turn_at=bindparam("due"), run_deadline=None)
    .returning(_C.head_seq)
)
#: The same for a run that found its pause's cause still there.
S5_PAUSED = (
    update(conversations)
    .where(_FENCE)
    .values(resume_at=bindparam("due"), run_deadline=None)
    .returning(_C.head_seq)
)
LOCK = (
    select(_C.status, _C.generation, _C.head_seq, _C.open_turn, _C.cast)
    .where(_ID)
    .with_for_update()
)
INSERT_EVENTS = insert(events)
_PAGE = (
    events.c.conversation_id == bindparam("of"),
    events.c.seq > bindparam("after"),
    events.c.seq <= bindparam("upto"),
)
_PLAIN = (events.c.seq, events.c.type, events.c.version, events.c.at)
_JSON = (events.c.actor, events.c.visibility, events.c.body)
READ = select(*_PLAIN, *_JSON).where(*_PAGE).order_by(events.c.seq)
#: The same with its JSON as the text it is stored as: reading it would cost more than fetching it.
READ_TEXT = (
    select(*_PLAIN, *(cast(column, Text).label(column.name) for column in _JSON))
    .where(*_PAGE)
    .order_by(events.c.seq)
)
READ_KINDS = (
    select(*_PLAIN, *_JSON)
    .where(*_PAGE, events.c.type.in_(bindparam("kinds", expanding=True)))
    .order_by(events.c.seq)
    .limit(bindparam("most"))
)
HEAD = select(_C.head_seq).where(_ID)
LAST_START = (
    select(events.c.body)
    .where(events.c.conversation_id == bindparam("of"), events.c.type == TurnStarted.type)
    .order_by(events.c.seq.desc())
    .limit(1)
)
RINGING_PAGE = (
    select(_C.id, _C.status, _C.next_turn_at, _C.resume_at, _C.run_deadline)
    .where(RINGING, _C.id > bindparam("after"))
    .order_by(_C.id)
    .limit(bindparam("most"))
)
_AT_ONCE = update(conversations).where(_C.status == "paused").values(resume_at=bindparam("at"))
#: What a free look may show to be over, and what is over when somebody speaks; no budget is.
_UNHEARD = ("providers_down", "credential")
HASTEN = _AT_ONCE.where(_C.paused_because.in_(_UNHEARD))
#: Those that wait for a day's ceiling; what its owner gave is for a person to raise.
HASTEN_UNPAID = _AT_ONCE.where(_C.paused_because == "budget", _C.resume_at.is_not(None))
HASTEN_ONE = _AT_ONCE.where(_ID, _C.paused_because.in_((*_UNHEARD, "idle")))
DELETE = delete(conversations).where(_ID)
QUIET = update(conversations).where(_ID).values(open_turn=None, run_deadline=None)


def _assignments(sets: Sequence[str], adds: Sequence[str]) -> Mapping[str, Any]:
    head = {"head_seq": _C.head_seq + bindparam("n")}
    new = {column: bindparam(f"set_{column}", type_=_C[column].type) for column in sets}
    more = {column: _C[column] + bindparam(f"add_{column}") for column in adds}
    return head | new | more


# The projected columns differ with the events, in few combinations: each is built once.
@lru_cache(maxsize=256)
def s2(sets: tuple[str, ...], adds: tuple[str, ...]) -> Update:
    return (
        update(conversations)
        .where(_FENCE)
        .values(
            **_assignments(sets, adds),
            open_turn=bindparam("turn"),
            run_deadline=bindparam("deadline"),
            next_turn_at=bindparam("due"),
        )
        .returning(_C.head_seq, _C.cast)
    )


@lru_cache(maxsize=256)
def s3(sets: tuple[str, ...], adds: tuple[str, ...], *, waking: bool) -> Update:
    values = dict(_assignments(sets, adds))
    if waking:
        at, due = bindparam("wake_at", type_=BigInteger), _C.next_turn_at
        values["next_turn_at"] = case((or_(due.is_(None), due > at), at), else_=due)
    return (
        update(conversations)
        .where(_ID, _C.status.not_in(bindparam("unless", expanding=True)))
        .values(**values)
        .returning(_C.head_seq, _C.cast, _C.status, _C.run_deadline, _C.next_turn_at)
    )
