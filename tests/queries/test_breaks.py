"""Limits start anew where something was noted, a unit opened or most time limits changed, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data import database, records, schema
from data.facts import Touched
from data.importer import import_files
from queries import changes
from queries.breaks import Break, breaks
from queries.filters import Filters, Month
from queries.loading import load
from queries.snapshot import Snapshot
from queries.viewers import OPERATOR, Viewer
from tests.queries.conftest import CONFORMANCE, imported

NOTES = {"on_date": pl.Date, "branch_id": pl.String, "metric": pl.String, "kind": pl.String, "text": pl.String}
YEAR = Filters(Month(2024, 9), Month(2025, 8), "D1")


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """The clean tables of the conformance set."""
    yield from imported(f"sqlite:///{tmp_path_factory.mktemp('breaks') / 'test.db'}", CONFORMANCE / "tables")


def noted(clean: Snapshot, *rows: tuple[date, str | None, str | None, str, str], **frames: pl.DataFrame) -> Snapshot:
    return clean.with_frames({"annotations": pl.DataFrame(list(rows), schema=NOTES, orient="row"), **frames})


def found(snapshot: Snapshot, metric: str = "on_time_rate", filters: Filters = YEAR, **who: Any) -> tuple[Break, ...]:
    return breaks(who.get("viewer", OPERATOR), metric, filters, who.get("definition"), snapshot)


def test_a_note_counts_for_its_unit_all_below_it_and_its_metric_only(clean: Snapshot) -> None:
    day = date(2025, 3, 1)
    here = noted(clean, (day, "D1", "on_time_rate", "event", "a"))
    child = clean.children("D1")[0]
    assert [one.month for one in found(here)] == [Month(2025, 3)]
    assert found(here, filters=Filters(YEAR.start, YEAR.end, child))
    assert not found(here, filters=Filters(YEAR.start, YEAR.end, clean.tree.parent("D1")))  # not those above
    assert not found(here, filters=Filters(YEAR.start, YEAR.end, "D2"))  # nor those beside
    assert not found(here, "closure_rate")
    everywhere = noted(clean, (day, None, None, "event", "b"))
    assert found(everywhere, "closure_rate", Filters(YEAR.start, YEAR.end, "D2"))
    one_way = noted(clean, (day, None, "on_time_rate:received", "definition", "c"))
    assert found(one_way, definition="received")
    assert not found(one_way)


def test_a_day_late_in_its_month_breaks_at_the_next_and_one_that_has_not_come_nowhere(clean: Snapshot) -> None:
    assert found(noted(clean, (date(2025, 3, 20), None, None, "event", "a")))[0].month == Month(2025, 4)
    assert not found(noted(clean, (date(2031, 1, 1), None, None, "event", "a")))


def test_a_note_in_both_languages_is_shown_in_the_readers(clean: Snapshot) -> None:
    both = Break(Month(2025, 3), "event", "热线开通 · Hotline opened · ")
    assert both.told(clean, "en") == both.text  # not two halves: shown whole
    both = Break(Month(2025, 3), "event", "热线开通 · Hotline opened")
    assert (both.told(clean, "zh"), both.told(clean, "en")) == ("热线开通", "Hotline opened")
    assert Break(Month(2025, 3), "event", "并入 A · 并入 B").told(clean, "en") == "并入 A · 并入 B"


def test_only_changed_limits_of_most_cases_break_a_rate(clean: Snapshot) -> None:
    levels = pl.DataFrame(
        {
            "category": [0, 0, 1],
            "response_days": [3, 3, 5],
            "closing_days": [10, 5, 15],
            "day_kind": [0, 0, 0],
            "valid_from": [date(1, 1, 1), date(2025, 1, 1), date(2025, 2, 1)],
        },
        schema_overrides={"category": pl.UInt8, "day_kind": pl.UInt8},
    )
    changed = noted(clean, levels=levels)
    pay = Filters(YEAR.start, YEAR.end, "D1", where=(("category", ("pay",)),))
    assert [one.month for one in found(changed, filters=pay)] == [Month(2025, 1)]
    assert found(changed, filters=pay)[0].told(changed, "en").startswith("time limits changed")
    assert not found(changed, "response_rate", pay)  # its days are as they were
    assert not found(changed)  # pay is one of ten categories
    assert not found(changed, "satisfaction_rate", pay)


def test_limits_and_verdict_are_those_of_the_months_since(clean: Snapshot) -> None:
    whole = changes.history(OPERATOR, "on_time_rate", YEAR, None, clean)
    assert whole.breaks == () and whole.levels is None
    assert whole.chart.frame["segment"].n_unique() == 1
    broken = noted(clean, (YEAR.end.back(3).first, "D1", None, "reorganisation", "merged"))
    since = changes.history(OPERATOR, "on_time_rate", YEAR, None, broken)
    assert since.chart.verdict == "too_early" and since.chart.passing is None
    assert since.chart.points <= 4
    at = since.answer.frame["group"].to_list().index(str(YEAR.end.back(3)))
    assert since.chart.frame["segment"].to_list() == [0] * at + [1] * (since.answer.frame.height - at)
    assert since.levels is not None
    values = since.answer.frame["value"].to_list()
    known = [value for value in values[:at] if value is not None]
    assert since.levels[0] == pytest.approx(sum(known) / len(known))


def test_a_note_of_a_unit_above_is_told_to_who_may_see_only_the_unit(clean: Snapshot) -> None:
    child = clean.children("D1")[0]
    staff = Viewer("wu@example.com", "union_staff", (child,))
    here = noted(clean, (date(2025, 3, 1), "D1", None, "event", "a"))
    assert found(here, filters=Filters(YEAR.start, YEAR.end), viewer=staff)


def test_a_note_written_later_is_in_the_next_snapshot(tmp_path: Path) -> None:
    engine = database.engine_for(f"sqlite:///{tmp_path / 'notes.db'}")
    import_files([CONFORMANCE / "tables"], by="test", engine=engine)
    before = load(engine)
    assert not found(before)
    note = {"annotation_id": "N1", "on_date": date(2025, 3, 1), "branch_id": "D1", "metric": None, "kind": "event"}
    with database.writing(engine) as connection:
        connection.execute(schema.annotations.insert().values(**note, text="a", import_id=2))
        records.raise_version(connection, ["annotations"], Touched())
    after = load(engine, before)
    assert [one.month for one in found(after)] == [Month(2025, 3)]
    assert after.grievances is before.grievances, "nothing else is read again"
    engine.dispose()
