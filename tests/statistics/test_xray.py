"""Two rival definitions of one rate: the named cases between them add up to the difference exactly."""

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.statistics.decomposition import rounded
from queries.statistics.xray import xray

FLAGS = ["first_numerator", "first_denominator", "second_numerator", "second_denominator"]


def kinds(*rows: tuple[int, int, int, int, str | None, int]) -> pl.DataFrame:
    return pl.DataFrame(
        [(bool(a), bool(b), bool(c), bool(d), part, cases) for a, b, c, d, part, cases in rows],
        schema={**dict.fromkeys(FLAGS, pl.Boolean), "part": pl.String, "cases": pl.Int64},
        orient="row",
    )


def test_the_citys_hotline_whose_two_rates_fit_two_denominators() -> None:
    # field.md: 4,190 dispatched, 3,993 closed; published 99.13 % fits the 4,028 already due, 95.3 % are all received.
    result = xray(kinds((1, 1, 1, 1, None, 3993), (0, 1, 0, 1, None, 35), (0, 0, 0, 1, "not_due", 162)), ["not_due"])
    assert result is not None
    assert (result.first, result.second) == (3993 / 4028, 3993 / 4190)
    assert (result.first_counts, result.second_counts) == ((3993, 4028), (3993, 4190))
    part = result.parts[0]
    assert (part.name, part.cases, part.numerator, part.denominator) == ("not_due", 162, 0, 162)
    assert part.effect == result.difference == pytest.approx(-0.0383, abs=5e-5)


def test_parts_stand_in_the_order_given_and_empty_ones_are_left_out() -> None:
    frame = kinds((1, 1, 1, 1, None, 80), (0, 0, 0, 1, "not_due", 12), (1, 1, 0, 1, "reopened", 3))
    result = xray(frame, ["reopened", "nothing", "not_due"])
    assert result is not None
    assert [part.name for part in result.parts] == ["reopened", "not_due"]
    assert result.parts[0].effect == pytest.approx(80 / 83 - 1)
    assert result.parts[1].effect == pytest.approx(80 / 95 - 80 / 83)
    assert sum(rounded([100 * part.effect for part in result.parts], 1)) == pytest.approx(-15.8)


def test_single_cases_and_counts_of_cases_give_the_same() -> None:
    frame = kinds((1, 1, 1, 1, None, 5), (0, 0, 0, 1, "not_due", 2), (1, 1, 0, 1, "reopened", 1))
    single = frame.select(pl.exclude("cases").repeat_by("cases").explode())
    assert xray(single, ["not_due", "reopened"]) == xray(frame, ["not_due", "reopened"])


def test_no_case_in_common_shows_its_whole_effect_in_the_last_step() -> None:
    result = xray(kinds((1, 1, 0, 0, "gone", 4), (0, 0, 0, 1, "come", 4)), ["gone", "come"])
    assert result is not None
    assert [part.effect for part in result.parts] == [0.0, -1.0]


def test_without_a_denominator_there_is_no_xray() -> None:
    assert xray(kinds((0, 0, 1, 1, "come", 4)), ["come"]) is None
    assert xray(kinds(), []) is None


def test_a_differing_case_needs_a_name_and_a_numerator_its_denominator() -> None:
    with pytest.raises(ValueError, match="part 'odd' of a differing case: one of not_due"):
        xray(kinds((1, 1, 0, 1, "odd", 1)), ["not_due"])
    with pytest.raises(ValueError, match="part None"):
        xray(kinds((1, 1, 0, 1, None, 1)), ["not_due"])
    with pytest.raises(ValueError, match="second numerator"):
        xray(kinds((1, 1, 1, 0, "not_due", 1)), ["not_due"])


membership = st.sampled_from([(0, 0), (0, 1), (1, 1)])


@settings(deadline=None)
@given(st.lists(st.tuples(membership, membership, st.sampled_from("abc"), st.integers(1, 10**6)), max_size=20))
def test_parts_add_up_exactly(rows: list[tuple[tuple[int, int], tuple[int, int], str, int]]) -> None:
    frame = kinds(*((*one, *other, part if one != other else None, cases) for one, other, part, cases in rows))
    result = xray(frame, ["c", "a", "b"])
    if result is None:
        return
    counts = [result.first_counts]
    for part in result.parts:
        counts.append((counts[-1][0] + part.numerator, counts[-1][1] + part.denominator))
    assert counts[-1] == result.second_counts
    assert sum(Fraction(part.effect) for part in result.parts) == pytest.approx(Fraction(result.difference), abs=1e-15)
    assert sum(part.cases for part in result.parts) == sum(c for one, other, _, c in rows if one != other)
