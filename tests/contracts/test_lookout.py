"""What is seen of a house from inside: due turns on both databases, a loop that is blocked."""

import asyncio
import re
import time
import urllib.request
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog
from blockbuster import BlockBuster
from sqlalchemy import Connection, update

from chimera.app import Parts, create_house, open_first_show, open_parts
from chimera.core import content
from chimera.core.errors import Unready
from chimera.core.ids import to_millis
from chimera.engine.recall import load_sentiment
from chimera.settings import Settings, load_settings
from chimera.store import log, standing
from chimera.store.database import Store
from chimera.store.tables import conversations
from conversations_made import created, started
from fakes import NOON

NOW = to_millis(NOON)


async def stands(store: Store, conversation_id: str, **row: Any) -> None:
    """A conversation with this in its row."""

    def unit(connection: Connection) -> None:
        log.create(
            connection, conversation_id, [created(), started()], at=NOW,
            visibility="private", owner=None,
        )  # fmt: skip
        mine = conversations.c.id == conversation_id
        connection.execute(update(conversations).where(mine).values(**row))

    await store.write(unit)


async def test_what_is_due_is_what_should_be_awake_and_is_not(store: Store) -> None:
    look = partial(standing.overdue, now=NOW)
    assert await store.read(look) == (0, None)
    nobody = {"run_deadline": None}
    await stands(store, "cnv_late", next_turn_at=NOW - 40_000, **nobody)
    await stands(store, "cnv_died", next_turn_at=NOW - 50_000, run_deadline=NOW - 1)
    await stands(store, "cnv_awake", next_turn_at=NOW - 90_000, run_deadline=NOW + 5)
    await stands(store, "cnv_soon", next_turn_at=NOW + 1, **nobody)
    await stands(store, "cnv_over", status="ended", next_turn_at=NOW - 90_000, **nobody)
    await stands(store, "cnv_waits", status="paused", next_turn_at=NOW - 90_000,
                 resume_at=NOW + 60_000, **nobody)  # fmt: skip
    await stands(store, "cnv_paused", status="paused", resume_at=None,
                 next_turn_at=NOW - 90_000, **nobody)  # fmt: skip
    await stands(store, "cnv_woken", status="paused", next_turn_at=None,
                 resume_at=NOW - 60_000, **nobody)  # fmt: skip
    assert await store.read(look) == (3, NOW - 60_000)


# --- a whole house -------------------------------------------------------------------------------


@pytest.fixture
def opening(_never_blocking: BlockBuster) -> None:
    """A house that opens reads its files, and these tests block its loop on purpose."""
    _never_blocking.deactivate()
    content.load()
    load_sentiment()


def settings_in(folder: Path, **groups: Any) -> Settings:
    return load_settings(
        server={"data_dir": folder}, providers={"discover": False}, redis={"url": None},
        database={"url": None}, **groups,
    )  # fmt: skip


@asynccontextmanager
async def looked_after(settings: Settings) -> AsyncGenerator[Parts]:
    async with open_parts(settings) as parts:
        task = asyncio.ensure_future(parts.lookout.run())
        try:
            yield parts
        finally:
            task.cancel()
            await asyncio.wait([task])


def sample(parts: Parts, name: str) -> float:
    text = parts.lookout.exposition()[0].decode()
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found is not None, name
    return float(found[1])


@pytest.mark.usefixtures("opening")
async def test_a_house_is_looked_after_while_it_plays_and_while_it_stands_still(
    tmp_path: Path,
) -> None:
    with structlog.testing.capture_logs() as lines:
        async with looked_after(settings_in(tmp_path, metrics={"port": 0})) as parts:
            house = create_house(parts, hosts=frozenset())
            await open_first_show(house, idle_minutes=1)
            await play(parts)
            until = time.monotonic() + 0.5
            while time.monotonic() < until:
                pass
            await asyncio.sleep(0.3)
            address = next(each["address"] for each in lines if each["event"] == "metrics")
            text = await asyncio.to_thread(read, address)
            outlook = await parts.lookout.look()
            assert sample(parts, "chimera_disk_free_bytes") > 0
            assert sample(parts, "chimera_last_backup_timestamp_seconds") == 0
            assert sample(parts, "chimera_loop_blocked_total") >= 1
            assert outlook.wal_bytes == sample(parts, "chimera_wal_bytes") > 0
            assert outlook.unstuck == {}
            assert outlook.backed_up_at is None
    assert 'chimera_turns_unstuck_total{why="late"} 0.0' in text
    assert "\nchimera_ceiling_today_dollars " not in text, "nobody has set one"
    blocked = [each for each in lines if each["event"] == "loop_blocked"]
    assert any("test_lookout.py" in each["where"] for each in blocked)


async def play(parts: Parts) -> None:
    """Until a line has landed, as the metrics say."""
    playing = asyncio.ensure_future(parts.worker.run())
    landed = re.compile(rb'^chimera_turns_total\{outcome="complete"\}', re.MULTILINE)
    async with asyncio.timeout(30):
        # Metrics are asked; they call nobody.
        while not landed.search(parts.lookout.exposition()[0]):  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.05)
    playing.cancel()
    await asyncio.wait([playing])


def read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own
        return answer.read().decode()


@pytest.mark.usefixtures("opening")
async def test_a_collector_that_is_away_does_not_keep_a_house_from_opening(tmp_path: Path) -> None:
    traces = {"endpoint": "http://127.0.0.1:9"}
    async with looked_after(settings_in(tmp_path, traces=traces)) as parts:
        await open_first_show(create_house(parts, hosts=frozenset()), idle_minutes=1)
        await play(parts)


@pytest.mark.parametrize(
    ("group", "value", "told"),
    [("traces", {"endpoint": "udp://x"}, "CHIMERA_TRACES__ENDPOINT"),
     ("metrics", {"port": 70_000}, "CHIMERA_METRICS__PORT")],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_refused_by_its_name(
    tmp_path: Path, group: str, value: dict[str, Any], told: str
) -> None:
    with pytest.raises(Unready, match=told) as refused:
        settings_in(tmp_path, **{group: value})
    assert refused.value.exit_code == 2
