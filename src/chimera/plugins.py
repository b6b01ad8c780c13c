"""Providers that others wrote: installed packages, loaded because the operator named them.

A package offers a provider by an entry point of the group `chimera.providers`, whose name is the
provider's. Its code runs with all our rights. If it fails, a call has failed, never a turn.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from traceback import walk_tb
from typing import Protocol, cast

import structlog

from chimera.core.errors import ProviderDown, ProviderError, ProviderSlow, Unready
from chimera.core.generation import Chunk, GenerationRequest, Health, Model, Provider
from chimera.core.ids import Clock

log = structlog.get_logger(__name__)

GROUP = "chimera.providers"
#: Seconds in which a plugin must have listed its models, or answered a check.
_PATIENCE = 10.0
_SETTING = "CHIMERA_PROVIDERS__PLUGINS"
_EXIT = 2


class ProviderFactory(Protocol):
    """What an entry point leads to; it reads its own variables and reaches for nothing else."""

    def __call__(self, *, clock: Clock, environment: Mapping[str, str]) -> Provider: ...


class PluginProvider:
    """A provider of a plugin, whose errors all have a name."""

    def __init__(self, provider: Provider, *, title: str) -> None:
        self._provider = provider
        self.title = title

    @property
    def name(self) -> str:
        return self._provider.name

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        try:
            async with aclosing(self._provider.stream(request)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except ProviderError:
            raise
        except Exception as error:
            raise self._failure(error) from error

    async def models(self) -> Sequence[Model]:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._provider.models()
        except TimeoutError as error:
            raise ProviderSlow(f"no list within {_PATIENCE:g} s", stage="total") from error
        except ProviderError:
            raise
        except Exception as error:
            raise self._failure(error) from error

    async def check(self) -> Health:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._provider.check()
        except Exception as error:
            failure = error if isinstance(error, ProviderError) else self._failure(error)
            return Health(ok=False, code=failure.code, detail=failure.message)

    async def close(self) -> None:
        await self._provider.close()

    def _failure(self, error: Exception) -> ProviderDown:
        # Its text may hold anything, a key too: only the log has it, which takes keys out.
        *_, (frame, line) = walk_tb(error.__traceback__)
        where = f"{frame.f_code.co_filename}:{line}"
        log.warning("plugin_failed", provider=self.name, error=repr(error), at=where)
        return ProviderDown(f"the plugin of {self.name} failed: {type(error).__name__}")


def load_providers(
    names: Iterable[str],
    *,
    clock: Clock,
    environment: Mapping[str, str],
    taken: Collection[str] = (),
) -> list[PluginProvider]:
    """The providers of these names. Raises Unready naming what is wrong with a plugin."""
    offered = {each.name: each for each in entry_points(group=GROUP)}
    found = list[PluginProvider]()
    for name in dict.fromkeys(names):
        if name in taken:
            raise Unready(f"{_SETTING}: {name} is a provider of the house.", exit_code=_EXIT)
        if name not in offered:
            raise Unready(_unknown(name, offered), exit_code=_EXIT)
        found.append(_load(offered[name], clock=clock, environment=environment))
    return found


def _load(entry: EntryPoint, *, clock: Clock, environment: Mapping[str, str]) -> PluginProvider:
    try:
        factory = cast("ProviderFactory", entry.load())
        provider = factory(clock=clock, environment=environment)
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        raise Unready(
            f"The plugin {entry.name} cannot be loaded: {told}", exit_code=_EXIT
        ) from error
    lacks = [each for each in ("stream", "models", "check", "close") if not hasattr(provider, each)]
    if lacks or getattr(provider, "name", None) != entry.name:
        wrong = f"has no {lacks[0]}" if lacks else f"is not named {entry.name}"
        raise Unready(f"The plugin {entry.name} gives a provider that {wrong}.", exit_code=_EXIT)
    return PluginProvider(provider, title=getattr(provider, "title", entry.name))


def _unknown(name: str, offered: Collection[str]) -> str:
    near = get_close_matches(name, offered, n=1)
    hint = f"did you mean {near[0]}?" if near else f"installed are: {', '.join(offered) or 'none'}."
    return f"{_SETTING}: no installed package offers a provider named {name}; {hint}"
