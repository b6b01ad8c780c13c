"""The addresses of providers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from chimera.api.deps import House, serving
from chimera.api.strict import StrictRoute
from chimera.features.providers import schemas, service

router = APIRouter(route_class=StrictRoute, tags=["providers"])

Serving = Annotated[House, Depends(serving)]
ProviderName = Annotated[str, Path(max_length=40)]


@router.get("/providers")
async def list_providers(house: Serving) -> schemas.ProviderPage:
    """Every provider that can be cast, those found on this machine included."""
    return await service.listing(house)


@router.get("/providers/{provider_name}/models")
async def list_models(provider_name: ProviderName, house: Serving) -> schemas.ModelPage:
    """The models that can be asked for now."""
    return await service.models(house, provider_name)


@router.post("/providers/{provider_name}/check")
async def check_provider(provider_name: ProviderName, house: Serving) -> schemas.Checked:
    """Ask the provider whether it answers; a free call."""
    return await service.check(house, provider_name)
