"""What really changed and who needs attention: the statistics applied to answers, as one viewer may see them.

Everything here is worked out once per data version and question.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl

from queries.answers import Answer, ask, grid, make_cut, target
from queries.breaks import Break, breaks
from queries.filters import Filters, Month
from queries.holding import current
from queries.metric import Metric
from queries.metrics import METRICS, find
from queries.snapshot import Snapshot
from queries.statistics import findings as found_ones
from queries.statistics import process
from queries.statistics.findings import Finding
from queries.statistics.funnel import Funnel, expected_by_mix, funnel
from queries.statistics.silence import Radar, silence
from queries.viewers import Viewer

# Looked at on the overview: what the three sides answer for, each with a better end.
WATCHED = (
    "participation_rate",
    "response_rate",
    "on_time_rate",
    "satisfaction_rate",
    "reopen_rate",
    "adoption_rate",
    "suggestions_per_100",
)
# Of these, rates whose cases can be counted are compared between units.
COMPARED = ("on_time_rate", "satisfaction_rate", "response_rate", "reopen_rate", "adoption_rate")
SLOW_MONTHS = 3  # what happened shows in a figure after some months: cases filed then are due then
HISTORY_MONTHS = 30  # long enough for two springs, short enough that an old level does not set the limits
MIX = ("category", "theme")  # what cases are about, and units have more or fewer of through no merit of theirs
LATE_MONTHS = 2  # the latest month's headcount comes with the next ledger; of two, one is overdue
# Months that a cohort takes to settle: its latest months read low (or short) only because they are young, and say
# nothing yet. By (metric, definition); a decided, closed or due case is settled at once.
MATURES = {
    ("implementation_rate", "adopted"): 6,
    ("implementation_rate", "submitted"): 8,
    ("adoption_rate", "submitted"): 3,
    ("closure_rate", "received"): 2,
    ("on_time_rate", "received"): 2,
    ("median_days_to_decision", None): 2,
    ("median_days_to_close", None): 1,
    ("aid_coverage_rate", None): 3,
    ("reopen_rate", None): 1,
}

# What the longer period brings more of: distinct people, sums and counts. Their target is one of the year, which no
# month by itself is meant to reach.
GROWING = frozenset(
    metric.id
    for metric in METRICS.values()
    if metric.unit in ("count", "yuan", "per_head")
    or metric.id in ("participation_rate", "non_party_reach", "proposer_rate")
)


@dataclass(frozen=True, eq=False)
class History:
    """A metric by month with its process limits: `answer` by month, `chart` with one row for each of its months.

    `breaks` are those of the answer's months in which the limits start anew; `levels` the mean before and since the
    last of them, None where there is none or either side has no figure.
    """

    answer: Answer
    chart: process.Chart
    breaks: tuple[Break, ...] = ()

    @cached_property
    def levels(self) -> tuple[float, float] | None:
        """The mean before the last break, back to the one before it, and since."""
        value, segment = (self.chart.frame[name].to_numpy() for name in ("value", "segment"))
        last = int(segment[-1]) if len(segment) else 0
        sides = [value[(segment == number) & np.isfinite(value)] for number in (last - 1, last)]
        return (float(sides[0].mean()), float(sides[1].mean())) if last and all(len(side) for side in sides) else None


def history(
    viewer: Viewer,
    metric: str,
    filters: Filters,
    definition: str | None = None,
    snapshot: Snapshot | None = None,
) -> History:
    """Return the metric's whole, settled months up to the period's end with limits, signals and a verdict.

    Limits start anew where `queries.breaks` says so, and the verdict is on the months since. For its words see
    `queries.statistics.process`.
    """
    snapshot = snapshot or current()
    key = ("history", viewer.role, viewer.units, metric, definition, filters)
    return snapshot.once(key, lambda: _history(viewer, metric, filters, definition, snapshot))


def _history(viewer: Viewer, metric: str, filters: Filters, definition: str | None, snapshot: Snapshot) -> History:
    meant = find(metric).definition(definition).id
    settled = whole_months(filters, snapshot, MATURES.get((metric, meant), 0))
    answer = ask(viewer, metric, settled, "month", definition, snapshot)
    months = answer.frame["group"].to_list()
    known = breaks(viewer, metric, filters, definition, snapshot)
    inside = tuple(one for one in known if str(one.month) in months[1:])
    kind, scale = _kind(answer.metric)
    chart = process.chart(
        answer.frame["value"].to_list(),
        answer.metric.direction,
        denominators=None if kind == "values" else answer.frame["denominator"].to_list(),
        kind=kind,
        scale=scale,
        breaks=[months.index(str(one.month)) for one in inside],
        target=None if answer.metric.id in GROWING else target(viewer, metric, filters, definition, snapshot),
    )
    return History(answer, chart, inside)


def _kind(metric: Metric) -> tuple[process.Kind, float]:
    # Distinct people over headcount are neither events nor trials: plain limits.
    return ("proportion", 1.0) if metric.proportion else ("values", 1.0)


def whole_months(filters: Filters, snapshot: Snapshot, maturing: int = 0) -> Filters:
    """Return the filters over the months that are over, and `maturing` more ago, up to the period's end.

    At most `HISTORY_MONTHS` of them.
    """
    first, last = snapshot.month_range
    last = last.back(maturing if snapshot.data_date == last.last else maturing + 1)
    end = min(filters.end, last)
    start = max(first, end.back(HISTORY_MONTHS - 1))
    return replace(filters, start=min(start, end), end=end)


def between_units(
    viewer: Viewer, metric: str, filters: Filters, definition: str | None = None, snapshot: Snapshot | None = None
) -> Funnel:
    """Return each unit of the scope, by its own rows, against what all of them would lead one to expect.

    What is expected of a unit goes by what its cases are about (`MIX`), at the rate all units have in it; where one of
    those counts is withheld, by all cases alike. Units whose figures are withheld or that have none stand without a
    word. For the columns see `queries.statistics.funnel`; the unit's id is in `group`.
    """
    snapshot = snapshot or current()
    key = ("between", viewer.role, viewer.units, metric, definition, filters)

    def work_out() -> Funnel:
        answer = ask(viewer, metric, filters, "unit", definition, snapshot)
        rows = answer.frame.select("group", "numerator", "denominator")
        kind: Literal["proportion", "rate"] = "proportion" if answer.metric.proportion else "rate"
        rows = _with_expected(rows, viewer, metric, filters, definition, snapshot)
        return funnel(rows, answer.metric.direction or 1, kind)

    return snapshot.once(key, work_out)


def mix_of(metric: str) -> str | None:
    """Return the code that says what a metric's cases are about; None where there is none."""
    names = [name for name, _codes in find(metric).codes]
    return next((name for name in MIX if name in names), None)


def _with_expected(
    rows: pl.DataFrame, viewer: Viewer, metric: str, filters: Filters, definition: str | None, snapshot: Snapshot
) -> pl.DataFrame:
    """Return the rows with the numerator expected of each unit's mix of cases, where it can be told."""
    code = mix_of(metric)
    if code is None:
        return rows
    parts = grid(viewer, metric, filters, "unit", code, definition, snapshot).frame
    mixed = expected_by_mix(parts.filter(~pl.col("suppressed")), "group", "column")
    usual = pl.col("numerator").sum() / pl.col("denominator").sum()
    # Cases without a code, and withheld counts, are in the unit's total only: it then goes by all cases alike.
    whole = pl.col("denominator") == pl.col("denominator_right")
    joined = rows.join(mixed, on="group", how="left", maintain_order="left", suffix="_right")
    expected = pl.when(whole).then("expected").otherwise(usual * pl.col("denominator"))
    return joined.select("group", "numerator", "denominator", expected=expected)


def unheard(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> tuple[tuple[str, str, date], ...]:
    """Return the units of the scope whose silence means nothing, in the order of the organisation, why and since when.

    `closed`: wound up before the period's end, since its last day; `late`: no headcount has come since the first day of
    the month named, though two months of the period were due.
    """
    snapshot = snapshot or current()
    cut = make_cut(viewer, find("employees"), filters, ("unit",), snapshot)
    last = min(filters.end, Month.of(snapshot.data_date))
    months = snapshot.heads.group_by("u").agg(pl.col("m").max())
    handed = dict(months.iter_rows())
    closed = snapshot.tree.closed_on
    found: list[tuple[str, str, date]] = []
    for unit in cut.groups:
        if unit is None:
            continue
        day, month = closed[unit], handed.get(snapshot.tree.at(unit))
        if day is not None and day <= filters.end.last:
            found.append((unit, "closed", day))
        elif month is not None and last.index - month >= LATE_MONTHS:
            found.append((unit, "late", (Month.at(month) + 1).first))
    return tuple(found)


def quiet_units(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> Radar:
    """Return which units of the scope raise too little, all voices together; see `queries.statistics.silence`."""
    snapshot = snapshot or current()
    key = ("quiet", viewer.role, viewer.units, filters)
    return snapshot.once(key, lambda: silence(voices(viewer, filters, snapshot)))


def voices(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> pl.DataFrame:
    """Return unit, measure, observed, exposure and kind of work for each unit's own voice.

    Units that are closed or hand nothing in are left out: that is not silence.
    """
    kinds = snapshot.units.select(unit="branch_id", kind="kind")
    counted = {"grievances_per_100": "grievances_received", "suggestions_per_100": "suggestions_submitted"}
    found = []
    for metric, count in counted.items():
        heads = ask(viewer, metric, filters, "unit", None, snapshot).frame.select("group", exposure="denominator")
        cases = ask(viewer, count, filters, "unit", None, snapshot).frame.select("group", observed="numerator")
        found.append(heads.join(cases, on="group").with_columns(measure=pl.lit(count)))
    for metric in ("participation_rate", "survey_response_rate"):
        rows = ask(viewer, metric, filters, "unit", None, snapshot).frame
        found.append(
            rows.select("group", exposure="denominator", observed="numerator").with_columns(measure=pl.lit(metric))
        )
    return (
        pl.concat(found)
        .drop_nulls(["observed", "exposure"])
        .rename({"group": "unit"})
        .filter(~pl.col("unit").is_in([unit for unit, _why, _since in unheard(viewer, filters, snapshot)]))
        .join(kinds, on="unit", how="left", maintain_order="left")
    )


def what_changed(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> tuple[Finding, ...]:
    """Return at most five findings about the scope, the weightiest first; none when nothing really happened.

    Looked at: every watched metric of the scope and of its children by month, each unit against the others, and units
    that are too quiet; all comparisons count towards the false discovery rate.
    """
    snapshot = snapshot or current()
    return snapshot.once(_changed(viewer, filters), lambda: _what_changed(viewer, filters, snapshot))


def known(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> bool:
    """Return whether `what_changed` was worked out before, so that it takes no time."""
    return snapshot.holds(_changed(viewer, filters))


def _changed(viewer: Viewer, filters: Filters) -> tuple[object, ...]:
    return "changed", viewer.role, viewer.units, filters


def _what_changed(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> tuple[Finding, ...]:
    compared: list[Finding] = []
    whole = whole_months(filters, snapshot)
    for metric in WATCHED:
        for unit, months, values, sizes in _series(viewer, metric, whole, snapshot):
            broken = breaks(viewer, metric, replace(whole, branch=unit), None, snapshot)
            change = process.latest_change(
                values,
                denominators=sizes if find(metric).unit == "rate" else None,
                start=_comparable_from(broken, months),
            )
            if change is not None:
                cases = sum(size or 0.0 for size in sizes[change.since :])
                month = months[change.since]
                link = (("metric", metric), ("since", month))
                compared.append(found_ones.of_change(metric, change, find(metric).direction, cases, unit, link))
    for metric in COMPARED:
        fair = between_units(viewer, metric, filters, None, snapshot)
        compared.extend(found_ones.of_units(metric, fair, find(metric).direction, "group", (("metric", metric),)))
    compared.extend(found_ones.of_silence("grievances_per_100", quiet_units(viewer, filters, snapshot)))
    return found_ones.findings(compared)


def _series(
    viewer: Viewer, metric: str, whole: Filters, snapshot: Snapshot
) -> list[tuple[str | None, list[str], list[float | None], list[float | None]]]:
    """Return months, values and denominators of the scope and of each unit directly below it, its own rows last."""
    columns = ("value", "denominator")
    scope = ask(viewer, metric, whole, "month", None, snapshot).frame
    found: list[tuple[str | None, list[str], list[float | None], list[float | None]]] = [
        (whole.branch, scope["group"].to_list(), scope["value"].to_list(), scope["denominator"].to_list())
    ]
    below: dict[str, tuple[list[str], list[float | None], list[float | None]]] = {}
    cells = grid(viewer, metric, whole, "branch", "month", None, snapshot).frame
    for unit, month, value, size in cells.select("group", "column", *columns).iter_rows():
        months, values, sizes = below.setdefault(unit, ([], [], []))
        months.append(month)
        values.append(value)
        sizes.append(size)
    return [*found, *((unit, *parts) for unit, parts in below.items())]


def _comparable_from(broken: tuple[Break, ...], months: list[str]) -> int:
    """Return the place of the first month that counts what the latest months count."""
    others = [str(one.month) for one in broken if not one.comparable and str(one.month) in months]
    return months.index(max(others)) if others else 0


def reason_near(
    viewer: Viewer, metric: str, filters: Filters, since: Month, snapshot: Snapshot | None = None
) -> Break | None:
    """Return what was noted in the months before a figure changed, or the one after; None if nothing.

    What is noted need not be the reason; that it stands beside the figure lets the reader judge.
    """
    snapshot = snapshot or current()
    known = breaks(viewer, metric, filters, None, snapshot)
    near = [one for one in known if -1 <= since - one.month <= SLOW_MONTHS]
    return min(near, key=lambda one: abs(one.month - since), default=None)
