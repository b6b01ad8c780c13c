"""Lists are read in their order: nobody sorts ten thousand conversations for a page of twenty."""

import pytest
from sqlalchemy import Connection

from chimera.features.conversations.tables import Filter, listing
from chimera.store.database import Store


@pytest.mark.parametrize("status", [None, "ended"])
@pytest.mark.parametrize("sort", ["active", "newest", "oldest"])
async def test_no_list_is_sorted_to_be_shown(
    sqlite_store: Store, sort: str, status: str | None
) -> None:
    said: list[str] = []

    def explain(connection: Connection) -> None:
        connection.connection.driver_connection.set_trace_callback(said.append)  # type: ignore[union-attr] - SQLite's
        wanted = Filter(status=status, terms=None, sort=sort, past=(5, "cnv_5"), limit=20)
        listing(connection, wanted)
        connection.connection.driver_connection.set_trace_callback(None)  # type: ignore[union-attr] - SQLite's
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said[-1]}").all()
        assert not [row for row in plan if "TEMP B-TREE" in str(row)], plan

    await sqlite_store.read(explain)
