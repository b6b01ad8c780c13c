"""The addresses of the house itself."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from chimera.api.deps import ConversationId, House, serving
from chimera.api.strict import StrictRoute
from chimera.features.house import schemas, service

router = APIRouter(route_class=StrictRoute, tags=["house"])

Serving = Annotated[House, Depends(serving)]
Days = Annotated[int, Query(ge=1, le=90, description="How many days, today included.")]
TurnId = Annotated[str, Path(max_length=64)]


@router.get("/house")
async def get_house(house: Serving) -> schemas.HouseSwitches:
    """The switches and budgets of the whole house."""
    return await service.switches(house)


@router.patch("/house")
async def change_house(body: schemas.PatchHouse, house: Serving) -> schemas.HouseSwitches:
    """Turn a switch or change a budget; it holds from the next call to a model."""
    return await service.change(house, body)


@router.get("/directors")
async def list_directors(house: Serving) -> schemas.DirectorPage:
    """Who can direct a conversation: those of the house, then those of installed packages."""
    return service.directors(house)


@router.get("/spending")
async def get_spending(house: Serving, days: Days = 30) -> schemas.Spending:
    """What calls to models cost: by day and provider, by provider, by conversation."""
    return await house.store.read(partial(service.spending, days=days, now=house.now()))


@router.get("/conversations/{conversation_id}/turns/{turn_id}/calls")
async def list_turn_calls(
    conversation_id: ConversationId, turn_id: TurnId, house: Serving
) -> schemas.RecordedCallPage:
    """The calls that a turn made, oldest first; empty unless they were being recorded."""
    look = partial(service.recorded, conversation_id=conversation_id, turn_id=turn_id)
    return await house.store.read(look)
