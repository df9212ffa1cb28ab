"""The dashboard for the tests of its pages: the conformance data as the demo, with one person for each role."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from data import database, importer, people, reader
from pages.shared.navigation import entry

HOUSE = Path(__file__).parents[2]
TABLES = HOUSE / "tests" / "conformance" / "tables"
# One person for each role; the union's has the subtree of one division.
PEOPLE = {
    "executive": ("lin@example.com", "林岚", "executive", ()),
    "union_staff": ("wu@example.com", "吴桐", "union_staff", ("D1",)),
    "management": ("han@example.com", "韩松", "management", ()),
    "admin": ("shen@example.com", "沈竹", "admin", ()),
}

Opened = Callable[..., AppTest]


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder with an embedded database that holds the conformance tables as demo data, and the people."""
    home = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        engine = _filled(home, patch)
    yield home
    engine.dispose()


def _filled(home: Path, patch: pytest.MonkeyPatch) -> Engine:
    """Make `home` the dashboard's, fill its database, and return the engine on it."""
    patch.delenv("DASHBOARD_DATABASE_URL", raising=False)
    patch.setenv("DASHBOARD_HOME", str(home))
    engine = database.engine()
    stored = importer.store_batch(reader.read([TABLES]), by="demo", kind="demo", engine=engine)
    assert not stored.refused
    with database.writing(engine) as connection:
        for email, name, role, units in PEOPLE.values():
            people.add(connection, email, name, role, units=units, by="demo")
    return engine


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A demo of this test's own, which it may change."""
    engine = _filled(tmp_path, monkeypatch)
    yield tmp_path
    engine.dispose()


@pytest.fixture
def demo(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo as the configured database; the folder it lies in."""
    monkeypatch.delenv("DASHBOARD_DATABASE_URL", raising=False)
    monkeypatch.setenv("DASHBOARD_HOME", str(demo_home))
    # Streamlit grumbles at every look at the session from the test's own thread.
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    return demo_home


@pytest.fixture
def open_page(demo: Path) -> Opened:
    """Open a page: `open_page("grievances", role="management", lang="en", unit="D1", category=["pay"])`.

    Returns the AppTest after the run; its exceptions are the test's to look at.
    """

    def opened(
        page: str | None = None, *, role: str = "executive", lang: str = "zh", **query: str | list[str]
    ) -> AppTest:
        app = AppTest.from_file(str(HOUSE / "app.py"), default_timeout=30)
        app.query_params.update({"as": PEOPLE[role][0], "lang": lang, **query})
        app.run()
        if page is not None:
            app.switch_page(str(entry(page).path.relative_to(HOUSE))).run()
        return app

    return opened
