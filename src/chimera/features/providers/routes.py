"""The addresses of providers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from chimera.api.deps import House, serving
from chimera.api.strict import StrictRoute
from chimera.features.providers import schemas, service
from chimera.features.providers.pulls import router as pulls_router

router = APIRouter(route_class=StrictRoute, tags=["providers"])
router.include_router(pulls_router)

Serving = Annotated[House, Depends(serving)]
ProviderName = Annotated[str, Path(max_length=40)]


@router.get("/providers")
async def list_providers(
    house: Serving, every: Annotated[bool, Query(alias="all")] = False
) -> schemas.ProviderPage:
    """Every provider that can be cast, those found on this machine included.

    With `all`, also those that have neither key nor address yet.
    """
    return await service.listing(house, every=every)


@router.patch("/providers/{provider_name}")
async def change_provider(
    provider_name: ProviderName, body: schemas.PatchProvider, house: Serving
) -> schemas.Provider:
    """Limit what its keys are asked for, or choose the model that plays by default."""
    return await service.tune(house, provider_name, body)


@router.put("/providers/{provider_name}/credential")
async def put_credential(
    provider_name: ProviderName, body: schemas.PutCredential, house: Serving
) -> schemas.Provider:
    """Store a key, an address or both, instead of what the environment says.

    The key is sealed at once and never told again. Another address without a key drops the key.
    """
    return await service.put(house, provider_name, body)


@router.delete("/providers/{provider_name}/credential", status_code=204)
async def delete_credential(provider_name: ProviderName, house: Serving) -> None:
    """Forget the stored key and address; what the environment says holds again."""
    await house.keys.drop(provider_name)


@router.get("/providers/{provider_name}/models")
async def list_models(provider_name: ProviderName, house: Serving) -> schemas.ModelPage:
    """The models that can be asked for now."""
    return await service.models(house, provider_name)


@router.post("/providers/{provider_name}/check")
async def check_provider(
    provider_name: ProviderName, house: Serving, body: schemas.CheckProvider | None = None
) -> schemas.Checked:
    """Ask the provider whether it answers, with a key that is not stored yet if one is given.

    A free call. A good answer without a body switches a refused key on again.
    """
    return await service.check(house, provider_name, body)
