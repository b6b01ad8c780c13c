"""Which models can be asked for now, and what they cost."""

import asyncio
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

import structlog

from chimera.core.errors import (
    BadStream,
    Invalid,
    NotFound,
    ProviderError,
    ProviderRefused,
    ProviderSlow,
)
from chimera.core.generation import Model, Provider, Usage
from chimera.core.ids import Clock
from chimera.providers.knowledge import (
    Family,
    Knowledge,
    Override,
    Overrides,
    Price,
    PriceList,
    Shelf,
)
from chimera.providers.roster import SCRIPTED, Roster

_log = structlog.get_logger(__name__)
#: Seconds between two looks at local servers, while anybody asks.
LOOK_EVERY = 60.0
#: Seconds a list of a distant provider is believed.
_LIST_AGE = 600.0
#: Seconds a local server has to answer, and a distant one.
_LOCAL_PATIENCE = 0.5
_PATIENCE = 10.0
#: What a model is taken to ask where no price of any provider is known: as much as the dearest
#: well-known ones did in 2026.
_UNHEARD_OF = Price(input=15.0, output=75.0, cached=15.0)
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 – read, never bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A provider's list as it last answered; `failure` says why it did not."""

    models: tuple[Model, ...] = ()
    failure: ProviderError | None = None
    #: On the monotonic clock.
    at: float


class Catalog:
    """The providers' lists, kept current beside the turns and never in their way."""

    def __init__(
        self,
        roster: Roster,
        *,
        clock: Clock,
        overrides: Overrides,
        prices: PriceList,
        local: Collection[str] = (),
    ) -> None:
        self._roster = roster
        self._clock = clock
        self._knowledge = Knowledge(overrides, prices, local=local, clock=clock)
        #: Each with who gave it: the list of somebody who was replaced is not believed.
        self._listings: dict[str, tuple[Provider, Listing]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        #: What a setting names, before what the house would choose.
        self._preferred: dict[str, str] = {}
        self._asked = asyncio.Event()

    async def run(self) -> None:
        """Look at start and every minute while anybody asks; runs until it is cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(LOOK_EVERY)
            await self._asked.wait()
            self._asked.clear()

    async def refresh(self) -> None:
        """Ask every provider whose list is due."""
        async with asyncio.TaskGroup() as group:
            for name in self._roster:
                if name != SCRIPTED:
                    group.create_task(self._ask(name))

    async def models(self, provider: str) -> Sequence[Model]:
        """A provider's models with their prices; waits only if it never answered before."""
        self._asked.set()
        if self._listing(provider) is None:
            await self._ask(provider)
        listing = self._listing(provider)
        if listing is None:
            raise NotFound(f"no provider {provider!r}")
        if listing.failure is not None and not listing.models:
            raise listing.failure
        shelf = self._knowledge.shelf(provider, listing.models)
        return [self._knowledge.priced(provider, model) for model in shelf.models.values()]

    def listing(self, provider: str) -> Listing | None:
        """The last answer as it came; None before the first."""
        self._asked.set()
        return self._listing(provider)

    def forget(self, provider: str) -> None:
        """Believe no earlier answer: its key was changed, or works again."""
        self._listings.pop(provider, None)
        self._knowledge.forget(provider)
        self._asked.set()

    def available(self, provider: str) -> bool:
        """Whether a conversation may be cast with it: found if local, configured otherwise."""
        listing = self.listing(provider)
        if listing is None:
            return provider in self._roster and not self.is_local(provider)
        return listing.failure is None

    def is_local(self, provider: str) -> bool:
        return self._knowledge.is_local(provider)

    def prefer(self, provider: str, model: str | None) -> None:
        """Play with this model where nobody chose one; None: with the house's choice."""
        if model is None:
            self._preferred.pop(provider, None)
        else:
            self._preferred[provider] = model

    def default_model(self, provider: str) -> str | None:
        """The model to play with when nobody chose one; None if none is known."""
        if provider in self._preferred:
            return self._preferred[provider]
        known = self._known_ids(provider)
        favourite = self._knowledge.overrides.defaults.get(provider)
        if favourite is not None and (not known or favourite in known):
            return favourite
        return known[0] if known else None

    def model(self, provider: str, model_id: str) -> Model:
        """What is known of one model now, listed or not; nobody is asked."""
        known = self._shelf(provider).models.get(model_id)
        return known or self._knowledge.completed(provider, Model(id=model_id))

    def tiered(self, provider: str) -> Sequence[Model]:
        """The listed models whose tier is known."""
        return [each for each in self._shelf(provider).models.values() if each.tier is not None]

    def cheapest(self, provider: str) -> Mapping[int, str]:
        """The cheapest listed model of each tier, where prices are known."""
        return self._shelf(provider).cheapest

    def nearest(self, provider: str, model_id: str) -> Sequence[str]:
        """The known models whose names are most like this one, three at most."""
        return get_close_matches(model_id, self._known_ids(provider), n=3, cutoff=0.0)

    def cost(self, provider: str, model: str, usage: Usage) -> float | None:
        """Dollars for a usage; None where no price is known, nothing for what runs here."""
        return self._knowledge.cost(provider, model, usage)

    def rates(self, provider: str, model: str) -> tuple[float, float] | None:
        """Dollars for a million tokens read and written; None where no price is known."""
        return self._knowledge.rates(provider, model)

    def upper_cost(
        self, provider: str, model: str, *, input_tokens: int, output_tokens: int
    ) -> float:
        """The most that a call may cost; what an unknown price is taken to be, `dearest` says."""
        plain = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
        # Some services ask more for what they read for the first time and keep.
        kept = replace(plain, cache_write_tokens=input_tokens)
        costs = [self.cost(provider, model, each) for each in (plain, kept)]
        known = [cost for cost in costs if cost is not None]
        if known:
            return max(known)
        return self.dearest(provider, kept)

    def dearest(self, provider: str, usage: Usage) -> float:
        """What a usage would cost with the provider's dearest model of known price.

        Where none is known, with that of all providers; where none is either, it is a lot.
        """
        own = self._with_dearest(provider, usage)
        if own is not None:
            return own
        paid = [name for name in self._roster if not self.is_local(name)]
        others = [self._with_dearest(name, usage) for name in paid]
        return max((cost for cost in others if cost), default=_UNHEARD_OF.of(usage))

    def _with_dearest(self, provider: str, usage: Usage) -> float | None:
        model = self._shelf(provider).dearest
        return None if model is None else self.cost(provider, model, usage)

    def _known_ids(self, provider: str) -> Sequence[str]:
        listing = self._listing(provider)
        return [model.id for model in listing.models] if listing else []

    def _shelf(self, provider: str) -> Shelf:
        listing = self._listing(provider)
        return self._knowledge.shelf(provider, listing.models if listing else ())

    def _listing(self, name: str) -> Listing | None:
        source, listing = self._listings.get(name, (None, None))
        return listing if source is self._roster.provider(name) else None

    async def _ask(self, name: str) -> None:
        async with self._locks.setdefault(name, asyncio.Lock()):
            provider = self._roster.provider(name)
            if provider is None or not self._due(name):
                return
            before = self._listing(name)
            patience = _LOCAL_PATIENCE if self.is_local(name) else _PATIENCE
            models: tuple[Model, ...] = ()
            failure: ProviderError | None = None
            try:
                async with asyncio.timeout(patience):
                    models = tuple(await provider.models())
            except TimeoutError:
                failure = ProviderSlow(f"no list of models within {patience:g} s", stage="total")
            except ProviderError as error:
                failure = error
            except Exception as error:  # one provider's strange list must not end the house
                _log.warning("list_unreadable", provider=name, error=repr(error))
                failure = BadStream(f"the list of models cannot be read: {type(error).__name__}")
            if failure is not None and before is not None and not self.is_local(name):
                # Yesterday's list is better than none; a local server that is gone is gone.
                models = before.models
            await self._knowledge.look_up(name, models)
            listing = Listing(models=models, failure=failure, at=self._clock.monotonic())
            self._listings[name] = provider, listing

    def _due(self, name: str) -> bool:
        listing = self._listing(name)
        if listing is None:
            return True
        if isinstance(listing.failure, ProviderRefused):
            # It would only be refused again; a new key comes with a new adapter.
            return False
        believed = _LIST_AGE if listing.failure is None and not self.is_local(name) else LOOK_EVERY
        # The look itself takes a moment of the minute.
        return self._clock.monotonic() - listing.at >= believed - 1


def read_overrides() -> Overrides:
    """What we ship in `data/models.toml`."""
    source = resources.files("chimera") / "data" / "models.toml"
    table = tomllib.loads(source.read_text("utf-8"))
    return Overrides(
        defaults=table["defaults"],
        models={(entry["provider"], entry["id"]): _override(entry) for entry in table["model"]},
        families=[Family(**entry) for entry in table["family"]],
    )


def load_prices() -> PriceList:
    """The price list of genai-prices: data that is installed, nothing is fetched.

    Loading takes half a second and 28 MB; a house without paid providers does with `no_prices`.
    """
    from genai_prices import Usage as Counts  # noqa: PLC0415 – loaded by those who pay
    from genai_prices import calc_price  # noqa: PLC0415 – loaded by those who pay

    def listed(provider: str, model: str, usage: Usage, at: datetime) -> float | None:
        counts = Counts(
            input_tokens=usage.input_tokens,
            cache_read_tokens=usage.cached_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            output_tokens=usage.output_tokens,
        )
        try:
            found = calc_price(counts, model, provider_id=provider, genai_request_timestamp=at)
        except LookupError:
            return None
        return float(found.total_price)

    # The first question builds the index; later ones must not wait for that.
    listed("openai", "gpt-5-mini", Usage(), datetime.min.replace(tzinfo=UTC))
    return listed


def no_prices(provider: str, model: str, usage: Usage, at: datetime) -> float | None:
    """The price list of a house whose models all run on its own machines."""
    del provider, model, usage, at
    return None


def ollama_url(host: str | None) -> str:
    """The base URL that `OLLAMA_HOST` means: any of `host`, `:port`, `host:port` or a URL."""
    text = (host or "").strip()
    named_scheme = "://" in text
    try:
        parts = urlsplit(text if named_scheme else f"http://{text}")
        port = parts.port
    except ValueError as error:
        raise Invalid(f"OLLAMA_HOST is not an address: {text!r}") from error
    if port is None:
        port = {"http": 80, "https": 443}.get(parts.scheme, 11434) if named_scheme else 11434
    # A server that listens everywhere is called here.
    name = parts.hostname if parts.hostname not in _EVERYWHERE else None
    name = name or "127.0.0.1"
    return f"{parts.scheme}://{f'[{name}]' if ':' in name else name}:{port}"


def _override(entry: Mapping[str, Any]) -> Override:
    price = None
    if "input" in entry:
        price = Price(input=entry["input"], output=entry["output"], cached=entry["cached"])
    return Override(context=entry.get("context"), price=price)
