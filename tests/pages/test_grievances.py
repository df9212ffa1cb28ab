"""The grievance page: its figures are the catalogue's, and cases open only to the union staff whose they are."""

from __future__ import annotations

import csv
from collections.abc import Callable

import polars as pl
import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from data import database, schema
from pages.shared import formats
from pages.shared.words import Language
from queries import cases
from queries.answers import ask, last_twelve_months
from queries.filters import Filters
from queries.holding import current
from queries.metrics import METRICS
from queries.viewers import OPERATOR, Viewer
from tests.pages.conftest import PEOPLE, TABLES
from tests.pages.reading import card, table, titles, words

Opened = Callable[..., AppTest]
CARDS = (
    "overdue_grievances",
    "on_time_rate",
    "closure_rate",
    "satisfaction_rate",
    "median_days_to_close",
    "reopen_rate",
)


def year(branch: str) -> Filters:
    filters = last_twelve_months(current())
    return Filters(filters.start, filters.end, branch)


def shown(metric: str, viewer: Viewer, filters: Filters, lang: Language, definition: str | None = None) -> str:
    row = ask(viewer, metric, filters, None, definition).frame.row(0, named=True)
    return formats.value(METRICS[metric].unit, row["value"], lang, suppressed=row["suppressed"])


def summaries() -> set[str]:
    with (TABLES / "grievances.csv").open(encoding="utf-8-sig") as stream:
        return {text for row in csv.DictReader(stream) for text in (row["summary"], row["grievance_id"])}


@pytest.mark.parametrize(("lang", "unit"), [("zh", "HQ"), ("en", "D1")])
def test_the_cards_show_what_is_asked_of_the_catalogue(lang: Language, unit: str, open_page: Opened) -> None:
    app = open_page("grievances", lang=lang, unit=unit)
    assert not app.exception
    executive = Viewer(PEOPLE["executive"][0], "executive")
    for metric in CARDS:
        name = METRICS[metric].en if lang == "en" else METRICS[metric].zh
        assert card(app, name) == shown(metric, executive, year(unit), lang), metric


def test_the_flow_is_told_in_figures_that_add_up(open_page: Opened) -> None:
    app = open_page("grievances", lang="en", role="union_staff", unit="D1")
    filters = year("D1")
    received = ask(OPERATOR, "closure_rate", filters, None, "received").one["denominator"]
    left = ask(OPERATOR, "backlog", filters).one["value"]
    title = next(title for title in titles(app) if "came in" in title)
    assert title.startswith(f"{formats.count(received, 'en')} came in, ")
    assert f"; {formats.count(left, 'en')} are left" in title


@pytest.mark.parametrize("metric", ["closure_rate", "on_time_rate"])
def test_rival_definitions_stand_beside_each_other_with_their_counts(metric: str, open_page: Opened) -> None:
    app = open_page("grievances", lang="en")
    app.segmented_control(key="xray_rate_grievances").set_value(metric).run()
    rows = table(app, "How it is counted")
    assert len(rows) == 3
    for definition in METRICS[metric].definitions:
        row = ask(OPERATOR, metric, year("HQ"), None, definition.id).one
        value, _interval, counts, formula = next(
            cells for name, cells in rows.items() if name.startswith(definition.en)
        )
        assert value == formats.percent(row["value"], 1, "en")
        assert counts == f"{row['numerator']:,.0f} / {row['denominator']:,.0f}"
        assert definition.formula_en in formula
    assert [name for name in rows if "in use" in name] == [f"{METRICS[metric].definitions[0].en} in use"]


def test_what_makes_definitions_differ_is_told_to_those_who_may_see_the_cases(open_page: Opened) -> None:
    told = "against the definition in use: "
    mine = table(open_page("grievances", lang="en", role="union_staff"), "How it is counted")
    assert [told in cells[-1] for cells in mine.values()] == [False, True, True]
    assert "not yet due (" in mine["of those received"][-1]
    whole = table(open_page("grievances", lang="en"), "How it is counted")
    assert not any(told in cells[-1] for cells in whole.values())


def test_a_rival_chosen_counts_the_whole_page(open_page: Opened) -> None:
    app = open_page("grievances", lang="en")
    assert card(app, "Closure rate") == shown("closure_rate", OPERATOR, year("HQ"), "en", "due")
    app.radio(key="xray_use_grievances_closure_rate").set_value("flow").run()
    assert card(app, "Closure rate") == shown("closure_rate", OPERATOR, year("HQ"), "en", "flow")


def test_waiting_times_split_by_what_the_visitor_chooses(open_page: Opened) -> None:
    app = open_page("grievances", lang="en", role="union_staff", unit="D1")
    assert list(table(app, "Median and shares")) == ["All together"]
    app.segmented_control(key="waiting_grievances").set_value("category").run()
    rows = table(app, "Median and shares")
    assert "All together" not in rows
    answer = ask(OPERATOR, "median_days_to_close", year("D1"), "category").frame
    pay = answer.filter(pl.col("group") == "pay").row(0, named=True)
    assert rows["Pay"][:2] == [formats.count(pay["denominator"], "en"), formats.days(pay["value"], "en")]


@pytest.mark.parametrize(
    ("lang", "why"), [("zh", "只有本单位工会干部可以查看"), ("en", "Only the union staff of a unit")]
)
@pytest.mark.parametrize("role", ["executive", "management", "admin"])
def test_whoever_may_not_see_cases_is_told_why_and_sent_none(role: str, lang: str, why: str, open_page: Opened) -> None:
    app = open_page("grievances", lang=lang, role=role)
    assert not app.exception
    assert why in words(app)
    assert not app.dataframe and not [one for one in app.expander if one.label]
    sent = str(app._tree)
    assert [text for text in summaries() if text in sent] == []


def opened(open_page: Opened, **query: str) -> AppTest:
    """The page as the union's own staff see it, the list of cases unfolded."""
    app = open_page("grievances", lang="en", role="union_staff", **query)
    assert not app.exception
    assert not app.dataframe, "nothing of a case is sent before the list is opened"
    app.session_state["cases_grievances"] = True
    app.run()
    assert not app.exception
    return app


def listed(app: AppTest) -> pl.DataFrame:
    return pl.from_pandas(app.dataframe[0].value)


def test_the_unions_staff_list_their_open_cases_the_most_overdue_first(open_page: Opened) -> None:
    app = opened(open_page)
    staff = Viewer(PEOPLE["union_staff"][0], "union_staff", ("D1",))
    wanted = cases.grievances(staff, year("D1")).frame
    found = listed(app)
    assert found["Case number"].to_list() == wanted["grievance_id"].to_list()
    assert found["Time left"][0].startswith("overdue by ")
    assert found["Summary"].to_list() == wanted["summary"].to_list()
    assert set(wanted["branch_id"]) <= set(current().subtree("D1"))
    open_cases = ask(staff, "open_grievances", year("D1")).one["value"]
    assert found.height == min(open_cases, cases.PAGE)


def test_the_list_is_searched_and_turned(open_page: Opened) -> None:
    app = opened(open_page)
    app.segmented_control(key="cases_status").set_value("all").run()
    whole = listed(app)
    one = whole["Summary"][3]
    app.text_input(key="cases_search").set_value(one).run()
    assert one in listed(app)["Summary"].to_list()
    assert listed(app).height < whole.height
    app.text_input(key="cases_search").set_value("no such words").run()
    assert not app.dataframe
    assert "No case matches your search." in words(app)
    app.text_input(key="cases_search").set_value("").run()
    total = cases.grievances(OPERATOR, year("D1"), status="all").total
    assert f"1–{min(total, cases.PAGE)} of {total}" in words(app)


def test_looking_at_cases_is_logged_without_a_word_of_them(open_page: Opened) -> None:
    app = opened(open_page)
    app.text_input(key="cases_search").set_value("诉求").run()
    with database.reading() as connection:
        lines = connection.execute(
            select(schema.audit.c.who, schema.audit.c.detail).where(schema.audit.c.action == "cases_viewed")
        ).all()
    assert {line.who for line in lines} == {PEOPLE["union_staff"][0]}
    assert '"unit": "D1"' in lines[-1].detail and '"searched": true' in lines[-1].detail
    assert "诉求" not in lines[-1].detail


def test_a_filter_that_leaves_nothing_is_named(open_page: Opened) -> None:
    app = open_page("grievances", lang="en", unit="D2B1", category=["training"], stage=["court"], period="2024-02")
    assert not app.exception
    assert "The filter Category: Training and growth · Stage: Court leaves nothing" in words(app)


def test_the_management_side_is_told_that_figures_wait_for_the_end_of_the_month(open_page: Opened) -> None:
    month = str(last_twelve_months(current()).end)
    app = open_page("grievances", lang="en", role="management", period=month)
    assert not app.exception
    assert "Shown when the month is over" in words(app)
