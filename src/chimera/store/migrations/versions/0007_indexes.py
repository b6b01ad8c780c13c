"""A way into what has ended, by its age: ten thousand rows were sorted for a page of twenty."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NAME = "conversations_by_status_and_age"


def upgrade() -> None:
    op.create_index(_NAME, "conversations", ["status", "created_at", "id"])


def downgrade() -> None:
    op.drop_index(_NAME, "conversations")
