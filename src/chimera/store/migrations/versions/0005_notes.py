"""What people's own personas keep of earlier shows."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("persona_id", sa.Text, _owner("personas"), nullable=False),
        sa.Column("conversation_id", sa.Text, _owner("conversations"), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("about", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("importance", sa.Float, nullable=False),
        sa.Column("at", _BIG, nullable=False),
    )
    op.create_index("notes_by_persona", "notes", ["persona_id", "at"])


def downgrade() -> None:
    op.drop_table("notes")


def _owner(table: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
