"""The stored keys, addresses and limits of providers: rows, without a look into the seals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from chimera.store.tables import credentials, preferences
from chimera.store.vault import Context

#: The owner of what everybody in the house shares.
HOUSE = ""
#: The row of the preferences that holds limits and default models.
_TUNINGS = "providers"

_K = credentials.c

Tuning = Mapping[str, int | str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One row: a sealed key, an address, or both."""

    id: str
    owner: str
    provider: str
    sealed: Mapping[str, Any] | None = field(default=None, repr=False)
    last4: str = ""
    fingerprint: str = ""
    base_url: str | None = None
    disabled_because: str | None = None
    created_at: int
    updated_at: int

    @property
    def context(self) -> Context:
        """What the seal is bound to."""
        return Context(self.owner, self.provider, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that decides how providers are asked, at one moment."""

    stored: tuple[Stored, ...] = ()
    tunings: Mapping[str, Tuning] = field(default_factory=dict[str, Tuning])

    def of(self, provider: str, owner: str = HOUSE) -> Stored | None:
        """What an owner stored for a provider."""
        for each in self.stored:
            if (each.provider, each.owner) == (provider, owner):
                return each
        return None


def snapshot(connection: Connection) -> Snapshot:
    rows = connection.execute(select(credentials).order_by(_K.id)).mappings()
    return Snapshot(
        stored=tuple(Stored(**_plain(row)) for row in rows), tunings=_tunings(connection)
    )


def put(connection: Connection, stored: Stored) -> None:
    """In place of what its owner had stored for the provider."""
    remove(connection, stored.provider, stored.owner)
    values = {column.name: getattr(stored, column.name) for column in credentials.columns}
    connection.execute(insert(credentials).values(**values))


def remove(connection: Connection, provider: str, owner: str = HOUSE) -> None:
    connection.execute(delete(credentials).where(_K.owner == owner, _K.provider == provider))


def mark(connection: Connection, credential: str, because: str | None, *, at: int) -> None:
    """Switch a key off, with the code of the failure, or on again with None."""
    connection.execute(
        update(credentials)
        .where(_K.id == credential)
        .values(disabled_because=because, updated_at=at)
    )


def replace_seal(connection: Connection, stored: Stored, sealed: Mapping[str, Any]) -> None:
    """Keep a row's key under another house key, unless the row was changed meanwhile."""
    fresh = connection.execute(
        select(_K.sealed).where(_K.id == stored.id).with_for_update()
    ).scalar_one_or_none()
    if fresh == stored.sealed:
        connection.execute(update(credentials).where(_K.id == stored.id).values(sealed=sealed))


def tune(connection: Connection, provider: str, tuning: Tuning, *, at: int) -> None:
    """Change what is named of a provider's limits and default model; None takes it away."""
    known = dict(_tunings(connection))
    merged = {**known.get(provider, {}), **tuning}
    known[provider] = {name: value for name, value in merged.items() if value is not None}
    row = {"value": known, "updated_at": at}
    done = connection.execute(
        update(preferences).where(preferences.c.name == _TUNINGS).values(**row)
    )
    if not done.rowcount:
        connection.execute(insert(preferences).values(name=_TUNINGS, **row))


def _tunings(connection: Connection) -> Mapping[str, Tuning]:
    query = select(preferences.c.value).where(preferences.c.name == _TUNINGS)
    return connection.execute(query).scalar_one_or_none() or {}


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()} | {
        "last4": row["last4"] or "",
        "fingerprint": row["fingerprint"] or "",
    }
