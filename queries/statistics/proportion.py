"""Wilson score intervals of proportions.

Reference: E. B. Wilson, “Probable inference, the law of succession, and statistical inference”, Journal of the American
Statistical Association 22 (1927) 209–212; recommended for small n by L. D. Brown, T. T. Cai and A. DasGupta, “Interval
estimation for a binomial proportion”, Statistical Science 16 (2001) 101–133.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

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


def wilson_limits(numerators: Array, denominators: Array, z: float = Z95) -> tuple[Array, Array]:
    """Return arrays of lower and upper Wilson limits (f64, 0..1) of arrays that broadcast; NaN without trials.

    Source: Wilson (1927), see the module.
    """
    successes, trials = np.broadcast_arrays(np.asarray(numerators, float), np.asarray(denominators, float))
    trials = np.where(trials > 0, trials, np.nan)
    share = successes / trials
    square = z * z / trials
    centre = (share + square / 2) / (1 + square)
    half = z / (1 + square) * np.sqrt(share * (1 - share) / trials + square / (4 * trials))
    low, high = np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
    # With no success, or nothing but, a limit is 0 or 1 exactly; the subtraction would leave 1e-17.
    low[(successes == 0) & ~np.isnan(trials)] = 0.0
    high[successes == trials] = 1.0
    return low, high
