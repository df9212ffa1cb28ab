"""The state of the data: late units, gaps, slips and arranged patterns are found; ordinary ones are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, insert

from data import database, importer, schema
from queries import doubles, quality
from queries.answers import last_twelve_months
from queries.filters import Filters, Month
from queries.loading import load
from queries.snapshot import Snapshot
from queries.viewers import OPERATOR, Viewer
from tests.data.ledgers import TODAY, activity, first_ledgers, frame

pytestmark = pytest.mark.slow  # the whole demo is made for it


@pytest.fixture(scope="module")
def small(small_demo: Path) -> Iterator[Snapshot]:
    """The small demo as the configured database, as a snapshot."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DASHBOARD_DATABASE_URL", raising=False)
        patch.setenv("DASHBOARD_HOME", str(small_demo))
        engine = database.engine()
        yield load(engine)
        engine.dispose()


@pytest.fixture
def year(small: Snapshot) -> Filters:
    """The last twelve months of the whole group."""
    return replace(last_twelve_months(small), branch="HQ")


def test_the_late_unit_is_named_with_its_first_missing_month(small: Snapshot, year: Filters) -> None:
    late = [one for one in quality.findings(OPERATOR, year, small) if one.kind == "late"]
    assert [(one.unit, one.month) for one in late] == [("D07P02", "2026-08")]
    # October is not late on the last day of October.
    assert late[0].count == 2


def test_a_closed_unit_owes_nothing(small: Snapshot, year: Filters) -> None:
    states = quality.handed_in(OPERATOR, year, small).filter(group="D01P04")
    assert states.filter(column="2025-11")["state"].to_list() == [1.0]
    assert states.filter(column="2026-06")["state"].to_list() == [None]


def test_a_clerk_sees_the_own_units_only(small: Snapshot, year: Filters) -> None:
    clerk = Viewer("clerk@example.com", "union_staff", ("D02",))
    own = replace(year, branch="D02")
    units = set(quality.handed_in(clerk, own, small)["group"])
    assert units == set(small.subtree("D02"))
    assert all(one.unit in units for one in quality.findings(clerk, own, small))


def test_completeness_counts_what_was_due(small: Snapshot, year: Filters) -> None:
    share = quality.completeness(OPERATOR, year, small)
    states = quality.handed_in(OPERATOR, year, small)["state"].drop_nulls()
    assert share == pytest.approx(1 - 2 / len(states))


def test_units_that_are_in_are_counted_for_the_mark_beside_numbers(small: Snapshot, year: Filters) -> None:
    states = quality.handed_in(OPERATOR, year, small).drop_nulls("state")
    owing = states["group"].n_unique()
    late = states.filter(pl.col("state") == 0)["group"].n_unique()
    assert late == 1
    assert quality.coming(OPERATOR, year, small) == (owing - late, owing)
    whole, of = quality.coming(OPERATOR, replace(year, branch="D02"), small)
    assert whole == of > 1


def case(number: str, text: str, unit: str = "D1", day: int = 3, code: str = "pay") -> dict[str, object]:
    return {"number": number, "branch_id": unit, "day": date(2025, 3, day), "code": code, "text": text}


def test_cases_in_nearly_the_same_words_are_paired_and_others_are_not() -> None:
    rows = pl.DataFrame(
        [
            case("G1", "上季度加班费计算有误，要求补发差额"),
            case("G2", "上季度加班费 计算有误,要求补发差额。"),  # other marks and blanks
            case("G3", "节前加班费计算有误，要求补发差额"),
            case("G4", "食堂晚餐供应时间太短"),
            case("G5", "上季度加班费计算有误，要求补发差额", day=4),
            case("G6", "上季度加班费计算有误，要求补发差额", unit="D2"),
            case("G7", "上季度加班费计算有误，要求补发差额", code="hours"),
        ]
    )
    pairs = doubles._pairs("grievances", rows)
    assert pairs.select("one", "other").rows() == [("G1", "G2"), ("G1", "G3"), ("G2", "G3")]


def test_alike_cases_are_told_to_those_who_may_see_them_only(small: Snapshot, year: Filters) -> None:
    pairs = quality.alike(OPERATOR, year, small)
    assert pairs.height
    told = {one.unit: one.count for one in quality.findings(OPERATOR, year, small) if one.kind == "alike"}
    assert told == dict(pairs.group_by("branch_id").len().iter_rows())
    clerk = Viewer("clerk@example.com", "union_staff", ("D02",))
    assert set(quality.alike(clerk, replace(year, branch="D02"), small)["branch_id"]) == {
        unit for unit in told if unit in small.subtree("D02")
    }
    leader = Viewer("lin@example.com", "executive")
    assert quality.alike(leader, year, small).is_empty()
    assert "alike" not in {one.kind for one in quality.findings(leader, year, small)}


def test_activities_nobody_signed_in_to_and_rows_of_no_unit_are_found(configured: Engine, empty: Engine) -> None:
    silent = [activity(f"E1{number}", date(2025, 3, number), "B") for number in (1, 2, 3)]
    late = [activity(f"E2{number}", date(2025, 6, 28), "A") for number in (1, 2, 3)]  # their lists may still come
    importer.store_frames(first_ledgers(), by="x", engine=empty, on=TODAY)
    importer.store_frames({"activities": frame("activities", *silent, *late)}, by="x", engine=empty, on=TODAY)
    whole = Filters(Month(2025, 1), Month(2025, 6), "HQ")
    told = {one.kind: one for one in quality.findings(OPERATOR, whole, load(empty))}
    assert (told["unattended"].unit, told["unattended"].count) == ("B", 3)
    assert "homeless" not in told
    with database.writing(empty) as connection:
        lost = {"held_on": date(2025, 1, 10), "branch_id": "Z", "kind": "other", "organiser": "union", "attendances": 7}
        connection.execute(insert(schema.attendance_days).values(lost))
    anew = load(empty)
    assert [one.count for one in quality.findings(OPERATOR, whole, anew) if one.kind == "homeless"] == [7]
    clerk = Viewer("clerk@example.com", "union_staff", ("B",))
    assert "homeless" not in {one.kind for one in quality.findings(clerk, replace(whole, branch="B"), anew)}
