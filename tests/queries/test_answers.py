"""Asking: groups add up, as-of never shows the future, and a wrong question says what would have been right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.metric_ids import METRIC_IDS
from queries.answers import ask, grid
from queries.errors import NotAllowed, QueryError
from queries.filters import Filters, Month
from queries.metrics import METRICS
from queries.snapshot import Snapshot
from queries.supporting import SUPPORTING
from queries.viewers import OPERATOR, Viewer

WHOLE = Filters(Month(2024, 1), Month(2025, 6))
# Distinct people and headcounts averaged over time do not add up over time; the mean of rates does not add up at all.
DISTINCT = ("participation_rate", "non_party_reach", "proposer_rate")
EVERY = [(metric.id, definition.id) for metric in METRICS.values() for definition in metric.definitions]


@pytest.fixture(params=EVERY, ids=lambda pair: "-".join(filter(None, pair)))
def question(request: pytest.FixtureRequest) -> Iterator[tuple[str, str | None]]:
    """Every metric under every definition."""
    yield request.param


def test_every_grouping_of_every_definition_answers(snapshot: Snapshot, question: tuple[str, str | None]) -> None:
    metric, definition = question
    for by in METRICS[metric].groupings:
        frame = ask(OPERATOR, metric, WHOLE, by, definition, snapshot).frame
        assert frame.height, by
        assert frame["group"].n_unique() == frame.height, by


def test_a_parent_is_the_sum_of_its_children(snapshot: Snapshot, question: tuple[str, str | None]) -> None:
    metric, definition = question
    if metric in DISTINCT or METRICS[metric].unit in ("days", "index"):
        return  # one person may stand in two units; medians and means of rates do not add up
    whole = ask(OPERATOR, metric, WHOLE, None, definition, snapshot).one
    for by in ("branch", "unit"):
        parts = ask(OPERATOR, metric, WHOLE, by, definition, snapshot).frame
        for column in ("numerator", "denominator"):
            if whole[column] is not None:
                assert parts[column].sum() == pytest.approx(whole[column], rel=1e-9), (by, column)


def test_no_rate_lies_outside_its_range(snapshot: Snapshot, question: tuple[str, str | None]) -> None:
    metric, definition = question
    found = METRICS[metric]
    for by in (None, *found.groupings):
        frame = ask(OPERATOR, metric, WHOLE, by, definition, snapshot).frame.drop_nulls("value")
        if found.unit == "rate":
            assert (frame["value"] >= 0).all()
            if not found.over_headcount:
                assert (frame["value"] <= 1).all()
        if found.proportion:
            assert ((frame["low"] <= frame["value"] + 1e-12) & (frame["value"] <= frame["high"] + 1e-12)).all()
            assert ((frame["low"] >= 0) & (frame["high"] <= 1)).all()
        else:
            assert frame["low"].null_count() == frame.height


def test_no_denominator_means_no_value_and_never_zero_per_cent(snapshot: Snapshot) -> None:
    nobody = Filters(Month(2025, 4), Month(2025, 4), branch="D1B2")
    row = ask(OPERATOR, "quorum_rate", nobody, snapshot=snapshot).one
    assert (row["numerator"], row["denominator"], row["value"]) == (0, 0, None)


def test_what_begins_after_the_data_date_is_unknown(snapshot: Snapshot, question: tuple[str, str | None]) -> None:
    metric, definition = question
    later = Filters(Month(2025, 7), Month(2025, 9))
    for by in (None, *METRICS[metric].groupings):
        frame = ask(OPERATOR, metric, later, by, definition, snapshot).frame
        for column in ("numerator", "denominator", "value"):
            assert frame[column].null_count() == frame.height, by


def test_a_grid_says_the_same_as_one_grouping(snapshot: Snapshot) -> None:
    for metric in ("participation_rate", "closure_rate", "favourable_rate", "party_day_rate"):
        cells = grid(OPERATOR, metric, WHOLE, "unit", "month", snapshot=snapshot).frame
        for month in ("2024-03", "2025-06"):
            alone = Filters(Month.parse(month), Month.parse(month))
            units = ask(OPERATOR, metric, alone, "unit", snapshot=snapshot).frame
            assert cells.filter(column=month).drop("column").equals(units)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.integers(0, 500), more=st.integers(0, 200))
def test_what_was_known_only_grows(snapshot: Snapshot, days: int, more: int) -> None:
    early = date(2024, 1, 1) + timedelta(days=days)
    late = early + timedelta(days=more)
    for metric in ("grievances_received", "suggestions_submitted", "meetings_held", "aid_amount", "attendances"):
        before, after = (
            ask(OPERATOR, metric, Filters(WHOLE.start, WHOLE.end, as_of=day), snapshot=snapshot).one["value"]
            for day in (early, late)
        )
        assert before <= after, metric
    for metric in ("participation_rate", "proposer_rate"):
        before, after = (
            ask(OPERATOR, metric, Filters(WHOLE.start, WHOLE.end, as_of=day), snapshot=snapshot).one["numerator"]
            for day in (early, late)
        )
        assert before <= after, metric


def test_today_is_not_over(snapshot: Snapshot) -> None:
    """A case due on the data date is not yet due; an as-of after the data date is the data date."""
    plain = ask(OPERATOR, "overdue_grievances", WHOLE, snapshot=snapshot).one
    later = Filters(WHOLE.start, WHOLE.end, as_of=date(2030, 1, 1))
    assert ask(OPERATOR, "overdue_grievances", later, snapshot=snapshot).one == plain


def test_wrong_questions_say_what_would_have_been_right(snapshot: Snapshot) -> None:
    for metric, filters, by, definition, hint in (
        ("closure_rat", WHOLE, None, None, "closure_rate"),
        ("closure_rate", WHOLE, "kind", None, "category"),
        ("closure_rate", WHOLE, None, "best", "received"),
        ("open_grievances", WHOLE, "month", None, "category"),
        ("closure_rate", Filters(WHOLE.start, WHOLE.end, "D2B9"), None, None, "D2B4"),
    ):
        with pytest.raises(QueryError, match=hint):
            ask(OPERATOR, metric, filters, by, definition, snapshot)


def test_a_viewer_gets_the_own_units_and_no_others(snapshot: Snapshot) -> None:
    own = Viewer("officer@example.com", "union_staff", ("D2",))
    assert (
        ask(own, "grievances_received", WHOLE, snapshot=snapshot).one["value"]
        == (ask(OPERATOR, "grievances_received", Filters(WHOLE.start, WHOLE.end, "D2"), snapshot=snapshot).one["value"])
    )
    units = set(ask(own, "grievances_received", WHOLE, "unit", snapshot=snapshot).frame["group"])
    assert units == set(snapshot.subtree("D2"))
    for foreign in ("D1", "HQ", "D3B1"):
        with pytest.raises(NotAllowed):
            ask(own, "grievances_received", Filters(WHOLE.start, WHOLE.end, foreign), snapshot=snapshot)
    with pytest.raises(NotAllowed):
        ask(None, "grievances_received", WHOLE, snapshot=snapshot)  # type: ignore[arg-type]


def test_the_importer_knows_the_catalogue() -> None:
    named = {metric.id for metric in METRICS.values()} | {
        f"{metric.id}:{definition.id}"
        for metric in METRICS.values()
        for definition in metric.definitions
        if definition.id
    }
    assert set(METRIC_IDS) == named
    assert not set(SUPPORTING) & set(METRICS)
