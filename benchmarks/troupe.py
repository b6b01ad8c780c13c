"""Whether the improv troupe is worth watching, as far as numbers can tell.

`python -m benchmarks.troupe` prints the table; `--read "Should cities ban cars?"` prints a play.
"""

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import log
from statistics import mean
from time import process_time
from typing import Any

from pydantic import JsonValue

from benchmarks.table import Row, show
from chimera.core import events as ev
from chimera.core import signals
from chimera.core.conversation import Participant
from chimera.core.director import Speak
from chimera.core.generation import Scene
from chimera.core.persona import Persona, load_house
from chimera.core.state import ConversationState, Line
from chimera.lab.headless import Headless
from chimera.providers.scripted import Improvised, improvise, load_deck
from chimera.providers.scripted.frames import frame_of
from chimera.providers.scripted.novelty import word_set, words

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

    def __init__(self, topic: str, *, seed: int = 1, cast: Sequence[str] = DEFAULT_CAST) -> None:
        house = {each.slug: each for each in load_house()}
        super().__init__([seated(house[slug]) for slug in cast], seed=seed, topic=topic)
        self.deck = load_deck()
        self.told: list[Improvised] = []
        self._newest: dict[str, Improvised] = {}

    def write(self, state: ConversationState, speak: Speak) -> str:
        line = improvise(Scene(state=state, speak=speak, turn=state.turn), self.deck)
        self.told.append(line)
        self._newest[speak.participant_id] = line
        return line.text

    def improv(self, who: str) -> Mapping[str, Any]:
        return self._newest[who].told


def play(
    topic: str, *, seed: int = 1, turns: int = 100, cast: Sequence[str] = DEFAULT_CAST
) -> Play:
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


# --- figures -----------------------------------------------------------------------------------

TOPICS = (
    "Should cities ban cars?", "tea or coffee", "why do cats stare at walls", "time travel",
    "my landlord", "Ist Langeweile nützlich?", "Can a machine be bored?",
    "How many friends do you need?",
    "Is homework pointless?", "pineapple on pizza", "Why is the sky blue?", "How do bees decide?",
    "Should we tip?", "What is love?", "Do dogs know they are dogs?", "universal basic income",
    "Would you live forever?", "Is a hot dog a sandwich?", "books vs films", "the four-day week",
)  # fmt: skip
_AGREEING = re.compile(
    r"\b(agree|exactly|absolutely|totally|indeed|well said|so true|good point|great point|"
    r"precisely|wonderful|fascinating|you're right)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one play measures."""

    exact: int
    near: int
    rep4: float
    named: float
    longest_unnamed: int
    linked: float
    asked: int
    answered_next: int
    given_floor: int
    claims: int
    met: int
    speaker: float
    loops: int
    millis: float


def measure(stage: Play, millis: float = 0.0) -> Figures:
    """All figures of a play."""
    lines = [line for line in stage.state.lines if line.participant_id]
    texts = [line.text for line in lines]
    marks = _names_topic(stage)
    hits = [each == "x" for each in marks if each != "|"]
    asked, given, answered = _asks(lines)
    claims, met = _claims(lines)
    return Figures(
        exact=len(texts) - len(set(texts)),
        near=sum(
            any(signals.jaccard(text, old) > 0.6 for old in texts[max(0, place - 150) : place])
            for place, text in enumerate(texts)
        ),
        rep4=signals.repeated(texts), named=sum(hits) / len(hits),
        longest_unnamed=max(map(len, marks.replace("|", "x").split("x"))),
        linked=_linked(lines), asked=asked, given_floor=given, answered_next=answered,
        claims=claims, met=met, speaker=guessed(lines),
        loops=sum(_flags(texts[end - 12 : end]) >= 2 for end in range(12, len(texts) + 1)),
        millis=millis,
    )  # fmt: skip


def _names_topic(stage: Play) -> str:
    """An "x" for each line that names the topic of its time, else a point; "|" for a new topic."""
    marks, names = "", frozenset[str]()
    for envelope in stage.log:
        match envelope.body:
            case ev.ConversationCreated(topic=topic) | ev.TopicChanged(topic=topic):
                names, marks = frame_of(topic, stage.deck.lexicon).named, f"{marks}|"
            case ev.MessageCompleted(text=text):
                marks += "x" if names & word_set(text) else "."
            case _:
                pass
    return marks


def _linked(lines: Sequence[Line]) -> float:
    """Share of lines that take up a content word of one of the three before, by others."""
    linked = 0
    for place, line in enumerate(lines[1:], start=1):
        mine = {each for each in signals.content_words(line.text) if len(each) > 3}
        linked += any(
            mine & signals.content_words(other.text)
            for other in lines[max(0, place - 3) : place]
            if other.participant_id != line.participant_id
        )
    return linked / (len(lines) - 1)


def _improv(line: Line) -> dict[str, JsonValue]:
    return (line.signals.improv or {}) if line.signals else {}


def _asks(lines: Sequence[Line]) -> tuple[int, int, int]:
    """Questions by name, those whose addressee spoke next, those that were then answered."""
    asked = given = answered = 0
    for line, after in pairwise(lines):
        target = _improv(line).get("ask")
        if target is None:
            continue
        asked += 1
        if after.participant_id == target:
            given += 1
            answered += _improv(after).get("act") == "ANSWER"
    return asked, given, answered


def _claims(lines: Sequence[Line]) -> tuple[int, int]:
    """Claims that had ten lines to be met in, and those that were."""
    made = met = 0
    for place, line in enumerate(lines[:-10]):
        claim = _improv(line).get("claim")
        if claim is None:
            continue
        made += 1
        met += any(
            _improv(after).get("on") == claim
            and _improv(after).get("act") in {"CHALLENGE", "ANSWER", "CONCEDE"}
            for after in lines[place + 1 : place + 11]
        )
    return made, met


def guessed(lines: Sequence[Line]) -> float:
    """Share of lines whose speaker naive Bayes names from the words of all the other lines."""
    bags = [(line.participant_id or "", Counter(words(line.text))) for line in lines]
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    for speaker, bag in bags:
        totals[speaker].update(bag)
    vocabulary = len({word for total in totals.values() for word in total})
    right = 0
    for speaker, bag in bags:
        scores: dict[str, float] = {}
        for other, total in totals.items():
            rest = total - bag if other == speaker else total
            size = rest.total() + 0.5 * vocabulary
            scores[other] = sum(n * log((rest[word] + 0.5) / size) for word, n in bag.items())
        right += max(scores, key=lambda each: scores[each]) == speaker
    return right / len(bags)


def _flags(texts: Sequence[str]) -> int:
    """Flags of the loop detector (`engine.md` section 11.1) on one window."""
    window = [text for text in texts if len(text.split()) >= 6]
    if len(window) < 4:
        return 0
    openings = Counter(tuple(words(text)[:2]) for text in window)
    endings = Counter(tuple(words(text)[-2:]) for text in window)
    half = len(window) // 2
    first = {w for text in window[:half] for w in words(text) if len(w) > 3}
    second = [w for text in window[half:] for w in words(text) if len(w) > 3]
    likest = max(signals.jaccard(a, b) for a, b in combinations(window, 2))
    return sum((
        signals.repeated(window) > 0.10,
        likest > 0.60,
        max(openings.values()) / len(window) >= 0.34,
        max(endings.values()) / len(window) >= 0.25,
        sum(bool(_AGREEING.search(text.lower())) for text in window) / len(window) >= 0.60,
        len({w for w in second if w not in first}) / max(1, len(set(second))) < 0.50,
    ))  # fmt: skip


def timed(topic: str, seed: int, turns: int) -> Figures:
    began = process_time()
    stage = Play(topic, seed=seed)
    spent = 0.0

    def write(state: ConversationState, speak: Speak) -> str:
        nonlocal spent
        before = process_time()
        text = stage.write(state, speak)
        spent += process_time() - before
        return text

    stage.run(turns, write)
    assert process_time() > began
    return measure(stage, 1000 * spent / turns)


def rows(topics: Sequence[str] = TOPICS, seeds: int = 3, turns: int = 100) -> list[Row]:
    """The rows of the table."""
    got = [timed(topic, seed, turns) for topic in topics for seed in range(1, seeds + 1)]

    def row(what: str, goal: str, value: float, ok: bool) -> Row:
        return Row(what=f"improv: {what}", goal=goal, measured=f"{value:.3g}", ok=ok)

    exact, near = sum(each.exact for each in got), sum(each.near for each in got)
    rep4 = max(each.rep4 for each in got)
    named, gap = min(each.named for each in got), max(each.longest_unnamed for each in got)
    low, high = min(each.linked for each in got), max(each.linked for each in got)
    linked = mean(each.linked for each in got)
    answered = sum(each.answered_next for each in got) / sum(each.given_floor for each in got)
    floor = sum(each.given_floor for each in got) / sum(each.asked for each in got)
    met = sum(each.met for each in got) / sum(each.claims for each in got)
    speaker, worst = mean(each.speaker for each in got), min(each.speaker for each in got)
    loops, millis = sum(each.loops for each in got), mean(each.millis for each in got)
    return [
        row("exact repeats", "0", exact, exact == 0),
        row("near repeats (Jaccard > .6)", "0", near, near == 0),
        row("repeated 4-grams, worst play", "<= .06", rep4, rep4 <= 0.06),
        row("turns that name the topic, worst play", ">= .25", named, named >= 0.25),
        row("lines in a row without it, worst play", "<= 7", gap, gap <= 7),
        row("linked turns, mean", ".5-.8", linked, 0.5 <= linked <= 0.8),
        row("linked turns, lowest play", ".5-.8", low, low >= 0.5),
        row("linked turns, highest play", ".5-.8", high, high <= 0.8),
        row("asked by name: that one has the floor next", ">= .95", floor, floor >= 0.95),
        row("asked and given the floor: answers", "1.00", answered, answered == 1),
        row("claims met within 10 turns", ">= .60", met, met >= 0.6),
        row("speaker named by naive Bayes, mean", ">= .8", speaker, speaker >= 0.8),
        row("speaker named by naive Bayes, worst play", "", worst, worst >= 0.7),
        row("loop windows", "0", loops, loops == 0),
        row("milliseconds of processor time for a line", "< 2", millis, millis < 2),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--read", metavar="TOPIC")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--cast", default=",".join(DEFAULT_CAST))
    args = parser.parse_args()
    if args.read:
        stage = play(args.read, seed=args.seed, turns=args.turns, cast=args.cast.split(","))
        print(script(stage))
    else:
        show(rows(seeds=args.seeds, turns=args.turns))


if __name__ == "__main__":
    main()
