"""Conversations with their logs, what is read from them, and the search over both."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_SQLITE_SEARCH = (
    # The texts stay in their tables; these hold only the index over them.
    """CREATE VIRTUAL TABLE conversations_search USING fts5(
         title, topic, content='conversations', content_rowid='number',
         tokenize='unicode61 remove_diacritics 2', prefix='2 3')""",
    """CREATE TRIGGER conversations_search_added AFTER INSERT ON conversations BEGIN
         INSERT INTO conversations_search(rowid, title, topic)
         VALUES (new.number, new.title, new.topic); END""",
    """CREATE TRIGGER conversations_search_changed AFTER UPDATE OF title, topic
         ON conversations BEGIN
         INSERT INTO conversations_search(conversations_search, rowid, title, topic)
         VALUES ('delete', old.number, old.title, old.topic);
         INSERT INTO conversations_search(rowid, title, topic)
         VALUES (new.number, new.title, new.topic); END""",
    """CREATE TRIGGER conversations_search_gone AFTER DELETE ON conversations BEGIN
         INSERT INTO conversations_search(conversations_search, rowid, title, topic)
         VALUES ('delete', old.number, old.title, old.topic); END""",
    """CREATE VIRTUAL TABLE messages_search USING fts5(
         text, content='messages', content_rowid='number',
         tokenize='unicode61 remove_diacritics 2', prefix='2 3')""",
    """CREATE TRIGGER messages_search_added AFTER INSERT ON messages BEGIN
         INSERT INTO messages_search(rowid, text) VALUES (new.number, new.text); END""",
    """CREATE TRIGGER messages_search_changed AFTER UPDATE OF text ON messages BEGIN
         INSERT INTO messages_search(messages_search, rowid, text)
         VALUES ('delete', old.number, old.text);
         INSERT INTO messages_search(rowid, text) VALUES (new.number, new.text); END""",
    """CREATE TRIGGER messages_search_gone AFTER DELETE ON messages BEGIN
         INSERT INTO messages_search(messages_search, rowid, text)
         VALUES ('delete', old.number, old.text); END""",
)
_POSTGRES_SEARCH = (
    """ALTER TABLE conversations ADD COLUMN search tsvector GENERATED ALWAYS AS
         (to_tsvector('simple', title || ' ' || topic)) STORED""",
    "CREATE INDEX conversations_search ON conversations USING gin (search)",
    """ALTER TABLE messages ADD COLUMN search tsvector GENERATED ALWAYS AS
         (to_tsvector('simple', text)) STORED""",
    "CREATE INDEX messages_search ON messages USING gin (search)",
)


def upgrade() -> None:
    _conversations()
    _conversation_indexes()
    _events()
    _messages()
    _usage()
    _idempotency()
    op.create_table(
        "meta",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE_SEARCH if sqlite else _POSTGRES_SEARCH:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE messages_search")
        op.execute("DROP TABLE conversations_search")
    for table in ("meta", "idempotency", "usage", "messages", "events", "conversations"):
        op.drop_table(table)


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("number", _BIG, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("head_seq", _BIG, nullable=False),
        sa.Column("generation", _BIG, nullable=False),
        sa.Column("open_turn", sa.Text),
        sa.Column("run_deadline", _BIG),
        sa.Column("next_turn_at", _BIG),
        sa.Column("resume_at", _BIG),
        sa.Column("failures", _BIG, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("seed", _BIG, nullable=False),
        sa.Column("director", sa.Text, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("starter", sa.Text),
        sa.Column("pace", sa.JSON, nullable=False),
        sa.Column("limits", sa.JSON, nullable=False),
        sa.Column("cast", sa.JSON, nullable=False),
        sa.Column("visibility", sa.Text, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("created_at", _BIG, nullable=False),
        sa.Column("started_at", _BIG),
        sa.Column("ended_at", _BIG),
        sa.Column("last_at", _BIG, nullable=False),
        sa.Column("ended_because", sa.Text),
        sa.Column("paused_because", sa.Text),
        sa.Column("message_count", _BIG, nullable=False),
        sa.Column("tokens", _BIG, nullable=False),
        sa.Column("cost", sa.Float, nullable=False),
        sa.Column("cost_estimated", sa.Boolean, nullable=False),
        sa.Column("last_line", sa.JSON),
    )


def _conversation_indexes() -> None:
    ringing = sa.text("status = 'running' OR resume_at IS NOT NULL")
    op.create_index(
        "conversations_ringing",
        "conversations",
        ["id"],
        sqlite_where=ringing,
        postgresql_where=ringing,
    )
    op.create_index("conversations_by_activity", "conversations", ["last_at", "id"])
    op.create_index("conversations_by_age", "conversations", ["created_at", "id"])
    op.create_index("conversations_by_status", "conversations", ["status", "last_at", "id"])


def _owned() -> sa.Column[str]:
    return sa.Column(
        "conversation_id",
        sa.Text,
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
    )


def _events() -> None:
    op.create_table(
        "events",
        _owned(),
        sa.Column("seq", _BIG, nullable=False, autoincrement=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("actor", sa.JSON, nullable=False),
        sa.Column("visibility", sa.JSON, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("at", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "seq"),
        sqlite_with_rowid=False,
    )


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("number", _BIG, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        _owned(),
        sa.Column("seq", _BIG, nullable=False),
        sa.Column("participant_id", sa.Text),
        sa.Column("author_kind", sa.Text, nullable=False),
        sa.Column("author_name", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", _BIG, nullable=False),
        sa.Column("visibility", sa.JSON, nullable=False),
        sa.Column("replies_to", sa.Text),
        sa.Column("ending", sa.Text),
        sa.Column("scripted", sa.Boolean, nullable=False),
        sa.Column("route", sa.JSON),
        sa.Column("usage", sa.JSON),
        sa.Column("timings", sa.JSON),
        sa.UniqueConstraint("conversation_id", "seq", name="messages_in_order"),
    )


def _usage() -> None:
    op.create_table(
        "usage",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("turn_id", sa.Text, nullable=False),
        sa.Column("participant_id", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("input_tokens", _BIG, nullable=False),
        sa.Column("output_tokens", _BIG, nullable=False),
        sa.Column("cached_tokens", _BIG, nullable=False),
        sa.Column("cost", sa.Float),
        sa.Column("estimated", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", _BIG, nullable=False),
    )
    op.create_index("usage_by_time", "usage", ["at"])
    op.create_index("usage_by_conversation", "usage", ["conversation_id", "at"])


def _idempotency() -> None:
    op.create_table(
        "idempotency",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("body", sa.Text),
        sa.Column("created_at", _BIG, nullable=False),
    )
    op.create_index("idempotency_by_age", "idempotency", ["created_at"])
