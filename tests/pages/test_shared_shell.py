"""The shell around every page: who is let in, what the bar offers, and that the address decides."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from data import database, people
from pages.shared import navigation, theme
from queries import holding
from queries.metrics import METRICS
from queries.viewers import ROLES, Viewer
from tests.pages.conftest import HOUSE, PEOPLE

Opened = Callable[..., AppTest]


def htmls(app: AppTest) -> list[str]:
    return [str(getattr(html, "value", "")) for html in app.get("html")]


def words(app: AppTest) -> str:
    """Everything that the page says."""
    return " ".join([*htmls(app), *(caption.value for caption in app.caption)])


def signed_in(email: str | None, **query: str) -> AppTest:
    """Open the dashboard as whoever a trusted proxy names."""
    app = AppTest.from_file(str(HOUSE / "app.py"), default_timeout=30)
    app.user = {"email": email} if email else {}
    app.query_params.update({"lang": "en", **query})
    return app.run()


@pytest.fixture(autouse=True)
def shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell around two pages: one that says what it was handed, and the definitions."""
    blank = navigation.Entry(
        "overview", "../tests/pages/blank.py", "Overview", "home", "Figures", dimensions=("category", "channel")
    )
    monkeypatch.setattr(navigation, "ENTRIES", (blank, navigation.entry("definitions")))


@pytest.fixture
def behind_proxy(demo: Path) -> Iterator[None]:
    """Sign-in by a trusted header is configured, so that the demo's switch has no say."""
    before = config.get_option("server.trustedUserHeaders")
    config.set_option("server.trustedUserHeaders", {"X-Remote-User": "email"})
    yield
    config.set_option("server.trustedUserHeaders", before)


def test_the_demo_opens_in_either_language_without_an_exception(open_page: Opened) -> None:
    for lang, product in (("zh", "指标口径"), ("en", "Definitions")):
        app = open_page("definitions", lang=lang)
        assert not app.exception
        assert product in words(app)


def test_the_demo_says_that_the_switch_stands_in_for_signing_in(open_page: Opened) -> None:
    app = open_page(lang="en")
    assert len(app.selectbox(key="view_as").options) == len(PEOPLE)
    assert any("stands in for signing in" in caption.value for caption in app.sidebar.caption)


def test_behind_a_proxy_the_switch_is_gone_and_cannot_be_forged(behind_proxy: None) -> None:
    app = signed_in(PEOPLE["management"][0], **{"as": PEOPLE["admin"][0]})
    assert not app.exception
    assert not [box for box in app.selectbox if box.key == "view_as"]
    assert "Management side" in " ".join(text.value for text in app.text)


@pytest.mark.parametrize("email", ["stranger@example.com", "LIN@example.com.evil", "' OR 1=1 --"])
def test_a_stranger_sees_a_refusal_and_no_page(behind_proxy: None, email: str) -> None:
    app = signed_in(email)
    assert "You have no access" in words(app)
    assert "Definitions" not in words(app)
    assert not app.selectbox and not app.json


def test_nobody_is_asked_to_sign_in_and_sees_no_page(behind_proxy: None) -> None:
    app = signed_in(None)
    assert "Nobody has told us who you are" in words(app)
    assert not app.selectbox and not app.json


def test_a_disabled_person_is_out_at_the_next_click(behind_proxy: None) -> None:
    with database.writing() as connection:
        people.add(connection, "brief@example.com", "短期", "executive", by="test")
    app = signed_in("brief@example.com")
    assert "You have no access" not in words(app)
    with database.writing() as connection:
        people.disable(connection, "brief@example.com", by="test")
    app.run()
    assert "You have no access" in words(app)


def test_an_address_in_capitals_is_the_same_person(behind_proxy: None) -> None:
    assert "You have no access" not in words(signed_in(PEOPLE["executive"][0].upper()))


def test_pages_of_other_roles_are_not_in_the_navigation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "ENTRIES", navigation._PLANNED)
    shown = {role: {entry.key for entry in navigation.entries(Viewer("a@b", role))} for role in ROLES}
    assert [role for role in ROLES if "people" in shown[role]] == ["admin"]
    assert [role for role in ROLES if "hand-in" in shown[role]] == ["union_staff", "admin"]
    assert [role for role in ROLES if "correct" in shown[role]] == ["union_staff", "admin"]
    assert [role for role in ROLES if "quality" in shown[role]] == ["executive", "union_staff", "admin"]


def handed(app: AppTest) -> dict[str, str]:
    assert not app.exception
    found: dict[str, str] = json.loads(app.json[0].value)
    return found


def test_the_address_decides_what_a_page_is_handed(open_page: Opened) -> None:
    said = handed(
        open_page(period="2025-01..2025-03", unit="D1", compare="year_ago", category=["pay", "safety"], lang="en")
    )
    assert "start=Month(year=2025, month=1), end=Month(year=2025, month=3), branch='D1'" in said["filters"]
    assert "('category', ('pay', 'safety'))" in said["filters"]
    assert (said["compare"], said["language"]) == ("year_ago", "en")


def test_the_bar_shows_what_the_address_says(open_page: Opened) -> None:
    app = open_page(period="2025-01..2025-03", unit="D1", compare="year_ago", category=["pay"])
    shown = {box.key: box.value for box in app.selectbox}
    assert shown["bar_unit"] == "D1"
    assert (shown["bar_from"], shown["bar_to"]) == ("2025-01", "2025-03")
    assert shown["bar_compare"] == "year_ago"
    assert app.multiselect(key="bar_category").value == ["pay"]


def test_choosing_in_the_bar_changes_what_the_page_is_handed(open_page: Opened) -> None:
    app = open_page()
    app.selectbox(key="bar_unit").select("D2").run()
    app.selectbox(key="bar_period").select("ytd").run()
    app.multiselect(key="bar_channel").select("hotline").run()
    said = handed(app)["filters"]
    assert "start=Month(year=2025, month=1), end=Month(year=2025, month=6), branch='D2'" in said
    assert "('channel', ('hotline',))" in said
    app.button(key="bar_reset").click().run()
    assert "start=Month(year=2024, month=7), end=Month(year=2025, month=6), branch='HQ'" in handed(app)["filters"]


def test_the_view_survives_a_change_of_page(open_page: Opened) -> None:
    app = open_page()
    app.selectbox(key="bar_unit").select("D2").run()
    # A click in the navigation leaves the address without parameters.
    app.query_params.clear()
    app.switch_page("pages/manage/definitions.py").run()
    assert not app.exception
    app.query_params.clear()
    app.switch_page("tests/pages/blank.py").run()
    assert "branch='D2'" in handed(app)["filters"]


def test_an_address_gone_back_to_wins_over_what_was_chosen_since(open_page: Opened) -> None:
    app = open_page(unit="D1")
    app.selectbox(key="bar_unit").select("D2").run()
    assert "branch='D2'" in handed(app)["filters"]
    app.query_params["unit"] = "D1"
    assert "branch='D1'" in handed(app.run())["filters"]


def test_the_bar_offers_union_staff_their_own_subtree_only(open_page: Opened) -> None:
    app = open_page(role="union_staff")
    names = [option.strip() for option in app.selectbox(key="bar_unit").options]
    mine = holding.current().subtree("D1")
    assert names == [holding.current().name(unit, "zh") for unit in mine]
    assert "parent" not in next(box for box in app.selectbox if box.key == "bar_compare").options


def test_a_link_to_a_unit_of_somebody_else_says_so_and_shows_ones_own(open_page: Opened) -> None:
    app = open_page(role="union_staff", unit="D2", lang="en")
    assert "branch='D1'" in handed(app)["filters"]
    assert "does not exist or is not yours" in words(app)


def test_a_link_that_names_nonsense_says_so_and_shows_the_rest(open_page: Opened) -> None:
    app = open_page(period="2025-13", category=["gold"], unit="D1", lang="en")
    assert "branch='D1'" in handed(app)["filters"]
    assert "“period”" in words(app) and "“category”" in words(app)


def test_two_units_of_one_name_can_be_told_apart(open_page: Opened) -> None:
    options = open_page().selectbox(key="bar_unit").options
    assert len(options) == len(set(options)) == len(holding.current().tree)


def test_the_page_says_filters_comparison_and_data_date(open_page: Opened) -> None:
    said = words(open_page(period="2025-01..2025-03", unit="D1", compare="year_ago"))
    assert "2025年1–3月" in said and "上年同期" in said and "2025年6月17日" in said


def test_when_the_database_falls_silent_the_page_goes_on_and_says_since_when(
    open_page: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(lang="en")
    assert "has not answered since" not in words(app)
    silent = replace(holding.current(), stale_since=datetime(2025, 6, 18, 1, 30, tzinfo=UTC))
    monkeypatch.setattr("queries.holding.current", lambda: silent)
    app.run()
    # Told in the enterprise's time.
    assert "The database has not answered since 2025-06-18 09:30" in words(app)


def test_bookmarked_addresses_stay() -> None:
    assert [entry.key for entry in navigation._PLANNED] == [
        "overview", "participation", "grievances", "suggestions", "engagement", "early-warning", "unit", "map",
        "assessment", "room", "commitments", "contracts", "needs", "hand-in", "correct", "quality", "definitions",
        "people",
    ]  # fmt: skip


def test_every_metric_stands_in_the_book_with_its_rivals(open_page: Opened) -> None:
    said = words(open_page("definitions", lang="en"))
    for metric in METRICS.values():
        assert metric.id in said
        assert all(definition.id in said for definition in metric.definitions if definition.id)


def test_the_book_opens_at_the_metric_of_the_link(open_page: Opened) -> None:
    app = open_page("definitions", lang="en", metric="closure_rate")
    opened = [html for html in htmls(app) if "<details" in html and " open>" in html]
    assert any("closure_rate" in html for html in opened)


def test_searching_the_book_leaves_only_what_matches(open_page: Opened) -> None:
    app = open_page("definitions", lang="en")
    app.text_input(key="definitions_search").set_value("reopen").run()
    assert "reopen_rate" in words(app) and "participation_rate" not in words(app)
    app.text_input(key="definitions_search").set_value("zzzz").run()
    assert "No metric matches your search." in words(app)


def test_a_run_holds_no_facts_in_the_session(open_page: Opened) -> None:
    # An idle visitor's session must not keep an old snapshot alive.
    app = open_page("definitions")
    snapshot = holding.current()
    held = [app.session_state[key] for key in ("view_current", "view_state", "view_sent")]
    assert all(value is not snapshot for view in held for value in getattr(view, "__dict__", {}).values())


def test_the_settings_say_the_colours_of_the_design(demo: Path) -> None:
    settings = tomllib.loads((HOUSE / ".streamlit" / "config.toml").read_text("utf-8"))
    assert settings["theme"]["font"] == theme.FONT
    for mode, colours in theme.PALETTES.items():
        said = settings["theme"][mode]
        assert said["backgroundColor"] == colours.paper
        assert said["secondaryBackgroundColor"] == colours.panel
        assert said["textColor"] == colours.text
        assert said["chartCategoricalColors"] == list(colours.categorical)
        assert said["chartSequentialColors"] == list(colours.sequential)
        assert said["chartDivergingColors"] == list(colours.diverging)
        assert len(colours.sequential) == len(colours.diverging) == 10
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"] == {
        "showErrorDetails": "none", "showErrorLinks": False, "toolbarMode": "minimal", "disableDataExport": True,
    }  # fmt: skip
    assert settings["server"]["address"] in ("127.0.0.1", "localhost")


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("mode", theme.PALETTES)
def test_every_text_can_be_read_and_every_mark_be_seen(mode: theme.Mode) -> None:
    colours = theme.PALETTES[mode]
    for name in ("text", "muted", "accent", "good", "attention", "target"):
        for ground in (colours.paper, colours.panel):
            assert contrast(getattr(colours, name), ground) >= 4.5, (name, ground)
    assert all(contrast(mark, colours.paper) >= 3 for mark in (*colours.categorical, colours.neutral))
