"""What clients send and get about providers."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from chimera.api.strict import OMIT_NONE, Input, Name, Output

#: `ready`: it can be cast now. `down`: it did not answer the last time. `unknown`: not asked yet.
#: `unset`: it has no key and no address, so nobody can be played by it.
State = Literal["ready", "down", "unknown", "unset"]
Breaker = Literal["closed", "open", "half_open"]
Source = Literal["environment", "stored"]


# -- what is told -----------------------------------------------------------------------------


class Model(Output):
    """Prices in US dollars for a million tokens; absent where none is known.

    `vision`: it reads pictures. `thinking`: it can think before it speaks. `tier`: 1 for a
    provider's best models, 2 for the middle, 3 for its quickest.
    """

    id: str
    name: Annotated[str | None, OMIT_NONE] = None
    context: Annotated[int | None, OMIT_NONE] = None
    loaded: Annotated[bool | None, OMIT_NONE] = None
    input_price: Annotated[float | None, OMIT_NONE] = None
    output_price: Annotated[float | None, OMIT_NONE] = None
    vision: Annotated[bool | None, OMIT_NONE] = None
    thinking: Annotated[bool | None, OMIT_NONE] = None
    tier: Annotated[int | None, OMIT_NONE] = None


class Health(Output):
    """How recent calls went; times to the first token, failures by their code.

    `failing`: how many of the newest calls failed, one after the other, if any did;
    `last_failure` says why.
    """

    calls: int
    errors: int
    last_success_at: Annotated[str | None, OMIT_NONE] = None
    last_failure_at: Annotated[str | None, OMIT_NONE] = None
    last_failure: Annotated[str | None, OMIT_NONE] = None
    failing: Annotated[int | None, OMIT_NONE] = None
    p50_ms: Annotated[float | None, OMIT_NONE] = None
    p95_ms: Annotated[float | None, OMIT_NONE] = None
    tokens_per_s: Annotated[float | None, OMIT_NONE] = None
    failures: dict[str, int]


class Credential(Output):
    """A key, by its last characters and the beginning of its SHA-256 digest; both empty for one
    so short that they would give it away.

    `count`: how many keys of the environment share the load; the rest is told of the first.
    """

    source: Source
    last4: str
    fingerprint: str
    count: int
    disabled_because: Annotated[str | None, OMIT_NONE] = None
    set_at: Annotated[str | None, OMIT_NONE] = None


class KeyLimits(Output):
    """What each key may be asked for; null: no limit."""

    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrency: int | None


class Spent(Output):
    """US dollars; `estimated` if any of it is."""

    amount: float
    estimated: bool


class Provider(Output):
    """`local`: it runs on this machine or network. `found`: by itself, without any setting.

    `wants_key`: it does not answer without one. `breaker`: `open` until `breaker_until`, nobody
    asks it; `half_open`, one turn tries it.
    """

    name: str
    title: str
    state: State
    local: bool
    found: bool
    scripted: bool
    base_url: Annotated[str | None, OMIT_NONE] = None
    models: list[str]
    default_model: Annotated[str | None, OMIT_NONE] = None
    detail: Annotated[str | None, OMIT_NONE] = None
    health: Health
    wants_key: bool
    credential: Credential | None
    breaker: Breaker
    breaker_until: Annotated[str | None, OMIT_NONE] = None
    limits: KeyLimits
    spent_today: Spent


class ProviderPage(Output):
    items: list[Provider]
    next_cursor: str | None


class ModelPage(Output):
    items: list[Model]
    next_cursor: str | None


class Checked(Output):
    """The outcome of one free call."""

    ok: bool
    code: Annotated[str | None, OMIT_NONE] = None
    detail: str
    latency_ms: Annotated[float | None, OMIT_NONE] = None


# -- what is sent -----------------------------------------------------------------------------

#: No provider's key is longer, and an empty one is none.
ApiKey = Annotated[SecretStr, Field(min_length=1, max_length=500)]
Address = Annotated[str, Field(max_length=500)]
Rate = Annotated[int, Field(ge=1, le=10_000_000)]


class PutCredential(Input):
    """A key, an address or both. An empty `base_url` means the provider's own.

    Another address without a key drops the key: it was meant for the old one. A key that would
    take the place of one that works is tried first: refused, it is not stored, except by `force`.
    """

    api_key: ApiKey | None = None
    base_url: Address | None = None
    force: bool = False


class CheckProvider(Input):
    """A key and an address to test before they are stored; without them, what is set is tested."""

    api_key: ApiKey | None = None
    base_url: Address | None = None


class PatchProvider(Input):
    """What is named is changed; null takes a limit away, or goes back to the setting's model."""

    requests_per_minute: Rate | None = None
    tokens_per_minute: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    concurrency: Annotated[int, Field(ge=1, le=256)] | None = None
    default_model: Annotated[Name, Field(min_length=1, max_length=200)] | None = None
