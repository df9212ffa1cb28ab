"""Two processes on one PostgreSQL behind nginx as deploy/nginx.conf sets it up: nobody notices which one answers."""

from __future__ import annotations

import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser
from sqlalchemy import text

from data import database, migrate, people
from tests.browser.browsing import HOUSE, Server, Visit, free_port, settings, settle, start, visiting

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
SITE = "127.0.0.1"
CHAIR, STRANGER = "chair@example.com", "stranger@example.com"
ROOT = "HQ"
TABLES = HOUSE / "tests" / "conformance" / "tables"


class SignIn(BaseHTTPRequestHandler):
    """Stands in for oauth2-proxy: whoever has the cookie `who` is signed in by that name."""

    def do_GET(self) -> None:
        who = SimpleCookie(self.headers.get("Cookie", "")).get("who")
        asked = self.path == "/oauth2/auth"
        self.send_response((202 if who else 401) if asked else 200)
        if asked and who:
            self.send_header("X-Auth-Request-Email", who.value)
        self.end_headers()
        if not asked:
            self.wfile.write(b"please sign in")

    def log_message(self, *_args: object) -> None:
        """Say nothing; the test reads what nginx writes."""


@dataclass
class Office:
    """The whole deployment: its address, its two processes, its database, and what nginx wrote."""

    gate: Server
    processes: list[Server]
    address: str
    log: Path

    def answered(self, seat: str | None = None) -> list[str]:
        """Which process answered each request so far that one of them answered; `seat`: one visitor's alone.

        A connection is written down when it ends: one of an earlier visitor may appear at any time.
        """
        places = [urlsplit(one.url).netloc for one in self.processes]
        served = re.findall(r"^(\S+) \S+ (\S+) ", self.log.read_text("utf-8"), re.MULTILINE)
        return [place for place, whose in served if place in places and seat in (None, whose)]

    def last_answered(self, seat: str) -> str:
        """Which process answered this visitor last; the line is written after the answer has gone out."""
        deadline = time.monotonic() + 10
        while not (answered := self.answered(seat)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert answered, f"nginx wrote nothing of {seat}"
        return answered[-1]


def certificate(folder: Path) -> None:
    """Write a self-signed certificate and its key as the configuration names them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, SITE)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "dashboard.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "dashboard.key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


def configuration(folder: Path, ports: dict[str, int]) -> str:
    """Return deploy/nginx.conf with this test's ports, name and certificate, in a configuration of its own."""
    shipped = (HOUSE / "deploy" / "nginx.conf").read_text("utf-8")
    for old, new in (("listen 443 ssl", f"listen {SITE}:{ports['443']} ssl"),
                     ("listen 80", f"listen {SITE}:{ports['80']}"), (":8501", f":{ports['8501']}"),
                     (":8502", f":{ports['8502']}"), (":4180", f":{ports['4180']}"),
                     ("dashboard.example.com", SITE), ("/etc/nginx/certs", str(folder))):
        assert old in shipped, f"deploy/nginx.conf no longer says {old}"
        shipped = shipped.replace(old, new)
    temporary = "\n".join(f"{kind}_temp_path {folder}/{kind};"
                          for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;" if os.getuid() == 0 else ""
    return f"""{user} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}
http {{ log_format served '$upstream_addr $status $seat $request_uri'; access_log {folder}/access.log served;
{temporary}
{shipped} }}"""


def command(address: str, home: Path, *arguments: str) -> None:
    """Run `python -m data` on the office's database."""
    done = subprocess.run([sys.executable, "-m", "data", *arguments], cwd=HOUSE, capture_output=True, text=True,
                          env=settings(home, DASHBOARD_DATABASE_URL=address), check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def office(new_postgres: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    if not Path(NGINX).is_file():
        if os.environ.get("CI"):
            pytest.fail("no nginx found: install it (Debian: apt-get install nginx-light)")
        pytest.skip("no nginx found: install it (Debian: apt-get install nginx-light)")
    folder = tmp_path_factory.mktemp("office")
    address = new_postgres()
    engine = database.engine_for(address)
    migrate.migrate(engine)
    command(address, folder, "import", str(TABLES))
    with database.writing(engine) as connection:
        people.add(connection, CHAIR, "Chair", "executive", by="test")
    sign_in = ThreadingHTTPServer((SITE, 0), SignIn)
    threading.Thread(target=sign_in.serve_forever, daemon=True).start()
    running: list[Server] = []
    nginx = None
    try:
        for number in (1, 2):
            home = folder / f"home-{number}"
            home.mkdir()
            running.append(start(home, {"DASHBOARD_DATABASE_URL": address,
                                        "STREAMLIT_SERVER_TRUSTED_USER_HEADERS": '{"X-Remote-User": "email"}'}))
        ports = {"443": free_port(), "80": free_port(), "4180": sign_in.server_port,
                 **{name: urlsplit(one.url).port or 0 for name, one in zip(("8501", "8502"), running, strict=True)}}
        certificate(folder)
        (folder / "nginx.conf").write_text(configuration(folder, ports), "utf-8")
        nginx = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"],
                                 stderr=subprocess.DEVNULL)
        log = folder / "access.log"
        deadline = time.monotonic() + 10
        while not log.exists() and time.monotonic() < deadline and nginx.poll() is None:
            time.sleep(0.05)
        assert nginx.poll() is None, (folder / "error.log").read_text("utf-8")
        gate = Server(f"https://{SITE}:{ports['443']}", folder, nginx, log)
        yield Office(gate, running, address, log)
    finally:
        for one in running:
            one.stop()
        if nginx:
            nginx.send_signal(signal.SIGQUIT)
            nginx.wait(10)
        sign_in.shutdown()
        sign_in.server_close()


@pytest.fixture
def enter(browser: Browser, office: Office) -> Iterator[Callable[..., Visit]]:
    with ExitStack() as windows:

        def make(who: str | None = CHAIR, seat: str | None = None, **headers: str) -> Visit:
            visit = windows.enter_context(visiting(browser, office.gate, "en"))
            visit.context.set_extra_http_headers(headers)
            for name, value in (("who", who), ("seat", seat)):
                if value:
                    visit.context.add_cookies([{"name": name, "value": value, "url": office.gate.url}])
            return visit

        yield make


def seats(office: Office) -> dict[str, str]:
    """The cookie that keeps a visitor with each process: what nginx hands to new visitors, until both were met."""
    found: dict[str, str] = {}
    trusting = ssl.create_default_context(cafile=office.gate.home / "dashboard.crt")
    trusting.check_hostname = False
    for _ in range(40):
        asked = Request(f"{office.gate.url}/_stcore/health", headers={"Cookie": f"who={CHAIR}"})
        with urlopen(asked, context=trusting, timeout=10) as answer:
            cookies = SimpleCookie("; ".join(answer.headers.get_all("Set-Cookie")))
        found.setdefault(office.last_answered(cookies["seat"].value), cookies["seat"].value)
        if len(found) == len(office.processes):
            break
    return found


def seat_of(visit: Visit) -> str:
    """The cookie that keeps this visitor with one process."""
    return next(cookie["value"] for cookie in visit.context.cookies() if cookie["name"] == "seat")


def test_nobody_gets_in_without_signing_in(enter: Callable[..., Visit]) -> None:
    visit = enter(who=None)
    visit.page.goto(visit.server.url)
    assert visit.page.inner_text("body") == "please sign in"


def test_who_somebody_is_cannot_be_said_from_outside(enter: Callable[..., Visit]) -> None:
    visit = enter(who=STRANGER, **{"X-Remote-User": CHAIR})
    page = visit.open()
    assert STRANGER in page.inner_text("body")
    assert page.get_by_test_id("stMetric").count() == 0


def test_metrics_of_the_process_stay_inside(enter: Callable[..., Visit]) -> None:
    visit = enter()
    answer = visit.page.goto(f"{visit.server.url}/_stcore/metrics")
    assert answer is not None
    assert answer.status == 404


def test_a_visitor_stays_with_one_process(enter: Callable[..., Visit], office: Office) -> None:
    visit = enter()
    visit.open("definitions")
    visit.open("participation")
    answered = office.answered(seat_of(visit))
    assert len(answered) > 2
    assert len(set(answered)) == 1


def test_visitors_are_spread_over_both(office: Office) -> None:
    assert set(seats(office)) == {urlsplit(one.url).netloc for one in office.processes}


def test_what_is_handed_in_is_seen_through_both(enter: Callable[..., Visit], office: Office, tmp_path: Path) -> None:
    visits = [enter(seat=seat) for seat in seats(office).values()]
    for visit in visits:
        visit.open()
    name = "Seen through both"
    (tmp_path / "branches.csv").write_text(f"branch_id,name,name_en,kind\n{ROOT},两边都见,{name},company\n", "utf-8")
    command(office.address, tmp_path, "import", str(tmp_path / "branches.csv"))
    for visit in visits:
        # The look at the version starts a reload in the background; the rerun after it shows the new snapshot.
        deadline = time.monotonic() + 20
        while name not in visit.page.inner_text("body") and time.monotonic() < deadline:
            visit.page.reload()
            settle(visit.page)
        assert name in visit.page.inner_text("body")


def test_when_a_process_dies_its_visitors_go_on(enter: Callable[..., Visit], office: Office) -> None:
    visit = enter()
    visit.open("participation", lang="en", period="2025-01..2025-03")
    seat = office.last_answered(seat_of(visit))
    dying = next(one for one in office.processes if urlsplit(one.url).netloc == seat)
    sentence = visit.page.inner_text("body")
    dying.process.kill()
    dying.process.wait()
    visit.page.reload()
    settle(visit.page)
    assert "period=2025-01..2025-03" in visit.address
    assert visit.page.inner_text("body") == sentence
    with database.reading(database.engine_for(office.address)) as connection:
        assert connection.scalar(text("SELECT count(*) FROM people")) == 1
