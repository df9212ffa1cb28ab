"""`check` finds what cannot be so, names it, and is silent about a sound database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Connection, Engine, text

from data import check, database, importer, schema
from data.schema import HANDED_IN
from tests.data.ledgers import TODAY, first_ledgers, frame


@pytest.fixture
def sound(empty: Engine) -> Engine:
    meeting = {"meeting_id": "M1", "branch_id": "A", "kind": "other", "held_on": date(2025, 6, 1)}
    promise = {"commitment_id": "C1", "meeting_id": "M1", "branch_id": "A", "topic": "食堂", "due_on": date(2025, 9, 1)}
    ledgers = first_ledgers() | {"meetings": frame("meetings", meeting), "commitments": frame("commitments", promise)}
    result = importer.store_frames(ledgers, by="clerk@example.com", engine=empty, on=TODAY)
    assert not result.refused
    assert check.problems(empty) == []
    return empty


def unit_lost(connection: Connection) -> None:
    connection.execute(HANDED_IN["attendance"].update().values(branch_id="X"))


SPOILT: dict[str, tuple[Callable[[Connection], object], str]] = {
    "a unit that is not there": (
        unit_lost,
        "attendance that name a branch_id which branches does not have: 4, such as “X”",
    ),
    "a strange code": (
        lambda c: c.execute(HANDED_IN["grievances"].update().values(category="salary")),
        "whose category is none of its codes: 2, such as “salary”",
    ),
    "a broken rule": (
        lambda c: c.execute(HANDED_IN["grievances"].update().values(closed_on=date(2025, 1, 1), outcome="resolved")),
        "Rows of grievances that break a rule: 2, such as “G1”: This is before filed_on",
    ),
    "a circle": (
        lambda c: c.execute(
            HANDED_IN["branches"].update().where(HANDED_IN["branches"].c.branch_id == "HQ").values(parent_id="B")
        ),
        "circle: B → HQ → B",
    ),
    "a respondent of two units": (
        lambda c: c.execute(
            HANDED_IN["survey_answers"]
            .update()
            .where(HANDED_IN["survey_answers"].c.dimension == "trust")
            .values(branch_id="B")
        ),
        "several units in one survey: 1, such as “R1”",
    ),
    "a promise at no meeting": (
        lambda c: c.execute(HANDED_IN["meetings"].update().values(held_on=None, requested_on=date(2025, 1, 1))),
        "meetings that were not held: 1, such as “C1”",
    ),
    "no such metric": (
        lambda c: c.execute(HANDED_IN["commitments"].update().values(metric="happiness")),
        "commitments that name a metric which does not exist: 1, such as “happiness”",
    ),
    "facts of a month without activities": (
        lambda c: c.execute(
            schema.person_months.update().where(schema.person_months.c.month == "2025-02").values(month="2024-02")
        ),
        "Facts (person_months) that differ",
    ),
    "a day counted twice": (
        lambda c: c.execute(schema.attendance_days.update().values(attendances=9)),
        "Facts (attendance_days) that differ from what the rows say: 3.",
    ),
    "a respondent forgotten": (
        lambda c: c.execute(schema.respondent_counts.delete()),
        "Facts (respondent_counts) that differ from what the rows say: 1.",
    ),
    "facts from the future": (
        lambda c: c.execute(
            schema.fact_versions.update().where(schema.fact_versions.c.part == "surveys").values(version=7)
        ),
        "surveys carries version 7, but the data are at version 1",
    ),
    "version lost": (lambda c: c.execute(schema.data_version.delete()), "The data version is missing"),
    "no version of a part": (
        lambda c: c.execute(schema.fact_versions.delete().where(schema.fact_versions.c.part == "surveys")),
        "surveys has rows but no version",
    ),
    "an import without a record": (
        lambda c: c.execute(HANDED_IN["surveys"].update().values(import_id=5)),
        "Rows of surveys that belong to import 5, which has no record: 1",
    ),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_what_is_wrong_is_named(sound: Engine, spoilt: str) -> None:
    spoil, says = SPOILT[spoilt]
    with database.writing(sound) as connection:
        spoil(connection)
    said = [problem.text("en") for problem in check.problems(sound)]
    assert any(says in problem for problem in said), said
    assert all(problem.text("zh") for problem in check.problems(sound))


def test_looking_changes_nothing(sound: Engine) -> None:
    from tests.data.ledgers import everything

    before = everything(sound)
    check.problems(sound)
    assert everything(sound) == before


def test_a_damaged_file_is_told(new_address: Callable[[str], str]) -> None:
    engine = database.engine_for(new_address("sqlite"))
    importer.store_frames(first_ledgers(), by="clerk@example.com", engine=engine, on=TODAY)
    with database.writing(engine) as connection:
        connection.execute(text("PRAGMA writable_schema=ON"))
        connection.execute(text("UPDATE sqlite_master SET rootpage = 2 WHERE name = 'ix_activities_held_on'"))
    engine.dispose()
    assert any(problem.rule == check.DAMAGED for problem in check.problems(engine))
    engine.dispose()
