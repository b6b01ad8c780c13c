"""What can be seen of the house from inside: looked up for metrics, and on request.

Metrics are read from any thread and must not ask the database; so a look is taken every few seconds
and kept. The rest are numbers that their owners count anyway.
"""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import get_args

import structlog
from sqlalchemy import Connection

from chimera.api.deps import Outflow, Outlook
from chimera.core.errors import ChimeraError
from chimera.core.ids import Clock, to_millis
from chimera.core.ports import Observer
from chimera.engine.journal import Journal
from chimera.engine.reconcile import Reconciler, Why
from chimera.providers.directory import Directory
from chimera.realtime.hub import MemoryHub
from chimera.realtime.redis_hub import RedisHub
from chimera.settings import Settings
from chimera.store import ledger, standing
from chimera.store.backup import last_backup
from chimera.store.database import Store
from chimera.store.preferences import Preferences
from chimera.telemetry import Observers
from chimera.telemetry.metrics import Metrics
from chimera.telemetry.scraping import scraping
from chimera.telemetry.traces import tracing
from chimera.telemetry.watchdog import Watchdog

#: How often the database is asked.
LOOK_S = 10.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What the database said."""

    due: int = 0
    #: Milliseconds UTC; None: nothing is due.
    oldest: int | None = None
    spent_today: float = 0.0
    ceiling: float | None = None
    backed_up_at: int | None = None


@asynccontextmanager
async def open_lookout(
    settings: Settings, store: Store, clock: Clock, preferences: Preferences
) -> AsyncGenerator["Lookout"]:
    """A lookout with its tracer, if one is wanted. Raises Unready(2) if that cannot be."""
    metrics, traces = Metrics(), settings.traces
    async with AsyncExitStack() as stack:
        observers: list[Observer] = [metrics]
        if traces.endpoint is not None:
            tracer = tracing(traces.endpoint, content=traces.content)
            observers.append(await stack.enter_async_context(tracer))
        yield Lookout(
            settings, store=store, clock=clock, preferences=preferences, metrics=metrics,
            observer=Observers(*observers),
        )  # fmt: skip


class Lookout:
    """Looks after one process; implements `api.deps.Lookout`."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        clock: Clock,
        preferences: Preferences,
        metrics: Metrics,
        observer: Observer,
    ) -> None:
        self._store = store
        self._clock = clock
        self._preferences = preferences
        self._metrics = metrics
        self._port = settings.metrics.port
        self._folder = settings.server.data_dir
        self._wal = None if store.file is None else Path(f"{store.file}-wal")
        self._seen = _Seen()
        self._blind = False
        self._unstuck: Mapping[str, int] = {}
        #: Is told what happens in this process.
        self.observer = observer
        #: What this process sends to viewers.
        self.outflow = Outflow()
        self.watchdog = Watchdog(metrics)

    async def run(self) -> None:
        """Look, watch the loop, and answer at the port for metrics, until cancelled.

        Raises Unready(6) if that port is taken.
        """
        async with self._door(), asyncio.TaskGroup() as group:
            group.create_task(self.watchdog.run())
            while True:
                await self._try()
                await asyncio.sleep(LOOK_S)

    @asynccontextmanager
    async def _door(self) -> AsyncGenerator[None]:
        if self._port is None:
            yield
            return
        async with scraping(self._port, self.exposition, self.watchdog) as port:
            log.info("metrics", address=f"http://127.0.0.1:{port}/metrics")
            yield

    async def look(self) -> Outlook:
        seen = await self._ask()
        return Outlook(
            due=seen.due,
            oldest_due_s=self._since(seen.oldest),
            unstuck=dict(self._unstuck),
            wal_bytes=self._wal_bytes(),
            backed_up_at=seen.backed_up_at,
        )

    def exposition(self) -> tuple[bytes, str]:
        return self._metrics.exposition()

    @property
    def stalled(self) -> bool:
        return self.watchdog.stalled

    # --- looking -------------------------------------------------------------------------------

    async def _try(self) -> None:
        """A look that fails leaves what was seen before; that it fails is said once."""
        try:
            self._seen = await self._ask()
            self._blind = False
        except ChimeraError as error:
            if not self._blind:
                log.warning("lookout_blind", code=error.code)
            self._blind = True

    async def _ask(self) -> _Seen:
        now = to_millis(self._clock.now())
        chosen = await self._preferences.current()
        due, oldest, spent = await self._store.read(partial(_ask, now=now))
        return _Seen(
            due=due, oldest=oldest, spent_today=spent, ceiling=chosen.budgets.house_day,
            backed_up_at=await last_backup(self._store),
        )  # fmt: skip

    def _since(self, moment: int | None) -> float:
        now = to_millis(self._clock.now())
        return 0.0 if moment is None else max(0.0, (now - moment) / 1000)

    def _wal_bytes(self) -> int | None:
        if self._wal is None:
            return None
        try:
            return self._wal.stat().st_size
        except FileNotFoundError:
            return 0

    # --- what is exported ----------------------------------------------------------------------

    def export(
        self, hub: MemoryHub | RedisHub, reconciler: Reconciler, providers: Directory,
        journal: Journal,
    ) -> None:  # fmt: skip
        """Have all of it told with the metrics."""
        self._unstuck = reconciler.unstuck
        self._export_turns()
        self._export_house()
        self._export_viewers()
        self._export_hub(hub, journal)
        self._metrics.reads(
            "chimera_provider_breaker_open", "Whether its breaker keeps a provider unasked.",
            lambda: {each.name: float(each.breaker != "closed") for each in providers.known()},
            label="provider",
        )  # fmt: skip

    def _export_viewers(self) -> None:
        reads, outflow = self._metrics.reads, self.outflow
        reads("chimera_live_lines", "Open sockets and event streams.", lambda: outflow.lines)
        reads("chimera_frames_sent", "Frames sent to viewers.", lambda: outflow.frames,
              kind="counter")  # fmt: skip
        reads("chimera_frames_sent_bytes", "Bytes of these frames.", lambda: outflow.bytes,
              kind="counter")  # fmt: skip

    def _export_hub(self, hub: MemoryHub | RedisHub, journal: Journal) -> None:
        reads = self._metrics.reads
        reads("chimera_viewers", "Viewers in this process, counted for each conversation.",
              lambda: hub.viewers_here)  # fmt: skip
        reads("chimera_hub_lag_seconds", "Age of the newest frame on its arrival from elsewhere.",
              lambda: hub.lag_s)  # fmt: skip
        reads("chimera_hub_degraded", "Whether frames of other processes do not arrive.",
              lambda: hub.degraded_since is not None)  # fmt: skip
        reads("chimera_hub_frames_lost", "Frames that Redis did not take.", lambda: hub.lost,
              kind="counter")  # fmt: skip
        reads("chimera_publishes_failed", "Appends that viewers were not told of.",
              lambda: journal.unheard, kind="counter")  # fmt: skip

    def _export_turns(self) -> None:
        reads, none = self._metrics.reads, dict.fromkeys(get_args(Why), 0.0)
        # Each reason is told from the start, so that the first of its kind shows as a rise.
        reads("chimera_turns_unstuck", "Conversations found stuck, by the reason: a fault of ours.",
              lambda: {**none, **self._unstuck}, kind="counter", label="why")  # fmt: skip
        reads("chimera_turns_due", "Conversations whose turn should have begun.",
              lambda: self._seen.due)  # fmt: skip
        reads("chimera_turns_oldest_due_seconds", "For how long the oldest of them has been due.",
              lambda: self._since(self._seen.oldest))  # fmt: skip

    def _export_house(self) -> None:
        reads = self._metrics.reads
        reads("chimera_spent_today_dollars", "What today's calls took or may still take, UTC.",
              lambda: self._seen.spent_today)  # fmt: skip
        reads("chimera_ceiling_today_dollars", "What the house may spend a day, if limited.",
              lambda: self._seen.ceiling)  # fmt: skip
        reads("chimera_wal_bytes", "The write-ahead log beside the embedded database.",
              self._wal_bytes)  # fmt: skip
        reads("chimera_disk_free_bytes", "Free space where the data folder is.",
              lambda: _free(self._folder))  # fmt: skip
        reads("chimera_last_backup_timestamp_seconds", "When the newest backup was made; 0: never.",
              lambda: (self._seen.backed_up_at or 0) / 1000)  # fmt: skip


def _ask(connection: Connection, *, now: int) -> tuple[int, int | None, float]:
    today = now // ledger.DAY_MS * ledger.DAY_MS
    due, oldest = standing.overdue(connection, now=now)
    spent = ledger.spending(connection, since=today, until=today + ledger.DAY_MS, most=0)
    return due, oldest, spent.amount


def _free(folder: Path) -> int | None:
    return shutil.disk_usage(folder).free if folder.is_dir() else None
