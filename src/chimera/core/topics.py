"""What is talked about: whom a topic suits, when it is used up, and what could come next."""

import math
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from itertools import chain, combinations
from random import Random
from statistics import fmean
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import Field

from chimera.core import events as ev
from chimera.core import likeness, reading, signals, stalls
from chimera.core.conversation import Participant
from chimera.core.persona import Character, Frozen

if TYPE_CHECKING:
    from chimera.core.pacing import Rng
    from chimera.core.state import ConversationState, Line

#: How much of a query the newest line and the two before it are.
QUERY_WEIGHTS = (0.6, 0.3, 0.1)
#: Below this spread of cosines the topic suits everybody alike.
SPREAD = 0.05
#: How much of the centroid stays with each message, and how many of its places are kept.
KEEP, PLACES = 0.8, 400
#: The newest messages are compared with those before them; less likeness so often is drift.
NEWEST, DRIFTS, DRIFT_TURNS = 3, 0.10, 3
#: Unless the newest are so much alike, they are no new topic but none at all.
TOGETHER = 0.5
#: A topic with less energy, or older than so many turns, gives way to another.
FADED, OLD = 0.35, 24
#: Changes of the director's own are so far apart, and at most so many within so many turns.
APART, MOST, WITHIN = 8, 2, 30
#: So shortly before the closing words nothing new begins.
BEFORE_END = 10
#: Among so many of the best the next topic is drawn.
SHORTLIST = 6
TEMPERATURE = 0.5
LONGEST_QUESTION = 90
#: What it adds to a topic if all who wish for one wish for this.
WISHED = 0.4


class Frame(Frozen):
    """How a question is built, so that the troupe can take it apart."""

    kind: Literal["whether", "should", "why", "how", "number", "noun"]
    head: str
    phrase: str
    clause: str = ""
    #: The clause in the mouth of somebody who holds the opposite.
    denied: str = ""


class Starter(Frozen):
    """An opening of the house's own, with what each pair of its default cast disagrees about."""

    id: str
    text: str = Field(min_length=1, max_length=90)
    themes: tuple[str, ...] = Field(min_length=1)
    frame: Frame
    #: A sentence by pair, such as "philosopher/comedian".
    seeds: Mapping[str, str] = {}


@cache
def load_starters() -> tuple[Starter, ...]:
    """All openings the house ships, in the order of the file."""
    source = resources.files("chimera") / "data" / "starters.toml"
    data = tomllib.loads(source.read_text("utf-8"))
    return tuple(Starter.model_validate(each) for each in data["starter"])


def starter(starter_id: str) -> Starter | None:
    """The opening of that id, if the house still has it."""
    return next((each for each in load_starters() if each.id == starter_id), None)


@lru_cache(maxsize=256)
def starter_of(text: str) -> Starter | None:
    """The opening of the house that is put in these words."""
    return next((each for each in load_starters() if each.text == text), None)


def suggest(
    starters: Sequence[Starter],
    count: int,
    random: Random,
    *,
    theme: str | None = None,
    query: str | None = None,
) -> tuple[Starter, ...]:
    """So many openings: of a theme, those nearest to a query first, else as they are drawn."""
    pool = [each for each in starters if theme is None or theme in each.themes]
    random.shuffle(pool)
    if query and query.strip():
        near = {each.id: _nearness(each, query) for each in pool}
        pool.sort(key=lambda each: -near[each.id])
    return tuple(pool[:count])


def _nearness(opening: Starter, query: str) -> float:
    """Shared words, or likeness of their letters, so that "dreaming" finds "dreams"."""
    wanted = set(signals.content(query)) or set(signals.tokens(query))
    said = f"{opening.text} {opening.frame.phrase} {' '.join(opening.themes)}"
    shared = len(wanted & set(signals.tokens(said))) / len(wanted) if wanted else 0.0
    alike = signals.HASHED_PAIR.rel(signals.cosine(signals.vector(query), _vector_of(said)))
    return shared + min(max(alike, 0.0), 1.0)


@lru_cache(maxsize=512)
def _vector_of(text: str) -> signals.Vector:
    return signals.vector(text)


def fit(state: "ConversationState", embedder: likeness.Embedder | None = None) -> dict[str, float]:
    """How well the present talk suits each participant, 0…1, by what that participant heard."""
    groups = {
        each.id: (_query(state, each), _expertise(each.character)) for each in state.participants
    }
    # All are held against one another, so that one way of seeing has to do for all.
    embedder = likeness.able(embedder, chain.from_iterable(groups.values()))
    cosines = {
        who: likeness.cosine(query, expertise, embedder)
        for who, (query, expertise) in groups.items()
    }
    known = [value for value in cosines.values() if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    if high - low < SPREAD:
        return dict.fromkeys(cosines, 0.5)
    return {
        each: 0.5 if value is None else (value - low) / (high - low)
        for each, value in cosines.items()
    }


def _query(state: "ConversationState", participant: Participant) -> likeness.Weighed:
    """The topic counts and not one word: where few lines were said it fills their place."""
    heard = [line.text for line in state.lines[-8:] if line.heard_by(participant.id)]
    texts = (*reversed(heard[-len(QUERY_WEIGHTS) :]), *([state.topic] * len(QUERY_WEIGHTS)))
    return tuple(zip(texts, QUERY_WEIGHTS, strict=False))


def _expertise(character: Character) -> likeness.Weighed:
    # The interests count as much as all lines together, which speak of anything.
    lines = character.sample_lines
    interests = " ".join(character.expertise)
    return ((interests, 1.0), *((text, 1 / len(lines)) for text in lines))


# --- where the talk has gone ---------------------------------------------------------------------


def followed(state: "ConversationState", lines: "Sequence[Line]") -> tuple[signals.Vector, int]:
    """The centroid of the talk, and for how many lines running it has been left, one line on.

    The newest messages are not part of the centroid that they are compared with.
    """
    spoken = [
        line
        for line in lines[-8:]
        if line.kind == "persona" and line.visibility == "all" and line.seq > state.topic_seq
    ]
    if len(spoken) <= NEWEST:
        return state.centroid or signals.vector(state.topic), 0
    newest = [signals.vector(line.text) for line in spoken[-NEWEST:]]
    likeness = signals.HASHED_WINDOW.rel(signals.to_mean(newest, state.centroid))
    if state.centroid and likeness < DRIFTS and any(newest) and _together(newest):
        # What may be a new topic must not become part of the old one meanwhile.
        return state.centroid, state.drifting + 1
    entering = signals.vector(spoken[-NEWEST - 1].text)
    parts = ((state.centroid, KEEP), (entering, 1 - KEEP))
    return signals.mean_vector(parts, places=PLACES), 0


def _together(newest: Sequence[signals.Vector]) -> bool:
    """Whether these lines are about one thing, whatever it is."""
    pairs = combinations(newest, 2)
    return fmean(_rel(one, other) for one, other in pairs) >= TOGETHER


def _has_left(state: "ConversationState", embedder: likeness.Embedder | None) -> bool:
    """Whether the talk has left its topic: by what is folded, or by an embedder's better sight."""
    if embedder is not None:
        left = likeness.has_left(
            state, embedder, drifts=DRIFTS, together=TOGETHER, turns=DRIFT_TURNS
        )
        if left is not None:
            return left
    return state.drifting >= DRIFT_TURNS


def drifted(
    state: "ConversationState", embedder: likeness.Embedder | None = None
) -> ev.TopicChanged | None:
    """The name of what the talk has come to by itself, if it has left its topic for good.

    Lines that have no word in common have left the old topic, but not come to a new one.
    """
    if state.finished - state.topic_turn < APART or not _has_left(state, embedder):
        return None
    # What a viewer calls in is answered, but where a talk drifts only those who talk decide.
    recent = [line for line in state.lines[-8:] if line.kind == "persona"]
    newest = [line for line in recent if line.visibility == "all"][-NEWEST - 1 :]
    words = [signals.content_words(line.text) for line in newest]
    counts = Counter(word for said in words for word in said)
    old = signals.content_words(state.topic) | _names(state)
    common = sorted(word for word, n in counts.items() if n > 1 and word not in old)
    if not common:
        return None
    common.sort(key=lambda word: -counts[word])
    called = {
        word: each
        for line in newest if line.signals
        for each in line.signals.entities or ()
        for word in signals.tokens(each)
    }  # fmt: skip
    titles = dict.fromkeys(called.get(word, word) for word in common)
    title = " and ".join([*titles][:2])
    return _changed(state, title[:1].upper() + title[1:], "drift")


def _names(state: "ConversationState") -> frozenset[str]:
    """The words by which the cast and the viewers are called: nobody is a topic."""
    cast = (name for seat in state.seats for name in seat.participant.names)
    viewers = (line.name for line in state.lines if line.kind == "viewer")
    return frozenset(word for name in (*cast, *viewers) for word in signals.tokens(name))


def _changed(
    state: "ConversationState", topic: str, cause: Literal["drift", "director"]
) -> ev.TopicChanged:
    body = {"topic": topic, "from": state.topic, "cause": cause}
    return ev.TopicChanged.model_validate(body)


# --- what could come next ------------------------------------------------------------------------


def exhausted(state: "ConversationState") -> bool:
    """Whether the topic has lost its energy, or has simply been talked about for long."""
    return state.energy < FADED or state.finished - state.topic_turn > OLD


def shift(state: "ConversationState", rng: "Rng") -> tuple[ev.Body, ...]:
    """Another topic, and who leads over to it; nothing if one came too lately, or there is none."""
    if not _may_shift(state):
        return ()
    topic = choose(state, rng("topic"))
    if topic is None:
        return ()
    who = _leader(state, topic)
    asked = (ev.ParticipantInvited(participant_id=who),) if who else ()
    return (_changed(state, topic, "director"), *asked)


def _may_shift(state: "ConversationState") -> bool:
    since, shifts, limit = state.finished - state.topic_turn, state.shifts, state.limits.max_turns
    crowded = len(shifts) == MOST and state.finished - shifts[0] < WITHIN
    ending = limit is not None and state.finished + BEFORE_END >= limit
    return since >= APART and not crowded and not ending


def choose(state: "ConversationState", random: Random) -> str | None:
    """The next topic, drawn among the best of what is near, new and wanted."""
    best = ranked(state)[:SHORTLIST]
    if not best:
        return None
    weights = [math.exp(worth / TEMPERATURE) for _, worth in best]
    return random.choices([topic for topic, _ in best], weights)[0]


def ranked(state: "ConversationState") -> list[tuple[str, float]]:
    """Every topic there could be next, and what speaks for it, the best first."""
    past = {each.casefold() for each in state.topics}
    taste, wishes = _taste(state), state.feelings.stalls
    worth = {
        each: _worth(taste, each) + WISHED * stalls.liking(wishes, each)
        for each in offers(state)
        if each.casefold() not in past
    }
    return sorted(worth.items(), key=lambda each: (-each[1], each[0]))


def offers(state: "ConversationState") -> list[str]:
    """What viewers wish or spoke of, questions nobody has taken up, and the deck of the house."""
    names = _names(state)
    wishes = [each for text in _called_out(state, 3) for each in _matters(text, names)]
    english = state.language is None or state.language.lower().startswith("en")
    deck = [each.text for each in load_starters()] if english else []
    voted = list(stalls.wished(state.feelings.stalls))[:SHORTLIST]
    return [*voted, *_unanswered(state), *(each[:1].upper() + each[1:] for each in wishes), *deck]


def _matters(text: str, names: frozenset[str]) -> list[str]:
    """What somebody in the stalls speaks of: what they call by name first; nobody is a topic."""
    called = [*reading.entities(text), *signals.keywords(text, 2)]
    nameless = (" ".join(w for w in each.split() if w.lower() not in names) for each in called)
    found: dict[str, str] = {}
    for each in filter(None, nameless):
        if not any(each.lower() in other or other in each.lower() for other in found):
            found[each.lower()] = each
    return list(found.values())[:2]


def _called_out(state: "ConversationState", count: int) -> list[str]:
    """What the audience said last for everybody to hear; a whisper never becomes a topic."""
    viewers = [line for line in state.lines if line.kind == "viewer" and line.visibility == "all"]
    return [line.text for line in viewers[-count:]]


def _unanswered(state: "ConversationState") -> list[str]:
    """Short questions of the last thirty lines that no later line has a word of."""
    open_: list[str] = []
    names = _names(state)
    lines = state.lines[-30:]
    for place, line in enumerate(lines[:-3]):
        if not line.questions or line.visibility != "all":
            continue
        asked = next((each for each in signals.sentences(line.text) if each[-1:] in "?？؟"), "")
        words = signals.content_words(asked) - names
        later = (signals.content_words(each.text) for each in lines[place + 1 : place + 4])
        if len(words) >= 2 and len(asked) <= LONGEST_QUESTION and all(map(words.isdisjoint, later)):
            open_.append(asked)
    return open_


class _Taste(NamedTuple):
    """What a topic is measured by."""

    present: signals.Vector
    past: list[signals.Vector]
    liked: signals.Vector
    suited: list[signals.Vector]


def _taste(state: "ConversationState") -> _Taste:
    called = _called_out(state, 10)
    return _Taste(
        present=_meaning(state.topic),
        past=[_meaning(each) for each in state.topics[-5:]],
        liked=signals.mean_vector((signals.vector(text), 1.0) for text in called),
        suited=[likeness.mean(_expertise(each.character)) for each in state.participants],
    )


def _worth(taste: _Taste, topic: str) -> float:
    meant = _meaning(topic)
    past = (_rel(meant, each) for each in taste.past)
    suits = [_unit(_rel(meant, each)) for each in taste.suited]
    return (
        0.4 * signals.trapezoid(_rel(meant, taste.present), 0, 0.4, 1.2, 1.6)
        + 0.3 * (1 - _unit(max(past, default=0.0)))
        + 0.2 * (_unit(_rel(meant, taste.liked)) if taste.liked else 0.0)
        + 0.1 * fmean(suits)
    )


def _meaning(topic: str) -> signals.Vector:
    """What a topic is about; the house knows more of its own than their words."""
    own = starter_of(topic)
    return _vector_of(f"{topic} {own.frame.phrase} {' '.join(own.themes)}" if own else topic)


def _rel(one: signals.Vector, other: signals.Vector) -> float:
    return signals.HASHED_PAIR.rel(signals.cosine(one, other))


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _leader(state: "ConversationState", topic: str) -> str | None:
    """Whom the new topic suits best; not the one who has just spoken."""
    meant = ((topic, 1.0),)
    able = [
        seat for seat in state.seats
        if seat.active and (seat.spoke != state.finished or not state.finished)
    ]  # fmt: skip
    if not able:
        return None
    known = ((_expertise(seat.participant.character), seat.id) for seat in able)
    return max(known, key=lambda each: likeness.cosine(meant, each[0], None) or 0.0)[1]


def bridge(state: "ConversationState") -> str | None:
    """The word of the last lines that lies nearest to the new topic."""
    lines = [line for line in state.lines[-4:] if line.visibility == "all"]
    texts = [line.text for line in lines if line.kind == "persona"]
    words = sorted({word for text in texts for word in signals.content_words(text)})
    meant = _vector_of(state.topic)
    return max(words, key=lambda word: signals.cosine(_vector_of(word), meant), default=None)
