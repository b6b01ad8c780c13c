"""Finding conversations by their words, the same on both databases."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text

from chimera.core.events import HOST, ConversationCleared, ConversationRenamed, NewEvent
from chimera.store import log
from chimera.store.database import Store
from chimera.store.search import MANY, found
from chimera.store.tables import conversations
from conversations_made import created, posted, started


def find(connection: Connection, query: str, many: int = MANY) -> list[str]:
    asked = select(conversations.c.id).where(found(connection, query, many=many))
    return sorted(connection.execute(asked).scalars())


def make(connection: Connection, name: str, *new: NewEvent) -> None:
    log.create(connection, name, new, at=1, visibility="private", owner=None)


def library(connection: Connection) -> None:
    make(connection, "cnv_fish", created(title="Fish", topic="Do fish get bored?"), started())
    make(connection, "cnv_tea", created(title="Tea or coffee", topic="The quarrel"), started())
    make(
        connection, "cnv_sea", created(title="The sea", topic="Salt"), started(),
        posted("msg_1", "Whales sing, but do they listen?"),
        posted("msg_2", "Coffee keeps the sailors awake."),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("fish", ["cnv_fish"]),
        ("FISH bored", ["cnv_fish"]),
        ("coffee", ["cnv_sea", "cnv_tea"]),
        ("whales listen", ["cnv_sea"]),
        ("whales sailors", []),  # not in one message
        ("sail", ["cnv_sea"]),  # still being typed
        ("sail awake", []),  # only the last word may be a beginning
        ("submarine", []),
        ("", []),
        ("?! -- *", []),
        ('"fish" OR NEAR(tea) AND NOT (coffee) title:x', []),
        ("fish' OR 1=1 --", []),
        ("fish*", ["cnv_fish"]),
    ],
)
async def test_a_conversation_is_found_by_all_the_words(
    store: Store, query: str, names: list[str]
) -> None:
    await store.write(library)
    assert await store.read(lambda c: find(c, query)) == names
    # The way of words that nearly every message has finds the same.
    assert await store.read(lambda c: find(c, query, many=1)) == names


async def test_what_was_renamed_cleared_or_deleted_is_found_no_more(store: Store) -> None:
    def unit(c: Connection) -> Sequence[list[str]]:
        library(c)
        log.append(
            c, "cnv_fish", [NewEvent(body=ConversationRenamed(title="Eels"), actor=HOST)], at=2
        )
        log.append(
            c, "cnv_sea", [NewEvent(body=ConversationCleared(up_to_seq=4), actor=HOST)], at=2
        )
        log.forget(c, "cnv_tea")
        return [find(c, query) for query in ("eels", "whales", "coffee", "sea", "tea")]

    assert await store.write(unit) == [["cnv_fish"], [], [], ["cnv_sea"], []]


async def test_only_the_first_ten_words_count(store: Store) -> None:
    await store.write(library)
    assert await store.read(lambda c: find(c, "fish " * 10 + "submarine")) == ["cnv_fish"]


@given(query=st.text(max_size=60))
@settings(
    max_examples=80, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
async def test_no_query_is_an_error(store: Store, query: str) -> None:
    await store.read(lambda c: find(c, query.replace("\x00", "")))


async def test_the_search_goes_through_its_index(store: Store) -> None:
    def unit(c: Connection) -> str:
        library(c)
        asked = select(conversations.c.id).where(found(c, "whales"))
        written = str(asked.compile(c.engine, compile_kwargs={"literal_binds": True}))
        if store.dialect == "postgresql":
            c.execute(text("SET LOCAL enable_seqscan = off"))
            lines = c.exec_driver_sql(f"EXPLAIN {written}").all()
        else:
            lines = c.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}").all()
        return "\n".join(str(line[-1]) for line in lines)

    plan = await store.write(unit)
    if store.dialect == "postgresql":
        assert "Bitmap Index Scan on conversations_search" in plan
        assert "Bitmap Index Scan on messages_search" in plan
    else:
        assert plan.count("VIRTUAL TABLE INDEX") == 2
        assert "SCAN conversations\n" not in plan + "\n"
