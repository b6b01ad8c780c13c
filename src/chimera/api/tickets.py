"""Tickets to the live socket, for programs whose browser cannot send a header with it.

A ticket is kept as its hash beside the idempotency keys, the table of things that are valid once
and for a short time; so any web process can tear one that another has given out.
"""

import hashlib
import secrets

from sqlalchemy import Connection, delete, insert

from chimera.store.tables import idempotency

VALID_MS = 60_000
_SCOPE = "live-ticket"
_PREFIX = "ticket."


def issue(connection: Connection, now: int) -> str:
    """A fresh ticket, good for one socket within a minute."""
    ticket = _PREFIX + secrets.token_urlsafe(24)
    connection.execute(
        insert(idempotency).values(
            scope=_SCOPE, key=_digest(ticket), fingerprint="", status=0, created_at=now
        )
    )
    return ticket


def tear(connection: Connection, ticket: str, now: int) -> bool:
    """Use up a ticket; whether it was good."""
    row = connection.execute(
        delete(idempotency)
        .where(idempotency.c.scope == _SCOPE, idempotency.c.key == _digest(ticket))
        .returning(idempotency.c.created_at)
    ).one_or_none()
    return row is not None and row.created_at > now - VALID_MS


def offered(subprotocols: list[str]) -> str | None:
    """The ticket that came as a second value beside the subprotocol, if one did."""
    return next((each for each in subprotocols if each.startswith(_PREFIX)), None)


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
