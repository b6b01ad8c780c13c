"""Whether the improv troupe is worth watching, as far as numbers can tell.

`python -m benchmarks.troupe` prints the table; `--read "Should cities ban cars?"` prints a play.
"""

import argparse
from collections.abc import Sequence

from benchmarks.headless import Headless
from chimera.core import events as ev
from chimera.core import signals
from chimera.core.conversation import Participant
from chimera.core.director import Speak
from chimera.core.generation import Scene
from chimera.core.persona import Persona, load_house
from chimera.core.state import ConversationState
from chimera.providers.scripted import Improvised, improvise, load_deck

DEFAULT_CAST = ("philosopher", "comedian", "scientist")


def seated(persona: Persona) -> Participant:
    """A house persona in its chair, played by the troupe."""
    return Participant(
        id=f"par_{persona.slug}", persona_id=persona.id, slug=persona.slug, name=persona.name,
        short=persona.short, color=persona.color, mask=persona.mask, provider="scripted",
        model="improv", character=persona.character,
    )  # fmt: skip


class Play(Headless):
    """A headless conversation that the troupe plays."""

    def __init__(
        self, topic: str, *, seed: int = 1, cast: Sequence[str] = DEFAULT_CAST
    ) -> None:
        house = {each.slug: each for each in load_house()}
        super().__init__([seated(house[slug]) for slug in cast], seed=seed, topic=topic)
        self.deck = load_deck()
        self.told: list[Improvised] = []

    def write(self, state: ConversationState, speak: Speak) -> str:
        line = improvise(Scene(state=state, speak=speak, turn=state.turn), self.deck)
        self.told.append(line)
        return line.text

    def finish(self, speak: Speak, text: str) -> None:
        turn = self.state.open_turn
        assert turn is not None
        read = signals.read(text, self.state.participants, speak.participant_id, self.state.lines)
        self.append(
            ev.MessageCompleted(
                turn_id=turn.turn_id, message_id=turn.message_id, text=text, scripted=True,
                participant_id=speak.participant_id,
                signals=read.model_copy(update={"improv": self.told[-1].signals}),
                route=ev.RouteRef(provider="scripted", model="improv"),
            )
        )  # fmt: skip


def play(topic: str, *, seed: int = 1, turns: int = 100, cast: Sequence[str] = DEFAULT_CAST) -> Play:
    """A whole play on a topic."""
    stage = Play(topic, seed=seed, cast=cast)
    stage.run(turns, stage.write)
    return stage


def script(stage: Play) -> str:
    """The play as it would be printed."""
    rows: list[str] = []
    told = iter(stage.told)
    for line in stage.state.lines:
        act = str(next(told).signals["act"]) if line.participant_id else ""
        rows.append(f"{line.name.removeprefix('The '):>12} {act:>12}  {line.text}")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--read", metavar="TOPIC")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--cast", default=",".join(DEFAULT_CAST))
    args = parser.parse_args()
    if args.read:
        stage = play(args.read, seed=args.seed, turns=args.turns, cast=args.cast.split(","))
        print(script(stage))


if __name__ == "__main__":
    main()
