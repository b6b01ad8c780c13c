"""What the catalog promises of lists, prices and local servers, in virtual time."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from provider_fakes import ActedProvider
from provider_server import ProviderServer, answers

from chimera.core.errors import BadStream, Invalid, NotFound, ProviderDown, ProviderRefused
from chimera.core.generation import Model, Usage
from chimera.lab.clockwork import LoopClock
from chimera.providers.anthropic import AnthropicProvider
from chimera.providers.catalog import Catalog, load_prices, no_prices, ollama_url, read_overrides
from chimera.providers.gemini import GeminiProvider
from chimera.providers.knowledge import Family, Overrides
from chimera.providers.roster import Keyed, Roster
from chimera.providers.transport import Transport
from fakes import FakeClock

OVERRIDES = read_overrides()
SOME = Usage(input_tokens=1_000_000, cached_tokens=400_000, output_tokens=1_000_000)


def provider(name: str, *ids: str) -> ActedProvider:
    return ActedProvider(name, models=[Model(id=each) for each in ids])


def catalog(*providers: ActedProvider) -> Catalog:
    return Catalog(
        Roster.of(*providers),
        clock=LoopClock(),
        overrides=OVERRIDES,
        local={"scripted", "lmstudio", "ollama"},
        prices=lambda provider, model, usage, at: (
            usage.output_tokens / 500_000 if model == "known" else None
        ),
    )


@pytest.mark.looptime
async def test_a_list_is_asked_for_once_and_then_kept() -> None:
    distant = provider("openai", "known", "unknown")
    shelf = catalog(distant)
    both = await asyncio.gather(shelf.models("openai"), shelf.models("openai"))
    await shelf.models("openai")
    assert distant.listed == 1
    assert both[0] == [
        Model(id="known", input_price=0, output_price=2),
        Model(id="unknown"),
    ]


@pytest.mark.looptime
async def test_a_list_is_refreshed_beside_those_who_ask_and_only_while_they_ask() -> None:
    distant, local = provider("openai", "known"), provider("ollama", "small")
    shelf = catalog(distant, local)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(shelf.run())
        await asyncio.sleep(3600)
        assert (distant.listed, local.listed) == (1, 1), "nobody asked for an hour"
        for _ in range(660):
            shelf.available("ollama")
            await asyncio.sleep(1)
        assert distant.listed == 3, "at the first question, and ten minutes later"
        assert 11 <= local.listed <= 13
        running.cancel()


@pytest.mark.looptime
async def test_a_local_server_comes_and_goes() -> None:
    local = provider("lmstudio", "small")
    local.listing = ProviderDown("nobody there")
    shelf = catalog(local)
    await shelf.refresh()
    assert not shelf.available("lmstudio")
    with pytest.raises(ProviderDown):
        await shelf.models("lmstudio")
    local.listing = [Model(id="small")]
    await asyncio.sleep(60)
    await shelf.refresh()
    assert shelf.available("lmstudio")
    assert [model.output_price for model in await shelf.models("lmstudio")] == [0]
    local.listing = ProviderDown("gone")
    await asyncio.sleep(60)
    await shelf.refresh()
    assert not shelf.available("lmstudio")
    listing = shelf.listing("lmstudio")
    assert listing is not None
    assert listing.models == ()


@pytest.mark.looptime
async def test_a_local_server_that_does_not_answer_is_given_half_a_second() -> None:
    local = provider("ollama")
    local.listing = 30.0
    loop = asyncio.get_running_loop()
    began = loop.time()
    await catalog(local).refresh()
    assert loop.time() - began == pytest.approx(0.5)


@pytest.mark.looptime
async def test_a_distant_provider_that_fails_keeps_its_last_list() -> None:
    distant = provider("openai", "known")
    shelf = catalog(distant)
    await shelf.refresh()
    distant.listing = ProviderDown("down")
    await asyncio.sleep(600)
    await shelf.refresh()
    assert not shelf.available("openai")
    assert [model.id for model in await shelf.models("openai")] == ["known"]


async def test_a_list_that_nobody_foresaw_ends_nothing() -> None:
    class Strange(ActedProvider):
        async def models(self) -> Sequence[Model]:
            raise TypeError("unhashable")

    shelf = catalog(Strange("openai"), provider("deepseek", "known"))
    await shelf.refresh()
    with pytest.raises(BadStream):
        await shelf.models("openai")
    assert [model.id for model in await shelf.models("deepseek")] == ["known"]


async def test_a_distant_provider_is_offered_before_it_answered_and_a_local_one_is_not() -> None:
    shelf = catalog(provider("openai", "known"), provider("ollama", "small"))
    assert shelf.available("openai")
    assert not shelf.available("ollama")
    assert not shelf.available("nobody")
    with pytest.raises(NotFound):
        await shelf.models("nobody")


async def test_the_default_model_is_the_houses_choice_or_the_first() -> None:
    shelf = catalog(provider("openai", "a", "gpt-5-mini"), provider("ollama", "b", "c"))
    assert shelf.default_model("openai") == "gpt-5-mini"
    assert shelf.default_model("ollama") is None
    await shelf.refresh()
    assert shelf.default_model("ollama") == "b"


async def test_a_default_that_the_provider_no_longer_has_is_not_chosen() -> None:
    shelf = catalog(provider("openai", "other"))
    await shelf.refresh()
    assert shelf.default_model("openai") == "other"


async def test_what_we_know_better_wins_over_the_price_list() -> None:
    shelf = Catalog(
        Roster.of(provider("deepseek", "deepseek-chat")),
        clock=LoopClock(),
        overrides=OVERRIDES,
        prices=no_prices,
    )
    assert shelf.cost("deepseek", "deepseek-chat", SOME) == pytest.approx(
        0.6 * 0.30 + 0.4 * 0.006 + 1.20
    )
    (model,) = await shelf.models("deepseek")
    assert (model.context, model.input_price) == (1_048_565, pytest.approx(0.30))


def test_the_price_list_knows_models_and_says_when_it_does_not() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    usage = Usage(input_tokens=100_000, output_tokens=100_000)
    listed = load_prices()
    assert listed("openai", "gpt-4o", usage, at) == pytest.approx(0.25 + 1.0)
    assert listed("openai", "no-such-model", usage, at) is None
    assert listed("nobody", "gpt-4o", usage, at) is None


def test_the_price_list_knows_the_models_we_prefer_and_what_filling_a_cache_costs() -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    listed = load_prices()
    for name, model in OVERRIDES.defaults.items():
        assert listed(name, model, Usage(output_tokens=100_000), at), name
    plain, kept = (
        listed("anthropic", "claude-haiku-4-5", Usage(input_tokens=1000, cache_write_tokens=n), at)
        for n in (0, 1000)
    )
    assert plain is not None
    assert kept == pytest.approx(1.25 * plain)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        (None, "http://127.0.0.1:11434"),
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("box", "http://box:11434"),
        ("http://box:1/", "http://box:1"),
        ("https://box", "https://box:443"),
        ("[::1]:5", "http://[::1]:5"),
        ("[::]", "http://127.0.0.1:11434"),
    ],
)
def test_ollama_host_is_read_as_ollama_reads_it(host: str | None, url: str) -> None:
    assert ollama_url(host) == url


def test_an_ollama_host_that_is_no_address_is_refused() -> None:
    with pytest.raises(Invalid):
        ollama_url("box:not-a-port")


# --- what we add to the lists --------------------------------------------------------------------

FAMILIES = (
    Family(provider="openai", prefix="gpt-5", tier=1, vision=True, thinking=True),
    Family(provider="openai", prefix="gpt-5-mini", tier=2),
)


def knowing(*providers: ActedProvider, **prices: float) -> Catalog:
    """A catalog with families; prices in dollars for a million tokens of any kind."""
    return Catalog(
        Roster.of(*providers),
        clock=LoopClock(),
        overrides=Overrides(families=FAMILIES),
        local={"ollama"},
        prices=lambda _provider, model, usage, _at: (
            prices[model] * (usage.input_tokens + usage.output_tokens) / 1e6
            if model in prices
            else None
        ),
    )


async def test_the_longest_beginning_says_what_a_list_does_not() -> None:
    listed = [Model(id="gpt-5-pro", vision=False), Model(id="gpt-5-mini-2"), Model(id="other")]
    shelf = knowing(ActedProvider("openai", models=listed))
    assert [(each.tier, each.vision, each.thinking) for each in await shelf.models("openai")] == [
        (1, False, True),
        (2, None, None),
        (None, None, None),
    ]
    assert [each.id for each in shelf.tiered("openai")] == ["gpt-5-pro", "gpt-5-mini-2"]
    assert shelf.model("openai", "gpt-5-unlisted").tier == 1


async def test_the_upper_cost_of_an_unknown_price_is_that_of_the_dearest_known_model() -> None:
    ids = ("gpt-5", "gpt-5-pro", "unknown")
    shelf = knowing(provider("openai", *ids), **{"gpt-5": 1.0, "gpt-5-pro": 9.0})
    await shelf.refresh()
    most = {"input_tokens": 1_000_000, "output_tokens": 1_000_000}
    assert shelf.upper_cost("openai", "gpt-5", **most) == pytest.approx(2)
    assert shelf.upper_cost("openai", "unknown", **most) == pytest.approx(18)
    assert shelf.upper_cost("nobody", "unknown", **most) == pytest.approx(18)
    assert knowing(provider("openai", "x")).upper_cost("openai", "x", **most) == 90
    assert shelf.upper_cost("ollama", "unknown", **most) == 0
    assert shelf.cheapest("openai") == {1: "gpt-5"}


def test_the_upper_cost_has_what_filling_a_cache_costs() -> None:
    shelf = Catalog(Roster(), clock=FakeClock(), overrides=OVERRIDES, prices=load_prices())
    plain = shelf.cost(
        "anthropic", "claude-haiku-4-5", Usage(input_tokens=1000, output_tokens=1000)
    )
    upper = shelf.upper_cost("anthropic", "claude-haiku-4-5", input_tokens=1000, output_tokens=1000)
    assert plain is not None
    assert upper > plain


@pytest.mark.parametrize(
    ("made", "answer", "models"),
    [
        (
            AnthropicProvider,
            {"data": [
                {"id": "a", "line": "opus", "capabilities": {
                    "image_input": {"supported": True}, "thinking": {"supported": False}}},
                {"id": "b", "line": None, "capabilities": None},
            ]},
            [Model(id="a", tier=1, vision=True, thinking=False), Model(id="b")],
        ),
        (
            GeminiProvider,
            {"models": [
                {"name": "models/a", "supportedGenerationMethods": ["generateContent"],
                 "thinking": True},
                {"name": "models/b", "supportedGenerationMethods": ["generateContent"]},
            ]},
            [Model(id="a", thinking=True), Model(id="b")],
        ),
    ],
    ids=["anthropic", "gemini"],
)  # fmt: skip
async def test_lists_are_read_for_what_models_can_do(
    made: type[AnthropicProvider | GeminiProvider], answer: object, models: list[Model]
) -> None:
    async with ProviderServer() as server:
        server.play(answers(200, answer))
        transport = Transport(clock=LoopClock(), allowed=[server.address])
        listing = made(transport=transport, base_url=server.base_url)
        assert list(await listing.models()) == models
        await transport.close()


async def test_a_name_that_is_not_known_has_near_ones() -> None:
    shelf = knowing(provider("openai", "gpt-5", "gpt-5-mini", "gpt-5-nano", "whale"))
    assert shelf.nearest("openai", "gpt5-mini") == []
    await shelf.refresh()
    assert shelf.nearest("openai", "gpt5-mini")[0] == "gpt-5-mini"
    assert len(shelf.nearest("openai", "gpt5-mini")) == 3


async def test_what_a_setting_prefers_is_the_default() -> None:
    shelf = knowing(provider("openai", "gpt-5"))
    shelf.prefer("openai", "mine")
    assert shelf.default_model("openai") == "mine"
    shelf.prefer("openai", None)
    await shelf.refresh()
    assert shelf.default_model("openai") == "gpt-5"


@pytest.mark.looptime
async def test_a_refused_key_is_not_asked_for_its_list_again_until_it_is_another() -> None:
    refused = provider("openai")
    refused.listing = ProviderRefused("wrong key")
    roster = Roster.of(refused)
    shelf = Catalog(roster, clock=LoopClock(), overrides=OVERRIDES, prices=no_prices)
    for _ in range(3):
        await shelf.refresh()
        await asyncio.sleep(3600)
    assert refused.listed == 1
    shelf.forget("openai")
    await shelf.refresh()
    assert refused.listed == 2, "somebody says that the key works now"
    await roster.put("openai", [Keyed(provider=provider("openai", "known"))])
    assert shelf.listing("openai") is None, "the list of somebody else is not believed"
    assert [model.id for model in await shelf.models("openai")] == ["known"]


async def test_what_we_ship_says_something_of_every_default_and_of_current_families() -> None:
    shelf = Catalog(Roster(), clock=LoopClock(), overrides=OVERRIDES, prices=no_prices)
    for name, model in OVERRIDES.defaults.items():
        assert shelf.model(name, model).tier in {1, 2, 3}, name
    tiers = {
        ("openai", "gpt-5-nano-2025-08-07"): 3,
        ("anthropic", "claude-sonnet-4-5-20250929"): 2,
        ("gemini", "gemini-2.5-flash-lite"): 3,
        ("deepseek", "deepseek-v4-pro"): 1,
        ("openai", "gpt-image-1"): None,
    }
    assert {key: shelf.model(*key).tier for key in tiers} == tiers
