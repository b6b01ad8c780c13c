"""What clients get about providers."""

from typing import Annotated, Literal

from chimera.api.strict import OMIT_NONE, Output

#: `ready`: it can be cast now. `down`: it did not answer the last time. `unknown`: not asked yet.
State = Literal["ready", "down", "unknown"]


class Model(Output):
    """Prices in US dollars for a million tokens; absent where none is known."""

    id: str
    name: Annotated[str | None, OMIT_NONE] = None
    context: Annotated[int | None, OMIT_NONE] = None
    loaded: Annotated[bool | None, OMIT_NONE] = None
    input_price: Annotated[float | None, OMIT_NONE] = None
    output_price: Annotated[float | None, OMIT_NONE] = None


class Health(Output):
    """How recent calls went."""

    calls: int
    errors: int
    last_success_at: Annotated[str | None, OMIT_NONE] = None
    last_failure_at: Annotated[str | None, OMIT_NONE] = None
    last_failure: Annotated[str | None, OMIT_NONE] = None
    p50_ms: Annotated[float | None, OMIT_NONE] = None
    p95_ms: Annotated[float | None, OMIT_NONE] = None


class Provider(Output):
    """`local`: it runs on this machine or network. `found`: by itself, without any setting."""

    name: str
    title: str
    state: State
    local: bool
    found: bool
    scripted: bool
    base_url: Annotated[str | None, OMIT_NONE] = None
    models: list[str]
    detail: Annotated[str | None, OMIT_NONE] = None
    health: Health


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
