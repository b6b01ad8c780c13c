"""What clients send and get about conversations (`contracts/openapi.json` is made from this)."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator
from sqlalchemy import Row

from chimera.api.strict import OMIT_NONE, SAFE_INTEGER, Input, Name, Output, Text
from chimera.core import conversation as core
from chimera.core import events as ev
from chimera.core.generation import Ending
from chimera.core.ids import rfc3339

Visibility = Literal["private", "unlisted", "public"]
Sort = Literal["newest", "oldest", "active"]

#: A moment: RFC 3339, UTC, milliseconds.
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]

Title = Annotated[Text, Field(min_length=1, max_length=200)]
Topic = Annotated[Text, Field(min_length=1, max_length=500)]
Speech = Annotated[Text, Field(min_length=1, max_length=500)]
_IMAGES = (
    "Data URLs in base64 of PNG, JPEG, WebP or GIF (its first frame), 5,000,000 bytes and "
    "4096 × 4096 pixels each at most."
)
ParticipantId = Annotated[str, Field(pattern=r"^par_[A-Za-z0-9_-]{1,60}$")]
ProviderName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
DirectorName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="One of `GET /directors`.")
]
ModelId = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,200}$")]


# -- what comes in ----------------------------------------------------------------------------


class SeatRequest(Input):
    """One member of the cast. `name` renames the persona for this conversation."""

    persona: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$", description="An id or a slug.")]
    name: Annotated[Name, Field(min_length=1, max_length=60)] | None = None
    provider: ProviderName | None = None
    model: ModelId | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None


class PaceRequest(Input):
    """The tempo: a speed, or the name of one."""

    mode: core.Mode | None = None
    speed: Annotated[float, Field(ge=0.1, le=8)] | None = None
    preset: Literal["real", "lively", "game"] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "PaceRequest":
        if self.speed is not None and self.preset is not None:
            raise ValueError("Give a speed or a preset, not both.")
        return self

    def pace(self, before: core.Pace) -> core.Pace:
        """The tempo that is meant; what is not said stays as it was `before`."""
        named = core.PRESETS[self.preset] if self.preset else before.speed
        return core.Pace(
            mode=self.mode or before.mode,
            speed=self.speed if self.speed is not None else named,
        )


class BudgetRequest(Input):
    """A money ceiling, and what happens when it is spent."""

    amount: Annotated[float, Field(gt=0, le=1_000_000)]
    currency: Literal["USD"] = "USD"
    when_spent: Literal["finale", "improv", "pause"] = "finale"

    def budget(self) -> core.Budget:
        return core.Budget.model_validate(self.model_dump())


class CreateConversation(Input):
    """A topic is enough; everything else has a default."""

    topic: Topic
    title: Title | None = None
    cast: Annotated[list[SeatRequest], Field(min_length=2, max_length=8)] | None = None
    pace: PaceRequest = PaceRequest()
    max_turns: Annotated[int, Field(ge=1, le=10_000)] | None = None
    max_minutes: Annotated[float, Field(gt=0, le=525_600)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=SAFE_INTEGER)] | None = None
    min_turns: Annotated[int, Field(ge=0, le=10_000)] | None = None
    idle_minutes: Annotated[float, Field(gt=0, le=525_600)] | None = None
    stop_phrase: Annotated[Text, Field(min_length=1, max_length=200)] | None = None
    budget: BudgetRequest | None = None
    seed: Annotated[int, Field(ge=0, le=SAFE_INTEGER)] | None = None
    visibility: Visibility = "private"
    start: bool = True
    director: DirectorName = "show"
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")] | None = (
        None
    )
    whispers: bool = False

    def limits(self) -> core.Limits:
        return core.Limits(
            max_turns=self.max_turns,
            max_minutes=self.max_minutes,
            max_tokens=self.max_tokens,
            min_turns=self.min_turns,
            idle_minutes=self.idle_minutes,
            stop_phrase=self.stop_phrase,
            budget=self.budget.budget() if self.budget else None,
        )


class PatchConversation(Input):
    """What may be changed while it goes on; absent fields stay as they are."""

    title: Title | None = None
    visibility: Visibility | None = None
    pace: PaceRequest | None = None
    budget: BudgetRequest | None = None


class PostMessage(Input):
    """A viewer speaks, to the whole cast or to one of it; who shows a picture need not."""

    text: Annotated[Text, Field(max_length=500)] = ""
    name: Annotated[Name, Field(min_length=1, max_length=40)] | None = None
    to: ParticipantId | None = None
    images: Annotated[list[str], Field(max_length=4, description=_IMAGES)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "PostMessage":
        if not self.text and not self.images:
            raise ValueError("Say something, or show a picture.")
        return self


class WishTopic(Input):
    topic: Topic


class Invite(Input):
    participant_id: ParticipantId


class Direct(Input):
    """A note of the director's, to one participant or to all."""

    note: Speech
    participant_id: ParticipantId | None = None


class PatchParticipant(Input):
    """What may be changed of a seat while it goes on; absent fields stay as they are."""

    muted: bool | None = None
    provider: ProviderName | None = None
    model: ModelId | None = None

    @property
    def recasts(self) -> bool:
        return self.provider is not None or self.model is not None


# -- what goes out ----------------------------------------------------------------------------


def _moment(millis: int | None) -> str | None:
    return None if millis is None else rfc3339(millis)


class Pace(Output):
    mode: core.Mode
    speed: float


class Participant(Output):
    id: str
    persona_id: str
    slug: str
    name: str
    color: str
    mask: str
    provider: str
    model: str
    muted: bool


class Cost(Output):
    amount: float
    currency: Literal["USD"]
    estimated: bool


class LastLine(Output):
    participant_id: Annotated[str | None, OMIT_NONE] = None
    name: Annotated[str | None, OMIT_NONE] = None
    text: str


class Conversation(Output):
    id: str
    title: str
    topic: str
    status: core.Status
    ended_because: Annotated[core.EndedBecause | None, OMIT_NONE] = None
    paused_because: Annotated[core.PausedBecause | None, OMIT_NONE] = None
    resume_at: Annotated[Moment | None, OMIT_NONE] = None
    head_seq: int
    created_at: Moment
    started_at: Annotated[Moment | None, OMIT_NONE] = None
    ended_at: Annotated[Moment | None, OMIT_NONE] = None
    pace: Pace
    visibility: Visibility
    participants: list[Participant]
    message_count: int
    cost: Cost
    last_line: Annotated[LastLine | None, OMIT_NONE] = None

    @classmethod
    def of(cls, row: Row[Any]) -> "Conversation":
        """From a row of the table."""
        return cls(
            id=row.id, title=row.title, topic=row.topic, status=row.status,
            ended_because=row.ended_because, paused_because=row.paused_because,
            resume_at=_moment(row.resume_at), head_seq=row.head_seq,
            created_at=rfc3339(row.created_at), started_at=_moment(row.started_at),
            ended_at=_moment(row.ended_at), pace=Pace.model_validate(row.pace),
            visibility=row.visibility,
            participants=[Participant.model_validate(each) for each in row.cast],
            message_count=row.message_count,
            cost=Cost(amount=round(row.cost, 6), currency="USD", estimated=row.cost_estimated),
            last_line=LastLine.model_validate(row.last_line) if row.last_line else None,
        )  # fmt: skip


class ConversationPage(Output):
    items: list[Conversation]
    next_cursor: str | None


class Controlled(Output):
    """The conversation after a command, and the seq of the command's event."""

    conversation: Conversation
    seq: int


class Author(Output):
    kind: Literal["persona", "viewer", "host", "system"]
    name: str


class Route(Output):
    provider: str
    model: str
    understudy_for: Annotated[str | None, OMIT_NONE] = None
    why: Annotated[str | None, OMIT_NONE] = None


class Usage(Output):
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: Annotated[float | None, OMIT_NONE] = None
    estimated: bool


class Timings(Output):
    first_token_ms: int
    duration_ms: int
    planned_ms: Annotated[int | None, OMIT_NONE] = None
    ready_ms: Annotated[int | None, OMIT_NONE] = None
    late_ms: Annotated[int | None, OMIT_NONE] = None


class Picture(Output):
    """Its bytes never change and may be kept."""

    id: str
    url: str
    media_type: str
    width: int
    height: int

    @classmethod
    def all(cls, conversation_id: str, shown: Iterable[ev.Picture]) -> "list[Picture] | None":
        at = f"/api/v1/conversations/{conversation_id}/images"
        return [cls(url=f"{at}/{each.id}", **each.model_dump()) for each in shown] or None


class Partner(Output):
    """Who says the end of a line, from `offset` on, in UTF-16 code units."""

    participant_id: str
    offset: int


class Message(Output):
    model_config = ConfigDict(populate_by_name=True)

    id: str
    seq: int
    conversation_id: str
    participant_id: Annotated[str | None, OMIT_NONE] = None
    author: Author
    text: str
    at: Moment
    route: Annotated[Route | None, OMIT_NONE] = None
    usage: Annotated[Usage | None, OMIT_NONE] = None
    timings: Annotated[Timings | None, OMIT_NONE] = None
    ending: Annotated[Ending | None, OMIT_NONE] = None
    scripted: bool
    with_: Annotated[Partner | None, OMIT_NONE] = Field(
        default=None, validation_alias="with", serialization_alias="with"
    )
    #: Who of the cast hears it, the speaker included; absent: all do. Viewers see everything.
    visibility: Annotated[list[str] | None, OMIT_NONE] = None
    images: Annotated[list[Picture] | None, OMIT_NONE] = None
    reactions: dict[str, int]
    mine: Annotated[list[str] | None, OMIT_NONE] = None

    @classmethod
    def of(cls, row: Row[Any]) -> "Message":
        """From a row of the table."""
        return cls(
            id=row.id, seq=row.seq, conversation_id=row.conversation_id,
            participant_id=row.participant_id,
            author=Author(kind=row.author_kind, name=row.author_name), text=row.text,
            at=rfc3339(row.at), route=Route.model_validate(row.route) if row.route else None,
            usage=Usage.model_validate(row.usage) if row.usage else None,
            timings=Timings.model_validate(row.timings) if row.timings else None,
            ending=row.ending, scripted=row.scripted, reactions={},
            with_=Partner.model_validate(row.partner) if row.partner else None,
            visibility=None if row.visibility == "all" else row.visibility,
            images=Picture.all(
                row.conversation_id, [ev.Picture.model_validate(each) for each in row.images or ()]
            ),
        )  # fmt: skip

    @classmethod
    def posted(cls, envelope: ev.Envelope, body: ev.MessagePosted) -> "Message":
        """From the event of a viewer's message."""
        return cls(
            id=body.message_id, seq=envelope.seq, conversation_id=envelope.conversation_id,
            author=Author(kind=body.author.kind, name=body.author.name), text=body.text,
            at=rfc3339(envelope.at), scripted=False, reactions={},
            visibility=None if envelope.visibility == "all" else list(envelope.visibility),
            images=Picture.all(envelope.conversation_id, body.images or ()),
        )  # fmt: skip


class MessagePage(Output):
    items: list[Message]
    next_cursor: str | None


class Posted(Output):
    message: Message
    seq: int


class Actor(Output):
    type: Literal["participant", "viewer", "host", "system"]
    id: Annotated[str | None, OMIT_NONE] = None


class Envelope(Output):
    """One event of the log; `body` by `type` as in the public contract, section 5."""

    conversation_id: str
    seq: int
    type: str
    version: int
    actor: Actor
    at: Moment
    visibility: Literal["all"] | list[str]
    body: dict[str, Any]


class EventPage(Output):
    items: list[Envelope]
    next_cursor: str | None


class Starter(Output):
    id: str
    text: str
    themes: list[str]


class StarterPage(Output):
    items: list[Starter]
    next_cursor: str | None
