"""A sheet of another system at a glance: where its header probably stands, and what stands below each header."""

from __future__ import annotations

from typing import Any

import polars as pl

from data import values
from data.grid import Grid
from data.layout import HEADER_ROWS

VALUES = 60  # of each column: more than any list of codes has
LONGEST = 80  # characters of a value that are repeated
ROWS = 50_000  # enough to meet every code


def glance(grid: Grid) -> dict[str, Any] | None:
    """Return `name`, `rows` and `columns` (header → its commonest values) of a sheet; None if nothing stands in it.

    The header is the first of the topmost rows with as many different texts as any of them.
    """
    names = grid.cells.columns
    if not names or not grid.cells.height:
        return None
    cells = grid.cells.head(ROWS).select(values.stripped(pl.col(names)))
    top = cells.head(HEADER_ROWS).rows()
    texts = [len({text for text in row if text and not _number(text)}) for row in top]
    if not max(texts):
        return None
    at = texts.index(max(texts))
    below = cells.slice(at + 1)
    columns: dict[str, list[str]] = {}
    for name, header in zip(names, top[at], strict=True):
        if header and header not in columns:
            common = below[name].drop_nulls().value_counts(sort=True, name="count")
            columns[header] = [text[:LONGEST] for text in common[name].head(VALUES)]
    return {"name": grid.sheet, "rows": grid.cells.height - at - 1, "columns": columns}


def _number(text: str) -> bool:
    return text.replace(".", "", 1).replace("-", "", 2).isdecimal()
