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
    hold(connection)
    config = _config(connection)
    current = revision_of(connection)
    if current is not None:
        check_known(current)
    try:
        if revision == "head" or current is None:
            command.upgrade(config, revision)
        else:
            command.downgrade(config, revision)
    except (CommandError, SQLAlchemyError) as error:
        raise Unready(f"The database could not be migrated: {error}", exit_code=5) from error


def revision_of(connection: Connection) -> str | None:
    """The revision a database is at; None before its first."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The revision that this version makes."""
    return _scripts().get_current_head() or ""


def check_known(revision: str) -> None:
    """Raises Unready(5) for a revision of a newer version."""
    if revision not in {each.revision for each in _scripts().walk_revisions()}:
        raise Unready(
            f"The database is at revision {revision}, which a newer Chimera has made. "
            "Start that version, or restore a backup from before it.",
            exit_code=5,
        )


def hold(connection: Connection) -> None:
    """Let nobody else migrate this database until the transaction ends, however long it takes."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
