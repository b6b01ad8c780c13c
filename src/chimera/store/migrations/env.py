"""Alembic's door: it runs on the connection it is given, inside the transaction it finds."""

from alembic import context

from chimera.store.learning import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
