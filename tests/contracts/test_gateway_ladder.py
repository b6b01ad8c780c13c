"""Who plays when the lead cannot, what a breaker keeps away, and when it is tried again."""

import asyncio
from dataclasses import replace

import pytest
from gateway_house import LEAD, SPEECH, House, acted
from provider_fakes import Step, ask, line

from chimera.core.errors import (
    ContextTooLong,
    NotPermitted,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    ProviderSlow,
    QuotaSpent,
    UnknownModel,
)
from chimera.core.generation import (
    GenerationRequest,
    ImagePart,
    Model,
    PromptMessage,
    Route,
    TextPart,
)
from chimera.core.ids import to_millis
from chimera.core.routes.limits import Limits
from chimera.lab.clockwork import NOON
from chimera.providers.roster import Keyed

pytestmark = pytest.mark.looptime

AUTO = Route(provider="auto", model="auto")
DOWN: list[Step] = [ProviderDown("down", sent=False)]


def now_ms() -> int:
    return to_millis(NOON) + round(1000 * asyncio.get_running_loop().time())


# --- the ladder ----------------------------------------------------------------------------------


async def test_another_key_plays_the_same_route_and_is_not_announced() -> None:
    refusing = acted("openai", [ProviderRefused("no")])
    first = Keyed(provider=refusing, credential="a", owner="anna")
    second = Keyed(provider=acted("openai", line(SPEECH)), credential="b")
    house = House(first, second, acted("deepseek", line("Other.")))
    performance = await house.perform(owner="anna")
    assert (performance.text, performance.route) == (SPEECH, LEAD)
    assert house.refused == [("a", "provider_refused")]
    await house.perform(owner="anna")
    assert len(refusing.requests) == 1, "a refused key is not tried again"


async def test_an_owners_key_is_never_used_for_somebody_else() -> None:
    annas = acted("openai", line("Anna's."))
    house = House(
        Keyed(provider=annas, credential="a", owner="anna"), acted("scripted", line(SPEECH))
    )
    performance = await house.perform()
    assert performance.scripted
    assert performance.route.why == "provider_refused"
    assert annas.requests == []


async def test_another_model_of_the_provider_comes_before_another_provider() -> None:
    provider = acted("openai", [UnknownModel("gone")], line(SPEECH), models=["m1", "m1b", "x"])
    house = House(provider, acted("deepseek", line("Other.")))
    await house.catalog.refresh()
    performance = await house.perform()
    assert performance.route == Route(
        provider="openai", model="m1b", understudy_for="openai/m1", why="unknown_model"
    )


async def test_a_key_that_may_not_use_one_model_is_used_for_the_others() -> None:
    provider = acted("openai", [NotPermitted("no")], line(SPEECH), models=["m1", "m1b", "x"])
    house = House(provider)
    await house.catalog.refresh()
    assert (await house.perform()).route.model == "m1b"
    assert house.refused == []
    assert house.roster.usable("openai")


async def test_who_is_down_is_down_for_all_its_models() -> None:
    provider = acted("openai", DOWN, models=["m1", "m1b"])
    house = House(provider, acted("deepseek", line(SPEECH)))
    await house.catalog.refresh()
    assert (await house.perform()).route.provider == "deepseek"
    assert {request.model for request in provider.requests} == {"m1"}


async def test_a_provider_of_the_same_class_comes_first_then_a_local_one() -> None:
    plays = {"deepseek": [line("Near.")], "gemini": [line("Far.")], "ollama": [line("Here.")]}
    others = [acted(name, *plays[name], models=["m2"]) for name in ("ollama", "gemini", "deepseek")]
    heard = list[str]()
    for count in (3, 2, 1):
        house = House(acted("openai", [QuotaSpent("money")]), *others[:count])
        await house.catalog.refresh()
        heard.append((await house.perform()).text)
    assert heard == ["Near.", "Far.", "Here."]


async def test_what_is_said_on_this_machine_does_not_leave_it() -> None:
    local = acted("ollama", DOWN, models=["small"])
    distant = acted("deepseek", line("Elsewhere."))
    house = House(local, distant, acted("scripted", line(SPEECH)))
    await house.catalog.refresh()
    performance = await house.perform(route=Route(provider="ollama", model="small"))
    assert performance.scripted
    assert distant.requests == []


async def test_where_nobody_chose_a_model_the_best_plays_unannounced() -> None:
    house = House(
        acted("openai", line("Dear.", read=10), models=["dear", "m1"]),
        acted("deepseek", DOWN, models=["m2"]),
    )
    house.catalog.prefer("openai", "dear")
    await house.catalog.refresh()
    cheap = await house.perform(route=AUTO, kind="background")
    assert cheap.route == LEAD
    for _ in range(5):
        performance = await house.perform(route=AUTO, thrifty=True)
        assert (performance.route.understudy_for, performance.route.why) == (None, None)


async def test_the_troupe_is_announced_also_where_nobody_was_chosen() -> None:
    house = House(acted("scripted", line(SPEECH)))
    performance = await house.perform(route=AUTO)
    assert performance.route == Route(
        provider="scripted", model="improv", understudy_for="auto/auto", why="provider_down"
    )


async def test_without_the_troupe_the_leads_error_says_when_to_come_back() -> None:
    house = House(acted("openai", DOWN), acted("scripted", line(SPEECH)))
    with pytest.raises(ProviderDown) as caught:
        await house.perform(troupe=False)
    assert caught.value.details["because"] == "providers_down"
    ahead = caught.value.details["retry_at"] - now_ms()
    assert 5000 * 0.79 <= ahead <= 5000 * 1.21
    assert caught.value.details["usage"].cost == 0


async def test_a_wrong_key_without_an_alternative_is_a_matter_of_the_credential() -> None:
    house = House(acted("openai", [ProviderRefused("wrong key")]))
    for _ in range(2):
        with pytest.raises(ProviderRefused) as caught:
            await house.perform()
        assert caught.value.details["because"] == "credential"
    assert house.refused == [("openai", "provider_refused")], "told once"


async def test_an_unknown_model_names_the_nearest_known_ones() -> None:
    models = ["gpt-5-mini", "gpt-5-nano", "gpt-5", "whale"]
    house = House(acted("openai", [UnknownModel("the provider does not know it")], models=models))
    await house.catalog.refresh()
    with pytest.raises(UnknownModel, match="gpt-5-mini, gpt-5") as caught:
        await house.perform(route=Route(provider="openai", model="gpt-5-mimi"))
    assert len(caught.value.details["nearest"]) == 3
    assert "whale" not in caught.value.message


async def test_a_model_that_cannot_see_gets_the_words_alone() -> None:
    seen = PromptMessage("others", (TextPart("[shows a picture]"), ImagePart("image/webp", b"x")))
    blind, seeing = acted("openai", [QuotaSpent("no")]), acted("deepseek", line(SPEECH))
    await House(blind, seeing).perform(request=replace(ask(), messages=(seen,)))
    assert blind.requests[0].pictures == 0
    assert seeing.requests[0].pictures == 1


# --- the prompt that was too long ----------------------------------------------------------------


def long_request(lines: int, stable: int) -> GenerationRequest:
    messages = tuple(
        PromptMessage("others", (TextPart(f"{number:03} {'tea ' * 100}"),))
        for number in range(lines)
    )
    return replace(ask(), messages=messages, cache_hint=stable)


def numbers(request: GenerationRequest) -> list[int]:
    return [int(message.text[:3]) for message in request.messages]


@pytest.mark.parametrize(("limit", "left"), [(1500, 8), (None, 10), (600, 2)])
async def test_a_prompt_that_is_too_long_loses_its_oldest_lines_once(
    limit: int | None, left: int
) -> None:
    provider = acted("openai", [ContextTooLong("long", limit=limit)], line(SPEECH))
    await House(provider).perform(request=long_request(20, stable=3))
    kept = numbers(provider.requests[1])
    assert len(kept) == pytest.approx(left, abs=2)
    assert kept[-1] == 19
    if left > 3:
        assert kept[:3] == [0, 1, 2], "the stable beginning is paid for already"
        assert kept[3:] == list(range(20 - len(kept) + 3, 20))


async def test_what_is_still_too_long_is_the_next_routes() -> None:
    provider = acted("openai", [ContextTooLong("long", limit=900)])
    performance = await House(provider, acted("deepseek", line(SPEECH))).perform(
        request=long_request(20, stable=3)
    )
    assert len(provider.requests) == 2
    assert performance.route.why == "context_too_long"
    alone = acted("openai", [ContextTooLong("long", limit=900)])
    with pytest.raises(ContextTooLong):
        await House(alone).perform(request=long_request(1, stable=0))


# --- the breaker ---------------------------------------------------------------------------------


async def test_a_provider_that_keeps_failing_is_left_alone_and_its_understudy_speaks_at_once() -> (
    None
):
    lead = acted("openai", DOWN)
    house = House(lead, acted("deepseek", line(SPEECH)))
    for _ in range(2):
        await house.perform()
    asked = len(lead.requests)
    assert asked == 5
    loop = asyncio.get_running_loop()
    began = loop.time()
    performance = await house.perform()
    assert loop.time() == began
    assert performance.route.why == "provider_down"
    assert len(lead.requests) == asked
    until = house.gateway.open_until(LEAD)
    assert until is not None
    assert 4000 <= until - now_ms() <= 6000
    assert house.gateway.breaker("openai") == ("open", until)


async def test_the_lead_comes_back_with_one_probe_and_then_one_line_at_a_time() -> None:
    lead = acted("openai", *[DOWN] * 5, [1.0, *line("Lead.")])
    house = House(lead, acted("deepseek", [0.1, *line("Other.")]))
    for _ in range(2):
        await house.perform()
    await asyncio.sleep(10)
    assert house.gateway.breaker("openai")[0] == "half_open"
    asked = len(lead.requests)
    heard = [each.text for each in await asyncio.gather(*(house.perform() for _ in range(10)))]
    assert sorted(heard) == ["Lead."] + ["Other."] * 9
    assert len(lead.requests) == asked + 1
    heard = [each.text for each in await asyncio.gather(*(house.perform() for _ in range(10)))]
    assert sorted(heard) == ["Lead."] + ["Other."] * 9, "two good calls bring it back"
    heard = [each.text for each in await asyncio.gather(*(house.perform() for _ in range(10)))]
    assert heard == ["Lead."] * 10


async def test_a_cancelled_probe_is_handed_back() -> None:
    lead = acted("openai", *[DOWN] * 5, [9.0, *line("Lead.")])
    house = House(lead, acted("deepseek", line("Other.")))
    for _ in range(2):
        await house.perform()
    await asyncio.sleep(10)
    probe = asyncio.ensure_future(house.perform())
    await asyncio.sleep(1)
    assert (await house.perform()).text == "Other."
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    assert (await house.perform()).text == "Lead."


async def test_when_all_are_open_the_error_says_when_the_first_may_be_tried() -> None:
    house = House(acted("openai", DOWN), acted("deepseek", DOWN))
    for _ in range(3):
        with pytest.raises(ProviderDown):
            await house.perform()
    calls = len(house.recorder.calls)
    with pytest.raises(ProviderDown, match="left alone") as caught:
        await house.perform()
    assert len(house.recorder.calls) == calls
    assert now_ms() < caught.value.details["retry_at"] <= now_ms() + 8000


async def test_extra_calls_end_when_too_many_were_made() -> None:
    slow: list[Step] = [ProviderSlow("slow", stage="connect")]
    lead = acted("openai", *[slow, line(SPEECH), line(SPEECH), line(SPEECH)] * 20)
    house = House(lead, acted("deepseek", line("Other.")))
    heard = [(await house.perform()).text for _ in range(10)]
    assert heard == [SPEECH] * 9 + ["Other."], "three a minute while there are few calls"


# --- what a key may be asked for -----------------------------------------------------------------


def limited(*plays: list[Step], **limits: int) -> Keyed:
    return Keyed(provider=acted("openai", *plays), credential="a", limits=Limits(**limits))


async def test_a_key_waits_a_little_for_its_rate_and_the_next_route_speaks_otherwise() -> None:
    keyed = limited(line(SPEECH), requests_per_minute=60)
    house, loop = House(keyed, acted("deepseek", line("Other."))), asyncio.get_running_loop()
    began = loop.time()
    lines = await asyncio.gather(*(house.perform() for _ in range(65)))
    spoken = sum(each.text == SPEECH for each in lines)
    assert spoken == 62, "sixty at once, two within two seconds"
    assert {each.route.why for each in lines if each.text != SPEECH} == {"provider_busy"}
    assert loop.time() - began == pytest.approx(2)


async def test_tokens_are_estimated_before_and_put_right_after() -> None:
    keyed = limited(line(SPEECH, read=20, written=10), tokens_per_minute=600)
    house, loop = House(keyed), asyncio.get_running_loop()
    began = loop.time()
    for _ in range(10):
        await house.perform()
    assert loop.time() == began, "ten calls of 30 tokens fit, though each might have had 256"


async def test_no_more_calls_at_once_than_the_key_allows() -> None:
    provider = acted("openai", [1.0, *line(SPEECH)])
    house = House(Keyed(provider=provider, credential="a", limits=Limits(concurrency=2)))
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(*(house.perform() for _ in range(4)))
    assert loop.time() - began == pytest.approx(2)


async def test_a_busy_key_is_left_alone_by_everybody_until_then() -> None:
    provider = acted("openai", [ProviderBusy("busy", retry_after=60)], line(SPEECH))
    house = House(provider, acted("deepseek", line("Other.")))
    assert (await house.perform()).route.why == "provider_busy"
    assert (await house.perform()).text == "Other."
    assert len(provider.requests) == 1
    until = house.gateway.open_until(LEAD)
    assert until is not None
    assert until - now_ms() == pytest.approx(60_000, abs=5)
    await asyncio.sleep(58.5)
    assert (await house.perform()).text == SPEECH, "a short wait is taken"


@pytest.mark.parametrize(("failure", "code"), [
    (QuotaSpent("spent"), "quota_spent"), (ProviderBusy("b", retry_after=10**6), "provider_busy"),
])  # fmt: skip
async def test_a_spent_quota_pauses_its_key_for_an_hour_at_most(
    failure: ProviderError, code: str
) -> None:
    provider = acted("openai", [failure], line(SPEECH))
    house = House(provider, acted("deepseek", line("Other.")))
    for _ in range(3):
        assert (await house.perform()).route.why == code
    assert len(provider.requests) == 1
    await asyncio.sleep(3600)
    assert (await house.perform()).text == SPEECH


# --- before a conversation goes on ---------------------------------------------------------------


async def test_the_free_check_says_whether_anybody_is_awake() -> None:
    house = House(acted("openai", DOWN), acted("deepseek", DOWN))
    assert await house.gateway.awake([LEAD])
    assert await house.gateway.awake([AUTO])
    house.roster.disable("openai", "provider_refused")
    assert not await house.gateway.awake([LEAD])
    assert not await house.gateway.awake([Route(provider="nobody", model="m")])
    assert await house.gateway.awake([LEAD, Route(provider="deepseek", model="m2")])


async def test_a_provider_that_comes_while_the_house_runs_plays_at_once() -> None:
    house = House(acted("scripted", line("Troupe.")))
    assert (await house.perform()).scripted
    await house.roster.put("openai", [Keyed(provider=acted("openai", line(SPEECH)))])
    assert (await house.perform()).text == SPEECH
    await house.roster.remove("openai")
    assert (await house.perform()).scripted


async def test_an_adapter_that_is_replaced_ends_its_line_first() -> None:
    old = acted("openai", [5.0, *line("Old.")])
    house = House(old)
    running = asyncio.ensure_future(house.perform())
    await asyncio.sleep(1)
    await house.roster.put("openai", [Keyed(provider=acted("openai", line("New.")))])
    assert (await house.perform()).text == "New."
    assert not old.closed
    assert (await running).text == "Old."
    assert old.closed


async def test_models_know_what_their_lists_do_not_say() -> None:
    house = House(acted("deepseek", line(), models=["m2"]))
    assert house.catalog.model("deepseek", "m2") == Model(id="m2", tier=2, vision=True)
    assert house.gateway.tier(Route(provider="deepseek", model="m2")) == 2
    assert house.gateway.tier(AUTO) is None
