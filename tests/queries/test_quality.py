"""The state of the data: late units, gaps, slips and arranged patterns are found; ordinary ones are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from data import database
from queries import quality
from queries.answers import last_twelve_months
from queries.filters import Filters
from queries.loading import load
from queries.snapshot import Snapshot
from queries.viewers import OPERATOR, Viewer

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
