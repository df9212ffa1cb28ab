"""Frames come back from the database as they went in, whatever text, day or number they hold."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Engine,
    Float,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
    select,
)

from data import bulk, database

# What the reader lets through: no NUL, no halves of surrogate pairs, and an empty cell is null.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
ROWS = st.lists(
    st.tuples(
        TEXT | st.just("\\."),
        st.none() | TEXT,
        st.none() | st.dates(),
        st.none() | st.datetimes(),
        st.none() | st.booleans(),
        st.none() | st.integers(-(2**62), 2**62),
        st.none() | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False),
        st.none() | st.binary(min_size=1),
    ),
    max_size=7,
    unique_by=lambda row: row[0],
)
THINGS = Table(
    "things",
    MetaData(),
    Column("key", Text, primary_key=True),
    Column("text", Text),
    Column("day", Date),
    Column("moment", DateTime),
    Column("truth", Boolean),
    Column("number", BigInteger),
    Column("share", Float),
    Column("content", LargeBinary),
    prefixes=["TEMPORARY"],
)


@settings(max_examples=30, deadline=None)
@given(rows=ROWS)
def test_frames_come_back_as_they_went_in(engine: Engine, rows: list[tuple[object, ...]]) -> None:
    frame = pl.DataFrame(rows, bulk.schema(THINGS), orient="row").sort("key")
    with database.rehearsing(engine) as connection:
        THINGS.create(connection)
        bulk.write(connection, THINGS, frame)
        assert bulk.read(connection, select(THINGS)).sort("key").equals(frame)
        assert [piece.height for piece in bulk.chunks(connection, select(THINGS), 3)] == [
            min(3, frame.height - start) for start in range(0, frame.height, 3)
        ]
        wanted = frame.select("key").head(3)
        named = select(THINGS.c.number).where(THINGS.c.key.in_(wanted["key"].to_list()), THINGS.c.key != "%")
        assert bulk.read(connection, named).height == wanted.filter(pl.col("key") != "%").height
        assert bulk.fetch(connection, THINGS, wanted).sort("key").equals(frame.head(3))
        bulk.replace(connection, THINGS, frame.with_columns(text=pl.lit("新")))
        assert set(bulk.read(connection, select(THINGS.c.text))["text"]) <= {"新"}
        bulk.remove(connection, THINGS, wanted)
        assert bulk.read(connection, select(THINGS.c.key)).height == max(0, frame.height - 3)


def test_sums_are_whole_numbers_also_of_nothing(engine: Engine) -> None:
    with database.rehearsing(engine) as connection:
        THINGS.create(connection)
        total = select(func.sum(THINGS.c.number).label("total"))
        assert bulk.read(connection, total).to_dict(as_series=False) == {"total": [None]}
        bulk.write(connection, THINGS, pl.DataFrame({"key": ["a", "b"], "number": [2**40, 1]}))
        assert bulk.read(connection, total).item() == 2**40 + 1


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_the_first_and_last_day_are_days(engine: Engine, day: date) -> None:
    frame = pl.DataFrame({"key": ["k"], "day": [day], "moment": [datetime(day.year, 1, 1, 23, 59)]})
    with database.rehearsing(engine) as connection:
        THINGS.create(connection)
        bulk.write(connection, THINGS, frame)
        found = bulk.read(connection, select(THINGS.c.day, THINGS.c.moment))
    assert found.row(0) == (day, datetime(day.year, 1, 1, 23, 59))
