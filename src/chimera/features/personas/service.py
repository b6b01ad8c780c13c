"""Finds personas, the house's and people's own, and keeps what people make of them."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from chimera.api.deps import House
from chimera.api.errors import invalid_fields
from chimera.api.paging import Marker
from chimera.core import voices
from chimera.core.errors import AlreadyExists, Forbidden, Invalid, LimitReached, StaleSeq
from chimera.core.ids import rfc3339
from chimera.core.persona import Persona
from chimera.features.personas import schemas
from chimera.store import notes
from chimera.store import personas as shelf
from chimera.store.database import Work

#: Personas that people keep here, and versions of each.
MOST_OWN, MOST_VERSIONS = 1000, 500
_ARTICLE = re.compile(r"^the\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Castable:
    """A persona that can be cast, and which edition of it."""

    id: str
    persona: Persona
    #: What is kept of one's own; None for the house's.
    kept: shelf.Kept | None = None

    @property
    def version(self) -> int | None:
        return self.kept.version if self.kept else None


# -- finding ----------------------------------------------------------------------------------


def everybody(connection: Connection, house: House) -> list[Castable]:
    """Everybody who can be cast: the house's in its order, then people's own."""
    own = [_own(each) for each in shelf.listing(connection)]
    return [*(_ours(each) for each in house.personas), *own]


def listing(
    connection: Connection, house: House, *, q: str | None, limit: int, cursor: str | None
) -> schemas.PersonaPage:
    """One page of them."""
    found = [each for each in everybody(connection, house) if q is None or _matches(each, q)]
    marker = Marker(f"personas:{q or ''}")
    start = int(marker.read(cursor, int)[0]) if cursor else 0
    page = found[start : start + limit]
    more = start + limit < len(found)
    return schemas.PersonaPage(
        items=[shape(each) for each in page],
        next_cursor=marker.write([start + limit]) if more else None,
    )


def find(connection: Connection, house: House, id_or_slug: str) -> Castable:
    """Raises NotFound."""
    for persona in house.personas:
        if id_or_slug in {persona.id, persona.slug}:
            return _ours(persona)
    return _own(shelf.find(connection, id_or_slug))


def get(connection: Connection, house: House, id_or_slug: str) -> schemas.Persona:
    """Raises NotFound."""
    return shape(find(connection, house, id_or_slug))


def versions(connection: Connection, house: House, id_or_slug: str) -> schemas.VersionPage:
    """Every edition of one's own; the house's have one each, which never changes."""
    kept = find(connection, house, id_or_slug).kept
    editions = shelf.editions(connection, kept.id) if kept else []
    return schemas.VersionPage(
        items=[
            schemas.Version(version=each.version, at=rfc3339(each.at), persona=_card(each.persona))
            for each in editions
        ]
    )


def alike(connection: Connection, house: House, wanted: list[str]) -> schemas.AlikePage:
    """Who of a cast can hardly be told apart. Raises NotFound."""
    found = [find(connection, house, each).persona for each in wanted]
    return schemas.AlikePage(items=_alike([(each.slug, each.sample_lines) for each in found]))


def sounds_like(
    connection: Connection, house: House, persona: Persona, *, but: str
) -> list[schemas.Alike]:
    """Everybody who sounds like this one; `but` is its own slug."""
    others = [each.persona for each in everybody(connection, house) if each.persona.slug != but]
    pairs = (
        _alike([(but, persona.sample_lines), (each.slug, each.sample_lines)]) for each in others
    )
    return sorted((each for pair in pairs for each in pair), key=lambda each: each.distance)


def _alike(cards: list[tuple[str, tuple[str, ...]]]) -> list[schemas.Alike]:
    return [
        schemas.Alike(one=one, other=other, distance=round(distance, 3))
        for one, other, distance in voices.alike(cards)
    ]


def _ours(persona: Persona) -> Castable:
    return Castable(id=persona.id, persona=persona)


def _own(kept: shelf.Kept) -> Castable:
    return Castable(id=kept.id, persona=kept.persona, kept=kept)


def shape(found: Castable) -> schemas.Persona:
    kept = found.kept
    return schemas.Persona(
        **_card(found.persona).model_dump(),
        id=found.id,
        own=kept is not None,
        version=found.version,
        updated_at=rfc3339(kept.updated_at) if kept else None,
        forked_from=kept.forked_from if kept else None,
    )


def _card(persona: Persona) -> schemas.Card:
    return schemas.Card.model_validate(persona.model_dump(mode="json"))


def _matches(found: Castable, q: str) -> bool:
    persona = found.persona
    words = " ".join((persona.name, persona.tagline, *persona.expertise)).casefold()
    return all(term in words for term in q.casefold().split())


# -- keeping ----------------------------------------------------------------------------------


def create(work: Work, house: House, wanted: schemas.CreatePersona) -> schemas.Persona:
    """A new persona of one's own, version 1."""
    if shelf.count(work.connection) >= MOST_OWN:
        raise LimitReached(f"This house keeps {MOST_OWN} personas at most.")
    origin = find(work.connection, house, wanted.forked_from) if wanted.forked_from else None
    taken = {each.persona.slug for each in everybody(work.connection, house)}
    if wanted.slug in taken:
        raise AlreadyExists("Another persona has this short address.", path="slug")
    slug = wanted.slug or free_slug(wanted.name, taken)
    persona = written(wanted, slug=slug, house=house)
    kept = shelf.Kept(
        id=house.ids.new("per"), version=1, persona=persona, created_at=house.now(),
        updated_at=house.now(), forked_from=origin.persona.slug if origin else None,
        owner=work.actor.id,
    )  # fmt: skip
    shelf.add(work.connection, kept)
    return shape(_own(kept))


def change(
    work: Work, house: House, id_or_slug: str, wanted: schemas.PatchPersona
) -> schemas.Persona:
    """The next version; saying what is so already makes none."""
    before = _mine(work, house, id_or_slug)
    if wanted.version not in {None, before.version}:
        raise StaleSeq("This persona has been changed meanwhile. Load it again.")
    if before.version >= MOST_VERSIONS:
        raise LimitReached(f"{MOST_VERSIONS} versions are kept at most; fork it to go on.")
    changed = wanted.model_dump(exclude_none=True, exclude={"version"})
    if not changed:
        raise Invalid("Name at least one field to change.")
    persona = _voiced(_valid(before.persona.model_dump() | changed), house)
    if persona == before.persona:
        return shape(_own(before))
    return shape(_own(shelf.revise(work.connection, before, persona, at=house.now())))


def delete(work: Work, house: House, id_or_slug: str) -> None:
    """Nobody can cast it any more; who plays it plays on."""
    kept = _mine(work, house, id_or_slug)
    shelf.forget(work.connection, kept.id, at=house.now())
    notes.forget(work.connection, kept.id)


def _mine(work: Work, house: House, id_or_slug: str) -> shelf.Kept:
    kept = find(work.connection, house, id_or_slug).kept
    if kept is None:
        raise Forbidden("The house's personas cannot be changed. Fork this one.")
    return kept


def written(wanted: schemas.CardInput, *, slug: str, house: House) -> Persona:
    """The persona that a card describes, with what it leaves out. Raises InvalidFields."""
    given = wanted.model_dump(exclude_none=True, exclude={"slug", "forked_from"})
    bare = _ARTICLE.sub("", wanted.name)
    own = {
        "slug": slug,
        "short": (bare or wanted.name)[:24].strip(),
        "mask": free_slug(wanted.name, set()),
    }
    return _voiced(_valid(own | given), house)


def _voiced(persona: Persona, house: House) -> Persona:
    """A fork has the troupe's words for the one it comes from until its voice is rewritten."""
    model = next((each for each in house.personas if persona.has_voice_of(each)), None)
    return persona.model_copy(update={"plays_as": model.slug if model else None})


def _valid(fields: dict[str, Any]) -> Persona:
    try:
        return Persona.model_validate(fields)
    except ValidationError as error:
        raise invalid_fields(error.errors()) from None


def free_slug(name: str, taken: set[str]) -> str:
    """An address made from a name that nobody has yet."""
    plain = unicodedata.normalize("NFKD", _ARTICLE.sub("", name)).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", plain.casefold()).strip("-0123456789")[:34].strip("-")
    stem = stem or "persona"
    numbered = (f"{stem}-{number}" for number in range(2, MOST_OWN + 3))
    return next(each for each in (stem, *numbered) if each not in taken)
