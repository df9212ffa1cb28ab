"""Every import leaves a record and its differences, and can be taken back while nothing later touched its rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, select

from data import check, database, importer, retention, schema, undo
from data.clock import now
from tests.data.ledgers import TODAY, activity, branch, everything, first_ledgers, frame, grievance, sign_in, stored


def hand_in(engine: Engine, **frames: pl.DataFrame) -> int:
    result = importer.store_frames(frames, by="clerk@example.com", engine=engine, on=TODAY, allow_move=True)
    assert not result.refused, [fault.text("en") for fault in result.faults]
    assert result.import_id is not None
    return result.import_id


def take_back(engine: Engine, number: int) -> list[str]:
    return [fault.text("en") for fault in undo.undo(number, by="chair@example.com", engine=engine).faults]


def handed_in(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    return {name: stored(engine, name) for name in schema.HANDED_IN}


def test_undo_takes_new_rows_away_and_puts_changed_rows_back(empty: Engine) -> None:
    hand_in(empty, **first_ledgers())
    before, facts = handed_in(empty), everything(empty)["person_months"]
    number = hand_in(
        empty,
        activities=frame("activities", activity("E1", date(2025, 4, 1)), activity("E7", date(2025, 4, 2))),
        attendance=frame("attendance", sign_in("E7", "P1"), sign_in("E1", "P1", "B")),
        grievances=frame("grievances", grievance("G2", "A", summary="改了"), grievance("G9")),
        branches=frame("branches", branch("C", "B"), branch("D", "C")),
    )
    assert handed_in(empty) != before
    assert take_back(empty, number) == []
    assert handed_in(empty) == before
    assert everything(empty)["person_months"] == facts
    assert check.problems(empty) == []


def test_imports_are_undone_one_after_the_other(empty: Engine) -> None:
    hand_in(empty, **first_ledgers())
    second = hand_in(empty, grievances=frame("grievances", grievance("G1", summary="二")))
    third = hand_in(empty, grievances=frame("grievances", grievance("G1", summary="三")))
    assert take_back(empty, second) == [
        f"Rows of grievances that were touched again later: 1 (imports {third}). Undo those first."
    ]
    assert take_back(empty, third) == []
    assert take_back(empty, second) == []
    assert stored(empty, "grievances")[0]["summary"] is None
    assert take_back(empty, second) == [f"Import {second} has been undone already."]


def test_rows_that_others_need_stay(empty: Engine) -> None:
    hand_in(empty, **first_ledgers())
    number = hand_in(
        empty,
        branches=frame("branches", branch("C", "B")),
        activities=frame("activities", activity("E7", date(2025, 4, 2))),
    )
    hand_in(empty, attendance=frame("attendance", sign_in("E7", "P1"), sign_in("E1", "P7", "C")))
    before = everything(empty)
    assert take_back(empty, number) == [
        "Rows of attendance from elsewhere that name rows of this import: 1. Undo their import first.",
        "Rows of attendance from elsewhere that name rows of this import: 1. Undo their import first.",
    ]
    assert everything(empty) == before


def test_an_undo_that_would_leave_a_contradiction_is_refused(empty: Engine) -> None:
    hand_in(empty, branches=frame("branches", branch("HQ"), branch("B", "HQ"), branch("A", "B")))
    number = hand_in(empty, branches=frame("branches", branch("A", "HQ")))
    hand_in(empty, branches=frame("branches", branch("B", "A")))
    before = everything(empty)
    assert take_back(empty, number) == ["Units stand above one another in a circle: A → B → A."]
    assert everything(empty) == before


def test_history_tells_who_what_and_when(empty: Engine) -> None:
    first = hand_in(empty, **first_ledgers())
    second = hand_in(empty, **first_ledgers())
    take_back(empty, first)
    with database.reading(empty) as connection:
        records = undo.history(connection)
        older = undo.history(connection, before=second)
    assert [(r["import_id"], r["kind"], r["by"], r["undone_by"]) for r in records] == [
        (3, "undo", "chair@example.com", None),
        (second, "import", "clerk@example.com", None),
        (first, "import", "clerk@example.com", 3),
    ]
    assert records[1]["counts"]["attendance"] == {"new": 0, "changed": 0, "unchanged": 4, "removed": 0}
    assert records[0]["counts"]["attendance"]["removed"] == 4
    assert [record["import_id"] for record in older] == [first]
    with database.reading(empty) as connection:
        assert connection.scalars(select(schema.audit.c.action)).all() == ["import", "import", "undo"]


def changes(engine: Engine, number: int) -> list[tuple[Any, ...]]:
    with database.reading(engine) as connection:
        found = undo.differences(connection, number, "grievances")
    return found.select("grievance_id", "change", "summary_was", "summary").rows()


def test_differences_are_told_row_by_row_also_after_later_imports_and_undos(empty: Engine) -> None:
    hand_in(empty, **first_ledgers())
    second = hand_in(empty, grievances=frame("grievances", grievance("G2", "B", summary="二"), grievance("G3")))
    wanted = [("G2", "changed", "食堂", "二"), ("G3", "new", None, None)]
    assert changes(empty, second) == wanted
    third = hand_in(empty, grievances=frame("grievances", grievance("G2", "B", summary="三")))
    assert changes(empty, second) == wanted
    assert changes(empty, third) == [("G2", "changed", "二", "三")]
    assert take_back(empty, third) == []
    assert changes(empty, second) == wanted
    assert take_back(empty, second) == []
    assert changes(empty, second) == wanted
    assert changes(empty, third) == [("G2", "changed", "二", "三")]
    assert changes(empty, 5) == [("G2", "changed", "二", "食堂"), ("G3", "removed", None, None)]


def test_files_are_kept_for_their_time_and_only_once(empty: Engine) -> None:
    content = "单位编码,单位名称,类别\nHQ,集团,公司\n".encode()

    def hand_in_file(name: str, text: bytes) -> None:
        result = importer.import_files([(name, text)], by="clerk@example.com", engine=empty, on=TODAY)
        assert not result.refused, [fault.text("en") for fault in result.faults]

    def kept() -> list[tuple[int, str]]:
        with database.reading(empty) as connection:
            names = select(schema.originals.c.import_id, schema.originals.c.name).order_by("import_id")
            return [(number, name) for number, name in connection.execute(names)]

    hand_in_file("组织机构.csv", content)
    hand_in_file("组织机构.csv", content)  # changes nothing, so there is nothing to keep
    hand_in_file("组织机构2.csv", content.replace("集团".encode(), "总部".encode()))
    assert kept() == [(1, "组织机构.csv"), (3, "组织机构2.csv")]
    with database.writing(empty) as connection:
        long_ago = now() - timedelta(days=retention.FILES[1] + 1)
        connection.execute(schema.imports.update().where(schema.imports.c.import_id == 1).values(at=long_ago))
    hand_in_file("组织机构3.csv", content)
    assert kept() == [(3, "组织机构2.csv"), (4, "组织机构3.csv")]


def test_a_file_too_large_to_keep_is_stored_without_it(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "ORIGINAL_BYTES", 10)
    content = "单位编码,单位名称,类别\nHQ,集团,公司\n".encode()
    result = importer.import_files([("组织机构.csv", content)], by="clerk@example.com", engine=empty, on=TODAY)
    assert result.counts["branches"].new == 1
    with database.reading(empty) as connection:
        assert connection.execute(select(schema.originals)).all() == []
        assert "组织机构.csv" in connection.execute(select(schema.imports.c.files)).scalar_one()


def test_neither_an_undo_nor_an_unknown_import_can_be_undone(empty: Engine) -> None:
    first = hand_in(empty, **first_ledgers())
    take_back(empty, first)
    assert "cannot be undone" in take_back(empty, 2)[0]
    assert take_back(empty, 99) == ["There is no import 99."]
