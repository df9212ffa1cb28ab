"""The one place that makes an engine: which database, how it is opened, how a transaction begins.

`DASHBOARD_DATABASE_URL` decides, else `[connections.dashboard] url` in `.streamlit/secrets.toml`, else an embedded
SQLite file under `.var/` in the working folder.
"""

from __future__ import annotations

import os
import sqlite3
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select

# How long a writer waits for another before giving up; a month's ledgers take seconds, a whole year's tens.
BUSY_SECONDS = 60
# No page's question takes this long; a silent network link would otherwise hold a visitor for ever.
STATEMENT_SECONDS = 30
# Any number that nothing else on the server locks.
_ONE_WRITER = 7031924


def url() -> URL:
    """Return the configured database's address; ValueError if it is neither SQLite nor PostgreSQL."""
    return _taken(os.environ.get("DASHBOARD_DATABASE_URL") or _secret() or f"sqlite:///{embedded_path()}")


@cache
def _taken(text: str) -> URL:
    found = make_url(text)
    if found.get_backend_name() == "postgresql":
        return found.set(drivername="postgresql+psycopg")
    if found.get_backend_name() != "sqlite":
        raise ValueError(f"DASHBOARD_DATABASE_URL: {found.drivername} is neither sqlite nor postgresql")
    if found.database in (None, "", ":memory:"):
        raise ValueError("DASHBOARD_DATABASE_URL: an in-memory SQLite breaks across threads; name a file")
    return found


def embedded_path() -> Path:
    """Return where the embedded database lies: `.var/dashboard.db` below `DASHBOARD_HOME` or the working folder."""
    return home() / "dashboard.db"


def home() -> Path:
    """Return the folder for what the machine keeps (embedded database, snapshot copies), made if missing."""
    return _made(os.environ.get("DASHBOARD_HOME", ".var"), Path.cwd())


@cache
def _made(folder: str, working: Path) -> Path:
    found = working / folder
    found.mkdir(parents=True, exist_ok=True)
    return found


def _secret() -> str | None:
    path = Path(".streamlit/secrets.toml")
    if not path.is_file():
        return None
    found = tomllib.loads(path.read_text("utf-8")).get("connections", {}).get("dashboard", {}).get("url")
    return str(found) if found else None


def engine() -> Engine:
    """Return the engine for the configured database, one per process and address."""
    return engine_for(url().render_as_string(hide_password=False))


@cache
def engine_for(address: str) -> Engine:
    """Return the engine for `address`; SQLite in WAL mode with foreign keys on, PostgreSQL with pool and deadline."""
    target = make_url(address)
    if target.get_backend_name() == "sqlite":
        made = create_engine(target, connect_args={"timeout": BUSY_SECONDS})
        event.listen(made, "connect", _open_sqlite)
        event.listen(made, "begin", _begin_sqlite)
        return made
    return create_engine(
        target.set(drivername="postgresql+psycopg"),
        pool_size=5,
        max_overflow=10,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": 5,
            "keepalives": 1,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            # Keep-alives watch a link on which nothing is under way; this ends a statement that nobody acknowledges.
            "tcp_user_timeout": 15_000,
        },
    )


def _open_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Python's own transaction handling would commit behind DDL and leave half a migration.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.execute("PRAGMA cache_size=-65536")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class RolledBack(Exception):  # leaving without storing is no error
    """Raised within `writing` or `rehearsing` to leave it with nothing stored; whoever raises it knows why."""


# Roles of PostgreSQL that a login without tables of its own takes on, one in each transaction (`row_security.py`).
READER, CASES, IMPORTER = "dashboard_reader", "dashboard_cases", "dashboard_importer"
UNITS = "dashboard.units"  # whose rows the role for single rows sees, until the end of the transaction
UNITS_SEPARATOR = "\x1f"  # stands in no branch_id that a person types
EVERY_UNIT = ("*",)
_takes_roles: dict[str, bool] = {}


def _take(connection: Connection, role: str) -> None:
    """Take on a role until the end of the transaction, unless the tables are this login's own."""
    address = connection.engine.url.render_as_string(hide_password=False)
    if address not in _takes_roles:
        foreign = connection.exec_driver_sql(
            "SELECT NOT pg_has_role(session_user, relowner, 'USAGE') FROM pg_class "
            "WHERE oid = to_regclass('data_version')"
        ).scalar()
        if foreign is None:
            return  # nothing has been created yet
        _takes_roles[address] = bool(foreign)
    if _takes_roles[address]:
        connection.exec_driver_sql(f"SET LOCAL ROLE {role}")


@contextmanager
def reading(target: Engine | None = None, cases_of: Sequence[str] | None = None) -> Iterator[Connection]:
    """Yield a connection for questions: one consistent view, with a deadline per statement on PostgreSQL.

    On PostgreSQL with roles it sees no text of a case; with `cases_of`, ids of units or `EVERY_UNIT`, it sees whole
    rows, those of these units only.
    """
    with (target or engine()).connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'")
                _take(connection, READER if cases_of is None else CASES)
                if cases_of is not None:
                    named = select(func.set_config(UNITS, UNITS_SEPARATOR.join(cases_of), True))
                    connection.execute(named)
                yield connection
        else:
            with connection.begin():
                yield connection


@contextmanager
def writing(target: Engine | None = None) -> Iterator[Connection]:
    """Yield a connection in one transaction that is the only writer; everything is stored or nothing."""
    with (
        suppress(RolledBack),
        (target or engine()).connect().execution_options(writes=True) as connection,
        connection.begin(),
    ):
        if connection.dialect.name == "postgresql":
            # One writer at a time, as on SQLite: imports check rows against what is stored.
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_WRITER})")
            _take(connection, IMPORTER)
            # The one writer may sort a month's sign-ins in memory.
            connection.exec_driver_sql("SET LOCAL work_mem = '128MB'")
        else:
            # As on PostgreSQL, rows of one statement may name each other, such as units that come in any order.
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        yield connection


@contextmanager
def rehearsing(target: Engine | None = None) -> Iterator[Connection]:
    """Yield a connection that sees one consistent state and may use temporary tables; whatever it did is undone."""
    with suppress(RolledBack), (target or engine()).connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            if connection.dialect.name == "postgresql":
                _take(connection, IMPORTER)
                connection.exec_driver_sql("SET LOCAL work_mem = '64MB'")
            yield connection
            raise RolledBack
