"""What a persona says when its model refuses to: it turns away, in its own manner."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from chimera.core.pacing import Rng
from chimera.core.persona import Persona
from chimera.core.state import ConversationState

#: A trait so strong shows in how somebody refuses.
_STRONG = 0.65


def line(state: ConversationState, card: Persona, rng: Rng) -> str | None:
    """A refusal in character, another one each time; None in a language we have none for."""
    language = state.language or card.language
    if not language.casefold().startswith("en"):
        return None
    lines = _lines_of(card)
    said = {each.text for each in state.lines}
    fresh = [each for each in lines if each not in said]
    return rng("deflect").choice(fresh or lines)


def _lines_of(card: Persona) -> Sequence[str]:
    known = load_deflections()
    own = known["personas"].get(card.plays_as or card.slug)
    if own is not None:
        return own
    manners = known["manners"]
    strong = (name for name in manners if getattr(card.traits, name, 0.0) >= _STRONG)
    return manners[next(strong, "plain")]


@cache
def load_deflections() -> Mapping[str, Mapping[str, list[str]]]:
    """All of them; the first call reads a file."""
    source = resources.files("chimera") / "data" / "deflections.toml"
    return tomllib.loads(source.read_text("utf-8"))
