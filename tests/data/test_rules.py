"""The rules that one row can break: each is broken by exactly one row, and told of nothing else."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import polars as pl
import pytest

from data import rules, tables
from data.faults import KEPT
from data.values import DTYPES

TODAY = date(2025, 6, 30)
GOOD: dict[str, dict[str, Any]] = {
    "branches": {"branch_id": "D1", "name": "一分公司", "kind": "division"},
    "headcounts": {"branch_id": "D1", "month": "2025-01", "employees": 10},
    "service_levels": {"category": "pay", "response_days": 3, "closing_days": 10},
    "activities": {
        "activity_id": "A1",
        "branch_id": "D1",
        "held_on": date(2025, 1, 5),
        "kind": "other",
        "organiser": "union",
    },
    "attendance": {"activity_id": "A1", "person_id": "P1", "branch_id": "D1"},
    "grievances": {
        "grievance_id": "G1",
        "branch_id": "D1",
        "filed_on": date(2025, 1, 5),
        "category": "pay",
        "channel": "hotline",
    },
    "suggestions": {"suggestion_id": "S1", "branch_id": "D1", "submitted_on": date(2025, 1, 5), "theme": "cost"},
    "surveys": {"survey_id": "V1", "opened_on": date(2025, 1, 5)},
    "survey_answers": {"survey_id": "V1", "respondent_id": "R1", "branch_id": "D1", "dimension": "trust", "score": 5},
    "meetings": {"meeting_id": "M1", "branch_id": "D1", "held_on": date(2025, 1, 5), "kind": "other"},
    "commitments": {
        "commitment_id": "C1",
        "meeting_id": "M1",
        "branch_id": "D1",
        "topic": "饮水",
        "due_on": date(2026, 1, 5),
    },
    "contracts": {
        "contract_id": "K1",
        "branch_id": "D1",
        "kind": "wage",
        "signed_on": date(2025, 1, 5),
        "expires_on": date(2027, 1, 4),
    },
    "aid_cases": {"case_id": "H1", "branch_id": "D1", "identified_on": date(2025, 1, 5), "kind": "illness"},
    "notices": {
        "notice_id": "N1",
        "branch_id": "D1",
        "published_on": date(2025, 1, 5),
        "kind": "news",
        "title": "通知",
    },
    "interests": {"person_id": "P1", "branch_id": "D1", "topic": "摄影", "recorded_on": date(2025, 1, 5)},
    "targets": {"metric": "closure_rate", "branch_id": "D1", "year": 2025, "target": 0.95},
}
EARLY, DAY, LATE, FUTURE = date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1), date(2025, 7, 1)
CLOSED = {"closed_on": DAY, "outcome": "resolved"}
DECIDED = {"decided_on": DAY, "decision": "adopted"}

# table, what is changed in a good row, (column, rule) that it breaks
BROKEN: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("branches", {"opened_on": DAY, "closed_on": EARLY}, [("closed_on", rules.BEFORE)]),
    ("branches", {"latitude": 90.1}, [("latitude", rules.TOO_LARGE)]),
    ("branches", {"longitude": -180.1}, [("longitude", rules.TOO_SMALL)]),
    ("headcounts", {"employees": -1}, [("employees", rules.TOO_SMALL)]),
    ("service_levels", {"response_days": 0}, [("response_days", rules.TOO_SMALL)]),
    ("attendance", {"person_id": "41100119900101001X"}, [("person_id", rules.IDENTITY)]),
    ("attendance", {"person_id": "411001 19900101 0010"}, [("person_id", rules.IDENTITY)]),
    ("attendance", {"person_id": "４１１００１１９９００１０１００１Ｘ"}, [("person_id", rules.IDENTITY)]),
    ("suggestions", {"person_id": "41100119900101001x"}, [("person_id", rules.IDENTITY)]),
    ("survey_answers", {"respondent_id": "411001199001010010"}, [("respondent_id", rules.IDENTITY)]),
    ("activities", {"held_on": FUTURE}, [("held_on", rules.FUTURE)]),
    ("grievances", {"people_involved": 0}, [("people_involved", rules.TOO_SMALL)]),
    ("grievances", {"responded_on": EARLY}, [("responded_on", rules.BEFORE)]),
    ("grievances", {"due_on": EARLY}, [("due_on", rules.BEFORE)]),
    ("grievances", CLOSED | {"closed_on": EARLY}, [("closed_on", rules.BEFORE)]),
    ("grievances", CLOSED | {"reopened_on": EARLY}, [("reopened_on", rules.BEFORE)]),
    ("grievances", {"outcome": "resolved"}, [("closed_on", rules.NEEDED)]),
    ("grievances", {"closed_on": DAY}, [("outcome", rules.NEEDED)]),
    ("grievances", {"confirmed": False}, [("confirmed", rules.NEEDS)]),
    ("grievances", {"satisfaction": 3}, [("satisfaction", rules.NEEDS)]),
    ("grievances", {"reopened_on": DAY}, [("reopened_on", rules.NEEDS)]),
    ("grievances", CLOSED | {"satisfaction": 6}, [("satisfaction", rules.TOO_LARGE)]),
    ("suggestions", {"decided_on": DAY}, [("decision", rules.NEEDED)]),
    ("suggestions", {"decision": "declined"}, [("decided_on", rules.NEEDED)]),
    ("suggestions", DECIDED | {"decided_on": EARLY}, [("decided_on", rules.BEFORE)]),
    ("suggestions", {"implemented_on": DAY}, [("implemented_on", rules.NEEDS_ADOPTION)]),
    (
        "suggestions",
        DECIDED | {"decision": "declined", "implemented_on": LATE},
        [("implemented_on", rules.NEEDS_ADOPTION)],
    ),
    ("suggestions", DECIDED | {"implemented_on": date(2025, 1, 31)}, [("implemented_on", rules.BEFORE)]),
    ("suggestions", {"verified_benefit": 1}, [("verified_benefit", rules.NEEDS)]),
    ("suggestions", {"expected_benefit": -1}, [("expected_benefit", rules.TOO_SMALL)]),
    ("survey_answers", {"score": 0}, [("score", rules.SCORE)]),
    ("survey_answers", {"score": 6}, [("score", rules.SCORE)]),
    ("survey_answers", {"dimension": "recommend", "score": 11}, [("score", rules.SCORE)]),
    ("survey_answers", {"dimension": "recommend", "score": -1}, [("score", rules.SCORE)]),
    ("meetings", {"held_on": None}, [("requested_on", rules.REQUESTED)]),
    ("meetings", {"requested_on": DAY, "replied_on": EARLY}, [("replied_on", rules.BEFORE)]),
    ("meetings", {"delegates": 0}, [("delegates", rules.TOO_SMALL)]),
    ("meetings", {"delegates": 60, "present": 61}, [("present", rules.ABOVE)]),
    ("meetings", {"present": 40, "in_favour": 41}, [("in_favour", rules.ABOVE)]),
    ("contracts", {"expires_on": EARLY}, [("expires_on", rules.BEFORE)]),
    ("contracts", {"clauses": 12, "clauses_fulfilled": 13}, [("clauses_fulfilled", rules.ABOVE)]),
    ("aid_cases", {"amount": 100}, [("amount", rules.NEEDS)]),
    ("notices", {"readers": -1}, [("readers", rules.TOO_SMALL)]),
]
# What looks near to a breach and is none.
ALLOWED: list[tuple[str, dict[str, Any]]] = [
    ("branches", {"opened_on": DAY, "closed_on": DAY, "latitude": 90.0, "longitude": -180.0}),
    ("branches", {"closed_on": FUTURE}),
    ("attendance", {"person_id": "4110011990010100"}),
    ("attendance", {"person_id": "P411001199001010010"}),
    ("activities", {"held_on": TODAY}),
    ("grievances", CLOSED | {"responded_on": LATE, "due_on": FUTURE, "confirmed": False, "satisfaction": 1}),
    ("grievances", CLOSED | {"closed_on": date(2025, 1, 5), "reopened_on": DAY}),
    ("suggestions", DECIDED | {"decision": "partly_adopted", "implemented_on": DAY, "verified_benefit": 0}),
    ("surveys", {"closed_on": FUTURE}),
    ("survey_answers", {"dimension": "recommend", "score": 0}),
    ("survey_answers", {"dimension": "recommend", "score": 10}),
    ("meetings", {"held_on": None, "requested_on": DAY}),
    ("meetings", {"delegates": 60, "present": 60, "in_favour": 60}),
    ("contracts", {"clauses_fulfilled": 5}),
    ("aid_cases", {"amount": 0, "helped_on": DAY}),
    ("commitments", {"done_on": EARLY}),
]


def frame_of(table: str, *rows: dict[str, Any]) -> pl.DataFrame:
    columns = tables.BY_NAME[table].columns
    return pl.DataFrame(
        [{column.name: row.get(column.name) for column in columns} for row in rows],
        schema={column.name: DTYPES[column.kind] for column in columns},
    )


@pytest.mark.parametrize(
    ("table", "change", "expected"), BROKEN, ids=[f"{t}-{'-'.join(c)}-{n}" for n, (t, c, _) in enumerate(BROKEN)]
)
def test_a_rule_is_broken(table: str, change: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    good, broken = GOOD[table], GOOD[table] | change
    frame = frame_of(table, good, broken, good).with_columns(
        _file=pl.lit("台账.xlsx"), _sheet=pl.lit("表"), _row=pl.Series([5, 6, 7])
    )
    found = rules.check_rows(table, frame, TODAY)
    assert [(fault.field, fault.rule) for fault in found] == expected
    assert found.count == len(expected)
    for fault in found:
        assert (fault.file, fault.sheet, fault.row) == ("台账.xlsx", "表", 6)
        for language in ("zh", "en"):
            assert "{" not in fault.line(language)
        if fault.rule == rules.IDENTITY:
            assert "1990" not in fault.line("zh")


@pytest.mark.parametrize(("table", "change"), ALLOWED)
def test_what_is_allowed(table: str, change: dict[str, Any]) -> None:
    assert list(rules.check_rows(table, frame_of(table, GOOD[table] | change), TODAY)) == []


@pytest.mark.parametrize("table", [table.name for table in tables.TABLES])
def test_every_required_column_must_be_filled(table: str) -> None:
    assert rules.check_rows(table, frame_of(table, GOOD[table]), TODAY).count == 0
    for name in tables.BY_NAME[table].required:
        found = rules.check_rows(table, frame_of(table, GOOD[table] | {name: None}), TODAY)
        assert (name, rules.REQUIRED) in [(fault.field, fault.rule) for fault in found]


@pytest.mark.parametrize("table", [table.name for table in tables.TABLES])
def test_what_happened_is_not_in_the_future(table: str) -> None:
    for column in tables.BY_NAME[table].columns:
        if column.kind == "date":
            row = GOOD[table] | {column.name: FUTURE}
            found = {(f.field, f.rule) for f in rules.check_rows(table, frame_of(table, row), TODAY)}
            assert ((column.name, rules.FUTURE) in found) == column.happened


def test_a_cell_that_could_not_be_read_is_not_told_twice() -> None:
    names = [column.name for column in tables.BY_NAME["grievances"].columns]
    row = GOOD["grievances"] | {"filed_on": None, "outcome": "resolved"}
    frame = frame_of("grievances", row).with_columns(_unread=pl.lit(1 << names.index("filed_on"), pl.Int64))
    assert [fault.field for fault in rules.check_rows("grievances", frame, TODAY)] == ["closed_on"]
    frame = frame.with_columns(_unread=pl.col("_unread") | 1 << names.index("closed_on"))
    assert list(rules.check_rows("grievances", frame, TODAY)) == []


def test_a_frame_without_its_optional_columns_is_checked() -> None:
    frame = pl.DataFrame([GOOD["grievances"] | {"filed_on": FUTURE}])
    assert [fault.field for fault in rules.check_rows("grievances", frame, TODAY)] == ["filed_on"]


def test_doubts_are_warnings() -> None:
    rows = [
        GOOD["headcounts"] | change for change in ({"union_members": 11}, {"party_members": 10}, {"party_members": 12})
    ]
    found = rules.warn_rows("headcounts", frame_of("headcounts", *rows))
    assert [(one.field, one.value, one.severity) for one in found] == [
        ("union_members", "11", "warning"),
        ("party_members", "12", "warning"),
    ]
    late = GOOD["grievances"] | CLOSED | {"responded_on": LATE}
    assert [one.rule for one in rules.warn_rows("grievances", frame_of("grievances", late, GOOD["grievances"]))] == [
        rules.LATE_RESPONSE
    ]
    assert not rules.warn_rows("attendance", frame_of("attendance", GOOD["attendance"]))


def test_the_first_thousand_are_told_in_order_and_all_are_counted() -> None:
    count = 3000
    frame = pl.DataFrame(
        {
            "activity_id": [None if row % 2 else "A" for row in range(count)],
            "person_id": ["P"] * count,
            "branch_id": [None] * count,
            "party_member": [True] * count,
            "_file": ["b.csv" if row < 2 else "a.csv" for row in range(count)],
            "_row": list(range(count, 0, -1)),
        },
        schema_overrides={"branch_id": pl.String},
    )
    found = rules.check_rows("attendance", frame, TODAY)
    assert found.count == count + count // 2
    assert len(found.first) == KEPT
    places = [(fault.file or "", fault.row or 0) for fault in found]
    assert places == sorted(places)
    assert places[0] == ("a.csv", 1)


@pytest.mark.slow
def test_a_million_rows_are_checked_in_seconds() -> None:
    frame = frame_of("attendance", GOOD["attendance"])
    many = pl.concat([pl.concat([frame] * 1000)] * 1000, rechunk=True)
    start = time.process_time()
    assert rules.check_rows("attendance", many, TODAY).count == 0
    assert time.process_time() - start < 2
