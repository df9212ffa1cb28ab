"""Durations and flow for pages: the catalogue's cases, nothing drawn from a handful, what is left adds up."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from data import database
from queries.answers import ask
from queries.durations import Durations, Subject, durations
from queries.filters import Filters, Month
from queries.flow import flow
from queries.snapshot import Snapshot
from queries.viewers import OPERATOR, Viewer
from tests.queries.conftest import CONFORMANCE, imported

WHOLE = Filters(Month(2024, 1), Month(2025, 6))
SPRING = Filters(Month(2025, 1), Month(2025, 3))
EXECUTIVE = Viewer("lin@example.com", "executive")
STAFF = Viewer("wu@example.com", "union_staff", ("D1",))
LEAST = 5


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """The conformance set on the embedded database: what is worked out here does not touch the database again."""
    address = f"sqlite:///{tmp_path_factory.mktemp('durations') / 'facts.db'}"
    yield from imported(address, CONFORMANCE / "tables")
    database.engine_for(address).dispose()


def cases(table: str) -> list[dict[str, str]]:
    with (Path(CONFORMANCE) / "tables" / f"{table}.csv").open(encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))


def of(found: Durations, group: str | None) -> pl.DataFrame:
    return found.curves.filter(pl.col("group").eq_missing(group))


@pytest.mark.parametrize("by", [None, "category", "channel", "stage", "branch", "unit"])
def test_the_median_is_the_catalogues(snapshot: Snapshot, by: str | None) -> None:
    answer = ask(OPERATOR, "median_days_to_close", WHOLE, by, None, snapshot).frame
    groups = durations(OPERATOR, "grievances", WHOLE, by, snapshot).groups
    assert groups["group"].to_list() == answer["group"].to_list()
    assert groups["median"].cast(pl.Float64).to_list() == answer["value"].to_list()
    assert groups["cases"].fill_null(0).cast(pl.Float64).to_list() == answer["denominator"].to_list()


def test_a_curve_passes_one_half_at_the_median_and_never_rises(snapshot: Snapshot) -> None:
    found = durations(OPERATOR, "suggestions", WHOLE, None, snapshot)
    curve, median = of(found, None), found.groups["median"][0]
    assert curve.row(0) == (None, 0.0, 1.0, 1.0, 1.0)
    assert curve["value"].is_sorted(descending=True) and curve["day"].is_sorted()
    assert curve.filter(pl.col("day") < median)["value"].min() > 0.5  # type: ignore[operator]
    assert curve.filter(pl.col("day") <= median)["value"].min() <= 0.5  # type: ignore[operator]


def test_open_cases_are_at_risk_until_the_data_date(snapshot: Snapshot) -> None:
    known, watched = snapshot.data_date, 0
    for row in cases("grievances"):
        filed = date.fromisoformat(row["filed_on"])
        if not date(2024, 1, 1) <= filed <= min(date(2025, 6, 30), known):
            continue
        closed = date.fromisoformat(row["closed_on"]) if row["closed_on"] else None
        again = bool(row["reopened_on"]) and closed is not None and date.fromisoformat(row["reopened_on"]) > closed
        until = known if closed is None or again or closed > known else closed
        watched += (until - filed).days >= 30
    found = durations(OPERATOR, "grievances", WHOLE, None, snapshot)
    assert found.at_risk.filter(pl.col("day") == 30)["waiting"].to_list() == [watched]


def test_nothing_is_drawn_from_fewer_than_the_minimum_group(snapshot: Snapshot) -> None:
    found = durations(EXECUTIVE, "grievances", SPRING, "unit", snapshot)
    hidden = found.groups.filter("suppressed")["group"].to_list()
    assert hidden, "the conformance set has units with a handful of cases"
    assert not set(hidden) & set(found.curves["group"])
    assert not set(hidden) & set(found.at_risk["group"])
    assert found.groups.filter("suppressed")["median"].null_count() == len(hidden)
    # What is drawn lies on the true curve.
    whole = durations(OPERATOR, "grievances", SPRING, "unit", snapshot)
    assert found.curves.height
    for group in found.curves["group"].unique():
        assert set(of(found, group)["value"]) <= set(of(whole, group)["value"])
    assert found.at_risk.filter(pl.col("waiting").is_between(1, LEAST - 1)).height == 0


def test_each_step_shown_to_an_executive_stands_for_the_minimum_group(snapshot: Snapshot) -> None:
    days = sorted(durations(EXECUTIVE, "grievances", WHOLE, None, snapshot).curves["day"].to_list())
    ended = []
    for row in cases("grievances"):
        filed = date.fromisoformat(row["filed_on"])
        if filed < date(2024, 1, 1) or filed > date(2025, 6, 30):
            continue
        until = date.fromisoformat(row["closed_on"]) if row["closed_on"] else snapshot.data_date
        if row["reopened_on"] and row["reopened_on"] > row["closed_on"]:
            until = snapshot.data_date
        ended.append((until - filed).days)
    for before, after in pairwise(days[1:]):
        assert sum(before < day <= after for day in ended) >= LEAST


def test_the_unions_own_staff_see_their_cases_whole(snapshot: Snapshot) -> None:
    found = durations(STAFF, "grievances", WHOLE, "unit", snapshot)
    assert not found.groups["suppressed"].any()
    assert {unit[:2] for unit in found.groups["group"]} == {"D1"}
    assert found.at_risk["waiting"].null_count() == 0


@pytest.mark.parametrize("branch", [None, "D1", "D2B1"])
def test_what_is_left_is_what_was_left_and_came_in_less_what_went_out(snapshot: Snapshot, branch: str | None) -> None:
    months = flow(OPERATOR, Filters(Month(2024, 2), Month(2025, 6), branch), snapshot)
    before = ask(OPERATOR, "backlog", Filters(Month(2024, 1), Month(2024, 1), branch), None, None, snapshot).one[
        "value"
    ]
    assert months.height
    for row in months.iter_rows(named=True):
        assert row["backlog"] == before + row["incoming"] - row["outgoing"], row["group"]
        before = row["backlog"]


def test_the_flow_leaves_out_withdrawn_cases_and_months_to_come(snapshot: Snapshot) -> None:
    months = flow(OPERATOR, Filters(Month(2024, 1), Month(2030, 1)), snapshot)
    assert months["group"].max() == str(Month.of(snapshot.data_date))
    filed = [row for row in cases("grievances") if row["filed_on"] >= "2024-01"]
    again = [row for row in filed if row["reopened_on"] > row["closed_on"]]
    kept = [row for row in filed if row["outcome"] != "withdrawn" or row in again]
    assert len(kept) < len(filed)
    assert months["incoming"].sum() == len(kept)


def test_nothing_ever_is_no_flow(snapshot: Snapshot) -> None:
    assert flow(OPERATOR, Filters(Month(2019, 1), Month(2019, 6)), snapshot).height == 0


@pytest.mark.parametrize("subject", ["grievances", "suggestions"])
@pytest.mark.slow
def test_the_management_side_cannot_take_parts_off_a_whole_and_find_a_few(snapshot: Snapshot, subject: Subject) -> None:
    """Ended, and ended within 15 and 30 days: of a whole and its parts, and one less another."""
    side = Viewer("m@example.com", "management")
    told = taken_off = 0
    for branch in (None, *snapshot.tree.ids):
        year = Filters(Month(2024, 1), Month(2024, 12), branch)
        whole = durations(side, subject, year, None, snapshot)
        assert whole.curves.is_empty() and whole.at_risk.is_empty()
        for by in ("branch", "category" if subject == "grievances" else "theme"):
            parts = durations(side, subject, year, by, snapshot).groups
            true = durations(OPERATOR, subject, year, by, snapshot).groups
            for name in COUNTED:
                (in_all,), seen, real = (counted(one, name) for one in (whole.groups, parts, true))
                told += len([one for one in seen if one is not None])
                if in_all is not None:
                    withheld = sum(size for size, one in zip(real, seen, strict=True) if one is None and size)
                    taken_off += withheld > 0
                    assert not 0 < in_all - sum(one or 0 for one in seen) < LEAST, (branch, by, name)
    assert told > 5 and taken_off > 0


COUNTED = ("events", "within_15", "within_30")


def counted(groups: pl.DataFrame, name: str) -> list[int | None]:
    """How many cases of each group a column tells of; None where it is withheld."""
    return [
        None if told is None or size is None else round(told if name == "events" else told * size)
        for size, told in zip(groups["cases"], groups[name], strict=True)
    ]


def test_how_many_ended_in_time_is_told_where_they_are_many(snapshot: Snapshot) -> None:
    side, year = Viewer("m@example.com", "management"), Filters(Month(2024, 1), Month(2024, 12))
    mine = durations(side, "grievances", year, None, snapshot).groups
    true = durations(OPERATOR, "grievances", year, None, snapshot).groups
    for name in (*COUNTED, "median", "naive"):
        assert mine[name].to_list() == true[name].to_list() != [None]
