"""Which cases make two rival definitions of a rate differ: those counted by the one and not by the other, by reason.

For closure and on-time closure. Exact to those who may see the cases themselves, because the counts are small; others
are told about how many they are.
"""

from __future__ import annotations

import polars as pl

from data.words import mark
from queries import grievances
from queries.answers import ask, make_cut
from queries.cut import Cut
from queries.disclosure import minimum_group
from queries.errors import NotAllowed
from queries.filters import Filters
from queries.holding import current
from queries.metrics import find
from queries.snapshot import Snapshot
from queries.statistics import xray
from queries.viewers import Viewer

# Why a case counts by one definition only, in the order in which a reason is given: the first that is true.
REASONS = {
    "not_yet_due": mark("not yet due"),
    "due_later": mark("due after the period"),
    "due_before": mark("due before the period"),
    "filed_before": mark("filed before the period"),
    "still_open": mark("still open"),
    "closed_late": mark("closed after the period"),
    "closed_before": mark("closed before the period"),
    "other": mark("other reasons"),
}
EXPLAINED = ("closure_rate", "on_time_rate")


def difference(
    viewer: Viewer, metric: str, first: str, second: str, filters: Filters, snapshot: Snapshot | None = None
) -> xray.Xray | None:
    """Return how the cases lead from the value by `first` to that by `second`, parts named as in `REASONS`.

    None where either definition has no case. Raises NotAllowed for a viewer who may not see single cases, KeyError for
    a metric not in `EXPLAINED`, and as `ask`. Source: `queries/statistics/xray.py`.
    """
    if not viewer.sees_cases:
        raise NotAllowed("the cases behind a difference are for the union staff of the unit")
    snapshot = snapshot or current()
    key = ("difference", viewer.role, viewer.units, metric, first, second, filters)
    return snapshot.once(key, lambda: _difference(viewer, metric, first, second, filters, snapshot))


def counts(
    viewer: Viewer, metric: str, first: str, second: str, filters: Filters, snapshot: Snapshot | None = None
) -> tuple[tuple[str, int], ...]:
    """Return about how many cases make two definitions differ, by reason, for whoever may not see single cases.

    Counts are rounded to multiples of the minimum group, so that no difference between two of them tells of one case;
    reasons with fewer cases are left out. Empty where either value is withheld, and for the management side. Raises as
    `ask`. Source of the rounding: L. Willenborg and T. de Waal, Elements of Statistical Disclosure Control (2001) § 9.
    """
    snapshot = snapshot or current()
    told = [ask(viewer, metric, filters, None, definition, snapshot).one for definition in (first, second)]
    if viewer.role == "management" or any(row["suppressed"] for row in told):
        return ()
    key = ("counts of a difference", viewer.role, viewer.units, metric, first, second, filters)
    found = snapshot.once(key, lambda: (_difference(viewer, metric, first, second, filters, snapshot),))[0]
    if found is None:
        return ()
    least = minimum_group()
    return tuple((part.name, round(part.cases / least) * least) for part in found.parts if part.cases >= least)


def _difference(
    viewer: Viewer, metric: str, first: str, second: str, filters: Filters, snapshot: Snapshot
) -> xray.Xray | None:
    cut = make_cut(viewer, find(metric), filters, (), snapshot)
    counted = _COUNTED[metric]
    rows = cut.within(grievances.cases(cut).filter(~pl.col("withdrawn"))).with_columns(
        **_flags("first", counted(cut)[first]), **_flags("second", counted(cut)[second])
    )
    either = rows.filter(pl.any_horizontal("first_denominator", "second_denominator"))
    flags = [f"{which}_{part}" for which in ("first", "second") for part in ("numerator", "denominator")]
    kinds = either.group_by(*flags, part=_reason(cut)).agg(cases=pl.len().cast(pl.Int64)).collect()
    return xray.xray(kinds, tuple(REASONS))


def _flags(which: str, counted: tuple[pl.Expr, pl.Expr]) -> dict[str, pl.Expr]:
    numerator, denominator = (flag.fill_null(False) for flag in counted)
    return {f"{which}_denominator": denominator, f"{which}_numerator": numerator & denominator}


def _in_period(cut: Cut, day: str) -> pl.Expr:
    return pl.col(day).is_between(cut.start, cut.end)


def _closures(cut: Cut) -> dict[str, tuple[pl.Expr, pl.Expr]]:
    """Return numerator and denominator of each closure rate, as in `queries/grievances.py`."""
    closed = ~pl.col("open")
    waiting = (pl.col("filed") < cut.start) & ~(pl.col("closed") < cut.start).fill_null(False)
    return {
        "due": (closed, _in_period(cut, "due") & (pl.col("due") < cut.known)),
        "received": (closed, _in_period(cut, "filed")),
        "flow": (closed & _in_period(cut, "closed"), waiting | _in_period(cut, "filed")),
    }


def _on_time(cut: Cut) -> dict[str, tuple[pl.Expr, pl.Expr]]:
    """Return numerator and denominator of each on-time rate, as in `queries/grievances.py`."""
    closed, in_time = ~pl.col("open"), pl.col("closed") <= pl.col("due")
    return {
        "due": (closed & in_time, _in_period(cut, "due") & (pl.col("due") < cut.known)),
        "closed": (in_time, closed & _in_period(cut, "closed")),
        "received": (closed & in_time, _in_period(cut, "filed")),
    }


_COUNTED = {"closure_rate": _closures, "on_time_rate": _on_time}


def _reason(cut: Cut) -> pl.Expr:
    due, filed, closed = pl.col("due"), pl.col("filed"), pl.col("closed")
    return (
        pl.when(due >= cut.known)
        .then(pl.lit("not_yet_due"))
        .when(due > cut.end)
        .then(pl.lit("due_later"))
        .when(due < cut.start)
        .then(pl.lit("due_before"))
        .when(filed < cut.start)
        .then(pl.lit("filed_before"))
        .when(pl.col("open"))
        .then(pl.lit("still_open"))
        .when(closed > cut.end)
        .then(pl.lit("closed_late"))
        .when(closed < cut.start)
        .then(pl.lit("closed_before"))
        .otherwise(pl.lit("other"))
    )
