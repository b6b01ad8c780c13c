"""What clients send and get about personas."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, JsonValue

from chimera.api.strict import OMIT_NONE, Input, Output, Text
from chimera.core import persona as core
from chimera.core import untrusted
from chimera.core.details import NoteKind
from chimera.core.memory import NOTE_CHARS

#: Text that stays: nothing in it is invisible, a mark of the protocol or a role's label.
Plain = Annotated[Text, AfterValidator(untrusted.check)]
#: In addition its braces hold variables and nothing else.
Template = Annotated[Plain, AfterValidator(core.check_template)]
Label = Annotated[Plain, AfterValidator(core.check_name)]
Unit = Annotated[float, Field(ge=0, le=1)]
Phrases = Annotated[
    list[Annotated[Plain, Field(min_length=1, max_length=48)]], Field(min_length=1, max_length=12)
]
Few = Annotated[
    list[Annotated[Template, Field(min_length=1, max_length=160)]], Field(max_length=12)
]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
PersonaRef = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$", description="An id or slug.")]

FullName = Annotated[Label, Field(min_length=1, max_length=60)]
ShortName = Annotated[Label, Field(min_length=1, max_length=24)]
Aliases = Annotated[list[Annotated[Label, Field(max_length=60)]], Field(max_length=12)]
Tagline = Annotated[Plain, Field(max_length=140)]
About = Annotated[Template, Field(max_length=800)]
Interests = Annotated[
    list[Annotated[Plain, Field(min_length=1, max_length=60)]], Field(max_length=40)
]
Lines = Annotated[list[Annotated[Plain, Field(min_length=1, max_length=400)]], Field(max_length=40)]
Mask = Annotated[Plain, Field(max_length=120)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Regards = Annotated[dict[core.Slug, Annotated[float, Field(ge=-1, le=1)]], Field(max_length=50)]
Rhythm = Literal["slow", "quick", "even"]


# -- what comes in ----------------------------------------------------------------------------


class TraitsInput(core.Traits):
    """Each in 0…1; `cps` is typing speed in characters a second, `sens` is felt of the audience.

    Without `sens` humour and warmth say how much.
    """

    model_config = ConfigDict(strict=True)


class BusinessInput(Input):
    """What a persona is seen doing while it does not speak."""

    listening: Phrases
    eager: Phrases
    chosen: Phrases
    thinking: Phrases


class CardInput(Input):
    """A persona as it is written; `about`, `voice` and the lists below them may hold variables."""

    name: FullName
    #: Absent: the name without its article.
    short: ShortName | None = None
    aliases: Aliases = Field(default=[])
    tagline: Tagline = ""
    about: About = ""
    voice: About = ""
    values: Few = Field(default=[])
    habits: Few = Field(default=[])
    forbidden: Few = Field(default=[])
    expertise: Interests = Field(default=[])
    sample_lines: Lines = Field(default=[])
    color: core.Gel = "steel"
    #: Absent: drawn from the name.
    mask: Mask | None = None
    rhythm: Rhythm = "even"
    language: Language = "en"
    traits: TraitsInput = TraitsInput()
    business: BusinessInput | None = None
    relations: Regards = Field(default={})
    #: Whether it brings what it remembers of its owner's earlier shows to the next one.
    remembers: bool = False


class CreatePersona(CardInput):
    """A new persona; `slug` is its address, made from the name where it is absent."""

    slug: core.Slug | None = None
    forked_from: PersonaRef | None = None


class PatchPersona(Input):
    """What the next version changes; absent fields stay as they are.

    `version` is the one that was edited: the change is refused if there is a later one.
    """

    version: Annotated[int, Field(ge=1)] | None = None
    name: FullName | None = None
    short: ShortName | None = None
    aliases: Aliases | None = None
    tagline: Tagline | None = None
    about: About | None = None
    voice: About | None = None
    values: Few | None = None
    habits: Few | None = None
    forbidden: Few | None = None
    expertise: Interests | None = None
    sample_lines: Lines | None = None
    color: core.Gel | None = None
    mask: Mask | None = None
    rhythm: Rhythm | None = None
    language: Language | None = None
    traits: TraitsInput | None = None
    business: BusinessInput | None = None
    relations: Regards | None = None
    remembers: bool | None = None


class ImportPersona(Input):
    """A file: its JSON, or a PNG as a data URL in base64 whose text chunks hold a card."""

    card: dict[str, JsonValue] | None = None
    png: Annotated[str, Field(max_length=7_000_000)] | None = None


Topic = Annotated[Plain, Field(min_length=1, max_length=500)]
Company = Annotated[list[PersonaRef], Field(min_length=1, max_length=7)]


class PreviewPersona(Input):
    """What would a model be told, with this topic and these others on stage?"""

    persona: CardInput
    topic: Topic = "Can a machine ever be lonely?"
    company: Company = Field(default=["comedian", "scientist"])
    #: The slug of the persona that is being edited, which of course sounds like itself.
    editing: core.Slug | None = None


class Said(Input):
    """One line of the try-out so far."""

    by: Literal["persona", "partner", "viewer"]
    text: Annotated[Text, Field(min_length=1, max_length=2000)]


class TryPersona(Input):
    """A few lines, with nothing kept of them but their cost."""

    persona: CardInput
    topic: Topic = "Can a machine ever be lonely?"
    partner: PersonaRef = "comedian"
    said: list[Said] = Field(default=[], max_length=60)
    lines: Annotated[int, Field(ge=1, le=8)] = 2
    #: Who plays the persona; absent: what the house plays with. The partner is the troupe's.
    provider: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")] | None = None
    model: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,200}$")] | None = None
    seed: Annotated[int, Field(ge=0, le=2**31)] = 1


# -- what goes out ----------------------------------------------------------------------------


class Traits(Output):
    """Each in 0…1; `cps` is typing speed in characters a second."""

    humour: float
    formality: float
    warmth: float
    assertiveness: float
    curiosity: float
    verbosity: float
    optimism: float
    talk: float
    tempo: float
    cps: float
    #: Absent where humour and warmth say how much it feels the audience.
    sens: Annotated[float | None, OMIT_NONE] = None


class Business(Output):
    """What a persona is seen doing while it does not speak."""

    listening: list[str]
    eager: list[str]
    chosen: list[str]
    thinking: list[str]


class Card(Output):
    """A persona as it is written."""

    slug: str
    name: str
    short: str
    aliases: list[str]
    tagline: str
    about: str
    voice: str
    values: list[str]
    habits: list[str]
    forbidden: list[str]
    expertise: list[str]
    sample_lines: list[str]
    color: str
    mask: str
    rhythm: Rhythm
    language: str
    traits: Traits
    business: Business
    relations: dict[str, float]
    #: Whose words the troupe has for it, as long as it has that persona's voice.
    plays_as: Annotated[str | None, OMIT_NONE] = None
    remembers: bool


class Persona(Card):
    """A character anyone may cast; only one's `own` can be edited, the house's can be forked."""

    id: str
    own: bool
    #: Of one's own: which version this is, since when, and what it began as.
    version: Annotated[int | None, OMIT_NONE] = None
    updated_at: Annotated[Moment | None, OMIT_NONE] = None
    forked_from: Annotated[str | None, OMIT_NONE] = None


class PersonaPage(Output):
    items: list[Persona]
    next_cursor: str | None


class Version(Output):
    """One saved edition."""

    version: int
    at: Moment
    persona: Card


class VersionPage(Output):
    """The newest first."""

    items: list[Version]


class Alike(Output):
    """Two whose sample lines sound so much alike that nobody could tell them apart.

    People differ from each other by 1 on this scale; `ALIKE` and less is too near.
    """

    one: str
    other: str
    distance: float


class AlikePage(Output):
    items: list[Alike]


class Preview(Output):
    """The prompt: `system` stays the same for a whole conversation, `moment` is of each turn."""

    system: str
    moment: str
    tokens: int
    #: Fields of which more is written than a model is told.
    cut: list[str]
    #: Personas of the house, and one's own, that sound like this one.
    alike: list[Alike]
    variables: dict[str, str]


class Variance(Output):
    """By how much the lines have more (or less) of something than the sample lines."""

    of: str
    by: float


class Drift(Output):
    """How far the lines are from the sample lines; 1 is as far as people are from each other."""

    lines: int
    #: Absent where there is too little to compare.
    distance: Annotated[float | None, OMIT_NONE] = None
    #: From so many lines on the distance means what it says.
    settles_at: int
    #: Beyond the first a persona on stage is reminded, beyond the second it is tried twice.
    reminded_at: float
    lost_at: float
    differs: list[Variance]


class TriedLine(Output):
    by: Literal["persona", "partner"]
    text: str
    provider: str
    model: str
    scripted: bool
    #: US dollars; absent where no price is known.
    cost: Annotated[float | None, OMIT_NONE] = None


class Tried(Output):
    lines: list[TriedLine]
    drift: Drift
    #: Why fewer lines came than were asked for.
    stopped: Annotated[str | None, OMIT_NONE] = None


class Imported(Output):
    persona: Persona
    #: What the file said that no persona of ours has a place for.
    dropped: list[str]


# -- what it keeps of earlier shows -----------------------------------------------------------


class KeptNote(Output):
    """One thing a persona keeps of an earlier show, whose name is `title`.

    `about` is a persona's id, its own where it is something it said.
    """

    id: str
    text: str
    kind: NoteKind
    about: Annotated[str | None, OMIT_NONE] = None
    importance: float
    from_conversation: str
    title: str
    source: str
    at: Moment


class KeptNotePage(Output):
    items: list[KeptNote]
    next_cursor: str | None


class EditKeptNote(Input):
    """What is to be changed; absent fields stay as they are."""

    text: Annotated[Plain, Field(min_length=1, max_length=NOTE_CHARS)] | None = None
    importance: Unit | None = None
