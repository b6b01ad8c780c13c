"""The log of a conversation: append and read events in the caller's transaction.

The statements S1 to S5 are those of `realtime.md` section 2. Whoever appends updates the row of the
conversation first and holds its lock to the commit; hence numbers become visible in order, without
holes, and no event of a turn is ever written after an event which that turn has not read.
"""

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, insert

from chimera.core import events as ev
from chimera.core.conversation import Status
from chimera.core.errors import NotFound, Stale, Superseded, WrongStatus
from chimera.core.ids import rfc3339
from chimera.store import statements as sql
from chimera.store.projection import Cast, Change, change, project, seated
from chimera.store.tables import conversations


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A run's right to write, as long as nobody claims after it. Times are milliseconds UTC."""

    conversation_id: str
    generation: int
    #: The seq up to which the run has read.
    seen: int
    #: `paused` if its time to resume had come; the run then appends `conversation.resumed`.
    status: Status = "running"
    #: The turn that a run before this one left open.
    open_turn: str | None = None
    #: Whose conversation it is; None: the house's.
    owner: str | None = None
    next_turn_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What an append did."""

    seqs: range
    status: Status
    #: A run is awake: it hears of the events itself and must not be rung for.
    awake: bool
    next_turn_at: int | None
    envelopes: tuple[ev.Envelope, ...]

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return self.seqs[-1]

    @property
    def ring_at(self) -> int | None:
        """When the alarm must be rung after the commit; None: there is nobody to wake."""
        return None if self.awake or self.status != "running" else self.next_turn_at


class Ringing(NamedTuple):
    """A conversation that needs an alarm."""

    id: str
    status: Status
    next_turn_at: int | None
    resume_at: int | None
    run_deadline: int | None


def create(
    connection: Connection,
    conversation_id: str,
    new: Sequence[ev.NewEvent],
    *,
    at: int,
    visibility: str,
    owner: str | None,
    wake_at: int | None = None,
) -> Appended:
    """A new conversation with its first events; `conversation.created` is the first of them."""
    first = new[0].body
    if not isinstance(first, ev.ConversationCreated):
        raise TypeError("a log begins with conversation.created")
    connection.execute(
        insert(conversations).values(
            id=conversation_id, status="created", head_seq=0, generation=0, failures=0,
            title=first.title, topic=first.topic, seed=first.seed, director=first.director,
            language=first.language, starter=first.starter,
            pace=first.pace.model_dump(mode="json"),
            limits=first.limits.model_dump(mode="json", exclude_none=True),
            cast=seated(first.participants), visibility=visibility, owner=owner, created_at=at,
            last_at=at, message_count=0, tokens=0, cost=0.0, cost_estimated=False,
        )
    )  # fmt: skip
    return append(connection, conversation_id, new, at=at, wake_at=wake_at)


def claim(connection: Connection, conversation_id: str, *, now: int, deadline: int) -> Claim | None:
    """S1: begin a run, which ends the right of every older one. None: there is nothing to do."""
    row = connection.execute(
        sql.S1, {"of": conversation_id, "now": now, "deadline": deadline}
    ).one_or_none()
    if row is None:
        return None
    return Claim(
        conversation_id=conversation_id, generation=row.generation, seen=row.head_seq,
        status=row.status, open_turn=row.open_turn, owner=row.owner,
        next_turn_at=row.next_turn_at,
    )  # fmt: skip


def append_turn(
    connection: Connection,
    mine: Claim,
    new: Sequence[ev.NewEvent],
    *,
    at: int,
    open_turn: str | None,
    deadline: int | None,
    due: int | None,
) -> tuple[ev.Envelope, ...]:
    """S2: append what a run says. Raises Superseded or Stale, and has then written nothing."""
    sets = change(new, at)
    statement = sql.s2(tuple(sets.values), tuple(sets.adds))
    row = connection.execute(
        statement,
        _values(sets)
        | _fence(mine)
        | {"n": len(new), "turn": open_turn, "deadline": deadline, "due": due},
    ).one_or_none()
    if row is None:
        raise why_not(connection, mine)
    return _insert(connection, mine.conversation_id, new, head=row.head_seq, at=at, cast=row.cast)


def append(
    connection: Connection,
    conversation_id: str,
    new: Sequence[ev.NewEvent],
    *,
    at: int,
    unless: Collection[Status] = ("ended",),
    wake_at: int | None = None,
) -> Appended:
    """S3: append what anybody else says, unless the conversation has one of these statuses.

    With `wake_at` the next run is due then, if it was not due sooner. Raises NotFound or
    WrongStatus, and has then written nothing.
    """
    sets = change(new, at)
    statement = sql.s3(tuple(sets.values), tuple(sets.adds), waking=wake_at is not None)
    values = _values(sets) | {"of": conversation_id, "n": len(new), "unless": list(unless)}
    if wake_at is not None:
        values["wake_at"] = wake_at
    row = connection.execute(statement, values).one_or_none()
    if row is None:
        raise _refused(connection, conversation_id)
    return _appended(connection, conversation_id, new, row, at=at)


def take_floor(
    connection: Connection,
    conversation_id: str,
    new: Sequence[ev.NewEvent],
    *,
    at: int,
    code: str,
    unless: Collection[Status] = ("ended",),
    speaker: str | None = None,
    wake_at: int | None = None,
) -> Appended:
    """Append a command that ends the turn under way: `turn.failed` with its code comes first.

    With `speaker` only a turn of that participant is ended, any other goes on. A run that is awake
    before its turn is left to decide again if the talk goes on, and rung for by nobody.
    """
    row = connection.execute(sql.LOCK, {"of": conversation_id}).one_or_none()
    if row is None or row.status in unless:
        raise _refused(connection, conversation_id)
    started = _started(connection, conversation_id) if row.open_turn else None
    if speaker is None or (started and started.participant_id == speaker):
        if started or wake_at is None:
            connection.execute(sql.QUIET, {"of": conversation_id})
        new = (*_cut_short(started, code), *new)
    return append(connection, conversation_id, new, at=at, unless=unless, wake_at=wake_at)


def sleep(connection: Connection, mine: Claim, *, due: int | None) -> None:
    """S5: a run goes back to sleep without an event. Raises Superseded or Stale."""
    statement = sql.S5_PAUSED if mine.status == "paused" else sql.S5
    if connection.execute(statement, _fence(mine) | {"due": due}).one_or_none() is None:
        raise why_not(connection, mine)


def catch_up(connection: Connection, mine: Claim) -> tuple[Claim, list[ev.Envelope]]:
    """Hold the row to the end of the transaction, and read what others have appended.

    Raises Superseded if the run has no right to write any more, whatever it has read.
    """
    row = connection.execute(sql.LOCK, {"of": mine.conversation_id}).one_or_none()
    if row is None or row.generation != mine.generation or row.status != mine.status:
        raise why_not(connection, mine)
    news = read(connection, mine.conversation_id, after=mine.seen, limit=row.head_seq - mine.seen)
    return replace(mine, seen=row.head_seq), news


def why_not(connection: Connection, mine: Claim) -> Superseded | Stale:
    """S4: why S2 or S5 found no row."""
    row = connection.execute(sql.S4, {"of": mine.conversation_id}).one_or_none()
    if row is None or row.generation != mine.generation or row.status != mine.status:
        return Superseded("Another run is in charge, or the conversation does not run.")
    return Stale("Others have appended meanwhile.")


def read(
    connection: Connection, conversation_id: str, *, after: int, limit: int
) -> list[ev.Envelope]:
    """The events with `after < seq ≤ after + limit`, ascending."""
    rows = connection.execute(sql.READ, _page(conversation_id, after, limit))
    return [_envelope(conversation_id, row) for row in rows]


def read_kinds(
    connection: Connection,
    conversation_id: str,
    kinds: Sequence[type[ev.Body]],
    *,
    after: int = 0,
    upto: int = sys.maxsize,
    most: int = 100_000,
) -> list[ev.Envelope]:
    """The events of some types with `after < seq ≤ upto`, ascending, `most` at most."""
    named = {"of": conversation_id, "after": after, "upto": upto, "most": most}
    rows = connection.execute(sql.READ_KINDS, named | {"kinds": [each.type for each in kinds]})
    return [_envelope(conversation_id, row) for row in rows]


def read_wire(
    connection: Connection, conversation_id: str, *, after: int, limit: int
) -> list[dict[str, Any]]:
    """The same as they go over the wire, exactly as stored, without a model in between."""
    rows = connection.execute(sql.READ, _page(conversation_id, after, limit))
    return [
        {
            "conversation_id": conversation_id, "seq": row.seq, "type": row.type,
            "version": row.version, "actor": row.actor, "at": rfc3339(row.at),
            "visibility": row.visibility, "body": row.body,
        }
        for row in rows
    ]  # fmt: skip


def read_frames(
    connection: Connection, conversation_id: str, *, after: int, limit: int
) -> list[bytes]:
    """The same as finished frames, put together from the stored text; for many viewers at once."""
    rows: Sequence[Row[*tuple[Any, ...]]] = connection.execute(
        sql.READ_TEXT, _page(conversation_id, after, limit)
    ).fetchall()
    start = f'{{"kind":"event","conversation_id":"{conversation_id}","seq":'
    # Taken apart by place: asking each row for its columns by name takes longer than reading it.
    return [
        f'{start}{seq},"type":"{type_}","version":{version},"actor":{actor},'
        f'"at":"{rfc3339(at)}","visibility":{visibility},"body":{body}}}'.encode()
        for seq, type_, version, at, actor, visibility, body in rows
    ]


def head(connection: Connection, conversation_id: str) -> int:
    """The seq of the last event. Raises NotFound."""
    seq = connection.execute(sql.HEAD, {"of": conversation_id}).scalar_one_or_none()
    if seq is None:
        raise NotFound(f"There is no conversation {conversation_id}.")
    return seq


def hasten(
    connection: Connection, *, at: int, conversation_id: str | None = None, unpaid: bool = False
) -> int:
    """Have a pause looked at then, if it may be over; without an id, all that wait for providers.

    Or, `unpaid`, for a day's ceiling. How many: ring for one that shall not await the reconciler.
    """
    if conversation_id is None:
        waiting = sql.HASTEN_UNPAID if unpaid else sql.HASTEN
        return connection.execute(waiting, {"at": at}).rowcount
    return connection.execute(sql.HASTEN_ONE, {"of": conversation_id, "at": at}).rowcount


def ringing(connection: Connection, *, after: str = "", limit: int = 500) -> list[Ringing]:
    """One page, in the order of ids, of the conversations that need an alarm."""
    rows = connection.execute(sql.RINGING_PAGE, {"after": after, "most": limit})
    return [Ringing(*row) for row in rows]


def forget(connection: Connection, conversation_id: str) -> bool:
    """Delete a conversation with all that belongs to it; whether there was one."""
    return connection.execute(sql.DELETE, {"of": conversation_id}).rowcount > 0


def _page(conversation_id: str, after: int, limit: int) -> dict[str, Any]:
    return {"of": conversation_id, "after": after, "upto": after + limit}


def _started(connection: Connection, conversation_id: str) -> ev.TurnStarted:
    body = connection.execute(sql.LAST_START, {"of": conversation_id}).scalar_one()
    return ev.TurnStarted.model_validate(body)


def _cut_short(started: ev.TurnStarted | None, code: str) -> list[ev.NewEvent]:
    if started is None:
        return []
    failed = ev.TurnFailed(
        turn_id=started.turn_id,
        message_id=started.message_id,
        participant_id=started.participant_id,
        code=code,
    )
    return [ev.NewEvent(body=failed, actor=ev.SYSTEM)]


def _refused(connection: Connection, conversation_id: str) -> NotFound | WrongStatus:
    row = connection.execute(sql.S4, {"of": conversation_id}).one_or_none()
    if row is None:
        return NotFound(f"There is no conversation {conversation_id}.")
    return WrongStatus(f"The conversation is {row.status}.", status=row.status)


def _appended(
    connection: Connection,
    conversation_id: str,
    new: Sequence[ev.NewEvent],
    row: Row[*tuple[Any, ...]],
    *,
    at: int,
) -> Appended:
    envelopes = _insert(connection, conversation_id, new, head=row.head_seq, at=at, cast=row.cast)
    return Appended(
        seqs=range(row.head_seq - len(new) + 1, row.head_seq + 1),
        status=row.status,
        awake=row.run_deadline is not None and row.run_deadline > at,
        next_turn_at=row.next_turn_at,
        envelopes=envelopes,
    )


def _insert(
    connection: Connection,
    conversation_id: str,
    new: Sequence[ev.NewEvent],
    *,
    head: int,
    at: int,
    cast: Cast,
) -> tuple[ev.Envelope, ...]:
    envelopes = tuple(
        ev.Envelope(
            conversation_id=conversation_id, seq=seq, at=at, actor=event.actor, body=event.body,
            visibility=event.visibility,
        )
        for seq, event in enumerate(new, start=head - len(new) + 1)
    )  # fmt: skip
    connection.execute(sql.INSERT_EVENTS, [_row(envelope) for envelope in envelopes])
    project(connection, envelopes, cast)
    return envelopes


def _row(envelope: ev.Envelope) -> dict[str, Any]:
    return {
        "conversation_id": envelope.conversation_id, "seq": envelope.seq, "type": envelope.type,
        "version": envelope.body.version, "actor": envelope.actor.model_dump(exclude_none=True),
        "visibility": envelope.visibility, "body": ev.dump_body(envelope.body), "at": envelope.at,
    }  # fmt: skip


def _envelope(conversation_id: str, row: Row[*tuple[Any, ...]]) -> ev.Envelope:
    return ev.Envelope(
        conversation_id=conversation_id,
        seq=row.seq,
        at=row.at,
        actor=ev.Actor.model_validate(row.actor),
        body=ev.load_body(row.type, row.version, row.body),
        visibility=row.visibility if row.visibility == "all" else tuple(row.visibility),
    )


def _fence(mine: Claim) -> dict[str, Any]:
    return {
        "of": mine.conversation_id, "mine": mine.generation, "seen": mine.seen,
        "expected": mine.status,
    }  # fmt: skip


def _values(sets: Change) -> dict[str, Any]:
    named = {f"set_{column}": value for column, value in sets.values.items()}
    return named | {f"add_{column}": value for column, value in sets.adds.items()}
