"""What is felt: reactions of the stalls, and the ledger of relations with its receipts."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Connection, Row

from chimera.api.deps import House
from chimera.api.paging import Marker
from chimera.api.strict import OMIT_NONE, Output
from chimera.core import events as ev
from chimera.core import relations
from chimera.core.company import camps
from chimera.core.conversation import Participant, Status
from chimera.core.errors import Invalid, LimitReached
from chimera.core.ids import rfc3339
from chimera.core.relations import Level, Relations, Tie
from chimera.features.conversations import casting, schemas, tables
from chimera.store import log
from chimera.store.database import Work

#: Kinds of emoji under one message; beyond them only those that stand there already.
MOST_KINDS = 20
_LONGEST = 16


# -- reactions --------------------------------------------------------------------------------


def react(
    work: Work, house: House, conversation_id: str, message_id: str, emoji: str, *,
    viewer: str, viewers: int,
) -> schemas.Posted:  # fmt: skip
    """The viewer's reaction, once, however often it is sent."""
    emoji, row = _checked(emoji), _held(work, conversation_id, message_id)
    shown = tables.reactions(work.connection, [message_id])
    mine = (message_id, viewer, emoji)
    if mine not in shown:
        kinds = {each[2] for each in shown}
        if emoji not in kinds and len(kinds) >= MOST_KINDS:
            raise LimitReached("There are enough kinds of reaction to this message.")
        body = ev.ReactionAdded(message_id=message_id, emoji=emoji, viewers=max(1, viewers))
        _tell(work, house, viewer, body, row)
    return _answer(work, row, viewer)


def take_back(
    work: Work, house: House, conversation_id: str, message_id: str, emoji: str, *, viewer: str
) -> schemas.Posted:
    """Without that reaction of the viewer's; nothing happens if there is none."""
    emoji, row = _checked(emoji), _held(work, conversation_id, message_id)
    if (message_id, viewer, emoji) in tables.reactions(work.connection, [message_id]):
        body = ev.ReactionRemoved(message_id=message_id, emoji=emoji)
        _tell(work, house, viewer, body, row)
    return _answer(work, row, viewer)


def with_reactions(
    connection: Connection, items: Sequence[schemas.Message], viewer: str
) -> list[schemas.Message]:
    """The messages with their counts, and with what is the viewer's own."""
    counts: dict[str, Counter[str]] = {}
    mine: dict[str, list[str]] = {}
    for message_id, who, emoji in tables.reactions(connection, [each.id for each in items]):
        counts.setdefault(message_id, Counter())[emoji] += 1
        if who == viewer:
            mine.setdefault(message_id, []).append(emoji)
    return [
        each.model_copy(
            update={"reactions": dict(counts.get(each.id, {})), "mine": mine.get(each.id)}
        )
        for each in items
    ]


def _held(work: Work, conversation_id: str, message_id: str) -> Row[Any]:
    """The message, while nobody else reacts to it. Raises NotFound."""
    tables.hold(work.connection, conversation_id)
    return tables.message(work.connection, conversation_id, message_id)


def _tell(work: Work, house: House, viewer: str, body: ev.Body, row: Row[Any]) -> None:
    actor = ev.Actor(type="viewer", id=viewer)
    # A whisper's reactions are for those who heard it.
    heard: ev.Visibility = row.visibility if row.visibility == "all" else tuple(row.visibility)
    event = ev.NewEvent(body=body, actor=actor, visibility=heard)
    # To react is possible also when the play is over.
    house.journal.append(work, row.conversation_id, [event], unless=())


def _answer(work: Work, row: Row[Any], viewer: str) -> schemas.Posted:
    seq = log.head(work.connection, row.conversation_id)
    (message,) = with_reactions(work.connection, [schemas.Message.of(row)], viewer)
    return schemas.Posted(message=message, seq=seq)


def _checked(emoji: str) -> str:
    """One emoji, spelt in one way. Raises Invalid for anything else."""
    # Whether the picture or the letter is meant is said by a mark that some keyboards leave out.
    bare = unicodedata.normalize("NFC", emoji).replace("\ufe0f", "")
    symbols = [each for each in bare if not _joins(each)]
    pictures = bool(symbols) and all(unicodedata.category(each) == "So" for each in symbols)
    joined = bare.count("\u200d") >= len(symbols) - 1 or _is_flag(symbols)
    if not (pictures and joined and len(bare) <= _LONGEST):
        raise Invalid("A reaction is one emoji.", path="emoji")
    return bare


def _joins(character: str) -> bool:
    """Whether it only changes or joins the emoji beside it: tones, joiners, tags."""
    return (
        character == "\u200d"
        or "🏻" <= character <= "🏿"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def _is_flag(symbols: Sequence[str]) -> bool:
    return len(symbols) == 2 and all("🇦" <= each <= "🇿" for each in symbols)


# -- relations --------------------------------------------------------------------------------


class Affinity(Output):
    """What one participant feels for another: where it began, and as it was told last."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    affinity: float
    start: float


class Between(Output):
    """What lies between two."""

    participants: list[str]
    allied: bool
    conflict: Level


class Receipt(Output):
    """One change, and the message that caused it."""

    seq: int
    at: schemas.Moment
    from_: Annotated[str, Field(alias="from")]
    to: str
    affinity: float
    delta: float
    evidence: str
    alliance: Annotated[Literal["formed", "ended"] | None, OMIT_NONE] = None
    conflict: Annotated[Level | None, OMIT_NONE] = None


class RelationsPage(Output):
    """How the cast stand to each other now, and how it came to that, oldest first.

    `camps` are two groups where most of the feeling runs between two sides, else empty;
    `balance`, −1…1, is how little the feelings contradict each other.
    """

    conversation_id: str
    ties: list[Affinity]
    pairs: list[Between]
    camps: list[list[str]]
    balance: float
    history: list[Receipt]
    next_cursor: str | None


def ledger(
    connection: Connection, conversation_id: str, *, limit: int, cursor: str | None
) -> tuple[Status, RelationsPage]:
    """The standing of all, and a page of the history."""
    row = tables.one(connection, conversation_id)
    marker = Marker(f"relations:{conversation_id}")
    after = int(marker.read(cursor, int)[0]) if cursor else 0
    told = _told(connection, conversation_id)
    cast = company(connection, conversation_id, {each["id"] for each in row.cast})
    standing = _standing(cast, told)
    split = camps.camps(standing, cast, 0)
    coming = [each for each in told if each.seq > after]
    page = coming[:limit]
    return row.status, RelationsPage(
        conversation_id=conversation_id,
        ties=[_tie(standing, one, other) for one in cast for other in cast if one is not other],
        pairs=[
            Between(participants=[one.id, other.id], allied=pair.allied is not None,
                    conflict=pair.level)
            for place, one in enumerate(cast) for other in cast[place + 1 :]
            for pair in [standing.pair(one.id, other.id)]
        ],
        camps=[list(side) for side in split.sides],
        balance=round(split.balance, 4),
        history=[
            _receipt(each, each.body)
            for each in page
            if isinstance(each.body, ev.RelationChanged)
        ],
        next_cursor=marker.write([page[-1].seq]) if len(coming) > limit else None,
    )  # fmt: skip


def warmth(connection: Connection, conversation_id: str) -> dict[str, float]:
    """By how much each message changed what the cast feel for each other."""
    sums: defaultdict[str, float] = defaultdict(float)
    for each in _told(connection, conversation_id):
        if isinstance(each.body, ev.RelationChanged):
            sums[each.body.evidence] += each.body.delta
    return {message_id: round(value, 4) for message_id, value in sums.items()}


def _told(connection: Connection, conversation_id: str) -> list[ev.Envelope]:
    """Every change since the stage was swept the last time."""
    kinds = (ev.RelationChanged, ev.ConversationCleared)
    told: list[ev.Envelope] = []
    for each in log.read_kinds(connection, conversation_id, kinds):
        if isinstance(each.body, ev.ConversationCleared):
            told.clear()
        else:
            told.append(each)
    return told


def company(
    connection: Connection, conversation_id: str, present: Collection[str]
) -> list[Participant]:
    """Who is there, with what their cards say of the others."""
    seats = casting.seats(connection, conversation_id)
    return [one for one in seats.values() if one.id in present]


def _standing(cast: Sequence[Participant], told: Sequence[ev.Envelope]) -> Relations:
    """The relations as the log tells them."""
    standing = Relations()
    for each in told:
        if isinstance(each.body, ev.RelationChanged):
            standing = relations.told(standing, each.body, 0)
    for one in cast:
        for other in cast:
            if one is not other and (one.id, other.id) not in standing.ties:
                start = relations.baseline(one, other)
                tie = Tie(affinity=start, told=start, turn=0)
                standing = standing.with_tie(one.id, other.id, tie)
    return standing


def _tie(standing: Relations, one: Participant, other: Participant) -> Affinity:
    return Affinity.model_validate({
        "from": one.id, "to": other.id, "start": round(relations.baseline(one, other), 4),
        "affinity": round(standing.ties[one.id, other.id].affinity, 4),
    })  # fmt: skip


def _receipt(envelope: ev.Envelope, body: ev.RelationChanged) -> Receipt:
    return Receipt.model_validate({
        "seq": envelope.seq, "at": rfc3339(envelope.at), "from": body.from_, "to": body.to,
        "affinity": body.affinity, "delta": body.delta, "evidence": body.evidence,
        "alliance": body.alliance, "conflict": body.conflict,
    })  # fmt: skip
