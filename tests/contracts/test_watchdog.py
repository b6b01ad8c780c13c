"""A loop that stands still is seen, and who holds it is named: on real loops and real time."""

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import structlog
from prometheus_client import CollectorRegistry

from chimera.core.errors import Unready
from chimera.telemetry.metrics import Metrics
from chimera.telemetry.scraping import scraping
from chimera.telemetry.watchdog import Watchdog


@asynccontextmanager
async def watched(metrics: Metrics, dead_s: float = 5.0) -> AsyncGenerator[Watchdog]:
    dog = Watchdog(metrics, dead_s=dead_s)
    task = asyncio.ensure_future(dog.run())
    try:
        await asyncio.sleep(0.25)
        yield dog
    finally:
        task.cancel()
        await asyncio.wait([task])


def a_plugin_that_blocks(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def value(registry: CollectorRegistry, name: str) -> float:
    found = registry.get_sample_value(name)
    assert found is not None
    return found


async def test_whoever_holds_the_loop_is_named_while_it_does() -> None:
    metrics = Metrics()
    with structlog.testing.capture_logs() as lines:
        async with watched(metrics):
            assert lines == [], "a loop that turns is no news"
            a_plugin_that_blocks(0.6)
            await asyncio.sleep(0.25)
            a_plugin_that_blocks(0.6)
            await asyncio.sleep(0.25)
    (told,) = [each for each in lines if each["event"] == "loop_blocked"]
    assert "a_plugin_that_blocks" in told["where"]
    assert told["lag_ms"] >= 250
    assert "test_whoever_holds_the_loop" in told["stack"], "the stack says who called it"
    registry = metrics.registry
    assert value(registry, "chimera_loop_blocked_total") == 2, "counted each time, told once"
    assert value(registry, "chimera_loop_lag_seconds_sum") >= 0.8
    assert value(registry, "chimera_loop_lag_seconds_count") >= 4


async def test_a_loop_that_turns_is_not_blocked() -> None:
    metrics = Metrics()
    async with watched(metrics) as dog:
        for _ in range(5):
            a_plugin_that_blocks(0.05)
            await asyncio.sleep(0.05)
        assert not dog.stalled
    assert value(metrics.registry, "chimera_loop_blocked_total") == 0


async def test_a_standstill_is_seen_from_outside_while_it_lasts_and_after() -> None:
    def asked(address: str) -> list[int]:
        """What the door says before, during and after, from another thread."""
        found: list[int] = []
        for _ in range(6):
            try:
                with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own
                    found.append(answer.status)
            except urllib.error.HTTPError as error:
                found.append(error.code)
                error.close()
            time.sleep(0.15)
        return found

    metrics = Metrics()
    async with watched(metrics, dead_s=0.4) as dog, scraping(0, metrics.exposition, dog) as port:
        seen = asyncio.ensure_future(
            asyncio.to_thread(asked, f"http://127.0.0.1:{port}/health/live")
        )
        await asyncio.sleep(0.05)
        a_plugin_that_blocks(0.8)
        statuses = await seen
        assert statuses[0] == 200
        assert 503 in statuses[1:5], "nobody else could have said so"
        assert statuses[-1] == 503, "who asks a moment later still hears of it"
        assert dog.stalled


def fetch(address: str, **headers: str) -> tuple[int, str, str]:
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - our own
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - our own
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, "", ""


async def test_a_port_of_its_own_answers_to_this_machine_under_its_own_name() -> None:
    metrics = Metrics()
    metrics.reads("chimera_lamps", "Lamps that are lit.", lambda: {"red": 2.0}, label="gel")
    metrics.reads("chimera_unknown", "Nobody knows.", lambda: None)
    dog = Watchdog(metrics)
    async with scraping(0, metrics.exposition, dog) as port:
        here = f"http://127.0.0.1:{port}"
        status, kind, text = await asyncio.to_thread(fetch, f"{here}/metrics")
        assert (status, kind.partition(";")[0]) == (200, "text/plain")
        assert 'chimera_lamps{gel="red"} 2.0' in text
        assert "\nchimera_unknown " not in text, "what is not known is not told as 0"
        assert "process_resident_memory_bytes" in text
        nothing, _, _ = await asyncio.to_thread(fetch, f"{here}/secrets")
        foreign, _, _ = await asyncio.to_thread(fetch, f"{here}/metrics", Host="evil.test:80")
        assert (nothing, foreign) == (404, 403)
        with pytest.raises(Unready, match="CHIMERA_METRICS__PORT") as refused:
            async with scraping(port, metrics.exposition, dog):
                raise AssertionError
        assert refused.value.exit_code == 6


def test_metrics_say_what_they_are() -> None:
    text = Metrics().exposition()[0].decode()
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# HELP chimera")]
    assert len(names) == len(set(names)) > 10
    helped = [line for line in text.splitlines() if line.startswith("# HELP chimera")]
    assert all(len(line.split(maxsplit=3)[3]) > 10 for line in helped if "_created" not in line)
    json.dumps(names)
