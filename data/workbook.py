"""Workbooks (XLSX, XLS, ODS) as grids: one per sheet that can be seen, merged cells filled downwards."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from itertools import islice

import polars as pl
from python_calamine import (
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from data import biff, spoilt_cells
from data.delimited import COLUMNS
from data.faults import Refused
from data.formats import DAMAGED, ENCRYPTED, Format
from data.grid import Grid, letters, names
from data.spoilt_cells import SPARSE, Findings, Sheet
from data.values import cell_text
from data.words import mark

HIDDEN = mark("The sheet is hidden and was left out; show it if it is to be read.")
NOT_CELLS = mark("The sheet holds a chart or macros, not cells, and was left out.")

_CHUNK = 20_000


def read(
    data: bytes, kind: Format, cells: int, progress: Callable[[int, int], None]
) -> tuple[list[Grid | tuple[str, Refused]], list[tuple[str, str]]]:
    """Return a workbook's sheets in order, each as a grid or with what keeps it from being one, and those left out.

    `cells`: how many cells a sheet may span; `progress(rows, of)` is called as rows are read. Those left out are pairs
    of sheet and rule. Refused if the workbook as a whole cannot be opened.
    """
    found = _look(data, kind, cells)
    book = _opened(data)
    grids: list[Grid | tuple[str, Refused]] = []
    left_out: list[tuple[str, str]] = []
    for index, meta in enumerate(book.sheets_metadata):
        if meta.typ != SheetTypeEnum.WorkSheet:
            left_out.append((meta.name, NOT_CELLS))
        elif meta.visible != SheetVisibleEnum.Visible:
            left_out.append((meta.name, HIDDEN))
        else:
            try:
                grids.append(_grid(book, meta, found.sheet(index), found.epoch_1904, cells, progress))
            except Refused as refused:
                grids.append((meta.name, refused))
    return grids, left_out


def _look(data: bytes, kind: Format, cells: int) -> Findings:
    if kind == "xls":
        return biff.look_xls(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return spoilt_cells.look_xlsx(archive, cells) if kind == "xlsx" else spoilt_cells.look_ods(archive)


def _opened(data: bytes) -> CalamineWorkbook:
    try:
        return load_workbook(io.BytesIO(data))
    except PasswordError as error:
        raise Refused(ENCRYPTED) from error
    except BaseException as error:
        raise _damaged(error) from error


def _damaged(error: BaseException) -> BaseException:
    # The library's own panics derive from BaseException; what stops the process must still do so.
    return error if isinstance(error, (KeyboardInterrupt, SystemExit, MemoryError)) else Refused(DAMAGED)


def _grid(
    book: CalamineWorkbook,
    meta: SheetMetadata,
    found: Sheet,
    epoch_1904: bool,
    cells: int,
    progress: Callable[[int, int], None],
) -> Grid:
    try:
        sheet = book.get_sheet_by_name(meta.name)
    except BaseException as error:
        raise _damaged(error) from error
    if sheet.start is None or sheet.end is None:
        return Grid(meta.name, pl.DataFrame())
    height, width = sheet.end[0] + 1, sheet.end[1] + 1
    if height * width > cells or width > COLUMNS:
        raise Refused(SPARSE, name=meta.name, row=height, column=letters(width - 1))
    frame = _texts(sheet, height, progress)
    merged = [(start, end) for start, end in (sheet.merged_cell_ranges or found.merged) if end[0] > start[0]]
    if sum(min(end[0], height - 1) - start[0] for start, end in merged) > cells:
        raise Refused(DAMAGED)
    changed: dict[int, dict[int, str | None]] = {}
    for (first, column), (last, _) in merged:
        if first < height and column < width:
            value = frame.item(first, column)
            changed.setdefault(column, {}).update(dict.fromkeys(range(first + 1, min(last, height - 1) + 1), value))
    for (row, column), text in found.spoilt.items():
        if row < height and column < width:
            changed.setdefault(column, {})[row] = text
    patched = {
        str(column): frame[str(column)].scatter(list(values), list(values.values()))
        for column, values in changed.items()
    }
    return Grid(meta.name, frame.with_columns(**patched), epoch_1904=epoch_1904)


def _texts(sheet: CalamineSheet, height: int, progress: Callable[[int, int], None]) -> pl.DataFrame:
    assert sheet.start is not None and sheet.end is not None
    before, width = sheet.start[1], sheet.end[1] + 1
    rows = sheet.iter_rows()  # from row 1, but from the first filled column
    chunks = []
    done = 0
    while chunk := list(islice(rows, _CHUNK)):
        columns = [pl.repeat(None, len(chunk), dtype=pl.String, eager=True)] * before
        columns += [pl.Series(list(map(cell_text, column)), dtype=pl.String) for column in zip(*chunk, strict=True)]
        chunks.append(pl.DataFrame(dict(zip(names(width), columns, strict=True))))
        done += len(chunk)
        progress(done, height)
    return pl.concat(chunks, rechunk=True)
