"""The one way out: tables as CSV and XLSX whose cells cannot start a formula, charts as pictures, all with their words.

A file is made on the click, never before: until then nothing lies on the server, and each download leaves a line in
the log.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl
import streamlit as st
import xlsxwriter

from data import people
from data.words import mark, translate
from pages.shared import formats, view
from pages.shared.words import Language, _

# What makes a spreadsheet take a cell for a formula, also after leading blanks.
_FORMULA = re.compile(r"^[\s\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]")
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PICTURES = {"png": "image/png", "svg": "image/svg+xml"}
# What goes with a figure: where that is withheld there is none.
BESIDE = ("low", "high", "centre", "lower", "upper", "target")
NAME_LENGTH = 120  # Windows paths end at 260 characters, and people keep files deep


@dataclass(frozen=True)
class Sheet:
    """A table to take away: `columns` maps the frame's columns to their headings, in order; others are left out.

    Numbers stay numbers (a rate as a fraction), `rates` names the columns to show as percentages in XLSX. In the rows
    that a column `suppressed` of the frame marks, missing figures read “<5”: a blank would look like nothing.
    """

    title: str
    frame: pl.DataFrame
    columns: Mapping[str, str]
    sentence: str
    data_date: date
    language: Language
    definition: str = ""
    rates: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def cells(self) -> Iterator[list[object]]:
        """Yield the rows as they are written."""
        frame = self.frame.select(list(self.columns))
        if "suppressed" not in self.frame.columns:
            yield from map(list, frame.iter_rows())
            return
        figures = [kind.is_numeric() and name not in BESIDE for name, kind in frame.schema.items()]
        for row, hidden in zip(frame.iter_rows(), self.frame["suppressed"], strict=True):
            yield [
                formats.suppressed_sign() if hidden and cell is None and figure else cell
                for cell, figure in zip(row, figures, strict=True)
            ]

    @property
    def head(self) -> list[tuple[str, str]]:
        """What goes with the table: title, filters, definition, data date, notes."""
        lines = [(mark("Table"), self.title), (mark("Filters"), self.sentence)]
        if self.definition:
            lines.append((mark("Definition"), self.definition))
        lines.append((mark("Data up to"), self.data_date.isoformat()))
        lines += [(mark("Note"), note) for note in self.notes]
        return [(translate(label, self.language), text) for label, text in lines]


def safe(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: text that looks like one gets an apostrophe before it."""
    if isinstance(value, str) and _FORMULA.match(value):
        return "'" + value
    return value


def safe_name(text: str) -> str:
    """Return `text` as a file name that Windows, macOS and Linux accept."""
    return _FORBIDDEN.sub("_", text).strip(" ._")[:NAME_LENGTH].rstrip(" ._") or "table"


def as_csv(sheet: Sheet) -> bytes:
    """Return the table as CSV with a BOM, so that Excel reads the Chinese; what goes with it stands below."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([safe(heading) for heading in sheet.columns.values()])
    for row in sheet.cells():
        writer.writerow(["" if cell is None else safe(cell) for cell in row])
    writer.writerow([])
    for label, text in sheet.head:
        writer.writerow([safe(label), safe(text)])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(sheet: Sheet) -> bytes:
    """Return the table as a workbook: the table on the first sheet, filters, definition and date on the second."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        shapes = {"rate": book.add_format({"num_format": "0.0%"}), "day": book.add_format({"num_format": "yyyy-mm-dd"})}
        table, about = (book.add_worksheet(translate(name, sheet.language)) for name in (mark("Table"), mark("About")))
        for place, heading in enumerate(sheet.columns.values()):
            table.write_string(0, place, str(safe(heading)), bold)
        rates = [shapes["rate"] if column in sheet.rates else None for column in sheet.columns]
        for row, cells in enumerate(sheet.cells(), start=1):
            for place, (cell, shape) in enumerate(zip(cells, rates, strict=True)):
                if cell is None:
                    continue
                if isinstance(cell, bool):
                    table.write_boolean(row, place, cell)
                elif isinstance(cell, int | float):
                    table.write_number(row, place, cell, shape)
                elif isinstance(cell, date):
                    table.write_datetime(row, place, cell, shapes["day"])
                else:
                    table.write_string(row, place, str(safe(str(cell))))
        table.freeze_panes(1, 0)
        table.autofit()
        for row, (label, text) in enumerate(sheet.head):
            about.write_string(row, 0, label, bold)
            about.write_string(row, 1, str(safe(text)))
        about.autofit()
    return out.getvalue()


def buttons(name: str, sheet: Callable[[], Sheet], key: str) -> None:
    """Draw the two download buttons; `sheet` is made on the click, outside the run: it must not ask for the session."""
    who = view.current().viewer.email
    for ending, kind, make in (("csv", "text/csv", as_csv), ("xlsx", XLSX, as_xlsx)):
        _button(name, ending, kind, key, _on_click(sheet, make, who, f"{safe_name(name)}.{ending}"))


def picture_buttons(name: str, pictures: Mapping[str, Callable[[], bytes]], key: str) -> None:
    """Draw a button for each kind of picture in `pictures` (png, svg), which are made on the click too."""
    who = view.current().viewer.email
    for ending, make in pictures.items():
        _button(name, ending, PICTURES[ending], key, _picture_on_click(make, who, f"{safe_name(name)}.{ending}"))


def _button(name: str, ending: str, kind: str, key: str, data: Callable[[], bytes]) -> None:
    st.download_button(
        ending.upper(),
        data=data,
        file_name=f"{safe_name(name)}.{ending}",
        mime=kind,
        key=f"{key}_{ending}",
        on_click="ignore",
        icon=":material/image:" if ending in PICTURES else ":material/download:",
        type="tertiary",
    )


def _on_click(sheet: Callable[[], Sheet], make: Callable[[Sheet], bytes], who: str, file: str) -> Callable[[], bytes]:
    def made() -> bytes:
        found = sheet()
        people.audit(None, who, "export", {"file": file, "rows": found.frame.height})
        return make(found)

    return made


def _picture_on_click(make: Callable[[], bytes], who: str, file: str) -> Callable[[], bytes]:
    def made() -> bytes:
        people.audit(None, who, "export", {"file": file})
        return make()

    return made


def menu(
    name: str, sheet: Callable[[], Sheet], key: str, pictures: Mapping[str, Callable[[], bytes]] | None = None
) -> None:
    """Draw a small menu to download a table, and its chart as `pictures`; `name` is the file's: title and filters.

    Its buttons are there once it is opened: a page has many menus, and most stay shut.
    """
    panel = st.popover(
        _("Download"), icon=":material/download:", type="tertiary", key=f"tools_{key}", on_change="rerun"
    )
    if panel.open:
        with panel:
            if pictures:
                picture_buttons(name, pictures, key)
            buttons(name, sheet, key)
