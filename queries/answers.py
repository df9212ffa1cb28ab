"""Asking: a metric, filters and a viewer in; numerators, denominators, values and intervals out.

There is no other way to a number. Scope is applied first, disclosure control last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries import disclosure, metrics
from queries.cut import KEYS, Cut, Sums, periods
from queries.errors import NotAllowed, QueryError
from queries.filters import Filters, Month
from queries.holding import current
from queries.metric import CALENDAR, SPACE, Definition, Metric
from queries.snapshot import Snapshot
from queries.statistics.proportion import wilson_limits
from queries.viewers import Viewer

Comparison = Literal["previous", "year_ago", "parent", "target"]


@dataclass(frozen=True, eq=False)
class Answer:
    """What was asked, and the rows that answer it.

    `frame` has `group` (and `column` for a grid), numerator, denominator, value, low, high (f64, null where there is
    none), `suppressed` and `reason` (why, null where it is not; `queries/disclosure.py`). Groups stand in the order of
    the organisation, the calendar or the code list.
    """

    metric: Metric
    definition: Definition
    by: str | None
    filters: Filters
    data_date: date
    frame: pl.DataFrame

    @property
    def one(self) -> dict[str, Any]:
        """The only row of an ungrouped answer."""
        return self.frame.row(0, named=True)


def last_twelve_months(snapshot: Snapshot, as_of: date | None = None) -> Filters:
    """Return the filters of a question that names no period: the twelve months that end with A's month."""
    end = Month.of(_known(snapshot, as_of))
    return Filters(end.back(11), end, as_of=as_of)


def ask(
    viewer: Viewer,
    metric: str,
    filters: Filters,
    by: str | None = None,
    definition: str | None = None,
    snapshot: Snapshot | None = None,
) -> Answer:
    """Return the metric for these filters, as this viewer may see it, grouped by `by`.

    Raises QueryError for an unknown metric, definition, grouping or unit, NotAllowed for a unit outside the viewer's.
    """
    return _answer(viewer, metric, filters, by, None, definition, snapshot or current())


def grid(
    viewer: Viewer,
    metric: str,
    filters: Filters,
    rows: str = "unit",
    columns: str = "month",
    definition: str | None = None,
    snapshot: Snapshot | None = None,
) -> Answer:
    """Return the metric by two groupings of different kind (space × calendar, space × code, calendar × code).

    The frame has `group` from `rows` and `column` from `columns`. Raises as `ask`, and QueryError for two of a kind.
    """
    return _answer(viewer, metric, filters, rows, columns, definition, snapshot or current())


def _answer(
    viewer: Viewer,
    metric: str,
    filters: Filters,
    by: str | None,
    columns: str | None,
    definition: str | None,
    snapshot: Snapshot,
) -> Answer:
    if not isinstance(viewer, Viewer):
        raise NotAllowed("a question needs a viewer")
    found = metrics.find(metric)
    meant = found.definition(definition)
    for grouping in (by, columns):
        if grouping is not None and grouping not in found.groupings:
            raise QueryError(f"{found.id} cannot be grouped by {grouping!r}; one of {', '.join(found.groupings)}")
    if columns is not None and _sort(by) == _sort(columns):
        raise QueryError(f"a grid of {by} × {columns}: name two groupings of different kind")
    key = ("answer", disclosure.minimum_group(), viewer.role, viewer.units, found.id, meant.id, filters, by, columns)
    return snapshot.once(key, lambda: _work_out(viewer, found, meant, filters, by, columns, snapshot))


def _sort(grouping: str | None) -> str | None:
    return "space" if grouping in SPACE else "time" if grouping in CALENDAR else grouping and "code"


def _known(snapshot: Snapshot, as_of: date | None) -> date:
    return snapshot.data_date if as_of is None else min(as_of, snapshot.data_date)


def _work_out(
    viewer: Viewer,
    metric: Metric,
    definition: Definition,
    filters: Filters,
    by: str | None,
    columns: str | None,
    snapshot: Snapshot,
) -> Answer:
    filters = disclosure.permitted(viewer, metric, filters, snapshot)
    cut = make_cut(viewer, metric, filters, (by, columns), disclosure.facts(viewer, snapshot))
    rows = _finished(cut, metric, definition)
    rows = disclosure.protected(viewer, metric, definition, cut, rows)
    frame = _labelled(rows, cut, by, columns)
    return Answer(metric, definition, by, filters, cut.known, frame)


def make_cut(
    viewer: Viewer, metric: Metric, filters: Filters, groupings: tuple[str | None, ...], snapshot: Snapshot
) -> Cut:
    """Return the question in the snapshot's terms; NotAllowed for a unit outside the viewer's."""
    space = next((g for g in groupings if g in SPACE), None)
    time = next((g for g in groupings if g in CALENDAR), None)
    codes = dict(metric.codes)
    code = next((g for g in groupings if g in codes), None)
    groups, group_of = _groups(snapshot, viewer, filters.branch, space)
    where = {
        name: tuple(place for place, (known, _) in enumerate(codes[name]) if known in wanted)
        for name, wanted in filters.where
        if name in codes and {known for known, _ in codes[name]} >= set(wanted)
    }
    return Cut(
        snapshot=snapshot,
        known=_known(snapshot, filters.as_of),
        periods=periods(filters, time),
        groups=groups,
        group_of=group_of,
        code=code,
        codes=tuple(known for known, _ in codes[code]) if code else (),
        where=where,
    )


def _groups(
    snapshot: Snapshot, viewer: Viewer, branch: str | None, space: str | None
) -> tuple[tuple[str | None, ...], NDArray[np.int32]]:
    """Return the space groups' labels and the group of each unit, −1 outside the viewer's scope."""
    tree = snapshot.tree
    group_of = np.full(len(tree), -1, dtype=np.int32)
    if branch is not None:
        tree.at(branch)
        if viewer.units and not tree.covers(viewer.units, branch):
            raise NotAllowed(f"unit {branch!r} is not among yours: {', '.join(viewer.units)}")
        tops = [branch]
    else:
        tops = _tops(snapshot, viewer)
    if space is None:
        for top in tops:
            group_of[_slice(tree.span(top))] = 0
        return (None,), group_of
    if space == "unit":
        ids = tree.ids
        for top in tops:
            group_of[_slice(tree.span(top))] = 0
        inside = np.flatnonzero(group_of >= 0)
        group_of[inside] = np.arange(len(inside))
        return tuple(ids[i] for i in inside), group_of
    if branch is None:
        for g, top in enumerate(tops):
            group_of[_slice(tree.span(top))] = g
        return tuple(tops), group_of
    children = tree.children(branch)
    for g, child in enumerate(children):
        group_of[_slice(tree.span(child))] = g
    group_of[tree.at(branch)] = len(children)
    return (*children, branch), group_of


def _tops(snapshot: Snapshot, viewer: Viewer) -> list[str]:
    """Return the uppermost units the viewer may see, in tree order."""
    tree = snapshot.tree
    if not viewer.units:
        return tree.children(None)
    known = sorted((unit for unit in viewer.units if unit in tree.index), key=tree.at)
    return [unit for unit in known if not any(unit != other and tree.at(unit) in tree.span(other) for other in known)]


def _slice(span: range) -> slice:
    return slice(span.start, span.stop)


def _finished(cut: Cut, metric: Metric, definition: Definition) -> pl.DataFrame:
    """Return every cell of the question with g, p, c, numerator, denominator, value, low, high.

    Every cell stands in the answer, also those in which nothing happened; periods after A have nothing to say.
    """
    found = definition.compute(cut) if cut.start <= cut.known else Sums(np.full(cut.shape, np.nan))
    begun = np.array([period.start <= cut.known for period in cut.periods])[None, :, None]
    cells: dict[str, NDArray[np.generic]] = dict(zip(KEYS, np.indices(cut.shape, dtype=np.int32), strict=True))
    cells["numerator"] = numerator = np.where(begun, found.numerator, np.nan)
    cells["denominator"] = denominator = (
        np.full(cut.shape, np.nan) if found.denominator is None else np.where(begun, found.denominator, np.nan)
    )
    if found.value is not None:
        cells["value"] = np.where(begun & (denominator != 0), found.value, np.nan)
    elif found.denominator is not None:
        cells["value"] = np.divide(numerator, denominator, out=np.full(cut.shape, np.nan), where=denominator != 0)
    else:
        cells["value"] = numerator
    limits = wilson_limits(numerator, denominator) if metric.proportion else (np.full(cut.shape, np.nan),) * 2
    cells["low"], cells["high"] = limits
    columns = {name: np.broadcast_to(array, cut.shape).ravel() for name, array in cells.items()}
    return pl.DataFrame({name: pl.Series(column, nan_to_null=True) for name, column in columns.items()})


def _labelled(rows: pl.DataFrame, cut: Cut, by: str | None, columns: str | None) -> pl.DataFrame:
    labels: dict[str, tuple[str, list[str | None]]] = {
        "space": ("g", list(cut.groups)),
        "time": ("p", [period.label for period in cut.periods]),
        "code": ("c", list(cut.codes)),
    }

    def label(name: str, grouping: str | None) -> pl.Series:
        if grouping is None:
            return pl.Series(name, [None] * rows.height, pl.String)
        column, names = labels[_sort(grouping) or "code"]
        return pl.Series(name, names, pl.String)[rows[column]].rename(name)

    # Put together from whole columns: an expression would wait its turn in the engine that all visitors share.
    named = [label("group", by)]
    if columns is not None:
        named.append(label("column", columns))
    return pl.DataFrame([*named, *(rows[name] for name in (*disclosure.FIGURES, "suppressed", "reason"))])


def compare(
    viewer: Viewer,
    metric: str,
    filters: Filters,
    comparison: Comparison,
    definition: str | None = None,
    snapshot: Snapshot | None = None,
) -> Answer | None:
    """Return the same question asked of the period before, the year before or the unit above; None if there is none.

    For `target` see `target`.
    """
    snapshot = snapshot or current()
    found = metrics.find(metric)
    if comparison == "parent":
        parent = snapshot.tree.parent(filters.branch) if filters.branch else None
        if parent is None or (viewer.units and not snapshot.tree.covers(viewer.units, parent)):
            return None
        return ask(viewer, metric, replace(filters, branch=parent), None, definition, snapshot)
    if comparison == "target":
        return None
    return ask(viewer, metric, shifted(found, filters, comparison, snapshot), None, definition, snapshot)


def shifted(metric: Metric, filters: Filters, comparison: Comparison, snapshot: Snapshot) -> Filters:
    """Return the filters of the period before or the year before.

    A metric without a period is asked for as it stood a period or a year earlier.
    """
    months = 12 if comparison == "year_ago" else filters.months
    earlier = replace(filters, start=filters.start.back(months), end=filters.end.back(months))
    if metric.has_period:
        return earlier
    known = _known(snapshot, filters.as_of)
    return replace(earlier, as_of=min(earlier.end.last, known))


def target(
    viewer: Viewer, metric: str, filters: Filters, definition: str | None = None, snapshot: Snapshot | None = None
) -> float | None:
    """Return the target of the scope's unit for the year in which the period ends; None if nobody set one.

    A unit without one of its own takes the nearest above it: targets are set from the top down.
    """
    snapshot = snapshot or current()
    found = metrics.find(metric)
    meant = found.definition(definition)
    names = [f"{found.id}:{meant.id}"] if meant.id else [found.id]
    if meant is found.definitions[0]:
        names.append(found.id)
    unit = filters.branch or next(iter(_tops(snapshot, viewer)), None)
    set_ = snapshot.once("targets set", lambda: _targets(snapshot))
    while unit is not None:
        for name in names:
            if (unit, name, filters.end.year) in set_:
                return set_[unit, name, filters.end.year]
        unit = snapshot.tree.parent(unit)
    return None


def _targets(snapshot: Snapshot) -> dict[tuple[str, str, int], float]:
    rows = snapshot.targets.select("branch_id", "metric", "year", "target").iter_rows()
    return {(unit, metric, year): float(target) for unit, metric, year, target in rows}
