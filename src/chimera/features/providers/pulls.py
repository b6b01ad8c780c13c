"""The addresses under which servers of this machine are told to fetch models."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from chimera.api.deps import House, serving
from chimera.api.strict import OMIT_NONE, Input, Output, StrictRoute
from chimera.providers import pulls

router = APIRouter(route_class=StrictRoute, tags=["providers"])

Serving = Annotated[House, Depends(serving)]
ProviderName = Annotated[str, Path(max_length=40)]
_MODEL = r"^[A-Za-z0-9][A-Za-z0-9._/:-]{0,199}$"


class PullModel(Input):
    """Which model to fetch, by the name that the server's library has for it."""

    model: Annotated[str, Field(pattern=_MODEL)]


class PullError(Output):
    code: str
    message: str


class Pull(Output):
    """`over` without an `error`: the model is there. Sizes are bytes, where they are known."""

    model: str
    status: str
    completed: Annotated[int | None, OMIT_NONE] = None
    total: Annotated[int | None, OMIT_NONE] = None
    over: bool
    error: Annotated[PullError | None, OMIT_NONE] = None

    @classmethod
    def of(cls, pull: pulls.Pull) -> "Pull":
        told, failed = pull.progress, pull.error
        return cls(
            model=pull.model,
            status=told.status,
            completed=told.completed,
            total=told.total,
            over=pull.over,
            error=PullError(code=failed.code, message=failed.message) if failed else None,
        )


class PullPage(Output):
    items: list[Pull]
    next_cursor: str | None


def _page(found: Sequence[pulls.Pull]) -> PullPage:
    return PullPage(items=[Pull.of(each) for each in found], next_cursor=None)


@router.get("/providers/{provider_name}/pulls")
async def list_pulls(provider_name: ProviderName, house: Serving) -> PullPage:
    """The models it is fetching for us, and those whose end nobody has taken note of."""
    return _page(house.pulls.listing(provider_name))


@router.post("/providers/{provider_name}/pulls", status_code=202)
async def pull_model(provider_name: ProviderName, body: PullModel, house: Serving) -> Pull:
    """Begin to fetch a model; it goes on beside everything else."""
    return Pull.of(house.pulls.start(provider_name, body.model))


@router.delete("/providers/{provider_name}/pulls/{model:path}", status_code=204)
async def cancel_pull(
    provider_name: ProviderName, model: Annotated[str, Path(max_length=200)], house: Serving
) -> None:
    """End the fetching of a model, or take note of its end."""
    house.pulls.cancel(provider_name, model)
