"""What a participant sees when the floor is theirs: the play so far, and their own material."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from chimera.core.generation import Scene
from chimera.core.state import ConversationState, Line, Seat
from chimera.providers.scripted.concepts import concepts
from chimera.providers.scripted.deck import Angle, Clause, Deck, Tag
from chimera.providers.scripted.frames import Frame, frame_of
from chimera.providers.scripted.ledger import Claim, Ledger, read
from chimera.providers.scripted.novelty import Novelty, word_set, words

#: Turns for which a clause rests; the short form is for what is said between the lines.
REST, SHORT_REST = 150, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Something the speaker could do now: an act, and the clause that would do it."""

    act: str
    clause: Clause
    slots: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Which openers go with it: oppose, agree, answer or plain; None: it opens itself.
    mood: str | None = "plain"
    angle: str | None = None
    makes: bool = False
    on: str | None = None
    ask: str | None = None
    question: str | None = None
    side: str | None = None
    disclosed: bool = False
    #: Whether nothing may be added to it.
    whole: bool = False
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The scene as the speaker sees it; made once for a line."""

    scene: Scene
    deck: Deck
    state: ConversationState
    me: Seat
    frame: Frame
    ledger: Ledger
    novelty: Novelty
    rng: Random
    #: Themes of the topic, and the words that facts and cards are matched with.
    themes: tuple[str, ...]
    keys: frozenset[str]
    #: The words of the topic, and the narrow subjects they belong to.
    topical: frozenset[str]
    tags: tuple[Tag, ...]
    #: The nouns of the topic and of the angle being talked about.
    subject: frozenset[str]
    #: Stands taken on the topic itself in the last turns.
    stances: int
    #: The last lines by others.
    heard: tuple[str, ...]
    #: Slots that always have a filling.
    given: Mapping[str, str]

    @property
    def part(self) -> str:
        return self.me.participant.part

    @property
    def turn(self) -> int:
        return self.state.finished + 1

    @property
    def lines(self) -> Sequence[Line]:
        """What the speaker has heard."""
        return [line for line in self.state.lines if line.heard_by(self.me.id)]

    @property
    def others(self) -> tuple[Seat, ...]:
        return tuple(each for each in self.state.seats if each.active and each.id != self.me.id)

    def trait(self, name: str) -> float:
        return getattr(self.me.participant.character.traits, name)

    def pool(self, key: str, *, generic: bool = True) -> tuple[Clause, ...]:
        """The speaker's own clauses for something; everybody's, if there are too few left."""
        voice = self.deck.voice(self.part)
        own = self._usable(voice.pool(key))
        fresh = self.fresh(own)
        if own and (voice.full or key.startswith(("openers", "kickers"))):
            return fresh or (own if key.startswith("human") else ())
        if len(fresh) >= 2 or not generic:
            return fresh
        return (*fresh, *self.fresh(self._usable(self.deck.generic.pool(key))))

    def _usable(self, clauses: Iterable[Clause]) -> tuple[Clause, ...]:
        traits = self.me.participant.character.traits
        return tuple(each for each in clauses if each.suits(traits))

    def fresh(self, clauses: Sequence[Clause]) -> tuple[Clause, ...]:
        """Those that have rested for long; if there are none, those that have rested at all."""
        for rest in (REST, SHORT_REST):
            rested = tuple(c for c in clauses if self.ledger.rested(c.id, self.turn, rest))
            if rested:
                return rested
        return ()

    def hears(self, word: str) -> bool:
        """Whether one of the others has just used the word."""
        return any(word in word_set(text) for text in self.heard)

    def fillable(self, clause: Clause, slots: Mapping[str, str]) -> bool:
        return all(each in self.given or each in slots for each in clause.slots)

    def side(self) -> str:
        """Which side of a yes-or-no the speaker takes: its last one, else by its seat."""
        for claim in reversed(self.ledger.claims):
            if claim.by == self.me.id and claim.side and claim.topic == self.state.topic:
                flipped = "against" if claim.side == "for" else "for"
                return flipped if claim.conceded else claim.side
        seats = [each.id for each in self.state.seats]
        parity = (seats.index(self.me.id) + self.state.seed) % 2
        return "against" if parity else "for"

    def angle_of(self, claim: Claim | None) -> Angle | None:
        return self.deck.angles.get(claim.angle or "") if claim else None

    def name_of(self, participant_id: str) -> str:
        """How a participant is called to."""
        return self.state.seat(participant_id).participant.short

    def about(self, participant_id: str) -> dict[str, str]:
        """How a participant is called, and how it is spoken of."""
        participant = self.state.seat(participant_id).participant
        spoken_of = participant.name
        if spoken_of.startswith("The "):
            spoken_of = "the " + spoken_of[4:]
        return {"who": participant.short, "whom": spoken_of}


def set_stage(scene: Scene, deck: Deck) -> Stage:
    """Everything needed to choose a line."""
    state, rng = scene.state, Random(f"{scene.state.seed}:{scene.turn}:improv")
    frame = _frame(state, deck)
    texts = [line.text for line in state.lines if line.participant_id]
    topic_words = [*words(state.topic), *words(frame.phrase), *words(frame.head)]
    me = scene.speak.participant_id
    heard = [line.text for line in state.lines if line.participant_id and line.heard_by(me)]
    recent = [word for text in heard[-3:] for word in concepts(text, deck.lexicon)]
    topical = frozenset(
        form
        for word in topic_words
        if word not in deck.lexicon.function
        for form in (word, deck.lexicon.plurals.get(word), deck.lexicon.nouns.get(word))
        if form
    )
    ledger = read(state, frame, me)
    angle = deck.angles.get(ledger.thread.angle or "") if ledger.thread else None
    return Stage(
        scene=scene, deck=deck, state=state, me=state.seat(scene.speak.participant_id),
        frame=frame, ledger=ledger, novelty=Novelty(texts), rng=rng,
        themes=deck.lexicon.themes_of(topic_words), given=_given(frame, state, deck),
        keys=frozenset(each for each in (*topic_words, *recent) if len(each) > 2),
        topical=topical, tags=_tags(topical, deck),
        heard=tuple(
            line.text for line in state.lines[-3:]
            if line.participant_id != scene.speak.participant_id
            and line.heard_by(scene.speak.participant_id)
        ),
        subject=frozenset(
            each for each in (*topic_words, *(angle.words if angle else ()))
            if deck.lexicon.is_noun(each)
        ),
        stances=sum(
            1 for claim in ledger.claims
            if claim.side and claim.topic == state.topic and state.finished - claim.turn < 9
        ),
    )  # fmt: skip


def _tags(topical: frozenset[str], deck: Deck) -> tuple[Tag, ...]:
    """The subjects that share the most words with the topic, two at most."""
    scored = [(len(tag.words & topical), place) for place, tag in enumerate(deck.tags)]
    best = sorted((-score, place) for score, place in scored if score)
    return tuple(deck.tags[place] for _, place in best[:2])


def _frame(state: ConversationState, deck: Deck) -> Frame:
    return frame_of(state.topic or state.title, deck.lexicon)


def _given(frame: Frame, state: ConversationState, deck: Deck) -> dict[str, str]:
    given = {"topic": frame.phrase, "head": frame.head}
    if len(state.topics) > 1:
        given["was"] = frame_of(state.topics[-2], deck.lexicon).head
    for name in ("clause", "denied", "one", "other"):
        if value := getattr(frame, name):
            given[name] = value
    if frame.kind == "choice":
        given["clause"] = f"{frame.one} beats {frame.other}"
    return given


def sentence_case(text: str) -> str:
    """Every sentence begins with a capital and ends once, whatever filled its slots."""
    text = re.sub(r"([?!])\.", r"\1", text)
    return re.sub(
        r"(^|[.!?]\s+)([“\"']?)([a-zà-ÿ])",
        lambda found: found[1] + found[2] + found[3].upper(),
        text,
    )
