"""People and audit: an administrator lets people in and shuts them out, and sees who did what; nobody else does."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from data import database, frozen, people, settings
from pages.manage import persons
from tests.pages.conftest import HOUSE, PEOPLE


def people_page(role: str, lang: str = "zh") -> AppTest:
    app = AppTest.from_file(str(HOUSE / "app.py"), default_timeout=30)
    app.query_params.update({"as": PEOPLE[role][0], "lang": lang})
    app.run()
    return app.switch_page("pages/manage/people.py").run()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_administrator_lets_in_and_shuts_out(own_home: Path, lang: str) -> None:
    app = people_page("admin", lang)
    assert not app.exception
    assert set(app.dataframe[0].value["email"]) == {email for email, *_ in PEOPLE.values()}
    app.text_input(key="people_email").input("new@example.com")
    app.text_input(key="people_name").input("新人")
    app.selectbox(key="people_language").set_value("en")
    app.button(key="people_enter").click().run()
    with database.reading() as connection:
        (entered,) = [one for one in people.everyone(connection) if one["email"] == "new@example.com"]
    assert entered["language"] == "en"
    app.run()
    app.selectbox(key="people_gone").set_value("new@example.com").run()
    app.button(key="people_disable").click().run()
    with database.reading() as connection:
        left = {one["email"]: one["active"] for one in people.everyone(connection)}
        actions = [line["action"] for line in people.log(connection, 10)]
    assert not left["new@example.com"]
    assert {"person_added", "person_disabled"} <= set(actions)


def test_union_staff_without_units_is_refused_in_words(own_home: Path) -> None:
    app = people_page("admin", "en")
    app.text_input(key="people_email").input("clerk@example.com")
    app.selectbox(key="people_role").set_value("union_staff")
    app.button(key="people_enter").click().run()
    assert app.error
    with database.reading() as connection:
        assert "clerk@example.com" not in {one["email"] for one in people.everyone(connection)}


@pytest.mark.parametrize("role", ["executive", "union_staff", "management"])
def test_nobody_else_has_the_page(own_home: Path, role: str) -> None:
    with pytest.raises(ValueError, match="navigation page"):
        people_page(role)


def test_the_log_is_searched_by_person_and_action(own_home: Path) -> None:
    people.audit(None, "wu@example.com", "export", {"file": "a.csv"})
    with database.reading() as connection:
        assert next(line["action"] for line in people.log(connection, 10, "wu@")) == "export"
        assert not people.log(connection, 10, "no such")


def test_the_log_is_taken_away_whole_and_in_words(own_home: Path) -> None:
    with database.writing() as connection:
        for place in range(persons.LINES + 20):
            people.audit(connection, "wu@example.com", "cases_viewed", {"unit": f"U{place}", "months": "2025-01"})
    found = persons._lines("", persons.TAKEN_AWAY, "zh")
    assert found.height > persons.LINES + 20
    assert persons._lines("", persons.LINES, "zh").height == persons.LINES
    assert found.filter(pl.col("detail") == "unit U0 · months 2025-01")["action"].to_list() == ["查看个案"]
    # By what people read, and by what the log holds.
    for search in ("查看个", "cases_v"):
        assert persons._lines(search, persons.TAKEN_AWAY, "zh").height == persons.LINES + 20
    assert persons._lines("登录", persons.TAKEN_AWAY, "zh").is_empty()


def test_every_line_that_is_logged_has_a_name() -> None:
    said = re.compile(r"audit\(\s*[^()]*?\"([a-z_]+)\",\s*(?:\{|detail)|_tell\(str\(email\), \"(\w+)\"\)")
    written = {
        word
        for floor in ("data", "queries", "pages")
        for path in (HOUSE / floor).rglob("*.py")
        for found in said.findall(path.read_text("utf-8"))
        for word in found
        if word
    }
    assert len(written) > 8
    assert {*written, "import", "edit", "undo", "demo", frozen.ACTION, settings.ACTION} <= set(persons.ACTIONS)


def test_settings_that_change_leave_a_line(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lines() -> list[str]:
        with database.reading() as connection:
            return [line["detail"] for line in people.log(connection, 10, settings.ACTION)]

    assert settings.tell({"server.maxUploadSize": 20}) and len(lines()) == 1
    assert not settings.tell({"server.maxUploadSize": 20}) and len(lines()) == 1
    monkeypatch.setenv("DASHBOARD_MINIMUM_GROUP", "3")
    assert settings.tell({"server.maxUploadSize": 20})
    assert '"changed": ["DASHBOARD_MINIMUM_GROUP"]' in lines()[0] and len(lines()) == 2
