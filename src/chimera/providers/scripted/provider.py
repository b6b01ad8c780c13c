"""The troupe as a provider: it needs no key and no network, and it is never down."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from chimera.core.errors import InvalidRequest, UnknownModel
from chimera.core.generation import (
    Chunk,
    Finish,
    GenerationRequest,
    Health,
    Model,
    Text,
    Usage,
    UsageReport,
)
from chimera.providers.scripted.deck import Deck, load_deck
from chimera.providers.scripted.troupe import improvise

MODEL = "improv"
_PIECE = re.compile(r"\S+\s*")
#: Characters to a token, as most tokenizers of English have it.
_TOKEN = 4


class ScriptedProvider:
    """Plays any persona from the house's own material."""

    name = "scripted"

    def __init__(
        self,
        deck: Deck | None = None,
        *,
        tokens_per_second: float | None = None,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        """With `tokens_per_second`, `sleep` is awaited between the words."""
        if tokens_per_second is not None and sleep is None:
            raise ValueError("a speed needs a sleep to keep it with")
        self._deck = deck or load_deck()
        self._seconds = 1 / tokens_per_second if tokens_per_second else 0.0
        self._sleep = sleep

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        """The line word by word. Raises UnknownModel, or InvalidRequest without a scene."""
        if request.model != MODEL:
            raise UnknownModel(f"the troupe has one model, {MODEL!r}, not {request.model!r}")
        if request.scene is None:
            raise InvalidRequest("the troupe plays scenes; this request has none")
        line = improvise(request.scene, self._deck)
        for piece in _PIECE.findall(line.text):
            if self._sleep is not None:
                await self._sleep(self._seconds * max(1, round(len(piece) / _TOKEN)))
            yield Text(piece)
        heard = sum(len(message.text) for message in request.messages) + len(request.system)
        yield UsageReport(Usage(
            input_tokens=-(-heard // _TOKEN), output_tokens=-(-len(line.text) // _TOKEN),
            cost=0.0, estimated=False,
        ))  # fmt: skip
        yield Finish(reason="stop", model=MODEL, signals=line.told)

    async def models(self) -> Sequence[Model]:
        return (Model(id=MODEL, name="Improv troupe", input_price=0.0, output_price=0.0),)

    async def check(self) -> Health:
        return Health(ok=True, detail="The troupe is in the house.", latency_ms=0.0)

    async def close(self) -> None:
        """Nothing is open."""
