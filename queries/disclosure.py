"""Disclosure control, the last step before an answer: nobody can be told from a small group.

Whoever may not see single cases gets no figure that rests on fewer than `minimum_group()` people or cases, and what
would give such a figure away by subtraction is withheld too (`queries/suppression.py`). The management side sees only
closed months, as they were when they closed, by unit and one more dimension (`queries/lattice.py`), and no figure that
tells a small group of a large one apart (`queries/resting.py`).

`reason` says why a cell is withheld: `small` fewer than the minimum; `complement` a difference would give a small
group away; `uniform` all or none of a small group; `period` no calendar month, quarter or year that is large enough by
itself; `open` a month that is not closed; `detail` finer than unit × one more dimension.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from datetime import date
from functools import cached_property, reduce
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.closed import closed
from queries.cut import Cut, Period, periods
from queries.errors import NotAllowed, QueryError
from queries.filters import DIMENSIONS, Filters, Month
from queries.lattice import LENGTHS, Lattice, counted, fit
from queries.metric import Definition, Metric
from queries.resting import RESTS, Group, Kind, Rests, keyed, measure, rests
from queries.snapshot import Snapshot
from queries.suppression import Counts, Flags, Parts, Total, shown
from queries.viewers import Viewer

MINIMUM_GROUP = 5  # as in Culture Amp, Glint and official statistics
LOWEST_MINIMUM = 3  # below three, each of two people could tell the other's answer
FIGURES = ("numerator", "denominator", "value", "low", "high")
Reason = Literal["small", "complement", "uniform", "period", "open", "detail"]


def minimum_group() -> int:
    """Return the least group that is shown, `DASHBOARD_MINIMUM_GROUP`; QueryError below three."""
    text = os.environ.get("DASHBOARD_MINIMUM_GROUP", str(MINIMUM_GROUP))
    if not text.isdigit() or int(text) < LOWEST_MINIMUM:
        raise QueryError(f"DASHBOARD_MINIMUM_GROUP={text}: a whole number of at least {LOWEST_MINIMUM}")
    return int(text)


def last_closed(snapshot: Snapshot) -> Month:
    """Return the last closed month; the one before the first with data where none is closed."""
    last = snapshot.closings["m"].max()
    return Month.at(last) if isinstance(last, int) else snapshot.month_range[0].back(1)


def facts(viewer: Viewer, snapshot: Snapshot) -> Snapshot:
    """Return what this viewer's figures are computed from: for the management side the months as they closed."""
    return closed(snapshot) if viewer.role == "management" else snapshot


def permitted(viewer: Viewer, metric: Metric, filters: Filters, snapshot: Snapshot) -> Filters:
    """Return the filters that are answered: for the management side up to the last closed month, as it was then.

    A period that lies wholly in open months stays as it is; its figures are withheld. NotAllowed for a day of knowledge
    of the visitor's choice: two days apart tell what happened in between.
    """
    if viewer.role != "management":
        return filters
    last = last_closed(snapshot)
    if metric.has_period:
        if filters.as_of is not None and filters.as_of < snapshot.data_date:
            raise NotAllowed("the management side sees closed months as they were when they closed: leave as_of out")
        known = None
    else:
        # How things stood at the end of a closed month.
        known = last.last if filters.as_of is None else min(_month_end(filters.as_of), last.last)
    return replace(filters, end=max(filters.start, min(filters.end, last)), as_of=known)


def _month_end(day: date) -> date:
    """Return the day if a month ends with it, else the last day of the month before."""
    month = Month.of(day)
    return day if day == month.last else month.back(1).last


def protected(viewer: Viewer, metric: Metric, definition: Definition, cut: Cut, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with `suppressed` and `reason`, the suppressed ones without figures."""
    resting = rests(metric, definition.id)
    if viewer.role == "operator" or (viewer.sees_cases and metric.family != "engagement"):
        why = None
    elif viewer.role == "management":
        why = _Closed(cut, metric, resting).why()
    elif resting.kind == "nobody":
        why = None
    else:
        why = _Open(cut, metric, resting).why()
    reasons = [None] * rows.height if why is None else why.ravel().tolist()
    hidden = pl.Series("suppressed", [reason is not None for reason in reasons], pl.Boolean)
    figures = {name: rows[name] for name in FIGURES}
    if hidden.any():
        nothing = pl.Series([None], dtype=pl.Float64)
        figures = {name: nothing.zip_with(hidden, figure).rename(name) for name, figure in figures.items()}
    # Put together from whole columns: an expression would wait its turn in the engine that all visitors share.
    kept = [figures.get(name, rows[name]) for name in rows.columns]
    return pl.DataFrame([*kept, pl.Series("reason", reasons, pl.String), hidden])


@dataclass(frozen=True, eq=False)
class _Control:
    """One question and what its answer rests on."""

    cut: Cut
    metric: Metric
    resting: Rests

    @cached_property
    def parts(self) -> Parts:
        """The parts of the organisation of this version."""
        return self.cut.snapshot.once("parts", lambda: Parts(self.cut.snapshot.tree))

    @cached_property
    def least(self) -> int:
        """The least group shown."""
        return minimum_group()

    @property
    def by_time(self) -> bool:
        """Whether the question is grouped by months, quarters or years."""
        return self.cut.periods[0].label is not None

    def seen(self, flags: Flags) -> Flags:
        """Return which cells may be seen, from what (parts × periods × codes) may be shown."""
        group_of = self.cut.group_of
        inside = np.flatnonzero(group_of >= 0)
        members = [self.parts.of_group(inside[group_of[inside] == g]) for g in range(len(self.cut.groups))]
        found = np.stack([flags[part].all(axis=0) for part in members])
        found = np.broadcast_to(found, self.cut.shape)
        # Of people who come again there are fewer in a part than in its parts together.
        return found & ~self.small if self.resting.kind == "distinct" else found

    @cached_property
    def small(self) -> Flags:
        """Which cells (groups × periods × codes) rest on too few."""
        cut, counted = self.cut, self.resting.whole_group.counted

        def work_out() -> Flags:
            found = [measure(name, cut) for name in counted]
            few: Flags = (found[0] > 0) & np.any([numbers < self.least for numbers in found], axis=0)
            return few

        # Different people are counted anew for every group; several metrics rest on the same ones.
        key = ("small", counted, cut.groups, cut.group_of.tobytes(), *keyed(cut), self.least)
        return cut.snapshot.table(key, work_out)


class _Open(_Control):
    """For whoever sees all months: each period by itself, its parts and its codes."""

    def why(self) -> NDArray[np.object_]:
        """Return why each cell is withheld, None where it is shown."""
        seen = self.seen(self.shown())
        reason = np.full(self.cut.shape, None, dtype=object)
        if not seen.all():
            reason[~seen] = np.where(self.small, "small", "complement")[~seen]
        return reason

    @cached_property
    def _group(self) -> Group:
        return self.resting.whole_group

    def shown(self) -> Flags:
        """Return where (parts × periods × codes) the result may be shown."""
        cut = self.cut
        key = ("open", astuple(self.resting), *keyed(cut), self.least)

        def work_out() -> Flags:
            found = self._shown()
            for flags in self._known_otherwise():
                found = found & flags
            return found

        return cut.snapshot.table(key, work_out)

    def _known_otherwise(self) -> Iterator[Flags]:
        """Yield where groups may be shown from which this one follows: what is withheld there is withheld here."""
        some = self.resting.whole_is
        if some is not None:
            codes = tuple(code for code, _ in DIMENSIONS[some.dimension])
            seen = self._of(some.group, "sums", replace(self.cut, code=some.dimension, codes=codes))
            these = np.isin(np.arange(len(codes)), some.places)
            apart: Flags = np.logical_and.reduce(seen[..., these], axis=2, keepdims=True)
            yield apart | np.logical_and.reduce(seen[..., ~these], axis=2, keepdims=True)
        for name in self.resting.made_of:
            if " - " not in name:
                yield self._of(name, "sums", self.cut)
        if self.resting.around:
            ends = [(Month.of(period.start).back(1), Month.of(period.end)) for period in self.cut.periods]
            for months in zip(*ends, strict=True):
                at = tuple(Period(None, month.first, month.last) for month in months)
                yield self._of(self.resting.around, "standing", replace(self.cut, periods=at))

    def _of(self, group: str, kind: Kind, cut: Cut) -> Flags:
        return _Open(cut, self.metric, Rests(kind, group)).shown()

    def _shown(self) -> Flags:
        """Return parts × periods × codes for what the result rests on."""
        if self.resting.kind == "standing":
            return self._standing()
        if not self.by_time:
            return (self._codes(self._window) if self.cut.code else self._whole(self._window))[:, None]
        by_time = self._blocks(self.cut.periods)
        if self.cut.code is None:
            return by_time[:, :, None]
        by_code = self._codes(self._window)
        counts = self._counts(self.cut.periods, self.cut.code)
        n, p, c, d = counts.shape
        columns = np.arange(p * c).reshape(p, c)
        totals = [Total(columns[i], by_time[:, i]) for i in range(p)]
        totals += [Total(columns[:, i], by_code[:, i]) for i in range(c)]
        adds = self.resting.kind == "sums" and self._group.divided
        found = self._fitting(counts.reshape(n, p * c, d), totals if adds else []).reshape(n, p, c)
        return found & by_time[:, :, None] & by_code[:, None]

    def _standing(self) -> Flags:
        """Return parts × periods × codes for how it stood at the end of each period."""
        whole = self._counts(self.cut.periods, None)[:, :, 0]
        above = self._fitting(whole, [])
        if self.cut.code is None:
            return above[:, :, None]
        counts = self._counts(self.cut.periods, self.cut.code)
        found = [
            self._of_total(counts[:, i], whole[:, i : i + 1], above[:, i], self._group.divided)
            for i in range(counts.shape[1])
        ]
        return np.stack(found, axis=1)

    @property
    def _window(self) -> Period:
        return Period(None, self.cut.start, self.cut.end)

    def _whole(self, block: Period) -> Flags:
        """Return parts × 1 for a period as a whole."""
        return self._fitting(self._counts((block,), None)[:, :, 0], [])

    def _codes(self, block: Period) -> Flags:
        """Return parts × codes for a period."""
        counts = self._counts((block,), self.cut.code)[:, 0]
        return self._of_total(counts, self._counts((block,), None)[:, 0], self._whole(block)[:, 0], self._group.divided)

    def _blocks(self, blocks: tuple[Period, ...]) -> Flags:
        """Return parts × periods: months within their quarters, those within their years, those within the period."""
        window = self._window
        upper: tuple[Period, ...] = (window,)
        above = self._whole(window)
        filters = Filters(Month.of(window.start), Month.of(window.end))
        for by in ("year", "quarter", "month"):
            lower = periods(filters, by)
            counts = self._counts(lower, None)[:, :, 0]
            totals = self._counts(upper, None)[:, :, 0]
            found = np.ones(counts.shape[:2], dtype=bool)
            for i, longer in enumerate(upper):
                inside = np.array([longer.start <= block.start <= longer.end for block in lower])
                adds = self.resting.kind == "sums"
                found[:, inside] = self._of_total(counts[:, inside], totals[:, i : i + 1], above[:, i], adds)
            if lower == blocks:
                return found
            upper, above = lower, found
        raise AssertionError("periods are years, quarters or months")

    def _of_total(self, counts: Counts, total: Counts, above: Flags, adds: bool) -> Flags:
        """Return where (parts × columns) cells may be shown whose total is shown where `above` says.

        Where they do not add up (people come twice), those who are in the total but not in the cell must fit too.
        """
        if adds:
            return self._fitting(counts, [Total(np.arange(counts.shape[1]), above)])
        found = self._fitting(np.concatenate((counts, total[..., :1] - counts[..., :1]), axis=-1), [])
        return found & above[:, None]

    def _counts(self, blocks: tuple[Period, ...], code: str | None) -> Counts:
        """Return parts × periods × codes × what is counted; of a selection also what it leaves out."""
        cut = self.cut if code else replace(self.cut, code=None, codes=())
        found = counted(cut, self.parts, self._group, blocks)
        if not cut.where:
            return found
        every = counted(replace(cut, where={}), self.parts, self._group, blocks)
        return np.concatenate((found, every[..., :1] - found[..., :1]), axis=-1)

    def _fitting(self, counts: Counts, totals: list[Total]) -> Flags:
        return shown(self.parts, counts, lambda cells: fit(self._group, self.least, cells), totals)


class _Closed(_Control):
    """For the management side: closed months, by unit and one more dimension, all groups told apart large enough."""

    def why(self) -> NDArray[np.object_]:
        """Return why each cell is withheld, None where it is shown."""
        cut = self.cut
        reason = np.full(cut.shape, None, dtype=object)
        snapshot = cut.snapshot
        last = last_closed(snapshot)
        dimensions = {*cut.where, *([cut.code] if cut.code else [])}
        if Month.of(cut.start) > last:
            reason[:] = "open"
        elif self.resting.kind == "nobody":
            return reason
        elif len(dimensions) > 1 or (dimensions and self.by_time):
            reason[:] = "detail"
        else:
            seen = self.seen(self._shown(next(iter(dimensions), None), last))
            if not seen.all():
                reason[:] = "complement"
                if self.resting.kind != "standing":
                    reason[:, [not _is_block(period) for period in cut.periods]] = "period"
                reason[self._uniform] = "uniform"
                reason[self.small] = "small"
                reason[seen] = None
        return reason

    def _shown(self, dimension: str | None, last: Month) -> Flags:
        """Return parts × periods × codes."""
        cut = self.cut
        codes = tuple(code for code, _ in dict(self.metric.codes)[dimension]) if dimension else ()
        asked = replace(cut, code=dimension, codes=codes, where={})
        lattice = Lattice(asked, self.parts, self.least, self._first, last)
        every: Flags = np.stack([self._over(lattice, period) for period in cut.periods], axis=1)
        if cut.code is None and dimension is not None:
            chosen: Flags = np.logical_and.reduce(every[:, :, list(cut.where[dimension])], axis=2, keepdims=True)
            return chosen
        if cut.code is not None and cut.where:
            left_out = [place for place in range(len(codes)) if place not in cut.where[cut.code]]
            every[:, :, left_out] = True
        return every

    def _over(self, lattice: Lattice, period: Period) -> Flags:
        """Return parts × codes: where all groups that the result tells of may be shown for a period."""
        asked = replace(lattice.cut, periods=(period,))
        key = ("closed", astuple(self.resting), *keyed(asked), self.least)

        def work_out() -> Flags:
            start, end = Month.of(period.start), Month.of(period.end)
            flags = [lattice.over(group, self.resting.kind, start, end) for group in self.resting.groups]
            flags += [lattice.apart(some, start, end) for some in (self.resting.whole_is, self.resting.part_is) if some]
            if self.resting.before:
                flags += self._stock(lattice, RESTS["backlog"], start.back(1))
            if self.resting.around:
                stock = Group((self.resting.around,))
                flags += [lattice.over(stock, "standing", month, month) for month in (start.back(1), end)]
            if self.resting.made_of:
                flags += self._stock(lattice, self.resting, end)
            found: Flags = reduce(np.logical_and, flags)
            return found

        return self.cut.snapshot.table(key, work_out)

    def _stock(self, lattice: Lattice, stock: Rests, month: Month) -> list[Flags]:
        """Return where a stock at the end of a month may be shown: where all that it is made of may be."""
        made_of = [lattice.over(Group((name,)), "sums", lattice.first, month) for name in stock.made_of]
        return [lattice.over(Group((stock.whole,)), "standing", month, month), *made_of]

    @property
    def _first(self) -> Month:
        """The first month in which there are people or cases to be counted."""
        snapshot = self.cut.snapshot
        days = [snapshot.month_range[0].first, snapshot.surveys["opened"].min(), snapshot.aid_cases["identified"].min()]
        return Month.of(min(day for day in days if isinstance(day, date)))

    @property
    def _uniform(self) -> Flags:
        """Which cells tell all or none of a small group."""
        found = np.zeros(self.cut.shape, dtype=np.bool_)
        for group in self.resting.groups:
            if group.rate:
                cells = np.stack([measure(name, self.cut) for name in group.counted], axis=-1)
                found[~fit(group, self.least, cells)] = True
        return found


def _is_block(period: Period) -> bool:
    """Return whether the period is one calendar month, quarter or year."""
    start, end = Month.of(period.start), Month.of(period.end)
    months = end - start + 1
    return months == 1 or (months in LENGTHS.values() and start.index % months == 0)
