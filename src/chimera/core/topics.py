"""What is talked about: whom a topic suits, and the openings the house keeps."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from random import Random
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from chimera.core import signals
from chimera.core.conversation import Participant
from chimera.core.persona import Frozen

if TYPE_CHECKING:
    from chimera.core.state import ConversationState

#: How much of a query the newest line and the two before it are.
QUERY_WEIGHTS = (0.6, 0.3, 0.1)
#: Below this spread of cosines the topic suits everybody alike.
SPREAD = 0.05


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
    likeness = signals.HASHED_PAIR.rel(signals.cosine(signals.vector(query), _vector_of(said)))
    return shared + min(max(likeness, 0.0), 1.0)


@lru_cache(maxsize=512)
def _vector_of(text: str) -> signals.Vector:
    return signals.vector(text)


def fit(state: "ConversationState") -> dict[str, float]:
    """How well the present talk suits each participant, 0…1, by what that participant heard."""
    people = state.participants
    cosines = {each.id: _suits(state, each) for each in people}
    known = [value for value in cosines.values() if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    if high - low < SPREAD:
        return dict.fromkeys(cosines, 0.5)
    return {
        each: 0.5 if value is None else (value - low) / (high - low)
        for each, value in cosines.items()
    }


def _suits(state: "ConversationState", participant: Participant) -> float | None:
    """Likeness of the talk and an expertise; None if either says nothing."""
    character = participant.character
    expertise = _expertise(character.expertise, character.sample_lines)
    if not expertise:
        return None
    heard = [line.text for line in state.lines[-8:] if line.heard_by(participant.id)]
    query = _query(state.topic, tuple(reversed(heard[-len(QUERY_WEIGHTS) :])))
    return signals.cosine(query, expertise) if query else None


@lru_cache(maxsize=64)
def _query(topic: str, newest_first: tuple[str, ...]) -> signals.Vector:
    """The topic counts and not one word: where few lines were said it fills their place."""
    texts = (*newest_first, *([topic] * len(QUERY_WEIGHTS)))
    weighed = zip(texts, QUERY_WEIGHTS, strict=False)
    return signals.mean_vector((signals.vector(text), weight) for text, weight in weighed)


@lru_cache(maxsize=128)
def _expertise(interests: tuple[str, ...], lines: tuple[str, ...]) -> signals.Vector:
    texts = [" ".join(interests), *lines]
    return signals.mean_vector((signals.vector(text), 1.0) for text in texts)
