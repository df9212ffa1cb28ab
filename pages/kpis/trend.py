"""How far back charts by month go: a month or a quarter alone shows no course."""

from __future__ import annotations

from typing import Any

from pages.shared import charts, formats
from pages.shared.view import View
from pages.shared.words import _
from queries import breaks
from queries.filters import Month

SHORT, LONG = 6, 12  # months: shorter periods are drawn with the months before, a year in all


def start(seen: View) -> Month:
    """Return the month with which a chart by month begins: the period's, an earlier one where the period is short."""
    first, last = seen.snapshot.month_range
    begin, end = seen.months
    if seen.filters.months >= SHORT or end < first or begin > last:
        return begin
    return max(min(first, begin), end.back(LONG - 1))


def about(seen: View) -> str:
    """Return how far back the chart goes, as the end of a subtitle; empty where it is the period itself."""
    begin = start(seen)
    return "" if begin == seen.filters.start else _(" · drawn from {month} on", month=formats.month(begin))


def marks(seen: View, metric: str) -> tuple[tuple[str, str], ...]:
    """Return the months in which the metric's limits start anew, and what happened in each."""
    known = breaks.breaks(seen.viewer, metric, seen.filters, seen.definition(metric), seen.snapshot)
    return tuple((str(one.month), one.told(seen.snapshot, seen.language)) for one in known)


def line(seen: View, metric: str, **changes: Any) -> charts.Drawing:
    """Return the metric by month with its target and marks; `changes` replace parts of the view's filters."""
    answer = seen.ask(metric, by="month", **changes)
    return charts.line(seen, answer, target=seen.target(metric), marks=marks(seen, metric))
