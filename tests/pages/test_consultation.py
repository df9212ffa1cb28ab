"""Consultation pages as three roles: the ledger, contracts and care, and a meeting prepared, frozen and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete
from streamlit.testing.v1 import AppTest

from data import agenda as agendas
from data import database, frozen
from data.agenda import Item, Plan
from data.schema import agenda_items, frozen_meetings, meeting_plans
from queries import clocks, freezing, minutes
from queries.filters import Filters
from queries.holding import current
from queries.viewers import Viewer

Opened = Callable[..., AppTest]
STAFF = Viewer("wu@example.com", "union_staff", ("D1",))


@pytest.fixture
def meeting(demo: Path) -> Iterator[str]:
    """A meeting of D1 with one item, frozen."""
    snapshot = current()
    start, end = freezing.default_months(snapshot)
    plan = Plan("P1", "D1", "joint_consultation", "一分公司平等协商", date(2025, 7, 1), str(start), str(end))
    minutes.plan(STAFF, plan, snapshot)
    item = Item(
        "own-1", "own", {"zh": "改善食堂", "en": "A better canteen"}, {"zh": "", "en": ""}, "on_time_rate", "D1"
    )
    with database.writing() as connection:
        agendas.keep_items(connection, "P1", [item])
    freezing.prepare(STAFF, "P1", snapshot)
    yield "P1"
    with database.writing() as connection:
        for table in (agenda_items, frozen_meetings, meeting_plans):
            connection.execute(delete(table))


def said(app: AppTest) -> str:
    """Everything the page says."""
    parts = [
        *(one.value for one in app.text),
        *(one.value for one in app.caption),
        *(str(getattr(one, "body", "")) for one in app.get("html")),
    ]
    return "\n".join(str(part) for part in parts)


@pytest.mark.parametrize("page", ["commitments", "contracts", "room"])
@pytest.mark.parametrize("role", ["executive", "union_staff", "management"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_open_for_each_role(open_page: Opened, page: str, role: str, lang: str) -> None:
    assert not open_page(page, role=role, lang=lang).exception


def test_the_ledger_shows_as_many_overdue_promises_as_the_card(open_page: Opened) -> None:
    app = open_page("commitments", role="executive", lang="en")
    shown = app.dataframe[0].value
    overdue = int(shown["State"].str.contains("Overdue").sum())
    (label,) = [option for option in getattr(app.get("button_group")[0], "options", []) if "Overdue" in str(option)]
    assert str(label).endswith(f" {overdue}")


def test_only_the_unit_s_union_staff_prepares(open_page: Opened, meeting: str) -> None:
    keys = {one.key for one in open_page("room", role="union_staff", lang="en", meeting=meeting).button}
    assert "room_freeze" in keys
    for role in ("management", "executive", "admin"):
        others = {one.key for one in open_page("room", role=role, lang="en", meeting=meeting).button}
        assert "room_freeze" not in others
        assert "room_present" in others


@pytest.mark.parametrize("role", ["union_staff", "management"])
def test_both_sides_see_the_same_slide(open_page: Opened, meeting: str, role: str) -> None:
    app = open_page("room", role=role, lang="en", meeting=meeting, present="1", item="2")
    with database.reading() as connection:
        kept = frozen.latest(connection, meeting)
    assert kept is not None
    text = said(app)
    assert kept.sha256 in text
    for figure in kept.told["figures"]:
        assert figure["names"]["en"] in text


def test_the_item_slide_has_its_way_on_and_a_place_to_take_down_promises(open_page: Opened, meeting: str) -> None:
    app = open_page("room", role="union_staff", lang="zh", meeting=meeting, present="1", item="3")
    assert "改善食堂" in said(app)
    app.button(key="room_next").click().run()
    assert app.query_params["item"] in ("4", ["4"])
    management = open_page("room", role="management", lang="en", meeting=meeting, present="1", item="3")
    assert not [one for one in management.button if "promise" in str(one.key)]


def test_a_slide_number_from_the_address_cannot_break_the_room(open_page: Opened, meeting: str) -> None:
    for item in ("999", "-1", "x"):
        assert not open_page("room", role="management", lang="zh", meeting=meeting, present="1", item=item).exception


@pytest.mark.parametrize(
    ("delegates", "present", "favour", "counts"),
    [(30, 20, 16, True), (30, 19, 19, False), (30, 30, 15, False), (30, 20, None, True)],
)
def test_a_congress_counts_with_two_thirds_present_and_more_than_half_of_all(
    delegates: int, present: int, favour: int | None, counts: bool
) -> None:
    assert clocks.valid(delegates, present, favour) == counts


def test_the_contracts_page_says_how_many_hold_and_how_many_were_helped(open_page: Opened) -> None:
    app = open_page("contracts", role="union_staff", lang="en", unit="D1")
    (told,) = [one.value for one in app.text if "in force ·" in one.value]
    snapshot = current()
    rows, _known = clocks.contracts(STAFF, Filters(*snapshot.month_range, "D1"), snapshot)
    assert told.startswith(f"{rows.filter(state='in_force').height} in force")
    assert [one.label for one in app.metric] == ["Helped", "Time until half of them were helped"]


def test_the_union_follows_up_and_chooses_the_chain_and_the_other_side_only_reads(
    open_page: Opened, meeting: str
) -> None:
    def ways(role: str) -> str:
        app = open_page("room", role=role, lang="en", meeting=meeting)
        return " ".join(str(one.proto) for one in app.get("popover"))

    assert "Follow up" in ways("union_staff")
    assert "Decisions and chain" in ways("union_staff")
    for role in ("management", "executive"):
        assert "Follow up" not in ways(role)
        assert "Decisions and chain" not in ways(role)


@pytest.mark.parametrize(("lang", "tongue", "word"), [("en", "zh", "数据版本"), ("zh", "en", "data version")])
def test_a_slide_speaks_its_own_language_whatever_the_visitor_speaks(
    open_page: Opened, meeting: str, lang: str, tongue: str, word: str
) -> None:
    app = open_page("room", role="management", lang=lang, meeting=meeting, present="1", item="0", tongue=tongue)
    assert word in said(app)
    assert app.button(key="room_next").label == {"zh": "下一页", "en": "Next"}[lang]
