"""An import is stored whole or not at all, says what it did, and the same again changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Any, Self

import polars as pl
import pytest
from sqlalchemy import Engine, event, select

from data import clock, database, importer, schema
from data.__main__ import main
from data.importer import ImportResult
from data.records import Counts
from tests.data.ledgers import (
    TODAY,
    activity,
    answer,
    branch,
    everything,
    first_ledgers,
    frame,
    grievance,
    sign_in,
    stored,
)


def hand_in(engine: Engine, frames: Mapping[str, pl.DataFrame | list[pl.DataFrame]], **options: Any) -> ImportResult:
    return importer.store_frames(frames, by="clerk@example.com", engine=engine, on=TODAY, **options)


def rules_of(result: ImportResult) -> list[str]:
    return [fault.text("en") for fault in result.faults]


@pytest.fixture
def first(empty: Engine) -> Engine:
    result = hand_in(empty, first_ledgers())
    assert not result.refused, rules_of(result)
    return empty


def test_new_rows_are_counted_stored_and_recorded(first: Engine) -> None:
    assert [row["branch_id"] for row in stored(first, "branches")] == ["A", "B", "HQ"]
    # An empty cell means "no" where the table says so.
    members = {(r["activity_id"], r["person_id"]): r["party_member"] for r in stored(first, "attendance")}
    assert members[("E1", "P2")] is False
    with database.reading(first) as connection:
        record = connection.execute(select(schema.imports)).one()
        assert connection.scalar(select(schema.data_version.c.version)) == 1
    assert (record.import_id, record.by, record.kind, record.version) == (1, "clerk@example.com", "import", 1)


def test_the_same_again_changes_nothing_and_says_so(first: Engine) -> None:
    before = everything(first)
    result = hand_in(first, first_ledgers())
    assert result.unchanged
    assert result.counts["attendance"] == Counts(unchanged=4)
    assert result.version == 1
    after = everything(first)
    assert {name for name in before if before[name] != after[name]} == {"imports", "audit"}


def test_a_known_key_replaces_the_row_and_an_absent_column_keeps_what_is_stored(first: Engine) -> None:
    closed = grievance("G2", "B", closed_on=date(2025, 3, 9), outcome="resolved")
    result = hand_in(first, {"grievances": frame("grievances", closed)})
    assert result.counts == {"grievances": Counts(changed=1)}
    row = next(row for row in stored(first, "grievances") if row["grievance_id"] == "G2")
    assert (row["closed_on"], row["outcome"], row["summary"]) == (date(2025, 3, 9), "resolved", "食堂")


def test_an_empty_cell_clears_what_is_stored(first: Engine) -> None:
    cleared = frame("grievances", grievance("G2", "B", summary=None), grievance("G3", "B", summary="宿舍"))
    assert hand_in(first, {"grievances": cleared}).counts == {"grievances": Counts(new=1, changed=1)}
    summaries = {row["grievance_id"]: row["summary"] for row in stored(first, "grievances")}
    assert summaries == {"G1": None, "G2": None, "G3": "宿舍"}


def test_two_files_may_each_bring_other_columns_of_other_rows(first: Engine) -> None:
    files = [
        frame("grievances", grievance("G1", stage="mediation")),
        frame("grievances", grievance("G2", "B", satisfaction=None, people_involved=12)),
    ]
    assert hand_in(first, {"grievances": files}).counts == {"grievances": Counts(changed=2)}
    rows = {row["grievance_id"]: row for row in stored(first, "grievances")}
    assert (rows["G1"]["stage"], rows["G1"]["people_involved"]) == ("mediation", None)
    assert (rows["G2"]["stage"], rows["G2"]["people_involved"], rows["G2"]["summary"]) == (None, 12, "食堂")


def test_an_empty_valid_from_is_one_key_value(empty: Engine) -> None:
    level = {"category": "pay", "response_days": 3, "closing_days": 10, "valid_from": None, "day_kind": None}
    later = level | {"valid_from": date(2025, 1, 1)}
    assert hand_in(empty, {"service_levels": frame("service_levels", level, later)}).counts["service_levels"].new == 2
    without = {name: value for name, value in level.items() if name not in ("valid_from", "day_kind")}
    result = hand_in(empty, {"service_levels": frame("service_levels", without | {"closing_days": 9})})
    assert result.counts == {"service_levels": Counts(changed=1)}
    assert [row["closing_days"] for row in stored(empty, "service_levels")] == [9, 10]
    assert {row["day_kind"] for row in stored(empty, "service_levels")} == {"calendar"}


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        pytest.param(
            {"grievances": frame("grievances", grievance("G9"), grievance("G9", stage="court"))},
            "“G9” stands more than once with different contents",
            id="one key with two contents",
        ),
        pytest.param({"grievances": frame("grievances", grievance("G1", "B"))}, "stored for unit A", id="moved"),
        pytest.param(
            {"attendance": frame("attendance", sign_in("E1", "P1", "B"))}, "stored for unit A", id="moved home"
        ),
        pytest.param({"grievances": frame("grievances", grievance("G9", "X"))}, "no branch_id “X”", id="no such unit"),
        pytest.param({"attendance": frame("attendance", sign_in("E9", "P1"))}, "no activity_id “E9”", id="no activity"),
        pytest.param(
            {"branches": frame("branches", branch("HQ", "C", kind="company"), branch("C", "B"))},
            "circle: ",
            id="a circle through stored units",
        ),
        pytest.param({"branches": frame("branches", branch("C", "C"))}, "circle: C → C", id="its own parent"),
        pytest.param(
            {"survey_answers": frame("survey_answers", answer("R1", "voice", 3, "B"))},
            "Respondent “R1” stands for units A / B",
            id="a respondent of two units",
        ),
        pytest.param(
            {
                "meetings": frame(
                    "meetings",
                    {"meeting_id": "M1", "branch_id": "A", "kind": "other", "requested_on": date(2025, 6, 1)},
                ),
                "commitments": frame(
                    "commitments",
                    {
                        "commitment_id": "C1",
                        "meeting_id": "M1",
                        "branch_id": "A",
                        "topic": "食堂",
                        "due_on": date(2025, 9, 1),
                    },
                ),
            },
            "Meeting “M1” has not been held",
            id="a promise at a meeting not held",
        ),
        pytest.param(
            {"targets": frame("targets", {"metric": "closure", "branch_id": "A", "year": 2025, "target": 0.9})},
            "“closure” is no metric. Perhaps closure_rate",
            id="no such metric",
        ),
        pytest.param(
            {"activities": frame("activities", activity("E9", date(2025, 7, 2)))}, "still to come", id="held tomorrow"
        ),
    ],
)
def test_one_bad_row_keeps_everything_out(first: Engine, frames: dict[str, pl.DataFrame], says: str) -> None:
    before = everything(first)
    good = frame("notices", {"notice_id": "N1", "branch_id": "A", "published_on": TODAY, "kind": "news", "title": "好"})
    result = hand_in(first, frames | {"notices": good})
    assert result.refused
    assert any(says in rule for rule in rules_of(result)), rules_of(result)
    assert everything(first) == before


def test_a_fault_names_table_column_row_and_value_in_both_languages(first: Engine) -> None:
    result = hand_in(first, {"grievances": frame("grievances", grievance("G8"), grievance("G9", "X"))})
    (fault,) = result.faults
    assert (fault.table, fault.field, fault.row, fault.value) == ("grievances", "branch_id", 2, "X")
    assert "组织机构" in fault.text("zh")
    assert "branches" in fault.text("en")


def test_the_same_row_twice_counts_once(empty: Engine) -> None:
    rows = frame("branches", branch("HQ"), branch("HQ"))
    result = hand_in(empty, {"branches": rows})
    assert result.counts == {"branches": Counts(new=1)}
    assert [note.text("en") for note in result.notes] == [
        "Rows that stand more than once with the same contents: 1. Each was counted once."
    ]


def test_a_move_can_be_allowed(first: Engine) -> None:
    moved = {"grievances": frame("grievances", grievance("G1", "B"))}
    assert hand_in(first, moved).refused
    assert hand_in(first, moved, allow_move=True).counts == {"grievances": Counts(changed=1)}


def test_a_respondent_may_move_only_with_all_answers(first: Engine) -> None:
    one = frame("survey_answers", answer("R1", "trust", 4, "B"))
    assert hand_in(first, {"survey_answers": one}, allow_move=True).refused
    both = frame("survey_answers", answer("R1", "trust", 4, "B"), answer("R1", "recommend", 9, "B"))
    assert hand_in(first, {"survey_answers": both}, allow_move=True).counts == {"survey_answers": Counts(changed=2)}


def test_a_meeting_with_commitments_keeps_its_day(first: Engine) -> None:
    meeting = {"meeting_id": "M1", "branch_id": "A", "kind": "other", "held_on": date(2025, 6, 1)}
    promise = {"commitment_id": "C1", "meeting_id": "M1", "branch_id": "A", "topic": "食堂", "due_on": date(2025, 9, 1)}
    assert not hand_in(
        first, {"meetings": frame("meetings", meeting), "commitments": frame("commitments", promise)}
    ).refused
    result = hand_in(
        first, {"meetings": frame("meetings", meeting | {"held_on": None, "requested_on": date(2025, 5, 1)})}
    )
    assert any("held_on cannot be empty" in rule for rule in rules_of(result))


def test_warnings_are_stored_and_reported(empty: Engine) -> None:
    frames = {
        "branches": frame("branches", branch("HQ", opened_on=date(2020, 1, 1), closed_on=date(2024, 12, 31))),
        "grievances": frame(
            "grievances",
            grievance("G1", "HQ"),
            grievance(
                "G2",
                "HQ",
                filed_on=date(2024, 5, 1),
                closed_on=date(2024, 5, 3),
                responded_on=date(2024, 5, 4),
                outcome="resolved",
            ),
        ),
        "headcounts": frame(
            "headcounts", {"branch_id": "HQ", "month": "2024-12", "employees": 10, "union_members": 11}
        ),
    }
    result = hand_in(empty, frames)
    assert not result.refused
    assert sorted((warning.table, warning.row) for warning in result.warnings) == [
        ("grievances", 1),  # after the unit was closed; G2 and the headcount of the closing month are within its life
        ("grievances", 2),  # responded after the closing
        ("headcounts", 1),  # more members than employees
    ]
    with database.reading(empty) as connection:
        assert len(json.loads(connection.execute(select(schema.imports.c.warnings)).scalar_one())) == 3


def test_a_dry_run_says_what_it_would_do_and_does_nothing(first: Engine) -> None:
    before = everything(first)
    result = hand_in(first, {"grievances": frame("grievances", grievance("G1"), grievance("G7"))}, dry_run=True)
    assert result.counts == {"grievances": Counts(new=1, unchanged=1)}
    assert result.import_id is None
    assert everything(first) == before


SUBTREE = {"A", "A1"}


@pytest.mark.parametrize(
    ("frames", "refused"),
    [
        ({"grievances": frame("grievances", grievance("G9", "A1"))}, False),
        ({"grievances": frame("grievances", grievance("G9", "B"))}, True),
        # Taking a row over from another unit is a change of the other unit's row.
        ({"grievances": frame("grievances", grievance("G2", "A"))}, True),
        ({"attendance": frame("attendance", sign_in("E3", "P8", "A"), sign_in("E3", "P9", "B"))}, True),
        ({"branches": frame("branches", branch("A", "HQ", name="新名"))}, False),
        ({"branches": frame("branches", branch("A", None))}, True),
        ({"branches": frame("branches", branch("B", "A"))}, True),
        ({"branches": frame("branches", branch("A2", "A1"), branch("A21", "A2"))}, False),
        ({"branches": frame("branches", branch("C", "HQ"))}, True),
        ({"branches": frame("branches", branch("C"))}, True),
        ({"surveys": frame("surveys", {"survey_id": "V1", "opened_on": date(2025, 5, 1)})}, False),
        ({"surveys": frame("surveys", {"survey_id": "V2", "opened_on": date(2025, 5, 1)})}, True),
    ],
)
def test_a_clerk_hands_in_for_the_own_subtree_alone(
    first: Engine, frames: dict[str, pl.DataFrame], refused: bool
) -> None:
    hand_in(first, {"branches": frame("branches", branch("A1", "A"))})
    result = hand_in(first, frames, allowed_units=SUBTREE, allow_move=True)
    assert result.refused is refused, rules_of(result)


def test_every_fault_is_counted_and_the_first_thousand_are_told(first: Engine) -> None:
    result = hand_in(first, {"grievances": frame("grievances", *(grievance(f"X{n}", "X") for n in range(1500)))})
    assert result.faults.count == 1500
    assert len(list(result.faults)) == 1000


def test_units_may_stand_below_units_that_come_later(empty: Engine) -> None:
    assert not hand_in(empty, {"branches": frame("branches", branch("A", "Z"), branch("Z"))}).refused


def test_today_is_the_enterprises_day_wherever_the_server_is(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    class EveningInLondon(datetime):
        """30 June, 17:30 in UTC: 1 July in Shanghai."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls(2025, 6, 30, 17, 30, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(clock, "datetime", EveningInLondon)
    first = {name: first_ledgers()[name] for name in ("branches",)}

    def held(day: date) -> bool:
        frames = first | {"activities": frame("activities", activity("E1", day))}
        return not importer.store_frames(frames, by="x", engine=empty, dry_run=True).refused

    assert held(date(2025, 7, 1))
    assert not held(date(2025, 7, 2))


def test_a_full_disk_stores_nothing_and_is_told_in_one_line(
    new_address: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address = new_address("sqlite")
    monkeypatch.setenv("DASHBOARD_DATABASE_URL", address)
    engine = database.engine_for(address)
    hand_in(engine, first_ledgers())
    before = everything(engine)
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA max_page_count=1"))
    file = tmp_path / "interests.csv"
    rows = "".join(f"P{n},A,{n} {'长' * 200},2025-01-01\n" for n in range(3000))
    file.write_text("person_id,branch_id,topic,recorded_on\n" + rows, "utf-8")
    assert main(["--language", "en", "import", str(file)]) == 1
    assert capsys.readouterr().err == "The database does not answer or refuses: database or disk is full\n"
    assert everything(engine) == before
    engine.dispose()


def test_generated_rows_go_in_unchecked_and_in_pieces(empty: Engine) -> None:
    ledgers = first_ledgers()
    pieces = ledgers | {"attendance": iter([ledgers["attendance"][:1], ledgers["attendance"][1:]])}
    result = importer.store_frames(pieces, by="demo", kind="demo", engine=empty, validate=False)
    assert result.counts["attendance"] == Counts(new=4)
    facts = {name: rows for name, rows in everything(empty).items() if name in ("person_months", "answer_counts")}
    assert all(facts.values())
    assert hand_in(empty, ledgers).unchanged
