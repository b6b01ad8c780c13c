"""Where every call to a model is paid for and written down, whatever becomes of it."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import structlog

from chimera.core.errors import ChimeraError
from chimera.core.generation import (
    GenerationRequest,
    ImagePart,
    Part,
    Route,
    TextPart,
    TurnRequest,
    Usage,
)
from chimera.core.ids import Clock, IdSource, to_millis
from chimera.core.ports import CallMade, CallRecord, Ledger, Observer, Recorder, Reservation
from chimera.providers import accounts
from chimera.providers.catalog import Catalog
from chimera.providers.failures import redact, without_keys
from chimera.providers.lines import Line

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: for whom, of whom, and who pays. `line` is what it brings."""

    id: str
    turn: TurnRequest
    route: Route
    #: The id of the key, None where none is needed.
    credential: str | None
    line: Line


class Books:
    """The ledger, and the recorder of those who look behind the stage."""

    def __init__(
        self,
        ledger: Ledger,
        recorder: Recorder,
        *,
        catalog: Catalog,
        clock: Clock,
        ids: IdSource,
        observer: Observer,
    ) -> None:
        self._ledger = ledger
        self._recorder = recorder
        self._catalog = catalog
        self._clock = clock
        self._ids = ids
        self._observer = observer

    @asynccontextmanager
    async def billed(
        self,
        turn: TurnRequest,
        route: Route,
        credential: str | None,
        line: Line,
        spent: list[Usage],
    ) -> AsyncGenerator[None]:
        """Set the most aside, and tell afterwards what it took, also of a call that was left.

        What it took is added to `spent`. Raises BudgetSpent if the ledger says no.
        """
        call = Call(
            id=self._ids.new("call"), turn=turn, route=route, credential=credential, line=line
        )
        model = self._catalog.model(route.provider, route.model)
        limit = accounts.most(line.request, may_think=model.thinking is not False)
        await self._reserve(call, limit)
        line.start()
        at = to_millis(self._clock.now())
        failure: BaseException | None = None
        try:
            yield
        except BaseException as error:
            failure = error
            raise
        finally:
            usage = self._taken(call, limit, failure)
            spent.append(usage)
            now = self._clock.monotonic()
            self._observer.called(_made(call, usage, failure, at=at, now=now))
            await unbroken(self._write_down(call, usage, failure, at=at))

    async def _reserve(self, call: Call, limit: accounts.Most) -> None:
        turn, route = call.turn, call.route
        reservation = Reservation(
            id=call.id,
            conversation_id=turn.conversation_id,
            turn_id=turn.turn_id,
            participant_id=turn.participant_id,
            provider=route.provider,
            model=route.model,
            credential=call.credential,
            owner=turn.owner,
            input_tokens=limit.input,
            output_tokens=limit.output,
            cost=self._catalog.upper_cost(
                route.provider, route.model, input_tokens=limit.input, output_tokens=limit.output
            ),
            ceiling=turn.ceiling,
        )
        try:
            await unbroken(self._ledger.reserve(reservation))
        except asyncio.CancelledError as cancelled:
            if cancelled.__cause__ is None:
                # It is set aside, and nobody will be called for it.
                await unbroken(self._report(call, Usage(cost=0.0)))
            raise

    def _taken(self, call: Call, limit: accounts.Most, failure: BaseException | None) -> Usage:
        line, route = call.line, call.route
        model = self._catalog.model(route.provider, route.model)
        brought = accounts.Brought(
            seen=line.bytes,
            characters=len(line.text),
            report=line.report,
            failure=failure,
            silent=line.silent_s(self._clock.monotonic()),
            may_think=model.thinking is True or line.request.thinking != "off",
        )
        usage = accounts.settle(limit, brought)
        if usage.cost is not None:
            return usage
        if not usage.input_tokens and not usage.output_tokens:
            return replace(usage, cost=0.0)
        cost = self._catalog.cost(route.provider, route.model, usage)
        # Marked, so that whoever adds it up knows that something is missing.
        return replace(usage, cost=cost, estimated=usage.estimated or cost is None)

    async def _write_down(
        self, call: Call, usage: Usage, failure: BaseException | None, *, at: int
    ) -> None:
        await self._report(call, usage)
        if self._recorder.on:
            now = self._clock.monotonic()
            await self._recorder.record(_record(call, usage, failure, at=at, now=now))

    async def _report(self, call: Call, usage: Usage) -> None:
        if usage.cost is None:
            # Nobody knows the price: budgets count the dearest.
            usage = replace(usage, cost=self._catalog.dearest(call.route.provider, usage))
        try:
            await self._ledger.report(call.id, usage)
        except ChimeraError as error:
            # What was set aside stays, which is never too little.
            _log.warning("usage not reported", call=call.id, code=error.code)


async def unbroken(work: Coroutine[Any, Any, None]) -> None:
    """Do it to the end, whoever is cancelled meanwhile; the cancellation is passed on after it.

    Nobody is left to hear of a failure then: it is the cancellation's cause.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from task.exception()
    task.result()


def _made(
    call: Call, usage: Usage, failure: BaseException | None, *, at: int, now: float
) -> CallMade:
    line = call.line
    return CallMade(
        turn=call.turn,
        route=call.route,
        request=line.request,
        text=line.text,
        finish=line.finish.reason if line.finish else None,
        at=at,
        first_token_ms=_first_token_ms(line),
        duration_ms=round(1000 * (now - line.began)),
        usage=usage,
        failure=None if failure is None else _code(failure),
    )


def _first_token_ms(line: Line) -> int | None:
    return round(1000 * (line.first_token - line.began)) if line.text else None


def _record(
    call: Call, usage: Usage, failure: BaseException | None, *, at: int, now: float
) -> CallRecord:
    line = call.line
    return CallRecord(
        id=call.id,
        conversation_id=call.turn.conversation_id,
        turn_id=call.turn.turn_id,
        participant_id=call.turn.participant_id,
        provider=call.route.provider,
        model=call.route.model,
        at=at,
        first_token_ms=_first_token_ms(line),
        duration_ms=round(1000 * (now - line.began)),
        request=_request(line.request),
        text=without_keys(line.text),
        reasoning=without_keys(line.reasoning),
        usage=usage,
        error=_error(failure),
    )


def _request(request: GenerationRequest) -> dict[str, Any]:
    """What was asked, readable: pictures told by their size."""
    messages = [
        {"role": message.role, "parts": [_part(part) for part in message.parts]}
        for message in request.messages
    ]
    return {
        "system": without_keys(request.system),
        "messages": messages,
        "stop": list(request.stop),
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_output_tokens": request.max_output_tokens,
        "seed": request.seed,
        "thinking": request.thinking,
    }


def _part(part: Part) -> dict[str, Any]:
    match part:
        case TextPart(text):
            return {"text": without_keys(text)}
        case ImagePart(media_type, data):
            return {"image": media_type, "bytes": len(data)}


def _error(failure: BaseException | None) -> dict[str, str] | None:
    match failure:
        case None:
            return None
        case ChimeraError():
            message = redact(failure.message)
        case asyncio.CancelledError() | GeneratorExit():
            message = "Nobody waited for the rest."
        case _:
            message = redact(str(failure))
    return {"code": _code(failure), "message": message}


def _code(failure: BaseException) -> str:
    match failure:
        case ChimeraError():
            return failure.code
        case asyncio.CancelledError() | GeneratorExit():
            return "cancelled"
        case _:
            return ChimeraError.code
