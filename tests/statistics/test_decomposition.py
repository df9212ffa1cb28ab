"""Mix and rate effects add up to the change, agree with a second library, and tell Simpson's paradox for what it is."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.oaxaca import OaxacaBlinder

from queries.statistics.decomposition import mix_and_rate, rounded

# Admissions to Berkeley 1973, six largest departments (Bickel, Hammel, O'Connell, Science 187 (1975) 398–404; R's
# UCBAdmissions): admitted and applied, men and women.
MEN = {"A": (512, 825), "B": (353, 560), "C": (120, 325), "D": (138, 417), "E": (53, 191), "F": (22, 373)}
WOMEN = {"A": (89, 108), "B": (17, 25), "C": (202, 593), "D": (131, 375), "E": (94, 393), "F": (24, 341)}

counts = st.integers(0, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def groups(cells: dict[str, tuple[int, int]]) -> pl.DataFrame:
    return pl.DataFrame(
        [(name, x, n) for name, (x, n) in cells.items()],
        schema={"group": pl.String, "numerator": pl.Int64, "denominator": pl.Int64},
        orient="row",
    )


def test_berkeleys_women_applied_where_few_were_admitted() -> None:
    result = mix_and_rate(groups(MEN), groups(WOMEN), ["group"])
    assert result is not None
    assert (result.before, result.after) == pytest.approx((1198 / 2691, 557 / 1835))
    assert result.change == pytest.approx(-0.1416, abs=5e-5)
    assert result.mix < result.change < 0 < result.rate


def test_equals_the_two_fold_oaxaca_blinder_decomposition_with_half_weights() -> None:
    outcome, design = [], []
    for sex, cells in enumerate((WOMEN, MEN)):
        for place, (admitted, applied) in enumerate(cells.values()):
            dummies = [float(place == other) for other in range(6)]
            outcome += [1.0] * admitted + [0.0] * (applied - admitted)
            design += [[*dummies, float(sex)]] * applied
    # Saturated in the departments (their dummies are the constant), split by the last column, both halves equal.
    other = OaxacaBlinder(np.array(outcome), np.array(design), 6, hasconst=True, swap=False).two_fold(
        two_fold_type="self_submitted", submitted_weight=0.5
    )
    result = mix_and_rate(groups(MEN), groups(WOMEN), ["group"])
    assert result is not None
    assert sorted((result.rate, result.mix)) == pytest.approx(sorted(other.params[:2]), rel=1e-9)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("ABCDEFG"), counts), st.dictionaries(st.sampled_from("ABCDEFG"), counts))
def test_effects_add_up_to_the_change(first: dict[str, tuple[int, int]], second: dict[str, tuple[int, int]]) -> None:
    result = mix_and_rate(groups(first), groups(second), ["group"])
    if not (sum(n for _, n in first.values()) and sum(n for _, n in second.values())):
        assert result is None
        return
    assert result is not None
    assert math.fsum(result.frame["effect"]) == pytest.approx(result.change, abs=1e-12)
    assert result.mix + result.rate == pytest.approx(result.change, abs=1e-12)
    assert result.frame["effect"].abs().is_sorted(descending=True)
    back = mix_and_rate(groups(second), groups(first), ["group"])
    assert back is not None
    assert back.change == pytest.approx(-result.change, abs=1e-12)
    assert back.rate == pytest.approx(-result.rate, abs=1e-12)


def test_a_pure_shift_of_cases_is_mix_and_a_pure_change_of_rates_is_rate() -> None:
    start = groups({"good": (90, 100), "bad": (50, 100)})
    moved = mix_and_rate(start, groups({"good": (45, 50), "bad": (75, 150)}), ["group"])
    assert moved is not None
    assert (moved.mix, moved.rate) == pytest.approx((-0.1, 0.0))
    worse = mix_and_rate(start, groups({"good": (80, 100), "bad": (50, 100)}), ["group"])
    assert worse is not None
    assert (worse.mix, worse.rate) == pytest.approx((0.0, -0.05))
    assert worse.frame["group"][0] == "good"


def test_a_new_units_whole_effect_is_its_coming() -> None:
    result = mix_and_rate(groups({"A": (80, 100)}), groups({"A": (80, 100), "N": (20, 100)}), ["group"])
    assert result is not None
    row = result.frame.filter(pl.col("group") == "N").row(0, named=True)
    assert row["rate"] == 0.0
    assert row["before"] is None
    assert result.mix == pytest.approx(result.change) == pytest.approx(-0.3)


def test_pairs_of_unit_and_category_add_up_over_either() -> None:
    generator = np.random.default_rng(2)
    frames = []
    for _ in range(2):
        size = generator.integers(0, 60, 12)
        frames.append(
            pl.DataFrame(
                {
                    "unit": list("ABCD") * 3,
                    "category": ["pay"] * 4 + ["hours"] * 4 + ["safety"] * 4,
                    "numerator": generator.binomial(size, 0.7),
                    "denominator": size,
                }
            )
        )
    result = mix_and_rate(frames[0], frames[1], ["unit", "category"])
    assert result is not None
    for column in ("unit", "category"):
        assert result.frame.group_by(column).agg(pl.col("effect").sum())["effect"].sum() == pytest.approx(result.change)


def test_people_counted_in_two_units_are_told_apart_as_overlap() -> None:
    # 60 and 50 of 100 each, but 10 people came to both: 100 of 200, later 60 and 60 with 30 in both: 90 of 200.
    result = mix_and_rate(
        groups({"A": (60, 100), "B": (50, 100)}), groups({"A": (60, 100), "B": (60, 100)}), ["group"], (0.5, 0.45)
    )
    assert result is not None
    assert result.change == pytest.approx(-0.05)
    assert result.mix + result.rate == pytest.approx(0.05)
    assert result.overlap == pytest.approx(-0.1)


@settings(deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20), st.integers(0, 3))
def test_rounded_parts_add_up_to_the_rounded_sum(parts: list[float], digits: int) -> None:
    result = rounded(parts, digits)
    step = 10**digits
    assert round(sum(result) * step) == round(sum(part * step for part in parts))
    assert all(abs(new - old) < 1 / step + 1e-9 for new, old in zip(result, parts, strict=True))


def test_rounding_gives_way_at_the_nearest_part() -> None:
    assert rounded([1.44, 1.44, 1.42], 1) == [1.5, 1.4, 1.4]
    assert rounded([], 1) == []
