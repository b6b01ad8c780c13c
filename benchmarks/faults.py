"""A thousand turns through a provider that fails almost every third call, in eleven ways.

Virtual time, no network: what is measured is the gateway. Its lead fails 30 % of its calls, and
tells wrong or no usage with some that go well; one understudy stands by.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import looptime

from benchmarks.table import Row
from chimera.core.errors import (
    BadStream,
    InvalidRequest,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderSlow,
    TruncatedStream,
)
from chimera.core.generation import (
    Chunk,
    Finish,
    GenerationRequest,
    Health,
    Model,
    Performance,
    PromptMessage,
    Reasoning,
    Route,
    Text,
    TextPart,
    TurnRequest,
    Usage,
    UsageReport,
)
from chimera.providers.catalog import Catalog
from chimera.providers.gateway import Gateway
from chimera.providers.knowledge import Overrides
from chimera.providers.memory import Bill, MemoryLedger
from chimera.providers.roster import Roster

TURNS, STAGES, FAILING = 1000, 10, 0.30
LEAD = Route(provider="openai", model="lead")
#: Dollars for a token, read or written.
PRICES = {"lead": 2e-6, "other": 3e-6}
#: What must never be heard on stage.
ERROR = "Error 500: upstream sent <html>, please retry"

Play = AsyncGenerator[Chunk]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a call really cost, and whether it was told rightly."""

    fault: str | None
    tokens: int
    told: bool


class Clock:
    """The loop's time."""

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class Acting:
    """Implements `Provider`: says a sentence that names the turn, and keeps its true bill."""

    def __init__(self, name: str, model: str, *, failing: float, seed: int) -> None:
        self.name = name
        self._model = model
        self._failing = failing
        self._rng = Random(seed)
        self._calls = 0
        self.truth: dict[str, list[Truth]] = defaultdict(list)

    def stream(self, request: GenerationRequest) -> Play:
        self._calls += 1
        turn = request.messages[0].text
        if self._rng.random() < self._failing:
            fault = FAULTS[self._rng.randrange(len(FAULTS))]
            return fault(self, turn, request)
        return self._line(turn, request)

    async def models(self) -> Sequence[Model]:
        return [Model(id=self._model)]

    async def check(self) -> Health:
        return Health(ok=True)

    async def close(self) -> None:
        """Nothing is open."""

    def sentence(self, turn: str) -> str:
        return f"{turn} was played by {self.name} at its call {self._calls}."

    def bill(self, turn: str, read: int, written: int, fault: str | None, told: bool) -> Usage:
        self.truth[turn].append(Truth(fault=fault, tokens=read + written, told=told))
        return Usage(input_tokens=read, output_tokens=written)

    async def _line(self, turn: str, request: GenerationRequest) -> Play:
        text, how = self.sentence(turn), self._rng.random()
        told = how < 0.8
        true = self.bill(turn, _read(request), _written(text), None, told)
        for word in text.split(" "):
            yield Text(f"{word} ")
            await asyncio.sleep(0.02)
        if told:
            yield UsageReport(true)
        elif how < 0.85:
            yield UsageReport(Usage(input_tokens=-7, output_tokens=true.output_tokens))
        elif how < 0.90:
            yield UsageReport(Usage(input_tokens=true.input_tokens, output_tokens=0))
        elif how < 0.95:
            yield UsageReport(Usage(input_tokens=10**9, output_tokens=1))
        yield Finish(reason="stop")


def _read(request: GenerationRequest) -> int:
    return request.characters // 4


def _written(text: str) -> int:
    return len(text) // 4


def _at_once(what: str, failure: Callable[[], ProviderError]) -> "Fault":
    """A call that is turned away, and costs nothing."""

    async def play(self: Acting, turn: str, _request: GenerationRequest) -> Play:
        self.bill(turn, 0, 0, what, told=True)
        raise failure()
        yield Text("")

    return play


async def _reset(self: Acting, turn: str, request: GenerationRequest) -> Play:
    self.bill(turn, _read(request), 2, "a reset after a word", told=False)
    yield Text("Well, ")
    await asyncio.sleep(0.5)
    raise ProviderDown(ERROR, sent=True)


async def _hangs(self: Acting, turn: str, request: GenerationRequest) -> Play:
    self.bill(turn, _read(request), 0, "a hang before the first byte", told=False)
    await asyncio.sleep(20)
    raise ProviderSlow(ERROR, stage="first_byte")
    yield Text("")


async def _drips(self: Acting, turn: str, request: GenerationRequest) -> Play:
    self.bill(turn, _read(request), 3, "a gap after some thinking", told=False)
    yield Reasoning("Let me see")
    await asyncio.sleep(15)
    raise ProviderSlow(ERROR, stage="gap")


async def _cut(self: Acting, turn: str, request: GenerationRequest) -> Play:
    self.bill(turn, _read(request), 2, "an end without an end", told=False)
    yield Text("And so")
    raise TruncatedStream(ERROR)


async def _breaks_late(self: Acting, turn: str, request: GenerationRequest) -> Play:
    text = self.sentence(turn)
    self.bill(turn, _read(request), _written(text), "a reset after a sentence", told=False)
    yield Text(f"{text} And")
    await asyncio.sleep(0.5)
    raise ProviderDown(ERROR, sent=True)


async def _junk(self: Acting, turn: str, request: GenerationRequest) -> Play:
    self.bill(turn, _read(request), 0, "an answer that is no JSON", told=False)
    raise BadStream(ERROR)
    yield Text("")


async def _empty(self: Acting, turn: str, request: GenerationRequest) -> Play:
    yield UsageReport(self.bill(turn, _read(request), 1, "an empty answer", told=True))
    yield Finish(reason="stop")


Fault = Callable[[Acting, str, GenerationRequest], Play]
FAULTS: tuple[Fault, ...] = (
    _at_once("an answer of 503", lambda: ProviderDown(ERROR, status=503)),
    _at_once("nobody there", lambda: ProviderDown(ERROR, sent=False)),
    _at_once("busy", lambda: ProviderBusy(ERROR, retry_after=1.0)),
    _at_once("a request it does not take", lambda: InvalidRequest(ERROR)),
    _hangs, _drips, _reset, _breaks_late, _cut, _junk, _empty,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What came of it."""

    turns: int
    calls: int
    failed: int
    faults: Mapping[str, int]
    lines: int
    kept: int
    doubled: int
    errors_spoken: int
    understudies: int
    unrecorded: int
    whys: Mapping[str, int]
    true_cost: float
    ledger: float
    #: Calls that the ledger has cheaper than they were, and rightly told ones that differ at all.
    under: int
    differing: int


def run(turns: int = TURNS, *, seed: int = 1) -> Figures:
    """All of it, in a loop with a clock of its own."""
    with asyncio.Runner(loop_factory=looptime.new_event_loop) as runner:
        return runner.run(play(turns, seed=seed))


async def play(turns: int = TURNS, *, seed: int = 1) -> Figures:
    """Ten stages share the turns and the providers. Needs virtual time."""
    lead = Acting("openai", "lead", failing=FAILING, seed=seed)
    other = Acting("deepseek", "other", failing=0.0, seed=seed + 1)
    roster, ledger = Roster.of(lead, other), MemoryLedger()
    catalog = Catalog(
        roster, clock=Clock(), overrides=Overrides(),
        prices=lambda _provider, model, usage, _at: (
            PRICES[model] * (usage.input_tokens + usage.output_tokens)
        ),
    )  # fmt: skip
    await catalog.refresh()
    gateway = Gateway(roster, catalog=catalog, clock=Clock(), rng=Random(seed), ledger=ledger)
    shows = [_Stage(gateway, stage, turns // STAGES) for stage in range(STAGES)]
    await asyncio.gather(*(each.play() for each in shows))
    return _figures([line for each in shows for line in each.lines], (lead, other), ledger)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """A turn and what was shown of it; no performance if nobody could play it."""

    turn: str
    shown: str
    performance: Performance | None


class _Stage:
    """One conversation: turn after turn, with a pause between them."""

    def __init__(self, gateway: Gateway, number: int, turns: int) -> None:
        self._gateway = gateway
        self._number = number
        self._turns = turns
        self.lines: list[_Heard] = []

    async def play(self) -> None:
        for number in range(self._turns):
            turn, pieces = f"Turn {self._number}.{number:03}", list[str]()
            performance = await self._gateway.perform(_request(turn), pieces.append)
            self.lines.append(_Heard(turn=turn, shown="".join(pieces), performance=performance))
            await asyncio.sleep(3)


def _request(turn: str) -> TurnRequest:
    said = (PromptMessage("others", (TextPart(turn),)), *_TALK)
    request = GenerationRequest(model="lead", system="You play.", messages=said)
    return TurnRequest(
        conversation_id=turn.partition(".")[0], turn_id=turn, participant_id="par_1", route=LEAD,
        request=request, troupe=False,
    )  # fmt: skip


_TALK = tuple(PromptMessage("others", (TextPart("Tea is hot. " * 20),)) for _ in range(10))


def _figures(heard: Sequence[_Heard], providers: Sequence[Acting], ledger: MemoryLedger) -> Figures:
    lines = [(each, each.performance) for each in heard if each.performance is not None]
    announced = [done.route for _, done in lines if done.route.provider != LEAD.provider]
    truths = [each for one in providers for calls in one.truth.values() for each in calls]
    pairs = [pair for one in providers for pair in _pairs(one, ledger)]
    faults = Counter(each.fault for each in truths if each.fault is not None)
    true = [PRICES["lead" if name == "openai" else "other"] * t.tokens for name, t, _ in pairs]
    billed = [bill.cost for _, _, bill in pairs]
    return Figures(
        turns=len(heard),
        calls=len(truths),
        failed=faults.total(),
        faults=faults,
        lines=len(lines),
        kept=sum(done.broken is not None for _, done in lines),
        doubled=sum(not _spoken_once(each.turn, each.shown, done) for each, done in lines),
        errors_spoken=sum("rror" in each.shown or "<html" in each.shown for each in heard),
        understudies=len(announced),
        unrecorded=sum(
            route.understudy_for != "openai/lead" or route.why is None for route in announced
        ),
        whys=Counter(str(route.why) for route in announced),
        true_cost=sum(true),
        ledger=ledger.total,
        under=sum(b < t - 1e-12 for t, b in zip(true, billed, strict=True)),
        differing=sum(
            truth.told and abs(b - t) > 1e-12
            for (_, truth, _), t, b in zip(pairs, true, billed, strict=True)
        ),
    )


def _spoken_once(turn: str, shown: str, done: Performance) -> bool:
    """Whether it is the one sentence of this turn, by whoever is said to have played it."""
    return (
        shown == done.text
        and shown.count("Turn ") == 1
        and shown.startswith(f"{turn} was played by {done.route.provider} at")
    )


def _pairs(one: Acting, ledger: MemoryLedger) -> Sequence[tuple[str, Truth, Bill]]:
    """Each call beside its bill; within a turn a provider is asked one call after the other."""
    bills: dict[str, list[Bill]] = defaultdict(list)
    for bill in ledger.bills.values():
        if bill.call.provider == one.name:
            bills[bill.call.turn_id].append(bill)
    return [
        (one.name, truth, bill)
        for turn, calls in one.truth.items()
        for truth, bill in zip(calls, bills[turn], strict=True)
    ]


def rows() -> list[Row]:
    got = run()
    share = got.failed / (got.calls - got.understudies)
    whys = ", ".join(f"{count} {why}" for why, count in sorted(got.whys.items()))
    over = 100 * (got.ledger / got.true_cost - 1)

    def row(what: str, goal: str, measured: str, ok: bool) -> Row:
        return Row(what=f"faults: {what}", goal=goal, measured=measured, ok=ok)

    return [
        row(f"turns; the lead failed {share:.0%} of its calls in {len(got.faults)} ways",
            f"{TURNS} lines, 0 doubled", f"{got.lines} lines, {got.doubled} doubled",
            got.lines == TURNS and not got.doubled),
        row("error texts spoken", "0", str(got.errors_spoken), not got.errors_spoken),
        row("lines of the understudy, announced with a reason", "all",
            f"{got.understudies - got.unrecorded} of {got.understudies} ({whys})",
            not got.unrecorded and got.understudies > 0),
        row("cost in the ledger, never below the true one",
            "0 of all calls lower, 0 told ones differ",
            f"{got.under} lower, {got.differing} differ; in all {over:+.1f} %",
            not got.under and not got.differing and got.ledger >= got.true_cost),
    ]  # fmt: skip


if __name__ == "__main__":
    print(run())
