"""Breach forecast: honest about what was known, calibrated, better than the base rate, and exact in its counting."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import CensoredData, ecdf

from queries.statistics.findings import of_breach
from queries.statistics.forecast import Forecast, _interval, _moments, forecast

A = date(2026, 10, 31)
FIRST = date(2024, 1, 1)
LIMITS = {"pay": 14, "hours": 20, "safety": 5}


def simulated(
    seed: int, count: int = 9000, slow: str | None = None, units: int = 25, monthly: float = 0.0
) -> pl.DataFrame:
    """Cases over 34 months: lognormal times to close, faster or slower by category, channel and unit."""
    random = np.random.default_rng(seed)
    days = (A - FIRST).days
    filed = np.sort(random.integers(0, days + 1, count))
    category = random.choice(list(LIMITS), count, p=[0.4, 0.4, 0.2])
    unit, channel = random.integers(0, units, count), random.integers(0, 3, count)
    limit = np.array([LIMITS[name] for name in category])
    pull = np.array([0.0, 0.15, -0.1])[channel] + random.normal(0, 0.2, units)[unit]
    pull += np.where(category == "hours", 0.2, 0.0) + random.normal(0, monthly, 40)[filed // 30]
    if slow is not None:
        pull += np.where(unit == int(slow[1:]), 0.7, 0.0)
    took = np.maximum(np.ceil(limit * 0.5 * np.exp(pull + 0.7 * random.standard_normal(count))), 0).astype(int)
    closed = filed + took
    return pl.DataFrame(
        {
            "case": range(count),
            "filed_on": [FIRST + timedelta(int(day)) for day in filed],
            "closed_on": [FIRST + timedelta(int(day)) if day <= days else None for day in closed],
            "due": [FIRST + timedelta(int(day)) for day in filed + limit],
            "unit": [f"U{number}" for number in unit],
            "category": category,
            "channel": [f"C{number}" for number in channel],
        },
        schema_overrides={"closed_on": pl.Date},
    )


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return simulated(1)


@pytest.fixture(scope="module")
def result(frame: pl.DataFrame) -> Forecast:
    made = forecast(frame, A)
    assert made is not None
    return made


def test_only_open_cases_that_can_still_breach_are_listed(frame: pl.DataFrame, result: Forecast) -> None:
    expected = frame.filter(pl.col("closed_on").is_null() & (pl.col("due") >= A))
    assert result.cases["case"].to_list() == expected["case"].to_list()
    assert result.cases["chance"].is_between(0, 1).all()
    # On the last day of its limit an open case is no longer to be saved tomorrow.
    assert (result.cases.filter(pl.col("due") == A)["chance"] == 1).all()
    assert (result.cases["days_left"] == (result.cases["due"] - A).dt.total_days()).all()


def test_nothing_after_the_day_of_knowledge_is_used(frame: pl.DataFrame) -> None:
    day = date(2026, 3, 15)
    seen = frame.filter(pl.col("filed_on") <= day).with_columns(
        pl.when(pl.col("closed_on") <= day).then("closed_on").alias("closed_on")
    )
    with_future, without = forecast(frame, day), forecast(seen, day)
    assert with_future is not None
    assert without is not None
    columns = ["case", "chance", "days_left"]
    assert_frame_equal(with_future.cases.select(columns), without.cases.select(columns))
    assert_frame_equal(with_future.back_test.origins, without.back_test.origins)
    assert with_future.pace == without.pace


def test_each_shown_forecast_is_the_one_that_would_have_been_made_on_its_day(
    frame: pl.DataFrame, result: Forecast
) -> None:
    shown = result.back_test.origins.row(9, named=True)
    then = forecast(frame, shown["origin"], origins=9)
    assert then is not None
    until = shown["origin"] + timedelta(30)
    # The forecast of that day also lists cases due on the day itself; those were lost already.
    lost = then.cases.filter(pl.col("due") == shown["origin"]).height
    total = then.expected(until=until).row(0, named=True)
    assert total["open"] - lost == shown["open"]
    late = (pl.col("closed_on") > pl.col("due")) | pl.col("closed_on").is_null()
    tested = then.cases.filter(pl.col("due").is_between(shown["origin"], until, closed="right"))
    assert tested.filter(late).height == shown["observed"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_back_test_beats_the_base_rate_and_is_calibrated(seed: int) -> None:
    made = forecast(simulated(seed, monthly=0.1), A)
    assert made is not None
    track = made.back_test
    assert track.origins.height == 10
    assert track.origins["origin"].max() == A - timedelta(31)
    assert track.skill is not None
    assert track.skill > 0.1
    assert track.coverage is not None
    assert track.coverage >= 0.9
    assert track.calibration["cases"].sum() == track.origins["open"].sum()
    apart = track.calibration["forecast"].to_numpy() - track.calibration["observed"].to_numpy()
    assert np.abs(apart).mean() < 0.05


def test_a_month_of_another_pace_widens_the_interval() -> None:
    calm, stormy = forecast(simulated(4), A), forecast(simulated(4, monthly=0.35), A)
    assert calm is not None
    assert stormy is not None
    assert stormy.pace > 1.5 * calm.pace


def test_a_slow_unit_is_seen_and_a_tiny_one_is_drawn_to_the_others() -> None:
    cases = simulated(5, slow="U7")
    # A unit of three cases, all far too late.
    tiny = (
        cases.filter(pl.col("unit") == "U0")
        .head(3)
        .with_columns(
            unit=pl.lit("T"), filed_on=pl.lit(date(2026, 8, 1)), due=pl.lit(date(2026, 8, 15)), closed_on=pl.lit(A)
        )
    )
    fresh = pl.DataFrame(
        {
            "case": [-1, -2, -3],
            "filed_on": [A] * 3,
            "closed_on": [None] * 3,
            "due": [A + timedelta(14)] * 3,
            "unit": ["U7", "T", "new"],
            "category": ["pay"] * 3,
            "channel": ["C0"] * 3,
        },
        schema=cases.schema,
    )
    made = forecast(pl.concat([cases, tiny, fresh]), A)
    assert made is not None
    slow, small, new = made.cases.tail(3)["chance"]
    assert slow > new + 0.1
    assert new - 0.02 < small < new + 0.15


def test_one_kind_of_case_has_the_kaplan_meier_chance() -> None:
    random = np.random.default_rng(6)
    count = 20_000
    filed = random.integers(0, 150, count)
    took = np.maximum(1, np.ceil(random.gamma(2.0, 5.0, count))).astype(int)
    cases = pl.DataFrame(
        {
            "filed_on": [A - timedelta(int(day)) for day in filed],
            "closed_on": [A - timedelta(int(d - t)) if t <= d else None for d, t in zip(filed, took, strict=True)],
            "due": [A + timedelta(int(15 - day)) for day in filed],
            "unit": "U",
            "category": "pay",
            "channel": "C",
        },
        schema_overrides={"closed_on": pl.Date},
    )
    made = forecast(cases, A, origins=0)
    assert made is not None
    open_for = np.minimum(took, filed).astype(float)
    curve = ecdf(CensoredData.right_censored(open_for, took > filed)).sf
    fresh = made.cases.filter(pl.col("filed_on") == A)["chance"][0]
    assert fresh == pytest.approx(curve.evaluate(15.0), abs=0.01)
    half = made.cases.filter(pl.col("filed_on") == A - timedelta(8))["chance"][0]
    assert half == pytest.approx(curve.evaluate(15.0) / curve.evaluate(8.0), abs=0.015)


def test_the_interval_is_that_of_the_exact_poisson_binomial() -> None:
    random = np.random.default_rng(7)
    for size in (1, 2, 5, 30, 200):
        chance = random.beta(0.8, 2.0, size)
        exact = np.array([1.0])
        for one in chance:
            exact = np.convolve(exact, [1 - one, one])
        upto = exact.cumsum()
        low, high = _interval(*_moments(-np.log(chance), np.zeros(size, dtype=np.int64), 1, pace=0.0))
        # A matched binomial may differ by one where a whole count falls on the limit.
        assert abs(int(low[0]) - int(np.searchsorted(upto, 0.025))) <= 1
        assert abs(int(high[0]) - int(np.searchsorted(upto, 0.975))) <= 1
    certain = _interval(*_moments(np.zeros(4), np.zeros(4, dtype=np.int64), 1, pace=0.3))
    assert (int(certain[0][0]), int(certain[1][0])) == (4, 4)


def test_groups_add_up_and_their_intervals_hold_the_expectation(result: Forecast) -> None:
    total = result.expected().row(0, named=True)
    assert total["low"] <= total["expected"] <= total["high"] <= total["open"]
    for columns in (["unit"], ["category"], ["unit", "category"]):
        groups = result.expected(columns)
        assert groups["expected"].sum() == pytest.approx(total["expected"])
        assert groups["open"].sum() == total["open"]
        assert (groups["low"] <= groups["expected"].ceil()).all()
        assert (groups["high"] >= groups["expected"].floor()).all()
        assert (groups["high"] <= groups["open"]).all()
    week = A + timedelta(7)
    soon = result.expected(until=week).row(0, named=True)
    assert soon["open"] == result.cases.filter(pl.col("due") <= week).height < total["open"]
    assert result.expected(until=A - timedelta(1)).rows() == [(0, 0.0, 0, 0)]


def test_the_order_of_the_cases_does_not_matter(frame: pl.DataFrame, result: Forecast) -> None:
    other = forecast(frame.sample(fraction=1.0, shuffle=True, seed=3), A)
    assert other is not None
    first, second = (made.cases.select("case", "chance").sort("case") for made in (result, other))
    assert_frame_equal(first, second, rel_tol=1e-9)


def test_a_short_history_gives_no_forecast_or_one_without_a_track_record(frame: pl.DataFrame) -> None:
    assert forecast(frame.head(0), A) is None
    assert forecast(frame.head(40), frame["filed_on"][40]) is None
    young = frame.filter(pl.col("filed_on") > date(2026, 9, 20))
    made = forecast(young, A)
    assert made is not None
    assert made.back_test.origins.is_empty()
    assert (made.back_test.skill, made.back_test.coverage) == (None, None)
    assert of_breach("overdue_grievances", made) == []


def test_unknown_units_and_channels_are_a_group_of_their_own(frame: pl.DataFrame) -> None:
    made = forecast(frame.with_columns(channel=pl.lit(None, pl.String)), A)
    assert made is not None
    assert made.cases["chance"].null_count() == 0
    assert made.expected(["channel"]).height == 1


def test_a_month_with_twice_the_usual_breaches_is_a_finding(result: Forecast) -> None:
    usual = of_breach("overdue_grievances", result)[0]
    assert usual.p > 0.05
    assert usual.low <= usual.value <= usual.high
    doubled = replace(result, cases=pl.concat([result.cases] * 3), _hazard=np.tile(result._hazard, 3))
    flood = of_breach("overdue_grievances", doubled)[0]
    assert flood.p < 0.01
    assert (flood.better, flood.reference) == (False, usual.reference)
