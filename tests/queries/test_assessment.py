"""The assessment sheet: each unit by itself, on its evidence, never by luck, and no further than disclosure allows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, replace

import pytest

from data import assessment as stored
from data import database, importer
from data.assessment import Item
from data.people import log
from queries import assessment
from queries.answers import ask, grid
from queries.assessment import Line, Sheet
from queries.errors import NotAllowed, QueryError
from queries.filters import Filters, Month
from queries.loading import load
from queries.snapshot import Snapshot
from queries.viewers import OPERATOR, Viewer
from tests.queries.conftest import CONFORMANCE

YEAR = Filters(Month(2024, 9), Month(2025, 8))
SHEET = (
    Item("duty:party_day", 0.9, (), "Secretary"),
    Item("duty:party_meeting"),
    Item("duty:workers_congress", None, ("company", "division"), "Chair"),
    Item("duty:contract_renewal"),
    Item("duty:headcount_ledger"),
    Item("on_time_rate", 0.8, (), "Chair"),
    Item("median_days_to_close", 10.0),
    Item("participation_rate", 2.0),
)
LEADER, PARTNER = Viewer("lin@example.com", "executive"), Viewer("han@example.com", "management")


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """The clean tables of the conformance set, with a sheet, as the configured database."""
    home = tmp_path_factory.mktemp("assessment")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DASHBOARD_DATABASE_URL", f"sqlite:///{home / 'test.db'}")
        patch.setenv("DASHBOARD_HOME", str(home))
        engine = database.engine()
        importer.import_files([CONFORMANCE / "tables"], by="test", engine=engine)
        before = load(engine)
        assessment.compose(OPERATOR, SHEET)
        assessment.appoint(OPERATOR, "HQ", "Chair", "Cheng Hui", before)
        assessment.appoint(OPERATOR, "D1", "Chair", "Luo Qing", before)
        held = load(engine, before)
        assert held.version > before.version, "pages that keep a sheet must read it anew"
        yield held
        engine.dispose()


@pytest.fixture(scope="module")
def whole(clean: Snapshot) -> Sheet:
    return assessment.sheet(OPERATOR, YEAR, clean)


def lines(sheet: Sheet, what: str) -> dict[str, Line]:
    return {unit: sheet.line(unit, what) for unit in sheet.units}


def test_units_stand_in_the_order_of_the_organisation_and_closed_ones_are_left_out(
    clean: Snapshot, whole: Sheet
) -> None:
    closed = clean.units.filter(clean.units["closed_on"] <= YEAR.end.last)["branch_id"].to_list()
    later = clean.units.filter(clean.units["opened_on"] > YEAR.end.last)["branch_id"].to_list()
    assert closed, "the set has a closed unit"
    assert list(whole.units) == [unit for unit in clean.tree.ids if unit not in (*closed, *later)]


def test_there_are_no_points_no_ranks_and_no_sums() -> None:
    named = {part.name for kind in (Sheet, Line) for part in fields(kind)}
    assert not any(word in name for name in named for word in ("rank", "score", "point", "count", "total", "sum"))


def test_a_rate_is_met_or_missed_only_where_chance_is_ruled_out(clean: Snapshot, whole: Sheet) -> None:
    states = set()
    for unit, line in lines(whole, "on_time_rate").items():
        row = ask(OPERATOR, "on_time_rate", replace(YEAR, branch=unit), None, None, clean).one
        assert (line.numerator, line.denominator, line.value) == (row["numerator"], row["denominator"], row["value"])
        if row["value"] is None:
            assert (line.state, line.why) == ("not_applicable", "no_case")
        elif row["low"] >= 0.8 or row["high"] < 0.8:
            assert line.state == ("met" if row["low"] >= 0.8 else "not_met")
        else:
            assert (line.state, line.why) == ("too_early", "chance")
        if line.denominator and line.denominator <= 3:
            assert line.state == "too_early", "three cases prove nothing"
        states.add(line.state)
    assert {"not_met", "too_early"} <= states


def test_a_figure_that_grows_with_the_period_is_missed_only_after_a_year(clean: Snapshot, whole: Sheet) -> None:
    assert {line.state for line in lines(whole, "participation_rate").values()} <= {"not_met", "not_applicable"}
    half = assessment.sheet(OPERATOR, replace(YEAR, start=YEAR.end.back(5)), clean)
    found = [line for line in lines(half, "participation_rate").values() if line.value is not None]
    assert {(line.state, line.why) for line in found} == {("too_early", "part_of_year")}


def test_where_lower_is_better_a_lower_figure_meets_the_target(whole: Sheet) -> None:
    for line in lines(whole, "median_days_to_close").values():
        if line.value is not None:
            assert line.state == ("met" if line.value <= 10 else "not_met")


def test_a_monthly_duty_names_the_months_in_which_it_was_not_done(clean: Snapshot, whole: Sheet) -> None:
    rows = grid(OPERATOR, "party_day_rate", YEAR, "unit", "month", None, clean).frame
    for unit, line in lines(whole, "duty:party_day").items():
        due = rows.filter(group=unit).filter(rows.filter(group=unit)["denominator"] > 0)
        missing = due.filter(due["numerator"] == 0)["column"].to_list()
        assert list(line.missing) == missing
        if not due.height:
            assert line.state == "not_applicable"
        else:
            assert line.state == ("met" if 1 - len(missing) / due.height >= 0.9 else "not_met")


def test_a_quarterly_duty_counts_whole_quarters_only(clean: Snapshot, whole: Sheet) -> None:
    # From September 2024 on, and the data end within June 2025: a third of 2024-Q3 and two of 2025-Q2 are over.
    assert (clean.data_date.year, clean.data_date.month) == (2025, 6) and clean.data_date.day < 30
    found = lines(whole, "duty:party_meeting").values()
    assert max(line.denominator or 0 for line in found) == 2
    assert {period for line in found for period in line.missing} == {"2024-Q4", "2025-Q1"}


def test_a_yearly_duty_looks_back_twelve_months_whatever_the_period(clean: Snapshot, whole: Sheet) -> None:
    month = assessment.sheet(OPERATOR, replace(YEAR, start=YEAR.end), clean)
    kinds = dict(zip(clean.units["branch_id"], clean.units["kind"], strict=True))
    for unit, line in lines(whole, "duty:workers_congress").items():
        assert month.line(unit, "duty:workers_congress").state == line.state
        assert (line.state == "not_applicable") == (kinds[unit] not in ("company", "division"))


def test_who_answers_is_the_units_own_or_the_nearest_above_that_names_anybody(clean: Snapshot, whole: Sheet) -> None:
    child = clean.children("D1")[0]
    assert whole.line(child, "on_time_rate").name == "Luo Qing"
    assert whole.line("D2", "on_time_rate").name == "Cheng Hui"
    assert whole.line("D2", "duty:party_day").name == ""
    assert whole.line("D2", "duty:party_day").responsible == "Secretary"


def test_nobody_learns_more_by_the_sheet_than_by_asking(clean: Snapshot) -> None:
    for viewer in (LEADER, PARTNER):
        found = assessment.sheet(viewer, YEAR, clean)
        for unit, line in lines(found, "on_time_rate").items():
            row = ask(viewer, "on_time_rate", replace(YEAR, branch=unit), None, None, clean).one
            if row["suppressed"]:
                assert line.state == "withheld"
            if line.state == "withheld":
                assert line.value is None and line.numerator is None
    assert {line.state for line in lines(found, "duty:headcount_ledger").values()} == {"withheld"}


def test_union_staff_see_their_own_units(clean: Snapshot) -> None:
    staff = Viewer("wu@example.com", "union_staff", ("D1",))
    assert set(assessment.sheet(staff, YEAR, clean).units) <= set(clean.subtree("D1"))
    with pytest.raises(NotAllowed):
        assessment.sheet(staff, replace(YEAR, branch="D2"), clean)


def test_only_administrators_compose_and_only_what_can_be_assessed(clean: Snapshot) -> None:
    for viewer in (LEADER, PARTNER, Viewer("wu@example.com", "union_staff", ("D1",))):
        with pytest.raises(NotAllowed):
            assessment.compose(viewer, [])
        with pytest.raises(NotAllowed):
            assessment.appoint(viewer, "D1", "Chair", "X", clean)
    for wrong in ("duty:study_points", "no_such_rate", "grievances_received"):  # the last has no better end
        with pytest.raises(QueryError):
            assessment.compose(OPERATOR, [Item(wrong)])
    with pytest.raises(QueryError):
        assessment.compose(OPERATOR, [Item("on_time_rate"), Item("on_time_rate", 0.9)])
    with database.reading() as connection:
        assert tuple(stored.items(connection)) == SHEET, "what was refused changed nothing"
        told = [line for line in log(connection, 20) if line["action"] == "assessment_changed"]
    assert json.loads(told[0]["detail"])["items"] == [item.what for item in SHEET]
