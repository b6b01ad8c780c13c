"""The one way to a model: a whole line from the first route that can play it."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from chimera.core.errors import (
    BudgetSpent,
    ContentRefused,
    ProviderError,
    ProviderRefused,
    UnknownModel,
)
from chimera.core.generation import (
    GenerationRequest,
    Kind,
    Performance,
    PromptMessage,
    Route,
    TextPart,
    TurnRequest,
    Usage,
)
from chimera.core.ids import Clock, IdSource, to_millis
from chimera.core.ports import Ledger, Observer, Recorder, Unobserved
from chimera.core.routes.breaker import BreakerState
from chimera.core.routes.health import HealthBook
from chimera.core.routes.ranking import AUTO
from chimera.providers.accounts import together
from chimera.providers.books import Books
from chimera.providers.calling import Caller, Candidate, Order, RefusalListener
from chimera.providers.catalog import Catalog
from chimera.providers.choosing import Chooser
from chimera.providers.lines import Line, TextListener
from chimera.providers.memory import AnswerCache, MemoryLedger, MemoryRecorder, answer_key
from chimera.providers.roster import IMPROV, SCRIPTED, Keyed, Roster

#: Seconds for one line, all attempts and routes together.
_TOTAL = 60.0
#: Routes that are tried for one line.
_MOST_ROUTES = 8
#: Seconds for the free checks before a conversation goes on.
_CHECKS = 5.0
#: How long a pause lasts at least where nobody says when to come back, and its spread.
_LEAST_PAUSE = 5.0
_SPREAD = 0.2
#: Scopes of what a ledger may refuse to one route and grant to the next.
_ONE_ROUTE = frozenset({"credential", "provider"})


_ANY = Route(provider=AUTO, model=AUTO)


class Gateway:
    """Plays turns: chooses routes, fails over, keeps to budgets and limits."""

    def __init__(
        self,
        roster: Roster,
        *,
        catalog: Catalog,
        clock: Clock,
        rng: Random,
        ids: IdSource | None = None,
        ledger: Ledger | None = None,
        recorder: Recorder | None = None,
        health: HealthBook | None = None,
        on_refused: RefusalListener | None = None,
        observer: Observer | None = None,
        slots: Mapping[str, int] | None = None,
        total: float = _TOTAL,
    ) -> None:
        """Without a ledger and a recorder, what calls cost is kept in memory.

        Without `ids`, calls are named by the random source.
        """
        self.roster = roster
        self.health = health or HealthBook()
        self._catalog = catalog
        self._clock = clock
        self._rng = rng
        self._total = total
        self._answers = AnswerCache()
        books = Books(
            ledger or MemoryLedger(), recorder or MemoryRecorder(),
            catalog=catalog, clock=clock, ids=ids or _DrawnIds(rng),
            observer=observer or Unobserved(),
        )  # fmt: skip
        self._caller = Caller(
            roster, catalog=catalog, books=books, health=self.health, clock=clock, rng=rng,
            on_refused=on_refused, slots=slots,
        )  # fmt: skip
        self._chooser = Chooser(
            roster, catalog=catalog, caller=self._caller, health=self.health, clock=clock, rng=rng
        )

    async def perform(self, turn: TurnRequest, on_text: TextListener | None = None) -> Performance:
        """The line of a turn, played by its route or, announced, by the first understudy that can.

        `on_text` gets pieces that are never taken back: the first comes when so much has been
        said that it would be kept if the stream broke now. Raises the lead's ProviderError, with
        `retry_at` (milliseconds UTC) and `because` among its details, or the ledger's BudgetSpent;
        both have `usage` there, what was spent in vain.
        """
        order = Order(
            turn=turn,
            on_text=on_text,
            began=self._clock.monotonic(),
            until=asyncio.get_running_loop().time() + self._total,
        )
        try:
            return await self._play(order)
        except (ProviderError, BudgetSpent) as failure:
            failure.details = {**failure.details, "usage": together(order.spent)}
            raise

    async def ask(
        self,
        *,
        system: str,
        prompt: str,
        conversation_id: str,
        turn_id: str = "",
        participant_id: str = "",
        kind: Kind = "background",
        lead: Route | None = None,
        routes: Sequence[Route] = (),
        owner: str | None = None,
        ceiling: float | None = None,
        max_output_tokens: int = 120,
        temperature: float | None = None,
        cache: bool = True,
    ) -> Performance:
        """A short answer for the house itself: a title, a recap, a judgement; never a live line.

        `lead` is asked first, if it is named. With `routes`, only their providers are asked, such
        as those of a cast that plays on this machine alone. The same question gets the same answer
        for an hour, unless `cache` is off.
        Raises ProviderError or BudgetSpent.
        """
        request = GenerationRequest(
            model=AUTO, system=system, messages=(PromptMessage("others", (TextPart(prompt),)),),
            temperature=temperature, max_output_tokens=max_output_tokens,
        )  # fmt: skip
        turn = TurnRequest(
            conversation_id=conversation_id, turn_id=turn_id, participant_id=participant_id,
            route=lead or _ANY, kind=kind, owner=owner, ceiling=ceiling, troupe=False,
            request=request,
        )  # fmt: skip
        return await self._answer(turn, {each.provider for each in routes} - {AUTO}, cache=cache)

    async def _answer(
        self, turn: TurnRequest, allowed: Collection[str], *, cache: bool
    ) -> Performance:
        candidates = [
            each
            for each in self._chooser.candidates(turn)
            if not allowed or each.route.provider in allowed
        ]
        now = self._clock.monotonic()
        if cache:
            for each in candidates:
                known = self._answers.get(_key(each.route, turn), now)
                if known is not None:
                    return replace(known, usage=Usage(cost=0.0), first_token_ms=0, duration_ms=0)
        until = asyncio.get_running_loop().time() + self._total
        answer = await self._try(Order(turn=turn, on_text=None, began=now, until=until), candidates)
        if cache and answer.broken is None:
            self._answers.put(_key(answer.route, turn), answer, self._clock.monotonic())
        return answer

    async def awake(self, routes: Sequence[Route]) -> bool:
        """Whether any provider of these routes answers a free call now."""
        names = {route.provider for route in routes}
        if AUTO in names:
            names = (names - {AUTO}) | set(self._chooser.ready())
        async with asyncio.TaskGroup() as group:
            checks = [group.create_task(self._answers_now(name)) for name in names]
        return any(check.result() for check in checks)

    def open_until(self, route: Route, owner: str | None = None) -> int | None:
        """Milliseconds UTC before which a route is not tried; None if it may be now."""
        moment = self._chooser.open_until(route, owner)
        return None if moment is None else self._millis(moment)

    def breaker(self, provider: str) -> tuple[BreakerState, int | None]:
        """The worst state of any of its routes, and until when that lasts, milliseconds UTC."""
        now = self._clock.monotonic()
        breakers = self._caller.breakers(provider)
        states = {each.state(now) for each in breakers}
        if "open" in states:
            last = max(each.until or now for each in breakers if each.state(now) == "open")
            return "open", self._millis(last)
        return ("half_open" if "half_open" in states else "closed"), None

    def reopen(self, keyed: Keyed) -> None:
        """Let a key be asked again whose provider sent it away: somebody says that it may."""
        self._caller.gate(keyed).reopen()

    def tier(self, route: Route) -> int | None:
        """1 for a provider's best models, 2 for the middle, 3 for its quickest; None: unknown."""
        return self._chooser.tier(route)

    async def close(self) -> None:
        await self.roster.close()

    async def _play(self, order: Order) -> Performance:
        return await self._try(order, self._chooser.candidates(order.turn))

    async def _try(self, order: Order, candidates: Sequence[Candidate]) -> Performance:
        """The first line that comes. Raises what kept the lead from it."""
        lead = order.turn.route
        first: ProviderError | BudgetSpent | None = None
        if not candidates or _other(candidates[0].route, lead):
            first = self._chooser.absence(order.turn)
        failures: list[ProviderError | BudgetSpent] = [] if first is None else [first]
        waiting = list(candidates[:_MOST_ROUTES])
        while waiting:
            candidate = waiting.pop(0)
            if not self.roster.has(candidate.keyed):
                continue
            why = failures[0].code if failures else None
            others = (each for each in waiting if each.keyed.id != candidate.keyed.id)
            asked = replace(order, elsewhere=self._caller.ready(others))
            try:
                return self._performed(order, _announced(candidate.route, lead, why),
                                       await self._caller.line(asked, candidate))  # fmt: skip
            except ContentRefused:
                # Not the route's fault: the persona deflects, in its own voice.
                raise
            except ProviderError as failure:
                failures.append(self._named(candidate, failure))
                waiting = _behind(waiting, candidate, failure)
            except BudgetSpent as failure:
                failures.append(failure)
                waiting = self._unpaid(waiting, failure, lead)
        return await self._last(order, failures)

    def _unpaid(
        self, waiting: Sequence[Candidate], failure: BudgetSpent, lead: Route
    ) -> list[Candidate]:
        """Who may still play; where nobody was chosen, always those who cost nothing.

        Raises the failure where it is the house's or the conversation's to deal with.
        """
        if failure.details.get("scope") in _ONE_ROUTE:
            return list(waiting)
        free = [each for each in waiting if self._catalog.is_local(each.route.provider)]
        if lead.provider != AUTO or not free:
            raise failure
        return free

    async def _last(
        self, order: Order, failures: Sequence[ProviderError | BudgetSpent]
    ) -> Performance:
        """The troupe if it may, else the failure that all the others followed.

        A spent budget is told only where nothing but money is missing: who is down comes back
        long before the day is over.
        """
        turn, lead = order.turn, order.turn.route
        faults = [each for each in failures if isinstance(each, ProviderError)]
        if not faults:
            raise failures[0]
        if turn.troupe and lead.provider != SCRIPTED:
            route = _announced(Route(provider=SCRIPTED, model=IMPROV), lead, failures[0].code)
            for keyed in self.roster.usable(SCRIPTED):
                try:
                    line = await self._caller.line(order, Candidate(keyed=keyed, route=route))
                except ProviderError:
                    # The troupe needs its scene; what kept the lead away is the better news.
                    break
                return self._performed(order, route, line)
        failure = faults[0]
        moment = self._chooser.earliest(turn, self._clock.monotonic() + _LEAST_PAUSE)
        refused = all(isinstance(each, ProviderRefused) for each in faults)
        failure.details = {
            **failure.details,
            "retry_at": self._millis(moment, spread=_SPREAD),
            "because": "credential" if refused else "providers_down",
        }
        raise failure

    def _performed(self, order: Order, route: Route, line: Line) -> Performance:
        now = self._clock.monotonic()
        scripted = route.provider == SCRIPTED
        if scripted and line.report is not None:
            order.spent.append(line.report if line.report.cost else replace(line.report, cost=0.0))
        return Performance(
            text=line.text,
            reason=line.finish.reason if line.finish else "stop",
            route=route,
            usage=together(order.spent),
            first_token_ms=round(1000 * (line.first_token - order.began)),
            duration_ms=round(1000 * (now - order.began)),
            scripted=scripted,
            signals=line.finish.signals if line.finish else None,
            broken=line.broken,
        )

    def _named(self, candidate: Candidate, failure: ProviderError) -> ProviderError:
        """An unknown model with the names that it may have been meant to have."""
        if not isinstance(failure, UnknownModel) or "nearest" in failure.details:
            return failure
        nearest = self._catalog.nearest(candidate.route.provider, candidate.route.model)
        if not nearest:
            return failure
        hint = f"{failure.message.rstrip('.')}. Most like it are {', '.join(nearest)}."
        return UnknownModel(hint, **failure.details, nearest=nearest)

    async def _answers_now(self, name: str) -> bool:
        provider = self.roster.provider(name)
        if provider is None or not self.roster.usable(name):
            return False
        try:
            async with asyncio.timeout(_CHECKS):
                return (await provider.check()).ok
        except TimeoutError:
            return False

    def _millis(self, moment: float, *, spread: float = 0.0) -> int:
        """A moment of the monotonic clock as milliseconds UTC."""
        ahead = moment - self._clock.monotonic()
        if spread:
            ahead *= self._rng.uniform(1 - spread, 1 + spread)
        return to_millis(self._clock.now() + timedelta(seconds=ahead))


class _DrawnIds:
    """Implements `core.ids.IdSource` without a clock."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def new(self, prefix: str) -> str:
        return f"{prefix}_{self._rng.getrandbits(128):032x}"


def _other(route: Route, lead: Route) -> bool:
    """Whether it is anybody but the lead; where nobody was pinned, everybody is."""
    return lead.provider != AUTO and (route.provider, route.model) != (lead.provider, lead.model)


def _announced(route: Route, lead: Route, why: str | None) -> Route:
    """As the audience is told of it: the lead as it came, or an understudy and why."""
    if route.provider == SCRIPTED != lead.provider or _other(route, lead):
        return replace(route, understudy_for=f"{lead.provider}/{lead.model}", why=why)
    return route if lead.provider == AUTO else lead


def _behind(
    waiting: Sequence[Candidate], failed: Candidate, failure: ProviderError
) -> list[Candidate]:
    """Those first that would not run into the same wall: who is down is down for all its models."""
    wall = failed.route.provider if failure.counts else None
    return sorted(waiting, key=lambda each: each.route.provider == wall)


def _key(route: Route, turn: TurnRequest) -> str:
    return answer_key(route.provider, replace(turn.request, model=route.model))
