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
from scipy import sparse
from scipy.sparse import csgraph

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

    def family(self, part: int) -> tuple[int, Places]:
        """Return what a part is a part of (−1: it is everything), and the other parts of that."""
        units = len(self.tree)
        if part >= units and part - units in self.leaves:
            part -= units
        for above, below in self.families:
            family, _ = np.nonzero(below == part)
            if len(family):
                members = below[family[0]]
                return int(above[family[0]]), members[(members >= 0) & (members != part)]
        return -1, np.zeros(0, dtype=np.intp)

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

    A cell without anybody in it (first count zero) is shown, a cell whose row's total is withheld never.
    """
    empty: Flags = counts[:, :, 0] == 0
    found: Flags = ok(counts) | empty
    # A cell that is all of a total that is shown is known whatever is withheld.
    given = np.zeros_like(found)
    for total in totals:
        found[:, total.columns] &= total.shown[:, None] | empty[:, total.columns]
        alone = (~empty[:, total.columns]).sum(axis=1) == 1
        given[:, total.columns] |= (alone & total.shown)[:, None] & ~empty[:, total.columns]
    # And so is one all of whose parts are known.
    for above, below in reversed(parts.families):
        parts_known = (given[below] | empty[below] | (below < 0)[:, :, None]).all(axis=1)
        given[above] |= parts_known & ~empty[above]
    while True:
        before = int(found.sum())
        for above, below in parts.families:
            _balance_family(counts, found, empty, given, ok, above, below, len(totals) > 0)
        found[len(parts.tree) + parts.leaves] = found[parts.leaves]
        for total in totals:
            _balance_row(counts, found, empty, given, ok, total)
        if int(found.sum()) < before:
            continue
        if not any(_withhold_more(parts, counts, found, empty, ok, total) for total in totals):
            break
    for total in totals:
        # Where a few are, in which months or of which kind, must not be told by where they are not.
        found[np.ix_(~total.shown, total.columns)] = False
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


def _balance_row(counts: Counts, found: Flags, empty: Flags, given: Flags, ok: Fit, total: Total) -> None:
    """Withhold cells of a total's columns until what is withheld may be seen in sum."""
    own, nothing = counts[:, total.columns], empty[:, total.columns] | given[:, total.columns]
    visible = found[:, total.columns]
    while True:
        hidden = ~visible & ~given[:, total.columns]
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


def _withhold_more(parts: Parts, counts: Counts, found: Flags, empty: Flags, ok: Fit, total: Total) -> bool:
    """Withhold one more cell beside each that still follows from all that is shown; return whether there was any."""
    columns = total.columns
    follow = follows(parts, counts, found, total) & ~ok(counts[:, columns]) & ~empty[:, columns]
    done = False
    for part, column in zip(*np.nonzero(follow & ~found[:, columns]), strict=True):
        while part >= 0:
            whole, beside = parts.family(int(part))
            rows = np.concatenate((np.full(len(columns), part), beside))
            places = np.concatenate((columns, np.full(len(beside), columns[column])))
            visible = found[rows, places] & ~empty[rows, places]
            if visible.any():
                smallest = np.where(visible, counts[rows, places, 0], np.inf).argmin()
                found[rows[smallest], places[smallest]] = False
                done = True
                break
            part = whole
    return done


def follows(parts: Parts, counts: Counts, found: Flags, total: Total) -> Flags:
    """Return which cells (parts × the total's columns) follow from the cells and totals that are shown.

    Taking what is shown of parts off what is shown of wholes leaves each withheld cell of a unit's own rows in one sum
    over its total's rest and one over its column's rest, if these are shown at all: it is an edge between two nodes of
    a graph, each sum the edges of a node. A change that no sum shows goes around in the graph's circles. A cell follows
    if no such change touches it; one change made of all circles, each with a weight of its own, tells.
    """
    units, columns = len(parts.tree), total.columns
    own = slice(units, 2 * units)
    unit, column = np.nonzero(~found[own][:, columns] | ~total.shown[own][:, None])
    row = _lowest(parts, total.shown[:, None])[own][unit, 0]
    block = _lowest(parts, found[:, columns])[own][unit, column]
    nobody = parts.everything + 1  # where not even the whole is shown no sum is known
    nodes = np.stack((row, np.where(block == nobody, nobody, nobody + 1 + column * (nobody + 1) + block)))
    change = np.zeros((units, len(columns)), dtype=np.int64)
    change[unit, column] = _circulation(nodes, nobody)
    whole = np.concatenate((np.zeros((1, len(columns)), dtype=np.int64), np.cumsum(change, axis=0)))
    first = np.arange(units)
    subtree = whole[first + np.array(parts.tree.sizes)] - whole[first]
    touched: Flags = np.concatenate((subtree, change, whole[-1:])) != 0
    return ~touched


def _lowest(parts: Parts, seen: Flags) -> Places:
    """Return for each part and column the lowest part at or above it that is shown, or one past the last."""
    everything = parts.everything
    found = np.where(seen, np.arange(everything + 1)[:, None], everything + 1)
    for above, below in parts.families:
        family, member = np.nonzero(below >= 0)
        part = below[family, member]
        found[part] = np.where(seen[part], part[:, None], found[above[family]])
    units = len(parts.tree)
    found[units + parts.leaves] = found[parts.leaves]
    return found


def _circulation(nodes: Places, free: int) -> NDArray[np.int64]:
    """Return weights of the edges that add up to nothing at every node but `free`, with chance in every circle."""
    _, numbered = np.unique(np.append(nodes.ravel(), free), return_inverse=True)
    ends, root = numbered[:-1].reshape(2, -1), int(numbered[-1])
    size = int(numbered.max()) + 1
    edges = ends.shape[1]
    graph = sparse.csr_array((np.ones(edges), (ends[0], ends[1])), shape=(size, size))
    _, part = csgraph.connected_components(graph, directed=False)
    weights = np.random.default_rng(edges).integers(-(2**40), 2**40, edges)
    at = [[] for _ in range(size)]  # type: list[list[int]]
    for edge, (one, other) in enumerate(ends.T):
        at[one].append(edge)
        at[other].append(edge)
    tops = {int(part[root]): root}
    for node in range(size):
        tops.setdefault(int(part[node]), node)
    for top in tops.values():
        order, by = [top], {top: -1}
        for node in order:
            for edge in at[node]:
                other = int(ends[0, edge] + ends[1, edge] - node)
                if other not in by:
                    by[other] = edge
                    order.append(other)
        in_tree = set(by.values())
        balance = {node: sum(int(weights[edge]) for edge in at[node] if edge not in in_tree) for node in order}
        for node in reversed(order[1:]):
            edge = by[node]
            weights[edge] = -balance[node]
            balance[int(ends[0, edge] + ends[1, edge] - node)] -= balance[node]
    return weights
