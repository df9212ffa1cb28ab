"""Small ledgers as typed frames, for the tests of storing: three units, a few activities with sign-ins, cases."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Engine, select

from data import bulk, database, people, schema, tables
from data.schema import HANDED_IN

TODAY = date(2025, 7, 1)


def frame(table: str, *rows: dict[str, Any]) -> pl.DataFrame:
    """Return rows of `table` typed as the reader would; columns that no row names are absent."""
    named = [column.name for column in tables.BY_NAME[table].columns if any(column.name in row for row in rows)]
    types = bulk.schema(HANDED_IN[table])
    return pl.DataFrame(
        [{name: row.get(name) for name in named} for row in rows], {name: types[name] for name in named}
    )


def branch(branch_id: str, parent_id: str | None = None, **more: Any) -> dict[str, Any]:
    return {"branch_id": branch_id, "parent_id": parent_id, "name": f"单位{branch_id}", "kind": "branch", **more}


def activity(activity_id: str, held_on: date, branch_id: str = "A", **more: Any) -> dict[str, Any]:
    kinds = {"kind": "theme_party_day", "organiser": "party"}
    return {"activity_id": activity_id, "branch_id": branch_id, "held_on": held_on, **kinds, **more}


def sign_in(activity_id: str, person_id: str, branch_id: str = "A", party_member: bool | None = True) -> dict[str, Any]:
    return {
        "activity_id": activity_id,
        "person_id": person_id,
        "branch_id": branch_id,
        "party_member": party_member,
    }


def grievance(grievance_id: str, branch_id: str = "A", **more: Any) -> dict[str, Any]:
    case = {"filed_on": date(2025, 3, 3), "category": "pay", "channel": "hotline"}
    return {"grievance_id": grievance_id, "branch_id": branch_id, **case, **more}


def answer(
    respondent_id: str, dimension: str, score: int, branch_id: str = "A", survey_id: str = "V1"
) -> dict[str, Any]:
    return {
        "survey_id": survey_id,
        "respondent_id": respondent_id,
        "branch_id": branch_id,
        "dimension": dimension,
        "score": score,
    }


def first_ledgers() -> dict[str, pl.DataFrame]:
    """Return the ledgers that most tests start from."""
    return {
        "branches": frame("branches", branch("HQ", kind="company"), branch("A", "HQ"), branch("B", "HQ")),
        "activities": frame(
            "activities",
            activity("E1", date(2025, 1, 10)),
            activity("E2", date(2025, 1, 20), kind="culture_sports", organiser="union"),
            activity("E3", date(2025, 2, 5)),
        ),
        "attendance": frame(
            "attendance",
            sign_in("E1", "P1"),
            sign_in("E1", "P2", party_member=None),
            sign_in("E2", "P1"),
            sign_in("E3", "P2", "B", party_member=False),
        ),
        "grievances": frame("grievances", grievance("G1"), grievance("G2", "B", summary="食堂")),
        "surveys": frame("surveys", {"survey_id": "V1", "opened_on": date(2025, 5, 1)}),
        "survey_answers": frame(
            "survey_answers", answer("R1", "trust", 4), answer("R1", "recommend", 9), answer("R2", "recommend", 3)
        ),
    }


def stored(engine: Engine, table: str) -> list[dict[str, Any]]:
    """Return all rows of a handed-in table, without their import's number, in the order of the key."""
    here = HANDED_IN[table]
    with database.reading(engine) as connection:
        return bulk.read(connection, select(here).order_by(*here.primary_key)).drop("import_id").to_dicts()


def everything(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, as plain values, to compare databases or moments."""
    with database.reading(engine) as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in schema.metadata.sorted_tables
        }


def empty_tables(engine: Engine) -> None:
    """Delete every row, also the log's."""
    with database.writing(engine) as connection:
        people.retire_audit(connection, days=-1)
        for table in reversed(schema.metadata.sorted_tables):
            connection.execute(table.delete())
        connection.execute(schema.data_version.insert().values(id=1, version=0))
