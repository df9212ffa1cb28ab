"""Grievances: taken up, answered, closed, solved. Definitions: the metric catalogue, “Grievances 职工诉求”."""

from __future__ import annotations

import numpy as np
import polars as pl

from data import tables
from queries.cut import KEYS, Array, Cut, Sums, stock, summed, table_of
from queries.statistics import survival

OUTCOMES = {code: i for i, (code, _) in enumerate(tables.OUTCOMES)}
STAGES = {code: i for i, (code, _) in enumerate(tables.STAGES)}
COLLECTIVE_FROM = 10  # people involved; a dispute of ten or more is collective (Labour Dispute Mediation Law, art. 7)
PER_HUNDRED_A_YEAR = 1200


def cases(cut: Cut) -> pl.LazyFrame:
    """Return all cases as known on A: later fields empty, with `open`, `withdrawn` and `response`."""
    return cut.snapshot.table(("grievances", cut.known), lambda: _cases(cut)).lazy()


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


@summed
def grievances_received(cut: Cut) -> Sums:
    """Cases filed in the period, withdrawn too."""
    return cut.count(cases(cut), "filed")


def grievances_per_100(cut: Cut) -> Sums:
    """Cases filed per hundred employees, as a yearly rate."""
    return per_hundred(cut, grievances_received(cut))


def per_hundred(cut: Cut, received: Sums) -> Sums:
    """Return counts as a yearly rate per hundred employees: 1200 × count ÷ months, over average employees."""
    months = np.maximum(cut.month_counts(), 1)[:, None]
    return Sums(PER_HUNDRED_A_YEAR * received.numerator / months, cut.average(cut.employees()))


@summed
def collective_disputes(cut: Cut) -> Sums:
    """Cases of ten people or more filed in the period, withdrawn too."""
    return cut.count(cases(cut).filter(pl.col("people_involved") >= COLLECTIVE_FROM), "filed")


@summed
def response_rate(cut: Cut) -> Sums:
    """Answered (or closed) by the day the response was due, of the responses due."""
    return cut.share(_rated(cut), "response_due", pl.col("response") <= pl.col("response_due"), before=cut.known)


@summed
def closure_rate_due(cut: Cut) -> Sums:
    """Not open, of the cases due in the period."""
    return cut.share(_rated(cut), "due", ~pl.col("open"), before=cut.known)


@summed
def closure_rate_received(cut: Cut) -> Sums:
    """Not open, of the cases filed in the period."""
    return cut.share(_rated(cut), "filed", ~pl.col("open"))


def closure_rate_flow(cut: Cut) -> Sums:
    """Closed in the period, over those open when it began and those filed in it."""
    done, filed = _done(cut).numerator, _filed(cut).numerator
    return Sums(done, _waiting(cut) + filed)


@summed
def _done(cut: Cut) -> Sums:
    return cut.count(_ended(cut), "closed")


@summed
def _filed(cut: Cut) -> Sums:
    return cut.count(_rated(cut), "filed")


@summed
def _left(cut: Cut) -> Sums:
    return cut.count(_rated(cut), "closed")


def backlog(cut: Cut) -> Sums:
    """Cases open at the end of the period (or at A, the earlier), withdrawn ones left out, reopening ignored."""
    return Sums(_waiting(cut) + _filed(cut).numerator - _left(cut).numerator)


def _waiting(cut: Cut) -> Array:
    """Return how many cases were filed before the period and not closed before it; reopening is ignored here."""
    filed, closed = (cut.before_period(table_of(cut, which)[0]) for which in (_filed, _left))
    return filed - closed


@summed
def on_time_rate_due(cut: Cut) -> Sums:
    """Closed by the due day and not open, of the cases due in the period."""
    return cut.share(_rated(cut), "due", ~pl.col("open") & _ON_TIME, before=cut.known)


@summed
def on_time_rate_closed(cut: Cut) -> Sums:
    """Closed by the due day, of the cases closed in the period."""
    return cut.share(_ended(cut), "closed", _ON_TIME)


@summed
def on_time_rate_received(cut: Cut) -> Sums:
    """Closed by the due day and not open, of the cases filed in the period."""
    return cut.share(_rated(cut), "filed", ~pl.col("open") & _ON_TIME)


@summed
def resolution_rate_recorded(cut: Cut) -> Sums:
    """Recorded as resolved, of the cases closed in the period."""
    return cut.share(_ended(cut), "closed", pl.col("outcome") == OUTCOMES["resolved"])


@summed
def resolution_rate_confirmed(cut: Cut) -> Sums:
    """Confirmed by the worker, of the closed cases in which the worker was asked."""
    return cut.share(_ended(cut).filter(pl.col("confirmed").is_not_null()), "closed", pl.col("confirmed"))


def _satisfied(cut: Cut, at_least: int) -> Sums:
    rated = _ended(cut).filter(pl.col("satisfaction").is_not_null())
    return cut.share(rated, "closed", pl.col("satisfaction") >= at_least)


@summed
def satisfaction_rate_satisfied(cut: Cut) -> Sums:
    """Satisfied (4 or 5), of the closed cases with a rating."""
    return _satisfied(cut, 4)


@summed
def satisfaction_rate_acceptable(cut: Cut) -> Sums:
    """At least basically satisfied (3 to 5), of the closed cases with a rating."""
    return _satisfied(cut, 3)


@summed
def rating_coverage(cut: Cut) -> Sums:
    """With a rating, of the cases closed in the period."""
    return cut.share(_ended(cut), "closed", pl.col("satisfaction").is_not_null())


@summed
def reopen_rate(cut: Cut) -> Sums:
    """Taken up again, of the cases closed in the period, open again or not."""
    return cut.share(_rated(cut), "closed", pl.col("reopened").is_not_null())


@summed
def withdrawal_rate(cut: Cut) -> Sums:
    """Withdrawn, of the cases closed in the period, withdrawn ones among them."""
    return cut.share(cases(cut).filter(~pl.col("open")), "closed", pl.col("withdrawn"))


def durations(cut: Cut) -> pl.LazyFrame:
    """Return g, p, c, days and closed for the cases filed in the period; open ones run until A."""
    until = pl.when("open").then(pl.lit(cut.known)).otherwise(pl.col("closed"))
    return cut.of_day(cases(cut), "filed").select(
        *KEYS, days=(until - pl.col("filed")).dt.total_days(), event=~pl.col("open") & ~pl.col("withdrawn")
    )


@summed
def closed_within_15(cut: Cut) -> Sums:
    """Cases filed in the period and closed within 15 days, withdrawn ones left out."""
    return _closed_within(cut, 15)


@summed
def closed_within_30(cut: Cut) -> Sums:
    """Cases filed in the period and closed within 30 days, withdrawn ones left out."""
    return _closed_within(cut, 30)


def _closed_within(cut: Cut, days: int) -> Sums:
    taken = (pl.col("closed") - pl.col("filed")).dt.total_days()
    return cut.count(cases(cut).filter(~pl.col("open") & ~pl.col("withdrawn") & (taken <= days)), "filed")


def median_days_to_close(cut: Cut) -> Sums:
    """Kaplan–Meier median days to closing of the cases filed in the period, the open ones counted."""
    return medians(cut, durations(cut))


def medians(cut: Cut, rows: pl.LazyFrame) -> Sums:
    """Return the Kaplan–Meier medians of `days` as values and the numbers of cases as denominators."""
    found = survival.medians(rows.collect(), KEYS)
    none = np.full(cut.shape, np.nan)
    return Sums(none, cut.placed(found, "cases"), cut.placed(found, "median", np.nan))


_SETTLED = pl.col("outcome").is_in([OUTCOMES["resolved"], OUTCOMES["partly_resolved"]])


@summed
def mediation_success_rate_mediated(cut: Cut) -> Sums:
    """Resolved or partly resolved, of the cases closed in mediation."""
    return cut.share(_ended(cut).filter(pl.col("stage") == STAGES["mediation"]), "closed", _SETTLED)


@summed
def mediation_success_rate_disputes(cut: Cut) -> Sums:
    """Settled in mediation, of the cases closed in mediation, arbitration or court."""
    disputes = _ended(cut).filter(pl.col("stage") != STAGES["direct"])
    return cut.share(disputes, "closed", _SETTLED & (pl.col("stage") == STAGES["mediation"]))


@summed
def escalation_rate(cut: Cut) -> Sums:
    """In arbitration or court, of the cases filed in the period, withdrawn too."""
    return cut.share(cases(cut), "filed", pl.col("stage").is_in([STAGES["arbitration"], STAGES["court"]]))


@stock
def open_grievances(cut: Cut) -> Sums:
    """Cases open at A."""
    return cut.standing(_open(cut))


@stock
def overdue_grievances(cut: Cut) -> Sums:
    """Cases open at A whose limit is before A."""
    return cut.standing(_open(cut).filter(pl.col("due") < cut.known))


def _open(cut: Cut) -> pl.LazyFrame:
    return cases(cut).filter(pl.col("open"))
