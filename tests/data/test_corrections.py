"""Rows corrected on the page: the rules of an import, its record and undo; nobody's change is lost to another's."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine

from data import check, corrections, database, importer, undo
from data.importer import ImportResult
from tests.data.ledgers import TODAY, branch, everything, frame, stored

ANNA, BOB = "anna@example.com", "bob@example.com"


@pytest.fixture
def filled(empty: Engine) -> Engine:
    """Three units; A has two months of headcount, a notice and a target."""
    heads = [{"branch_id": "A", "month": month, "employees": 100, "union_members": 90} for month in MONTHS]
    notice = {"notice_id": "N1", "branch_id": "A", "published_on": date(2025, 3, 3), "kind": "news", "title": "开工"}
    other = notice | {"notice_id": "N2", "branch_id": "B"}
    ledgers = {
        "branches": frame("branches", branch("HQ"), branch("A", "HQ"), branch("B", "HQ")),
        "headcounts": frame("headcounts", *heads),
        "notices": frame("notices", notice, other),
        "targets": frame("targets", {"metric": "closure_rate", "branch_id": "A", "year": 2025, "target": 0.9}),
    }
    assert not importer.store_frames(ledgers, by="demo", engine=empty, on=TODAY).refused
    return empty


MONTHS = ("2025-01", "2025-02")


def left(
    seen: pl.DataFrame,
    table: str,
    *changes: tuple[int, str, Any],
    added: tuple[dict[str, Any], ...] = (),
    without: tuple[int, ...] = (),
) -> pl.DataFrame:
    """Return the rows as an editor would leave them: cells as a person typed them."""
    names = [column.name for column in corrections.columns(table)]
    rows = [dict(row) for row in seen.select(names).iter_rows(named=True)]
    for at, name, value in changes:
        rows[at][name] = value
    rows = [row for at, row in enumerate(rows) if at not in without]
    rows += [dict.fromkeys(names) | row for row in added]
    return pl.DataFrame({name: pl.Series([row[name] for row in rows], dtype=pl.Object) for name in names})


def correct(
    engine: Engine,
    table: str,
    seen: pl.DataFrame,
    rows: pl.DataFrame,
    by: str = ANNA,
    allowed: tuple[str, ...] | None = ("A",),
    unit: str | None = "A",
) -> ImportResult:
    return corrections.correct(table, unit, seen, rows, by=by, allowed_units=allowed, engine=engine, on=TODAY)


def said(result: ImportResult) -> list[tuple[int | None, str | None, str]]:
    return [(fault.row, fault.field, fault.text("en")) for fault in result.faults]


def test_a_change_a_new_row_and_one_taken_away_are_one_import_that_can_be_undone(filled: Engine) -> None:
    before = everything(filled)["headcounts"]
    seen = corrections.rows_of("headcounts", "A", filled)
    rows = left(
        seen, "headcounts", (0, "employees", 120.0), added=({"month": "2025年3月", "employees": "130"},), without=(1,)
    )
    result = correct(filled, "headcounts", seen, rows)
    assert said(result) == []
    assert (result.counts["headcounts"].new, result.counts["headcounts"].changed) == (1, 1)
    assert result.counts["headcounts"].removed == 1
    assert [(row["month"], row["employees"], row["union_members"]) for row in stored(filled, "headcounts")] == [
        ("2025-01", 120, 90),
        ("2025-03", 130, None),
    ]
    with database.reading(filled) as connection:
        record = undo.history(connection, 1)[0]
        told = undo.differences(connection, record["import_id"], "headcounts")
    assert (record["kind"], record["by"]) == ("edit", ANNA)
    assert told.select("month", "change", "employees_was", "employees").rows() == [
        ("2025-01", "changed", 100, 120),
        ("2025-02", "removed", 100, None),
        ("2025-03", "new", None, 130),
    ]
    assert check.problems(filled) == []
    assert not undo.undo(record["import_id"], by=ANNA, engine=filled).faults
    assert everything(filled)["headcounts"] == before
    assert check.problems(filled) == []


def test_nothing_changed_stores_nothing(filled: Engine) -> None:
    seen = corrections.rows_of("targets", "A", filled)
    result = correct(filled, "targets", seen, left(seen, "targets"))
    assert result.unchanged
    assert result.version == 1


def test_every_rule_of_an_import_holds_and_is_told_at_its_row(filled: Engine) -> None:
    before = everything(filled)
    seen = corrections.rows_of("notices", "A", filled)
    rows = left(
        seen,
        "notices",
        (0, "published_on", "2031-05-05"),
        added=(
            {"notice_id": "N5", "published_on": "5月", "kind": "gossip", "title": "x", "readers": -1},
            {"notice_id": "N2", "published_on": date(2025, 5, 1), "kind": "新闻", "title": "y"},
            {"notice_id": "N6", "published_on": date(2025, 5, 1), "kind": "news"},
        ),
    )
    told = {(row, field) for row, field, _ in said(correct(filled, "notices", seen, rows))}
    assert told >= {(1, "published_on"), (2, "published_on"), (2, "kind"), (2, "readers"), (3, "kind"), (4, "title")}
    assert (3, "branch_id") in told  # N2 is another unit's
    assert everything(filled) == before


def test_a_second_row_for_the_same_month_does_not_overwrite_the_first(filled: Engine) -> None:
    seen = corrections.rows_of("headcounts", "A", filled)
    rows = left(seen, "headcounts", added=({"month": "2025-02", "employees": 7},))
    assert [row for row, field, _ in said(correct(filled, "headcounts", seen, rows)) if field == "month"] == [3]


def test_of_two_who_correct_the_same_row_the_second_is_told(filled: Engine) -> None:
    seen = corrections.rows_of("headcounts", "A", filled)
    first = correct(filled, "headcounts", seen, left(seen, "headcounts", (0, "employees", 111)), by=BOB)
    assert not first.refused
    late = correct(filled, "headcounts", seen, left(seen, "headcounts", (0, "employees", 222)))
    assert [(row, BOB in text) for row, _, text in said(late)] == [(1, True)]
    # Another row of the same ledger is nobody's business but hers.
    apart = correct(filled, "headcounts", seen, left(seen, "headcounts", (1, "employees", 333)))
    assert said(apart) == []
    assert [row["employees"] for row in stored(filled, "headcounts")] == [111, 333]


def test_what_was_taken_away_or_added_meanwhile_is_told_too(filled: Engine) -> None:
    seen = corrections.rows_of("headcounts", "A", filled)
    added = {"month": "2025-03", "employees": 5}
    first = correct(filled, "headcounts", seen, left(seen, "headcounts", added=(added,), without=(0,)), by=BOB)
    assert not first.refused
    rows = left(seen, "headcounts", (0, "employees", 222), added=(added | {"employees": 6},))
    assert [(row, BOB in text) for row, _, text in said(correct(filled, "headcounts", seen, rows))] == [
        (1, False),
        (3, True),
    ]
    gone = correct(filled, "headcounts", seen, left(seen, "headcounts", without=(0,)))
    assert ["taken away" in text for _, _, text in said(gone)] == [True]


def test_nobody_corrects_another_unit_even_by_forging(filled: Engine) -> None:
    before = everything(filled)
    seen = corrections.rows_of("notices", "B", filled)
    changed = correct(filled, "notices", seen, left(seen, "notices", (0, "title", "别人的")), unit="B")
    removed = correct(filled, "notices", seen, left(seen, "notices", without=(0,)), unit="B")
    assert changed.refused and removed.refused
    assert everything(filled) == before


def test_a_note_is_written_changed_and_removed_and_only_administrators_write_for_all(filled: Engine) -> None:
    note = {"on_date": date(2025, 4, 1), "kind": "机构调整", "text": "两部合并"}
    none = corrections.rows_of("annotations", "A", filled)
    assert said(correct(filled, "annotations", none, left(none, "annotations", added=(note,)))) == []
    seen = corrections.rows_of("annotations", "A", filled)
    assert seen.select("branch_id", "kind", "text").rows() == [("A", "reorganisation", "两部合并")]
    odd = left(seen, "annotations", (0, "metric", "closure"))
    assert ["closure_rate" in text for _, _, text in said(correct(filled, "annotations", seen, odd))] == [True]
    everywhere = corrections.rows_of("annotations", None, filled)
    rows = left(everywhere, "annotations", added=(note,))
    assert "administrator" in said(correct(filled, "annotations", everywhere, rows, unit=None))[0][2]
    assert said(correct(filled, "annotations", everywhere, rows, unit=None, allowed=None)) == []
    assert said(correct(filled, "annotations", seen, left(seen, "annotations", without=(0,)))) == []
    assert corrections.rows_of("annotations", "A", filled).is_empty()
    assert check.problems(filled) == []


def test_a_row_taken_away_and_entered_anew_keeps_its_removal_from_being_undone(filled: Engine) -> None:
    seen = corrections.rows_of("headcounts", "A", filled)
    taken = correct(filled, "headcounts", seen, left(seen, "headcounts", without=(0,)))
    seen = corrections.rows_of("headcounts", "A", filled)
    correct(filled, "headcounts", seen, left(seen, "headcounts", added=({"month": "2025-01", "employees": 9},)))
    assert taken.import_id is not None
    refused = undo.undo(taken.import_id, by=ANNA, engine=filled).faults
    assert ["touched again later" in fault.text("en") for fault in refused] == [True]
