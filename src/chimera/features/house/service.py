"""The house's switches and budgets, what it spent, and the calls it kept."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection

from chimera.api.deps import House
from chimera.core.errors import Invalid
from chimera.core.ids import from_millis, rfc3339, to_millis
from chimera.core.ports import CallRecord
from chimera.core.schemes import SCHEMES
from chimera.features.house import schemas
from chimera.store import ledger, log, records
from chimera.store.preferences import Choices

CURRENCY = "USD"


# -- switches ---------------------------------------------------------------------------------


def directors(house: House) -> schemas.DirectorPage:
    """Who can direct, the house's own first."""
    return schemas.DirectorPage(
        items=[
            schemas.Director(
                name=each.name, description=each.description, version=each.version,
                plugin=each.name not in SCHEMES,
            )
            for each in house.directors.values()
        ],
        next_cursor=None,
    )  # fmt: skip


async def switches(house: House) -> schemas.HouseSwitches:
    return _shape(await house.preferences.current())


async def change(house: House, wanted: schemas.PatchHouse) -> schemas.HouseSwitches:
    """Raises Invalid for a null where a switch or all budgets are meant."""
    given = wanted.model_dump(exclude_unset=True)
    for name, value in given.items():
        if value is None:
            raise Invalid("This has a value, always.", path=name)
    if given.get("budgets", {}).get("provider_day", {}) is None:
        given["budgets"]["provider_day"] = {}

    def edit(choices: Choices) -> Choices:
        budgets = choices.budgets.model_dump() | given.get("budgets", {})
        return Choices.model_validate(choices.model_dump() | given | {"budgets": budgets})

    before = await house.preferences.current()
    chosen = await house.preferences.change(edit)
    if chosen.budgets != before.budgets:
        # Shows that rest until midnight look whether the new ceilings let them go on.
        await house.store.write(partial(log.hasten, at=house.now(), unpaid=True))
    return _shape(chosen)


def _shape(choices: Choices) -> schemas.HouseSwitches:
    budgets = choices.budgets
    return schemas.HouseSwitches(
        paid_calls=choices.paid_calls,
        record_calls=choices.record_calls,
        budgets=schemas.Budgets(
            house_day=budgets.house_day,
            owner_day=budgets.owner_day,
            credential_day=budgets.credential_day,
            provider_day=dict(budgets.provider_day),
            conversation_default=budgets.conversation_default,
        ),
    )


# -- spending ---------------------------------------------------------------------------------


def spending(connection: Connection, days: int, now: int) -> schemas.Spending:
    """Everything that calls took in so many days, today included."""
    midnight = from_millis(now).replace(hour=0, minute=0, second=0, microsecond=0)
    today, until = to_millis(midnight), to_millis(midnight + timedelta(days=1))
    since = to_millis(midnight - timedelta(days=days - 1))
    found = ledger.spending(connection, since=since, until=until)
    month = ledger.spending(connection, since=to_millis(midnight.replace(day=1)), until=until)
    return schemas.Spending(
        currency=CURRENCY,
        days=[_day(each) for each in found.days],
        providers=_by_provider(found.days),
        conversations=[
            schemas.ConversationSpending(id=each.id, title=each.title, amount=each.amount)
            for each in found.conversations
        ],
        today=_sum([each for each in month.days if each.day == today]),
        month=_sum(month.days),
    )


def _day(spent: ledger.DaySpent) -> schemas.DaySpending:
    return schemas.DaySpending(
        day=from_millis(spent.day).date().isoformat(), provider=spent.provider,
        amount=spent.amount, calls=spent.calls, tokens=spent.tokens, estimated=spent.estimated,
    )  # fmt: skip


def _by_provider(days: Sequence[ledger.DaySpent]) -> list[schemas.ProviderSpending]:
    """The dearest first."""
    names = sorted({each.provider for each in days})
    mine = {name: [each for each in days if each.provider == name] for name in names}
    found = [
        schemas.ProviderSpending(
            provider=name,
            amount=sum(each.amount for each in mine[name]),
            calls=sum(each.calls for each in mine[name]),
            tokens=sum(each.tokens for each in mine[name]),
            estimated=any(each.estimated for each in mine[name]),
        )
        for name in names
    ]
    return sorted(found, key=lambda each: -each.amount)


def _sum(days: Sequence[ledger.DaySpent]) -> schemas.Sum:
    return schemas.Sum(
        amount=sum(each.amount for each in days), estimated=any(each.estimated for each in days)
    )


# -- recorded calls ---------------------------------------------------------------------------


def recorded(
    connection: Connection, conversation_id: str, turn_id: str
) -> schemas.RecordedCallPage:
    """The calls of one turn, oldest first."""
    found = records.of_turn(connection, conversation_id, turn_id)
    return schemas.RecordedCallPage(items=[_call(each) for each in found], next_cursor=None)


def _call(call: CallRecord) -> schemas.RecordedCall:
    usage, error = call.usage, call.error
    return schemas.RecordedCall(
        id=call.id,
        at=rfc3339(call.at),
        participant_id=call.participant_id,
        provider=call.provider,
        model=call.model,
        first_token_ms=call.first_token_ms,
        duration_ms=call.duration_ms,
        request=dict(call.request),
        text=call.text,
        reasoning=call.reasoning,
        usage=schemas.CallUsage.model_validate(usage, from_attributes=True) if usage else None,
        error=schemas.CallError.model_validate(dict(error)) if error else None,
    )
