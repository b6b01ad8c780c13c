"""Finds personas: by id, by slug, by words."""

from collections.abc import Sequence

from chimera.api.deps import House
from chimera.api.paging import Marker
from chimera.core.errors import NotFound
from chimera.core.persona import Persona
from chimera.features.personas import schemas


def listing(house: House, *, q: str | None, limit: int, cursor: str | None) -> schemas.PersonaPage:
    """One page, in the order of the house."""
    found = [each for each in house.personas if q is None or _matches(each, q)]
    marker = Marker(f"personas:{q or ''}")
    start = int(marker.read(cursor, int)[0]) if cursor else 0
    page = found[start : start + limit]
    more = start + limit < len(found)
    return schemas.PersonaPage(
        items=[shape(each) for each in page],
        next_cursor=marker.write([start + limit]) if more else None,
    )


def get(house: House, id_or_slug: str) -> schemas.Persona:
    """Raises NotFound."""
    return shape(find(house.personas, id_or_slug))


def find(personas: Sequence[Persona], id_or_slug: str) -> Persona:
    """Raises NotFound."""
    for persona in personas:
        if id_or_slug in {persona.id, persona.slug}:
            return persona
    raise NotFound("There is no such persona.")


def shape(persona: Persona) -> schemas.Persona:
    wanted = set(schemas.Persona.model_fields)
    return schemas.Persona.model_validate(
        persona.model_dump(mode="json", include=wanted) | {"id": persona.id}
    )


def _matches(persona: Persona, q: str) -> bool:
    words = " ".join((persona.name, persona.tagline, *persona.expertise)).casefold()
    return all(term in words for term in q.casefold().split())
