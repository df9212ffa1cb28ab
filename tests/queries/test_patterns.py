"""Months that surge and shares that shift are told; ordinary months are not, however many are looked at."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from queries.filters import Month
from queries.patterns import find_shift, find_surges

MONTHS = [Month(2024, 1) + step for step in range(30)]
CODES = ["pay", "hours", "safety", "welfare"]


def quiet(generator: np.random.Generator, months: int = 30, codes: int = 4) -> NDArray[np.float64]:
    """Counts in which nothing happens: each code its own level, a little more spread than chance."""
    level = generator.gamma(20, 1 / 20, (months, 1)) * np.array([40.0, 25.0, 12.0, 6.0])[:codes]
    counts: NDArray[np.float64] = generator.poisson(level).astype(np.float64)
    return counts


def test_a_surge_is_told_with_the_years_in_which_it_came_before() -> None:
    table = quiet(np.random.default_rng(4))
    for place in (12, 24):  # January 2025 and 2026
        table[place, 0] = 200
    (surge,) = find_surges(table, MONTHS, CODES)
    assert (surge.code, surge.month, surge.again) == ("pay", Month(2026, 1), (Month(2025, 1),))
    assert surge.count == 200
    assert 30 < surge.expected < 50
    assert surge.low < surge.expected < surge.high < surge.count


def test_a_surge_of_once_has_no_other_years_and_a_withheld_month_none() -> None:
    table = quiet(np.random.default_rng(4))
    table[20, 2] = 90
    (surge,) = find_surges(table, MONTHS, CODES)
    assert (surge.code, surge.again) == ("safety", ())
    table[20, 2] = np.nan
    assert find_surges(table, MONTHS, CODES) == ()


def test_a_shift_names_the_share_that_moved_most_and_whether_the_number_moved_too() -> None:
    generator = np.random.default_rng(5)
    shares = np.tile([0.02, 0.4, 0.58], (30, 1))
    shares[17:] = [0.2, 0.32, 0.48]
    totals = generator.poisson(300, 30)
    table = np.array([generator.multinomial(n, p) for n, p in zip(totals, shares, strict=True)], dtype=float)
    shift = find_shift(table, totals.astype(float), MONTHS, ["hotline", "visit", "online"])
    assert shift is not None
    assert (shift.code, shift.since, shift.total) == ("hotline", MONTHS[17], None)
    assert shift.before == pytest.approx(0.02, abs=0.01)
    assert shift.low < 0.18 < shift.high
    more = np.where(np.arange(30) >= 17, 2.0, 1.0)
    twice = (totals * more).astype(np.float64)
    doubled = find_shift(table * more[:, None], twice, MONTHS, ["hotline", "visit", "online"])
    assert doubled is not None and doubled.total is not None
    assert doubled.total.after == pytest.approx(2 * doubled.total.before, rel=0.1)


def test_too_few_months_say_nothing() -> None:
    table = quiet(np.random.default_rng(7), months=10)
    table[9, 0] = 500
    assert find_surges(table, MONTHS[:10], CODES) == ()
    assert find_shift(table, table.sum(axis=1), MONTHS[:10], CODES) is None


def test_ordinary_months_surge_no_more_often_than_promised() -> None:
    generator = np.random.default_rng(11)
    told = sum(bool(find_surges(quiet(generator), MONTHS, CODES)) for _ in range(100))
    assert told <= 11  # 5 % promised; the 99.5 % point of chance


def test_ordinary_shares_shift_no_more_often_than_promised() -> None:
    generator = np.random.default_rng(13)
    told = 0
    for _ in range(60):
        table = generator.poisson(np.array([40.0, 25.0, 12.0, 6.0]), (30, 4)).astype(float)
        told += find_shift(table, table.sum(axis=1), MONTHS, CODES) is not None
    assert told <= 8  # 5 % promised; chance's 99 % point is 7
