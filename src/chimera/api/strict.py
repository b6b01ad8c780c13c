"""What may come in: JSON without ambiguity, text without traps, closed models."""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chimera.api.errors import UnsupportedMedia
from chimera.core.errors import Malformed

#: The largest number that is the same in every client's arithmetic.
SAFE_INTEGER = 2**53 - 1

#: No body of ours is nested deeper than four.
_DEEPEST = 32


class StrictRequest(Request):
    """A request whose JSON means the same to every reader."""

    async def json(self) -> Any:
        """The body. Raises Malformed or UnsupportedMedia."""
        if not hasattr(self, "_strict"):
            _demand_json(self.headers.get("content-type", ""))
            self._strict: Any = parse(await self.body())
        return self._strict


class StrictRoute(APIRoute):
    """A route that reads its body strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            request = StrictRequest(request.scope, request.receive)
            body = self.body_field
            if body is not None and (body.field_info.is_required() or await request.body()):
                # Before FastAPI looks: it would read a body of another type as plain bytes.
                await request.json()
            return await handler(request)

        return strict


def _demand_json(content_type: str) -> None:
    media_type, _, parameters = content_type.partition(";")
    charset = parameters.strip().lower()
    if media_type.strip().lower() != "application/json" or charset not in {"", "charset=utf-8"}:
        raise UnsupportedMedia("The body has to be application/json in UTF-8.")


def parse(body: bytes) -> Any:
    """A JSON document. Raises Malformed, also where two readers could disagree about it."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("The body is not valid JSON.") from None
    _check(value, 0)
    # orjson keeps the last of two equal names; another reader might keep the first.
    json.loads(body, object_pairs_hook=_unique)
    return value


def _check(value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise Malformed(f"The body is nested deeper than {_DEEPEST}.")
    if isinstance(value, dict):
        for each in value.values():  # pyright: ignore[reportUnknownVariableType] - any JSON
            _check(each, depth + 1)
    elif isinstance(value, list):
        for each in value:  # pyright: ignore[reportUnknownVariableType] - any JSON
            _check(each, depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise Malformed("The body holds a number that is not finite.")


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise Malformed("The body names a field twice.")


#: C0 and C1 controls apart from newline and tab; a lone surrogate has no place in UTF-8.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
#: Direction overrides, invisible marks and line controls; the joiner stays inside emoji.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
_JOINER = "\u200d"


def _text(value: str) -> str:
    value = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
    if _FORBIDDEN.search(value):
        raise ValueError("This holds control characters that text may not have.")
    return value


def _name(value: str) -> str:
    value = _INVISIBLE.sub("", _text(value))
    value = "".join(
        char
        for index, char in enumerate(value)
        if char != _JOINER or (0 < index < len(value) - 1 and not value[index - 1].isalnum())
    )
    return " ".join(value.split())


#: Human text: NFC, trimmed, no control characters but newline and tab. Bound it with Field.
Text = Annotated[str, AfterValidator(_text)]
#: A label on one line: in addition no invisible and no direction-changing characters.
Name = Annotated[str, AfterValidator(_name)]


def _absent(value: object) -> bool:
    return value is None


#: Annotation of an answer's optional field: absent instead of null.
OMIT_NONE = Field(exclude_if=_absent)


class Input(BaseModel):
    """What a caller sends: closed, finite, not coerced from other types."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class Output(BaseModel):
    """What we answer."""

    model_config = ConfigDict(frozen=True)
