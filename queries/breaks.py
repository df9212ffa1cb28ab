"""Where the limits of a figure start anew: what union staff noted, units opened or closed, time limits changed.

From such a month on the months before are no longer what one would expect of those after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import polars as pl

from data import tables
from data.labels import label
from data.words import mark, translate
from queries.filters import Filters, Month
from queries.metric import Metric
from queries.metrics import find
from queries.snapshot import Snapshot
from queries.viewers import Viewer

Kind = Literal["event", "reorganisation", "definition", "opened", "closed", "limits"]

# A month that is mostly over belongs to what was before.
MIDDLE = 15
# A unit below with less of the people than a fifth moves a figure by no more than the months do by themselves.
LARGE_PART = 0.2
# Where fewer than half of the cases are counted by another limit, the rate is mostly the one it was.
MOST_CASES = 0.5
# The limit that decides on each rate.
_LIMITS = {"response_rate": "response_days", "on_time_rate": "closing_days", "closure_rate": "closing_days"}
_HAN = re.compile(r"[\u4e00-\u9fff]")
_BETWEEN = " · "  # a note may stand in both languages, one after the other

OPENED = mark("{unit} opened")
CLOSED = mark("{unit} closed")
LIMITS = mark("time limits changed: {categories}")


@dataclass(frozen=True)
class Break:
    """A month in which limits start anew, and why: a note's `text`, or the `unit` or `categories` it is about.

    `comparable`: whether the months before still count the same thing. After another definition they do not; after an
    event or a reorganisation they do, and the change is what one wants to see.
    """

    month: Month
    kind: Kind
    text: str = ""
    unit: str | None = None
    categories: tuple[str, ...] = ()

    @property
    def comparable(self) -> bool:
        """Whether months before and after it can be set against each other."""
        return self.kind in ("event", "reorganisation")

    def told(self, snapshot: Snapshot, language: str) -> str:
        """Return what happened, in words."""
        if self.kind in ("opened", "closed"):
            happened = OPENED if self.kind == "opened" else CLOSED
            return translate(happened, language, unit=snapshot.name(self.unit, language) if self.unit else "")
        if self.kind == "limits":
            names = [label("category", code, language) for code in self.categories]
            return translate(LIMITS, language, categories=("、" if language == "zh" else ", ").join(names))
        return _in_language(self.text, language)


def breaks(
    viewer: Viewer, metric: str, filters: Filters, definition: str | None, snapshot: Snapshot
) -> tuple[Break, ...]:
    """Return where the metric's limits start anew for the scope of these filters, the earliest first, one a month.

    A note counts for the unit it names and all below it, or everywhere; for its metric (or one definition of it), or
    for all. Of the units below only a large one's opening or closing counts, and of changed time limits only those of
    most of the cases.
    """
    found = find(metric)
    meant = found.definition(definition).id
    unit = filters.branch or (viewer.units[0] if len(viewer.units) == 1 else _only_root(snapshot))
    key = ("breaks", metric, meant, unit, filters.where)
    return snapshot.once(key, lambda: _breaks(found, meant, unit, filters, snapshot))


def _only_root(snapshot: Snapshot) -> str | None:
    roots = snapshot.tree.children(None)
    return roots[0] if len(roots) == 1 else None


def _breaks(
    metric: Metric, definition: str | None, unit: str | None, filters: Filters, snapshot: Snapshot
) -> tuple[Break, ...]:
    by_month: dict[Month, Break] = {}
    lives = snapshot.once(("opened and closed", unit), lambda: _units(unit, snapshot))  # the same for every metric
    told = _notes(metric, definition, unit, snapshot) + lives + _limits(metric, filters, snapshot)
    for one in told:
        known = by_month.get(one.month)
        # What people noted says more than what the tables say; another definition outweighs both.
        if known is None or (known.comparable and not one.comparable and one.kind == "definition"):
            by_month[one.month] = one
    return tuple(by_month[month] for month in sorted(by_month))


def _notes(metric: Metric, definition: str | None, unit: str | None, snapshot: Snapshot) -> list[Break]:
    above: list[str | None] = [None]
    while unit is not None:
        above.append(unit)
        unit = snapshot.tree.parent(unit)
    names = [None, metric.id, *([f"{metric.id}:{definition}"] if definition else [])]
    kinds: dict[str, Kind] = {"reorganisation": "reorganisation", "definition": "definition"}
    return [
        Break(_month(row["on_date"]), kinds.get(row["kind"], "event"), row["text"])
        for row in snapshot.annotations.iter_rows(named=True)
        if row["branch_id"] in above and row["metric"] in names and row["on_date"] <= snapshot.data_date
    ]


def _month(day: date) -> Month:
    return Month.of(day) if day.day <= MIDDLE else Month.of(day) + 1


def _units(unit: str | None, snapshot: Snapshot) -> list[Break]:
    """Return the unit's own opening, and openings and closings of large units directly below it."""
    tree = snapshot.tree
    opened, closed = tree.opened_on, tree.closed_on
    first, last = snapshot.month_range
    found = []
    if unit is not None and (day := opened[unit]) is not None and first < _month(day) <= last:
        found.append(Break(_month(day), "opened", unit=unit))
    months = range(first.index, last.index + 1)
    below = [child for child in tree.children(unit) if opened[child] is not None or closed[child] is not None]
    if not below:
        return found
    heads = snapshot.once("heads by month", lambda: snapshot.headcounts.over("employees", months))
    span = tree.span(unit) if unit is not None else range(len(tree))
    whole = heads[span.start : span.stop].sum(axis=0)
    for child in below:
        inside = tree.span(child)
        own = heads[inside.start : inside.stop].sum(axis=0)
        for kind, day in (("opened", opened[child]), ("closed", closed[child])):
            if day is None:
                continue
            month = _month(day) if kind == "opened" else Month.of(day) + 1
            place = month.index - first.index - (kind == "closed")
            if not (first < month <= last and 0 <= place < len(whole) and whole[place] > 0):
                continue
            if own[place] / whole[place] >= LARGE_PART:
                found.append(Break(month, "opened" if kind == "opened" else "closed", unit=child))
    return found


def _limits(metric: Metric, filters: Filters, snapshot: Snapshot) -> list[Break]:
    """Return the days from which most cases run under another limit than before."""
    column = _LIMITS.get(metric.id)
    if column is None or snapshot.levels.is_empty():
        return []
    wanted = dict(filters.where).get("category")
    return snapshot.once(("limits changed", column, wanted), lambda: _limits_changed(column, wanted, snapshot))


def _limits_changed(column: str, wanted: tuple[str, ...] | None, snapshot: Snapshot) -> list[Break]:
    codes = [code for code, _ in tables.CATEGORIES]
    weight = np.bincount(snapshot.grievances["category"].to_numpy(), minlength=len(codes)).astype(float)
    if wanted:
        weight[[place for place, code in enumerate(codes) if code not in wanted]] = 0.0
    if weight.sum() == 0:
        return []
    rows = snapshot.levels.sort("category", "valid_from").with_columns(
        former=pl.col(column).shift(1).over("category"), former_kind=pl.col("day_kind").shift(1).over("category")
    )
    changed = rows.filter(
        pl.col("former").is_not_null(),
        (pl.col("former") != pl.col(column)) | pl.col("former_kind").ne_missing(pl.col("day_kind")),
    )
    return [
        Break(_month(day), "limits", categories=tuple(codes[place] for place in sorted(places)))
        for (day,), part in changed.group_by(["valid_from"], maintain_order=True)
        if isinstance(day, date) and weight[(places := part["category"].to_list())].sum() / weight.sum() >= MOST_CASES
    ]


def _in_language(text: str, language: str) -> str:
    """Return the half of a note that stands in `language`, the whole where it has no two halves."""
    parts = text.split(_BETWEEN)
    if len(parts) != 2:
        return text
    chinese = [bool(_HAN.search(part)) for part in parts]
    if chinese[0] == chinese[1]:
        return text
    return parts[chinese.index(language == "zh")]
