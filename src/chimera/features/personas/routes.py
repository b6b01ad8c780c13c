"""The addresses of personas."""

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from chimera.api.deps import Call, House, called, serving
from chimera.api.paging import Cursor, Limit
from chimera.api.strict import StrictRoute
from chimera.core.events import HOST
from chimera.features.personas import cards, remembering, schemas, service, trying
from chimera.store.database import Work

router = APIRouter(route_class=StrictRoute, tags=["personas"])

Called = Annotated[Call, Depends(called)]
Serving = Annotated[House, Depends(serving)]
PersonaId = Annotated[str, Path(max_length=100, description="An id or a slug.")]
NoteId = Annotated[str, Path(max_length=100)]
Cast = Annotated[
    list[schemas.PersonaRef],
    Query(min_length=2, max_length=8, description="The personas of a cast: ids or slugs."),
]


@router.get("/personas")
async def list_personas(
    house: Serving,
    q: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.PersonaPage:
    """The characters anyone may cast: the house's, then people's own."""
    look = partial(service.listing, house=house, q=q, limit=limit, cursor=cursor)
    return await house.store.read(look)


@router.post("/personas", status_code=201, response_model=schemas.Persona)
async def create_persona(body: schemas.CreatePersona, call: Called) -> Response:
    """Keep a persona of one's own, new or forked from another."""
    return await call.commit(lambda work: service.create(work, call.house, body))


@router.post("/personas/import", status_code=201, response_model=schemas.Imported)
async def import_persona(body: schemas.ImportPersona, call: Called) -> Response:
    """Make a persona of a file: our own JSON, or a character card (V2 or V3; JSON or PNG)."""
    found = cards.read(body)

    def keep(work: Work) -> schemas.Imported:
        kept = service.create(work, call.house, found.persona)
        return schemas.Imported(persona=kept, dropped=list(found.dropped))

    return await call.commit(keep)


@router.post("/personas/preview")
async def preview_persona(body: schemas.PreviewPersona, house: Serving) -> schemas.Preview:
    """The prompt that a persona makes, before anything is kept."""
    return await house.store.read(partial(trying.preview, house=house, wanted=body))


@router.post("/personas/try")
async def try_persona(body: schemas.TryPersona, call: Called) -> schemas.Tried:
    """A few lines of a persona, and how far they are from its sample lines. Nothing is kept."""
    await call.house.trying.take(call.viewer, call.house.clock.monotonic())
    return await trying.play(call.house, body)


@router.get("/personas/alike")
async def list_alike_personas(house: Serving, persona: Cast) -> schemas.AlikePage:
    """Pairs of a cast that sound so much alike that nobody could tell them apart."""
    return await house.store.read(partial(service.alike, house=house, wanted=persona))


@router.get("/personas/{persona_id}")
async def get_persona(persona_id: PersonaId, house: Serving) -> schemas.Persona:
    return await house.store.read(partial(service.get, house=house, id_or_slug=persona_id))


@router.patch("/personas/{persona_id}", response_model=schemas.Persona)
async def change_persona(
    persona_id: PersonaId, body: schemas.PatchPersona, call: Called
) -> Response:
    """Save the next version; who plays an earlier one goes on with that."""
    return await call.commit(lambda work: service.change(work, call.house, persona_id, body))


@router.delete("/personas/{persona_id}", status_code=204)
async def delete_persona(persona_id: PersonaId, call: Called) -> Response:
    """Take it out of the company; who plays it goes on."""
    return await call.commit(lambda work: service.delete(work, call.house, persona_id))


@router.get("/personas/{persona_id}/versions")
async def list_persona_versions(persona_id: PersonaId, house: Serving) -> schemas.VersionPage:
    """Every version that was saved, the newest first; none for the house's."""
    return await house.store.read(partial(service.versions, house=house, id_or_slug=persona_id))


@router.get(
    "/personas/{persona_id}/export",
    response_class=Response,
    responses={200: {"content": {"application/json": {}, "image/png": {}}}},
)
async def export_persona(
    persona_id: PersonaId,
    house: Serving,
    format: cards.Format = "json",  # noqa: A002 - its name in the address
) -> Response:
    """The persona as a file: our own JSON, which loses nothing, or a character card.

    A card is JSON, or a PNG of the persona's mask with the card in its text.
    """
    found = await house.store.read(partial(service.find, house=house, id_or_slug=persona_id))
    data = await asyncio.to_thread(cards.write, found.persona, format)
    name, drawn = found.persona.slug, format in cards.PICTURES
    return Response(
        data,
        media_type="image/png" if drawn else "application/json",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{"png" if drawn else "json"}"'
        },
    )


@router.get("/personas/{persona_id}/memory")
async def list_persona_memory(
    persona_id: PersonaId, house: Serving, limit: Limit = 50, cursor: Cursor = None
) -> schemas.KeptNotePage:
    """What one's own persona keeps of earlier shows, what came last first."""
    look = partial(
        remembering.listing, house=house, owner=HOST.id, id_or_slug=persona_id, limit=limit,
        cursor=cursor,
    )  # fmt: skip
    return await house.store.read(look)


@router.patch("/personas/{persona_id}/memory/{note_id}", response_model=schemas.KeptNote)
async def edit_persona_memory(
    persona_id: PersonaId, note_id: NoteId, body: schemas.EditKeptNote, call: Called
) -> Response:
    """Put right what it remembers."""
    return await call.commit(
        lambda work: remembering.edit(work, call.house, persona_id, note_id, body)
    )


@router.delete("/personas/{persona_id}/memory/{note_id}", status_code=204)
async def delete_persona_memory(persona_id: PersonaId, note_id: NoteId, call: Called) -> Response:
    """Let it forget one thing."""
    return await call.commit(lambda work: remembering.forget(work, call.house, persona_id, note_id))


@router.delete("/personas/{persona_id}/memory", status_code=204)
async def clear_persona_memory(persona_id: PersonaId, call: Called) -> Response:
    """Let it forget every earlier show."""
    return await call.commit(lambda work: remembering.forget(work, call.house, persona_id))
