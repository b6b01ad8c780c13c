"""The desk where providers' keys, addresses and limits are handed in while the house runs.

What is stored wins over the environment. Each process reads it every few seconds, so that all ask
alike; a key is opened only to be given to its adapter.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import structlog
from pydantic import SecretStr
from sqlalchemy import Connection

from chimera.api.deps import KeyCard, KeyChange, ProviderCard
from chimera.app.models import (
    ADDRESSES,
    LOCAL,
    LOCAL_KINDS,
    TITLES,
    TUNED,
    WANT_KEY,
    Key,
    Models,
    Plan,
    adapter_of,
    entry_of,
    environment_keys,
    keyed_of,
    plan_of,
    set_by_environment,
)
from chimera.core.errors import ChimeraError, Invalid, NotFound, ProviderRefused, Unready
from chimera.core.generation import Health
from chimera.core.ids import Clock, IdSource, to_millis
from chimera.core.limits import Limits
from chimera.providers.addresses import base_url_of
from chimera.settings import Settings
from chimera.store import credentials
from chimera.store.credentials import HOUSE, Snapshot, Stored
from chimera.store.database import Store
from chimera.store.vault import Context, SealBroken, Vault, kid_of, parse_ring

log = structlog.get_logger()

#: How long this process may go on with what it has read; others may have changed it.
LOOK_EVERY_S = 5.0
#: The house key that is made in the data folder if no setting names another.
KEY_FILE = "chimera.key"
#: Why a stored key is not used whose house key is not here.
UNREADABLE = "key_unreadable"
#: Envelopes that are wrapped anew in one transaction.
_BATCH = 100


class KeyDesk:
    """Implements `api.deps.Keys`, and keeps the providers of this process as they are stored."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        vault: Vault,
        models: Models,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._settings = settings
        self._store = store
        self._vault = vault
        self._models = models
        self._clock = clock
        self._ids = ids
        self._snapshot = Snapshot()
        #: Stored keys that were opened, by the id of their row.
        self._opened: dict[str, SecretStr] = {}
        names = settings.providers.order
        self._plans = {name: plan for name in names if (plan := plan_of(name, settings))}
        self._applying = asyncio.Lock()
        self._refused: dict[str, str | None] = {}
        self._told = asyncio.Event()

    # -- keeping up ---------------------------------------------------------------------------

    async def open(self) -> None:
        """Use what is stored. Raises Unready for a key file that cannot be used."""
        found = await self._store.read(credentials.snapshot)
        sealed = any(each.sealed for each in found.stored)
        # Where processes share a database, each would make a file of its own too soon.
        make = not sealed and self._store.dialect == "sqlite"
        await asyncio.to_thread(self._vault.load, make=make)
        await self._apply(found)

    async def run(self) -> None:
        """Notice what other processes store, and tell them which keys were refused."""
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._told.wait()
            except TimeoutError:
                pass
            try:
                await self.look()
            except ChimeraError as error:
                # The database is busy, or a file is being written: the next look will do.
                log.warning("keys_not_read", code=error.code, detail=error.message)

    async def look(self) -> None:
        """Store what was refused here, use what was stored elsewhere, wrap with the newest key."""
        self._told.clear()
        refused, self._refused = self._refused, {}
        for credential, because in refused.items():
            at = to_millis(self._clock.now())
            await self._store.write(partial(_mark, credential=credential, because=because, at=at))
        ring = await asyncio.to_thread(self._vault.load)
        if ring is not None and len(ring.keys) > 1:
            await rewrap_all(self._store, self._vault)
        await self._apply(await self._store.read(credentials.snapshot))

    def refused(self, credential: str, code: str | None) -> None:
        """A key was switched off by the provider's answer, or works again: all must know."""
        self._refused[credential] = code
        self._told.set()

    async def _apply(self, found: Snapshot) -> None:
        async with self._applying:
            before, self._snapshot = self._snapshot, found
            if found == before:
                return
            self._opened = await asyncio.to_thread(self._open_all, found)
            for name in self._settings.providers.order:
                await self._use(name, self._plan(name))
            for each in found.stored:
                old = before.of(each.provider, each.owner)
                if each.disabled_because:
                    self._models.roster.disable(each.id, each.disabled_because)
                elif old is not None and old.id == each.id and old.disabled_because:
                    self._models.roster.enable(each.id)
                    self._models.catalog.forget(each.provider)

    def _open_all(self, found: Snapshot) -> dict[str, SecretStr]:
        opened: dict[str, SecretStr] = {}
        for each in found.stored:
            if each.sealed is None:
                continue
            try:
                opened[each.id] = self._vault.open(each.sealed, each.context)
            except (SealBroken, Unready) as error:
                log.warning("key_unreadable", provider=each.provider, why=str(error))
        return opened

    def _plan(self, name: str) -> Plan | None:
        stored = self._snapshot.of(name)
        return plan_of(
            name,
            self._settings,
            stored=stored,
            secret=self._opened.get(stored.id) if stored else None,
            tuning=self._snapshot.tunings.get(name),
        )

    async def _use(self, name: str, plan: Plan | None) -> None:
        """Ask a provider as planned from now on; a call that runs is not disturbed."""
        if plan == self._plans.get(name):
            return
        models = self._models
        if plan is None:
            del self._plans[name]
            models.directory.remove(name)
            await models.roster.remove(name)
        else:
            if name not in LOCAL:
                await asyncio.to_thread(models.prices.load)
            self._plans[name] = plan
            await models.roster.put(name, keyed_of(plan, self._clock))
            models.directory.put(name, entry_of(plan))
        models.catalog.forget(name)

    # -- what people see ----------------------------------------------------------------------

    def cards(self) -> Sequence[ProviderCard]:
        return [self._card(name) for name in self._settings.providers.order]

    def _card(self, name: str) -> ProviderCard:
        given, stored = set_by_environment(name, self._settings), self._snapshot.of(name)
        plan = self._plans.get(name)
        tuning = self._snapshot.tunings.get(name, {})
        limits = {each: tuning.get(each, getattr(given, each)) for each in TUNED}
        address = (stored.base_url if stored else None) or given.base_url or ADDRESSES[name]
        return ProviderCard(
            name=name,
            title=TITLES[name],
            local=name in LOCAL,
            wants_key=name in WANT_KEY,
            base_url=plan.address if plan else address,
            default_model=plan.model if plan else given.model,
            credential=self._stored_key(stored) if stored else self._environment_key(name),
            limits=plan.limits if plan else Limits(**limits),  # pyright: ignore[reportArgumentType] - numbers, as `tune` checked
        )

    def _stored_key(self, stored: Stored) -> KeyCard | None:
        if stored.sealed is None:
            return None
        because = self._models.roster.disabled(stored.id) or stored.disabled_because
        return KeyCard(
            source="stored",
            last4=stored.last4,
            fingerprint=stored.fingerprint,
            disabled_because=because if stored.id in self._opened else UNREADABLE,
            set_at=stored.created_at,
        )

    def _environment_key(self, name: str) -> KeyCard | None:
        keys = environment_keys(name, set_by_environment(name, self._settings))
        if not keys:
            return None
        refusals = [self._models.roster.disabled(each.id) for each in keys]
        return KeyCard(
            source="environment",
            last4=keys[0].last4,
            fingerprint=keys[0].fingerprint,
            count=len(keys),
            # As long as one works, the provider does.
            disabled_because=refusals[0] if all(refusals) else None,
        )

    # -- changes ------------------------------------------------------------------------------

    async def put(self, name: str, change: KeyChange) -> None:
        self._check_name(name)
        if change.api_key is None and change.base_url is None:
            raise Invalid("Give a key, an address or both.", path="api_key")
        change = checked(name, change)
        await self._put(name, change)
        await self._apply(await self._store.read(credentials.snapshot))

    async def _put(self, name: str, change: KeyChange) -> None:
        credential = self._ids.new("crd")
        fresh = Stored(
            id=credential, owner=HOUSE, provider=name,
            created_at=to_millis(self._clock.now()), updated_at=to_millis(self._clock.now()),
        )  # fmt: skip
        if change.api_key is None:
            await self._store.write(partial(_move, fresh=fresh, change=change))
            return
        key = Key(id=credential, secret=change.api_key)
        fresh = replace(fresh, last4=key.last4, fingerprint=key.fingerprint)
        kid = None
        # A house key may be retired between the sealing and the storing: then once more.
        while (
            kid is None
            or (ring := await asyncio.to_thread(self._vault.load)) is None
            or (kid not in ring)
        ):
            sealed = await asyncio.to_thread(self._seal, key.secret, fresh.context)
            kid = kid_of(sealed)
            await self._store.write(
                partial(_move, fresh=replace(fresh, sealed=sealed), change=change)
            )

    def _seal(self, secret: SecretStr, context: Context) -> Mapping[str, object]:
        try:
            return self._vault.seal(secret, context)
        except (SealBroken, Unready) as error:
            raise Invalid(f"The key cannot be stored: {error}", path="api_key") from None

    async def drop(self, name: str) -> None:
        self._check_name(name)
        await self._store.write(partial(credentials.remove, provider=name))
        await self._apply(await self._store.read(credentials.snapshot))

    async def tune(self, name: str, tuning: Mapping[str, int | str | None]) -> None:
        self._check_name(name)
        at = to_millis(self._clock.now())
        await self._store.write(partial(credentials.tune, provider=name, tuning=tuning, at=at))
        await self._apply(await self._store.read(credentials.snapshot))

    def _check_name(self, name: str) -> None:
        if name not in self._settings.providers.order:
            known = ", ".join(self._settings.providers.order)
            raise NotFound(f"There is no provider {name!r} to be set; there are {known}.")

    # -- checks -------------------------------------------------------------------------------

    async def check(self, name: str, change: KeyChange) -> Health:
        if change.api_key is not None or change.base_url is not None:
            self._check_name(name)
            return await self._try(name, checked(name, change))
        keyed = self._models.roster.keyed(name)
        if not keyed:
            await self._models.directory.check(name)
        answers = [await each.provider.check() for each in keyed]
        for each, health in zip(keyed, answers, strict=True):
            if health.ok:
                self._works_again(name, each.id)
            elif health.code == ProviderRefused.code and each.credential:
                self._models.roster.disable(each.id, ProviderRefused.code)
                self.refused(each.id, ProviderRefused.code)
        bad = next((each for each in answers if not each.ok), None)
        return in_words(bad or answers[0], has_key=keyed[0].credential is not None)

    def _works_again(self, name: str, credential: str) -> None:
        if self._models.roster.disabled(credential):
            self._models.roster.enable(credential)
            self._models.catalog.forget(name)
            self.refused(credential, None)

    async def _try(self, name: str, change: KeyChange) -> Health:
        """Ask with what was given, and with nothing that was given for another address."""
        stored = self._snapshot.of(name)
        before = stored.base_url if stored else None
        address = before if change.base_url is None else change.base_url or None
        row = Stored(
            id="crd_tried", owner=HOUSE, provider=name, sealed={}, base_url=address,
            created_at=0, updated_at=0,
        )  # fmt: skip
        secret = change.api_key
        if secret is None and stored is not None and address == before:
            secret = self._opened.get(stored.id)
        plan = plan_of(
            name, self._settings, stored=row if secret else replace(row, sealed=None), secret=secret
        )
        if plan is None:
            raise NotFound(f"There is nothing to ask of {name}: give it a key.")
        adapter = adapter_of(plan, plan.keys[0] if plan.keys else None, self._clock)
        try:
            return in_words(await adapter.check(), has_key=secret is not None)
        finally:
            await adapter.close()


def checked(name: str, change: KeyChange) -> KeyChange:
    """What a person gave, in the form that is used; an empty address stays one. Raises Invalid."""
    key, address = change.api_key, change.base_url
    if key is not None:
        text = key.get_secret_value().strip()
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise Invalid("A key has visible ASCII characters and no spaces.", path="api_key")
        key = SecretStr(text)
    if address is not None:
        address = address.strip() and base_url_of(address.strip(), local=name in LOCAL_KINDS)
    return KeyChange(api_key=key, base_url=address)


def _move(connection: Connection, *, fresh: Stored, change: KeyChange) -> None:
    """Store a key, an address or both, by what is there at this moment."""
    before = credentials.snapshot(connection).of(fresh.provider, fresh.owner)
    old = before.base_url if before else None
    address = old if change.base_url is None else change.base_url or None
    if fresh.sealed is None and before is not None and address == old:
        return
    if fresh.sealed is None and address is None:
        credentials.remove(connection, fresh.provider, fresh.owner)
        return
    credentials.put(connection, replace(fresh, base_url=address))


def _mark(connection: Connection, *, credential: str, because: str | None, at: int) -> None:
    credentials.mark(connection, credential, because, at=at)


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
            log.warning("key_unreadable", provider=each.provider, why=str(error))
            continue
        if sealed is not None:
            fresh.append((each, sealed))
    return fresh


def _replace_all(connection: Connection, *, fresh: Fresh) -> None:
    for stored, sealed in fresh:
        credentials.replace_seal(connection, stored, sealed)


# -- plain words ------------------------------------------------------------------------------

_WORDS = {
    "provider_refused": "The key was refused.",
    "provider_down": "Nothing answers there.",
    "provider_slow": "It did not answer in time.",
    "provider_busy": "It answers, but has too many requests at the moment.",
    "quota_spent": "The key is right, but its quota is spent.",
    "unknown_model": "Something answers, but not at this path. Does the address end as it should?",
    "bad_stream": "Something answers, but not as this provider does.",
}
_LONGEST_DETAIL = 300


def in_words(health: Health, *, has_key: bool) -> Health:
    """The outcome of a check as one says it to a person, with the provider's own words behind."""
    if health.ok:
        return replace(health, detail=f"It answers: {health.detail}." if health.detail else "")
    said = _WORDS.get(health.code or "", "It cannot be asked.")
    if health.code == ProviderRefused.code and not has_key:
        said = "It wants a key."
    return replace(health, detail=f"{said} ({health.detail})"[:_LONGEST_DETAIL])


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
