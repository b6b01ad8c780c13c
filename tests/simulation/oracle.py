"""What must be true after each step, whatever went wrong (`docs/guides/testing.md`).

It reads the rows behind everybody's back, after every commit, and remembers what stood there: what
was once in a log stays there as it was.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import orjson

from chimera.core import events as ev

#: Sums of floats differ in their last digits.
HAIR = 1e-9

_ROWS = "SELECT id, status, head_seq, open_turn, message_count FROM conversations"
_NEWS = "SELECT seq, type, body FROM events WHERE conversation_id = ? AND seq > ? ORDER BY seq"
_COUNTS = (
    "SELECT (SELECT count(*) FROM events WHERE conversation_id = :of),"
    " (SELECT count(*) FROM messages WHERE conversation_id = :of)"
)
_COST = "SELECT coalesce(sum(cost), 0) FROM usage"


class Violation(AssertionError):
    """A promise was broken."""


@dataclass(slots=True)
class Log:
    """One conversation as it was when we last looked."""

    events: list[tuple[int, str, str]] = field(default_factory=list[tuple[int, str, str]])
    turns: set[str] = field(default_factory=set[str])
    messages: set[str] = field(default_factory=set[str])
    open_turn: str | None = None
    #: The newest generation that has written, and the newest that began a turn.
    generation: int = 0
    began: int = 0
    status: str = "created"

    @property
    def seq(self) -> int:
        return len(self.events)

    @property
    def lines(self) -> int:
        """How many lines of personas it holds."""
        return sum(kind == "message.completed" for _, kind, _ in self.events)


def check(holds: bool, why: str) -> None:
    if not holds:
        raise Violation(why)


class Oracle:
    """Looks after every commit; the first broken promise is kept in `broken`."""

    def __init__(self) -> None:
        self.logs: defaultdict[str, Log] = defaultdict(Log)
        #: Dollars that the provider has asked for.
        self.billed = 0.0
        #: What a house has acknowledged: the text of a post by its place.
        self.acknowledged: dict[tuple[str, int], str] = {}
        self.steps = 0

    def look(self, database: Any, generation: int | None) -> None:
        """After a commit; `generation`: that of the run that wrote. Raises Violation."""
        self.steps += 1
        for row in database.execute(_ROWS).fetchall():
            log = self.logs[row[0]]
            if row[2] != log.seq:
                self._read_on(database, row[0], log, generation)
            self._weigh(database, row, log)
        cost = database.execute(_COST).fetchone()[0]
        check(cost >= self.billed - HAIR, f"counted {cost:.6f} of {self.billed:.6f} dollars billed")

    def _read_on(self, database: Any, key: str, log: Log, generation: int | None) -> None:
        for seq, kind, body in database.execute(_NEWS, (key, log.seq)).fetchall():
            check(seq == log.seq + 1, f"{key}: event {seq} follows {log.seq}")
            if generation is not None:
                check(generation >= log.generation, f"{key}: {kind} by run {generation}, "
                      f"after one by run {log.generation}")  # fmt: skip
                log.generation = generation
            self._take(key, log, kind, orjson.loads(body))
            log.events.append((seq, kind, body))

    def _take(self, key: str, log: Log, kind: str, body: dict[str, Any]) -> None:
        where = f"{key} at {log.seq + 1}"
        match kind:
            case ev.TurnStarted.type:
                check(log.status == "running", f"{where}: a turn while {log.status}")
                check(log.open_turn is None, f"{where}: a turn within a turn")
                check(body["turn_id"] not in log.turns, f"{where}: a turn twice")
                check(body["generation"] >= log.began, f"{where}: an older run after a newer one")
                log.turns.add(body["turn_id"])
                log.open_turn, log.began = body["turn_id"], body["generation"]
            case ev.MessageCompleted.type | ev.TurnFailed.type:
                check(log.open_turn == body["turn_id"], f"{where}: the end of no open turn")
                log.open_turn = None
            case ev.ConversationPaused.type | ev.ConversationEnded.type:
                check(log.open_turn is None, f"{where}: the floor was taken within a turn")
                log.status = "paused" if kind == ev.ConversationPaused.type else "ended"
            case ev.ConversationStarted.type | ev.ConversationResumed.type:
                log.status = "running"
            case _:
                pass
        if kind in {ev.MessageCompleted.type, ev.MessagePosted.type}:
            check(body["message_id"] not in log.messages, f"{where}: a message twice")
            log.messages.add(body["message_id"])

    def _weigh(self, database: Any, row: Any, log: Log) -> None:
        """What is kept beside the log says what the log says."""
        key, status, head, open_turn, count = row
        events, messages = database.execute(_COUNTS, {"of": key}).fetchone()
        check(head == events == log.seq, f"{key}: head {head}, {events} events, known {log.seq}")
        check(count == messages == len(log.messages), f"{key}: {messages} messages, told {count}")
        check(open_turn == log.open_turn, f"{key}: open turn {open_turn}, by log {log.open_turn}")
        check(status == log.status, f"{key}: {status}, by its log {log.status}")

    def reread(self, database: Any) -> None:
        """At the end: every log holds what it ever held. Raises Violation."""
        for key, log in self.logs.items():
            now = database.execute(_NEWS, (key, 0)).fetchall()
            check(now == log.events, f"{key}: the log was changed behind our back")
        for (key, seq), text in self.acknowledged.items():
            place = self.logs[key].events[seq - 1 : seq]
            kept = [orjson.loads(body).get("text") for _, kind, body in place
                    if kind == ev.MessagePosted.type]  # fmt: skip
            check(kept == [text], f"{key}: the post acknowledged as {seq} is not there")
