"""Durations that count the open cases: Kaplan–Meier medians for many groups at once, and whole curves.

A case is a row with `days` (int ≥ 0, from its start to its end or to the day of knowledge) and `event` (True: it ended;
False: censored, that is still open or withdrawn). A case censored on day t is still at risk on day t.

Reference: E. L. Kaplan and P. Meier, “Nonparametric estimation from incomplete observations”, Journal of the American
Statistical Association 53 (1958) 457–481.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

# A float product of a few thousand factors is wrong by less than 1e-12; what lies nearer to one half than this is
# decided in whole numbers.
_NEAR_HALF = 1e-9


def medians(
    frame: pl.DataFrame, group_columns: Sequence[str] = (), days: str = "days", event: str = "event"
) -> pl.DataFrame:
    """Return each group's Kaplan–Meier median: the smallest t with S(t) ≤ 1/2, decided exactly.

    `frame` has one row a case: `days` int ≥ 0, `event` bool, the group columns (none: all cases are one group).
    Result: the group columns, `cases`, `events` (Int64) and `median` (Int64 days, null if S never gets to one half),
    sorted by the group columns. Without group columns there is always one row, with no group no row.
    Source: Kaplan and Meier (1958), see the module.
    """
    keys = list(group_columns) or ["_all"]
    cases = frame if group_columns else frame.with_columns(pl.lit(0, pl.Int8).alias("_all"))
    steps = _steps(cases, keys, days, event).with_columns(
        ((pl.col("at_risk") - pl.col("ended")) / pl.col("at_risk")).cum_prod().over(keys).alias("survival")
    )
    reached = pl.col("survival") <= 0.5 - _NEAR_HALF
    unsure = (pl.col("survival") - 0.5).abs() < _NEAR_HALF
    result = steps.group_by(keys, maintain_order=True).agg(
        pl.col("leaving").sum().cast(pl.Int64).alias("cases"),
        pl.col("ended").sum().alias("events"),
        pl.col("days").filter(reached).min().alias("median"),
        unsure.any().alias("_unsure"),
    )
    if result["_unsure"].any():
        exact = (
            steps.join(result.filter("_unsure").select(keys), on=keys, nulls_equal=True, maintain_order="left")
            .group_by(keys, maintain_order=True)
            .agg("days", "at_risk", "ended")
        )
        decided = exact.select(
            *keys,
            pl.Series(
                "_exact",
                [_exact_median(*lists) for lists in exact.select("days", "at_risk", "ended").iter_rows()],
                pl.Int64,
            ),
        )
        result = result.join(decided, on=keys, how="left", nulls_equal=True, maintain_order="left").with_columns(
            pl.when("_unsure").then("_exact").otherwise("median").alias("median")
        )
    result = result.select(*keys, "cases", "events", "median")
    if group_columns:
        return result
    if result.is_empty():
        return pl.DataFrame(
            {"cases": [0], "events": [0], "median": [None]},
            schema={"cases": pl.Int64, "events": pl.Int64, "median": pl.Int64},
        )
    return result.drop("_all")


def _steps(cases: pl.DataFrame, keys: list[str], days: str, event: str) -> pl.DataFrame:
    """Return one row per group and day: `days`, `at_risk`, `ended`, `leaving`, sorted by group and day."""
    return (
        cases.group_by(*keys, pl.col(days).cast(pl.Int64).alias("days"))
        .agg(pl.col(event).sum().cast(pl.Int64).alias("ended"), pl.len().cast(pl.Int64).alias("leaving"))
        .sort(*keys, "days")
        .with_columns(pl.col("leaving").cum_sum(reverse=True).over(keys).alias("at_risk"))
    )


def _exact_median(days: list[int], at_risk: list[int], ended: list[int]) -> int | None:
    """Return the smallest day with ∏(n−d)/∏n ≤ 1/2 in whole numbers; None if there is none."""
    surviving, total = 1, 1
    previous = None
    for day, risk, gone in zip(days, at_risk, ended, strict=True):
        left = risk - gone
        # Without a censored case between two days the factors cancel, which keeps the numbers short.
        if previous == risk:
            surviving = surviving // previous * left
        else:
            surviving, total = surviving * left, total * risk
        if 2 * surviving <= total:
            return day
        previous = left
    return None
