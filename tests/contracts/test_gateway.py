"""What the gateway promises of a line, in virtual time."""

import asyncio
from collections.abc import Sequence
from random import Random

import pytest
from provider_fakes import ActedProvider, Step, ask, line

from chimera.core.errors import (
    BadStream,
    ContentRefused,
    InvalidRequest,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    ProviderSlow,
    QuotaSpent,
    TruncatedStream,
    UnknownModel,
)
from chimera.core.generation import (
    Finish,
    Model,
    Performance,
    Provider,
    Reasoning,
    Route,
    Text,
    TurnRequest,
    Usage,
    UsageReport,
)
from chimera.lab.clockwork import LoopClock
from chimera.providers.catalog import Catalog, read_overrides
from chimera.providers.gateway import Gateway
from chimera.providers.roster import Roster

pytestmark = pytest.mark.looptime

OVERRIDES = read_overrides()
LEAD = Route(provider="openai", model="m1")
OTHER = Route(provider="deepseek", model="m2")
TROUPE = Route(provider="scripted", model="improv")
TURN = TurnRequest(
    conversation_id="cnv_1", turn_id="trn_1", participant_id="par_1", route=LEAD, request=ask()
)
SPEECH = "Tea is only water that has been told a very good story."


class House:
    """A gateway over acted providers."""

    def __init__(self, *providers: Provider, seed: int = 1) -> None:
        clock = LoopClock()
        roster = Roster.of(*providers)
        catalog = Catalog(
            roster,
            clock=clock,
            overrides=OVERRIDES,
            local={"scripted", "ollama"},
            prices=lambda provider, model, usage, at: (
                None if model == "m9" else usage.output_tokens / 100
            ),
        )
        catalog.prefer("deepseek", "m2")
        self.gateway = Gateway(roster, catalog=catalog, clock=clock, rng=Random(seed))
        self.pieces: list[str] = []

    async def perform(self, turn: TurnRequest = TURN) -> Performance:
        return await self.gateway.perform(turn, self.pieces.append)


def lead(*plays: Sequence[Step]) -> ActedProvider:
    return ActedProvider("openai", *plays)


async def test_a_line_comes_whole_with_its_route_usage_and_cost() -> None:
    house = House(lead([0.5, *line(SPEECH, " Discuss.")]))
    performance = await house.perform()
    assert performance == Performance(
        text=f"{SPEECH} Discuss.",
        reason="stop",
        route=LEAD,
        usage=Usage(input_tokens=100, output_tokens=10, cost=0.1),
        first_token_ms=500,
        duration_ms=500,
    )
    assert "".join(house.pieces) == performance.text
    assert len(house.pieces) == 2


async def test_the_model_asked_for_is_the_routes() -> None:
    provider = ActedProvider("deepseek", line(SPEECH))
    await House(lead([ProviderRefused("no")]), provider).perform()
    assert provider.requests[0].model == "m2"


@pytest.mark.parametrize(
    "failure",
    [
        ProviderDown("down"),
        TruncatedStream("cut"),
        BadStream("junk"),
        ProviderSlow("slow", stage="connect"),
        ProviderSlow("slow", stage="gap"),
    ],
)
async def test_a_passing_fault_is_tried_twice_more_with_growing_waits(
    failure: ProviderError,
) -> None:
    provider = lead([failure], [Text("Tea"), failure], line(SPEECH))
    house = House(provider)
    performance = await house.perform()
    assert performance.text == SPEECH
    assert performance.route == LEAD
    first, second, third = provider.called_at
    assert 0 < second - first <= 0.5
    assert 0 < third - second <= 1
    assert "".join(house.pieces) == SPEECH, "what a failed call said was never shown"


async def test_after_two_retries_the_next_route_speaks_and_says_why() -> None:
    provider = lead([ProviderDown("down")])
    performance = await House(provider, ActedProvider("deepseek", line(SPEECH))).perform()
    assert len(provider.requests) == 3
    assert performance.route == Route(
        provider="deepseek", model="m2", understudy_for="openai/m1", why="provider_down"
    )


@pytest.mark.parametrize(
    "failure",
    [
        ProviderRefused("key"),
        QuotaSpent("money"),
        UnknownModel("which"),
        InvalidRequest("what"),
        ProviderSlow("slow", stage="first_byte"),
        ProviderBusy("busy", retry_after=31),
    ],
)
async def test_a_lasting_fault_goes_straight_to_the_next_route(failure: ProviderError) -> None:
    provider = lead([failure])
    performance = await House(provider, ActedProvider("scripted", line(SPEECH))).perform()
    assert len(provider.requests) == 1
    assert performance.scripted
    assert performance.route.why == failure.code


@pytest.mark.parametrize(("retry_after", "wait"), [(2.0, 2.0), (30.0, 30.0), (None, 5.0)])
async def test_a_busy_provider_is_given_the_time_it_asks_for(
    retry_after: float | None, wait: float
) -> None:
    provider = lead([ProviderBusy("busy", retry_after=retry_after)], line(SPEECH))
    assert (await House(provider).perform()).text == SPEECH
    assert provider.called_at[1] - provider.called_at[0] == pytest.approx(wait)


@pytest.mark.parametrize("retry_after", [4.0, 20.0, None])
async def test_nobody_waits_for_a_busy_provider_while_another_is_ready(
    retry_after: float | None,
) -> None:
    busy = lead([ProviderBusy("busy", retry_after=retry_after)], line(SPEECH))
    house = House(busy, ActedProvider("deepseek", [0.45, *line(SPEECH)]))
    for _ in range(2):
        performance = await house.perform()
        assert performance.duration_ms == 450
        assert (performance.route.provider, performance.route.why) == ("deepseek", "provider_busy")
    assert len(busy.requests) == 1, "it asked to be left alone"


async def test_a_short_wait_is_worth_the_voice_that_was_chosen() -> None:
    busy = lead([ProviderBusy("busy", retry_after=2.0)], line(SPEECH))
    house = House(busy, ActedProvider("deepseek", line(SPEECH)))
    assert (await house.perform()).route == LEAD


async def test_two_that_are_busy_are_both_waited_for() -> None:
    busy = lead([ProviderBusy("busy", retry_after=20)], line(SPEECH))
    other = ActedProvider("deepseek", [ProviderBusy("busy", retry_after=5)], line(SPEECH))
    performance = await House(busy, other).perform()
    assert (performance.route.provider, performance.duration_ms) == ("deepseek", 5000)


async def test_a_wait_longer_than_half_the_time_left_is_not_taken() -> None:
    provider = lead([20.0, ProviderBusy("busy", retry_after=25)], line(SPEECH))
    with pytest.raises(ProviderBusy):
        await House(provider).perform()
    assert len(provider.requests) == 1


async def test_without_an_understudy_the_leads_own_error_is_raised() -> None:
    house = House(lead([ProviderRefused("bad key")]), ActedProvider("deepseek", [QuotaSpent("")]))
    with pytest.raises(ProviderRefused, match="bad key"):
        await house.perform()
    assert house.pieces == []


async def test_a_refusal_of_the_content_is_nobody_elses_line() -> None:
    other = ActedProvider("deepseek", line(SPEECH))
    for play in ([ContentRefused("no")], line(reason="refused"), line("I", reason="filtered")):
        house = House(lead(play), other)
        with pytest.raises(ContentRefused):
            await house.perform()
        assert house.pieces == []
    assert other.requests == []


@pytest.mark.parametrize("kept", ["No, never. An", "A line of forty characters, and no full stop"])
async def test_speech_worth_keeping_stands_when_the_stream_breaks(kept: str) -> None:
    provider = lead([Text(kept), ProviderDown("gone")])
    house = House(provider)
    performance = await house.perform()
    assert (performance.text, performance.broken) == (kept, "provider_down")
    assert performance.usage.estimated
    assert performance.usage.output_tokens > 0
    assert "".join(house.pieces) == kept
    assert len(provider.requests) == 1


async def test_nothing_is_shown_before_it_is_worth_keeping() -> None:
    shown_at: list[float] = []
    provider = lead([Text("Well"), 1.0, Text(", then"), 1.0, Text(". Tea"), 1.0, *line(" it is.")])
    gateway = House(provider).gateway
    loop = asyncio.get_running_loop()
    began = loop.time()
    await gateway.perform(TURN, lambda _: shown_at.append(loop.time() - began))
    assert shown_at == [pytest.approx(2), pytest.approx(3)]


@pytest.mark.parametrize("play", [line(), line(" \n "), [Reasoning("Hm."), *line()]])
async def test_an_empty_answer_is_asked_for_once_more_with_a_nudge(play: list[Step]) -> None:
    provider = lead(play, line(SPEECH))
    performance = await House(provider).perform()
    assert performance.text == SPEECH
    first, second = provider.requests
    assert second.messages[:-1] == first.messages
    assert performance.usage.output_tokens == 20
    thought = isinstance(play[0], Reasoning)
    assert (second.max_output_tokens > first.max_output_tokens) is thought


async def test_a_second_empty_answer_is_a_failure() -> None:
    provider = lead(line())
    performance = await House(provider, ActedProvider("scripted", line(SPEECH))).perform()
    assert len(provider.requests) == 2
    assert performance.route.why == "bad_stream"
    with pytest.raises(BadStream, match="empty answer"):
        await House(lead(line())).perform()


async def test_a_line_starts_with_its_first_word() -> None:
    house = House(lead(line("\n\n", "  Tea", " is hot.")))
    assert (await house.perform()).text == "Tea is hot."
    assert "".join(house.pieces) == "Tea is hot."


async def test_a_whole_line_takes_no_longer_than_a_minute() -> None:
    house = House(lead([Reasoning("Hm."), 100.0]))
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(ProviderSlow) as caught:
        await house.perform()
    assert caught.value.stage == "total"
    assert loop.time() - began == pytest.approx(60)


async def test_the_troupe_speaks_even_when_all_time_is_gone() -> None:
    house = House(lead([100.0]), ActedProvider("scripted", [0.01, *line(SPEECH)]))
    performance = await house.perform()
    assert performance.scripted
    assert performance.route.why == "provider_slow"
    assert performance.usage.cost == 0


async def test_an_unknown_provider_is_an_unknown_route() -> None:
    with pytest.raises(UnknownModel, match="openai"):
        await House().perform()


async def test_a_model_without_a_price_has_no_cost() -> None:
    turn = TurnRequest(
        conversation_id="cnv_1",
        turn_id="trn_1",
        participant_id="par_1",
        route=Route(provider="openai", model="m9"),
        request=ask(),
    )
    assert (await House(lead(line(SPEECH))).perform(turn)).usage.cost is None


async def test_two_lines_at_a_time_from_a_local_model_and_the_rest_waits_a_little() -> None:
    local = ActedProvider("ollama", [6.0, *line(SPEECH)])
    route = Route(provider="ollama", model="small")
    turn = TurnRequest(
        conversation_id="cnv_1",
        turn_id="trn_1",
        participant_id="par_1",
        route=route,
        request=ask(),
    )
    house = House(local, ActedProvider("scripted", line(SPEECH)))
    lines = await asyncio.gather(*(house.perform(turn) for _ in range(5)))
    assert sum(performance.scripted for performance in lines) == 3
    assert len(local.requests) == 2


async def test_a_cancelled_line_leaves_no_call_open() -> None:
    provider = lead([Text("Tea"), 50.0])
    task = asyncio.ensure_future(House(provider).perform())
    await asyncio.sleep(1)
    assert provider.open == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert provider.open == 0


async def test_a_stream_without_a_finish_is_cut_short() -> None:
    provider = lead([Text("Tea"), UsageReport(Usage())])
    with pytest.raises(TruncatedStream):
        await House(provider).perform()


async def test_what_the_troupe_knows_of_its_line_is_kept() -> None:
    steps: list[Step] = [Text(SPEECH), Finish(reason="stop", signals={"act": "joke"})]
    assert (await House(lead(steps)).perform()).signals == {"act": "joke"}


async def test_health_is_kept_from_real_calls() -> None:
    provider = lead([ProviderDown("down")], [0.25, *line(SPEECH)])
    house = House(provider)
    await house.perform()
    record = house.gateway.health.record("openai")
    assert record.calls == 2
    assert record.failures == {"provider_down": 1}
    assert record.last_code == "provider_down"
    assert record.p50_ms == pytest.approx(250)
    assert record.last_success is not None
    assert record.last_failure is not None
    assert record.last_failure < record.last_success


async def test_closing_the_gateway_closes_its_providers() -> None:
    provider = ActedProvider("openai", line(SPEECH), models=[Model(id="m1")])
    await House(provider).gateway.close()
    assert provider.closed
