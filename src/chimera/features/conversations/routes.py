"""The addresses of conversations (`api.md` section 3)."""

from functools import partial
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from chimera.api.deps import Call, ConversationId, House, Viewer, called, serving
from chimera.api.paging import Cursor, Limit
from chimera.api.strict import SAFE_INTEGER, StrictRoute
from chimera.core.conversation import Status
from chimera.core.errors import Invalid
from chimera.features.conversations import feelings, figures, looking, minding, schemas, service
from chimera.features.conversations.casting import seat_all
from chimera.features.conversations.pictures import MEDIA_TYPE, develop
from chimera.store.database import Work

router = APIRouter(route_class=StrictRoute, tags=["conversations"])

Called = Annotated[Call, Depends(called)]
Serving = Annotated[House, Depends(serving)]
MessageId = Annotated[str, Path(max_length=100)]
Emoji = Annotated[str, Path(max_length=40, description="One emoji.")]
Seq = Annotated[int, Query(ge=0, le=SAFE_INTEGER)]
Search = Annotated[
    str | None, Query(max_length=200, description="Words to find in titles, topics and messages.")
]
Verb = Literal["start", "pause", "resume", "stop", "clear", "skip"]

_STATUS_HEADER = {
    "description": "Successful Response",
    "headers": {
        "Conversation-Status": {
            "description": "The status at the moment of the answer.",
            "schema": {"type": "string", "enum": ["created", "running", "paused", "ended"]},
        }
    },
}


def _say_status(response: Response, status: Status) -> None:
    response.headers["Conversation-Status"] = status


@router.post("/conversations", status_code=201, response_model=schemas.Conversation)
async def create_conversation(body: schemas.CreateConversation, call: Called) -> Response:
    """Create a conversation and, unless `start` is false, start it."""

    def create(work: Work) -> schemas.Conversation:
        # A repeated call is answered as before, whatever could be cast by now.
        cast = seat_all(work.connection, call.house, body.cast)
        return service.create(work, call.house, body, cast, call.known_as)

    return await call.commit(create)


@router.get("/conversations")
async def list_conversations(
    house: Serving,
    status: Status | None = None,
    q: Search = None,
    sort: schemas.Sort = "newest",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.ConversationPage:
    """All conversations, newest first unless asked otherwise."""
    wanted = looking.Wanted(status=status, q=q, sort=sort, limit=limit, cursor=cursor)
    return await house.store.read(partial(looking.listing, wanted=wanted))


@router.get("/conversations/{conversation_id}", responses={200: _STATUS_HEADER})
async def get_conversation(
    conversation_id: ConversationId, house: Serving, response: Response, viewer: Viewer
) -> looking.Watched:
    """With the name under which the conversation keeps what this viewer does."""
    found = await house.store.read(
        partial(looking.watched, conversation_id=conversation_id, viewer=viewer)
    )
    _say_status(response, found.status)
    return found


@router.patch("/conversations/{conversation_id}", response_model=schemas.Conversation)
async def change_conversation(
    conversation_id: ConversationId, body: schemas.PatchConversation, call: Called
) -> Response:
    """Rename it, show it to others, or change its tempo."""
    return await call.commit(lambda work: service.change(work, call.house, conversation_id, body))


@router.delete("/conversations/{conversation_id}", status_code=204)
async def delete_conversation(conversation_id: ConversationId, call: Called) -> Response:
    """Delete it with everything said in it, for good."""
    return await call.commit(lambda work: service.delete(work, call.house, conversation_id))


async def _takes_nothing(request: Request) -> None:
    """A command needs no body; whoever sends one must not think that it is read."""
    if await request.body() and await request.json() != {}:
        raise Invalid("This command takes nothing.")


def _command(verb: Verb, summary: str) -> None:
    do = service.COMMANDS[verb]

    @router.post(
        f"/conversations/{{conversation_id}}/{verb}",
        name=f"{verb}_conversation",
        description=summary,
        response_model=schemas.Controlled,
        dependencies=[Depends(_takes_nothing)],
    )
    async def command(conversation_id: ConversationId, call: Called) -> Response:  # pyright: ignore[reportUnusedFunction] - the router has it
        return await call.commit(lambda work: do(work, call.house, conversation_id))


_command("start", "Start a conversation that was only created.")
_command("pause", "Pause it; a line being said is withdrawn and said again afterwards.")
_command("resume", "Go on after a pause.")
_command("stop", "End it now.")
_command("clear", "Sweep the stage: what was said so far is no longer shown or remembered.")
_command("skip", "Do not wait for the next line, or for the rest of this one.")


@router.get("/conversations/{conversation_id}/messages", responses={200: _STATUS_HEADER})
async def list_messages(
    conversation_id: ConversationId,
    house: Serving,
    response: Response,
    viewer: Viewer,
    after_seq: Seq | None = None,
    before_seq: Seq | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.MessagePage:
    """What was said, oldest first.

    With `after_seq` the first messages after it, with `before_seq` the last before it.
    """
    wanted = looking.Span(after=after_seq, before=before_seq, limit=limit, cursor=cursor)
    status, page = await house.store.read(
        partial(looking.messages, conversation_id=conversation_id, wanted=wanted, viewer=viewer)
    )
    _say_status(response, status)
    return page


@router.post(
    "/conversations/{conversation_id}/messages", status_code=201, response_model=schemas.Posted
)
async def post_message(
    conversation_id: ConversationId, body: schemas.PostMessage, call: Called
) -> Response:
    """A viewer speaks, or shows pictures; the cast answers before it goes on."""
    shown = await develop(body.images or (), slots=call.house.developing)
    return await call.commit(
        lambda work: service.post(work, call.house, conversation_id, body, shown)
    )


@router.get(
    "/conversations/{conversation_id}/images/{image_id}",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}, "description": "The picture."}},
)
async def get_image(
    conversation_id: ConversationId,
    image_id: Annotated[str, Path(max_length=100, description="Begins with `img_`.")],
    house: Serving,
) -> Response:
    """A picture that a viewer showed; it never changes."""
    found = await house.store.read(
        partial(looking.picture, conversation_id=conversation_id, picture_id=image_id)
    )
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(found.data, media_type=found.media_type, headers=headers)


@router.get(
    "/conversations/{conversation_id}/events",
    response_model=schemas.EventPage,
    responses={200: _STATUS_HEADER},
)
async def list_events(
    conversation_id: ConversationId,
    house: Serving,
    request: Request,
    after: Seq = 0,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The log after a seq. That of an ended conversation may be kept: it carries an ETag."""
    page = await house.store.read(
        partial(
            looking.events, conversation_id=conversation_id, after=after, limit=limit, cursor=cursor
        )
    )
    headers = {"Conversation-Status": page.status}
    if page.status == "ended":
        headers |= {"ETag": f'"{page.head_seq}"', "Cache-Control": "private, no-cache"}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
    body = orjson.dumps({"items": page.envelopes, "next_cursor": page.next_cursor})
    return Response(body, headers=headers, media_type="application/json")


@router.post("/conversations/{conversation_id}/topic", response_model=schemas.Controlled)
async def wish_topic(
    conversation_id: ConversationId, body: schemas.WishTopic, call: Called
) -> Response:
    """Wish another topic."""
    return await call.commit(lambda work: service.wish(work, call.house, conversation_id, body))


@router.post("/conversations/{conversation_id}/invite", response_model=schemas.Controlled)
async def invite_participant(
    conversation_id: ConversationId, body: schemas.Invite, call: Called
) -> Response:
    """Let this participant speak next."""
    return await call.commit(lambda work: service.invite(work, call.house, conversation_id, body))


@router.post("/conversations/{conversation_id}/direct", response_model=schemas.Controlled)
async def direct(conversation_id: ConversationId, body: schemas.Direct, call: Called) -> Response:
    """Give one participant, or all, a director's note."""
    return await call.commit(lambda work: service.direct(work, call.house, conversation_id, body))


@router.patch(
    "/conversations/{conversation_id}/participants/{participant_id}",
    response_model=schemas.Controlled,
)
async def change_participant(
    conversation_id: ConversationId,
    participant_id: Annotated[str, Path(max_length=100)],
    body: schemas.PatchParticipant,
    call: Called,
) -> Response:
    """Mute a participant, let it speak again, or have another model play it from now on."""
    return await call.commit(
        lambda work: service.reseat(work, call.house, conversation_id, participant_id, body)
    )


@router.put(
    "/conversations/{conversation_id}/messages/{message_id}/reactions/{emoji}",
    response_model=schemas.Posted,
)
async def react(
    conversation_id: ConversationId,
    message_id: MessageId,
    emoji: Emoji,
    call: Called,
    viewer: Viewer,
) -> Response:
    """React to a message with one emoji; the cast feels it."""
    await call.house.reacting.take(call.viewer, call.house.clock.monotonic())
    async with call.house.hub.watch(conversation_id) as channel:
        viewers = channel.viewers
    return await call.commit(
        lambda work: feelings.react(
            work, call.house, conversation_id, message_id, emoji, viewer=viewer, viewers=viewers
        )
    )


@router.delete(
    "/conversations/{conversation_id}/messages/{message_id}/reactions/{emoji}",
    response_model=schemas.Posted,
)
async def take_back_reaction(
    conversation_id: ConversationId,
    message_id: MessageId,
    emoji: Emoji,
    call: Called,
    viewer: Viewer,
) -> Response:
    """Take a reaction back."""
    await call.house.reacting.take(call.viewer, call.house.clock.monotonic())
    return await call.commit(
        lambda work: feelings.take_back(
            work, call.house, conversation_id, message_id, emoji, viewer=viewer
        )
    )


@router.get("/conversations/{conversation_id}/relations", responses={200: _STATUS_HEADER})
async def get_relations(
    conversation_id: ConversationId,
    house: Serving,
    response: Response,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> feelings.RelationsPage:
    """How the cast stand to each other, and every change with the message that caused it."""
    status, found = await house.store.read(
        partial(feelings.ledger, conversation_id=conversation_id, limit=limit, cursor=cursor)
    )
    _say_status(response, status)
    return found


@router.get("/conversations/{conversation_id}/notes", responses={200: _STATUS_HEADER})
async def list_notes(
    conversation_id: ConversationId,
    house: Serving,
    response: Response,
    participant_id: Annotated[str | None, Query(max_length=100)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> minding.NotePage:
    """What the cast, or one of them, remember, oldest first."""
    status, page = await house.store.read(
        partial(
            minding.notes,
            conversation_id=conversation_id,
            participant_id=participant_id,
            limit=limit,
            cursor=cursor,
        )
    )
    _say_status(response, status)
    return page


@router.patch("/conversations/{conversation_id}/notes/{note_id}", response_model=minding.Note)
async def edit_note(
    conversation_id: ConversationId,
    note_id: Annotated[str, Path(max_length=100)],
    body: minding.EditNote,
    call: Called,
) -> Response:
    """Put right what somebody remembers."""
    return await call.commit(
        lambda work: minding.edit_note(work, call.house, conversation_id, note_id, body)
    )


@router.delete("/conversations/{conversation_id}/notes/{note_id}", status_code=204)
async def remove_note(
    conversation_id: ConversationId,
    note_id: Annotated[str, Path(max_length=100)],
    call: Called,
) -> Response:
    """Make somebody forget."""
    return await call.commit(
        lambda work: minding.remove_note(work, call.house, conversation_id, note_id)
    )


@router.get("/conversations/{conversation_id}/quality", responses={200: _STATUS_HEADER})
async def get_quality(
    conversation_id: ConversationId,
    house: Serving,
    response: Response,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> minding.Quality:
    """How good the talk has been, with the parts of the score; told every twelve turns."""
    status, found = await house.store.read(
        partial(minding.quality, conversation_id=conversation_id, limit=limit, cursor=cursor)
    )
    _say_status(response, status)
    return found


@router.get("/conversations/{conversation_id}/analytics", responses={200: _STATUS_HEADER})
async def get_analytics(
    conversation_id: ConversationId,
    house: Serving,
    response: Response,
    full: Annotated[bool, Query()] = False,
) -> figures.Analytics:
    """Who said how much, and the whole conversation as a score; in full, also how it went."""
    status, found = await house.store.read(
        partial(figures.analytics, conversation_id=conversation_id, full=full)
    )
    _say_status(response, status)
    return found


@router.get("/starters")
async def list_starters(
    house: Serving,
    topic: Annotated[str | None, Query(max_length=500)] = None,
    theme: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.StarterPage:
    """Questions to open with: those of a theme, or those nearest to what was typed."""
    return looking.starters(house, topic=topic, theme=theme, limit=limit, cursor=cursor)
