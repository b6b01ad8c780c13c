"""What clients send and get about variants and experiments."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from chimera.api.strict import OMIT_NONE, Input, Name, Output
from chimera.core.conversation import Mode
from chimera.core.learning.experiments import Tally, Verdict
from chimera.features.conversations.schemas import DirectorName, Moment, PaceRequest
from chimera.features.personas.schemas import About, Few, Lines

Label = Annotated[Name, Field(min_length=1, max_length=60)]
#: To what an arm is given: to a viewer for good, or to each conversation anew.
Unit = Literal["viewer", "conversation"]


class Evidence(Output):
    """What came of an arm.

    `rate` is the share of `good` among the judged, and `low` and `high` where the true share lies,
    95 times in 100.
    """

    assignments: int
    good: int
    bad: int
    rate: Annotated[float | None, OMIT_NONE] = None
    low: float
    high: float

    @classmethod
    def of(cls, tally: Tally) -> "Evidence":
        low, high = tally.interval
        return cls(
            assignments=tally.assigned, good=tally.good, bad=tally.bad,
            rate=None if tally.rate is None else round(tally.rate, 4),
            low=round(low, 4), high=round(high, 4),
        )  # fmt: skip


# -- variants ---------------------------------------------------------------------------------


class Changes(Input):
    """The fields of a card that a variant replaces; the others stay."""

    about: About | None = None
    voice: About | None = None
    values: Few | None = None
    habits: Few | None = None
    forbidden: Few | None = None
    sample_lines: Lines | None = None

    @model_validator(mode="after")
    def _something(self) -> "Changes":
        if not self.model_dump(exclude_none=True):
            raise ValueError("Replace at least one field of the card.")
        return self


class CreateVariant(Input):
    """Other words for a persona; nobody plays them before they are approved."""

    label: Label
    changes: Changes


class PatchVariant(Input):
    """Absent fields stay. Once it is approved its words stay too: the votes are about them."""

    label: Label | None = None
    changes: Changes | None = None
    approved: Literal[True] | None = None


class Replaced(Output):
    """The fields of the card that a variant replaces."""

    about: Annotated[str | None, OMIT_NONE] = None
    voice: Annotated[str | None, OMIT_NONE] = None
    values: Annotated[list[str] | None, OMIT_NONE] = None
    habits: Annotated[list[str] | None, OMIT_NONE] = None
    forbidden: Annotated[list[str] | None, OMIT_NONE] = None
    sample_lines: Annotated[list[str] | None, OMIT_NONE] = None


class Variant(Output):
    """Other words for a card, and what viewers made of the conversations that had them."""

    id: str
    label: str
    changes: Replaced
    approved: bool
    created_at: Moment
    approved_at: Annotated[Moment | None, OMIT_NONE] = None
    evidence: Evidence


class Variants(Output):
    """A persona's variants, the oldest first.

    `trying` is true as soon as one is approved: then every new conversation with the persona gets
    one of the approved variants, or the `card` as it is.
    """

    persona_id: str
    trying: bool
    card: Evidence
    items: list[Variant]


# -- experiments ------------------------------------------------------------------------------


class Setup(Input):
    """What one arm fixes of `POST /conversations`, where its caller leaves that open."""

    director: DirectorName | None = None
    pace: PaceRequest | None = None
    whispers: bool | None = None


class CreateExperiment(Input):
    """A comparison of two set-ups which say the same fields."""

    name: Label
    arms: Annotated[list[Setup], Field(min_length=2, max_length=2)]
    unit: Unit = "viewer"

    @model_validator(mode="after")
    def _comparable(self) -> "CreateExperiment":
        one, other = (each.model_dump(exclude_none=True) for each in self.arms)
        if not one or one.keys() != other.keys():
            raise ValueError("Both arms have to say the same fields, and at least one.")
        if one == other:
            raise ValueError("The arms are the same.")
        return self


class PaceSetup(Output):
    """The tempo of an arm."""

    mode: Annotated[Mode | None, OMIT_NONE] = None
    speed: Annotated[float | None, OMIT_NONE] = None
    preset: Annotated[str | None, OMIT_NONE] = None


class ArmSetup(Output):
    """What an arm fixes."""

    director: Annotated[str | None, OMIT_NONE] = None
    pace: Annotated[PaceSetup | None, OMIT_NONE] = None
    whispers: Annotated[bool | None, OMIT_NONE] = None


class Arm(Output):
    """One arm. Its evidence counts units: viewers, or conversations."""

    setup: ArmSetup
    evidence: Evidence


class Look(Output):
    """How it stood after so many judged units, of both arms together."""

    judged: int
    difference: float
    # The likelihood ratio of the test; `lambda` is a word of Python's.
    lambda_: Annotated[float, Field(alias="lambda")]


class Experiment(Output):
    """A comparison and what can be said of it, at any moment.

    `difference` is how much more often the second arm was liked. It is `decided` once `lambda` has
    reached `decides_at` with at least `least` judged units in each arm, in favour of arm `better`;
    a `broken_ratio` means that the arms were not given out evenly, so that nothing can be
    concluded.
    """

    id: str
    name: str
    unit: Unit
    status: Literal["running", "stopped"]
    verdict: Verdict
    arms: list[Arm]
    difference: Annotated[float | None, OMIT_NONE] = None
    lambda_: Annotated[float, Field(alias="lambda")]
    decides_at: float
    least: int
    better: Annotated[int | None, OMIT_NONE] = None
    #: How probable it is that fair coins split the arms as unevenly.
    ratio_chance: float
    #: At most a hundred looks, the oldest first.
    course: list[Look]
    created_at: Moment
    stopped_at: Annotated[Moment | None, OMIT_NONE] = None


class ExperimentList(Output):
    """The newest first."""

    items: list[Experiment]
