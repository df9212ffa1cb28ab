"""Breach forecast: the chance of each open case to pass its limit, the expected number, and the track record of both.

A case's time is counted as the part of its limit that has passed, since people work towards limits: at 1 it breaches.
In twentieths of the limit the rate of leaving (closing or withdrawal: either way it can no longer breach) is taken from
the last half year: of all, of its category, then times the pace of its limit's length, channel, unit, and unit and
category together, each drawn towards its parent (1) by as much as chance explains. The chance to breach is then
exp(−what remains of the hazard up to the limit).

Each forecast is set right by how those of the last half year came out (level and slope on the scale of the log hazard):
the multipliers alone would make the safest cases too safe, since some get stuck in the fastest unit too.

The number of breaches is a Poisson binomial, and next month may be faster or slower as a whole (festivals, campaigns):
the spread of that common pace is learnt from how earlier forecasts went. Every forecast of the back-test is trained on
what was known on its day, its interval too.

References: P. D. Allison, “Discrete-time methods for the analysis of event histories”, Sociological Methodology 13
(1982) 61–98; M. Friedman, “Piecewise exponential models for survival data with covariates”, Annals of Statistics 10
(1982) 101–113; shrunken multipliers: D. G. Clayton and J. Kaldor, “Empirical Bayes estimates of age-standardized
relative risks”, Biometrics 43 (1987) 671–681, by moments as R. J. Marshall, Applied Statistics 40 (1991) 283–294;
setting right: D. R. Cox, “Two further applications of a model for binary regression”, Biometrika 45 (1958) 562–565;
Poisson binomial by matched binomial: W. Ehm, Statistics and Probability Letters 11 (1991) 7–16; G. W. Brier, Monthly
Weather Review 78 (1950) 1–3; rolling origins: L. J. Tashman, International Journal of Forecasting 16 (2000) 437–450.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import betainc, ndtri

from queries.statistics.proportion import wilson_limits

# A month ahead: what union staff can still act on.
HORIZON_DAYS = 30
# Long enough for the rates of small units, short enough to follow a unit that slides; a year scored worse.
WINDOW_DAYS = 180
ORIGINS = 10
# Forecasts before the shown ones, from which the first of those has its base rate and its spread of the pace.
_WARM_UP = 6
# Fewer cases that left tell no rates.
_FEWEST_EVENTS = 50
_BINS = 20
# Limits by length in days: shorter ones are worked off at another pace, relative to the limit, than long ones.
_LENGTHS = (5, 10, 15, 20, 30, 45, 60, 90)
_LEVELS: tuple[tuple[str, ...], ...] = (("_length",), ("channel",), ("unit",), ("unit", "category"))
_ROUNDS = 2
# Before there is a track record: months differ by a tenth in pace, as surely as four forecasts would tell.
_PACE_PRIOR, _PACE_PRIOR_FORECASTS = 0.10, 4
# Level and slope are set right as far as the outcomes outweigh this spread around “right as it is”.
_RIGHT_PRIOR = 0.25
_RIGHT_FORECASTS = 6
_SCORING_STEPS = 8
_PACE_NODES = ndtri((np.arange(15) + 0.5) / 15)
_NEVER = 2**30

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class BackTest:
    """What earlier forecasts said and what happened.

    `origins`, oldest first: `origin` (day of the forecast), `open` (cases due within the horizon), `expected`, `low`,
    `high` (95 %), `observed`, `inside`. `calibration`: ten groups of cases by forecast, `forecast` (mean chance),
    `observed` (share that breached), `low`, `high` (Wilson), `cases`. `brier`, `brier_base`: mean squared error of the
    chances, and of giving every case the share known on the day; null without an origin.
    """

    origins: pl.DataFrame
    calibration: pl.DataFrame
    brier: float | None
    brier_base: float | None

    @property
    def skill(self) -> float | None:
        """The part of the base rate's error that the forecast avoids (1 = perfect, 0 = no better)."""
        if self.brier is None or not self.brier_base:
            return None
        return 1 - self.brier / self.brier_base

    @property
    def coverage(self) -> float | None:
        """The share of origins whose number of breaches lay inside its interval."""
        return None if self.origins.is_empty() else float(self.origins["inside"].sum()) / self.origins.height


@dataclass(frozen=True)
class Forecast:
    """The open cases that can still breach, and how such forecasts have fared.

    `cases`: the input's rows that are open on the day and whose limit is not before it, with `chance` (0..1) and
    `days_left` (≥ 0). `pace` is the spread of the common pace (a standard deviation; 0.1 = a tenth).
    """

    cases: pl.DataFrame
    as_of: date
    pace: float
    back_test: BackTest
    _hazard: _Floats

    def expected(self, group_columns: Sequence[str] = (), until: date | None = None) -> pl.DataFrame:
        """Return per group how many of the open cases will pass their limit, with a 95 % interval.

        Only limits up to `until` (None: all). Result: the group columns, `open`, `expected`, `low`, `high`, sorted by
        the group columns; without them one row.
        """
        rows = self.cases.with_columns(pl.Series("_hazard", self._hazard))
        if until is not None:
            rows = rows.filter(pl.col("due") <= until)
        keys = list(group_columns)
        if not keys:
            hazard = rows["_hazard"].to_numpy()
            low, high = _interval(*_moments(hazard, np.zeros(len(hazard), dtype=np.int64), 1, self.pace))
            return pl.DataFrame(
                {"open": [rows.height], "expected": [float(np.exp(-hazard).sum())], "low": low, "high": high}
            )
        groups = rows.group_by(keys).agg(pl.len().cast(pl.Int64).alias("open")).sort(keys).with_row_index("_group")
        code = rows.join(groups, on=keys, how="left", nulls_equal=True, maintain_order="left")["_group"].to_numpy()
        hazard = rows["_hazard"].to_numpy()
        low, high = _interval(*_moments(hazard, code.astype(np.int64), groups.height, self.pace))
        return groups.drop("_group").with_columns(
            pl.Series("expected", np.bincount(code, np.exp(-hazard), groups.height)),
            pl.Series("low", low),
            pl.Series("high", high),
        )


def forecast(
    cases: pl.DataFrame, as_of: date, horizon: int = HORIZON_DAYS, origins: int = ORIGINS, window: int = WINDOW_DAYS
) -> Forecast | None:
    """Return the chance of each open case to pass its limit; None while fewer than 50 cases have left in the window.

    `cases` has a row a case: `filed_on`, `closed_on` (date, null = open; a withdrawn case has its day here too, a case
    open again null), `due` (date), `unit`, `category`, `channel` (any type, null is a value of its own). What lies
    after `as_of` is not used. Days of `horizon` and `window`, number of `origins` of the back-test.
    Source: see the module.
    """
    history = _History.of(cases)
    today = (as_of - date(1970, 1, 1)).days
    tests: list[_Test] = []
    # The latest test's cases are all due before the day of knowledge, which is itself not over.
    for back in range(origins + _WARM_UP, 0, -1):
        test = history.test(today - 1 - back * horizon, horizon, window, tests)
        if test is not None:
            tests.append(test)
    hazards = history.hazards(today, window)
    if hazards is None:
        return None
    waiting = np.flatnonzero((history.filed <= today) & (history.closed > today) & (history.due >= today))
    hazard = _set_right(hazards.remaining(waiting, today), tests)
    chosen = cases[waiting].with_columns(
        pl.Series("chance", np.exp(-hazard)), (pl.col("due") - as_of).dt.total_days().alias("days_left")
    )
    return Forecast(chosen, as_of, _pace(tests), _back_test(tests[-origins:]), hazard)


@dataclass(frozen=True)
class _Test:
    """One forecast of the past: its day, each case's hazard (raw, set right) and outcome, interval and base rate."""

    origin: int
    raw: _Floats
    hazard: _Floats
    breached: _Bools
    low: int
    high: int
    base: float | None

    @cached_property
    def chance(self) -> _Floats:
        return np.exp(-self.hazard)


@dataclass(frozen=True)
class _Hazards:
    """Cumulative rates of leaving by category over the parts of the limit, and each case's multiplier."""

    history: _History
    rates: _Floats
    multiplier: _Floats

    def remaining(self, rows: _Ints, today: int) -> _Floats:
        """Return what remains of the hazard of `rows` from `today` to their limits."""
        category = self.history.category[rows]
        part = np.minimum((today - self.history.filed[rows]) / self.history.length[rows], 1.0)
        total = _cumulative(self.rates, category, np.ones(len(rows)))
        left = np.maximum(total - _cumulative(self.rates, category, part), 0.0) * self.multiplier[rows]
        return np.where(self.history.due[rows] > today, left, 0.0)


@dataclass(frozen=True)
class _History:
    """All cases as numbers: days since 1970, codes of category and of each level's groups."""

    filed: _Ints
    closed: _Ints
    due: _Ints
    length: _Ints
    category: _Ints
    levels: tuple[_Ints, ...]

    @classmethod
    def of(cls, cases: pl.DataFrame) -> _History:
        days = cases.select(
            filed=pl.col("filed_on").to_physical().cast(pl.Int64),
            closed=pl.col("closed_on").to_physical().cast(pl.Int64).fill_null(_NEVER),
            due=pl.col("due").to_physical().cast(pl.Int64),
        )
        filed, due = days["filed"].to_numpy(), days["due"].to_numpy()
        length = np.maximum(due - filed, 1)
        coded = cases.with_columns(pl.Series("_length", np.searchsorted(_LENGTHS, length)))
        return cls(
            filed,
            days["closed"].to_numpy(),
            due,
            length,
            _codes(coded, ("category",)),
            tuple(_codes(coded, level) for level in _LEVELS),
        )

    def test(self, origin: int, horizon: int, window: int, before: Sequence[_Test]) -> _Test | None:
        """Return the forecast made on `origin` for the limits of the `horizon` after it; None without a ground."""
        hazards = self.hazards(origin, window)
        known = (self.filed <= origin) & (self.closed > origin)
        rows = np.flatnonzero(known & (self.due > origin) & (self.due <= origin + horizon))
        if hazards is None or not len(rows):
            return None
        raw = hazards.remaining(rows, origin)
        hazard = _set_right(raw, before)
        low, high = _interval(*_moments(hazard, np.zeros(len(rows), dtype=np.int64), 1, _pace(before)))
        seen = np.concatenate([test.breached for test in before]) if before else None
        base = None if seen is None else float(seen.mean())
        return _Test(origin, raw, hazard, self.closed[rows] > self.due[rows], int(low[0]), int(high[0]), base)

    def hazards(self, today: int, window: int) -> _Hazards | None:
        """Return the rates learnt from the `window` days up to `today`, with nothing that happened later."""
        start = today - window
        end = np.minimum(np.minimum(self.closed, self.due), today)
        rows = np.flatnonzero((self.filed <= today) & (end > start) & (end > self.filed))
        filed, length, end = self.filed[rows], self.length[rows], end[rows]
        left = self.closed[rows] == end
        if int(left.sum()) < _FEWEST_EVENTS:
            return None
        # A case that leaves on a day has on average been there for half of it.
        upto = (end - filed - 0.5 * left) / length
        since = np.maximum(start - filed, 0) / length
        category, kinds = self.category[rows], int(self.category.max()) + 1
        levels = [level[rows] for level in self.levels]
        sizes = [int(level.max()) + 1 for level in self.levels]
        paces = [np.ones(size) for size in sizes]
        events = np.bincount(category[left] * _BINS + _bin(upto[left]), minlength=kinds * _BINS).reshape(kinds, _BINS)
        multiplier = np.ones(len(rows))
        rates = np.zeros((kinds, _BINS))
        for _ in range(_ROUNDS):
            rates = _rates(events, _exposure(category, kinds, since, upto, multiplier))
            hazard = _cumulative(rates, category, upto) - _cumulative(rates, category, since)
            for place, (level, size) in enumerate(zip(levels, sizes, strict=True)):
                others = multiplier / paces[place][level]
                paces[place] = _shrunk(
                    np.bincount(level[left], minlength=size),
                    np.asarray(np.bincount(level, hazard * others, size), dtype=np.float64),
                )
                multiplier = others * paces[place][level]
        every = np.ones(len(self.filed))
        for level, pace in zip(self.levels, paces, strict=True):
            every *= pace[level]
        return _Hazards(self, rates, every)


def _codes(frame: pl.DataFrame, columns: Sequence[str]) -> _Ints:
    groups = frame.select(columns).unique(maintain_order=True).with_row_index("_code")
    joined = frame.select(columns).join(groups, on=list(columns), how="left", nulls_equal=True, maintain_order="left")
    return joined["_code"].cast(pl.Int64).to_numpy()


def _bin(part: _Floats) -> _Ints:
    return np.minimum((part * _BINS).astype(np.int64), _BINS - 1)


def _exposure(category: _Ints, kinds: int, since: _Floats, upto: _Floats, weight: _Floats) -> _Floats:
    """Return the time at risk per category and bin, each case from `since` to `upto`, times its weight."""

    def spent(part: _Floats) -> _Floats:
        places = category * _BINS + _bin(part)
        count = np.bincount(places, weight, kinds * _BINS).reshape(kinds, _BINS)
        total = np.bincount(places, weight * part, kinds * _BINS).reshape(kinds, _BINS)
        beyond = count[:, ::-1].cumsum(axis=1)[:, ::-1] - count
        return np.asarray(beyond / _BINS + total - count * np.arange(_BINS) / _BINS)

    return np.maximum(spent(upto) - spent(since), 0.0)


def _rates(events: _Ints, exposure: _Floats) -> _Floats:
    """Return the rate of leaving per category and bin: that of all, times the category's pace, times its own course."""
    overall = events.sum(axis=0) / np.maximum(exposure.sum(axis=0), 1e-9)
    pace = _shrunk(events.sum(axis=1), (exposure * overall).sum(axis=1))
    expected = exposure * overall * pace[:, None]
    course = _shrunk(events.ravel(), expected.ravel()).reshape(events.shape)
    return np.asarray(overall * pace[:, None] * course)


def _shrunk(events: NDArray[np.int64], expected: _Floats) -> _Floats:
    """Return events ÷ expected of each group, drawn towards 1 by a gamma prior whose variance is that between groups.

    Source: Clayton and Kaldor (1987), Marshall (1991), see the module.
    """
    square = float((expected**2).sum())
    variance = float(((events - expected) ** 2 - expected).sum()) / square if square > 0 else 0.0
    if variance <= 0:
        return np.ones(len(expected))
    return np.asarray((events + 1 / variance) / (expected + 1 / variance))


def _cumulative(rates: _Floats, category: _Ints, part: _Floats) -> _Floats:
    """Return the hazard from 0 to `part` of the limit."""
    sums = np.concatenate((np.zeros((len(rates), 1)), rates.cumsum(axis=1) / _BINS), axis=1)
    place = _bin(part)
    return np.asarray(sums[category, place] + rates[category, place] * (part - place / _BINS))


def _set_right(hazard: _Floats, before: Sequence[_Test]) -> _Floats:
    """Return the hazards with the level and slope that would have been right for the latest forecasts before.

    Complementary log-log regression of the outcomes on the log hazard, by Fisher scoring, with a normal prior around
    level 0 and slope 1. Source: Cox (1958), see the module.
    """
    latest = before[-_RIGHT_FORECASTS:]
    raw = np.concatenate([test.raw for test in latest]) if latest else np.zeros(0)
    known = raw > 0
    if not known.any():
        return hazard
    kept = ~np.concatenate([test.breached for test in latest])[known]
    design = np.column_stack((np.ones(int(known.sum())), np.log(raw[known])))
    usual = np.array([0.0, 1.0])
    beta = usual
    for _ in range(_SCORING_STEPS):
        rate = np.exp(design @ beta)
        # Fisher scoring: the chance of not breaching is 1 − exp(−rate).
        share = -np.expm1(-rate)
        score = (kept - share) * rate / share
        information = rate**2 * np.exp(-rate) / share
        gradient = design.T @ score - (beta - usual) / _RIGHT_PRIOR**2
        curvature = (design * information[:, None]).T @ design + np.eye(2) / _RIGHT_PRIOR**2
        beta = beta + np.linalg.solve(curvature, gradient)
    return np.where(hazard > 0, np.exp(beta[0] + beta[1] * np.log(np.maximum(hazard, 1e-12))), 0.0)


def _pace(tests: Sequence[_Test]) -> float:
    """Return the spread of the common pace that the misses of earlier forecasts show beyond chance."""
    chances = [test.chance for test in tests]
    # How far the expected number moves with the pace.
    slopes = np.array([float((test.hazard * chance).sum()) for test, chance in zip(tests, chances, strict=True)])
    if not len(slopes) or not slopes.any():
        return _PACE_PRIOR
    surplus = sum(
        float(test.breached.sum() - chance.sum()) ** 2 - float((chance * (1 - chance)).sum())
        for test, chance in zip(tests, chances, strict=True)
    )
    scale = float((slopes**2).mean())
    prior = _PACE_PRIOR_FORECASTS * _PACE_PRIOR**2
    return float(np.sqrt(max(prior / 10, prior + surplus / scale) / (_PACE_PRIOR_FORECASTS + len(tests))))


def _moments(hazard: _Floats, group: _Ints, groups: int, pace: float) -> tuple[_Floats, _Floats]:
    """Return Σ chance and Σ chance² per group (rows) and pace node (columns)."""
    sums, squares = np.empty((groups, len(_PACE_NODES))), np.empty((groups, len(_PACE_NODES)))
    for node, score in enumerate(_PACE_NODES):
        chance = np.exp(-hazard * np.exp(pace * score - pace**2 / 2))
        sums[:, node] = np.bincount(group, chance, groups)
        squares[:, node] = np.bincount(group, chance**2, groups)
    return sums, squares


def _interval(sums: _Floats, squares: _Floats) -> tuple[_Ints, _Ints]:
    """Return the 95 % interval of the number, mixed over the pace, each node a binomial of the same mean and variance.

    Source: Ehm (1991), see the module.
    """
    share = np.divide(squares, sums, out=np.ones_like(sums), where=sums > 0)
    trials = np.divide(sums, share, out=np.zeros_like(sums), where=share > 0)

    def upto(count: _Ints) -> _Floats:
        k = count[:, None].astype(np.float64)
        inside = k < trials - 1e-9
        tail = betainc(np.where(inside, trials - k, 1.0), k + 1, np.where(inside, 1 - share, 1.0))
        return np.asarray(np.where(inside, tail, 1.0).mean(axis=1))

    def smallest(probability: float) -> _Ints:
        low, high = np.zeros(len(sums), dtype=np.int64), np.ceil(trials.max(axis=1)).astype(np.int64)
        while (low < high).any():
            middle = (low + high) // 2
            enough = upto(middle) >= probability
            low, high = np.where(enough, low, np.minimum(middle + 1, high)), np.where(enough, middle, high)
        return low

    return smallest(0.025), smallest(0.975)


def _back_test(tests: Sequence[_Test]) -> BackTest:
    # The first forecast of all has nothing to be compared with.
    judged = [test for test in tests if test.base is not None]
    epoch = date(1970, 1, 1)
    origins = pl.DataFrame(
        [
            (
                epoch + timedelta(test.origin),
                len(test.hazard),
                float(test.chance.sum()),
                test.low,
                test.high,
                int(test.breached.sum()),
                test.low <= int(test.breached.sum()) <= test.high,
            )
            for test in judged
        ],
        schema={
            "origin": pl.Date,
            "open": pl.Int64,
            "expected": pl.Float64,
            "low": pl.Int64,
            "high": pl.Int64,
            "observed": pl.Int64,
            "inside": pl.Boolean,
        },
        orient="row",
    )
    if not judged:
        return BackTest(origins, _calibration(np.zeros(0), np.zeros(0, dtype=bool)), None, None)
    chance = np.concatenate([test.chance for test in judged])
    breached = np.concatenate([test.breached for test in judged])
    base = np.concatenate([np.full(len(test.hazard), test.base) for test in judged])
    brier, brier_base = (float(np.mean((said - breached) ** 2)) for said in (chance, base))
    return BackTest(origins, _calibration(chance, breached), brier, brier_base)


def _calibration(chance: _Floats, breached: _Bools) -> pl.DataFrame:
    """Return ten equally large groups of cases by forecast, and what happened to them."""
    groups = (
        pl.DataFrame({"chance": chance, "breached": breached})
        .sort("chance")
        .with_columns((pl.int_range(pl.len()) * 10 // pl.len()).alias("_tenth"))
        .group_by("_tenth", maintain_order=True)
        .agg(
            pl.col("chance").mean().alias("forecast"),
            (pl.col("breached").sum() / pl.len()).alias("observed"),
            pl.col("breached").sum().alias("_breached"),
            pl.len().cast(pl.Int64).alias("cases"),
        )
    )
    low, high = wilson_limits(groups["_breached"].to_numpy(), groups["cases"].to_numpy())
    return groups.select("forecast", "observed", pl.Series("low", low), pl.Series("high", high), "cases")
