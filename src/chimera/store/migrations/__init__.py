"""Bring a database's tables to the revision this code expects.

A migration runs as one unit of work, so that it happens whole or not at all.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from chimera.core.errors import Unready

#: One number for all processes, so that only one of them migrates a server at a time.
_LOCK = 0x6368696D


def upgrade(connection: Connection) -> None:
    """Bring the database to the newest revision. Raises Unready(5) for a newer or broken one."""
    move(connection, revision="head")


def move(connection: Connection, *, revision: str) -> None:
    """Bring the database to a revision, up or down."""
    _hold(connection)
    config = _config(connection)
    current = MigrationContext.configure(connection).get_current_revision()
    known = {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise Unready(
            f"The database is at revision {current}, which a newer Chimera has made. "
            "Start that version, or restore a backup from before it.",
            exit_code=5,
        )
    try:
        if revision == "head" or current is None:
            command.upgrade(config, revision)
        else:
            command.downgrade(config, revision)
    except (CommandError, SQLAlchemyError) as error:
        raise Unready(f"The database could not be migrated: {error}", exit_code=5) from error


def _hold(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
