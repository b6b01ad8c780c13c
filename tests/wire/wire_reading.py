"""What a stream of bytes was read as, in a form that is easy to compare."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

from chimera.core.errors import ProviderError
from chimera.core.generation import Chunk, Finish, Reasoning, Text, UsageReport
from chimera.providers.anthropic import AnthropicDecoder
from chimera.providers.chat import ChatDecoder
from chimera.providers.gemini import GeminiDecoder
from chimera.providers.ollama import OllamaDecoder
from chimera.providers.responses import ResponsesDecoder
from chimera.providers.transport import Decoder

#: Recordings of real traffic; the repository does not contain them.
RECORDINGS = Path(
    os.environ.get("CHIMERA_WIRE_RECORDINGS") or Path(__file__).parents[3] / "shared" / "wire"
)
DECODERS: Mapping[str, Callable[[], Decoder]] = {
    "chat": ChatDecoder,
    "responses": ResponsesDecoder,
    "anthropic": AnthropicDecoder,
    "gemini": GeminiDecoder,
    "ollama": OllamaDecoder,
}
#: The chunks, then the code of the failure that ended them, if one did.
Heard = list[Chunk | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    text: str = ""
    thought: str = ""
    #: Read and written.
    tokens: tuple[int, int] = (0, 0)
    estimated: bool = False
    finish: str | None = None
    failure: str | None = None

    @classmethod
    def of(cls, heard: Heard) -> Self:
        usages = [chunk.usage for chunk in heard if isinstance(chunk, UsageReport)]
        finishes = [chunk.reason for chunk in heard if isinstance(chunk, Finish)]
        failures = [chunk for chunk in heard if isinstance(chunk, str)]
        assert len(usages) == len(finishes) == 1 - len(failures)
        return cls(
            text="".join(chunk.text for chunk in heard if isinstance(chunk, Text)),
            thought="".join(chunk.text for chunk in heard if isinstance(chunk, Reasoning)),
            tokens=(usages[0].input_tokens, usages[0].output_tokens) if usages else (0, 0),
            estimated=any(usage.estimated for usage in usages),
            finish=finishes[0] if finishes else None,
            failure=failures[0] if failures else None,
        )


def read(pieces: Sequence[bytes], spoken: str = "chat") -> Heard:
    """What the decoder of a format hears of bytes that come in these pieces."""
    decoder = DECODERS[spoken]()
    heard: Heard = []
    try:
        for piece in pieces:
            for chunk in decoder.feed(piece):
                heard.append(chunk)
        heard += decoder.close()
    except ProviderError as failure:
        heard.append(failure.code)
    return heard


def cut_at(data: bytes, places: Iterable[int]) -> list[bytes]:
    return [data[start:end] for start, end in pairwise([0, *sorted(places), len(data)])]
