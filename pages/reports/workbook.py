"""The workbook: figures as numbers, courses with native charts, units, promises, definitions; no cell is a formula."""

from __future__ import annotations

import io
from datetime import date, datetime

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from data.frozen import Frozen
from data.words import mark
from pages.consultation.frozen_view import SUPPRESSED, VALUE, Content
from pages.reports import told
from pages.reports.told import Table, say
from pages.shared import formats
from pages.shared.downloads import safe
from pages.shared.words import Language

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def xlsx(frozen: Frozen, of: Language) -> bytes:
    """Return the workbook; the same frozen content gives the same bytes."""
    content, out = frozen.told, io.BytesIO()
    with xlsxwriter.Workbook(out, _OPTIONS) as book:
        book.set_properties(
            {"title": content["meeting"]["title"], "created": datetime.fromisoformat(content["frozen_at"])}
        )
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        shapes = {
            "rate": book.add_format({"num_format": "0.0%"}),
            "count": book.add_format({"num_format": "#,##0"}),
            "yuan": book.add_format({"num_format": "#,##0.00"}),
        }
        plain = book.add_format({"num_format": "0.0"})
        _figures(book.add_worksheet(say(mark("Figures"), of)), content, of, bold, shapes, plain)
        _courses(book, content, of, bold, shapes, plain)
        _units(book.add_worksheet(say(mark("By unit"), of)), content, of, bold, shapes, plain)
        for name, table, widths in (
            (mark("Promise ledger"), told.ledger(content, of), (24, 44, 36, 16, 22, 12)),
            (mark("Statutory clocks"), told.clocks(content, of), (18, 40, 36, 22, 30)),
            (mark("Definitions"), told.definitions(content, of), (26, 60, 44, 12)),
        ):
            _texts(book.add_worksheet(say(name, of)), table, widths, bold, wrapped)
        about = book.add_worksheet(say(mark("About"), of))
        lines = (
            content["meeting"]["title"], told.sentence(content, of), told.until(content, of), told.seal(frozen, of),
            told.withheld(content, of),
        )  # fmt: skip
        for row, line in enumerate(lines):
            about.write_string(row, 0, str(safe(line)))
        about.set_column(0, 0, 100, wrapped)
    return out.getvalue()


def _write(
    sheet: Worksheet, row: int, column: int, found: list[object], unit: str, shapes: dict[str, Format], plain: Format
) -> None:
    """Write a figure as a number; “<5” where it is withheld, nothing where there is none."""
    value = found[VALUE]
    if found[SUPPRESSED]:
        sheet.write_string(row, column, formats.suppressed_sign())
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, shapes.get(unit, plain))


def _heads(sheet: Worksheet, heads: list[str], bold: Format) -> None:
    for place, head in enumerate(heads):
        sheet.write_string(0, place, head, bold)
    sheet.freeze_panes(1, 1)


def _figures(
    sheet: Worksheet, content: Content, of: Language, bold: Format, shapes: dict[str, Format], plain: Format
) -> None:
    names = (
        mark("Figure"), mark("Value"), mark("Numerator"), mark("Denominator"), mark("Period before"), mark("Target"),
        mark("Verdict"),
    )  # fmt: skip
    _heads(sheet, [say(name, of) for name in names], bold)
    for row, figure in enumerate(content["figures"], 1):
        unit, total = figure["unit"], figure["total"]
        sheet.write_string(row, 0, str(safe(figure["names"][of])))
        _write(sheet, row, 1, total, unit, shapes, plain)
        for column, number in ((2, total[1]), (3, total[2])):
            if number is not None:
                sheet.write_number(row, column, number, shapes["count"])
        _write(sheet, row, 4, figure["before"], unit, shapes, plain)
        if figure["target"] is not None:
            sheet.write_number(row, 5, figure["target"], shapes.get(unit, plain))
        sheet.write_string(row, 6, told.verdict(figure, of))
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 6, 14)


def _courses(
    book: xlsxwriter.Workbook, content: Content, of: Language, bold: Format, shapes: dict[str, Format], plain: Format
) -> None:
    """Write every figure's months, a column each, and a chart of each beside them."""
    sheet = book.add_worksheet(say(mark("By month"), of))
    name = sheet.get_name()
    found = [figure for figure in content["figures"] if figure["months"]]
    _heads(sheet, [say(mark("Month"), of), *(figure["names"][of] for figure in found)], bold)
    shape = book.add_format({"num_format": "yyyy-mm"})
    sheet.set_column(0, len(found), 13)
    months = [row[0] for row in found[0]["months"]] if found else []
    for row, month in enumerate(months, 1):
        sheet.write_datetime(row, 0, datetime.combine(date.fromisoformat(f"{month}-01"), datetime.min.time()), shape)
    for column, figure in enumerate(found, 1):
        for row, month in enumerate(figure["months"], 1):
            _write(sheet, row, column, month, figure["unit"], shapes, plain)
        chart = book.add_chart({"type": "line"})
        chart.add_series(
            {
                "name": [name, 0, column],
                "categories": [name, 1, 0, len(months), 0],
                "values": [name, 1, column, len(months), column],
                "line": {"color": "#a3262a", "width": 2},
            }
        )
        chart.set_title({"name": figure["names"][of], "name_font": {"size": 11}})
        chart.set_legend({"none": True})
        chart.set_x_axis({"date_axis": True, "num_format": "yyyy-mm", "num_font": {"size": 8}})
        chart.set_y_axis(
            {"num_format": "0%" if figure["unit"] == "rate" else "#,##0", "major_gridlines": {"visible": True}}
        )
        chart.show_blanks_as("gap")
        chart.set_size({"width": 420, "height": 240})
        place = column - 1
        sheet.insert_chart(len(months) + 3 + 13 * (place // 3), 5 * (place % 3), chart)


def _units(
    sheet: Worksheet, content: Content, of: Language, bold: Format, shapes: dict[str, Format], plain: Format
) -> None:
    found = content["figures"]
    _heads(sheet, [say(mark("Unit"), of), *(figure["names"][of] for figure in found)], bold)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, len(found), 13)
    for column, figure in enumerate(found, 1):
        for row, unit in enumerate(figure["units"], 1):
            if column == 1:
                sheet.write_string(row, 0, str(safe(told.unit(content, unit[0], of))))
            _write(sheet, row, column, unit, figure["unit"], shapes, plain)


def _texts(sheet: Worksheet, table: Table, widths: tuple[int, ...], bold: Format, wrapped: Format) -> None:
    heads, rows = table
    _heads(sheet, heads, bold)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width, wrapped)
    for number, row in enumerate(rows, 1):
        for place, cell in enumerate(row):
            sheet.write_string(number, place, str(safe(cell)), wrapped)
