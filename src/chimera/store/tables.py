"""The tables: what the database keeps, in the form in which it keeps it.

Times are integer milliseconds UTC and ids are text, equal on both databases. Whatever can be told
from the log (status, counts, the cast, the last line) is a projection which `store/log.py` writes
in the transaction of its event; nobody else writes it.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    or_,
)

metadata = MetaData()

_Big = BigInteger().with_variant(Integer, "sqlite")
_Json = JSON(none_as_null=True)
_OWNED = "conversations.id"

conversations = Table(
    "conversations",
    metadata,
    # A number of its own: the search index of SQLite needs row numbers that never move.
    Column("number", _Big, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    # The fence and the clock (realtime.md section 2).
    Column("status", Text, nullable=False),
    Column("head_seq", _Big, nullable=False),
    Column("generation", _Big, nullable=False),
    Column("open_turn", Text),
    Column("run_deadline", _Big),
    Column("next_turn_at", _Big),
    Column("resume_at", _Big),
    Column("failures", _Big, nullable=False),
    # What lists and pages show.
    Column("title", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("seed", _Big, nullable=False),
    Column("director", Text, nullable=False),
    Column("language", Text),
    Column("starter", Text),
    Column("pace", _Json, nullable=False),
    Column("limits", _Json, nullable=False),
    # [{id, persona_id, slug, name, color, mask, provider, model, muted}], present ones only.
    Column("cast", _Json, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("owner", Text),
    Column("created_at", _Big, nullable=False),
    Column("started_at", _Big),
    Column("ended_at", _Big),
    Column("last_at", _Big, nullable=False),
    Column("ended_because", Text),
    Column("paused_because", Text),
    Column("message_count", _Big, nullable=False),
    Column("tokens", _Big, nullable=False),
    Column("cost", Float, nullable=False),
    Column("cost_estimated", Boolean, nullable=False),
    # {participant_id?, name?, text}
    Column("last_line", _Json),
)

#: True for the rows the reconciler has to look at; literal, so that both planners see the index.
RINGING = or_(
    literal_column("status") == literal_column("'running'"),
    literal_column("resume_at").is_not(None),
)

Index("conversations_ringing", conversations.c.id, sqlite_where=RINGING, postgresql_where=RINGING)
Index("conversations_by_activity", conversations.c.last_at, conversations.c.id)
Index("conversations_by_age", conversations.c.created_at, conversations.c.id)
Index(
    "conversations_by_status",
    conversations.c.status,
    conversations.c.last_at,
    conversations.c.id,
)
Index(
    "conversations_by_status_and_age",
    conversations.c.status,
    conversations.c.created_at,
    conversations.c.id,
)

events = Table(
    "events",
    metadata,
    Column("conversation_id", Text, ForeignKey(_OWNED, ondelete="CASCADE"), primary_key=True),
    Column("seq", _Big, primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("actor", _Json, nullable=False),
    Column("visibility", _Json, nullable=False),
    Column("body", _Json, nullable=False),
    Column("at", _Big, nullable=False),
    sqlite_with_rowid=False,
)

messages = Table(
    "messages",
    metadata,
    Column("number", _Big, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("conversation_id", Text, ForeignKey(_OWNED, ondelete="CASCADE"), nullable=False),
    Column("seq", _Big, nullable=False),
    Column("participant_id", Text),
    Column("author_kind", Text, nullable=False),
    Column("author_name", Text, nullable=False),
    # The actor's id, where a person wrote it.
    Column("user_id", Text),
    Column("text", Text, nullable=False),
    Column("at", _Big, nullable=False),
    Column("visibility", _Json, nullable=False),
    Column("replies_to", Text),
    Column("ending", Text),
    Column("scripted", Boolean, nullable=False),
    Column("route", _Json),
    Column("usage", _Json),
    Column("timings", _Json),
    # A list of {id, media_type, width, height}.
    Column("images", _Json),
    UniqueConstraint("conversation_id", "seq", name="messages_in_order"),
)

#: One call and what it cost. It outlives its conversation: money stays counted.
usage = Table(
    "usage",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation_id", Text, nullable=False),
    Column("turn_id", Text, nullable=False),
    Column("participant_id", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    # The key that paid and whose conversation it was; empty: the house's.
    Column("credential", Text),
    Column("owner", Text),
    Column("input_tokens", _Big, nullable=False),
    Column("output_tokens", _Big, nullable=False),
    Column("cached_tokens", _Big, nullable=False),
    Column("cost", Float),
    Column("estimated", Boolean, nullable=False),
    # reserved: the most it may cost, set aside before the call; settled: the line was said;
    # discarded: it was paid for and not heard; estimated: nobody lived to tell what it cost.
    Column("state", Text, nullable=False),
    Column("at", _Big, nullable=False),
)
#: True for the rows that wait for their call's end.
RESERVED = literal_column("state") == literal_column("'reserved'")
#: A day's sums of all kinds come from this index alone.
Index(
    "usage_by_time",
    usage.c.at, usage.c.provider, usage.c.credential, usage.c.owner, usage.c.cost,
)  # fmt: skip
Index("usage_by_conversation", usage.c.conversation_id, usage.c.cost)
Index("usage_by_turn", usage.c.turn_id)
Index("usage_reserved", usage.c.at, sqlite_where=RESERVED, postgresql_where=RESERVED)

#: Keys of providers, sealed (`security.md` section 6).
credentials = Table(
    "credentials",
    metadata,
    Column("id", Text, primary_key=True),
    # Empty: the house's, shared by everybody in it.
    Column("owner", Text, nullable=False),
    Column("provider", Text, nullable=False),
    # {v, kid, wrap, ct}; none where only an address was set.
    Column("sealed", _Json),
    Column("last4", Text),
    Column("fingerprint", Text),
    Column("base_url", Text),
    # The code of the failure that switched it off; a new key or a good check clears it.
    Column("disabled_because", Text),
    Column("created_at", _Big, nullable=False),
    Column("updated_at", _Big, nullable=False),
    UniqueConstraint("owner", "provider", name="credentials_one_each"),
)

#: What the operator chose in the running house: budgets, switches.
preferences = Table(
    "preferences",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", _Json, nullable=False),
    Column("updated_at", _Big, nullable=False),
)

#: Calls with request and answer, redacted, kept for a few days where that is switched on.
calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation_id", Text, ForeignKey(_OWNED, ondelete="CASCADE"), nullable=False),
    Column("turn_id", Text, nullable=False),
    Column("participant_id", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("at", _Big, nullable=False),
    Column("first_token_ms", _Big),
    Column("duration_ms", _Big, nullable=False),
    Column("request", _Json, nullable=False),
    Column("text", Text, nullable=False),
    Column("reasoning", Text, nullable=False),
    Column("usage", _Json),
    Column("error", _Json),
    Index("calls_by_turn", "conversation_id", "turn_id"),
    Index("calls_by_time", "at"),
)

#: Pictures that viewers showed, decoded and encoded anew by us.
images = Table(
    "images",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation_id", Text, ForeignKey(_OWNED, ondelete="CASCADE"), nullable=False),
    Column("media_type", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("at", _Big, nullable=False),
    Index("images_by_conversation", "conversation_id"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text),
    Column("created_at", _Big, nullable=False),
    Index("idempotency_by_age", "created_at"),
)

#: Who reacted to what, the cast included; `actor` is a person, or the kind of one.
reactions = Table(
    "reactions",
    metadata,
    Column("message_id", Text, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("actor", Text, primary_key=True),
    Column("emoji", Text, primary_key=True),
    Column("at", _Big, nullable=False),
    sqlite_with_rowid=False,
)

#: What the stalls are asked; a projection of the log, but for the votes.
polls = Table(
    "polls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation_id", Text, ForeignKey(_OWNED, ondelete="CASCADE"), nullable=False),
    Column("question", Text, nullable=False),
    Column("options", _Json, nullable=False),
    Column("quorum", Integer, nullable=False),
    # `topic`: the winner becomes the topic; empty: nothing but an answer.
    Column("decides", Text),
    Column("opened_at", _Big, nullable=False),
    Column("closes_at", _Big, nullable=False),
    Column("closed_at", _Big),
    # How many votes each option got, once it is closed.
    Column("results", _Json),
    Index("polls_by_conversation", "conversation_id", "opened_at"),
)
#: True for polls that still have to be closed.
OPEN = literal_column("closed_at").is_(None)
Index("polls_open", polls.c.closes_at, sqlite_where=OPEN, postgresql_where=OPEN)


def _by_viewer(name: str, of: str, owner: str, *more: "Column[int]") -> Table:
    """What each viewer has said once of each thing; `viewer` as the log names it."""
    return Table(
        name,
        metadata,
        Column(of, Text, ForeignKey(owner, ondelete="CASCADE"), primary_key=True),
        Column("viewer", Text, primary_key=True),
        *more,
        Column("at", _Big, nullable=False),
        sqlite_with_rowid=False,
    )


poll_votes = _by_viewer(
    "poll_votes", "poll_id", "polls.id", Column("choice", Integer, nullable=False)
)
#: Whether the talk is any good: -1, 0 or 1.
votes = _by_viewer("votes", "conversation_id", _OWNED, Column("value", Integer, nullable=False))
bookmarks = _by_viewer("bookmarks", "message_id", "messages.id")
Index("bookmarks_by_viewer", bookmarks.c.viewer)

#: Personas that people made; what one is now, its newest version says.
personas = Table(
    "personas",
    metadata,
    Column("id", Text, primary_key=True),
    # None once it is deleted: its versions stay for the casts that play them.
    Column("slug", Text, unique=True),
    Column("owner", Text),
    # The slug of the persona it began as.
    Column("forked_from", Text),
    Column("version", Integer, nullable=False),
    Column("created_at", _Big, nullable=False),
    Column("updated_at", _Big, nullable=False),
    Column("deleted_at", _Big),
)

persona_versions = Table(
    "persona_versions",
    metadata,
    Column("persona_id", Text, ForeignKey("personas.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # The whole card, `core.persona.Persona`.
    Column("card", _Json, nullable=False),
    Column("at", _Big, nullable=False),
    sqlite_with_rowid=False,
)

#: What people's own personas keep of earlier shows; they go with that show.
notes = Table(
    "notes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("persona_id", Text, ForeignKey("personas.id", ondelete="CASCADE"), nullable=False),
    Column("conversation_id", Text, ForeignKey(_OWNED, ondelete="CASCADE"), nullable=False),
    # The message there that it was taken from.
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # The persona it is about, by id; participants last for one show.
    Column("about", Text),
    Column("text", Text, nullable=False),
    Column("importance", Float, nullable=False),
    Column("at", _Big, nullable=False),
    Index("notes_by_persona", "persona_id", "at"),
)

#: Facts about the store itself; `store_id` changes when a backup is restored.
meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
