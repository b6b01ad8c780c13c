"""One line from one route: leave, a slot, the money, the call, and the account of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random

from chimera.core.errors import (
    BadStream,
    ContentRefused,
    ContextTooLong,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    ProviderSlow,
    QuotaSpent,
    TruncatedStream,
)
from chimera.core.generation import (
    GenerationRequest,
    Provider,
    Route,
    TurnRequest,
    Usage,
    estimated_tokens,
)
from chimera.core.ids import Clock
from chimera.core.routes.breaker import Breaker
from chimera.core.routes.health import HealthBook
from chimera.core.routes.limits import KeyGate, RetryBudget
from chimera.core.routes.ranking import BUSY_WAIT, patience, retry_delay
from chimera.providers.books import Books
from chimera.providers.catalog import Catalog
from chimera.providers.lines import Line, TextListener, repacked
from chimera.providers.roster import SCRIPTED, Keyed, Roster

_SLOTS = 256
_LOCAL_SLOTS = 2
_KEY_SLOTS = 64
_SLOT_WAIT = 5.0
#: No busy answer and no spent quota keeps a key from being asked for longer, in seconds.
_LONGEST_PAUSE = 3600.0
#: Breakers kept: anybody may name a model.
_MOST_BREAKERS = 10_000

#: Told of a key that was refused: its `Keyed.id` and the code of the failure.
RefusalListener = Callable[[str, str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What stays the same over all calls for one line."""

    turn: TurnRequest
    on_text: TextListener | None
    began: float
    #: On the loop's clock.
    until: float
    #: What each call took, heard or not.
    spent: list[Usage] = field(default_factory=list[Usage])
    #: The providers that were called.
    called: set[str] = field(default_factory=set[str])
    #: Whether another route is ready to speak should the one that is asked be busy.
    elsewhere: bool = False

    @property
    def left(self) -> float:
        """Seconds of the line's time that remain."""
        return self.until - asyncio.get_running_loop().time()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A route with the key that would pay for it."""

    keyed: Keyed
    route: Route

    @property
    def key(self) -> tuple[str, str, str]:
        return self.route.provider, self.route.model, self.keyed.id


class Caller:
    """Makes calls, and knows of each route and key whether it may be called now."""

    def __init__(
        self,
        roster: Roster,
        *,
        catalog: Catalog,
        books: Books,
        health: HealthBook,
        clock: Clock,
        rng: Random,
        on_refused: RefusalListener | None = None,
        slots: Mapping[str, int] | None = None,
    ) -> None:
        self._roster = roster
        self._catalog = catalog
        self._books = books
        self._health = health
        self._clock = clock
        self._rng = rng
        self._on_refused = on_refused
        self._sizes = slots or {}
        self._bulkheads: dict[str, Bulkhead] = {}
        self._breakers: dict[tuple[str, str, str], Breaker] = {}
        self._gates: dict[str, KeyGate] = {}
        self._extra: dict[str, RetryBudget] = {}
        self.in_flight: Counter[tuple[str, str, str]] = Counter()

    def breaker(self, key: tuple[str, str, str]) -> Breaker:
        """Of a provider, model and key."""
        if key not in self._breakers:
            if len(self._breakers) >= _MOST_BREAKERS:
                self._breakers.clear()
            self._breakers[key] = Breaker(self._rng)
        return self._breakers[key]

    def breakers(self, provider: str) -> list[Breaker]:
        """All of one provider's."""
        return [each for key, each in self._breakers.items() if key[0] == provider]

    def gate(self, keyed: Keyed) -> KeyGate:
        gate = self._gates.get(keyed.id)
        if gate is None:
            gate = self._gates[keyed.id] = KeyGate(keyed.limits)
        elif gate.limits != keyed.limits:
            gate = self._gates[keyed.id] = gate.changed(keyed.limits)
        return gate

    def ready(self, candidates: Iterable[Candidate]) -> bool:
        """Whether any of them has leave to be called now."""
        now = self._clock.monotonic()
        return any(not self.gate(each.keyed).wait(0, now) for each in candidates)

    async def line(self, order: Order, candidate: Candidate) -> Line:
        """A line, whole or worth keeping. Raises ProviderError and, from the ledger, BudgetSpent.

        An empty one is asked for once more, with a nudge.
        """
        async with self._roster.calling(candidate.keyed) as provider:
            if provider.name == SCRIPTED:
                return await self._improvised(order, candidate, provider)
            self._count(order, candidate)
            request = self._request(candidate, order)
            async with self._slots(candidate):
                line = await self._asked(order, candidate, provider, request)
                if line.empty:
                    line = await self._asked(order, candidate, provider, line.nudged())
        line.flush()
        self._judge(candidate, line)
        return line

    def _judge(self, candidate: Candidate, line: Line) -> None:
        """Remember how it went. Raises BadStream for a line that is still empty."""
        health, now = self._health, self._clock.now()
        if line.empty:
            failure = BadStream("empty answer")
            health.failed(*candidate.key[:2], at=now, code=failure.code)
            raise failure
        if line.broken is None:
            health.succeeded(
                *candidate.key[:2],
                at=now,
                latency_ms=1000 * (line.first_token - line.began),
                tokens_per_s=_speed(line),
            )

    def _count(self, order: Order, candidate: Candidate) -> None:
        """Raises ProviderBusy if it is an extra call to its provider, and there were too many."""
        name = candidate.route.provider
        extra, now = self._extra.setdefault(name, RetryBudget()), self._clock.monotonic()
        if name not in order.called:
            order.called.add(name)
            extra.called(now)
        elif not extra.spend(now):
            raise ProviderBusy(f"{name} was asked again too often within a minute")

    def _request(self, candidate: Candidate, order: Order) -> GenerationRequest:
        request = replace(order.turn.request, model=candidate.route.model)
        model = self._catalog.model(candidate.route.provider, candidate.route.model)
        return request if model.vision else request.without_pictures()

    async def _improvised(self, order: Order, candidate: Candidate, provider: Provider) -> Line:
        """The troupe needs no leave, and waits for nothing: it may speak when all time is gone."""
        request = replace(order.turn.request, model=candidate.route.model)
        line = Line(request, on_text=order.on_text, clock=self._clock)
        await _hear(provider, line, until=None)
        return line

    async def _asked(
        self, order: Order, candidate: Candidate, provider: Provider, request: GenerationRequest
    ) -> Line:
        """A line after at most two retries, and once more with a shorter prompt."""
        fits = False
        for attempt in count():
            line = Line(request, on_text=order.on_text, clock=self._clock)
            try:
                await self._call(order, candidate, provider, line)
            except ContextTooLong as failure:
                if fits:
                    raise
                request, fits = repacked(request, failure), True
            except ProviderError as failure:
                if line.worth_keeping:
                    line.broken = failure.code
                    return line
                delay = retry_delay(
                    failure, attempt=attempt, left=order.left, rng=self._rng,
                    elsewhere=order.elsewhere,
                )  # fmt: skip
                if delay is None or not self._may_repeat(candidate):
                    raise
                await asyncio.sleep(delay)
            else:
                return line
        raise AssertionError  # pragma: no cover – count() does not end

    def _may_repeat(self, candidate: Candidate) -> bool:
        now = self._clock.monotonic()
        # Whoever opened the breaker meanwhile knows enough.
        return self.breaker(candidate.key).ready(now) and self._extra[
            candidate.route.provider
        ].spend(now)

    async def _call(
        self, order: Order, candidate: Candidate, provider: Provider, line: Line
    ) -> None:
        """One call, paid and remembered whatever becomes of it."""
        request = line.request
        tokens = estimated_tokens(request.characters) + request.max_output_tokens
        gate = self.gate(candidate.keyed)
        await self._wait_for(gate, tokens, order, candidate)
        before = len(order.spent)
        try:
            billed = self._books.billed(
                order.turn, candidate.route, candidate.keyed.credential, line, order.spent
            )
            async with self._permit(candidate, line), billed:
                try:
                    await _hear(provider, line, until=order.until)
                except ProviderError as failure:
                    await self._learn(candidate, failure)
                    raise
        finally:
            taken = sum(each.input_tokens + each.output_tokens for each in order.spent[before:])
            gate.correct(estimated=tokens, taken=taken, now=self._clock.monotonic())

    async def _wait_for(
        self, gate: KeyGate, tokens: int, order: Order, candidate: Candidate
    ) -> None:
        """Keep to the key's limits before its provider must say so."""
        now = self._clock.monotonic()
        wait, name = gate.wait(tokens, now), candidate.route.provider
        if wait > patience(order.left, elsewhere=order.elsewhere):
            if gate.paused(now) == QuotaSpent.code:
                raise QuotaSpent(f"the quota of {name} is spent", retry_after=wait)
            raise ProviderBusy(f"{name} has no room for this call yet", retry_after=wait)
        # Taken before the wait: who comes later waits for what is left then.
        gate.take(tokens, now)
        if not wait:
            return
        try:
            await asyncio.sleep(wait)
        except asyncio.CancelledError:
            gate.correct(estimated=tokens, taken=0, now=self._clock.monotonic())
            raise

    @asynccontextmanager
    async def _permit(self, candidate: Candidate, line: Line) -> AsyncGenerator[None]:
        """The breaker's leave, given back with how the call went."""
        breaker = self.breaker(candidate.key)
        permit = breaker.admit(self._clock.monotonic())
        if permit is None:
            raise resting(candidate.route.provider)
        verdict = "nothing"
        try:
            yield
            verdict = "nothing" if line.empty else "good"
        except ProviderError as failure:
            verdict = "bad" if failure.counts else "nothing"
            raise
        finally:
            now = self._clock.monotonic()
            if verdict == "good":
                breaker.succeeded(permit, now)
            elif verdict == "bad":
                breaker.failed(permit, now)
            else:
                breaker.returned(permit)

    async def _learn(self, candidate: Candidate, failure: ProviderError) -> None:
        """What a failure says about its route and its key."""
        keyed, now = candidate.keyed, self._clock.monotonic()
        self._health.failed(*candidate.key[:2], at=self._clock.now(), code=failure.code)
        match failure:
            case ProviderBusy():
                wait = BUSY_WAIT if failure.retry_after is None else failure.retry_after
                self.gate(keyed).pause(min(wait, _LONGEST_PAUSE), failure.code, now)
            case QuotaSpent():
                wait = failure.details.get("retry_after") or _LONGEST_PAUSE
                self.gate(keyed).pause(min(wait, _LONGEST_PAUSE), failure.code, now)
            case ProviderRefused():
                self._roster.disable(keyed.id, failure.code)
                if self._on_refused is not None:
                    await self._on_refused(keyed.id, failure.code)
            case _:
                return

    @asynccontextmanager
    async def _slots(self, candidate: Candidate) -> AsyncGenerator[None]:
        """A slot of the provider and one of the key; who waits for them counts as under way."""
        self.in_flight[candidate.key] += 1
        try:
            async with self._bulkhead(candidate).slot(), self._key_bulkhead(candidate).slot():
                yield
        finally:
            self.in_flight[candidate.key] -= 1
            if not self.in_flight[candidate.key]:
                del self.in_flight[candidate.key]

    def _bulkhead(self, candidate: Candidate) -> "Bulkhead":
        name = candidate.route.provider
        usual = _LOCAL_SLOTS if self._catalog.is_local(name) else _SLOTS
        return self._sized(f"provider {name}", self._sizes.get(name) or usual)

    def _key_bulkhead(self, candidate: Candidate) -> "Bulkhead":
        keyed = candidate.keyed
        return self._sized(f"key {keyed.id}", keyed.limits.concurrency or _KEY_SLOTS)

    def _sized(self, name: str, slots: int) -> "Bulkhead":
        bulkhead = self._bulkheads.get(name)
        if bulkhead is None or bulkhead.slots != slots:
            bulkhead = self._bulkheads[name] = Bulkhead(slots)
        return bulkhead


class Bulkhead:
    """Slots with bounded waiting, so that one slow provider cannot hold everybody."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._free = asyncio.Semaphore(slots)
        self._waiting = 0

    @asynccontextmanager
    async def slot(self) -> AsyncGenerator[None]:
        if self._free.locked() and self._waiting >= self.slots:
            raise ProviderBusy("too many lines wait for this provider")
        self._waiting += 1
        try:
            async with asyncio.timeout(_SLOT_WAIT):
                await self._free.acquire()
        except TimeoutError as error:
            raise ProviderBusy(f"no free slot within {_SLOT_WAIT:g} s") from error
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()


async def _hear(provider: Provider, line: Line, *, until: float | None) -> None:
    """One stream to its end. Raises ProviderError."""
    try:
        async with asyncio.timeout_at(until), aclosing(provider.stream(line.request)) as chunks:
            async for chunk in chunks:
                line.take(chunk)
    except TimeoutError as error:
        raise ProviderSlow("no whole line in the time of one", stage="total") from error
    if line.finish is None:
        raise TruncatedStream("the stream ended without a finish")
    if line.finish.reason in {"refused", "filtered"} and not line.worth_keeping:
        raise ContentRefused("the model refused to say this")


def resting(provider: str) -> ProviderDown:
    """Why a route is not called whose breaker is open."""
    return ProviderDown(f"{provider} failed too often and is left alone for a while")


def _speed(line: Line) -> float | None:
    """Output tokens a second; None where all came at once."""
    written = line.report.output_tokens if line.report else estimated_tokens(line.bytes)
    return written / line.streaming_s if line.streaming_s > 0 and written > 1 else None
