"""Which routes can play a turn now, and when those that cannot may be asked again."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from chimera.core.errors import ProviderDown, ProviderError, ProviderRefused, UnknownModel
from chimera.core.generation import Route, TurnRequest, estimated_tokens
from chimera.core.ids import Clock
from chimera.core.routes.health import HealthBook
from chimera.core.routes.ranking import AUTO, Option, Rung, Wish, rank
from chimera.providers.calling import Caller, Candidate, resting
from chimera.providers.catalog import Catalog
from chimera.providers.roster import SCRIPTED, Roster

#: Other models of the lead's provider that are considered for one line.
_MOST_MODELS = 3
#: Tokens of a usual line, for guessing what one costs.
_USUAL_LINE = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A candidate and the rung on which it stands."""

    candidate: Candidate
    rung: Rung


class Chooser:
    """Knows the whole ladder of `reliability.md` section 2.4 but its last rungs."""

    def __init__(
        self,
        roster: Roster,
        *,
        catalog: Catalog,
        caller: Caller,
        health: HealthBook,
        clock: Clock,
        rng: Random,
    ) -> None:
        self._roster = roster
        self._catalog = catalog
        self._caller = caller
        self._health = health
        self._clock = clock
        self._rng = rng

    def candidates(self, turn: TurnRequest) -> list[Candidate]:
        """Who can play it, the best first; nobody whose breaker is open."""
        now = self._clock.monotonic()
        places = {
            place.candidate.key: place
            for place in self._ladder(turn.route, turn.owner)
            if self._caller.breaker(place.candidate.key).ready(now)
        }
        tier = self.tier(turn.route)
        wish = Wish(kind=turn.kind, ceiling=turn.ceiling, thrifty=turn.thrifty)
        options = [self._option(place, turn, tier) for place in places.values()]
        ranked = rank(options, wish, self._rng)
        return [places[each.provider, each.model, each.credential].candidate for each in ranked]

    def absence(self, turn: TurnRequest) -> ProviderError:
        """Why the lead is not among the candidates."""
        name = turn.route.provider
        if name == AUTO:
            return ProviderDown("no model can be asked now")
        keyed = self._roster.keyed(name)
        if not keyed:
            return UnknownModel(f"there is no provider {name!r}")
        if not self._roster.usable(name, turn.owner):
            return ProviderRefused(f"the key of {name} was refused, and there is no other")
        return resting(name)

    def open_until(self, route: Route, owner: str | None = None) -> float | None:
        """On the monotonic clock: when the route may be tried; None if it may be now."""
        moments = [
            self._until(place.candidate)
            for place in self._ladder(route, owner)
            if place.rung <= Rung.OTHER_KEY
        ]
        if not moments or None in moments:
            return None
        return min(moment for moment in moments if moment is not None)

    def earliest(self, turn: TurnRequest, otherwise: float) -> float:
        """When the first of the turn's routes may be tried; `otherwise` one that may be now."""
        ladder = self._ladder(turn.route, turn.owner)
        moments = (self._until(place.candidate) for place in ladder)
        return min((moment or otherwise for moment in moments), default=otherwise)

    def tier(self, route: Route) -> int | None:
        """1 for a provider's best models, 3 for its quickest; None: nobody knows."""
        return self._catalog.model(route.provider, route.model).tier

    def ready(self) -> Iterator[str]:
        """The providers that can be asked now, the troupe apart."""
        for name in self._roster:
            if name != SCRIPTED and self._catalog.available(name):
                yield name

    def _ladder(self, route: Route, owner: str | None) -> Iterator[_Place]:
        if route.provider == SCRIPTED:
            yield from self._keys(route.provider, route.model, Rung.LEAD, owner)
        elif route.provider == AUTO:
            for name in self.ready():
                for model in self._playable(name):
                    yield from self._keys(name, model, Rung.LEAD, owner)
        else:
            yield from self._leads(route, owner)
            for model in self._other_models(route):
                yield from self._keys(route.provider, model, Rung.OTHER_MODEL, owner)
            yield from self._other_providers(route, owner)

    def _leads(self, route: Route, owner: str | None) -> Iterator[_Place]:
        """The route with each key: an owner's own before those of the house."""
        own = False
        for keyed in self._roster.usable(route.provider, owner):
            own = own or bool(keyed.owner)
            rung = Rung.OTHER_KEY if own and not keyed.owner else Rung.LEAD
            yield _Place(candidate=Candidate(keyed=keyed, route=_plain(route)), rung=rung)

    def _other_providers(self, route: Route, owner: str | None) -> Iterator[_Place]:
        tier, at_home = self.tier(route), self._catalog.is_local(route.provider)
        for name in self.ready():
            local = self._catalog.is_local(name)
            # What is said on this machine's own models does not leave it.
            if name == route.provider or (at_home and not local):
                continue
            rung = Rung.LOCAL if local else Rung.OTHER_PROVIDER
            default = self._catalog.default_model(name)
            alike = self._catalog.cheapest(name).get(tier) if tier else None
            for model in {default, alike} - {None}:
                yield from self._keys(name, str(model), rung, owner)

    def _keys(self, name: str, model: str, rung: Rung, owner: str | None) -> Iterator[_Place]:
        for keyed in self._roster.usable(name, owner):
            route = Route(provider=name, model=model)
            yield _Place(candidate=Candidate(keyed=keyed, route=route), rung=rung)

    def _playable(self, name: str) -> list[str]:
        """The default model, and the cheapest of each tier."""
        default = self._catalog.default_model(name)
        models = [model for _, model in sorted(self._catalog.cheapest(name).items())]
        return models if default is None else list(dict.fromkeys([default, *models]))

    def _other_models(self, route: Route) -> list[str]:
        """A few more of the lead's class; on this machine those that are in memory."""
        name, tier = route.provider, self.tier(route)
        listing = self._catalog.listing(name)
        if self._catalog.is_local(name):
            found = [each.id for each in (listing.models if listing else ()) if each.loaded]
        else:
            found = [each.id for each in self._catalog.tiered(name) if each.tier == tier]
        return [model for model in found if model != route.model][:_MOST_MODELS]

    def _option(self, place: _Place, turn: TurnRequest, lead_tier: int | None) -> Option:
        candidate = place.candidate
        provider, model, credential = candidate.key
        breaker = self._caller.breaker(candidate.key)
        tier = self.tier(candidate.route)
        calls = self._caller.in_flight[candidate.key]
        read, written = self._catalog.rates(provider, model) or (0.0, 0.0)
        tokens = estimated_tokens(turn.request.characters)
        return Option(
            provider=provider,
            model=model,
            credential=credential,
            rung=place.rung,
            record=self._health.record(provider, model, at=self._clock.now()),
            cost=(tokens * read + _USUAL_LINE * written) / 1_000_000,
            tier=tier,
            distance=abs(tier - lead_tier) if tier and lead_tier else 0,
            in_flight=calls,
            probing=breaker.state(self._clock.monotonic()) != "closed",
            # Two good calls bring a lead back; until then one line at a time tries it.
            doubtful=not breaker.trusted and calls > 0,
        )

    def _until(self, candidate: Candidate) -> float | None:
        now = self._clock.monotonic()
        paused = self._caller.gate(candidate.keyed).paused_until(now)
        breaker = self._caller.breaker(candidate.key)
        opened = breaker.until if breaker.state(now) == "open" else None
        moments = [moment for moment in (paused, opened) if moment is not None]
        return max(moments, default=None)


def _plain(route: Route) -> Route:
    """The lead itself, whatever it was announced as before."""
    return Route(provider=route.provider, model=route.model)
