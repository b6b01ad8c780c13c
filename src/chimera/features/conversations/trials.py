"""Which arms a new conversation gets: of experiments with set-ups, and of variants of its cast."""

from collections.abc import Callable, Collection, Sequence
from random import Random
from typing import NamedTuple

from sqlalchemy import Connection

from chimera.core import events as ev
from chimera.core.conversation import Participant
from chimera.core.learning.experiments import CARD, Tally, arm_of, choose
from chimera.features.conversations.schemas import CreateConversation
from chimera.store import learning, personas

#: Under which name an experiment knows whoever asks; None: it cannot know them again.
KnownAs = Callable[[str], str | None]


class Trial(NamedTuple):
    """One arm that the conversation got, and on whose account."""

    experiment: str
    unit: str
    arm: int


class Enrolled(NamedTuple):
    """The set-up with what experiments fix of it."""

    wanted: CreateConversation
    trials: tuple[Trial, ...]

    @property
    def refs(self) -> tuple[ev.TrialRef, ...] | None:
        """As the log tells it."""
        told = (ev.TrialRef(experiment=each.experiment, arm=each.arm) for each in self.trials)
        return tuple(told) or None


def nobody(_experiment: str) -> None:
    """Knows nobody again."""


def enrol(
    connection: Connection,
    conversation_id: str,
    wanted: CreateConversation,
    known_as: KnownAs,
    *,
    directors: Collection[str],
) -> Enrolled:
    """Take part in every running experiment whose fields the caller left open.

    One that names a director of a plugin which was removed waits until it is back.
    """
    trials: list[Trial] = []
    for experiment in learning.running_experiments(connection):
        named = {each["director"] for each in experiment.arms if "director" in each}
        if experiment.fields & wanted.model_fields_set or named - set(directors):
            continue
        unit = conversation_id if experiment.unit == "conversation" else known_as(experiment.id)
        if unit is None:
            continue
        arm = arm_of(unit, experiment.id)
        given = wanted.model_dump(exclude_unset=True)
        wanted = CreateConversation.model_validate(given | dict(experiment.arms[arm]))
        trials.append(Trial(experiment.id, unit, arm))
    return Enrolled(wanted, tuple(trials))


def dress(
    connection: Connection, cast: Sequence[Participant], seed: int
) -> tuple[Participant, ...]:
    """The cast, each whose persona has approved variants with the arm that it plays."""
    return tuple(_dressed(connection, each, seed) for each in cast)


def _dressed(connection: Connection, one: Participant, seed: int) -> Participant:
    if one.version is None:
        return one
    kept = learning.variants_of(connection, one.persona_id)
    approved = {each.id: each for each in kept if each.approved_at is not None}
    if not approved:
        return one
    tallies = learning.variant_tallies(connection, one.persona_id)
    arms = {name: tallies.get(name, Tally()) for name in (CARD, *approved)}
    name = choose(arms, Random(f"{seed}:{one.persona_id}:variant"))
    one = one.model_copy(update={"variant": name})
    card = personas.dressed(connection, one)
    return one.model_copy(update={"character": card.character})


def note(
    connection: Connection,
    conversation_id: str,
    enrolled: Enrolled,
    cast: Sequence[Participant],
    *,
    at: int,
) -> None:
    """Write down which arms it got."""
    for each in enrolled.trials:
        learning.enrol(connection, each.experiment, conversation_id, each.unit, each.arm, at=at)
    for one in cast:
        if one.variant is not None:
            learning.cast_variant(connection, conversation_id, one.persona_id, one.variant, at=at)
