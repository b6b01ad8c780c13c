"""Wakes the next speaker's model while the present line is still being shown."""

import asyncio

import structlog

from chimera.core.errors import ProviderError
from chimera.core.generation import Preloads, Route
from chimera.core.ids import Clock
from chimera.providers.catalog import Catalog
from chimera.providers.roster import Roster

#: Seconds for which a model is taken to stay awake: less than any server lets it.
_AWAKE_S = 240.0
#: Seconds after which nobody waits for a model to wake up: longer than any server takes for it.
_PATIENCE_S = 330.0

log = structlog.get_logger()


class Warming:
    """Takes hints; the newest wins, because a machine has memory for few models."""

    def __init__(self, roster: Roster, catalog: Catalog, clock: Clock) -> None:
        self._roster = roster
        self._catalog = catalog
        self._clock = clock
        self._hint: Route | None = None
        #: The last one that was woken, and when.
        self._awake: tuple[Route, float] | None = None
        self._hinted = asyncio.Event()

    def warm(self, route: Route) -> None:
        """Have this route ready soon; distant services need no hint and get none."""
        if not self._catalog.is_local(route.provider) or self._is_awake(route):
            return
        if isinstance(self._roster.provider(route.provider), Preloads):
            self._hint = route
            self._hinted.set()

    async def run(self) -> None:
        """Follow the hints; runs until it is cancelled."""
        while True:
            await self._hinted.wait()
            self._hinted.clear()
            if self._hint is not None:
                await self._wake(self._hint)

    def _is_awake(self, route: Route) -> bool:
        if self._awake is None:
            return False
        woken, at = self._awake
        return woken == route and self._clock.monotonic() - at < _AWAKE_S

    async def _wake(self, route: Route) -> None:
        provider = self._roster.provider(route.provider)
        if not isinstance(provider, Preloads):
            return
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await provider.preload(route.model)
        except ProviderError as failure:
            # The turn itself will meet it, and tell it to whoever it concerns.
            log.info("not_woken", provider=route.provider, model=route.model, code=failure.code)
        except Exception as error:  # a hint that comes to nothing must not end the house
            log.warning("not_woken", provider=route.provider, model=route.model, error=repr(error))
        else:
            self._awake = (route, self._clock.monotonic())
