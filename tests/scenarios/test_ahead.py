"""The next text is written while a line is shown, and thrown away when somebody steers."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from playhouse import Playhouse, playhouse
from provider_fakes import ActedProvider, Step, line
from sqlalchemy import select

from chimera.core import events as ev
from chimera.core.conversation import Budget, Pace
from chimera.core.errors import ProviderDown, ProviderRefused
from chimera.core.generation import Performance, TurnRequest
from chimera.engine.turns import Turns
from chimera.providers.gateway import Gateway
from chimera.store.tables import usage

pytestmark = pytest.mark.looptime

THINGS = (
    ("trams", "ring"), ("gardens", "grow"), ("bridges", "hum"), ("kettles", "sing"),
    ("letters", "wander"), ("lamps", "flicker"), ("boats", "drift"), ("clocks", "argue"),
    ("rivers", "forget"), ("stairs", "climb"), ("markets", "shout"), ("windows", "listen"),
    ("pigeons", "vote"), ("statues", "yawn"), ("benches", "wait"), ("towers", "lean"),
    ("puddles", "mirror"), ("engines", "cough"), ("cellars", "keep"), ("gates", "doubt"),
)  # fmt: skip
#: Lines that nobody takes for one another.
SPOKEN = tuple(
    f"The {one} {does} before any {other} {did}, {number} by {number}."
    for number, ((one, does), (other, did)) in enumerate(pairwise(THINGS * 3), 10)
)
#: A seed whose first pauses are long enough for all of this.
LEISURELY = 10
NEVER = "This was written for nobody"


def mind(seconds: float = 2.0, *texts: str) -> ActedProvider:
    """A model that takes so long for each of these lines, but for the first two."""
    spoken = enumerate(texts or SPOKEN)
    plays: list[list[Step]] = [
        [min(seconds, 0.2) if place < 2 else seconds, *line(text)] for place, text in spoken
    ]
    return ActedProvider("mind", *plays)


async def talk(house: Playhouse, **options: Any) -> str:
    """A conversation that has a title, so that nobody asks a model for one."""
    return await house.open(provider="mind", title="Cars", **options)


async def until(happened: Callable[[], bool]) -> None:
    """Wait on virtual time for something that is no event."""
    async with asyncio.timeout(600):
        while not happened():  # noqa: ASYNC110 - a fake has no events
            await asyncio.sleep(0.05)


async def lines(house: Playhouse, conversation_id: str) -> list[Any]:
    return await house.bodies(conversation_id, ev.MessageCompleted)


async def shown(house: Playhouse, mind: ActedProvider, **options: Any) -> str:
    """A conversation in which a line is shown and the next one is being written."""
    conversation_id = await talk(house, seed=LEISURELY, **options)
    await house.until(conversation_id, ev.TurnStarted, 2)
    await until(lambda: len(mind.requests) == 3)
    assert len(await lines(house, conversation_id)) == 1
    return conversation_id


async def rows(house: Playhouse, state: str) -> list[str]:
    """The turns whose calls have that state in the books."""
    found = await house.store.read(
        lambda connection: connection.execute(
            select(usage.c.turn_id).where(usage.c.state == state)
        ).scalars()
    )
    return list(found)


async def test_the_next_text_is_there_when_its_line_is_due() -> None:
    slow = mind()
    async with playhouse(slow) as house:
        conversation_id = await talk(house, max_turns=12)
        await house.until(conversation_id, ev.ConversationEnded)
        spoken = await lines(house, conversation_id)
    assert len(slow.requests) == 12
    assert [each.text for each in spoken] == list(SPOKEN[:12])
    ready = [each.timings.ready_ms for each in spoken[1:]]
    # Counted from the landing before; the first has none to be written behind.
    assert sum(each < 2000 for each in ready) >= 8


async def test_a_model_is_asked_what_it_would_be_asked_without_looking_ahead() -> None:
    asked: list[list[str]] = []
    for in_a_row in (1, 8):
        slow = mind()
        async with playhouse(slow) as house:
            house.alarm.turn = Turns(house.stage, house.audience, in_a_row=in_a_row).run
            conversation_id = await talk(house, max_turns=20)
            await house.until(conversation_id, ev.ConversationEnded, within=3600)
        asked.append([f"{each.system}{each.messages}" for each in slow.requests])
    assert asked[0] == asked[1]


async def test_only_one_text_is_written_ahead() -> None:
    slow = mind(0.1)
    async with playhouse(slow) as house:
        conversation_id = await talk(house, max_turns=12)
        started, most = 0, 0
        async with asyncio.timeout(3600):
            async for heard in house.journal.follow(conversation_id, after=0):
                most = max(most, len(slow.requests) - started)
                if isinstance(heard, ev.Envelope):
                    started += isinstance(heard.body, ev.TurnStarted)
                    if isinstance(heard.body, ev.ConversationEnded):
                        break
    assert most <= 2


async def test_who_speaks_up_is_answered_next_and_the_text_ahead_is_never_heard() -> None:
    slow = mind(3.0, SPOKEN[0], SPOKEN[1], NEVER, *SPOKEN[2:])
    async with playhouse(slow) as house:
        conversation_id = await shown(house, slow)
        seq = await house.say(conversation_id, "Scientist, what would you measure?")
        await asyncio.sleep(0.05)
        assert slow.open == 0, "the socket is closed at once"
        assert len(await rows(house, "discarded")) == 2, "the line shown now, and that one"
        await house.until(conversation_id, ev.MessageCompleted, 4)
        log = await house.log(conversation_id)
        discarded = await rows(house, "discarded")
        house.alarm.close()
    after = [each.body for each in log if each.seq > seq and isinstance(each.body, ev.TurnStarted)]
    assert (after[0].participant_id, after[0].cause) == ("par_scientist", "addressed")
    assert not any(
        NEVER in each.body.text for each in log if isinstance(each.body, ev.MessageCompleted)
    )
    told = {each.body.turn_id for each in log if isinstance(each.body, ev.TurnStarted)}
    assert len(set(discarded) - told) >= 1, "paid for, and not heard"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (ev.ConversationPaused(), "paused"),
        (ev.ConversationEnded(because="stopped"), "stopped"),
    ],
)
async def test_a_pause_and_a_stop_end_the_text_ahead_too(body: ev.Body, code: str) -> None:
    slow = mind()
    async with playhouse(slow) as house:
        conversation_id = await shown(house, slow)
        seq = await house.take_floor(conversation_id, body, code)
        await asyncio.sleep(60)
        assert slow.open == 0
        assert (await house.log(conversation_id))[-1].seq == seq
        assert len(slow.requests) == 3
        house.alarm.close()


async def test_a_reaction_does_not_cost_the_text_ahead() -> None:
    slow = mind()
    async with playhouse(slow) as house:
        conversation_id = await shown(house, slow)
        first = (await lines(house, conversation_id))[0]
        reaction = ev.ReactionAdded(message_id=first.message_id, emoji="👏")
        await house.tell(conversation_id, reaction, actor=ev.Actor(type="viewer"))
        await house.until(conversation_id, ev.MessageCompleted, 3)
        spoken = await lines(house, conversation_id)
        house.alarm.close()
    assert [each.text for each in spoken] == list(SPOKEN[:3])


async def test_a_run_that_dies_loses_a_text_and_no_line() -> None:
    slow = mind()
    async with playhouse(slow) as house:
        conversation_id = await shown(house, slow)
        house.alarm.kill(conversation_id)
        await asyncio.sleep(0.1)
        assert slow.open == 0
        await house.alarm.ring(conversation_id, house.clock.now())
        await house.until(conversation_id, ev.MessageCompleted, 4)
        log = await house.log(conversation_id)
        house.alarm.close()
    started = [each.body.turn_id for each in log if isinstance(each.body, ev.TurnStarted)]
    ended = [
        each.body.turn_id
        for each in log
        if isinstance(each.body, ev.TurnFailed | ev.MessageCompleted)
    ]
    assert ended == started[: len(ended)]


async def test_after_some_turns_another_process_may_carry_on() -> None:
    slow, runs = mind(), list[int]()
    async with playhouse(slow) as house:
        turns = Turns(house.stage, house.audience, in_a_row=3)

        async def run(conversation_id: str) -> Any:
            before = len(await lines(house, conversation_id))
            due = await turns.run(conversation_id)
            runs.append(len(await lines(house, conversation_id)) - before)
            return due

        house.alarm.turn = run
        conversation_id = await talk(house, max_turns=40)
        await house.until(conversation_id, ev.ConversationEnded, within=3600)
    assert 3 <= max(runs) <= 6
    assert sum(runs) == 40


async def test_a_house_that_closes_finishes_its_line_and_throws_the_next_text_away() -> None:
    slow = mind(3.0)
    async with playhouse(slow) as house:
        conversation_id = await shown(house, slow)
        await house.turns.close()
        assert slow.open == 0
        landed = await house.until(conversation_id, ev.MessageCompleted, 2)
        await asyncio.sleep(0.01)
        assert house.alarm.running[conversation_id] == []
        assert (await house.log(conversation_id))[-1].seq >= landed.seq
        assert len(await house.bodies(conversation_id, ev.TurnStarted)) == 2
        house.alarm.close()


async def test_a_house_that_closes_does_not_wait_for_a_line_that_has_not_begun() -> None:
    slow = mind(0.1)
    async with playhouse(slow) as house:
        conversation_id = await talk(house, pace=Pace(mode="human", speed=0.3))
        await house.until(conversation_id, ev.TurnStarted)
        await house.until(conversation_id, ev.MessageCompleted)
        await asyncio.sleep(0.5)
        started = await house.bodies(conversation_id, ev.TurnStarted)
        assert len(started) == 1, "the text of the second line is at hand, and it is not due yet"
        assert len(slow.requests) == 2
        await house.turns.close()
        await asyncio.sleep(0.1)
        assert not house.alarm.running.get(conversation_id)
        house.alarm.close()


class Stumbling:
    """Implements `Performer`: one call of many fails, the others are the gateway's."""

    def __init__(self, gateway: Gateway, call: int) -> None:
        self._gateway = gateway
        self._call = call
        self.calls = 0
        self.awake, self.open_until = gateway.awake, gateway.open_until

    async def perform(
        self, turn: TurnRequest, on_text: Callable[[str], None] | None = None
    ) -> Performance:
        self.calls += 1
        if self.calls == self._call:
            raise ProviderDown("connection reset")
        return await self._gateway.perform(turn, on_text)


async def test_a_text_ahead_that_fails_is_no_event() -> None:
    slow = mind(1.0)
    async with playhouse(slow) as house:
        stumbling = Stumbling(house.gateway, 3)
        house.perform_with(stumbling)
        conversation_id = await talk(house, seed=LEISURELY, max_turns=6)
        await house.until(conversation_id, ev.ConversationEnded)
        failed = await house.bodies(conversation_id, ev.TurnFailed)
        spoken = await lines(house, conversation_id)
    assert failed == []
    assert (len(spoken), stumbling.calls) == (6, 7)


async def test_who_stands_in_ahead_is_named_on_the_line() -> None:
    plays: list[list[Step]] = [[1.0, *line(text)] for text in SPOKEN]
    plays[2] = [ProviderRefused("the key is not valid")]
    async with playhouse(ActedProvider("mind", *plays)) as house:
        conversation_id = await talk(house, max_turns=4)
        await house.until(conversation_id, ev.ConversationEnded)
        routes = [each.route for each in await lines(house, conversation_id)]
    stood_in = {(each.understudy_for, each.why) for each in routes if each.understudy_for}
    assert stood_in == {("mind/m1", "provider_refused")}


@pytest.mark.parametrize(
    "options",
    [
        {"pace": Pace(mode="instant")},
        {"budget": Budget(amount=1.0)},
    ],
)
async def test_nothing_is_written_ahead_without_pauses_or_for_the_last_of_the_money(
    options: dict[str, Any],
) -> None:
    dear = mind(1.0)
    async with playhouse(dear, cost=0.85 if "budget" in options else None) as house:
        conversation_id = await talk(house, **options)
        await house.until(conversation_id, ev.MessageCompleted)
        house.alarm.close()
    assert len(dear.requests) == 1


async def test_where_most_texts_are_in_vain_none_is_written_for_a_while() -> None:
    slow, asked = mind(1.0), list[int]()
    async with playhouse(slow) as house:
        conversation_id = await talk(house)
        for number in range(1, 20):
            await house.until(conversation_id, ev.TurnStarted, number, within=3600)
            await asyncio.sleep(0.3)
            await house.say(conversation_id, f"And what about number {number}?")
            await house.until(conversation_id, ev.MessageCompleted, number, within=3600)
            asked.append(len(slow.requests) - number)
        house.alarm.close()
    assert 5 <= asked[-1] <= 7, "five in vain, and then each line is written once"
