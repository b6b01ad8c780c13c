"""What is stored of providers, as commands and the desk reach it: the vault, the rows, the keys."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import structlog
from orjson import loads
from pydantic import SecretStr
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError

from chimera.api.deps import KeyCard, ProviderCard
from chimera.app.models import (
    ADDRESSES,
    LOCAL,
    TITLES,
    WANT_KEY,
    Plan,
    environment_keys,
    plan_of,
    set_by_environment,
    tuned,
)
from chimera.app.system import SystemClock, TimeOrderedIds, only_one_process
from chimera.core.errors import Unready
from chimera.core.ids import to_millis
from chimera.settings import ServiceSettings, Settings
from chimera.store import credentials
from chimera.store.credentials import Snapshot, Stored, Tuning
from chimera.store.database import Store, parse, reach
from chimera.store.sqlite import read_file
from chimera.store.vault import UNREADABLE, SealBroken, Vault, kid_of, parse_ring

log = structlog.get_logger()

#: The house key that is made in the data folder if no setting names another.
KEY_FILE = "chimera.key"
#: Envelopes that are wrapped anew in one transaction.
_BATCH = 100
#: How long a command waits for a database server.
_PATIENCE_S = 3.0

#: The code of the failure that switched a key off, by its id.
Disabled = Callable[[str], str | None]


def vault_of(settings: Settings) -> Vault:
    """Where the house key is. Raises Unready for settings that cannot be right."""
    given, named = settings.security.kek, settings.security.kek_file
    if given is not None and named is not None:
        raise Unready(
            "Set CHIMERA_SECURITY__KEK or CHIMERA_SECURITY__KEK_FILE, not both.", exit_code=2
        )
    if given is None:
        return Vault(path=named or settings.server.data_dir / KEY_FILE, makes=named is None)
    try:
        return Vault(given=parse_ring(given.get_secret_value()))
    except ValueError as error:
        raise Unready(f"CHIMERA_SECURITY__KEK cannot be used: {error}.", exit_code=2) from None


def open_all(vault: Vault, found: Snapshot) -> dict[str, SecretStr]:
    """The stored keys that can be opened, by the id of their row."""
    opened: dict[str, SecretStr] = {}
    for each in found.stored:
        if each.sealed is None:
            continue
        try:
            opened[each.id] = vault.open(each.sealed, each.context)
        except (SealBroken, Unready) as error:
            log.warning(UNREADABLE, provider=each.provider, why=str(error))
    return opened


async def read_snapshot(settings: Settings) -> Snapshot:
    """What is stored, for a command; the file of a running house is only read.

    Raises Unready for a database server that does not answer.
    """
    if settings.database_url.startswith("sqlite"):
        return await asyncio.to_thread(_read_file, settings)
    async with reach(parse(settings.database_url), patience=_PATIENCE_S) as backend:
        try:
            return await backend.read(credentials.snapshot)
        except DBAPIError:
            # Of an older version, or empty; the doctor says more.
            return Snapshot()


def _read_file(settings: Settings) -> Snapshot:
    path = Path(parse(settings.database_url).database or "")
    if not path.is_file():
        return Snapshot()
    engine = create_engine("sqlite://", creator=partial(read_file, path), json_deserializer=loads)
    try:
        with engine.connect() as connection:
            return credentials.snapshot(connection)
    except DBAPIError:
        # Of an older version, or no database at all; the doctor says more.
        return Snapshot()
    finally:
        engine.dispose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How every provider is set: by the settings, and by what is stored, which wins."""

    settings: Settings
    found: Snapshot = field(default_factory=Snapshot)
    #: Stored keys that could be opened, by the id of their row.
    opened: Mapping[str, SecretStr] = field(default_factory=dict[str, SecretStr], repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Every provider that may be set, the best first."""
        return self.settings.providers.order

    def plans(self) -> dict[str, Plan]:
        """How those that can be asked are asked."""
        return {name: plan for name in self.names if (plan := self.plan(name))}

    def plan(self, name: str) -> Plan | None:
        stored = self.found.of(name)
        return plan_of(
            name,
            self.settings,
            stored=stored,
            secret=self.opened.get(stored.id) if stored else None,
            tuning=self.found.tunings.get(name),
        )

    def address(self, name: str) -> str:
        """Where a provider is asked, or would be."""
        stored, given = self.found.of(name), set_by_environment(name, self.settings)
        return (stored.base_url if stored else None) or given.base_url or ADDRESSES[name]

    def card(self, name: str, disabled: Disabled) -> ProviderCard:
        """What people are told. `disabled`: why this process leaves a key alone, by its id."""
        stored, plan = self.found.of(name), self.plan(name)
        given = set_by_environment(name, self.settings)
        model, limits = tuned(given, self.found.tunings.get(name))
        key = self._stored_key(stored, disabled) if stored else _own_key(name, given, disabled)
        return ProviderCard(
            name=name,
            title=TITLES[name],
            local=name in LOCAL,
            wants_key=name in WANT_KEY,
            base_url=plan.address if plan else self.address(name),
            default_model=model,
            credential=key,
            limits=limits,
        )

    def _stored_key(self, stored: Stored, disabled: Disabled) -> KeyCard | None:
        if stored.sealed is None:
            return None
        because = disabled(stored.id) or stored.disabled_because
        return KeyCard(
            source="stored",
            last4=stored.last4,
            fingerprint=stored.fingerprint,
            disabled_because=because if stored.id in self.opened else UNREADABLE,
            set_at=stored.created_at,
        )


def _own_key(name: str, given: ServiceSettings, disabled: Disabled) -> KeyCard | None:
    keys = environment_keys(name, given)
    if not keys:
        return None
    refusals = [disabled(each.id) for each in keys]
    return KeyCard(
        source="environment",
        last4=keys[0].last4,
        fingerprint=keys[0].fingerprint,
        count=len(keys),
        # As long as one works, the provider does.
        disabled_because=refusals[0] if all(refusals) else None,
    )


async def read_setup(settings: Settings, *, but: str | None = None) -> Setup:
    """How the providers are set, for a command that sets one of them itself. Raises Unready."""
    found = await read_snapshot(settings)
    if but is not None:
        stored = tuple(each for each in found.stored if each.provider != but)
        found = replace(found, stored=stored)
    opened = await asyncio.to_thread(open_all, vault_of(settings), found)
    return Setup(settings=settings, found=found, opened=opened)


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncGenerator[Store]:
    """The database, for a command that writes. Raises Occupied where a running house has it."""
    folder = settings.server.data_dir
    with only_one_process(folder) if settings.database.url is None else nullcontext():
        async with Store.open(
            settings.database_url, ids=TimeOrderedIds(), patience=_PATIENCE_S
        ) as store:
            yield store


async def limit(settings: Settings, name: str, wanted: Tuning) -> None:
    """Store a provider's limits; a running house notices within seconds."""
    at = to_millis(SystemClock().now())
    async with open_store(settings) as store:
        await store.write(partial(credentials.tune, provider=name, tuning=wanted, at=at))


async def rewrap_all(store: Store, vault: Vault) -> int:
    """Wrap every stored key with the newest house key, then retire the others; how many were.

    It may be broken off and begun again at any time: what is done is done.
    """
    found = [each for each in (await store.read(credentials.snapshot)).stored if each.sealed]
    done = 0
    for start in range(0, len(found), _BATCH):
        fresh = await asyncio.to_thread(_rewrapped, vault, found[start : start + _BATCH])
        if fresh:
            await store.write(partial(_replace_all, fresh=fresh))
        done += len(fresh)
    ring = vault.ring
    rows = (await store.read(credentials.snapshot)).stored
    needed = {kid_of(each.sealed) for each in rows if each.sealed}
    if ring is not None:
        idle = {key.kid for key in ring.keys[1:]} - needed
        await asyncio.to_thread(vault.retire, idle)
    return done


Fresh = list[tuple[Stored, Mapping[str, object]]]


def _rewrapped(vault: Vault, batch: Sequence[Stored]) -> Fresh:
    fresh: Fresh = []
    for each in batch:
        try:
            sealed = vault.rewrap(each.sealed or {}, each.context)
        except SealBroken as error:
            log.warning(UNREADABLE, provider=each.provider, why=str(error))
            continue
        if sealed is not None:
            fresh.append((each, sealed))
    return fresh


def _replace_all(connection: Connection, *, fresh: Fresh) -> None:
    for stored, sealed in fresh:
        credentials.replace_seal(connection, stored, sealed)
