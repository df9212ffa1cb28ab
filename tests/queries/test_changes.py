"""The demo's planted stories are found and named; what cannot be told is not told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from data import database, demo
from queries import changes, foresight
from queries.answers import last_twelve_months
from queries.filters import Filters
from queries.loading import load
from queries.snapshot import Snapshot
from queries.viewers import OPERATOR, Viewer

pytestmark = pytest.mark.slow  # the whole demo is made for it


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """The small demo with its stories, as a snapshot."""
    engine = database.engine_for(f"sqlite:///{tmp_path_factory.mktemp('demo') / 'demo.db'}")
    demo.main("small", 1, engine=engine)
    yield load(engine)
    engine.dispose()


@pytest.fixture
def year(small: Snapshot) -> Filters:
    """The last twelve months of the whole group."""
    return replace(last_twelve_months(small), branch="HQ")


def test_the_overview_names_the_stories(small: Snapshot, year: Filters) -> None:
    found = changes.what_changed(OPERATOR, year, small)
    told = {(one.kind, one.metric, one.unit, one.better) for one in found}
    assert len(found) <= 5
    assert ("change", "on_time_rate", "D02", False) in told  # sliding since the reorganisation
    assert ("silence", "grievances_per_100", "D04P02", False) in told  # too quiet
    assert ("unit", "satisfaction_rate", "D03P03", False) in told  # closes fast, satisfies nobody
    assert any(one[:3] == ("change", "suggestions_per_100", "D05") and one[3] for one in told)  # the drive that worked


def test_a_small_perfect_unit_is_as_expected(small: Snapshot, year: Filters) -> None:
    words = dict(
        changes.between_units(OPERATOR, "on_time_rate", year, None, small).frame.select("group", "word").rows()
    )
    assert words["D05P05"] == "as_expected"


def test_the_forecast_beats_the_base_rate_and_keeps_its_intervals(small: Snapshot, year: Filters) -> None:
    outlook = foresight.outlook(OPERATOR, year, small)
    assert outlook is not None
    test = outlook.forecast.back_test
    assert test.skill is not None and test.skill > 0
    assert test.origins.height == 10
    assert test.origins["inside"].sum() >= 9
    assert outlook.by_unit["expected"].sum() == pytest.approx(outlook.total["expected"])


def test_parts_of_a_change_add_up_exactly(small: Snapshot, year: Filters) -> None:
    for by in ("branch", "category"):
        why = foresight.why(OPERATOR, "on_time_rate", year, "year_ago", by, None, small)
        assert why is not None
        assert why.before + float(why.frame["effect"].sum()) + why.overlap == pytest.approx(why.after, abs=1e-12)


def test_small_groups_have_no_forecast_for_who_may_not_see_cases(small: Snapshot, year: Filters) -> None:
    leader = Viewer("leader@example.com", "executive")
    outlook = foresight.outlook(leader, year, small)
    whole = foresight.outlook(OPERATOR, year, small)
    assert outlook is not None and whole is not None
    for mine, all_of_it in ((outlook.by_unit, whole.by_unit), (outlook.by_category, whole.by_category)):
        few = all_of_it.filter(all_of_it["open"] < 5)["group"].to_list()
        assert few
        assert mine.filter(mine["group"].is_in(few))["expected"].null_count() == len(few)
