"""The addresses of variants and experiments."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from chimera.api.deps import Call, House, called, serving
from chimera.api.strict import StrictRoute
from chimera.features.learning import schemas, trials, variants
from chimera.features.personas.schemas import Persona

router = APIRouter(route_class=StrictRoute, tags=["learning"])

Called = Annotated[Call, Depends(called)]
Serving = Annotated[House, Depends(serving)]
PersonaId = Annotated[str, Path(max_length=100, description="An id or a slug.")]
VariantId = Annotated[str, Path(max_length=100)]
ExperimentId = Annotated[str, Path(max_length=100)]


@router.get("/personas/{persona_id}/variants")
async def list_variants(persona_id: PersonaId, house: Serving) -> schemas.Variants:
    """Other words for the card that are tried, with what viewers made of each."""
    return await house.store.read(partial(variants.listing, house=house, id_or_slug=persona_id))


@router.post("/personas/{persona_id}/variants", status_code=201, response_model=schemas.Variant)
async def create_variant(
    persona_id: PersonaId, body: schemas.CreateVariant, call: Called
) -> Response:
    """Write one; nobody plays it before it is approved."""
    return await call.commit(lambda work: variants.create(work, call.house, persona_id, body))


@router.patch("/personas/{persona_id}/variants/{variant_id}", response_model=schemas.Variant)
async def change_variant(
    persona_id: PersonaId, variant_id: VariantId, body: schemas.PatchVariant, call: Called
) -> Response:
    """Rename it, rewrite it as long as it is not approved, or approve it."""
    return await call.commit(
        lambda work: variants.change(work, call.house, persona_id, variant_id, body)
    )


@router.delete("/personas/{persona_id}/variants/{variant_id}", status_code=204)
async def retire_variant(persona_id: PersonaId, variant_id: VariantId, call: Called) -> Response:
    """Try it no more; who plays it goes on."""
    return await call.commit(lambda work: variants.retire(work, call.house, persona_id, variant_id))


@router.post("/personas/{persona_id}/variants/{variant_id}/adopt", response_model=Persona)
async def adopt_variant(persona_id: PersonaId, variant_id: VariantId, call: Called) -> Response:
    """Save its words as the persona's next version, which ends the trial."""
    return await call.commit(lambda work: variants.adopt(work, call.house, persona_id, variant_id))


@router.get("/experiments")
async def list_experiments(house: Serving) -> schemas.ExperimentList:
    """Every comparison of two set-ups, the newest first, with what can be said of it now."""
    return await house.store.read(trials.listing)


@router.post("/experiments", status_code=201, response_model=schemas.Experiment)
async def begin_experiment(body: schemas.CreateExperiment, call: Called) -> Response:
    """Compare two set-ups on the conversations that are created from now on."""
    return await call.commit(lambda work: trials.begin(work, call.house, body))


@router.post("/experiments/{experiment_id}/stop", response_model=schemas.Experiment)
async def stop_experiment(experiment_id: ExperimentId, call: Called) -> Response:
    """Give out its arms no more; stopping twice changes nothing."""
    return await call.commit(lambda work: trials.stop(work, call.house, experiment_id))
