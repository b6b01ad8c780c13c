"""Closes polls when their time is up, and lets what the stalls have decided happen.

The docket rings for each poll; what it forgets, the reconciler's next pass finds in the table.
"""

import hashlib
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy import Connection, bindparam, select

from chimera.core import events as ev
from chimera.core import ladders, stalls, topics
from chimera.core.errors import ChimeraError
from chimera.core.ids import Clock, from_millis, rfc3339, to_millis
from chimera.core.ports import Alarm
from chimera.core.state import ConversationState
from chimera.engine.journal import Appended, Journal
from chimera.store.database import Store, Work
from chimera.store.tables import OPEN, conversations, poll_votes, polls

#: Votes that were on their way when the time was up.
GRACE_MS = 250
#: So many must watch for the host to ask them by a poll, between so many topics.
LEAST_VIEWERS, CHOICES, LONGEST_OPTION = 3, 3, 80
NEXT = "What should they talk about next?"
#: Polls that are looked after in one pass; the rest have their turn in the next.
_PASS = 500

_POLL = select(polls).where(polls.c.id == bindparam("of"), OPEN)
_CHOICES = select(poll_votes.c.choice).where(poll_votes.c.poll_id == bindparam("of"))
#: Nobody else closes it, or votes, before the transaction ends.
_HELD = (
    select(conversations.c.status, conversations.c.topic)
    .where(conversations.c.id == bindparam("of"))
    .with_for_update()
)
_OPEN = select(polls.c.id, polls.c.closes_at).where(OPEN).order_by(polls.c.closes_at).limit(_PASS)

log = structlog.get_logger()


class Bell(Protocol):
    """Rings for a poll's end."""

    async def tally(self, poll_id: str, at: datetime) -> None: ...


class Polls:
    """Sees to it that every poll ends."""

    def __init__(
        self, *, journal: Journal, store: Store, alarm: Alarm, bell: Bell, clock: Clock
    ) -> None:
        self._journal = journal
        self._store = store
        self._alarm = alarm
        self._bell = bell
        self._clock = clock

    async def expect(self, poll_id: str, closes_at: int) -> None:
        """Close this poll at that time, in milliseconds UTC."""
        await self._bell.tally(poll_id, from_millis(closes_at + GRACE_MS))

    async def on_topic(self, state: ConversationState, viewers: int) -> tuple[ev.PollOpened, ...]:
        """A poll on what comes next, between the best topics, if enough are there to vote.

        Its bell may ring for nothing, where the run that asked is overtaken before it is told.
        """
        options = [each for each, _ in topics.ranked(state) if len(each) <= LONGEST_OPTION]
        open_already = state.feelings.stalls.polling
        if viewers < LEAST_VIEWERS or open_already or len(options) < CHOICES:
            return ()
        closes_at = to_millis(self._clock.now()) + round(1000 * ladders.ASKS_S / state.pace.speed)
        digest = hashlib.sha256(f"{state.id}:{state.seq}:poll".encode()).hexdigest()
        body = ev.PollOpened(
            poll_id=f"pol_{digest[:26]}", question=NEXT, options=tuple(options[:CHOICES]),
            closes_at=rfc3339(closes_at), quorum=stalls.quorum(viewers), decides="topic",
        )  # fmt: skip
        await self.expect(body.poll_id, closes_at)
        return (body,)

    async def close(self, poll_id: str) -> None:
        """Count the votes, unless that was done already. A failure is left to the next pass."""
        try:
            done = await self._store.work(ev.SYSTEM, partial(self._close, poll_id=poll_id))
        except ChimeraError as error:
            log.warning("a poll was not closed", poll_id=poll_id, error=error.code)
            return
        if done is not None and done.ring_at is not None:
            conversation_id = done.envelopes[-1].conversation_id
            await self._alarm.ring(conversation_id, from_millis(done.ring_at))

    async def sweep(self) -> None:
        """Close what is overdue, and have the rest rung for again."""
        now = to_millis(self._clock.now())
        for poll_id, closes_at in await self._store.read(_open):
            if closes_at + GRACE_MS <= now:
                await self.close(poll_id)
            else:
                await self.expect(poll_id, closes_at)

    def _close(self, work: Work, poll_id: str) -> Appended | None:
        poll = work.connection.execute(_POLL, {"of": poll_id}).one_or_none()
        if poll is None:
            return None
        of = poll.conversation_id
        standing = work.connection.execute(_HELD, {"of": of}).one()
        if work.connection.execute(_POLL, {"of": poll_id}).one_or_none() is None:
            return None
        opened = ev.PollOpened(
            poll_id=poll.id, question=poll.question, options=tuple(poll.options),
            closes_at=rfc3339(poll.closes_at), quorum=poll.quorum, decides=poll.decides,
        )  # fmt: skip
        choices = work.connection.execute(_CHOICES, {"of": poll_id}).scalars()
        body = stalls.closed(opened, stalls.counted(choices, len(opened.options)))
        news = [ev.NewEvent(body=body, actor=ev.SYSTEM)]
        if opened.decides == "topic" and body.winner and standing.status != "ended":
            topic = {"topic": body.winner, "from": standing.topic, "cause": "viewer"}
            change = ev.TopicChanged.model_validate(topic)
            news.append(ev.NewEvent(body=change, actor=ev.SYSTEM))
        wake = to_millis(self._clock.now()) if len(news) > 1 else None
        return self._journal.append(work, of, news, unless=(), wake_at=wake)


def _open(connection: Connection) -> list[tuple[str, int]]:
    return [(row.id, row.closes_at) for row in connection.execute(_OPEN)]
