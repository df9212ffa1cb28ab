"""Reminders name units, ledgers and days, go only where they are meant to go, and only when somebody says so."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socketserver
import threading
from collections.abc import Iterator
from datetime import date
from email import message_from_string, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine, select

from data import channels, database, importer, people, remind, schema
from data.__main__ import main
from data.told import Told
from tests.data.ledgers import branch, frame, grievance

TODAY = date(2025, 7, 11)
SECRET_WORDS = "食堂太贵"


@pytest.fixture
def filled(configured: Engine, empty: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A group of two divisions: B has no headcount of June; A has a case due in two days, one late, two not to name."""
    for name in (channels.SMTP, channels.WEBHOOK, *channels.ROBOTS, channels.DINGTALK_SECRET):
        monkeypatch.delenv(name, raising=False)
    heads = [{"branch_id": unit, "month": month, "employees": 50} for unit in ("A", "B") for month in MONTHS]
    june = {"branch_id": "A", "month": "2025-06", "employees": 50}
    cases = [
        grievance("G-DUE", "A", filed_on=date(2025, 7, 1), due_on=date(2025, 7, 13), summary=SECRET_WORDS),
        grievance("G-LATE", "A", filed_on=date(2025, 6, 1), summary=SECRET_WORDS),
        grievance("G-FAR", "A", filed_on=date(2025, 7, 10)),
        grievance("G-DONE", "A", filed_on=date(2025, 7, 1), due_on=date(2025, 7, 12), closed_on=date(2025, 7, 9),
                  outcome="resolved"),
    ]  # fmt: skip
    notices = [
        {"notice_id": f"N{month}", "branch_id": "A", "published_on": date(2024 + (month > 7), (month + 4) % 12 + 1, 5),
         "kind": "news", "title": "动态"}
        for month in range(1, 13)
    ]  # fmt: skip
    units = frame("branches", branch("HQ"), branch("A", "HQ"), branch("B", "HQ", closed_on=None), branch("C", "HQ"))
    ledgers = {"branches": units, "headcounts": frame("headcounts", *heads, june),
               "grievances": frame("grievances", *cases), "notices": frame("notices", *notices)}  # fmt: skip
    stored = importer.store_frames(ledgers, by="demo", engine=empty, on=TODAY)
    assert not stored.refused, [fault.text("en") for fault in stored.faults]
    with database.writing(empty) as connection:
        for email, units_of in (("anna@example.com", ["A"]), ("bob@example.com", ["B"]), ("cleo@example.com", ["C"])):
            people.add(connection, email, "Somebody", "union_staff", units=units_of, language="en", by="test")
        people.add(connection, "boss@example.com", "Boss", "executive", by="test")
    return empty


MONTHS = ("2025-04", "2025-05")


def found(engine: Engine, **more: Any) -> remind.Found:
    with database.reading(engine) as connection:
        return remind.find(connection, TODAY, **more)


def test_who_is_late_and_what_is_due(filled: Engine) -> None:
    june = found(filled)
    assert june.month == "2025-06"
    # A has put out a notice in each month of the last year but June; C never handed in a headcount and owes none.
    assert june.late == {"A": ("notices",), "B": ("headcounts",)}
    assert [case.number for case in june.due] == ["G-DUE"]
    assert [case.number for case in june.overdue] == ["G-LATE"]
    assert found(filled, days=60).due[-1].number == "G-FAR"
    assert found(filled, month="2025-05").late == {}


@pytest.mark.parametrize(
    ("today", "month"),
    [(date(2025, 7, 9), "2025-05"), (date(2025, 7, 10), "2025-06"), (date(2025, 1, 3), "2024-11"),
     (date(2025, 1, 31), "2024-12")],
)  # fmt: skip
def test_a_month_is_due_until_the_closing_day_of_the_next(today: date, month: str) -> None:
    assert remind.last_due(today) == month


def test_the_command_prints_and_sends_nothing(
    filled: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.__main__.today", lambda: TODAY)
    monkeypatch.setenv(channels.WEBHOOK, "http://127.0.0.1:9/never")
    assert main(["--language", "zh", "remind"]) == 0
    said = capsys.readouterr()
    assert "单位B：人数台账" in said.out
    assert "2025-07-13" in said.out
    assert "未发送" in said.err
    assert SECRET_WORDS not in said.out
    assert main(["remind", "--month", "June"]) == 1
    monkeypatch.delenv(channels.WEBHOOK)
    assert main(["remind", "--send"]) == 1
    assert channels.SMTP in capsys.readouterr().err


class _Mail(socketserver.StreamRequestHandler):
    """A mail server that takes everything, and keeps it on its server."""

    def handle(self) -> None:
        self.say("220 here")
        body: list[str] | None = None
        receiver = ""
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            if body is not None:
                if line == ".":
                    self.server.letters[receiver] = "\n".join(body)  # type: ignore[attr-defined]
                    body = None
                    self.say("250 taken")
                else:
                    body.append(line)
            elif line.upper().startswith("DATA"):
                body = []
                self.say("354 go on")
            elif line.upper().startswith("QUIT"):
                self.say("221 bye")
                return
            else:
                if line.upper().startswith("RCPT"):
                    receiver = line.split("<")[1].split(">")[0]
                self.say("250 fine")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Web(BaseHTTPRequestHandler):
    """A web server that keeps what is posted, and answers what its server was told to."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.path, json.loads(body)))  # type: ignore[attr-defined]
        answer = json.dumps(self.server.answer).encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def mail() -> Iterator[Any]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail) as server:
        server.letters = {}  # type: ignore[attr-defined]
        yield from _served(server)


@pytest.fixture
def web() -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Web) as server:
        server.posted, server.answer = [], {"errcode": 0, "errmsg": "ok"}  # type: ignore[attr-defined]
        yield from _served(server)


def _served(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()


def test_officers_get_a_letter_about_their_own_units(
    filled: Engine, mail: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = mail.server_address[1]
    monkeypatch.setenv(channels.SMTP, f"smtp://127.0.0.1:{port}?from=dashboard@example.com")
    assert remind.send(found(filled), by="op@example.com") == ([channels.SMTP], [])
    assert set(mail.letters) == {"anna@example.com", "bob@example.com"}  # cleo has nothing to do, boss is no officer
    texts = {}
    for address, raw in mail.letters.items():
        letter = message_from_string(raw, EmailMessage, policy=policy.default)
        assert (letter["From"], letter["To"]) == ("dashboard@example.com", address)
        texts[address] = letter.get_content()
    assert "G-DUE" in texts["anna@example.com"] and "单位B" not in texts["anna@example.com"]
    assert "单位B: headcounts" in texts["bob@example.com"] and "G-DUE" not in texts["bob@example.com"]
    assert all(SECRET_WORDS not in text for text in texts.values())
    with database.reading(filled) as connection:
        assert "remind" in connection.scalars(select(schema.audit.c.action)).all()


def test_groups_get_counts_by_unit_in_their_robots_form(
    filled: Engine, web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = f"http://127.0.0.1:{web.server_address[1]}"
    monkeypatch.setenv(channels.WEBHOOK, f"{here}/hook")
    monkeypatch.setenv(channels.WECOM, f"{here}/cgi-bin/webhook/send?key=K")
    monkeypatch.setenv(channels.DINGTALK, f"{here}/robot/send?access_token=T")
    monkeypatch.setenv(channels.DINGTALK_SECRET, "SECabc")
    worked, wrong = remind.send(found(filled), by="op@example.com")
    assert (set(worked), wrong) == ({channels.WEBHOOK, channels.WECOM, channels.DINGTALK}, [])
    posted = {path.split("?")[0]: (parse_qs(urlsplit(path).query), body) for path, body in web.posted}
    assert posted["/hook"][1]["late"] == {"A": ["notices"], "B": ["headcounts"]}
    assert posted["/hook"][1]["due"] == {"A": 1}
    for path in ("/cgi-bin/webhook/send", "/robot/send"):
        assert posted[path][1]["msgtype"] == "text"
        assert "单位B：人数台账" in posted[path][1]["text"]["content"]
    signed = posted["/robot/send"][0]
    moment = signed["timestamp"][0]
    wanted = hmac.new(b"SECabc", f"{moment}\nSECabc".encode(), hashlib.sha256).digest()
    assert (signed["access_token"], signed["sign"]) == (["T"], [base64.b64encode(wanted).decode()])
    everything = json.dumps(web.posted, ensure_ascii=False)
    assert SECRET_WORDS not in everything and "G-DUE" not in everything and "Somebody" not in everything


def test_one_channel_that_fails_is_told_without_its_key_and_the_others_go_on(
    filled: Engine, web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = f"http://127.0.0.1:{web.server_address[1]}"
    web.answer = {"errcode": 93000, "errmsg": "invalid webhook url"}
    monkeypatch.setenv(channels.WEBHOOK, f"{here}/hook")
    monkeypatch.setenv(channels.WECOM, f"{here}/send?key=HIDDEN")
    monkeypatch.setenv(channels.SMTP, "smtp://127.0.0.1:1?from=dashboard@example.com")
    worked, wrong = remind.send(found(filled), by="op@example.com")
    assert worked == [channels.WEBHOOK]
    said = [error.text("zh") for error in wrong]
    assert len(said) == 2 and "HIDDEN" not in "".join(said)
    assert any("invalid webhook url" in one for one in said)


@pytest.mark.parametrize("address", ["mail.example.com", "file:///etc/passwd", "smtp://mail.example.com"])
def test_an_address_that_is_none_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(channels.SMTP, address)
    with pytest.raises(Told, match="write it like"):
        channels.mail({"a@example.com": ("x", "y")})


def test_a_long_message_is_cut_at_a_line() -> None:
    lines = "\n".join(f"- 单位{number}：人数台账" for number in range(200))
    short = channels.cut(lines, 2048)
    assert len(short.encode()) <= 2048
    assert short.endswith("\n…")
    assert set(short.splitlines()[:-1]) <= set(lines.splitlines())
    assert channels.cut("short", 2048) == "short"
