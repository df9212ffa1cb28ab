"""Is the change real? Process behaviour charts of a monthly series: limits, signals, a verdict, passing its target.

Values without denominators get an XmR chart (mean ± 2.66 × mean moving range; moving ranges above 3.267 × their mean
are left out once, so that one jump does not widen the limits). Proportions and rates with their monthly denominators
get Laney's P′ or U′ chart instead: an XmR chart gives a month with 5 cases the same limits as one with 500, a plain P
chart draws far too narrow ones where there are many cases; P′ has limits by size and takes the month-to-month
variation from the data.

The four signals are those of the NHS guide “Making data count” as its own tool counts them (R package NHSRplotthedots):
a point outside the limits; a shift (7 or more in a row on one side of the mean); a trend (7 or more in a row rising or
falling); 2 of 3 in a row in the outer third of the limits, all three on one side.

References: W. A. Shewhart, Economic Control of Quality of Manufactured Product (1931); D. J. Wheeler, Understanding
Variation (1993), XmR; D. B. Laney, “Improved control charts for attributes”, Quality Engineering 14 (2002) 531–537;
NHS England, Making data count (2019), signals, verdicts (“variation”) and passing (“assurance”).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import t as student_t

Verdict = Literal["improving", "worsening", "higher", "lower", "no_real_change", "too_early"]
Passing = Literal["will_pass", "may_pass_or_fail", "will_fail"]
Signal = Literal["outside", "shift", "two_of_three", "trend"]
Kind = Literal["values", "proportion", "rate"]

# 3 ÷ 1.128: three standard deviations from the mean range of two (Wheeler 1993).
LIMIT_PER_RANGE = 2.66
RANGE_PER_SIGMA = 1.128
# Upper limit of a moving range; larger ones are no everyday variation (Wheeler 1993; NHSRplotthedots screens the same).
RANGE_SCREEN = 3.267
SHIFT = 7
TREND = 7
# With fewer months the limits themselves wander too much for a verdict (Making data count: at least 12 points).
MINIMUM_POINTS = 12
# A change is looked for in the last year: longer ago it is not news.
LATEST_MONTHS = 12
_SHUFFLES = 9_999
# Sequential Monte Carlo (J. Besag and P. Clifford, “Sequential Monte Carlo p-values”, Biometrika 78 (1991) 301–304):
# a tenth of a thousand orders as strong as the one observed, and nobody asks for the third digit of p.
_FIRST_SHUFFLES, _ENOUGH_AS_FAR = 999, 100

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Chart:
    """A process behaviour chart: a row a month in `frame`, and what the latest months say.

    `frame`: `value`, `centre`, `low`, `high` (f64), `segment` (int), `signal` (a `Signal` or null), `side` (−1, 0, +1
    against the centre; a trend's direction). `signal` is the latest month's, `points` the months since the last break;
    `passing` is None without a target or when it is too early.
    """

    frame: pl.DataFrame
    verdict: Verdict
    passing: Passing | None
    signal: Signal | None
    points: int


@dataclass(frozen=True)
class Change:
    """The likeliest change within the latest months: from index `since` on, by `difference`, with its 95 % interval.

    `p` is the share of shuffled orders of the same months that show as strong a change anywhere in those months.
    """

    since: int
    before: float
    after: float
    difference: float
    low: float
    high: float
    p: float


def chart(
    values: Sequence[float | None],
    direction: int,
    *,
    denominators: Sequence[float | None] | None = None,
    kind: Kind = "values",
    scale: float = 1.0,
    breaks: Sequence[int] = (),
    target: float | None = None,
) -> Chart:
    """Return the chart of a monthly series, oldest first, with a verdict on the latest month.

    `values` may hold None (left out); `direction` +1 higher is better, −1 lower is better, 0 neither; `kind`
    "proportion" (needs `denominators`, limits within 0..1) or "rate" (events over an exposure, value = `scale` × events
    ÷ exposure) draw Laney's P′ and U′, "values" an XmR chart. Limits start anew at each index in `breaks`. ValueError
    for a kind without its denominators or a direction other than −1, 0, +1.
    Source: Wheeler (1993), Laney (2002), Making data count (2019), see the module.
    """
    if direction not in (-1, 0, 1):
        raise ValueError(f"direction {direction}: +1 (higher is better), -1 (lower is better) or 0")
    if kind != "values" and denominators is None:
        raise ValueError(f"a {kind} chart needs the denominators of its months")
    series = _array(values)
    sizes = _array(denominators) if denominators is not None and kind != "values" else np.ones(len(series))
    present = np.isfinite(series) & np.isfinite(sizes) & (sizes > 0)
    segment = np.zeros(len(series), dtype=np.int64)
    for start in breaks:
        segment[start:] += 1

    centre, low, high = (np.full(len(series), np.nan) for _ in range(3))
    signals: list[Signal | None] = [None] * len(series)
    side = np.zeros(len(series), dtype=np.int64)
    for number in range(int(segment.max(initial=0)) + 1):
        own = np.flatnonzero(present & (segment == number))
        if len(own) < 2:
            continue
        middle, unit = _limits(series[own], sizes[own], kind, scale)
        centre[own] = middle
        low[own], high[own] = middle - 3 * unit, middle + 3 * unit
        side[own] = np.sign(series[own] - middle).astype(np.int64)
        names, trends = _signals(series[own], middle, unit)
        for place, name, trend in zip(own, names, trends, strict=True):
            signals[place] = name
            side[place] = trend if name == "trend" else side[place]
    if kind != "values":
        low = np.maximum(low, 0.0)
    if kind == "proportion":
        high = np.minimum(high, 1.0)

    last = np.flatnonzero(present & (segment == segment.max(initial=0)))
    frame = pl.DataFrame(
        {
            "value": pl.Series(np.where(present, series, np.nan), nan_to_null=True),
            "centre": pl.Series(centre, nan_to_null=True),
            "low": pl.Series(low, nan_to_null=True),
            "high": pl.Series(high, nan_to_null=True),
            "segment": segment,
            "signal": pl.Series(signals, dtype=pl.String),
            "side": side,
        }
    )
    if len(last) < MINIMUM_POINTS:
        return Chart(frame, "too_early", None, None, len(last))
    latest = int(last[-1])
    passing = None
    if target is not None and direction != 0:
        # The coming month's size is unknown; the median of the last year's stands in for it.
        typical = float(np.median(sizes[last[-LATEST_MONTHS:]]))
        middle, unit = _limits(series[last], sizes[last], kind, scale, typical)
        passing = _passing(middle - 3 * float(unit[0]), middle + 3 * float(unit[0]), target, direction)
    return Chart(frame, _verdict(signals[latest], int(side[latest]), direction), passing, signals[latest], len(last))


def latest_change(
    values: Sequence[float | None],
    *,
    denominators: Sequence[float | None] | None = None,
    start: int = 0,
    within: int = LATEST_MONTHS,
) -> Change | None:
    """Return the likeliest change of level within the latest months, `within` of them, tested by shuffling the months.

    For each possible first month in them the mean after it is compared with the mean before it (weighted by
    `denominators`, where given); the largest standardised difference is set against that of 9,999 shuffled orders, so
    `p` holds whatever the distribution, as long as the months without a change could have come in any order. One odd
    month alone can never be rarer than 1 in the number of months: a change becomes evident when it lasts two or three.
    A change that fills those months is told from the month in which it began. `start` is the first index that
    counts (the last break of the limits). None with fewer than 12 months.
    Source: permutation test of a maximally selected statistic: A. N. Pettitt, “A non-parametric approach to the
    change-point problem”, Applied Statistics 28 (1979) 126–135; p with the observed order counted in: B. Phipson and
    G. K. Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010) 39.
    """
    series = _array(values)[start:]
    sizes = _array(denominators)[start:] if denominators is not None else np.ones(len(series))
    kept = np.flatnonzero(np.isfinite(series) & np.isfinite(sizes) & (sizes > 0))
    if len(kept) < MINIMUM_POINTS:
        return None
    y, n = series[kept], sizes[kept]
    mean = float(np.average(y, weights=n))
    # Standardised by size, months of different size are alike enough to be shuffled.
    scores = (y - mean) * np.sqrt(n)
    scores -= scores.mean()
    if np.allclose(scores, 0.0):
        return None
    # At least four months before a change, or its level before would be anybody's guess.
    longest = min(within, len(y) - 4)
    observed = _jumps(scores[::-1][:longest], len(y))
    p = _shuffled(scores, longest, float(observed.max()))
    split = len(y) - 1 - int(observed.argmax())
    if split == len(y) - longest:
        # It shows in the whole last year, so it may be older: it began where the months before part from those after.
        split = len(y) - 1 - int(_jumps(scores[::-1][: len(y) - 4], len(y)).argmax())
    before, after = (float(np.average(y[part], weights=n[part])) for part in (slice(None, split), slice(split, None)))
    residual = np.concatenate(((y[:split] - before) * np.sqrt(n[:split]), (y[split:] - after) * np.sqrt(n[split:])))
    variance = float(np.sum(residual**2)) / (len(y) - 2)
    error = float(np.sqrt(variance * (1 / n[:split].sum() + 1 / n[split:].sum())))
    half = _quantile(len(y) - 2) * error
    difference = after - before
    return Change(start + int(kept[split]), before, after, difference, difference - half, difference + half, p)


def _array(values: Sequence[float | None]) -> _Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _limits(
    values: _Floats, sizes: _Floats, kind: Kind, scale: float, at_size: float | None = None
) -> tuple[float, _Floats]:
    """Return the centre and one third of the limits' distance, for each month or for the one size `at_size`."""
    wanted = sizes if at_size is None else np.array([at_size])
    if kind == "values":
        middle = float(values.mean())
        unit = LIMIT_PER_RANGE / 3 * _mean_range(values)
        return middle, np.full(len(wanted), unit)
    middle = float(np.average(values, weights=sizes))
    variance = middle * (1 - middle) if kind == "proportion" else middle * scale
    if variance <= 0:
        return middle, np.zeros(len(wanted))
    scores = (values - middle) / np.sqrt(variance / sizes)
    return middle, np.sqrt(variance / wanted) * _mean_range(scores) / RANGE_PER_SIGMA


def _mean_range(values: _Floats) -> float:
    ranges = np.abs(np.diff(values))
    kept = ranges[ranges <= RANGE_SCREEN * ranges.mean()]
    return float(kept.mean())


def _signals(values: _Floats, middle: float, unit: _Floats) -> tuple[list[Signal | None], list[int]]:
    """Return each point's signal and the direction of the trend it is part of (0 if of none)."""
    away = values - middle
    # A hair of tolerance, so that equal values do not fall outside limits of width 0 by rounding.
    hair = 1e-12 * max(abs(middle), 1.0)
    side = np.where(np.abs(away) > hair, np.sign(away), 0).astype(np.int64)
    outside = np.abs(away) > 3 * unit + hair
    close = ~outside & (np.abs(away) > 2 * unit + hair)
    shift = _runs(side, SHIFT)
    steps = np.sign(np.diff(values)).astype(np.int64)
    trend = np.zeros(len(values), dtype=np.int64)
    for begin in range(len(values) - TREND + 1):
        window = steps[begin : begin + TREND - 1]
        if abs(int(window.sum())) == TREND - 1:
            trend[begin : begin + TREND] = window[0]
    pairs = np.zeros(len(values), dtype=bool)
    for begin in range(len(values) - 2):
        three = slice(begin, begin + 3)
        if abs(int(side[three].sum())) == 3 and int(close[three].sum()) >= 2:
            pairs[three] |= close[three]
    names: list[Signal | None] = [
        "outside" if out else "shift" if run else "two_of_three" if pair else "trend" if rise else None
        for out, run, pair, rise in zip(outside, shift, pairs, trend, strict=True)
    ]
    return names, trend.tolist()


def _runs(side: NDArray[np.int64], length: int) -> NDArray[np.bool_]:
    """Return which points are part of at least `length` in a row on one side; a point on the mean ends a run."""
    part = np.zeros(len(side), dtype=bool)
    for begin in range(len(side) - length + 1):
        if abs(int(side[begin : begin + length].sum())) == length:
            part[begin : begin + length] = True
    return part


def _verdict(signal: Signal | None, side: int, direction: int) -> Verdict:
    if signal is None:
        return "no_real_change"
    if direction == 0:
        return "higher" if side > 0 else "lower"
    return "improving" if side == direction else "worsening"


def _passing(low: float, high: float, target: float, direction: int) -> Passing:
    surely, never = (low >= target, high < target) if direction > 0 else (high <= target, low > target)
    return "will_pass" if surely else "will_fail" if never else "may_pass_or_fail"


@cache
def _quantile(degrees: int) -> float:
    return float(student_t.ppf(0.975, degrees))


def _shuffled(scores: _Floats, longest: int, observed: float) -> float:
    """Return the share of shuffled orders that jump at least as far as `observed`, the observed order counted in.

    Where the first thousand orders leave no doubt that nothing happened, their share is told.
    """
    orders = _orders(len(scores), longest)
    for shuffles in (_FIRST_SHUFFLES, _SHUFFLES):
        null = _jumps(scores[orders[:, :shuffles]], len(scores)).max(axis=0)
        # A hair's tolerance: the same order, summed in another way, must count as equally strong.
        as_far = int(np.sum(null >= observed * (1 - 1e-9)))
        if as_far >= _ENOUGH_AS_FAR:
            break
    return (1 + as_far) / (1 + shuffles)


@cache
def _orders(months: int, latest: int) -> NDArray[np.int16]:
    """Return shuffled orders of so many months, one a column, its latest month first, no more than `latest` of them."""
    # A fixed seed: the same data must always give the same p.
    generator = np.random.default_rng(0)
    places = np.tile(np.arange(months, dtype=np.int16), (_SHUFFLES, 1))
    return np.ascontiguousarray(generator.permuted(places, axis=1)[:, :latest].T)


def _jumps(latest: _Floats, months: int) -> _Floats:
    """Return how far each number of latest months (1, 2, …; first axis, latest first) stands from the rest.

    `latest` are scores whose sum over all `months` is 0; the result is in the scores' standard deviations.
    """
    lengths = np.arange(1, len(latest) + 1).reshape(-1, *[1] * (latest.ndim - 1))
    return np.asarray(np.abs(np.cumsum(latest, axis=0)) / np.sqrt(lengths * (months - lengths) / months))
