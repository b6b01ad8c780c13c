"""The addresses of personas."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from chimera.api.deps import House, serving
from chimera.api.paging import Cursor, Limit
from chimera.api.strict import StrictRoute
from chimera.features.personas import schemas, service

router = APIRouter(route_class=StrictRoute, tags=["personas"])

Serving = Annotated[House, Depends(serving)]


@router.get("/personas")
async def list_personas(
    house: Serving,
    q: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.PersonaPage:
    """The characters anyone may cast."""
    return service.listing(house, q=q, limit=limit, cursor=cursor)


@router.get("/personas/{persona_id}")
async def get_persona(
    persona_id: Annotated[str, Path(max_length=100, description="An id or a slug.")],
    house: Serving,
) -> schemas.Persona:
    return service.get(house, persona_id)
