"""What the management side may ask: closed calendar months, quarters and years, by unit and one more dimension.

A sum over any other months is shown only where it is made of such blocks that are shown: asking again with a month more
or less then tells nothing that was not to be seen anyway. A month lies in its quarter and that in its year, so the
blocks of one part of the organisation are a tree, as the parts are themselves. A code goes with whole years only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from functools import lru_cache

import numpy as np

from queries.cut import Array, Cut, Period, periods
from queries.filters import DIMENSIONS, Filters, Month
from queries.resting import Group, Kind, Some, count, keyed, measure
from queries.suppression import Counts, Flags, Parts, Total, shown

LENGTHS = {"year": 12, "quarter": 3, "month": 1}
# From how many times the minimum group on “all of them” and “none of them” may be told: as many as a share of which
# both parts are large enough must have.
UNIFORM = 2


def fit(group: Group, least: int, counts: Counts) -> Flags:
    """Return whether a group may be seen that counts this many: nobody or `least`, in each of what it counts.

    A rate counts (those it rests on, numerator, denominator) and must not be 0 % or 100 % of a small group.
    """
    if not group.rate:
        enough: Flags = ((counts == 0) | (counts >= least)).all(axis=-1)
        return enough
    resting, numerator, denominator = (counts[..., i] for i in range(3))
    all_or_none = (numerator == 0) | (numerator == denominator)
    mixed: Flags = (resting == 0) | (resting >= UNIFORM * least) | ~all_or_none
    return mixed


def counted(cut: Cut, parts: Parts, group: Group, blocks: tuple[Period, ...]) -> Counts:
    """Return how many people or cases are counted: parts × blocks × codes of the cut × what the group counts.

    Of people who come again also how many of the next larger part are not in this one: a difference tells them.
    """
    asked = replace(cut, periods=blocks)
    found = parts.summed(np.stack([count(name, asked) for name in group.counted], axis=-1))
    if not group.again:
        return found
    found[..., 0] = _each_once(asked, parts, group.counted[0])
    others = np.zeros_like(found[..., :1])
    for above, below in parts.families:
        family, member = np.nonzero(below >= 0)
        part = below[family, member]
        others[part] = found[above[family], ..., :1] - found[part][..., :1]
    others[len(parts.tree) + parts.leaves] = others[parts.leaves]
    return np.concatenate((found, others), axis=-1)


def _each_once(cut: Cut, parts: Parts, name: str) -> Array:
    """Return parts × blocks × codes: how many different people a group counts, level by level of the organisation."""
    units = len(parts.tree)
    own = count(name, cut)
    found = np.zeros((parts.everything + 1, *own.shape[1:]))
    found[units : 2 * units] = own
    ids, depth = parts.tree.ids, parts.tree.frame["depth"].to_numpy()
    for level in range(int(depth.max(initial=-1)) + 1):
        tops = np.flatnonzero(depth == level)
        group_of = np.full(units, -1, dtype=np.int32)
        for place, top in enumerate(tops):
            group_of[top : top + parts.tree.sizes[top]] = place
        found[tops] = measure(name, replace(cut, groups=tuple(ids[top] for top in tops), group_of=group_of))
    everybody = np.zeros(units, dtype=np.int32)
    found[parts.everything] = measure(name, replace(cut, groups=(None,), group_of=everybody))[0]
    return found


@dataclass(frozen=True, eq=False)
class Lattice:
    """The closed months `first`..`last`, and where a group may be shown for blocks of them.

    `cut` is the question in hand; of it only the day of knowledge, the code and the page's dimension filters matter.
    """

    cut: Cut
    parts: Parts
    least: int
    first: Month
    last: Month

    def over(self, group: Group, kind: Kind, start: Month, end: Month) -> Flags:
        """Return where (parts × codes) the group may be shown for the months `start`..`end`."""
        if end < self.first:
            return np.ones((self.parts.everything + 1, len(self.cut.codes) or 1), dtype=bool)
        start = max(start, self.first)
        if kind == "standing":
            return self.at_end(group, end)
        if kind == "distinct":
            return self._block(group, start, end)
        return self._made_of_blocks(group, start, end, ("year",) if self.cut.code else tuple(LENGTHS))

    def _made_of_blocks(self, group: Group, start: Month, end: Month, levels: tuple[str, ...]) -> Flags:
        """Return where the months are made of blocks of the first level, or of finer ones, that are shown."""
        found = np.ones((self.parts.everything + 1, len(self.cut.codes) or 1), dtype=bool)
        if not levels:
            return ~found
        length, places = LENGTHS[levels[0]], self._places(levels[0])
        month = start
        while month <= end:
            begin = _begin(month, length)
            stop = begin + (length - 1)
            whole = month in (begin, self.first) and stop <= end and begin in places
            here = self._shown(group, "sums", levels[0])[:, places[begin]] if whole else np.zeros_like(found)
            if not here.all():
                here = here | self._made_of_blocks(group, month, min(stop, end), levels[1:])
            found &= here
            month = stop + 1
        return found

    def _block(self, group: Group, start: Month, end: Month) -> Flags:
        """Return where the months may be shown if they are one block: whoever comes in two is still one person."""
        for level in ("year",) if self.cut.code else tuple(LENGTHS):
            begin, places = _begin(start, LENGTHS[level]), self._places(level)
            if start in (begin, self.first) and end == begin + (LENGTHS[level] - 1) and begin in places:
                return self._shown(group, "distinct", level)[:, places[begin]]
        return np.zeros((self.parts.everything + 1, len(self.cut.codes) or 1), dtype=bool)

    # --- blocks of one length ----------------------------------------------------------------------------------------

    def blocks(self, level: str) -> tuple[Period, ...]:
        """Return all calendar years, quarters or months whose months are closed."""
        return _blocks(self.first, self.last, level)[0]

    def _places(self, level: str) -> dict[Month, int]:
        return _blocks(self.first, self.last, level)[1]

    def _shown(self, group: Group, kind: Kind, level: str) -> Flags:
        """Return where (parts × blocks × codes) the group may be shown for the blocks of one length."""
        cut = replace(self.cut, periods=self.blocks(level))
        key = ("blocks", astuple(group), kind, *keyed(cut), self.least)
        return cut.snapshot.table(key, lambda: self._work_out(group, kind, level))

    def _work_out(self, group: Group, kind: Kind, level: str) -> Flags:
        blocks = self.blocks(level)
        counts = self._counts(group, blocks)
        n, p, c, _ = counts.shape
        if not p:
            return np.zeros((n, p, c), dtype=bool)
        if self.cut.code is not None:
            return self._by_code(group, kind, counts)
        upper = {"year": None, "quarter": "year", "month": "quarter"}[level]
        totals: list[Total] = []
        if upper is not None:
            above = self._shown(group, kind, upper)[:, :, 0]
            of = [self._places(upper).get(_begin(Month.of(block.start), LENGTHS[upper]), -1) for block in blocks]
            if kind == "sums":
                totals = [Total(np.flatnonzero(np.array(of) == i), above[:, i]) for i in sorted(set(of) - {-1})]
            else:
                counts = np.concatenate((counts, *self._besides(group, counts, level)), axis=-1)
        return self._fitting(group, counts[:, :, 0], totals)[:, :, None]

    def _besides(self, group: Group, counts: Counts, level: str) -> list[Counts]:
        """Return, for each longer kind of block, who came in it but not in the shorter one: they must fit as well."""
        found = []
        for upper in ("year", "quarter")[: list(LENGTHS).index(level)]:
            of = [self._places(upper).get(_begin(Month.of(b.start), LENGTHS[upper]), -1) for b in self.blocks(level)]
            if max(of, default=-1) >= 0:
                longer = self._counts(group, self.blocks(upper))[:, of, :, :1]
                found.append(np.where(np.array(of)[:, None, None] >= 0, longer - counts[..., :1], 0.0))
        return found

    def _by_code(self, group: Group, kind: Kind, counts: Counts) -> Flags:
        """Return where a year's codes may be shown; they add up to the year where no case is in two of them."""
        whole = replace(self, cut=replace(self.cut, code=None, codes=()))
        above = whole._shown(group, kind, "year")[:, :, 0]
        found = []
        all_codes = whole._counts(group, self.blocks("year"))[:, :, 0]
        for year in range(counts.shape[1]):
            found.append(self._of_total(group, counts[:, year], all_codes[:, year], above[:, year]))
        return np.stack(found, axis=1)

    def _of_total(self, group: Group, counts: Counts, total: Counts, above: Flags) -> Flags:
        """Return where (parts × codes) codes may be shown whose total is shown where `above` says."""
        if group.divided:
            return self._fitting(group, counts, [Total(np.arange(counts.shape[1]), above)])
        rest = total[:, None, :1] - counts[..., :1]
        found = self._fitting(group, np.concatenate((counts, rest), axis=-1), [])
        return found & above[:, None]

    def apart(self, some: Some, start: Month, end: Month) -> Flags:
        """Return where (parts × 1) those with some codes are known from what is shown of all codes anyway."""
        group = Group((some.group,))
        whole = replace(self, cut=replace(self.cut, code=None, codes=()))
        codes = tuple(code for code, _ in DIMENSIONS[some.dimension])
        hidden = ~replace(self, cut=replace(self.cut, code=some.dimension, codes=codes)).over(group, "sums", start, end)
        these = np.isin(np.arange(len(codes)), some.places)
        split = hidden[:, these].any(axis=1) & hidden[:, ~these].any(axis=1)
        known: Flags = whole.over(group, "sums", start, end)[:, 0] & ~split
        return known[:, None]

    def at_end(self, group: Group, month: Month) -> Flags:
        """Return where (parts × codes) the group may be shown as it stood at the end of a month."""
        block = Period(None, month.first, month.last)
        cut = self.cut
        key = ("standing", astuple(group), *keyed(replace(cut, periods=(block,))), self.least)

        def work_out() -> Flags:
            counts = self._counts(group, (block,))
            if cut.code is None:
                return self._fitting(group, counts[:, :, 0], [])
            whole = replace(self, cut=replace(cut, code=None, codes=()))
            total = whole._counts(group, (block,))[:, 0, 0]
            return self._of_total(group, counts[:, 0], total, whole.at_end(group, month)[:, 0])

        return cut.snapshot.table(key, work_out)

    def _counts(self, group: Group, blocks: tuple[Period, ...]) -> Counts:
        return counted(self.cut, self.parts, group, blocks)

    def _fitting(self, group: Group, counts: Counts, totals: Sequence[Total]) -> Flags:
        return shown(self.parts, counts, lambda cells: fit(group, self.least, cells), totals)


@lru_cache(maxsize=64)
def _blocks(first: Month, last: Month, level: str) -> tuple[tuple[Period, ...], dict[Month, int]]:
    """Return the closed calendar blocks of one length, and the place of each by its first month."""
    length = LENGTHS[level]
    if last < first:
        return (), {}
    # Before the first month there is nothing, so the first quarter and the first year may begin before it.
    every = periods(Filters(_begin(first, length), last), level)
    whole = tuple(period for period in every if Month.of(period.end) - Month.of(period.start) == length - 1)
    return whole, {Month.of(block.start): place for place, block in enumerate(whole)}


def _begin(month: Month, length: int) -> Month:
    """Return the first month of the calendar block of this length that holds `month`."""
    return Month(month.year, (month.month - 1) // length * length + 1)
