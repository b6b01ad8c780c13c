"""What is known of models beyond their providers' lists: prices, families, what we know better."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from chimera.core.generation import Model, Usage
from chimera.core.ids import Clock
from chimera.providers.roster import SCRIPTED

#: Seconds a looked-up price is believed; one that was not found may still be on its way.
_PRICE_AGE = 1800.0
_NO_PRICE_AGE = 60.0
#: Looked-up prices kept; anybody may name a model.
_MOST_RATES = 10_000
_MILLION = 1_000_000

#: Dollars for a usage of a provider's model at a time; None where no price is known.
PriceList = Callable[[str, str, Usage, datetime], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for a million tokens."""

    input: float
    output: float
    cached: float

    def of(self, usage: Usage) -> float:
        """Dollars for a usage."""
        fresh = usage.input_tokens - usage.cached_tokens
        spent = fresh * self.input + usage.cached_tokens * self.cached
        return (spent + usage.output_tokens * self.output) / _MILLION


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What `data/models.toml` knows better of one model."""

    context: int | None = None
    price: Price | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What it says of all models whose ids begin alike; the longest beginning wins."""

    provider: str
    prefix: str
    tier: int | None = None
    vision: bool | None = None
    thinking: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """The whole of `data/models.toml`."""

    defaults: Mapping[str, str] = field(default_factory=dict[str, str])
    models: Mapping[tuple[str, str], Override] = field(
        default_factory=dict[tuple[str, str], Override]
    )
    families: Sequence[Family] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One list of models with all that is known of them."""

    #: The list it was made from.
    listed: tuple[Model, ...]
    models: Mapping[str, Model]
    #: The cheapest of each tier, and the dearest of all; only where prices are known.
    cheapest: Mapping[int, str]
    dearest: str | None


class Knowledge:
    """Completes what lists say, and knows what calls cost."""

    def __init__(
        self, overrides: Overrides, prices: PriceList, *, local: Collection[str], clock: Clock
    ) -> None:
        self.overrides = overrides
        self._prices = prices
        self._local = frozenset(local)
        self._clock = clock
        #: Looking a price up takes a while; each with when it was looked up.
        self._rates: dict[tuple[str, str], tuple[float, tuple[float, float] | None]] = {}
        self._shelves: dict[str, Shelf] = {}

    def is_local(self, provider: str) -> bool:
        return provider in self._local or provider == SCRIPTED

    def cost(self, provider: str, model: str, usage: Usage) -> float | None:
        """Dollars for a usage; None where no price is known, nothing for what runs here."""
        if self.is_local(provider):
            return 0.0
        override = self.overrides.models.get((provider, model))
        if override is not None and override.price is not None:
            return override.price.of(usage)
        return self._prices(provider, model, usage, self._clock.now())

    def rates(self, provider: str, model: str) -> tuple[float, float] | None:
        """Dollars for a million tokens read and written, as of a while ago."""
        now = self._clock.monotonic()
        at, rates = self._rates.get((provider, model), (now - _PRICE_AGE, None))
        if now - at < (_NO_PRICE_AGE if rates is None else _PRICE_AGE):
            return rates
        # A thousand tokens: some prices rise with the length of a prompt.
        read = self.cost(provider, model, Usage(input_tokens=1000))
        written = self.cost(provider, model, Usage(output_tokens=1000))
        rates = None if read is None or written is None else (1000 * read, 1000 * written)
        if len(self._rates) >= _MOST_RATES:
            self._rates.clear()
        self._rates[provider, model] = now, rates
        return rates

    async def look_up(self, provider: str, listed: Sequence[Model]) -> None:
        """Look up the prices of a whole list beside those who wait for nothing else."""
        for model in listed:
            self.rates(provider, model.id)
            await asyncio.sleep(0)

    def shelf(self, provider: str, listed: tuple[Model, ...]) -> Shelf:
        """A provider's list, completed; arranged anew when the list is another."""
        shelf = self._shelves.get(provider)
        if shelf is None or shelf.listed is not listed:
            shelf = self._shelves[provider] = self._arranged(provider, listed)
        return shelf

    def forget(self, provider: str) -> None:
        """Arrange its shelf anew, with the prices of today."""
        self._shelves.pop(provider, None)
        for key in [key for key in self._rates if key[0] == provider]:
            del self._rates[key]

    def completed(self, provider: str, model: Model) -> Model:
        """With what we know where its provider tells nothing."""
        families = [
            each
            for each in self.overrides.families
            if each.provider == provider and model.id.startswith(each.prefix)
        ]
        if not families:
            return model
        family = max(families, key=lambda each: len(each.prefix))
        return replace(
            model,
            tier=model.tier or family.tier,
            vision=family.vision if model.vision is None else model.vision,
            thinking=family.thinking if model.thinking is None else model.thinking,
        )

    def priced(self, provider: str, model: Model) -> Model:
        """As people see it."""
        override = self.overrides.models.get((provider, model.id), Override())
        read, written = self.rates(provider, model.id) or (None, None)
        return replace(
            model,
            context=override.context or model.context,
            input_price=read,
            output_price=written,
        )

    def _arranged(self, provider: str, listed: tuple[Model, ...]) -> Shelf:
        models = {each.id: self.completed(provider, each) for each in listed}
        ours = {model for name, model in self.overrides.models if name == provider}
        ids = {*models, *ours, self.overrides.defaults.get(provider, "")} - {""}
        rates = {each: self.rates(provider, each) for each in ids}
        sums = {each: sum(rate) for each, rate in rates.items() if rate is not None}
        cheapest: dict[int, str] = {}
        for model in sorted(sums, key=lambda each: (sums[each], each)):
            tier = models[model].tier if model in models else None
            if tier is not None:
                cheapest.setdefault(tier, model)
        return Shelf(
            listed=listed,
            models=models,
            cheapest=cheapest,
            dearest=max(sums, key=lambda each: sums[each], default=None),
        )
