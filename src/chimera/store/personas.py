"""Personas that people made: the newest version to be cast, older ones for who plays them."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from chimera.core.conversation import Participant
from chimera.core.errors import AlreadyExists, NotFound, StaleSeq
from chimera.core.learning.experiments import CARD
from chimera.core.persona import Persona
from chimera.store.database import Store
from chimera.store.learning import changes_of
from chimera.store.tables import persona_versions, personas

#: Cards of earlier versions that a process keeps at hand.
CARDS_KEPT = 256

_P, _V = personas.c, persona_versions.c
_NEWEST = select(personas, _V.card).join(
    persona_versions, (_V.persona_id == _P.id) & (_V.version == _P.version)
)
_LIVING = _NEWEST.where(_P.deleted_at.is_(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A persona of somebody's own as it is now. Times are milliseconds UTC."""

    id: str
    version: int
    persona: Persona
    forked_from: str | None
    owner: str | None
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One version as it was saved."""

    version: int
    persona: Persona
    at: int


def listing(connection: Connection) -> list[Kept]:
    """All that are not deleted, oldest first."""
    rows = connection.execute(_LIVING.order_by(_P.created_at, _P.id))
    return [_kept(row) for row in rows]


def find(connection: Connection, id_or_slug: str) -> Kept:
    """Raises NotFound."""
    wanted = or_(_P.id == id_or_slug, _P.slug == id_or_slug)
    row = connection.execute(_LIVING.where(wanted)).first()
    if row is None:
        raise NotFound("There is no such persona.")
    return _kept(row)


def count(connection: Connection) -> int:
    return connection.execute(
        select(func.count()).select_from(personas).where(_P.deleted_at.is_(None))
    ).scalar_one()


def add(connection: Connection, new: Kept) -> None:
    """Keep a new persona. Raises AlreadyExists if its slug is taken."""
    row = {
        "id": new.id, "slug": new.persona.slug, "owner": new.owner, "forked_from": new.forked_from,
        "version": new.version, "created_at": new.created_at, "updated_at": new.updated_at,
    }  # fmt: skip
    try:
        connection.execute(insert(personas), row)
    except IntegrityError:
        raise AlreadyExists("Another persona has this short address.", path="slug") from None
    _save(connection, new)


def revise(connection: Connection, before: Kept, persona: Persona, *, at: int) -> Kept:
    """Save the next version. Raises StaleSeq if somebody has saved another meanwhile."""
    after = replace(before, version=before.version + 1, persona=persona, updated_at=at)
    changed = connection.execute(
        update(personas)
        .where(_P.id == before.id, _P.version == before.version, _P.deleted_at.is_(None))
        .values(version=after.version, updated_at=at)
    )
    if not changed.rowcount:
        raise StaleSeq("This persona has been changed meanwhile. Load it again.")
    _save(connection, after)
    return after


def forget(connection: Connection, persona_id: str, *, at: int) -> None:
    """Nobody can find or cast it any more; who plays it plays on."""
    connection.execute(update(personas).where(_P.id == persona_id).values(slug=None, deleted_at=at))


def editions(connection: Connection, persona_id: str) -> list[Edition]:
    """Every version, the newest first."""
    rows = connection.execute(
        select(persona_versions).where(_V.persona_id == persona_id).order_by(_V.version.desc())
    )
    return [
        Edition(version=row.version, persona=Persona.model_validate(row.card), at=row.at)
        for row in rows
    ]


def card(connection: Connection, persona_id: str, version: int) -> Persona:
    """One version, also of a deleted persona. Raises NotFound."""
    found = connection.execute(
        select(_V.card).where(_V.persona_id == persona_id, _V.version == version)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(f"There is no version {version} of the persona {persona_id!r}.")
    return Persona.model_validate(found)


def dressed(connection: Connection, participant: Participant) -> Persona:
    """The card that somebody of one's own was cast with: its version, in the variant's words."""
    persona = card(connection, participant.persona_id, participant.version or 1)
    if participant.variant in {None, CARD}:
        return persona
    return persona.reworded(changes_of(connection, participant.variant or ""))


def _save(connection: Connection, kept: Kept) -> None:
    connection.execute(
        insert(persona_versions),
        {
            "persona_id": kept.id, "version": kept.version, "at": kept.updated_at,
            "card": kept.persona.model_dump(mode="json"),
        },
    )  # fmt: skip


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        id=row.id, version=row.version, persona=Persona.model_validate(row.card),
        forked_from=row.forked_from, owner=row.owner, created_at=row.created_at,
        updated_at=row.updated_at,
    )  # fmt: skip


class Cards:
    """The card that each participant was cast with; what is cast never changes: it is read once."""

    def __init__(self, store: Store, house: Sequence[Persona]) -> None:
        self._store = store
        self._house: Mapping[str, Persona] = {each.id: each for each in house}
        self._read: OrderedDict[tuple[str, int, str | None], Persona] = OrderedDict()

    async def of(self, participant: Participant) -> Persona:
        """Raises NotFound for a persona that this house never had."""
        if participant.version is None:
            try:
                return self._house[participant.persona_id]
            except KeyError:
                raise NotFound(f"There is no persona {participant.persona_id!r}.") from None
        key = participant.persona_id, participant.version, participant.variant
        found = self._read.pop(key, None) or await self._store.read(
            partial(dressed, participant=participant)
        )
        self._read[key] = found
        while len(self._read) > CARDS_KEPT:
            self._read.popitem(last=False)
        return found
