"""When a grievance must be answered and closed: as written down, else by the service level of its category.

Working days are the State Council's, with its make-up workdays (package `holidays`, country CN).
"""

from __future__ import annotations

from datetime import date

import holidays
import numpy as np
import polars as pl
from numpy.typing import NDArray

from data import tables

RESPONSE_DAYS = 5  # first answer, where no service level is set (grievance regulations of the trade)
CLOSING_DAYS = 15  # ordinary cases, where no service level is set; mediation must end in 15 days as well
CALENDAR, WORKING = range(2)


def coded(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """Return the frame with each code as its small integer in the order of `data/tables.py`."""
    codes = {c.name: c.codes for c in tables.BY_NAME[table].columns if c.codes and c.name in frame.columns}
    return frame.with_columns(
        pl.col(name).replace_strict({code: i for i, (code, _) in enumerate(pairs)}, return_dtype=pl.UInt8)
        for name, pairs in codes.items()
    )


def with_limits(cases: pl.DataFrame, levels: pl.DataFrame) -> pl.DataFrame:
    """Return the cases with `due` and `response_due` by the service level in force on the day each was filed.

    A due day as given stands; without a level 15 and 5 calendar days run. `working` days are the State Council's.
    """
    cases = cases.with_columns(pl.col("stage").fill_null(0), pl.col("satisfaction").cast(pl.Int8)).sort("filed")
    levels = levels.sort("valid_from").with_columns(
        pl.col("day_kind").fill_null(CALENDAR),
        pl.col("response_days").cast(pl.Int64),
        pl.col("closing_days").cast(pl.Int64),
    )
    cases = cases.join_asof(
        levels, left_on="filed", right_on="valid_from", by="category", strategy="backward", check_sortedness=False
    )
    cases = cases.with_columns(
        pl.col("response_days").fill_null(RESPONSE_DAYS),
        pl.col("closing_days").fill_null(CLOSING_DAYS),
        pl.col("day_kind").fill_null(CALENDAR),
    )
    working = working_days(cases["filed"])
    found = {}
    for name, days in (("response_due", "response_days"), ("limit", "closing_days")):
        found[name] = (
            pl.when(pl.col("day_kind") == WORKING)
            .then(pl.Series(name, _nth_working_day(working, cases["filed"], cases[days])))
            .otherwise(pl.col("filed") + pl.duration(days=pl.col(days)))
        )
    return (
        cases.with_columns(**found)
        .with_columns(due=pl.coalesce("due", "limit"))
        .drop("limit", "response_days", "closing_days", "day_kind", "valid_from")
    )


def working_days(days: pl.Series) -> NDArray[np.int64]:
    """Return, as days since 1970, all working days in China from the first of `days` to a year after the last."""
    first, last = days.min(), days.max()
    if not isinstance(first, date) or not isinstance(last, date):
        return np.zeros(0, dtype=np.int64)
    calendar = holidays.country_holidays("CN", years=range(first.year, last.year + 3))
    every = pl.date_range(first, date(last.year + 2, 12, 31), eager=True)
    kept = [calendar.is_working_day(day) for day in every]
    return every.filter(pl.Series(kept)).to_physical().cast(pl.Int64).to_numpy()


def _nth_working_day(working: NDArray[np.int64], filed: pl.Series, n: pl.Series) -> pl.Series:
    if not len(working):
        return pl.Series([], dtype=pl.Date)
    start = np.searchsorted(working, filed.to_physical().cast(pl.Int64).to_numpy(), side="right")
    at = np.minimum(start + n.to_numpy() - 1, len(working) - 1)
    return pl.Series(working[at]).cast(pl.Int32).cast(pl.Date)
