"""Silence radar: units whose voice is too low for their size and kind of work, because silence is not satisfaction.

Several voices of a unit (grievances, suggestions, survey responses, people taking part) are each set against what units
of its kind raise per head (Poisson, widened by the variation between ordinary units), and combined into one score,
each voice by the information it carries. Only the lower tail counts; the false discovery rate over all units is 5 %.
That voices go together (a unit quiet in one is often quiet in another) is allowed for by the dispersion of the combined
scores themselves.

References: S. A. Stouffer et al., The American Soldier I (1949) 45, weighted as T. Liptak, Magyar Tud. Akad. Mat.
Kutató Int. Közl. 3 (1958) 171–197; correlated scores: M. J. Strube, Psychological Bulletin 97 (1985) 334–341; the
funnel, its overdispersion and false discovery as in `funnel`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtr

from queries.statistics.funnel import FALSE_DISCOVERY_RATE, exact_scores, overdispersion

# A kind of work has its own rate as far as it has more people than this many units of ordinary size; with fewer, its
# rate is mostly that of all units, so that the only unit of its kind is not its own yardstick.
PRIOR_UNITS = 3

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Radar:
    """Units by the level of their voice, and the evidence for each.

    `units`, in the order given: `unit`, `exposure` (the largest of its voices'), `level` (1 = as much voice as
    expected, 0 = none), `low2`, `low3` (the funnel's lower limits of the level), `z`, `p` (lower tail), `q`, `silent`.
    `voices`: `unit`, `measure`, `observed`, `exposure`, `expected`, `z`.
    """

    units: pl.DataFrame
    voices: pl.DataFrame


def silence(voices: pl.DataFrame) -> Radar:
    """Return which units are too quiet.

    `voices` has a row per unit and measure: `unit`, `measure`, `observed` (whole number), `exposure` (people, or
    people × months; rows without any are left out) and, if units differ in it, `kind` (of work).
    Source: Stouffer (1949), Liptak (1958), see the module.
    """
    rows = voices.filter(pl.col("exposure") > 0)
    if "kind" not in rows.columns:
        rows = rows.with_columns(pl.lit("").alias("kind"))
    rows = rows.with_columns(_expected())
    scores, precision = np.zeros(rows.height), np.zeros(rows.height)
    for (_,), places in rows.with_row_index("_row").group_by(["measure"], maintain_order=True):
        row = places["_row"].to_numpy()
        observed = places["observed"].cast(pl.Float64).to_numpy()
        expected = places["expected"].to_numpy()
        raw = exact_scores(observed, expected, places["exposure"].cast(pl.Float64).to_numpy(), "rate")
        _, tau, _ = overdispersion(raw, 4 * expected)
        widening = 1 + 4 * expected * tau**2
        scores[row] = raw / np.sqrt(widening)
        precision[row] = 4 * expected / widening
    root = (pl.col("observed") / pl.col("expected")).sqrt().fill_nan(1.0)
    weight = pl.col("_precision")
    rows = rows.with_columns(pl.Series("z", scores), pl.Series("_precision", precision))
    units = rows.group_by("unit", maintain_order=True).agg(
        pl.col("exposure").max(),
        ((weight * root).sum() / weight.sum()).pow(2).fill_nan(None).alias("level"),
        (1 / weight.sum().sqrt()).alias("_deviation"),
        ((weight.sqrt() * pl.col("z")).sum() / weight.sum().sqrt()).alias("_combined"),
    )
    # Without anything expected of it a unit cannot be too quiet.
    combined = units["_combined"].fill_nan(0.0).to_numpy()
    _, together, _ = overdispersion(combined, np.ones(len(combined)))
    widened = float(np.sqrt(1 + together**2))
    score = combined / widened
    p = ndtr(score)
    q = stats.false_discovery_control(p, method="bh") if len(p) else p
    deviation = pl.col("_deviation") * widened
    result = units.with_columns(
        pl.Series("z", score),
        pl.Series("p", p),
        pl.Series("q", q),
        pl.Series("silent", q <= FALSE_DISCOVERY_RATE),
        *((1 - sigmas * deviation).clip(0.0, None).pow(2).alias(f"low{sigmas}") for sigmas in (2, 3)),
    ).select("unit", "exposure", "level", "low2", "low3", "z", "p", "q", "silent")
    return Radar(result, rows.select("unit", "measure", "observed", "exposure", "expected", "z"))


def _expected() -> pl.Expr:
    """Return what the others of a unit's kind, drawn towards all others, would raise with its exposure."""
    observed, exposure = pl.col("observed").cast(pl.Float64), pl.col("exposure").cast(pl.Float64)
    others = (observed.sum().over("measure") - observed, exposure.sum().over("measure") - exposure)
    common = pl.when(others[1] > 0).then(others[0] / others[1]).otherwise(observed / exposure)
    kin = ("measure", "kind")
    prior = PRIOR_UNITS * exposure.mean().over("measure")
    rate = (observed.sum().over(kin) - observed + prior * common) / (exposure.sum().over(kin) - exposure + prior)
    return (rate * exposure).alias("expected")
