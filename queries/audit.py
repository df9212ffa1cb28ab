"""Whether anybody can be found in what a role may see: all answers it may ask for, solved for single people and cases.

Every cell of every permitted answer is asked for as a page would ask (`queries/answers.py`). Unknown is how many people
or cases a group (`queries/resting.py`) has in each unit and month, and in each unit, period and code; each figure that
is not withheld is a sum of unknowns, each shown 0 makes all of its unknowns 0, and codes add up to their period. What
is known then is exactly what lies in the space of these sums (`queries/audit_solver.py`). Found is every cell with
fewer than the minimum, of any group, that lies in it: of any part of the organisation (with and without the units
below), month, quarter, year and code, also those that no page draws.

For the management side a group is all that a result tells, numerators and what they leave out of the denominator too;
asked are all closed months, quarters and years, and all codes of whole years. Its other periods are sums of these.
For a role that sees any period (`executive`, `admin`) each calendar year and all months together are solved, each by
itself; a group is then what a result rests on: that 1 of 30 cases is late may be seen, as 30 is enough.

People who are counted once however often they come do not add up; of them every shown cell, and the difference of every
two shown cells of which one holds the other, must be nobody or enough.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl

from queries.answers import ask, grid
from queries.audit_solver import Known
from queries.cut import Array, Cut, Period, periods
from queries.disclosure import facts, last_closed, minimum_group
from queries.filters import Filters, Month
from queries.metric import Definition, Metric
from queries.metrics import METRICS
from queries.resting import RESTS, Rests, count, rests
from queries.snapshot import Snapshot
from queries.supporting import SUPPORTING
from queries.viewers import Role, Viewer

BLOCKS = ("year", "quarter", "month")
CATALOGUE = (*METRICS.values(), *SUPPORTING.values())

# Groups that are sums of others, or others at some codes: what is known of the one is known of the other.
_STAGES = "stage"
SAME: dict[str, tuple[tuple[int, str, tuple[int, ...]], ...]] = {
    "withdrawal_rate.d": ((1, "withdrawal_rate.n", ()), (1, "resolution_rate:recorded.d", ())),
    "mediation_success_rate:mediated.d": ((1, "resolution_rate:recorded.d", (1,)),),
    "mediation_success_rate:disputes.d": ((1, "resolution_rate:recorded.d", (1, 2, 3)),),
    "escalation_rate.n": ((1, "grievances_received.n", (2, 3)),),
}


@dataclass(frozen=True, eq=False)
class Found:
    """What an audit found: `cells` are those with too few that follow from the permitted answers."""

    answers: int
    figures: int
    sums: int
    small: int
    cells: tuple[str, ...]

    def __add__(self, other: Found) -> Found:
        return Found(
            self.answers + other.answers, self.figures + other.figures, self.sums + other.sums,
            self.small + other.small, self.cells + other.cells,
        )  # fmt: skip


def audit(role: Role, snapshot: Snapshot) -> Found:
    """Solve all answers that a viewer of `role` who may see all units can ask for."""
    found = Found(0, 0, 0, 0, ())
    for span in spans(role, snapshot):
        found += _Audit(Viewer(f"{role}@audit", role), snapshot, span).run()
    return found


def spans(role: Role, snapshot: Snapshot) -> list[tuple[Month, Month]]:
    """Return the first and last months of what is solved together."""
    first, last = snapshot.month_range
    if role == "management":
        return [(Month(first.year, 1), last_closed(snapshot))]
    years = [(max(first, Month(year, 1)), min(last, Month(year, 12))) for year in range(first.year, last.year + 1)]
    return [(first, last), *(span for span in years if span != (first, last))]


@dataclass(frozen=True)
class Cell:
    """One cell: a part of the organisation (`own`: without the units below; no unit: all), months, and a code."""

    unit: str | None
    own: bool
    start: Month
    end: Month
    code: tuple[str, int] | None = None

    def __str__(self) -> str:
        where = "all units" if self.unit is None else f"{self.unit} alone" if self.own else self.unit
        months = str(self.start) if self.start == self.end else f"{self.start}..{self.end}"
        return f"{where} · {months}" + (f" · {self.code[0]} {self.code[1]}" if self.code else "")


Weights = dict[int, int]


@dataclass(eq=False)
class _Audit:
    """One run over one span of months."""

    viewer: Viewer
    snapshot: Snapshot
    span: tuple[Month, Month]
    answers: int = 0
    shown: dict[tuple[str, Cell], None] = field(default_factory=dict)  # in the order told
    people: dict[str, dict[Cell, float]] = field(default_factory=lambda: defaultdict(dict))
    _numbers: dict[object, int] = field(default_factory=dict)
    _tables: dict[object, Array] = field(default_factory=dict)

    def run(self) -> Found:
        """Ask for everything, then solve."""
        for metric in CATALOGUE:
            for definition in metric.definitions:
                resting = rests(metric, definition.id)
                if self._withheld(metric, resting):
                    self._ask(metric, definition, resting)
        known = Known()
        known.tell_all(self._sums())
        cells = [*self._found(known), *self._found_people()]
        figures = len(self.shown) + sum(map(len, self.people.values()))
        return Found(self.answers, figures, len(known), self._small, tuple(cells))

    def _withheld(self, metric: Metric, resting: Rests) -> bool:
        """Return whether small groups of this metric are withheld from the role at all."""
        if self.viewer.sees_cases and metric.family != "engagement":
            return False
        return resting.kind != "nobody" and resting.whole not in _HEADS

    # --- asking ------------------------------------------------------------------------------------------------------

    def _ask(self, metric: Metric, definition: Definition, resting: Rests) -> None:
        """Ask for all units by all blocks and codes, and note what is shown."""
        tree = self.snapshot.tree
        parents = [unit for unit, size in zip(tree.ids, tree.sizes, strict=True) if size > 1]
        scopes = [(None, "unit"), (None, "branch"), *((parent, "branch") for parent in parents)]
        for filters in self._filters(metric):
            for branch, by in scopes:
                here = replace(filters, branch=branch)
                for columns in BLOCKS if metric.has_period else (None,):
                    self._note(metric, definition, resting, here, by, columns)
                for code, _ in metric.codes:
                    for asked in self._with_codes(metric, here):
                        self._note(metric, definition, resting, asked, by, code)
            for columns in (*BLOCKS, None) if metric.has_period else (None,):
                self._note(metric, definition, resting, filters, None, columns)
            for code, _ in metric.codes:
                for asked in self._with_codes(metric, filters):
                    self._note(metric, definition, resting, asked, None, code)

    def _filters(self, metric: Metric) -> list[Filters]:
        whole = Filters(*self.span)
        if metric.has_period or self.viewer.role != "management":
            return [whole]
        return [replace(whole, as_of=block.end) for block in periods(whole, "month")]

    def _with_codes(self, metric: Metric, filters: Filters) -> list[Filters]:
        """Return what codes are asked for: each calendar year of the management side, else the span."""
        if self.viewer.role != "management" or not metric.has_period:
            return [filters]
        years = [(Month.of(year.start), Month.of(year.end)) for year in periods(filters, "year")]
        return [replace(filters, start=start, end=end) for start, end in years]

    def _note(
        self,
        metric: Metric,
        definition: Definition,
        resting: Rests,
        filters: Filters,
        by: str | None,
        columns: str | None,
    ) -> None:
        self.answers += 1
        if by is None or columns is None:
            answer = ask(self.viewer, metric.id, filters, by or columns, definition.id, self.snapshot)
            group, column = (pl.col("group"), pl.lit(None, pl.String))
            frame = answer.frame.with_columns(group=None if by is None else group, column=column if by else group)
        else:
            answer = grid(self.viewer, metric.id, filters, by, columns, definition.id, self.snapshot)
            frame = answer.frame
        blocks = {block.label: block for block in periods(answer.filters, columns)} if columns in BLOCKS else {}
        codes = {code: place for place, (code, _) in enumerate(dict(metric.codes).get(columns or "", ()))}
        asked = answer.filters
        frame = frame.filter(~pl.col("suppressed"), pl.col("value").is_not_null() | (pl.col("denominator") == 0))
        for unit, label, numerator in frame.select("group", "column", "numerator").iter_rows():
            block = blocks.get(label)
            start, end = (Month.of(block.start), Month.of(block.end)) if block else (asked.start, asked.end)
            if resting.kind == "standing":
                start = end = Month.of(answer.data_date) if not metric.has_period else min(end, self.span[1])
            own = by == "unit" or (unit is not None and unit == filters.branch)
            cell = Cell(unit, own, start, end, (str(columns), codes[label]) if codes else None)
            if resting.kind == "distinct":
                if metric.unit != "per_head" and metric.id != "attendances":
                    self.people[resting.whole][cell] = numerator
                continue
            for name in self._told(resting):
                self.shown[name, cell] = None

    def _told(self, resting: Rests) -> list[str]:
        if self.viewer.role != "management":
            return [resting.whole]
        if resting.before:
            return [resting.parts[0], f"{resting.whole} + {resting.before}"]
        if not resting.rate:
            return [resting.whole]
        share = resting.parts[0]
        return [share, f"{share[:-1]}d"]

    # --- unknowns and sums -------------------------------------------------------------------------------------------

    def _unknown(self, *key: object) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    @cached_property
    def _first(self) -> Month:
        """The first month in which anything is counted."""
        return min(self.span[0], self.snapshot.month_range[0])

    def _weights(self, name: str, cell: Cell) -> Weights:
        """Return the sum of unknowns that a group is in a cell."""
        for sign, separator in ((1, " + "), (-1, " - ")):
            first, found, second = name.partition(separator)
            if found:
                before = cell.start.back(1)
                stock = replace(cell, start=before, end=before) if sign > 0 else cell
                return _added((1, self._weights(first, cell)), (sign, self._weights(second, stock)))
        found_sum: Weights = {}
        for unit in self._units(cell):
            if cell.code is not None:
                found_sum[self._unknown(name, unit, cell.start, cell.end, cell.code)] = 1
            elif name in STOCKS:
                found_sum = _added((1, found_sum), (1, self._stock(name, unit, cell.end)))
            else:
                for month in range(cell.end - cell.start + 1):
                    found_sum[self._unknown(name, unit, cell.start + month)] = 1
        return found_sum

    def _stock(self, name: str, unit: int, month: Month) -> Weights:
        """Return what stands at the end of a month: the backlog is all that came before less all that left."""
        if name != "backlog.n":
            return {self._unknown(name, unit, month): 1}
        months = [self._first + i for i in range(month - self._first + 1)]
        return {self._unknown(came, unit, m): sign for came, sign in _BACKLOG for m in months}

    def _units(self, cell: Cell) -> range:
        tree = self.snapshot.tree
        if cell.unit is None:
            return range(len(tree))
        return range(tree.at(cell.unit), tree.at(cell.unit) + 1) if cell.own else tree.span(cell.unit)

    def _sums(self) -> Iterator[Weights]:
        """Yield all that is known at the outset: what is shown, what is nobody, and what adds up."""
        for name, cell in self.shown:
            yield self._weights(name, cell)
            if " + " not in name and not self._count(name, cell):
                for smaller in (name, *self._within[name]):
                    if smaller != "backlog.n":
                        yield from ({unknown: 1} for unknown in self._weights(smaller, cell))
        yield from self._that_add_up()

    def _that_add_up(self) -> Iterator[Weights]:
        for name, dimensions in self._dimensions.items():
            for unit, branch in enumerate(self.snapshot.tree.ids):
                for start, end in self._code_periods(name):
                    whole = self._weights(name, Cell(branch, True, start, end))
                    for dimension, codes in dimensions.items():
                        if name in _DIVIDED:
                            parts = {self._unknown(name, unit, start, end, (dimension, c)): -1 for c in range(codes)}
                            yield _added((1, whole), (1, parts))
        for name, same in SAME.items():
            for unit, branch in enumerate(self.snapshot.tree.ids):
                yield from self._same(name, same, unit, branch)

    def _same(
        self, name: str, same: tuple[tuple[int, str, tuple[int, ...]], ...], unit: int, branch: str
    ) -> Iterator[Weights]:
        """Yield that a group is the sum of others, of all their codes or of some stages."""
        for start, end in self._code_periods(name):
            cell = Cell(branch, True, start, end)
            found = self._weights(name, cell)
            for sign, other, stages in same:
                of_stages = [replace(cell, code=(_STAGES, stage)) for stage in stages] or [cell]
                for one in of_stages:
                    found = _added((1, found), (-sign, self._weights(other, one)))
            yield found
            for dimension, codes in self._dimensions[name].items():
                for code in range(codes):
                    one = replace(cell, code=(dimension, code))
                    if not same[0][2]:
                        parts = [(-sign, self._weights(other, one)) for sign, other, _ in same]
                        yield _added((1, self._weights(name, one)), *parts)
                    elif dimension == _STAGES:
                        within = [(-sign, self._weights(other, one)) for sign, other, has in same if code in has]
                        yield _added((1, self._weights(name, one)), *within)
        if not same[0][2]:
            for month in self._months:
                cell = Cell(branch, True, month, month)
                yield _added((1, self._weights(name, cell)), *((-s, self._weights(o, cell)) for s, o, _ in same))

    @cached_property
    def _months(self) -> list[Month]:
        start, end = self.span
        return [start + i for i in range(end - start + 1)]

    def _code_periods(self, name: str) -> list[tuple[Month, Month]]:
        if _is_stock(name):
            return [(month, month) for month in self._months]
        whole = Filters(*self.span)
        if self.viewer.role != "management":
            return [self.span]
        return [(Month.of(year.start), Month.of(year.end)) for year in periods(whole, "year")]

    @cached_property
    def _dimensions(self) -> dict[str, dict[str, int]]:
        """By group, the dimensions of the results that tell of it, with how many codes each has."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for metric in CATALOGUE:
            codes = {name: len(pairs) for name, pairs in metric.codes}
            for definition in metric.definitions:
                resting = rests(metric, definition.id)
                if resting.kind in ("sums", "standing"):
                    for name in [part for group in resting.groups for part in group.counted]:
                        for part in (*name.split(" - "), name):
                            found[part] |= codes if _has_codes(part) else {}
        return found

    # --- how many there are ------------------------------------------------------------------------------------------

    def _table(self, name: str, start: Month, end: Month, dimension: str | None) -> Array:
        """Return units × months (or, with a dimension, × codes): how many a group counts."""
        key = (name, start, end, dimension)
        if key not in self._tables:
            self._tables[key] = self._work_out(name, start, end, dimension)
        return self._tables[key]

    def _work_out(self, name: str, start: Month, end: Month, dimension: str | None) -> Array:
        known = self.snapshot.data_date
        blocks = tuple(Period(None, (start + i).first, (start + i).last) for i in range(end - start + 1))
        codes: tuple[str, ...] = ()
        if dimension is not None:
            blocks, codes = (Period(None, start.first, end.last),), ("",) * self._dimensions[name][dimension]
        if _is_stock(name) and name != "backlog.n" and self.viewer.role == "management":
            known = min(known, end.last)
        ids = tuple(self.snapshot.tree.ids)
        every = np.arange(len(ids), dtype=np.int32)
        cut = Cut(facts(self.viewer, self.snapshot), known, blocks, ids, every, dimension, codes, {})
        found = count(name, cut)
        return found[:, 0] if dimension is not None else found[:, :, 0]

    def _count(self, name: str, cell: Cell) -> int:
        units = self._units(cell)
        table = self._table(name, cell.start, cell.end, cell.code and cell.code[0])[units.start : units.stop]
        if cell.code is not None:
            return int(table[:, cell.code[1]].sum())
        return int(table[:, -1].sum() if _is_stock(name) else table.sum())

    @cached_property
    def _within(self) -> dict[str, set[str]]:
        """By group, those that lie in it: where it is nobody they are nobody."""
        found: dict[str, set[str]] = defaultdict(set)
        for resting in RESTS.values():
            for part in resting.parts:
                whole, _, inside = part.partition(" - ")
                found[whole] |= {inside} - {""}
        for _ in tuple(found):
            for inner in found.values():
                inner |= {deeper for name in tuple(inner) for deeper in found.get(name, ())}
        return found

    # --- solving -----------------------------------------------------------------------------------------------------

    _small: int = 0

    def _found(self, known: Known) -> Iterator[str]:
        """Yield every cell with too few that is known."""
        least = minimum_group()
        for name in self._told_of:
            dimensions = self._dimensions[name]
            for cell in self._cells(name, dimensions):
                if 0 < self._count(name, cell) < least:
                    self._small += 1
                    if known.follows(self._weights(name, cell)):
                        yield f"{self._count(name, cell)} of {name}: {cell}"

    @cached_property
    def _told_of(self) -> list[str]:
        """The groups that must not be found when they are small."""
        found: dict[str, None] = {}
        for metric in CATALOGUE:
            for definition in metric.definitions:
                resting = rests(metric, definition.id)
                if resting.kind in ("sums", "standing") and self._withheld(metric, resting):
                    found[resting.whole] = None
                    if self.viewer.role == "management":
                        found |= dict.fromkeys(resting.parts)
        return list(found)

    def _cells(self, name: str, dimensions: dict[str, int]) -> Iterator[Cell]:
        months = [(month, month) for month in self._months]
        blocks = [(Month.of(b.start), Month.of(b.end)) for level in BLOCKS for b in periods(Filters(*self.span), level)]
        tree = self.snapshot.tree
        for unit in (None, *tree.ids):
            for own in (False,) if unit is None or tree.sizes[tree.at(unit)] == 1 else (False, True):
                for start, end in months if _is_stock(name) else blocks:
                    yield Cell(unit, own, start, end)
                for start, end in self._code_periods(name):
                    for dimension, codes in dimensions.items():
                        for code in range(codes):
                            yield Cell(unit, own, start, end, (dimension, code))

    def _found_people(self) -> Iterator[str]:
        """Yield what is too small among people, who may come again: a shown cell, or one less another within it."""
        least = minimum_group()
        for name, cells in self.people.items():
            for cell, number in cells.items():
                if 0 < number < least:
                    yield f"{number:g} of {name}: {cell}"
            for cell, number in cells.items():
                for other in self._around(cell):
                    if 0 < cells.get(other, number) - number < least:
                        yield f"{cells[other] - number:g} of {name}: {other} less {cell}"

    def _around(self, cell: Cell) -> Iterator[Cell]:
        """Yield the cells next above: the unit above, the longer block, all codes."""
        tree = self.snapshot.tree
        if cell.unit is not None:
            above = cell.unit if cell.own and tree.sizes[tree.at(cell.unit)] > 1 else tree.parent(cell.unit)
            yield replace(cell, unit=above, own=False)
        if cell.code is not None:
            yield replace(cell, code=None)
        for length in (3, 12):
            start = Month(cell.start.year, (cell.start.month - 1) // length * length + 1)
            yield replace(cell, start=start, end=start + (length - 1))


STOCKS = {resting.whole for resting in RESTS.values() if resting.kind == "standing"} | {"open_grievances.n"}
_HEADS = {"union_membership_rate.d"}
_DIVIDED = {
    name
    for resting in RESTS.values()
    if resting.divided and resting.kind in ("sums", "standing")
    for group in resting.groups
    for counted in group.counted
    for name in (counted, *counted.split(" - "))
}
_BACKLOG = (("closure_rate:received.d", 1), ("reopen_rate.d", -1))


def _has_codes(name: str) -> bool:
    """Return whether a group has codes: whoever took part in a survey did so with all its questions."""
    return "survey_response_rate" not in name


def _is_stock(name: str) -> bool:
    """Return whether a group is counted as it stands at the end of a month."""
    return name.partition(" - ")[0] in STOCKS


def _added(*sums: tuple[int, Weights]) -> Weights:
    found: Weights = {}
    for sign, weights in sums:
        for unknown, weight in weights.items():
            found[unknown] = found.get(unknown, 0) + sign * weight
    return {unknown: weight for unknown, weight in found.items() if weight}
