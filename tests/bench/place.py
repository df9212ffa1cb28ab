"""Where the bench keeps its data, and the servers it measures: the dashboard and what a user would pick instead."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.browser.browsing import HOUSE, START_SECONDS, Server, free_port, healthy, make_demo, settings, start

PEERS = HOUSE / "tests" / "bench" / "peers"
# What a peer finds the recorded pages in.
RECORDED = "BENCH_RECORDED"


@dataclass(frozen=True)
class Place:
    """The folder of the bench: `home` has the demo data, built once and used again."""

    folder: Path
    size: str

    @property
    def home(self) -> Path:
        """The home of a dashboard with demo data of this size."""
        return self.folder / self.size

    @property
    def recorded(self) -> Path:
        """The pages as recorded for the peers that draw the same elements."""
        return self.folder / f"recorded-{self.size}.json"

    def build(self) -> float:
        """Fill the demo if it is not there yet; return the seconds it took, 0 if it was."""
        if (self.home / "dashboard.db").is_file():
            return 0.0
        making = self.folder / f".{self.size}"
        shutil.rmtree(making, ignore_errors=True)
        began = time.perf_counter()
        make_demo(making, self.size)
        making.rename(self.home)
        return time.perf_counter() - began


@contextmanager
def dashboard(home: Path, **environment: str) -> Iterator[Server]:
    """Yield a running dashboard that keeps its things under `home`."""
    server = start(home, environment)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def peer(name: str, place: Place) -> Iterator[Server]:
    """Yield a running peer: `floor`, `stock` or `dash`."""
    server = start_peer(name, place)
    try:
        yield server
    finally:
        server.stop()


def start_peer(name: str, place: Place) -> Server:
    """Start a peer and return it once it answers; RuntimeError with its words if it does not."""
    port = free_port()
    folder = place.folder / name
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    environment = settings(place.home, PYTHONPATH=str(HOUSE), **{RECORDED: str(place.recorded)})
    # The stock peer knows none of our settings: it runs where there is no .streamlit folder.
    where = folder if name == "stock" else HOUSE
    with log.open("wb") as out:
        process = subprocess.Popen(
            _command(name, port), cwd=where, env=environment, stdout=out, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    server = Server(f"http://127.0.0.1:{port}", folder, process, log)
    deadline = time.monotonic() + START_SECONDS
    while not (_listens(port) if name == "dash" else healthy(server.url)):
        if process.poll() is not None or time.monotonic() > deadline:
            server.stop()
            raise RuntimeError(f"the {name} peer does not answer:\n{server.said()}")
        time.sleep(0.05)
    return server


def _command(name: str, port: int) -> list[str]:
    if name == "stock":
        given = {"server.port": str(port), "server.headless": "true", "server.address": "127.0.0.1"}
        options = [word for key, value in given.items() for word in (f"--{key}", value)]
        return [sys.executable, "-m", "streamlit", "run", str(PEERS / "stock.py"), *options]
    return [sys.executable, "-m", f"tests.bench.peers.{'serve_floor' if name == 'floor' else 'dash_page'}", str(port)]


def _listens(port: int) -> bool:
    return any(
        connection.laddr.port == port and connection.status == psutil.CONN_LISTEN
        for connection in psutil.net_connections("tcp")
        if connection.laddr
    )


def memory(server: Server) -> float:
    """Return the megabytes a server's processes hold."""
    main = psutil.Process(server.process.pid)
    return sum(int(process.memory_info().rss) for process in (main, *main.children(recursive=True))) / 1e6


def environment_without_settings() -> Mapping[str, str]:
    """Return this process's environment without any setting of a dashboard."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("DASHBOARD_", "STREAMLIT_"))}
