"""Spans reach a collector over HTTP, and a collector that is away hurts nobody; on loopback."""

import asyncio
import time

import pytest
import structlog
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from test_error_reports import Collector

from chimera.core.ports import RequestServed
from chimera.telemetry.traces import tracing


def served(status: int = 200, route: str = "/api/v1/conversations") -> RequestServed:
    return RequestServed(
        request_id="req_1", method="GET", route=route, status=status, at=1_700_000_000_000,
        seconds=0.25,
    )  # fmt: skip


def spans(collector: Collector) -> list[Span]:
    found: list[Span] = []
    for body in collector.bodies:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            told = {each.key: each.value.string_value for each in resource.resource.attributes}
            assert told["service.name"] == "chimera"
            for scope in resource.scope_spans:
                found += scope.spans
    return found


async def test_requests_arrive_as_spans_with_their_times_and_faults() -> None:
    with Collector().open() as collector:
        async with tracing(f"http://127.0.0.1:{collector.port}", content=False) as tracer:
            tracer.served(served())
            tracer.served(served(503))
            tracer.served(served(route="/api/v1/health/ready"))
        good, bad = spans(collector)
    assert good.name == "GET /api/v1/conversations"
    assert good.end_time_unix_nano - good.start_time_unix_nano == 250_000_000
    told = {each.key: each.value for each in good.attributes}
    assert told["http.response.status_code"].int_value == 200
    assert told["chimera.request.id"].string_value == "req_1"
    assert (good.status.code, bad.status.code) == (0, 2)
    assert good.trace_id != bad.trace_id


@pytest.mark.parametrize("away", [True, False])
async def test_a_collector_that_is_away_or_refuses_holds_nobody_up(away: bool) -> None:
    with structlog.testing.capture_logs() as lines, Collector(status=400).open() as refusing:
        with Collector().open() as gone:
            pass
        port = gone.port if away else refusing.port
        async with tracing(f"http://127.0.0.1:{port}", content=False) as tracer:
            began = time.monotonic()
            for _ in range(5000):
                tracer.served(served())
            assert time.monotonic() - began < 5, "nobody waits for it"
            turned = asyncio.get_running_loop().time()
            await asyncio.sleep(0)
            assert asyncio.get_running_loop().time() - turned < 1
        assert time.monotonic() - began < 15, "nor does the end"
    told = [each["event"] for each in lines if each["event"].startswith("traces")]
    assert len(told) <= 1, "and it is said once"
