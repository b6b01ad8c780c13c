"""What calls cost: set aside before each, counted after it, and never beyond what is allowed.

A row begins as `reserved` with the most its call may cost. The report of the call puts what it
took in its place (`discarded`), the message of its turn settles it (`settled`). Whose report never
came keeps the most it may have cost (`estimated`). So no call is ever counted too low.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection, Float, Row, bindparam, case, func, insert, select, text, update

from chimera.core.errors import BudgetSpent, ChimeraError
from chimera.core.generation import Usage
from chimera.core.ids import Clock, to_millis
from chimera.core.ports import Reservation
from chimera.store.database import Store
from chimera.store.preferences import Budgets, Preferences
from chimera.store.tables import RESERVED, conversations, usage

DAY_MS = 86_400_000
#: No call lasts so long: what is still reserved then, nobody will report.
ABANDONED_MS = 10 * 60_000
#: Sums of floats differ in their last digits with the order of the rows.
_HAIR = 1e-9

_U = usage.c
_OWN = _U.id == bindparam("call")
_SPENT = func.coalesce(func.sum(_U.cost), 0.0)
_IN_CONVERSATION = select(_SPENT).where(_U.conversation_id == bindparam("of"))
_PROVIDER = _U.provider == bindparam("provider")
_CREDENTIAL = _U.credential.is_not_distinct_from(bindparam("credential"))
_OWNER = _U.owner.is_not_distinct_from(bindparam("owner"))
#: One look at the day answers for every cap of a day.
_IN_DAY = select(
    _SPENT.label("house"),
    func.coalesce(func.sum(case((_PROVIDER, _U.cost))), 0.0).label("provider"),
    func.coalesce(func.sum(case((_PROVIDER & _CREDENTIAL, _U.cost))), 0.0).label("credential"),
    func.coalesce(func.sum(case((_OWNER, _U.cost))), 0.0).label("owner"),
).where(_U.at >= bindparam("since"))
_INSERT = insert(usage)
_REPORT = (
    update(usage)
    .where(_OWN)
    .values(
        input_tokens=bindparam("read"),
        output_tokens=bindparam("written"),
        cached_tokens=bindparam("cached"),
        cost=func.coalesce(bindparam("took", type_=Float), _U.cost),
        estimated=bindparam("guessed"),
        # The message may have come first.
        state=case((_U.state == "settled", "settled"), else_="discarded"),
    )
)
_SETTLE = (
    update(usage)
    .where(_U.turn_id == bindparam("turn"), _U.state != "settled")
    .values(state="settled")
)
_OF_TURN = select(
    func.count().label("calls"),
    func.sum(_U.input_tokens).label("read"),
    func.sum(_U.output_tokens).label("written"),
    func.sum(_U.cached_tokens).label("cached"),
    func.sum(_U.cost).label("cost"),
    func.sum(case((_U.estimated, 1), else_=0)).label("guessed"),
).where(_U.turn_id == bindparam("turn"))
_OTHER = usage.alias("other")
#: What the other turns of its conversation took, those that are still being asked apart.
_BESIDES = select(func.coalesce(func.sum(_OTHER.c.cost), 0.0)).where(
    _OTHER.c.conversation_id
    == select(_U.conversation_id).where(_U.turn_id == bindparam("turn")).limit(1).scalar_subquery(),
    _OTHER.c.turn_id != bindparam("turn"),
    _OTHER.c.state != "reserved",
)
_SWEEP = (
    update(usage)
    .where(RESERVED, _U.at < bindparam("before"))
    .values(state="estimated", estimated=True)
)
#: What a row adds to a sum that people look at.
_SUMS = (
    func.coalesce(func.sum(_U.cost), 0.0).label("amount"),
    func.count().label("calls"),
    func.sum(_U.input_tokens + _U.output_tokens).label("tokens"),
    func.sum(case((_U.estimated, 1), else_=0)).label("guessed"),
)
_BETWEEN = (_U.at >= bindparam("since"), _U.at < bindparam("until"))
_DAY = (_U.at - _U.at % DAY_MS).label("day")
_BY_DAY = (
    select(_DAY, _U.provider, *_SUMS)
    .where(*_BETWEEN)
    .group_by(_DAY, _U.provider)
    .order_by(_DAY, _U.provider)
)
_BY_KEY = (
    select(_U.provider, _U.credential, *_SUMS)
    .where(*_BETWEEN)
    .group_by(_U.provider, _U.credential)
    .order_by(_U.provider, _U.credential)
)
_DEAREST = (
    select(_U.conversation_id.label("id"), _SPENT.label("amount"))
    .where(*_BETWEEN)
    .group_by(_U.conversation_id)
    .having(func.sum(_U.cost) > 0)
    .order_by(_SPENT.desc(), _U.conversation_id)
    .limit(bindparam("most"))
    .subquery()
)
_BY_CONVERSATION = (
    select(_DEAREST.c.id, _DEAREST.c.amount, conversations.c.title)
    .join_from(_DEAREST, conversations, conversations.c.id == _DEAREST.c.id, isouter=True)
    .order_by(_DEAREST.c.amount.desc(), _DEAREST.c.id)
)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext(:what))")

_WORDS = {
    "conversation": "This conversation",
    "owner": "All conversations of one owner together",
    "credential": "All calls that one key pays",
    "provider": "All calls of this provider",
    "house": "The whole house",
}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What one call is measured against: the conversation's ceiling, and by scope the day's."""

    conversation: float | None = None
    day: Mapping[str, float]

    @classmethod
    def of(cls, call: Reservation, budgets: Budgets) -> "Caps":
        day = {
            "owner": budgets.owner_day,
            "credential": budgets.credential_day,
            "provider": budgets.provider_day.get(call.provider),
            "house": budgets.house_day,
        }
        own = budgets.conversation_default if call.ceiling is None else call.ceiling
        set_ = {scope: cap for scope, cap in day.items() if cap is not None}
        return cls(conversation=own, day=set_)


def reserve(connection: Connection, call: Reservation, *, caps: Caps, at: int) -> None:
    """Set aside what the call may cost. Raises BudgetSpent, and has then written nothing."""
    if call.cost > 0:
        _check(connection, call, caps, at)
    connection.execute(_INSERT, _row(call, at))


def report(connection: Connection, call_id: str, took: Usage) -> bool:
    """What the call took, in place of what was set aside; whether there was anything.

    An unknown cost leaves what was set aside, and so does one that cannot be right.
    """
    known = took.cost is not None and took.cost >= 0
    values = {
        "call": call_id,
        "read": max(0, took.input_tokens),
        "written": max(0, took.output_tokens),
        "cached": max(0, took.cached_tokens),
        "took": took.cost if known else None,
        "guessed": took.estimated or not known,
    }
    return connection.execute(_REPORT, values).rowcount > 0


def settle(connection: Connection, turn_id: str) -> bool:
    """Count the calls of a turn as heard; whether there were any."""
    return connection.execute(_SETTLE, {"turn": turn_id}).rowcount > 0


def of_turn(connection: Connection, turn_id: str, *, counted: float | None = None) -> Usage | None:
    """What all calls of a turn took, or may have taken; None if there was none.

    `counted`: what its conversation has cost by its log; what it took beyond is `unheard`.
    """
    row = connection.execute(_OF_TURN, {"turn": turn_id}).one()
    if not row.calls:
        return None
    unheard = 0.0
    if counted is not None:
        unheard = connection.execute(_BESIDES, {"turn": turn_id}).scalar_one() - counted
    return Usage(
        input_tokens=int(row.read), output_tokens=int(row.written), cached_tokens=int(row.cached),
        cost=row.cost, estimated=row.guessed > 0,
        unheard=unheard if abs(unheard) > _HAIR else 0.0,
    )  # fmt: skip


def sweep(connection: Connection, *, before: int) -> int:
    """Give up on the reports of calls made before then; how many there were."""
    return connection.execute(_SWEEP, {"before": before}).rowcount


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What some calls took together; `amount` in US dollars."""

    amount: float
    calls: int
    tokens: int
    #: Whether anything in it was not reported but estimated.
    estimated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySpent(Sum):
    #: Its first moment, milliseconds UTC.
    day: int
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySpent(Sum):
    provider: str
    #: The key's id, None for one that was not stored with us.
    credential: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSpent:
    id: str
    #: None if the conversation was deleted; its money stays counted.
    title: str | None
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Where the money of some days went."""

    days: tuple[DaySpent, ...]
    keys: tuple[KeySpent, ...]
    #: The dearest first.
    conversations: tuple[ConversationSpent, ...]

    @property
    def amount(self) -> float:
        return sum(each.amount for each in self.days)


def spending(connection: Connection, *, since: int, until: int, most: int = 20) -> Spending:
    """What the calls of `since ≤ at < until` (milliseconds UTC) took, by day, key and conversation.

    `most` bounds the conversations. What is set aside counts as spent.
    """
    span = {"since": since, "until": until}
    return Spending(
        days=tuple(
            DaySpent(day=row.day, provider=row.provider, **_sum(row))
            for row in connection.execute(_BY_DAY, span)
        ),
        keys=tuple(
            KeySpent(provider=row.provider, credential=row.credential, **_sum(row))
            for row in connection.execute(_BY_KEY, span)
        ),
        conversations=tuple(
            ConversationSpent(id=row.id, title=row.title, amount=row.amount)
            for row in connection.execute(_BY_CONVERSATION, {**span, "most": most})
        ),
    )


def _sum(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    return {
        "amount": row.amount, "calls": row.calls, "tokens": int(row.tokens),
        "estimated": row.guessed > 0,
    }  # fmt: skip


class StoreLedger:
    """Implements `core.ports.Ledger` and `core.ports.Bills` for all processes of a house."""

    def __init__(self, store: Store, preferences: Preferences, clock: Clock) -> None:
        self._store = store
        self._preferences = preferences
        self._clock = clock

    async def reserve(self, call: Reservation) -> None:
        chosen = await self._preferences.current()
        if call.cost > 0 and not chosen.paid_calls:
            raise BudgetSpent("Paid calls are switched off in this house.", scope="paid_calls")
        caps = Caps.of(call, chosen.budgets)
        await self._store.write(partial(reserve, call=call, caps=caps, at=self._now()))

    async def report(self, call_id: str, usage: Usage) -> None:
        try:
            known = await self._store.write(partial(report, call_id=call_id, took=usage))
        except ChimeraError as error:
            # The row stands with the most it may have cost; the line need not suffer.
            _log.warning("usage_not_reported", call_id=call_id, error=repr(error))
            return
        if not known:
            _log.warning("usage_without_reservation", call_id=call_id)

    async def of_turn(self, turn_id: str, *, counted: float | None = None) -> Usage | None:
        return await self._store.read(partial(of_turn, turn_id=turn_id, counted=counted))

    async def sweep(self) -> int:
        """Count what a crash left reserved as spent; how many calls that were."""
        swept = await self._store.write(partial(sweep, before=self._now() - ABANDONED_MS))
        if swept:
            _log.warning("usage_estimated", calls=swept)
        return swept

    def _now(self) -> int:
        return to_millis(self._clock.now())


def _check(connection: Connection, call: Reservation, caps: Caps, at: int) -> None:
    """Raises BudgetSpent if one of the caps would be passed."""
    if caps.conversation is not None:
        _hold(connection, call.conversation_id)
        spent = connection.execute(_IN_CONVERSATION, {"of": call.conversation_id}).scalar_one()
        _weigh("conversation", caps.conversation, spent, call)
    if caps.day:
        _hold(connection, "usage")
        today = at - at % DAY_MS
        values = {
            "since": today, "provider": call.provider, "credential": call.credential,
            "owner": call.owner,
        }  # fmt: skip
        sums = connection.execute(_IN_DAY, values).mappings().one()
        for scope, cap in caps.day.items():
            _weigh(scope, cap, sums[scope], call, resets_at=today + DAY_MS)


def _weigh(scope: str, cap: float, spent: float, call: Reservation, **details: Any) -> None:
    if spent + call.cost <= cap + _HAIR:
        return
    when = "a day" if details else "in all"
    raise BudgetSpent(
        f"{_WORDS[scope]} may cost ${cap:.2f} {when}; ${spent:.2f} are spent or set aside, "
        f"and this call may take up to ${call.cost:.4f}.",
        scope=scope, cap=cap, spent=spent, **details,
    )  # fmt: skip


def _hold(connection: Connection, what: str) -> None:
    """Let nobody else reserve under the same caps before this commits; SQLite has one writer."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"what": what})


def _row(call: Reservation, at: int) -> dict[str, Any]:
    return {
        "id": call.id, "conversation_id": call.conversation_id, "turn_id": call.turn_id,
        "participant_id": call.participant_id, "provider": call.provider, "model": call.model,
        "credential": call.credential, "owner": call.owner, "input_tokens": call.input_tokens,
        "output_tokens": call.output_tokens, "cached_tokens": 0, "cost": call.cost,
        "estimated": True, "state": "reserved", "at": at,
    }  # fmt: skip
