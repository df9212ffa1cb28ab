"""Withholding cells of a table: nothing small follows from what is left, whoever solves for it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.audit_solver import Known
from queries.lattice import fit
from queries.resting import Group
from queries.suppression import Counts, Flags, Parts, Total, shown
from queries.units import Units

LEAST = 5
GROUP = Group(("anybody",))


def organisation(parents: list[int | None]) -> Units:
    """Units 0, 1, 2 … each below an earlier one (or none)."""
    names = [f"U{i:02d}" for i in range(len(parents))]
    frame = pl.DataFrame(
        {"branch_id": names, "parent_id": [None if p is None else names[p] for p in parents]},
        schema={"branch_id": pl.String, "parent_id": pl.String},
    )
    return Units.of(frame)


@st.composite
def organisations(draw: st.DrawFn, most: int = 9) -> Units:
    parents: list[int | None] = [None]
    for i in range(1, draw(st.integers(1, most))):
        parents.append(draw(st.one_of(st.none(), st.integers(0, i - 1))))
    return organisation(parents)


def allowed(cells: Counts) -> Flags:
    return fit(GROUP, LEAST, cells)


def solved(tree: Units, own: np.ndarray, seen: Flags, totals: Flags | None) -> list[tuple[int, int]]:
    """The small cells (part, column) that follow from those seen, an empty cell telling that its units have none."""
    units, columns = own.shape
    parts = Parts(tree)
    inside = [list(tree.span(unit)) for unit in tree.ids] + [[u] for u in range(units)] + [list(range(units))]
    counts = parts.summed(own[:, :, None].astype(float))[:, :, 0]
    known = Known()
    sums = []
    for part, members in enumerate(inside):
        for column in range(columns):
            if seen[part, column]:
                sums.append({u * columns + column: 1 for u in members})
                if counts[part, column] == 0:
                    sums.extend({u * columns + column: 1} for u in members)
        if totals is not None and totals[part]:
            sums.append({u * columns + column: 1 for u in members for column in range(columns)})
    known.tell_all(sums)
    return [
        (part, column)
        for part, members in enumerate(inside)
        for column in range(columns)
        if 0 < counts[part, column] < LEAST and known.follows({u * columns + column: 1 for u in members})
    ]


@given(tree=organisations(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_small_part_follows_from_the_others(tree: Units, data: st.DataObject) -> None:
    own = np.array(data.draw(st.lists(st.integers(0, 9), min_size=len(tree), max_size=len(tree))))[:, None]
    parts = Parts(tree)
    counts = parts.summed(own[:, :, None].astype(float))
    seen = shown(parts, counts, allowed)
    assert not (seen & (counts[:, :, 0] > 0) & (counts[:, :, 0] < LEAST)).any()
    assert solved(tree, own, seen, None) == []


@given(tree=organisations(most=6), data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_small_cell_follows_where_columns_add_up_to_a_total_that_is_shown(tree: Units, data: st.DataObject) -> None:
    columns = data.draw(st.integers(1, 4))
    size = len(tree) * columns
    few_or_many = st.one_of(st.sampled_from([0, 0, 1, 2, 4, 5, 7, 12]), st.integers(0, 40))
    numbers = data.draw(st.lists(few_or_many, min_size=size, max_size=size))
    own = np.array(numbers).reshape(len(tree), columns)
    parts = Parts(tree)
    whole = parts.summed(own.sum(axis=1)[:, None, None].astype(float))
    totals = shown(parts, whole, allowed)[:, 0]
    counts = parts.summed(own[:, :, None].astype(float))
    seen = shown(parts, counts, allowed, [Total(np.arange(columns), totals)])
    assert solved(tree, own, seen, totals) == []


@pytest.mark.parametrize(
    ("parents", "own"),
    [
        # Found by chance, each solved by a longer chain of differences than the one before.
        ([None, None, 0], [[0, 5, 0], [0, 0, 5], [0, 1, 4]]),
        ([None, None, 0, 0], [[0, 0, 1, 4], [0, 0, 0, 0], [1, 4, 0, 0], [0, 0, 1, 4]]),
        ([None] * 4, [[1, 4, 0, 0], [0, 0, 1, 4], [4, 1, 0, 0], [0, 0, 1, 4]]),
        ([None] * 5, [[0, 0, 0, 0], [1, 0, 4, 1], [0, 0, 0, 0], [0, 4, 0, 1], [0, 1, 0, 4]]),
    ],
)
def test_chains_of_differences_lead_to_nobody(parents: list[int | None], own: list[list[int]]) -> None:
    tree, numbers = organisation(parents), np.array(own)
    parts = Parts(tree)
    totals = shown(parts, parts.summed(numbers.sum(axis=1)[:, None, None].astype(float)), allowed)[:, 0]
    every = [Total(np.arange(numbers.shape[1]), totals)]
    seen = shown(parts, parts.summed(numbers[:, :, None].astype(float)), allowed, every)
    assert solved(tree, numbers, seen, totals) == []


def test_what_is_withheld_of_a_row_is_enough_in_sum() -> None:
    # 2 and 1 alone would be 3 in all, as the total tells.
    parts = Parts(organisation([None]))
    counts = parts.summed(np.array([[2.0, 1, 20, 40]])[:, :, None])
    seen = shown(parts, counts, allowed, [Total(np.arange(4), np.ones(3, dtype=bool))])
    assert seen[0].tolist() == [False, False, False, True]


def test_only_as_much_is_withheld_as_needed() -> None:
    # A company of four: 2 is too few, 6 is the smallest that covers it; 20 and 30 stay.
    tree = organisation([None, 0, 0, 0, 0])
    own = np.array([0.0, 2, 20, 6, 30])[:, None, None]
    parts = Parts(tree)
    seen = shown(parts, parts.summed(own), allowed)[:, 0]
    assert [bool(flag) for flag in seen[: len(tree)]] == [True, False, True, False, True]


def test_an_empty_cell_is_shown_and_covers_nobody() -> None:
    # 3 beside 0 and 40: the 0 is shown as it is, so 40 must cover the 3.
    tree = organisation([None, 0, 0, 0])
    parts = Parts(tree)
    seen = shown(parts, parts.summed(np.array([0.0, 3, 0, 40])[:, None, None]), allowed)[:, 0]
    assert [bool(flag) for flag in seen[: len(tree)]] == [True, False, True, False]


def test_what_is_withheld_is_withheld_with_its_parts() -> None:
    # U1 covers the small U2, so neither of U1's own parts may be shown: they would tell U1.
    tree = organisation([None, 0, 0, 1, 1, 0])
    parts = Parts(tree)
    own_of = {"U00": 0.0, "U01": 0, "U02": 2, "U03": 6, "U04": 6, "U05": 50}
    own = np.array([own_of[unit] for unit in tree.ids])[:, None, None]
    seen = shown(parts, parts.summed(own), allowed)[:, 0]
    named = dict(zip(tree.ids, (bool(flag) for flag in seen[: len(tree)]), strict=True))
    assert named == {"U00": True, "U01": False, "U02": False, "U03": False, "U04": False, "U05": True}


def test_all_or_none_of_a_small_group_is_not_told() -> None:
    rate = Group(("resting", "numerator", "denominator"), rate=True)
    cells = np.array([[7.0, 7, 7], [7, 0, 7], [7, 5, 7], [10, 10, 10], [0, 0, 0]])
    assert fit(rate, LEAST, cells).tolist() == [False, False, True, True, True]
