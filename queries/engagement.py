"""Engagement: what the surveys say. Definitions: the metric catalogue, “Engagement 职工满意度”."""

from __future__ import annotations

import numpy as np
import polars as pl

from data import tables
from queries.cut import KEYS, Cut
from queries.units import month_number

RECOMMEND = [code for code, _ in tables.DIMENSIONS].index("recommend")
FAVOURABLE_FROM = 4
PROMOTERS_FROM, DETRACTORS_TO = 9, 6


def _answers(cut: Cut) -> pl.LazyFrame:
    return cut.snapshot.answers.lazy().filter(pl.col("opened") <= cut.known)


def _seven(cut: Cut) -> pl.LazyFrame:
    return _answers(cut).filter(pl.col("dimension") != RECOMMEND)


_FAVOURABLE = pl.col("n").filter(pl.col("score") >= FAVOURABLE_FROM).sum()


def favourable_rate(cut: Cut) -> pl.DataFrame:
    """Favourable answers among all answers on the seven dimensions."""
    return cut.totals(cut.of_day(_seven(cut), "opened"), _FAVOURABLE, pl.col("n").sum())


def engagement_index(cut: Cut) -> pl.DataFrame:
    """Mean over the dimensions with answers of each one's favourable rate × 100; people as denominator."""
    each = (
        cut.of_day(_seven(cut), "opened")
        .group_by(*KEYS, "dimension")
        .agg(rate=100.0 * _FAVOURABLE / pl.col("n").sum(), n=pl.col("n").sum())
    )
    values = (
        each.sort(*KEYS, "dimension")  # floats are added in one order
        .group_by(KEYS)
        .agg(value=pl.col("rate").mean(), denominator=pl.col("n").sum().cast(pl.Float64))
        .with_columns(numerator=pl.lit(None, pl.Float64))
        .collect()
    )
    if cut.code == "dimension":
        # One respondent answers a dimension once, so within one dimension answers are people.
        return values
    rows = cut.snapshot.respondents.lazy().filter(pl.col("opened") <= cut.known)
    people = cut.totals(cut.of_day(rows, "opened"), pl.lit(None, pl.Float64), pl.col("n_seven").sum())
    people = people.drop("numerator")
    return values.drop("denominator").join(people, on=KEYS, how="left", nulls_equal=True)


def enps(cut: Cut) -> pl.DataFrame:
    """Promoters minus detractors, per hundred answers on recommending."""
    rows = _answers(cut).filter(pl.col("dimension") == RECOMMEND)
    n, score = pl.col("n"), pl.col("score")
    balance = n.filter(score >= PROMOTERS_FROM).sum() - n.filter(score <= DETRACTORS_TO).sum()
    found = cut.totals(cut.of_day(rows, "opened"), balance, n.sum())
    return found.with_columns(value=100.0 * pl.col("numerator") / pl.col("denominator"))


def survey_response_rate(cut: Cut) -> pl.DataFrame:
    """Distinct respondents of each survey, over the employees in the month it opened."""
    rows = cut.snapshot.respondents.lazy().filter(pl.col("opened") <= cut.known)
    answered = cut.totals(cut.of_day(rows, "opened"), pl.col("n").sum()).drop("denominator")
    asked = []
    for p, period in enumerate(cut.periods):
        opened = cut.snapshot.surveys.filter(pl.col("opened").is_between(period.start, min(period.end, cut.known)))
        heads = [
            cut.snapshot.headcounts.over("employees", range(month, month + 1))[:, 0]
            for month in (month_number(day) for day in opened["opened"])
        ]
        if heads:
            asked.append((p, np.sum(heads, axis=0)))
    cells = [
        {"g": g, "p": p, "denominator": float(total[cut.group_of == g].sum())}
        for p, total in asked
        for g in range(len(cut.groups))
    ]
    schema = {"g": pl.Int32, "p": pl.Int32, "denominator": pl.Float64}
    return (
        pl.DataFrame(cells, schema=schema)
        .join(answered, on=["g", "p"], how="left")
        .with_columns(pl.col("numerator").fill_null(0.0), c=pl.lit(None, pl.UInt8))
    )
