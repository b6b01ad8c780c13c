"""The providers as people see them: which there are, how they do, and which plays by default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chimera.core.errors import NotFound
from chimera.core.generation import Health, Model, Provider, ProviderState, Route
from chimera.core.ids import to_millis
from chimera.providers.catalog import Catalog
from chimera.providers.gateway import Gateway
from chimera.providers.roster import IMPROV, SCRIPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a setting says of one provider."""

    title: str
    base_url: str | None = None
    model: str | None = None
    #: Named by a setting, and so preferred; a local server that was merely found is offered.
    configured: bool = False


class Directory:
    """Every provider this house can cast, the best first."""

    def __init__(
        self,
        gateway: Gateway,
        catalog: Catalog,
        entries: Mapping[str, Entry],
        *,
        order: Sequence[str] = (),
    ) -> None:
        """`order`: which provider plays first; those that it lacks come after, the troupe last."""
        self._gateway = gateway
        self._catalog = catalog
        self._order = tuple(order)
        self._entries: dict[str, Entry] = {}
        for name, entry in entries.items():
            self.put(name, entry)

    def put(self, name: str, entry: Entry) -> None:
        """Show a provider like this from now on; the roster says how it is asked."""
        self._entries[name] = entry
        self._catalog.prefer(name, entry.model)

    def remove(self, name: str) -> None:
        self._entries.pop(name, None)
        self._catalog.prefer(name, None)

    def known(self) -> Sequence[ProviderState]:
        return [self._state(name) for name in self._ranked()]

    async def look(self) -> None:
        await self._catalog.refresh()

    async def models(self, name: str) -> Sequence[Model]:
        provider = self._provider(name)
        if name == SCRIPTED:
            return await provider.models()
        return await self._catalog.models(name)

    async def check(self, name: str) -> Health:
        return await self._provider(name).check()

    def best(self) -> Route:
        for name in self._ranked():
            entry = self._entries[name]
            model = self._catalog.default_model(name)
            if entry.configured and model and self._gateway.roster.usable(name):
                return Route(provider=name, model=model)
        return Route(provider=SCRIPTED, model=IMPROV)

    def default_model(self, name: str) -> str | None:
        """What plays if nobody chose: the model a setting names, else the catalog's."""
        return IMPROV if name == SCRIPTED else self._catalog.default_model(name)

    def _ranked(self) -> Sequence[str]:
        places = {name: place for place, name in enumerate(self._order)}
        last = len(places) + 1
        return sorted(
            self._entries, key=lambda name: last if name == SCRIPTED else places.get(name, last - 1)
        )

    def _provider(self, name: str) -> Provider:
        provider = self._gateway.roster.provider(name)
        if provider is None:
            known = ", ".join(self._gateway.roster)
            raise NotFound(f"There is no provider {name!r}; there are {known}.")
        return provider

    def _state(self, name: str) -> ProviderState:
        entry, record = self._entries[name], self._gateway.health.record(name)
        if name == SCRIPTED:
            return ProviderState(
                name=name, title=entry.title, ready=True, local=True, found=False,
                models=(IMPROV,), default_model=IMPROV, calls=record.calls,
            )  # fmt: skip
        listing = self._catalog.listing(name)
        breaker, until = self._gateway.breaker(name)
        answered = listing is not None and listing.failure is None
        local = self._catalog.is_local(name)
        return ProviderState(
            name=name,
            title=entry.title,
            ready=None if listing is None else answered,
            local=local,
            # By itself: who was named by somebody is not offered once more.
            found=answered and local and not entry.configured,
            base_url=entry.base_url,
            models=tuple(model.id for model in listing.models) if listing else (),
            default_model=self._catalog.default_model(name),
            detail=listing.failure.message if listing and listing.failure else None,
            calls=record.calls,
            errors=sum(record.failures.values()),
            last_success_at=to_millis(record.last_success) if record.last_success else None,
            last_failure_at=to_millis(record.last_failure) if record.last_failure else None,
            last_failure=record.last_code,
            failing=record.failing,
            p50_ms=record.p50_ms,
            p95_ms=record.p95_ms,
            tokens_per_s=record.tokens_per_s,
            failures=record.failures,
            breaker=breaker,
            breaker_until=until,
        )
