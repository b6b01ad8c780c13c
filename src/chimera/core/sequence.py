"""Deliver events once and in order, and splice the pieces of a draft.

Pure; the same rules stand in `web/src/live/sequence.ts` and `drafts.ts`, held together by
`contracts/replays`.
"""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    NEXT = "next"
    SEEN = "seen"
    GAP = "gap"


class Sequencer:
    """Remembers the last seq delivered."""

    __slots__ = ("last",)

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def judge(self, seq: int) -> Verdict:
        """What to do with an arrival. NEXT moves on; after GAP read `(last, …]` from the log."""
        if seq <= self.last:
            return Verdict.SEEN
        if seq > self.last + 1:
            return Verdict.GAP
        self.last = seq
        return Verdict.NEXT


def utf16_length(text: str) -> int:
    """Length as a browser's strings count it: characters above U+FFFF count two."""
    return len(text) + sum(1 for character in text if character > "\uffff")


def utf16_slice(text: str, start: int) -> str:
    """The text from UTF-16 offset `start` on; an offset inside a pair moves past it."""
    if text.isascii():
        return text[start:]
    units = text.encode("utf-16-le", "surrogatepass")[2 * start :]
    return units.decode("utf-16-le", "ignore")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message still being shown. `offset` is its length in UTF-16 code units."""

    message_id: str
    turn_id: str
    participant_id: str
    generation: int
    text: str = ""
    offset: int = 0


def splice(draft: Draft, *, generation: int, offset: int, text: str) -> Draft | None:
    """The draft with a delta applied; None if a piece before it is missing.

    Applying one twice, or an older generation's, changes nothing.
    """
    if generation < draft.generation:
        return draft
    if offset > draft.offset:
        return None
    addition = utf16_slice(text, draft.offset - offset)
    if not addition:
        return draft
    return Draft(
        message_id=draft.message_id,
        turn_id=draft.turn_id,
        participant_id=draft.participant_id,
        generation=draft.generation,
        text=draft.text + addition,
        offset=draft.offset + utf16_length(addition),
    )
