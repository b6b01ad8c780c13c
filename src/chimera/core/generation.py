"""What we ask of a model and what comes back, in words that belong to no provider."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from chimera.core.director import Speak
    from chimera.core.state import ConversationState

Ending = Literal["complete", "length", "cut_off", "refused"]
FinishReason = Literal["stop", "length", "refused", "filtered"]
#: What a call is for: routes are chosen by it (`engine.md` section 16.1).
Kind = Literal["banter", "opening", "human_question", "finale", "synthesis", "background"]


#: No service counts a picture of ours as more than about 1,600 tokens.
PICTURE_CHARACTERS = 5600


@dataclass(frozen=True, slots=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    """A picture in a viewer's message; `data` is the file itself."""

    media_type: str
    data: bytes


Part = TextPart | ImagePart


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """`self` is what the speaking participant said, `others` everything it heard."""

    role: Literal["self", "others"]
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The play as the improv troupe sees it; adapters of real models ignore it."""

    state: "ConversationState"
    speak: "Speak"
    #: The number of this turn: every draw of the troupe is keyed by it.
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One call. A knob that a provider lacks is ignored, never an error."""

    model: str
    system: str
    messages: tuple[PromptMessage, ...]
    stop: tuple[str, ...] = ()
    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int = 256
    seed: int | None = None
    thinking: Literal["off", "low", "high"] = "off"
    #: How many of `messages`, from the first, are byte-stable between calls of one participant.
    cache_hint: int = 0
    scene: Scene | None = None

    @property
    def characters(self) -> int:
        """The length of all its text, from which tokens are estimated before a call.

        A picture counts as so much text as takes as many tokens.
        """
        said = len(self.system) + sum(len(message.text) for message in self.messages)
        return said + PICTURE_CHARACTERS * self.pictures

    @property
    def pictures(self) -> int:
        """How many pictures it shows."""
        parts = (part for message in self.messages for part in message.parts)
        return sum(isinstance(part, ImagePart) for part in parts)

    def without_pictures(self) -> "GenerationRequest":
        """The request for a model that reads words alone; they say where a picture was shown."""
        if not self.pictures:
            return self
        blind = (
            PromptMessage(each.role, tuple(p for p in each.parts if isinstance(p, TextPart)))
            for each in self.messages
        )
        return replace(self, messages=tuple(blind))


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of speech."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A piece of thinking; it is never speech."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a call took; `cost` in US dollars, None where no price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    #: Read from a cache, and written to one; both are among the input tokens.
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost: float | None = None
    estimated: bool = False
    #: US dollars that went besides into texts nobody heard; only a turn's whole bill knows.
    unheard: float = 0.0

    def plus(self, other: "Usage") -> "Usage":
        """What two calls took together; a cost that nobody knows adds nothing to one that is."""
        costs = [each for each in (self.cost, other.cost) if each is not None]
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            cost=sum(costs) if costs else None,
            estimated=self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True)
class UsageReport:
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The last chunk of every stream that was not cut short."""

    reason: FinishReason
    raw_reason: str | None = None
    response_id: str | None = None
    model: str | None = None
    #: What the troupe knows about its own line: acts, claims, concepts (`engine.md` section 17).
    signals: dict[str, Any] | None = None


def estimated_tokens(characters: int) -> int:
    """The tokens of a text whose count nobody reported."""
    return ceil(characters / 3.5)


#: Text and reasoning, then exactly one UsageReport, then exactly one Finish.
Chunk = Text | Reasoning | UsageReport | Finish


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What is known of one model; prices in US dollars for a million tokens."""

    id: str
    name: str | None = None
    context: int | None = None
    loaded: bool | None = None
    input_price: float | None = None
    output_price: float | None = None
    #: Whether it reads pictures, and whether it can think before it speaks; None: nobody knows.
    vision: bool | None = None
    thinking: bool | None = None
    #: 1 for a provider's best models, 2 for the middle, 3 for its quickest; None: nobody knows.
    tier: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The answer of a free check."""

    ok: bool
    code: str | None = None
    detail: str = ""
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A provider and a model to try; for an understudy, whose place it takes and why (a code)."""

    provider: str
    model: str
    understudy_for: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderState:
    """What is known of one provider without asking it. Times are milliseconds UTC."""

    name: str
    title: str
    ready: bool | None
    local: bool
    found: bool
    base_url: str | None = None
    models: tuple[str, ...] = ()
    default_model: str | None = None
    detail: str | None = None
    calls: int = 0
    errors: int = 0
    last_success_at: int | None = None
    last_failure_at: int | None = None
    last_failure: str | None = None
    #: How many of the newest calls failed, one after the other.
    failing: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    #: Output tokens a second of recent calls, first token to last.
    tokens_per_s: float | None = None
    #: How often each failure happened, by its code.
    failures: Mapping[str, int] = field(default_factory=dict[str, int])
    #: `open`: nobody asks it before `breaker_until`; `half_open`: one real turn tries it.
    breaker: Literal["closed", "open", "half_open"] = "closed"
    breaker_until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a model has been fetched, in the server's words and in bytes where they are known."""

    status: str
    completed: int | None = None
    total: int | None = None


@runtime_checkable
class Fetches(Protocol):
    """A server that can get models for itself."""

    def pull(self, model: str) -> AsyncGenerator[Progress]:
        """Fetch a model; leaving it ends the fetching, what has come is kept by the server.

        Raises ProviderError.
        """
        ...


@runtime_checkable
class Preloads(Protocol):
    """A server whose models sleep until they are asked for something."""

    async def preload(self, model: str) -> None:
        """Wake a model up; returns when it can speak. Raises ProviderError."""
        ...


class Provider(Protocol):
    """A service that runs models."""

    @property
    def name(self) -> str: ...

    def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        """The answer as it comes; leaving it closes the connection. Raises ProviderError."""
        ...

    async def models(self) -> Sequence[Model]:
        """The models that can be asked for now. Raises ProviderError."""
        ...

    async def check(self) -> Health:
        """A free call, never a paid one; failures are in the answer, not raised."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRequest:
    """What a turn asks of the gateway: the request, and which route should play it."""

    conversation_id: str
    turn_id: str
    participant_id: str
    route: Route
    request: GenerationRequest
    kind: Kind = "banter"
    #: Whose conversation it is; its own keys come before those of the house.
    owner: str | None = None
    #: The conversation's money ceiling in US dollars, None without one.
    ceiling: float | None = None
    #: Whether the troupe may be the last understudy.
    troupe: bool = True
    #: Whether the money runs out: where nobody chose a model, the cheapest plays.
    thrifty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """A line as the gateway got it, complete."""

    text: str
    reason: FinishReason
    route: Route
    usage: Usage
    first_token_ms: int
    duration_ms: int
    scripted: bool = False
    signals: dict[str, Any] | None = None
    #: Set when the stream broke after speech had come (`reliability.md` section 2.5).
    broken: str | None = None
    #: The second part of a duet; `text` is then the first part as it stands, `usage` that of both.
    second: "Performance | None" = None
