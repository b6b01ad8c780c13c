"""Where in its course a conversation is: opening, development, turning point, finale.

Folded from the log and never stored (`engine.md` section 4.4). A phase colours the prompt by one
line, and the score shows where each began.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from chimera.core import events as ev
from chimera.core import topics

if TYPE_CHECKING:
    from chimera.core.conversation import Participant
    from chimera.core.state import ConversationState

Phase = Literal["opening", "development", "turning_point", "finale"]

#: The events by which the course can be told; all others change nothing.
PHASED = (
    ev.ConversationCreated, ev.ConversationLimited, ev.ParticipantJoined, ev.ParticipantLeft,
    ev.MessageCompleted, ev.RelationChanged, ev.TopicChanged, ev.DirectorNoted,
)  # fmt: skip
#: So many turns are the turning point, which puts new life into the topic once.
TURNING_TURNS, LIFT = 6, 0.1
#: A new topic turns the play only past this share of the planned turns; without a plan, past so
#: many turns.
LATE, UNPLANNED = 0.40, 12
#: Turns beyond one for each by which the opening is over, whoever is still silent.
OPENING_EXTRA = 2

OPENING = "The show is just opening: take a clear side, so that there is something to disagree on."
TURNING = "This is the turning point of the show: say what has changed."
TURNED = "Something has changed here; do not go back to how it was before."


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A phase, and the event it begins with."""

    phase: Phase
    from_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """The course of a conversation so far."""

    phase: Phase = "opening"
    #: Every phase so far, the first first; they are five at most.
    marks: tuple[Mark, ...] = ()
    cast: frozenset[str] = frozenset()
    spoken: frozenset[str] = frozenset()
    finished: int = 0
    planned: int | None = None
    #: Finished turns at the turning point, of which there is one.
    turned: int | None = None

    def after(self, envelope: ev.Envelope) -> "Phases":
        """The course after one more event of the log."""
        counted = self._counted(envelope.body)
        phase = _phase(counted, envelope.body)
        if phase == self.phase and self.marks:
            return counted
        mark = Mark(phase=phase, from_seq=envelope.seq)
        return replace(counted, phase=phase, marks=(*self.marks, mark))

    def lifted(self, energy: float, before: "Phases") -> float:
        """The energy of the topic: a turning point that has just come renews it a little."""
        turns = self.turned is not None and before.turned is None
        return min(1.0, energy + LIFT) if turns else energy

    def _counted(self, body: ev.Body) -> "Phases":
        match body:
            case ev.ConversationCreated(participants=cast, limits=limits):
                ids = frozenset(each.id for each in cast)
                return replace(self, cast=ids, planned=limits.max_turns)
            case ev.ConversationLimited(limits=limits):
                return replace(self, planned=limits.max_turns)
            case ev.ParticipantJoined(participant_id=who):
                return replace(self, cast=self.cast | {who})
            case ev.ParticipantLeft(participant_id=who):
                return replace(self, cast=self.cast - {who})
            case ev.MessageCompleted() as line:
                ids = {line.participant_id, *([line.with_.participant_id] if line.with_ else ())}
                return replace(self, spoken=self.spoken | ids, finished=self.finished + 1)
            case _:
                turns = self.turned is None and self._turns(body)
                return replace(self, turned=self.finished) if turns else self

    def _turns(self, body: ev.Body) -> bool:
        """Whether an event changes what the play is about."""
        match body:
            case ev.RelationChanged(alliance=alliance, conflict=conflict):
                return alliance is not None or conflict in {"heated", "hostile"}
            case ev.TopicChanged():
                late = UNPLANNED if self.planned is None else LATE * self.planned
                return self.finished > late
            case _:
                return False


def _phase(course: Phases, body: ev.Body) -> Phase:
    """The phase after an event that is counted already."""
    if course.phase == "finale" or (isinstance(body, ev.DirectorNoted) and body.ends):
        return "finale"
    if course.turned is not None and course.finished - course.turned < TURNING_TURNS:
        return "turning_point"
    few = course.finished < len(course.cast) + OPENING_EXTRA
    if course.phase == "opening" and few and not course.cast <= course.spoken:
        return "opening"
    return "development"


def told(state: "ConversationState", me: "Participant") -> Iterator[str]:
    """What the phase asks of the coming line, for the prompt's tail."""
    course = state.phases
    if course.phase == "opening":
        yield from _seed(state, me)
        if state.finished:
            yield OPENING
    elif course.phase == "turning_point":
        yield TURNING if state.finished == course.turned else TURNED


def _seed(state: "ConversationState", me: "Participant") -> Iterator[str]:
    """What the speaker and the last one disagree about, in a conversation of the house."""
    starter = topics.starter(state.starter) if state.starter else None
    others = [line.participant_id for line in state.lines if line.participant_id != me.id]
    if starter is None or not others or not others[-1]:
        return
    last = state.seat(others[-1]).participant
    for pair in (f"{me.slug}/{last.slug}", f"{last.slug}/{me.slug}"):
        if pair in starter.seeds:
            yield f"Between you: {starter.seeds[pair]}"
