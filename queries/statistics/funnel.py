"""Is the unit different? Funnel plots with exact limits, overdispersion, case mix, shrunken rates and false discovery.

A unit is set against what is expected of it: the rate usual among all units (a large odd one does not move it), or that
of its case mix (indirect standardisation by category). Its distance is the exact binomial (proportion) or Poisson (rate
over an exposure) mid-p value as a standard score, widened by the variation between ordinary units (additive random
effects, from scores winsorised at 10 % a side, so that odd units do not hide themselves), and only called out where the
false discovery rate over all units stays at 5 %. So a small unit never wins or loses by chance.

References: D. J. Spiegelhalter, “Funnel plots for comparing institutional performance”, Statistics in Medicine 24
(2005) 1185–1202 (exact interpolated limits, A.1.1); D. J. Spiegelhalter, “Handling over-dispersion of performance
indicators”, Quality and Safety in Health Care 14 (2005) 347–351 (winsorised φ, τ²); Y. Benjamini and Y. Hochberg,
Journal of the Royal Statistical Society B 57 (1995) 289–300; H. O. Lancaster, “Significance tests in discrete
distributions”, Journal of the American Statistical Association 56 (1961) 223–234 (mid-p); R. J. Marshall, “Mapping
disease and mortality rates using empirical Bayes estimators”, Applied Statistics 40 (1991) 283–294, and J. C. Kleinman,
“Proportions with extraneous variance”, JASA 68 (1973) 46–54 (shrunken rates).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

Kind = Literal["proportion", "rate"]

# Of the units called out, at most this share by chance (Benjamini and Hochberg 1995).
FALSE_DISCOVERY_RATE = 0.05
# Spiegelhalter (2005): the outer tenth on either side is moved in before the variation between units is measured.
WINSORISED = 0.10
# The estimated variation between units is too small in every other set by chance, and units are then called out for it;
# this much of the sets get enough of it. Simulated: alarms stay below 5 % of sets without a story (test_funnel.py).
ENOUGH = 0.75
# Fewer units say so little about the variation between them that more is needed.
_MANY, _ENOUGH_OF_FEW = 8, 0.95
# An ordinary unit lies within 1.345 standard deviations of the usual rate; the estimate then loses 5 % of its precision
# where no unit is odd (Huber 1964).
_HUBER = 1.345
_MOST_STEPS = 30
# Beyond five standard deviations tails are below what floats hold; there the cases are many and the root scale is exact
# enough.
_EXACT_UP_TO = 5.0
_SMALLEST_TAIL = 1e-300

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Funnel:
    """Units against their expectation: a row a unit in `frame`, in the order given.

    `frame` has the input's columns and: `value`; `expected` (numerator usual for the unit); `standardised` (value ×
    usual ÷ expected rate, equal to value without a case mix); `low2`, `high2`, `low3`, `high3` (limits of the value at
    2 and 3 standard deviations); `z` (after overdispersion), `p`, `q` (false discovery rate); `word` ("as_expected",
    "needs_attention", "worth_learning_from"); `shrunken`, `shrunken_low`, `shrunken_high` (empirical Bayes, 95 %).
    Units without a denominator have null in all of these. `usual` is the rate of ordinary units, `phi` the dispersion
    (1 = chance alone), `tau` the standard deviation between units on the root scale, `dispersion_p` the test of φ = 1.
    """

    frame: pl.DataFrame
    kind: Kind
    usual: float
    phi: float
    tau: float
    dispersion_p: float

    def limits(self, sizes: ArrayLike) -> pl.DataFrame:
        """Return the funnel to draw: `size` and `low2`, `high2`, `low3`, `high3` around the usual rate."""
        size = np.asarray(sizes, dtype=np.float64)
        expected = size * self.usual
        return pl.DataFrame({"size": size, **_limits(expected, size, self.kind, self.tau)})


def funnel(frame: pl.DataFrame, direction: int, kind: Kind = "proportion") -> Funnel:
    """Return each unit against its expectation, with one of three words.

    `frame` has a row a unit: `numerator`, `denominator` (whole numbers for a "proportion"; for a "rate" the denominator
    is any exposure ≥ 0, as an averaged headcount) and, if the case mix counts, `expected` (see `expected_by_mix`).
    `direction` +1: higher is better, −1: lower is better. ValueError for another direction: where neither end is
    better no unit needs attention or teaches anything.
    Source: Spiegelhalter (2005), see the module.
    """
    if direction not in (-1, 1):
        raise ValueError(f"direction {direction}: a funnel needs +1 (higher is better) or -1 (lower is better)")
    given = frame.select(pl.col("numerator").cast(pl.Float64), pl.col("denominator").cast(pl.Float64))
    kept = given.select((pl.col("denominator") > 0).fill_null(False)).to_series().to_numpy()
    observed = given["numerator"].to_numpy()[kept]
    size = given["denominator"].to_numpy()[kept]
    common = float(observed.sum() / size.sum()) if len(size) else float("nan")
    expected = frame["expected"].cast(pl.Float64).to_numpy()[kept] if "expected" in frame.columns else size * common

    shift, phi, tau, dispersion_p = _usual(observed, expected, size, kind) if len(size) else (0.0, 1.0, 0.0, 1.0)
    expected, usual = _shifted(expected, size, kind, shift), _shifted_rate(common, kind, shift)
    score = exact_scores(observed, expected, size, kind) / np.sqrt(1 + _information(expected, size, kind) * tau**2)
    p = 2 * ndtr(-np.abs(score))
    q = stats.false_discovery_control(p, method="bh") if len(p) else p
    found = q <= FALSE_DISCOVERY_RATE
    word = np.where(~found, "as_expected", np.where(score * direction > 0, "worth_learning_from", "needs_attention"))
    value = observed / size
    with np.errstate(divide="ignore", invalid="ignore"):
        standardised = np.where(expected > 0, observed / expected * usual, value)
    columns: dict[str, NDArray[np.generic]] = {
        "value": value,
        "expected": expected,
        "standardised": standardised,
        **_limits(expected, size, kind, tau),
        "z": score,
        "p": p,
        "q": q,
        "word": word,
        **_shrunken(observed, expected, size, kind),
    }
    place = pl.Series("_row", np.flatnonzero(kept), dtype=pl.UInt32)
    measured = pl.DataFrame([place, *(pl.Series(name, data) for name, data in columns.items())])
    rows = frame.drop("expected", strict=False).with_row_index("_row")
    joined = rows.join(measured, on="_row", how="left", maintain_order="left").drop("_row")
    return Funnel(joined, kind, usual, phi, tau, dispersion_p)


def expected_by_mix(frame: pl.DataFrame, unit: str = "unit", category: str = "category") -> pl.DataFrame:
    """Return per unit the numerator expected of its case mix at the common rate of each category.

    `frame` has a row per unit and category with `numerator`, `denominator`. Result: `unit`, `numerator`, `denominator`,
    `expected`, in the order of the units' first rows. The expected numerators add up to the observed ones.
    Source: indirect standardisation, as in N. E. Breslow and N. E. Day, Statistical Methods in Cancer Research II
    (1987) § 2.3.
    """
    rate = pl.col("numerator").sum().over(category) / pl.col("denominator").sum().over(category)
    return (
        frame.with_columns(
            pl.when(pl.col("denominator") > 0).then(rate * pl.col("denominator")).otherwise(0.0).alias("expected")
        )
        .group_by(unit, maintain_order=True)
        .agg(pl.col("numerator", "denominator", "expected").sum())
    )


def exact_scores(observed: _Floats, expected: _Floats, size: _Floats, kind: Kind) -> _Floats:
    """Return standard scores of the observed counts: the exact mid-p value of each on the normal scale.

    Counts, expected counts and sizes of equal length; binomial for a "proportion", Poisson for a "rate" (a person
    counted once at most varies less than that, so the scores err on the quiet side).
    Source: Lancaster (1961), see the module.
    """
    if kind == "proportion":
        share = np.clip(expected / size, 0.0, 1.0)
        at = stats.binom.pmf(observed, size, share)
        below, above = stats.binom.cdf(observed - 1, size, share), stats.binom.sf(observed, size, share)
    else:
        at = stats.poisson.pmf(observed, expected)
        below, above = stats.poisson.cdf(observed - 1, expected), stats.poisson.sf(observed, expected)
    low = np.maximum(below + at / 2, _SMALLEST_TAIL)
    high = np.maximum(above + at / 2, _SMALLEST_TAIL)
    return np.asarray(np.where(low < high, ndtri(low), -ndtri(high)), dtype=np.float64)


def overdispersion(
    scores: _Floats, weights: _Floats, winsorised: float = WINSORISED, confidence: float | None = ENOUGH
) -> tuple[float, float, float]:
    """Return (φ, τ, p): the dispersion of the scores, the deviation between units it means, and the test of φ = 1.

    `weights` are the inverse variances of the units on the scale of τ. φ is the mean square of the winsorised scores
    relative to chance. τ makes the scores widened by it as dispersed as chance (`confidence` None: Paule and Mandel's
    estimate), or so little that it is large enough with that confidence; at least 0.
    Source: Spiegelhalter, Quality and Safety in Health Care 14 (2005) 347–351; R. C. Paule and J. Mandel, Journal of
    Research of the National Bureau of Standards 87 (1982) 377–385; W. Viechtbauer, “Confidence intervals for the amount
    of heterogeneity in meta-analysis”, Statistics in Medicine 26 (2007) 37–52 (Q-profile).
    """
    units = len(scores)
    if units < 2 or not weights.any():
        return 1.0, 0.0, 1.0
    phi = _dispersion(scores, winsorised)
    aim = (units - 1 if confidence is None else float(stats.chi2.ppf(1 - confidence, units - 1))) / units

    def excess(tau2: float) -> float:
        return _dispersion(scores / np.sqrt(1 + weights * tau2), winsorised) - aim

    tau2 = 0.0
    if excess(0.0) > 0:
        upper = 1 / float(weights.max())
        while excess(upper) > 0:
            upper *= 4
        tau2 = float(brentq(excess, 0.0, upper, xtol=1e-12, rtol=1e-8))
    return phi, float(np.sqrt(tau2)), float(stats.chi2.sf(units * phi, units - 1))


def _dispersion(scores: _Floats, winsorised: float) -> float:
    low, high = np.quantile(scores, [winsorised, 1 - winsorised])
    return float(np.mean(np.clip(scores, low, high) ** 2)) / _by_chance(winsorised)


@cache
def _by_chance(winsorised: float) -> float:
    """Return the variance of a standard normal score so winsorised; without dividing by it real variation is unseen."""
    if winsorised == 0:
        return 1.0
    edge = float(ndtri(1 - winsorised))
    return 1 - 2 * winsorised - 2 * edge * float(stats.norm.pdf(edge)) + 2 * winsorised * edge**2


def _usual(observed: _Floats, expected: _Floats, size: _Floats, kind: Kind) -> tuple[float, float, float, float]:
    """Return (shift, φ, τ, p): how far on the root scale the rate usual among ordinary units lies from the common one.

    One large odd unit moves the common rate, and then all others seem to differ from it. Huber's estimate, in which a
    unit pulls no further than an ordinary one does, and the variation between units are found in turn.
    Source: P. J. Huber, “Robust estimation of a location parameter”, Annals of Mathematical Statistics 35 (1964)
    73–101.
    """
    # Among few units a tenth is not one: at least the outermost on either side is moved in.
    winsorised = min(0.25, max(WINSORISED, 1 / max(len(size) - 1, 1)))
    confidence = ENOUGH if len(size) >= _MANY else _ENOUGH_OF_FEW
    shift = 0.0
    for _ in range(_MOST_STEPS):
        usual = _shifted(expected, size, kind, shift)
        information = _information(usual, size, kind)
        raw = exact_scores(observed, usual, size, kind)
        phi, tau, dispersion_p = overdispersion(raw, information, winsorised, confidence)
        precision = information / (1 + information * tau**2)
        if not precision.any():
            break
        score = np.abs(raw) / np.sqrt(1 + information * tau**2)
        pull = precision * np.minimum(1.0, _HUBER / np.maximum(score, _HUBER))
        away = np.divide(raw, np.sqrt(information), out=np.zeros_like(raw), where=information > 0)
        step = float((pull * away).sum() / pull.sum())
        # Far below what the units can tell about the rate, another step changes nothing.
        if abs(step) < 0.02 / np.sqrt(precision.sum()):
            break
        shift += step
    return shift, phi, tau, dispersion_p


def _information(expected: _Floats, size: _Floats, kind: Kind) -> _Floats:
    """Return the inverse variances of the units on the root scale: of arcsin √share, or of √(observed ÷ expected)."""
    return 4 * (size if kind == "proportion" else expected)


def _shifted(expected: _Floats, size: _Floats, kind: Kind, shift: float) -> _Floats:
    if kind == "rate":
        return expected * max(1 + shift, 0.0) ** 2
    angle = np.arcsin(np.sqrt(np.clip(expected / size, 0.0, 1.0))) + shift
    return np.asarray(size * np.sin(np.clip(angle, 0.0, np.pi / 2)) ** 2)


def _shifted_rate(rate: float, kind: Kind, shift: float) -> float:
    return float(_shifted(np.array([rate]), np.ones(1), kind, shift)[0])


def _limits(expected: _Floats, size: _Floats, kind: Kind, tau: float) -> dict[str, _Floats]:
    """Return `low2`, `high2`, `low3`, `high3` of the value for each unit."""
    widening = np.sqrt(1 + _information(expected, size, kind) * tau**2)
    exact = 3 * widening <= _EXACT_UP_TO
    result = {}
    for sigmas in (2, 3):
        wide = sigmas * widening
        low, high = (
            _binomial(expected, size, wide, exact) if kind == "proportion" else _poisson(expected, size, wide, exact)
        )
        result[f"low{sigmas}"], result[f"high{sigmas}"] = low, high
    return result


def _binomial(expected: _Floats, size: _Floats, sigmas: _Floats, use: NDArray[np.bool_]) -> tuple[_Floats, _Floats]:
    share = np.clip(expected / size, 0.0, 1.0)
    tail = ndtr(-np.minimum(sigmas, _EXACT_UP_TO))
    low = _interpolated(stats.binom(size, share), tail) / size
    # The upper limit is the lower one of the failures, so that both use the tail that floats hold.
    high = 1 - _interpolated(stats.binom(size, 1 - share), tail) / size
    angle, step = np.arcsin(np.sqrt(share)), sigmas / (2 * np.sqrt(size))
    rough_low = np.sin(np.maximum(angle - step, 0.0)) ** 2
    rough_high = np.sin(np.minimum(angle + step, np.pi / 2)) ** 2
    return np.where(use, np.clip(low, 0, 1), rough_low), np.where(use, np.clip(high, 0, 1), rough_high)


def _poisson(expected: _Floats, size: _Floats, sigmas: _Floats, use: NDArray[np.bool_]) -> tuple[_Floats, _Floats]:
    within = np.minimum(sigmas, _EXACT_UP_TO)
    low = _interpolated(stats.poisson(expected), ndtr(-within))
    high = _interpolated(stats.poisson(expected), ndtr(within))
    root = np.sqrt(expected)
    return (
        np.where(use, np.maximum(low, 0.0), np.maximum(root - sigmas / 2, 0.0) ** 2) / size,
        np.where(use, high, (root + sigmas / 2) ** 2) / size,
    )


def _interpolated(distribution: stats.rv_frozen, tail: _Floats) -> _Floats:
    """Return the count below which `tail` lies, interpolated between whole counts (Spiegelhalter 2005, A.1.1)."""
    count = np.maximum(distribution.ppf(tail), 0.0)
    upto, at = distribution.cdf(count), distribution.pmf(count)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(at > 0, (upto - tail) / at, 0.0)
    return np.asarray(count - np.clip(part, 0.0, 1.0), dtype=np.float64)


def _shrunken(observed: _Floats, expected: _Floats, size: _Floats, kind: Kind) -> dict[str, _Floats]:
    """Return rates drawn towards the expectation by as much as chance explains, with 95 % credible limits."""
    if not len(size):
        return {name: np.zeros(0) for name in ("shrunken", "shrunken_low", "shrunken_high")}
    # The expectation weighs as many cases as would make its variation that between units, and never more than there
    # are: even where units seem alike the data cannot prove more.
    if kind == "proportion":
        prior = np.clip(expected / size, 0.0, 1.0)
        chance = float(np.average(prior * (1 - prior), weights=size))
        between = float(np.average((observed / size - prior) ** 2, weights=size)) - chance / size.mean()
        weight = min(size.sum(), max(chance / between - 1, 0.0)) if between > 0 else size.sum()
        first, second = observed + weight * prior, size - observed + weight * (1 - prior)
        posterior = stats.beta(np.maximum(first, 1e-9), np.maximum(second, 1e-9))
        return _with_limits(first / (first + second), posterior, np.ones_like(size))
    if not expected.any():
        return {name: np.zeros_like(size) for name in ("shrunken", "shrunken_low", "shrunken_high")}
    ratio = np.divide(observed, expected, out=np.ones_like(observed), where=expected > 0)
    between = float(np.average((ratio - 1) ** 2, weights=expected)) - 1 / float(expected.mean())
    weight = min(expected.sum(), 1 / between) if between > 0 else expected.sum()
    shape, rate = observed + weight, expected + weight
    return _with_limits(expected / size * shape / rate, stats.gamma(shape, scale=1 / rate), expected / size)


def _with_limits(mean: _Floats, posterior: stats.rv_frozen, unit: _Floats) -> dict[str, _Floats]:
    # Close to 0 or 1 nearly all of the distribution can lie beyond its own mean; the limits then begin at the mean.
    return {
        "shrunken": mean,
        "shrunken_low": np.minimum(posterior.ppf(0.025) * unit, mean),
        "shrunken_high": np.maximum(posterior.ppf(0.975) * unit, mean),
    }
