"""Pictures that viewers showed, as our own encoder wrote them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select

from chimera.core.generation import ImagePart
from chimera.store.database import Store
from chimera.store.tables import images

_I = images.c
_INSERT = insert(images)
_COUNT = select(func.count()).where(_I.conversation_id == bindparam("of"))
_ONE = select(_I.media_type, _I.data).where(
    _I.id == bindparam("id"), _I.conversation_id == bindparam("of")
)
_SOME = select(_I.id, _I.media_type, _I.data).where(_I.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One picture as it is kept."""

    id: str
    media_type: str
    width: int
    height: int
    data: bytes


def keep(connection: Connection, conversation_id: str, new: Sequence[Kept], *, at: int) -> None:
    rows = [
        {"id": each.id, "conversation_id": conversation_id, "media_type": each.media_type,
         "width": each.width, "height": each.height, "data": each.data, "at": at}
        for each in new
    ]  # fmt: skip
    connection.execute(_INSERT, rows)


def count(connection: Connection, conversation_id: str) -> int:
    """How many pictures a conversation has."""
    return connection.execute(_COUNT, {"of": conversation_id}).scalar_one()


def one(connection: Connection, conversation_id: str, picture_id: str) -> ImagePart | None:
    row = connection.execute(_ONE, {"id": picture_id, "of": conversation_id}).one_or_none()
    return None if row is None else ImagePart(row.media_type, row.data)


@dataclass(frozen=True, slots=True)
class StoredPictures:
    """Implements `core.ports.Gallery`."""

    store: Store

    async def load(self, picture_ids: Sequence[str]) -> Mapping[str, ImagePart]:
        def unit(connection: Connection) -> Mapping[str, ImagePart]:
            rows = connection.execute(_SOME, {"ids": list(picture_ids)})
            return {row.id: ImagePart(row.media_type, row.data) for row in rows}

        return await self.store.read(unit)
