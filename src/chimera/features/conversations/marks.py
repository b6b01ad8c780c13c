"""Messages to come back to: highlights for everybody, bookmarks for oneself."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Annotated, Any

from sqlalchemy import Connection, Row

from chimera.api.deps import House
from chimera.api.paging import Marker
from chimera.api.strict import OMIT_NONE, Output
from chimera.core import events as ev
from chimera.core import highlights, mood
from chimera.core.conversation import Status
from chimera.core.errors import LimitReached
from chimera.core.highlights import Told, Why
from chimera.core.ids import rfc3339
from chimera.features.conversations import ballots, schemas, tables
from chimera.store import log
from chimera.store.database import Work

#: Highlights by hand in one conversation, and bookmarks of one viewer in it.
MOST_BY_HAND, MOST_BOOKMARKS = 200, 500
EXCERPT = 160

_KINDS = (
    ev.HighlightAdded, ev.HighlightRemoved, ev.RelationChanged, ev.DirectorNoted, ev.TopicChanged,
    ev.ConversationCleared, ev.MessageCompleted,
)  # fmt: skip


class Marked(Output):
    """A message to come back to; `/c/{conversation}#{id}` shows it in its place."""

    id: str
    seq: int
    at: schemas.Moment
    participant_id: Annotated[str | None, OMIT_NONE] = None
    name: str
    text: str


class Highlight(Marked):
    """One for everybody: its weight, 0–1, and why, the weightiest reason first."""

    weight: float
    because: list[Why]


class HighlightPage(Output):
    items: list[Highlight]
    next_cursor: str | None


class BookmarkPage(Output):
    items: list[Marked]
    next_cursor: str | None


# -- highlights -------------------------------------------------------------------------------


def listing(
    connection: Connection, conversation_id: str, *, limit: int, cursor: str | None
) -> tuple[Status, HighlightPage]:
    """What was marked by hand and what was found, in the order of the talk."""
    row = tables.one(connection, conversation_id)
    said = tables.aloud(connection, conversation_id)
    told = _told(connection, conversation_id, [each.id for each in said])
    marker = Marker(f"highlights:{conversation_id}")
    after = int(marker.read(cursor, int)[0]) if cursor else 0
    found = [(each, said[each.place]) for each in highlights.find(told)]
    coming = [(each, line) for each, line in found if line.seq > after]
    page = coming[:limit]
    return row.status, HighlightPage(
        items=[
            Highlight(
                **dict(_marked(line)), weight=each.weight, because=list(each.because)
            )
            for each, line in page
        ],
        next_cursor=marker.write([page[-1][1].seq]) if len(coming) > limit else None,
    )  # fmt: skip


def _told(connection: Connection, conversation_id: str, ids: Sequence[str]) -> list[Told]:
    """What the log says happened at each message."""
    applause, boos = Counter[str](), Counter[str]()
    for message_id, _, emoji in tables.reactions(connection, ids):
        kind = mood.sign(emoji)
        applause[message_id] += kind > 0
        boos[message_id] += kind < 0
    seen = _Seen()
    for each in log.read_kinds(connection, conversation_id, _KINDS):
        seen.take(each.body)
    return [
        Told(
            message_id=each, by_hand=each in seen.by_hand, applause=applause[each],
            boos=boos[each], warmth=seen.warmth[each], marks=tuple(seen.marks[each]),
        )
        for each in ids
    ]  # fmt: skip


class _Seen:
    """What the events tell of messages, taken in their order."""

    def __init__(self) -> None:
        self.by_hand: dict[str, None] = {}
        self.warmth = defaultdict[str, float](float)
        self.marks = defaultdict[str, list[Why]](list)
        self._hostile: set[frozenset[str]] = set()
        #: What the next line will be marked with.
        self._coming: list[Why] = []

    def take(self, body: ev.Body) -> None:
        match body:
            case ev.HighlightAdded(message_id=which):
                self.by_hand[which] = None
            case ev.HighlightRemoved(message_id=which):
                self.by_hand.pop(which, None)
            case ev.RelationChanged():
                self._feel(body)
            case ev.DirectorNoted(because="loop", rung=int()):
                self._coming = ["loop_broken"]
            case ev.TopicChanged(cause="director" | "viewer"):
                self._coming = ["new_topic"]
            case ev.MessageCompleted(message_id=which):
                self.marks[which].extend(self._coming)
                self._coming = []
            case ev.ConversationCleared():
                self.__init__()
            case _:
                pass

    def _feel(self, body: ev.RelationChanged) -> None:
        self.warmth[body.evidence] += body.delta
        marks, pair = self.marks[body.evidence], frozenset((body.from_, body.to))
        if body.alliance is not None:
            marks.append("alliance_formed" if body.alliance == "formed" else "alliance_ended")
        if body.conflict == "hostile" and pair not in self._hostile:
            self._hostile.add(pair)
            marks.append("quarrel")
        elif body.conflict in {"banter", "heated"} and pair in self._hostile:
            self._hostile.discard(pair)
            marks.append("peace")


def highlight(
    work: Work, house: House, conversation_id: str, message_id: str, *, viewer: str, on: bool
) -> Marked:
    """Mark a message for everybody, or take the mark away; once is enough. Raises NotFound."""
    tables.hold(work.connection, conversation_id)
    row = tables.message(work.connection, conversation_id, message_id)
    seen = _Seen()
    for each in log.read_kinds(work.connection, conversation_id, _KINDS[:2]):
        seen.take(each.body)
    if on and message_id not in seen.by_hand and len(seen.by_hand) >= MOST_BY_HAND:
        raise LimitReached(f"A conversation has {MOST_BY_HAND} highlights by hand at most.")
    if on != (message_id in seen.by_hand):
        kind = ev.HighlightAdded if on else ev.HighlightRemoved
        actor = ev.Actor(type="viewer", id=viewer)
        # A whisper is a highlight for those who heard it.
        heard: ev.Visibility = row.visibility if row.visibility == "all" else tuple(row.visibility)
        event = ev.NewEvent(body=kind(message_id=message_id), actor=actor, visibility=heard)
        house.journal.append(work, conversation_id, [event], unless=())
    return _marked(row)


# -- bookmarks --------------------------------------------------------------------------------


def bookmarks(
    connection: Connection, conversation_id: str, *, viewer: str, limit: int, cursor: str | None
) -> tuple[Status, BookmarkPage]:
    """The viewer's own, in the order of the talk."""
    row = tables.one(connection, conversation_id)
    marker = Marker(f"bookmarks:{conversation_id}")
    after = int(marker.read(cursor, int)[0]) if cursor else 0
    mine = ballots.bookmarked(connection, conversation_id, viewer)
    coming = [each for each in mine if each.seq > after]
    page = coming[:limit]
    return row.status, BookmarkPage(
        items=[_marked(each) for each in page],
        next_cursor=marker.write([page[-1].seq]) if len(coming) > limit else None,
    )


def bookmark(
    work: Work, house: House, conversation_id: str, message_id: str, *, viewer: str, on: bool
) -> Marked:
    """Mark a message for oneself; the log and the others never know. Raises NotFound."""
    tables.hold(work.connection, conversation_id)
    row = tables.message(work.connection, conversation_id, message_id)
    if not on:
        ballots.unmark(work.connection, message_id, viewer)
        return _marked(row)
    if len(ballots.bookmarked(work.connection, conversation_id, viewer)) >= MOST_BOOKMARKS:
        raise LimitReached(f"In one conversation you keep {MOST_BOOKMARKS} bookmarks at most.")
    ballots.bookmark(work.connection, message_id, viewer, at=house.now())
    return _marked(row)


def _marked(row: Row[Any]) -> Marked:
    text = row.text if len(row.text) <= EXCERPT else f"{row.text[: EXCERPT - 1].rstrip()}…"
    return Marked(
        id=row.id, seq=row.seq, at=rfc3339(row.at), participant_id=row.participant_id,
        name=row.author_name, text=text,
    )  # fmt: skip
