"""Whether the house stands: for load balancers, and for whoever looks after it."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from starlette.responses import JSONResponse

from chimera.api.deps import House, serving
from chimera.api.strict import Output
from chimera.core.ids import rfc3339
from chimera.store import ledger
from chimera.store.vault import UNREADABLE

router = APIRouter(prefix="/health", tags=["health"])

Serving = Annotated[House, Depends(serving)]


class Standing(Output):
    status: str
    failing: list[str]


class Service(Output):
    """One provider's recent behaviour; `spent_today` in US dollars, since midnight UTC."""

    name: str
    ready: bool | None
    calls: int
    errors: int
    last_success_at: str | None
    p50_ms: float | None
    p95_ms: float | None
    breaker: str
    breaker_until: str | None
    spent_today: float


class Services(Output):
    store_id: str
    database: str
    #: Whose stored keys this process cannot open: it has another house key than who stored them.
    keys_unreadable: list[str]
    providers: list[Service]


@router.get("/live")
async def is_alive() -> Standing:
    """The process answers; nothing else is looked at."""
    return Standing(status="ok", failing=[])


@router.get("/startup")
async def is_started() -> Standing:
    """Migrations and seeding are done: we listen only after them."""
    return Standing(status="ok", failing=[])


@router.get("/ready", response_model=Standing, responses={503: {"model": Standing}})
async def is_ready(house: Serving) -> Response:
    """Whether traffic may be sent here; names the checks that fail and nothing more."""
    failing = list(await house.failing())
    answer: dict[str, Any] = {"status": "unready" if failing else "ok", "failing": failing}
    return JSONResponse(answer, 503 if failing else 200)


@router.get("/services")
async def list_services(house: Serving) -> Services:
    """How the parts have been doing lately."""
    today = house.now() // ledger.DAY_MS * ledger.DAY_MS
    look = partial(ledger.spending, since=today, until=today + ledger.DAY_MS, most=0)
    spent = {each.provider: each.amount for each in (await house.store.read(look)).days}
    cards = house.keys.cards()
    return Services(
        store_id=house.store.store_id,
        database=house.store.dialect,
        keys_unreadable=[
            each.name
            for each in cards
            if each.credential and each.credential.disabled_because == UNREADABLE
        ],
        providers=[
            Service(
                name=each.name,
                ready=each.ready,
                calls=each.calls,
                errors=each.errors,
                last_success_at=_moment(each.last_success_at),
                p50_ms=each.p50_ms,
                p95_ms=each.p95_ms,
                breaker=each.breaker,
                breaker_until=_moment(each.breaker_until),
                spent_today=spent.get(each.name, 0.0),
            )
            for each in house.providers.known()
        ],
    )


def _moment(millis: int | None) -> str | None:
    return None if millis is None else rfc3339(millis)
