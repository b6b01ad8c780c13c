"""The one way to a model: a whole line from the first route that can play it."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from random import Random

from chimera.core.errors import (
    BadStream,
    ContentRefused,
    ProviderBusy,
    ProviderError,
    ProviderSlow,
    TruncatedStream,
    UnknownModel,
)
from chimera.core.generation import (
    Chunk,
    Finish,
    GenerationRequest,
    Performance,
    PromptMessage,
    Provider,
    Reasoning,
    Route,
    Text,
    TextPart,
    TurnRequest,
    Usage,
    UsageReport,
    estimated_tokens,
)
from chimera.core.ids import Clock
from chimera.core.routing import HealthBook, retry_delay
from chimera.providers.catalog import Catalog
from chimera.providers.roster import SCRIPTED, Roster

#: Seconds for one line, all attempts and routes together.
_TOTAL = 60.0
_SLOTS = 256
_LOCAL_SLOTS = 2
_SLOT_WAIT = 5.0
#: Speech that is worth keeping when a stream breaks: this many characters, or a sentence.
_WORTH_KEEPING = 40
_SENTENCE = re.compile(r"\w[^.!?…]*[.!?…][\"'”’)\]]*(?:\s|$)")
_NUDGE = "Say your line now, in one or two sentences."
#: Tokens added for a model that spent all it had on thinking.
_ROOM_TO_THINK = 2048

TextListener = Callable[[str], None]


class Gateway:
    """Plays turns: retries, fails over, keeps providers from crowding each other out."""

    def __init__(
        self,
        roster: Roster,
        *,
        catalog: Catalog,
        clock: Clock,
        rng: Random,
        health: HealthBook | None = None,
        slots: Mapping[str, int] | None = None,
        total: float = _TOTAL,
    ) -> None:
        self.roster = roster
        self._catalog = catalog
        self._clock = clock
        self._rng = rng
        self._total = total
        self.health = health or HealthBook()
        self._slots = slots or {}
        self._bulkheads: dict[str, _Bulkhead] = {}

    async def perform(
        self,
        turn: TurnRequest,
        on_text: TextListener | None = None,
        *,
        understudies: Sequence[Route] = (),
    ) -> Performance:
        """The line of a turn, played by its route or, announced, by the first understudy that can.

        `on_text` gets pieces that are never taken back: the first comes when so much has been
        said that it would be kept if the stream broke now. Raises the lead's ProviderError.
        """
        call = _Call(
            turn=turn,
            on_text=on_text,
            began=self._clock.monotonic(),
            until=asyncio.get_running_loop().time() + self._total,
        )
        try:
            return await self._play(call, turn.route)
        except ContentRefused:
            # Not the route's fault: the persona deflects, in its own voice.
            raise
        except ProviderError as failure:
            performance = await self._understudy(call, understudies, failure)
            if performance is None:
                raise
            return performance

    async def close(self) -> None:
        await self.roster.close()

    def _bulkhead(self, name: str) -> "_Bulkhead":
        if name not in self._bulkheads:
            usual = _LOCAL_SLOTS if self._catalog.is_local(name) else _SLOTS
            self._bulkheads[name] = _Bulkhead(self._slots.get(name) or usual)
        return self._bulkheads[name]

    async def _understudy(
        self, call: "_Call", understudies: Sequence[Route], failure: ProviderError
    ) -> Performance | None:
        lead = call.turn.route
        for route in understudies:
            announced = replace(
                route, understudy_for=f"{lead.provider}/{lead.model}", why=failure.code
            )
            try:
                return await self._play(call, announced)
            except ContentRefused:
                raise
            except ProviderError:
                continue
        return None

    async def _play(self, call: "_Call", route: Route) -> Performance:
        usable = self.roster.usable(route.provider, call.turn.owner)
        if not usable:
            raise UnknownModel(f"there is no provider {route.provider!r}")
        async with self.roster.calling(usable[0]) as provider:
            if route.provider == SCRIPTED:
                return await self._speak(call, route, provider)
            async with self._bulkhead(route.provider).slot():
                return await self._speak(call, route, provider)

    async def _speak(self, call: "_Call", route: Route, provider: Provider) -> Performance:
        """One line from one route; an empty one is asked for once more, with a nudge."""
        request = replace(call.turn.request, model=route.model)
        if not self._catalog.sees(route.provider, route.model):
            request = request.without_pictures()
        spent: list[Usage] = []
        line = await self._attempt(call, provider, request, spent)
        if line.empty:
            line = await self._attempt(call, provider, _nudged(request, line), spent)
        if line.empty:
            failure = BadStream("empty answer")
            self.health.failed(provider.name, at=self._clock.now(), code=failure.code)
            raise failure
        line.flush()
        if line.broken is None:
            latency = 1000 * (line.first_token - line.began)
            self.health.succeeded(provider.name, at=self._clock.now(), latency_ms=latency)
        return Performance(
            text=line.text,
            reason=line.finish.reason if line.finish else "stop",
            route=route,
            usage=self._total_usage(route, spent),
            first_token_ms=round(1000 * (line.first_token - call.began)),
            duration_ms=round(1000 * (self._clock.monotonic() - call.began)),
            scripted=route.provider == SCRIPTED,
            signals=line.finish.signals if line.finish else None,
            broken=line.broken,
        )

    async def _attempt(
        self, call: "_Call", provider: Provider, request: GenerationRequest, spent: list[Usage]
    ) -> "_Line":
        """A line, whole or worth keeping; what each call took is added to `spent`."""
        for attempt in count():
            line = _Line(on_text=call.on_text, clock=self._clock)
            try:
                await self._listen(call, provider, request, line)
            except ProviderError as failure:
                self.health.failed(provider.name, at=self._clock.now(), code=failure.code)
                if line.worth_keeping:
                    line.broken = failure.code
                    return line
                left = call.until - asyncio.get_running_loop().time()
                delay = retry_delay(failure, attempt=attempt, left=left, rng=self._rng)
                if delay is None:
                    raise
                await asyncio.sleep(delay)
            else:
                return line
            finally:
                spent += line.usage(request)
        raise AssertionError  # pragma: no cover – count() does not end

    async def _listen(
        self, call: "_Call", provider: Provider, request: GenerationRequest, line: "_Line"
    ) -> None:
        # The troupe waits for nothing, so it may still speak when all time is gone.
        until = None if provider.name == SCRIPTED else call.until
        try:
            async with asyncio.timeout_at(until), aclosing(provider.stream(request)) as chunks:
                async for chunk in chunks:
                    line.take(chunk)
        except TimeoutError as error:
            raise ProviderSlow(f"no whole line within {self._total:g} s", stage="total") from error
        if line.finish is None:
            raise TruncatedStream("the stream ended without a finish")
        if line.finish.reason in {"refused", "filtered"} and not line.worth_keeping:
            raise ContentRefused("the model refused to say this")

    def _total_usage(self, route: Route, spent: Sequence[Usage]) -> Usage:
        total = Usage(
            input_tokens=sum(usage.input_tokens for usage in spent),
            output_tokens=sum(usage.output_tokens for usage in spent),
            cached_tokens=sum(usage.cached_tokens for usage in spent),
            cache_write_tokens=sum(usage.cache_write_tokens for usage in spent),
            reasoning_tokens=sum(usage.reasoning_tokens for usage in spent),
            estimated=any(usage.estimated for usage in spent),
        )
        costs = [
            self._catalog.cost(route.provider, route.model, usage)
            if usage.cost is None
            else usage.cost
            for usage in spent
        ]
        known = [cost for cost in costs if cost is not None]
        return replace(total, cost=sum(known) if len(known) == len(costs) else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """What stays the same over all attempts at one line."""

    turn: TurnRequest
    on_text: TextListener | None
    began: float
    #: On the loop's clock.
    until: float


class _Line:
    """What one call brought so far; shows it once it is worth keeping."""

    def __init__(self, *, on_text: TextListener | None, clock: Clock) -> None:
        self._on_text = on_text
        self._clock = clock
        self._shown = 0
        self._thought = 0
        self._report: Usage | None = None
        self.text = ""
        self.finish: Finish | None = None
        self.broken: str | None = None
        self.began = clock.monotonic()
        self.first_token = self.began

    @property
    def empty(self) -> bool:
        return not self.text.strip()

    @property
    def only_thought(self) -> bool:
        return self.empty and self._thought > 0

    @property
    def worth_keeping(self) -> bool:
        """Whether speech this long stands even if nothing follows it (`reliability.md` 2.5)."""
        return len(self.text) >= _WORTH_KEEPING or _SENTENCE.search(self.text) is not None

    def take(self, chunk: Chunk) -> None:
        match chunk:
            case Text(text):
                self._hear(text)
            case Reasoning(text):
                self._thought += len(text)
            case UsageReport(usage):
                self._report = usage
            case Finish():
                self.finish = chunk

    def flush(self) -> None:
        """Show what was held back."""
        if self._on_text is not None and len(self.text) > self._shown:
            self._on_text(self.text[self._shown :])
        self._shown = len(self.text)

    def usage(self, request: GenerationRequest) -> list[Usage]:
        """What the call took; estimated if it brought something but no report, none for nothing."""
        if self._report is not None:
            return [self._report]
        characters = len(self.text) + self._thought
        if not characters:
            return []
        return [
            Usage(
                input_tokens=estimated_tokens(request.characters),
                output_tokens=estimated_tokens(characters),
                estimated=True,
            )
        ]

    def _hear(self, text: str) -> None:
        # A line starts with its first word, whatever a model puts before it.
        heard = text if self.text else text.lstrip()
        if not heard:
            return
        if not self.text:
            self.first_token = self._clock.monotonic()
        self.text += heard
        if self._shown or self.worth_keeping:
            self.flush()


class _Bulkhead:
    """Slots with bounded waiting, so that one slow provider cannot hold everybody."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._free = asyncio.Semaphore(slots)
        self._waiting = 0

    @asynccontextmanager
    async def slot(self) -> AsyncGenerator[None]:
        if self._free.locked() and self._waiting >= self._slots:
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


def _nudged(request: GenerationRequest, line: _Line) -> GenerationRequest:
    """The request once more, with a reminder, and with room if thinking took it all."""
    return replace(
        request,
        messages=(*request.messages, PromptMessage("others", (TextPart(_NUDGE),))),
        max_output_tokens=request.max_output_tokens + _ROOM_TO_THINK * line.only_thought,
    )
