"""Frames as entries of a Redis stream, with what a newcomer needs to join in the middle.

Every tenth delta of a draft carries the whole of it, so a newcomer's process finds the draft by
reading a few entries back, while viewers who are there already get small frames only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from chimera.core.sequence import Draft, splice
from chimera.realtime.hub import RingChannel

KEYFRAME_EVERY = 10

_FRAME, _SEQ, _GENERATION, _DRAFT, _DRAFT_OVER = b"f", b"s", b"g", b"d", b"x"


class Keyframes:
    """Makes entries, and counts the deltas of each draft that is being written here."""

    def __init__(self) -> None:
        #: The message written in each conversation, and how many deltas of it were sent.
        self._sent: dict[str, tuple[str, int]] = {}

    def entries(
        self,
        conversation_id: str,
        frames: Sequence[bytes],
        *,
        seq: int | None,
        generation: int | None,
        draft: Draft | None,
        keep_draft: bool,
    ) -> list[dict[bytes, bytes]]:
        """One entry for each frame."""
        entries: list[dict[bytes, bytes]] = [{_FRAME: frame} for frame in frames]
        if seq is not None:
            for place, entry in enumerate(entries, start=seq - len(frames) + 1):
                entry[_SEQ] = b"%d" % place
        if generation is not None:
            for entry in entries:
                entry[_GENERATION] = b"%d" % generation
        if not keep_draft:
            self._sent.pop(conversation_id, None)
            entries[-1][_DRAFT_OVER] = b"1"
        elif draft is not None and self._is_keyframe(conversation_id, draft.message_id):
            entries[-1][_DRAFT] = orjson.dumps(asdict(draft))
        return entries

    def _is_keyframe(self, conversation_id: str, message_id: str) -> bool:
        writing, sent = self._sent.get(conversation_id, ("", 0))
        if writing != message_id:
            sent = 0
        self._sent[conversation_id] = (message_id, sent + 1)
        return sent % KEYFRAME_EVERY == 0


def apply_entry(channel: RingChannel, fields: Mapping[bytes, bytes]) -> None:
    """Put an entry on the channel, and keep its draft up to date."""
    frame = fields[_FRAME]
    seq, generation = _number(fields.get(_SEQ)), _number(fields.get(_GENERATION))
    draft = None
    if _DRAFT in fields:
        draft = Draft(**orjson.loads(fields[_DRAFT]))
    elif seq is None and generation is not None and channel.state.draft is not None:
        draft = _grown(channel.state.draft, orjson.loads(frame))
    channel.put(
        [frame],
        seq=seq,
        generation=generation,
        draft=None if _DRAFT_OVER in fields else draft,
        keep_draft=_DRAFT_OVER not in fields,
    )


def _grown(draft: Draft, frame: dict[str, Any]) -> Draft | None:
    """The draft with this frame's piece; None if it is none of this draft, or one was missed."""
    body = frame["body"]
    if frame["type"] != "message.delta" or body["message_id"] != draft.message_id:
        return None
    return splice(draft, generation=body["generation"], offset=body["offset"], text=body["text"])


def _number(field: bytes | None) -> int | None:
    return None if field is None else int(field)
