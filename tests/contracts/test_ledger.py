"""Money: set aside before a call, counted after it, and never counted too low."""

import asyncio
import re
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from provider_fakes import ActedProvider, ask, line
from sqlalchemy import Connection, create_engine, select, text
from test_log import explain

from chimera.core import events as ev
from chimera.core.errors import BudgetSpent
from chimera.core.generation import Model, Route, TurnRequest, Usage
from chimera.core.ids import to_millis
from chimera.core.ports import CallRecord, Reservation
from chimera.providers.catalog import Catalog
from chimera.providers.gateway import Gateway
from chimera.providers.knowledge import Overrides
from chimera.providers.roster import Keyed, Roster
from chimera.store import ledger, log, records
from chimera.store.database import Store
from chimera.store.ledger import ABANDONED_MS, DAY_MS, Caps, StoreLedger
from chimera.store.preferences import Budgets, Choices, Preferences
from chimera.store.projection import project
from chimera.store.records import KEPT_MS, LONGEST, StoreRecorder
from chimera.store.tables import metadata, usage
from conversations_made import completed, created, failed, started, turn_started
from fakes import FakeClock

NOW = 1_800_000_000_000
CNV = "cnv_1"


def call(number: int = 1, cost: float = 1.0, **changes: Any) -> Reservation:
    values: dict[str, Any] = {
        "id": f"use_{number}", "conversation_id": CNV, "turn_id": "trn_1",
        "participant_id": "par_ada", "provider": "openai", "model": "m1", "input_tokens": 900,
        "output_tokens": 300, "cost": cost,
    }  # fmt: skip
    return Reservation(**{**values, **changes})


def took(cost: float | None, **changes: Any) -> Usage:
    values: dict[str, Any] = {"input_tokens": 80, "output_tokens": 12, "cost": cost}
    return Usage(**{**values, **changes})


class House:
    """A ledger over a store, with what the operator chose."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store, self.clock = store, clock
        self.preferences = Preferences(store, clock)
        self.ledger = StoreLedger(store, self.preferences, clock)

    async def choose(self, **choices: Any) -> None:
        await self.preferences.change(lambda _: Choices(**choices))

    async def rows(self) -> list[Any]:
        return list(
            await self.store.read(lambda c: c.execute(select(usage).order_by(usage.c.id)).all())
        )

    async def refused(self, wanted: Reservation) -> BudgetSpent:
        before = len(await self.rows())
        with pytest.raises(BudgetSpent) as refusal:
            await self.ledger.reserve(wanted)
        assert len(await self.rows()) == before, "what was refused is not set aside"
        return refusal.value


@pytest.fixture
def house(store: Store, clock: FakeClock) -> House:
    return House(store, clock)


# --- a call's way through the ledger -------------------------------------------------------------


async def test_a_call_is_set_aside_whole_and_counted_as_it_was(house: House) -> None:
    await house.ledger.reserve(call(credential="key_1", owner="usr_1"))
    (row,) = await house.rows()
    assert (row.state, row.cost, row.estimated) == ("reserved", 1.0, True)
    assert (row.credential, row.owner, row.at) == ("key_1", "usr_1", to_millis(house.clock.now()))
    await house.ledger.report("use_1", took(0.25, cached_tokens=40))
    (row,) = await house.rows()
    assert (row.state, row.cost, row.estimated) == ("discarded", 0.25, False)
    assert (row.input_tokens, row.output_tokens, row.cached_tokens) == (80, 12, 40)


@pytest.mark.parametrize("cost", [None, -3.0])
async def test_a_cost_that_nobody_knows_stays_what_was_set_aside(
    house: House, cost: float | None
) -> None:
    await house.ledger.reserve(call())
    await house.ledger.report("use_1", took(cost, input_tokens=-5))
    (row,) = await house.rows()
    assert (row.state, row.cost, row.estimated, row.input_tokens) == ("discarded", 1.0, True, 0)


async def test_the_message_settles_the_calls_of_its_turn_and_no_other(house: House) -> None:
    await house.ledger.reserve(call(1))
    await house.ledger.reserve(call(2))
    await house.ledger.reserve(call(3, turn_id="trn_2"))
    for number in (1, 2, 3):
        await house.ledger.report(f"use_{number}", took(0.25))
    await house.store.write(partial(say, turn="1"))
    assert [row.state for row in await house.rows()] == ["settled", "settled", "discarded"]


async def test_a_report_that_comes_after_the_message_settles_too(house: House) -> None:
    await house.ledger.reserve(call())
    await house.store.write(partial(say, turn="1"))
    await house.ledger.report("use_1", took(0.25))
    (row,) = await house.rows()
    assert (row.state, row.cost, row.estimated) == ("settled", 0.25, False)


async def test_a_line_of_the_troupe_has_a_row_though_it_made_no_call(house: House) -> None:
    await house.store.write(partial(say, turn="1"))
    (row,) = await house.rows()
    assert (row.state, row.provider) == ("settled", "scripted")


async def test_what_a_crash_left_behind_counts_as_the_most_it_may_be(house: House) -> None:
    await house.ledger.reserve(call(1))
    house.clock.advance(ABANDONED_MS / 1000 - 1)
    await house.ledger.reserve(call(2))
    assert await house.ledger.sweep() == 0
    house.clock.advance(2)
    assert await house.ledger.sweep() == 1
    first, second = await house.rows()
    assert (first.state, first.cost, first.estimated) == ("estimated", 1.0, True)
    assert second.state == "reserved"
    await house.ledger.report("use_1", took(0.5))
    assert (await house.rows())[0].cost == 0.5, "late is better than never"


async def test_a_turn_knows_what_all_its_calls_took(house: House) -> None:
    assert await house.ledger.of_turn("trn_1") is None
    await house.ledger.reserve(call(1))
    await house.ledger.reserve(call(2))
    await house.ledger.report("use_1", took(0.25))
    assert await house.ledger.of_turn("trn_1") == Usage(
        input_tokens=980, output_tokens=312, cost=1.25, estimated=True
    )
    await house.ledger.report("use_2", took(0.5))
    assert await house.ledger.of_turn("trn_1") == Usage(
        input_tokens=160, output_tokens=24, cost=0.75
    )


async def test_a_report_without_a_reservation_breaks_nothing(house: House) -> None:
    await house.ledger.report("use_9", took(0.25))
    assert await house.rows() == []


async def test_a_failed_turn_is_paid_for_in_the_conversation(store: Store) -> None:
    def unit(c: Connection) -> Any:
        make(c)
        mine = log.claim(c, CNV, now=NOW, deadline=NOW)
        assert mine is not None
        end = failed("1")
        paid = ev.UsageRef(input_tokens=90, output_tokens=1, cost=0.5, estimated=True)
        body = end.body.model_copy(update={"usage": paid})
        new = [turn_started("1"), ev.NewEvent(body=body, actor=end.actor)]
        log.append_turn(c, mine, new, at=NOW, open_turn=None, deadline=None, due=None)
        return c.execute(text("SELECT cost, tokens, cost_estimated FROM conversations")).one()

    row = await store.write(unit)
    assert (row.cost, row.tokens, bool(row.cost_estimated)) == (0.5, 91, True)


# --- ceilings ------------------------------------------------------------------------------------


async def test_a_conversation_never_sets_aside_more_than_its_ceiling(house: House) -> None:
    for number in (1, 2):
        await house.ledger.reserve(call(number, 0.4, ceiling=1.0))
    refusal = await house.refused(call(3, 0.4, ceiling=1.0))
    assert refusal.details["scope"] == "conversation"
    assert "resets_at" not in refusal.details
    await house.ledger.reserve(call(3, 0.4, ceiling=1.0, conversation_id="cnv_2"))
    await house.ledger.report("use_1", took(0.1))
    await house.ledger.reserve(call(4, 0.4, ceiling=1.0))


async def test_a_conversation_without_a_ceiling_has_the_one_of_the_house(house: House) -> None:
    await house.choose(budgets=Budgets(conversation_default=0.5))
    assert (await house.refused(call(1, 0.6))).details["scope"] == "conversation"
    await house.ledger.reserve(call(1, 0.6, ceiling=2.0))


@pytest.mark.parametrize(
    ("budgets", "scope", "free"),
    [
        (Budgets(house_day=1.0), "house", None),
        (Budgets(owner_day=1.0), "owner", {"owner": "usr_2"}),
        (Budgets(credential_day=1.0), "credential", {"credential": "key_2"}),
        (Budgets(provider_day={"openai": 1.0}), "provider", {"provider": "gemini"}),
    ],
)
async def test_a_days_ceiling_holds_until_midnight(
    house: House, budgets: Budgets, scope: str, free: dict[str, Any] | None
) -> None:
    await house.choose(budgets=budgets)
    whose: dict[str, Any] = {"credential": "key_1", "owner": "usr_1"}
    await house.ledger.reserve(call(1, 0.6, **whose))
    refusal = await house.refused(call(2, 0.6, conversation_id="cnv_2", **whose))
    assert refusal.details["scope"] == scope
    midnight = refusal.details["resets_at"]
    assert midnight % DAY_MS == 0
    assert 0 < midnight - to_millis(house.clock.now()) <= DAY_MS
    if free is not None:
        await house.ledger.reserve(call(3, 0.6, **{**whose, **free}))
    house.clock.advance((midnight - to_millis(house.clock.now())) / 1000)
    await house.ledger.reserve(call(4, 0.6, **whose))


@pytest.mark.parametrize(
    "budgets", [Budgets(credential_day=0.0), Budgets(provider_day={"openai": 0.0})]
)
async def test_what_one_provider_may_not_cost_another_plays(house: House, budgets: Budgets) -> None:
    await house.choose(budgets=budgets)
    roster = Roster(
        {
            "openai": [Keyed(provider=ActedProvider("openai", line("x")), credential="key_1")],
            "ollama": [
                Keyed(provider=ActedProvider("ollama", line("Tea."), models=[Model(id="m2")]))
            ],
        }
    )
    catalog = Catalog(
        roster, clock=house.clock, overrides=Overrides(), local={"ollama"},
        prices=lambda _provider, _model, usage, _at: usage.output_tokens / 1000,
    )  # fmt: skip
    await catalog.refresh()
    gateway = Gateway(
        roster, catalog=catalog, clock=house.clock, rng=Random(1), ledger=house.ledger
    )
    route = Route(provider="openai", model="m1")
    turn = TurnRequest(
        conversation_id=CNV, turn_id="trn_1", participant_id="par_ada", route=route, request=ask()
    )
    performance = await gateway.perform(turn)
    assert (performance.route.provider, performance.route.why) == ("ollama", "budget_spent")


async def test_nobodys_key_and_nobodys_conversation_are_the_houses(house: House) -> None:
    await house.choose(budgets=Budgets(owner_day=1.0))
    await house.ledger.reserve(call(1, 0.6))
    await house.refused(call(2, 0.6))
    await house.choose(budgets=Budgets(credential_day=1.0))
    await house.refused(call(2, 0.6))
    await house.ledger.reserve(call(2, 0.6, provider="gemini"))


async def test_one_switch_stops_every_call_that_costs_anything(house: House) -> None:
    await house.choose(paid_calls=False)
    assert (await house.refused(call(1, 0.001))).details["scope"] == "paid_calls"
    await house.ledger.reserve(call(1, 0.0, provider="ollama"))


async def test_what_costs_nothing_is_never_refused(house: House) -> None:
    await house.ledger.reserve(call(1, 1.0))
    await house.choose(budgets=Budgets(house_day=0.5))
    await house.ledger.reserve(call(2, 0.0, ceiling=0.5))


@pytest.mark.parametrize("whose", ["the conversation's", "the day's"])
async def test_of_many_at_once_no_more_pass_than_a_ceiling_lets(house: House, whose: str) -> None:
    if whose == "the day's":
        await house.choose(budgets=Budgets(house_day=1.0))
    ceiling = None if whose == "the day's" else 1.0
    wanted = [call(number, 0.4, ceiling=ceiling) for number in range(16)]
    done = await asyncio.gather(*map(house.ledger.reserve, wanted), return_exceptions=True)
    assert sum(isinstance(each, BudgetSpent) for each in done) == 14
    assert len(await house.rows()) == 2


# --- never too low -------------------------------------------------------------------------------


@contextmanager
def ledger_alone() -> Generator[Connection]:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


#: For each call what is set aside and which part of it the provider bills.
CALLS = st.lists(
    st.tuples(st.floats(0.01, 1.0), st.floats(0.0, 1.0)), min_size=1, max_size=12
)  # fmt: skip
#: What happens next, and to which of the calls so far.
STEPS = st.lists(
    st.tuples(st.sampled_from(["reserve", "report", "settle", "crash", "sweep"]), st.integers(0)),
    max_size=50,
)


@settings(deadline=None, max_examples=60)
@given(calls=CALLS, steps=STEPS, ceiling=st.floats(0.1, 5.0))
def test_whatever_happens_nothing_is_counted_too_low_and_no_ceiling_is_passed(
    calls: list[tuple[float, float]], steps: list[tuple[str, int]], ceiling: float
) -> None:
    true: dict[int, float] = {}
    reported: set[int] = set()
    dead: set[int] = set()
    at = NOW
    with ledger_alone() as c:
        for step, pick in steps:
            made = [number for number in true if number not in reported | dead]
            if step == "reserve" and len(true) < len(calls):
                number = len(true)
                most, share = calls[number]
                caps = Caps(conversation=ceiling, day={})
                wanted = call(number, most, turn_id=f"trn_{number // 3}")
                try:
                    ledger.reserve(c, wanted, caps=caps, at=at)
                except BudgetSpent:
                    continue
                true[number] = most * share
            elif step == "report" and made:
                number = made[pick % len(made)]
                ledger.report(c, f"use_{number}", took(true[number]))
                reported.add(number)
            elif step == "crash" and made:
                dead.add(made[pick % len(made)])
            elif step == "settle" and true:
                settle(c, f"trn_{pick % len(true) // 3}")
            elif step == "sweep":
                at += ABANDONED_MS + 1
                ledger.sweep(c, before=at - ABANDONED_MS)
            counted = {row.id: row for row in c.execute(select(usage))}
            assert all(counted[f"use_{n}"].cost >= cost - 1e-9 for n, cost in true.items())
            assert all(counted[f"use_{n}"].cost == true[n] for n in reported)
            assert sum(row.cost for row in counted.values()) <= ceiling + 1e-6


# --- where it went -------------------------------------------------------------------------------


async def test_spending_is_told_by_day_key_and_conversation(house: House) -> None:
    today = to_millis(house.clock.now())
    await house.store.write(make)
    await house.ledger.reserve(call(1, 0.5, credential="key_1"))
    await house.ledger.report("use_1", took(0.5))
    await house.ledger.reserve(call(2, 0.25, provider="gemini", conversation_id="cnv_gone"))
    house.clock.advance(86_400)
    await house.ledger.reserve(call(3, 1.0))
    await house.ledger.report("use_3", took(2.0))
    found = await house.store.read(
        partial(ledger.spending, since=today - DAY_MS, until=today + 2 * DAY_MS)
    )
    day = today - today % DAY_MS
    assert [(each.day, each.provider, each.amount, each.estimated) for each in found.days] == [
        (day, "gemini", 0.25, True), (day, "openai", 0.5, False),
        (day + DAY_MS, "openai", 2.0, False),
    ]  # fmt: skip
    assert [each.tokens for each in found.days] == [1200, 92, 92]
    assert {(each.provider, each.credential): each.amount for each in found.keys} == {
        ("gemini", None): 0.25, ("openai", None): 2.0, ("openai", "key_1"): 0.5,
    }  # fmt: skip
    assert [(each.id, each.title, each.amount) for each in found.conversations] == [
        (CNV, "Fish", 2.5), ("cnv_gone", None, 0.25),
    ]  # fmt: skip
    assert found.amount == 2.75
    assert (await house.store.read(partial(ledger.spending, since=0, until=1))).days == ()


async def test_of_many_conversations_the_dearest_are_named(house: House) -> None:
    for number in range(5):
        await house.ledger.reserve(call(number, number + 1.0, conversation_id=f"cnv_{number}"))
    found = await house.store.read(
        partial(ledger.spending, since=0, until=NOW * 2, most=2)
    )  # fmt: skip
    assert [each.id for each in found.conversations] == ["cnv_4", "cnv_3"]


SPAN = {"since": NOW, "until": NOW + 1, "most": 5}
ASKED: list[tuple[str, Any, dict[str, Any]]] = [
    ("a conversation's sum", ledger._IN_CONVERSATION, {"of": CNV}),
    ("a day's sums", ledger._IN_DAY,
     {"since": NOW, "provider": "p", "credential": "k", "owner": "o"}),
    ("a turn's calls", ledger._OF_TURN, {"turn": "trn_1"}),
    ("what was left behind", ledger._SWEEP, {"before": NOW}),
    ("by day", ledger._BY_DAY, SPAN),
    ("by key", ledger._BY_KEY, SPAN),
    ("by conversation", ledger._BY_CONVERSATION, SPAN),
    ("a turn's records", records._OF_TURN, {"of": CNV, "turn": "trn_1"}),
    ("old records", records._PURGE, {"before": NOW}),
]  # fmt: skip


@pytest.mark.parametrize(("_what", "statement", "values"), ASKED, ids=[each[0] for each in ASKED])
async def test_every_question_about_money_uses_an_index(
    store: Store, _what: str, statement: Any, values: dict[str, Any]
) -> None:
    def unit(c: Connection) -> list[str]:
        if store.dialect == "postgresql":
            # With a few rows a scan is right; the question is whether an index could serve.
            c.execute(text("SET LOCAL enable_seqscan = off"))
            c.execute(text("SET LOCAL enable_bitmapscan = off"))
            return explain(c, "EXPLAIN", statement, values).splitlines()
        return explain(c, "EXPLAIN QUERY PLAN", statement, values).splitlines()

    plan = await store.write(unit)
    looks = [each for each in plan if re.search(r"(Scan|SCAN|SEARCH).*(usage|calls)", each)]
    assert looks, plan
    assert all("index" in each.casefold() for each in looks), plan


# --- calls kept ----------------------------------------------------------------------------------


def record(number: int = 1, **changes: Any) -> CallRecord:
    values: dict[str, Any] = {
        "id": f"cal_{number}", "conversation_id": CNV, "turn_id": "trn_1",
        "participant_id": "par_ada", "provider": "openai", "model": "m1", "at": NOW,
        "first_token_ms": 300, "duration_ms": 900, "request": {"system": "You are Ada."},
        "text": "Fish do not get bored.", "reasoning": "", "usage": took(0.25),
        "error": {"code": "provider_slow", "message": "no line"},
    }  # fmt: skip
    return CallRecord(**{**values, **changes})


async def test_calls_are_kept_only_where_that_is_switched_on(house: House) -> None:
    await house.store.write(make)
    recorder = StoreRecorder(house.store, house.preferences, house.clock)
    await recorder.record(record(1))
    assert not recorder.on
    await house.choose(record_calls=True)
    assert recorder.on
    await recorder.record(record(2, usage=None, error=None))
    await recorder.record(record(3, turn_id="trn_2"))
    kept = await house.store.read(
        partial(records.of_turn, conversation_id=CNV, turn_id="trn_1")
    )  # fmt: skip
    assert kept == [record(2, usage=None, error=None)]
    (other,) = await house.store.read(
        partial(records.of_turn, conversation_id=CNV, turn_id="trn_2")
    )
    assert other == record(3, turn_id="trn_2")


async def test_a_call_of_a_conversation_that_is_gone_is_not_kept_and_breaks_nothing(
    house: House,
) -> None:
    await house.choose(record_calls=True)
    await StoreRecorder(house.store, house.preferences, house.clock).record(record())


async def test_no_text_that_is_kept_is_longer_than_it_may_be(house: House) -> None:
    await house.store.write(make)
    await house.choose(record_calls=True)
    long = "x" * (LONGEST * 2)
    wanted = record(request={"messages": [{"text": long}], "temperature": 0.5}, text=long)
    await StoreRecorder(house.store, house.preferences, house.clock).record(wanted)
    (kept,) = await house.store.read(partial(records.of_turn, conversation_id=CNV, turn_id="trn_1"))
    assert len(kept.text) == LONGEST
    assert len(kept.request["messages"][0]["text"]) == LONGEST
    assert kept.request["temperature"] == 0.5


async def test_calls_are_forgotten_after_a_week(house: House) -> None:
    await house.store.write(make)
    await house.choose(record_calls=True)
    recorder = StoreRecorder(house.store, house.preferences, house.clock)
    now = to_millis(house.clock.now())
    await recorder.record(record(1, at=now - KEPT_MS - 1))
    await recorder.record(record(2, at=now - KEPT_MS + 1))
    assert await recorder.purge() == 1
    (kept,) = await house.store.read(partial(records.of_turn, conversation_id=CNV, turn_id="trn_1"))
    assert kept.id == "cal_2"


# --- helpers -------------------------------------------------------------------------------------


def make(connection: Connection) -> None:
    new = (created(), started())
    log.create(connection, CNV, new, at=NOW, visibility="private", owner=None)


def say(connection: Connection, *, turn: str) -> None:
    """The line of a turn lands, in a conversation of its own making."""
    make(connection)
    mine = log.claim(connection, CNV, now=NOW, deadline=NOW)
    assert mine is not None
    new = [turn_started(turn), completed(turn)]
    log.append_turn(connection, mine, new, at=NOW, open_turn=None, deadline=None, due=None)


def settle(connection: Connection, turn_id: str) -> None:
    """What the message of a turn does to its calls."""
    said = completed("1")
    seq = len(connection.execute(text("SELECT id FROM messages")).all()) + 1
    free = ev.UsageRef(cost=0.0)
    body = said.body.model_copy(
        update={"turn_id": turn_id, "message_id": f"msg_{seq}", "usage": free}
    )
    envelope = ev.Envelope(conversation_id=CNV, seq=seq, at=NOW, actor=said.actor, body=body)
    project(connection, [envelope], [])
