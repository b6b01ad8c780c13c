"""The providers as people see them, while they come, fail and go."""

import asyncio

import pytest
from gateway_house import LEAD, SPEECH, House, acted
from provider_fakes import Step, line

from chimera.core.errors import NotFound, ProviderBusy, ProviderDown
from chimera.core.generation import ProviderState, Route
from chimera.providers.directory import Directory, Entry
from chimera.providers.roster import Keyed

pytestmark = pytest.mark.looptime

DOWN: list[Step] = [ProviderDown("down", sent=False)]
SET = Entry(title="A service", configured=True)


def directory(house: House, *names: str) -> Directory:
    entries = dict.fromkeys(names, SET)
    return Directory(house.gateway, house.catalog, entries, order=("deepseek", "openai"))


def state(shown: Directory, name: str) -> ProviderState:
    return next(each for each in shown.known() if each.name == name)


async def test_the_settings_say_who_comes_first_and_the_troupe_comes_last() -> None:
    house = House(acted("openai", line()), acted("scripted", line()))
    shown = directory(house, "scripted", "openai")
    assert shown.best() == Route(provider="scripted", model="improv"), "nobody knows a model"
    shown.put("other", SET)
    shown.put("deepseek", SET)
    assert [each.name for each in shown.known()] == ["deepseek", "openai", "other", "scripted"]
    assert shown.best().provider == "scripted", "who is not on the roster cannot play"
    await house.roster.put("deepseek", [Keyed(provider=acted("deepseek", line()))])
    shown.put("deepseek", Entry(title="DeepSeek", model="mine", configured=True))
    assert shown.best() == Route(provider="deepseek", model="mine")
    assert shown.default_model("deepseek") == "mine"
    shown.remove("deepseek")
    assert "deepseek" not in [each.name for each in shown.known()]
    assert house.catalog.default_model("deepseek") is None


async def test_calls_show_how_their_provider_does() -> None:
    spoken: list[Step] = [0.2, *line("Tea")[:1], 0.5, *line(" is a story well told.", written=10)]
    house = House(acted("openai", DOWN, spoken))
    shown = directory(house, "openai")
    await house.perform()
    now = state(shown, "openai")
    assert (now.calls, now.errors, now.failures) == (2, 1, {"provider_down": 1})
    assert now.p50_ms == pytest.approx(200)
    assert now.tokens_per_s == pytest.approx(20)
    assert (now.breaker, now.breaker_until) == ("closed", None)


async def test_who_failed_every_time_of_late_is_told_from_who_failed_once() -> None:
    failing: list[Step] = [ProviderBusy("busy", retry_after=20)]
    house = House(acted("openai", failing, failing, line(SPEECH)), acted("deepseek", line(SPEECH)))
    shown, seen = directory(house, "openai"), list[int]()
    for _ in range(3):
        await house.perform()
        seen.append(state(shown, "openai").failing)
        await asyncio.sleep(30)
    assert seen == [1, 2, 0]
    assert house.gateway.health.record("deepseek").failing == 0


async def test_an_open_breaker_is_shown_with_its_end() -> None:
    house = House(acted("openai", DOWN), acted("deepseek", line(SPEECH)))
    shown = directory(house, "openai")
    for _ in range(2):
        await house.perform()
    now = state(shown, "openai")
    assert (now.breaker, now.breaker_until) == ("open", house.gateway.open_until(LEAD))


async def test_who_is_not_known_is_named_beside_those_who_are() -> None:
    shown = directory(House(acted("openai", line())), "openai")
    with pytest.raises(NotFound, match="openai"):
        await shown.check("nobody")
    assert (await shown.check("openai")).ok


async def test_only_a_server_of_this_machine_that_nobody_named_is_offered() -> None:
    house = House(
        acted("ollama", line()), acted("lmstudio", line()), acted("openai", line()),
        acted("scripted", line()),
    )  # fmt: skip
    shown = directory(house, "openai", "lmstudio", "scripted")
    shown.put("ollama", Entry(title="Ollama"))
    assert [each.name for each in shown.known() if each.found] == [], "nobody has looked yet"
    await shown.look()
    assert [each.name for each in shown.known() if each.found] == ["ollama"]
