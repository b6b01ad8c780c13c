"""When a line lands, how long it should be, and what is seen of it before it is there.

The gaps are those of people (`engine.md` section 5): a table of measured quantiles by length, and
a latent process that makes some conversations slower than others. Every draw comes from a
labelled generator, so that planning a turn twice gives one plan.
"""

import json
import math
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from statistics import NormalDist, median
from typing import TYPE_CHECKING

from chimera.core import mood
from chimera.core.conversation import Participant
from chimera.core.events import PaceDraw

if TYPE_CHECKING:
    from chimera.core.director import Speak
    from chimera.core.state import ConversationState, Line

#: A random source for each purpose; equal labels of one turn draw equal numbers.
Rng = Callable[[str], Random]

NORMAL = NormalDist()

#: Share of the variance of gaps that lies between conversations, and how a gap remembers the last.
CONVERSATION_SHARE = 0.19
MEMORY = 0.055
#: Nobody who speaks to the stage waits in the long tail.
HUMAN_QUANTILE = 0.75
FIRST_TURN_S = 2.0
#: Scale at speed 1, and how far a persona's tempo moves a gap (as an exponent).
LIVELY = 0.35
TEMPO_REACH = 0.25
#: `bucket` of a gap that is not from the table, because the same speaker goes on.
OWN = -1
LONGEST_LEAD_S = 45.0
INSTANT_S = 0.25
BEAT_WORDS, BEAT_S = 3, 12.0
CHARS_PER_WORD = 5.7
AFTERTHOUGHT_WORDS = 12

_CLAUSE = re.compile(r"[,;:.!?…—–]+(?=\s)")


@dataclass(frozen=True, slots=True, kw_only=True)
class GapTable:
    """Quantiles of ln seconds: a row for each bucket, the same levels for all."""

    levels: tuple[float, ...]
    rows: tuple[tuple[float, ...], ...]

    def ln_gap(self, bucket: int, level: float) -> float:
        """The logarithm of the gap at a quantile; constant beyond the first and last level."""
        row, levels = self.rows[bucket], self.levels
        place = bisect_right(levels, level)
        if place == 0:
            return row[0]
        if place == len(levels):
            return row[-1]
        share = (level - levels[place - 1]) / (levels[place] - levels[place - 1])
        return row[place - 1] + share * (row[place] - row[place - 1])


@cache
def load_table() -> GapTable:
    """The measured table that ships with the house."""
    source = resources.files("chimera") / "data" / "pacing_gap_quantiles.json"
    data = json.loads(source.read_text("utf-8"))
    rows = data["ln_gap_q"]
    return GapTable(
        levels=tuple(data["p"]), rows=tuple(tuple(rows[str(each)]) for each in range(len(rows)))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnPlan:
    """The timing of one turn. Seconds; all but `gap_s` count from the start of the turn.

    The turn starts `lead_s` before its message is due, that is `start_s` after the last one landed.
    """

    #: From the landing of the previous message to the landing of this one, in every mode.
    gap_s: float
    #: What the mode really waits of it.
    wait_s: float
    lead_s: float
    draw: PaceDraw
    #: When the indicator is on, as [on, off] in milliseconds of the turn.
    typing: tuple[tuple[int, int], ...] = ()
    #: When letters begin to flow after the previous landing, and how fast; None where none do.
    flow_start_s: float | None = None
    flow_cps: float | None = None

    @property
    def start_s(self) -> float:
        """From the landing of the previous message to the start of this turn."""
        return self.wait_s - self.lead_s

    @property
    def pause_ms(self) -> int:
        """The planned gap as `turn.started` states it."""
        return round(1000 * self.gap_s)


def normal(random: Random) -> float:
    """A standard normal draw that costs exactly one number of the source."""
    # random() can be 0, where the inverse is not defined.
    return NORMAL.inv_cdf(max(random.random(), 1e-12))


def scale_of(speed: float) -> float:
    """What a measured second lasts at a speed."""
    return LIVELY / speed


def bucket_of(words: int, previous: int) -> int:
    """The row of the table for a line of `words` after one of `previous`."""
    length = bisect_right((3.5, 8.5, 15.5), words)
    return 2 * length + (previous > 9)


# --- gaps --------------------------------------------------------------------------------------


def plan(
    state: "ConversationState",
    speak: "Speak",
    text: str | None,
    rng: Rng,
    table: GapTable | None = None,
) -> TurnPlan:
    """The timing of the coming turn, by its true text or, while there is none, by its target.

    The latent values do not depend on the text: planning again once it is known moves the gap
    only as far as the length asks for.
    """
    seat = state.seat(speak.participant_id)
    participant = seat.participant
    words = len(text.split()) if text is not None else speak.words
    draw, gap = _gap(state, speak, words, rng("pace"), table or load_table())
    chars = float(len(text)) if text is not None else words * CHARS_PER_WORD
    match state.pace.mode:
        case "stream":
            return _streamed(gap, draw, chars)
        case "human":
            stops = _stops(text, words)
            cps = participant.character.traits.cps * mood.quickened(seat.feeling)
            return _typed(gap, draw, chars / cps, stops, rng("indicator"))
        case "instant":
            return TurnPlan(gap_s=gap, wait_s=INSTANT_S, lead_s=0.0, draw=draw)


def _gap(
    state: "ConversationState", speak: "Speak", words: int, random: Random, table: GapTable
) -> tuple[PaceDraw, float]:
    last, scale = state.pace_draw, scale_of(state.pace.speed)
    fresh, shock = normal(random), normal(random)
    u = last.u if last else fresh
    if speak.cause == "continued" and last:
        gap = math.exp(0.893 + 0.860 * math.log(1 + words) + 0.831 * shock)
        clipped = scale * min(max(gap, 0.4), 180.0)
        draw = PaceDraw(u=u, e=last.e, z=shock, bucket=OWN, words=words, scale=scale)
        return draw, clipped
    e = MEMORY * last.e + math.sqrt(1 - MEMORY**2) * shock if last else shock
    z = math.sqrt(CONVERSATION_SHARE) * u + math.sqrt(1 - CONVERSATION_SHARE) * e
    level = NORMAL.cdf(z)
    if speak.human:
        level = min(level, HUMAN_QUANTILE)
    bucket = bucket_of(words, state.lines[-1].words if state.lines else 0)
    draw = PaceDraw(u=u, e=e, z=z, bucket=bucket, words=words, scale=scale)
    tempo = state.seat(speak.participant_id).participant.character.traits.tempo
    gap = scale * math.exp(TEMPO_REACH * (1 - 2 * tempo)) * math.exp(table.ln_gap(bucket, level))
    return draw, _shortened(state, speak, gap)


def _shortened(state: "ConversationState", speak: "Speak", gap: float) -> float:
    """The first turn neither keeps the house waiting nor falls on it; one given back goes on."""
    back = state.given_back
    if back and back.participant_id == speak.participant_id and not speak.human:
        return 0.0
    if state.finished == 0:
        return FIRST_TURN_S
    # Who breaks a silence has thought long enough.
    return max(gap, speak.silence_s + FIRST_TURN_S) if speak.silence_s else gap


def beat(state: "ConversationState", rng: Rng, table: GapTable | None = None) -> float:
    """Seconds of one silent beat: the gap before a line of three words, never very long."""
    scale, random = scale_of(state.pace.speed), rng("pace")
    if state.pace.mode == "instant":
        return INSTANT_S
    previous = state.lines[-1].words if state.lines else 0
    ln_gap = (table or load_table()).ln_gap(bucket_of(BEAT_WORDS, previous), random.random())
    return min(scale * math.exp(ln_gap), BEAT_S / state.pace.speed)


# --- what is seen ------------------------------------------------------------------------------


def _streamed(gap: float, draw: PaceDraw, chars: float) -> TurnPlan:
    """Letters flow at one rate and end when the message is due; what is left then comes at once."""
    lead_in = min(gap, max(0.4, min(0.25 * gap, 2.5)))
    room = gap - lead_in
    rate = min(max(chars / room, 15.0), 120.0) if room > 0 else 120.0
    start = min(gap, max(lead_in, gap - chars / rate))
    return TurnPlan(
        gap_s=gap, wait_s=gap, lead_s=gap - start, draw=draw, flow_start_s=start, flow_cps=rate
    )


def _typed(
    gap: float,
    draw: PaceDraw,
    seconds: float,
    stops: Sequence[float],
    random: Random,
) -> TurnPlan:
    """Only the indicator is seen, about as long as this persona types in `seconds` of its own."""
    typing_s = seconds * math.exp(0.25 * normal(random)) * draw.scale
    lead = min(max(typing_s, min(0.6, 0.5 * gap)), gap, LONGEST_LEAD_S)
    indicator = _indicator(lead, stops, draw.scale, random)
    return TurnPlan(gap_s=gap, wait_s=gap, lead_s=lead, draw=draw, typing=indicator)


def _stops(text: str | None, words: int) -> tuple[float, ...]:
    """Where clauses end, as shares of the line; every eight words while the text is not known."""
    if text:
        return tuple(match.end() / len(text) for match in _CLAUSE.finditer(text))
    return tuple(8 * each / words for each in range(1, (words - 1) // 8 + 1))


def _indicator(
    lead: float, stops: Sequence[float], scale: float, random: Random
) -> tuple[tuple[int, int], ...]:
    """On from the start to the landing, but for at most three thoughtful stops."""
    off: list[tuple[float, float]] = []
    silent = 0.0
    for stop in stops:
        pauses, length = random.random() < 0.25, scale * random.uniform(1.2, 3.0)
        begin = stop * lead
        free = not off or begin > off[-1][1]
        fits = begin + length < lead and silent + length <= lead / 2
        if pauses and free and fits and len(off) < 3:
            off.append((begin, begin + length))
            silent += length
    edges = [0.0, *(edge for pause in off for edge in pause), lead]
    marks = [round(1000 * edge) for edge in edges]
    return tuple((on, end) for on, end in zip(marks[::2], marks[1::2], strict=True) if end > on)


# --- lengths -----------------------------------------------------------------------------------


def length(state: "ConversationState", participant: Participant, rng: Rng) -> int:
    """How many words the coming line should have (`engine.md` section 5.2)."""
    random = rng("length")
    own = 10 * 6**participant.character.traits.verbosity
    recent = [line.words for line in state.lines[-5:]]
    usual = 0.6 * own + 0.4 * median(recent) if recent else own
    if state.phases.phase == "opening":
        usual *= 0.8
    usual *= mood.lengthened(state.seat(participant.id).feeling)
    drawn = usual * math.exp(0.6 * normal(random))
    interjects, short = random.random() < 0.12, random.randint(1, 4)
    if interjects and state.lines and not _asked(state.lines[-1], participant.id):
        return short
    return min(max(round(drawn), 1), 90)


def _asked(line: "Line", participant_id: str) -> bool:
    """Whether a line puts a question to the participant; a viewer's to nobody is for everybody."""
    if not line.questions:
        return False
    return participant_id in line.addressed or line.participant_id is None


def longest(words: int) -> int:
    """Words beyond which the guard cuts a line that was to have `words`."""
    return int(1.6 * words) + 10


def token_cap(words: int) -> int:
    """Tokens a model may write for a line of `words`."""
    return math.ceil(2.2 * words) + 40
