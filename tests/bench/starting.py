"""From the start of a process to its first page: cold, with the copy of the snapshot, and a page of constant data."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.pages import VIEW, kpi_pages
from tests.bench.place import Place, dashboard, environment_without_settings, start_peer
from tests.bench.recording import record
from tests.bench.visitor import alone
from tests.browser.browsing import HOUSE, Server, start

STARTS = 3
COPY_SECONDS = 120  # in which a server writes its copy


def bench(place: Place, units: list[str]) -> dict[str, Any]:
    """Start each in turns; seconds until the first page was whole, medians."""
    pages = kpi_pages()
    view = f"{VIEW}&unit={units[0]}"
    if not place.recorded.is_file():
        with dashboard(place.home) as house:
            record(house.url, pages, view, place.recorded)
    copies = place.home / "snapshots"
    times: dict[str, list[float]] = {"cold": [], "with the copy": [], "constant data": []}
    for _ in range(STARTS):
        shutil.rmtree(copies, ignore_errors=True)
        times["cold"].append(first_page(lambda: start(place.home), pages[0], view, lambda: _copied(copies)))
        times["with the copy"].append(first_page(lambda: start(place.home), pages[0], view))
        times["constant data"].append(first_page(lambda: start_peer("floor", place), pages[0], ""))
    return {name: median(found) for name, found in times.items()}


def first_page(begin: Callable[[], Server], page: str, view: str, after: Callable[[], None] = lambda: None) -> float:
    """Return the seconds from the start of the process to the end of its first page."""
    began = time.perf_counter()
    server = begin()
    try:
        with alone(server.url) as visitor:
            run = visitor.rerun(page, view)
        taken = time.perf_counter() - began
        if run.faults or not run.whole:
            raise RuntimeError(f"{page} failed: {run.faults}")
        after()
    finally:
        server.stop()
    return taken


def _copied(copies: Path) -> None:
    deadline = time.monotonic() + COPY_SECONDS
    while not any(copies.rglob("tables.npz")):
        if time.monotonic() > deadline:
            raise RuntimeError("no copy of the snapshot was written")
        time.sleep(0.1)


def shown(found: dict[str, Any]) -> list[str]:
    """Return the section's table."""
    return [f"{name:16}{value:8.2f} s" for name, value in found.items()]


def goals(found: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return what a restart must not cost."""
    return [("restart with the copy, against constant data", found["with the copy"] / found["constant data"], 1.3)]


def bench_install(_place: Place, _units: list[str]) -> dict[str, Any]:
    """Install what it runs on in a fresh environment; seconds."""
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(environment_without_settings())
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, env=environment)
        made = time.perf_counter() - began
        pip = [str(Path(folder) / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(HOUSE / "requirements.txt")], check=True, env=environment)
        return {"environment": made, "packages": time.perf_counter() - began - made}


def shown_install(found: dict[str, Any]) -> list[str]:
    """Return the section's table."""
    return [f"{name:16}{value:8.1f} s" for name, value in found.items()]


def goals_install(_found: dict[str, Any]) -> list[tuple[str, float, float]]:
    """An installation has no goal: it depends on the network."""
    return []
