"""What changed most: at most five findings out of everything that was looked at, none when nothing happened.

Every comparison that was made is handed in, also those that show nothing, so that looking at many things does not by
itself find one: within each kind of finding the false discovery rate is held at 5 % divided by the number of kinds, so
that in at most 5 % of quiet months anything at all is reported.

Reference: Y. Benjamini and Y. Hochberg, Journal of the Royal Statistical Society B 57 (1995) 289–300 (with no true
effect the procedure is a test at its rate); the split over kinds: C. E. Bonferroni (1936).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
from scipy.stats import false_discovery_control
from scipy.stats import t as student_t

from queries.statistics.forecast import HORIZON_DAYS, Forecast
from queries.statistics.funnel import Funnel
from queries.statistics.process import Change
from queries.statistics.silence import Radar

Kind = Literal["change", "unit", "silence", "breach"]

FALSE_ALARM_RATE = 0.05
# An overview is read in ten seconds.
MOST = 5
# One story tends to show in several metrics of one unit and in several units of one metric; each is told once or twice.
_MOST_OF_A_UNIT = 1
_MOST_OF_A_METRIC = 2
# What is usual cannot be told from fewer months.
_FEWEST_FORECASTS = 6


@dataclass(frozen=True)
class Finding:
    """One comparison: what it is about, its number with an interval, how surely, how much it weighs, where it leads.

    `value` is the number of the sentence (a change: the difference; a unit: its shrunken rate; silence: the level of
    voice; a breach: the expected number), `reference` what it is set against. `size` is in cases or people, so that a
    point of a large unit weighs more than one of a small. `better` is None where neither end is. `link` are the query
    parameters of the page that shows the evidence.
    """

    kind: Kind
    metric: str
    unit: str | None
    value: float
    low: float
    high: float
    reference: float
    p: float
    size: float
    better: bool | None
    link: tuple[tuple[str, str], ...] = ()


def findings(compared: Iterable[Finding], most: int = MOST, rate: float = FALSE_ALARM_RATE) -> tuple[Finding, ...]:
    """Return the findings worth a sentence, the weightiest first; an empty tuple when nothing really happened.

    `compared` holds every comparison made. At most `most`, one of a unit and two of a metric.
    Source: Benjamini and Hochberg (1995), see the module.
    """
    kinds: dict[Kind, list[Finding]] = {}
    for one in compared:
        kinds.setdefault(one.kind, []).append(one)
    sure = [
        one
        for group in kinds.values()
        for one, q in zip(group, false_discovery_control([one.p for one in group], method="bh"), strict=True)
        if q <= rate / len(kinds)
    ]
    chosen: list[Finding] = []
    for one in sorted(sure, key=lambda one: (-one.size, one.p, one.metric, one.unit or "")):
        of_unit = sum(one.unit is not None and one.unit == other.unit for other in chosen)
        of_metric = sum(one.metric == other.metric for other in chosen)
        if of_unit < _MOST_OF_A_UNIT and of_metric < _MOST_OF_A_METRIC:
            chosen.append(one)
    return tuple(chosen[:most])


def of_change(
    metric: str,
    change: Change,
    direction: int,
    cases: float,
    unit: str | None = None,
    link: Sequence[tuple[str, str]] = (),
) -> Finding:
    """Return a metric's latest change as a comparison; `cases` are those since then, `direction` as in `chart`."""
    better = None if direction == 0 else (change.difference > 0) == (direction > 0)
    return Finding(
        "change",
        metric,
        unit,
        change.difference,
        change.low,
        change.high,
        change.before,
        change.p,
        abs(change.difference) * cases,
        better,
        tuple(link),
    )


def of_units(
    metric: str, funnel: Funnel, direction: int, unit: str = "unit", link: Sequence[tuple[str, str]] = ()
) -> list[Finding]:
    """Return every unit of a funnel as a comparison with its expectation; `unit` is the column of the unit's id."""
    return [
        Finding(
            "unit",
            metric,
            row[unit],
            row["shrunken"],
            row["shrunken_low"],
            row["shrunken_high"],
            row["expected"] / row["denominator"],
            row["p"],
            abs(row["numerator"] - row["expected"]),
            row["z"] * direction > 0,
            (("branch", row[unit]), *link),
        )
        for row in funnel.frame.drop_nulls("p").iter_rows(named=True)
    ]


def of_silence(metric: str, radar: Radar, link: Sequence[tuple[str, str]] = ()) -> list[Finding]:
    """Return every unit of the radar as a comparison; the interval is that of an ordinary unit of its size."""
    return [
        Finding(
            "silence",
            metric,
            row["unit"],
            row["level"],
            row["low2"],
            1.0,
            1.0,
            row["p"],
            (1 - row["level"]) * row["exposure"],
            False,
            (("branch", row["unit"]), *link),
        )
        for row in radar.units.drop_nulls("level").iter_rows(named=True)  # of whom nothing is expected says nothing
    ]


def of_breach(metric: str, forecast: Forecast, link: Sequence[tuple[str, str]] = ()) -> list[Finding]:
    """Return the coming month's expected breaches against those of the months before; empty while these are too few.

    `p` sets the expected number against the spread of the observed ones (Student's t for one more value).
    """
    months = forecast.back_test.origins
    if months.height < _FEWEST_FORECASTS:
        return []
    coming = forecast.expected(until=forecast.as_of + timedelta(HORIZON_DAYS)).row(0, named=True)
    observed = months["observed"].to_numpy().astype(np.float64)
    usual, spread = float(observed.mean()), float(observed.std(ddof=1))
    away = abs(coming["expected"] - usual)
    error = spread * float(np.sqrt(1 + 1 / len(observed)))
    p = 2 * float(student_t.sf(away / error, len(observed) - 1)) if error > 0 else float(away == 0)
    return [
        Finding(
            "breach",
            metric,
            None,
            coming["expected"],
            coming["low"],
            coming["high"],
            usual,
            p,
            away,
            coming["expected"] < usual,
            tuple(link),
        )
    ]
