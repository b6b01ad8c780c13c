"""Errors are reported to whoever speaks Sentry's protocol, without secrets; on loopback."""

import gzip
import json
import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import structlog

from chimera.core.errors import Unready
from chimera.telemetry.logs import set_up_logs
from chimera.telemetry.reports import reporting

SECRET = "sk-planted-0123456789"


class Collector:
    """Takes whatever is sent."""

    def __init__(self, status: int = 200) -> None:
        self.bodies: list[bytes] = []
        self.port = 0
        self._status = status

    @contextmanager
    def open(self) -> Generator["Collector"]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.bodies.append(body)
                self.send_response(collector._status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            self.port = server.server_address[1]
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()

    @property
    def events(self) -> list[dict[str, Any]]:
        """The reports, out of their envelopes."""
        found: list[dict[str, Any]] = []
        for body in self.bodies:
            lines = body.split(b"\n")
            if json.loads(lines[1]).get("type") == "event":
                found.append(json.loads(lines[2]))
        return found


@pytest.fixture(autouse=True)
def _restored() -> Generator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def stumble(key: str) -> None:
    raise ValueError(f"the provider said {key}")


def stumbled(key: str) -> ValueError:
    with pytest.raises(ValueError, match="provider") as raised:
        stumble(key)
    return raised.value


def test_an_error_is_reported_with_its_ids_and_without_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Collector().open() as collector:
        dsn = f"http://public@127.0.0.1:{collector.port}/7"
        with reporting(dsn) as report:
            set_up_logs("info", "json", report)
            log = structlog.get_logger()
            log.warning("only a warning")
            with structlog.contextvars.bound_contextvars(request_id="req_1", turn_id="trn_1"):
                error = stumbled(SECRET)
                log.error("a run failed", error_id="err_1", exc_info=error, api_key=SECRET)
            try:
                stumble(SECRET)
            except ValueError:
                logging.getLogger("somebody.else").exception("it broke: %s", SECRET)
        reported = collector.events
    assert [each["logentry"]["message"] for each in reported] == [
        "a run failed", "it broke: [redacted]",
    ]  # fmt: skip
    first = reported[0]
    assert first["tags"] == {"request_id": "req_1", "turn_id": "trn_1", "error_id": "err_1"}
    raised = first["exception"]["values"][0]
    assert (raised["type"], raised["value"]) == ("ValueError", "the provider said [redacted]")
    assert raised["stacktrace"]["frames"][-1]["function"] == "stumble"
    assert all("vars" not in frame for frame in raised["stacktrace"]["frames"])
    assert SECRET not in json.dumps(reported)
    told = capsys.readouterr().err
    assert "a run failed" in told, "the log has it as well"
    assert SECRET not in told


def test_a_service_that_is_away_hurts_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    with Collector().open() as collector:
        port = collector.port
    with reporting(f"http://public@127.0.0.1:{port}/7") as report:
        set_up_logs("info", "json", report)
        for _ in range(50):
            structlog.get_logger().error("nobody hears this")
    assert capsys.readouterr().err.count("nobody hears this") == 50


@pytest.mark.parametrize("dsn", ["nonsense", "http://127.0.0.1/7", "ftp://x@127.0.0.1/7"])
def test_a_dsn_that_is_none_ends_the_start(dsn: str) -> None:
    with pytest.raises(Unready, match="CHIMERA_ERRORS__DSN") as refused, reporting(dsn):
        raise AssertionError
    assert refused.value.exit_code == 2
