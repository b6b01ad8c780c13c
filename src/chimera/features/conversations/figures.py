"""The figures of a conversation: who said how much, and how it went, message by message."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated

from sqlalchemy import Connection

from chimera.api.strict import OMIT_NONE, Output
from chimera.core import events as ev
from chimera.core.conversation import Status
from chimera.core.details import Act, Feeling
from chimera.core.phases import PHASED, Phase, Phases
from chimera.features.conversations import feelings, tables
from chimera.store import log


class Share(Output):
    """How much of the talk was one participant's; of a line that two say together each has half."""

    participant_id: str
    messages: float
    words: float
    share: float


class Score(Output):
    """The whole conversation as six columns, one entry for each message.

    `seq` and `at` (milliseconds) are differences to the message before, the first to nothing;
    `participant` is a place in the conversation's `participants`, −1 for anybody else, and so is
    `partner`, who said half of it. `warmth` is by how much the message changed what the cast feel
    for each other.
    """

    seq: list[int]
    participant: list[int]
    partner: list[int]
    words: list[int]
    warmth: list[float]
    at: list[int]


class TopicMark(Output):
    """What was talked about from an event on, and what brought it up; absent: the beginning."""

    seq: int
    topic: str
    cause: Annotated[str | None, OMIT_NONE] = None


class Position(Output):
    """How a message of a participant's stood to the topic of its time: 1 for it, −1 against it."""

    seq: int
    participant_id: str
    value: float


class Course(Output):
    """How it went: more columns to the score, and the topics in their order.

    `cost` is in US dollars, as far as it is known; `sentiment`, −1…1, `energy` of the topic,
    0…1, and the `emotion` of its words are null where nothing is known of a message; `acts` are
    what it does.
    """

    cost: list[float]
    sentiment: list[float | None]
    energy: list[float | None]
    emotion: list[Feeling | None]
    acts: list[list[Act]]
    topics: list[TopicMark]
    positions: list[Position]


class PhaseMark(Output):
    """A phase of the show, and the event it began with."""

    phase: Phase
    from_seq: int


class Analytics(Output):
    conversation_id: str
    messages: int
    words: int
    shares: list[Share]
    score: Score
    phases: list[PhaseMark]
    course: Annotated[Course | None, OMIT_NONE] = None


def analytics(
    connection: Connection, conversation_id: str, *, full: bool
) -> tuple[Status, Analytics]:
    """Who said how much, and the score; in full, also the course."""
    row = tables.one(connection, conversation_id)
    said = tables.score(connection, conversation_id)
    warmth = feelings.warmth(connection, conversation_id)
    places = {each["id"]: place for place, each in enumerate(row.cast)}
    words = [len(each.text.split()) for each in said]
    played = log.read_kinds(connection, conversation_id, PHASED)
    partners = _partners(played)
    return row.status, Analytics(
        conversation_id=conversation_id,
        messages=len(said),
        words=sum(words),
        shares=_shares(list(places), said, words, partners),
        score=Score(
            seq=_differences([each.seq for each in said]),
            participant=[places.get(each.participant_id, -1) for each in said],
            partner=[places.get(partners.get(each.id), -1) for each in said],
            words=words,
            warmth=[warmth.get(each.id, 0.0) for each in said],
            at=_differences([each.at for each in said]),
        ),
        phases=_phases(played),
        course=_course(connection, conversation_id, said) if full else None,
    )


def _differences(values: list[int]) -> list[int]:
    return [later - earlier for earlier, later in pairwise([0, *values])]


def _partners(played: Sequence[ev.Envelope]) -> dict[str, str]:
    """Who said the second part of which message."""
    return {
        line.message_id: line.with_.participant_id
        for each in played
        if isinstance(line := each.body, ev.MessageCompleted) and line.with_ is not None
    }


def _shares(
    cast: Sequence[str],
    said: Sequence[tables.Said],
    words: Sequence[int],
    partners: Mapping[str, str],
) -> list[Share]:
    lines = dict.fromkeys(cast, 0.0)
    spoken = dict.fromkeys(cast, 0.0)
    for each, count in zip(said, words, strict=True):
        voices = [each.participant_id, *([partners[each.id]] if each.id in partners else ())]
        for who in voices:
            if who in lines:
                lines[who] += 1 / len(voices)
                spoken[who] += count / len(voices)
    total = sum(spoken.values())
    return [
        Share(
            participant_id=who,
            messages=lines[who],
            words=spoken[who],
            share=round(spoken[who] / total, 4) if total else 0.0,
        )
        for who in cast
    ]


def _phases(played: Sequence[ev.Envelope]) -> list[PhaseMark]:
    """By the fold that the cast itself plays by."""
    course = Phases()
    for each in played:
        course = course.after(each)
    return [PhaseMark(phase=each.phase, from_seq=each.from_seq) for each in course.marks]


def _course(connection: Connection, conversation_id: str, said: Sequence[tables.Said]) -> Course:
    kinds = (
        ev.ConversationCreated, ev.ConversationCleared, ev.TopicChanged, ev.TurnStarted,
        ev.MessageCompleted,
    )  # fmt: skip
    topics: list[TopicMark] = []
    energies: dict[str, float | None] = {}
    lines: dict[str, ev.MessageCompleted] = {}
    for each in log.read_kinds(connection, conversation_id, kinds):
        match each.body:
            case ev.ConversationCreated(topic=topic):
                topics.append(TopicMark(seq=each.seq, topic=topic))
            case ev.ConversationCleared():
                # The talk goes on with what it is about now.
                topics = topics[-1:]
            case ev.TopicChanged(topic=topic, cause=cause):
                topics.append(TopicMark(seq=each.seq, topic=topic, cause=cause))
            case ev.TurnStarted(message_id=which, energy=energy):
                energies[which] = energy
            case ev.MessageCompleted() as line:
                lines[line.message_id] = line
            case _:
                pass
    done = [lines.get(each.id) for each in said]
    read = [each.signals if each else None for each in done]
    return Course(
        cost=[round(each.usage.cost or 0.0, 6) if each else 0.0 for each in done],
        sentiment=[each.sentiment if each else None for each in read],
        emotion=[each.emotion if each else None for each in read],
        acts=[list(each.acts or ()) if each else [] for each in read],
        positions=[
            Position(seq=each.seq, participant_id=line.participant_id, value=line.signals.position)
            for each, line in zip(said, done, strict=True)
            if line and line.signals and line.signals.position is not None
        ],
        energy=[energies.get(each.id) for each in said],
        topics=topics,
    )
