"""What reading a line costs, and how far the cues agree with what the troupe knows of its own.

The troupe's lines are oblique on purpose, so that these are the figures of a hard case: wherever
the troupe plays, its own account is taken and not what the cues find.
"""

from collections import Counter
from statistics import median, quantiles
from time import process_time
from typing import get_args

from benchmarks.table import Row, show
from benchmarks.troupe import Play
from chimera.core import events as ev
from chimera.core import signals, stance
from chimera.core.details import Act
from chimera.core.parts import Line
from chimera.engine.recall import load_sentiment

TOPICS = ("Should cities ban cars?", "Tea or coffee?", "Is a hot dog a sandwich?")
TURNS, REACHES = 60, 30

Read = list[tuple[Line, ev.MessageSignals]]


def read_again(play: Play, spent: list[float]) -> Read:
    """Each line with what the cues find in it, as if a model had written it."""
    lines = [each for each in play.state.lines if each.participant_id]
    found: Read = []
    for place, line in enumerate(lines):
        before, who = lines[max(0, place - REACHES) : place], line.participant_id or ""
        begun = process_time()
        told = signals.read(line.text, play.state.participants, who, before)
        told = stance.read(
            told, line.text, play.state.participants, who, before, load_sentiment(),
            topic=play.state.topic,
        )  # fmt: skip
        spent.append(1000 * (process_time() - begun))
        found.append((line, told))
    return found


def rows() -> list[Row]:
    spent: list[float] = []
    read: Read = []
    for seed, topic in enumerate(TOPICS, 1):
        play = Play(topic, seed=seed)
        play.run(TURNS, play.write)
        read += read_again(play, spent)
    return [
        Row.at_most("reading a line: median, ms", median(spent), 2.0),
        Row.at_most("reading a line: P95, ms", quantiles(spent, n=20)[-1], 2.0),
        *agreement(read),
    ]


def agreement(read: Read) -> list[Row]:
    """Shares of both sides' findings that the other shares (F1), and of positions alike."""
    both, ours, theirs = Counter[Act](), Counter[Act](), Counter[Act]()
    alike = placed = 0
    for line, told in read:
        truth = line.signals or ev.MessageSignals()
        for act in get_args(Act) if truth.acts else ():
            here, there = act in (told.acts or ()), act in (truth.acts or ())
            both[act], ours[act] = both[act] + (here and there), ours[act] + here
            theirs[act] += there
        if truth.position is not None and told.position is not None:
            placed += 1
            alike += (truth.position > 0) == (told.position > 0)
    found = [
        Row.told(
            f"acts: {act}, F1 with the troupe's own", 2 * both[act] / (ours[act] + theirs[act])
        )
        for act in get_args(Act)
        if ours[act] + theirs[act]
    ]
    return [*found, Row.told("positions on the same side as the troupe's", alike / max(1, placed))]


if __name__ == "__main__":
    show(rows())
