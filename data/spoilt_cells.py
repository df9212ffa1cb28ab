"""Cells of an XLSX or ODS that the spreadsheet could not compute (#N/A) or never did, its epoch, its merged cells.

The library that reads workbooks returns such cells as empty ones, and an empty cell would clear what is stored. So the
file is looked through for them beside it. All coordinates are (row, column) from 0.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from xml.etree import ElementTree

from data.faults import Refused
from data.formats import BROKEN, DAMAGED
from data.values import UNCALCULATED, UNREAD
from data.words import mark

SPARSE = mark(
    "Sheet {name} reaches to row {row}, column {column}; delete what lies far from the table and hand it in again."
)

Place = tuple[int, int]


@dataclass
class Sheet:
    """What was found on one sheet: spoilt cells as texts that no column can read, and cells merged downwards."""

    spoilt: dict[Place, str] = field(default_factory=dict)
    merged: list[tuple[Place, Place]] = field(default_factory=list)


@dataclass
class Findings:
    """What was found in a workbook: sheets in their order, and whether its serial numbers count from 1904."""

    sheets: list[Sheet] = field(default_factory=list)
    epoch_1904: bool = False

    def sheet(self, index: int) -> Sheet:
        """Return the findings on the sheet at `index`, none if the file was not looked through that far."""
        return self.sheets[index] if index < len(self.sheets) else Sheet()


# --- XLSX --------------------------------------------------------------------------------------------------------

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_P = rb"(?:\w+:)?"  # some writers put a prefix before every element
_AT = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_ERROR = re.compile(
    rb"<" + _P + rb'c\b([^>]*\bt="e"[^>]*)>\s*'
    rb"(?:<" + _P + rb"f\b(?:[^>]*/>|[^>]*>[^<]*</" + _P + rb"f>))?\s*<" + _P + rb"v>([^<]*)"
)
_NEVER = re.compile(
    rb"<" + _P + rb"c\b([^>]*)>\s*<" + _P + rb"f\b(?:[^>]*/>|[^>]*>[^<]*</" + _P + rb"f>)\s*"
    rb"(?:<" + _P + rb"v\s*/>|<" + _P + rb"v>\s*</" + _P + rb"v>)?\s*</" + _P + rb"c>"
)
_FILLED = re.compile(rb"<" + _P + rb'c\s[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*[^/]>')
_DIMENSION = re.compile(rb"<" + _P + rb'dimension\s+ref="([A-Z]{1,3})([0-9]+)(?::([A-Z]{1,3})([0-9]+))?"')
_ROW = re.compile(rb"<" + _P + rb'row\b[^>]*?\br="([0-9]{1,7})"')


def look_xlsx(archive: zipfile.ZipFile, cells: int) -> Findings:
    """Look through an XLSX; Refused if a sheet's filled cells span more than `cells`, as one far-off cell does."""
    try:
        book = ElementTree.fromstring(archive.read(_workbook(archive)))  # noqa: S314 - in the child, under its limits
        links = _links(archive)
        found = Findings(epoch_1904=any(p.get("date1904") in ("1", "true") for p in book.iter(f"{_MAIN}workbookPr")))
        for sheet in book.iter(f"{_MAIN}sheet"):
            path = links.get(sheet.get(_RELATION, ""), "")
            content = archive.read(path) if path in archive.namelist() else b""
            _check_extent(content, sheet.get("name", ""), cells)
            found.sheets.append(Sheet(_spoilt_xlsx(content)))
    except BROKEN as error:
        raise Refused(DAMAGED) from error
    return found


def column_number(letters: bytes) -> int:
    """Return a column's number from 0: A → 0, Z → 25, AA → 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _workbook(archive: zipfile.ZipFile) -> str:
    found = re.search(rb'officeDocument"[^>]*\bTarget="/?([^"]+)"', archive.read("_rels/.rels"))
    return found[1].decode() if found else "xl/workbook.xml"


def _links(archive: zipfile.ZipFile) -> dict[str, str]:
    folder, _, name = _workbook(archive).rpartition("/")
    relations = ElementTree.fromstring(archive.read(f"{folder}/_rels/{name}.rels"))  # noqa: S314 - as above
    return {
        one.get("Id", ""): target[1:] if (target := one.get("Target", "")).startswith("/") else f"{folder}/{target}"
        for one in relations
    }


def _check_extent(content: bytes, name: str, cells: int) -> None:
    declared = _DIMENSION.search(content[:4096])
    end = max(content.rfind(b"<row "), content.rfind(b":row "))
    last = _ROW.search(content, max(content.rfind(b"<", 0, end + 1), 0))
    rows = int(last[1]) if last else 0
    if declared and declared[3]:
        # The declaration spans formatted cells as well: only when it is large, or too small, are the cells looked at.
        width = column_number(declared[3]) + 1
        if rows <= int(declared[4]) and rows * width <= cells:
            return
    elif rows * 16_384 <= cells:
        return
    row, column = 0, 0
    for found in _FILLED.finditer(content):
        row, column = max(row, int(found[2])), max(column, column_number(found[1]))
        if row * (column + 1) > cells:
            raise Refused(SPARSE, name=name, row=row, column=found[1].decode())


def _spoilt_xlsx(content: bytes) -> dict[Place, str]:
    spoilt: dict[Place, str] = {}
    if b't="e"' in content:
        for found in _ERROR.finditer(content):
            if at := _AT.search(found[1]):
                spoilt[int(at[2]) - 1, column_number(at[1])] = UNREAD + found[2].decode(errors="replace")
    if b"<f" in content or b":f" in content:
        for found in _NEVER.finditer(content):
            # A text formula may well result in an empty text.
            if b't="str"' not in found[1] and (at := _AT.search(found[1])):
                spoilt[int(at[2]) - 1, column_number(at[1])] = UNCALCULATED
    return spoilt


# --- ODS ---------------------------------------------------------------------------------------------------------

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
# Nobody merges or spoils a cell that stands for this many equal ones.
_MANY = 1000


def look_ods(archive: zipfile.ZipFile) -> Findings:
    """Look through an ODS for spoilt cells and for cells merged downwards, which its reader does not tell."""
    found = Findings()
    try:
        content = archive.read("content.xml")
        if not any(sign in content for sign in (b"number-rows-spanned", b'"error"', b"table:formula", b"null-date")):
            return found
        document = ElementTree.fromstring(content)  # noqa: S314 - in the child, under its limits
    except BROKEN as error:
        raise Refused(DAMAGED) from error
    found.epoch_1904 = any(
        one.get(f"{_TABLE}date-value", "").startswith("1904") for one in document.iter(f"{_TABLE}null-date")
    )
    for table in document.iter(f"{_TABLE}table"):
        sheet = Sheet()
        row = 0
        for line in table.iter(f"{_TABLE}table-row"):
            column = 0
            for cell in line:
                if cell.tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                    _look_ods_cell(cell, (row, column), sheet)
                    column += _number(cell, "number-columns-repeated")
            row += _number(line, "number-rows-repeated")
        found.sheets.append(sheet)
    return found


def _look_ods_cell(cell: ElementTree.Element, at: Place, sheet: Sheet) -> None:
    row, column = at
    span = _number(cell, "number-rows-spanned")
    if span > 1:
        sheet.merged.append((at, (row + span - 1, column)))
    if _number(cell, "number-columns-repeated") > _MANY:
        return
    if cell.get(f"{_CALC}value-type") == "error":
        sheet.spoilt[at] = UNREAD + ("".join(cell.itertext()).strip() or "#N/A")
    elif cell.get(f"{_TABLE}formula") and cell.get(f"{_OFFICE}value-type") is None:
        sheet.spoilt[at] = UNCALCULATED


def _number(element: ElementTree.Element, name: str) -> int:
    text = element.get(f"{_TABLE}{name}", "1")
    return int(text) if text.isdecimal() else 1
