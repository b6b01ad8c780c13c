"""How what was said stands in the mind of somebody who heard it."""

from typing import TYPE_CHECKING

from chimera.core import events as ev
from chimera.core import untrusted
from chimera.core.company import whispers

if TYPE_CHECKING:
    from chimera.core.conversation import Participant
    from chimera.core.parts import Line
    from chimera.core.state import ConversationState

LINE_CHARS = 2000
#: Who is asked behind the scenes is shown so many of the newest lines, each so far.
OVERHEARD, OVERHEARD_CHARS = 12, 300


def remembered(state: "ConversationState", line: "Line", me: "Participant") -> tuple[bool, str]:
    """Whether a line is one's own, to be gone on from, and how it is told."""
    if whispers.of_the_cast(line):
        # Told as something that happened: nobody is to learn to say it aloud.
        return False, _whispered(state, line, me)
    if line.participant_id == me.id:
        return True, untrusted.without_tokens(untrusted.plain(line.text))[:LINE_CHARS].strip()
    return False, _told(line)


def _told(line: "Line") -> str:
    match line.kind:
        case "persona":
            return f"{untrusted.name(line.name)}: {untrusted.one_line(line.text, LINE_CHARS)}"
        case "viewer":
            return f"[audience] {untrusted.name(line.name)}: {_shown(line)}"
        case _:
            return f"[host] {untrusted.one_line(line.text)}"


def _shown(line: "Line") -> str:
    """A viewer's words made plain, and what they cannot tell."""
    return ev.shown_in(untrusted.one_line(line.text), len(line.images))


def _whispered(state: "ConversationState", line: "Line", me: "Participant") -> str:
    text = untrusted.one_line(line.text, LINE_CHARS)
    if line.participant_id != me.id:
        return f"[whispered to you alone] {untrusted.name(line.name)}: {text}"
    other = next((who for who in line.visibility if who != me.id), me.id)
    return f"[you whispered to {untrusted.name(state.seat(other).participant.short)}] {text}"


def overheard(state: "ConversationState") -> str:
    """The topic and the newest lines that everybody heard, for who is asked behind the scenes."""
    public = [line for line in state.lines if line.visibility == "all"][-OVERHEARD:]
    said = (
        f"{untrusted.name(line.name)}: {untrusted.one_line(line.text, OVERHEARD_CHARS)}"
        for line in public
    )
    return f"Topic: {untrusted.one_line(state.topic)}\n\n" + "\n".join(said)
