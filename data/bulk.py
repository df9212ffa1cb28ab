"""Whole frames in and out of the database: COPY on PostgreSQL, one prepared statement on SQLite.

Temporary tables are not cleaned up after an error: every caller's transaction is rolled back then, and they with it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import polars as pl
import psycopg
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Delete, Insert
from sqlalchemy.types import Boolean, Date, DateTime, Float, Integer, LargeBinary, Numeric

# Rows handed over at once: large enough that the hand-over costs nothing, small enough to show progress.
CHUNK = 100_000

# Told how many rows have been handed over since the last time.
Told = Callable[[int], None]


def polars_type(column: ColumnElement[Any]) -> pl.DataType:
    """Return the Polars type that holds a column's values."""
    if isinstance(column.type, Boolean):
        return pl.Boolean()
    if isinstance(column.type, Integer):
        return pl.Int64()
    if isinstance(column.type, Float):
        return pl.Float64()
    if isinstance(column.type, Numeric):
        return pl.Int64()  # sums of whole numbers, which PostgreSQL gives as numeric
    if isinstance(column.type, Date):
        return pl.Date()
    if isinstance(column.type, DateTime):
        return pl.Datetime("us")
    if isinstance(column.type, LargeBinary):
        return pl.Binary()
    return pl.String()


def schema(table: Table) -> dict[str, pl.DataType]:
    """Return the Polars schema of a table's columns, in their order."""
    return {column.name: polars_type(column) for column in table.columns}


def read(connection: Connection, statement: Select[Any]) -> pl.DataFrame:
    """Return what a SELECT finds, typed by its columns also where it finds nothing."""
    return pl.concat([pl.DataFrame(schema=_types(statement)), *chunks(connection, statement)])


def chunks(connection: Connection, statement: Select[Any], rows: int = CHUNK) -> Iterator[pl.DataFrame]:
    """Yield what a SELECT finds in frames of `rows` rows, the last one shorter; none for no rows."""
    types = _types(statement)
    if connection.dialect.name == "postgresql":
        for text in _copied_out(connection, statement, rows):
            yield _typed(pl.read_csv(text, has_header=False, schema=_plain(types, pl.String())), types)
        return
    cursor = connection.execute(statement).cursor
    while cursor is not None and (found := cursor.fetchmany(rows)):
        yield _typed(pl.DataFrame(found, _plain(types, pl.Int64()), orient="row"), types)


def fetch(
    connection: Connection, table: Table, wanted: pl.DataFrame, columns: Sequence[str] | None = None
) -> pl.DataFrame:
    """Return the stored rows whose key (or the leading part of it that `wanted` has) stands in `wanted`.

    `columns`: those of the result, None = all of the table.
    """
    chosen = [table.c[name] for name in columns] if columns else list(table.columns)
    if wanted.is_empty() or connection.execute(select(1).select_from(table).limit(1)).first() is None:
        return pl.DataFrame(schema={column.name: polars_type(column) for column in chosen})
    with coming(connection, table, wanted, wanted.columns) as temporary:
        same = [table.c[name] == temporary.c[name] for name in wanted.columns]
        return read(connection, select(*chosen).select_from(table.join(temporary, and_(*same))))


def write(connection: Connection, table: Table, frame: pl.DataFrame, told: Told | None = None) -> None:
    """Insert rows that are known to be new; the frame's columns are columns of `table`."""
    if connection.dialect.name == "postgresql":
        _copy_in(connection, table, frame, told)
    else:
        _each_row(connection, insert(table), frame, told)


def replace(connection: Connection, table: Table, frame: pl.DataFrame, told: Told | None = None) -> None:
    """Insert rows, or put them in the place of those with the same key."""
    key = [column.name for column in table.primary_key]
    others = [name for name in frame.columns if name not in key]
    if connection.dialect.name == "sqlite":
        row = sqlite.insert(table)
        changed = {name: row.excluded[name] for name in others}
        _each_row(connection, row.on_conflict_do_update(index_elements=key, set_=changed), frame, told)
        return
    with coming(connection, table, frame, frame.columns) as temporary:
        rows = postgresql.insert(table).from_select(frame.columns, select(temporary))
        changed = {name: rows.excluded[name] for name in others}
        connection.execute(rows.on_conflict_do_update(index_elements=key, set_=changed))
    if told:
        told(frame.height)


def remove(connection: Connection, table: Table, frame: pl.DataFrame) -> None:
    """Delete the rows whose keys stand in `frame`."""
    key = [column.name for column in table.primary_key]
    if connection.dialect.name == "sqlite":
        one = delete(table).where(*(table.c[name] == bindparam(name) for name in key))
        _each_row(connection, one, frame.select(key), None)
        return
    with coming(connection, table, frame, key) as temporary:
        connection.execute(delete(table).where(*(table.c[name] == temporary.c[name] for name in key)))


@contextmanager
def coming(connection: Connection, table: Table, frame: pl.DataFrame, columns: Sequence[str]) -> Iterator[Table]:
    """Yield a temporary table with `columns` of `frame`, typed as in `table`, to be joined with what is stored."""
    typed = [Column(name, table.c[name].type) for name in columns]
    temporary = Table(f"coming_{table.name}", MetaData(), *typed, prefixes=["TEMPORARY"])
    temporary.create(connection)
    write(connection, temporary, frame.select(columns))
    yield temporary
    temporary.drop(connection)


def _types(statement: Select[Any]) -> dict[str, pl.DataType]:
    return {column.name: polars_type(column) for column in statement.selected_columns}


def _plain(types: dict[str, pl.DataType], truth: pl.DataType) -> dict[str, pl.DataType]:
    """Return the types as the driver gives them: days and times as text, yes and no as `truth`."""
    as_text = {pl.Date: pl.String(), pl.Datetime: pl.String(), pl.Boolean: truth}
    if truth == pl.String():
        as_text[pl.Binary] = pl.String()  # \x and hexadecimal digits
    return {name: as_text.get(type(kind), kind) for name, kind in types.items()}


def _typed(frame: pl.DataFrame, types: dict[str, pl.DataType]) -> pl.DataFrame:
    def typed(name: str, kind: pl.DataType) -> pl.Expr:
        column = pl.col(name)
        if kind == pl.Date:
            return column.str.to_date("%Y-%m-%d")
        if kind == pl.Datetime:
            return column.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us")
        if kind == pl.Boolean and frame.schema[name] == pl.String:
            return column == "t"
        if kind == pl.Binary and frame.schema[name] == pl.String:
            return column.str.strip_prefix("\\x").str.decode("hex")
        return column.cast(kind)

    return frame.select(typed(name, kind).alias(name) for name, kind in types.items())


def _each_row(connection: Connection, statement: Insert | Delete, frame: pl.DataFrame, told: Told | None) -> None:
    compiled = statement.compile(dialect=connection.dialect, column_keys=frame.columns)
    assert isinstance(compiled, SQLCompiler)
    rows = frame.select(compiled.positiontup or []).with_columns(
        pl.col(pl.Date).dt.to_string("%Y-%m-%d"),
        pl.col(pl.Datetime).dt.to_string("%Y-%m-%d %H:%M:%S%.6f"),
        pl.col(pl.Boolean).cast(pl.Int64),
    )
    for chunk in rows.iter_slices(CHUNK):
        if chunk.height:
            connection.exec_driver_sql(str(compiled), chunk.rows())
            if told:
                told(chunk.height)


def _copy_in(connection: Connection, table: Table, frame: pl.DataFrame, told: Told | None) -> None:
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in frame.columns)
    rows = frame.with_columns(pl.col(pl.Binary).bin.encode("hex").str.replace("^", "\\x", literal=False))
    # A line of `\.` alone ends a COPY before PostgreSQL 18; a key of that name has to stand in quotation marks.
    style: Literal["always", "necessary"] = "always" if frame.width == 1 else "necessary"
    with (
        _raw_cursor(connection) as cursor,
        cursor.copy(f"COPY {quote(table.name)} ({columns}) FROM STDIN (FORMAT csv)") as copy,
    ):
        for chunk in rows.iter_slices(CHUNK):
            text = io.BytesIO()
            chunk.write_csv(text, include_header=False, quote_style=style)
            copy.write(text.getvalue())
            if told:
                told(chunk.height)


def _copied_out(connection: Connection, statement: Select[Any], rows: int) -> Iterator[io.BytesIO]:
    """Yield what a SELECT finds as CSV, `rows` rows at a time."""
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    text, count, quotes = io.BytesIO(), 0, 0
    copying = f"COPY ({compiled}) TO STDOUT (FORMAT csv)"
    with _raw_cursor(connection) as cursor, cursor.copy(copying, compiled.params) as copy:
        for piece in copy:
            text.write(piece)
            quotes += bytes(piece).count(b'"')
            # A line break within quotation marks does not end a row.
            if bytes(piece).endswith(b"\n") and quotes % 2 == 0:
                count += 1
                if count == rows:
                    text.seek(0)
                    yield text
                    text, count = io.BytesIO(), 0
    if count:
        text.seek(0)
        yield text


@contextmanager
def _raw_cursor(connection: Connection) -> Iterator[psycopg.Cursor[Any]]:
    """Yield the driver's own cursor, for COPY; its errors arrive as SQLAlchemy's do."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    try:
        with driver.cursor() as cursor:
            yield cursor
    except psycopg.Error as error:
        raise OperationalError("COPY", {}, error) from error
