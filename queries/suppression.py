"""Which cells of a table may be shown: small ones are withheld, and so much more that no difference gives them away.

The rows of a table are the parts of the organisation, each the sum of those below it; its columns are periods or codes
that may add up to a total as well. A cell is a vector of counts of people or cases; `ok` says whether such a vector may
be seen. What is withheld of one family of rows, or of one row's columns, must in sum be fit to be seen, because
whoever takes what is shown off the total sees that sum. A part that is withheld is withheld with all its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from queries.units import Units

Counts = NDArray[np.float64]  # parts of the organisation × columns × what each cell counts
Flags = NDArray[np.bool_]
Places = NDArray[np.intp]
Fit = Callable[[Counts], Flags]  # whether vectors along the last axis may be seen


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of the organisation that an answer can be about, as rows of a table.

    Row `u` is the subtree of unit `u`, row `units + u` its own rows alone, the last row everything.
    """

    tree: Units

    @property
    def everything(self) -> int:
        """The row of all units together."""
        return 2 * len(self.tree)

    def summed(self, own: Counts) -> Counts:
        """Return the counts of all parts from those of each unit's own rows."""
        upto = np.concatenate((np.zeros((1, *own.shape[1:])), np.cumsum(own, axis=0)))
        first = np.arange(len(self.tree))
        whole = upto[first + np.array(self.tree.sizes, dtype=np.intp)] - upto[first]
        return np.concatenate((whole, own, upto[-1:]))

    def of_group(self, inside: Places) -> list[int]:
        """Return the fewest rows that together are the units at these places (ascending)."""
        found: list[int] = []
        place = 0
        while place < len(inside):
            unit = int(inside[place])
            size = self.tree.sizes[unit]
            if place + size <= len(inside) and inside[place + size - 1] == unit + size - 1:
                found.append(unit)
                place += size
            else:
                found.append(len(self.tree) + unit)
                place += 1
        return found

    @cached_property
    def families(self) -> tuple[tuple[Places, Places], ...]:
        """Level by level from the top: the parts that have parts, and those parts (padded with −1)."""
        units = len(self.tree)
        depth = self.tree.frame["depth"].to_numpy()
        tops = [u for u in range(units) if depth[u] == 0]
        levels = [[(self.everything, tops)]] if tops else []
        for level in range(int(depth.max(initial=-1)) + 1):
            found = []
            for unit in np.flatnonzero(depth == level):
                if self.tree.sizes[unit] > 1:
                    below, place = [units + int(unit)], int(unit) + 1
                    while place < unit + self.tree.sizes[unit]:
                        below.append(place)
                        place += self.tree.sizes[place]
                    found.append((int(unit), below))
            if found:
                levels.append(found)
        return tuple(
            (np.array([part for part, _ in level], dtype=np.intp), _padded([below for _, below in level]))
            for level in levels
        )

    @cached_property
    def leaves(self) -> Places:
        """Units without units below them: their own rows are their subtree."""
        return np.flatnonzero(np.array(self.tree.sizes) == 1)


def _padded(lists: Sequence[Sequence[int]]) -> Places:
    found = np.full((len(lists), max(map(len, lists))), -1, dtype=np.intp)
    for row, values in zip(found, lists, strict=True):
        row[: len(values)] = values
    return found


@dataclass(frozen=True, eq=False)
class Total:
    """Columns that add up to a total seen elsewhere: which columns, and in which rows that total is shown."""

    columns: Places
    shown: Flags


def shown(parts: Parts, counts: Counts, ok: Fit, totals: Sequence[Total] = ()) -> Flags:
    """Return which cells (parts × columns) may be shown, given which totals of the columns are.

    A cell without anybody in it (first count zero) is always shown, a cell whose row's total is withheld never.
    """
    empty: Flags = counts[:, :, 0] == 0
    found: Flags = ok(counts) | empty
    # A cell that is all of a total that is shown is known whatever is withheld.
    given = np.zeros_like(found)
    for total in totals:
        found[:, total.columns] &= total.shown[:, None] | empty[:, total.columns]
        alone = (~empty[:, total.columns]).sum(axis=1) == 1
        given[:, total.columns] |= (alone & total.shown)[:, None] & ~empty[:, total.columns]
    while True:
        before = int(found.sum())
        for above, below in parts.families:
            _balance_family(counts, found, empty, given, ok, above, below, len(totals) > 0)
        found[len(parts.tree) + parts.leaves] = found[parts.leaves]
        for total in totals:
            _balance_row(counts, found, empty, ok, total)
        if int(found.sum()) == before:
            return found


def _balance_family(
    counts: Counts, found: Flags, empty: Flags, given: Flags, ok: Fit, above: Places, below: Places, rows_tell: bool
) -> None:
    """Withhold parts of families until what is withheld of each may be seen in sum; if that cannot be, the whole."""
    there = (below >= 0)[:, :, None]
    own = np.where(there[..., None], counts[below], 0.0)  # families × members × columns × counts
    nothing = empty[below] | ~there
    known = given[below]
    while True:
        seen = found[above]
        # What the whole does not tell, its parts must not tell either.
        visible = (found[below] & seen[:, None]) | nothing
        hidden = ~visible & ~known
        rest = np.where(hidden[..., None], own, 0.0).sum(axis=1)
        several = hidden.sum(axis=1)
        # One part alone is told by the difference; where rows add up too, that would give away what it protects.
        bad = seen & (several > 0) & (~ok(rest) | ((several == 1) & rows_tell))
        changed = visible & ~nothing & ~known & bad[:, None]
        with_it = ok(rest[:, None] + own)
        weight = np.where(changed, own[..., 0] + np.where(with_it, 0.0, 1e12), np.inf)
        second = weight.argmin(axis=1)
        possible = np.take_along_axis(weight, second[:, None], axis=1)[:, 0] < np.inf
        family, column = np.nonzero(bad & possible)
        visible[family, second[family, column], column] = False
        stuck = bad & ~possible
        if stuck.any():
            row, column_stuck = np.nonzero(stuck)
            found[above[row], column_stuck] = False
        rows, members = np.nonzero(below >= 0)
        found[below[rows, members]] = visible[rows, members]
        if not bad.any():
            return


def _balance_row(counts: Counts, found: Flags, empty: Flags, ok: Fit, total: Total) -> None:
    """Withhold cells of a total's columns until what is withheld may be seen in sum."""
    own, nothing = counts[:, total.columns], empty[:, total.columns]
    visible = found[:, total.columns]
    while True:
        hidden = ~visible
        rest = np.where(hidden[..., None], own, 0.0).sum(axis=1)
        several = hidden.sum(axis=1)
        bad = total.shown & (several > 0) & (~ok(rest) | (several == 1))
        changed = visible & ~nothing & bad[:, None]
        with_it = ok(rest[:, None] + own)
        weight = np.where(changed, own[..., 0] + np.where(with_it, 0.0, 1e12), np.inf)
        second = weight.argmin(axis=1)
        row = np.flatnonzero(bad & (weight.min(axis=1) < np.inf))
        if not len(row):
            break
        visible[row, second[row]] = False
    found[:, total.columns] = visible
