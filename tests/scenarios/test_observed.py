"""What is told of a talk to those who look after the house: numbers and spans, never words."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from playhouse import Playhouse, playhouse
from prometheus_client import CollectorRegistry
from provider_fakes import ActedProvider, line

from chimera.core import events as ev
from chimera.core.errors import ProviderDown
from chimera.core.generation import Chunk, GenerationRequest
from chimera.core.ports import Observer
from chimera.telemetry import Observers
from chimera.telemetry.metrics import Metrics
from chimera.telemetry.traces import Tracer, ids_of

pytestmark = pytest.mark.looptime

SPOKEN = "A city is a room that many people furnish at once, and nobody may lock the door."


def value(registry: CollectorRegistry, name: str, **labels: str) -> float:
    found = registry.get_sample_value(name, labels)
    assert found is not None, name
    return found


async def talk(house: Playhouse, turns: int) -> str:
    conversation_id = await house.open(max_turns=turns, provider="openai")
    await house.until(conversation_id, ev.ConversationEnded, within=3600)
    return conversation_id


async def spans_of(observer: Observer | None, *, content: bool) -> Sequence[ReadableSpan]:
    exporter = InMemorySpanExporter()
    tracer = Tracer(exporter, content=content)
    told = Observers(tracer, observer) if observer else Observers(tracer)
    async with playhouse(ActedProvider("openai", line(SPOKEN)), cost=0.01, observer=told) as house:
        await talk(house, 3)
    tracer.close_at_once()
    return exporter.get_finished_spans()


async def test_turns_calls_tokens_and_money_are_counted() -> None:
    metrics = Metrics()
    async with playhouse(
        ActedProvider("openai", line(SPOKEN)), cost=0.01, observer=metrics
    ) as house:
        log = await house.log(await talk(house, 5))
    registry = metrics.registry
    landed = [each.body for each in log if isinstance(each.body, ev.MessageCompleted)]
    assert value(registry, "chimera_turns_total", outcome="complete") == len(landed) == 5
    calls = value(registry, "chimera_provider_calls_total", provider="openai", outcome="ok")
    assert calls >= 5
    assert value(registry, "chimera_cost_dollars_total", provider="openai") == pytest.approx(
        0.01 * calls
    )
    assert value(registry, "chimera_tokens_total", provider="openai", direction="output") >= sum(
        each.usage.output_tokens for each in landed if each.usage
    )
    assert value(registry, "chimera_turn_lateness_seconds_count") == 5
    assert value(registry, "chimera_turn_overhead_seconds_count") == 5
    # On virtual time our own work takes none.
    assert value(registry, "chimera_turn_overhead_seconds_sum") <= 0.05


async def test_a_model_that_is_slow_is_not_counted_as_our_own_time() -> None:
    metrics = Metrics()
    slow = ActedProvider("openai", [9.0, *line(SPOKEN)])
    async with playhouse(slow, cost=0.01, observer=metrics) as house:
        log = await house.log(await talk(house, 3))
    late = [each.body.timings.late_ms or 0 for each in log
            if isinstance(each.body, ev.MessageCompleted)]  # fmt: skip
    assert max(late) > 1000, "the texts came after their lines were due"
    assert value(metrics.registry, "chimera_turn_overhead_seconds_sum") <= 0.05


async def test_a_failing_provider_is_told_by_its_code() -> None:
    metrics = Metrics()
    bad = ActedProvider("openai", [ProviderDown("nobody there")])
    async with playhouse(bad, observer=metrics) as house:
        conversation_id = await house.open(max_turns=2, provider="openai")
        await house.until(conversation_id, ev.MessageCompleted, within=3600)
    registry = metrics.registry
    assert value(
        registry, "chimera_provider_calls_total", provider="openai", outcome="provider_down"
    )


async def test_a_turn_is_a_span_and_its_calls_lie_in_its_trace() -> None:
    spans = await spans_of(None, content=False)
    turns = [each for each in spans if each.name == "turn"]
    calls = [each for each in spans if each.name == "chat m1"]
    assert len(turns) == 3
    assert len(calls) >= 3
    by_id = {each.context.trace_id: each for each in turns if each.context}
    heard = [each for each in calls if each.context and each.context.trace_id in by_id]
    assert len(heard) >= 3
    for call in heard:
        told = dict(call.attributes or {})
        assert call.context is not None
        turn = by_id[call.context.trace_id]
        assert turn.context is not None
        assert call.parent is not None
        assert call.parent.span_id == turn.context.span_id
        assert told["gen_ai.system"] == "openai"
        assert told["gen_ai.request.model"] == "m1"
        assert isinstance(told["gen_ai.usage.output_tokens"], int)
        assert (turn.attributes or {})["gen_ai.conversation.id"] == told["gen_ai.conversation.id"]
        turn_id = told["chimera.turn.id"]
        assert ids_of(str(turn_id)) == (turn.context.trace_id, turn.context.span_id)


@pytest.mark.parametrize("content", [False, True])
async def test_what_is_asked_and_said_is_in_no_span_unless_somebody_wants_it(content: bool) -> None:
    spans = await spans_of(None, content=content)
    shown = "".join(each.to_json() for each in spans)
    assert ("furnish" in shown) is content
    assert ("gen_ai.input.messages" in shown) is content
    assert ("Should cities ban cars" in shown) is content


class Overheard(ActedProvider):
    """Notes what a line in the log would say while it is asked."""

    def __init__(self, name: str) -> None:
        super().__init__(name, line(SPOKEN))
        self.bound: list[dict[str, Any]] = []

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        self.bound.append(dict(structlog.contextvars.get_contextvars()))
        async for chunk in super().stream(request):
            yield chunk


async def test_every_line_of_a_turn_has_its_id_also_if_its_text_is_written_ahead() -> None:
    model = Overheard("openai")
    async with playhouse(model, cost=0.01) as house:
        # It has a title already, so that nothing but lines is asked for.
        conversation_id = await house.open(max_turns=4, provider="openai", title="Cars")
        await house.until(conversation_id, ev.ConversationEnded, within=3600)
        log = await house.log(conversation_id)
    turns = [each.body.turn_id for each in log if isinstance(each.body, ev.TurnStarted)]
    told = [each["turn_id"] for each in model.bound]
    # A line that is too like the last is asked for again. Had a text written ahead the id of the
    # turn meanwhile on stage, its own would be missing.
    assert [each for each in dict.fromkeys(told) if each in turns] == turns


async def test_an_observer_that_breaks_hurts_nobody() -> None:
    class Broken:
        def appended(self, events: object) -> None:
            raise RuntimeError("no")

        def landed(self, *, late_s: float, own_s: float) -> None:
            raise RuntimeError("no")

        def called(self, call: object) -> None:
            raise RuntimeError("no")

        def served(self, request: object) -> None:
            raise RuntimeError("no")

    assert [each for each in await spans_of(Broken(), content=False) if each.name == "turn"]
