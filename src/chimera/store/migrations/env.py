"""Alembic's door: it runs on the connection it is given, inside the transaction it finds."""

from alembic import context

from chimera.store import learning

context.configure(
    connection=context.config.attributes["connection"],
    # Tables that stand elsewhere than in `tables.py` are known once they are imported.
    target_metadata=learning.trials.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
