"""The facts are what the rows say, after every kind of change, and one month is made again without reading the rest."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.dialects import postgresql

from data import bulk, check, database, facts, importer, schema, tables, undo
from data.schema import HANDED_IN
from tests.data.ledgers import TODAY, activity, answer, first_ledgers, frame, sign_in

ORGANISERS = [code for code, _ in tables.ORGANISERS]
KINDS = [code for code, _ in tables.ACTIVITY_KINDS]


def hand_in(engine: Engine, frames: dict[str, pl.DataFrame], **options: Any) -> int:
    result = importer.store_frames(frames, by="clerk@example.com", engine=engine, on=TODAY, **options)
    assert not result.refused, [fault.text("en") for fault in result.faults]
    assert result.import_id is not None
    return result.import_id


def expected(engine: Engine) -> dict[str, pl.DataFrame]:
    """Roll everything up another way: in Polars, from all rows."""
    with database.reading(engine) as connection:
        rows = {name: bulk.read(connection, select(HANDED_IN[name])) for name in HANDED_IN}
    day = rows["attendance"].join(
        rows["activities"].select("activity_id", "held_on", "kind", "organiser"), on="activity_id"
    )
    bit = pl.struct("organiser", "kind").map_elements(
        lambda row: 1 << (ORGANISERS.index(row["organiser"]) * 13 + KINDS.index(row["kind"])), return_dtype=pl.Int64
    )
    month = pl.col("held_on").dt.strftime("%Y-%m").alias("month")
    answers = rows["survey_answers"]
    seven = pl.col("respondent_id").filter(pl.col("dimension") != "recommend")
    return {
        "person_months": day.with_columns(bit=bit)
        .group_by(month, "person_id", "branch_id", "party_member")
        .agg(mask=pl.col("bit").unique().sum()),
        "attendance_days": day.group_by("branch_id", "held_on", "kind", "organiser").agg(attendances=pl.len()),
        "answer_counts": answers.group_by("survey_id", "branch_id", "dimension", "score").agg(answers=pl.len()),
        "respondent_counts": answers.group_by("survey_id", "branch_id").agg(
            respondents=pl.col("respondent_id").n_unique(), respondents_seven=seven.n_unique()
        ),
    }


def actual(engine: Engine) -> dict[str, pl.DataFrame]:
    with database.reading(engine) as connection:
        return {table.name: bulk.read(connection, select(table)) for table in schema.FACTS}


def assert_facts(engine: Engine) -> None:
    made, wanted = actual(engine), expected(engine)
    for name, frame_ in made.items():
        columns = frame_.columns
        theirs = wanted[name].select(pl.col(c).cast(frame_.schema[c]) for c in columns)
        assert sorted(frame_.rows()) == sorted(theirs.rows()), name


CHANGES: dict[str, dict[str, pl.DataFrame]] = {
    "another person": {"attendance": frame("attendance", sign_in("E1", "P9"))},
    "another home unit": {"attendance": frame("attendance", sign_in("E1", "P1", "B"))},
    "no Party member after all": {"attendance": frame("attendance", sign_in("E1", "P1", party_member=False))},
    "another month": {"activities": frame("activities", activity("E1", date(2025, 3, 10)))},
    "another day": {"activities": frame("activities", activity("E1", date(2025, 1, 11)))},
    "another kind": {"activities": frame("activities", activity("E1", date(2025, 1, 10), kind="other"))},
    "another organiser": {"activities": frame("activities", activity("E1", date(2025, 1, 10), organiser="joint"))},
    "moved and signed in": {
        "activities": frame("activities", activity("E3", date(2025, 1, 30)), activity("E4", date(2025, 6, 1))),
        "attendance": frame("attendance", sign_in("E3", "P9"), sign_in("E4", "P9"), sign_in("E2", "P1")),
    },
    "another answer": {"survey_answers": frame("survey_answers", answer("R1", "trust", 1), answer("R3", "care", 5))},
    "another survey": {
        "surveys": frame("surveys", {"survey_id": "V2", "opened_on": date(2025, 6, 1)}),
        "survey_answers": frame("survey_answers", answer("R1", "recommend", 10, "B", "V2")),
    },
}


@pytest.mark.parametrize("change", CHANGES)
def test_facts_follow_every_change_and_its_undoing(empty: Engine, change: str) -> None:
    hand_in(empty, first_ledgers())
    assert_facts(empty)
    before = actual(empty)
    number = hand_in(empty, CHANGES[change], allow_move=True)
    assert any(not now.equals(before[name], null_equal=True) for name, now in actual(empty).items())
    assert_facts(empty)
    result = undo.undo(number, by="clerk@example.com", engine=empty)
    assert not result.faults, [fault.text("en") for fault in result.faults]
    assert_facts(empty)


def test_only_what_was_touched_gets_a_new_version(empty: Engine) -> None:
    hand_in(empty, first_ledgers())
    hand_in(empty, CHANGES["another month"])
    with database.reading(empty) as connection:
        parts = schema.fact_versions.c
        newer = set(connection.scalars(select(parts.part).where(parts.version == 2)))
    assert newer == {"activities", "person_months/2025-01", "person_months/2025-03"}


def test_a_rebuild_mends_facts_that_were_spoilt(empty: Engine) -> None:
    hand_in(empty, first_ledgers())
    with database.writing(empty) as connection:
        connection.execute(update(schema.person_months).values(mask=5))
        connection.execute(delete(schema.answer_counts))
    assert {fault.params["facts"] for fault in check.problems(empty)} == {"person_months", "answer_counts"}
    with database.writing(empty) as connection:
        facts.rebuild(connection)
    assert_facts(empty)
    assert check.problems(empty) == []


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_postgresql_refreshes_a_month_without_reading_all_attendance(empty: Engine) -> None:
    fill_years(empty)
    with database.writing(empty) as connection:
        plans = [
            explained(connection, "EXPLAIN", statement)
            for statement in (
                *facts.clear_months(date(2024, 5, 1), date(2024, 5, 31)),
                *facts.fill_months("postgresql", date(2024, 5, 1), date(2024, 5, 31)),
            )
        ]
    for plan in plans:
        assert "Seq Scan on attendance" not in plan
        assert "Seq Scan on person_months" not in plan


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_sqlite_refreshes_a_month_by_the_keys(empty: Engine) -> None:
    hand_in(empty, first_ledgers())
    with database.writing(empty) as connection:
        for statement in (
            *facts.clear_months(date(2025, 1, 1), date(2025, 1, 31)),
            *facts.fill_months("sqlite", date(2025, 1, 1), date(2025, 1, 31)),
        ):
            assert "SCAN" not in explained(connection, "EXPLAIN QUERY PLAN", statement)


def explained(connection: Any, how: str, statement: Any) -> str:
    dialect = postgresql.dialect() if how == "EXPLAIN" else None
    text = statement.compile(dialect=dialect or connection.dialect, compile_kwargs={"literal_binds": True})
    return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{how} {text}"))


def fill_years(engine: Engine) -> None:
    """Store three years of sign-ins: enough that reading them all is clearly the wrong plan."""
    days = pl.date_range(date(2023, 1, 1), date(2025, 6, 30), "1d", eager=True)
    held = pl.DataFrame({"activity_id": [f"E{n:05d}" for n in range(days.len())], "held_on": days}).with_columns(
        branch_id=pl.lit("A"), kind=pl.lit("party_lecture"), organiser=pl.lit("party")
    )
    people = pl.DataFrame({"person_id": [f"P{n:03d}" for n in range(60)]}).with_columns(
        branch_id=pl.lit("A"), party_member=pl.lit(value=True)
    )
    signed = held.select("activity_id").join(people, how="cross")
    ledgers = first_ledgers() | {"activities": held, "attendance": signed}
    importer.store_frames(ledgers, by="demo", engine=engine, validate=False)
