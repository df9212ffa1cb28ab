"""Engagement: what the surveys say. Definitions: the metric catalogue, “Engagement 职工满意度”."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from data import tables
from queries.cut import Cut, Sums, summed
from queries.units import month_number

RECOMMEND = [code for code, _ in tables.DIMENSIONS].index("recommend")
FAVOURABLE_FROM = 4
PROMOTERS_FROM, DETRACTORS_TO = 9, 6


def _answers(cut: Cut) -> pl.LazyFrame:
    return cut.snapshot.answers.lazy().filter(pl.col("opened") <= cut.known)


def _seven(cut: Cut) -> pl.LazyFrame:
    return _answers(cut).filter(pl.col("dimension") != RECOMMEND)


_FAVOURABLE = pl.col("n").filter(pl.col("score") >= FAVOURABLE_FROM).sum()


@summed
def favourable_rate(cut: Cut) -> Sums:
    """Favourable answers among all answers on the seven dimensions."""
    return cut.sums(cut.of_day(_seven(cut), "opened"), _FAVOURABLE, pl.col("n").sum())


def engagement_index(cut: Cut) -> Sums:
    """Mean over the dimensions with answers of each one's favourable rate × 100; people as denominator."""
    by_dimension = replace(cut, code="dimension", codes=tuple(code for code, _ in tables.DIMENSIONS[:RECOMMEND]))
    found = favourable_rate(by_dimension)
    answers = found["denominator"]
    rates = np.divide(100 * found.numerator, answers, out=np.zeros_like(answers), where=answers > 0)
    none = np.full(cut.shape, np.nan)
    if cut.code == "dimension":
        # One respondent answers a dimension once, so within one dimension answers are people.
        return Sums(none, answers, rates)
    mean = rates.sum(axis=2) / np.maximum((answers > 0).sum(axis=2), 1)
    return Sums(none, _respondents_seven(cut).numerator, mean[:, :, None])


@summed
def _respondents_seven(cut: Cut) -> Sums:
    return cut.count(_respondents(cut), "opened", pl.col("n_seven"))


@summed
def _respondents_any(cut: Cut) -> Sums:
    return cut.count(_respondents(cut), "opened", pl.col("n"))


def _respondents(cut: Cut) -> pl.LazyFrame:
    return cut.snapshot.respondents.lazy().filter(pl.col("opened") <= cut.known)


def enps(cut: Cut) -> Sums:
    """Promoters minus detractors, per hundred answers on recommending."""
    balance = _balance(cut)
    answers = balance["denominator"]
    score = np.divide(100 * balance.numerator, answers, out=np.zeros_like(answers), where=answers > 0)
    return Sums(balance.numerator, answers, score)


@summed
def _balance(cut: Cut) -> Sums:
    rows = _answers(cut).filter(pl.col("dimension") == RECOMMEND)
    n, score = pl.col("n"), pl.col("score")
    balance = n.filter(score >= PROMOTERS_FROM).sum() - n.filter(score <= DETRACTORS_TO).sum()
    return cut.sums(cut.of_day(rows, "opened"), balance, n.sum())


def survey_response_rate(cut: Cut) -> Sums:
    """Distinct respondents of each survey, over the employees in the month it opened."""
    asked = np.zeros(cut.shape)
    opened = cut.snapshot.surveys.filter(pl.col("opened").is_between(cut.start, cut.day_limit))["opened"]
    for month in map(month_number, opened):
        (period,) = np.flatnonzero((cut.bounds[:, 0] <= month) & (month < cut.bounds[:, 1]))
        heads = cut.snapshot.headcounts.over("employees", range(month, month + 1))
        asked[:, period] += cut.by_group(heads)
    return Sums(_respondents_any(cut).numerator, asked)
