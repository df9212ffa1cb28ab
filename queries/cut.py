"""One question cut to size: which rows count, into which group they fall, and how sums become an answer.

A metric is a function of a `Cut`. It returns the columns g (space), p (time), c (code) and numerator, denominator,
and value where that is not their quotient. Sums only: never a ratio of ratios.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.filters import Filters, Month
from queries.snapshot import Snapshot
from queries.units import month_number

KEYS = ("g", "p", "c")


@dataclass(frozen=True)
class Period:
    """A calendar month, quarter, year or the whole period: its label and first and last day within the period."""

    label: str | None
    start: date
    end: date


def periods(filters: Filters, by: str | None) -> tuple[Period, ...]:
    """Return the whole period, or each calendar month, quarter or year in it, cut to it."""
    months = [filters.start + i for i in range(filters.months)]
    if by is None:
        return (Period(None, filters.start.first, filters.end.last),)
    labels: dict[str, Callable[[Month], str]] = {
        "month": str,
        "quarter": lambda m: f"{m.year:04d}-Q{(m.month + 2) // 3}",
        "year": lambda m: f"{m.year:04d}",
    }
    found: dict[str, list[Month]] = {}
    for month in months:
        found.setdefault(labels[by](month), []).append(month)
    return tuple(Period(label, held[0].first, held[-1].last) for label, held in found.items())


@dataclass(frozen=True, eq=False)
class Cut:
    """A question in the terms of one snapshot.

    `groups` are the space groups' labels; `group_of[u]` is the group of unit `u`, −1 outside the scope. `code` is
    the dimension grouped by, if any, `codes` its codes in order; `where` the page's dimension filters
    that the metric knows. `known` is A, the day of knowledge.
    """

    snapshot: Snapshot
    known: date
    periods: tuple[Period, ...]
    groups: tuple[str | None, ...]
    group_of: NDArray[np.int32]
    code: str | None
    codes: tuple[str, ...]
    where: dict[str, tuple[int, ...]]

    @cached_property
    def start(self) -> date:
        """First day of the period."""
        return self.periods[0].start

    @cached_property
    def end(self) -> date:
        """Last day of the period."""
        return self.periods[-1].end

    @cached_property
    def day_limit(self) -> date:
        """Last day of the period that is known."""
        return min(self.end, self.known)

    @property
    def natural(self) -> bool:
        """Whether everything in the snapshot is known."""
        return self.known >= self.snapshot.data_date

    @cached_property
    def months(self) -> range:
        """Month numbers of the period up to A's month."""
        first = month_number(self.start)
        return range(first, max(first, month_number(self.day_limit) + 1))

    @cached_property
    def _period_of_month(self) -> NDArray[np.int32]:
        first = month_number(self.start)
        found = np.empty(month_number(self.end) - first + 1, dtype=np.int32)
        for i, period in enumerate(self.periods):
            found[month_number(period.start) - first : month_number(period.end) - first + 1] = i
        return found

    def period_of(self, day: str) -> pl.Expr:
        """Return the place of the period in which the date column `day` falls."""
        if len(self.periods) == 1:
            return pl.lit(0, pl.Int32)
        number = pl.col(day).dt.year().cast(pl.Int32) * 12 + pl.col(day).dt.month().cast(pl.Int32) - 1
        return pl.lit(pl.Series(self._period_of_month)).gather(number - month_number(self.start))

    def period_of_month(self, column: str) -> pl.Expr:
        """Return the place of the period for a column of month numbers."""
        if len(self.periods) == 1:
            return pl.lit(0, pl.Int32)
        return pl.lit(pl.Series(self._period_of_month)).gather(pl.col(column) - month_number(self.start))

    def within(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Return the rows of units in scope with their group `g`, the page's dimension filters applied."""
        names = rows.collect_schema().names()
        wanted = [pl.col(dim).is_in(list(codes)) for dim, codes in self.where.items() if dim in names]
        if wanted:
            rows = rows.filter(*wanted)
        inside = np.flatnonzero(self.group_of >= 0)
        if len(inside) == 0:
            return rows.filter(False).with_columns(g=pl.lit(0, pl.Int32))
        low, high = int(inside[0]), int(inside[-1])
        if len(inside) < len(self.group_of):
            rows = rows.filter(pl.col("u").is_between(low, high))
        if len(self.groups) == 1 and len(inside) == high - low + 1:
            return rows.with_columns(g=pl.lit(0, pl.Int32))
        rows = rows.with_columns(g=pl.lit(pl.Series(self.group_of)).gather(pl.col("u")))
        return (
            rows
            if len(inside) == high - low + 1 and self.group_of[low : high + 1].min() >= 0
            else rows.filter(pl.col("g") >= 0)
        )

    def of_day(self, rows: pl.LazyFrame, day: str, *, before: date | None = None) -> pl.LazyFrame:
        """Return the rows in scope whose `day` falls in the period (and before `before`), with g, p and c."""
        limit = self.end if before is None else min(self.end, before - timedelta(days=1))
        kept = self.within(rows.filter(pl.col(day).is_between(self.start, limit)))
        return self.coded(kept.with_columns(p=self.period_of(day)))

    def coded(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Return the rows with their code `c`; rows whose code is empty stand in no code group."""
        if self.code is None:
            return rows.with_columns(c=pl.lit(None, pl.UInt8))
        return rows.filter(pl.col(self.code).is_not_null()).with_columns(c=pl.col(self.code))

    def totals(self, rows: pl.LazyFrame, numerator: pl.Expr, denominator: pl.Expr | None = None) -> pl.DataFrame:
        """Return numerator and denominator by g, p, c from rows that already have them."""
        return (
            rows.group_by(KEYS)
            .agg(
                numerator=numerator.cast(pl.Float64),
                denominator=(pl.lit(None) if denominator is None else denominator).cast(pl.Float64),
            )
            .collect()
        )

    def share(self, rows: pl.LazyFrame, day: str, counts: pl.Expr, *, before: date | None = None) -> pl.DataFrame:
        """Return, of the rows whose `day` falls in the period, how many fulfil `counts`, and how many there are."""
        return self.totals(self.of_day(rows, day, before=before), counts.fill_null(False).sum(), pl.len())

    def count(self, rows: pl.LazyFrame, day: str, amount: pl.Expr | None = None) -> pl.DataFrame:
        """Return how many rows have their `day` in the period, or the sum of `amount` over them."""
        return self.totals(self.of_day(rows, day), pl.len() if amount is None else amount.sum())

    def standing(self, rows: pl.LazyFrame, numerator: pl.Expr, denominator: pl.Expr | None = None) -> pl.DataFrame:
        """Return a sum over rows in scope whatever their period (metrics without a period)."""
        placed = self.coded(self.within(rows).with_columns(p=pl.lit(0, pl.Int32)))
        return self.totals(placed, numerator, denominator)

    def over_matrix(self, matrix: NDArray[np.int64] | NDArray[np.bool_], months: range) -> NDArray[np.float64]:
        """Return groups × periods sums of a units × months matrix over `months`."""
        space = np.zeros((len(self.groups), matrix.shape[1]), dtype=np.float64)
        inside = self.group_of >= 0
        np.add.at(space, self.group_of[inside], matrix[inside])
        found = np.zeros((len(self.groups), len(self.periods)), dtype=np.float64)
        np.add.at(found.T, self._period_of_month[: len(months)], space.T)
        return found

    def average(self, *matrices: NDArray[np.int64]) -> pl.DataFrame:
        """Return g, p and the mean over each period's months up to A's of the scope's sum, as `denominator`.

        A second matrix is taken off the first.
        """
        matrix = matrices[0] if len(matrices) == 1 else matrices[0] - matrices[1]
        sums = self.over_matrix(matrix, self.months)
        counts = np.bincount(self._period_of_month[: len(self.months)], minlength=len(self.periods))
        return self.cells(sums / np.maximum(counts, 1)).rename({"numerator": "denominator"})

    def month_counts(self) -> NDArray[np.int64]:
        """Return for each period its number of months up to A's."""
        return np.bincount(self._period_of_month[: len(self.months)], minlength=len(self.periods))

    def cells(self, values: NDArray[np.float64]) -> pl.DataFrame:
        """Return a groups × periods matrix as rows g, p, numerator."""
        g, p = np.indices(values.shape)
        return pl.DataFrame(
            {"g": g.ravel().astype(np.int32), "p": p.ravel().astype(np.int32), "numerator": values.ravel()}
        )

    def employees(self, which: str = "employees") -> NDArray[np.int64]:
        """Return units × known months of the period of `employees`, `union_members` or `party_members`."""
        return self.snapshot.headcounts.over(which, self.months)

    def per_head(self, counted: pl.DataFrame, heads: pl.DataFrame) -> pl.DataFrame:
        """Return `counted` (g, p, c, numerator) over the groups' headcounts, which a code never splits."""
        counted = counted.select(*KEYS, "numerator")
        if self.code is None:
            counted = heads.join(counted.drop("c"), on=["g", "p"], how="left").with_columns(c=pl.lit(None, pl.UInt8))
            return counted.with_columns(pl.col("numerator").fill_null(0.0))
        every = heads.join(pl.DataFrame({"c": range(len(self.codes))}, schema={"c": pl.UInt8}), how="cross")
        return every.join(counted, on=list(KEYS), how="left").with_columns(pl.col("numerator").fill_null(0.0))
