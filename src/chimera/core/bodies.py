"""What each kind of event says: one closed body for each type of the log."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from chimera.core.conversation import (
    Cause,
    EndedBecause,
    Limits,
    Pace,
    Participant,
    PausedBecause,
)
from chimera.core.details import (
    Author,
    BidRef,
    DirectedBy,
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
from chimera.core.generation import Ending
from chimera.core.mood import Emotion
from chimera.core.persona import Frozen


class Body(Frozen):
    """What an event says; `type` is its name in the log."""

    type: ClassVar[str]
    version: ClassVar[int] = 1


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
    #: Whether participants may say something that only one other hears.
    whispers: bool = False
    #: The experiments it takes part in.
    trials: tuple[TrialRef, ...] | None = None


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
    #: What it took to find the title; absent if a person gave it.
    usage: UsageRef | None = None


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
    rungs: Rungs | None = None
    #: The speaker's own notes that it was reminded of, by their ids.
    recalled: tuple[str, ...] | None = None
    #: How much life the topic still has, and who is in another mood than usual.
    energy: float | None = Field(default=None, ge=0, le=1)
    moods: Mapping[str, Emotion] | None = None
    #: Who directed, where the conversation's own director could not.
    directed_by: DirectedBy | None = None
    #: For a duet.
    with_: PartnerRef | None = Field(default=None, alias="with")


class TurnFailed(Body):
    type: ClassVar[str] = "turn.failed"
    turn_id: str
    message_id: str
    participant_id: str
    code: str
    detail: str = ""
    retryable: bool = False
    #: What was paid for a line that nobody will hear; absent if nothing was.
    usage: UsageRef | None = None


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
    #: For a duet; absent where its first part stands alone.
    with_: PartRef | None = Field(default=None, alias="with")


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
    because: Literal["lull", "loop", "conflict", "finale"] | None = None
    rung: int | None = None
    #: The participants it is about.
    about: tuple[str, ...] | None = None
    #: The id of the device that the note asks for (`data/devices.toml`).
    device: str | None = None
    #: For the note that begins the finale: what the conversation then ends by.
    ends: EndedBecause | None = None


class NoteTaken(Body):
    """A participant keeps something it heard; nobody else of the cast knows of it."""

    type: ClassVar[str] = "note.taken"
    note_id: str
    participant_id: str
    text: str = Field(max_length=160)
    kind: NoteKind
    #: The participant it is about, or a viewer by name.
    about: str | None = None
    importance: float = Field(ge=0, le=1)
    #: The message it was taken from.
    source: str
    #: The earlier show from which it was brought along; the message was said there.
    from_conversation: str | None = None


class NoteEdited(Body):
    """A person has put a participant's memory right."""

    type: ClassVar[str] = "note.edited"
    note_id: str
    participant_id: str
    text: str = Field(max_length=160)
    importance: float = Field(ge=0, le=1)


class NoteRemoved(Body):
    """A person has made a participant forget."""

    type: ClassVar[str] = "note.removed"
    note_id: str
    participant_id: str


class QualityScored(Body):
    """How good the talk was, 0…100, never without the parts it is made of (each 0…1)."""

    type: ClassVar[str] = "quality.scored"
    window: Window
    score: float = Field(ge=0, le=100)
    components: Mapping[str, float]
    #: How far each participant is from its own voice (`engine.md` section 11.3).
    voices: Mapping[str, float] | None = None


class Judged(Frozen):
    """How a line that was said stands to others, on second thoughts."""

    message_id: str
    stance: tuple[StanceRef, ...]


class StanceJudged(Body):
    """A judge behind the scenes has put right how some lines stand to others."""

    type: ClassVar[str] = "stance.judged"
    lines: tuple[Judged, ...]
    #: What it took to find out.
    usage: UsageRef | None = None


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
