"""What every call is set aside, counted and remembered as, whatever becomes of it."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from gateway_house import LEAD, PRICES, SPEECH, TURN, House, acted
from provider_fakes import ActedProvider, Step, ask, line

from chimera.core.errors import (
    BudgetSpent,
    ProviderDown,
    ProviderRefused,
    StoreBusy,
    TruncatedStream,
)
from chimera.core.generation import (
    Chunk,
    GenerationRequest,
    ImagePart,
    PromptMessage,
    Reasoning,
    Route,
    Text,
    TextPart,
    Usage,
    UsageReport,
)
from chimera.core.ports import Reservation
from chimera.providers.memory import AnswerCache, MemoryLedger
from chimera.providers.roster import Keyed

pytestmark = pytest.mark.looptime


class StrictLedger(MemoryLedger):
    """Refuses what has one of these scopes, and may be slow or busy."""

    def __init__(self, *, refuse: dict[str, str] | None = None, seconds: float = 0.0) -> None:
        super().__init__()
        self.refuse = refuse or {}
        self.seconds = seconds
        self.busy = False

    async def reserve(self, call: Reservation) -> None:
        if call.provider in self.refuse:
            raise BudgetSpent("no more", scope=self.refuse[call.provider])
        await asyncio.sleep(self.seconds)
        await super().reserve(call)

    async def report(self, call_id: str, usage: Usage) -> None:
        if self.busy:
            raise StoreBusy("the database is busy")
        await asyncio.sleep(self.seconds)
        await super().report(call_id, usage)


async def test_every_call_is_set_aside_before_and_counted_after() -> None:
    ledger = MemoryLedger()
    seen = list[float]()

    class Watching(ActedProvider):
        def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
            seen.append(ledger.total)
            return super().stream(request)

    house = House(Watching("openai", line(SPEECH, read=100, written=20)), ledger=ledger)
    performance = await house.perform(owner="anna", ceiling=1.0)
    (bill,) = ledger.bills.values()
    assert bill.call.owner == "anna"
    assert (bill.call.conversation_id, bill.call.turn_id) == ("cnv_1", "trn_1")
    assert bill.call.output_tokens == 256 + 2048
    assert seen == [pytest.approx(PRICES["m1"] * (bill.call.input_tokens + 2304))]
    assert bill.usage is not None
    assert bill.usage.cost == performance.usage.cost == pytest.approx(PRICES["m1"] * 120)


async def test_failed_calls_are_in_the_bill_of_the_line_and_in_the_ledger() -> None:
    broken: list[Step] = [
        Text("Te"), UsageReport(Usage(input_tokens=50, output_tokens=5)), TruncatedStream("cut")
    ]  # fmt: skip
    house = House(acted("openai", broken, line(SPEECH, read=100, written=20)))
    performance = await house.perform()
    assert performance.usage.input_tokens == 150
    assert [bill.usage.input_tokens for bill in house.ledger.bills.values() if bill.usage] == [
        50, 100
    ]  # fmt: skip
    assert house.ledger.total == pytest.approx(performance.usage.cost)


async def test_what_an_understudy_and_its_lead_took_is_billed_at_their_own_prices() -> None:
    broken: list[Step] = [UsageReport(Usage(input_tokens=50)), TruncatedStream("cut")]
    house = House(acted("openai", broken), acted("deepseek", line(SPEECH, read=100, written=20)))
    performance = await house.perform()
    assert performance.usage.cost == pytest.approx(3 * 50e-6 + 120 * 2e-6)
    assert performance.usage.cost == pytest.approx(house.ledger.total)


async def test_a_failure_tells_what_was_spent_in_vain() -> None:
    broken: list[Step] = [Text("Te"), TruncatedStream("cut")]
    house = House(acted("openai", broken))
    with pytest.raises(TruncatedStream) as caught:
        await house.perform()
    spent = caught.value.details["usage"]
    assert spent.estimated
    assert spent.cost == pytest.approx(house.ledger.total)
    assert house.ledger.total > 0


async def test_a_cancelled_line_is_counted_also_while_the_ledger_is_slow() -> None:
    ledger = StrictLedger(seconds=1.0)
    house = House(acted("openai", [Text("Tea"), 50.0]), ledger=ledger)
    task = asyncio.ensure_future(house.perform())
    await asyncio.sleep(2)
    task.cancel()
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (bill,) = ledger.bills.values()
    assert bill.usage is not None
    assert bill.usage.estimated
    assert bill.usage.output_tokens == 2
    (call,) = house.recorder.calls
    assert call.error == {"code": "cancelled", "message": "Nobody waited for the rest."}


async def test_a_line_that_is_cancelled_before_its_call_costs_nothing() -> None:
    ledger = StrictLedger(seconds=1.0)
    provider = acted("openai", line(SPEECH))
    task = asyncio.ensure_future(House(provider, ledger=ledger).perform())
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ledger.total == 0
    assert provider.requests == []


async def test_a_cancelled_line_goes_nowhere_though_the_ledger_refuses_it_meanwhile() -> None:
    class LateRefusal(MemoryLedger):
        async def reserve(self, call: Reservation) -> None:
            await asyncio.sleep(1.0)
            raise BudgetSpent("no more", scope="provider")

    other = acted("deepseek", line(SPEECH))
    house = House(acted("openai", line(SPEECH)), other, ledger=LateRefusal())
    task = asyncio.ensure_future(house.perform())
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert other.requests == []


async def test_a_ledger_that_cannot_take_the_report_keeps_what_was_set_aside() -> None:
    ledger = StrictLedger()
    ledger.busy = True
    performance = await House(acted("openai", line(SPEECH)), ledger=ledger).perform()
    assert performance.text == SPEECH
    (bill,) = ledger.bills.values()
    assert bill.usage is None
    assert ledger.total > (performance.usage.cost or 0)


@pytest.mark.parametrize("scope", ["conversation", "owner", "house", "paid_calls"])
async def test_a_budget_that_is_spent_is_told_to_whoever_asked(scope: str) -> None:
    other = acted("deepseek", line(SPEECH))
    house = House(
        acted("openai", line(SPEECH)), other, acted("scripted", line(SPEECH)),
        ledger=StrictLedger(refuse={"openai": scope}),
    )  # fmt: skip
    with pytest.raises(BudgetSpent) as caught:
        await house.perform()
    assert caught.value.details["scope"] == scope
    assert caught.value.details["usage"].cost == 0
    assert other.requests == []


@pytest.mark.parametrize("seed", range(8))
async def test_where_nobody_was_chosen_what_is_free_plays_without_money(seed: int) -> None:
    house = House(
        acted("openai", line("x"), models=["m1"]), acted("ollama", line(SPEECH), models=["small"]),
        ledger=StrictLedger(refuse={"openai": "paid_calls"}), seed=seed,
    )  # fmt: skip
    await house.catalog.refresh()
    performance = await house.perform(route=Route(provider="auto", model="auto"))
    assert performance.route == Route(provider="ollama", model="small")


@pytest.mark.parametrize("scope", ["credential", "provider"])
async def test_what_one_provider_may_not_cost_another_may(scope: str) -> None:
    ledger = StrictLedger(refuse={"openai": scope})
    house = House(acted("openai", line("x")), acted("deepseek", line(SPEECH)), ledger=ledger)
    performance = await house.perform()
    assert performance.route.why == "budget_spent"
    ledger.refuse["deepseek"] = scope
    with pytest.raises(BudgetSpent):
        await house.perform()


@pytest.mark.parametrize("spent", ["openai", "deepseek"])
async def test_a_spent_understudy_does_not_make_an_outage_a_matter_of_money(spent: str) -> None:
    down: list[Step] = [ProviderDown("down", status=503)]
    house = House(
        acted("openai", down), acted("deepseek", down),
        ledger=StrictLedger(refuse={spent: "provider"}),
    )  # fmt: skip
    with pytest.raises(ProviderDown) as caught:
        await house.perform()
    assert caught.value.details["because"] == "providers_down"
    assert caught.value.details["retry_at"] > 0


async def test_a_ceiling_is_kept() -> None:
    house = House(acted("openai", line(SPEECH, read=900, written=100)))
    for _ in range(3):
        await house.perform(ceiling=0.005)
    with pytest.raises(BudgetSpent):
        await house.perform(ceiling=0.005)
    assert house.ledger.total == pytest.approx(0.003)


async def test_local_models_and_the_troupe_are_free() -> None:
    house = House(acted("ollama", line(SPEECH), models=["small"]), acted("scripted", line("Hm.")))
    await house.catalog.refresh()
    local = await house.perform(route=Route(provider="ollama", model="small"), ceiling=0.0)
    assert local.usage.cost == 0
    assert [bill.call.cost for bill in house.ledger.bills.values()] == [0]
    troupe = await house.perform(route=Route(provider="scripted", model="improv"))
    assert troupe.usage.cost == 0
    assert len(house.ledger.bills) == 1, "the troupe is no call"


async def test_an_unknown_price_is_budgeted_as_the_dearest_known_and_shown_as_unknown() -> None:
    provider = acted("openai", line(SPEECH), models=["m9", "m1", "dear"])
    house = House(provider)
    await house.catalog.refresh()
    performance = await house.perform(route=Route(provider="openai", model="m9"))
    assert performance.usage.cost is None
    assert performance.usage.estimated, "whoever adds it up knows that something is missing"
    assert house.ledger.total == pytest.approx(PRICES["dear"] * 110)
    (bill,) = house.ledger.bills.values()
    assert bill.usage is not None
    assert bill.usage.estimated


async def test_where_no_price_is_known_at_all_a_call_is_dear() -> None:
    house = House(acted("openai", line(SPEECH)))
    performance = await house.perform(route=Route(provider="openai", model="m9"))
    (bill,) = house.ledger.bills.values()
    assert bill.usage is not None
    assert performance.usage.cost is None
    spent = 15 * bill.usage.input_tokens + 75 * bill.usage.output_tokens
    assert bill.usage.cost == pytest.approx(spent / 1e6)
    assert bill.call.cost >= spent / 1e6


# --- behind the stage ----------------------------------------------------------------------------


async def test_each_call_is_remembered_without_keys_and_pictures() -> None:
    picture = ImagePart("image/webp", b"x" * 2000)
    told = PromptMessage("others", (TextPart("My key is sk-verysecret123."), picture))
    provider = acted("deepseek", [Reasoning("Hm, sk-verysecret123."), 0.5, *line(SPEECH)])
    house = House(provider)
    await house.perform(
        route=Route(provider="deepseek", model="m2"), request=replace(ask(), messages=(told,))
    )
    (call,) = house.recorder.calls
    assert (call.conversation_id, call.turn_id, call.participant_id) == ("cnv_1", "trn_1", "par_1")
    assert (call.provider, call.model, call.text) == ("deepseek", "m2", SPEECH)
    assert (call.first_token_ms, call.duration_ms, call.error) == (500, 500, None)
    assert call.request["system"] == "You are the Philosopher."
    assert call.request["messages"][0]["parts"][1] == {"image": "image/webp", "bytes": 2000}
    assert call.usage is not None
    assert "verysecret" not in repr(call)


async def test_a_failed_call_is_remembered_with_its_failure() -> None:
    house = House(acted("openai", [ProviderRefused("bad key sk-verysecret123")]))
    with pytest.raises(ProviderRefused):
        await house.perform()
    (call,) = house.recorder.calls
    assert call.error == {"code": "provider_refused", "message": "bad key ***"}


# --- titles and judgements -----------------------------------------------------------------------


async def test_the_same_question_is_paid_once_and_never_answered_by_another() -> None:
    provider = acted("openai", line("Tea.", read=50), models=["m1"])
    house = House(provider)
    await house.catalog.refresh()
    first = await house.gateway.ask(system="A title.", prompt="Tea talk", conversation_id="cnv_1")
    again = await house.gateway.ask(system="A title.", prompt="Tea talk", conversation_id="cnv_2")
    assert (first.text, again.text) == ("Tea.", "Tea.")
    assert (again.usage, len(provider.requests)) == (Usage(cost=0.0), 1)
    await house.gateway.ask(system="A title.", prompt="Tea walk", conversation_id="cnv_1")
    await house.gateway.ask(
        system="A title.", prompt="Tea talk", conversation_id="cnv_1", cache=False
    )
    await house.gateway.ask(
        system="A title.", prompt="Tea talk", conversation_id="cnv_1", temperature=0.5
    )
    assert len(provider.requests) == 4
    await asyncio.sleep(3601)
    await house.gateway.ask(system="A title.", prompt="Tea talk", conversation_id="cnv_1")
    assert len(provider.requests) == 5


async def test_a_background_answer_is_the_cheapest_and_never_the_troupes() -> None:
    dear, cheap = acted("openai", line("x"), models=["dear"]), acted("deepseek", line("Tea."))
    house = House(dear, cheap, acted("scripted", line("Hm.")))
    house.catalog.prefer("openai", "dear")
    answer = await house.gateway.ask(system="A title.", prompt="Tea", conversation_id="cnv_1")
    assert answer.route == Route(provider="deepseek", model="m2")
    with pytest.raises(ProviderDown):
        await House(acted("scripted", line("Hm."))).gateway.ask(
            system="A title.", prompt="Tea", conversation_id="cnv_1"
        )


async def test_a_background_answer_may_be_confined_to_the_providers_of_a_cast() -> None:
    distant, local = acted("openai", line("x")), acted("ollama", line("Tea."), models=["small"])
    house = House(distant, local)
    await house.catalog.refresh()
    routes = [Route(provider="ollama", model="small")]
    answer = await house.gateway.ask(
        system="A title.", prompt="Tea", conversation_id="cnv_1", routes=routes
    )
    assert answer.text == "Tea."
    assert distant.requests == []


async def test_live_talk_is_never_answered_from_the_cache() -> None:
    provider = acted("openai", line("One."), line("Two."))
    house = House(provider)
    heard = [(await house.perform()).text for _ in range(2)]
    assert heard == ["One.", "Two."]


async def test_the_cache_is_bounded_in_bytes_and_forgets_what_was_least_asked_for() -> None:
    performance = await House(acted("openai", line("x" * 400))).perform(route=LEAD)
    cache = AnswerCache(most_bytes=1000)
    for key in ("a", "b"):
        cache.put(key, performance, 0.0)
    assert cache.get("a", 1.0)
    cache.put("c", performance, 0.0)
    assert [cache.get(key, 1.0) is not None for key in "abc"] == [True, False, True]


async def test_the_owners_own_key_pays_for_background_answers_too() -> None:
    own = Keyed(provider=acted("openai", line("Tea.")), credential="a", owner="anna")
    house = House(own)
    house.catalog.prefer("openai", "m1")
    await house.gateway.ask(system="s", prompt="p", conversation_id="cnv_1", owner="anna")
    (bill,) = house.ledger.bills.values()
    assert (bill.call.credential, bill.call.owner) == ("a", "anna")
    with pytest.raises(ProviderDown):
        await house.gateway.ask(system="s", prompt="p", conversation_id="cnv_1", owner="ben")
    assert TURN.owner is None
