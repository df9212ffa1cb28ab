"""Wilson limits agree with a second library, stay within 0..1, and many at once equal the single ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from queries.statistics.proportion import wilson, wilson_limits


@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (1, 1), (22, 22), (3993, 4190), (3993, 4028), (1, 10**7)])
def test_equals_statsmodels(successes: int, trials: int) -> None:
    # statsmodels takes alpha with its own z, 1.9599639845; ours is fixed to six decimals.
    assert wilson(successes, trials) == pytest.approx(
        proportion_confint(successes, trials, alpha=0.05, method="wilson"), rel=1e-6, abs=1e-12
    )
    assert wilson(successes, trials, z=1.959963984540054) == pytest.approx(
        proportion_confint(successes, trials, alpha=0.05, method="wilson"), rel=1e-12, abs=1e-15
    )


def test_a_small_zone_with_all_cases_closed_is_only_known_to_lie_above_85_per_cent() -> None:
    limits = wilson(22, 22)
    assert limits is not None
    assert limits[0] == pytest.approx(0.851, abs=5e-4)
    assert limits[1] == 1.0


def test_wilsons_published_form_for_81_of_263() -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3: 81/263 → 0.2553 to 0.3662.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_no_trials_have_no_interval() -> None:
    assert wilson(0, 0) is None


def test_more_successes_than_trials_is_an_error() -> None:
    with pytest.raises(ValueError, match="no proportion"):
        wilson(3, 2)


@settings(deadline=None)
@given(st.integers(1, 10**9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_lies_within_0_and_1_and_around_the_proportion(case: tuple[int, int]) -> None:
    successes, trials = case
    limits = wilson(successes, trials)
    assert limits is not None
    assert 0.0 <= limits[0] <= successes / trials <= limits[1] <= 1.0


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1))
def test_many_at_once_equal_the_single_ones(cases: list[tuple[int, int]]) -> None:
    successes, trials = np.array(cases).T
    for case, low, high in zip(cases, *wilson_limits(successes, trials), strict=True):
        expected = wilson(*case)
        if expected is None:
            assert np.isnan([low, high]).all()
        else:
            assert (low, high) == pytest.approx(expected, rel=1e-12, abs=1e-15)
