"""A line as it comes out of one call, and the question put again where it brought none."""

import re
from collections.abc import Callable
from dataclasses import replace

from chimera.core.errors import ContextTooLong
from chimera.core.generation import (
    Chunk,
    Finish,
    GenerationRequest,
    PromptMessage,
    Reasoning,
    Text,
    TextPart,
    Usage,
    UsageReport,
)
from chimera.core.ids import Clock
from chimera.providers.accounts import most
from chimera.providers.adapter import ROOM_TO_THINK

#: Speech that is worth keeping when a stream breaks: this many characters, or a sentence.
_WORTH_KEEPING = 40
_SENTENCE = re.compile(r"\w[^.!?…]*[.!?…][\"'”’)\]]*(?:\s|$)")
_NUDGE = "Say your line now, in one or two sentences."
#: How much of a model's thinking is remembered for those who look behind the stage.
_THOUGHT = 64 * 1024

TextListener = Callable[[str], None]


class Line:
    """What one call brought so far; shows it once it is worth keeping."""

    def __init__(
        self, request: GenerationRequest, *, on_text: TextListener | None, clock: Clock
    ) -> None:
        self.request = request
        self._on_text = on_text
        self._clock = clock
        self._shown = 0
        self._bytes_thought = 0
        self._thoughts: list[str] = []
        self.text = ""
        self.thought = 0
        self.report: Usage | None = None
        self.finish: Finish | None = None
        self.broken: str | None = None
        self._first_piece: float | None = None
        #: When the call was made, when speech began, and when the newest piece of anything came.
        self.began = self.first_token = self.last_token = 0.0
        self.start()

    def start(self) -> None:
        """The call is made now; what came before was waiting for leave."""
        self.began = self.first_token = self.last_token = self._clock.monotonic()

    @property
    def empty(self) -> bool:
        return not self.text.strip()

    @property
    def reasoning(self) -> str:
        return "".join(self._thoughts)

    @property
    def bytes(self) -> int:
        """The length of speech and thinking together."""
        return len(self.text.encode()) + self._bytes_thought

    @property
    def worth_keeping(self) -> bool:
        """Whether speech this long stands even if nothing follows it (`reliability.md` 2.5)."""
        return len(self.text) >= _WORTH_KEEPING or _SENTENCE.search(self.text) is not None

    @property
    def streaming_s(self) -> float:
        """Seconds from the first piece to the last, of speech or thinking."""
        return 0.0 if self._first_piece is None else self.last_token - self._first_piece

    def silent_s(self, now: float) -> float:
        """Seconds from the call to the first piece of anything, or until now."""
        return (now if self._first_piece is None else self._first_piece) - self.began

    def take(self, chunk: Chunk) -> None:
        match chunk:
            case Text(text):
                self._hear(text)
            case Reasoning(text):
                self._think(text)
            case UsageReport(usage):
                self.report = usage
            case Finish():
                self.finish = chunk

    def flush(self) -> None:
        """Show what was held back."""
        if self._on_text is not None and len(self.text) > self._shown:
            self._on_text(self.text[self._shown :])
        self._shown = len(self.text)

    def nudged(self) -> GenerationRequest:
        """The request once more, with a reminder, and with room if thinking took it all."""
        room = ROOM_TO_THINK if self.empty and self.thought else 0
        return replace(
            self.request,
            messages=(*self.request.messages, PromptMessage("others", (TextPart(_NUDGE),))),
            max_output_tokens=self.request.max_output_tokens + room,
        )

    def _hear(self, text: str) -> None:
        # A line starts with its first word, whatever a model puts before it.
        heard = text if self.text else text.lstrip()
        if not heard:
            return
        self._piece()
        if not self.text:
            self.first_token = self.last_token
        self.text += heard
        if self._shown or self.worth_keeping:
            self.flush()

    def _think(self, text: str) -> None:
        self._piece()
        if self.thought < _THOUGHT:
            self._thoughts.append(text[: _THOUGHT - self.thought])
        self.thought += len(text)
        self._bytes_thought += len(text.encode())

    def _piece(self) -> None:
        self.last_token = self._clock.monotonic()
        if self._first_piece is None:
            self._first_piece = self.last_token


def repacked(request: GenerationRequest, failure: ContextTooLong) -> GenerationRequest:
    """The request without the oldest messages after its stable beginning, so that it fits.

    Where the provider does not say what fits, half of it goes. Raises the failure if nothing can.
    """
    prompt = most(request, may_think=False)
    room = failure.limit - prompt.output if failure.limit else prompt.input // 2
    shorter = request
    while most(shorter).input > room or shorter is request:
        if len(shorter.messages) < 2:
            raise failure
        # Once only the beginning and the moment are left, the beginning goes as well.
        oldest = min(shorter.cache_hint, len(shorter.messages) - 2)
        messages = (*shorter.messages[:oldest], *shorter.messages[oldest + 1 :])
        hint = min(shorter.cache_hint, oldest)
        shorter = replace(shorter, messages=messages, cache_hint=hint)
    return shorter
