"""Duets: two allies compose one message, whose second part one of them adds to the other's.

The rule of `engine.md` section 9.4. In the log it is one turn and one message; for whoever hears
it, it is two lines.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chimera.core import budget, relations, signals, untrusted
from chimera.core import events as ev
from chimera.core.parts import Line
from chimera.core.sequence import utf16_length, utf16_slice

if TYPE_CHECKING:
    from chimera.core.director import Speak
    from chimera.core.floor import Standing
    from chimera.core.pacing import Rng
    from chimera.core.state import ConversationState

#: How often two who could sing a duet do, and how many turns lie between two of them.
LIKELY, APART = 0.15, 12
LEAST_CAST = 3
#: How much the second has to want the floor, and how well the topic has to suit both.
EAGER, SUITED = 0.35, 0.5
#: The first part's share of the length; words of the second part; a shorter line is not shared.
FIRST_SHARE, SECOND_WORDS, LEAST_WORDS = 0.65, 20, 20
#: How each of the two stands to the other by what they do.
STANCE = 0.5


# --- whether there is one ------------------------------------------------------------------------


def partner(
    state: "ConversationState", standings: Sequence["Standing"], chosen: "Standing", rng: "Rng"
) -> str | None:
    """Who ends the line of the one who was drawn, if it becomes a duet."""
    if rng("duet").random() >= LIKELY or not _possible(state, standings, chosen):
        return None
    allies = relations.allies(state.feelings.ties, chosen.id)
    willing = [
        each
        for each in standings
        if each.id in allies and each is not chosen and each.candidate
        and each.value >= EAGER and each.view.fit >= SUITED
    ]  # fmt: skip
    return max(willing, key=lambda each: each.value).id if willing else None


def _possible(
    state: "ConversationState", standings: Sequence["Standing"], chosen: "Standing"
) -> bool:
    company = sum(each.seat.active for each in standings) >= LEAST_CAST
    awaited = any(each.view.owed for each in standings)
    lately = state.finished - APART
    rested = not any(line.cause == "duet" and line.turn > lately for line in state.lines)
    saves = budget.thrifty(state)
    return company and rested and not awaited and not saves and chosen.view.fit >= SUITED


def words(wanted: int) -> int:
    """The length of a line that two share."""
    return max(wanted, LEAST_WORDS)


# --- its two parts -------------------------------------------------------------------------------


def first(speak: "Speak") -> "Speak":
    """What the first of the two is asked for; of any other line, all of it."""
    if speak.with_ is None:
        return speak
    return replace(speak, words=round(FIRST_SHARE * speak.words))


def second(speak: "Speak") -> "Speak":
    """What the second of the two is asked for."""
    if speak.with_ is None:
        raise ValueError("nobody else says a part of this line")
    left = speak.words - round(FIRST_SHARE * speak.words)
    return replace(
        speak, participant_id=speak.with_, with_=None, words=min(left, SECOND_WORDS), note=None,
        recalled=(), bids=(),
    )  # fmt: skip


def told(state: "ConversationState", speak: "Speak") -> Iterator[str]:
    """What each of the two is told of their part."""
    if speak.cause != "duet":
        return
    if speak.with_ is not None:
        other = untrusted.name(state.seat(speak.with_).participant.short)
        yield f"{other} will finish this line for you: begin the thought, do not conclude it."
    else:
        yield "Finish your ally's thought in one sentence of your own; do not repeat it."


def halfway(
    state: "ConversationState", *, speaker_id: str, message_id: str, text: str,
    signals: ev.MessageSignals,
) -> "ConversationState":  # fmt: skip
    """The conversation as the second hears it: with the first part, which has just been said."""
    line = Line(
        seq=state.seq + 1, message_id=message_id, turn=state.finished + 1,
        participant_id=speaker_id, kind="persona", name=state.seat(speaker_id).participant.name,
        text=text, at=state.last_at, addressed=signals.addressed, questions=signals.questions,
        cause="duet", signals=signals,
    )  # fmt: skip
    return replace(state, lines=(*state.lines, line))


def joined(first: str, second: str) -> tuple[str, int]:
    """Two parts as one text, and where the second begins, in UTF-16 code units."""
    return f"{first} {second}", utf16_length(first) + 1


def split(text: str, offset: int) -> tuple[str, str]:
    """The two parts of a text again."""
    ending = utf16_slice(text, offset)
    return text[: len(text) - len(ending)].rstrip(), ending


def allied(read: ev.MessageSignals, other: str) -> ev.MessageSignals:
    """Whoever speaks with somebody stands by them, whatever the words say."""
    besides = (each for each in read.stance or () if each.to != other)
    stance = (*besides, ev.StanceRef(to=other, value=STANCE))
    insulted = tuple(each for each in read.insulted or () if each != other)
    return read.model_copy(update={"stance": stance, "insulted": insulted or None})


# --- what is heard of it -------------------------------------------------------------------------


def lines(
    state: "ConversationState", body: ev.MessageCompleted, envelope: ev.Envelope
) -> tuple[Line, ...]:
    """The lines of a message: one, or one for each of the two who said it."""
    part = body.with_
    if part is None:
        return (_line(state, body, envelope, body.participant_id, body.text, body.signals),)
    begun, ended = split(body.text, part.offset)
    return (
        _line(state, body, envelope, body.participant_id, begun, body.signals),
        _line(state, body, envelope, part.participant_id, ended, part.signals),
    )


def _line(
    state: "ConversationState",
    body: ev.MessageCompleted,
    envelope: ev.Envelope,
    speaker_id: str,
    text: str,
    read: ev.MessageSignals | None,
) -> Line:
    read = read or signals.read(text, state.participants, speaker_id, state.lines)
    speakers = {body.participant_id, body.with_.participant_id if body.with_ else None}
    line = Line(
        seq=envelope.seq, message_id=body.message_id, turn=state.finished + 1,
        participant_id=speaker_id, kind="persona", name=state.seat(speaker_id).participant.name,
        text=text, at=envelope.at, questions=read.questions, visibility=envelope.visibility,
        cause=state.open_turn.cause if state.open_turn else None, signals=read,
    )  # fmt: skip
    # Nobody owes an answer to what was not for their ears, or to their own words.
    asked = (who for who in read.addressed if who not in speakers and line.heard_by(who))
    return replace(line, addressed=tuple(asked))


def of_message(state: "ConversationState", line: Line) -> tuple[Line, ...]:
    """All that was said in the message of a line, in its order."""
    return tuple(each for each in state.lines if each.message_id == line.message_id)
