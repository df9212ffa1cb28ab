"""The shared database's tables as SQLAlchemy sees them: what branches hand in, and what we keep about it."""

from __future__ import annotations

from sqlalchemy import (
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

_TYPES: dict[str, TypeEngine[object]] = {
    "text": _TEXT,
    "code": _TEXT,
    "date": Date(),
    "month": String(7).with_variant(String(7, collation="C"), "postgresql"),  # 2024-07
    "int": BigInteger(),
    "number": Float(),
    "money": BigInteger(),  # fen, so that sums are exact
    "bool": Boolean(),
}

# `import_id` says which import last touched a row; undo and "what changed" hang on it.
_INDEXES: dict[str, tuple[tuple[str, ...], ...]] = {
    "activities": (("held_on",), ("branch_id", "held_on")),
    "attendance": (("branch_id",), ("person_id",)),
    "grievances": (("branch_id", "filed_on"), ("filed_on",), ("closed_on",)),
    "suggestions": (("branch_id", "submitted_on"), ("submitted_on",)),
    "survey_answers": (("survey_id", "branch_id"),),
    "notices": (("published_on",),),
}


def _handed_in(table: tables.Table) -> Table:
    columns: list[Column[object]] = []
    for column in table.columns:
        in_key = column.name in table.key
        reference = column.references if column.name not in table.key or len(table.key) > 1 else None
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
    columns.append(Column("import_id", BigInteger, nullable=False, index=True))
    made = Table(table.name, metadata, *columns)
    for index in _INDEXES.get(table.name, ()):
        Index(None, *(made.c[name] for name in index))
    return made


HANDED_IN: dict[str, Table] = {table.name: _handed_in(table) for table in tables.TABLES}

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

# Who attended what in a month, rolled up: one row per person, home unit, month and Party membership as signed in.
# `mask` has one bit for each (organiser, kind) attended: bit = organiser * 13 + kind, in the order of data/tables.py.
person_months = Table(
    "person_months",
    metadata,
    Column("person_id", _TEXT, primary_key=True),
    Column("branch_id", _TEXT, primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("party_member", Boolean, primary_key=True),
    Column("mask", BigInteger, nullable=False),
    Index("ix_person_months_month", "month"),
)

# Attendances counted by home unit, day, kind and organiser.
attendance_days = Table(
    "attendance_days",
    metadata,
    Column("branch_id", _TEXT, primary_key=True),
    Column("held_on", Date, primary_key=True),
    Column("kind", _TEXT, primary_key=True),
    Column("organiser", _TEXT, primary_key=True),
    Column("attendances", BigInteger, nullable=False),
    Index("ix_attendance_days_held_on", "held_on"),
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
)

# Respondents counted by survey and unit: with any answer, and with one in the seven dimensions.
respondent_counts = Table(
    "respondent_counts",
    metadata,
    Column("survey_id", _TEXT, primary_key=True),
    Column("branch_id", _TEXT, primary_key=True),
    Column("respondents", BigInteger, nullable=False),
    Column("respondents_seven", BigInteger, nullable=False),
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
import_before = Table(
    "import_before",
    metadata,
    Column("import_id", BigInteger, primary_key=True, autoincrement=False),
    Column("table_name", _TEXT, primary_key=True),
    Column("row_key", _TEXT, primary_key=True),  # JSON list of key values
    Column("before", Text, nullable=False),  # JSON object, with its former import_id
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

# --- notes on the figures ----------------------------------------------------------------------------------------

# Something that happened to the figures: limits start anew there.
annotations = Table(
    "annotations",
    metadata,
    Column("annotation_id", _TEXT, primary_key=True),
    Column("on_date", Date, nullable=False),
    Column("branch_id", _TEXT),  # empty = everywhere
    Column("metric", _TEXT),  # empty = all
    Column("kind", _TEXT, nullable=False),  # event · reorganisation · definition
    Column("text", Text, nullable=False),
    Column("by", _TEXT, nullable=False),
    Column("at", DateTime, nullable=False),
)
