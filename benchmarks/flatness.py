"""What a long conversation costs: time, memory and prompt of a turn, early and late.

`python -m benchmarks.flatness` also says why prompts change from call to call.
"""

import gc
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import mean
from sys import getsizeof
from time import process_time
from types import FunctionType, ModuleType

from benchmarks.table import Row, show
from chimera.core import prompt
from chimera.core.director import Speak, decide, labelled
from chimera.core.generation import TextPart
from chimera.core.persona import load_house
from chimera.core.prompt import Prompt
from chimera.core.state import ConversationState
from chimera.lab.headless import Headless, random_words, seat

#: Everything is compared with the first stretch that begins when talk has found its feet.
BEGINS, STRETCHES = 100, 5
#: So often a viewer says something.
CALLS = 25
CALLED = (
    "And what does the sea say?",
    "I keep bees myself.",
    "Is that so, Ada?",
    "Louder, please.",
)


@dataclass(slots=True)
class Calls:
    """Prompts of one participant after the other, and what of each the one before had."""

    before: dict[str, tuple[str, int, int]] = field(default_factory=dict[str, tuple[str, int, int]])
    #: Characters of all prompts but the first, and of those that were not there before, by cause.
    all: int = 0
    fresh: Counter[str] = field(default_factory=Counter[str])

    def add(self, who: str, composed: Prompt, begins: int) -> None:
        """`begins`: the turn with which the history begins."""
        text = composed.system + "".join(each.text for each in composed.messages)
        moment = composed.messages[-1].parts[-1]
        tail = len(moment.text) if isinstance(moment, TextPart) else 0
        if who in self.before:
            old, old_begins, stable = self.before[who]
            lost = len(text) - _same_start(old, text)
            kept = _same_start(old, text) >= stable - len("\n\n")
            other = "the window slid" if begins != old_begins else "what was there changed"
            self.all += len(text)
            self.fresh["the moment"] += tail
            self.fresh["new lines" if kept else other] += lost - tail
        self.before[who] = (text, begins, len(text) - tail)

    @property
    def stable(self) -> float:
        """The share of all prompts that the same participant's call before had in its place."""
        return 1 - self.fresh.total() / self.all


@dataclass(slots=True)
class Long:
    """One conversation of many turns, and what each of them took."""

    millis: list[float] = field(default_factory=list[float])
    prompts: list[int] = field(default_factory=list[int])
    weights: list[int] = field(default_factory=list[int])
    calls: Calls = field(default_factory=Calls)


def _same_start(one: str, other: str) -> int:
    """For how many characters two texts are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def weight(state: ConversationState) -> int:
    """Bytes of a folded state with everything it holds; what all states share does not count."""
    seen, found, waiting = set[int](), 0, list[object]([state])
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, type | ModuleType | FunctionType):
            continue
        seen.add(id(each))
        found += getsizeof(each)
        waiting += gc.get_referents(each)
    return found


def talk(turns: int, seed: int = 1) -> Long:
    """The Stub talks, named and called to; after each turn the next prompt is composed."""
    stage = Headless([seat(index) for index in range(3)], seed=seed)
    long, card, write = Long(), load_house()[0], random_words(seed, addressing=0.2)
    random = Random(seed)
    while len(stage.played) < turns:
        before = len(stage.played)
        begun = process_time()
        stage.step(write)
        taken = 1000 * (process_time() - begun)
        if len(stage.played) == before:
            continue
        long.millis.append(taken)
        if before % CALLS == 0:
            stage.post(random.choice(CALLED))
        if before % 10 == 0:
            long.weights.append(weight(stage.state))
        decision = decide(stage.state, stage.now, labelled(stage.state))
        if isinstance(decision, Speak):
            composed = prompt.compose(stage.state, decision, card, budget_tokens=100_000)
            long.prompts.append(sum(map(len, (composed.system, *_texts(composed)))))
            long.calls.add(
                decision.participant_id, composed, prompt.begins_after(stage.state.finished)
            )
    return long


def _texts(composed: Prompt) -> list[str]:
    return [each.text for each in composed.messages]


def flat(values: Sequence[float], turns: int) -> float:
    """How the stretch that differs most compares with the first; 1 is flat."""
    a_turn = len(values) / turns
    first, size = round(BEGINS * a_turn), round((turns - BEGINS) * a_turn / STRETCHES)
    means = [mean(values[first + size * n : first + size * (n + 1)]) for n in range(STRETCHES)]
    return max((each / means[0] for each in means), key=lambda ratio: abs(ratio - 1))


def rows(turns: int = 2000) -> list[Row]:
    """The numbers of a conversation that does not end."""
    long = talk(turns)
    fake, held = "Stub", "± 20 % held to"
    return [
        Row.at_most("cost: processor ms a turn, everything on", mean(long.millis), 5, fake=fake),
        Row.between(f"flat over {turns} turns: time of a turn", flat(long.millis, turns),
                    0.8, 1.2, fake=fake, reference=held),
        Row.between(f"flat over {turns} turns: memory of the state", flat(long.weights, turns),
                    0.8, 1.2, fake=fake, reference=held),
        Row.between(f"flat over {turns} turns: prompt", flat(long.prompts, turns),
                    0.8, 1.2, fake=fake, reference=held),
        Row.at_least("prompt that stays from call to call", long.calls.stable, 0.85,
                     fake=fake, reference=".87 simulated, slides of 20"),
        *(Row.told(f"prompt that does not: {cause}", fresh / long.calls.all, fake=fake)
          for cause, fresh in long.calls.fresh.most_common()),
    ]  # fmt: skip


if __name__ == "__main__":
    show(rows())
