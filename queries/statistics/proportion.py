"""Wilson score intervals of proportions.

Reference: E. B. Wilson, “Probable inference, the law of succession, and statistical inference”, Journal of the American
Statistical Association 22 (1927) 209–212; recommended for small n by L. D. Brown, T. T. Cai and A. DasGupta, “Interval
estimation for a binomial proportion”, Statistical Science 16 (2001) 101–133.
"""

from __future__ import annotations

import math

import polars as pl

# 95 %, two-sided, to the six decimals at which the metrics' definition fixes it, so that two programs agree to 1e-9.
Z95 = 1.959964


def wilson(numerator: float, denominator: float, z: float = Z95) -> tuple[float, float] | None:
    """Return (low, high) of `numerator` successes in `denominator` trials, within 0..1; None without trials.

    Raises ValueError where the numerator is not within 0..denominator.
    Source: Wilson (1927), see the module.
    """
    if denominator == 0:
        return None
    if not 0 <= numerator <= denominator:
        raise ValueError(f"{numerator} of {denominator} is no proportion: the numerator lies within 0..denominator")
    share = numerator / denominator
    square = z * z / denominator
    centre = (share + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(share * (1 - share) / denominator + square / (4 * denominator))
    low = 0.0 if numerator == 0 else max(0.0, centre - half)
    high = 1.0 if numerator == denominator else min(1.0, centre + half)
    return low, high


def wilson_low(numerator: pl.Expr, denominator: pl.Expr, z: float = Z95) -> pl.Expr:
    """Return the lower Wilson limit (f64, 0..1) as an expression; null where the denominator is 0 or null.

    Source: Wilson (1927), see the module.
    """
    centre, half = _centre_and_half(numerator, denominator, z)
    # With no success the limit is 0 exactly; the subtraction would leave 1e-17.
    return pl.when(denominator > 0).then(pl.when(numerator == 0).then(0.0).otherwise((centre - half).clip(0.0, 1.0)))


def wilson_high(numerator: pl.Expr, denominator: pl.Expr, z: float = Z95) -> pl.Expr:
    """Return the upper Wilson limit (f64, 0..1) as an expression; null where the denominator is 0 or null.

    Source: Wilson (1927), see the module.
    """
    centre, half = _centre_and_half(numerator, denominator, z)
    return pl.when(denominator > 0).then(
        pl.when(numerator == denominator).then(1.0).otherwise((centre + half).clip(0.0, 1.0))
    )


def _centre_and_half(numerator: pl.Expr, denominator: pl.Expr, z: float) -> tuple[pl.Expr, pl.Expr]:
    trials = denominator.cast(pl.Float64)
    share = numerator.cast(pl.Float64) / trials
    square = z * z / trials
    centre = (share + square / 2) / (1 + square)
    half = z / (1 + square) * (share * (1 - share) / trials + square / (4 * trials)).sqrt()
    return centre, half
