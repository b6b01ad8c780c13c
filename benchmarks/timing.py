"""The rows of the acceptance table that need corpora of people's talk.

    python -m benchmarks.timing --corpus DIR

Corpora are fetched by whoever wants the figures and never kept here. DIR holds JSON lines, one
file for each room, oldest message first: `{"at": seconds, "by": "name", "text": "…"}`. Rooms whose
file begins with `held-` are held out, and only they are measured; `game-*.jsonl` are live games
(LLMafia), against which speed 1.75 is held. Suitable ones, and how they were cleaned for the
design: freeCodeCamp/gitter-history (BSD-3), niveck/LLMafia (MIT): gaps above 180 s and messages
with code or links left out, changes of speaker only.
"""

import argparse
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import mean, median
from typing import Any

import numpy

from benchmarks.minds import TABLE, ks, ranks, spearman
from benchmarks.table import Row, show
from chimera.core import pacing, quality, signals
from chimera.core.conversation import Participant
from chimera.core.floor import survey
from chimera.core.parts import Line, Seat
from chimera.core.persona import Character, Traits
from chimera.core.state import ConversationState

LONGEST_GAP_S = 180.0
UNTYPED = re.compile(r"`|https?://")
#: Only so many lines back somebody is a candidate for the next one.
REACHES, FEWEST, WARMS_UP = 25, 2, 30
SEEDS, GAME_SPEED = 5, 1.75
#: Of the sampled check: how often, how many stretches of how many gaps; turns of a window.
DRAWS, TALKS, STRETCH, WINDOW = 20, 100, 20, 5


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a corpus."""

    at: float
    by: str
    text: str

    @property
    def words(self) -> int:
        return len(self.text.split())


Room = Sequence[Said]


def rooms(folder: Path, pattern: str) -> list[Room]:
    """The rooms of a corpus. Raises ValueError for a line that is none."""
    found: list[Room] = []
    for path in sorted(folder.glob(pattern)):
        room: list[Said] = []
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            try:
                each = json.loads(line)
                room.append(Said(float(each["at"]), str(each["by"]), str(each["text"])))
            except (ValueError, KeyError, TypeError):
                raise ValueError(f"{path.name}, line {number}: no message") from None
        found.append([each for each in room if each.text.strip() and not UNTYPED.search(each.text)])
    return found


# --- gaps ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gap:
    """A change of speaker: seconds, words of the message and of the one before."""

    seconds: float
    words: int
    before: int

    @property
    def bucket(self) -> int:
        return pacing.bucket_of(self.words, self.before)


def gaps(room: Room) -> list[Gap]:
    changes = ((one, two) for one, two in pairwise(room) if one.by != two.by)
    known = (Gap(two.at - one.at, two.words, one.words) for one, two in changes)
    return [each for each in known if 0 < each.seconds <= LONGEST_GAP_S]


def planned(chains: Sequence[Sequence[Gap]], seed: int, *, scale: float = 1.0) -> list[float]:
    """Gaps of our own for the same lines: one effect for each room, and what stays of the last."""
    random, drawn = Random(seed), list[float]()
    for chain in chains:
        room, kept = pacing.normal(random), pacing.normal(random)
        for gap in chain:
            fresh = math.sqrt(1 - pacing.MEMORY**2) * pacing.normal(random)
            kept = pacing.MEMORY * kept + fresh
            z = math.sqrt(pacing.CONVERSATION_SHARE) * room
            z += math.sqrt(1 - pacing.CONVERSATION_SHARE) * kept
            drawn.append(scale * math.exp(TABLE.ln_gap(gap.bucket, pacing.NORMAL.cdf(z))))
    return drawn


def gap_rows(held: Sequence[Room], games: Sequence[Room]) -> list[Row]:
    chains = [gaps(room) for room in held]
    human = [each.seconds for chain in chains for each in chain]
    words = [each.words for chain in chains for each in chain]
    ours = [planned(chains, seed) for seed in range(SEEDS)]
    rows = [
        Row.at_most(f"corpus: all {len(human):,} held-out gaps, KS, mean of {SEEDS} seeds",
                    mean(ks(each, human) for each in ours), 0.03, reference=".008–.028"),
        Row.between("corpus: Spearman of gap and words, ours",
                    mean(spearman(each, words) for each in ours), 0.15, 0.27, reference=".19"),
        Row.told("corpus: Spearman of gap and words, people", spearman(human, words),
                 reference=".21"),
    ]  # fmt: skip
    rows += [
        Row.at_most(f"corpus: {DRAWS} seeds × {TALKS} stretches × {STRETCH} gaps, mean KS",
                    mean(ks(planned(few, seed), human)
                         for seed, few in enumerate(stretches(chains))), 0.045,
                    reference="engine .029, people .029"),
        Row.told(f"corpus: {WINDOW}-turn windows told from people's, AUC (logistic)",
                 mean(told_apart(chains, seed) for seed in range(SEEDS)),
                 reference="boosted trees: ≤ .62; .55–.57"),
    ]  # fmt: skip
    if games:
        chains = [gaps(room) for room in games]
        live = [each.seconds for chain in chains for each in chain]
        scale = pacing.scale_of(GAME_SPEED)
        rows.append(Row.at_most(
            f"corpus: speed {GAME_SPEED} against {len(live):,} gaps of games, KS",
            mean(ks(planned(chains, seed, scale=scale), live) for seed in range(SEEDS)), 0.04,
            reference=".025; 5 % critical .037"))  # fmt: skip
    return rows


def stretches(chains: Sequence[Sequence[Gap]]) -> Iterator[list[Sequence[Gap]]]:
    """For each seed some runs of gaps as they followed on each other, from anywhere."""
    long = [chain for chain in chains if len(chain) >= STRETCH] or list(chains)
    for seed in range(DRAWS):
        random = Random(seed)
        picked = [random.choice(long) for _ in range(TALKS)]
        starts = [random.randint(0, max(0, len(chain) - STRETCH)) for chain in picked]
        yield [chain[start : start + STRETCH] for chain, start in zip(picked, starts, strict=True)]


def told_apart(chains: Sequence[Sequence[Gap]], seed: int) -> float:
    """The area under the curve of a classifier of windows, people's against ours; .5: none can.

    The design's figures are of boosted trees. This is a ridge logistic regression over the logs of
    gaps and words, their squares and their products, taught by every other window.
    """
    ours = [planned([chain], seed + 1000 * place) for place, chain in enumerate(chains)]
    human = [[each.seconds for each in chain] for chain in chains]
    rows = [
        (_features(chain[at : at + WINDOW], seconds[at : at + WINDOW]), people)
        for people, drawn in ((1.0, human), (0.0, ours))
        for chain, seconds in zip(chains, drawn, strict=True)
        for at in range(0, len(chain) - WINDOW + 1, WINDOW)
    ]
    x, y = numpy.array([row for row, _ in rows]), numpy.array([each for _, each in rows])
    if len(x) < 2 * WINDOW:
        return 0.5
    x = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-9)
    x = numpy.hstack([x, numpy.ones((len(x), 1))])
    weights = _logistic(x[::2], y[::2])
    scores, truth = x[1::2] @ weights, y[1::2]
    places = numpy.array(ranks(scores.tolist()))
    yes, no = float(truth.sum()), float((1 - truth).sum())
    if not yes or not no:
        return 0.5
    return float((places[truth == 1].sum() - yes * (yes - 1) / 2) / (yes * no))


def _features(window: Sequence[Gap], seconds: Sequence[float]) -> list[float]:
    logs = [math.log(each + 0.05) for each in seconds]
    words = [math.log(1 + each.words) for each in window]
    numbers = [*logs, *words]
    return [*numbers, *(one * two for n, one in enumerate(numbers) for two in numbers[n:])]


def _logistic(x: "numpy.ndarray[Any, Any]", y: "numpy.ndarray[Any, Any]") -> Any:
    """Newton's steps with a ridge of 1."""
    weights = numpy.zeros(x.shape[1])
    for _ in range(15):
        chances = 1 / (1 + numpy.exp(-numpy.clip(x @ weights, -30, 30)))
        slope = x.T @ (chances - y) + weights
        curve = (x.T * (chances * (1 - chances))) @ x + numpy.eye(x.shape[1])
        weights -= numpy.linalg.solve(curve, slope)
    return weights


# --- who speaks next -----------------------------------------------------------------------------


def decisions(room: Room) -> Iterator[tuple[ConversationState, str]]:
    """The state before each change of speaker with several candidates, and who took the floor."""
    cast = {name: _seated(name, place) for place, name in enumerate({each.by: 0 for each in room})}
    lines = _lines(room, cast)
    for place in range(WARMS_UP, len(room)):
        window = lines[place - REACHES : place]
        last, follows = window[-1].participant_id, lines[place].participant_id or ""
        present = {each.participant_id: 0 for each in window}
        if follows == last or follows not in present or len(present) - 1 < FEWEST:
            continue
        seats = tuple(
            _seat(each, window) for each in cast.values() if each.id in present
        )  # fmt: skip
        yield ConversationState(
            id="cnv_corpus", status="running", seats=seats, lines=tuple(window),
            finished=REACHES, started=REACHES, messages=REACHES,
        ), follows  # fmt: skip


def _seated(name: str, place: int) -> Participant:
    plain = re.sub(r"[^\w-]", "", name) or "somebody"
    return Participant(
        id=f"par_{place}", persona_id=f"per_{place}", slug=f"p{place}", name=plain, short=plain,
        color="steel", mask="nobody", provider="corpus", model="people",
        character=Character(traits=Traits()),
    )  # fmt: skip


def _lines(room: Room, cast: Mapping[str, Participant]) -> list[Line]:
    lines: list[Line] = []
    everybody = list(cast.values())
    for place, each in enumerate(room):
        who, near = cast[each.by], lines[-REACHES:]
        known = {line.participant_id for line in near} | {who.id}
        around = [other for other in everybody if other.id in known]
        lines.append(Line(
            seq=place + 1, message_id=f"msg_{place}", turn=place % 1_000_000, at=round(each.at),
            participant_id=who.id, kind="persona", name=who.name, text=each.text,
            addressed=signals.addressed(each.text, around, who.id, near),
            questions=signals.count_questions(each.text),
        ))  # fmt: skip
    return lines


def _seat(who: Participant, window: Sequence[Line]) -> Seat:
    mine = [n for n, each in enumerate(window, 1) if each.participant_id == who.id]
    return Seat(participant=who, turns=len(mine), spoke=mine[-1])


def floor_rows(held: Sequence[Room]) -> list[Row]:
    rows: list[Row] = []
    goals = {"show": (0.58, None, ".583; NLL 1.08"), "human": (0.59, 0.83, ".597; NLL .822")}
    for name, (top, likelihood, reference) in goals.items():
        right, cost = list[bool](), list[float]()
        for state, follows in (each for room in held for each in decisions(room)):
            chances = {each.id: each.chance for each in survey(replace(state, director=name))}
            right.append(max(chances, key=lambda each: chances[each]) == follows)
            cost.append(-math.log(max(chances[follows], 1e-9)))
        if not right:
            continue
        what = f"corpus: next speaker, {name}, {len(right):,} decisions"
        rows.append(Row.at_least(f"{what}, top-1", mean(right), top, reference=reference))
        if likelihood:
            rows.append(Row.at_most(f"{what}, NLL", mean(cost), likelihood, reference=reference))
    return rows


# --- loops and quality ---------------------------------------------------------------------------


def words_rows(held: Sequence[Room]) -> list[Row]:
    stretches, alarms = list[list[Line]](), list[bool]()
    for room in held:
        lines = _lines(room, {each.by: _seated(each.by, n) for n, each in enumerate(room)})
        starts = range(0, len(lines) - quality.SCORED + 1, quality.SCORED)
        stretches += [lines[start : start + quality.SCORED] for start in starts]
        ends = range(quality.LOOP_WINDOW, len(lines) + 1, quality.LOOP_WINDOW)
        alarms += [quality.loop(quality.window(lines[:end])).found for end in ends]
    rows: list[Row] = []
    if alarms:
        rows.append(Row.at_most(f"corpus: {len(alarms):,} windows of people that alarm",
                                mean(alarms), 0.01, reference="0 of 1,971"))  # fmt: skip
    if len(stretches) >= FEWEST:
        human = [quality.score(each).value for each in stretches]
        dealt = [quality.score(each).value for each in _dealt(stretches)]
        area = mean((one > two) + 0.5 * (one == two) for one in human for two in dealt)
        rows += [
            Row.between("corpus: quality of people, median", median(human), 70, 85, reference="77"),
            Row.at_least("corpus: quality, people against dealt lines, AUC", area, 0.9,
                         reference=".98"),
        ]  # fmt: skip
    return rows


def _dealt(stretches: Sequence[Sequence[Line]]) -> Iterator[list[Line]]:
    """Stretches of as many lines at random, dealt to three speakers."""
    pool, random = [line for each in stretches for line in each], Random(1)
    for each in stretches:
        yield [replace(line, participant_id=f"par_{place % 3}")
               for place, line in enumerate(random.sample(pool, len(each)))]  # fmt: skip


# --- the table -----------------------------------------------------------------------------------


def unread() -> list[Row]:
    """What the table says of these rows where nobody has brought a corpus."""
    return [Row(what="corpus rows: gaps, next speaker, loops, quality of people", ok=None,
                goal="see benchmarks.timing", measured="not run: no corpus here")]  # fmt: skip


def rows(folder: Path) -> list[Row]:
    """Raises ValueError for a folder without held-out rooms."""
    held = [room for room in rooms(folder, "held-*.jsonl") if len(room) > WARMS_UP]
    if not held:
        raise ValueError(f"{folder} has no room held-*.jsonl of more than {WARMS_UP} messages")
    games = rooms(folder, "game-*.jsonl")
    return [*gap_rows(held, games), *floor_rows(held), *words_rows(held)]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpus", type=Path, required=True, metavar="DIR")
    try:
        table = rows(parser.parse_args().corpus)
    except (OSError, ValueError) as error:
        print(error)
        return 2
    show(table)
    return int(any(row.ok is False for row in table))


if __name__ == "__main__":
    raise SystemExit(main())
