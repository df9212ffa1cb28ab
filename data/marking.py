"""The faulty workbook back to its sender: bad cells coloured, each with its rule and remedy as a comment."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePath

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from data.faults import Fault
from data.layout import HEADER_ROWS
from data.words import mark, translate

# Beyond this a workbook is slow to write again; the list of faults says the same.
LARGEST_BYTES = 5_000_000
_BAD = PatternFill("solid", fgColor="FFF4B9B0")
_AUTHOR = mark("Party and union dashboard")


def marked(name: str, content: bytes, faults: Iterable[Fault], language: str) -> bytes | None:
    """Return the file as XLSX with its faults marked; None where it cannot be (another format, too large, no rows)."""
    ours = [fault for fault in faults if fault.file == name and fault.row]
    ending = PurePath(name).suffix.lower()
    if not ours or len(content) > LARGEST_BYTES or ending not in (".xlsx", ".csv"):
        return None
    book = openpyxl.load_workbook(io.BytesIO(content)) if ending == ".xlsx" else _from_csv(content)
    if book is None:
        return None
    for sheet in book.worksheets:
        inside = [fault for fault in ours if fault.sheet in (None, sheet.title)]
        _mark(sheet, inside, language)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _from_csv(content: bytes) -> openpyxl.Workbook | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        book = openpyxl.Workbook()
        sheet = book.active
        assert isinstance(sheet, Worksheet)
        for row, cells in enumerate(csv.reader(io.StringIO(text)), start=1):
            for column, cell in enumerate(cells, start=1):
                # Text stays text: a cell from outside must not become a formula.
                made = sheet.cell(row, column, cell)
                made.data_type = "s"
        return book
    return None


def _mark(sheet: Worksheet, faults: Iterable[Fault], language: str) -> None:
    texts: dict[tuple[int, int], list[str]] = defaultdict(list)
    for fault in faults:
        texts[(fault.row or 1, _column(sheet, fault))].append(fault.text(language))
    author = translate(_AUTHOR, language)
    for (row, column), said in texts.items():
        cell = sheet.cell(row, column)
        if type(cell).__name__ == "MergedCell":
            continue
        cell.fill = _BAD
        cell.comment = Comment("\n".join(said), author, width=320, height=120)


def _column(sheet: Worksheet, fault: Fault) -> int:
    """Return the column whose header the fault names; the first where it names none."""
    for row in sheet.iter_rows(min_row=1, max_row=HEADER_ROWS):
        for cell in row:
            if fault.column is not None and cell.value is not None and str(cell.value).strip() == fault.column.strip():
                return int(cell.column or 1)
    return 1
