"""What is measured of one play: numbers read off its log, each with what it means."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median
from typing import Any, Literal, TypeVar

from chimera.core import events as ev
from chimera.core import quality, signals
from chimera.core.company import duets
from chimera.core.parts import Line
from chimera.core.state import ConversationState, apply

#: A typist at 52 words a minute (`engine.md` section 5).
WORD_S = 60 / 52
#: Two lines with more of their words in common are near copies; so far back they are looked for.
NEAR_COPY, COPY_REACHES = 0.6, 30
LATE_MS = 250

Better = Literal["higher", "lower", "neither"]
Body = TypeVar("Body", bound=ev.Body)


@dataclass(frozen=True, slots=True)
class Play:
    """A log with what several measures need of it."""

    log: Sequence[ev.Envelope]
    state: ConversationState
    #: All turns of the cast, a duet with both its lines; the state keeps only the last of them.
    turns: Sequence[tuple[Line, ...]]

    @property
    def lines(self) -> Sequence[Line]:
        return [line for turn in self.turns for line in turn]

    def bodies(self, kind: type[Body]) -> list[Body]:
        return [each.body for each in self.log if isinstance(each.body, kind)]


def read(log: Sequence[ev.Envelope]) -> Play:
    """Fold a log."""
    state, turns = ConversationState(id=log[0].conversation_id), list[tuple[Line, ...]]()
    for each in log:
        state = apply(state, each)
        if isinstance(each.body, ev.MessageCompleted):
            turns.append(duets.of_message(state, state.lines[-1]))
    return Play(log, state, turns)


# --- the floor -----------------------------------------------------------------------------------


def _speakers(play: Play) -> list[frozenset[str]]:
    return [_who(turn) for turn in play.turns]


def _who(turn: Sequence[Line]) -> frozenset[str]:
    return frozenset(line.participant_id or "" for line in turn)


def _gini(play: Play) -> float | None:
    """Half a turn for each of a duet."""
    shares = dict.fromkeys((each.id for each in play.state.participants), 0.0)
    for who in _speakers(play):
        for each in who & shares.keys():
            shares[each] += 1 / len(who)
    return quality.gini([*shares.values()])


def _aba(play: Play) -> float | None:
    """Only changes of speaker count: who goes on is nobody's answer."""
    who = _speakers(play)
    triples = zip(who, who[1:], who[2:], strict=False)
    return _share(not one.isdisjoint(three) for one, two, three in triples if one != two)


def _answered(play: Play) -> float | None:
    return _share(
        before[-1].addressed[0] in _who(after)
        for before, after in pairwise(play.turns) if before[-1].addressed
    )  # fmt: skip


def _longest_wait(play: Play) -> float | None:
    longest, last = 0, dict.fromkeys((each.id for each in play.state.participants), 0)
    for turn, who in enumerate(_speakers(play), 1):
        last |= dict.fromkeys(who, turn)
        longest = max(longest, *(turn - each for each in last.values()))
    return longest


# --- time ----------------------------------------------------------------------------------------


def _gaps(play: Play) -> list[tuple[float, int]]:
    """Seconds from landing to landing at a change of speaker, with the words that came."""
    return [
        ((after[0].at - before[0].at) / 1000, sum(line.words for line in after))
        for before, after in pairwise(play.turns) if _who(before).isdisjoint(_who(after))
    ]  # fmt: skip


def _below_typing(play: Play) -> float | None:
    return _share(gap < WORD_S * words for gap, words in _gaps(play))


def _late(play: Play) -> float | None:
    timings = [each.timings for each in play.bodies(ev.MessageCompleted) if each.timings]
    return _share((each.late_ms or 0) > LATE_MS for each in timings)


# --- words ---------------------------------------------------------------------------------------


def _near_copies(play: Play) -> float | None:
    bags = [frozenset(signals.tokens(line.text)) for line in play.lines]
    return _share(
        any(signals.overlap(bag, each) > NEAR_COPY for each in bags[max(0, at - COPY_REACHES) : at])
        for at, bag in enumerate(bags) if at
    )  # fmt: skip


def _component(name: str) -> "Measuring":
    def measured(play: Play) -> float | None:
        return quality.score(play.lines[-quality.SCORED :]).parts.get(name)

    return measured


def _score(play: Play) -> float | None:
    if len(play.lines) < quality.LEAST_SCORED:
        return None
    return quality.score(play.lines[-quality.SCORED :]).value


# --- what happened -------------------------------------------------------------------------------


def _noted(because: str) -> "Measuring":
    return lambda play: float(
        sum(each.because == because for each in play.bodies(ev.DirectorNoted))
    )


def _understudied(play: Play) -> float | None:
    return _share(
        each.route.understudy_for is not None for each in play.bodies(ev.MessageCompleted)
    )


def _count(kind: type[Any]) -> "Measuring":
    return lambda play: float(len(play.bodies(kind)))


def _alliances(play: Play) -> float | None:
    return float(sum(each.alliance == "formed" for each in play.bodies(ev.RelationChanged)))


def _hostile(play: Play) -> float | None:
    return float(sum(each.conflict == "hostile" for each in play.bodies(ev.RelationChanged)))


def _share(true: Iterable[bool]) -> float | None:
    """How many of these; None of none."""
    found = list(true)
    return fmean(found) if found else None


# --- the list ------------------------------------------------------------------------------------

Measuring = Callable[[Play], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number of a play; None where the play has nothing to measure."""

    name: str
    title: str
    means: str
    better: Better
    of: Measuring


def _measure(name: str, title: str, means: str, better: Better, of: Measuring) -> Measure:
    return Measure(name=name, title=title, means=means, better=better, of=of)


MEASURES: tuple[Measure, ...] = (
    _measure("turns", "Lines", "Lines of the cast until the end.", "neither",
             lambda play: float(len(play.turns))),
    _measure("minutes", "Minutes", "From the first event to the last, as a viewer waits.",
             "neither", lambda play: (play.log[-1].at - play.log[0].at) / 60_000),
    _measure("score", "Quality", "The score of the last sixty lines, 0 to 100.", "higher", _score),
    _measure("response", "Response", "Lines that take up what was said, as the score has it.",
             "higher", _component("response")),
    _measure("closure", "Closure", "Questions that were answered, as the score has it.",
             "higher", _component("closure")),
    _measure("coherence", "Coherence", "Whether the talk hangs together, as the score has it.",
             "higher", _component("coherence")),
    _measure("distinct", "Distinct voices", "Whether the words tell the speaker.", "higher",
             _component("distinct")),
    _measure("near_copies", "Near copies", "Lines that share most of their words with one of the"
             " thirty before.", "lower", _near_copies),
    _measure("repeated", "Repeated runs", "Runs of four words that stood there before.", "lower",
             lambda play: signals.repeated(line.text for line in play.lines)),
    _measure("gini", "Inequality of the floor", "Gini of the shares of the floor; 0 is equal.",
             "neither", _gini),
    _measure("aba", "Back and forth", "Lines by whoever spoke the last but one.", "neither", _aba),
    _measure("answered", "Addressee next", "How often the one who was named spoke next.", "higher",
             _answered),
    _measure("longest_wait", "Longest wait", "Most lines that somebody was silent for.", "lower",
             _longest_wait),
    _measure("gap", "Median gap", "Seconds from line to line at a change of speaker.", "neither",
             lambda play: median([gap for gap, _ in _gaps(play)]) if _gaps(play) else None),
    _measure("below_typing", "Gaps below typing time", "Lines that came sooner than 52 words a"
             " minute type them.", "neither", _below_typing),
    _measure("late", "Late lines", "Lines whose text came over 250 ms after their time.", "lower",
             _late),
    _measure("loops", "Steps against loops", "Steps of the ladder against talk in circles.",
             "lower", _noted("loop")),
    _measure("lulls", "Steps against lulls", "Steps of the ladder against silence.", "lower",
             _noted("lull")),
    _measure("topics", "Changes of topic", "By the director, by drift or by a viewer.", "neither",
             _count(ev.TopicChanged)),
    _measure("notes", "Notes", "What the cast took down to remember.", "neither",
             _count(ev.NoteTaken)),
    _measure("alliances", "Alliances", "Alliances that were formed.", "neither", _alliances),
    _measure("hostile", "Hostilities", "How often a pair became hostile.", "lower", _hostile),
    _measure("failures", "Failed turns", "Turns that ended without a line.", "lower",
             _count(ev.TurnFailed)),
    _measure("understudies", "Understudies", "Lines that another route read.", "lower",
             _understudied),
    _measure("tokens", "Tokens", "Of all prompts and answers.", "lower",
             lambda play: float(play.state.tokens)),
    _measure("cost", "Cost", "US dollars.", "lower", lambda play: play.state.cost),
)  # fmt: skip


def measure(log: Sequence[ev.Envelope]) -> Mapping[str, float | None]:
    """Every measure of a play."""
    play = read(log)
    return {each.name: _rounded(each.of(play)) for each in MEASURES}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
