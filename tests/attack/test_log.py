"""Whoever looks at cases or takes something away leaves a line that says who and what, and never what was in it."""

from __future__ import annotations

from typing import Any

from data import database, people
from tests.attack.conftest import MARK, ROLES, Office
from tests.attack.intruder import Intruder
from tests.attack.test_pages import USUAL
from tests.browser.browsing import Server


def lines_of(office: Office, who: str) -> list[dict[str, Any]]:
    engine = database.engine_for(f"sqlite:///{office.home / 'dashboard.db'}")
    with database.reading(engine) as connection:
        return [line for line in people.log(connection, 1000, who) if line["who"] == who]


def test_looking_at_cases_and_taking_them_away_is_logged_without_a_word_of_them(
    office: Office, server: Server
) -> None:
    who = ROLES["union_staff"][0]
    before = len(lines_of(office, who))
    with Intruder(server.url, who) as one:
        one.open("grievances", USUAL, one.run("grievances", USUAL))
        one.download()
    assert one.heard.files and f"{MARK}-D1" in one.heard.text()
    lines = lines_of(office, who)[: -before or None]
    assert {"cases_viewed", "export"} <= {line["action"] for line in lines}
    (looked,) = [line["detail"] for line in lines if line["action"] == "cases_viewed"]
    assert '"months": "2024-01..2024-12"' in looked and '"table": "grievances"' in looked
    assert not [line for line in lines if MARK in line["detail"]]


def test_what_the_management_side_takes_away_is_logged_with_its_filters(office: Office, server: Server) -> None:
    who = ROLES["management"][0]
    before = len(lines_of(office, who))
    with Intruder(server.url, who) as one:
        one.open("grievances", USUAL, one.run("grievances", USUAL))
        one.download()
    taken = [line["detail"] for line in lines_of(office, who)[: -before or None] if line["action"] == "export"]
    assert len(taken) == len(one.heard.files) > 0
    assert any("2024" in detail for detail in taken), "the file's name says the filters"


def test_a_server_that_starts_tells_of_its_settings(office: Office, server: Server) -> None:
    told = [line for line in lines_of(office, "operator") if line["action"] == "settings_changed"]
    assert told and "trustedUserHeaders" not in told[0]["detail"] and "X-Remote-User" in told[0]["detail"]
