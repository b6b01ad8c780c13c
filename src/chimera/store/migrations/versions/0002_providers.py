"""Keys, spending before and after each call, calls kept for debugging, pictures, reactions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_RESERVED = sa.text("state = 'reserved'")


def upgrade() -> None:
    op.add_column("messages", sa.Column("images", sa.JSON))
    _usage()
    _credentials()
    _calls()
    _images()
    _reactions()


def downgrade() -> None:
    for table in ("reactions", "images", "calls", "preferences", "credentials"):
        op.drop_table(table)
    for index in ("usage_by_time", "usage_by_conversation", "usage_by_turn", "usage_reserved"):
        op.drop_index(index, "usage")
    op.create_index("usage_by_time", "usage", ["at"])
    op.create_index("usage_by_conversation", "usage", ["conversation_id", "at"])
    op.drop_column("usage", "credential")
    op.drop_column("usage", "owner")
    op.drop_column("messages", "images")


def _usage() -> None:
    op.add_column("usage", sa.Column("credential", sa.Text))
    op.add_column("usage", sa.Column("owner", sa.Text))
    op.drop_index("usage_by_time", "usage")
    op.drop_index("usage_by_conversation", "usage")
    op.create_index("usage_by_time", "usage", ["at", "provider", "credential", "owner", "cost"])
    op.create_index("usage_by_conversation", "usage", ["conversation_id", "cost"])
    op.create_index("usage_by_turn", "usage", ["turn_id"])
    op.create_index(
        "usage_reserved", "usage", ["at"], sqlite_where=_RESERVED, postgresql_where=_RESERVED
    )


def _credentials() -> None:
    op.create_table(
        "credentials",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("sealed", sa.JSON),
        sa.Column("last4", sa.Text),
        sa.Column("fingerprint", sa.Text),
        sa.Column("base_url", sa.Text),
        sa.Column("disabled_because", sa.Text),
        sa.Column("created_at", _BIG, nullable=False),
        sa.Column("updated_at", _BIG, nullable=False),
        sa.UniqueConstraint("owner", "provider", name="credentials_one_each"),
    )
    op.create_table(
        "preferences",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("updated_at", _BIG, nullable=False),
    )


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("conversation_id", sa.Text, _owner(), nullable=False),
        sa.Column("turn_id", sa.Text, nullable=False),
        sa.Column("participant_id", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("at", _BIG, nullable=False),
        sa.Column("first_token_ms", _BIG),
        sa.Column("duration_ms", _BIG, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("reasoning", sa.Text, nullable=False),
        sa.Column("usage", sa.JSON),
        sa.Column("error", sa.JSON),
    )
    op.create_index("calls_by_turn", "calls", ["conversation_id", "turn_id"])
    op.create_index("calls_by_time", "calls", ["at"])


def _images() -> None:
    op.create_table(
        "images",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("conversation_id", sa.Text, _owner(), nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("at", _BIG, nullable=False),
    )
    op.create_index("images_by_conversation", "images", ["conversation_id"])


def _reactions() -> None:
    message = sa.ForeignKey("messages.id", ondelete="CASCADE")
    op.create_table(
        "reactions",
        sa.Column("message_id", sa.Text, message, primary_key=True),
        sa.Column("actor", sa.Text, primary_key=True),
        sa.Column("emoji", sa.Text, primary_key=True),
        sa.Column("at", _BIG, nullable=False),
        sqlite_with_rowid=False,
    )


def _owner() -> sa.ForeignKey:
    return sa.ForeignKey("conversations.id", ondelete="CASCADE")
