"""How many different people there are in any months of any part of the organisation, without looking at them again.

A person is counted at the first of their rows that lies in the period: the one before which they were last seen before
the period began. So it is enough to count once, for every unit and month, how many people seen there were last seen in
which earlier month; periods and subtrees are sums of these counts. Nearly everybody stays in one unit, and is counted
there and in every unit above it; only those who moved are counted anew on each level of the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.cut import Array, Cut
from queries.units import Units

Flags = NDArray[np.bool_]
Whole = NDArray[np.integer]
# People last seen in which month, by month, by part of the organisation: units by their own rows, and subtrees.
Counts = tuple[Whole, Whole]


@dataclass(frozen=True, eq=False)
class _Part:
    """Those who moved, in parts of the organisation that do not overlap: all units, or the subtrees of one depth.

    `slot[i]` numbers the person and part of the row `rows[i]`; `part[slot]` is the part's place in its array.
    """

    rows: Whole
    slot: Whole
    part: Whole


@dataclass(frozen=True, eq=False)
class People:
    """Rows of people seen in units and months, in the order of the months.

    `months` are the month numbers told; the rows of `months[k]` are `starts[k]`..`starts[k + 1]`. `moved` says which
    rows are of people seen in several units, or twice in a month. `below` are the units that have units below them,
    `place` is each one's place among them.
    """

    person: Whole
    unit: Whole
    months: NDArray[np.int64]
    starts: NDArray[np.int64]
    moved: Flags
    sizes: NDArray[np.int64]
    below: NDArray[np.int64]
    place: NDArray[np.int64]
    units: _Part
    levels: tuple[_Part, ...]

    @classmethod
    def of(cls, tree: Units, person: Whole, unit: Whole, month: Whole) -> People:
        """Return the rows ready to be counted: people as small whole numbers, units by place, months ascending."""
        first = np.flatnonzero(np.diff(month, prepend=-1))
        starts = np.append(first, len(month))
        sizes = np.array(tree.sizes, dtype=np.int64)
        below = np.flatnonzero(sizes > 1)
        place = np.full(len(sizes), -1, dtype=np.int64)
        place[below] = np.arange(len(below))
        moved = _moved(person, unit, starts)
        rows = np.flatnonzero(moved)
        people, units = person[rows].astype(np.int64), unit[rows]
        levels = []
        depth = tree.frame["depth"].to_numpy()
        for level in range(int(depth.max(initial=-1)) + 1):
            subtree = np.full(len(sizes), -1, dtype=np.int64)
            for top in below[depth[below] == level]:
                subtree[top : top + sizes[top]] = place[top]
            levels.append(_part(rows, people, subtree[units]))
        return cls(
            person, unit, month[first].astype(np.int64), starts, moved, sizes, below, place,
            _part(rows, people, units.astype(np.int64)), tuple(levels),
        )  # fmt: skip

    def counts(self, which: Flags | None) -> Counts:
        """Count the rows `which` (None = all): two arrays, of units by their own rows and of subtrees (of `below`).

        First axis: the place of the month with which a period begins; second: that of the month of the row; third: the
        part. Each cell is the number of people seen in that month and part but not between the two.
        """
        told, units = len(self.months), len(self.sizes)
        own = np.zeros((told, told, units), dtype=np.int32)
        last = np.zeros(int(self.person.max(initial=-1)) + 1, dtype=np.int16)
        for k, rows in enumerate(_slices(self.starts)):
            kept = ~self.moved[rows] if which is None else which[rows] & ~self.moved[rows]
            person = self.person[rows][kept]
            own[: k + 1, k] = _tally(last[person], self.unit[rows][kept], k + 1, units)
            last[person] = k + 1
        upto = np.zeros((told, told, units + 1), dtype=np.int32)
        np.cumsum(own, axis=2, out=upto[:, :, 1:])
        within = upto[:, :, self.below + self.sizes[self.below]] - upto[:, :, self.below]
        self._count(own, self.units, which)
        for level in self.levels:
            self._count(within, level, which)
        for array in (own, within):
            # Not between the two: last seen in any month before the period.
            np.cumsum(array, axis=0, out=array)
        return _narrow(own), _narrow(within)

    def _count(self, counts: Whole, of: _Part, which: Flags | None) -> None:
        """Add those who moved; whoever has several rows in one part and month is counted once."""
        kept = np.ones(len(of.rows), dtype=bool) if which is None else which[of.rows]
        rows, slot = of.rows[kept], of.slot[kept]
        last = np.zeros(len(of.part), dtype=np.int16)
        latest = np.zeros(len(of.part), dtype=np.int32)
        for k, these in enumerate(_slices(np.searchsorted(rows, self.starts))):
            once = _once(slot[these], latest)
            counts[: k + 1, k] += _tally(last[once], of.part[once], k + 1, counts.shape[2])
            last[once] = k + 1

    def over(self, cut: Cut, which: Callable[[], Flags | None], counts: Counts) -> Array:
        """Return groups × periods: how many different people have one of the rows `which`, whose `counts` these are."""
        parts = _parts(cut)
        spans = np.searchsorted(self.months, cut.bounds)
        if parts is None:
            return self._directly(cut, which(), spans)
        own, within = counts
        first, subtree = parts
        found = np.zeros((len(cut.groups), len(cut.periods)))
        for p, (start, stop) in enumerate(spans):
            if start < stop:
                found[~subtree, p] = own[start, start:stop][:, first[~subtree]].sum(axis=0)
                found[subtree, p] = within[start, start:stop][:, self.place[first[subtree]]].sum(axis=0)
        return found

    def _directly(self, cut: Cut, which: Flags | None, spans: NDArray[np.integer]) -> Array:
        """Look at the people themselves: a viewer of several units has groups that are no subtree."""
        found = np.zeros((len(cut.groups), len(cut.periods)))
        for p, (start, stop) in enumerate(spans):
            rows = slice(int(self.starts[start]), int(self.starts[stop]))
            group = cut.group_of[self.unit[rows]]
            kept = group >= 0 if which is None else (group >= 0) & which[rows]
            people = pl.DataFrame({"g": group[kept], "person": self.person[rows][kept]})
            counted = people.group_by("g").agg(pl.col("person").n_unique())
            found[counted["g"].to_numpy(), p] = counted["person"].to_numpy()
        return found


def _moved(person: Whole, unit: Whole, starts: NDArray[np.integer]) -> Flags:
    """Return which rows are of people who are seen in several units, or twice in a month."""
    people = int(person.max(initial=-1)) + 1
    several = np.zeros(people, dtype=bool)
    home = np.full(people, -1, dtype=np.int32)
    latest = np.zeros(people, dtype=np.int32)
    for rows in _slices(starts):
        here, units = person[rows], unit[rows]
        latest[here] = np.arange(len(here), dtype=np.int32)
        several[here[latest[here] != np.arange(len(here))]] = True
        several[here[(home[here] >= 0) & (home[here] != units)]] = True
        home[here] = units
    found = np.empty(len(person), dtype=bool)
    for rows in _slices(starts):
        found[rows] = several[person[rows]]
    return found


def _part(rows: Whole, person: NDArray[np.int64], part: NDArray[np.int64]) -> _Part:
    inside = part >= 0
    parts = int(part.max(initial=0)) + 1
    slots, slot = np.unique(person[inside] * parts + part[inside], return_inverse=True)
    return _Part(rows[inside].astype(np.int32), slot.astype(np.int32), (slots % parts).astype(np.int32))


def _once(slot: Whole, latest: Whole) -> Whole:
    """Return each of `slot` once; `latest` is room for one number a slot."""
    order = np.arange(len(slot), dtype=np.int32)
    latest[slot] = order
    once: Whole = slot[latest[slot] == order]
    return once


def _slices(starts: NDArray[np.integer]) -> Iterator[slice]:
    return (slice(int(start), int(stop)) for start, stop in pairwise(starts))


def _tally(last: Whole, part: Whole, seen: int, parts: int) -> Whole:
    """Return how many rows there are by month last seen (0 = never, else one more than the month's place) and part."""
    return np.bincount(last.astype(np.int64) * parts + part, minlength=seen * parts).reshape(seen, parts)


def _narrow(counts: Whole) -> Whole:
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0))))


def _parts(cut: Cut) -> tuple[NDArray[np.int64], Flags] | None:
    """Return each group's first unit and whether it stands for its subtree; None if a group is anything else."""
    inside = np.flatnonzero(cut.group_of >= 0)
    labels, first, number = np.unique(cut.group_of[inside], return_index=True, return_counts=True)
    start = inside[first]
    sizes = np.array(cut.snapshot.tree.sizes, dtype=np.int64)[start]
    # A subtree lies in one piece, so a group that begins with its top and has its size is the subtree.
    subtree = (number == sizes) & (sizes > 1)
    if len(labels) < len(cut.groups) or not (subtree | (number == 1)).all():
        return None
    return start, subtree
