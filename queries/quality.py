"""The state of the data: what was handed in, what is late, and what looks odd, for the units a viewer may see.

Findings name units, months and counts, never a worker. Limits have their reason beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy.exc import SQLAlchemyError

from queries import doubles
from queries.answers import make_cut
from queries.disclosure import minimum_group
from queries.filters import Filters, Month
from queries.holding import current
from queries.metrics import find
from queries.snapshot import Snapshot
from queries.viewers import Viewer

Kind = Literal[
    "late", "carried", "outlier", "on_the_limit", "always_best", "same_day", "alike", "unattended", "homeless"
]
# A month is late when its headcount has not come by the 10th of the next: payroll closes on the 5th.
LATE_AFTER_DAYS = 10
# Six robust standard deviations from the unit's own median: a typing slip, hardly a change of crew.
OUTLIER_SCALE = 6.0
# Of at least ten cases: fewer fall on one day, or get the same mark, by chance.
FEWEST_CASES = 10
ON_THE_LIMIT_SHARE = 0.6  # closings on the very day of the limit; by chance about one in fifteen
ALWAYS_BEST_SHARE = 0.98  # ratings of 5; elsewhere about half
LEAST_UNATTENDED = 3  # activities without a sign-in list; one or two are a list that went astray
SAME_DAY_SHARE = 0.5  # closings on the day of filing; elsewhere below one in five


@dataclass(frozen=True)
class Finding:
    """One oddity: what kind, of which unit, since or in which month (None: the period), how many, out of how many."""

    kind: Kind
    unit: str
    month: str | None
    count: float
    of: float | None = None


def handed_in(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> pl.DataFrame:
    """Return group (unit), column (month) and state for each unit-month of the period that has begun.

    `state`: 1 the headcount came, 0 it has not and is late, null none was due (the unit was not open, or the month is
    not late yet).
    """
    snapshot = snapshot or current()
    key = ("handed_in", viewer.role, viewer.units, filters.branch, filters.start, filters.end)
    return snapshot.once(key, lambda: _handed_in(viewer, filters, snapshot))


def _handed_in(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> pl.DataFrame:
    units, months, states = _states(viewer, filters, snapshot)
    return pl.DataFrame(
        {
            "group": np.repeat(np.array(units, dtype=object), len(months)).tolist(),
            "column": [str(Month.at(month)) for month in months] * len(units),
            "state": pl.Series(states.ravel()).fill_nan(None),
        },
        schema={"group": pl.String, "column": pl.String, "state": pl.Float64},
    )


def _states(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> tuple[list[str], range, NDArray[np.float64]]:
    """Return the scope's units, the period's months that have begun, and 1, 0 or NaN for each of them."""
    units = _units(viewer, filters, snapshot)
    heads, today = snapshot.headcounts, Month.of(snapshot.data_date)
    months = range(filters.start.index, min(filters.end, today).index + 1)
    numbers = np.arange(months.start, months.stop)
    places = np.array([snapshot.tree.at(unit) for unit in units], dtype=np.int64)
    came = heads.came[places]
    columns = numbers - heads.first.index
    known = (columns >= 0) & (columns < came.shape[1])
    there = came[:, np.clip(columns, 0, came.shape[1] - 1)] & known
    # A unit that never handed in a headcount keeps none (a root above the real units, say).
    started = np.where(came.any(axis=1), came.argmax(axis=1) + heads.first.index, np.iinfo(np.int64).max)
    alive = (numbers >= heads.opened[places][:, None]) & (numbers <= heads.closed[places][:, None])
    over = [(snapshot.data_date - Month.at(month).last).days > LATE_AFTER_DAYS for month in months]
    late = np.array(over, dtype=bool) | (numbers < today.index)
    missing = alive & (numbers >= started[:, None]) & late
    return units, months, np.where(there, 1.0, np.where(missing, 0.0, np.nan))


def completeness(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> float | None:
    """Return which part of the headcounts due in the period has come; None where none was due."""
    state = handed_in(viewer, filters, snapshot)["state"].drop_nulls()
    return float(state.sum() / len(state)) if len(state) else None


def coming(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> tuple[int, int]:
    """Return how many units of the scope have handed in all that was due in the period, and of how many."""
    snapshot = snapshot or current()
    key = ("coming", viewer.role, viewer.units, filters.branch, filters.start, filters.end)
    return snapshot.once(key, lambda: _coming(viewer, filters, snapshot))


def _coming(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> tuple[int, int]:
    _units_of, _months, states = _states(viewer, filters, snapshot)
    owing = (~np.isnan(states)).any(axis=1)
    return int((owing & ~(states == 0).any(axis=1)).sum()), int(owing.sum())


def findings(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> list[Finding]:
    """Return what is late or looks odd in the scope and period, unit by unit in the order of the organisation."""
    snapshot = snapshot or current()
    key = ("quality", viewer.role, viewer.units, filters.branch, filters.start, filters.end)
    found = snapshot.once(key, lambda: _findings(viewer, filters, snapshot))
    try:
        more = _stored(viewer, filters, snapshot)
    except SQLAlchemyError:  # the page goes on with what the facts tell; it says that the database is silent
        more = []
    return sorted([*found, *more], key=lambda one: (snapshot.tree.at(one.unit), one.month or "", one.kind))


def alike(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> pl.DataFrame:
    """Return the pairs of cases behind the findings `alike`, as `doubles.alike`."""
    snapshot = snapshot or current()
    return doubles.alike(viewer, _units(viewer, filters, snapshot), filters, snapshot)


def _stored(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> list[Finding]:
    """Return what only the rows themselves tell: cases alike, activities without sign-ins, rows of no unit."""
    units = _units(viewer, filters, snapshot)
    pairs = doubles.alike(viewer, units, filters, snapshot)
    found = [Finding("alike", unit, None, float(n)) for unit, n in pairs.group_by("branch_id").len().iter_rows()]
    found += [
        Finding("unattended", unit, None, float(n))
        for unit, n in doubles.unattended(units, filters, snapshot).items()
        if n >= LEAST_UNATTENDED
    ]
    # What belongs to nobody is told to those who answer for all.
    if not viewer.units and viewer.role != "management" and (lost := doubles.homeless(snapshot)):
        found.append(Finding("homeless", units[0], None, float(lost)))
    return found


def _findings(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> list[Finding]:
    units = _units(viewer, filters, snapshot)
    found = [*_late(handed_in(viewer, filters, snapshot)), *_outliers(units, filters, snapshot)]
    return [*found, *_patterns(viewer, units, filters, snapshot)]


def _units(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> list[str]:
    cut = make_cut(viewer, find("employees"), filters, (), snapshot)
    return [unit for unit, group in zip(snapshot.tree.ids, cut.group_of, strict=True) if group >= 0]


def _late(states: pl.DataFrame) -> list[Finding]:
    """Return each unit whose latest months have not come (late), and gaps in between (carried forward)."""
    found: list[Finding] = []
    for (unit,), rows in states.drop_nulls("state").group_by(["group"], maintain_order=True):
        missing = rows["state"].to_numpy() == 0
        if not missing.any():
            continue
        months = rows["column"].to_list()
        tail = 0
        while tail < len(missing) and missing[len(missing) - 1 - tail]:
            tail += 1
        if tail:
            found.append(Finding("late", str(unit), months[len(months) - tail], float(tail)))
        gaps = int(missing[: len(missing) - tail].sum())
        if gaps:
            found.append(Finding("carried", str(unit), None, float(gaps), float(len(months))))
    return found


def _outliers(units: list[str], filters: Filters, snapshot: Snapshot) -> list[Finding]:
    """Return headcounts far from the unit's own median, by the median absolute deviation."""
    months = range(filters.start.index, min(filters.end, Month.of(snapshot.data_date)).index + 1)
    if len(months) < 6:
        return []
    heads = snapshot.headcounts.over("employees", months).astype(float)
    found = []
    for unit in units:
        row = heads[snapshot.tree.at(unit)]
        lived = row[row > 0]
        if len(lived) < 6:
            continue
        middle = float(np.median(lived))
        spread = max(1.4826 * float(np.median(np.abs(lived - middle))), 0.05 * middle, 1.0)
        for place in np.flatnonzero((row > 0) & (np.abs(row - middle) > OUTLIER_SCALE * spread)):
            month = str(Month.at(months[int(place)]))
            found.append(Finding("outlier", unit, month, float(row[place]), middle))
    return found


def _patterns(viewer: Viewer, units: list[str], filters: Filters, snapshot: Snapshot) -> list[Finding]:
    """Return units whose closings look arranged: on the limit, on the day of filing, always rated best."""
    least = max(FEWEST_CASES, minimum_group())
    rows = snapshot.grievances.filter(pl.col("closed").is_between(filters.start.first, filters.end.last))
    counted = rows.group_by("u").agg(
        cases=pl.len(),
        on_the_limit=(pl.col("closed") == pl.col("due")).sum(),
        same_day=(pl.col("closed") == pl.col("filed")).sum(),
        rated=pl.col("satisfaction").count(),
        best=(pl.col("satisfaction") == 5).sum(),
    )
    ids = snapshot.tree.ids
    mine = set(units)
    found = []
    for row in counted.iter_rows(named=True):
        unit = ids[row["u"]]
        if unit not in mine:
            continue
        checks: tuple[tuple[Kind, int, int, float], ...] = (
            ("on_the_limit", row["on_the_limit"], row["cases"], ON_THE_LIMIT_SHARE),
            ("same_day", row["same_day"], row["cases"], SAME_DAY_SHARE),
            ("always_best", row["best"], row["rated"], ALWAYS_BEST_SHARE),
        )
        for kind, count, of, share in checks:
            # Whoever may not see single cases is told the unit, not how few cases differ.
            if of >= least and count >= share * of:
                exact = viewer.sees_cases
                found.append(
                    Finding(kind, unit, None, float(count) if exact else float(of), float(of) if exact else None)
                )
    return found
