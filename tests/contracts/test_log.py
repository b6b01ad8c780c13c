"""The fence: who may append, when, and what every append does besides."""

import re
from typing import Any, cast

import orjson
import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.dialects import postgresql, sqlite

from chimera.core import events as ev
from chimera.core.errors import NotFound, Stale, Superseded, WrongStatus
from chimera.core.events import HOST, NewEvent
from chimera.core.state import fold
from chimera.store import log, statements
from chimera.store.database import Store
from chimera.store.tables import conversations, messages, usage
from conversations_made import (
    completed,
    created,
    ended,
    failed,
    participant,
    paused,
    posted,
    resumed,
    started,
    turn_started,
)

NOW = 1_800_000_000_000
CNV = "cnv_1"


def make(connection: Connection, *new: NewEvent, **changes: Any) -> log.Appended:
    options: dict[str, Any] = {"at": NOW, "visibility": "private", "owner": None, **changes}
    return log.create(connection, CNV, new or (created(), started()), **options)


def say(connection: Connection, mine: log.Claim, *new: NewEvent, **changes: Any) -> log.Claim:
    options: dict[str, Any] = {"at": NOW, "open_turn": None, "deadline": None, "due": NOW}
    envelopes = log.append_turn(connection, mine, new, **{**options, **changes})
    return log.Claim(
        conversation_id=CNV, generation=mine.generation, seen=envelopes[-1].seq, status=mine.status
    )


def take(connection: Connection, now: int = NOW) -> log.Claim:
    mine = log.claim(connection, CNV, now=now, deadline=now + 75_000)
    assert mine is not None
    return mine


def row(connection: Connection) -> Any:
    return connection.execute(select(conversations)).one()


def types(connection: Connection) -> list[str]:
    return [envelope.type for envelope in log.read(connection, CNV, after=0, limit=500)]


async def inside(store: Store, unit: Any) -> Any:
    """Run a whole test as one unit: the rules are those of statements, not of commits."""
    return await store.write(unit)


async def test_numbers_are_dense_from_one_and_what_is_read_is_what_was_written(
    store: Store,
) -> None:
    def unit(c: Connection) -> None:
        assert make(c).seqs == range(1, 3)
        assert log.append(c, CNV, [posted("msg_a"), posted("msg_b")], at=NOW).seqs == range(3, 5)
        read = log.read(c, CNV, after=0, limit=500)
        assert [each.seq for each in read] == [1, 2, 3, 4]
        assert read[0].body == created().body
        assert read[2].body == posted("msg_a").body
        assert read[2].actor == posted("msg_a").actor
        assert read[2].at == NOW
        assert log.head(c, CNV) == 4

    await inside(store, unit)


async def test_a_page_holds_what_comes_after_up_to_its_limit(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c)
        log.append(c, CNV, [posted(f"msg_{n}") for n in range(8)], at=NOW)
        assert [each.seq for each in log.read(c, CNV, after=3, limit=4)] == [4, 5, 6, 7]
        assert log.read(c, CNV, after=10, limit=4) == []

    await inside(store, unit)


async def test_the_wire_form_read_from_the_rows_is_that_of_the_envelopes(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c)
        whisper = NewEvent(body=posted("msg_a").body, actor=HOST, visibility=("par_ada",))
        log.append(c, CNV, [whisper, posted("msg_b")], at=NOW)
        envelopes = log.read(c, CNV, after=0, limit=10)
        assert log.read_wire(c, CNV, after=0, limit=10) == [each.wire() for each in envelopes]
        assert envelopes[2].visibility == ("par_ada",)
        frames = log.read_frames(c, CNV, after=0, limit=10)
        assert frames == [orjson.dumps({"kind": "event", **each.wire()}) for each in envelopes]

    await inside(store, unit)


async def test_a_later_claim_ends_the_right_of_the_earlier_one(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c)
        first, second = take(c), take(c)
        assert second.generation == first.generation + 1
        with pytest.raises(Superseded):
            say(c, first, turn_started("1"))
        with pytest.raises(Superseded):
            log.sleep(c, first, due=NOW)
        say(c, second, turn_started("1"))

    await inside(store, unit)


async def test_a_run_that_has_not_read_everything_is_stale(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c)
        mine = take(c)
        log.append(c, CNV, [posted("msg_a")], at=NOW)
        with pytest.raises(Stale):
            say(c, mine, turn_started("1"))
        with pytest.raises(Stale):
            log.sleep(c, mine, due=NOW)
        caught_up, news = log.catch_up(c, mine)
        assert [each.type for each in news] == ["message.posted"]
        assert say(c, caught_up, turn_started("1")).seen == 4

    await inside(store, unit)


@pytest.mark.parametrize("event", [paused(), ended()])
async def test_a_run_writes_nothing_after_a_pause_or_an_end(store: Store, event: NewEvent) -> None:
    def unit(c: Connection) -> None:
        make(c)
        mine = take(c)
        log.append(c, CNV, [event], at=NOW)
        with pytest.raises(Superseded):
            say(c, mine, turn_started("1"))
        with pytest.raises(Superseded):
            log.catch_up(c, mine)

    await inside(store, unit)


async def test_only_a_running_conversation_can_be_claimed(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c, created())
        assert log.claim(c, CNV, now=NOW, deadline=NOW) is None
        assert log.claim(c, "cnv_none", now=NOW, deadline=NOW) is None
        log.append(c, CNV, [started()], at=NOW)
        assert take(c).seen == 2
        log.append(c, CNV, [ended()], at=NOW)
        assert log.claim(c, CNV, now=NOW, deadline=NOW) is None

    await inside(store, unit)


async def test_a_pause_that_ends_by_itself_can_be_claimed_when_its_time_has_come(
    store: Store,
) -> None:
    def unit(c: Connection) -> None:
        make(c)
        log.append(c, CNV, [paused("2027-01-15T08:00:10.000Z")], at=NOW)
        due = row(c).resume_at
        assert due == NOW + 10_000
        assert log.claim(c, CNV, now=due - 1, deadline=due) is None
        mine = take(c, due)
        assert mine.status == "paused"
        log.sleep(c, mine, due=due + 5_000)
        assert row(c).resume_at == due + 5_000
        mine = take(c, due + 5_000)
        say(c, mine, resumed())
        assert (row(c).status, row(c).resume_at, row(c).paused_because) == ("running", None, None)

    await inside(store, unit)


async def test_an_open_turn_is_kept_from_its_start_to_its_end(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c)
        mine = take(c)
        mine = say(c, mine, turn_started("1"), open_turn="trn_1", deadline=NOW + 9, due=NOW + 8)
        assert (row(c).open_turn, row(c).run_deadline, row(c).next_turn_at) == (
            "trn_1", NOW + 9, NOW + 8,
        )  # fmt: skip
        assert take(c).open_turn == "trn_1"
        say(c, take(c), completed("1"))
        assert (row(c).open_turn, row(c).run_deadline) == (None, None)

    await inside(store, unit)


async def test_sleeping_changes_the_time_of_the_next_turn_and_nothing_else(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c)
        mine = take(c)
        log.sleep(c, mine, due=NOW + 700)
        assert (row(c).next_turn_at, row(c).run_deadline, row(c).head_seq) == (NOW + 700, None, 2)

    await inside(store, unit)


@pytest.mark.parametrize("code", ["paused", "stopped", "cleared"])
async def test_taking_the_floor_ends_the_open_turn_first(store: Store, code: str) -> None:
    def unit(c: Connection) -> None:
        make(c)
        mine = say(c, take(c), turn_started("1"), open_turn="trn_1", deadline=NOW + 9)
        done = log.take_floor(c, CNV, [paused()], at=NOW, code=code)
        assert types(c)[-2:] == ["turn.failed", "conversation.paused"]
        body = log.read(c, CNV, after=3, limit=1)[0].body
        assert isinstance(body, ev.TurnFailed)
        assert (body.turn_id, body.message_id, body.code) == ("trn_1", "msg_1", code)
        assert done.seqs == range(4, 6)
        assert not done.awake
        assert (row(c).open_turn, row(c).run_deadline, row(c).status) == (None, None, "paused")
        with pytest.raises(Superseded):
            say(c, mine, completed("1"))

    await inside(store, unit)


async def test_taking_the_floor_of_nobody_only_says_the_command(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c)
        take(c)
        log.take_floor(c, CNV, [ended()], at=NOW, code="stopped")
        assert types(c)[-1] == "conversation.ended"
        assert "turn.failed" not in types(c)
        assert row(c).run_deadline is None

    await inside(store, unit)


async def test_a_run_that_is_awake_before_its_turn_is_not_rung_for_once_more(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c)
        take(c)
        clear = NewEvent(body=ev.ConversationCleared(up_to_seq=1), actor=HOST)
        done = log.take_floor(c, CNV, [clear], at=NOW, code="interrupted", wake_at=NOW)
        # It hears of it and decides again; a second run would take its alarm away.
        assert done.awake
        assert done.ring_at is None

    await inside(store, unit)


async def test_muting_one_takes_the_floor_from_that_one_only(store: Store) -> None:
    def muted(who: str) -> NewEvent:
        return NewEvent(body=ev.ParticipantMuted(participant_id=who), actor=HOST)

    def unit(c: Connection) -> None:
        make(c)
        say(c, take(c), turn_started("1"), open_turn="trn_1", deadline=NOW + 9)
        log.take_floor(c, CNV, [muted("par_bo")], at=NOW, code="muted", speaker="par_bo")
        assert row(c).open_turn == "trn_1"
        log.take_floor(c, CNV, [muted("par_ada")], at=NOW, code="muted", speaker="par_ada")
        assert row(c).open_turn is None
        assert types(c)[-2:] == ["turn.failed", "participant.muted"]
        assert [each["muted"] for each in row(c).cast] == [True, True]

    await inside(store, unit)


async def test_a_command_in_the_wrong_status_writes_nothing(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c)
        with pytest.raises(WrongStatus):
            log.append(c, CNV, [resumed()], at=NOW, unless=("created", "running", "ended"))
        with pytest.raises(WrongStatus):
            log.take_floor(c, CNV, [paused()], at=NOW, code="paused", unless=("running",))
        with pytest.raises(NotFound):
            log.append(c, "cnv_none", [posted("msg_a")], at=NOW)
        log.append(c, CNV, [ended()], at=NOW)
        with pytest.raises(WrongStatus):
            log.append(c, CNV, [posted("msg_a")], at=NOW)
        assert log.head(c, CNV) == 3

    await inside(store, unit)


async def test_a_wake_moves_the_next_turn_forward_and_never_back(store: Store) -> None:
    def unit(c: Connection) -> None:
        assert make(c, wake_at=NOW).ring_at == NOW
        mine = take(c)
        log.sleep(c, mine, due=NOW + 5_000)
        done = log.append(c, CNV, [posted("msg_a")], at=NOW, wake_at=NOW + 1_000)
        assert done.ring_at == row(c).next_turn_at == NOW + 1_000
        done = log.append(c, CNV, [posted("msg_b")], at=NOW, wake_at=NOW + 3_000)
        assert done.ring_at == NOW + 1_000

    await inside(store, unit)


async def test_a_run_that_is_awake_is_not_rung_for(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c)
        take(c)
        done = log.append(c, CNV, [posted("msg_a")], at=NOW, wake_at=NOW)
        assert (done.awake, done.ring_at) == (True, None)
        late = log.append(c, CNV, [posted("msg_b")], at=NOW + 80_000, wake_at=NOW + 80_000)
        assert (late.awake, late.ring_at) == (False, NOW)

    await inside(store, unit)


async def test_a_paused_conversation_is_not_rung_for(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c)
        log.append(c, CNV, [paused()], at=NOW)
        assert log.append(c, CNV, [posted("msg_a")], at=NOW, wake_at=NOW).ring_at is None
        assert log.append(c, CNV, [resumed()], at=NOW, wake_at=NOW).ring_at == NOW

    await inside(store, unit)


# --- what is read from the log ---------------------------------------------------------------


async def test_a_conversations_row_tells_what_its_log_tells(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c, created("ada", "bo"), started())
        mine = say(c, take(c), turn_started("1"), open_turn="trn_1")
        mine = say(c, mine, completed("1", "x" * 500))
        mine = say(c, mine, turn_started("2"), failed("2"))
        log.append(c, CNV, [posted("msg_v")], at=NOW + 5)
        new = [
            NewEvent(body=ev.ConversationRenamed(title="Whales"), actor=HOST),
            NewEvent(body=ev.TopicChanged(topic="Krill", cause="viewer"), actor=HOST),
            NewEvent(
                body=ev.ParticipantJoined(participant_id="par_cy", participant=participant("cy")),
                actor=HOST,
            ),
            NewEvent(body=ev.ParticipantLeft(participant_id="par_bo"), actor=HOST),
        ]
        log.append(c, CNV, new, at=NOW + 6)
        state = fold(CNV, log.read(c, CNV, after=0, limit=100))
        told = row(c)
        assert (told.status, told.title, told.topic) == (state.status, state.title, state.topic)
        assert (told.message_count, told.tokens, told.cost) == (2, state.tokens, state.cost)
        assert (told.failures, told.head_seq) == (state.failures, state.seq)
        assert [each["id"] for each in told.cast] == [each.id for each in state.participants]
        assert told.last_line == {"name": "Anna", "text": "And what about whales?"}
        assert (told.created_at, told.started_at, told.last_at) == (NOW, NOW, NOW + 5)

    await inside(store, unit)


async def test_what_was_said_is_kept_as_messages_and_what_it_cost_as_usage(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c)
        say(c, take(c), turn_started("1"), completed("1", "Yes."))
        log.append(c, CNV, [posted("msg_v", "No.")], at=NOW)
        said = c.execute(select(messages).order_by(messages.c.seq)).all()
        assert [(each.id, each.author_kind, each.author_name, each.text) for each in said] == [
            ("msg_1", "persona", "Ada", "Yes."), ("msg_v", "viewer", "Anna", "No."),
        ]  # fmt: skip
        assert (said[0].participant_id, said[1].user_id) == ("par_ada", "usr_anna")
        assert said[0].route == {"provider": "scripted", "model": "troupe"}
        spent = c.execute(select(usage)).one()
        assert (spent.turn_id, spent.state, spent.cost) == ("trn_1", "settled", 0.25)

    await inside(store, unit)


async def test_clearing_forgets_what_was_said_before_and_keeps_the_log(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c)
        log.append(c, CNV, [posted("msg_a")], at=NOW)
        clear = NewEvent(body=ev.ConversationCleared(up_to_seq=3), actor=HOST)
        log.take_floor(c, CNV, [clear], at=NOW, code="cleared")
        log.append(c, CNV, [posted("msg_b")], at=NOW)
        assert c.execute(select(messages.c.id)).scalars().all() == ["msg_b"]
        assert row(c).message_count == 1
        assert log.head(c, CNV) == 5

    await inside(store, unit)


async def test_a_forgotten_conversation_leaves_only_its_cost(store: Store) -> None:
    def unit(c: Connection) -> None:
        make(c)
        say(c, take(c), turn_started("1"), completed("1"))
        assert log.forget(c, CNV)
        assert not log.forget(c, CNV)
        for table in ("conversations", "events", "messages"):
            assert c.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0  # noqa: S608 - fixed names
        assert c.execute(select(usage.c.cost)).scalars().all() == [0.25]

    await inside(store, unit)


async def test_the_reconciler_finds_what_needs_an_alarm(store: Store) -> None:
    def unit(c: Connection) -> None:
        for number, new in enumerate([
            (created(),),
            (created(), started()),
            (created(), started(), paused()),
            (created(), started(), paused("2027-01-15T08:00:10.000Z")),
            (created(), started(), ended()),
        ]):  # fmt: skip
            log.create(c, f"cnv_{number}", new, at=NOW, visibility="private", owner=None)
        assert [each.id for each in log.ringing(c)] == ["cnv_1", "cnv_3"]
        assert [each.id for each in log.ringing(c, after="cnv_1", limit=5)] == ["cnv_3"]
        assert log.ringing(c)[1].resume_at == NOW + 10_000

    await inside(store, unit)


# --- every hot query has its index -----------------------------------------------------------

HOT: list[tuple[str, Any, dict[str, Any]]] = [
    ("a run begins", statements.S1, {"now": 1, "deadline": 1}),
    ("a run appends", statements.s2((), ()),
     {"mine": 1, "seen": 1, "expected": "running", "n": 1, "turn": None, "deadline": 1, "due": 1}),
    ("a viewer appends", statements.s3((), (), waking=False), {"n": 1, "unless": ("ended",)}),
    ("a run sleeps", statements.S5, {"mine": 1, "seen": 1, "expected": "running", "due": 1}),
    ("why not", statements.S4, {}),
    ("a page of events", statements.READ, {"after": 1, "upto": 200}),
    ("the open turn", statements.LAST_START, {}),
    ("the reconciler", statements.RINGING_PAGE, {"after": "", "most": 500}),
    ("messages, oldest first", select(messages.c.text)
        .where(messages.c.conversation_id == "cnv_1", messages.c.seq > 5)
        .order_by(messages.c.seq).limit(50), {}),
    ("the newest conversations", select(conversations.c.title)
        .order_by(conversations.c.created_at.desc(), conversations.c.id.desc()).limit(50), {}),
    ("the liveliest conversations", select(conversations.c.title)
        .order_by(conversations.c.last_at.desc(), conversations.c.id.desc()).limit(50), {}),
    ("the running ones", select(conversations.c.title).where(conversations.c.status == "running")
        .order_by(conversations.c.last_at.desc(), conversations.c.id.desc()).limit(50), {}),
]  # fmt: skip


@pytest.mark.parametrize(("_what", "statement", "values"), HOT, ids=[each[0] for each in HOT])
async def test_every_hot_query_uses_an_index(
    store: Store, _what: str, statement: Any, values: dict[str, Any]
) -> None:
    def unit(c: Connection) -> str:
        if store.dialect == "postgresql":
            # With a few rows a scan is right; the question is whether an index could serve.
            c.execute(text("SET LOCAL enable_seqscan = off"))
            c.execute(text("SET LOCAL enable_bitmapscan = off"))
            return explain(c, "EXPLAIN", statement, values)
        return explain(c, "EXPLAIN QUERY PLAN", statement, values)

    plan = await store.write(unit)
    scans = [line for line in plan.splitlines() if "Seq Scan" in line or line.startswith("SCAN")]
    assert all("USING" in line and "INDEX" in line for line in scans), plan
    assert "TEMP B-TREE" not in plan, plan
    assert "Sort" not in plan, plan


def explain(c: Connection, how: str, statement: Any, values: dict[str, Any]) -> str:
    """The plan of a statement with its values written into it."""
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[c.dialect.name]
    compiled = statement.compile(dialect=dialect.dialect(paramstyle="named"))
    known: dict[str, Any] = {**compiled.params, "of": CNV, **values}

    def literal(match: re.Match[str]) -> str:
        value = known[match[1] or match[2]]
        if value is None:
            return "NULL"
        words = cast("tuple[Any, ...]", value if isinstance(value, tuple) else (value,))
        return ", ".join(f"'{each}'" if isinstance(each, str) else str(each) for each in words)

    written = re.sub(r"__\[POSTCOMPILE_(\w+)\]|(?<!:):(\w+)", literal, str(compiled))
    return "\n".join(str(line[-1]) for line in c.exec_driver_sql(f"{how} {written}").all())


@pytest.mark.parametrize(
    ("because", "hastened", "one"),
    [
        ("providers_down", 1, 1),
        ("credential", 1, 1),
        ("idle", 0, 1),
        ("budget", 0, 0),
        (None, 0, 0),
    ],
)
async def test_a_pause_that_may_be_over_is_looked_at_at_once(
    store: Store, because: Any, hastened: int, one: int
) -> None:
    def unit(c: Connection) -> None:
        make(c)
        pause = ev.ConversationPaused(because=because)
        log.take_floor(c, CNV, [NewEvent(body=pause, actor=ev.SYSTEM)], at=NOW, code="paused")
        assert log.hasten(c, at=NOW + 5) == hastened
        assert log.hasten(c, at=NOW + 7, conversation_id=CNV) == one
        assert row(c).resume_at == (NOW + 7 if one else None)
        assert (log.claim(c, CNV, now=NOW + 7, deadline=NOW) is not None) == bool(one)

    await inside(store, unit)
