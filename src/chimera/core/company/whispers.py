"""Whispers: now and then somebody says to a friend or an enemy what the others do not hear.

Only where the conversation allows it (`engine.md` section 7.1). Viewers hear everything.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from chimera.core import relations, untrusted

if TYPE_CHECKING:
    from chimera.core.director import Speak
    from chimera.core.floor import Standing
    from chimera.core.pacing import Rng
    from chimera.core.parts import Line
    from chimera.core.state import ConversationState

#: How often somebody whispers who could, and how many turns lie between two whispers.
LIKELY, APART = 0.04, 8
LEAST_CAST = 3


def hearer(
    state: "ConversationState", standings: Sequence["Standing"], speaker: "Standing", rng: "Rng"
) -> str | None:
    """To whom alone the speaker turns; None if the line is for everybody."""
    if not state.whispers or rng("whisper").random() >= LIKELY:
        return None
    lately = state.finished - APART
    if any(of_the_cast(line) and line.turn > lately for line in state.lines):
        return None
    active = [each for each in standings if each.seat.active]
    close = [each for each in active if each is not speaker and _close(state, speaker.id, each.id)]
    if len(active) < LEAST_CAST or not close:
        return None
    return max(close, key=lambda each: abs(_affinity(state, speaker, each))).id


def of_the_cast(line: "Line") -> bool:
    """Whether a line is a whisper between two on stage."""
    return line.kind == "persona" and line.visibility != "all"


def _close(state: "ConversationState", one: str, other: str) -> bool:
    """Whether there is a reason to whisper: an alliance, or a quarrel that is one."""
    pair = state.feelings.ties.pair(one, other)
    return pair.allied is not None or pair.level == "hostile"


def _affinity(state: "ConversationState", one: "Standing", other: "Standing") -> float:
    return relations.affinity(
        state.feelings.ties, one.seat.participant, other.seat.participant, state.finished
    )


def told(state: "ConversationState", speak: "Speak") -> Iterator[str]:
    """What the speaker is told of who will hear the line."""
    if speak.audience == "all":
        return
    other = next(who for who in speak.audience if who != speak.participant_id)
    name = untrusted.name(state.seat(other).participant.short)
    yield f"You whisper this to {name} alone; the others do not hear it."
