"""A gateway over acted providers, with everything around it that a test may look at."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from provider_fakes import ActedProvider, Step, ask

from chimera.core.generation import Model, Performance, Provider, Route, TurnRequest
from chimera.lab.clockwork import LoopClock
from chimera.providers.catalog import Catalog
from chimera.providers.gateway import Gateway
from chimera.providers.knowledge import Family, Overrides
from chimera.providers.memory import MemoryLedger, MemoryRecorder
from chimera.providers.roster import Keyed, Roster

LEAD = Route(provider="openai", model="m1")
TURN = TurnRequest(
    conversation_id="cnv_1", turn_id="trn_1", participant_id="par_1", route=LEAD, request=ask()
)
SPEECH = "Tea is only water that has been told a very good story."
LOCAL = {"ollama", "lmstudio"}
#: What a token costs, read or written, by its model; others have no known price.
PRICES = {"m1": 1e-6, "m2": 2e-6, "dear": 5e-5}
FAMILIES = (
    Family(provider="openai", prefix="m", tier=2),
    Family(provider="deepseek", prefix="m", tier=2, vision=True),
    Family(provider="gemini", prefix="m", tier=3),
)


class House:
    """Providers are listed once, and asked with the keys they come with, or without any."""

    def __init__(
        self,
        *providers: Provider | Keyed,
        seed: int = 1,
        ledger: MemoryLedger | None = None,
        families: Sequence[Family] = FAMILIES,
    ) -> None:
        keyed = [each if isinstance(each, Keyed) else Keyed(provider=each) for each in providers]
        names = dict.fromkeys(each.provider.name for each in keyed)
        self.roster = Roster(
            {name: [each for each in keyed if each.provider.name == name] for name in names}
        )
        clock = LoopClock()
        self.catalog = Catalog(
            self.roster,
            clock=clock,
            overrides=Overrides(families=families),
            local=LOCAL,
            prices=lambda _provider, model, usage, _at: (
                PRICES[model] * (usage.input_tokens + usage.output_tokens)
                if model in PRICES
                else None
            ),
        )
        self.catalog.prefer("deepseek", "m2")
        self.ledger = ledger or MemoryLedger()
        self.recorder = MemoryRecorder(on=True)
        self.refused: list[tuple[str, str]] = []
        self.pieces: list[str] = []
        self.gateway = Gateway(
            self.roster, catalog=self.catalog, clock=clock, rng=Random(seed), ledger=self.ledger,
            recorder=self.recorder, on_refused=self._refuse,
        )  # fmt: skip

    async def perform(self, turn: TurnRequest = TURN, **changes: Any) -> Performance:
        return await self.gateway.perform(replace(turn, **changes), self.pieces.append)

    async def _refuse(self, credential: str, code: str) -> None:
        self.refused.append((credential, code))


def acted(name: str, *plays: Sequence[Step], models: Sequence[str] = ()) -> ActedProvider:
    return ActedProvider(name, *plays, models=[Model(id=each) for each in models])
