"""Traces for OpenTelemetry: a span for each turn, for each call to a model, for each request.

A span is made when what it tells of is over, so that nothing runs differently because it is traced.
The trace of a turn has an id made of the turn's own: its calls find it though they are made ahead,
in another task or by another process, and whoever reads a log line finds the trace.
"""

import asyncio
import json
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import structlog

from chimera import __version__
from chimera.core import events as ev
from chimera.core.errors import Unready
from chimera.core.generation import GenerationRequest, TextPart
from chimera.core.ports import CallMade, RequestServed
from chimera.telemetry.logs import redact

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import SpanKind

#: Names of OpenTelemetry's conventions for generative AI, the older one of the provider too.
SYSTEM, PROVIDER, OPERATION = "gen_ai.system", "gen_ai.provider.name", "gen_ai.operation.name"
MODEL, MOST_TOKENS = "gen_ai.request.model", "gen_ai.request.max_tokens"
TEMPERATURE, FINISH = "gen_ai.request.temperature", "gen_ai.response.finish_reasons"
INPUT_TOKENS, OUTPUT_TOKENS = "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"
CONVERSATION = "gen_ai.conversation.id"
INSTRUCTIONS, INPUT = "gen_ai.system_instructions", "gen_ai.input.messages"
OUTPUT = "gen_ai.output.messages"
TURN, PARTICIPANT, CAUSE = "chimera.turn.id", "chimera.participant.id", "chimera.turn.cause"
COST, ENDING, REQUEST = "chimera.cost.dollars", "chimera.message.ending", "chimera.request.id"
ERROR = "error.type"

#: Turns under way whose beginning is remembered.
_MOST_OPEN = 5000
#: One batch may take so long to be handed over, and the last one when the house closes.
_EXPORT_S, _FAREWELL_S = 5.0, 3.0
#: Asked every few seconds by machines.
_UNTRACED = ("/health/", "/metrics")

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def tracing(endpoint: str, *, content: bool) -> AsyncGenerator["Tracer"]:
    """Send spans to a collector until the block ends. Raises Unready(2) without the library.

    `content`: whether spans hold what was asked and said.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - extra
            OTLPSpanExporter,
        )
    except ImportError:
        raise Unready(
            "CHIMERA_TRACES__ENDPOINT needs the extra `otel`: pip install 'chimera[otel]'.",
            exit_code=2,
        ) from None
    address = endpoint if endpoint.endswith("/v1/traces") else endpoint.rstrip("/") + "/v1/traces"

    def opened() -> Tracer:
        return Tracer(OTLPSpanExporter(endpoint=address, timeout=_EXPORT_S), content=content)

    # It looks into files and at locks.
    tracer = await asyncio.to_thread(opened)
    try:
        yield tracer
    finally:
        await tracer.close()


class Tracer:
    """Makes spans of what it is told; implements `Observer`."""

    def __init__(self, exporter: "SpanExporter", *, content: bool) -> None:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - an extra

        from chimera.telemetry.spans import NamedIds, Telling  # noqa: PLC0415 - an extra

        self._ids = NamedIds()
        resource = Resource.create({"service.name": "chimera", "service.version": __version__})
        self._provider = TracerProvider(
            resource=resource, id_generator=self._ids, shutdown_on_exit=False
        )
        # It has a thread of its own, and drops what nobody takes.
        self._provider.add_span_processor(BatchSpanProcessor(Telling(exporter)))
        self._tracer = self._provider.get_tracer("chimera", __version__)
        self._content = content
        self._open: OrderedDict[str, tuple[int, ev.TurnStarted]] = OrderedDict()

    async def close(self) -> None:
        """Hand over what is left, for a moment."""
        farewell = threading.Thread(target=self.close_at_once, daemon=True)
        farewell.start()
        await asyncio.to_thread(farewell.join, _FAREWELL_S)

    def close_at_once(self) -> None:
        """The same for who may wait: it takes as long as it takes."""
        self._provider.shutdown()

    # --- what is told --------------------------------------------------------------------------

    def appended(self, events: Sequence[ev.Envelope]) -> None:
        for event in events:
            match event.body:
                case ev.TurnStarted() as body:
                    self._open[body.turn_id] = (event.at, body)
                    if len(self._open) > _MOST_OPEN:
                        self._open.popitem(last=False)
                case ev.MessageCompleted() | ev.TurnFailed() as body:
                    self._turn(event, body)
                case _:
                    pass

    def landed(self, *, late_s: float, own_s: float) -> None:
        """The span of the turn has it all."""

    def called(self, call: CallMade) -> None:
        from opentelemetry.trace import SpanKind  # noqa: PLC0415 - an extra

        turn, route = call.turn, call.route
        told: dict[str, Any] = {
            OPERATION: "chat", SYSTEM: route.provider, PROVIDER: route.provider,
            MODEL: route.model, MOST_TOKENS: call.request.max_output_tokens,
            TEMPERATURE: call.request.temperature,
            INPUT_TOKENS: call.usage.input_tokens, OUTPUT_TOKENS: call.usage.output_tokens,
            COST: call.usage.cost, CONVERSATION: turn.conversation_id, TURN: turn.turn_id or None,
            PARTICIPANT: turn.participant_id or None,
            FINISH: None if call.finish is None else (call.finish,),
            **(_content(call.request, call.text) if self._content else {}),
        }  # fmt: skip
        self._span(
            f"chat {route.model}", SpanKind.CLIENT, call.at, call.at + call.duration_ms, told,
            failure=call.failure, within=turn.turn_id,
        )  # fmt: skip

    def served(self, request: RequestServed) -> None:
        from opentelemetry.trace import SpanKind  # noqa: PLC0415 - an extra

        if any(each in request.route for each in _UNTRACED):
            return
        told = {
            "http.request.method": request.method, "http.route": request.route,
            "http.response.status_code": request.status, REQUEST: request.request_id,
        }  # fmt: skip
        self._span(
            f"{request.method} {request.route}", SpanKind.SERVER, request.at,
            request.at + round(1000 * request.seconds), told,
            failure=str(request.status) if request.status >= 500 else None,
        )  # fmt: skip

    # --- spans ---------------------------------------------------------------------------------

    def _turn(self, event: ev.Envelope, body: ev.MessageCompleted | ev.TurnFailed) -> None:
        from opentelemetry.trace import SpanKind  # noqa: PLC0415 - an extra

        began = self._open.pop(body.turn_id, None)
        if began is None:
            # It began in another process, which may still tell of it.
            return
        at, started = began
        usage = body.usage
        told: dict[str, Any] = {
            CONVERSATION: event.conversation_id, TURN: body.turn_id,
            PARTICIPANT: started.participant_id, CAUSE: started.cause,
            SYSTEM: started.route.provider, MODEL: started.route.model,
            INPUT_TOKENS: usage and usage.input_tokens,
            OUTPUT_TOKENS: usage and usage.output_tokens, COST: usage and usage.cost,
        }  # fmt: skip
        failure = body.code if isinstance(body, ev.TurnFailed) else None
        if isinstance(body, ev.MessageCompleted):
            told |= {ENDING: body.ending, SYSTEM: body.route.provider, MODEL: body.route.model}
        self._span("turn", SpanKind.INTERNAL, at, event.at, told, failure=failure,
                   named=body.turn_id)  # fmt: skip

    def _span(
        self,
        name: str,
        kind: "SpanKind",
        began: int,
        ended: int,
        told: Mapping[str, Any],
        *,
        failure: str | None = None,
        within: str = "",
        named: str = "",
    ) -> None:
        """A span from `began` to `ended`, milliseconds UTC.

        `within` a turn, or itself `named` after one.
        """
        from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - an extra

        known = {key: value for key, value in told.items() if value is not None}
        if failure is not None:
            known[ERROR] = failure
        with self._ids.named(ids_of(named) if named else None):
            span = self._tracer.start_span(
                name, self._ids.below(ids_of(within) if within else None), kind, known,
                start_time=began * 1_000_000,
            )  # fmt: skip
        if failure is not None:
            span.set_status(Status(StatusCode.ERROR, failure))
        span.end(ended * 1_000_000)


def ids_of(turn_id: str) -> tuple[int, int]:
    """The ids of a turn's trace and of its span."""
    digest = sha256(turn_id.encode()).digest()
    return int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])


def _content(request: GenerationRequest, text: str) -> dict[str, str]:
    """What was asked and said, keys taken out."""
    asked = [
        {"role": message.role, "parts": [
            {"type": "text", "content": part.text}
            for part in message.parts if isinstance(part, TextPart)
        ]}
        for message in request.messages
    ]  # fmt: skip
    said = [{"role": "assistant", "parts": [{"type": "text", "content": text}]}]
    return {
        INSTRUCTIONS: redact(request.system),
        INPUT: redact(json.dumps(asked, ensure_ascii=False)),
        OUTPUT: redact(json.dumps(said, ensure_ascii=False)),
    }
