"""Whether the database is whole: its form, the rules between rows, facts that equal a rebuild, version, settings."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import polars as pl
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    MetaData,
    Select,
    Table,
    delete,
    except_,
    func,
    select,
    true,
)

from data import bulk, database, facts, links, migrate, retention, rules, schema, tables, words
from data.clock import today
from data.faults import Fault, column_term, table_term
from data.metric_ids import METRIC_IDS
from data.schema import HANDED_IN, STORED
from data.told import Told
from data.words import mark

DAMAGED = mark("The database file is damaged: {what}. Restore a backup.")
ORPHANS = mark("Rows of {table} that name a {column} which {there} does not have: {count}, such as “{value}”.")
CODES = mark("Rows of {table} whose {column} is none of its codes: {count}, such as “{value}”.")
RULES = mark("Rows of {table} that break a rule: {count}, such as “{value}”: {broken}")
CIRCLES = mark("Units stand above one another in a circle: {value}.")
TORN = mark("Respondents who stand for several units in one survey: {count}, such as “{value}”.")
UNHELD = mark("Commitments of meetings that were not held: {count}, such as “{value}”.")
METRICS = mark("Rows of {table} that name a metric which does not exist: {count}, such as “{value}”.")
FACTS = mark("Facts ({facts}) that differ from what the rows say: {count}. Run python -m data refresh.")
VERSION = mark("{what} carries version {found}, but the data are at version {version}.")
NO_VERSION = mark("The data version is missing.")
NO_PART = mark(
    "{table} has rows but no version, so that running pages would not read it again. Run python -m data refresh."
)
NO_IMPORT = mark("Rows of {table} that belong to import {value}, which has no record: {count}.")
SETTING = mark("The database's {name} is {found}; it must be {needed}.")

Progress = Callable[[str, int, int], None]


def problems(engine: Engine | None = None, progress: Progress | None = None) -> list[Fault]:
    """Return everything that is wrong with the database; nothing is changed by looking."""
    with database.reading(engine) as connection:
        found = migrate.revision(connection)
    if found != migrate.head():
        return [_fault(migrate.OTHER_REVISION, found=found or "–", needed=migrate.head())]
    looks = (_settings, _orphans, _codes, _rules, contradictions, _metrics, _facts, _versions, _imports)
    wrong: list[Fault] = []
    with database.rehearsing(engine) as connection:
        if damage := _damage(connection):
            return damage  # what a damaged file answers to further questions means nothing
        for step, look in enumerate(looks):
            if progress:
                progress("check", step, len(looks))
            wrong.extend(look(connection))
    return wrong


def contradictions(connection: Connection, among: Collection[str] = tuple(HANDED_IN)) -> list[Fault]:
    """Return where rows contradict one another, looking only where a table of `among` has a part in it."""
    wrong = []
    if "branches" in among:
        branches = HANDED_IN["branches"].c
        above = bulk.read(connection, select(branches.branch_id, branches.parent_id))
        wrong += [_fault(CIRCLES, value=path) for path in sorted(set(links.circle_paths(above).values()))]
    if "survey_answers" in among:
        answers = HANDED_IN["survey_answers"].c
        torn = (
            select(answers.respondent_id)
            .group_by(answers.survey_id, answers.respondent_id)
            .having(func.min(answers.branch_id) != func.max(answers.branch_id))
        )
        wrong += _counted(connection, torn, TORN)
    if {"meetings", "commitments"} & set(among):
        meetings, commitments = HANDED_IN["meetings"], HANDED_IN["commitments"]
        unheld = select(commitments.c.commitment_id).join(meetings).where(meetings.c.held_on.is_(None))
        wrong += _counted(connection, unheld, UNHELD)
    return wrong


def _fault(rule: str, table: str | None = None, **params: object) -> Fault:
    named = {"table": table_term(table)} if table in tables.BY_NAME else {}
    return Fault(None, None, None, None, None, rule, {**named, **params}, table=table)


def _counted(
    connection: Connection, found: Select[Any], rule: str, table: str | None = None, **params: object
) -> list[Fault]:
    """Return one problem with the number of rows `found` finds and the first value, or none."""
    rows = found.subquery()
    count, value = connection.execute(select(func.count(), func.min(rows.c[0]))).one()
    return [_fault(rule, table, count=count, value=value, **params)] if count else []


def _settings(connection: Connection) -> list[Fault]:
    if connection.dialect.name == "postgresql":
        wanted = {"server_encoding": "UTF8"}
        found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar() for name in wanted}
    else:
        wanted = {"journal_mode": "wal", "foreign_keys": "1"}
        found = {name: str(connection.exec_driver_sql(f"PRAGMA {name}").scalar()) for name in wanted}
    wrong = []
    for setting in (retention.FILES, retention.AUDIT):
        try:
            retention.days(setting)
        except Told as error:
            wrong.append(_fault(error.rule, None, **error.params))
    return wrong + [
        _fault(SETTING, name=name, found=found[name], needed=value)
        for name, value in wanted.items()
        if found[name] != value
    ]


def _damage(connection: Connection) -> list[Fault]:
    if connection.dialect.name != "sqlite":
        return []
    lines = connection.exec_driver_sql("PRAGMA quick_check(10)").scalars().all()
    return [_fault(DAMAGED, what=line) for line in lines if line != "ok"]


def _orphans(connection: Connection) -> list[Fault]:
    wrong = []
    for table in tables.STORED:
        for column in table.columns:
            if column.references is None:
                continue
            here = STORED[table.name].c[column.name]
            there = HANDED_IN[column.references].alias("there")
            key = there.c[tables.BY_NAME[column.references].key[0]]
            # A join, because NOT IN over ten million rows would compare each with each once memory runs out.
            lost = select(here).outerjoin(there, here == key).where(here.is_not(None), key.is_(None))
            wrong += _counted(
                connection,
                lost,
                ORPHANS,
                table.name,
                column=column_term(table.name, column.name),
                there=table_term(column.references),
            )
    return wrong


def _codes(connection: Connection) -> list[Fault]:
    wrong = []
    for table in tables.STORED:
        for column in table.columns:
            if column.codes:
                here = STORED[table.name].c[column.name]
                strange = select(here).where(here.not_in([code for code, _ in column.codes]))
                wrong += _counted(connection, strange, CODES, table.name, column=column_term(table.name, column.name))
    return wrong


def _rules(connection: Connection) -> list[Fault]:
    """The rules of single rows; sign-ins and answers have none beyond their columns', which the database holds."""
    wrong = []
    for table in tables.STORED:
        if table.name in ("attendance", "survey_answers"):
            continue
        rows = bulk.read(connection, select(STORED[table.name])).drop("import_id")
        # Stored rows stand in no file; the key takes the place of the sheet's name.
        rows = rows.with_columns(
            _file=pl.lit(None, pl.String), _sheet=links.key_text(table), _row=pl.lit(None, pl.Int64), _unread=pl.lit(0)
        )
        broken = rules.check_rows(table.name, rows, today())
        for fault in list(broken)[:1]:
            said = {language: fault.text(language) for language in words.LANGUAGES}
            wrong.append(_fault(RULES, table.name, count=broken.count, value=fault.sheet or "–", broken=said))
    return wrong


def _metrics(connection: Connection) -> list[Fault]:
    wrong = []
    for name in ("targets", "commitments", "annotations"):
        metric = STORED[name].c.metric
        wrong += _counted(connection, select(metric).where(metric.not_in(METRIC_IDS)), METRICS, name)
    return wrong


def _facts(connection: Connection) -> list[Fault]:
    """Roll everything up again, beside the facts, and count the rows that are in one and not in the other."""
    again = {table.name: _beside(connection, table) for table in schema.FACTS}
    wrong = dict.fromkeys(again, 0)
    held = facts.all_months(connection)
    for first, last in facts.spans(held, connection.dialect.name):
        month, days = again["person_months"], again["attendance_days"]
        for filling in facts.fill_months(connection.dialect.name, first, last, month, days):
            connection.execute(filling)
        within = schema.person_months.c.month.between(str(first)[:7], str(last)[:7])
        wrong["person_months"] += _different(connection, schema.person_months, month, within)
        within = schema.attendance_days.c.held_on.between(first, last)
        wrong["attendance_days"] += _different(connection, schema.attendance_days, days, within)
        for table in (month, days):
            connection.execute(delete(table))
    for filling in facts.fill_surveys(None, again["answer_counts"], again["respondent_counts"]):
        connection.execute(filling)
    for counts in (schema.answer_counts, schema.respondent_counts):
        wrong[counts.name] += _different(connection, counts, again[counts.name], true())
    left = select(func.count()).select_from(schema.person_months).where(schema.person_months.c.month.not_in(held))
    wrong["person_months"] += connection.scalar(left) or 0
    day = schema.attendance_days.c.held_on
    left = select(func.count()).select_from(schema.attendance_days).where(facts.month_of(day).not_in(held))
    wrong["attendance_days"] += connection.scalar(left) or 0
    for table in again.values():
        table.drop(connection)
    return [_fault(FACTS, count=count, facts=name) for name, count in wrong.items() if count]


def _beside(connection: Connection, table: Table) -> Table:
    columns = [Column(column.name, column.type, primary_key=column.primary_key) for column in table.columns]
    beside = Table(f"again_{table.name}", MetaData(), *columns, prefixes=["TEMPORARY"])
    beside.create(connection)
    return beside


def _different(connection: Connection, table: Table, again: Table, within: ColumnElement[bool]) -> int:
    names = [column.name for column in table.columns]
    stored, made = select(*(table.c[n] for n in names)).where(within), select(*(again.c[n] for n in names))
    lost = connection.scalar(select(func.count()).select_from(except_(made, stored).subquery())) or 0
    extra = connection.scalar(select(func.count()).select_from(except_(stored, made).subquery())) or 0
    return max(lost, extra)


def _versions(connection: Connection) -> list[Fault]:
    version = connection.scalar(select(schema.data_version.c.version))
    if version is None:
        return [_fault(NO_VERSION)]
    wrong = []
    parts = schema.fact_versions.c
    for part, found in connection.execute(select(parts.part, parts.version).where(parts.version > version)):
        wrong.append(_fault(VERSION, what=part, found=found, version=version))
    latest = connection.scalar(select(func.max(schema.imports.c.version))) or 0
    if latest > version:
        wrong.append(_fault(VERSION, what="imports", found=latest, version=version))
    known = set(connection.scalars(select(parts.part)))
    for name, table in HANDED_IN.items():
        if name not in known and connection.execute(select(1).select_from(table).limit(1)).first():
            wrong.append(_fault(NO_PART, name))
    return wrong


def _imports(connection: Connection) -> list[Fault]:
    """Rows whose import has no record, or whose number has been undone."""
    known = set(connection.scalars(select(schema.imports.c.import_id).where(schema.imports.c.undone_by.is_(None))))
    wrong = []
    for name, table in STORED.items():
        for number, count in connection.execute(select(table.c.import_id, func.count()).group_by(table.c.import_id)):
            if number not in known:
                wrong.append(_fault(NO_IMPORT, name, count=count, value=number))
    return wrong
