"""The parts of a conversation's state: lines said, seats taken, turns open or given back."""

from dataclasses import dataclass, replace

from chimera.core import events as ev
from chimera.core import mood
from chimera.core.conversation import Cause, Participant
from chimera.core.mood import Mood


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing said, by a participant, a viewer or the host."""

    seq: int
    message_id: str
    #: Finished turns when it was said, itself included.
    turn: int
    participant_id: str | None
    kind: str
    name: str
    text: str
    at: int
    addressed: tuple[str, ...] = ()
    questions: int = 0
    visibility: ev.Visibility = "all"
    cause: Cause | None = None
    signals: ev.MessageSignals | None = None
    #: What a viewer showed with it.
    images: tuple[ev.Picture, ...] = ()

    @property
    def told(self) -> str:
        """The line where only words can be shown."""
        return ev.shown_in(self.text, len(self.images))

    @property
    def words(self) -> int:
        return len(self.text.split())

    @property
    def asks(self) -> bool:
        """Whether it wants an answer: it ends in a question, or dares somebody to give proof."""
        acts = (self.signals.acts if self.signals else None) or ()
        return bool(self.questions) or "challenge" in acts

    def heard_by(self, participant_id: str) -> bool:
        return self.visibility == "all" or participant_id in self.visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing a participant remembers."""

    id: str
    text: str
    kind: ev.NoteKind
    #: The participant it is about, or a viewer by name.
    about: str | None
    #: The message it was taken from.
    source: str
    importance: float
    #: Finished turns when it was taken, and when it last came to mind.
    turn: int
    used: int
    #: Own turns when it last came to mind; None: never.
    own: float | None = None
    #: Who of the stalls reacted to its message, and how: (viewer, emoji).
    reactions: frozenset[tuple[str, str]] = frozenset()
    #: The earlier show from which it was brought along.
    from_conversation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A participant's place: whether it is taken, and how it has been used."""

    participant: Participant
    present: bool = True
    muted: bool = False
    #: Turns taken (`n_i`); a duet counts a half for each.
    turns: float = 0
    #: Number of finished turns after its last one; None if it never spoke.
    spoke: int | None = None
    #: Number of finished turns when it joined or was unmuted.
    since: int = 0
    joined_seq: int = 0
    left_seq: int | None = None
    energy: float = 1.0
    #: Failed turns in a row; until turn number `benched` the others are preferred.
    failures: int = 0
    benched: int = 0
    #: None while nothing has moved it from home.
    mood: Mood | None = None
    #: Number of finished turns after which somebody sent to sit out comes back.
    back_at: int | None = None
    memory: tuple[Note, ...] = ()
    #: The baseline of its voice, once it has said enough for one of its own.
    voice: tuple[float, ...] | None = None

    @property
    def feeling(self) -> Mood:
        """The mood, which begins where the character is at home."""
        return self.mood or mood.home(self.participant.character.traits)

    @property
    def id(self) -> str:
        return self.participant.id

    @property
    def active(self) -> bool:
        return self.present and not self.muted

    def after_turn(self, finished: int, share: float | None) -> "Seat":
        """After somebody's line; `share`: how much of the turn was this one's, None if nothing."""
        rested = min(1.0, self.energy + 0.15)
        if share is None:
            return replace(self, energy=rested)
        return replace(
            self, turns=self.turns + share, spoke=finished, energy=max(0.0, rested - 0.45),
            failures=0, benched=0,
        )  # fmt: skip

    def after_failure(self, started: int) -> "Seat":
        """After each failure in a row its providers get twice as many turns to recover."""
        failures = self.failures + 1
        return replace(self, failures=failures, benched=started + 2 ** min(failures, 5))


def whispers(
    noted: ev.DirectorNoted, cast: tuple[Participant, ...]
) -> tuple[ev.DirectorNoted, ...]:
    """A note for the whole cast waits for each participant apart; a ladder's is only told."""
    if noted.participant_id is not None:
        return (noted,)
    if noted.because is not None:
        return ()
    return tuple(ev.DirectorNoted(note=noted.note, participant_id=each.id) for each in cast)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTurn:
    """A turn whose start is in the log and whose end is not."""

    turn_id: str
    message_id: str
    participant_id: str
    cause: Cause
    seq: int
    at: int
    generation: int
    note: str | None = None
    #: The seq up to which it answers what was said from the stalls; None: up to its start.
    heard: int | None = None
    #: Who ends the line, in a duet; and who hears it.
    with_: str | None = None
    audience: ev.Visibility = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """A turn that was interrupted or paused: the floor is its speaker's again."""

    participant_id: str
    cause: Cause
    #: What the director had whispered for it.
    note: str | None = None
    #: Who would have ended the line, in a duet; and who would have heard it.
    with_: str | None = None
    audience: ev.Visibility = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """How long no model could be asked, from the first pause for that since one last spoke."""

    since: int | None = None
    pauses: int = 0

    def after(self, envelope: ev.Envelope) -> "Outage":
        """A model's line ends it; a person who goes on by hand begins the patience anew."""
        match envelope.body:
            case ev.ConversationPaused(because="providers_down"):
                since = envelope.at if self.since is None else self.since
                return Outage(since=since, pauses=self.pauses + 1)
            case ev.MessageCompleted(scripted=False):
                return _NO_OUTAGE
            case ev.ConversationResumed() if envelope.actor != ev.SYSTEM:
                return _NO_OUTAGE
            case _:
                return self


_NO_OUTAGE = Outage()
