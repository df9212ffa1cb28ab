"""Fixtures of the browser tests: demo data made once, a fresh server each time it matters, Chromium, visitors."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.browsing import (
    Language,
    Scheme,
    Server,
    Visit,
    make_demo,
    start,
    visiting,
)

HERE = Path(__file__).parent
DEMO_SECONDS = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here `browser`."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder with the embedded database full of demo data, made once for all workers; copy it, do not change it."""
    base = tmp_path_factory.getbasetemp()
    home = (base if worker_id == "master" else base.parent) / "demo"
    whole, failed = home / "whole", home / "failed"
    try:
        home.mkdir()
    except FileExistsError:
        # Another worker is making it.
        deadline = time.monotonic() + DEMO_SECONDS
        while not whole.exists():
            if failed.exists() or time.monotonic() > deadline:
                pytest.fail("another worker could not make the demo data")
            time.sleep(0.1)
        return home / "kept"
    try:
        make_demo(home / "kept")
        whole.touch()
    finally:
        if not whole.exists():
            failed.touch()
    return home / "kept"


@pytest.fixture(scope="session")
def server(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard with demo data that all tests of a worker look at; they must not change its data."""
    home = tmp_path_factory.mktemp("server") / "home"
    shutil.copytree(demo, home)
    running = start(home)
    yield running
    running.stop()


@pytest.fixture
def new_server(demo: Path, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start freshly a dashboard of the test's own: `new_server()`, or with settings, `new_server(NAME="value")`."""
    running: list[Server] = []

    def make(**environment: str) -> Server:
        home = tmp_path / f"home-{len(running)}"
        shutil.copytree(demo, home)
        running.append(start(home, environment))
        return running[-1]

    yield make
    for one in running:
        one.stop()


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Callable[..., Visit]]:
    """Open a visitor's window: `visit(language="zh", scheme="light", width=1440, server=...)`.

    When the test ends, no window may have asked anybody but its server, and no console may have complained.
    """
    with ExitStack() as windows:
        opened: list[Visit] = []

        def make(
            language: Language = "zh", scheme: Scheme = "light", width: int = 1440, server: Server = server
        ) -> Visit:
            opened.append(windows.enter_context(visiting(browser, server, language, scheme, width)))
            return opened[-1]

        yield make
        assert [url for one in opened for url in one.outside] == []
        assert [error for one in opened for error in one.errors] == []
