"""Providers and directors that others wrote: installed packages that the operator named.

A package offers them by entry points of the groups `chimera.providers` and `chimera.directors`,
each under the name it goes by. Their code runs with all our rights. If a provider fails, a call has
failed, never a turn; if a director does, `show` directs that turn.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from traceback import walk_tb
from typing import Protocol, cast

import structlog

from chimera.core.errors import PluginFailed, ProviderDown, ProviderError, ProviderSlow, Unready
from chimera.core.generation import Chunk, GenerationRequest, Health, Model, Provider
from chimera.core.ids import Clock
from chimera.core.schemes import REASONS, SCHEMES, Scheme, View

log = structlog.get_logger(__name__)

GROUP, DIRECTORS = "chimera.providers", "chimera.directors"
#: Seconds in which a plugin must have listed its models, or answered a check.
_PATIENCE = 10.0
_SETTING = "CHIMERA_PROVIDERS__PLUGINS"
_DIRECTORS_SETTING = "CHIMERA_MINDS__DIRECTORS"
#: Seconds in which a director must have weighed one participant: all conversations wait for it.
_QUICK = 0.05
#: After so many failures within so many seconds a director is left alone for a while.
_MOST_FAILURES, _WINDOW, _REST = 5, 300.0, 60.0
#: No term of a director's weighs more than this.
_HEAVIEST = 100.0
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


def _unknown(
    name: str, offered: Collection[str], *, setting: str = _SETTING, what: str = "provider"
) -> str:
    near = get_close_matches(name, offered, n=1)
    hint = f"did you mean {near[0]}?" if near else f"installed are: {', '.join(offered) or 'none'}."
    return f"{setting}: no installed package offers a {what} named {name}; {hint}"


# --- directors -----------------------------------------------------------------------------------


def load_directors(names: Iterable[str], *, clock: Clock) -> Mapping[str, Scheme]:
    """The directors of the house and those of these names. Raises Unready naming what is wrong."""
    offered = {each.name: each for each in entry_points(group=DIRECTORS)}
    found = dict(SCHEMES)
    for name in dict.fromkeys(names):
        if name in SCHEMES:
            told = f"{_DIRECTORS_SETTING}: {name} is a director of the house."
            raise Unready(told, exit_code=_EXIT)
        if name not in offered:
            told = _unknown(name, offered, setting=_DIRECTORS_SETTING, what="director")
            raise Unready(told, exit_code=_EXIT)
        found[name] = _director(offered[name], clock)
    return found


def _director(entry: EntryPoint, clock: Clock) -> Scheme:
    try:
        scheme = entry.load()
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        raise Unready(
            f"The plugin {entry.name} cannot be loaded: {told}", exit_code=_EXIT
        ) from error
    wrong = _wrong_with(scheme, entry.name)
    if wrong:
        told = f"The plugin {entry.name} gives a director {wrong}."
        raise Unready(told, exit_code=_EXIT)
    return replace(scheme, terms=Weighing(scheme, clock))


def _wrong_with(scheme: object, name: str) -> str | None:
    """What keeps it from directing."""
    if not isinstance(scheme, Scheme):
        return "that is no Scheme"
    if scheme.name != name or not scheme.description:
        return f"that is not named {name}" if scheme.name != name else "without a description"
    shapes = (scheme.temperature, scheme.slope)
    if not all(0.05 <= each <= 20 for each in shapes) or not abs(scheme.middle) <= _HEAVIEST:
        return "whose temperature, slope or middle is out of bounds"
    # A longer patience would let somebody wait for ever; a shorter one leaves nothing to weigh.
    return None if 1 <= scheme.patience <= 20 else "whose patience is not between 1 and 20"


class Weighing:
    """The terms of a plugin's director, which are sound or a PluginFailed."""

    def __init__(self, scheme: Scheme, clock: Clock) -> None:
        self._name = scheme.name
        self._terms: Callable[[View], object] = scheme.terms
        self._clock = clock
        self._failed = deque[float](maxlen=_MOST_FAILURES)
        self._rests_until = -math.inf
        self.failures = 0

    def __call__(self, view: View) -> Mapping[str, float]:
        began = self._clock.monotonic()
        if began < self._rests_until:
            raise PluginFailed(f"the director {self._name} rests", because="resting")
        try:
            terms = _sound(self._terms(view))
            _check_quick(self._clock.monotonic() - began)
        except Exception as error:
            self._count(error)
            raise PluginFailed(f"the director {self._name} failed", because="failed") from error
        return terms

    def _count(self, error: Exception) -> None:
        now = self._clock.monotonic()
        self.failures += 1
        self._failed.append(now)
        many = len(self._failed) == _MOST_FAILURES and now - self._failed[0] <= _WINDOW
        if many:
            self._rests_until = now + _REST
            self._failed.clear()
        log.warning(
            "director_failed", director=self._name, error=repr(error), failures=self.failures,
            rests=many,
        )  # fmt: skip


def _check_quick(took: float) -> None:
    """Raises TimeoutError."""
    if took > _QUICK:
        raise TimeoutError(f"{took:.3f} s for one participant")


def _sound(terms: object) -> Mapping[str, float]:
    """Terms that can be added up and explained. Raises ValueError."""
    if not isinstance(terms, Mapping) or not terms:
        raise ValueError("no terms")
    found = dict[str, float]()
    for code, value in cast("Mapping[object, object]", terms).items():
        if code not in REASONS or code == "director":
            raise ValueError(f"{code!r} is no code of a term")
        if not isinstance(value, int | float) or not abs(value) <= _HEAVIEST:
            raise ValueError(f"{code} is {value!r}")
        found[str(code)] = float(value)
    return found
