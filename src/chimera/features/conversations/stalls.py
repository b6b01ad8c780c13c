"""What the stalls decide: polls, wished topics, votes on the talk."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from sqlalchemy import Connection, Row

from chimera.api.deps import House
from chimera.api.strict import OMIT_NONE, Input, Name, Output
from chimera.core import events as ev
from chimera.core import stalls
from chimera.core.conversation import Status
from chimera.core.errors import AlreadyExists, Conflict, Invalid, LimitReached
from chimera.core.feelings import Feelings
from chimera.core.ids import rfc3339
from chimera.core.parts import Line, Seat
from chimera.core.signals import count_questions
from chimera.core.state import ConversationState
from chimera.core.topics import ranked
from chimera.features.conversations import ballots, feelings, schemas, tables
from chimera.store import log
from chimera.store.database import Work

#: Polls of one conversation.
MOST_POLLS = 200
SUGGESTED = 5
#: Lines in which topics for these are looked for.
LOOKED_AT = 40

Question = Annotated[Name, Field(min_length=1, max_length=200)]
Option = Annotated[Name, Field(min_length=1, max_length=120)]


# -- polls ------------------------------------------------------------------------------------


class OpenPoll(Input):
    """A question to the stalls; it closes by itself."""

    question: Question
    options: Annotated[list[Option], Field(min_length=2, max_length=stalls.MOST_OPTIONS)]
    seconds: Annotated[int, Field(ge=10, le=600)] = 60
    quorum: Annotated[
        int | None,
        Field(ge=1, le=1000, description="Votes it needs; absent: a third of who watches."),
    ] = None
    decides: Annotated[
        Literal["topic"] | None, Field(description="`topic`: the winner becomes the topic.")
    ] = None

    @model_validator(mode="after")
    def _different(self) -> "OpenPoll":
        if len({each.casefold() for each in self.options}) < len(self.options):
            raise ValueError("Two of the options are the same.")
        return self


class Ballot(Input):
    """A vote; a later one of the same viewer takes its place."""

    option: Annotated[int, Field(ge=0, lt=stalls.MOST_OPTIONS, description="Its place, from 0.")]


class Poll(Output):
    """A poll. `results` are there once it is closed, or for who has voted; `mine` is one's vote."""

    id: str
    question: str
    options: list[str]
    quorum: int
    decides: Annotated[Literal["topic"] | None, OMIT_NONE] = None
    open: bool
    opened_at: schemas.Moment
    closes_at: schemas.Moment
    votes: int
    results: Annotated[list[int] | None, OMIT_NONE] = None
    winner: Annotated[str | None, OMIT_NONE] = None
    because: Annotated[stalls.Reason | None, OMIT_NONE] = None
    mine: Annotated[int | None, OMIT_NONE] = None


class PollList(Output):
    """The newest first."""

    items: list[Poll]


def open_poll(
    work: Work, house: House, conversation_id: str, wanted: OpenPoll, *, viewers: int, viewer: str
) -> Poll:
    """One at a time: attention is short."""
    tables.hold(work.connection, conversation_id)
    known = ballots.polls(work.connection, conversation_id)
    if any(each.closed_at is None for each in known):
        raise AlreadyExists("A poll is open already; wait until it closes.")
    if len(known) >= MOST_POLLS:
        raise LimitReached(f"A conversation has {MOST_POLLS} polls at most.")
    closes_at = house.now() + 1000 * wanted.seconds
    body = ev.PollOpened(
        poll_id=house.ids.new("pol"), question=wanted.question, options=tuple(wanted.options),
        closes_at=rfc3339(closes_at), quorum=wanted.quorum or stalls.quorum(viewers),
        decides=wanted.decides,
    )  # fmt: skip
    _tell(work, house, conversation_id, body, viewer)
    work.afterwards(partial(house.polls.expect, body.poll_id, closes_at))
    return _poll(work.connection, ballots.poll(work.connection, conversation_id, body.poll_id), "")


def vote(
    work: Work, house: House, conversation_id: str, poll_id: str, wanted: Ballot, *, viewer: str
) -> Poll:
    """Raises NotFound, and Conflict once the time is up."""
    tables.hold(work.connection, conversation_id)
    row = ballots.poll(work.connection, conversation_id, poll_id)
    if row.closed_at is not None or row.closes_at <= house.now():
        raise Conflict("The poll is closed.")
    if wanted.option >= len(row.options):
        raise Invalid("The poll has no such option.", path="option")
    ballots.cast(work.connection, poll_id, viewer, wanted.option, at=house.now())
    return _poll(work.connection, row, viewer)


def polls(connection: Connection, conversation_id: str, *, viewer: str) -> tuple[Status, PollList]:
    row = tables.one(connection, conversation_id)
    found = ballots.polls(connection, conversation_id)
    return row.status, PollList(items=[_poll(connection, each, viewer) for each in found])


def _poll(connection: Connection, row: Row[Any], viewer: str) -> Poll:
    choices = ballots.choices(connection, row.id)
    mine = choices.get(viewer)
    counts = row.results or stalls.counted(choices.values(), len(row.options))
    ended = None if row.closed_at is None else stalls.closed(_opened(row), tuple(counts))
    return Poll(
        id=row.id, question=row.question, options=row.options, quorum=row.quorum,
        decides=row.decides, open=ended is None, opened_at=rfc3339(row.opened_at),
        closes_at=rfc3339(row.closes_at), votes=sum(counts), mine=mine,
        # Who has not voted yet is not told what the others think.
        results=None if ended is None and mine is None else list(counts),
        winner=ended and ended.winner, because=ended and ended.because,
    )  # fmt: skip


def _opened(row: Row[Any]) -> ev.PollOpened:
    return ev.PollOpened(
        poll_id=row.id, question=row.question, options=tuple(row.options),
        closes_at=rfc3339(row.closes_at), quorum=row.quorum, decides=row.decides,
    )  # fmt: skip


# -- votes on the talk ------------------------------------------------------------------------


class Vote(Input):
    """Whether the talk is any good."""

    value: Literal[-1, 0, 1]


class Feedback(Output):
    """What viewers think of the talk, beside its score.

    `approval` is 0–100 with the interval it lies in at 90 %; `joined` is score and approval
    together, the score counting as much as six votes. `says` compares both.
    """

    up: int
    neutral: int
    down: int
    mine: Annotated[int | None, OMIT_NONE] = None
    approval: Annotated[float | None, OMIT_NONE] = None
    low: Annotated[float | None, OMIT_NONE] = None
    high: Annotated[float | None, OMIT_NONE] = None
    joined: Annotated[float | None, OMIT_NONE] = None
    says: Literal["not_enough_votes", "agrees", "likes_it_more", "likes_it_less"]


def judge(work: Work, house: House, conversation_id: str, wanted: Vote, *, viewer: str) -> Feedback:
    """The viewer's vote on the talk; possible also when it is over."""
    tables.hold(work.connection, conversation_id)
    ballots.judge(work.connection, conversation_id, viewer, wanted.value, at=house.now())
    return feedback(work.connection, conversation_id, viewer=viewer)[1]


def feedback(
    connection: Connection, conversation_id: str, *, viewer: str
) -> tuple[Status, Feedback]:
    """Joined to the newest score."""
    row = tables.one(connection, conversation_id)
    values = ballots.judgements(connection, conversation_id)
    scored = log.read_kinds(connection, conversation_id, [ev.QualityScored])
    newest = scored[-1].body if scored else None
    score = newest.score if isinstance(newest, ev.QualityScored) else None
    said = list(values.values())
    judged = stalls.judged(said, score)
    return row.status, Feedback(
        up=said.count(1), neutral=said.count(0), down=said.count(-1), mine=values.get(viewer),
        **judged._asdict(),
    )  # fmt: skip


# -- topics -----------------------------------------------------------------------------------


class Wished(Output):
    """A topic that viewers wish for next."""

    topic: str
    votes: int
    mine: bool


class Topics(Output):
    """What it is about, what it was about before, what viewers wish, and what the house offers."""

    topic: str
    past: list[str]
    wishes: list[Wished]
    suggestions: list[str]


class Wish(Input):
    """One wish for each viewer; the last one counts."""

    topic: Annotated[Name, Field(min_length=1, max_length=200)]


def topics(connection: Connection, conversation_id: str, *, viewer: str) -> tuple[Status, Topics]:
    row = tables.one(connection, conversation_id)
    past, held = _topics(connection, conversation_id)
    best = ranked(_standing(connection, row, past, held))[:SUGGESTED]
    mine = {each.topic.casefold() for each in held.wishes if each.viewer == viewer}
    return row.status, Topics(
        topic=row.topic, past=[each for each in past if each != row.topic],
        wishes=[
            Wished(topic=topic, votes=votes, mine=topic.casefold() in mine)
            for topic, votes in stalls.wished(held).items()
        ],
        suggestions=[topic for topic, _ in best],
    )  # fmt: skip


def _standing(
    connection: Connection, row: Row[Any], past: list[str], held: stalls.Stalls
) -> ConversationState:
    """As much of the conversation as the director looks at to find a topic."""
    newest = tables.spoken(
        connection, row.id, after=None, before=None, limit=LOOKED_AT, backwards=True
    )
    lines = [
        Line(
            seq=each.seq, message_id=each.id, turn=0, participant_id=each.participant_id,
            kind=each.author_kind, name=each.author_name, text=each.text, at=each.at,
            questions=count_questions(each.text),
            visibility=each.visibility if each.visibility == "all" else tuple(each.visibility),
        )
        for each in reversed(newest[:LOOKED_AT])
    ]  # fmt: skip
    cast = feelings.company(connection, row.id, {each["id"] for each in row.cast})
    return ConversationState(
        id=row.id, topic=row.topic, topics=tuple(past), language=row.language,
        seats=tuple(Seat(participant=each) for each in cast), lines=tuple(lines),
        feelings=Feelings(stalls=held),
    )  # fmt: skip


def wish(work: Work, house: House, conversation_id: str, wanted: Wish, *, viewer: str) -> Topics:
    """The director takes it into account when it changes the topic. Raises WrongStatus."""
    tables.hold(work.connection, conversation_id)
    _, held = _topics(work.connection, conversation_id)
    if stalls.Wish(viewer, wanted.topic) not in held.wishes:
        body = ev.TopicWished(topic=wanted.topic)
        _tell(work, house, conversation_id, body, viewer, unless=("ended",))
    return topics(work.connection, conversation_id, viewer=viewer)[1]


def _topics(connection: Connection, conversation_id: str) -> tuple[list[str], stalls.Stalls]:
    """The topics so far, and the wishes, by the fold that the director reads them with."""
    past: list[str] = []
    held = stalls.Stalls()
    kinds = (ev.ConversationCreated, ev.TopicChanged, ev.TopicWished, ev.ConversationCleared)
    for each in log.read_kinds(connection, conversation_id, kinds):
        match each.body:
            case ev.ConversationCreated(topic=topic) | ev.TopicChanged(topic=topic):
                past.append(topic)
            case ev.ConversationCleared():
                held = stalls.Stalls()
            case _:
                pass
        held = stalls.after_event(held, each.body, each.actor.id or each.actor.type, 0)
    return list(dict.fromkeys(past)), held


def _tell(
    work: Work,
    house: House,
    conversation_id: str,
    body: ev.Body,
    viewer: str,
    unless: Sequence[Status] = (),
) -> None:
    event = ev.NewEvent(body=body, actor=ev.Actor(type="viewer", id=viewer))
    house.journal.append(work, conversation_id, [event], unless=unless)
