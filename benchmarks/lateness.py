"""How many lines of a model come later than they are due, by when their text is asked for.

    python -m benchmarks.lateness

Whole conversations of our own engine at speed 1, on virtual time: nothing is made up but the
models' words and the time they take for them.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from benchmarks.table import Row, show
from chimera.core import content
from chimera.core import events as ev
from chimera.core.conversation import Pace
from chimera.engine.ahead import IN_A_ROW
from chimera.engine.recall import load_sentiment
from chimera.engine.turns import HEAD_START_MS, Turns
from chimera.lab.clockwork import VirtualLoop
from chimera.lab.habits import Fake
from chimera.lab.headless import Writer, random_words
from chimera.lab.house import open_house
from chimera.lab.setup import DEFAULT_CAST, Remark, SeatPlan, Setup
from chimera.providers.roster import Keyed

#: Milliseconds after which a line counts as late.
LATE_MS = 250
TURNS, SEEDS = 100, 12
#: The lab's names for the two models, and what they take.
FAST, SLOW = "stub", "slow"
TEMPI = {FAST: "0.8 s, 50/s", SLOW: "3 s, 30/s"}
#: What they say in the design's simulation.
WORDS = 25
#: Earlier than any line is due: the text is asked for as soon as the one before has landed.
AT_ONCE_MS = 10**9


@dataclass(slots=True)
class Shows:
    """What came of some conversations."""

    late: list[int] = field(default_factory=list[int])
    asked: int = 0

    @property
    def share(self) -> float:
        """Of the lines, those that were late."""
        return sum(each > LATE_MS for each in self.late) / len(self.late)

    @property
    def in_vain(self) -> float:
        """Of the texts that were asked for, those that nobody heard."""
        return 1 - len(self.late) / self.asked


def shows(
    model: str,
    *,
    in_a_row: int = 1,
    head_start_ms: int = HEAD_START_MS,
    seeds: int = SEEDS,
    own: bool = False,
    viewers: Sequence[Remark] = (),
) -> Shows:
    """Conversations whose texts are asked for in one way.

    Lines of 25 words by three who are equally quick, or, with `own`, the house's cast at its own
    length.
    """
    content.load()
    load_sentiment()
    found = Shows()
    traits = {} if own else {"tempo": 0.5}
    setup = Setup(
        topic="Should cities ban cars?", turns=TURNS, pace=Pace(), viewers=tuple(viewers),
        cast=tuple(
            SeatPlan(persona=each.persona, provider=model, traits=traits) for each in DEFAULT_CAST
        ),
    )  # fmt: skip
    for seed in range(seeds):
        fake = Fake(model, seed, None if own else _lines_of(WORDS, seed))
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(_play(found, setup, fake, seed, in_a_row, head_start_ms))
    return found


def _lines_of(words: int, seed: int) -> Writer:
    """Made-up lines of one length."""
    ordinary = random_words(seed)
    return lambda state, speak: ordinary(state, replace(speak, words=words))


async def _play(
    found: Shows, setup: Setup, fake: Fake, seed: int, in_a_row: int, head_start_ms: int
) -> None:
    waiting = list(setup.viewers)
    async with open_house(
        {fake.name: [Keyed(provider=fake)]}, seed=seed, local=[fake.name]
    ) as house:
        turns = Turns(
            house.stage, house.audience, in_a_row=in_a_row, head_start_ms=head_start_ms
        )  # fmt: skip
        house.alarm.turn = turns.run
        conversation_id, said = await house.open(_voiceless(setup.created(seed, {}))), 0
        async for heard in house.journal.follow(conversation_id, after=0):
            match heard:
                case ev.Envelope(body=ev.MessageCompleted(timings=timings)):
                    said += 1
                    found.late.append(timings.late_ms or 0)
                    while waiting and waiting[0].after <= said:
                        remark = waiting.pop(0)
                        await house.say(conversation_id, remark.name, remark.text)
                case ev.Envelope(body=ev.ConversationEnded()):
                    break
                case _:
                    pass
    found.asked += fake.calls


def _voiceless(created: ev.ConversationCreated) -> ev.ConversationCreated:
    """The cast without lines of their own, from which made-up words would always stray too far."""
    cast = tuple(
        each.model_copy(
            update={"character": each.character.model_copy(update={"sample_lines": ()})}
        )
        for each in created.participants
    )
    return created.model_copy(update={"participants": cast})


# --- the table ---------------------------------------------------------------------------------


def rows() -> list[Row]:
    """Both models, asked in three ways; and what is written in vain where somebody interrupts."""
    table: list[Row] = []
    for model, goal, reference in (
        (FAST, 0.02, ("0.107", "0.009")),
        (SLOW, 0.08, ("0.256", "0.058")),
    ):
        name, without = f"late > {LATE_MS} ms", shows(model, head_start_ms=AT_ONCE_MS)
        ahead = shows(model, in_a_row=IN_A_ROW)
        table += [
            Row.told(f"{name}, asked at the landing", without.share, fake=TEMPI[model],
                     reference=reference[0]),
            Row.told(f"{name}, asked 2.5 s before", shows(model).share, fake=TEMPI[model]),
            Row.at_most(f"{name}, written ahead", ahead.share, goal, fake=TEMPI[model],
                        reference=reference[1]),
            Row.told("texts ahead in vain", ahead.in_vain, fake=TEMPI[model]),
        ]  # fmt: skip
    remarks = [Remark(after=each, text="And what about the trams?") for each in range(5, TURNS, 5)]
    heckled = shows(SLOW, in_a_row=IN_A_ROW, viewers=remarks)
    table.append(
        Row.told("texts in vain, a viewer every 5 lines", heckled.in_vain, fake=TEMPI[SLOW])
    )
    return table


if __name__ == "__main__":
    table = rows()
    show(table)
    raise SystemExit(any(row.ok is False for row in table))
