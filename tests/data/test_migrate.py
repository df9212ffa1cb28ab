"""The database is created and migrated in one piece, again after a crash, and is then what the code says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.operations import Operations
from sqlalchemy import Engine, Executable, inspect, select, text
from sqlalchemy.exc import DBAPIError

from data import database, migrate, people, schema

HOUSE = Path(__file__).parents[2]
COMPARED = """
import sys
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from data import database, schema
engine = database.engine_for(sys.argv[1])
# SQLite goes without the indexes that are for PostgreSQL alone.
elsewhere = {"ix_attendance_import_id", "ix_survey_answers_import_id"} if engine.name == "sqlite" else set()
options = {"compare_type": True, "include_object": lambda _o, name, *_a: name not in elsewhere}
with engine.connect() as connection:
    print(compare_metadata(MigrationContext.configure(connection, opts=options), schema.metadata))
"""


def test_the_migrated_schema_is_the_declared_one(engine: Engine) -> None:
    # In a process of its own: what other tests of the same process did to the comparison must not count.
    address = engine.url.render_as_string(hide_password=False)
    told = subprocess.run(
        [sys.executable, "-c", COMPARED, address], capture_output=True, text=True, check=False, timeout=60, cwd=HOUSE
    )
    assert told.stdout.strip() == "[]", told.stdout + told.stderr


def test_migrating_twice_does_nothing_the_second_time(engine: Engine) -> None:
    assert migrate.migrate(engine) is False
    with database.reading(engine) as connection:
        assert connection.scalar(select(schema.data_version.c.version)) == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_migration_that_crashes_leaves_nothing_and_can_be_run_again(
    kind: str, new_address: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = database.engine_for(new_address(kind))
    with monkeypatch.context() as broken:
        # The tables stand by then; the last statement fails.
        broken.setattr(Operations, "execute", lambda *_a, **_k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            migrate.migrate(engine)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == []
    assert migrate.migrate(engine) is True
    engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_tables_of_another_version_are_not_touched(kind: str, new_address: Callable[[str], str]) -> None:
    engine = database.engine_for(new_address(kind))
    with database.writing(engine) as connection:
        connection.execute(text("CREATE TABLE branches (branch_id TEXT)"))
    with pytest.raises(migrate.NotMigrated, match="python -m data init"):
        migrate.ensure(engine)
    engine.dispose()


def test_the_audit_log_can_only_grow(engine: Engine) -> None:
    with database.writing(engine) as connection:
        people.audit(connection, "admin@example.com", "sign_in", {})
    changes: list[Executable] = [schema.audit.update().values(who="x"), schema.audit.delete()]
    if engine.dialect.name == "postgresql":
        changes.append(text("TRUNCATE audit"))  # which no trigger for rows sees
    for change in changes:
        with pytest.raises(DBAPIError, match="append-only"), database.writing(engine) as connection:
            connection.execute(change)
    with database.reading(engine) as connection:
        assert connection.scalars(select(schema.audit.c.who)).all() == ["admin@example.com"]
