"""Polls and their votes, votes on the talk, bookmarks."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "polls",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("conversation_id", sa.Text, _owner("conversations"), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("quorum", sa.Integer, nullable=False),
        sa.Column("decides", sa.Text),
        sa.Column("opened_at", _BIG, nullable=False),
        sa.Column("closes_at", _BIG, nullable=False),
        sa.Column("closed_at", _BIG),
        sa.Column("results", sa.JSON),
    )
    op.create_index("polls_by_conversation", "polls", ["conversation_id", "opened_at"])
    op.create_index(
        "polls_open", "polls", ["closes_at"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    _by_viewer("poll_votes", "poll_id", "polls", sa.Column("choice", sa.Integer, nullable=False))
    _by_viewer(
        "votes", "conversation_id", "conversations", sa.Column("value", sa.Integer, nullable=False)
    )
    _by_viewer("bookmarks", "message_id", "messages")
    op.create_index("bookmarks_by_viewer", "bookmarks", ["viewer"])


def downgrade() -> None:
    for table in ("bookmarks", "votes", "poll_votes", "polls"):
        op.drop_table(table)


def _by_viewer(table: str, of: str, owner: str, *more: "sa.Column[int]") -> None:
    """A table of what each viewer has said once of each thing."""
    op.create_table(
        table,
        sa.Column(of, sa.Text, _owner(owner), primary_key=True),
        sa.Column("viewer", sa.Text, primary_key=True),
        *more,
        sa.Column("at", _BIG, nullable=False),
        sqlite_with_rowid=False,
    )


def _owner(table: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
