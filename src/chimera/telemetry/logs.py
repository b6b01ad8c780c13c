"""Structured logs with ids in every line, and secrets taken out."""

import logging
import re
import sys
from collections.abc import Collection
from typing import Any, Literal, cast

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

#: What looks like a key, wherever it stands.
_SECRET = re.compile(
    r"(\b(?:sk|pk|rk|gsk|xai|hf|whsec|chp)[-_][\w-]{6,}|\bAIza[\w-]{10,}"
    r"|(?i:bearer)\s+[\w.~+/=-]{6,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@))"
)
_NAMED = re.compile(r"key|token|secret|password|authorization|cookie", re.IGNORECASE)
_LONGEST = 8_000


def redact(text: str) -> str:
    """The text with everything that looks like a key replaced."""
    return _SECRET.sub("[redacted]", text)


def clean(value: Any, name: str = "") -> Any:
    """Whatever a caller logs, without secrets."""
    match value:
        case None | bool() | int() | float():
            return value
        case _ if _NAMED.search(name):
            return "[redacted]"
        case str():
            return redact(value)[:_LONGEST]
        case dict():
            items = cast("dict[Any, Any]", value).items()
            return {key: clean(each, str(key)) for key, each in items}
        case list() | tuple() | set() | frozenset():
            return _clean_all(list(cast("Collection[Any]", value)))
        case _:
            # It would be shown by its representation, an error by what it says.
            shown = repr(value)
            return value if redact(shown) == shown else redact(shown)[:_LONGEST]


def _clean_all(values: list[Any]) -> list[Any]:
    if len(values) == 2 and isinstance(values[0], str):
        # A header or a field as a pair.
        return [clean(values[0]), clean(values[1], values[0])]
    return [clean(each) for each in values]


def _redact_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    # Names that begin with an underscore are structlog's own, and are taken out before it prints.
    return {
        name: value if name.startswith("_") else clean(value, name) for name, value in event.items()
    }


def set_up_logs(
    level: str, form: Literal["auto", "json", "text"], report: Processor | None = None
) -> None:
    """Send our own logs and the libraries' through one chain to standard error.

    `report` sees each before errors have become text.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([report] if report else []),
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
    _quieten(root.level)


def _quieten(level: int) -> None:
    """Libraries are heard where something is wrong."""
    for noisy in ("docket", "uvicorn", "alembic", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, level))
    # Its exporter complains at every batch; `telemetry/spans.py` says so once.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
