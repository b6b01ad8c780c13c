"""What helps the director, as the settings want it."""

from chimera.core.generation import Route
from chimera.core.ids import Clock, IdSource
from chimera.engine.journal import Journal
from chimera.engine.judging import Judge
from chimera.engine.wings import Prompter, Wings
from chimera.plugins import load_directors
from chimera.providers.gateway import Gateway
from chimera.providers.minilm import MiniLM
from chimera.settings import Settings
from chimera.store.database import Store
from chimera.store.ledger import StoreLedger


def open_wings(
    settings: Settings,
    clock: Clock,
    ids: IdSource,
    *,
    store: Store,
    journal: Journal,
    ledger: StoreLedger,
    gateway: Gateway,
) -> Wings:
    """Raises Unready for a plugin gone wrong, or weights that cannot be read."""
    minds = settings.minds
    prompter = Prompter(gateway=gateway, ids=ids, route=route_of(minds.director_model))
    judge = Judge(prompter=prompter, journal=journal, store=store, bills=ledger)
    return Wings(
        schemes=load_directors(minds.directors, clock=clock),
        prompter=prompter,
        moderates=minds.moderator,
        judge=judge if minds.stance_judge else None,
        embedder=MiniLM(minds.embeddings) if minds.embeddings else None,
    )


def route_of(named: str | None) -> Route | None:
    """The route that a setting names as `provider/model`."""
    if named is None:
        return None
    provider, _, model = named.partition("/")
    return Route(provider=provider, model=model)
