"""One question cut to size: which rows count, into which group they fall, and how sums become an answer.

A metric is a function of a `Cut` that returns `Sums`: numerators and denominators by group, period and code, never a
ratio of ratios. Most metrics only add, over units as over months; `summed` lets such a one be worked out once a version
by unit, month and code, and every question is then answered from that table, however many rows there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property, wraps
from inspect import unwrap

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.filters import Filters, Month
from queries.snapshot import FOREVER, Snapshot
from queries.units import month_number

KEYS = ("g", "p", "c")

Array = NDArray[np.float64]
# Whole numbers or floats, as narrow as they fit: tables are kept for as long as the version lasts.
Table = NDArray[np.integer] | Array


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
class Sums:
    """What a metric found: arrays that broadcast to groups × periods × codes, NaN where there is nothing to say.

    A count has no denominator; `value` is given where it is not the quotient (or the count).
    """

    numerator: Array
    denominator: Array | None = None
    value: Array | None = None

    def __getitem__(self, which: str) -> Array:
        found: Array | None = getattr(self, which)
        assert found is not None, f"a metric without {which}"
        return found


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
    def shape(self) -> tuple[int, int, int]:
        """Numbers of groups, periods and codes (one where it is not grouped by a code)."""
        return len(self.groups), len(self.periods), len(self.codes) or 1

    @cached_property
    def months(self) -> range:
        """Month numbers of the period up to A's month."""
        first = month_number(self.start)
        return range(first, max(first, month_number(self.day_limit) + 1))

    @cached_property
    def bounds(self) -> NDArray[np.int64]:
        """First month number of each period and the one after its last, up to A's: periods × 2."""
        starts = np.array([month_number(period.start) for period in self.periods])
        stops = np.array([month_number(period.end) + 1 for period in self.periods])
        return np.stack((starts, np.maximum(starts, np.minimum(stops, month_number(self.known) + 1))), axis=1)

    @property
    def wanted(self) -> tuple[object, ...]:
        """What a table kept by unit and month depends on, in plain values that can be written down."""
        return self.known.isoformat(), self.code, tuple(sorted(self.where.items()))

    # --- rows in the terms of the question ---------------------------------------------------------------------------

    def period_of(self, day: str) -> pl.Expr:
        """Return the place of the period in which the date column `day` falls."""
        if len(self.periods) == 1:
            return pl.lit(0, pl.Int32)
        first = month_number(self.start)
        place = np.full(month_number(self.end) - first + 1, -1, dtype=np.int32)
        for i, period in enumerate(self.periods):
            place[month_number(period.start) - first : month_number(period.end) - first + 1] = i
        return pl.lit(pl.Series(place)).gather(number_of_month(day) - first)

    def within(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Return the rows of units in scope with their group `g`, the page's dimension filters applied."""
        names = rows.collect_schema().names()
        wanted = [pl.col(dim).is_in(list(codes)) for dim, codes in self.where.items() if dim in names]
        if wanted:
            rows = rows.filter(*wanted)
        inside = np.flatnonzero(self.group_of >= 0)
        if len(inside) == 0:
            return rows.filter(False).with_columns(g=pl.lit(0, pl.Int32))
        if len(inside) < len(self.group_of):
            rows = rows.filter(pl.col("u").is_between(int(inside[0]), int(inside[-1])))
        rows = rows.with_columns(g=pl.lit(pl.Series(self.group_of)).gather(pl.col("u")))
        return rows if len(inside) == inside[-1] - inside[0] + 1 else rows.filter(pl.col("g") >= 0)

    def of_day(self, rows: pl.LazyFrame, day: str, *, before: date | None = None) -> pl.LazyFrame:
        """Return the rows in scope whose `day` falls in the period (and before `before`), with g, p and c."""
        limit = self.end if before is None else min(self.end, before - timedelta(days=1))
        rows = self._when_closed(rows.filter(pl.col(day).is_between(self.start, limit)), number_of_month(day))
        kept = self.within(rows)
        return self.coded(kept.with_columns(p=self.period_of(day)))

    def _when_closed(self, rows: pl.LazyFrame, month: pl.Expr) -> pl.LazyFrame:
        """Return the rows in the version that was stored when their month closed, where they come in versions."""
        if "since" not in rows.collect_schema().names():
            return rows
        closings = self.snapshot.closings
        still_open = FOREVER - 1
        last = month.replace_strict(closings["m"].cast(pl.Int32), closings["import_id"], default=still_open)
        return rows.filter(pl.col("since") <= last, last < pl.col("until"))

    def coded(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Return the rows with their code `c`; rows whose code is empty stand in no code group."""
        if self.code is None:
            return rows.with_columns(c=pl.lit(0, pl.UInt8))
        return rows.filter(pl.col(self.code).is_not_null()).with_columns(c=pl.col(self.code))

    # --- sums --------------------------------------------------------------------------------------------------------

    def sums(self, rows: pl.LazyFrame, numerator: pl.Expr, denominator: pl.Expr | None = None) -> Sums:
        """Return numerator and denominator added up by g, p, c, which the rows already have."""
        asked = [numerator.alias("numerator")] + ([] if denominator is None else [denominator.alias("denominator")])
        found = rows.group_by(KEYS).agg(asked).collect()
        return Sums(*(self.placed(found, name) for name in found.columns[len(KEYS) :]))

    def placed(self, found: pl.DataFrame, column: str, missing: float = 0.0) -> Array:
        """Return a column of rows with g, p, c (one row each) as groups × periods × codes; `missing` elsewhere."""
        array = np.full(self.shape, missing)
        values = found[column].cast(pl.Float64).fill_null(missing)
        array[tuple(found[key].to_numpy() for key in KEYS)] = values.to_numpy()
        return array

    def share(self, rows: pl.LazyFrame, day: str, counts: pl.Expr, *, before: date | None = None) -> Sums:
        """Return, of the rows whose `day` falls in the period, how many fulfil `counts`, and how many there are."""
        return self.sums(self.of_day(rows, day, before=before), counts.fill_null(False).sum(), pl.len())

    def count(self, rows: pl.LazyFrame, day: str, amount: pl.Expr | None = None) -> Sums:
        """Return how many rows have their `day` in the period, or the sum of `amount` over them."""
        return self.sums(self.of_day(rows, day), pl.len() if amount is None else amount.sum())

    def standing(self, rows: pl.LazyFrame) -> Sums:
        """Return how many rows are in scope, whatever their period (metrics without a period)."""
        kept = self._when_closed(self.within(rows), pl.lit(month_number(self.known), pl.Int32))
        return self.sums(self.coded(kept.with_columns(p=pl.lit(0, pl.Int32))), pl.len())

    # --- sums by unit ------------------------------------------------------------------------------------------------

    def by_group(self, of_units: NDArray[np.generic]) -> Array:
        """Return the sums over each group's units of an array whose first axis is the units in tree order."""
        found = np.zeros((len(self.groups), *of_units.shape[1:]))
        if len(self.group_of):
            starts, labels = self._runs
            added = np.add.reduceat(of_units, starts, axis=0, dtype=np.float64)
            np.add.at(found, labels[labels >= 0], added[labels >= 0])
        return found

    @cached_property
    def _runs(self) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
        """First unit and group of each run of neighbouring units with the same group."""
        starts = np.flatnonzero(np.concatenate(([True], np.diff(self.group_of) != 0)))
        return starts, self.group_of[starts]

    def by_period(self, of_months: Array, numbers: NDArray[np.int64]) -> Array:
        """Return the sums over each period's months of an array whose second axis is the ascending months `numbers`."""
        return _between(of_months, np.searchsorted(numbers, self.bounds))

    def average(self, *of_units: NDArray[np.int64]) -> Array:
        """Return groups × periods × 1: the mean over each period's months up to A's of the scope's sum.

        The arrays are units × months; a second one is taken off the first.
        """
        matrix = of_units[0] if len(of_units) == 1 else of_units[0] - of_units[1]
        sums = self.by_period(self.by_group(matrix), np.array(self.months, dtype=np.int64))
        return (sums / np.maximum(self.month_counts(), 1))[:, :, None]

    def month_counts(self) -> NDArray[np.int64]:
        """Return for each period its number of months up to A's."""
        return self.bounds[:, 1] - self.bounds[:, 0]

    def employees(self, which: str = "employees") -> NDArray[np.int64]:
        """Return units × known months of the period of `employees`, `union_members` or `party_members`."""
        return self.snapshot.headcounts.over(which, self.months)

    def by_month(self, metric: Compute) -> Array:
        """Return units × the months of the period up to A's of a metric's numerator; see `summed`."""
        table, _ = table_of(replace(self, code=None, codes=()), metric)
        found = np.zeros((len(self.group_of), len(self.months)))
        there = [place for place, number in enumerate(self._told) if number in self.months]
        found[:, self._told[there] - self.months.start] = table[:, there, 0]
        return found

    # --- tables kept for a version -----------------------------------------------------------------------------------

    @property
    def finest(self) -> Cut:
        """The same question of every unit by its own rows, in every month in which anything happened."""
        # Kept without the snapshot in it: what a snapshot keeps must not keep the snapshot.
        months = self.snapshot.once(("finest", self.known), self._every_month)
        units = self.snapshot.tree.ids
        return replace(self, periods=months, groups=tuple(units), group_of=np.arange(len(units), dtype=np.int32))

    def _every_month(self) -> tuple[Period, ...]:
        months = [Month.at(int(number)) for number in self._told]
        return tuple(Period(str(month), month.first, month.last) for month in months)

    def from_table(self, table: Table) -> Array:
        """Return groups × periods × codes of a table of units × the months of `finest` × codes."""
        columns = np.searchsorted(self._told, self.bounds)
        first, stop = int(columns.min()), int(columns.max())
        return _between(self.by_group(table[:, first:stop]), columns - first)

    def before_period(self, table: Table) -> Array:
        """Return the sums over all months before each period, of a table as for `from_table`."""
        columns = np.searchsorted(self._told, self.bounds[:, 0])
        return _between(self.by_group(table), np.stack((np.zeros_like(columns), columns), axis=1))

    @cached_property
    def _told(self) -> NDArray[np.int64]:
        """The months in which anything happened by A, and A's."""
        last = month_number(self.known)
        told = self.snapshot.months_told
        return np.append(told[told < last], last)


def _between(array: Array, columns: NDArray[np.integer]) -> Array:
    """Return the sums over each pair of `columns` (start, stop) along the second axis."""
    if len(columns) == 1:
        start, stop = columns[0]
        whole: Array = array[:, start:stop].sum(axis=1, keepdims=True)
        return whole
    upto = np.zeros((array.shape[0], array.shape[1] + 1, *array.shape[2:]))
    np.cumsum(array, axis=1, out=upto[:, 1:])
    return upto[:, columns[:, 1]] - upto[:, columns[:, 0]]


def number_of_month(day: str) -> pl.Expr:
    """Return the number of the month that holds the date column `day`."""
    return pl.col(day).dt.year().cast(pl.Int32) * 12 + pl.col(day).dt.month().cast(pl.Int32) - 1


Compute = Callable[[Cut], Sums]


def summed(metric: Compute) -> Compute:
    """Let a metric that adds over units and over months be worked out once a version, by unit, month and code."""

    @wraps(metric)
    def answer(cut: Cut) -> Sums:
        numerator, denominator = table_of(cut, metric)
        return Sums(cut.from_table(numerator), None if denominator is None else cut.from_table(denominator))

    return answer


def stock(metric: Compute) -> Compute:
    """Let a metric without a period, which adds over units, be worked out once a version, by unit and code."""

    @wraps(metric)
    def answer(cut: Cut) -> Sums:
        def make() -> Table:
            finest = cut.finest
            return narrow(metric(replace(finest, periods=(Period(None, finest.start, finest.end),))).numerator)

        return Sums(cut.by_group(cut.snapshot.table(("stock", _name(metric), *cut.wanted), make)))

    return answer


def table_of(cut: Cut, metric: Compute) -> tuple[Table, Table | None]:
    """Return the numerators and denominators of a metric that adds, by unit, month of `finest` and code."""
    from_rows = unwrap(metric)

    def make() -> tuple[Table, Table | None]:
        found = from_rows(cut.finest)
        return narrow(found.numerator), None if found.denominator is None else narrow(found.denominator)

    return cut.snapshot.table(("summed", _name(metric), *cut.wanted), make)


def _name(metric: Compute) -> str:
    return f"{metric.__module__}.{metric.__qualname__}"


def narrow(array: Array) -> Table:
    """Return whole numbers in the narrowest type that holds them, anything else unchanged."""
    if not array.size:
        return array
    low, high = array.min(), array.max()
    if not (array == np.rint(array)).all():
        return array
    kind = np.result_type(np.min_scalar_type(int(low)), np.min_scalar_type(int(high)))
    return array.astype(kind)
