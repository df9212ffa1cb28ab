"""Medians that count the open cases: against the published leukaemia trial, SciPy, and exact fractions."""

from fractions import Fraction
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

from queries.statistics.survival import closed_within, curves, medians, summary

# Acute myelogenous leukaemia, weeks to relapse (Embury et al. 1977; Miller, Survival Analysis, 1981, p. 49).
MAINTAINED = ([9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161], [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0])
NOT_MAINTAINED = ([5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45], [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1])


def cases_of(days: list[int], events: list[int] | list[bool], **group: object) -> pl.DataFrame:
    return pl.DataFrame({"days": days, "event": [bool(e) for e in events]}).with_columns(
        [pl.lit(value).alias(name) for name, value in group.items()]
    )


def aml() -> pl.DataFrame:
    return pl.concat([cases_of(*MAINTAINED, arm="maintained"), cases_of(*NOT_MAINTAINED, arm="not maintained")])


def exact_median(days: list[int], events: list[bool]) -> int | None:
    survival = Fraction(1)
    for day in sorted(set(days)):
        at_risk = sum(d >= day for d in days)
        survival *= Fraction(at_risk - sum(e and d == day for d, e in zip(days, events, strict=True)), at_risk)
        if survival <= Fraction(1, 2):
            return day
    return None


def test_the_published_medians_of_the_leukaemia_trial() -> None:
    result = medians(aml(), ["arm"])
    assert result.rows() == [("maintained", 11, 7, 31), ("not maintained", 12, 11, 23)]


def test_without_groups_there_is_one_row_even_without_cases() -> None:
    assert medians(aml().head(0)).rows() == [(0, 0, None)]
    assert medians(aml()).height == 1
    assert medians(aml().head(0), ["arm"]).height == 0


def test_a_case_censored_on_a_day_is_still_at_risk_on_it() -> None:
    # 1 of 2 ends on day 3 while the other is censored there: S(3) = 1/2. Were it gone already, S(3) would be 0 as well,
    # so the second set tells them apart: 1 of 3 leaves 2/3, not 1/2.
    assert medians(cases_of([3, 3], [True, False])).rows() == [(2, 1, 3)]
    assert medians(cases_of([3, 3, 4], [True, False, False])).rows() == [(3, 1, None)]


def test_the_median_is_never_reached_when_most_are_open() -> None:
    assert medians(cases_of([1, 5, 5], [True, False, False]))["median"].to_list() == [None]


def test_exactly_one_half_counts_as_reached_where_floats_would_miss_it() -> None:
    # 49/50·48/49·…·25/26 is 1/2 in fractions; the float product lies a hair above it for many such lengths.
    for size in range(2, 400, 2):
        days = list(range(1, size + 1))
        assert medians(cases_of(days, [True] * size))["median"].item() == size // 2
    # The same with a censored case between, so that the factors do not cancel: (5/6)·(3/5) = 1/2 on day 4.
    censored = cases_of([1, 2, 4, 4, 9, 9, 9], [True, False, True, True, True, True, True])
    assert medians(censored)["median"].item() == exact_median([1, 2, 4, 4, 9, 9, 9], [True, False] + [True] * 5)


def test_null_is_a_group_of_its_own() -> None:
    frame = pl.DataFrame(
        {"unit": ["D1", None, None], "kind": [None, "a", "a"], "days": [1, 2, 3], "event": [True, True, True]}
    )
    assert sorted(medians(frame, ["unit", "kind"]).rows(), key=str) == [("D1", None, 1, 1, 1), (None, "a", 2, 2, 2)]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.booleans(), st.sampled_from("abc")), min_size=1, max_size=60),
    st.randoms(),
)
def test_equals_exact_fractions_in_any_order(cases: list[tuple[int, bool, str]], random: Random) -> None:
    expected = {
        group: exact_median([d for d, _, g in cases if g == group], [e for _, e, g in cases if g == group])
        for group in {g for _, _, g in cases}
    }
    shuffled = random.sample(cases, len(cases))
    frame = pl.DataFrame(shuffled, schema=["days", "event", "group"], orient="row")
    assert dict(medians(frame, ["group"]).select("group", "median").iter_rows()) == expected


def test_equals_scipy_on_large_groups() -> None:
    random = np.random.default_rng(5)
    for _ in range(20):
        days = random.integers(0, 90, 500)
        ended = random.random(500) < 0.6
        curve = ecdf(CensoredData.right_censored(days.astype(float), ~ended)).sf
        reached = curve.quantiles[curve.probabilities <= 0.5 + 1e-12]
        expected = int(reached[0]) if len(reached) else None
        frame = pl.DataFrame({"days": days, "event": ended})
        assert medians(frame)["median"].item() == expected


@pytest.mark.parametrize("column", ["days", "event"])
def test_a_missing_column_is_named(column: str) -> None:
    with pytest.raises(pl.exceptions.ColumnNotFoundError, match=column):
        medians(aml().drop(column))


def test_the_published_curve_of_the_maintained_group() -> None:
    curve = curves(aml(), ["arm"]).filter(pl.col("arm") == "maintained")
    on = dict(curve.select("days", "survival").iter_rows())
    assert {day: round(on[day], 4) for day in (9, 13, 18)} == {9: 0.9091, 13: 0.8182, 18: 0.7159}
    # Censored on day 13, still at risk then: 10 at risk, 8 on day 18.
    assert curve.filter(pl.col("days").is_in([13, 18]))["at_risk"].to_list() == [10, 8]


@pytest.mark.filterwarnings("ignore:The .* confidence interval is undefined at some observations")
def test_the_band_equals_scipys_log_log_band() -> None:
    random = np.random.default_rng(6)
    days, ended = random.integers(0, 60, 300), random.random(300) < 0.5
    curve = curves(pl.DataFrame({"days": days, "event": ended}), z=1.959963984540054)
    other = ecdf(CensoredData.right_censored(days.astype(float), ~ended)).sf
    limits = other.confidence_interval(method="log-log")
    np.testing.assert_array_equal(curve["days"].to_numpy(), other.quantiles)
    np.testing.assert_allclose(curve["survival"].to_numpy(), other.probabilities, rtol=1e-12)
    np.testing.assert_allclose(curve["low"].to_numpy(), limits.low.probabilities, rtol=1e-9)
    np.testing.assert_allclose(curve["high"].to_numpy(), limits.high.probabilities, rtol=1e-9)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=80))
def test_the_band_lies_within_0_and_1_around_a_falling_curve(cases: list[tuple[int, bool]]) -> None:
    curve = curves(pl.DataFrame(cases, schema=["days", "event"], orient="row"))
    assert curve["survival"].is_sorted(descending=True)
    for low, value, high in curve.select("low", "survival", "high").iter_rows():
        assert (low is None) == (value in (0.0, 1.0)) == (high is None)
        assert low is None or 0 <= low <= value <= high <= 1


def test_closed_within_counts_the_open_cases_and_is_unknown_beyond_the_watch() -> None:
    result = closed_within(aml(), (8, 15, 30, 200), ["arm"]).filter(pl.col("arm") == "maintained")
    shares = result["share"].to_list()
    assert shares[:3] == pytest.approx([0, 1 - 0.818182, 1 - 0.613636], abs=1e-6)
    assert shares[3] is None  # the last case was still free of relapse after 161 weeks; nobody was watched for 200
    assert result["at_risk"].to_list() == [11, 8, 5, 0]
    assert closed_within(aml(), [200], ["arm"])["share"].to_list() == [None, 1.0]


def test_the_medians_interval_equals_statsmodels() -> None:
    # SurvfuncRight.quantile_ci(0.5, method="cloglog") gives (13, ∞) and (5, 33).
    result = summary(aml(), ["arm"])
    assert result.select("median", "low", "high").rows() == [(31, 13, None), (23, 5, 33)]
    assert result["misleads"].to_list() == [False, False]


def test_the_naive_median_misleads_when_the_slow_cases_are_still_open() -> None:
    # 60 cases closed after 1..60 days, 60 more open for 90 days: the naive median says 30.5, half were open on day 60.
    frame = cases_of([*range(1, 61), *[90] * 60], [True] * 60 + [False] * 60)
    row = summary(frame).row(0, named=True)
    assert (row["median"], row["naive"], row["misleads"]) == (60, 30.5, True)
    all_closed = summary(frame.filter("event")).row(0, named=True)
    assert (all_closed["median"], all_closed["misleads"]) == (30, False)
    mostly_open = summary(cases_of([2, 3, 40, 40, 40], [True, True, False, False, False])).row(0, named=True)
    assert (mostly_open["median"], mostly_open["naive"], mostly_open["misleads"]) == (None, 2.5, True)
