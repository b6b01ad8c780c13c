"""The house's switches and budgets, what it spent, and the calls it kept."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, case, func, select

from chimera.api.deps import House
from chimera.core.errors import Invalid
from chimera.core.ids import from_millis, rfc3339, to_millis
from chimera.features.house import schemas
from chimera.store.preferences import Choices
from chimera.store.tables import calls, conversations, usage

_U, _C = usage.c, calls.c
_DAY_MS = 86_400_000
#: How many conversations are told by name.
_DEAREST = 20
CURRENCY = "USD"


# -- switches ---------------------------------------------------------------------------------


async def switches(house: House) -> schemas.HouseSwitches:
    return _shape(await house.preferences.current())


async def change(house: House, wanted: schemas.PatchHouse) -> schemas.HouseSwitches:
    """Raises Invalid for a null where a switch or all budgets are meant."""
    given = wanted.model_dump(exclude_unset=True)
    for name, value in given.items():
        if value is None:
            raise Invalid("This has a value, always.", path=name)

    def edit(choices: Choices) -> Choices:
        budgets = choices.budgets.model_dump() | given.get("budgets", {})
        return Choices.model_validate(choices.model_dump() | given | {"budgets": budgets})

    return _shape(await house.preferences.change(edit))


def _shape(choices: Choices) -> schemas.HouseSwitches:
    budgets = choices.budgets
    return schemas.HouseSwitches(
        paid_calls=choices.paid_calls,
        record_calls=choices.record_calls,
        budgets=schemas.Budgets(
            house_day=budgets.house_day,
            provider_day=dict(budgets.provider_day),
            conversation_default=budgets.conversation_default,
        ),
    )


# -- spending ---------------------------------------------------------------------------------

_AMOUNT = func.coalesce(func.sum(_U.cost), 0.0).label("amount")
_GUESSED = func.max(case((_U.estimated, 1), else_=0)).label("estimated")
_START = _U.at - _U.at % _DAY_MS


def spending(connection: Connection, days: int, now: int) -> schemas.Spending:
    """Everything that calls took in so many days, today included."""
    midnight = from_millis(now).replace(hour=0, minute=0, second=0, microsecond=0)
    since = to_millis(midnight - timedelta(days=days - 1))
    by_day = _by_day(connection, since)
    return schemas.Spending(
        currency=CURRENCY,
        days=by_day,
        providers=_by_provider(by_day),
        conversations=_dearest(connection, since),
        today=_sum(connection, to_millis(midnight)),
        month=_sum(connection, to_millis(midnight.replace(day=1))),
    )


def _by_day(connection: Connection, since: int) -> list[schemas.DaySpending]:
    start = _START.label("start")
    tokens = func.sum(_U.input_tokens + _U.output_tokens).label("tokens")
    query = (
        select(start, _U.provider, _AMOUNT, _GUESSED, func.count().label("calls"), tokens)
        .where(_U.at >= since)
        .group_by("start", _U.provider)
        .order_by("start", _U.provider)
    )
    return [
        schemas.DaySpending(
            day=from_millis(row.start).date().isoformat(), provider=row.provider,
            amount=row.amount, calls=row.calls, tokens=row.tokens, estimated=bool(row.estimated),
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def _by_provider(days: Sequence[schemas.DaySpending]) -> list[schemas.ProviderSpending]:
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


def _dearest(connection: Connection, since: int) -> list[schemas.ConversationSpending]:
    query = (
        select(_U.conversation_id, conversations.c.title, _AMOUNT)
        .select_from(usage.outerjoin(conversations, conversations.c.id == _U.conversation_id))
        .where(_U.at >= since)
        .group_by(_U.conversation_id, conversations.c.title)
        .having(func.sum(_U.cost) > 0)
        .order_by(_AMOUNT.desc())
        .limit(_DEAREST)
    )
    return [
        schemas.ConversationSpending(id=row.conversation_id, title=row.title, amount=row.amount)
        for row in connection.execute(query)
    ]


def _sum(connection: Connection, since: int) -> schemas.Sum:
    row = connection.execute(select(_AMOUNT, _GUESSED).where(_U.at >= since)).one()
    return schemas.Sum(amount=row.amount, estimated=bool(row.estimated))


# -- recorded calls ---------------------------------------------------------------------------


def recorded(
    connection: Connection, conversation_id: str, turn_id: str
) -> schemas.RecordedCallPage:
    """The calls of one turn, oldest first."""
    query = (
        select(calls)
        .where(_C.conversation_id == conversation_id, _C.turn_id == turn_id)
        .order_by(_C.at, _C.id)
    )
    items = [
        schemas.RecordedCall.model_validate(dict(row) | {"at": rfc3339(row["at"])})
        for row in connection.execute(query).mappings()
    ]
    return schemas.RecordedCallPage(items=items, next_cursor=None)
