"""Shows providers as they are."""

from chimera.api.deps import House
from chimera.core.generation import ProviderState
from chimera.core.ids import rfc3339
from chimera.features.providers import schemas

_STATES: dict[bool | None, schemas.State] = {True: "ready", False: "down", None: "unknown"}
SCRIPTED = "scripted"


async def listing(house: House) -> schemas.ProviderPage:
    """Looks for servers on this machine first, if nobody has for a while."""
    await house.providers.look()
    return schemas.ProviderPage(
        items=[_shape(each) for each in house.providers.known()], next_cursor=None
    )


async def models(house: House, name: str) -> schemas.ModelPage:
    found = await house.providers.models(name)
    items = [
        schemas.Model(
            id=each.id,
            name=each.name,
            context=each.context,
            loaded=each.loaded,
            input_price=each.input_price,
            output_price=each.output_price,
        )
        for each in found
    ]
    return schemas.ModelPage(items=items, next_cursor=None)


async def check(house: House, name: str) -> schemas.Checked:
    health = await house.providers.check(name)
    return schemas.Checked(
        ok=health.ok, code=health.code, detail=health.detail, latency_ms=health.latency_ms
    )


def _shape(state: ProviderState) -> schemas.Provider:
    return schemas.Provider(
        name=state.name,
        title=state.title,
        state=_STATES[state.ready],
        local=state.local,
        found=state.found,
        scripted=state.name == SCRIPTED,
        base_url=state.base_url,
        models=list(state.models),
        detail=state.detail,
        health=schemas.Health(
            calls=state.calls,
            errors=state.errors,
            last_success_at=_moment(state.last_success_at),
            last_failure_at=_moment(state.last_failure_at),
            last_failure=state.last_failure,
            p50_ms=state.p50_ms,
            p95_ms=state.p95_ms,
        ),
    )


def _moment(millis: int | None) -> str | None:
    return None if millis is None else rfc3339(millis)
