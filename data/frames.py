"""Rows of the database as Polars frames, with the types the statement's columns say, empty results included."""

from __future__ import annotations

from typing import Any

import polars as pl
from sqlalchemy import Boolean, Connection, Date, Float, Integer, Numeric, Select
from sqlalchemy.types import TypeEngine

_POLARS: tuple[tuple[type[TypeEngine[Any]], type[pl.DataType]], ...] = (
    (Boolean, pl.Boolean),
    (Date, pl.Date),
    (Integer, pl.Int64),
    (Float, pl.Float64),
    (Numeric, pl.Int64),  # sums of whole numbers, which PostgreSQL gives as numeric
)


def read(connection: Connection, statement: Select[Any]) -> pl.DataFrame:
    """Return the statement's rows; a column's type follows its SQL type, text where none is known."""
    schema = {
        column.name: next((found for kind, found in _POLARS if isinstance(column.type, kind)), pl.String)
        for column in statement.selected_columns
    }
    rows = connection.execute(statement).fetchall()
    return pl.DataFrame(rows, schema=schema, orient="row")
