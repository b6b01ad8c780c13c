"""Structured logs with ids in every line, and secrets taken out."""

import logging
import re
import sys
from typing import Any, Literal

import structlog
from structlog.types import EventDict, WrappedLogger

#: What looks like a key, wherever it stands.
_SECRET = re.compile(
    r"(sk-[\w-]{8,}|AIza[\w-]{20,}|whsec_\w+|chp_\w+|(?i:bearer)\s+[\w.~+/-]{8,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@))"
)
_NAMED = re.compile(r"key|token|secret|password|authorization|cookie", re.IGNORECASE)
_LONGEST = 8_000


def redact(text: str) -> str:
    """The text with everything that looks like a key replaced."""
    return _SECRET.sub("[redacted]", text)


def _clean(value: Any, name: str = "") -> Any:
    if _NAMED.search(name) and isinstance(value, str):
        return "[redacted]"
    if isinstance(value, str):
        return redact(value)[:_LONGEST]
    if isinstance(value, dict):
        return {key: _clean(each, str(key)) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # whatever a caller logs
    return value


def _redact_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: _clean(value, name) for name, value in event.items()}


def set_up_logs(level: str, form: Literal["auto", "json", "text"]) -> None:
    """Send our own logs and the libraries' through one chain to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    renderer = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if as_text
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("docket", "uvicorn", "alembic", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
