"""What a provider's refusal means: one table from status and body to a ProviderError."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from chimera.core.errors import (
    BadStream,
    ContentRefused,
    ContextTooLong,
    InvalidRequest,
    NotPermitted,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    QuotaSpent,
    UnknownModel,
)

#: How much of a foreign answer anybody gets to see, in characters.
SHOWN = 1024
#: How much of it is searched for keys before the cut; beyond, nothing survives the cut.
_SEARCHED = 8 * SHOWN

#: Names that say what happened whatever the status: codes and types of error objects.
_NAMES: Mapping[str, type[ProviderError]] = {
    "insufficient_quota": QuotaSpent,
    "insufficient_balance": QuotaSpent,
    "billing_hard_limit_reached": QuotaSpent,
    "billing_not_active": QuotaSpent,
    "context_length_exceeded": ContextTooLong,
    "exceed_context_size_error": ContextTooLong,
    "model_not_found": UnknownModel,
    "content_filter": ContentRefused,
    "content_policy_violation": ContentRefused,
    "moderation_blocked": ContentRefused,
    "invalid_prompt": ContentRefused,
    "bio_policy": ContentRefused,
    "misalignment_policy_violation": ContentRefused,
    "image_content_policy_violation": ContentRefused,
    "invalid_api_key": ProviderRefused,
    "api_key_invalid": ProviderRefused,
}

#: Wordings of those who give a 4xx and no telling name; read only where a request was refused.
_PHRASES: tuple[tuple[re.Pattern[str], type[ProviderError]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), error)
    for pattern, error in (
        (
            r"maximum context length|context (?:length|window|size|limit)"
            r"|(?:prompt|input) (?:is )?too long|input token count",
            ContextTooLong,
        ),
        (
            r"insufficient (?:balance|credits?|funds)|credit balance is too low"
            r"|reached your specified (?:api )?usage limits",
            QuotaSpent,
        ),
        (
            r"(?:incorrect|invalid) api key|api[ _-]?key (?:is )?(?:not valid|invalid)"
            r"|api[ _-]?key .{0,40}(?:leaked|revoked|expired|disabled|deactivated)",
            ProviderRefused,
        ),
        (
            r"model .{0,120}(?:not found|does not exist)|try pulling it|no models? (?:is )?loaded"
            r"|not a valid model",
            UnknownModel,
        ),
        (
            r"content (?:management )?policy|safety system|content[ _]filter|input was flagged",
            ContentRefused,
        ),
    )
)
_WORDED = frozenset({400, 403, 404, 413, 422, 429, 500})

_STATUSES: Mapping[int, type[ProviderError]] = {
    401: ProviderRefused,
    402: QuotaSpent,
    # A model that this key may not use, a country, a firewall: no word of the key itself.
    403: NotPermitted,
    404: UnknownModel,
    408: ProviderDown,
    413: ContextTooLong,
    425: ProviderDown,
    429: ProviderBusy,
}

#: Types of error objects that come without a status, inside a stream.
_KINDS: Mapping[str, int] = {
    "invalid_request_error": 400,
    "invalid_image": 400,
    "invalid_image_format": 400,
    "image_too_large": 400,
    "image_parse_error": 400,
    "unsupported_image_media_type": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "requests": 429,
    "tokens": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}

_LEADS: Mapping[type[ProviderError], str] = {
    ProviderRefused: "the provider refused the key it was given, or wants one",
    NotPermitted: "the provider does not permit this",
    QuotaSpent: "the provider's quota is spent",
    UnknownModel: "the provider does not know this model or path",
    ProviderBusy: "the provider is busy",
    ProviderDown: "the provider failed",
    ContextTooLong: "the prompt is too long for this model",
    ContentRefused: "the provider refused the content",
    InvalidRequest: "the provider did not accept the request",
    BadStream: "the provider's answer is unreadable",
}

_KEYS = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|whsec|chp|hf)[-_][\w\-]{6,}|\bAIza[\w\-]{10,}"
    r"|(?<=bearer )[\w\-.~+/=]{6,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",
    re.IGNORECASE,
)
_FIELDS = re.compile(
    # Tried at the beginning of words only: from every character it would take quadratic time.
    r"(?<![\w-])([\w-]{0,40}?(?:key|token|secret|password|authorization|cookie)[\"']?\s*[:=]\s*)"
    r"([\"'])[^\"']+\2",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    # No context has more digits, and numbers of thousands of them cannot be read at all.
    r"context (?:size|window|length)[^\d]{0,20}(\d[\d,]{0,14})"
    # So many of the one kind, so many of the other, more than …
    r"|> (\d{1,15}) maximum|context limit: \d+ \+ \d+ > (\d{1,15})|tokens allowed \((\d{1,15})\)",
    re.IGNORECASE,
)
#: How Google writes a duration.
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")


def from_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime,
    secrets: Iterable[str] = (),
) -> ProviderError:
    """The error an HTTP answer stands for; `secrets` are cut out of whatever it quotes."""
    fault, named = _read_fault(body)
    if status < 300 and named:
        # Sent as a success, an error keeps only the status it names itself.
        status = fault.implied_status
    lowered = {name.lower(): value for name, value in headers.items()}
    wait = _wait(lowered, now)
    if wait is not None:
        fault = replace(fault, wait=wait)
    return _build(_judge(status, fault), fault, status=status, secrets=secrets)


def from_event(error: object, *, secrets: Iterable[str] = ()) -> ProviderError:
    """The error an object inside a running stream stands for."""
    fault = _fault_of(error)
    status = fault.implied_status
    return _build(_judge(status, fault), fault, status=status, secrets=secrets)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header, a number or a date; None if it makes no sense."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without keys, on one line, cut to what may be shown."""
    return " ".join(without_keys(text[:_SEARCHED], secrets).split())[:SHOWN]


def without_keys(text: str, secrets: Iterable[str] = ()) -> str:
    """The text with everything in it that looks like a key, or is one of `secrets`, taken out."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    return _FIELDS.sub(r"\1\2***\2", _KEYS.sub("***", text))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """What an error object says."""

    message: str = ""
    code: str = ""
    kind: str = ""
    status: int | None = None
    limit: int | None = None
    #: What Google adds: the reason in one word, and how long to wait.
    reason: str = ""
    wait: float | None = None

    @property
    def implied_status(self) -> int:
        """The status that would have come with it, had it not come inside a success."""
        return self.status or _KINDS.get(self.kind) or _KINDS.get(self.code) or 500


def _judge(status: int, fault: _Fault) -> type[ProviderError]:
    for name in (fault.code, fault.kind, fault.reason):
        if name in _NAMES:
            return _NAMES[name]
    if status in _WORDED:
        for pattern, error in _PHRASES:
            if pattern.search(fault.message):
                return error
    if status in _STATUSES:
        return _STATUSES[status]
    if status >= 500:
        return ProviderDown
    return InvalidRequest if status >= 300 else BadStream


def _build(
    error: type[ProviderError],
    fault: _Fault,
    *,
    status: int,
    secrets: Iterable[str],
) -> ProviderError:
    said = redact(fault.message, secrets)
    lead = f"{_LEADS[error]} (HTTP {status})"
    if 300 <= status < 400:
        lead = f"the provider redirects elsewhere, which is not followed (HTTP {status})"
    message = f"{lead}: {said}" if said else lead
    if issubclass(error, ProviderBusy):
        return error(message, retry_after=fault.wait, status=status)
    if error is QuotaSpent:
        return error(message, retry_after=fault.wait, status=status)
    if issubclass(error, ContextTooLong):
        return error(message, limit=fault.limit or _limit_in(fault.message), status=status)
    return error(message, status=status)


def _read_fault(body: bytes) -> tuple[_Fault, bool]:
    """What a body says, and whether it says so in an error object."""
    text = body.decode("utf-8", "replace").strip()
    if text.startswith("<"):
        return _Fault(message="an HTML page"), False
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        return _Fault(message=text[:_SEARCHED]), False
    if isinstance(parsed, list) and parsed:
        parsed = cast("list[object]", parsed)[0]
    if isinstance(parsed, dict):
        fields = cast("dict[str, Any]", parsed)
        return _fault_of(fields.get("error") or fields), bool(fields.get("error"))
    return _Fault(message=text[:_SEARCHED]), False


def _fault_of(error: object) -> _Fault:
    if not isinstance(error, dict):
        return _Fault(message=str(error)[:_SEARCHED])
    fields = cast("dict[str, Any]", error)
    code = fields.get("code")
    status = next((value for value in (code, fields.get("status_code")) if _is_status(value)), None)
    limit = fields.get("n_ctx")
    reason, wait = _read_details(fields.get("details"))
    return _Fault(
        message=str(fields.get("message") or fields.get("detail") or "")[:_SEARCHED],
        code=str(code or fields.get("status") or "").lower(),
        kind=str(fields.get("type") or "").lower(),
        status=status,
        limit=limit if isinstance(limit, int) else None,
        reason=reason,
        wait=wait,
    )


def _read_details(details: object) -> tuple[str, float | None]:
    """The reason and the wait that Google hides among an error's details."""
    reason, wait = "", None
    for entry in cast("list[object]", details) if isinstance(details, list) else ():
        if isinstance(entry, dict):
            fields = cast("dict[str, Any]", entry)
            reason = str(fields.get("reason") or reason).lower()
            delay = _DURATION.fullmatch(str(fields.get("retryDelay")))
            wait = float(delay[1]) if delay else wait
    return reason, wait


def _is_status(value: object) -> bool:
    return isinstance(value, int) and 400 <= value < 600


def _limit_in(message: str) -> int | None:
    found = _LIMIT.search(message)
    if found is None:
        return None
    return int(next(filter(None, found.groups())).replace(",", ""))


def _wait(headers: Mapping[str, str], now: datetime) -> float | None:
    millis = retry_after(headers.get("retry-after-ms"), now)
    return millis / 1000 if millis is not None else retry_after(headers.get("retry-after"), now)
