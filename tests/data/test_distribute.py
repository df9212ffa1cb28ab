"""The tables spread over a Citus cluster as they are: keys, references and roll-ups fit where the rows will lie."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import (
    CompoundSelect,
    Connection,
    Engine,
    Insert,
    ScalarSelect,
    Select,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BinaryExpression, Over
from sqlalchemy.sql.selectable import CTE, Join

from data import __main__ as command
from data import database, distribute, facts, importer, schema
from data.distribute import DISTRIBUTED, REFERENCE, TOGETHER
from tests.data.ledgers import TODAY, first_ledgers

TABLES = schema.metadata.tables


def beside(name: str) -> str:
    """The table whose rows decide where those of `name` lie."""
    return TOGETHER.get(name, name)


def test_every_ledger_and_every_fact_has_its_place() -> None:
    assert not set(DISTRIBUTED) & set(REFERENCE)
    assert set(DISTRIBUTED) | set(REFERENCE) == {*schema.HANDED_IN, *(table.name for table in schema.FACTS)}


@pytest.mark.parametrize("name", DISTRIBUTED)
def test_every_unique_constraint_holds_the_distribution_column(name: str) -> None:
    table, column = TABLES[name], DISTRIBUTED[name]
    unique = [table.primary_key.columns]
    unique += [one.columns for one in table.constraints if isinstance(one, UniqueConstraint)]
    unique += [index.columns for index in table.indexes if index.unique]
    assert all(column in {one.name for one in columns} for columns in unique)


@pytest.mark.parametrize("name", [*DISTRIBUTED, *REFERENCE])
def test_every_reference_is_to_the_same_machine(name: str) -> None:
    for key in TABLES[name].foreign_key_constraints:
        other = key.referred_table.name
        if other in REFERENCE:
            continue
        assert name in DISTRIBUTED, f"{name} stands on every machine, {other} does not"
        (column,) = key.columns
        assert (column.name, beside(name)) == (DISTRIBUTED[name], beside(other))
        assert key.elements[0].column.name == DISTRIBUTED[other]


def test_nothing_that_stays_on_the_coordinator_refers_to_what_does_not() -> None:
    spread = {*DISTRIBUTED, *REFERENCE}
    staying = [table for table in TABLES.values() if table.name not in spread]
    assert staying
    assert [
        key for table in staying for key in table.foreign_key_constraints if key.referred_table.name in spread
    ] == []


def roll_ups() -> Iterator[Insert]:
    yield from facts.fill_months("postgresql", date(2025, 3, 1), date(2025, 3, 31))
    yield from facts.fill_surveys(["V1"])
    yield from facts.fill_surveys()


@pytest.mark.parametrize("statement", [*roll_ups()], ids=lambda statement: statement.table.name)
def test_facts_are_made_where_the_rows_are(statement: Insert) -> None:
    parts = list(visitors.iterate(statement))
    assert sum(isinstance(part, Select) for part in parts) == 1, "one SELECT, nothing in it that looks elsewhere"
    assert not any(isinstance(part, ScalarSelect | CompoundSelect | CTE | Over) for part in parts)
    for join in (part for part in parts if isinstance(part, Join)):
        assert isinstance(join.onclause, BinaryExpression)
        sides = [column.name for column in (join.onclause.left, join.onclause.right)]
        tables = {join.left.name, join.right.name}  # type: ignore[attr-defined]
        assert {beside(table) for table in tables} == {"activities"}
        assert sides == [DISTRIBUTED[table] for table in ("attendance", "activities")]
    (select,) = (part for part in parts if isinstance(part, Select))
    assert len(select._group_by_clauses) > 0 and select._limit_clause is None and not select._order_by_clauses


def test_one_machine_is_left_as_it_is(empty: Engine) -> None:
    importer.store_frames(first_ledgers(), by="x", engine=empty, on=TODAY)
    outcome = distribute.distribute(empty)
    assert outcome.message == (distribute.NO_CITUS if empty.dialect.name == "postgresql" else distribute.NOT_POSTGRESQL)
    assert (outcome.distributed, outcome.reference) == ((), ())


def test_the_command_says_so(configured: Engine, empty: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--language", "en", "distribute"]) == 0
    assert "Nothing was done" in capsys.readouterr().out


# What a Citus coordinator offers, as far as it is called; each call is written down with what referred to the table.
STAND_IN = """
CREATE TABLE pg_dist_partition (logicalrelid regclass, how text, beside text, keys bigint);
CREATE FUNCTION keys_of(t text) RETURNS bigint LANGUAGE sql AS
  $$ SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND (conrelid = t::regclass OR confrelid = t::regclass) $$;
CREATE FUNCTION create_reference_table(t text) RETURNS void LANGUAGE sql AS
  $$ INSERT INTO pg_dist_partition VALUES (t::regclass, 'reference', '', keys_of(t)) $$;
CREATE FUNCTION create_distributed_table(t text, c text, colocate_with text) RETURNS void LANGUAGE sql AS
  $$ INSERT INTO pg_dist_partition VALUES (t::regclass, c, colocate_with, keys_of(t)) $$;
CREATE FUNCTION truncate_local_data_after_distributing_table(t text) RETURNS void LANGUAGE sql AS $$ SELECT $$;
"""


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_on_a_cluster_each_table_is_placed_once(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    importer.store_frames(first_ledgers(), by="x", engine=empty, on=TODAY)
    monkeypatch.setattr(distribute, "has_citus", lambda _: True)
    with database.writing(empty) as connection:
        connection.exec_driver_sql(STAND_IN)
    before = keys(empty)
    outcome = distribute.distribute(empty)
    assert (outcome.distributed, outcome.reference) == (tuple(DISTRIBUTED), REFERENCE)
    with database.reading(empty) as connection:
        placed = connection.execute(text("SELECT logicalrelid::text, how, beside, keys FROM pg_dist_partition")).all()
    assert {name: how for name, how, _, _ in placed} == {**DISTRIBUTED, **dict.fromkeys(REFERENCE, "reference")}
    assert {name: other for name, _, other, _ in placed if other not in ("", "none")} == TOGETHER
    names = [name for name, *_ in placed]
    assert names.index("activities") < names.index("attendance")
    assert {count for *_, count in placed} == {0}, "a table that moves refers to nothing, and nothing to it"
    assert keys(empty) == before
    assert distribute.distribute(empty).message == distribute.ALREADY
    with database.writing(empty) as connection:
        drop(connection)
    for table in TABLES.values():
        declared = CreateTable(table).compile(dialect=empty.dialect)
        assert str(declared).count("FOREIGN KEY") == len(table.foreign_key_constraints), "later databases lack keys"


def keys(engine: Engine) -> list[tuple[str, str]]:
    looked = inspect(engine)
    return sorted(
        (name, str(key["name"])) for name in looked.get_table_names() for key in looked.get_foreign_keys(name)
    )


def drop(connection: Connection) -> None:
    for name in ("create_reference_table", "create_distributed_table", "keys_of"):
        connection.exec_driver_sql(f"DROP FUNCTION {name}")
    connection.exec_driver_sql("DROP FUNCTION truncate_local_data_after_distributing_table")
    connection.exec_driver_sql("DROP TABLE pg_dist_partition")
