"""Stand-ins for what varies: a clock that is the loop's, and a provider that does as told."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from chimera.core.errors import ProviderError
from chimera.core.generation import (
    Chunk,
    Finish,
    FinishReason,
    GenerationRequest,
    Health,
    Model,
    PromptMessage,
    Text,
    TextPart,
    Usage,
    UsageReport,
)

#: A chunk to give, seconds to wait, or an error to raise.
Step = Chunk | float | ProviderError


class ActedProvider:
    """Plays one list of steps for each call, the last one for all later calls."""

    def __init__(self, name: str, *plays: Sequence[Step], models: Sequence[Model] = ()) -> None:
        self.name = name
        self.requests: list[GenerationRequest] = []
        self.called_at: list[float] = []
        self.open = 0
        self.closed = False
        self.listed = 0
        self.listing: Sequence[Model] | ProviderError | float = models
        self._plays = list(plays)

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        self.requests.append(request)
        self.called_at.append(asyncio.get_running_loop().time())
        play = self._plays.pop(0) if len(self._plays) > 1 else self._plays[0]
        self.open += 1
        try:
            for step in play:
                if isinstance(step, ProviderError):
                    raise step
                if isinstance(step, int | float):
                    await asyncio.sleep(step)
                else:
                    yield step
        finally:
            self.open -= 1

    async def models(self) -> Sequence[Model]:
        self.listed += 1
        if isinstance(self.listing, ProviderError):
            raise self.listing
        if isinstance(self.listing, int | float):
            await asyncio.sleep(self.listing)
            return ()
        return self.listing

    async def check(self) -> Health:
        return Health(ok=True)

    async def close(self) -> None:
        self.closed = True


def line(
    *texts: str, reason: FinishReason = "stop", read: int = 100, written: int = 10
) -> list[Step]:
    """A call in which everything is right."""
    usage = Usage(input_tokens=read, output_tokens=written)
    return [*map(Text, texts), UsageReport(usage), Finish(reason=reason)]


def ask(text: str = "What is tea?", *, model: str = "m1", tokens: int = 256) -> GenerationRequest:
    return GenerationRequest(
        model=model,
        system="You are the Philosopher.",
        messages=(PromptMessage("others", (TextPart(text),)),),
        max_output_tokens=tokens,
    )
