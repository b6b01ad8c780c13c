"""The improv troupe: every persona, playable with no key and no network."""

from chimera.providers.scripted.deck import Deck, load_deck
from chimera.providers.scripted.provider import MODEL, ScriptedProvider
from chimera.providers.scripted.troupe import Improvised, improvise

__all__ = ["MODEL", "Deck", "Improvised", "ScriptedProvider", "improvise", "load_deck"]
