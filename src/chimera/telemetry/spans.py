"""What OpenTelemetry is given of ours: ids made of a turn's own, an exporter that grumbles once.

Imported only where traces are wanted: the library is an extra.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import structlog
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    set_span_in_context,
)

_log = structlog.get_logger(__name__)


class NamedIds(IdGenerator):
    """Draws ids, except for a span that has a name of its own."""

    def __init__(self) -> None:
        self._drawn = RandomIdGenerator()
        self._named: tuple[int, int] | None = None

    @contextmanager
    def named(self, ids: tuple[int, int] | None) -> Generator[None]:
        """The span that is started in this block has these ids."""
        self._named = ids
        try:
            yield
        finally:
            self._named = None

    def below(self, ids: tuple[int, int] | None) -> Context:
        """Where a span is started that belongs to the one with these ids; None: to no other."""
        if ids is None:
            return Context()
        parent = SpanContext(*ids, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
        return set_span_in_context(NonRecordingSpan(parent), Context())

    def generate_trace_id(self) -> int:
        return self._named[0] if self._named else self._drawn.generate_trace_id()

    def generate_span_id(self) -> int:
        return self._named[1] if self._named else self._drawn.generate_span_id()


class Telling(SpanExporter):
    """Hands spans over, and says once when nobody takes them, and once when somebody does again."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            result = self._exporter.export(spans)
        except Exception:
            _log.exception("traces_not_taken")
            return SpanExportResult.FAILURE
        failing = result is not SpanExportResult.SUCCESS
        if failing != self._failing:
            self._failing = failing
            _log.warning("traces_not_taken" if failing else "traces_taken_again")
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)
