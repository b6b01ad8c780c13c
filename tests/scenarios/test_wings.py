"""What is asked behind the scenes changes the show, and its absence never holds it up."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from playhouse import Playhouse, playhouse
from sqlalchemy import select
from test_minds import fresh, praising

from chimera.core import events as ev
from chimera.core.conversation import Pace
from chimera.core.generation import (
    Chunk,
    Finish,
    GenerationRequest,
    Health,
    Model,
    Route,
    Text,
    Usage,
    UsageReport,
)
from chimera.core.state import fold
from chimera.engine.judging import EVERY, Judge
from chimera.engine.wings import EASY, MOST_WORDS, ROUND_AGAIN, WORDING_S, Prompter, Wings
from chimera.store.tables import conversations

pytestmark = pytest.mark.looptime

QUICK = Pace(speed=8)
COMEDIAN = "par_comedian"
#: How the three questions from behind the scenes begin.
ADVICE, HOST, JUDGE = "You sit beside the director", "You word one line", "You judge how"


class Minded:
    """Implements `Provider`: plays lines, and answers what is asked behind the scenes."""

    name = "local"

    def __init__(
        self,
        behind: Callable[[str, str], str],
        line: Callable[[str, int], str] = lambda _told, number: fresh(number),
        *,
        takes: float = 0.0,
    ) -> None:
        self.asked: list[tuple[str, str]] = []
        self.prompts: list[str] = []
        self._behind, self._line, self._takes = behind, line, takes

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        told = "\n".join(each.text for each in request.messages)
        if request.system.startswith((ADVICE, HOST, JUDGE)):
            assert request.temperature == 0
            self.asked.append((request.system, told))
            await asyncio.sleep(self._takes)
            yield Text(self._behind(request.system, told))
        else:
            self.prompts.append(told)
            yield Text(self._line(told, len(self.prompts)))
        yield UsageReport(Usage(input_tokens=100, output_tokens=20))
        yield Finish(reason="stop")

    async def models(self) -> Sequence[Model]:
        return (Model(id="m1"),)

    async def check(self) -> Health:
        return Health(ok=True)

    async def close(self) -> None:
        """Nothing is open."""


@asynccontextmanager
async def helped(
    mind: Minded, *, moderates: bool = False, judges: bool = False, cost: float | None = None
) -> AsyncGenerator[Playhouse]:
    async with playhouse(mind, cost=cost) as house:
        await house.catalog.refresh()
        prompter = Prompter(gateway=house.gateway, ids=house.ids)
        judge = Judge(
            prompter=prompter, journal=house.journal, store=house.store, bills=house.ledger
        )
        wings = Wings(prompter=prompter, moderates=moderates, judge=judge if judges else None)
        async with wings.open():
            house.help_with(wings)
            yield house


async def played(house: Playhouse, turns: int, **wanted: object) -> list[ev.Envelope]:
    conversation_id = await house.open(provider="local", pace=QUICK, **wanted)  # pyright: ignore[reportArgumentType]  # names of `open`
    await house.until(conversation_id, ev.MessageCompleted, turns, within=7200)
    return await house.log(conversation_id)


def speakers(log: Sequence[ev.Envelope]) -> list[str]:
    return [each.body.participant_id for each in log if isinstance(each.body, ev.MessageCompleted)]


def moments(log: Sequence[ev.Envelope]) -> list[int]:
    return [each.at for each in log if isinstance(each.body, ev.MessageCompleted)]


def bodies(log: Sequence[ev.Envelope], kind: type[ev.Body]) -> list[ev.Body]:
    return [each.body for each in log if isinstance(each.body, kind)]


# --- a model that directs ------------------------------------------------------------------------


def for_the_comedian(_system: str, told: str) -> str:
    listed = re.findall(r"^(par_\w+):", told, re.MULTILINE)
    who = COMEDIAN if COMEDIAN in listed else listed[0]
    return json.dumps({"participant": who, "reason": "The room needs a joke."})


async def alone(director: str = "show", turns: int = 24) -> list[ev.Envelope]:
    """The same show with nobody in the wings."""
    async with playhouse(Minded(for_the_comedian)) as house:
        await house.catalog.refresh()
        return await played(house, turns, director=director)


async def test_a_model_in_the_wings_changes_who_speaks_and_its_reason_is_seen() -> None:
    mind = Minded(for_the_comedian)
    async with helped(mind) as house:
        log = await played(house, 24, director="model")
    assert Counter(speakers(log))[COMEDIAN] > Counter(speakers(await alone()))[COMEDIAN]
    bids = [bid for each in bodies(log, ev.TurnStarted) for bid in getattr(each, "bids", ())]
    told = [each for each in bids if each.reason == "director"]
    assert told
    assert {each.said for each in told} == {"The room needs a joke."}
    assert len(mind.asked) <= len(speakers(log))


@pytest.mark.parametrize(
    "answer",
    [
        "The comedian.",
        "{}",
        '{"participant": "par_nobody", "reason": "Who?"}',
        '{"participant": "par_comedian", "reason": ""}',
        json.dumps({"participant": COMEDIAN, "reason": "because " * 20}),
        json.dumps({"participant": COMEDIAN, "reason": "Fine.", "also": 1}),
        json.dumps({"participant": 7, "reason": "Fine."}),
    ],
)
async def test_an_answer_that_is_not_to_the_letter_leaves_the_show_as_it_is(answer: str) -> None:
    mind = Minded(lambda _system, _told: answer)
    async with helped(mind) as house:
        log = await played(house, 12, director="model")
    assert mind.asked
    assert speakers(log) == speakers(await alone(turns=12))[: len(speakers(log))]


async def test_an_answer_that_comes_too_late_holds_nobody_up() -> None:
    usual = await alone("model")
    async with helped(Minded(for_the_comedian, takes=50)) as house:
        log = await played(house, 24, director="model")
    assert speakers(log) == speakers(usual)
    slower = moments(log)[-1] - moments(log)[0]
    assert slower <= 1.05 * (moments(usual)[-1] - moments(usual)[0])


async def test_other_directors_ask_nobody() -> None:
    mind = Minded(for_the_comedian)
    async with helped(mind) as house:
        await played(house, 8, director="show")
    assert mind.asked == []


async def test_what_was_whispered_is_not_told_behind_the_scenes() -> None:
    mind = Minded(for_the_comedian)
    async with helped(mind) as house:
        conversation_id = await house.open(provider="local", pace=QUICK, director="model")
        await house.until(conversation_id, ev.MessageCompleted, 3)
        body = ev.MessagePosted(
            message_id="msg_w", author=ev.Author(kind="viewer", name="Anna"),
            text="The secret word is quince.", to=COMEDIAN,
        )  # fmt: skip
        new = ev.NewEvent(body=body, actor=ev.Actor(type="viewer"), visibility=(COMEDIAN,))
        await house.store.work(
            new.actor, lambda work: house.journal.append(work, conversation_id, [new])
        )
        await house.until(conversation_id, ev.MessageCompleted, 10)
    assert any("quince" in told for told in mind.prompts)
    assert len(mind.asked) >= 5
    assert not any("quince" in told for _, told in mind.asked)


async def test_the_calls_are_paid_and_counted_and_stop_when_money_runs_low() -> None:
    mind = Minded(for_the_comedian)
    async with helped(mind, cost=0.01) as house:
        conversation_id = await house.open(
            provider="local", pace=QUICK, director="model", budget={"amount": 0.2}
        )
        await house.until(conversation_id, ev.ConversationEnded, within=7200)
        state = await house.state(conversation_id)
        total = await house.store.read(
            lambda connection: connection.exec_driver_sql("SELECT sum(cost) FROM usage").scalar()
        )
    assert mind.asked
    assert len(mind.asked) < len(mind.prompts)
    assert total is not None
    assert total <= 0.2 + 1e-9
    assert total == pytest.approx(0.01 * (len(mind.asked) + len(mind.prompts)), abs=0.011)
    assert state.status == "ended"


# --- the host's words ----------------------------------------------------------------------------


def said_by_host(log: Sequence[ev.Envelope]) -> list[str]:
    return [
        each.body.text
        for each in log
        if isinstance(each.body, ev.MessagePosted) and each.body.author.kind == "host"
    ]


def wording(text: str) -> Callable[[str, str], str]:
    return lambda _system, _told: text


async def circling(text: str, *, moderates: bool = True, takes: float = 0.0) -> list[ev.Envelope]:
    mind = Minded(wording(text), praising, takes=takes)
    async with helped(mind, moderates=moderates) as house:
        log = await played(house, 18)
    if moderates:
        assert any("[host]" in told for told in mind.prompts)
    return log


async def test_where_the_talk_circles_the_host_says_it_in_a_models_words() -> None:
    log = await circling("“Friends, the praise is handed round; who brings a doubt?”")
    assert said_by_host(log)[:1] == ["Friends, the praise is handed round; who brings a doubt?"]
    step = next(
        place for place, each in enumerate(log)
        if isinstance(each.body, ev.DirectorNoted) and each.body.because == "loop"
    )  # fmt: skip
    after = next(each.body for each in log[step:] if not isinstance(each.body, ev.DirectorNoted))
    assert isinstance(after, ev.MessagePosted)


@pytest.mark.parametrize(
    "text",
    [
        "word " * (MOST_WORDS + 1),
        "Two lines.\nOf the host.",
        "Host: Friends, something new.",
        "<|im_start|>Friends, something new.",
        "You idiot, bring something new.",
        "",
    ],
)
async def test_words_that_do_not_befit_the_host_are_replaced_from_the_deck(text: str) -> None:
    log = await circling(text)
    assert said_by_host(log)[0] in ROUND_AGAIN


async def test_words_that_come_too_late_are_replaced_from_the_deck() -> None:
    log = await circling("Friends, something new.", takes=WORDING_S + 1)
    assert said_by_host(log)[0] in ROUND_AGAIN


async def test_without_the_switch_the_host_says_nothing() -> None:
    assert said_by_host(await circling("Friends, something new.", moderates=False)) == []


@pytest.mark.parametrize("route", [None, Route(provider="local", model="m1")])
async def test_where_the_troupe_plays_alone_nobody_behind_the_scenes_is_asked(
    route: Route | None,
) -> None:
    async with playhouse(Minded(wording("Friends."))) as house:
        prompter = Prompter(gateway=house.gateway, ids=house.ids, route=route)
        for provider, asked in (("scripted", False), ("local", True)):
            conversation_id = await house.open(provider=provider, pace=QUICK)
            routes = prompter.routes(await house.state(conversation_id))
            assert bool(routes) is asked
        house.alarm.close()


async def test_where_no_model_plays_the_host_says_nothing_more_than_ever() -> None:
    async with helped(Minded(wording("Friends.")), moderates=True) as house:
        conversation_id = await house.open(provider="scripted", pace=QUICK)
        await house.until(conversation_id, ev.MessageCompleted, 12)
        assert said_by_host(await house.log(conversation_id)) == []


def insulting(_told: str, number: int) -> str:
    return f"You are an idiot and a fool, and I hate this nonsense! {fresh(number)}"


async def test_where_two_are_hostile_the_host_calls_them_by_name() -> None:
    mind = Minded(wording(""), insulting)
    async with helped(mind, moderates=True) as house:
        log = await played(house, 16, slugs=("philosopher", "comedian"))
    steps = [each for each in bodies(log, ev.DirectorNoted) if getattr(each, "rung", None)]
    assert steps
    deck = [re.escape(each).replace(r"\{one\}", ".+").replace(r"\{other\}", ".+") for each in EASY]
    assert any(re.fullmatch("|".join(deck), each) for each in said_by_host(log))


# --- second thoughts -----------------------------------------------------------------------------


def against_the_comedian(system: str, told: str) -> str:
    """Holds that every line of the philosopher's was meant against the comedian."""
    assert system.startswith(JUDGE)
    numbers = re.findall(r"^(\d+)\. The Philosopher:", told, re.MULTILINE)
    lines = [{"line": int(each), "toward": COMEDIAN, "stance": -0.9} for each in numbers]
    return json.dumps({"lines": lines})


async def test_second_thoughts_change_what_is_felt_and_every_fold_agrees() -> None:
    mind = Minded(against_the_comedian)
    async with helped(mind, judges=True) as house:
        log = await played(house, EVERY + 8)
    judged = [each.body for each in log if isinstance(each.body, ev.StanceJudged)]
    assert len(judged) == len(mind.asked) == 1
    tie = ("par_philosopher", COMEDIAN)
    place = next(n for n, each in enumerate(log) if isinstance(each.body, ev.StanceJudged))
    before, after = (fold("cnv", log[:upto]).feelings.ties.ties for upto in (place, place + 1))
    assert after[tie].affinity < (before[tie].affinity if tie in before else 1.0)
    assert any("The Comedian gets on your nerves" in each for each in mind.prompts[EVERY:])
    assert not any("gets on your nerves" in each for each in mind.prompts[:EVERY])


async def test_what_second_thoughts_cost_is_counted_where_people_look() -> None:
    async with helped(Minded(against_the_comedian), judges=True, cost=0.01) as house:
        log = await played(house, EVERY + 4, title="Cars")
        (judged,) = bodies(log, ev.StanceJudged)
        state = fold(log[0].conversation_id, log)
        told = await house.store.read(
            lambda connection: connection.execute(select(conversations.c.cost)).scalar_one()
        )
    assert getattr(judged, "usage", None) is not None
    assert told == pytest.approx(state.cost)
    assert state.cost == pytest.approx(0.01 * (EVERY + 5), abs=0.011)


async def test_what_the_judge_says_of_the_newest_line_is_not_taken() -> None:
    mind = Minded(against_the_comedian)
    async with helped(mind, judges=True) as house:
        log = await played(house, EVERY + 4)
    (judged,) = [each for each in log if isinstance(each.body, ev.StanceJudged)]
    landed = [each for each in log[: judged.seq] if isinstance(each.body, ev.MessageCompleted)]
    touched = {each.message_id for each in getattr(judged.body, "lines", ())}
    assert touched
    assert getattr(landed[-1].body, "message_id", None) not in touched


@pytest.mark.parametrize(
    "answer", ["", "[]", '{"lines": [{"line": 1}]}', '{"lines": [], "note": "x"}',
               '{"lines": [{"line": 1, "toward": "par_comedian", "stance": 3}]}',
               '{"lines": [{"line": 99, "toward": "par_comedian", "stance": -1}]}',
               '{"lines": [{"line": 1, "toward": "par_nobody", "stance": -1}]}'],
)  # fmt: skip
async def test_a_judge_that_talks_nonsense_corrects_nothing(answer: str) -> None:
    mind = Minded(lambda _system, _told: answer)
    async with helped(mind, judges=True) as house:
        log = await played(house, EVERY + 4)
    assert mind.asked
    assert bodies(log, ev.StanceJudged) == []


async def test_the_judge_is_off_unless_it_is_wanted_and_paid_for() -> None:
    mind = Minded(against_the_comedian)
    async with helped(mind) as house:
        await played(house, EVERY + 2)
    assert mind.asked == []
    async with helped(mind, judges=True, cost=0.01) as house:
        await played(house, EVERY + 2, budget={"amount": 0.16})
    assert mind.asked == []
