"""What Prometheus may ask this process; the names are explained in `docs/guides/operations.md`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from chimera import __version__
from chimera.core import events as ev
from chimera.core.ports import CallMade, RequestServed

#: Seconds. Those of a line's delays, of a call's, of a request's and of the loop's.
_DELAYS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_CALLS = (0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60)
_ANSWERS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_LAGS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

#: A number, or numbers by one label; looked up when somebody asks.
Reading = Callable[[], float | None] | Callable[[], Mapping[str, float]]
Kind = Literal["counter", "gauge"]


class Metrics:
    """Counts what it is told, and reads the rest when asked; implements `Observer`."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self._readings = _Readings()
        registry.register(self._readings)
        ProcessCollector(registry=registry)
        self.reads("chimera_build", "The version that runs.", lambda: {__version__: 1.0},
                   label="version")  # fmt: skip
        self._turns = Counter(
            "chimera_turns", "Turns that are over, by their end.", ["outcome"], registry=registry
        )
        self._late = Histogram(
            "chimera_turn_lateness_seconds", "How much later than planned lines begin.",
            buckets=_DELAYS, registry=registry,
        )  # fmt: skip
        self._own = Histogram(
            "chimera_turn_overhead_seconds",
            "Our own time in a turn: from when its line could land until it stood in the log.",
            buckets=_DELAYS, registry=registry,
        )  # fmt: skip
        self._set_up_calls(registry)
        self._requests = Counter(
            "chimera_http_requests", "Answers begun, by the template of the address.",
            ["method", "route", "status"], registry=registry,
        )  # fmt: skip
        self._answers = Histogram(
            "chimera_http_request_seconds", "Until an answer begins.", ["route"],
            buckets=_ANSWERS, registry=registry,
        )  # fmt: skip
        self._lag = Histogram(
            "chimera_loop_lag_seconds", "How late the event loop wakes who asked to be woken.",
            buckets=_LAGS, registry=registry,
        )  # fmt: skip
        self._blocked = Counter(
            "chimera_loop_blocked", "Times the event loop stood still for 250 ms or longer.",
            registry=registry,
        )  # fmt: skip

    def _set_up_calls(self, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            "chimera_provider_calls", "Calls to models, by provider and `ok` or the error's code.",
            ["provider", "outcome"], registry=registry,
        )  # fmt: skip
        self._call_time = Histogram(
            "chimera_provider_call_seconds", "How long calls take.", ["provider"],
            buckets=_CALLS, registry=registry,
        )  # fmt: skip
        self._first_token = Histogram(
            "chimera_provider_first_token_seconds", "Until speech begins.", ["provider"],
            buckets=_CALLS, registry=registry,
        )  # fmt: skip
        self._tokens = Counter(
            "chimera_tokens", "Tokens of all calls.", ["provider", "direction"], registry=registry
        )
        self._cost = Counter(
            "chimera_cost_dollars", "What calls cost, as far as it is known.", ["provider"],
            registry=registry,
        )  # fmt: skip

    # --- what is looked up ---------------------------------------------------------------------

    def reads(
        self, name: str, meaning: str, reading: Reading, *, kind: Kind = "gauge", label: str = ""
    ) -> None:
        """Export what `reading` says; None says that there is nothing to tell.

        It is called from any thread: it looks at numbers that are there, and nothing else.
        """
        self._readings.add(name, meaning, reading, kind, label)

    def exposition(self) -> tuple[bytes, str]:
        """Everything in the words of Prometheus, and their media type."""
        return generate_latest(self.registry), CONTENT_TYPE_PLAIN_0_0_4

    # --- what is told --------------------------------------------------------------------------

    def appended(self, events: Sequence[ev.Envelope]) -> None:
        for event in events:
            outcome = _outcome(event.body)
            if outcome is not None:
                self._turns.labels(outcome).inc()

    def landed(self, *, late_s: float, own_s: float) -> None:
        self._late.observe(late_s)
        self._own.observe(own_s)

    def called(self, call: CallMade) -> None:
        provider, usage = call.route.provider, call.usage
        self._calls.labels(provider, call.failure or "ok").inc()
        self._call_time.labels(provider).observe(call.duration_ms / 1000)
        if call.first_token_ms is not None:
            self._first_token.labels(provider).observe(call.first_token_ms / 1000)
        self._tokens.labels(provider, "input").inc(max(0, usage.input_tokens))
        self._tokens.labels(provider, "output").inc(max(0, usage.output_tokens))
        self._cost.labels(provider).inc(max(0.0, usage.cost or 0.0))

    def served(self, request: RequestServed) -> None:
        self._requests.labels(request.method, request.route, str(request.status)).inc()
        self._answers.labels(request.route).observe(request.seconds)

    # --- what the watchdog tells ---------------------------------------------------------------

    def lagged(self, seconds: float, *, blocked: bool) -> None:
        self._lag.observe(seconds)
        if blocked:
            self._blocked.inc()


def _outcome(body: ev.Body) -> str | None:
    """How a turn ended, if this event is its end."""
    match body:
        case ev.MessageCompleted():
            return body.ending
        case ev.TurnFailed(code="paused" | "stopped"):
            return "taken"
        case ev.TurnFailed(code="interrupted"):
            return "interrupted"
        case ev.TurnFailed():
            return "failed"
        case _:
            return None


class _Readings(Collector):
    """Numbers that are kept elsewhere."""

    def __init__(self) -> None:
        self._known: list[tuple[str, str, Reading, Kind, str]] = []

    def add(self, name: str, meaning: str, reading: Reading, kind: Kind, label: str) -> None:
        self._known.append((name, meaning, reading, kind, label))

    def collect(self) -> Iterable[Metric]:
        for name, meaning, reading, kind, label in self._known:
            family = CounterMetricFamily if kind == "counter" else GaugeMetricFamily
            labels = [label] if label else []
            metric = family(name, meaning, labels=labels)
            found = reading()
            values = found if isinstance(found, Mapping) else {"": found}
            for value_of, value in values.items():
                if value is not None:
                    metric.add_metric([value_of] if label else [], value)
            yield metric
