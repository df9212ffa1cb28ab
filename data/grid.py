"""One sheet as it stands in the file, before anybody knows what it speaks of."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Grid:
    """Cells of one sheet or CSV file.

    `cells`: Utf8 columns "0", "1", … from column A; its rows are the spreadsheet's from row 1, blank ones included.
    `widths`: fields per row where a CSV's rows differ, else None. `epoch_1904`: serial numbers count from 1904.
    """

    sheet: str | None
    cells: pl.DataFrame
    widths: pl.Series | None = None
    epoch_1904: bool = False


def names(width: int) -> list[str]:
    """Return the names of `width` columns."""
    return [str(i) for i in range(width)]


def letters(place: int) -> str:
    """Return a column's letters: 0 → A, 25 → Z, 26 → AA."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text
