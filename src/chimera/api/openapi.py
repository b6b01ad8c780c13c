"""The machine-readable contract: what `contracts/openapi.json` holds."""

from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from chimera import __version__
from chimera.api.errors import MEDIA_TYPE

_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457); `code` is stable.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "message"],
                "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "request_id": {"type": ["string", "null"]},
    },
}

_ANSWER = {
    "description": "Anything that went wrong.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Names this attempt: repeated with it, a call is answered, not done, again.",
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,64}$"},
}

#: They change nothing that a second call could double, and of a secret not even a digest is kept.
_UNKEPT = frozenset({
    "check_provider", "issue_ticket", "pull_model", "cancel_pull",
    "put_credential", "delete_credential", "change_provider", "change_house",
})  # fmt: skip


def operation_id(route: APIRoute) -> str:
    """Names of operations are those of our functions."""
    return route.name


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """The document of this application, the errors of every operation included."""
    document = get_openapi(
        title="Chimera",
        version=__version__,
        summary="A live theatre of AI minds.",
        routes=app.routes,
        separate_input_output_schemas=False,
    )
    schemas = document["components"]["schemas"]
    schemas["Problem"] = _PROBLEM
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path in document["paths"].values():
        for method, operation in path.items():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = _ANSWER
            if method != "get" and operation["operationId"] not in _UNKEPT:
                operation.setdefault("parameters", []).append(_KEY)
    return document


def openapi_bytes(app: FastAPI) -> bytes:
    """The committed form: stable, readable, with a final newline."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(openapi_document(app), option=options)
