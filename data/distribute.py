"""Spreads the tables over the machines of a Citus cluster; the code above notices nothing.

Large tables are distributed by their own id, which is or begins their key: `attendance` beside its `activities`,
answers by respondent, the facts by person or unit. What these refer to stands on every machine as a reference table.
What we keep about the data (imports, people, audit) stays on the coordinator.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, ForeignKeyConstraint, text
from sqlalchemy.schema import AddConstraint, DropConstraint

from data import database, schema
from data.words import mark

# Table → the column that says on which machine a row lies. Attendance lies with its activity, so that the roll-up
# joins the two without moving a row.
DISTRIBUTED: dict[str, str] = {
    "activities": "activity_id",
    "attendance": "activity_id",
    "grievances": "grievance_id",
    "suggestions": "suggestion_id",
    "survey_answers": "respondent_id",
    "person_months": "person_id",
    "attendance_days": "branch_id",
}
TOGETHER = {"attendance": "activities"}

# Small, and referred to or joined by the others: a copy on every machine.
REFERENCE: tuple[str, ...] = (
    "branches",
    "surveys",
    "headcounts",
    "service_levels",
    "meetings",
    "commitments",
    "contracts",
    "aid_cases",
    "notices",
    "interests",
    "targets",
    "answer_counts",
    "respondent_counts",
)

NOT_POSTGRESQL = mark("Only PostgreSQL with Citus can be distributed; this database is {kind}. Nothing was done.")
NO_CITUS = mark("This PostgreSQL server has no Citus extension. Nothing was done; all works as before on one machine.")
ALREADY = mark("All tables are distributed already.")
DONE = mark("Distributed: {distributed}. On every machine: {reference}.")


@dataclass(frozen=True)
class Outcome:
    """What was done: a message with its values, and the tables that became distributed or reference tables."""

    message: str
    params: dict[str, str]
    distributed: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()


def distribute(engine: Engine | None = None) -> Outcome:
    """Make distributed and reference tables of those that are not yet, in one transaction, rows included.

    Does nothing on SQLite or where the server has no Citus, and says so.
    """
    target = engine or database.engine()
    if target.dialect.name != "postgresql":
        return Outcome(NOT_POSTGRESQL, {"kind": target.dialect.name})
    with database.writing(target) as connection:
        if not has_citus(connection):
            return Outcome(NO_CITUS, {})
        there = placed(connection)
        distributed = tuple(name for name in DISTRIBUTED if name not in there)
        reference = tuple(name for name in REFERENCE if name not in there)
        if not distributed and not reference:
            return Outcome(ALREADY, {})
        # A key to a table that is still only here cannot stay while the other one moves. Not “isolated”: that would
        # leave the keys out of every table this process creates afterwards.
        keys = foreign_keys((*distributed, *reference))
        for key in keys:
            connection.execute(DropConstraint(key))
        for name in reference:
            connection.execute(text("SELECT create_reference_table(:name)"), {"name": name})
        for name in distributed:
            connection.execute(
                text("SELECT create_distributed_table(:name, :column, colocate_with => :beside)"),
                {"name": name, "column": DISTRIBUTED[name], "beside": TOGETHER.get(name, "none")},
            )
        for key in keys:
            connection.execute(AddConstraint(key, isolate_from_table=False))
    empty_leftovers(target, distributed)
    params = {"distributed": ", ".join(distributed) or "–", "reference": ", ".join(reference) or "–"}
    return Outcome(DONE, params, distributed, reference)


def has_citus(connection: Connection) -> bool:
    """Return whether Citus is there to be used, having switched it on in this database where it can be."""
    if connection.scalar(text("SELECT 1 FROM pg_available_extensions WHERE name = 'citus'")) is None:
        return False
    connection.execute(text("CREATE EXTENSION IF NOT EXISTS citus"))
    return True


def placed(connection: Connection) -> set[str]:
    """Return the tables that Citus knows already."""
    return set(connection.scalars(text("SELECT logicalrelid::text FROM pg_dist_partition")))


def foreign_keys(names: tuple[str, ...]) -> list[ForeignKeyConstraint]:
    """Return the foreign keys from or to any of these tables."""
    moving = {schema.metadata.tables[name] for name in names}
    return [
        key
        for table in schema.metadata.sorted_tables
        for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name))
        if table in moving or key.referred_table in moving
    ]


def empty_leftovers(engine: Engine, names: tuple[str, ...]) -> None:
    """Give back the room of the rows that were here before they were spread."""
    with database.writing(engine) as connection:
        for name in names:
            connection.execute(text("SELECT truncate_local_data_after_distributing_table(:name)"), {"name": name})
