"""What clients send and get about the house: its switches, its money, its recorded calls."""

from typing import Annotated, Any

from pydantic import Field

from chimera.api.strict import OMIT_NONE, Input, Output

Dollars = Annotated[float, Field(ge=0, le=1_000_000)]
_ProviderName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class Budgets(Output):
    """US dollars, null without a limit.

    For the whole house in a day (UTC), for all conversations of one owner, for all
    calls that one key pays, for a provider, and for a conversation that brings no
    budget of its own.
    """

    house_day: float | None
    owner_day: float | None
    credential_day: float | None
    provider_day: dict[str, float]
    conversation_default: float | None


class HouseSwitches(Output):
    """What is allowed and what is kept.

    `paid_calls`: off, only the troupe and models of this machine play. `record_calls`: requests
    and answers are kept for seven days, without keys, to be looked at behind each line.
    """

    paid_calls: bool
    record_calls: bool
    budgets: Budgets


class PatchBudgets(Input):
    """What is named is changed; null takes a limit away. `provider_day` replaces all of them."""

    house_day: Dollars | None = None
    owner_day: Dollars | None = None
    credential_day: Dollars | None = None
    provider_day: Annotated[dict[_ProviderName, Dollars], Field(max_length=40)] | None = None
    conversation_default: Dollars | None = None


class PatchHouse(Input):
    """What is named is changed."""

    paid_calls: bool | None = None
    record_calls: bool | None = None
    budgets: PatchBudgets | None = None


# -- directors --------------------------------------------------------------------------------


class Director(Output):
    """One way of choosing who speaks; `plugin` if it comes with an installed package."""

    name: str
    description: str
    version: str
    plugin: bool


class DirectorPage(Output):
    items: list[Director]
    next_cursor: str | None


# -- spending ---------------------------------------------------------------------------------


class Sum(Output):
    """US dollars; `estimated` if any of it is."""

    amount: float
    estimated: bool


class DaySpending(Output):
    """What one provider took on one day (UTC, `2026-11-22`)."""

    day: str
    provider: str
    amount: float
    calls: int
    tokens: int
    estimated: bool


class ProviderSpending(Output):
    provider: str
    amount: float
    calls: int
    tokens: int
    estimated: bool


class ConversationSpending(Output):
    """One of the dearest conversations; the title is gone with a deleted one."""

    id: str
    title: Annotated[str | None, OMIT_NONE] = None
    amount: float


class Spending(Output):
    """`today` and `month` are those of UTC, whatever `days` was asked for."""

    currency: str
    days: list[DaySpending]
    providers: list[ProviderSpending]
    conversations: list[ConversationSpending]
    today: Sum
    month: Sum


# -- recorded calls ---------------------------------------------------------------------------


class CallUsage(Output):
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: float | None
    estimated: bool


class CallError(Output):
    code: str
    message: str


class RecordedCall(Output):
    """One call of a turn, without keys; `request` has the system prompt, messages and knobs."""

    id: str
    at: str
    participant_id: str
    provider: str
    model: str
    first_token_ms: Annotated[int | None, OMIT_NONE] = None
    duration_ms: int
    request: dict[str, Any]
    text: str
    reasoning: str
    usage: Annotated[CallUsage | None, OMIT_NONE] = None
    error: Annotated[CallError | None, OMIT_NONE] = None


class RecordedCallPage(Output):
    items: list[RecordedCall]
    next_cursor: str | None
