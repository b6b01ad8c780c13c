"""What people see of conversations: lists, lines, the log, pages."""

from dataclasses import dataclass, replace
from random import Random
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection

from chimera.api.deps import House
from chimera.api.paging import Marker
from chimera.api.spa import Content, Island, Named
from chimera.core import events as ev
from chimera.core.conversation import Status
from chimera.core.errors import NotFound
from chimera.core.generation import ImagePart
from chimera.core.topics import suggest
from chimera.features.conversations import feelings, schemas, tables
from chimera.store import log, pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list was asked for."""

    status: Status | None
    q: str | None
    sort: schemas.Sort
    limit: int
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which part of what was said was asked for."""

    after: int | None
    before: int | None
    limit: int
    cursor: str | None


def get(connection: Connection, conversation_id: str) -> schemas.Conversation:
    """Raises NotFound."""
    return schemas.Conversation.of(tables.one(connection, conversation_id))


class Watched(schemas.Conversation):
    """A conversation, and the name under which it keeps what this viewer does."""

    viewer: str


def watched(connection: Connection, conversation_id: str, viewer: str) -> Watched:
    """Raises NotFound."""
    return Watched(**dict(get(connection, conversation_id)), viewer=viewer)


def listing(connection: Connection, wanted: Wanted) -> schemas.ConversationPage:
    terms = (wanted.q or "").strip() or None
    marker = Marker(f"conversations:{wanted.status}:{wanted.sort}:{terms}")
    past = None
    if wanted.cursor is not None:
        at, conversation_id = marker.read(wanted.cursor, int, str)
        past = (int(at), str(conversation_id))
    rows = tables.listing(
        connection,
        tables.Filter(
            status=wanted.status, terms=terms, sort=wanted.sort, past=past, limit=wanted.limit
        ),
    )
    page = rows[: wanted.limit]
    more = len(rows) > wanted.limit
    return schemas.ConversationPage(
        items=[schemas.Conversation.of(row) for row in page],
        next_cursor=marker.write(tables.place_of(page[-1], wanted.sort)) if more else None,
    )


def messages(
    connection: Connection, conversation_id: str, wanted: Span, viewer: str = ev.HOST.type
) -> tuple[Status, schemas.MessagePage]:
    """The status at this moment, and the page. With only `before` pages go backwards in time."""
    status: Status = tables.one(connection, conversation_id).status
    backwards = wanted.before is not None and wanted.after is None
    marker = Marker(f"messages:{conversation_id}:{wanted.after}:{wanted.before}")
    after, before = wanted.after, wanted.before
    if wanted.cursor is not None:
        place = int(marker.read(wanted.cursor, int)[0])
        after, before = (after, place) if backwards else (place, before)
    rows = tables.spoken(
        connection,
        conversation_id,
        after=after,
        before=before,
        limit=wanted.limit,
        backwards=backwards,
    )
    page = rows[: wanted.limit]
    more = len(rows) > wanted.limit
    plain = [schemas.Message.of(row) for row in page]
    items = feelings.with_reactions(connection, plain, viewer)
    return status, schemas.MessagePage(
        items=items[::-1] if backwards else items,
        next_cursor=marker.write([page[-1].seq]) if more else None,
    )


def picture(connection: Connection, conversation_id: str, picture_id: str) -> ImagePart:
    """Raises NotFound."""
    found = pictures.one(connection, conversation_id, picture_id)
    if found is None:
        raise NotFound("There is no such picture in this conversation.")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """A page of the log, and where the conversation stands."""

    status: Status
    head_seq: int
    envelopes: list[dict[str, Any]]
    next_cursor: str | None


def events(
    connection: Connection, conversation_id: str, after: int, limit: int, cursor: str | None
) -> Events:
    row = tables.one(connection, conversation_id)
    marker = Marker(f"events:{conversation_id}")
    if cursor is not None:
        after = int(marker.read(cursor, int)[0])
    envelopes = log.read_wire(connection, conversation_id, after=after, limit=limit)
    last = after + len(envelopes)
    return Events(
        status=row.status,
        head_seq=row.head_seq,
        envelopes=envelopes,
        next_cursor=marker.write([last]) if envelopes and last < row.head_seq else None,
    )


def starters(
    house: House, *, topic: str | None, theme: str | None, limit: int, cursor: str | None
) -> schemas.StarterPage:
    """In the order of the house; with a topic, the nearest first."""
    found = [each for each in house.starters if theme is None or theme in each.themes]
    if topic is not None and topic.strip():
        # The order among equals is drawn, by the words themselves: the same words, the same page.
        found = list(suggest(found, len(found), Random(topic), query=topic))
    marker = Marker(f"starters:{topic}:{theme}")
    first = int(marker.read(cursor, int)[0]) if cursor else 0
    page = found[first : first + limit]
    more = first + limit < len(found)
    return schemas.StarterPage(
        items=[
            schemas.Starter(id=each.id, text=each.text, themes=list(each.themes)) for each in page
        ],
        next_cursor=marker.write([first + limit]) if more else None,
    )


# -- pages ------------------------------------------------------------------------------------

#: How much of a conversation its page knows at once, and a page of plain text.
_IN_PAGE, _IN_PLAIN_PAGE = 10, 500
_MOST_RUNNING = 20


def front(connection: Connection, named: Named) -> Island:
    """What is on now, else what sleeps until it is watched; the newest with its last lines."""
    wanted = Wanted(status="running", q=None, sort="newest", limit=_MOST_RUNNING, cursor=None)
    running = listing(connection, wanted).items
    if not running:
        paused = listing(connection, replace(wanted, status="paused")).items
        running = [each for each in paused if each.paused_because == "idle"]
    data: dict[str, Any] = {"running": [_json(each) for each in running]}
    if running:
        data |= _shown(connection, running[0], named)
    return Island(data=data)


def page(connection: Connection, conversation_id: str, named: Named) -> Island:
    """One conversation with its last lines."""
    try:
        found = get(connection, conversation_id)
    except NotFound:
        return Island(found=False)
    return Island(title=found.title, data=_shown(connection, found, named))


def _shown(
    connection: Connection, conversation: schemas.Conversation, named: Named
) -> dict[str, Any]:
    viewer = named(conversation.id)
    last = Span(after=None, before=conversation.head_seq + 1, limit=_IN_PAGE, cursor=None)
    _, said = messages(connection, conversation.id, last, viewer)
    lines = [_json(each) for each in said.items]
    return {"conversation": _json(conversation) | {"viewer": viewer}, "messages": lines}


def _json(shape: BaseModel) -> dict[str, Any]:
    return shape.model_dump(mode="json", by_alias=True)


def plain(connection: Connection, conversation_id: str, after: int) -> dict[str, Any]:
    """The values of the page of plain text."""
    row = tables.one(connection, conversation_id)
    span = Span(after=after, before=None, limit=_IN_PLAIN_PAGE, cursor=None)
    _, said = messages(connection, conversation_id, span)
    names = {each["id"]: each["name"] for each in row.cast}
    lines = [
        {"seq": each.seq, "name": each.author.name, "at": each.at, "text": each.text,
         "with": names.get(each.with_.participant_id) if each.with_ else None,
         "to": [names.get(who, who) for who in each.visibility or () if who != each.participant_id],
         "scripted": each.scripted, "images": each.images or ()}
        for each in said.items
    ]  # fmt: skip
    return {
        "id": row.id, "title": row.title, "topic": row.topic, "language": row.language or "en",
        "cast": [each["name"] for each in row.cast], "lines": lines,
        "standing": "It is going on." if row.status == "running" else f"It is {row.status}.",
        "next_after": said.items[-1].seq if said.next_cursor else None,
    }  # fmt: skip


#: What the pages of the web app are filled with.
PAGES = Content(front=front, conversation=page, plain=plain)
