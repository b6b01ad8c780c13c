"""Variants of personas, experiments, and the observations that predictions are made of.

Outcomes are never stored: they are read from the votes, so that nobody's changed mind counts twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    Table,
    Text,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)

from chimera.core.errors import NotFound
from chimera.core.learning.experiments import Tally
from chimera.store import tables
from chimera.store.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")
_Json = JSON(none_as_null=True)


def _of(name: str, owner: str, *, key: bool = False) -> "Column[str]":
    """A column that names what a row belongs to, and goes with."""
    owned = ForeignKey(f"{owner}.id", ondelete="CASCADE")
    return Column(name, Text, owned, primary_key=key, nullable=False)


# --- what is kept --------------------------------------------------------------------------------

#: Other words for a persona's card, tried beside it.
variants = Table(
    "variants",
    metadata,
    Column("id", Text, primary_key=True),
    _of("persona_id", "personas"),
    Column("label", Text, nullable=False),
    # The fields of the card that it replaces.
    Column("changes", _Json, nullable=False),
    Column("created_at", _Big, nullable=False),
    Column("approved_at", _Big),
    # It is cast no more; who plays it goes on.
    Column("retired_at", _Big),
    Index("variants_by_persona", "persona_id", "created_at"),
)

#: Which arm of a persona's trial each conversation got.
variant_castings = Table(
    "variant_castings",
    metadata,
    _of("conversation_id", "conversations", key=True),
    _of("persona_id", "personas", key=True),
    # The id of a variant, or `card`.
    Column("variant", Text, nullable=False),
    Column("at", _Big, nullable=False),
    Index("variant_castings_by_persona", "persona_id", "at"),
    sqlite_with_rowid=False,
)

experiments = Table(
    "experiments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    # `viewer` or `conversation`: to what an arm is given.
    Column("unit", Text, nullable=False),
    # Two set-ups, as `POST /conversations` takes them.
    Column("arms", _Json, nullable=False),
    Column("created_at", _Big, nullable=False),
    Column("stopped_at", _Big),
)

#: Which arm of an experiment each conversation got, and on whose account.
trials = Table(
    "trials",
    metadata,
    _of("experiment_id", "experiments", key=True),
    _of("conversation_id", "conversations", key=True),
    Column("unit", Text, nullable=False),
    Column("arm", Integer, nullable=False),
    Column("at", _Big, nullable=False),
    Index("trials_by_conversation", "conversation_id"),
    sqlite_with_rowid=False,
)

#: What the first turns of conversations were like on which somebody voted.
observations = Table(
    "observations",
    metadata,
    _of("conversation_id", "conversations", key=True),
    # None: it will never have enough of them.
    Column("features", _Json),
    Column("at", _Big, nullable=False),
)

#: What was learnt from them, one row.
forecasts = Table(
    "forecasts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", _Json, nullable=False),
    Column("at", _Big, nullable=False),
)

#: So many events of a conversation are looked at to find its first turns.
BEGINNING = 600
_LIKING = "liking"
_V, _C, _E, _T = variants.c, variant_castings.c, experiments.c, trials.c
_O, _F, _J = observations.c, forecasts.c, tables.votes.c
#: A vote that takes a side.
_SIDED = _J.value != 0

# --- variants ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """Other words for a card. Times are milliseconds UTC."""

    id: str
    persona_id: str
    label: str
    changes: Mapping[str, Any]
    created_at: int
    approved_at: int | None = None


def variants_of(connection: Connection, persona_id: str) -> list[Variant]:
    """Those that are not retired, the oldest first."""
    rows = connection.execute(
        select(variants)
        .where(_V.persona_id == persona_id, _V.retired_at.is_(None))
        .order_by(_V.created_at, _V.id)
    )
    return [_variant(row) for row in rows]


def variant(connection: Connection, persona_id: str, variant_id: str) -> Variant:
    """One of them. Raises NotFound."""
    for each in variants_of(connection, persona_id):
        if each.id == variant_id:
            return each
    raise NotFound("This persona has no such variant.")


def changes_of(connection: Connection, variant_id: str) -> Mapping[str, Any]:
    """The words of a variant, also of one that is cast no more. Raises NotFound."""
    found = connection.execute(select(_V.changes).where(_V.id == variant_id)).scalar_one_or_none()
    if found is None:
        raise NotFound(f"There is no variant {variant_id!r}.")
    return found


def keep_variant(connection: Connection, kept: Variant) -> None:
    """Write it, new or changed."""
    values = {
        "label": kept.label, "changes": dict(kept.changes), "approved_at": kept.approved_at,
    }  # fmt: skip
    changed = connection.execute(update(variants).where(_V.id == kept.id).values(values))
    if not changed.rowcount:
        row = {"id": kept.id, "persona_id": kept.persona_id, "created_at": kept.created_at}
        connection.execute(insert(variants), row | values)


def retire_variants(connection: Connection, ids: Sequence[str], *, at: int) -> None:
    connection.execute(update(variants).where(_V.id.in_(ids)).values(retired_at=at))


def cast_variant(
    connection: Connection, conversation_id: str, persona_id: str, name: str, *, at: int
) -> None:
    """Note which arm of a persona's trial a conversation got."""
    row = {"conversation_id": conversation_id, "persona_id": persona_id, "variant": name, "at": at}
    connection.execute(insert(variant_castings), row)


def variant_tallies(connection: Connection, persona_id: str) -> dict[str, Tally]:
    """What came of each arm so far: every viewer's vote on a conversation counts once."""
    mine = _C.persona_id == persona_id
    cast = connection.execute(
        select(_C.variant, func.count()).where(mine).group_by(_C.variant)
    ).all()
    liked = func.sum(case((_J.value > 0, 1), else_=0))
    disliked = func.sum(case((_J.value < 0, 1), else_=0))
    votes = connection.execute(
        select(_C.variant, liked, disliked)
        .join(tables.votes, _J.conversation_id == _C.conversation_id)
        .where(mine)
        .group_by(_C.variant)
    )
    said = {name: (good, bad) for name, good, bad in votes}
    return {name: Tally(count, *said.get(name, (0, 0))) for name, count in cast}


def _variant(row: Row[Any]) -> Variant:
    return Variant(
        id=row.id, persona_id=row.persona_id, label=row.label, changes=row.changes,
        created_at=row.created_at, approved_at=row.approved_at,
    )  # fmt: skip


# --- experiments ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Two set-ups that are compared. Times are milliseconds UTC."""

    id: str
    name: str
    unit: str
    arms: tuple[Mapping[str, Any], Mapping[str, Any]]
    created_at: int
    stopped_at: int | None = None

    @property
    def fields(self) -> frozenset[str]:
        """What it decides about a conversation."""
        return frozenset(self.arms[0]) | frozenset(self.arms[1])


def list_experiments(connection: Connection) -> list[Experiment]:
    """All of them, the newest first."""
    rows = connection.execute(select(experiments).order_by(_E.created_at.desc(), _E.id.desc()))
    return [_experiment(row) for row in rows]


def running_experiments(connection: Connection) -> list[Experiment]:
    """Those that new conversations take part in, the oldest first."""
    rows = connection.execute(
        select(experiments).where(_E.stopped_at.is_(None)).order_by(_E.created_at, _E.id)
    )
    return [_experiment(row) for row in rows]


def experiment(connection: Connection, experiment_id: str) -> Experiment:
    """Raises NotFound."""
    row = connection.execute(select(experiments).where(_E.id == experiment_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such experiment.")
    return _experiment(row)


def begin(connection: Connection, new: Experiment) -> None:
    row = {
        "id": new.id, "name": new.name, "unit": new.unit, "created_at": new.created_at,
        "arms": [dict(each) for each in new.arms],
    }  # fmt: skip
    connection.execute(insert(experiments), row)


def stop(connection: Connection, experiment_id: str, *, at: int) -> None:
    connection.execute(update(experiments).where(_E.id == experiment_id).values(stopped_at=at))


def enrol(
    connection: Connection, experiment_id: str, conversation_id: str, unit: str, arm: int, *,
    at: int,
) -> None:  # fmt: skip
    """Note which arm a conversation got."""
    row = {
        "experiment_id": experiment_id, "conversation_id": conversation_id, "unit": unit,
        "arm": arm, "at": at,
    }  # fmt: skip
    connection.execute(insert(trials), row)


def assigned(connection: Connection, experiment_id: str) -> tuple[int, int]:
    """How many different units each arm was given to."""
    rows = connection.execute(
        select(_T.arm, func.count(_T.unit.distinct()).label("units"))
        .where(_T.experiment_id == experiment_id)
        .group_by(_T.arm)
    )
    counts = {row.arm: int(row.units) for row in rows}
    return counts.get(0, 0), counts.get(1, 0)


def outcomes(connection: Connection, experiment_id: str) -> list[tuple[int, bool]]:
    """Arm, and whether it was liked: the first conversation of each unit that was judged."""
    key = (_T.conversation_id, _T.unit, _T.arm, _T.at)
    rows = connection.execute(
        select(_T.unit, _T.arm, func.sum(_J.value))
        .join(tables.votes, (_J.conversation_id == _T.conversation_id) & _SIDED)
        .where(_T.experiment_id == experiment_id)
        .group_by(*key)
        .order_by(_T.at, _T.conversation_id)
    )
    first: dict[str, tuple[int, bool]] = {}
    for unit, arm, score in rows:
        first.setdefault(unit, (arm, score > 0))
    return list(first.values())


def _experiment(row: Row[Any]) -> Experiment:
    one, other = row.arms
    return Experiment(
        id=row.id, name=row.name, unit=row.unit, arms=(one, other), created_at=row.created_at,
        stopped_at=row.stopped_at,
    )  # fmt: skip


# --- predictions ---------------------------------------------------------------------------------


class Example(NamedTuple):
    """What a conversation was like at first, and whether its viewers liked it."""

    features: Mapping[str, float]
    liked: bool


_UNOBSERVED = (
    select(_J.conversation_id)
    .distinct()
    .outerjoin(observations, _O.conversation_id == _J.conversation_id)
    .where(_O.conversation_id.is_(None), _J.conversation_id > bindparam("after"), _SIDED)
    .order_by(_J.conversation_id)
    .limit(bindparam("most"))
)


def unobserved(connection: Connection, *, after: str, most: int) -> list[str]:
    """Conversations on which somebody voted and whose beginning nobody has looked at yet."""
    return list(connection.execute(_UNOBSERVED, {"after": after, "most": most}).scalars())


def observe(
    connection: Connection, conversation_id: str, features: Mapping[str, float] | None, *, at: int
) -> None:
    """Keep what its beginning was like; None: it has none that could be looked at."""
    connection.execute(delete(observations).where(_O.conversation_id == conversation_id))
    row = {
        "conversation_id": conversation_id, "at": at,
        "features": None if features is None else dict(features),
    }  # fmt: skip
    connection.execute(insert(observations), row)


def observed(connection: Connection, conversation_id: str) -> Mapping[str, float] | None:
    """What its beginning was like, if that was kept."""
    kept = select(_O.features).where(_O.conversation_id == conversation_id)
    return connection.execute(kept).scalar_one_or_none()


def examples(connection: Connection, *, most: int) -> list[Example]:
    """The newest of them that viewers judged, the oldest first."""
    created = tables.conversations.c
    newest = (
        select(_O.conversation_id, _O.features, created.created_at)
        .join(tables.conversations, created.id == _O.conversation_id)
        .where(_O.features.is_not(None))
        .order_by(created.created_at.desc(), created.id.desc())
        .limit(most)
        .subquery()
    )
    scores = (
        select(_J.conversation_id, func.sum(_J.value).label("score"))
        .where(_J.conversation_id.in_(select(newest.c.conversation_id)), _SIDED)
        .group_by(_J.conversation_id)
        .subquery()
    )
    rows = connection.execute(
        select(newest.c.features, scores.c.score)
        .join(scores, scores.c.conversation_id == newest.c.conversation_id)
        .order_by(newest.c.created_at, newest.c.conversation_id)
    )
    return [Example(row.features, row.score > 0) for row in rows]


def keep_forecast(connection: Connection, value: Mapping[str, Any], *, at: int) -> None:
    """In place of the one before."""
    connection.execute(delete(forecasts).where(_F.name == _LIKING))
    connection.execute(insert(forecasts), {"name": _LIKING, "value": dict(value), "at": at})


def forecast(connection: Connection) -> Mapping[str, Any] | None:
    """What was learnt last, if anything was."""
    return connection.execute(select(_F.value).where(_F.name == _LIKING)).scalar_one_or_none()
