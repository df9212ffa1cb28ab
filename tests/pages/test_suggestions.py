"""The suggestion page: how far suggestions get, how long they wait, and whose they are is told to nobody."""

from __future__ import annotations

import csv
from collections.abc import Callable

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import formats
from pages.shared.words import Language
from queries import cases
from queries.answers import ask, last_twelve_months
from queries.filters import Filters, Month
from queries.holding import current
from queries.metrics import METRICS
from queries.viewers import Viewer
from tests.pages.conftest import PEOPLE, TABLES
from tests.pages.reading import card, table, titles, words

Opened = Callable[..., AppTest]
CARDS = (
    "suggestions_submitted",
    "adoption_rate",
    "implementation_rate",
    "median_days_to_decision",
    "verified_benefit",
    "production_linked_suggestion_share",
)
EXECUTIVE = Viewer(PEOPLE["executive"][0], "executive")
STAFF = Viewer(PEOPLE["union_staff"][0], "union_staff", ("D1",))


def year(branch: str) -> Filters:
    filters = last_twelve_months(current())
    return Filters(filters.start, filters.end, branch)


@pytest.mark.parametrize(("lang", "unit"), [("zh", "HQ"), ("en", "D1")])
def test_the_cards_show_what_is_asked_of_the_catalogue(lang: Language, unit: str, open_page: Opened) -> None:
    app = open_page("suggestions", lang=lang, unit=unit)
    assert not app.exception
    for metric in CARDS:
        row = ask(EXECUTIVE, metric, year(unit)).frame.row(0, named=True)
        name = METRICS[metric].en if lang == "en" else METRICS[metric].zh
        value = formats.value(METRICS[metric].unit, row["value"], lang, suppressed=row["suppressed"])
        assert card(app, name) == value


def test_the_pipeline_tells_how_far_the_periods_suggestions_got(open_page: Opened) -> None:
    app = open_page("suggestions", lang="en", role="union_staff", unit="D1")
    steps = ("suggestions_submitted", "submitted_adopted", "submitted_implemented", "submitted_verified")
    whole, *further = (float(ask(STAFF, step, year("D1")).one["value"]) for step in steps)
    adopted, implemented, verified = (formats.percent(count / whole, 0, "en") for count in further)
    finding = next(title for title in titles(app) if title.startswith(f"Of {whole:.0f} suggestions"))
    assert finding.endswith(f" {adopted} were adopted, {implemented} implemented, {verified} with verified benefit")


def test_a_rate_whose_suggestions_had_no_time_yet_is_not_called_a_fall(open_page: Opened) -> None:
    app = open_page("suggestions", lang="en")
    told = next(title for title in titles(app) if title.startswith("Implementation rate is"))
    assert told.endswith("so far: the latest have not had their time")
    first = current().month_range[0]
    long_ago = f"{first}..{first + 5}"
    told = next(
        title
        for title in titles(open_page("suggestions", lang="en", period=long_ago))
        if title.startswith("Implementation rate is")
    )
    assert "so far" not in told


def test_waiting_times_count_the_undecided(open_page: Opened) -> None:
    app = open_page("suggestions", lang="en", role="union_staff", unit="D1")
    (row,) = table(app, "Median and shares").values()
    median = ask(STAFF, "median_days_to_decision", year("D1")).one
    assert row[0] == formats.count(median["denominator"], "en")
    assert row[1] == formats.days(median["value"], "en")


@pytest.mark.parametrize("role", ["executive", "management", "admin"])
def test_whoever_may_not_see_suggestions_is_sent_none(role: str, open_page: Opened) -> None:
    app = open_page("suggestions", lang="en", role=role)
    assert not app.exception
    assert "Only the union staff of a unit" in words(app)
    assert not app.dataframe
    with (TABLES / "suggestions.csv").open(encoding="utf-8-sig") as stream:
        private = {text for row in csv.DictReader(stream) for text in (row["suggestion_id"], row["person_id"]) if text}
    sent = str(app._tree)
    assert [text for text in private if text in sent] == []


def test_the_unions_staff_see_who_waits_longest_but_not_whose_it_is(open_page: Opened) -> None:
    app = open_page("suggestions", lang="en", role="union_staff")
    assert not app.dataframe, "nothing is sent before the list is opened"
    app.session_state["cases_suggestions"] = True
    app.run()
    assert not app.exception
    found = pl.from_pandas(app.dataframe[0].value)
    wanted = cases.suggestions(STAFF, year("D1"), undecided=True)
    assert found["Case number"].to_list() == wanted.frame["suggestion_id"].to_list()
    assert found["Submitted on"].is_sorted()
    assert found["Waiting so far"][0] == formats.days(
        (current().data_date - wanted.frame["submitted_on"][0]).days, "en"
    )
    with (TABLES / "suggestions.csv").open(encoding="utf-8-sig") as stream:
        people = {row["person_id"] for row in csv.DictReader(stream) if row["person_id"]}
    assert [person for person in people if person in str(app._tree)] == []


def test_a_short_period_is_drawn_with_the_year_before_it(open_page: Opened) -> None:
    month = current().month_range[1]
    said = words(open_page("suggestions", lang="en", role="union_staff", period=str(month)))
    assert f"drawn from {formats.month(max(month.back(11), current().month_range[0]), 'en')} on" in said
    whole = words(open_page("suggestions", lang="en", role="union_staff", period="2024-07..2025-06"))
    assert "drawn from" not in whole


def test_a_month_without_suggestions_draws_no_zeros(open_page: Opened) -> None:
    before = Month(2019, 1)
    app = open_page("suggestions", lang="zh", period=str(before))
    assert not app.exception
    assert not app.get("vega_lite_chart")
