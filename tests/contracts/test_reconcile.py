"""Which alarms the reconciler sets, and which it leaves to the run that is awake."""

from datetime import datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, update

from chimera.core.ids import from_millis, to_millis
from chimera.engine.reconcile import LONGEST_PAUSE_MS, STUCK_MS, Reconciler
from chimera.store import log
from chimera.store.database import Store
from chimera.store.tables import conversations
from conversations_made import created, started
from fakes import FakeClock

MINUTE = 60.0


class Bell:
    """An alarm that only notes what is asked of it."""

    def __init__(self) -> None:
        self.added: dict[str, datetime] = {}
        self.rung: dict[str, datetime] = {}

    async def ring(self, key: str, at: datetime) -> None:
        self.rung[key] = at

    async def add(self, key: str, at: datetime) -> None:
        self.added[key] = at

    async def entitle(self, key: str) -> None:
        raise AssertionError(key)

    async def cancel(self, key: str) -> None:
        raise AssertionError(key)


class House:
    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store = store
        self.clock = clock
        self.bell = Bell()
        self.reconciler = Reconciler(store, self.bell, clock)

    @property
    def now(self) -> int:
        return to_millis(self.clock.now())

    async def has(self, conversation_id: str, **row: Any) -> None:
        """A conversation that runs, with this in its row."""

        def unit(connection: Connection) -> None:
            log.create(
                connection, conversation_id, [created(), started()], at=self.now,
                visibility="private", owner=None,
            )  # fmt: skip
            connection.execute(
                update(conversations).where(conversations.c.id == conversation_id).values(**row)
            )

        await self.store.write(unit)

    async def later_pass(self) -> None:
        """A pass that is not the first, with nothing noted before it."""
        await self.reconciler.run()
        self.clock.advance(MINUTE)
        self.bell.added.clear()


@pytest.fixture
def house(sqlite_store: Store, clock: FakeClock) -> House:
    return House(sqlite_store, clock)


async def test_each_alarm_is_set_for_its_time_and_an_overdue_one_for_now(house: House) -> None:
    await house.has("cnv_late", next_turn_at=house.now - 5_000)
    await house.has("cnv_soon", next_turn_at=house.now + 5_000)
    await house.has("cnv_waits", status="paused", resume_at=house.now + 60_000)
    await house.has("cnv_over", status="ended")
    assert await house.reconciler.run() == 3
    assert house.bell.added == {
        "cnv_late": from_millis(house.now),
        "cnv_soon": from_millis(house.now + 5_000),
        "cnv_waits": from_millis(house.now + 60_000),
    }


async def test_a_run_that_is_awake_sets_its_own_alarm(house: House) -> None:
    await house.later_pass()
    await house.has("cnv_awake", next_turn_at=house.now - 1, run_deadline=house.now + 75_000)
    await house.has("cnv_died", next_turn_at=house.now, run_deadline=house.now - 1)
    await house.reconciler.run()
    assert house.bell.added == {"cnv_died": from_millis(house.now)}
    assert not house.bell.rung


async def test_at_the_start_nobody_is_awake_whatever_the_row_says(house: House) -> None:
    await house.has("cnv_1", next_turn_at=house.now - 1, run_deadline=house.now + 75_000)
    await house.reconciler.run()
    assert house.bell.added == {"cnv_1": from_millis(house.now)}
    assert not house.reconciler.unstuck


async def test_a_process_that_has_been_up_for_long_breaks_nobody_off_in_its_first_pass(
    house: House,
) -> None:
    house.clock.advance(MINUTE)
    await house.has("cnv_1", next_turn_at=house.now, run_deadline=house.now + 75_000)
    await house.reconciler.run()
    assert not house.bell.added


@pytest.mark.parametrize(
    ("why", "due", "deadline"),
    [
        ("late", -STUCK_MS - 1, None),
        ("awake", 0, -STUCK_MS - 1),
        ("far", LONGEST_PAUSE_MS + 1, None),
    ],
)
async def test_what_is_stuck_is_rung_for_and_counted(
    house: House, why: str, due: int, deadline: int | None
) -> None:
    await house.later_pass()
    await house.has(
        "cnv_1", next_turn_at=house.now + due,
        run_deadline=None if deadline is None else house.now + deadline,
    )  # fmt: skip
    await house.reconciler.run()
    assert house.bell.rung == {"cnv_1": from_millis(house.now)}
    assert house.reconciler.unstuck == {why: 1}


class Called:
    """A roll with these names on it: at the first look, and once everybody has called again."""

    def __init__(self, first: set[str] | None, then: set[str] | None) -> None:
        self._names, self._then = first, then
        self.settled = 0

    async def called(self) -> set[str] | None:
        return self._names

    async def settle(self) -> None:
        self.settled += 1
        self._names = self._then


@pytest.mark.parametrize("first", [None, set[str]()])
async def test_a_run_that_no_process_calls_its_own_is_rung_for(
    house: House, first: set[str] | None
) -> None:
    for name in ("cnv_dead", "cnv_lives"):
        await house.has(name, next_turn_at=house.now, run_deadline=house.now + 75_000)
    roll = Called(first, {"cnv_lives"})
    reconciler = Reconciler(house.store, house.bell, house.clock, roll=roll)
    await reconciler.run()
    assert house.bell.rung == {"cnv_dead": from_millis(house.now)}
    assert reconciler.unstuck == {"abandoned": 1}
    # Nor does a process that has just come break anybody off.
    assert not house.bell.added


async def test_nobody_is_waited_for_while_every_run_is_called(house: House) -> None:
    await house.has("cnv_1", next_turn_at=house.now, run_deadline=house.now + 75_000)
    roll = Called({"cnv_1"}, set())
    await Reconciler(house.store, house.bell, house.clock, roll=roll).run()
    assert (roll.settled, house.bell.rung) == (0, {})


async def test_nobody_is_taken_for_dead_while_nobody_can_tell(house: House) -> None:
    await house.has("cnv_1", next_turn_at=house.now, run_deadline=house.now + 75_000)
    roll = Called(None, None)
    await Reconciler(house.store, house.bell, house.clock, roll=roll).run()
    assert (roll.settled, house.bell.rung) == (1, {})


async def test_a_run_that_has_ended_meanwhile_is_left_alone(house: House) -> None:
    await house.has("cnv_1", next_turn_at=house.now, run_deadline=house.now + 75_000)

    class Ending(Called):
        async def settle(self) -> None:
            await super().settle()
            awake = update(conversations).values(run_deadline=house.now + 90_000)
            await house.store.write(lambda connection: connection.execute(awake))

    await Reconciler(house.store, house.bell, house.clock, roll=Ending(None, set())).run()
    assert not house.bell.rung


async def test_a_talk_that_rests_until_midnight_is_not_stuck(house: House) -> None:
    await house.later_pass()
    midnight = house.now + 12 * 3_600_000
    await house.has("cnv_1", status="paused", next_turn_at=midnight, resume_at=midnight)
    await house.reconciler.run()
    assert (house.bell.rung, house.bell.added) == ({}, {"cnv_1": from_millis(midnight)})
    assert not house.reconciler.unstuck


async def test_a_pause_that_was_brought_forward_is_rung_for_and_nothing_was_stuck(
    house: House,
) -> None:
    await house.later_pass()
    await house.has(
        "cnv_1", status="paused", next_turn_at=house.now + 3_600_000, resume_at=house.now - 5_000
    )
    await house.has(
        "cnv_2", status="paused", resume_at=house.now - 5_000, run_deadline=house.now + 5_000
    )
    await house.reconciler.run()
    assert house.bell.rung == {"cnv_1": from_millis(house.now)}
    assert not house.reconciler.unstuck


async def test_more_than_a_page_is_seen_to(house: House) -> None:
    def unit(connection: Connection) -> None:
        for number in range(501):
            log.create(
                connection, f"cnv_{number:03}", [created(), started()], at=house.now,
                visibility="private", owner=None,
            )  # fmt: skip

    await house.store.write(partial(unit))
    assert await house.reconciler.run() == 501
    assert len(house.bell.added) == 501
