"""What people do with conversations: create, control, speak, steer."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Row

from chimera.api.deps import House
from chimera.core import events as ev
from chimera.core.conversation import Limits, Pace, Participant, Status, title_of
from chimera.core.errors import Invalid, LimitReached, NotFound
from chimera.core.ids import from_millis
from chimera.core.persona import check_name
from chimera.features.conversations import casting, minding, schemas, tables, trials
from chimera.features.conversations.looking import get
from chimera.features.conversations.pictures import MEDIA_TYPE, MOST_PICTURES, Shown
from chimera.store import log, pictures
from chimera.store.database import Work
from chimera.store.log import Appended

_GUEST = "Guest"

_ALL: frozenset[Status] = frozenset({"created", "running", "paused", "ended"})


# -- creating and controlling -----------------------------------------------------------------


def create(
    work: Work,
    house: House,
    wanted: schemas.CreateConversation,
    cast: tuple[Participant, ...],
    known_as: trials.KnownAs = trials.nobody,
) -> schemas.Conversation:
    """A new conversation, running unless that is not wanted.

    What it leaves open may be fixed by an experiment.
    """
    _check_director(house, wanted.director)
    conversation_id = house.ids.new("cnv")
    seed = house.seed() if wanted.seed is None else wanted.seed
    enrolled = trials.enrol(
        work.connection, conversation_id, wanted, known_as, directors=house.directors
    )
    wanted = enrolled.wanted
    cast = trials.dress(work.connection, cast, seed)
    created = _created(house, wanted, cast, seed=seed, joined=enrolled.refs)
    events = [ev.NewEvent(body=created, actor=work.actor), *minding.bring(work, cast, wanted.topic)]
    if wanted.start:
        events.append(ev.NewEvent(body=ev.ConversationStarted(), actor=work.actor))
    done = house.journal.create(
        work,
        conversation_id,
        events,
        visibility=wanted.visibility,
        owner=work.actor.id,
        wake_at=house.now() if wanted.start else None,
    )
    trials.note(work.connection, conversation_id, enrolled, cast, at=house.now())
    _wake(work, house, conversation_id, done)
    return get(work.connection, conversation_id)


def _created(
    house: House,
    wanted: schemas.CreateConversation,
    cast: tuple[Participant, ...],
    *,
    seed: int,
    joined: tuple[ev.TrialRef, ...] | None,
) -> ev.ConversationCreated:
    starter = next((each.id for each in house.starters if each.text == wanted.topic), None)
    return ev.ConversationCreated(
        title=wanted.title or title_of(wanted.topic),
        topic=wanted.topic,
        participants=cast,
        pace=wanted.pace.pace(Pace()),
        seed=seed,
        limits=wanted.limits(),
        director=wanted.director,
        language=wanted.language,
        starter=starter,
        whispers=wanted.whispers,
        trials=joined,
    )


def _check_director(house: House, name: str) -> None:
    if name not in house.directors:
        there_are = ", ".join(house.directors)
        raise Invalid(f"No director is called {name}. There are: {there_are}.", path="director")


def start(work: Work, house: House, conversation_id: str) -> schemas.Controlled:
    return _append(
        work, house, conversation_id, ev.ConversationStarted(), only={"created"}, wake=True
    )


def pause(work: Work, house: House, conversation_id: str) -> schemas.Controlled:
    body = ev.ConversationPaused()
    return _interrupt(work, house, conversation_id, body, code="paused", only={"running"})


def resume(work: Work, house: House, conversation_id: str) -> schemas.Controlled:
    return _append(
        work, house, conversation_id, ev.ConversationResumed(), only={"paused"}, wake=True
    )


def stop(work: Work, house: House, conversation_id: str) -> schemas.Controlled:
    body = ev.ConversationEnded(because="stopped")
    only: set[Status] = {"created", "running", "paused"}
    return _interrupt(work, house, conversation_id, body, code="stopped", only=only)


def clear(work: Work, house: House, conversation_id: str) -> schemas.Controlled:
    """Everything up to now is swept; who was speaking begins anew."""
    # Held to the commit: what comes in between is not swept, and stays on the page.
    swept = tables.hold(work.connection, conversation_id)
    body = ev.ConversationCleared(up_to_seq=swept)
    only: set[Status] = {"created", "running", "paused"}
    return _interrupt(work, house, conversation_id, body, code="interrupted", only=only, wake=True)


def skip(work: Work, house: House, conversation_id: str) -> schemas.Controlled:
    return _append(work, house, conversation_id, ev.TurnSkipped(), only={"running"}, wake=True)


#: What a person may tell a conversation to do.
COMMANDS: Mapping[str, Callable[[Work, House, str], schemas.Controlled]] = {
    "start": start, "pause": pause, "resume": resume, "stop": stop, "clear": clear, "skip": skip,
}  # fmt: skip


def _append(
    work: Work,
    house: House,
    conversation_id: str,
    body: ev.Body,
    *,
    only: set[Status],
    wake: bool = False,
) -> schemas.Controlled:
    done = house.journal.append(
        work,
        conversation_id,
        [ev.NewEvent(body=body, actor=work.actor)],
        unless=_ALL - only,
        wake_at=house.now() if wake else None,
    )
    _wake(work, house, conversation_id, done)
    return _controlled(work, conversation_id, done)


def _interrupt(
    work: Work,
    house: House,
    conversation_id: str,
    body: ev.Body,
    *,
    code: str,
    only: set[Status],
    wake: bool = False,
) -> schemas.Controlled:
    """A command that ends the turn under way."""
    done = house.journal.take_floor(
        work,
        conversation_id,
        [ev.NewEvent(body=body, actor=work.actor)],
        code=code,
        unless=_ALL - only,
        wake_at=house.now() if wake else None,
    )
    if wake:
        _wake(work, house, conversation_id, done)
    else:
        work.afterwards(partial(_hush, house, conversation_id))
    return _controlled(work, conversation_id, done)


async def _hush(house: House, conversation_id: str) -> None:
    """Take the alarm away, and the run under way, unless somebody has resumed meanwhile."""
    await house.alarm.cancel(conversation_id)
    row = await house.store.read(partial(tables.one, conversation_id=conversation_id))
    if row.status == "running":
        await house.alarm.ring(conversation_id, house.clock.now())


def _wake(work: Work, house: House, conversation_id: str, done: Appended) -> None:
    """Ring once the work is safe, unless a run is awake: that one hears of it by itself."""
    if done.ring_at is not None:
        work.afterwards(partial(house.alarm.ring, conversation_id, from_millis(done.ring_at)))


def _controlled(work: Work, conversation_id: str, done: Appended) -> schemas.Controlled:
    return schemas.Controlled(conversation=get(work.connection, conversation_id), seq=done.seq)


def change(
    work: Work, house: House, conversation_id: str, wanted: schemas.PatchConversation
) -> schemas.Conversation:
    """Title and visibility also after the end; tempo and budget only while there is one."""
    if wanted == schemas.PatchConversation():
        raise Invalid("Name at least one field to change.")
    now = tables.one(work.connection, conversation_id)
    if wanted.title is not None and wanted.title != now.title:
        renamed = ev.NewEvent(body=ev.ConversationRenamed(title=wanted.title), actor=work.actor)
        house.journal.append(work, conversation_id, [renamed], unless=())
    if wanted.pace is not None:
        before = Pace.model_validate(now.pace)
        paced = ev.ConversationPaced(pace=wanted.pace.pace(before))
        _append(work, house, conversation_id, paced, only=set(_ALL - {"ended"}), wake=True)
    if wanted.budget is not None:
        _limit(work, house, conversation_id, Limits.model_validate(now.limits), wanted.budget)
        own = now.paused_because == "budget" and now.resume_at is None
        if own and now.cost < wanted.budget.amount:
            resume(work, house, conversation_id)
    if wanted.visibility is not None:
        tables.show(work.connection, conversation_id, wanted.visibility)
    return get(work.connection, conversation_id)


def _limit(
    work: Work,
    house: House,
    conversation_id: str,
    limits: Limits,
    wanted: schemas.BudgetRequest,
) -> None:
    body = ev.ConversationLimited(limits=limits.model_copy(update={"budget": wanted.budget()}))
    _append(work, house, conversation_id, body, only=set(_ALL - {"ended"}))


def delete(work: Work, house: House, conversation_id: str) -> None:
    if not log.forget(work.connection, conversation_id):
        raise NotFound("There is no such conversation.")
    gone = {
        "kind": "control", "type": "error", "code": "not_found", "retryable": False,
        "message": "This conversation was deleted.", "conversation_id": conversation_id,
    }  # fmt: skip
    work.afterwards(partial(house.alarm.cancel, conversation_id))
    # Without its draft: a hub keeps a conversation for as long as a line is being said in it.
    tell = partial(house.hub.publish, conversation_id, [orjson.dumps(gone)], keep_draft=False)
    work.afterwards(tell)


# -- speaking and steering --------------------------------------------------------------------


def post(
    work: Work,
    house: House,
    conversation_id: str,
    wanted: schemas.PostMessage,
    shown: Sequence[Shown],
) -> schemas.Posted:
    """A viewer's line; the cast is woken to answer it."""
    row = tables.one(work.connection, conversation_id)
    if wanted.to is not None:
        _member(row, wanted.to, path="to")
    body = ev.MessagePosted(
        message_id=house.ids.new("msg"),
        author=ev.Author(kind="viewer", name=_viewer_name(row, wanted.name)),
        text=wanted.text,
        to=wanted.to,
        images=_hang(work, house, conversation_id, shown) or None,
    )
    # What is said to one alone is a whisper: the others of the cast do not hear it.
    heard: ev.Visibility = "all" if wanted.to is None else (wanted.to,)
    new = ev.NewEvent(body=body, actor=ev.Actor(type="viewer", id=work.actor.id), visibility=heard)
    done = house.journal.append(work, conversation_id, [new], wake_at=house.now())
    _wake(work, house, conversation_id, done)
    if log.hasten(work.connection, at=house.now(), conversation_id=conversation_id):
        # The house waits: somebody who speaks makes it look at once whether it can go on.
        work.afterwards(partial(house.alarm.ring, conversation_id, house.clock.now()))
    return schemas.Posted(message=schemas.Message.posted(done.envelopes[-1], body), seq=done.seq)


def _hang(
    work: Work, house: House, conversation_id: str, shown: Sequence[Shown]
) -> tuple[ev.Picture, ...]:
    """Keep the pictures; what the log says of them."""
    if not shown:
        return ()
    if pictures.count(work.connection, conversation_id) + len(shown) > MOST_PICTURES:
        raise LimitReached(f"A conversation keeps {MOST_PICTURES} pictures at most.")
    kept = [
        pictures.Kept(
            id=house.ids.new("img"), media_type=MEDIA_TYPE, width=each.width, height=each.height,
            data=each.data,
        )
        for each in shown
    ]  # fmt: skip
    pictures.keep(work.connection, conversation_id, kept, at=house.now())
    return tuple(
        ev.Picture(id=each.id, media_type=each.media_type, width=each.width, height=each.height)
        for each in kept
    )


def _viewer_name(row: Row[Any], wanted: str | None) -> str:
    """Nobody in the stalls may pass for somebody on stage, or for the house."""
    if wanted is None:
        return _GUEST
    taken = {label.casefold() for each in row.cast for label in (each["name"], each["slug"])}
    bare = {label.removeprefix("the ") for label in taken}
    try:
        check_name(wanted)
    except ValueError:
        raise Invalid("This cannot be the name of a viewer.", path="name") from None
    if wanted.casefold() in taken | bare:
        raise Invalid("Somebody on stage is called that.", path="name")
    return wanted


def _member(row: Row[Any], participant_id: str, *, path: str) -> dict[str, Any]:
    for each in row.cast:
        if each["id"] == participant_id:
            return each
    raise Invalid("Nobody of that id takes part in this conversation.", path=path)


def wish(
    work: Work, house: House, conversation_id: str, wanted: schemas.WishTopic
) -> schemas.Controlled:
    """Another topic, by a person's wish."""
    row = tables.one(work.connection, conversation_id)
    body = ev.TopicChanged.model_validate(
        {"topic": wanted.topic, "from": row.topic, "cause": "viewer"}
    )
    return _steer(work, house, conversation_id, body)


def invite(
    work: Work, house: House, conversation_id: str, wanted: schemas.Invite
) -> schemas.Controlled:
    member = _member(
        tables.one(work.connection, conversation_id), wanted.participant_id, path="participant_id"
    )
    if member["muted"]:
        raise Invalid("Who is muted cannot be invited to speak.", path="participant_id")
    body = ev.ParticipantInvited(participant_id=wanted.participant_id)
    return _steer(work, house, conversation_id, body)


def direct(
    work: Work, house: House, conversation_id: str, wanted: schemas.Direct
) -> schemas.Controlled:
    if wanted.participant_id is not None:
        row = tables.one(work.connection, conversation_id)
        _member(row, wanted.participant_id, path="participant_id")
    body = ev.DirectorNoted(note=wanted.note, participant_id=wanted.participant_id)
    return _steer(work, house, conversation_id, body)


def reseat(
    work: Work,
    house: House,
    conversation_id: str,
    participant_id: str,
    wanted: schemas.PatchParticipant,
) -> schemas.Controlled:
    """A line being said is finished; saying twice what is so already changes nothing."""
    if wanted == schemas.PatchParticipant():
        raise Invalid("Name at least one field to change.")
    row = tables.one(work.connection, conversation_id)
    member = next((each for each in row.cast if each["id"] == participant_id), None)
    if member is None:
        raise NotFound("There is no such participant in this conversation.")
    done = schemas.Controlled(conversation=schemas.Conversation.of(row), seq=row.head_seq)
    if wanted.recasts:
        now = casting.seats(work.connection, conversation_id)[participant_id]
        recast = casting.recast(house, now, wanted)
        if recast != now:
            joined = ev.ParticipantJoined(participant_id=participant_id, participant=recast)
            done = _steer(work, house, conversation_id, joined)
    if wanted.muted is not None and member["muted"] != wanted.muted:
        event = ev.ParticipantMuted if wanted.muted else ev.ParticipantUnmuted
        done = _steer(work, house, conversation_id, event(participant_id=participant_id))
    return done


def _steer(work: Work, house: House, conversation_id: str, body: ev.Body) -> schemas.Controlled:
    return _append(work, house, conversation_id, body, only=set(_ALL - {"ended"}), wake=True)
