"""Typed full-width frames from columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data import tables
from data.demo.days import EPOCH, Days, Ints

DTYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "code": pl.String(),
    "month": pl.String(),
    "date": pl.Date(),
    "int": pl.Int64(),
    "money": pl.Int64(),  # fen
    "number": pl.Float64(),
    "bool": pl.Boolean(),
}


def frame(table: str, columns: dict[str, Any]) -> pl.DataFrame:
    """Return the table's frame with every column in its order and kind; those not given are empty."""
    declared = tables.BY_NAME[table]
    known = [column for column in declared.columns if column.name in columns]
    assert len(known) == len(columns), set(columns) - {column.name for column in known}
    made = pl.DataFrame(columns)
    return made.select(
        pl.col(column.name).cast(DTYPES[column.kind])
        if column.name in columns
        else pl.lit(None, DTYPES[column.kind]).alias(column.name)
        for column in declared.columns
    )


def pick(words: Sequence[str], index: NDArray[Any], known: NDArray[np.bool_] | None = None) -> pl.Series:
    """Return `words[index]` as text, empty where `known` is false."""
    if known is None:
        return pl.Series(words, dtype=pl.String).gather(pl.Series(index, dtype=pl.UInt32))
    place = pl.Series(np.where(known, index, 0), dtype=pl.UInt32)
    return pl.Series(words, dtype=pl.String).gather(empty(place, known))


def empty(values: pl.Series | NDArray[Any], known: NDArray[np.bool_]) -> pl.Series:
    """Return `values`, empty where `known` is false."""
    series = pl.Series(values)
    return pl.select(pl.when(pl.Series(known)).then(series)).to_series()


def dates(days: Days, number: Ints, known: NDArray[np.bool_] | None = None) -> pl.Series:
    """Return day numbers as dates, empty where `known` is false."""
    series = pl.Series(number + (days.first - EPOCH).days, dtype=pl.Int32).cast(pl.Date)
    return series if known is None else empty(series, known)


def numbered(prefix: str, count: int, width: int) -> pl.Series:
    """Return `count` codes: prefix and running number from 1."""
    return pl.select(
        pl.format("{}{}", pl.lit(prefix), pl.int_range(1, count + 1).cast(pl.String).str.zfill(width))
    ).to_series()


def codes(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return the stored codes of a declared code list."""
    return [code for code, _ in pairs]


def draw(shares: NDArray[np.float64], rng: np.random.Generator) -> Ints:
    """Return one column index for each row of `shares` (rows × codes, summing to 1), drawn by the shares."""
    at = rng.random(len(shares))[:, None] > np.cumsum(shares, axis=1)[:, :-1]
    found: Ints = at.sum(axis=1)
    return found
