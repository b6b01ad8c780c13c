"""Shows providers as they are, and changes how they are set."""

from functools import partial

from sqlalchemy import Connection

from chimera.api.deps import House, KeyCard, KeyChange, ProviderCard
from chimera.core.errors import NotFound
from chimera.core.generation import ProviderState
from chimera.core.ids import rfc3339
from chimera.core.routes.limits import Limits
from chimera.features.providers import schemas
from chimera.store import ledger

_STATES: dict[bool | None, schemas.State] = {True: "ready", False: "down", None: "unknown"}
SCRIPTED = "scripted"
_NOTHING = schemas.Spent(amount=0.0, estimated=False)

Spending = dict[str, schemas.Spent]


async def listing(house: House, *, every: bool) -> schemas.ProviderPage:
    """Looks for servers on this machine first, if nobody has for a while."""
    await house.providers.look()
    shown = await _shapes(house)
    items = [each for each in shown if every or each.state != "unset"]
    return schemas.ProviderPage(items=items, next_cursor=None)


async def models(house: House, name: str) -> schemas.ModelPage:
    found = await house.providers.models(name)
    items = [schemas.Model.model_validate(each, from_attributes=True) for each in found]
    return schemas.ModelPage(items=items, next_cursor=None)


async def check(house: House, name: str, body: schemas.CheckProvider | None) -> schemas.Checked:
    change = KeyChange() if body is None else KeyChange(**dict(body))
    health = await house.keys.check(name, change)
    return schemas.Checked(
        ok=health.ok, code=health.code, detail=health.detail, latency_ms=health.latency_ms
    )


async def put(house: House, name: str, body: schemas.PutCredential) -> schemas.Provider:
    await house.keys.put(name, KeyChange(**dict(body)))
    return await _one(house, name)


async def tune(house: House, name: str, body: schemas.PatchProvider) -> schemas.Provider:
    await house.keys.tune(name, body.model_dump(exclude_unset=True))
    return await _one(house, name)


# -- shapes -----------------------------------------------------------------------------------


async def _one(house: House, name: str) -> schemas.Provider:
    for each in await _shapes(house):
        if each.name == name:
            return each
    raise NotFound(f"There is no provider {name!r}.")


async def _shapes(house: House) -> list[schemas.Provider]:
    """All of them, the best first, the troupe last."""
    spent = await house.store.read(partial(_spent_today, now=house.now()))
    states = {each.name: each for each in house.providers.known()}
    cards = {each.name: each for each in house.keys.cards()}
    shown: list[schemas.Provider] = []
    for name in [*cards, *(name for name in states if name not in cards)]:
        state = states.get(name) or _unset(cards[name])
        shape = _shape(state, cards.get(name), spent.get(name, _NOTHING))
        castable = name in states
        shown.append(shape if castable else shape.model_copy(update={"state": "unset"}))
    return shown


def _unset(card: ProviderCard) -> ProviderState:
    return ProviderState(
        name=card.name, title=card.title, ready=None, local=card.local, found=False,
        base_url=card.base_url, default_model=card.default_model,
    )  # fmt: skip


def _spent_today(connection: Connection, now: int) -> Spending:
    """What each provider took since midnight UTC."""
    today = now // ledger.DAY_MS * ledger.DAY_MS
    found = ledger.spending(connection, since=today, until=today + ledger.DAY_MS, most=0)
    return {
        each.provider: schemas.Spent(amount=each.amount, estimated=each.estimated)
        for each in found.days
    }


def _shape(
    state: ProviderState, card: ProviderCard | None, spent: schemas.Spent
) -> schemas.Provider:
    return schemas.Provider(
        name=state.name,
        title=state.title,
        state=_STATES[state.ready],
        local=state.local,
        found=state.found,
        scripted=state.name == SCRIPTED,
        base_url=state.base_url,
        models=list(state.models),
        default_model=state.default_model,
        detail=state.detail,
        health=_health(state),
        wants_key=card is not None and card.wants_key,
        credential=_credential(card.credential) if card and card.credential else None,
        breaker=state.breaker,
        breaker_until=_moment(state.breaker_until),
        limits=_limits(card.limits if card else Limits()),
        spent_today=spent,
    )


def _health(state: ProviderState) -> schemas.Health:
    return schemas.Health(
        calls=state.calls,
        errors=state.errors,
        last_success_at=_moment(state.last_success_at),
        last_failure_at=_moment(state.last_failure_at),
        last_failure=state.last_failure,
        failing=state.failing or None,
        p50_ms=state.p50_ms,
        p95_ms=state.p95_ms,
        tokens_per_s=state.tokens_per_s,
        failures=dict(state.failures),
    )


def _credential(card: KeyCard) -> schemas.Credential:
    return schemas.Credential(
        source=card.source,
        last4=card.last4,
        fingerprint=card.fingerprint,
        count=card.count,
        disabled_because=card.disabled_because,
        set_at=_moment(card.set_at),
    )


def _limits(limits: Limits) -> schemas.KeyLimits:
    return schemas.KeyLimits.model_validate(limits, from_attributes=True)


def _moment(millis: int | None) -> str | None:
    return None if millis is None else rfc3339(millis)
