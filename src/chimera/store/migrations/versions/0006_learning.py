"""Variants of personas, experiments, and what is learnt from votes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _variants()
    _experiments()
    _predictions()


def _variants() -> None:
    op.create_table(
        "variants",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("persona_id", sa.Text, _owner("personas"), nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("changes", sa.JSON, nullable=False),
        sa.Column("created_at", _BIG, nullable=False),
        sa.Column("approved_at", _BIG),
        sa.Column("retired_at", _BIG),
    )
    op.create_index("variants_by_persona", "variants", ["persona_id", "created_at"])
    op.create_table(
        "variant_castings",
        sa.Column("conversation_id", sa.Text, _owner("conversations"), primary_key=True),
        sa.Column("persona_id", sa.Text, _owner("personas"), primary_key=True),
        sa.Column("variant", sa.Text, nullable=False),
        sa.Column("at", _BIG, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("variant_castings_by_persona", "variant_castings", ["persona_id", "at"])


def _experiments() -> None:
    op.create_table(
        "experiments",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("arms", sa.JSON, nullable=False),
        sa.Column("created_at", _BIG, nullable=False),
        sa.Column("stopped_at", _BIG),
    )
    op.create_table(
        "trials",
        sa.Column("experiment_id", sa.Text, _owner("experiments"), primary_key=True),
        sa.Column("conversation_id", sa.Text, _owner("conversations"), primary_key=True),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("arm", sa.Integer, nullable=False),
        sa.Column("at", _BIG, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("trials_by_conversation", "trials", ["conversation_id"])


def _predictions() -> None:
    op.create_table(
        "observations",
        sa.Column("conversation_id", sa.Text, _owner("conversations"), primary_key=True),
        sa.Column("features", sa.JSON),
        sa.Column("at", _BIG, nullable=False),
    )
    op.create_table(
        "forecasts",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("at", _BIG, nullable=False),
    )


def downgrade() -> None:
    for table in (
        "forecasts", "observations", "trials", "experiments", "variant_castings", "variants",
    ):  # fmt: skip
        op.drop_table(table)


def _owner(table: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
