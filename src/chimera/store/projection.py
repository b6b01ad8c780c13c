"""What an event changes outside the log: the conversation's row, the messages, the money.

Written in the transaction of the event, so that no list ever disagrees with its log.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, update

from chimera.core import events as ev
from chimera.core.conversation import Participant
from chimera.core.ids import to_millis
from chimera.store import notes
from chimera.store.ledger import settle
from chimera.store.tables import conversations, messages, polls, reactions, usage

#: A list shows one line of the last message, never all of it.
_LINE = 200

_INSERT_MESSAGES = insert(messages)
_INSERT_USAGE = insert(usage)
_FORGET_MESSAGES = delete(messages).where(
    messages.c.conversation_id == bindparam("of"), messages.c.seq <= bindparam("up_to")
)
_REACT = insert(reactions)
_UNREACT = delete(reactions).where(
    *(reactions.c[name] == bindparam(f"of_{name}") for name in ("message_id", "actor", "emoji"))
)
_OPEN_POLL = insert(polls)
_CLOSE_POLL = update(polls).where(polls.c.id == bindparam("of_poll"))
_SEAT = (
    update(conversations)
    .where(conversations.c.id == bindparam("of"))
    .values(cast=bindparam("cast"))
)

Cast = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """New values of a conversation's row, and amounts to be added to its counters."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])
    adds: dict[str, float] = field(default_factory=dict[str, float])

    def add(self, column: str, amount: float) -> None:
        self.adds[column] = self.adds.get(column, 0) + amount


def seated(participants: Iterable[Participant]) -> Cast:
    """The cast as lists show it; names and masks without their characters."""
    return [
        {
            "id": each.id, "persona_id": each.persona_id, "slug": each.slug, "name": each.name,
            "color": each.color, "mask": each.mask, "provider": each.provider,
            "model": each.model, "muted": False,
        }
        for each in participants
    ]  # fmt: skip


def change(events: Iterable[ev.NewEvent], at: int) -> Change:
    """What these events do to their conversation's row, the cast apart."""
    result = Change()
    for event in events:
        _talk(result, event.body, at)
        _life(result, event.body, at)
        _settings(result, event.body)
    return result


def _talk(result: Change, body: ev.Body, at: int) -> None:
    match body:
        case ev.MessageCompleted():
            result.adds.pop("failures", None)
            result.values.update({
                "failures": 0, "last_at": at,
                "last_line": {"participant_id": body.participant_id, "text": body.text[:_LINE]},
            })  # fmt: skip
            result.add("message_count", 1)
            _pay(result, body.usage)
        case ev.MessagePosted():
            line = {"name": body.author.name, "text": body.told[:_LINE]}
            result.values.update({"last_at": at, "last_line": line})
            result.add("message_count", 1)
        case ev.TurnFailed():
            _pay(result, body.usage)
            if body.code not in {"interrupted", "paused"}:
                result.add("failures", 1)
        case _:
            pass


def _pay(result: Change, spent: ev.UsageRef | None) -> None:
    if spent is None:
        return
    result.add("tokens", spent.input_tokens + spent.output_tokens)
    if taken := (spent.cost or 0.0) + (spent.unheard or 0.0):
        result.add("cost", taken)
    if spent.estimated:
        result.values["cost_estimated"] = True


def _life(result: Change, body: ev.Body, at: int) -> None:
    match body:
        case ev.ConversationStarted():
            result.values.update({"status": "running", "started_at": at})
        case ev.ConversationPaused():
            result.values.update({
                "status": "paused", "paused_because": body.because,
                "resume_at": _millis(body.resume_at),
            })  # fmt: skip
        case ev.ConversationResumed():
            result.values.update({"status": "running", "paused_because": None, "resume_at": None})
        case ev.ConversationEnded():
            result.values.update({
                "status": "ended", "ended_at": at, "ended_because": body.because,
                "paused_because": None, "resume_at": None,
            })  # fmt: skip
        case _:
            pass


def _settings(result: Change, body: ev.Body) -> None:
    match body:
        case ev.ConversationRenamed():
            result.values["title"] = body.title
            _pay(result, body.usage)
        case ev.ConversationLimited():
            result.values["limits"] = body.limits.model_dump(mode="json", exclude_none=True)
        case ev.ConversationPaced():
            result.values["pace"] = body.pace.model_dump(mode="json")
        case ev.StanceJudged():
            _pay(result, body.usage)
        case ev.TopicChanged():
            result.values["topic"] = body.topic
        case ev.ConversationCleared():
            result.adds.pop("message_count", None)
            result.values.update({"message_count": 0, "last_line": None})
        case _:
            pass


def _millis(moment: str | None) -> int | None:
    return None if moment is None else to_millis(datetime.fromisoformat(moment))


def project(connection: Connection, envelopes: Sequence[ev.Envelope], cast: Cast) -> None:
    """Write the rows that these events, just appended, imply."""
    _project_cast(connection, envelopes, cast)
    names = {each["id"]: each["name"] for each in cast}
    said: list[dict[str, Any]] = []
    spent: list[dict[str, Any]] = []
    for envelope in envelopes:
        match envelope.body:
            case ev.MessageCompleted() as body:
                said.append(_said(envelope, body, names))
                # Only the troupe's lines have no call that was reserved before.
                if not settle(connection, body.turn_id):
                    spent.append(_spent(envelope, body))
            case ev.MessagePosted() as body:
                said.append(_posted(envelope, body))
            case ev.ConversationCleared(up_to_seq=up_to):
                of = envelope.conversation_id
                connection.execute(_FORGET_MESSAGES, {"of": of, "up_to": up_to})
            case _:
                pass
    if said:
        connection.execute(_INSERT_MESSAGES, said)
    if spent:
        connection.execute(_INSERT_USAGE, spent)
    _project_reactions(connection, envelopes)
    _project_polls(connection, envelopes)
    _project_memory(connection, envelopes, cast)


def _project_reactions(connection: Connection, envelopes: Sequence[ev.Envelope]) -> None:
    """After the messages, to one of which somebody of the cast may react at once."""
    for envelope in envelopes:
        match envelope.body:
            case ev.ReactionAdded() | ev.ReactionRemoved() as body:
                actor = envelope.actor.id or envelope.actor.type
                row = {"message_id": body.message_id, "actor": actor, "emoji": body.emoji}
                if isinstance(body, ev.ReactionAdded):
                    connection.execute(_REACT, row | {"at": envelope.at})
                else:
                    place = {f"of_{name}": value for name, value in row.items()}
                    connection.execute(_UNREACT, place)
            case _:
                pass


def _project_polls(connection: Connection, envelopes: Sequence[ev.Envelope]) -> None:
    for envelope in envelopes:
        match envelope.body:
            case ev.PollOpened() as body:
                row = {
                    "id": body.poll_id, "conversation_id": envelope.conversation_id,
                    "question": body.question, "options": list(body.options),
                    "quorum": body.quorum, "decides": body.decides, "opened_at": envelope.at,
                    "closes_at": _millis(body.closes_at),
                }  # fmt: skip
                connection.execute(_OPEN_POLL, row)
            case ev.PollClosed() as body:
                ended = _CLOSE_POLL.values(results=list(body.results), closed_at=envelope.at)
                connection.execute(ended, {"of_poll": body.poll_id})
            case _:
                pass


def _project_memory(connection: Connection, envelopes: Sequence[ev.Envelope], cast: Cast) -> None:
    """What outlives a show, once it is over."""
    if any(isinstance(each.body, ev.ConversationEnded) for each in envelopes):
        notes.keep(connection, envelopes[0].conversation_id, cast, at=envelopes[-1].at)


def _seat(cast: Cast, newcomer: Participant) -> None:
    """Who is there already is cast anew in the same place, and stays muted if it was."""
    (fresh,) = seated([newcomer])
    for place, each in enumerate(cast):
        if each["id"] == newcomer.id:
            cast[place] = fresh | {"muted": each["muted"]}
            return
    cast.append(fresh)


def _project_cast(connection: Connection, envelopes: Sequence[ev.Envelope], cast: Cast) -> None:
    """Change `cast` in place, and the row if anything changed."""
    changed = False
    for envelope in envelopes:
        match envelope.body:
            case ev.ParticipantJoined(participant=Participant() as newcomer):
                _seat(cast, newcomer)
            case ev.ParticipantLeft(participant_id=who):
                cast[:] = [each for each in cast if each["id"] != who]
            case ev.ParticipantMuted(participant_id=who):
                _mute(cast, who, muted=True)
            case ev.ParticipantUnmuted(participant_id=who):
                _mute(cast, who, muted=False)
            case _:
                continue
        changed = True
    if changed:
        connection.execute(_SEAT, {"of": envelopes[0].conversation_id, "cast": cast})


def _mute(cast: Cast, who: str, *, muted: bool) -> None:
    for each in cast:
        if each["id"] == who:
            each["muted"] = muted


def _said(
    envelope: ev.Envelope, body: ev.MessageCompleted, names: Mapping[str, str]
) -> dict[str, Any]:
    return _row(envelope, body.message_id, body.text) | {
        "participant_id": body.participant_id, "author_kind": "persona",
        "author_name": names.get(body.participant_id, body.participant_id),
        "replies_to": body.replies_to, "ending": body.ending, "scripted": body.scripted,
        "route": body.route.model_dump(mode="json", exclude_none=True),
        "usage": body.usage.model_dump(mode="json", exclude_none=True),
        "timings": body.timings.model_dump(mode="json", exclude_none=True),
    }  # fmt: skip


def _posted(envelope: ev.Envelope, body: ev.MessagePosted) -> dict[str, Any]:
    return _row(envelope, body.message_id, body.text) | {
        "author_kind": body.author.kind, "author_name": body.author.name,
        "user_id": envelope.actor.id,
        "images": [each.model_dump() for each in body.images] if body.images else None,
    }  # fmt: skip


def _row(envelope: ev.Envelope, message_id: str, text: str) -> dict[str, Any]:
    """A message with every column, because rows inserted together must have the same."""
    return {
        "id": message_id, "conversation_id": envelope.conversation_id, "seq": envelope.seq,
        "participant_id": None, "user_id": None, "text": text, "at": envelope.at,
        "visibility": envelope.visibility, "replies_to": None, "ending": None, "scripted": False,
        "route": None, "usage": None, "timings": None, "images": None,
    }  # fmt: skip


def _spent(envelope: ev.Envelope, body: ev.MessageCompleted) -> dict[str, Any]:
    return {
        "id": body.message_id, "conversation_id": envelope.conversation_id,
        "turn_id": body.turn_id, "participant_id": body.participant_id,
        "provider": body.route.provider, "model": body.route.model,
        "input_tokens": body.usage.input_tokens, "output_tokens": body.usage.output_tokens,
        "cached_tokens": body.usage.cached_tokens, "cost": body.usage.cost,
        "estimated": body.usage.estimated, "state": "settled", "at": envelope.at,
    }  # fmt: skip
