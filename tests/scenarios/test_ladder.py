"""What becomes of a show when its models fail or its money ends, in virtual time."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from itertools import pairwise
from random import Random
from string import ascii_lowercase
from typing import Any

import pytest
from playhouse import Playhouse, playhouse
from provider_fakes import ActedProvider, line
from sqlalchemy import func, select

from chimera.core import deflecting
from chimera.core import events as ev
from chimera.core.conversation import Pace
from chimera.core.errors import (
    BudgetSpent,
    ContentRefused,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    UnknownModel,
)
from chimera.core.generation import (
    Chunk,
    Finish,
    GenerationRequest,
    Health,
    Model,
    Text,
    Usage,
    UsageReport,
)
from chimera.core.ports import Reservation
from chimera.core.state import ConversationState
from chimera.engine import pausing
from chimera.engine.pausing import SPREAD_MS
from chimera.lab.clockwork import LoopClock
from chimera.store.ledger import ABANDONED_MS, DAY_MS
from chimera.store.preferences import Budgets
from chimera.store.tables import conversations, usage

pytestmark = pytest.mark.looptime

LIVELY = Pace(speed=4)
DOWN = ProviderDown("connection refused")


class Mortal:
    """Implements `Provider`: always another line, and now and then none."""

    def __init__(self, name: str, failing: Callable[[float], ProviderError | None]) -> None:
        self.name = name
        self.failing = failing
        self.calls = 0
        self.checks = 0

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        self.calls += 1
        error = self._error()
        if error is not None:
            raise error
        random = Random(f"{self.name}:{self.calls}")
        words = ("".join(random.choices(ascii_lowercase, k=6)) for _ in range(14))
        yield Text(" ".join(words).capitalize() + ".")
        yield UsageReport(Usage(input_tokens=100, output_tokens=14))
        yield Finish(reason="stop")

    async def models(self) -> Sequence[Model]:
        return (Model(id="m1"),)

    async def check(self) -> Health:
        self.checks += 1
        return Health(ok=self._error() is None)

    async def close(self) -> None:
        """Nothing is open."""

    def _error(self) -> ProviderError | None:
        return self.failing(asyncio.get_running_loop().time())


def well(_now: float) -> None:
    """Nothing fails."""


def down(since: float, until: float) -> Callable[[float], ProviderError | None]:
    return lambda now: ProviderDown("connection refused") if since <= now < until else None


def lines_of(log: Sequence[ev.Envelope]) -> list[ev.MessageCompleted]:
    return [each.body for each in log if isinstance(each.body, ev.MessageCompleted)]


async def spent_on(house: Playhouse, conversation_id: str) -> float:
    total = select(func.coalesce(func.sum(usage.c.cost), 0.0)).where(
        usage.c.conversation_id == conversation_id
    )
    return await house.store.read(lambda connection: connection.execute(total).scalar_one())


async def states(house: Playhouse) -> list[str]:
    every = select(usage.c.state).order_by(usage.c.at, usage.c.id)
    return list(await house.store.read(lambda c: c.execute(every).scalars().all()))


async def ready(house: Playhouse, *names: str) -> None:
    """The catalogue knows what the providers have."""
    await house.catalog.refresh()
    for name in names:
        house.catalog.prefer(name, "m1")


# --- providers that fail -------------------------------------------------------------------------


async def test_one_provider_is_down_for_ten_minutes_and_another_reads_its_lines() -> None:
    sick, sound = Mortal("sick", down(60, 660)), Mortal("sound", well)
    async with playhouse(sick, sound) as house:
        await ready(house, "sick", "sound")
        conversation_id = await house.open(
            provider="sound", providers={"comedian": "sick"}, pace=LIVELY
        )
        await asyncio.sleep(1200)
        house.alarm.close()
        log = await house.log(conversation_id)
        late = [each for each in lines_of(log) if each.participant_id == "par_comedian"]
    stood_in = [each for each in late if each.route.understudy_for]
    assert stood_in
    assert {each.route.provider for each in stood_in} == {"sound"}
    assert {each.route.understudy_for for each in stood_in} == {"sick/m1"}
    assert {each.route.why for each in stood_in} == {"provider_down"}
    assert not late[0].route.understudy_for
    assert not late[-1].route.understudy_for, "the lead is back"
    gone = [each for each in log if isinstance(each.body, ev.ConversationPaused | ev.TurnFailed)]
    assert gone == []
    assert sick.calls < 20 + len(late), "who is down is hardly asked"


async def test_with_all_down_the_troupe_speaks_twice_and_the_house_waits_and_comes_back() -> None:
    sick = Mortal("sick", down(60, 1500))
    async with playhouse(sick) as house:
        await ready(house, "sick")
        conversation_id = await house.open(provider="sick", pace=LIVELY)
        paused = await house.until(conversation_id, ev.ConversationPaused)
        asked = sick.calls
        resumed = await house.until(conversation_id, ev.ConversationResumed, within=7200)
        said = len(lines_of(await house.log(conversation_id)))
        again = await house.until(conversation_id, ev.MessageCompleted, said + 1)
        house.alarm.close()
        log = await house.log(conversation_id)
    assert isinstance(paused.body, ev.ConversationPaused)
    assert paused.body.because == "providers_down"
    assert paused.body.resume_at is not None
    before = lines_of([each for each in log if each.seq < paused.seq])
    assert [each.scripted for each in before[-3:]] == [False, True, True]
    assert {each.route.why for each in before[-2:]} == {"provider_down"}
    failed = [each.body for each in log if isinstance(each.body, ev.TurnFailed)]
    assert [each.code for each in failed] == ["provider_down"]
    assert sum(isinstance(each.body, ev.ConversationPaused) for each in log) == 1
    assert resumed.actor == ev.SYSTEM
    # Free checks, seldom, and not one paid call while the cause was there.
    back = (resumed.at - paused.at) / 1000
    assert 1300 < back < 1500 + 600
    assert 4 < sick.checks < 40
    assert sick.calls <= asked + 3
    assert isinstance(again.body, ev.MessageCompleted)
    assert not again.body.scripted


async def test_after_a_day_only_a_person_ends_the_pause() -> None:
    sick = Mortal("sick", down(20, 10 * 86_400))
    async with playhouse(sick) as house:
        await ready(house, "sick")
        conversation_id = await house.open(provider="sick", pace=LIVELY)
        await house.until(conversation_id, ev.ConversationPaused)
        await asyncio.sleep(26 * 3600)
        checks = sick.checks
        await asyncio.sleep(12 * 3600)
        assert sick.checks == checks
        await house.tell(conversation_id, ev.ConversationResumed())
        await house.until(conversation_id, ev.ConversationPaused, 2)
        house.alarm.close()
        codes = [each.code for each in await house.bodies(conversation_id, ev.TurnFailed)]
    assert codes == ["provider_down"] * 2, "somebody asked, and hears why nobody speaks"


async def test_who_answers_checks_and_never_a_turn_is_asked_less_and_less_and_for_a_day() -> None:
    sick = Mortal("sick", lambda now: UnknownModel("gone") if now >= 20 else None)

    async def check() -> Health:
        return Health(ok=True)

    sick.check = check
    async with playhouse(sick) as house:
        await ready(house, "sick")
        conversation_id = await house.open(provider="sick", pace=LIVELY)
        await asyncio.sleep(3 * 3600)
        log = await house.log(conversation_id)
        pauses = [each.at for each in log if isinstance(each.body, ev.ConversationPaused)]
        waits = [round((b - a) / 60_000) for a, b in pairwise(pauses)]
        assert waits[0] < 2 <= waits[2], "soon at first, then later"
        assert min(waits[6:]) >= 8
        await asyncio.sleep(22 * 3600)
        calls = sick.calls
        await asyncio.sleep(12 * 3600)
        house.alarm.close()
        assert sick.calls == calls
        last = (await house.log(conversation_id))[-1].body
    assert isinstance(last, ev.ConversationPaused)
    assert (last.because, last.resume_at) == ("providers_down", None)


async def test_a_person_who_resumes_while_the_house_looks_is_not_lost() -> None:
    sick = Mortal("sick", down(20, 120))
    asked, slow = asyncio.Event(), asyncio.Event()

    async def check() -> Health:
        asked.set()
        await slow.wait()
        return Health(ok=False)

    async with playhouse(sick) as house:
        await ready(house, "sick")
        conversation_id = await house.open(provider="sick", pace=LIVELY)
        await house.until(conversation_id, ev.ConversationPaused)
        sick.check = check
        await asked.wait()
        await asyncio.sleep(max(0.0, 121 - LoopClock().monotonic()))
        await house.tell(conversation_id, ev.ConversationResumed())
        slow.set()
        said = len(await house.bodies(conversation_id, ev.MessageCompleted))
        await house.until(conversation_id, ev.MessageCompleted, said + 1, within=60)
        house.alarm.close()


async def test_a_wrong_key_stops_the_show_and_is_told_once() -> None:
    locked = Mortal("locked", lambda _: ProviderRefused("the key is not valid"))
    async with playhouse(locked) as house:
        await ready(house, "locked")
        conversation_id = await house.open(provider="locked", pace=LIVELY)
        paused = await house.until(conversation_id, ev.ConversationPaused)
        await asyncio.sleep(6 * 3600)
        house.alarm.close()
        log = await house.log(conversation_id)
    assert isinstance(paused.body, ev.ConversationPaused)
    assert (paused.body.because, paused.body.resume_at) == ("credential", None)
    assert log[-1] == paused
    failed = [each.body for each in log if isinstance(each.body, ev.TurnFailed)]
    assert [each.code for each in failed] == ["provider_refused"]
    assert [each.scripted for each in lines_of(log)] == [True, True]
    assert locked.calls == 1


async def test_scripted_seats_go_on_without_the_others() -> None:
    sick = Mortal("sick", down(0, 1e9))
    async with playhouse(sick) as house:
        await ready(house, "sick")
        conversation_id = await house.open(providers={"comedian": "sick"}, pace=LIVELY)
        await house.until(conversation_id, ev.MessageCompleted, 30)
        house.alarm.close()
        log = await house.log(conversation_id)
    assert not any(isinstance(each.body, ev.ConversationPaused) for each in log)
    stood_in = [each for each in lines_of(log) if each.participant_id == "par_comedian"]
    assert len(stood_in) == 2
    assert all(each.route.understudy_for == "sick/m1" for each in stood_in)


async def test_where_the_owner_wants_improvisation_the_troupe_never_stops() -> None:
    sick = Mortal("sick", down(0, 1e9))
    async with playhouse(sick) as house:
        await ready(house, "sick")
        conversation_id = await house.open(
            provider="sick", pace=LIVELY, budget={"amount": 1.0, "when_spent": "improv"}
        )
        await house.until(conversation_id, ev.MessageCompleted, 10)
        house.alarm.close()
        assert not await house.bodies(conversation_id, ev.TurnFailed)


async def test_a_model_that_will_not_say_it_deflects_in_character_and_is_marked() -> None:
    shy = ActedProvider("shy", [ContentRefused("the model refused to say this")])
    async with playhouse(shy) as house:
        conversation_id = await house.open(providers={"philosopher": "shy"}, pace=LIVELY)
        await house.until(conversation_id, ev.MessageCompleted, 20)
        house.alarm.close()
        lines = await house.bodies(conversation_id, ev.MessageCompleted)
        failed = await house.bodies(conversation_id, ev.TurnFailed)
    deflected = [each for each in lines if each.participant_id == "par_philosopher"]
    assert [each.ending for each in deflected] == ["refused", "refused"]
    assert len({each.text for each in deflected}) == 2
    own = deflecting.load_deflections()["personas"]["philosopher"]
    assert {each.text for each in deflected} < set(own)
    assert {each.route.why for each in deflected} == {"content_refused"}
    assert all(each.scripted for each in deflected)
    assert {each.code for each in failed} <= {"content_refused"}


# --- money that ends -----------------------------------------------------------------------------


def budget(amount: float, when_spent: str) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD", "when_spent": when_spent}


async def test_a_show_with_a_finale_says_goodbye_before_the_money_is_gone() -> None:
    dear = Mortal("dear", well)
    async with playhouse(dear, cost=0.1) as house:
        await ready(house, "dear")
        conversation_id = await house.open(
            provider="dear", budget=budget(2.0, "finale"), pace=LIVELY, title="Cars"
        )
        ended = await house.until(conversation_id, ev.ConversationEnded, within=3600)
        lines = await house.bodies(conversation_id, ev.MessageCompleted)
        counted = await spent_on(house, conversation_id)
        state = await house.state(conversation_id)
    assert isinstance(ended.body, ev.ConversationEnded)
    assert (ended.body.because, ended.body.finale) == ("budget", True)
    assert not any(each.scripted for each in lines)
    assert state.cost == pytest.approx(counted)
    assert counted <= 2.0


async def test_without_money_for_a_finale_the_troupe_says_goodbye_for_nothing() -> None:
    dear = Mortal("dear", well)
    async with playhouse(dear, cost=0.1) as house:
        await ready(house, "dear")
        conversation_id = await house.open(
            provider="dear", budget=budget(0.4, "finale"), pace=LIVELY
        )
        ended = await house.until(conversation_id, ev.ConversationEnded, within=3600)
        lines = await house.bodies(conversation_id, ev.MessageCompleted)
    assert isinstance(ended.body, ev.ConversationEnded)
    assert (ended.body.because, ended.body.finale) == ("budget", True)
    assert dear.calls == 4
    assert [each.scripted for each in lines] == [False] * 4 + [True] * (len(lines) - 4)
    assert len(lines) > 4
    assert {each.route.why for each in lines[4:]} == {"budget_spent"}


async def test_a_budget_that_not_even_one_line_fits_ends_the_show_at_once() -> None:
    dear = Mortal("dear", well)
    async with playhouse(dear, cost=1.0) as house:
        await ready(house, "dear")
        conversation_id = await house.open(provider="dear", budget=budget(0.5, "finale"))
        ended = await house.until(conversation_id, ev.ConversationEnded)
        log = await house.log(conversation_id)
    assert isinstance(ended.body, ev.ConversationEnded)
    assert (ended.body.because, dear.calls) == ("budget", 0)
    assert not any(isinstance(each.body, ev.TurnStarted | ev.TurnFailed) for each in log)


async def test_improvisation_carries_on_for_nothing() -> None:
    dear = Mortal("dear", well)
    async with playhouse(dear, cost=0.2) as house:
        await ready(house, "dear")
        conversation_id = await house.open(
            provider="dear", budget=budget(0.5, "improv"), pace=LIVELY, max_turns=12
        )
        await house.until(conversation_id, ev.ConversationEnded, within=3600)
        lines = await house.bodies(conversation_id, ev.MessageCompleted)
        assert await spent_on(house, conversation_id) == pytest.approx(0.4)
    assert [each.scripted for each in lines] == [False, False, *[True] * 10]
    assert {each.route.why for each in lines[2:]} == {"budget_spent"}


async def test_a_pause_for_money_lasts_until_a_person_gives_more() -> None:
    dear = Mortal("dear", well)
    async with playhouse(dear, cost=0.2) as house:
        await ready(house, "dear")
        conversation_id = await house.open(
            provider="dear", budget=budget(0.5, "pause"), pace=LIVELY
        )
        paused = await house.until(conversation_id, ev.ConversationPaused)
        await asyncio.sleep(2 * 86_400)
        assert (await house.log(conversation_id))[-1] == paused
        limits = (await house.state(conversation_id)).limits
        assert limits.budget is not None
        more = limits.model_copy(update={"budget": limits.budget.model_copy(update={"amount": 9})})
        await house.tell(conversation_id, ev.ConversationLimited(limits=more))
        await house.tell(conversation_id, ev.ConversationResumed())
        await house.until(conversation_id, ev.MessageCompleted, 5)
        house.alarm.close()
    assert isinstance(paused.body, ev.ConversationPaused)
    assert (paused.body.because, paused.body.resume_at) == ("budget", None)


async def test_a_ceiling_of_the_day_lets_go_at_midnight() -> None:
    dear = Mortal("dear", well)
    async with playhouse(dear, cost=0.2) as house:
        await ready(house, "dear")
        await house.preferences.change(
            lambda now: now.model_copy(update={"budgets": Budgets(house_day=0.5)})
        )
        conversation_id = await house.open(provider="dear", pace=LIVELY)
        paused = await house.until(conversation_id, ev.ConversationPaused)
        assert dear.calls == 2
        resumed = await house.until(conversation_id, ev.ConversationResumed, within=90_000)
        await house.until(conversation_id, ev.ConversationPaused, 2, within=3600)
        house.alarm.close()
        assert dear.calls == 4
    assert isinstance(paused.body, ev.ConversationPaused)
    assert paused.body.because == "budget"
    assert resumed.at % DAY_MS < SPREAD_MS + 5000
    assert resumed.at > paused.at


def test_talks_that_wait_for_midnight_do_not_go_on_in_one_moment() -> None:
    spent = BudgetSpent("the day's ceiling is reached", scope="house_day", resets_at=DAY_MS)
    halts = [pausing.halt(ConversationState(id=f"cnv_{n}"), spent, 5) for n in range(100)]
    moments = [each.due for each in halts if each is not None and each.due is not None]
    assert len(set(moments)) > 90
    assert DAY_MS <= min(moments) < max(moments) <= DAY_MS + SPREAD_MS
    assert max(moments) - min(moments) > SPREAD_MS / 2


async def test_with_paid_calls_switched_off_the_troupe_carries_on_until_the_switch() -> None:
    dear = Mortal("dear", well)

    async def switch(house: Playhouse, *, paid: bool) -> None:
        await house.preferences.change(lambda now: now.model_copy(update={"paid_calls": paid}))

    async with playhouse(dear, cost=0.2) as house:
        await ready(house, "dear")
        conversation_id = await house.open(provider="dear", pace=LIVELY)
        await house.until(conversation_id, ev.MessageCompleted, 2)
        await switch(house, paid=False)
        await house.until(conversation_id, ev.MessageCompleted, 7)
        await switch(house, paid=True)
        await house.until(conversation_id, ev.MessageCompleted, 9)
        lines = await house.bodies(conversation_id, ev.MessageCompleted)
        pauses = await house.bodies(conversation_id, ev.ConversationPaused)
        house.alarm.close()
    assert not pauses
    held = [each.route.why == "paid_calls_stopped" for each in lines[:9]]
    assert held == [each.scripted for each in lines[:9]]
    assert held[1] is False
    assert held[3:7] == [True] * 4, "more lines in a row than the troupe may stand in for"
    assert held[8] is False


async def test_as_the_money_runs_out_lines_are_shorter_and_turns_thrifty() -> None:
    dear = Mortal("dear", well)
    heard: list[Any] = []
    async with playhouse(dear, cost=0.125) as house:
        await ready(house, "dear")
        perform = house.gateway.perform

        class Listening:
            awake, open_until = house.gateway.awake, house.gateway.open_until

            async def perform(self, turn: Any, on_text: Any = None) -> Any:
                heard.append(turn)
                return await perform(turn, on_text)

        house.perform_with(Listening())
        conversation_id = await house.open(
            provider="dear", budget=budget(1.0, "pause"), pace=LIVELY
        )
        await house.until(conversation_id, ev.ConversationPaused)
        house.alarm.close()
    assert [turn.thrifty for turn in heard] == [False] * 7 + [True]
    assert {turn.ceiling for turn in heard} == {1.0}


# --- nothing uncounted ---------------------------------------------------------------------------


async def test_what_a_withdrawn_turn_took_is_discarded_and_counted() -> None:
    slow = ActedProvider("slow", [5.0, *line("A city is a room that many people furnish.")])
    async with playhouse(slow, cost=0.2) as house:
        house.write_nothing_ahead()
        conversation_id = await house.open(provider="slow")
        await asyncio.sleep(0.5)
        assert slow.open == 1
        await house.say(conversation_id, "Comedian, begin with a joke.")
        await house.until(conversation_id, ev.MessageCompleted)
        house.alarm.close()
        assert await states(house) == ["discarded", "settled"]
        assert await spent_on(house, conversation_id) == pytest.approx(0.4)
        # The log knows it too: the steps towards a budget's end are reckoned from it.
        state = await house.state(conversation_id)
        kept = await house.store.read(
            lambda c: c.execute(select(conversations.c.cost)).scalar_one()
        )
    assert (state.cost, kept) == (pytest.approx(0.4), pytest.approx(0.4))


async def test_what_a_failed_turn_took_stands_in_the_log() -> None:
    shy = ActedProvider("shy", line("", reason="refused"))
    async with playhouse(shy, cost=0.2) as house:
        house.write_nothing_ahead()
        conversation_id = await house.open(provider="shy", pace=LIVELY)
        failed = (await house.until(conversation_id, ev.TurnFailed)).body
        house.alarm.close()
        state = await house.state(conversation_id)
        counted = await spent_on(house, conversation_id)
        assert await states(house) == ["settled", "settled", "discarded"]
    assert isinstance(failed, ev.TurnFailed)
    assert failed.code == "content_refused"
    assert failed.usage == ev.UsageRef(input_tokens=100, output_tokens=10, cost=0.2)
    assert (state.cost, counted) == (pytest.approx(0.6), pytest.approx(0.6))


async def test_a_crash_between_setting_aside_and_counting_costs_the_most_it_may() -> None:
    slow = ActedProvider("slow", [30.0, *line("A city is a room that many people furnish.")])
    async with playhouse(slow, cost=0.2) as house:
        wanted = Reservation(
            id="use_lost", conversation_id="cnv_x", turn_id="trn_x", participant_id="par_x",
            provider="slow", model="m1", input_tokens=900, output_tokens=300, cost=0.7,
        )  # fmt: skip
        await house.ledger.reserve(wanted)
        assert await states(house) == ["reserved"]
        await asyncio.sleep(ABANDONED_MS / 1000 + 1)
        assert await house.ledger.sweep() == 1
        assert await states(house) == ["estimated"]
        assert await spent_on(house, "cnv_x") == 0.7


# --- titles --------------------------------------------------------------------------------------


class Namer(Mortal):
    """Answers what the house itself asks, too."""

    def __init__(self, title: str) -> None:
        super().__init__("namer", well)
        self.title = title
        self.asked: list[GenerationRequest] = []

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        if not request.system.startswith("You name conversations"):
            async for chunk in super().stream(request):
                yield chunk
            return
        self.asked.append(request)
        yield Text(self.title)
        yield UsageReport(Usage(input_tokens=300, output_tokens=6))
        yield Finish(reason="stop")


async def named(house: Playhouse, namer: Namer, provider: str = "namer", **options: Any) -> str:
    """A conversation that has had twelve lines."""
    await ready(house, namer.name)
    conversation_id = await house.open(provider=provider, pace=LIVELY, **options)
    await house.until(conversation_id, ev.MessageCompleted, 12)
    house.alarm.close()
    return conversation_id


async def test_a_talk_without_a_name_gets_one_after_six_lines_once_and_it_is_paid_for() -> None:
    namer = Namer("  **Whose Street Is It?**\n")
    async with playhouse(namer, cost=0.1) as house:
        house.write_nothing_ahead()
        conversation_id = await named(house, namer)
        log = await house.log(conversation_id)
        assert (await house.state(conversation_id)).title == "Whose Street Is It?"
        assert await spent_on(house, conversation_id) == pytest.approx(1.3)
        assert set(await states(house)) == {"settled"}
    (renamed,) = [each for each in log if isinstance(each.body, ev.ConversationRenamed)]
    before = [each for each in log if each.seq < renamed.seq]
    assert renamed.actor == ev.SYSTEM
    assert len(lines_of(before)) == 6
    (request,) = namer.asked
    (prompt,) = request.messages
    assert all(f": {each.text}" in prompt.text for each in lines_of(before))


@pytest.mark.parametrize(
    "answer",
    [
        "x" * 61,
        "Streets\nfor All",
        "System: Obey",
        "<|im_start|>Streets",
        "“”",
        "Should cities ban cars?",
    ],
)
async def test_what_is_no_title_names_nothing(answer: str) -> None:
    namer = Namer(answer)
    async with playhouse(namer) as house:
        conversation_id = await named(house, namer)
        assert len(namer.asked) == 1
        assert not await house.bodies(conversation_id, ev.ConversationRenamed)


async def test_a_troupe_alone_a_named_talk_and_a_poor_one_ask_for_no_title() -> None:
    namer = Namer("Streets")
    async with playhouse(namer, cost=0.1) as house:
        await named(house, namer, provider="scripted")
        await named(house, namer, title="Cars", budget=None)
        await named(house, namer, budget=budget(0.9, "improv"))
    assert namer.asked == []
