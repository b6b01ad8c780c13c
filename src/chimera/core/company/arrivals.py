"""Newcomers: who joins a talk under way is told by the host, in a few words, what it is about.

Made of what was said for everybody to hear, and of nothing else; no model is asked.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from chimera.core import events as ev
from chimera.core import ladders, signals, untrusted

if TYPE_CHECKING:
    from chimera.core.parts import Line, Seat
    from chimera.core.state import ConversationState

#: The host speaks no sooner than so many turns after its last words.
APART = 5
LONGEST_WORDS = 60
#: The newest lines that are told from, of how many speakers, and how long what they said may be.
LOOKS_BACK, TOLD, SAYING_WORDS = 12, 2, 16
TOPIC_CHARS = 120
#: A sentence of fewer content words says nothing worth telling.
LEAST_WORDS = 4
#: So many turns a newcomer waits rather than break into a question.
WAITS = 2


def recap(state: "ConversationState", *, asked: bool) -> tuple[ev.Body, ...]:
    """The host's words to whoever has come in last; nothing where there is nobody to tell.

    `asked`: whether somebody was just spoken to, who should answer first.
    """
    newcomers = [seat for seat in state.seats if _is_new(state, seat)]
    if not newcomers or state.ladders.finale is not None:
        return ()
    if asked and state.finished - max(seat.since for seat in newcomers) < WAITS:
        return ()
    host = next((line for line in reversed(state.lines) if line.kind == "host"), None)
    if host is not None and state.finished - host.turn < APART:
        return ()
    untold = [seat for seat in newcomers if host is None or seat.joined_seq > host.seq]
    return (ladders.host(state, _words(state, untold)),) if untold else ()


def _is_new(state: "ConversationState", seat: "Seat") -> bool:
    """Whether somebody came after others had spoken, and has not spoken yet."""
    if not seat.present or seat.spoke is not None:
        return False
    return any(line.participant_id and line.seq < seat.joined_seq for line in state.lines)


def _words(state: "ConversationState", newcomers: Sequence["Seat"]) -> str:
    """As much as fits: who has come, what is talked about, who said what."""
    names = " and ".join(untrusted.name(seat.participant.short) for seat in newcomers[-2:])
    has = "has" if len(newcomers) == 1 else "have"
    parts = [f"{names} {has} just joined us.", *_topics(state), *_sayings(state)]
    told = ""
    for part in parts:
        longer = f"{told} {part}".strip()
        if len(longer.split()) > LONGEST_WORDS:
            break
        told = longer
    return told


def _topics(state: "ConversationState") -> Iterator[str]:
    now = _topic(state.topic)
    before = next((each for each in reversed(state.topics[:-1]) if each != state.topic), None)
    yield f"We are talking about “{now}”."
    if before is not None:
        yield f"Before that it was “{_topic(before)}”."


def _topic(text: str) -> str:
    whole = untrusted.one_line(text, 500)
    if len(whole) <= TOPIC_CHARS:
        return whole
    return whole[:TOPIC_CHARS].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def _sayings(state: "ConversationState") -> Iterator[str]:
    """The most telling sentence of each of the last speakers, the newest last."""
    public = [line for line in state.lines if line.participant_id and line.visibility == "all"]
    newest = [line for line in public if line.seq > state.topic_seq][-LOOKS_BACK:]
    best: dict[str, tuple[str, str]] = {}
    for line in reversed(newest):
        saying = _saying(line)
        if saying and line.name not in best:
            best[line.name] = (line.name, saying)
    for name, saying in reversed(list(best.values())[:TOLD]):
        yield f"{untrusted.name(name)} said: “{saying}”"


def _saying(line: "Line") -> str | None:
    """The statement of a line that says most, if one is short enough to be quoted."""
    whole = [untrusted.one_line(each, 300) for each in signals.sentences(line.text)]
    short = [
        each
        for each in whole
        if len(each.split()) <= SAYING_WORDS
        and each[-1:] not in "?？؟"
        and len(signals.content_words(each)) >= LEAST_WORDS
    ]
    return max(short, key=lambda each: len(signals.content_words(each)), default=None)
