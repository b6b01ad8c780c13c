"""An unsafe call may be repeated with its Idempotency-Key: it is answered again, not done again.

The row is written in the transaction of the work, so that a crash leaves both or neither
(`reliability.md` section 8).
"""

import hashlib
import re
from dataclasses import dataclass

import orjson
from sqlalchemy import ColumnElement, Connection, delete, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request

from chimera.api.errors import KeyReused, StillRunning
from chimera.core.errors import Invalid
from chimera.core.events import Actor
from chimera.store.tables import idempotency
from chimera.store.units import sqlstate

KEPT_MS = 24 * 3600 * 1000

_FORM = re.compile(r"[\x21-\x7e]{1,64}\Z")
_LOCK_NOT_AVAILABLE = "55P03"
#: The status of a row whose work has not ended; only its own transaction ever sees it.
_PENDING = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call that names itself. `scope` keeps the keys of different people and routes apart."""

    scope: str
    key: str
    fingerprint: str
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call is answered with; `replayed` if it had been answered before."""

    status: int
    body: bytes
    replayed: bool = False


async def attempt_of(request: Request, actor: Actor, now: int) -> Attempt | None:
    """The attempt that the request names, if it does. Raises Invalid for a key out of form."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not _FORM.match(key):
        raise Invalid(
            "An Idempotency-Key has 1 to 64 visible ASCII characters.", path="Idempotency-Key"
        )
    body = await request.json() if await request.body() else None
    asked = [request.url.path, request.url.query, body]
    return Attempt(
        scope=f"{actor.type}:{actor.id or ''} {request.method} {request.scope['route'].path}",
        key=key,
        fingerprint=hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest(),
        now=now,
    )


def claim(connection: Connection, attempt: Attempt) -> Answer | None:
    """The answer given before, or None: then the key is ours and `settle` must follow.

    Raises KeyReused for another request, StillRunning when the first call has not ended.
    """
    connection.execute(delete(idempotency).where(idempotency.c.created_at < attempt.now - KEPT_MS))
    if _take(connection, attempt):
        return None
    row = connection.execute(
        select(idempotency.c.fingerprint, idempotency.c.status, idempotency.c.body).where(
            *_own(attempt)
        )
    ).one_or_none()
    if row is None:
        raise StillRunning("The first call with this Idempotency-Key has just failed. Try again.")
    if row.fingerprint != attempt.fingerprint:
        raise KeyReused("This Idempotency-Key was used for another request.")
    return Answer(status=row.status, body=(row.body or "").encode(), replayed=True)


def settle(connection: Connection, attempt: Attempt, answer: Answer) -> None:
    """Keep the answer beside the work it is about."""
    connection.execute(
        update(idempotency)
        .where(*_own(attempt))
        .values(status=answer.status, body=answer.body.decode())
    )


def _own(attempt: Attempt) -> tuple[ColumnElement[bool], ...]:
    return idempotency.c.scope == attempt.scope, idempotency.c.key == attempt.key


def _take(connection: Connection, attempt: Attempt) -> bool:
    """Insert the row. Where another transaction holds it, wait two seconds for its end."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = (
        make(idempotency)
        .values(
            scope=attempt.scope,
            key=attempt.key,
            fingerprint=attempt.fingerprint,
            status=_PENDING,
            created_at=attempt.now,
        )
        .on_conflict_do_nothing()
        .returning(idempotency.c.key)
    )
    if connection.dialect.name != "postgresql":
        return connection.execute(statement).one_or_none() is not None
    try:
        connection.execute(text("SET LOCAL lock_timeout = '2s'"))
        taken = connection.execute(statement).one_or_none() is not None
        connection.execute(text("SET LOCAL lock_timeout = DEFAULT"))
    except DBAPIError as error:
        if sqlstate(error) == _LOCK_NOT_AVAILABLE:
            raise StillRunning("The first call with this Idempotency-Key is not done.") from None
        raise
    return taken
