"""Delimited text is read as a spreadsheet reads it, record by record, on the quick way and on the thorough one."""

from __future__ import annotations

import csv
import io
from itertools import zip_longest

from hypothesis import given, settings
from hypothesis import strategies as st

from data import delimited
from data.faults import Refused


def known(header: str) -> bool:
    return header == "a"


def records(text: str) -> list[list[str]] | None:
    """What the standard library makes of `text`, None if its quotes do not match."""
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True))
    except csv.Error:
        return None


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet='ab,,"\n 中', min_size=1, max_size=30))
def test_quotes_and_line_breaks_are_read_as_by_the_standard_library(text: str) -> None:
    # A first row that settles the delimiter, and one last cell, for blank rows at the end are dropped.
    text = f"a,a\n{text}\nz"
    expected = records(text)
    try:
        grid = delimited.read(text.encode(), known)
    except Refused as refused:
        assert expected is None
        assert refused.rule == delimited.QUOTES
        return
    assert expected is not None
    width = max(len(record) for record in expected)
    padded = list(zip(*zip_longest(*expected, fillvalue=""), strict=True))
    got = [tuple((cell or "").strip(" ") for cell in row[:width]) for row in grid.cells.rows()]
    assert got == [tuple(cell.strip(" ") for cell in row) for row in padded]
    widths = grid.widths.to_list() if grid.widths is not None else [width] * len(expected)
    # A blank row has no separator to count.
    assert [max(one, 1) for one in widths] == [max(len(record), 1) for record in expected]


def test_rows_stay_in_their_order() -> None:
    count = 200_000
    grid = delimited.read(("a,b\n" + "".join(f"{i},\n" for i in range(count))).encode(), known)
    assert grid.cells["0"].to_list() == ["a", *(str(i) for i in range(count))]
    assert grid.widths is None
