"""Who can be asked, while it changes under running calls."""

from provider_fakes import ActedProvider, line

from chimera.core.routes.limits import Limits
from chimera.providers.roster import Keyed, Roster


def keyed(
    provider: ActedProvider, credential: str | None = None, owner: str | None = None
) -> Keyed:
    return Keyed(provider=provider, credential=credential, owner=owner)


def acted(name: str = "openai") -> ActedProvider:
    return ActedProvider(name, line("Tea."))


def test_an_owners_key_comes_before_the_houses_and_is_nobody_elses() -> None:
    house, annas, bens = (
        keyed(acted(), "house"),
        keyed(acted(), "anna", "usr_anna"),
        keyed(acted(), "ben", "usr_ben"),
    )  # fmt: skip
    roster = Roster({"openai": [house, bens, annas]})
    assert roster.usable("openai", "usr_anna") == (annas, house)
    assert roster.usable("openai") == (house,)
    assert roster.usable("nobody") == ()


async def test_a_key_that_is_switched_off_is_not_used_until_it_is_trusted_again() -> None:
    first = keyed(acted(), "a-key")
    roster = Roster({"openai": [first]})
    roster.disable("a-key", "provider_refused")
    assert roster.disabled("a-key") == "provider_refused"
    assert (roster.usable("openai"), roster.has(first)) == ((), False)
    assert roster.provider("openai") is first.provider, "it can still be checked"
    roster.enable("a-key")
    assert roster.usable("openai") == (first,)
    roster.disable("a-key", "provider_refused")
    await roster.put("openai", [Keyed(provider=first.provider, credential="a-key",
                                      limits=Limits(concurrency=1))])  # fmt: skip
    assert roster.usable("openai") == (), "other limits are no new key"
    second = keyed(acted(), "a-key")
    await roster.put("openai", [second])
    assert roster.usable("openai") == (second,)


async def test_who_is_replaced_is_closed_after_its_last_call_and_who_stays_is_not() -> None:
    leaving, staying, idle = acted(), acted(), acted()
    roster = Roster({"openai": [keyed(leaving), keyed(staying, "b"), keyed(idle, "c")]})
    before = roster.usable("openai")[0]
    async with roster.calling(before):
        async with roster.calling(before) as provider:
            await roster.put("openai", [keyed(staying, "b")])
            assert provider is leaving
            assert idle.closed
            assert not roster.has(before)
        assert not leaving.closed, "one more call runs"
    assert leaving.closed
    assert not staying.closed


async def test_a_provider_comes_and_goes_by_name() -> None:
    roster, late = Roster.of(acted("openai")), acted("deepseek")
    await roster.put("deepseek", [keyed(late)])
    assert list(roster) == ["openai", "deepseek"]
    assert roster.provider("deepseek") is late
    await roster.remove("deepseek")
    await roster.remove("deepseek")
    assert "deepseek" not in roster
    assert late.closed


async def test_the_house_closes_all_of_them_also_those_that_are_leaving() -> None:
    one, two = acted(), acted()
    roster = Roster.of(one)
    async with roster.calling(roster.usable("openai")[0]):
        await roster.put("openai", [keyed(two)])
        await roster.close()
    assert one.closed
    assert two.closed
