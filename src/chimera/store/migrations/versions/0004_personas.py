"""Personas that people make, each with all its versions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "personas",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("slug", sa.Text, unique=True),
        sa.Column("owner", sa.Text),
        sa.Column("forked_from", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", _BIG, nullable=False),
        sa.Column("updated_at", _BIG, nullable=False),
        sa.Column("deleted_at", _BIG),
    )
    persona = sa.ForeignKey("personas.id", ondelete="CASCADE")
    op.create_table(
        "persona_versions",
        sa.Column("persona_id", sa.Text, persona, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("card", sa.JSON, nullable=False),
        sa.Column("at", _BIG, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("persona_versions")
    op.drop_table("personas")
