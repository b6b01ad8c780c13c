"""What the operator chose: kept, shared between processes, and never asked for too often."""

from functools import partial

from sqlalchemy import Connection, func, select

from chimera.store.database import Store
from chimera.store.preferences import FRESH_S, Budgets, Choices, Preferences, load, save
from chimera.store.tables import preferences
from fakes import FakeClock


async def test_where_nobody_chose_everything_is_allowed_and_nothing_kept(store: Store) -> None:
    chosen = await store.read(load)
    assert chosen == Choices(paid_calls=True, record_calls=False, budgets=Budgets())


async def test_choices_come_back_as_they_were_made(store: Store) -> None:
    wanted = Choices(
        paid_calls=False,
        record_calls=True,
        budgets=Budgets(house_day=5, provider_day={"openai": 1.5}, conversation_default=0.25),
    )
    for at in (1, 2):
        await store.write(partial(save, choices=wanted, at=at))
    assert await store.read(load) == wanted
    rows = await store.read(lambda c: c.execute(select(preferences.c.updated_at)).scalars().all())
    assert set(rows) == {2}


async def test_another_process_sees_a_change_within_seconds(
    sqlite_store: Store, clock: FakeClock
) -> None:
    here, there = Preferences(sqlite_store, clock), Preferences(sqlite_store, clock)
    assert (await there.current()).paid_calls
    changed = await here.change(lambda now: now.model_copy(update={"paid_calls": False}))
    assert here.latest == changed == await here.current()
    assert (await there.current()).paid_calls, "it read a moment ago"
    clock.advance(FRESH_S + 0.1)
    assert not (await there.current()).paid_calls
    assert not there.latest.paid_calls


async def test_a_change_keeps_what_it_does_not_name(sqlite_store: Store, clock: FakeClock) -> None:
    live = Preferences(sqlite_store, clock)
    await live.change(lambda now: now.model_copy(update={"record_calls": True}))
    await live.change(lambda now: now.model_copy(update={"budgets": Budgets(house_day=1)}))
    assert live.latest == Choices(record_calls=True, budgets=Budgets(house_day=1))


async def test_a_row_of_a_later_version_does_no_harm(sqlite_store: Store) -> None:
    def unit(connection: Connection) -> None:
        row = {"name": "curtains", "value": "red", "updated_at": 1}
        connection.execute(preferences.insert().values(row))

    await sqlite_store.write(unit)
    assert await sqlite_store.read(load) == Choices()
    assert await sqlite_store.read(lambda c: c.scalar(select(func.count(preferences.c.name)))) == 1
