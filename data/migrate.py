"""Creates the database's tables or brings them to the present form, in one transaction that can be run again."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from data import database
from data.told import Told
from data.words import mark

OTHER_REVISION = mark("The database is at revision {found}, this program needs {needed}. Run python -m data init.")


class NotMigrated(Told):
    """The database's tables are of another version than this program."""


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


@cache
def head() -> str:
    """Return the revision this program works with."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def revision(connection: Connection) -> str | None:
    """Return the revision the database is at; None where nothing has been created yet."""
    return MigrationContext.configure(connection).get_current_revision()


def migrate(engine: Engine | None = None) -> bool:
    """Create or migrate the database; False when nothing was to be done.

    Everything happens in one transaction: killed at any point, the next run starts from the same state.
    """
    with database.writing(engine) as connection:
        if revision(connection) == head():
            return False
        command.upgrade(_config(connection), "head")
        return True


def ensure(engine: Engine | None = None) -> None:
    """Create the tables in an empty database; NotMigrated where they are of another version than this program."""
    with database.reading(engine) as connection:
        found = revision(connection)
        empty = found is None and not inspect(connection).get_table_names()
    if found == head():
        return
    if not empty:
        raise NotMigrated(OTHER_REVISION, found=found or "–", needed=head())
    migrate(engine)
