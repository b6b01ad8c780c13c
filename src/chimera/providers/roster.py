"""Who can be asked at this moment: the providers of the house, each with its keys."""

from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from chimera.core.generation import Provider
from chimera.core.routes.limits import UNLIMITED, Limits

#: The name of the improv troupe: it needs no slot and no key, and its lines are marked.
SCRIPTED = "scripted"
#: What the troupe is asked for by.
IMPROV = "improv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """A provider as it is asked with one key."""

    provider: Provider
    #: The id of the key, never the key; None where none is needed.
    credential: str | None = None
    #: Whose key it is; None: the house's, for everybody in it.
    owner: str | None = None
    limits: Limits = UNLIMITED

    @property
    def id(self) -> str:
        """What health, limits and refusals are kept by: the key, or the provider without one."""
        return self.credential or self.provider.name


class Roster:
    """The providers by name. It changes while calls run: who left is closed after its last one."""

    def __init__(self, entries: Mapping[str, Sequence[Keyed]] | None = None) -> None:
        self._entries = {name: tuple(keyed) for name, keyed in (entries or {}).items()}
        self._disabled: dict[str, str] = {}
        self._calls = Counter[int]()
        self._leaving: list[Provider] = []

    @classmethod
    def of(cls, *providers: Provider) -> "Roster":
        """Providers that need no key."""
        return cls({each.name: [Keyed(provider=each)] for each in providers})

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._entries))

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    async def put(self, name: str, keyed: Sequence[Keyed]) -> None:
        """Ask a provider like this from now on; a key that comes with a new adapter is trusted."""
        before = self._entries.get(name, ())
        self._entries[name] = tuple(keyed)
        known = {id(each.provider) for each in before}
        for each in keyed:
            if id(each.provider) not in known:
                self._disabled.pop(each.id, None)
        kept = {id(each.provider) for each in keyed}
        await self._dismiss(each.provider for each in before if id(each.provider) not in kept)

    async def remove(self, name: str) -> None:
        """Ask a provider no more; an unknown name is no error."""
        await self.put(name, ())
        del self._entries[name]

    def disable(self, credential: str, code: str) -> None:
        """Leave a key alone, by its `Keyed.id`, because of the failure with this code."""
        self._disabled[credential] = code

    def enable(self, credential: str) -> None:
        self._disabled.pop(credential, None)

    def disabled(self, credential: str) -> str | None:
        """The code of the failure that switched a key off; None for one that works."""
        return self._disabled.get(credential)

    def keyed(self, name: str) -> tuple[Keyed, ...]:
        """All keys of a provider, those that are switched off included."""
        return self._entries.get(name, ())

    def usable(self, name: str, owner: str | None = None) -> tuple[Keyed, ...]:
        """The keys that may be used for an owner's conversation: its own, then the house's."""
        working = [each for each in self.keyed(name) if each.id not in self._disabled]
        own = [each for each in working if each.owner and each.owner == owner]
        return (*own, *(each for each in working if not each.owner))

    def has(self, keyed: Keyed) -> bool:
        """Whether it was neither replaced nor switched off."""
        return keyed.id not in self._disabled and any(
            each.provider is keyed.provider for each in self.keyed(keyed.provider.name)
        )

    def provider(self, name: str) -> Provider | None:
        """The adapter that answers for the house in lists and checks; None for an unknown name."""
        everyone = (*self.usable(name), *self.keyed(name))
        return everyone[0].provider if everyone else None

    @asynccontextmanager
    async def calling(self, keyed: Keyed) -> AsyncGenerator[Provider]:
        """The adapter, which stays open until the block is left."""
        provider = keyed.provider
        self._calls[id(provider)] += 1
        try:
            yield provider
        finally:
            self._calls[id(provider)] -= 1
            if provider in self._leaving and not self._calls[id(provider)]:
                self._leaving.remove(provider)
                await provider.close()

    async def close(self) -> None:
        """Close every adapter, with the house."""
        everyone = {id(each.provider): each.provider for name in self for each in self.keyed(name)}
        everyone |= {id(each): each for each in self._leaving}
        self._entries.clear()
        self._leaving.clear()
        for provider in everyone.values():
            await provider.close()

    async def _dismiss(self, providers: Iterable[Provider]) -> None:
        for provider in {id(each): each for each in providers}.values():
            if self._calls[id(provider)]:
                self._leaving.append(provider)
            else:
                await provider.close()
