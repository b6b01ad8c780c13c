"""The checker agrees with sound logs, and finds each kind of damage."""

import pytest
from sqlalchemy import Connection, text

from chimera.store import log as logs
from chimera.store.check import check
from chimera.store.database import Store
from conversations_made import completed, created, posted, started, turn_started


def play(connection: Connection) -> None:
    logs.create(
        connection, "cnv_1", [created(), started()], at=1, visibility="public", owner=None
    )  # fmt: skip
    for number in (1, 2):
        lines = [turn_started(str(number)), completed(str(number)), posted(f"msg_p{number}")]
        logs.append(connection, "cnv_1", lines, at=2)


DAMAGE = {
    "a hole": "DELETE FROM events WHERE seq = 4",
    "a head": "UPDATE conversations SET head_seq = head_seq + 1",
    "a count": "UPDATE conversations SET message_count = 1",
    "a message too many": "UPDATE messages SET seq = 99 WHERE id = 'msg_1'",
    "a line unkept": "DELETE FROM messages WHERE id = 'msg_2'",
    "a turn doubled": "UPDATE events SET body = (SELECT body FROM events WHERE seq = 3)"
    " WHERE type = 'turn.started'",
    "a bill too small": "UPDATE usage SET cost = 0.1",
}


async def test_a_sound_log_has_no_faults(store: Store) -> None:
    await store.write(play)
    assert await store.read(check) == []


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
async def test_damage_is_found(store: Store, damage: str) -> None:
    await store.write(play)
    await store.write(lambda connection: connection.execute(text(damage)))
    assert await store.read(check)


async def test_a_row_without_its_owner_is_found(sqlite_store: Store) -> None:
    await sqlite_store.write(play)
    await sqlite_store.write(orphan)
    found = await sqlite_store.read(check)
    assert "reactions without its row" in {each.what for each in found}


def orphan(connection: Connection) -> None:
    # The pragma does nothing within a transaction: so the one that we are in ends first.
    connection.exec_driver_sql("ROLLBACK")
    connection.exec_driver_sql("PRAGMA foreign_keys = off")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    connection.exec_driver_sql("INSERT INTO reactions VALUES ('msg_none', 'viewer', 'x', 1)")
    connection.exec_driver_sql("SAVEPOINT unit")
