"""A running dashboard and a browser that looks at it; for the browser tests, the pictures and the bench."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

from pages.shared.navigation import ENTRIES

Language = Literal["zh", "en"]
Scheme = Literal["light", "dark"]

HOUSE = Path(__file__).parents[2]
LOCALES: dict[Language, str] = {"zh": "zh-CN", "en": "en-US"}
HEIGHTS = {1920: 1080, 1440: 900, 1024: 768, 768: 1024, 390: 844}
# How long a server may take to answer, and a page to come to rest, on a busy machine.
START_SECONDS, SETTLE_MILLISECONDS = 90, 60_000


class Missing(RuntimeError):
    """Something the browser tests need is not on this machine."""


def chromium_path() -> str:
    """Return the browser to drive: `CHROMIUM`, or the first one found; Missing, with what to do, if there is none."""
    named = os.environ.get("CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = named or next((path for name in names if (path := shutil.which(name))), None)
    if not found or not Path(found).is_file():
        raise Missing("no Chromium found: install it (Debian: apt-get install chromium) or name it in CHROMIUM=/path")
    return found


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Server:
    """A dashboard of its own: where it answers, what it keeps, its process and what it says."""

    url: str
    home: Path
    process: subprocess.Popen[bytes] = field(repr=False)
    log: Path

    def said(self) -> str:
        """Return what the server has written so far."""
        return self.log.read_text("utf-8", "replace")

    def stop(self) -> None:
        """End the process; by force if it does not end by itself."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def make_demo(home: Path, size: str = "small") -> None:
    """Fill the embedded database under `home` with demo data."""
    home.mkdir(parents=True, exist_ok=True)
    made = subprocess.run([sys.executable, "-m", "data", "demo", "--size", size], cwd=HOUSE, capture_output=True,
                          text=True, env=settings(home), check=False)
    if made.returncode:
        raise RuntimeError(f"python -m data demo failed:\n{made.stdout}{made.stderr}")


def settings(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of a dashboard that keeps its things under `home` and knows of no other settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DASHBOARD_", "STREAMLIT_"))}
    return {**kept, "DASHBOARD_HOME": str(home), **more}


def start(home: Path, environment: Mapping[str, str] | None = None) -> Server:
    """Start a dashboard on a free port and return it once it answers; RuntimeError with its words if it does not."""
    port = free_port()
    log = home / f"server-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "server"], cwd=HOUSE, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env=settings(home, STREAMLIT_SERVER_PORT=str(port), **(environment or {})),
        )
    server = Server(f"http://127.0.0.1:{port}", home, process, log)
    deadline = time.monotonic() + START_SECONDS
    while not healthy(server.url):
        if process.poll() is not None or time.monotonic() > deadline:
            server.stop()
            raise RuntimeError(f"the server does not answer:\n{server.said()}")
        time.sleep(0.05)
    return server


def healthy(url: str) -> bool:
    """Whether the dashboard at `url` answers."""
    try:
        with urlopen(f"{url}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def launch(playwright: Playwright) -> Browser:
    """Start the browser; without its sandbox, which does not work for root or in most containers."""
    return playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"])


@dataclass
class Visit:
    """One visitor's browser window on one server, and what went wrong in it."""

    server: Server
    context: BrowserContext
    page: Page
    outside: list[str] = field(default_factory=list)  # requests to anybody else
    errors: list[str] = field(default_factory=list)  # what the browser's console complains about

    def open(self, key: str = "", **parameters: str | list[str]) -> Page:
        """Open the page `key` (empty: the start page) with address parameters and wait until it is at rest."""
        # Streamlit answers for its first page at the bare address only.
        key = "" if key == ENTRIES[0].key else key
        query = f"?{urlencode(parameters, doseq=True)}" if parameters else ""
        self.page.goto(f"{self.server.url}/{key}{query}")
        settle(self.page)
        return self.page

    @property
    def address(self) -> str:
        """The address as the visitor sees it; Playwright's own lags behind what a page writes there."""
        return str(self.page.evaluate("location.href"))


@contextmanager
def visiting(
    browser: Browser, server: Server, language: Language = "zh", scheme: Scheme = "light", width: int = 1440
) -> Iterator[Visit]:
    """Yield a visitor's window: browser language, colour scheme and width in pixels as given, motion reduced."""
    context = browser.new_context(
        locale=LOCALES[language], color_scheme=scheme, reduced_motion="reduce", timezone_id="Asia/Shanghai",
        ignore_https_errors=True,  # a test's own certificate
        viewport={"width": width, "height": HEIGHTS.get(width, 900)}, is_mobile=width < 500, has_touch=width < 500,
    )
    context.set_default_timeout(SETTLE_MILLISECONDS)
    page = context.new_page()
    visit = Visit(server, context, page)
    here = urlsplit(server.url).netloc

    def ask(url: str) -> None:
        where = urlsplit(url)
        if where.scheme in ("http", "https", "ws", "wss") and where.netloc != here:
            visit.outside.append(url)

    def complain(said: ConsoleMessage) -> None:
        # At a page's address Streamlit first asks below it for what lies at the root.
        probing = "404" in said.text and "/_stcore/" in said.location.get("url", "")
        if said.type == "error" and not probing:
            visit.errors.append(said.text)

    page.on("request", lambda request: ask(request.url))
    page.on("websocket", lambda socket: ask(socket.url))
    page.on("console", complain)
    page.on("pageerror", lambda error: visit.errors.append(str(error)))
    try:
        yield visit
    finally:
        context.close()


# Streamlit says when its script has run; a chart is there when it has been drawn with the data of that run, and
# nothing moves any more when two frames in a row have the same size.
_AT_REST = """() => {
    const all = selector => [...document.querySelectorAll(selector)];
    const app = all('[data-testid="stApp"]')[0];
    if (!app || app.getAttribute('data-test-script-state') !== 'notRunning') return false;
    if (all('[data-testid="stSkeleton"], [data-testid="stAppSkeleton"], [data-stale="true"]').length) return false;
    if (all('[data-testid="stVegaLiteChart"]').some(chart => !chart.querySelector('canvas, svg'))) return false;
    const height = all('[data-testid="stMain"]')[0]?.scrollHeight ?? 0;
    const before = window.__height;
    window.__height = height;
    return height > 0 && before === height;
}"""


def settle(page: Page) -> None:
    """Wait until the page is at rest: script run, charts drawn, nothing moving."""
    page.evaluate("() => { window.__height = undefined }")
    page.wait_for_function(_AT_REST, polling=100, timeout=SETTLE_MILLISECONDS)
