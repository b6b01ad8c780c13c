"""Whether the house stands: for load balancers, and for whoever looks after it."""

import secrets
from functools import partial
from ipaddress import ip_address
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse

from chimera.api.deps import House, serving
from chimera.api.strict import Output
from chimera.core.errors import Forbidden, Unauthenticated
from chimera.core.ids import rfc3339
from chimera.store import ledger
from chimera.store.vault import UNREADABLE

router = APIRouter(prefix="/health", tags=["health"])
#: What Prometheus asks for; it stands at the root and outside the contract.
scraped = APIRouter()

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
    #: Conversations whose turn should have begun, and for how long the oldest has been waiting.
    turns_due: int
    oldest_due_s: float
    #: Conversations that this process found stuck, by the reason.
    unstuck: dict[str, int]
    #: Of the embedded database; null where there is none.
    wal_bytes: int | None
    last_backup_at: str | None
    providers: list[Service]


@router.get("/live", response_model=Standing, responses={503: {"model": Standing}})
async def is_alive(house: Serving) -> Response:
    """The process answers; nothing else is looked at.

    503 for ten seconds after its loop has stood still for five, which nobody could be told of
    meanwhile.
    """
    if house.lookout.stalled:
        return JSONResponse({"status": "stalled", "failing": ["loop"]}, 503)
    return JSONResponse({"status": "ok", "failing": []})


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
    outlook = await house.lookout.look()
    return Services(
        store_id=house.store.store_id,
        database=house.store.dialect,
        keys_unreadable=[
            each.name
            for each in cards
            if each.credential and each.credential.disabled_because == UNREADABLE
        ],
        turns_due=outlook.due,
        oldest_due_s=outlook.oldest_due_s,
        unstuck=dict(outlook.unstuck),
        wal_bytes=outlook.wal_bytes,
        last_backup_at=_moment(outlook.backed_up_at),
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


@scraped.get("/metrics", response_class=Response)
async def scrape(request: Request, house: Serving) -> Response:
    """Everything that is counted, in the words of Prometheus."""
    _admit(request, house.metrics_token)
    body, media_type = house.lookout.exposition()
    return Response(body, media_type=media_type)


def _admit(request: Request, token: SecretStr | None) -> None:
    """Who knows the token; without one, a program of this machine that asks for nobody else."""
    if token is None:
        forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for"))
        if forwarded or request.client is None or not _is_loopback(request.client.host):
            raise Forbidden("Metrics are told to this machine only; set CHIMERA_METRICS__TOKEN.")
        return
    offered = request.headers.get("authorization", "")
    if not secrets.compare_digest(offered.encode(), f"Bearer {token.get_secret_value()}".encode()):
        raise Unauthenticated("Send the token for metrics: Authorization: Bearer …")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _moment(millis: int | None) -> str | None:
    return None if millis is None else rfc3339(millis)
