"""Ladders, memory, scores and the finale in the running house, on virtual time."""

from collections.abc import AsyncGenerator, Callable, Sequence
from random import Random

import pytest
from playhouse import WORDS, playhouse

from chimera.core import events as ev
from chimera.core import ladders, voices
from chimera.core.conversation import Pace
from chimera.core.errors import BudgetSpent
from chimera.core.generation import (
    Chunk,
    Finish,
    GenerationRequest,
    Health,
    Model,
    Performance,
    Text,
    TurnRequest,
    Usage,
    UsageReport,
)
from chimera.providers.gateway import Gateway

pytestmark = pytest.mark.looptime

QUICK = Pace(speed=8)


class Mind:
    """Implements `Provider`: says what `habit` makes of its prompt and the number of calls."""

    name = "local"

    def __init__(self, habit: Callable[[str, int], str]) -> None:
        self.prompts: list[str] = []
        self._habit = habit

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        told = "\n".join(each.text for each in request.messages)
        self.prompts.append(told)
        yield Text(self._habit(told, len(self.prompts)))
        yield UsageReport(Usage(input_tokens=100, output_tokens=20))
        yield Finish(reason="stop")

    async def models(self) -> Sequence[Model]:
        return (Model(id="m1"),)

    async def check(self) -> Health:
        return Health(ok=True)

    async def close(self) -> None:
        """Nothing is open."""


def fresh(number: int) -> str:
    random = Random(f"fresh:{number}")
    syllables = ("ka", "lo", "mi", "ren", "ta", "vo", "sil", "dur", "pe", "gan", "zan", "fru")
    return " ".join("".join(random.choices(syllables, k=3)) for _ in range(11)) + "."


def praising(told: str, number: int) -> str:
    """Agrees with everything, in ever other words, until it is whispered to."""
    if "The director whispers" in told:
        return fresh(number).capitalize()
    return f"Exactly, how wonderful, {fresh(number)}"


def remembering(told: str, number: int) -> str:
    if "You remember" in told:
        return f"I do remember, {fresh(number)}"
    return f"I promise the harbour a new lantern before winter, {fresh(number)}"


async def test_talk_that_only_agrees_is_whispered_out_of_it() -> None:
    mind = Mind(praising)
    async with playhouse(mind) as house:
        conversation_id = await house.open(provider="local", pace=QUICK)
        await house.until(conversation_id, ev.MessageCompleted, 18, within=3600)
        log = await house.log(conversation_id)
    notes = [each.body for each in log if isinstance(each.body, ev.DirectorNoted)]
    steps = [each for each in notes if each.because == "loop"]
    assert len(steps) >= 3
    assert len({each.device for each in steps}) == len(steps)
    assert any(ladders.CIRCLING in told for told in mind.prompts)
    assert any("Do not use these words again" in told for told in mind.prompts)
    said = [each.body.text for each in log if isinstance(each.body, ev.MessageCompleted)]
    assert any(not text.startswith("Exactly") for text in said[12:])


async def test_closing_words_come_before_the_last_turn_and_cost_no_turn_more() -> None:
    async with playhouse() as house:
        conversation_id = await house.open(max_turns=9, pace=QUICK)
        await house.until(conversation_id, ev.ConversationEnded, within=3600)
        log = await house.log(conversation_id)
    assert log[-1].body == ev.ConversationEnded(because="turns", finale=True)
    assert sum(isinstance(each.body, ev.MessageCompleted) for each in log) == 9
    host = [each.body.text for each in log if isinstance(each.body, ev.MessagePosted)]
    assert host == [ladders.LAST_ROUND, ladders.GOOD_NIGHT]
    assert [each.seq for each in log] == list(range(1, len(log) + 1))


async def test_a_budget_that_is_spent_ends_in_a_finale_that_costs_nothing_more() -> None:
    async with playhouse(Mind(lambda _told, number: fresh(number)), cost=0.002) as house:
        conversation_id = await house.open(
            provider="local", pace=QUICK, budget={"amount": 0.05, "when_spent": "finale"}
        )
        await house.until(conversation_id, ev.ConversationEnded, within=3600)
        state = await house.state(conversation_id)
        log = await house.log(conversation_id)
    assert log[-1].body == ev.ConversationEnded(because="budget", finale=True)
    assert state.cost <= 0.05


async def test_notes_are_taken_with_the_line_and_told_to_their_owner_alone() -> None:
    mind = Mind(remembering)
    async with playhouse(mind) as house:
        conversation_id = await house.open(provider="local", pace=QUICK)
        await house.until(conversation_id, ev.MessageCompleted, 30, within=3600)
        log = await house.log(conversation_id)
    taken = [each for each in log if isinstance(each.body, ev.NoteTaken)]
    assert taken
    for each in taken:
        assert isinstance(each.body, ev.NoteTaken)
        assert each.visibility == (each.body.participant_id,)
        before = next(
            past.body for past in reversed(log[: each.seq - 1])
            if isinstance(past.body, ev.MessageCompleted | ev.MessagePosted)
        )  # fmt: skip
        assert before.message_id == each.body.source
    began = [each.body for each in log if isinstance(each.body, ev.TurnStarted)]
    assert any(each.recalled for each in began)
    assert all(each.energy is not None and 0 <= each.energy <= 1 for each in began)
    assert any("You remember saying: “" in told for told in mind.prompts)


async def test_the_score_is_written_with_the_line_that_completes_its_window() -> None:
    async with playhouse(Mind(lambda _told, number: fresh(number))) as house:
        conversation_id = await house.open(provider="local", pace=QUICK)
        await house.until(conversation_id, ev.QualityScored, 2, within=3600)
        log = await house.log(conversation_id)
    scored = [each.body for each in log if isinstance(each.body, ev.QualityScored)]
    assert [each.window.messages for each in scored[:2]] == [24, 36]


async def test_who_has_lost_their_voice_is_asked_twice_and_the_nearer_line_is_kept() -> None:
    def shouting(_told: str, number: int) -> str:
        word = Random(f"shout:{number}").choice(WORDS).upper()
        if number > 70 and number % 2:
            return fresh(number)
        return f"{word}!! {fresh(number)[:-1].upper()}!!! GO!!"

    mind = Mind(shouting)
    async with playhouse(mind) as house:
        conversation_id = await house.open(provider="local", pace=QUICK, min_turns=500)
        await house.until(conversation_id, ev.MessageCompleted, 66, within=3600)
        said = [each.text for each in await house.bodies(conversation_id, ev.MessageCompleted)]
    # Eight lines of each are a window; from then on every line is worth two tries.
    assert len(mind.prompts) > 80
    assert not any(text.endswith("GO!!") for text in said[-4:]), said[-4:]


async def test_a_line_is_kept_where_no_money_is_left_for_a_second_try() -> None:
    mind = Mind(lambda _told, number: f"{fresh(number)[:-1].upper()}!!! GO!!")
    async with playhouse(mind) as house:
        conversation_id = await house.open(provider="local", pace=QUICK, min_turns=500)
        await house.until(conversation_id, ev.MessageCompleted, 60, within=3600)
        house.perform_with(Penniless(house.gateway))
        await house.until(conversation_id, ev.MessageCompleted, 63, within=3600)
        failed = await house.bodies(conversation_id, ev.TurnFailed)
        state = await house.state(conversation_id)
        house.alarm.close()
    assert voices.lost(state, state.lines[-1].participant_id or "")
    assert failed == []


class Penniless:
    """Implements `Performer`: pays for the first try at each text alone."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._paid = set[str]()
        self.awake, self.open_until = gateway.awake, gateway.open_until

    async def perform(
        self, turn: TurnRequest, on_text: Callable[[str], None] | None = None
    ) -> Performance:
        if turn.turn_id in self._paid:
            raise BudgetSpent("No money is left.", scope="house")
        self._paid.add(turn.turn_id)
        return await self._gateway.perform(turn, on_text)


async def test_a_second_try_is_told_what_was_wrong_with_the_first() -> None:
    mind = Mind(lambda _told, _number: "The one thing I ever say is this one thing, my friends.")
    async with playhouse(mind) as house:
        conversation_id = await house.open(provider="local", pace=QUICK)
        await house.until(conversation_id, ev.MessageCompleted, 4, within=3600)
    assert any("almost word for word" in told for told in mind.prompts)
