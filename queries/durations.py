"""How long cases take, for pages: Kaplan–Meier curves with the number at risk, as a viewer may see them.

A curve is shown where the catalogue's median is: scope and disclosure control are those of that answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from queries import grievances, suggestions
from queries.answers import Answer, ask, make_cut
from queries.cut import Cut
from queries.disclosure import facts, minimum_group
from queries.filters import Filters
from queries.holding import current
from queries.metric import SPACE
from queries.metrics import find
from queries.snapshot import Snapshot
from queries.statistics import survival
from queries.viewers import Viewer

Subject = Literal["grievances", "suggestions"]
WITHIN = (15, 30)  # days: the ordinary limit of a case (and of a mediation), and twice that
AT_RISK = (0, 15, 30, 60, 90, 120)  # days at which the number still waiting is told

_MEDIANS: dict[Subject, str] = {"grievances": "median_days_to_close", "suggestions": "median_days_to_decision"}
_ROWS: dict[Subject, Callable[[Cut], pl.LazyFrame]] = {
    "grievances": grievances.durations,
    "suggestions": suggestions.durations,
}
# The counts that the management side may ask for by themselves, by the column that tells them.
_COUNTS: dict[Subject, dict[str, tuple[str, str | None]]] = {
    "grievances": {
        "events": ("closure_rate", "received"),
        "within_15": ("closed_within_15", None),
        "within_30": ("closed_within_30", None),
    },
    "suggestions": {
        "events": ("submitted_decided", None),
        "within_15": ("decided_within_15", None),
        "within_30": ("decided_within_30", None),
    },
}


@dataclass(frozen=True, eq=False)
class Durations:
    """How long the cases of a period take, group by group, in the order of the answer.

    `answer` is the catalogue's median. `groups`: group, cases, events, median, low, high (days; the median's 95 %
    interval), naive (days; the median of the ended cases alone), misleads (bool), within_15 and within_30 (shares),
    suppressed, reason. `curves`: group, day, value (share still waiting), low, high. `at_risk`: group, day, waiting
    (cases watched on that day; null where fewer than the minimum group, for a viewer who may not see single cases).
    """

    answer: Answer
    groups: pl.DataFrame
    curves: pl.DataFrame
    at_risk: pl.DataFrame


def durations(
    viewer: Viewer, subject: Subject, filters: Filters, by: str | None = None, snapshot: Snapshot | None = None
) -> Durations:
    """Return how long the cases filed (submitted) in the period take until they are closed (decided).

    `by` is a space or code grouping of the median, or None. Curves go on while at least the minimum group is watched;
    for a viewer who may not see single cases each of their steps stands for at least as many cases, and the management
    side gets no curve, but the shares ended within 15 and 30 days where it may ask for their counts.
    Raises as `ask`. Source: `queries/statistics/survival.py`.
    """
    snapshot = snapshot or current()
    key = ("durations", subject, viewer.role, viewer.units, filters, by)
    return snapshot.once(key, lambda: _work_out(viewer, subject, filters, by, snapshot))


def _work_out(viewer: Viewer, subject: Subject, filters: Filters, by: str | None, snapshot: Snapshot) -> Durations:
    answer = ask(viewer, _MEDIANS[subject], filters, by, None, snapshot)
    cut = make_cut(viewer, find(_MEDIANS[subject]), answer.filters, (by,), facts(viewer, snapshot))
    names, place = (cut.codes, "c") if by is not None and by not in SPACE else (cut.groups, "g")
    told = answer.frame.filter(~pl.col("suppressed") & (pl.col("denominator") > 0)).select("group")
    named = pl.DataFrame({place: range(len(names)), "group": list(names)}, schema={place: pl.Int32, "group": pl.String})
    cases = (
        _ROWS[subject](cut)
        .select(pl.col(place).cast(pl.Int32), "days", "event")
        .collect()
        .join(named, on=place)
        .join(told, on="group", nulls_equal=True)
        .select("group", "days", "event")
    )
    least = minimum_group()
    few = pl.col("events") < least
    summary = survival.summary(cases, ("group",)).with_columns(
        # Beside the curve's median, that of a handful of ended cases would tell about each of them.
        naive=pl.when(~few).then("naive"),
        misleads=pl.col("misleads") & ~few,
    )
    within = survival.closed_within(cases, WITHIN, ("group",))
    groups = answer.frame.select("group", "suppressed", "reason").join(
        summary, on="group", how="left", nulls_equal=True, maintain_order="left"
    )
    for days in WITHIN:
        shares = within.filter(pl.col("within") == days).select("group", pl.col("share").alias(f"within_{days}"))
        groups = groups.join(shares, on="group", how="left", nulls_equal=True, maintain_order="left")
    at_risk = _at_risk(cases, groups, 1 if viewer.sees_cases else least)
    curve = survival.curves(cases, ("group",)).filter(pl.col("at_risk") >= least)
    if viewer.role == "management":
        # The curve of the whole less those of its parts would tell of single cases on single days.
        groups = _asked_for(groups, viewer, subject, answer, by, snapshot)
        curve, at_risk = curve.clear(), at_risk.clear()
    elif not viewer.sees_cases:
        curve = _coarse(curve, least)
    places = {name: place for place, name in enumerate(groups["group"])}
    drawn = _from_the_start(curve)
    drawn = drawn[sorted(range(drawn.height), key=lambda row: places[drawn["group"][row]])]
    return Durations(answer, groups, drawn, at_risk)


def _asked_for(
    groups: pl.DataFrame, viewer: Viewer, subject: Subject, answer: Answer, by: str | None, snapshot: Snapshot
) -> pl.DataFrame:
    """Return the groups without numbers that the viewer gets no answer to: who sees the whole could tell the rest.

    How many ended in all, and within some days, are counts of their own, withheld with all that subtraction tells.
    """
    for column, (metric, definition) in _COUNTS[subject].items():
        told = ask(viewer, metric, answer.filters, by, definition, snapshot).frame.select("group", _hidden="suppressed")
        joined = groups.join(told, on="group", how="left", nulls_equal=True, maintain_order="left")
        names = (column, "naive", "misleads") if column == "events" else (column,)
        groups = joined.with_columns(pl.when(~pl.col("_hidden")).then(name).alias(name) for name in names).drop(
            "_hidden"
        )
    return groups


def _coarse(curve: pl.DataFrame, least: int) -> pl.DataFrame:
    """Return the curves' rows such that between two of them at least `least` cases have left."""
    kept, group, since = [], object(), 0
    for name, left in curve.select("group", pl.col("ended") + pl.col("censored")).iter_rows():
        if name != group:
            group, since = name, 0
        since += left
        kept.append(since >= least)
        if kept[-1]:
            since = 0
    return curve.filter(pl.Series(kept, dtype=pl.Boolean))


def _from_the_start(curve: pl.DataFrame) -> pl.DataFrame:
    """Return the curves as drawn: each begins with everybody waiting on day 0."""
    points = curve.select("group", day=pl.col("days").cast(pl.Float64), value="survival", low="low", high="high")
    starts = points.select("group").unique().with_columns(day=pl.lit(0.0), value=1.0, low=1.0, high=1.0)
    return pl.concat([starts, points.filter(pl.col("value") < 1)]).sort("group", "day", maintain_order=True)


def _at_risk(cases: pl.DataFrame, groups: pl.DataFrame, least: int) -> pl.DataFrame:
    counted = cases.group_by("group").agg(
        (pl.col("days") >= day).sum().cast(pl.Int64).alias(str(day)) for day in AT_RISK
    )
    return (
        groups.filter(~pl.col("suppressed"))
        .select("group")
        .join(counted, on="group", how="left", nulls_equal=True, maintain_order="left")
        .unpivot([str(day) for day in AT_RISK], index="group", variable_name="day", value_name="waiting")
        .with_columns(pl.col("day").cast(pl.Int64), pl.col("waiting").fill_null(0))
        .with_columns(waiting=pl.when(~pl.col("waiting").is_between(1, least - 1)).then("waiting"))
    )
