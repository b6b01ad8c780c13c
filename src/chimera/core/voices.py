"""How far somebody is from their own voice, by thirteen numbers that no model has to judge.

Burrows-style distance of the last lines from a baseline (`engine.md` section 11.3), in units of
what differs between people: the same speaker stays below 1.06 in 95 of 100 windows.
"""

import math
import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from statistics import mean, pstdev
from typing import TYPE_CHECKING

from chimera.core import quality, signals, untrusted
from chimera.core.conversation import Participant
from chimera.core.parts import Line, Seat

if TYPE_CHECKING:
    from chimera.core.state import ConversationState

Print = tuple[float, ...]

#: So many lines are a window, and fewer than so many say nothing.
WINDOW, LEAST = 12, 8
#: From so many own lines on they are the baseline, and no longer the card's.
SETTLED = 36
#: Beyond the first the speaker is reminded; beyond the second, twice running, tried twice.
STRAYS, LOST = 1.06, 1.22
#: Two whose lines are nearer than this share of their baselines' distance are merging.
MERGES = 0.6
#: Baselines that are no further apart than this are hardly two voices.
ALIKE = 0.41
SAMPLES, SAMPLE_CHARS = 3, 90
#: The variety of words falls with their number; so it is taken of as many for all.
TOKENS = 100

#: What each number varies by between people, as measured; the last two lists are English.
_SPREADS: Print = (
    0.38, 0.15, 0.14, 0.11, 0.22, 0.11, 0.13, 0.30, 0.08, 0.29, 0.31, 0.09, 0.21,
)  # fmt: skip
#: What each number is of, in the same order.
NAMES = (
    "length", "spread of lengths", "questions", "exclamations", "commas", "trailing off", "emoji",
    "long words", "variety of words", "capitals", "full stops", "hedges", "contractions",
)  # fmt: skip
_ENGLISH = 2
_CONTRACTION = re.compile(r"\w['’](?:s|t|re|ve|ll|d|m)\b", re.IGNORECASE)
_EMOJI = re.compile("[\U0001f300-\U0001faff☀-➿]")


@lru_cache(maxsize=256)
def of(texts: tuple[str, ...]) -> Print:
    """The voice-print of some lines of one speaker."""
    words = [signals.tokens(text) for text in texts]
    every = [word for line in words for word in line]
    count, tens = len(texts), max(1, len(every)) / 10
    lengths = [math.log(max(1, len(line))) for line in words]
    joined = " ".join(texts)
    return (
        mean(lengths),
        pstdev(lengths),
        sum("?" in text for text in texts) / count,
        sum("!" in text for text in texts) / count,
        joined.count(",") / tens,
        sum("…" in text or "..." in text for text in texts) / count,
        len(_EMOJI.findall(joined)) / count,
        mean(map(len, every)) if every else 0.0,
        len(set(every[:TOKENS])) / max(1, len(every[:TOKENS])),
        sum(text[:1].isupper() for text in texts) / count,
        sum(text.rstrip()[-1:] in ".!?…。" for text in texts) / count,
        len(quality.cues("hedges").findall(quality.plain(joined))) / tens,
        len(_CONTRACTION.findall(joined)) / tens,
    )


def distance(one: Print, other: Print, *, english: bool = True) -> float:
    """How far two voices are apart; 1 is as far as people differ from each other."""
    size = len(_SPREADS) if english else len(_SPREADS) - _ENGLISH
    return mean(abs(one[n] - other[n]) / _SPREADS[n] for n in range(size))


def differences(one: Print, other: Print, *, english: bool = True) -> dict[str, float]:
    """By how much the first voice has more of what each number counts, the most telling first."""
    size = len(_SPREADS) if english else len(_SPREADS) - _ENGLISH
    found = {NAMES[n]: (one[n] - other[n]) / _SPREADS[n] for n in range(size)}
    return dict(sorted(found.items(), key=lambda each: -abs(each[1])))


def alike(cards: Sequence[tuple[str, Sequence[str]]]) -> list[tuple[str, str, float]]:
    """Pairs of whom nobody could tell who is speaking, by the sample lines of their cards."""
    voiced = [(who, of(tuple(lines))) for who, lines in cards if len(lines) >= SAMPLES]
    near = ((one, other, distance(a, b)) for (one, a), (other, b) in combinations(voiced, 2))
    return sorted((each for each in near if each[2] <= ALIKE), key=lambda each: each[2])


def settled(
    seats: tuple[Seat, ...], lines: Sequence[Line], who: Container[str | None]
) -> tuple[Seat, ...]:
    """The seats with the baseline of whoever has just said enough for one."""
    return tuple(
        replace(seat, voice=of(tuple(_own(lines, seat.id)[-SETTLED:])))
        if seat.id in who and seat.voice is None and seat.turns >= SETTLED
        else seat
        for seat in seats
    )


def _own(lines: Sequence[Line], who: str) -> list[str]:
    return [line.text for line in lines if line.participant_id == who and line.words > 1]


def baseline(seat: Seat) -> Print | None:
    """How somebody sounds: what they settled on, before that as the card has it."""
    samples = seat.participant.character.sample_lines
    return seat.voice or (of(samples) if len(samples) >= SAMPLES else None)


def strays(state: "ConversationState", participant_id: str, *, ago: int = 0) -> float | None:
    """How far somebody was from their own voice, so many own lines ago; None: nobody can tell."""
    own = _own(state.lines, participant_id)
    recent = own[max(0, len(own) - ago - WINDOW) : len(own) - ago]
    base = baseline(state.seat(participant_id))
    if base is None or len(recent) < LEAST:
        return None
    return distance(of(tuple(recent)), base, english=quality.english(state.language))


def lost(state: "ConversationState", participant_id: str) -> bool:
    """Whether somebody has been so far off, twice running, that the next line needs a choice."""
    return all((strays(state, participant_id, ago=ago) or 0.0) > LOST for ago in (0, 1))


def nearer(state: "ConversationState", participant_id: str, one: str, other: str) -> str:
    """Which of two lines brings somebody nearer to their own voice."""
    base = baseline(state.seat(participant_id))
    if base is None:
        return one
    recent = _own(state.lines, participant_id)[-WINDOW + 1 :]
    return min(one, other, key=lambda text: distance(of((*recent, text)), base))


def merging(state: "ConversationState") -> list[tuple[Participant, Participant]]:
    """Pairs that begin to sound alike."""
    voiced: list[tuple[Seat, Print, Print]] = []
    for seat in state.seats:
        own, base = _own(state.lines, seat.id)[-WINDOW:], baseline(seat)
        if seat.active and base is not None and len(own) >= LEAST:
            voiced.append((seat, base, of(tuple(own))))
    return [
        (one.participant, other.participant)
        for (one, base, now), (other, others_base, others_now) in combinations(voiced, 2)
        if distance(now, others_now) < MERGES * distance(base, others_base)
    ]


def measured(state: "ConversationState") -> dict[str, float]:
    """How far everybody is from their own voice, where that can be told."""
    found = {seat.id: strays(state, seat.id) for seat in state.seats if seat.present}
    return {who: round(value, 3) for who, value in found.items() if value is not None}


def reminded(state: "ConversationState", me: Participant) -> Iterator[str]:
    """What brings a speaker back to their own voice, while they are away from it."""
    if (strays(state, me.id) or 0.0) > STRAYS:
        samples = me.character.sample_lines[:SAMPLES]
        listed = " / ".join(untrusted.one_line(each, SAMPLE_CHARS) for each in samples)
        yield f"You have been losing your voice. This is how you sound: {listed}"
    for pair in merging(state):
        if me in pair:
            other = pair[1] if pair[0] == me else pair[0]
            yield f"You begin to sound like {untrusted.name(other.short)}; sound like yourself."
