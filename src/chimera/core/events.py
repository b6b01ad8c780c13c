"""The log of a conversation: its types of event, their envelope, and signals that are not stored.

Bodies are closed: an undeclared field is an error where the event is made. Reading an old log goes
through `lift`, so that every shape ever shipped still loads (`contracts/events/`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from chimera.core.bodies import (
    Body,
    ConversationCleared,
    ConversationCreated,
    ConversationEnded,
    ConversationLimited,
    ConversationPaced,
    ConversationPaused,
    ConversationRenamed,
    ConversationResumed,
    ConversationStarted,
    DirectorNoted,
    Judged,
    MessageCompleted,
    MessagePosted,
    NoteEdited,
    NoteRemoved,
    NoteTaken,
    ParticipantInvited,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantMuted,
    ParticipantUnmuted,
    QualityScored,
    ReactionAdded,
    ReactionRemoved,
    RelationChanged,
    StanceJudged,
    TopicChanged,
    TurnFailed,
    TurnSkipped,
    TurnStarted,
)
from chimera.core.details import (
    Author,
    BidRef,
    MessageSignals,
    NoteKind,
    PaceDraw,
    PartnerRef,
    PartRef,
    Picture,
    RouteRef,
    Rungs,
    StanceRef,
    Timings,
    TrialRef,
    UsageRef,
    Window,
    shown_in,
)
from chimera.core.errors import Invalid
from chimera.core.ids import rfc3339
from chimera.core.persona import Frozen
from chimera.core.stalls import (
    HighlightAdded,
    HighlightRemoved,
    PollClosed,
    PollOpened,
    TopicWished,
)

#: Whoever reads or makes events finds every name here.
__all__ = [
    "BODIES",
    "HOST",
    "LIFTS",
    "STEERING",
    "SYSTEM",
    "Actor",
    "Author",
    "BidRef",
    "Body",
    "ConversationCleared",
    "ConversationCreated",
    "ConversationEnded",
    "ConversationLimited",
    "ConversationPaced",
    "ConversationPaused",
    "ConversationRenamed",
    "ConversationResumed",
    "ConversationStarted",
    "DirectorNoted",
    "Envelope",
    "HighlightAdded",
    "HighlightRemoved",
    "Judged",
    "MessageCompleted",
    "MessagePosted",
    "MessageSignals",
    "NewEvent",
    "NoteEdited",
    "NoteKind",
    "NoteRemoved",
    "NoteTaken",
    "PaceDraw",
    "PartRef",
    "ParticipantInvited",
    "ParticipantJoined",
    "ParticipantLeft",
    "ParticipantMuted",
    "ParticipantUnmuted",
    "PartnerRef",
    "Picture",
    "PollClosed",
    "PollOpened",
    "QualityScored",
    "ReactionAdded",
    "ReactionRemoved",
    "RelationChanged",
    "RouteRef",
    "Rungs",
    "Signal",
    "StanceJudged",
    "StanceRef",
    "Timings",
    "TopicChanged",
    "TopicWished",
    "TrialRef",
    "TurnFailed",
    "TurnSkipped",
    "TurnStarted",
    "UsageRef",
    "Visibility",
    "Window",
    "dump_body",
    "load_body",
    "shown_in",
]  # fmt: skip

Visibility = Literal["all"] | tuple[str, ...]


class Actor(Frozen):
    """Who caused an event."""

    type: Literal["participant", "viewer", "host", "system"]
    id: str | None = None


HOST = Actor(type="host")
SYSTEM = Actor(type="system")

BODIES: Mapping[str, type[Body]] = {
    body.type: body
    for body in (
        ConversationCreated, ConversationStarted, ConversationPaused, ConversationResumed,
        ConversationEnded, ConversationRenamed, ConversationCleared, ConversationPaced,
        ConversationLimited,
        ParticipantJoined, ParticipantLeft, ParticipantMuted, ParticipantUnmuted,
        ParticipantInvited, TopicChanged, TurnStarted, TurnFailed, TurnSkipped, MessageCompleted,
        MessagePosted, DirectorNoted, ReactionAdded, ReactionRemoved, RelationChanged,
        NoteTaken, NoteEdited, NoteRemoved, QualityScored, StanceJudged,
        PollOpened, PollClosed, TopicWished, HighlightAdded, HighlightRemoved,
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
