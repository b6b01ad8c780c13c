"""The models that servers of this machine are fetching at our wish, and how far they are."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from chimera.core.errors import (
    BadStream,
    Invalid,
    LimitReached,
    NotFound,
    ProviderError,
)
from chimera.core.generation import Fetches, Progress, Provider

#: Fetched at once; a line to the internet is not wider for more.
MOST_AT_ONCE = 4
#: Remembered after their end, until somebody takes note.
MOST_REMEMBERED = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """One model that is being fetched, or was; with an `error`, it failed."""

    provider: str
    model: str
    progress: Progress
    over: bool = False
    error: ProviderError | None = None


class Pulls:
    """Fetches models beside everything else; what the house's end cuts off can be gone on with."""

    def __init__(
        self,
        find: Callable[[str], Provider | None],
        *,
        fetched: Callable[[str], None],
    ) -> None:
        """`fetched` is told the provider that has a model more."""
        self._find = find
        self._fetched = fetched
        self._pulls: dict[tuple[str, str], Pull] = {}
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._wished = asyncio.Event()

    async def run(self) -> None:
        """Fetch what is wished for; runs until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._wished.wait()
                self._wished.clear()
                for key, pull in list(self._pulls.items()):
                    if not pull.over and key not in self._tasks:
                        self._tasks[key] = group.create_task(self._fetch(pull))

    def listing(self, provider: str) -> Sequence[Pull]:
        """Those of one provider, the newest last. Raises NotFound for a name nobody has."""
        self._server(provider)
        return [pull for (name, _), pull in self._pulls.items() if name == provider]

    def start(self, provider: str, model: str) -> Pull:
        """Begin to fetch a model, unless that is under way.

        Raises NotFound, Invalid if the provider cannot fetch, LimitReached if too many are.
        """
        if not isinstance(self._server(provider), Fetches):
            raise Invalid(f"{provider} cannot fetch models; Ollama can.", path="provider_name")
        key = (provider, model)
        known = self._pulls.get(key)
        if known is not None and not known.over:
            return known
        if sum(not each.over for each in self._pulls.values()) >= MOST_AT_ONCE:
            raise LimitReached(f"At most {MOST_AT_ONCE} models are fetched at once.")
        self._pulls.pop(key, None)
        self._forget_oldest()
        pull = Pull(provider=provider, model=model, progress=Progress(status="waiting"))
        self._pulls[key] = pull
        self._wished.set()
        return pull

    def cancel(self, provider: str, model: str) -> None:
        """End the fetching, or take note of its end. Raises NotFound."""
        self._server(provider)
        if self._pulls.pop((provider, model), None) is None:
            raise NotFound("No such model is being fetched.")
        task = self._tasks.pop((provider, model), None)
        if task is not None:
            task.cancel()

    def _server(self, provider: str) -> Provider:
        found = self._find(provider)
        if found is None:
            raise NotFound("There is no such provider.")
        return found

    def _forget_oldest(self) -> None:
        ended = [key for key, pull in self._pulls.items() if pull.over]
        for key in ended[: max(0, len(ended) - MOST_REMEMBERED + 1)]:
            del self._pulls[key]

    async def _fetch(self, pull: Pull) -> None:
        error: ProviderError | None = None
        try:
            await self._follow(pull)
        except ProviderError as failure:
            error = failure
        key = (pull.provider, pull.model)
        self._pulls[key] = replace(self._pulls[key], over=True, error=error)
        del self._tasks[key]
        if error is None:
            self._fetched(pull.provider)

    async def _follow(self, pull: Pull) -> None:
        server = self._find(pull.provider)
        if not isinstance(server, Fetches):
            raise BadStream("the provider was taken away")
        async with aclosing(server.pull(pull.model)) as told:
            async for progress in told:
                self._pulls[pull.provider, pull.model] = replace(pull, progress=progress)
