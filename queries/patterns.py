"""What is out of the ordinary in what cases are about and how they come: months that surge, shares that shifted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats
from scipy.stats import t as student_t

from queries.answers import ask, grid
from queries.changes import whole_months
from queries.filters import Filters, Month
from queries.holding import current
from queries.metrics import find
from queries.snapshot import Snapshot
from queries.statistics import process
from queries.statistics.findings import FALSE_ALARM_RATE
from queries.viewers import Viewer

FEWEST_MONTHS = process.MINIMUM_POINTS
# A surge is told where it is worth a look: half as much again as usual. Less can be sure and still be no news.
LEAST_SURGE = 1.5
CHANCE = 0.5  # standard deviation of a Poisson count's root (Anscombe 1948)


@dataclass(frozen=True)
class Surge:
    """A month in which far more cases were about one thing than its other months lead one to expect.

    `count` and `expected` are cases, `low` and `high` the range of chance of the count (95 %); `again` are the same
    month's other years in which it surged too: what comes back every year.
    """

    code: str
    month: Month
    count: float
    expected: float
    low: float
    high: float
    again: tuple[Month, ...]


@dataclass(frozen=True)
class Shift:
    """A share of all cases that changed for good from a month on: which code, its share before and since.

    `low` and `high` are the 95 % interval of the difference. `total` is whether the number of all cases changed as
    well: None where it did not, and the shift is one of the way, not of the number.
    """

    code: str
    since: Month
    before: float
    after: float
    low: float
    high: float
    total: process.Change | None


def surges(
    viewer: Viewer, metric: str, by: str, filters: Filters, snapshot: Snapshot | None = None
) -> tuple[Surge, ...]:
    """Return the surging months of a count up to the period's end, the latest of each code, in the order of the codes.

    A month is set against the code's other months but for the same one of other years, with the spread they have and
    at least that of chance, on the root scale; all months of all codes are tested together (false discovery rate 5 %).
    Source: F. J. Anscombe, “The transformation of Poisson, binomial and negative-binomial data”, Biometrika 35 (1948)
    246–254; Student's t for one more value; Benjamini and Hochberg (1995).
    """
    snapshot = snapshot or current()
    key = ("surges", viewer.role, viewer.units, metric, by, filters)
    return snapshot.once(key, lambda: _surges(viewer, metric, by, filters, snapshot))


def _surges(viewer: Viewer, metric: str, by: str, filters: Filters, snapshot: Snapshot) -> tuple[Surge, ...]:
    months, table, codes = _by_month(viewer, metric, by, filters, snapshot)
    return find_surges(table, months, codes)


def find_surges(table: NDArray[np.float64], months: list[Month], codes: list[str]) -> tuple[Surge, ...]:
    """Return the surges of a table of counts, months × codes; NaN where a count is withheld."""
    tests: list[tuple[float, int, int, float, float, float]] = []
    calendar = np.array([month.month for month in months])
    roots = np.sqrt(table + 3 / 8)
    for column in range(len(codes)):
        known = np.isfinite(table[:, column])
        for place in (int(one) for one in np.flatnonzero(known)):
            others = known & (calendar != calendar[place])
            n = int(others.sum())
            if n < FEWEST_MONTHS or table[others, column].mean() <= 0:
                continue
            usual = float(roots[others, column].mean())
            # One more month beside those the level and spread are estimated from.
            error = max(float(roots[others, column].std(ddof=1)), CHANCE) * float(np.sqrt(1 + 1 / n))
            p = float(student_t.sf((roots[place, column] - usual) / error, n - 1))
            tests.append((p, place, column, float(table[others, column].mean()), usual, error))
    if not tests:
        return ()
    q = stats.false_discovery_control([p for p, *_ in tests], method="bh")
    found: dict[int, list[tuple[int, float, float, float]]] = {}
    for sure, (_p, place, column, mean, usual, error) in zip(q <= FALSE_ALARM_RATE, tests, strict=True):
        if sure and table[place, column] >= LEAST_SURGE * mean:
            found.setdefault(column, []).append((place, mean, usual, error))
    surging = []
    for column, places in sorted(found.items()):
        place, mean, usual, error = max(places)
        again = tuple(months[other] for other, *_ in places if other != place and calendar[other] == calendar[place])
        low, high = (max(usual + side * 1.96 * error, 0.0) ** 2 - 3 / 8 for side in (-1, 1))
        surging.append(
            Surge(codes[column], months[place], float(table[place, column]), mean, max(low, 0.0), high, again)
        )
    return tuple(surging)


def shifts(viewer: Viewer, metric: str, by: str, filters: Filters, snapshot: Snapshot | None = None) -> Shift | None:
    """Return the share that changed most for good within the months up to the period's end; None if none did.

    Each code's share of the metric's cases by month is tested as `process.latest_change` does, over the whole history;
    all codes are tested together (false discovery rate 5 %).
    """
    snapshot = snapshot or current()
    key = ("shifts", viewer.role, viewer.units, metric, by, filters)
    return snapshot.once(key, lambda: (_shift(viewer, metric, by, filters, snapshot),))[0]


def _shift(viewer: Viewer, metric: str, by: str, filters: Filters, snapshot: Snapshot) -> Shift | None:
    months, table, codes = _by_month(viewer, metric, by, filters, snapshot)
    whole = ask(viewer, metric, _history(filters, metric, snapshot), "month", None, snapshot).frame
    return find_shift(table, whole["value"].cast(pl.Float64).fill_null(float("nan")).to_numpy(), months, codes)


def find_shift(
    table: NDArray[np.float64], totals: NDArray[np.float64], months: list[Month], codes: list[str]
) -> Shift | None:
    """Return the shift in a table of counts (months × codes) with the months' totals; NaN where withheld."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = table / totals[:, None]
    changes: list[tuple[process.Change, int]] = []
    for column in range(len(codes)):
        values = [float(share) if np.isfinite(share) else None for share in shares[:, column]]
        change = process.latest_change(values, denominators=totals.tolist(), within=len(months))
        if change is not None:
            changes.append((change, column))
    if not changes:
        return None
    q = stats.false_discovery_control([change.p for change, _ in changes], method="bh")
    sure = [one for one, value in zip(changes, q, strict=True) if value <= FALSE_ALARM_RATE]
    if not sure:
        return None
    # What one way gains the others lose: the largest tells the story.
    change, column = max(sure, key=lambda one: abs(one[0].difference))
    total = process.latest_change([float(value) for value in totals], within=len(months))
    moved = total if total is not None and total.p <= FALSE_ALARM_RATE else None
    return Shift(codes[column], months[change.since], change.before, change.after, change.low, change.high, moved)


def _history(filters: Filters, metric: str, snapshot: Snapshot) -> Filters:
    whole = whole_months(filters, snapshot)
    known = {name for name, _ in find(metric).codes}
    return replace(whole, where=tuple((name, codes) for name, codes in filters.where if name in known))


def _by_month(
    viewer: Viewer, metric: str, by: str, filters: Filters, snapshot: Snapshot
) -> tuple[list[Month], NDArray[np.float64], list[str]]:
    """Return the whole months up to the period's end, the counts in them (months × codes) and the codes."""
    whole = _history(filters, metric, snapshot)
    rows = grid(viewer, metric, whole, "month", by, None, snapshot).frame
    months = rows["group"].unique(maintain_order=True).to_list()
    codes = rows["column"].unique(maintain_order=True).to_list()
    places = {name: place for place, name in enumerate(months)}, {name: place for place, name in enumerate(codes)}
    table = np.full((len(months), len(codes)), np.nan)
    for month, code, value in rows.select("group", "column", "value").iter_rows():
        table[places[0][month], places[1][code]] = np.nan if value is None else value
    return [Month.parse(month) for month in months], table, codes
