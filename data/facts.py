"""The facts: attendances and answers rolled up by the database itself, whole months and whole surveys at a time.

Every statement is one INSERT … SELECT that joins attendance to its activity by `activity_id`, without correlated
subqueries, so that PostgreSQL, SQLite and Citus all do the work where the rows are.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Date,
    String,
    Table,
    case,
    cast,
    delete,
    distinct,
    func,
    insert,
    literal,
    select,
    true,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Delete, Insert
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import GenericFunction

from data import tables
from data.schema import HANDED_IN, answer_counts, attendance_days, person_months, respondent_counts

_activities = HANDED_IN["activities"]
_attendance = HANDED_IN["attendance"]
_answers = HANDED_IN["survey_answers"]


@dataclass
class Touched:
    """What a change reached: months as "2024-07" and survey ids."""

    months: set[str] = field(default_factory=set)
    surveys: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.months or self.surveys)


class month_of(GenericFunction[str]):
    """The month of a date as "2024-07"."""

    type = String()
    inherit_cache = True


@compiles(month_of, "sqlite")
def _month_sqlite(element: month_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"substr({compiler.process(element.clauses, **options)}, 1, 7)"


@compiles(month_of, "postgresql")
def _month_postgresql(element: month_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **options)}, 'YYYY-MM')"


def refresh(connection: Connection, touched: Touched) -> None:
    """Make the facts of the touched months and surveys again from the rows as they are in this transaction."""
    dialect = connection.dialect.name
    for first, last in spans(touched.months, dialect):
        for statement in (*clear_months(first, last), *fill_months(dialect, first, last)):
            connection.execute(statement)
    if touched.surveys:
        surveys = sorted(touched.surveys)
        for counts in (answer_counts, respondent_counts):
            connection.execute(delete(counts).where(counts.c.survey_id.in_(surveys)))
        for statement in fill_surveys(surveys):
            connection.execute(statement)


def rebuild(connection: Connection) -> None:
    """Make all facts again from the rows."""
    for facts in (person_months, attendance_days, answer_counts, respondent_counts):
        connection.execute(delete(facts))
    dialect = connection.dialect.name
    for first, last in spans(all_months(connection), dialect):
        for filling in fill_months(dialect, first, last):
            connection.execute(filling)
    for statement in fill_surveys():
        connection.execute(statement)


def all_months(connection: Connection) -> list[str]:
    """Return every month in which an activity was held."""
    return list(connection.scalars(select(month_of(_activities.c.held_on)).distinct()))


def clear_months(first: date, last: date) -> tuple[Delete, ...]:
    """Return the statements that remove the facts of the whole months `first`..`last`."""
    months = person_months.c.month
    return (
        delete(person_months).where(months.between(str(first)[:7], str(last)[:7])),
        delete(attendance_days).where(attendance_days.c.held_on.between(first, last)),
    )


def fill_months(
    dialect: str, first: date, last: date, months: Table = person_months, days: Table = attendance_days
) -> tuple[Insert, Insert]:
    """Return the statements that roll up the attendance of the whole months `first`..`last` into two tables."""
    joined = _attendance.join(_activities, _attendance.c.activity_id == _activities.c.activity_id)
    held = _activities.c.held_on.between(literal(first, Date()), literal(last, Date()))
    month = month_of(_activities.c.held_on)
    person = (month, _attendance.c.person_id, _attendance.c.branch_id, _attendance.c.party_member)
    day = (_attendance.c.branch_id, _activities.c.held_on, _activities.c.kind, _activities.c.organiser)
    names = ["month", "person_id", "branch_id", "party_member", "mask"]
    by_person: Insert
    if dialect == "sqlite":
        # SQLite groups by sorting, which takes twice as long as looking up each person in the month's own B-tree.
        row = sqlite.insert(months).from_select(names, select(*person, activity_bit()).select_from(joined).where(held))
        seen = {"mask": months.c.mask.bitwise_or(row.excluded.mask)}
        by_person = row.on_conflict_do_update(index_elements=months.primary_key, set_=seen)
    else:
        # Each (organiser, kind) is a power of two, so the sum of the distinct ones is their bitwise or, and a plain
        # aggregate that Citus can compute where the rows are.
        mask = cast(func.sum(distinct(activity_bit())), BigInteger)
        rolled_up = select(*person, mask).select_from(joined).where(held).group_by(*person)
        by_person = insert(months).from_select(names, rolled_up)
    return (
        by_person,
        insert(days).from_select(
            ["branch_id", "held_on", "kind", "organiser", "attendances"],
            select(*day, func.count()).select_from(joined).where(held).group_by(*day),
        ),
    )


def activity_bit() -> ColumnElement[int]:
    """Return an activity's power of two: 2 ** (organiser * 13 + kind), in the order of data/tables.py."""
    kinds = len(tables.ACTIVITY_KINDS)
    organiser = {code: 1 << (place * kinds) for place, (code, _) in enumerate(tables.ORGANISERS)}
    kind = {code: 1 << place for place, (code, _) in enumerate(tables.ACTIVITY_KINDS)}
    return cast(case(organiser, value=_activities.c.organiser), BigInteger) * cast(
        case(kind, value=_activities.c.kind), BigInteger
    )


def fill_surveys(
    surveys: list[str] | None = None, answers: Table = answer_counts, respondents: Table = respondent_counts
) -> tuple[Insert, Insert]:
    """Return the statements that roll up the answers of `surveys` (None = all) into two tables."""
    chosen = true() if surveys is None else _answers.c.survey_id.in_(surveys)
    answer = (_answers.c.survey_id, _answers.c.branch_id, _answers.c.dimension, _answers.c.score)
    unit = (_answers.c.survey_id, _answers.c.branch_id)
    in_seven = case((_answers.c.dimension != "recommend", _answers.c.respondent_id))
    return (
        insert(answers).from_select(
            ["survey_id", "branch_id", "dimension", "score", "answers"],
            select(*answer, func.count()).where(chosen).group_by(*answer),
        ),
        insert(respondents).from_select(
            ["survey_id", "branch_id", "respondents", "respondents_seven"],
            select(*unit, func.count(distinct(_answers.c.respondent_id)), func.count(distinct(in_seven)))
            .where(chosen)
            .group_by(*unit),
        ),
    )


def spans(months: Iterable[str], dialect: str) -> list[tuple[date, date]]:
    """Return first and last days of the runs of consecutive months; on SQLite each month alone.

    SQLite sorts a span's attendance in memory, so a span must stay small; PostgreSQL does better with fewer passes.
    """
    found: list[list[int]] = []
    for index in sorted(int(month[:4]) * 12 + int(month[5:]) - 1 for month in months):
        if found and index == found[-1][1] + 1 and dialect != "sqlite":
            found[-1][1] = index
        else:
            found.append([index, index])
    return [(_first(start), _last(end)) for start, end in found]


def _first(index: int) -> date:
    return date(index // 12, index % 12 + 1, 1)


def _last(index: int) -> date:
    year, month = index // 12, index % 12 + 1
    return date(year, month, calendar.monthrange(year, month)[1])
