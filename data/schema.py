"""The shared database's tables as SQLAlchemy sees them: what branches hand in, and what we keep about it."""

from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    event,
)
from sqlalchemy.types import TypeEngine

from data import tables

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Bytes as people type them: "A1" and "a1" are two keys, and siblings sort by code point on either database.
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")

_MONTH = String(7).with_variant(String(7, collation="C"), "postgresql")  # 2024-07

_TYPES: dict[str, TypeEngine[Any]] = {
    "text": _TEXT,
    "code": _TEXT,
    "date": Date(),
    "month": _MONTH,
    "int": BigInteger(),
    "number": Float(),
    "money": BigInteger(),  # fen, so that sums are exact
    "bool": Boolean(),
}

# Attendance and answers have none of their own: they are found by the start of their keys (activity, survey), and an
# index more would double what ten million rows weigh on the embedded database.
_INDEXES: dict[str, tuple[tuple[str, ...], ...]] = {
    "activities": (("held_on",), ("branch_id", "held_on")),
    "grievances": (("branch_id", "filed_on"), ("filed_on",), ("closed_on",)),
    "suggestions": (("branch_id", "submitted_on"), ("submitted_on",)),
    "notices": (("published_on",),),
    "commitments": (("meeting_id",),),
    "branches": (("parent_id",),),
}

_MANY = ("attendance", "survey_answers")
# Tables of short rows: SQLite keeps them in the order of the key, once, without a row number beside it.
_SHORT = (*_MANY, "headcounts", "service_levels", "interests", "targets")


def _handed_in(table: tables.Table) -> Table:
    columns: list[Column[Any]] = []
    for column in table.columns:
        in_key = column.name in table.key
        reference = column.references
        if table.name in _MANY and reference == "branches":
            # Half the time of a million sign-ins would go into looking up five hundred units again and again, and
            # the removal of one unit into a search through all of them. The import and `check` hold this one.
            reference = None
        if table is tables.ANNOTATIONS:
            reference = None  # it stays on the coordinator of a cluster; the correction and `check` hold this one
        foreign = ForeignKey(f"{reference}.{tables.BY_NAME[reference].key[0]}") if reference else None
        columns.append(
            Column(
                column.name,
                _TYPES[column.kind],
                *([foreign] if foreign is not None else []),
                primary_key=in_key,
                nullable=not (column.required or in_key),
                autoincrement=False,
            )
        )
    # Which import last touched the row: undo and "what changed" hang on it.
    columns.append(Column("import_id", BigInteger, nullable=False))
    made = Table(table.name, metadata, *columns, sqlite_with_rowid=table.name not in _SHORT)
    for indexed in _INDEXES.get(table.name, ()):
        Index(None, *(made.c[name] for name in indexed))
    if table.name in _MANY:
        # Rows lie in the order they were imported, so a block range index of a few pages finds an import's.
        Index(None, made.c.import_id, postgresql_using="brin").ddl_if(dialect="postgresql")
    else:
        Index(None, made.c.import_id)
    return made


HANDED_IN: dict[str, Table] = {table.name: _handed_in(table) for table in tables.TABLES}

# Something that happened to the figures: limits start anew there.
annotations = _handed_in(tables.ANNOTATIONS)

# What an import or a correction may touch, by name.
STORED: dict[str, Table] = HANDED_IN | {"annotations": annotations}

# --- what we keep about the data -------------------------------------------------------------------------------

# One row: the number of the last change that anybody could see.
data_version = Table(
    "data_version",
    metadata,
    Column("id", SmallInteger, CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)

# The version at which a part of the facts last changed: `part` is a table name, or `person_months/2024-07`.
# A snapshot rereads only parts newer than itself.
fact_versions = Table(
    "fact_versions",
    metadata,
    Column("part", _TEXT, primary_key=True),
    Column("version", BigInteger, nullable=False),
)

# Who attended what in a month, rolled up: one row per month, person, home unit and Party membership as signed in.
# The month leads the key because a refresh replaces whole months and a snapshot reads whole months.
# `mask` has one bit for each (organiser, kind) attended: bit = organiser * 13 + kind, in the order of data/tables.py.
person_months = Table(
    "person_months",
    metadata,
    Column("month", _MONTH, primary_key=True),
    Column("person_id", _TEXT, primary_key=True),
    Column("branch_id", _TEXT, primary_key=True),
    Column("party_member", Boolean, primary_key=True),
    Column("mask", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Attendances counted by home unit, day, kind and organiser.
attendance_days = Table(
    "attendance_days",
    metadata,
    Column("held_on", Date, primary_key=True),
    Column("branch_id", _TEXT, primary_key=True),
    Column("kind", _TEXT, primary_key=True),
    Column("organiser", _TEXT, primary_key=True),
    Column("attendances", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Survey answers counted by survey, unit, dimension and score.
answer_counts = Table(
    "answer_counts",
    metadata,
    Column("survey_id", _TEXT, primary_key=True),
    Column("branch_id", _TEXT, primary_key=True),
    Column("dimension", _TEXT, primary_key=True),
    Column("score", Integer, primary_key=True, autoincrement=False),
    Column("answers", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Respondents counted by survey and unit: with any answer, and with one in the seven dimensions.
respondent_counts = Table(
    "respondent_counts",
    metadata,
    Column("survey_id", _TEXT, primary_key=True),
    Column("branch_id", _TEXT, primary_key=True),
    Column("respondents", BigInteger, nullable=False),
    Column("respondents_seven", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

FACTS = (person_months, attendance_days, answer_counts, respondent_counts)

imports = Table(
    "imports",
    metadata,
    Column("import_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", DateTime, nullable=False),  # UTC, naive: SQLite drops zones
    Column("by", _TEXT, nullable=False),
    Column("kind", _TEXT, nullable=False),  # import · edit · undo · demo
    Column("files", Text, nullable=False),  # JSON: [{name, sha256, size}]
    Column("counts", Text, nullable=False),  # JSON: {table: {new, changed, unchanged}}
    Column("warnings", Text, nullable=False),  # JSON: the first thousand
    Column("version", BigInteger, nullable=False),  # the data version it made
    Column("undone_by", BigInteger),
)

# What an import's changed rows were before (new rows need none: they carry the import's number themselves).
# An undo keeps here what it took away or put back, so that its differences can still be read.
import_before = Table(
    "import_before",
    metadata,
    Column("import_id", BigInteger, primary_key=True, autoincrement=False),
    Column("table_name", _TEXT, primary_key=True),
    Column("row_key", _TEXT, primary_key=True),  # JSON object of the key's columns
    Column("before", Text, nullable=False),  # JSON object of the row's columns
    Column("former_id", BigInteger, nullable=False, index=True),  # the import that had touched the row last
)

# The files as handed in.
originals = Table(
    "originals",
    metadata,
    Column("import_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", _TEXT, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
)

# How files of another system map onto ours.
mappings = Table(
    "mappings",
    metadata,
    Column("name", _TEXT, primary_key=True),
    Column("table_name", _TEXT, nullable=False),
    Column("columns", Text, nullable=False),  # JSON: {foreign header: our column}
    Column("codes", Text, nullable=False),  # JSON: {our column: {foreign value: our code}}
    Column("by", _TEXT, nullable=False),
    Column("at", DateTime, nullable=False),
)

# --- who may look, and what they did -----------------------------------------------------------------------------

people = Table(
    "people",
    metadata,
    Column("email", _TEXT, primary_key=True),  # lower case
    Column("name", _TEXT, nullable=False),
    Column(
        "role",
        _TEXT,
        CheckConstraint("role IN ('executive','union_staff','management','admin')", name="known_role"),
        nullable=False,
    ),
    Column("units", Text, nullable=False),  # JSON list of branch_id; empty = all (never empty for union_staff)
    Column("language", String(2)),
    Column("active", Boolean, nullable=False),
    Column("valid_until", Date),
    Column("updated_at", DateTime, nullable=False),
    Column("updated_by", _TEXT, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("audit_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", DateTime, nullable=False),
    Column("who", _TEXT, nullable=False),
    Column("action", _TEXT, nullable=False),
    Column("detail", Text, nullable=False),  # JSON; never the text of a case
    Index("ix_audit_at", "at"),
)

# Nobody rewrites the record of who did what; only the retention rule takes old lines away, through the one-row gate
# that it opens and closes within its own transaction.
audit_gate = Table(
    "audit_gate",
    metadata,
    Column("id", SmallInteger, CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False),
)

audit_gate.add_is_dependent_on(audit)

_AUDIT_GUARDS = (
    (
        "sqlite",
        "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    ),
    (
        "sqlite",
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit WHEN NOT EXISTS (SELECT 1 FROM audit_gate) "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    ),
    (
        "postgresql",
        "CREATE FUNCTION audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM audit_gate) THEN RETURN OLD; END IF; "
        "RAISE EXCEPTION 'the audit log is append-only'; END $$",
    ),
    (
        "postgresql",
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_guard()",
    ),
    (
        "postgresql",
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_guard()",
    ),
)
for _dialect, _guard in _AUDIT_GUARDS:
    event.listen(audit_gate, "after_create", DDL(_guard).execute_if(dialect=_dialect))

# --- the consultation room ---------------------------------------------------------------------------------------

# What is prepared for a meeting; once held it is a row of `meetings` under the same id.
meeting_plans = Table(
    "meeting_plans",
    metadata,
    Column("meeting_id", _TEXT, primary_key=True),
    Column("branch_id", _TEXT, nullable=False),
    Column("kind", _TEXT, nullable=False),
    Column("title", Text, nullable=False),
    Column("planned_on", Date, nullable=False),
    Column("first_month", _MONTH, nullable=False),  # the period whose figures are shown
    Column("last_month", _MONTH, nullable=False),
    Column("by", _TEXT, nullable=False),
    Column("at", DateTime, nullable=False),
)

agenda_items = Table(
    "agenda_items",
    metadata,
    Column("meeting_id", _TEXT, ForeignKey("meeting_plans.meeting_id"), primary_key=True),
    Column("item_id", _TEXT, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("kind", _TEXT, nullable=False),  # change · unit · category · promise · contract · request · own
    Column("title", Text, nullable=False),  # JSON: {zh, en}
    Column("evidence", Text, nullable=False),  # JSON: {zh, en}, figures as the management side may see them
    Column("metric", _TEXT),
    Column("branch_id", _TEXT),
    Column("dimension", _TEXT),
    Column("code", _TEXT),
    Column("union_position", Text, nullable=False),
    Column("management_position", Text, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("decision", Text, nullable=False),
    Column("outcome", String(1)),  # A solved · B under way · C planned · D explained
)

# What follows from what: from a category of grievances or a suggestion to the clause of a contract.
chain_links = Table(
    "chain_links",
    metadata,
    Column("meeting_id", _TEXT, primary_key=True),
    Column("item_id", _TEXT, primary_key=True),
    Column("step", _TEXT, primary_key=True),  # category · suggestion · motion · commitment · clause
    Column("reference", _TEXT, primary_key=True),  # a code, or a number people gave: never a case's
)

# Closed months, each with the last import whose rows count in it for whoever may not see what came later
# (data/closing.py).
closings = Table(
    "closings",
    metadata,
    Column("month", _MONTH, primary_key=True),
    Column("import_id", BigInteger, nullable=False),
)

# What was shown at a meeting: written once, never changed; `sha256` is that of `content`, canonical JSON.
frozen_meetings = Table(
    "frozen_meetings",
    metadata,
    Column("meeting_id", _TEXT, primary_key=True),
    Column(
        "number", Integer, primary_key=True, autoincrement=False
    ),  # frozen again before the meeting: the last counts
    Column("frozen_at", DateTime, nullable=False),
    Column("by", _TEXT, nullable=False),
    Column("data_version", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("content", Text, nullable=False),
)

# Where a promise's metric should get to.
promise_targets = Table(
    "promise_targets",
    metadata,
    Column("commitment_id", _TEXT, primary_key=True),
    Column("target", Float, nullable=False),
    Column("by", _TEXT, nullable=False),
    Column("at", DateTime, nullable=False),
)

# How it is known that a promise was kept: what the union saw, in its own words.
promise_proofs = Table(
    "promise_proofs",
    metadata,
    Column("commitment_id", _TEXT, primary_key=True),
    Column("evidence", Text, nullable=False),
    Column("by", _TEXT, nullable=False),
    Column("at", DateTime, nullable=False),
)

# --- assessment --------------------------------------------------------------------------------------------------

# What every unit is assessed by: metrics with their targets, and duties by rule.
assessment_items = Table(
    "assessment_items",
    metadata,
    Column("what", _TEXT, primary_key=True),  # a metric id, `metric:definition`, or `duty:` and its id
    Column("place", Integer, nullable=False),
    Column("target", Float),  # empty = the unit's own of the year, for a duty every time
    Column("unit_kinds", Text, nullable=False),  # JSON list of kinds of units; empty = all
    Column("responsible", _TEXT, nullable=False),  # the post that answers for it
)

# Who holds a post in a unit, and in those below it that name nobody.
assessment_people = Table(
    "assessment_people",
    metadata,
    Column("branch_id", _TEXT, primary_key=True),
    Column("responsible", _TEXT, primary_key=True),
    Column("name", _TEXT, nullable=False),
)
