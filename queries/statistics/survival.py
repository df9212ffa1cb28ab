"""Durations that count the open cases: Kaplan–Meier medians for many groups at once, and whole curves.

A case is a row with `days` (int ≥ 0, from its start to its end or to the day of knowledge) and `event` (True: it ended;
False: censored, that is still open or withdrawn). A case censored on day t is still at risk on day t.

References: E. L. Kaplan and P. Meier, “Nonparametric estimation from incomplete observations”, Journal of the American
Statistical Association 53 (1958) 457–481; M. Greenwood, “The natural duration of cancer”, Reports on Public Health and
Medical Subjects 33 (1926); the log-log band: J. D. Kalbfleisch and R. L. Prentice, The Statistical Analysis of Failure
Time Data (1980) § 1.3; the median's interval: R. Brookmeyer and J. Crowley, Biometrics 38 (1982) 29–41.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from queries.statistics.proportion import Z95

# A float product of a few thousand factors is wrong by less than 1e-12; what lies nearer to one half than this is
# decided in whole numbers.
_NEAR_HALF = 1e-9
_ALL = "_all"


def medians(
    frame: pl.DataFrame, group_columns: Sequence[str] = (), days: str = "days", event: str = "event"
) -> pl.DataFrame:
    """Return each group's Kaplan–Meier median: the smallest t with S(t) ≤ 1/2, decided exactly.

    `frame` has one row a case: `days` int ≥ 0, `event` bool, the group columns (none: all cases are one group).
    Result: the group columns, `cases`, `events` (Int64) and `median` (Int64 days, null if S never gets to one half),
    sorted by the group columns. Without group columns there is always one row, with no group no row.
    Source: Kaplan and Meier (1958), see the module.
    """
    steps, keys = _steps(frame, group_columns, days, event)
    steps = steps.with_columns(_survival(keys))
    reached = pl.col("survival") <= 0.5 - _NEAR_HALF
    unsure = (pl.col("survival") - 0.5).abs() < _NEAR_HALF
    result = steps.group_by(keys, maintain_order=True).agg(
        pl.col("leaving").sum().alias("cases"),
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
        lists = exact.select("days", "at_risk", "ended").iter_rows()
        decided = exact.select(keys).with_columns(
            pl.Series("_exact", [_exact_median(*one) for one in lists], dtype=pl.Int64)
        )
        result = result.join(decided, on=keys, how="left", nulls_equal=True, maintain_order="left").with_columns(
            pl.when("_unsure").then("_exact").otherwise("median").alias("median")
        )
    result = result.select(*group_columns, "cases", "events", "median")
    if result.is_empty() and not group_columns:
        return pl.DataFrame({"cases": [0], "events": [0], "median": [None]}, schema=result.schema)
    return result


def curves(
    frame: pl.DataFrame,
    group_columns: Sequence[str] = (),
    days: str = "days",
    event: str = "event",
    z: float = Z95,
) -> pl.DataFrame:
    """Return each group's Kaplan–Meier curve with its number at risk and 95 % band, a row a day on which a case left.

    `frame` as for `medians`. Result, sorted: the group columns, `days`, `at_risk` (on that day), `ended`, `censored`
    (Int64), `survival` (share not ended after that day), `low`, `high` (log-log band of Greenwood's variance; null
    where the curve is still at 1 or already at 0, where the variance says nothing).
    Source: Kaplan and Meier (1958), Greenwood (1926), Kalbfleisch and Prentice (1980), see the module.
    """
    steps, keys = _steps(frame, group_columns, days, event)
    survival, risk, ended = pl.col("survival"), pl.col("at_risk"), pl.col("ended")
    inside = survival.is_between(0, 1, closed="none")
    deviation = pl.col("_variance").sqrt() / survival.log().abs()
    return (
        steps.with_columns(_survival(keys), (ended / (risk * (risk - ended))).cum_sum().over(keys).alias("_variance"))
        .with_columns(
            # Symmetric on the scale of log(−log S), so the band cannot leave 0..1.
            pl.when(inside).then(survival.pow((deviation * z).exp())).alias("low"),
            pl.when(inside).then(survival.pow((deviation * -z).exp())).alias("high"),
            (pl.col("leaving") - ended).alias("censored"),
        )
        .select(*group_columns, "days", "at_risk", "ended", "censored", "survival", "low", "high")
    )


def closed_within(
    frame: pl.DataFrame,
    limits: Sequence[int] = (15, 30),
    group_columns: Sequence[str] = (),
    days: str = "days",
    event: str = "event",
) -> pl.DataFrame:
    """Return the share ended within each of `limits` days (1 − S), open cases counted, with its 95 % band.

    `frame` as for `medians`. Result: the group columns, `within` (days), `share`, `low`, `high` (f64), `at_risk`
    (Int64, cases watched beyond that day); null where the watch ended earlier with cases still open.
    Source: as `curves`.
    """
    curve = curves(frame, group_columns, days, event)
    keys = list(group_columns) or [_ALL]
    if not group_columns:
        curve = curve.with_columns(pl.lit(0, pl.Int8).alias(_ALL))
    return (
        curve.join(pl.DataFrame({"within": list(limits)}, schema={"within": pl.Int64}), how="cross")
        .group_by(*keys, "within")
        .agg(_at_limit(pl.col("days") <= pl.col("within")))
        .sort(*keys, "within")
        .select(*group_columns, "within", "share", "low", "high", "at_risk")
    )


def _at_limit(reached: pl.Expr) -> list[pl.Expr]:
    survival = pl.col("survival").filter(reached).last()
    beyond = (pl.col("ended") + pl.col("censored")).filter(~reached).sum()
    known = (beyond > 0) | (pl.col("survival").last() == 0) | (pl.col("days").last() == pl.col("within").first())
    return [
        pl.when(known).then(1 - survival.fill_null(1.0)).alias("share"),
        pl.when(known).then(1 - pl.col("high").filter(reached).last()).alias("low"),
        pl.when(known).then(1 - pl.col("low").filter(reached).last()).alias("high"),
        beyond.alias("at_risk"),
    ]


def summary(
    frame: pl.DataFrame, group_columns: Sequence[str] = (), days: str = "days", event: str = "event"
) -> pl.DataFrame:
    """Return each group's median with its 95 % interval and, beside it, the naive median of the ended cases alone.

    `frame` as for `medians`. Result: that of `medians`, then `low`, `high` (Int64 days; null where the band never gets
    to one half), `naive` (f64) and `misleads`: the naive median lies outside the interval, or the median cannot be
    known yet although a naive one exists.
    Source: Brookmeyer and Crowley (1982), see the module.
    """
    result = medians(frame, group_columns, days, event)
    curve = curves(frame, group_columns, days, event)
    keys = list(group_columns) or [_ALL]
    naive = pl.col(days).filter(pl.col(event)).median().alias("naive")
    # Where S is 0 the band has no value any more, but the median lies before.
    low = pl.col("days").filter((pl.col("low") <= 0.5) | (pl.col("survival") == 0)).min().alias("low")
    high = pl.col("days").filter((pl.col("high") <= 0.5) | (pl.col("survival") == 0)).min().alias("high")
    if not group_columns:
        result, curve, frame = (one.with_columns(pl.lit(0, pl.Int8).alias(_ALL)) for one in (result, curve, frame))
    for part in (curve.group_by(keys).agg(low, high), frame.group_by(keys).agg(naive)):
        result = result.join(part, on=keys, how="left", nulls_equal=True, maintain_order="left")
    outside = ~pl.col("naive").is_between(pl.col("low").fill_null(0), pl.col("high").fill_null(2**31))
    return result.with_columns(
        (pl.col("naive").is_not_null() & (pl.col("median").is_null() | outside)).alias("misleads")
    ).select(*group_columns, "cases", "events", "median", "low", "high", "naive", "misleads")


def _steps(frame: pl.DataFrame, group_columns: Sequence[str], days: str, event: str) -> tuple[pl.DataFrame, list[str]]:
    """Return a row per group and day (`days`, `at_risk`, `ended`, `leaving`, sorted), and the grouping columns."""
    keys = list(group_columns) or [_ALL]
    cases = frame if group_columns else frame.with_columns(pl.lit(0, pl.Int8).alias(_ALL))
    steps = (
        cases.group_by(*keys, pl.col(days).cast(pl.Int64).alias("days"))
        .agg(pl.col(event).sum().cast(pl.Int64).alias("ended"), pl.len().cast(pl.Int64).alias("leaving"))
        .sort(*keys, "days")
        .with_columns(pl.col("leaving").cum_sum(reverse=True).over(keys).alias("at_risk"))
    )
    return steps, keys


def _survival(keys: list[str]) -> pl.Expr:
    return ((pl.col("at_risk") - pl.col("ended")) / pl.col("at_risk")).cum_prod().over(keys).alias("survival")


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
