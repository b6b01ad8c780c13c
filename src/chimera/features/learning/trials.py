"""Experiments with set-ups: begun and stopped by people, read at any moment."""

from collections.abc import Sequence

from sqlalchemy import Connection

from chimera.api.deps import House
from chimera.core.errors import Conflict, Invalid, LimitReached
from chimera.core.ids import rfc3339
from chimera.core.learning import experiments
from chimera.features.learning import schemas
from chimera.store import learning
from chimera.store.database import Work
from chimera.store.learning import Experiment

#: Experiments that a house keeps, and looks of one that are told.
MOST, LOOKS = 200, 100


def listing(connection: Connection) -> schemas.ExperimentList:
    found = learning.list_experiments(connection)
    return schemas.ExperimentList(items=[_shape(connection, each) for each in found])


def begin(work: Work, house: House, wanted: schemas.CreateExperiment) -> schemas.Experiment:
    """Every conversation that leaves its fields open takes part from now on.

    Raises Conflict where another experiment decides one of them already.
    """
    for place, arm in enumerate(wanted.arms):
        if arm.director is not None and arm.director not in house.directors:
            raise Invalid("There is no such director.", path=f"arms.{place}.director")
    known = learning.list_experiments(work.connection)
    if len(known) >= MOST:
        raise LimitReached(f"This house keeps {MOST} experiments at most.")
    one, other = (each.model_dump(mode="json", exclude_none=True) for each in wanted.arms)
    new = Experiment(
        id=house.ids.new("exp"), name=wanted.name, unit=wanted.unit, arms=(one, other),
        created_at=house.now(),
    )  # fmt: skip
    for each in known:
        if each.stopped_at is None and each.fields & new.fields:
            raise Conflict(f"{each.name!r} is running and compares the same. Stop it first.")
    learning.begin(work.connection, new)
    return _shape(work.connection, new)


def stop(work: Work, house: House, experiment_id: str) -> schemas.Experiment:
    """No conversation takes part any more; votes on those that did still count."""
    found = learning.experiment(work.connection, experiment_id)
    if found.stopped_at is None:
        learning.stop(work.connection, experiment_id, at=house.now())
    return _shape(work.connection, learning.experiment(work.connection, experiment_id))


def _shape(connection: Connection, kept: Experiment) -> schemas.Experiment:
    report = experiments.report(
        learning.assigned(connection, kept.id), learning.outcomes(connection, kept.id)
    )
    return schemas.Experiment.model_validate({
        "id": kept.id, "name": kept.name, "unit": kept.unit, "verdict": report.verdict,
        "status": "running" if kept.stopped_at is None else "stopped",
        "arms": [
            schemas.Arm(
                setup=schemas.ArmSetup.model_validate(setup), evidence=schemas.Evidence.of(tally)
            )
            for setup, tally in zip(kept.arms, report.arms, strict=True)
        ],
        "difference": report.difference, "lambda": round(report.evidence, 4),
        "decides_at": experiments.DECIDED, "least": experiments.LEAST_PER_ARM,
        "better": report.better, "ratio_chance": report.ratio_chance,
        "course": [
            {"judged": each.judged, "difference": each.difference,
             "lambda": round(each.evidence, 4)}
            for each in _thinned(report.course)
        ],
        "created_at": rfc3339(kept.created_at),
        "stopped_at": rfc3339(kept.stopped_at) if kept.stopped_at else None,
    })  # fmt: skip


def _thinned(course: Sequence[experiments.Look]) -> Sequence[experiments.Look]:
    """So many looks at even distances, the last one among them."""
    step = -(-len(course) // LOOKS) or 1
    return course[::-1][::step][::-1]
