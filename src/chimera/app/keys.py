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

from chimera.api.deps import KeyChange, ProviderCard
from chimera.app.models import (
    ADDRESSES,
    LOCAL,
    LOCAL_KINDS,
    Key,
    Models,
    Plan,
    adapter_of,
    entry_of,
    keyed_of,
    plan_of,
)
from chimera.app.sealed import Setup, open_all, rewrap_all
from chimera.core.errors import (
    ChimeraError,
    Invalid,
    NotFound,
    ProviderDown,
    ProviderRefused,
    Unready,
)
from chimera.core.generation import Health
from chimera.core.ids import Clock, IdSource, to_millis
from chimera.providers.addresses import base_url_of
from chimera.providers.roster import Keyed
from chimera.settings import Settings
from chimera.store import credentials
from chimera.store import log as logs
from chimera.store.credentials import HOUSE, Snapshot, Stored
from chimera.store.database import Store
from chimera.store.vault import Context, SealBroken, Vault, kid_of

log = structlog.get_logger()

#: How long this process may go on with what it has read; others may have changed it.
LOOK_EVERY_S = 5.0


class HouseKeyMissing(Invalid):
    """Where several machines share a database, each would seal with a key that no other has."""

    code = "house_key_missing"


class KeyRefused(Invalid):
    """The key that works stays: the new one would silence every show that is played by it."""

    code = "key_refused"


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
        plans: Mapping[str, Plan] | None = None,
    ) -> None:
        """`plans`: what `models` were built by, if not by the settings alone."""
        self._store = store
        self._vault = vault
        self._models = models
        self._clock = clock
        self._ids = ids
        self._setup = Setup(settings=settings)
        #: How each is asked at this moment.
        self._plans = self._setup.plans() if plans is None else dict(plans)
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
        for credential, because in tuple(self._refused.items()):
            at = to_millis(self._clock.now())
            await self._store.write(partial(_mark, credential=credential, because=because, at=at))
            # Unless it was changed again meanwhile, or the database would not take it.
            if self._refused.get(credential) == because:
                del self._refused[credential]
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
            before = self._setup.found
            if found == before:
                return
            opened = await asyncio.to_thread(open_all, self._vault, found)
            self._setup = replace(self._setup, found=found, opened=opened)
            for name in self._setup.names:
                await self._use(name, self._setup.plan(name))
            for each in found.stored:
                old = before.of(each.provider, each.owner)
                if each.disabled_because:
                    self._models.roster.disable(each.id, each.disabled_because)
                elif old is not None and old.id == each.id and old.disabled_because:
                    self._models.roster.enable(each.id)
                    self._models.catalog.forget(each.provider)

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
        return [self._setup.card(name, self._models.roster.disabled) for name in self._setup.names]

    # -- changes ------------------------------------------------------------------------------

    async def put(self, name: str, change: KeyChange) -> None:
        self._check_name(name)
        if change.api_key is None and change.base_url is None:
            raise Invalid("Give a key, an address or both.", path="api_key")
        if change.api_key is not None and self._vault.makes and self._store.dialect != "sqlite":
            raise HouseKeyMissing(
                "This house shares its database with others: set CHIMERA_SECURITY__KEK or"
                " CHIMERA_SECURITY__KEK_FILE to the same key everywhere, then store this one.",
                path="api_key",
            )
        checked = self._checked(name, change)
        if checked.api_key is not None and not change.force:
            await self._prove(name, checked)
        await self._put(name, checked)
        await self._apply(await self._store.read(credentials.snapshot))
        # Talks that waited for a key look whether this one lets them go on.
        await self._store.write(partial(logs.hasten, at=to_millis(self._clock.now())))

    async def _prove(self, name: str, change: KeyChange) -> None:
        """Raises KeyRefused for a key that the provider refuses, in the place of one that works.

        Where nobody answers, nothing speaks against it.
        """
        usable = self._models.roster.usable(name)
        if not any(each.credential for each in usable):
            return
        if (await self._try(name, change)).code == ProviderRefused.code:
            raise KeyRefused("The key was refused; the one before it stays.", path="api_key")

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
        if name not in self._setup.names:
            known = ", ".join(self._setup.names)
            raise NotFound(f"There is no provider {name!r} to be set; there are {known}.")

    # -- checks -------------------------------------------------------------------------------

    async def check(self, name: str, change: KeyChange) -> Health:
        if change.api_key is not None or change.base_url is not None:
            self._check_name(name)
            return await self._try(name, self._checked(name, change))
        keyed = self._models.roster.keyed(name)
        if not keyed:
            self._check_name(name)
            return Health(ok=False, code="unset", detail="It has neither key nor address yet.")
        answers = await ask_all(keyed)
        for each, health in zip(keyed, answers, strict=True):
            if health.ok:
                self._models.gateway.reopen(each)
                self._works_again(name, each.id)
            elif health.code == ProviderRefused.code and each.credential:
                self._models.roster.disable(each.id, ProviderRefused.code)
                self.refused(each.id, ProviderRefused.code)
        return summed(keyed, answers)

    def _works_again(self, name: str, credential: str) -> None:
        if self._models.roster.disabled(credential):
            self._models.roster.enable(credential)
            self._models.catalog.forget(name)
            self.refused(credential, None)

    async def _try(self, name: str, change: KeyChange) -> Health:
        """Ask with what was given, and with nothing that was given for another address."""
        stored = self._setup.found.of(name)
        secret = change.api_key
        if secret is None and change.base_url is None and stored is not None:
            secret = self._setup.opened.get(stored.id)
        address = (stored.base_url if stored else None) if change.base_url is None else None
        row = Stored(
            id="crd_tried", owner=HOUSE, provider=name, sealed=None if secret is None else {},
            base_url=address or change.base_url or None, created_at=0, updated_at=0,
        )  # fmt: skip
        plan = plan_of(name, self._setup.settings, stored=row, secret=secret)
        if plan is None:
            raise NotFound(f"There is nothing to ask of {name}.")
        adapter = adapter_of(plan, plan.keys[0] if plan.keys else None, self._clock)
        try:
            return in_words(await adapter.check(), has_key=secret is not None)
        finally:
            await adapter.close()

    def _checked(self, name: str, change: KeyChange) -> KeyChange:
        """What a person gave, in the form that is used. Raises Invalid.

        The address that is used anyway counts as not given, the provider's own as empty.
        """
        key, address = change.api_key, change.base_url
        if key is not None:
            text = key.get_secret_value().strip()
            if not text or not text.isascii() or not text.isprintable() or " " in text:
                raise Invalid("A key has visible ASCII characters and no spaces.", path="api_key")
            key = SecretStr(text)
        if address is not None and (address := address.strip()):
            if address.rstrip("/") == self._setup.address(name).rstrip("/"):
                address = None
            else:
                address = base_url_of(address, local=name in LOCAL_KINDS)
                address = "" if address == ADDRESSES[name] else address
        if not (address or ADDRESSES[name] or (address is None and self._setup.address(name))):
            raise Invalid("This server has no usual address: give one.", path="base_url")
        return KeyChange(api_key=key, base_url=address)


async def ask_all(keyed: Sequence[Keyed]) -> list[Health]:
    """A free call with each key."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each.provider.check()) for each in keyed]
    return [each.result() for each in tasks]


def summed(keyed: Sequence[Keyed], answers: Sequence[Health]) -> Health:
    """What one says of a provider with these keys: the first that is not well."""
    bad = next((each for each in answers if not each.ok), None)
    return in_words(bad or answers[0], has_key=keyed[0].credential is not None)


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


# -- plain words ------------------------------------------------------------------------------

_WORDS = {
    "provider_refused": "The key was refused.",
    "provider_down": "Nothing answers there.",
    "provider_slow": "It did not answer in time.",
    "provider_busy": "It answers, but has too many requests at the moment.",
    "not_permitted": "It answers, but does not permit this with this key, or from here.",
    "quota_spent": "The key is right, but its quota is spent.",
    "unknown_model": "Something answers, but not at this path. Does the address end as it should?",
    "bad_stream": "Something answers, but not as this provider does.",
}
_LONGEST_DETAIL = 300


def in_words(health: Health, *, has_key: bool) -> Health:
    """The outcome of a check as one says it to a person, with the provider's own words behind."""
    said = health.detail.rstrip(".")
    if health.ok:
        return replace(health, detail=f"It answers: {said}." if said else "")
    if health.code == ProviderDown.code and said != health.detail:
        # A whole sentence of our own, which says where.
        return health
    said = _WORDS.get(health.code or "", "It cannot be asked.")
    if health.code == ProviderRefused.code and not has_key:
        said = "It wants a key."
    return replace(health, detail=f"{said} ({health.detail})"[:_LONGEST_DETAIL])
