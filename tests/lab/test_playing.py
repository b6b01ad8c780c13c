"""Plays of the lab: the same engine, the same log for one seed, whatever database keeps it."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from chimera.core import events as ev
from chimera.core.errors import Invalid
from chimera.core.floor import Counsel
from chimera.lab.clockwork import Frozen, VirtualLoop
from chimera.lab.habits import HABITS
from chimera.lab.headless import Headless, random_words, seat
from chimera.lab.lacking import schemes_without
from chimera.lab.measures import measure
from chimera.lab.playing import digest, perform, play
from chimera.lab.running import ended
from chimera.lab.setup import Setup, parse_setup
from chimera.store.database import Store
from fakes import CountingIds


def setup_of(*providers: str, turns: int = 14, more: str = "") -> Setup:
    slugs = ("philosopher", "comedian", "scientist")
    cast = [
        f'[[cast]]\npersona = "{slug}"\nprovider = "{provider}"'
        for slug, provider in zip(slugs, providers, strict=True)
    ]
    text = f'topic = "Why whistle?"\nturns = {turns}\n{more}\n' + "\n".join(cast)
    return parse_setup(text, name="test.toml", toml=True)


TROUPE = setup_of("scripted", "scripted", "scripted", turns=40)


def test_one_seed_gives_one_log_and_another_seed_another() -> None:
    first, second, other = play(TROUPE, 3), play(TROUPE, 3), play(TROUPE, 4)
    assert digest(first) == digest(second) != digest(other)
    assert first[-1].body == ev.ConversationEnded(because="turns", finale=True)
    assert sum(isinstance(each.body, ev.MessageCompleted) for each in first) == 40


async def _kept(url: str, setup: Setup) -> str:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    stack = AsyncExitStack()
    with loop.frozen():
        store = await stack.enter_async_context(Store.open(url, ids=CountingIds()))
    still = Store(Frozen(store._backend, loop), dialect=store.dialect, store_id="sto_test")
    found = digest(await perform(setup, 5, store=still))
    with loop.frozen():
        await stack.aclose()
    return found


@pytest.mark.parametrize("providers", [
    ("scripted", "scripted", "scripted"), ("stub", "flaky", "slow"),
])  # fmt: skip
def test_a_real_database_of_either_kind_keeps_the_same_log(
    database_url: str, providers: tuple[str, str, str]
) -> None:
    setup = setup_of(*providers, turns=24)
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        kept = runner.run(_kept(database_url, setup))
    assert kept == digest(play(setup, 5))


@pytest.mark.parametrize("habit", HABITS)
def test_every_habit_plays_to_an_end_and_in_the_same_way_again(habit: str) -> None:
    setup = setup_of(habit, habit, "scripted")
    log = play(setup, 1)
    assert ended(log[-1].body) == "ended: turns"
    assert digest(log) == digest(play(setup, 1))
    found = measure(log)
    assert found["turns"]
    assert all(value is None or value == value for value in found.values())


def test_a_play_in_which_nobody_can_be_heard_is_given_up() -> None:
    log = play(setup_of("mute", "mute", "mute"), 1)
    assert ended(log[-1].body) in {"hopeless: bad_stream", "paused: providers_down"}
    heard = [each.at for each in log if isinstance(each.body, ev.MessageCompleted)]
    assert 3600_000 <= log[-1].at - max(heard) < 2 * 3600_000


def test_without_fairness_nobody_is_ever_overdue() -> None:
    def overdue(counsel: Counsel) -> int:
        cast = [seat(0, talk=0.3), *(seat(place, talk=0.9) for place in range(1, 5))]
        talk = Headless(cast, seed=2, director="human", counsel=counsel)
        return sum(each.speak.cause == "overdue" for each in talk.run(150, random_words(2)).played)

    assert overdue(Counsel())
    assert not overdue(Counsel(schemes=schemes_without(["fairness"])))


def test_without_the_owed_term_no_bid_counts_it() -> None:
    def terms(more: str) -> set[str]:
        log = play(setup_of("stub", "stub", "stub", more=more), 2)
        started = [each.body for each in log if isinstance(each.body, ev.TurnStarted)]
        return {term for each in started for bid in each.bids for term in bid.terms or ()}

    assert terms("") - terms('without = ["owed"]') == {"owed"}


def test_without_writing_ahead_slow_minds_are_late_more_often() -> None:
    def late(more: str) -> float:
        return measure(play(setup_of("slow", "slow", "slow", turns=30, more=more), 1))["late"] or 0

    assert late("") < late('without = ["ahead"]')


def test_a_flaky_provider_costs_turns_but_never_the_show() -> None:
    log = play(setup_of("flaky", "flaky", "flaky", turns=30), 1)
    assert sum(isinstance(each.body, ev.MessageCompleted) for each in log) == 30
    assert (measure(log)["late"] or 0) > (measure(play(TROUPE, 1))["late"] or 0)


def test_traits_of_the_set_up_change_who_speaks() -> None:
    def share(talk: float) -> float:
        text = (
            'topic = "Why whistle?"\nturns = 60\ncast = ['
            f'{{persona = "philosopher", traits = {{talk = {talk}}}}},'
            '{persona = "comedian"}, {persona = "scientist"}]'
        )
        said = [
            each.body.participant_id
            for each in play(parse_setup(text, name="x", toml=True), 2)
            if isinstance(each.body, ev.MessageCompleted)
        ]
        return said.count("par_philosopher") / len(said)

    assert share(1.0) > share(0.1) + 0.1


def test_a_viewer_of_the_set_up_is_answered_by_the_next_turn() -> None:
    more = '[[viewers]]\nafter = 5\ntext = "Comedian, why do you laugh?"'
    log = play(setup_of("stub", "stub", "stub", turns=12, more=more), 1)
    posted = next(
        place for place, each in enumerate(log)
        if isinstance(each.body, ev.MessagePosted) and each.body.author.kind == "viewer"
    )  # fmt: skip
    answer = next(each.body for each in log[posted:] if isinstance(each.body, ev.TurnStarted))
    assert (answer.participant_id, answer.cause) == ("par_comedian", "addressed")


@pytest.mark.parametrize(("text", "told"), [
    ("topic = 3", "topic: "),
    ("topic =", "is not TOML"),
    ('topic = "x"\nspeed = 2', "speed: Extra inputs"),
    ('topic = "x"\ncast = [{persona = "nobody"}, {persona = "poet"}]', "no persona 'nobody'"),
    ('topic = "x"\ncast = [{persona = "poet"}, {persona = "poet"}]', "cast.1.persona: 'poet'"),
    ('topic = "x"\ncast = [{persona = "poet", traits = {talk = 3}}, {persona = "chef"}]',
     "cast.0.traits.talk"),
    ('topic = "x"\ncast = [{persona = "poet", traits = {humor = 1}}, {persona = "chef"}]',
     "cast.0.traits.humor"),
    ('topic = "x"\n[pace]\nspeed = 99', "pace.speed"),
])  # fmt: skip
def test_a_set_up_that_is_wrong_says_where(text: str, told: str) -> None:
    with pytest.raises(Invalid, match=r"test\.toml") as refused:
        parse_setup(text, name="test.toml", toml=True)
    assert told in refused.value.message


def test_the_same_set_up_may_be_written_as_json() -> None:
    text = '{"topic": "Why?", "turns": 9, "pace": {"mode": "instant"}}'
    assert parse_setup(text, name="x.json", toml=False).pace.mode == "instant"
