"""Calls with request and answer, for people who look behind the stage.

Kept only where the operator switched that on, and only for some days.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, cast

import structlog
from sqlalchemy import Connection, bindparam, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from chimera.core.errors import ChimeraError
from chimera.core.generation import Usage
from chimera.core.ids import Clock, to_millis
from chimera.core.ports import CallRecord
from chimera.store.database import Store
from chimera.store.preferences import Preferences
from chimera.store.tables import calls

KEPT_MS = 7 * 86_400_000
#: Of any one text; what is longer ends in `_CUT`.
LONGEST = 64 * 1024
_CUT = " […]"

_INSERT = insert(calls)
_OF_TURN = (
    select(calls)
    .where(
        calls.c.conversation_id == bindparam("of"),
        calls.c.turn_id == bindparam("turn"),
    )
    .order_by(calls.c.at, calls.c.id)
)
_PURGE = delete(calls).where(calls.c.at < bindparam("before"))

_log = structlog.get_logger(__name__)


def keep(connection: Connection, call: CallRecord) -> None:
    connection.execute(_INSERT, _row(call))


def of_turn(connection: Connection, conversation_id: str, turn_id: str) -> list[CallRecord]:
    """The calls of one turn, in their order."""
    rows = connection.execute(_OF_TURN, {"of": conversation_id, "turn": turn_id})
    return [_record(row._asdict()) for row in rows]


def purge(connection: Connection, *, before: int) -> int:
    """Forget the calls made before then; how many there were."""
    return connection.execute(_PURGE, {"before": before}).rowcount


class StoreRecorder:
    """Implements `core.ports.Recorder`."""

    def __init__(self, store: Store, preferences: Preferences, clock: Clock) -> None:
        self._store = store
        self._preferences = preferences
        self._clock = clock

    @property
    def on(self) -> bool:
        return self._preferences.latest.record_calls

    async def record(self, call: CallRecord) -> None:
        try:
            if (await self._preferences.current()).record_calls:
                await self._store.write(partial(keep, call=call))
        except (ChimeraError, SQLAlchemyError) as error:
            # A busy store, or a conversation that was deleted meanwhile.
            _log.warning("call_not_recorded", call_id=call.id, error=type(error).__name__)

    async def purge(self) -> int:
        """Forget what was kept long enough; how many calls that were."""
        before = to_millis(self._clock.now()) - KEPT_MS
        return await self._store.write(partial(purge, before=before))


def _row(call: CallRecord) -> dict[str, Any]:
    return {
        "id": call.id, "conversation_id": call.conversation_id, "turn_id": call.turn_id,
        "participant_id": call.participant_id, "provider": call.provider, "model": call.model,
        "at": call.at, "first_token_ms": call.first_token_ms, "duration_ms": call.duration_ms,
        "request": _cut(call.request), "text": _cut(call.text), "reasoning": _cut(call.reasoning),
        "usage": asdict(call.usage) if call.usage else None,
        "error": _cut(call.error) if call.error else None,
    }  # fmt: skip


def _record(row: dict[str, Any]) -> CallRecord:
    usage = Usage(**row.pop("usage")) if row["usage"] else row.pop("usage")
    return CallRecord(usage=usage, **row)


def _cut(value: Any) -> Any:
    """The value with none of its texts longer than one may be."""
    match value:
        case str():
            return value if len(value) <= LONGEST else value[: LONGEST - len(_CUT)] + _CUT
        case Mapping():
            items = cast("Mapping[str, Any]", value).items()
            return {key: _cut(each) for key, each in items}
        case list() | tuple():
            return [_cut(each) for each in cast("Sequence[Any]", value)]
        case _:
            return value
