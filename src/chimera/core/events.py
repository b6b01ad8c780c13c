"""The events of a conversation's log, their envelope, and the signals that are never stored.

Bodies are closed: an undeclared field is an error where the event is made. Reading an old log goes
through `lift`, so that every shape ever shipped still loads (`contracts/events/`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field, JsonValue

from chimera.core.conversation import (
    Cause,
    EndedBecause,
    Limits,
    Pace,
    Participant,
    PausedBecause,
)
from chimera.core.errors import Invalid
from chimera.core.generation import Ending
from chimera.core.ids import rfc3339
from chimera.core.persona import Frozen

Visibility = Literal["all"] | tuple[str, ...]


class Actor(Frozen):
    """Who caused an event."""

    type: Literal["participant", "viewer", "host", "system"]
    id: str | None = None


HOST = Actor(type="host")
SYSTEM = Actor(type="system")


class Body(Frozen):
    """What an event says; `type` is its name in the log."""

    type: ClassVar[str]
    version: ClassVar[int] = 1


class RouteRef(Frozen):
    provider: str
    model: str
    understudy_for: str | None = None
    why: str | None = None


class UsageRef(Frozen):
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost: float | None = None
    estimated: bool = False


class Timings(Frozen):
    """Milliseconds; `late_ms` is how much the text came after it was due."""

    first_token_ms: int = 0
    duration_ms: int = 0
    planned_ms: int | None = None
    ready_ms: int | None = None
    late_ms: int | None = None


class BidRef(Frozen):
    """How much one participant wanted the floor, and why (`engine.md` section 3.5)."""

    participant_id: str
    value: float = Field(ge=0, le=1)
    reason: str
    chance: float = Field(default=0, ge=0, le=1)
    terms: Mapping[str, float] = Field(default_factory=dict[str, float])


class PaceDraw(Frozen):
    """The latent values of one gap (`engine.md` section 5.1); the next turn reads them back."""

    u: float
    e: float
    z: float
    bucket: int
    words: int
    scale: float


class StanceRef(Frozen):
    """How a line stands to a participant: 1 for it, −1 against it."""

    to: str
    value: float = Field(ge=-1, le=1)


class MessageSignals(Frozen):
    """What was found in a text; `addressed` are participant ids, the first is asked to answer."""

    language: str | None = None
    sentiment: float | None = None
    #: How loud it is, 0…1.
    arousal: float | None = None
    #: Only what is known: a line that takes no clear side takes none.
    stance: tuple[StanceRef, ...] | None = None
    #: Participants whose words it takes up with credit, and whom it insults.
    cited: tuple[str, ...] | None = None
    insulted: tuple[str, ...] | None = None
    addressed: tuple[str, ...] = ()
    questions: int = 0
    keywords: tuple[str, ...] = ()
    #: The troupe's own account of its line: acts, claims, concepts (`engine.md` section 17).
    improv: dict[str, JsonValue] | None = None


class Author(Frozen):
    kind: Literal["persona", "viewer", "host", "system"]
    name: str


class Picture(Frozen):
    """A picture that a viewer showed; the bytes are the store's."""

    id: str
    media_type: str
    width: int
    height: int


class ConversationCreated(Body):
    type: ClassVar[str] = "conversation.created"
    title: str
    topic: str
    participants: tuple[Participant, ...]
    pace: Pace = Pace()
    seed: int
    limits: Limits = Limits()
    director: str = "show"
    language: str | None = None
    starter: str | None = None


class ConversationStarted(Body):
    type: ClassVar[str] = "conversation.started"


class ConversationPaused(Body):
    type: ClassVar[str] = "conversation.paused"
    because: PausedBecause | None = None
    resume_at: str | None = None


class ConversationResumed(Body):
    type: ClassVar[str] = "conversation.resumed"


class ConversationEnded(Body):
    type: ClassVar[str] = "conversation.ended"
    because: EndedBecause
    finale: bool = False


class ConversationRenamed(Body):
    type: ClassVar[str] = "conversation.renamed"
    title: str


class ConversationCleared(Body):
    type: ClassVar[str] = "conversation.cleared"
    up_to_seq: int


class ConversationPaced(Body):
    """The tempo was changed while the conversation ran."""

    type: ClassVar[str] = "conversation.paced"
    pace: Pace


class ConversationLimited(Body):
    """What ends or pauses the conversation was changed; all of it, as it holds from now on."""

    type: ClassVar[str] = "conversation.limited"
    limits: Limits


class ParticipantJoined(Body):
    type: ClassVar[str] = "participant.joined"
    participant_id: str
    participant: Participant | None = None


class ParticipantLeft(Body):
    type: ClassVar[str] = "participant.left"
    participant_id: str


class ParticipantMuted(Body):
    type: ClassVar[str] = "participant.muted"
    participant_id: str
    #: `conflict`: it sits out for some turns until tempers have cooled; absent: a person's wish.
    because: Literal["conflict"] | None = None


class ParticipantUnmuted(Body):
    type: ClassVar[str] = "participant.unmuted"
    participant_id: str


class ParticipantInvited(Body):
    """A person lets this participant speak next."""

    type: ClassVar[str] = "participant.invited"
    participant_id: str


class TopicChanged(Body):
    type: ClassVar[str] = "topic.changed"
    topic: str
    from_: str | None = Field(default=None, alias="from")
    cause: Literal["drift", "director", "viewer"]


class TurnStarted(Body):
    type: ClassVar[str] = "turn.started"
    turn_id: str
    message_id: str
    participant_id: str
    generation: int
    cause: Cause
    pause_ms: int
    bids: tuple[BidRef, ...] = ()
    route: RouteRef
    pace: PaceDraw | None = None
    typing: tuple[tuple[int, int], ...] = ()
    note: str | None = None
    #: The last seq its text knows of, where a crowd has said more before it started.
    heard: int | None = None


class TurnFailed(Body):
    type: ClassVar[str] = "turn.failed"
    turn_id: str
    message_id: str
    participant_id: str
    code: str
    detail: str = ""
    retryable: bool = False


class TurnSkipped(Body):
    """A person will not wait: the coming line starts now, the present one is shown whole."""

    type: ClassVar[str] = "turn.skipped"


class MessageCompleted(Body):
    type: ClassVar[str] = "message.completed"
    turn_id: str
    message_id: str
    participant_id: str
    text: str
    ending: Ending = "complete"
    route: RouteRef
    usage: UsageRef = UsageRef()
    timings: Timings = Timings()
    scripted: bool = False
    replies_to: str | None = None
    signals: MessageSignals | None = None


class MessagePosted(Body):
    type: ClassVar[str] = "message.posted"
    message_id: str
    author: Author
    text: str
    #: The participant spoken to; absent: whoever the words name.
    to: str | None = None
    images: tuple[Picture, ...] | None = None

    @property
    def told(self) -> str:
        """The message where only words can be shown."""
        return shown_in(self.text, len(self.images or ()))


class DirectorNoted(Body):
    type: ClassVar[str] = "director.noted"
    note: str
    participant_id: str | None = None
    #: Which ladder gave it, and on which rung; absent: a person did.
    because: Literal["lull", "loop", "conflict"] | None = None
    rung: int | None = None
    #: The participants it is about.
    about: tuple[str, ...] | None = None


class ReactionAdded(Body):
    """Somebody reacted to a message; each may do so once with each emoji."""

    type: ClassVar[str] = "reaction.added"
    message_id: str
    emoji: str
    #: How many were watching: one hand must not pass for a full house.
    viewers: int = 1


class ReactionRemoved(Body):
    type: ClassVar[str] = "reaction.removed"
    message_id: str
    emoji: str


class RelationChanged(Body):
    """What one participant feels for another has changed, and the message that changed it."""

    type: ClassVar[str] = "relation.changed"
    from_: str = Field(alias="from")
    to: str
    affinity: float = Field(ge=-1, le=1)
    delta: float
    evidence: str
    alliance: Literal["formed", "ended"] | None = None
    conflict: Literal["banter", "heated", "hostile"] | None = None


BODIES: Mapping[str, type[Body]] = {
    body.type: body
    for body in (
        ConversationCreated, ConversationStarted, ConversationPaused, ConversationResumed,
        ConversationEnded, ConversationRenamed, ConversationCleared, ConversationPaced,
        ConversationLimited,
        ParticipantJoined, ParticipantLeft, ParticipantMuted, ParticipantUnmuted,
        ParticipantInvited, TopicChanged, TurnStarted, TurnFailed, TurnSkipped, MessageCompleted,
        MessagePosted, DirectorNoted, ReactionAdded, ReactionRemoved, RelationChanged,
    )
}  # fmt: skip

#: Events after which a text still being generated no longer fits (`engine.md` section 2).
STEERING = frozenset({
    "message.posted", "participant.joined", "participant.left", "participant.muted",
    "participant.unmuted", "participant.invited", "topic.changed", "director.noted",
    "conversation.paused", "conversation.resumed", "conversation.cleared",
    "conversation.ended", "conversation.paced",
})  # fmt: skip

#: How a body of an older version becomes the next one, by type and version.
LIFTS: Mapping[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}


def shown_in(text: str, pictures: int) -> str:
    """The words, and that pictures were shown with them."""
    if not pictures:
        return text
    note = "[shows a picture]" if pictures == 1 else f"[shows {pictures} pictures]"
    return f"{text} {note}".lstrip()


def load_body(type_: str, version: int, body: dict[str, Any]) -> Body:
    """The body of a stored event, lifted to today's shape. Raises Invalid for an unknown type."""
    model = BODIES.get(type_)
    if model is None:
        raise Invalid(f"no event is called {type_!r}")
    while version < model.version:
        body = LIFTS[type_, version](body)
        version += 1
    return model.model_validate(body)


def dump_body(body: Body) -> dict[str, Any]:
    """The JSON of a body; optional fields that are not set are left out."""
    return body.model_dump(mode="json", by_alias=True, exclude_none=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event before it has its place in the log."""

    body: Body
    actor: Actor
    visibility: Visibility = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An event with its place, its cause and its time (milliseconds UTC)."""

    conversation_id: str
    seq: int
    at: int
    actor: Actor
    body: Body
    visibility: Visibility = "all"

    @property
    def type(self) -> str:
        return self.body.type

    def wire(self) -> dict[str, Any]:
        """The envelope as `api.md` section 5 defines it; a frame adds `kind`."""
        visibility = self.visibility if self.visibility == "all" else list(self.visibility)
        return {
            "conversation_id": self.conversation_id,
            "seq": self.seq,
            "type": self.body.type,
            "version": self.body.version,
            "actor": self.actor.model_dump(exclude_none=True),
            "at": rfc3339(self.at),
            "visibility": visibility,
            "body": dump_body(self.body),
        }

    def heard_by(self, participant_id: str) -> bool:
        """Whether that participant could hear it."""
        return self.visibility == "all" or participant_id in self.visibility


@dataclass(frozen=True, slots=True)
class Signal:
    """A live hint that is never stored; losing one costs nothing."""

    conversation_id: str
    type: Literal[
        "message.delta", "participant.typing", "draft.withdrawn", "presence", "viewer.typing"
    ]
    body: Mapping[str, Any]

    def wire(self) -> dict[str, Any]:
        return {
            "kind": "signal",
            "conversation_id": self.conversation_id,
            "type": self.type,
            "body": dict(self.body),
        }
