"""What the operator chose in the running house: what may be spent, what is kept."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from chimera.core.ids import Clock, to_millis
from chimera.core.persona import Frozen
from chimera.store.database import Store
from chimera.store.tables import preferences

#: How long this process may go on with what it has read; others may have changed it.
FRESH_S = 5.0

_ALL = select(preferences.c.name, preferences.c.value)

Amount = Annotated[float, Field(ge=0, le=1_000_000)]


class Budgets(Frozen):
    """Ceilings in US dollars, none where it is None. A day is one of UTC."""

    house_day: Amount | None = None
    #: Of all conversations of one owner, and of all calls that one key pays.
    owner_day: Amount | None = None
    credential_day: Amount | None = None
    provider_day: Mapping[str, Amount] = Field(default_factory=dict[str, float])
    #: Of a conversation that has no budget of its own.
    conversation_default: Amount | None = None


class Choices(Frozen):
    """All of it, with what holds where nobody chose."""

    #: Off: no call that may cost anything is made.
    paid_calls: bool = True
    #: Whether calls are kept, with request and answer, for the view behind the stage.
    record_calls: bool = False
    budgets: Budgets = Budgets()


def load(connection: Connection) -> Choices:
    rows = connection.execute(_ALL)
    known = {row.name: row.value for row in rows if row.name in Choices.model_fields}
    return Choices.model_validate(known)


def save(connection: Connection, choices: Choices, *, at: int) -> None:
    """Keep the choices. `at` is now, in milliseconds UTC."""
    values = [
        {"name": name, "value": value, "updated_at": at}
        for name, value in choices.model_dump(mode="json").items()
    ]
    # Either database says it in the same words, each through its own construct.
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = make(preferences)
    changed = {name: statement.excluded[name] for name in ("value", "updated_at")}
    statement = statement.on_conflict_do_update(index_elements=["name"], set_=changed)
    connection.execute(statement, values)


class Preferences:
    """The choices as they are now, read at most every few seconds."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._read_at: float | None = None
        #: What was read last; whoever cannot wait takes this.
        self.latest = Choices()

    async def current(self) -> Choices:
        """The choices, no older than a few seconds, whoever changed them."""
        now = self._clock.monotonic()
        if self._read_at is None or now - self._read_at > FRESH_S:
            self.latest = await self._store.read(load)
            self._read_at = now
        return self.latest

    async def change(self, edit: Callable[[Choices], Choices]) -> Choices:
        """Replace the choices by what `edit` makes of them; it holds here at once."""
        unit = partial(_edit, edit=edit, at=to_millis(self._clock.now()))
        self.latest = await self._store.write(unit)
        self._read_at = self._clock.monotonic()
        return self.latest


def _edit(connection: Connection, *, edit: Callable[[Choices], Choices], at: int) -> Choices:
    chosen = edit(load(connection))
    save(connection, chosen, at=at)
    return chosen
