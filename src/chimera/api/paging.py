"""Pages of lists: an opaque cursor says where the next one begins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import orjson
from fastapi import Query

from chimera.api.strict import SAFE_INTEGER
from chimera.core.errors import Invalid

Limit = Annotated[int, Query(ge=1, le=200, description="How many items a page holds.")]
Cursor = Annotated[
    str | None,
    Query(max_length=400, description="The `next_cursor` of the page before."),
]

Position = Sequence[int | str]


@dataclass(frozen=True, slots=True)
class Marker:
    """Writes and reads the cursors of one list; a cursor of another list or filter is refused."""

    list_name: str

    def write(self, position: Position) -> str:
        return urlsafe_b64encode(orjson.dumps([self.list_name, *position])).decode().rstrip("=")

    def read(self, cursor: str, *kinds: type[int] | type[str]) -> Position:
        """The position that was written. Raises Invalid for anything else."""
        try:
            name, *position = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        except (ValueError, TypeError):
            name, position = None, []
        ours = [type(each) for each in position] == list(kinds) and all(map(_can_be, position))
        if name != self.list_name or not ours:
            raise Invalid("This cursor does not belong to this list.", path="cursor")
        return position


def _can_be(value: int | str) -> bool:
    """Whether a database can hold it: anybody can write a cursor."""
    return value.isprintable() if isinstance(value, str) else 0 <= value <= SAFE_INTEGER
