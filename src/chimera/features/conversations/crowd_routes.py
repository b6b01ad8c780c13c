"""The addresses of what the stalls do besides speaking and reacting."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from chimera.api.deps import Call, ConversationId, House, Viewer, called, serving
from chimera.api.paging import Cursor, Limit
from chimera.api.strict import StrictRoute
from chimera.features.conversations import marks, stalls

router = APIRouter(
    route_class=StrictRoute, prefix="/conversations/{conversation_id}", tags=["stalls"]
)

Serving = Annotated[House, Depends(serving)]
MessageId = Annotated[str, Path(max_length=100)]


async def _moving(call: Annotated[Call, Depends(called)]) -> Call:
    """A small gesture: nobody makes more of them than a hand can. Raises RateLimited."""
    await call.house.reacting.take(call.viewer, call.house.clock.monotonic())
    return call


Gesture = Annotated[Call, Depends(_moving)]


@router.get("/polls")
async def list_polls(
    conversation_id: ConversationId, house: Serving, viewer: Viewer
) -> stalls.PollList:
    """What the stalls were asked, the newest first."""
    read = partial(stalls.polls, conversation_id=conversation_id, viewer=viewer)
    return (await house.store.read(read))[1]


@router.post("/polls", status_code=201, response_model=stalls.Poll)
async def open_poll(
    conversation_id: ConversationId,
    body: stalls.OpenPoll,
    call: Annotated[Call, Depends(called)],
    viewer: Viewer,
) -> Response:
    """Ask the stalls; the poll closes by itself, and the cast hear what came of it."""
    house = call.house
    await house.asking.take(call.viewer, house.clock.monotonic())
    async with house.hub.watch(conversation_id) as channel:
        viewers = channel.viewers
    return await call.commit(
        lambda work: stalls.open_poll(
            work, house, conversation_id, body, viewers=viewers, viewer=viewer
        )
    )


@router.put("/polls/{poll_id}/vote", response_model=stalls.Poll)
async def vote_in_poll(
    conversation_id: ConversationId,
    poll_id: Annotated[str, Path(max_length=100)],
    body: stalls.Ballot,
    call: Gesture,
    viewer: Viewer,
) -> Response:
    """Vote; a later vote takes the place of an earlier one."""
    return await call.commit(
        lambda work: stalls.vote(work, call.house, conversation_id, poll_id, body, viewer=viewer)
    )


@router.get("/vote")
async def get_feedback(
    conversation_id: ConversationId, house: Serving, viewer: Viewer
) -> stalls.Feedback:
    """What viewers think of the talk, joined to its score."""
    read = partial(stalls.feedback, conversation_id=conversation_id, viewer=viewer)
    return (await house.store.read(read))[1]


@router.put("/vote", response_model=stalls.Feedback)
async def judge(
    conversation_id: ConversationId, body: stalls.Vote, call: Gesture, viewer: Viewer
) -> Response:
    """Say whether the talk is any good: 1, 0 or -1."""
    return await call.commit(
        lambda work: stalls.judge(work, call.house, conversation_id, body, viewer=viewer)
    )


@router.get("/topics")
async def get_topics(
    conversation_id: ConversationId, house: Serving, viewer: Viewer
) -> stalls.Topics:
    """What it is and was about, what viewers wish next, and what the house would offer."""
    read = partial(stalls.topics, conversation_id=conversation_id, viewer=viewer)
    return (await house.store.read(read))[1]


@router.put("/topics", response_model=stalls.Topics)
async def wish_next(
    conversation_id: ConversationId, body: stalls.Wish, call: Gesture, viewer: Viewer
) -> Response:
    """Wish a topic for the next time it changes; the last wish of each viewer counts."""
    return await call.commit(
        lambda work: stalls.wish(work, call.house, conversation_id, body, viewer=viewer)
    )


@router.get("/highlights")
async def list_highlights(
    conversation_id: ConversationId, house: Serving, limit: Limit = 50, cursor: Cursor = None
) -> marks.HighlightPage:
    """What is worth coming back to: marked by somebody, or found, with the reasons."""
    read = partial(marks.listing, conversation_id=conversation_id, limit=limit, cursor=cursor)
    return (await house.store.read(read))[1]


@router.get("/bookmarks")
async def list_bookmarks(
    conversation_id: ConversationId,
    house: Serving,
    viewer: Viewer,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> marks.BookmarkPage:
    """One's own bookmarks; nobody else sees them."""
    read = partial(
        marks.bookmarks, conversation_id=conversation_id, viewer=viewer, limit=limit, cursor=cursor
    )
    return (await house.store.read(read))[1]


@router.put("/messages/{message_id}/highlight", response_model=marks.Marked)
async def highlight(
    conversation_id: ConversationId, message_id: MessageId, call: Gesture, viewer: Viewer
) -> Response:
    """Mark a message for everybody."""
    do = partial(marks.highlight, house=call.house, conversation_id=conversation_id)
    return await call.commit(lambda work: do(work, message_id=message_id, viewer=viewer, on=True))


@router.delete("/messages/{message_id}/highlight", response_model=marks.Marked)
async def remove_highlight(
    conversation_id: ConversationId, message_id: MessageId, call: Gesture, viewer: Viewer
) -> Response:
    """Take the mark away; what was found stays found."""
    do = partial(marks.highlight, house=call.house, conversation_id=conversation_id)
    return await call.commit(lambda work: do(work, message_id=message_id, viewer=viewer, on=False))


@router.put("/messages/{message_id}/bookmark", response_model=marks.Marked)
async def bookmark(
    conversation_id: ConversationId, message_id: MessageId, call: Gesture, viewer: Viewer
) -> Response:
    """Mark a message for oneself."""
    do = partial(marks.bookmark, house=call.house, conversation_id=conversation_id)
    return await call.commit(lambda work: do(work, message_id=message_id, viewer=viewer, on=True))


@router.delete("/messages/{message_id}/bookmark", response_model=marks.Marked)
async def remove_bookmark(
    conversation_id: ConversationId, message_id: MessageId, call: Gesture, viewer: Viewer
) -> Response:
    """Take one's own mark away."""
    do = partial(marks.bookmark, house=call.house, conversation_id=conversation_id)
    return await call.commit(lambda work: do(work, message_id=message_id, viewer=viewer, on=False))
