"""The silence radar: units far too quiet for their size and kind are named, small and ordinary ones are not."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from queries.statistics.silence import silence

# Per head and year, as in an ordinary enterprise; the spread is that between ordinary units.
RATES = {"grievances": 0.06, "suggestions": 0.15, "answers": 0.6, "participants": 0.7}


def voices(generator: np.random.Generator, units: int = 60, spread: float = 0.25) -> pl.DataFrame:
    people = np.maximum(5, generator.lognormal(4.5, 0.8, units)).astype(int)
    # A unit that is lively in one voice is often lively in another.
    lively = generator.normal(0, spread, units)
    frames = []
    for measure, rate in RATES.items():
        level = np.exp(lively / 2 + generator.normal(0, spread, units))
        frames.append(
            pl.DataFrame(
                {
                    "unit": [f"U{i}" for i in range(units)],
                    "measure": measure,
                    "observed": generator.poisson(rate * level * people),
                    "exposure": people,
                }
            )
        )
    return pl.concat(frames)


def hushed(frame: pl.DataFrame, unit: str, share: float) -> pl.DataFrame:
    quiet = (pl.col("observed") * share).floor().cast(pl.Int64)
    return frame.with_columns(pl.when(pl.col("unit") == unit).then(quiet).otherwise("observed").alias("observed"))


def test_a_large_silent_unit_is_found_and_a_small_one_is_not_accused() -> None:
    frame = voices(np.random.default_rng(1))
    sizes = frame.filter(pl.col("measure") == "answers").sort("exposure")
    large, small = sizes["unit"][-5], sizes["unit"][0]
    frame = hushed(hushed(frame, large, 0.1), small, 0.5)
    radar = silence(frame)
    assert radar.units.filter("silent")["unit"].to_list() == [large]
    row = radar.units.row(by_predicate=pl.col("unit") == large, named=True)
    assert row["level"] < row["low3"] < row["low2"] < 1
    assert set(radar.voices.filter(pl.col("unit") == large)["measure"]) == set(RATES)


def test_a_lively_unit_is_never_called_silent() -> None:
    frame = hushed(voices(np.random.default_rng(2)), "U3", 10.0)
    row = silence(frame).units.row(by_predicate=pl.col("unit") == "U3", named=True)
    assert (row["silent"], row["p"] > 0.9, row["level"] > 1) == (False, True, True)


def test_units_are_measured_by_their_kind_of_work() -> None:
    # Office units hardly raise safety grievances; among offices that is ordinary, among mines it is not.
    frame = pl.DataFrame(
        {
            "unit": [f"O{i}" for i in range(20)] + [f"M{i}" for i in range(20)],
            "measure": "grievances",
            "observed": [2] * 20 + [30] * 19 + [2],
            "exposure": [100] * 40,
            "kind": ["office"] * 20 + ["mine"] * 20,
        }
    )
    assert silence(frame).units.filter("silent")["unit"].to_list() == ["M19"]


def test_the_only_unit_of_its_kind_is_not_its_own_yardstick() -> None:
    frame = voices(np.random.default_rng(3), 40).with_columns(
        pl.when(pl.col("unit") == "U7").then(pl.lit("ship")).otherwise(pl.lit("plant")).alias("kind")
    )
    big = pl.when(pl.col("unit") == "U7").then(800).otherwise("exposure").alias("exposure")
    frame = hushed(frame.with_columns(big), "U7", 0.0)
    assert silence(frame).units.filter("silent")["unit"].to_list() == ["U7"]


def test_without_overdispersion_one_voice_is_the_poisson_lower_tail() -> None:
    frame = pl.DataFrame(
        {
            "unit": [f"U{i}" for i in range(30)],
            "measure": "grievances",
            "observed": [10] * 29 + [3],
            "exposure": [100] * 30,
        }
    )
    radar = silence(frame)
    expected = radar.voices["expected"][29]
    assert expected == pytest.approx(10)
    tail = stats.poisson.cdf(2, 10) + stats.poisson.pmf(3, 10) / 2
    assert radar.units["p"][29] == pytest.approx(tail)


def test_a_voice_without_exposure_and_a_unit_without_expectation_are_left_out_of_judgement() -> None:
    frame = voices(np.random.default_rng(4), 20)
    unasked = (pl.col("unit") == "U2") & (pl.col("measure") == "answers")
    radar = silence(frame.with_columns(pl.when(unasked).then(0).otherwise("exposure").alias("exposure")))
    assert radar.voices.filter(pl.col("unit") == "U2").height == 3
    nothing = silence(frame.with_columns(observed=pl.lit(0))).units
    assert not nothing["silent"].any()
    assert nothing["level"].null_count() == nothing.height
    assert silence(frame.head(0)).units.is_empty()


def test_the_order_of_rows_does_not_matter() -> None:
    frame = voices(np.random.default_rng(5))
    forward, backward = silence(frame).units, silence(frame.reverse()).units
    joined = forward.join(backward, on="unit", suffix="_back")
    assert joined.height == 60
    np.testing.assert_allclose(joined["z"], joined["z_back"], rtol=1e-9, atol=1e-12)


@pytest.mark.slow
def test_in_two_hundred_ordinary_enterprises_hardly_a_unit_is_called_silent() -> None:
    generator = np.random.default_rng(2027)
    alarms = sum(bool(silence(voices(generator)).units["silent"].any()) for _ in range(200))
    assert alarms <= 19  # at 5 % promised, chance's 99.5 % point
