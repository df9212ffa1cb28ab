"""Every page, in both languages, whole, as one unit, and where there is nothing; and for every role once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from data.words import catalogue
from pages.shared.navigation import ENTRIES, Entry, entries
from pages.shared.sidebar import OWN_NAMES
from queries.viewers import Role, Viewer
from tests.pages.conftest import HOUSE, PEOPLE, TABLES

Opened = Callable[..., AppTest]

HAN = re.compile(r"[\u4e00-\u9fff]")
# English prose: codes (D1B2), formats (CSV), and single words inside Chinese (AI, e-mail) are none.
PROSE = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z]{2,}){2,}")
TAGS = re.compile(r"<style.*?</style>|<[^>]+>", re.DOTALL)
# The enterprise's own words, which its ledgers have in one language, and what a language calls itself.
OWN_WORDS = re.compile(
    "|".join(
        sorted(
            {
                *pl.read_csv(TABLES / "branches.csv")["region"].drop_nulls(),
                *pl.read_csv(TABLES / "interests.csv")["topic"].drop_nulls(),
                *OWN_NAMES.values(),
            }
        )
    )
)
PROSE_ELEMENTS = ("html", "text", "caption", "markdown", "info", "warning", "error", "success", "subheader")
NOBODY_MEASURED = "2030-01..2030-03"
# One unit and the empty period, told apart by what the page must say of them.
SITUATIONS: dict[str, dict[str, str]] = {
    "whole": {},
    "unit": {"unit": "D2B1"},
    "empty": {"period": NOBODY_MEASURED},
}
# Both languages see figures, both see emptiness; a run costs a second.
LOOKS = (("zh", "whole"), ("en", "unit"), ("zh", "unit"), ("en", "empty"))
SAID = {
    "zh": {"whole": "水电建设集团", "unit": "第2分公司第1项目部", "empty": "2030年1–3月"},
    "en": {"whole": "Hydro Group", "unit": "Project 2-1", "empty": "Jan–Mar 2030"},
}
READS_CASES: dict[str, set[str]] = {"union_staff": {"grievances"}}
# The definitions' book prints every metric's English beside the Chinese on purpose.
BOTH_LANGUAGES = ("definitions",)


def role_of(page: Entry) -> Role:
    """A role that may open the page; the executive where it may."""
    return "executive" if "executive" in page.roles else page.roles[0]


def elements(app: AppTest) -> list[Any]:
    return [*app.main, *app.sidebar]


def htmls(app: AppTest) -> list[str]:
    return [element.value for element in elements(app) if element.type == "html"]


def sent(app: AppTest) -> bytes:
    """All that the browser was sent for the page, tables and charts with their data."""
    return b"".join(proto.SerializeToString() for one in elements(app) if (proto := getattr(one, "proto", None)))


def written(*tables: tuple[str, str]) -> list[bytes]:
    """What people wrote into a column of a ledger, where it is long enough to be nobody else's words."""
    found = (text for table, column in tables for text in pl.read_csv(TABLES / f"{table}.csv")[column].drop_nulls())
    return sorted({text.encode() for text in found if len(text) >= 5})


def texts(app: AppTest) -> Iterator[str]:
    """What the page says: titles, labels, options, notes, headings of tables; not what people wrote into cells."""
    page: list[Any] = list(app.main)
    for element in page:
        for name in ("label", "help", "placeholder"):
            text = getattr(element, name, None)
            if isinstance(text, str):
                yield text
        yield from (text for text in getattr(element, "options", ()) or () if isinstance(text, str))
        if element.type == "dataframe":
            yield from headings(element.proto.columns)
        elif element.type in PROSE_ELEMENTS:
            yield TAGS.sub("\n", str(element.value))


def headings(columns: str) -> Iterator[str]:
    for column in json.loads(columns or "{}").values():
        if column and isinstance(column.get("label"), str):
            yield column["label"]


def head(app: AppTest) -> tuple[str, str]:
    """The page's title and the line below it."""
    found = next(html for html in htmls(app) if 'class="d-head"' in html)
    title, line = re.search(r"<h1>(.*?)</h1><p>(.*)</p>", found, re.DOTALL).groups()  # type: ignore[union-attr]
    return title, TAGS.sub("", line)


def look(app: AppTest, page: Entry, lang: str, situation: str) -> None:
    """Open the page in the same session, as somebody does who follows a link."""
    app.query_params.clear()
    app.query_params.update({"lang": lang, "as": PEOPLE[role_of(page)][0], "period": "last12", **SITUATIONS[situation]})
    app.switch_page(str(page.path.relative_to(HOUSE))).run()
    assert [error.message for error in app.exception] == [], (page.key, lang, situation)


@pytest.mark.parametrize("page", ENTRIES, ids=lambda page: page.key)
def test_a_page_says_in_either_language_what_it_shows(page: Entry, open_page: Opened) -> None:
    app = open_page(role=role_of(page))
    for lang, situation in LOOKS if page.filtered else (("zh", "whole"), ("en", "whole")):
        look(app, page, lang, situation)
        title, line = head(app)
        # A unit's own page is called as the unit.
        own = SAID[lang]["whole" if situation == "empty" else situation]
        assert title == (own if page.key == "unit" else catalogue(lang).get(page.title, page.title))
        if page.filtered:
            assert SAID[lang][situation] in line, situation
            assert SITUATIONS[situation].get("unit", "HQ") == app.selectbox(key="bar_unit").value
        said = list(texts(app))
        if lang == "zh" and page.key not in BOTH_LANGUAGES:
            assert [text for text in said if PROSE.search(text)] == []
        if lang == "en" and page.key not in BOTH_LANGUAGES:
            assert [text for text in said if HAN.search(OWN_WORDS.sub("", text))] == []


# A period that nobody has measured empties what is counted in it; commitments, contracts and needs stand on a day.
@pytest.mark.parametrize("page", ["participation", "grievances", "suggestions", "engagement", "unit"])
@pytest.mark.parametrize(("lang", "names"), [("zh", "请在此范围内选择期间"), ("en", "choose a period within it")])
def test_an_empty_page_names_the_filter_that_emptied_it(page: str, lang: str, names: str, open_page: Opened) -> None:
    app = open_page(page, lang=lang, period=NOBODY_MEASURED)
    assert not app.exception
    assert not app.get("vega_lite_chart")
    panels = [html for html in htmls(app) if "d-state" in html]
    assert panels
    assert any(names in panel for panel in panels)


@pytest.mark.parametrize("role", list(PEOPLE))
def test_every_role_opens_all_its_pages_and_no_others(role: Role, open_page: Opened) -> None:
    app = open_page(role=role)
    # The lists of cases are opened, for whoever has them.
    app.session_state["cases_grievances"] = app.session_state["cases_suggestions"] = True
    mine = entries(Viewer(PEOPLE[role][0], role, PEOPLE[role][3]))
    told: dict[str, bytes] = {}
    for page in mine:
        app.switch_page(str(page.path.relative_to(HOUSE))).run()
        assert [error.message for error in app.exception] == [], page.key
        assert head(app)[0]
        told[page.key] = sent(app)
    for page in set(ENTRIES) - set(mine):
        with pytest.raises(ValueError, match="page"):
            app.switch_page(str(page.path.relative_to(HOUSE)))
    # Who raised what is for the union staff of the unit; theirs shows that the test would find it.
    cases = written(("grievances", "summary"))
    assert cases
    assert {key for key, page in told.items() if any(text in page for text in cases)} == READS_CASES.get(role, set())
    # A union's officer sees the own subtree and nobody else, not even in a chart's data.
    units = pl.read_csv(TABLES / "branches.csv").select("branch_id", "name")
    others = [name.encode() for unit, name in units.iter_rows() if not unit.startswith(PEOPLE[role][3] or "")]
    assert bool(others) == bool(PEOPLE[role][3])
    assert {key: name.decode() for key, page in told.items() for name in others if name in page} == {}
