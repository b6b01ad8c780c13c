"""Turns every error into one kind of answer: RFC 9457 problem+json with a stable `code`."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from chimera.core import errors

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
#: Where the middleware leaves the id that the answer and the log share.
REQUEST_ID = "chimera.request_id"

#: The methods that routes here are made for.
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")

#: No part of an error's path is longer: a field name may come from the caller.
_LONGEST_PATH = 120


class TooLarge(errors.Invalid):
    code = "too_large"


class UnsupportedMedia(errors.Invalid):
    code = "unsupported_media_type"


class WrongHost(errors.Invalid):
    """The request was meant for another host name than ours."""

    code = "wrong_host"


class ForeignOrigin(errors.Forbidden):
    """Another site's page asked, not ours."""

    code = "foreign_origin"


class MethodNotAllowed(errors.Invalid):
    code = "method_not_allowed"


class KeyReused(errors.Invalid):
    """An Idempotency-Key came back with another request."""

    code = "idempotency_key_reused"


class StillRunning(errors.Conflict):
    """The request with this Idempotency-Key has not been answered yet."""

    code = "still_running"
    retryable = True


#: The status of an error is that of the first of its classes that stands here.
STATUS: Mapping[type[BaseException], int] = {
    TooLarge: 413,
    UnsupportedMedia: 415,
    WrongHost: 421,
    MethodNotAllowed: 405,
    errors.Malformed: 400,
    errors.Invalid: 422,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.LimitReached: 429,
    errors.ProviderBusy: 503,
    errors.ProviderSlow: 504,
    errors.ProviderError: 502,
    errors.StoreBusy: 503,
    errors.DiskFull: 507,
    errors.ReadOnly: 503,
    errors.ChimeraError: 500,
}


class InvalidFields(errors.Invalid):
    """Several fields break a rule; each is named with its path."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        message = fields[0][1] if len(fields) == 1 else "Some fields are not right."
        super().__init__(message)
        self.fields = tuple(fields)


def status_of(error: errors.ChimeraError) -> int:
    """The HTTP status of an error, by its class."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(error: errors.ChimeraError, request_id: str | None) -> Response:
    """The answer that tells a caller about an error."""
    status = status_of(error)
    body: dict[str, Any] = {
        "type": f"urn:chimera:error:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": error.code,
        "detail": error.message,
        "request_id": request_id,
    }
    if isinstance(error, InvalidFields):
        body["errors"] = [{"path": path, "message": message} for path, message in error.fields]
    elif path := error.details.get("path"):
        body["errors"] = [{"path": path, "message": error.message}]
    headers: dict[str, str] = {}
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None or error.retryable:
        headers["Retry-After"] = str(max(1, round(retry_after or 1)))
    if allow := error.details.get("allow"):
        headers["Allow"] = allow
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)


def request_id_of(scope: Scope) -> str | None:
    return scope.get(REQUEST_ID)


def install(app: FastAPI) -> None:
    """Answer every error of this application as a problem."""
    app.add_exception_handler(errors.ChimeraError, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _broken_off)
    app.add_exception_handler(Exception, _unexpected)


def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.ChimeraError)  # noqa: S101 - registered for nothing else
    return problem(error, request_id_of(request.scope))


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    return problem(invalid_fields(error.errors()), request_id_of(request.scope))


def invalid_fields(found: Sequence[Mapping[str, Any]]) -> InvalidFields:
    """Pydantic's findings in our words."""
    return InvalidFields([(_path(each["loc"]), _message(each)) for each in found])


def _http(request: Request, error: Exception) -> Response:
    """What the router itself refuses."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    return problem(_routing(request, error), request_id_of(request.scope))


def _routing(request: Request, error: HTTPException) -> errors.ChimeraError:
    match error.status_code:
        case 404:
            return errors.NotFound("There is nothing at this address.")
        case 405:
            # The router names the methods of the first route alone that has this address.
            allow = ", ".join(_methods(request)) or (error.headers or {}).get("Allow", "")
            return MethodNotAllowed(f"This address answers to {allow} only.", allow=allow)
        case _:
            return errors.Malformed("The request cannot be read.")


def _methods(request: Request) -> list[str]:
    """What the address of this request answers to."""
    return [
        method
        for method in METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]


def _broken_off(request: Request, _: Exception) -> Response:
    """Nobody reads this answer: whoever asked has gone in the middle of the question."""
    return problem(errors.Malformed("The request broke off."), request_id_of(request.scope))


def _unexpected(request: Request, error: Exception) -> Response:
    request_id = request_id_of(request.scope)
    log.error("request %s failed", request_id, exc_info=error)
    internal = errors.ChimeraError("Something went wrong here. The log has it under this id.")
    return problem(internal, request_id)


def _path(where: Sequence[str | int]) -> str:
    """`body.cast.1.persona` → `cast.1.persona`; what a caller invented is cut and made plain."""
    parts = [str(part) for part in where]
    if parts and parts[0] in {"body", "query", "path", "header"}:
        parts = parts[1:]
    plain = "".join(char if char.isprintable() else "�" for char in ".".join(parts))
    return plain[:_LONGEST_PATH]


#: Our words for the rules that callers break most; `{…}` is filled from the rule, never the input.
_MESSAGES: Mapping[str, str] = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no such field.",
    "too_short": "This needs at least {min_length}.",
    "too_long": "This may hold {max_length} at most.",
    "string_too_short": "This needs at least {min_length} characters.",
    "string_too_long": "This may have {max_length} characters at most.",
    "string_type": "This has to be text.",
    "string_pattern_mismatch": "This does not have the right form.",
    "int_type": "This has to be a whole number.",
    "int_parsing": "This has to be a whole number.",
    "float_type": "This has to be a number.",
    "bool_type": "This has to be true or false.",
    "list_type": "This has to be a list.",
    "greater_than": "This has to be greater than {gt}.",
    "greater_than_equal": "This has to be at least {ge}.",
    "less_than": "This has to be less than {lt}.",
    "less_than_equal": "This may be {le} at most.",
    "literal_error": "This has to be one of {expected}.",
    "model_attributes_type": "This has to be an object.",
    "model_type": "This has to be an object.",
    "dict_type": "This has to be an object.",
}


def _message(error: Mapping[str, Any]) -> str:
    """A sentence on the broken rule that repeats nothing of the input."""
    context: Mapping[str, Any] = error.get("ctx") or {}
    if error["type"] == "value_error":
        return str(context.get("error", "This is not right."))
    counted = isinstance(error.get("input"), str) and error["type"] in {"too_short", "too_long"}
    template = _MESSAGES.get(f"string_{error['type']}" if counted else error["type"])
    said = template.format(**context) if template else "This is not right."
    return said.replace(" 1 characters", " 1 character")
