"""What the bodies of events are made of: routes, usage, bids, signals, pictures."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, JsonValue

from chimera.core.persona import Frozen

#: What a line does, and the emotion of its words.
Act = Literal["question", "answer", "claim", "challenge", "concession", "joke"]
Feeling = Literal[
    "joy", "tenderness", "hope", "surprise", "fear", "sadness", "anger", "disgust",
]  # fmt: skip

NoteKind = Literal["claim", "promise", "joke", "human", "opinion", "summary"]


class RouteRef(Frozen):
    provider: str
    model: str
    understudy_for: str | None = None
    why: str | None = None


class TrialRef(Frozen):
    """Which arm of an experiment, 0 or 1, a conversation got."""

    experiment: str
    arm: int


class UsageRef(Frozen):
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost: float | None = None
    estimated: bool = False
    #: US dollars that went besides into texts nobody heard, since the log last said so.
    unheard: float | None = None


class PartnerRef(Frozen):
    """Who says the second part of a line that two say together."""

    participant_id: str
    route: RouteRef


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
    #: What a model that was asked says for this one.
    said: str | None = Field(default=None, max_length=80)


class DirectedBy(Frozen):
    """Which director weighed the bids in another's place, and what kept that one from it."""

    director: str
    why: Literal["gone", "failed", "resting"]


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
    #: The emotion that most of its words belong to; none where that is not clear.
    emotion: Feeling | None = None
    #: What it does; of a text in another language only its questions are known.
    acts: tuple[Act, ...] | None = None
    #: How loud it is, 0…1.
    arousal: float | None = None
    #: Only what is known: a line that takes no clear side takes none.
    stance: tuple[StanceRef, ...] | None = None
    #: How it stands to the topic: 1 for what the topic asks or says, −1 against it.
    position: float | None = Field(default=None, ge=-1, le=1)
    #: Participants whose words it takes up with credit, and whom it insults.
    cited: tuple[str, ...] | None = None
    insulted: tuple[str, ...] | None = None
    addressed: tuple[str, ...] = ()
    questions: int = 0
    keywords: tuple[str, ...] = ()
    #: People, places and things it calls by name.
    entities: tuple[str, ...] | None = None
    #: The troupe's own account of its line: acts, claims, concepts (`engine.md` section 17).
    improv: dict[str, JsonValue] | None = None


class PartRef(PartnerRef):
    """The second part as it was said: the text from `offset`, in UTF-16 code units, to its end.

    The usage is a share of the whole line's, not to be added to it; the signals are of this part.
    """

    offset: int = Field(ge=1)
    usage: UsageRef = UsageRef()
    signals: MessageSignals | None = None


class Author(Frozen):
    kind: Literal["persona", "viewer", "host", "system"]
    name: str


class Picture(Frozen):
    """A picture that a viewer showed; the bytes are the store's."""

    id: str
    media_type: str
    width: int
    height: int


class Rungs(Frozen):
    """How far each ladder is climbed; what stands on the ground is left out."""

    lull: int | None = None
    loop: int | None = None
    conflict: int | None = None


class Window(Frozen):
    """A run of messages: the seqs of the first and the last, and how many they are."""

    first: int
    last: int
    messages: int


def shown_in(text: str, pictures: int) -> str:
    """The words, and that pictures were shown with them."""
    if not pictures:
        return text
    note = "[shows a picture]" if pictures == 1 else f"[shows {pictures} pictures]"
    return f"{text} {note}".lstrip()
