"""No statement of an evening reads a whole table that grows: each is explained as it runs."""

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from api_house import HOST, Made, make_house
from sqlalchemy import Connection, Engine, event

from chimera.core.ids import to_millis
from chimera.core.ports import CallRecord, Reservation
from chimera.engine.reconcile import Reconciler
from chimera.store import log
from chimera.store.database import Store
from chimera.store.ledger import StoreLedger
from chimera.store.preferences import Preferences
from chimera.store.records import StoreRecorder
from chimera.store.tables import metadata
from conversations_made import completed, turn_started
from fakes import CountingIds, FakeClock

CONVERSATIONS = "/api/v1/conversations"
#: What stays as small as a house is: its choices, keys and cast.
SMALL = {
    "meta", "preferences", "credentials", "personas", "persona_versions", "variants",
    "experiments", "alembic_version", "figures",
}  # fmt: skip
LARGE = frozenset(metadata.tables) - SMALL
#: What may read all there is, with the reason.
WHOLE = {
    r"SELECT .*usage\.provider.* GROUP BY": "the spending of a span is a sum over all of it",
}
_EXPLAINED = re.compile(r"\s*(SELECT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)


class Plans:
    """What was run, and of that what no index helped."""

    def __init__(self) -> None:
        self.explained: set[str] = set()
        self.slow: dict[str, str] = {}

    def look(self, connection: Connection, statement: str, values: Any) -> None:
        if statement in self.explained or not _EXPLAINED.match(statement):
            return
        if not any(re.search(rf"\b{table}\b", statement) for table in LARGE):
            return
        self.explained.add(statement)
        if any(re.search(each, statement, re.DOTALL) for each in WHOLE):
            return
        found = _sqlite(connection, statement, values)
        if connection.dialect.name == "postgresql":
            found = _postgresql(connection, statement, values)
        if found:
            self.slow[statement] = found


def _plan(connection: Connection, how: str, statement: str, values: Any) -> list[str]:
    cursor = connection.connection.cursor()
    try:
        cursor.execute(f"{how} {statement}", values)
        return [str(row[-1]) for row in cursor.fetchall()]
    finally:
        cursor.close()


def _sqlite(connection: Connection, statement: str, values: Any) -> str:
    if connection.dialect.name != "sqlite":
        return ""
    # An index read from one end is no help either, unless the statement stops early.
    whole = r"SCAN (\w+)(?! VIRTUAL)" if "LIMIT" not in statement else r"SCAN (\w+)$"
    return _blame(_plan(connection, "EXPLAIN QUERY PLAN", statement, values), whole)


def _postgresql(connection: Connection, statement: str, values: Any) -> str:
    # So dear that it is taken only where there is no other way, however small the tables are.
    connection.connection.cursor().execute("SET LOCAL enable_seqscan = off")
    try:
        return _blame(_plan(connection, "EXPLAIN", statement, values), r"Seq Scan on (\w+)")
    finally:
        connection.connection.cursor().execute("SET LOCAL enable_seqscan = on")


def _blame(plan: list[str], whole: str) -> str:
    read = [found[1] for line in plan for found in re.finditer(whole, line)]
    return "\n".join(plan) if LARGE & set(read) else ""


@contextmanager
def explaining() -> Generator[Plans]:
    plans = Plans()

    def look(
        connection: Connection, _cursor: Any, statement: str, values: Any, _context: Any, many: bool
    ) -> None:
        if not many:
            plans.look(connection, statement, values)

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield plans
    finally:
        event.remove(Engine, "before_cursor_execute", look)


@pytest.fixture
def made(store: Store, clock: FakeClock, ids: CountingIds) -> Made:
    return make_house(store, clock, ids, hosts=frozenset({HOST}))


async def test_nothing_that_grows_is_read_whole(
    client: httpx2.AsyncClient, made: Made, store: Store, clock: FakeClock
) -> None:
    with explaining() as plans:
        conversation = await an_evening(client, store)
        await the_lists(client, conversation)
        await behind_the_stage(made, store, clock, conversation)
    # A listener that hears nothing would find nothing.
    assert len(plans.explained) > 50
    assert not plans.slow, "\n\n".join(f"{one}\n{plan}" for one, plan in plans.slow.items())


async def test_a_statement_without_an_index_would_be_noticed(store: Store) -> None:
    with explaining() as plans:
        await store.read(
            lambda c: c.exec_driver_sql("SELECT id FROM messages WHERE text = 'x'").all()
        )
    assert len(plans.slow) == 1


async def an_evening(client: httpx2.AsyncClient, store: Store) -> str:
    """A conversation in which everything happens once; its id."""
    made = await client.post(CONVERSATIONS, json={"topic": "Do fish get bored?"})
    conversation = made.json()["id"]
    address = f"{CONVERSATIONS}/{conversation}"
    said = await client.post(f"{address}/messages", json={"text": "Whales do, surely."})
    message = said.json()["message"]["id"]

    def turn(connection: Connection) -> None:
        claim = log.claim(connection, conversation, now=1, deadline=2)
        assert claim is not None
        log.append(connection, conversation, [turn_started("1"), completed("1")], at=3)

    await store.write(turn)
    for path in (f"messages/{message}/bookmark", f"messages/{message}/highlight"):
        await _ok(client.put(f"{address}/{path}"))
    await _ok(client.put(f"{address}/messages/{message}/reactions/👏"))
    await _ok(client.put(f"{address}/vote", json={"value": 1}))
    poll = await _ok(
        client.post(
            f"{address}/polls", json={"question": "Who?", "options": ["A", "B"], "seconds": 60}
        )
    )
    await _ok(client.put(f"{address}/polls/{poll['id']}/vote", json={"option": 0}))
    await _ok(client.post(f"{address}/direct", json={"note": "Be brief."}))
    await _ok(client.post(f"{address}/topic", json={"topic": "Tea"}))
    await _ok(client.patch(address, json={"title": "Fish"}))
    for verb in ("pause", "resume", "skip", "stop"):
        await _ok(client.post(f"{address}/{verb}"))
    return conversation


async def _ok(asked: Any) -> Mapping[str, Any]:
    answer = await asked
    assert answer.status_code < 300, answer.text
    return answer.json()


async def the_lists(client: httpx2.AsyncClient, conversation: str) -> None:
    address = f"{CONVERSATIONS}/{conversation}"
    for sort in ("active", "newest", "oldest"):
        for status in ("running", "ended"):
            await _ok(client.get(CONVERSATIONS, params={"sort": sort, "status": status}))
    await _ok(client.post(CONVERSATIONS, json={"topic": "Tea?"}))
    first = await _ok(client.get(CONVERSATIONS, params={"limit": 1}))
    await _ok(client.get(CONVERSATIONS, params={"cursor": first["next_cursor"]}))
    await _ok(client.get(CONVERSATIONS, params={"q": "whales su"}))
    for what in (
        "", "/messages", "/messages?after_seq=2", "/messages?before_seq=5", "/events?after=1",
        "/analytics", "/quality", "/relations", "/notes", "/polls", "/vote", "/topics",
        "/highlights", "/bookmarks",
    ):  # fmt: skip
        await _ok(client.get(f"{address}{what}"))
    for path in ("/personas", "/spending", "/house", "/experiments", "/health/services"):
        await _ok(client.get(f"/api/v1{path}"))


async def behind_the_stage(made: Made, store: Store, clock: FakeClock, conversation: str) -> None:
    preferences = Preferences(store, clock)
    await preferences.change(lambda choices: choices.model_copy(update={"record_calls": True}))
    money = StoreLedger(store, preferences, clock)
    call = Reservation(
        id="use_1", conversation_id=conversation, turn_id="trn_1", participant_id="par_ada",
        provider="openai", model="m", input_tokens=9, output_tokens=3, cost=0.01, owner="usr_1",
        credential="key_1", ceiling=1.0,
    )  # fmt: skip
    await money.reserve(call)
    await money.of_turn("trn_1")
    await money.sweep()
    recorder = StoreRecorder(store, preferences, clock)
    await recorder.record(
        CallRecord(
            id="cal_1", conversation_id=conversation, turn_id="trn_1", participant_id="par_ada",
            provider="openai", model="m", at=to_millis(clock.now()), first_token_ms=1,
            duration_ms=2, request={}, text="", reasoning="", usage=None,
        )
    )  # fmt: skip
    await recorder.purge()
    await Reconciler(store, made.alarm, clock, chores=(made.house.polls.sweep,)).run()
    journal = made.house.journal
    await journal.head(conversation)
    await journal.read(conversation, after=1)
