"""The organisation as a tree: order, subtrees, and headcounts by unit and month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.errors import QueryError
from queries.filters import Month

Matrix = NDArray[np.int64]


@dataclass(frozen=True)
class Units:
    """All units in tree order: a parent before its children, siblings by `branch_id`; a subtree is a slice.

    `frame` has the columns of `branches` and `depth`; `sizes[i]` is the number of units in the subtree of unit `i`.
    """

    frame: pl.DataFrame
    sizes: tuple[int, ...]
    index: dict[str, int] = field(repr=False)

    @classmethod
    def of(cls, branches: pl.DataFrame) -> Units:
        """Return the tree over the rows of `branches`; a unit whose parent is unknown counts as a root."""
        ids: list[str] = branches["branch_id"].to_list()
        parents = dict(zip(ids, branches["parent_id"].to_list(), strict=True))
        children: dict[str | None, list[str]] = {}
        for unit in sorted(ids):
            parent = parents[unit]
            children.setdefault(parent if parent in parents else None, []).append(unit)
        order: list[str] = []
        depth: list[int] = []
        sizes: dict[str, int] = {}
        stack: list[tuple[str, int, bool]] = [(unit, 0, False) for unit in reversed(children.get(None, []))]
        while stack:
            unit, level, left = stack.pop()
            if left:
                sizes[unit] = 1 + sum(sizes[child] for child in children.get(unit, []))
                continue
            order.append(unit)
            depth.append(level)
            stack.append((unit, level, True))
            stack.extend((child, level + 1, False) for child in reversed(children.get(unit, [])))
        place = pl.DataFrame(
            {"branch_id": order, "depth": depth}, schema={"branch_id": pl.String, "depth": pl.Int16}
        ).with_row_index("place")
        frame = branches.join(place, on="branch_id", how="inner").sort("place").drop("place")
        return cls(frame, tuple(sizes[unit] for unit in order), {unit: i for i, unit in enumerate(order)})

    def __len__(self) -> int:
        return len(self.sizes)

    @cached_property
    def ids(self) -> list[str]:
        """The unit codes in tree order."""
        return self.frame["branch_id"].to_list()

    @cached_property
    def _parents(self) -> list[str | None]:
        return self.frame["parent_id"].to_list()

    def at(self, unit: str) -> int:
        """Return the unit's place in tree order; QueryError names near misses."""
        found = self.index.get(unit)
        if found is None:
            from difflib import get_close_matches

            near = get_close_matches(unit, self.index, n=3)
            raise QueryError(f"unit {unit!r} does not exist" + (f"; did you mean {', '.join(near)}?" if near else ""))
        return found

    def span(self, unit: str) -> range:
        """Return the places of the unit and all its descendants."""
        first = self.at(unit)
        return range(first, first + self.sizes[first])

    def children(self, unit: str | None) -> list[str]:
        """Return the direct children of `unit`, or the roots."""
        ids = self.ids
        places = range(len(self)) if unit is None else self.span(unit)[1:]
        found, at = [], places.start
        while at < places.stop:
            found.append(ids[at])
            at += self.sizes[at]
        return found

    @cached_property
    def opened_on(self) -> dict[str, date | None]:
        """The day each unit opened, None where nobody said."""
        return dict(zip(self.frame["branch_id"], self.frame["opened_on"], strict=True))

    @cached_property
    def closed_on(self) -> dict[str, date | None]:
        """The last day of each unit that was wound up, None of the others."""
        return dict(zip(self.frame["branch_id"], self.frame["closed_on"], strict=True))

    def parent(self, unit: str) -> str | None:
        """Return the unit above, or None for a root."""
        parent = self._parents[self.at(unit)]
        return parent if parent in self.index else None

    def covers(self, uppers: Iterable[str], unit: str) -> bool:
        """Return whether `unit` lies in the subtree of one of `uppers`."""
        place = self.at(unit)
        return any(place in self.span(upper) for upper in uppers if upper in self.index)


@dataclass(frozen=True)
class Headcounts:
    """Employees, union and Party members by unit and month, gaps filled as the definition of headcount says.

    Each matrix is units × months from `first` on; months outside it take the nearest column. `life` holds the month
    numbers of opening and closing; outside them a unit counts nobody. `came` says where a month's row was handed in.
    """

    first: Month
    employees: Matrix
    union_members: Matrix
    party_members: Matrix
    opened: Matrix
    closed: Matrix
    came: NDArray[np.bool_]

    @classmethod
    def of(cls, units: Units, rows: pl.DataFrame) -> Headcounts:
        """Return the filled matrices; `rows` has u, m (month number), employees, union_members, party_members."""
        low, high = (rows["m"].min(), rows["m"].max()) if rows.height else (0, 0)
        assert isinstance(low, int) and isinstance(high, int)
        shape = (len(units), high - low + 1)
        u, m = rows["u"].to_numpy(), rows["m"].to_numpy() - low
        filled: dict[str, Matrix] = {}
        for column in ("employees", "union_members", "party_members"):
            raw = np.full(shape, np.nan)
            raw[u, m] = rows[column].cast(pl.Float64).to_numpy()
            filled[column] = _carry(raw)
        came = np.zeros(shape, dtype=bool)
        came[u, m] = True
        opened = _month_numbers(units.frame["opened_on"], -1)
        closed = _month_numbers(units.frame["closed_on"], 10**6)
        return cls(first=Month.at(low), opened=opened, closed=closed, came=came, **filled)

    def handed_in(self, place: int, month: Month) -> bool:
        """Return whether the month's row of the unit at `place` was handed in."""
        at = month - self.first
        return 0 <= at < self.came.shape[1] and bool(self.came[place, at])

    def over(self, which: str, months: range) -> Matrix:
        """Return units × months of `employees`, `union_members` or `party_members` for month numbers `months`."""
        matrix: Matrix = getattr(self, which)
        numbers = np.arange(months.start, months.stop)
        columns = np.clip(numbers - self.first.index, 0, matrix.shape[1] - 1)
        alive = (numbers >= self.opened[:, None]) & (numbers <= self.closed[:, None])
        return np.where(alive, matrix[:, columns], 0)


def _month_numbers(days: pl.Series, missing: int) -> Matrix:
    numbers = days.dt.year().cast(pl.Int64) * 12 + days.dt.month().cast(pl.Int64) - 1
    return numbers.fill_null(missing).to_numpy()


def _carry(raw: NDArray[np.float64]) -> Matrix:
    """Fill gaps with the latest earlier month, else the earliest later one, else 0."""
    for values in (raw, raw[:, ::-1]):  # forwards, then what is still empty backwards
        known = ~np.isnan(values)
        last = np.where(known, np.arange(values.shape[1]), -1)
        np.maximum.accumulate(last, axis=1, out=last)
        rows = np.arange(values.shape[0])[:, None]
        values[:] = np.where(last >= 0, values[rows, np.maximum(last, 0)], values)
    return np.nan_to_num(raw, nan=0.0).astype(np.int64)


def month_number(day: date) -> int:
    """Return the number of the month that holds `day`."""
    return day.year * 12 + day.month - 1
