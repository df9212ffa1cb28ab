"""Grievances: taken up, answered, closed, solved. Definitions: the metric catalogue, “Grievances 职工诉求”."""

from __future__ import annotations

import numpy as np
import polars as pl

from data import tables
from queries.cut import KEYS, Cut
from queries.statistics import survival

OUTCOMES = {code: i for i, (code, _) in enumerate(tables.OUTCOMES)}
STAGES = {code: i for i, (code, _) in enumerate(tables.STAGES)}
COLLECTIVE_FROM = 10  # people involved; a dispute of ten or more is collective (Labour Dispute Mediation Law, art. 7)
PER_HUNDRED_A_YEAR = 1200


def cases(cut: Cut) -> pl.LazyFrame:
    """Return all cases as known on A: later fields empty, with `open`, `withdrawn` and `response`."""
    return cut.snapshot.once(("grievances", cut.known), lambda: _cases(cut)).lazy()


def _cases(cut: Cut) -> pl.DataFrame:
    rows = cut.snapshot.grievances.lazy()
    if not cut.natural:
        rows = rows.filter(pl.col("filed") <= cut.known).with_columns(
            pl.when(pl.col(day) <= cut.known).then(pl.col(day)).alias(day)
            for day in ("responded", "closed", "reopened")
        )
        closed = pl.col("closed").is_not_null()
        rows = rows.with_columns(
            pl.when(closed).then(pl.col(c)).alias(c) for c in ("outcome", "confirmed", "satisfaction")
        )
    return (
        rows.with_columns(
            open=pl.col("closed").is_null() | (pl.col("reopened") > pl.col("closed")).fill_null(False),
            response=pl.min_horizontal("responded", "closed"),
        )
        .with_columns(withdrawn=~pl.col("open") & (pl.col("outcome") == OUTCOMES["withdrawn"]).fill_null(False))
        .collect()
    )


def _rated(cut: Cut) -> pl.LazyFrame:
    return cases(cut).filter(~pl.col("withdrawn"))


def _ended(cut: Cut) -> pl.LazyFrame:
    """Return the cases not open at A, withdrawn ones left out."""
    return _rated(cut).filter(~pl.col("open"))


_ON_TIME = pl.col("closed") <= pl.col("due")


def grievances_received(cut: Cut) -> pl.DataFrame:
    """Cases filed in the period, withdrawn too."""
    return cut.count(cases(cut), "filed")


def grievances_per_100(cut: Cut) -> pl.DataFrame:
    """Cases filed per hundred employees, as a yearly rate."""
    return per_hundred(cut, grievances_received(cut))


def per_hundred(cut: Cut, received: pl.DataFrame) -> pl.DataFrame:
    """Return counts as a yearly rate per hundred employees: 1200 × count ÷ months, over average employees."""
    months = pl.lit(pl.Series(np.maximum(cut.month_counts(), 1))).gather(pl.col("p"))
    yearly = received.with_columns(numerator=PER_HUNDRED_A_YEAR * pl.col("numerator") / months)
    return cut.per_head(yearly, cut.average(cut.employees()))


def collective_disputes(cut: Cut) -> pl.DataFrame:
    """Cases of ten people or more filed in the period, withdrawn too."""
    return cut.count(cases(cut).filter(pl.col("people_involved") >= COLLECTIVE_FROM), "filed")


def response_rate(cut: Cut) -> pl.DataFrame:
    """Answered (or closed) by the day the response was due, of the responses due."""
    return cut.share(_rated(cut), "response_due", pl.col("response") <= pl.col("response_due"), before=cut.known)


def closure_rate_due(cut: Cut) -> pl.DataFrame:
    """Not open, of the cases due in the period."""
    return cut.share(_rated(cut), "due", ~pl.col("open"), before=cut.known)


def closure_rate_received(cut: Cut) -> pl.DataFrame:
    """Not open, of the cases filed in the period."""
    return cut.share(_rated(cut), "filed", ~pl.col("open"))


def closure_rate_flow(cut: Cut) -> pl.DataFrame:
    """Closed in the period, over those open when it began and those filed in it."""
    rated = _rated(cut)
    done = cut.count(rated.filter(~pl.col("open")), "closed")
    filed = cut.count(rated, "filed")
    opening = []
    for p, period in enumerate(cut.periods):
        if period.start > cut.known:
            continue
        there = rated.filter(pl.col("filed") < period.start, ~(pl.col("closed") < period.start).fill_null(False))
        opening.append(cut.standing(there, pl.len()).with_columns(p=pl.lit(p, pl.Int32)))
    before = pl.concat([filed, *opening]).group_by(KEYS).agg(denominator=pl.col("numerator").sum())
    return before.join(done.drop("denominator"), on=KEYS, how="left", nulls_equal=True).with_columns(
        pl.col("numerator").fill_null(0.0)
    )


def on_time_rate_due(cut: Cut) -> pl.DataFrame:
    """Closed by the due day and not open, of the cases due in the period."""
    return cut.share(_rated(cut), "due", ~pl.col("open") & _ON_TIME, before=cut.known)


def on_time_rate_closed(cut: Cut) -> pl.DataFrame:
    """Closed by the due day, of the cases closed in the period."""
    return cut.share(_ended(cut), "closed", _ON_TIME)


def on_time_rate_received(cut: Cut) -> pl.DataFrame:
    """Closed by the due day and not open, of the cases filed in the period."""
    return cut.share(_rated(cut), "filed", ~pl.col("open") & _ON_TIME)


def resolution_rate_recorded(cut: Cut) -> pl.DataFrame:
    """Recorded as resolved, of the cases closed in the period."""
    return cut.share(_ended(cut), "closed", pl.col("outcome") == OUTCOMES["resolved"])


def resolution_rate_confirmed(cut: Cut) -> pl.DataFrame:
    """Confirmed by the worker, of the closed cases in which the worker was asked."""
    return cut.share(_ended(cut).filter(pl.col("confirmed").is_not_null()), "closed", pl.col("confirmed"))


def _satisfied(cut: Cut, at_least: int) -> pl.DataFrame:
    rated = _ended(cut).filter(pl.col("satisfaction").is_not_null())
    return cut.share(rated, "closed", pl.col("satisfaction") >= at_least)


def satisfaction_rate_satisfied(cut: Cut) -> pl.DataFrame:
    """Satisfied (4 or 5), of the closed cases with a rating."""
    return _satisfied(cut, 4)


def satisfaction_rate_acceptable(cut: Cut) -> pl.DataFrame:
    """At least basically satisfied (3 to 5), of the closed cases with a rating."""
    return _satisfied(cut, 3)


def rating_coverage(cut: Cut) -> pl.DataFrame:
    """With a rating, of the cases closed in the period."""
    return cut.share(_ended(cut), "closed", pl.col("satisfaction").is_not_null())


def reopen_rate(cut: Cut) -> pl.DataFrame:
    """Taken up again, of the cases closed in the period, open again or not."""
    return cut.share(_rated(cut), "closed", pl.col("reopened").is_not_null())


def withdrawal_rate(cut: Cut) -> pl.DataFrame:
    """Withdrawn, of the cases closed in the period, withdrawn ones among them."""
    return cut.share(cases(cut).filter(~pl.col("open")), "closed", pl.col("withdrawn"))


def durations(cut: Cut) -> pl.LazyFrame:
    """Return g, p, c, days and closed for the cases filed in the period; open ones run until A."""
    until = pl.when("open").then(pl.lit(cut.known)).otherwise(pl.col("closed"))
    return cut.of_day(cases(cut), "filed").select(
        *KEYS, days=(until - pl.col("filed")).dt.total_days(), event=~pl.col("open") & ~pl.col("withdrawn")
    )


def median_days_to_close(cut: Cut) -> pl.DataFrame:
    """Kaplan–Meier median days to closing of the cases filed in the period, the open ones counted."""
    return medians(durations(cut))


def medians(rows: pl.LazyFrame) -> pl.DataFrame:
    """Return by g, p, c the Kaplan–Meier median of `days` as value and the number of cases as denominator."""
    found = survival.medians(rows.collect(), KEYS)
    return found.select(
        *KEYS,
        numerator=pl.lit(None, pl.Float64),
        denominator=pl.col("cases").cast(pl.Float64),
        value=pl.col("median").cast(pl.Float64),
    )


_SETTLED = pl.col("outcome").is_in([OUTCOMES["resolved"], OUTCOMES["partly_resolved"]])


def mediation_success_rate_mediated(cut: Cut) -> pl.DataFrame:
    """Resolved or partly resolved, of the cases closed in mediation."""
    return cut.share(_ended(cut).filter(pl.col("stage") == STAGES["mediation"]), "closed", _SETTLED)


def mediation_success_rate_disputes(cut: Cut) -> pl.DataFrame:
    """Settled in mediation, of the cases closed in mediation, arbitration or court."""
    disputes = _ended(cut).filter(pl.col("stage") != STAGES["direct"])
    return cut.share(disputes, "closed", _SETTLED & (pl.col("stage") == STAGES["mediation"]))


def escalation_rate(cut: Cut) -> pl.DataFrame:
    """In arbitration or court, of the cases filed in the period, withdrawn too."""
    return cut.share(cases(cut), "filed", pl.col("stage").is_in([STAGES["arbitration"], STAGES["court"]]))


def open_grievances(cut: Cut) -> pl.DataFrame:
    """Cases open at A."""
    return cut.standing(_open(cut), pl.len())


def overdue_grievances(cut: Cut) -> pl.DataFrame:
    """Cases open at A whose limit is before A."""
    return cut.standing(_open(cut).filter(pl.col("due") < cut.known), pl.len())


def _open(cut: Cut) -> pl.LazyFrame:
    return cases(cut).filter(pl.col("open"))
