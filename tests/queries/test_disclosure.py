"""Who may see which figure: small groups, differences, the management side's closed months, and nobody to be found."""

from __future__ import annotations

import shutil
from ast import literal_eval
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from data import database, records, undo
from data.importer import import_files, store_frames
from queries import clocks, metrics
from queries.answers import ask, compare, grid
from queries.audit import audit
from queries.disclosure import FIGURES, last_closed, minimum_group
from queries.errors import NotAllowed, QueryError
from queries.filters import Filters, Month
from queries.foresight import outlook
from queries.loading import load
from queries.metrics import METRICS
from queries.resting import rests
from queries.snapshot import Snapshot
from queries.supporting import SUPPORTING
from queries.viewers import OPERATOR, Role, Viewer
from tests.queries.conftest import CONFORMANCE

EXECUTIVE, MANAGEMENT = Viewer("e@x", "executive"), Viewer("m@x", "management")
EVERY = (*METRICS.values(), *SUPPORTING.values())
YEAR = Filters(Month(2024, 1), Month(2024, 12))
# What counts people or cases by itself, and in what.
COUNTED = ("grievances_received", "suggestions_submitted", "grievances_closed", "aid_identified")


@pytest.fixture(scope="module")
def engine(new_address: Callable[[str], str]) -> Iterator[Engine]:
    """The conformance set, imported in one go: every month but the last is closed."""
    made = database.engine_for(new_address("sqlite"))
    assert not import_files([CONFORMANCE / "tables"], by="test", engine=made).faults
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def facts(engine: Engine) -> Snapshot:
    """Its snapshot."""
    return load(engine)


@pytest.fixture
def later(facts: Snapshot, engine: Engine, tmp_path: Path) -> Iterator[Engine]:
    """A copy of the database into which a test may import more."""
    assert engine.url.database is not None and facts.version
    with database.reading(engine) as connection:
        connection.exec_driver_sql("SELECT 1")
    for suffix in ("", "-wal", "-shm"):
        if Path(engine.url.database + suffix).exists():
            shutil.copy(engine.url.database + suffix, tmp_path / f"later.db{suffix}")
    made = database.engine_for(f"sqlite:///{tmp_path / 'later.db'}")
    yield made
    made.dispose()


def cells(frame: pl.DataFrame) -> dict[tuple[str | None, str | None], dict[str, object]]:
    return {(row["group"], row.get("column")): row for row in frame.to_dicts()}


# --- what is withheld, and from whom ---------------------------------------------------------------------------------


def test_somebody_has_thought_about_what_each_metric_rests_on() -> None:
    for metric in EVERY:
        for definition in metric.definitions:
            assert rests(metric, definition.id)


@pytest.mark.parametrize("viewer", [EXECUTIVE, MANAGEMENT, Viewer("a@x", "admin")], ids=lambda v: v.role)
@pytest.mark.slow
def test_a_withheld_cell_has_a_reason_and_no_figure_at_all(viewer: Viewer, facts: Snapshot) -> None:
    withheld = 0
    for metric in EVERY:
        for definition in metric.definitions:
            for by in metric.groupings:
                frame = ask(viewer, metric.id, YEAR, by, definition.id, facts).frame
                hidden = frame.filter("suppressed")
                withheld += hidden.height
                assert hidden.select(FIGURES).null_count().row(0) == (hidden.height,) * len(FIGURES)
                assert hidden["reason"].null_count() == 0
                assert frame.filter(~pl.col("suppressed"))["reason"].null_count() == frame.height - hidden.height
    assert withheld > 100


@pytest.mark.parametrize("viewer", [EXECUTIVE, MANAGEMENT], ids=lambda v: v.role)
@pytest.mark.parametrize("metric", COUNTED)
def test_no_count_below_the_minimum_is_shown(viewer: Viewer, metric: str, facts: Snapshot) -> None:
    seen = 0
    for by in ("unit", "branch", "month", *dict(metrics.find(metric).codes)):
        shown = ask(viewer, metric, YEAR, by, None, facts).frame
        true = ask(OPERATOR, metric, YEAR, by, None, facts).frame["numerator"]
        for row, number in zip(shown.to_dicts(), true, strict=True):
            assert row["suppressed"] or row["numerator"] == number
            assert row["suppressed"] or not 0 < number < 5
            seen += not row["suppressed"]
    assert seen > 5


def test_two_units_are_withheld_where_one_is_too_small(facts: Snapshot) -> None:
    by_unit = ask(EXECUTIVE, "grievances_received", YEAR, "unit", None, facts).frame
    for parent in ("D1", "D2", "D3"):
        children = ask(EXECUTIVE, "collective_disputes", replace(YEAR, branch=parent), "branch", None, facts).frame
        withheld = children.filter("suppressed").height
        assert withheld != 1, f"{parent}: one alone follows from the others"
    assert not by_unit["suppressed"].all()


def test_union_staff_see_their_cases_whole_but_not_small_survey_groups(facts: Snapshot) -> None:
    staff = Viewer("u@x", "union_staff", ("D3",))
    for metric in EVERY:
        for by in metric.groupings:
            frame = ask(staff, metric.id, replace(YEAR, branch="D3"), by, None, facts).frame
            if metric.family != "engagement":
                assert not frame["suppressed"].any()
    year = Filters(Month(2024, 1), Month(2025, 6))
    true = grid(OPERATOR, "engagement_index", year, "unit", "month", None, facts).frame
    small = true.filter((pl.col("denominator") > 0) & (pl.col("denominator") < 5))
    assert small.height, "the set has no small survey group"
    # Survey answers of a small unit are withheld from its own union as well.
    for viewer in (Viewer("u@x", "union_staff", ("HQ",)), EXECUTIVE):
        shown = cells(grid(viewer, "engagement_index", year, "unit", "month", None, facts).frame)
        for row in small.to_dicts():
            assert shown[row["group"], row["column"]]["suppressed"]


def test_nothing_is_withheld_from_the_operator(facts: Snapshot) -> None:
    for metric in EVERY:
        for by in (None, *metric.groupings):
            assert not ask(OPERATOR, metric.id, YEAR, by, None, facts).frame["suppressed"].any()


def test_meetings_promises_and_notices_are_nobodys_secret(facts: Snapshot) -> None:
    for metric in ("meetings_held", "commitments_on_time_rate", "contract_fulfilment_rate", "notices_published"):
        assert not ask(MANAGEMENT, metric, YEAR, "unit", None, facts).frame["suppressed"].any()


def test_the_minimum_group_is_a_setting_of_at_least_three(facts: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    at_five = ask(EXECUTIVE, "grievances_received", YEAR, "category", None, facts).frame["suppressed"].sum()
    monkeypatch.setenv("DASHBOARD_MINIMUM_GROUP", "20")
    found = ask(Viewer("other@x", "admin"), "grievances_received", YEAR, "category", None, facts).frame
    assert found["suppressed"].sum() > at_five
    monkeypatch.setenv("DASHBOARD_MINIMUM_GROUP", "3")
    assert minimum_group() == 3
    for wrong in ("2", "0", "-5", "many", "5.0"):
        monkeypatch.setenv("DASHBOARD_MINIMUM_GROUP", wrong)
        with pytest.raises(QueryError, match="at least 3"):
            minimum_group()


# --- differences -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", COUNTED)
def test_no_two_periods_of_the_management_side_differ_by_a_few_cases(metric: str, facts: Snapshot) -> None:
    """Twelve months to June less twelve months to July, and every other pair of periods."""
    first, last = Month(2024, 1), last_closed(facts)
    months = [first + i for i in range(last - first + 1)]
    seen: dict[tuple[str, Month, Month], float] = {}
    for start in months:
        for end in months[start - first :]:
            found = ask(MANAGEMENT, metric, Filters(start, end), "unit", None, facts).frame
            whole = ask(MANAGEMENT, metric, Filters(start, end), None, None, facts).frame
            for row in (*found.to_dicts(), *whole.to_dicts()):
                if not row["suppressed"]:
                    seen[row["group"] or "", start, end] = row["numerator"]
    assert len({start for _, start, _ in seen}) > 5
    for (unit, start, end), number in seen.items():
        for other_start, other_end in ((start, end.back(1)), (start + 1, end), (start.back(1), end.back(1))):
            other = seen.get((unit, other_start, other_end))
            if other is not None and (other_start >= start and other_end <= end):
                assert not 0 < number - other < 5, f"{unit} {start}..{end} less {other_start}..{other_end}"


@pytest.mark.parametrize("role", ["executive", "management"])
def test_a_parent_less_its_children_leaves_nobody_or_enough(role: Role, facts: Snapshot) -> None:
    viewer = Viewer("x@x", role)
    for metric in COUNTED:
        for parent in ("HQ", "D1", "D2", "D3", "D3B1"):
            whole = ask(viewer, metric, replace(YEAR, branch=parent), None, None, facts).one
            if whole["suppressed"]:
                continue
            parts = ask(viewer, metric, replace(YEAR, branch=parent), "branch", None, facts).frame
            left = whole["numerator"] - parts["numerator"].sum()
            assert left == 0 or left >= 5


def test_a_selection_and_what_it_leaves_out_are_both_large_enough(facts: Snapshot) -> None:
    codes = [code for code, _ in dict(metrics.find("grievances_received").codes)["category"]]
    whole = ask(EXECUTIVE, "grievances_received", replace(YEAR, branch="D1"), None, None, facts).one["numerator"]
    for left_out in codes:
        kept = tuple(code for code in codes if code != left_out)
        asked = replace(YEAR, branch="D1", where=(("category", kept),))
        found = ask(EXECUTIVE, "grievances_received", asked, None, None, facts).one
        if not found["suppressed"]:
            left = whole - found["numerator"]
            assert left == 0 or left >= 5


# --- the management side ---------------------------------------------------------------------------------------------


def test_the_management_side_sees_no_open_month(facts: Snapshot) -> None:
    assert facts.data_date == date(2025, 6, 17) and last_closed(facts) == Month(2025, 5)
    found = ask(MANAGEMENT, "grievances_received", Filters(Month(2025, 1), Month(2025, 6)), "month", None, facts)
    assert found.filters.end == Month(2025, 5)
    assert found.frame["group"].to_list()[-1] == "2025-05"
    only_open = ask(MANAGEMENT, "meetings_held", Filters(Month(2025, 6), Month(2025, 6)), None, None, facts)
    assert only_open.one["reason"] == "open" and only_open.one["value"] is None


def test_the_management_side_chooses_no_day_of_knowledge(facts: Snapshot) -> None:
    for metric in METRICS.values():
        if metric.has_period:
            with pytest.raises(NotAllowed, match="as_of"):
                ask(MANAGEMENT, metric.id, replace(YEAR, as_of=date(2024, 11, 3)), None, None, facts)
        else:
            at = ask(MANAGEMENT, metric.id, replace(YEAR, as_of=date(2024, 11, 3)), None, None, facts)
            assert at.data_date == date(2024, 10, 31)
            assert ask(MANAGEMENT, metric.id, YEAR, None, None, facts).data_date == date(2025, 5, 31)


def test_the_management_side_gets_no_forecast(facts: Snapshot) -> None:
    outlook(EXECUTIVE, YEAR, facts)
    with pytest.raises(NotAllowed, match="closed months"):
        outlook(MANAGEMENT, YEAR, facts)


def test_comparisons_of_the_management_side_answer_too(facts: Snapshot) -> None:
    for metric in METRICS.values():
        for comparison in ("previous", "year_ago"):
            assert compare(MANAGEMENT, metric.id, YEAR, comparison, None, facts) is not None


def test_the_management_side_sees_unit_and_one_more_dimension(facts: Snapshot) -> None:
    pay = replace(YEAR, where=(("category", ("pay",)),))
    by_month = ask(MANAGEMENT, "grievances_received", pay, "month", None, facts).frame
    assert by_month["reason"].unique().to_list() == ["detail"]
    two = replace(YEAR, where=(("category", ("pay",)), ("channel", ("hotline",))))
    assert ask(MANAGEMENT, "grievances_received", two, None, None, facts).one["reason"] == "detail"
    fine = grid(MANAGEMENT, "grievances_received", YEAR, "month", "category", None, facts).frame
    assert fine["suppressed"].all()
    allowed = grid(MANAGEMENT, "grievances_received", YEAR, "branch", "category", None, facts).frame
    assert not allowed["suppressed"].all()
    assert not ask(MANAGEMENT, "grievances_received", pay, None, None, facts).one["suppressed"]


def test_the_management_side_is_told_neither_all_nor_none_of_a_small_group(facts: Snapshot) -> None:
    seen = uniform = 0
    for metric in EVERY:
        for definition in metric.definitions:
            if not metric.proportion or rests(metric, definition.id).kind == "nobody":
                continue
            for by in ("unit", "month"):
                shown = ask(MANAGEMENT, metric.id, YEAR, by, definition.id, facts).frame
                true = ask(OPERATOR, metric.id, YEAR, by, definition.id, facts).frame
                for row, was in zip(shown.to_dicts(), true.to_dicts(), strict=True):
                    all_or_none = was["numerator"] in (0, was["denominator"]) and 0 < was["denominator"] < 10
                    uniform += all_or_none
                    if not row["suppressed"] and was["denominator"]:
                        seen += 1
                        assert not all_or_none
                        # Nor a few of a large one, nor all but a few.
                        assert not 0 < was["numerator"] < 5
                        assert not 0 < was["denominator"] - was["numerator"] < 5
    assert seen > 20 and uniform > 20


def test_where_a_few_are_is_not_told_by_where_nobody_is(facts: Snapshot) -> None:
    for viewer in (EXECUTIVE, MANAGEMENT):
        by_unit = ask(viewer, "aid_identified", YEAR, "unit", None, facts).frame
        few = by_unit.filter("suppressed")["group"].to_list()
        assert few
        monthly = grid(viewer, "aid_identified", YEAR, "unit", "month", None, facts).frame
        assert monthly.filter(pl.col("group").is_in(few))["suppressed"].all()


# --- what came late --------------------------------------------------------------------------------------------------


def late_cases() -> pl.DataFrame:
    """Three cases filed in March and April 2025, when both months had closed long ago."""
    case = {"branch_id": "D1B1", "category": "pay", "channel": "hotline", "stage": "direct"}
    days = (date(2025, 3, 4), date(2025, 4, 5), date(2025, 4, 6))
    return pl.DataFrame(
        [{"grievance_id": f"LATE{i}", "filed_on": day, **case} for i, day in enumerate(days)],
    )


def management_year(engine: Engine) -> list[pl.DataFrame]:
    snapshot = load(engine)
    span = Filters(Month(2024, 1), Month(2025, 5))
    return [
        ask(MANAGEMENT, metric.id, span, by, definition.id, snapshot).frame
        for metric in EVERY
        if metric.family in ("grievances", "suggestions") and metric.has_period
        for definition in metric.definitions
        for by in ("month", "branch")
    ]


def same(one: list[pl.DataFrame], other: list[pl.DataFrame]) -> bool:
    return all(a.equals(b) for a, b in zip(one, other, strict=True))


@pytest.mark.slow
def test_what_comes_late_changes_no_closed_month_of_the_management_side(later: Engine) -> None:
    before = management_year(later)
    operator = Filters(Month(2025, 1), Month(2025, 5))
    received = ask(OPERATOR, "grievances_received", operator, None, None, load(later)).one["value"]
    # New cases, a case that turns out to be of another kind and is closed, one of another month.
    with database.reading(later) as connection:
        stored = connection.exec_driver_sql(
            "SELECT grievance_id, branch_id, filed_on, category, channel FROM grievances "
            "WHERE closed_on IS NULL AND filed_on < '2025-05-01' ORDER BY grievance_id LIMIT 4"
        ).all()
    changed = pl.DataFrame(
        [
            {"grievance_id": row[0], "branch_id": row[1], "filed_on": date.fromisoformat(row[2]),
             "category": "other", "channel": row[4], "stage": "mediation", "closed_on": date(2025, 4, 30),
             "outcome": "resolved"}
            for row in stored
        ]
    )  # fmt: skip
    result = store_frames({"grievances": pl.concat([late_cases(), changed], how="diagonal")}, by="test", engine=later)
    assert not result.refused, [fault.text("en") for fault in result.faults]
    after = ask(OPERATOR, "grievances_received", operator, None, None, load(later)).one["value"]
    assert after == received + 3
    assert same(management_year(later), before)
    # The undo of a late hand-in changes nothing either.
    assert result.import_id is not None
    assert not undo.undo(result.import_id, by="test", engine=later).faults
    assert same(management_year(later), before)


def test_a_hardship_case_corrected_after_its_month_closed_waits_once(later: Engine) -> None:
    span = Filters(Month(2024, 1), Month(2024, 12))
    before = clocks.time_to_help(MANAGEMENT, span, load(later))
    assert before.cases is not None and before.cases > 0
    with database.reading(later) as connection:
        stored = connection.exec_driver_sql(
            "SELECT case_id, branch_id, identified_on FROM aid_cases "
            "WHERE identified_on BETWEEN '2024-01-01' AND '2024-12-31' AND kind <> 'other' ORDER BY case_id LIMIT 3"
        ).all()
    changed = pl.DataFrame(
        [{"case_id": case, "branch_id": unit, "identified_on": date.fromisoformat(day), "kind": "other"}
         for case, unit, day in stored]
    )  # fmt: skip
    result = store_frames({"aid_cases": changed}, by="test", engine=later)
    assert not result.refused, [fault.text("en") for fault in result.faults]
    assert clocks.time_to_help(MANAGEMENT, span, load(later)).cases == before.cases


def engagement_of(viewer: Viewer, engine: Engine) -> list[pl.DataFrame]:
    snapshot, span = load(engine), Filters(Month(2024, 1), Month(2025, 5))
    return [
        ask(viewer, metric, span, by, None, snapshot).frame
        for metric in ("engagement_index", "favourable_rate", "enps", "survey_response_rate")
        for by in ("branch", "unit", "year")
    ]


@pytest.mark.slow
def test_one_answer_to_a_survey_that_comes_late_does_not_tell_itself(later: Engine) -> None:
    before, whole = engagement_of(MANAGEMENT, later), engagement_of(EXECUTIVE, later)
    with database.reading(later) as connection:
        given = connection.exec_driver_sql(
            "SELECT survey_id, branch_id, respondent_id, dimension, score FROM survey_answers JOIN surveys "
            "USING (survey_id) WHERE opened_on < '2025-05-01' ORDER BY survey_id, respondent_id, dimension LIMIT 2"
        ).all()
    survey, branch = given[0][:2]
    columns = ("survey_id", "branch_id", "respondent_id", "dimension", "score")
    # Somebody answers after all, and somebody's answers are corrected.
    new = [(survey, branch, "LATE", dimension, 1) for dimension in ("trust", "voice")]
    changed = [(*row[:4], 5 if row[4] < 5 else 1) for row in given]
    frame = pl.DataFrame([*new, *changed], schema=columns, orient="row")
    result = store_frames({"survey_answers": frame}, by="test", engine=later)
    assert not result.refused, [fault.text("en") for fault in result.faults]
    assert not same(engagement_of(EXECUTIVE, later), whole)
    assert same(engagement_of(MANAGEMENT, later), before)
    assert result.import_id is not None and not undo.undo(result.import_id, by="test", engine=later).faults
    assert same(engagement_of(MANAGEMENT, later), before)
    assert same(engagement_of(EXECUTIVE, later), whole)


def test_answers_all_of_which_come_late_are_shown_as_they_came_first(later: Engine) -> None:
    def asked() -> pl.DataFrame:
        march = Filters(Month(2025, 3), Month(2025, 3))
        return ask(MANAGEMENT, "engagement_index", march, None, None, load(later)).frame

    def hand_in(first: int, last: int) -> None:
        rows = [("NEW", "D1B1", f"P{n}", "trust", 4) for n in range(first, last)]
        columns = ("survey_id", "branch_id", "respondent_id", "dimension", "score")
        survey = pl.DataFrame([{"survey_id": "NEW", "title": "New", "opened_on": date(2025, 3, 3)}])
        frames = {"surveys": survey, "survey_answers": pl.DataFrame(rows, schema=columns, orient="row")}
        assert not store_frames(frames, by="test", engine=later).refused

    hand_in(0, 12)
    first = asked()
    assert first["denominator"][0] >= 12
    hand_in(12, 14)
    assert asked().equals(first)


def test_a_month_closed_again_takes_in_what_came_late(later: Engine) -> None:
    before = ask(MANAGEMENT, "grievances_received", Filters(Month(2025, 4), Month(2025, 4)), None, None, load(later))
    assert not store_frames({"grievances": late_cases()}, by="test", engine=later).refused
    version = load(later).version
    with database.writing(later) as connection:
        records.close_again(connection, "2025-04", by="admin@x")
        lines = connection.exec_driver_sql("SELECT who, detail FROM audit WHERE action = 'month_closed_again'").all()
    held = load(later)
    after = ask(MANAGEMENT, "grievances_received", Filters(Month(2025, 4), Month(2025, 4)), None, None, held)
    assert held.version > version, "whoever holds the former state must notice"
    assert after.one["value"] == before.one["value"] + 2
    assert lines == [("admin@x", '{"month": "2025-04"}')]


def test_a_month_closes_on_the_day_that_the_setting_says(later: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    day = pl.DataFrame([{"grievance_id": "NEXT", "branch_id": "D1B1", "filed_on": date(2025, 7, 9), "category": "pay",
                         "channel": "hotline"}])  # fmt: skip
    assert not store_frames({"grievances": day}, by="test", engine=later, on=date(2025, 7, 9)).refused
    assert last_closed(load(later)) == Month(2025, 5)
    monkeypatch.setenv("DASHBOARD_CLOSING_DAY", "9")
    again = day.with_columns(grievance_id=pl.lit("NEXT2"))
    assert not store_frames({"grievances": again}, by="test", engine=later, on=date(2025, 7, 9)).refused
    assert last_closed(load(later)) == Month(2025, 6)


# --- scope -----------------------------------------------------------------------------------------------------------


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_an_answer_is_about_the_viewers_units_only(facts: Snapshot, data: st.DataObject) -> None:
    ids = facts.tree.ids
    units = tuple(data.draw(st.lists(st.sampled_from(ids), min_size=1, max_size=3, unique=True)))
    staff = Viewer("u@x", "union_staff", units)
    mine = {below for unit in units for below in facts.subtree(unit)}
    metric = data.draw(st.sampled_from(["grievances_received", "closure_rate", "attendances", "aid_amount"]))
    branch = data.draw(st.sampled_from([None, *ids]))
    by = data.draw(st.sampled_from([None, "unit", "branch", "month"]))
    asked = replace(YEAR, branch=branch)
    if branch is not None and branch not in mine:
        with pytest.raises(NotAllowed):
            ask(staff, metric, asked, by, None, facts)
        return
    found = ask(staff, metric, asked, by, None, facts).frame
    if by in ("unit", "branch"):
        assert set(found["group"]) <= mine
    inside = mine if branch is None else set(facts.subtree(branch))
    true = ask(OPERATOR, metric, YEAR, "unit", None, facts).frame.filter(pl.col("group").is_in(inside))
    assert found["numerator"].sum() == pytest.approx(true["numerator"].sum())


def test_a_question_without_a_viewer_is_an_error(facts: Snapshot) -> None:
    for nobody in (None, "operator", {"role": "operator"}, object()):
        with pytest.raises(NotAllowed):
            ask(nobody, "grievances_received", YEAR, None, None, facts)  # type: ignore[arg-type]


def test_a_viewer_whose_units_are_gone_sees_nothing(facts: Snapshot) -> None:
    gone = Viewer("u@x", "union_staff", ("CLOSED-LONG-AGO",))
    assert ask(gone, "grievances_received", YEAR, None, None, facts).one["numerator"] == 0
    assert ask(gone, "grievances_received", YEAR, "unit", None, facts).frame.is_empty()
    with pytest.raises(QueryError):
        ask(gone, "grievances_received", replace(YEAR, branch="D1"), None, None, facts)


# --- nobody is found -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("role", ["management", "executive"])
def test_nobody_is_found_in_all_that_a_role_may_ask_for(role: Role, facts: Snapshot) -> None:
    found = audit(role, facts)
    assert found.cells == ()
    assert found.answers > 2000 and found.small > 10_000


@pytest.mark.slow
def test_the_audit_finds_somebody_where_nothing_is_withheld(facts: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    few = tuple(metrics.find(name) for name in ("aid_coverage_rate", "aid_amount"))
    monkeypatch.setattr("queries.audit.CATALOGUE", few)
    assert audit("executive", facts).cells == ()
    monkeypatch.setattr("queries.disclosure.shown", lambda parts, counts, ok, totals=(): ok(counts) | True)
    unguarded = replace(facts.with_frames({}))
    assert audit("executive", unguarded).cells


def test_what_was_worked_out_can_be_kept_beside_the_snapshot(facts: Snapshot) -> None:
    for viewer in (EXECUTIVE, MANAGEMENT):
        for by in (None, "month", "category"):
            ask(viewer, "closure_rate", YEAR, by, "received", facts)
    for key, _ in facts.tables():
        if isinstance(key, tuple) and key[0] in ("open", "closed", "blocks", "standing", "group"):
            assert literal_eval(repr(key)) == key
