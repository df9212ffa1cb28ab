"""The workbook: figures as numbers, courses with native charts, units, promises, definitions; no cell is a formula."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from data.frozen import Frozen
from data.words import mark
from pages.consultation.frozen_view import SUPPRESSED, VALUE, Content
from pages.reports import told
from pages.reports.look import ACCENT, FACE, LINE, MUTED, PANEL, PAPER
from pages.reports.told import Table, say
from pages.shared import formats
from pages.shared.downloads import safe
from pages.shared.words import Language

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
LINE_HEIGHT = 15  # points of a line of text
# A chart's size in pixels, and the rows and columns of the sheet from one to the next: two across a printed page.
CHART_WIDTH, CHART_HEIGHT, CHART_ROWS, CHART_COLUMNS = 460, 260, 14, 7


@dataclass(frozen=True)
class _Look:
    """How cells are written."""

    head: Format
    text: Format
    month: Format
    withheld: Format  # shaded: a figure that is withheld
    title: Format
    shapes: dict[str, Format]
    plain: Format

    def of(self, unit: str) -> Format:
        """Return how a value of this unit is written."""
        return self.shapes.get(unit, self.plain)


def xlsx(frozen: Frozen, of: Language) -> bytes:
    """Return the workbook; the same frozen content gives the same bytes."""
    content, out = frozen.told, io.BytesIO()
    with xlsxwriter.Workbook(out, _OPTIONS) as book:
        title = content["meeting"]["title"]
        book.set_properties({"title": title, "created": datetime.fromisoformat(content["frozen_at"])})
        look = _look(book)
        sheets: list[Worksheet] = []

        def sheet(name: str) -> Worksheet:
            sheets.append(book.add_worksheet(say(name, of)))
            return sheets[-1]

        _figures(sheet(mark("Figures")), content, of, look)
        months = sheet(mark("By month"))
        _months(months, content, of, look)
        _charts(book, sheet(mark("Charts")), months.get_name(), content, of)
        _units(sheet(mark("By unit")), content, of, look)
        for name, table, widths in (
            (mark("Promise ledger"), told.ledger(content, of), (26, 44, 38, 16, 24, 12)),
            (mark("Statutory clocks"), told.clocks(content, of), (20, 30, 46, 24, 34)),
            (mark("Definitions"), told.definitions(content, of), (28, 60, 44, 12)),
        ):
            _texts(sheet(name), table, widths, look)
        _about(sheet(mark("About")), frozen, of, look)
        for one in sheets:
            _printed(one, title)
    return out.getvalue()


def _look(book: xlsxwriter.Workbook) -> _Look:
    def made(**more: object) -> Format:
        return book.add_format({"font_name": FACE, "font_size": 10, "valign": "vcenter", **more})

    cell = {"bottom": 1, "bottom_color": LINE}
    return _Look(
        made(bold=True, text_wrap=True, bg_color=ACCENT, font_color=PAPER, align="center"),
        made(text_wrap=True, indent=1, **cell),
        made(num_format="yyyy-mm", align="left", **cell),
        made(bg_color=PANEL, font_color=MUTED, align="right", **cell),
        made(bold=True, font_size=14, font_color=ACCENT),
        {
            "rate": made(num_format="0.0%", **cell),
            "count": made(num_format="#,##0", **cell),
            "yuan": made(num_format="#,##0.00", **cell),
        },
        made(num_format="0.0", **cell),
    )


def _printed(sheet: Worksheet, title: str) -> None:
    """Set a sheet up for paper: A4 across, as wide as the page, its heads and name on every page."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(0.4, 0.4, 0.6, 0.6)
    sheet.hide_gridlines(2)
    sheet.set_footer(f"&L&8{title.replace('&', '&&')}&C&8&A&R&8&P / &N")


def _write(sheet: Worksheet, row: int, column: int, found: list[object], unit: str, look: _Look) -> None:
    """Write a figure as a number; “<5” where it is withheld, nothing where there is none."""
    value = found[VALUE]
    if found[SUPPRESSED]:
        sheet.write_string(row, column, formats.suppressed_sign(), look.withheld)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, look.of(unit))
    else:
        sheet.write_blank(row, column, None, look.plain)


def _heads(sheet: Worksheet, heads: list[str], look: _Look) -> None:
    sheet.set_row(0, 34)
    for place, head in enumerate(heads):
        sheet.write_string(0, place, head, look.head)
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)


def _figures(sheet: Worksheet, content: Content, of: Language, look: _Look) -> None:
    names = (
        mark("Figure"), mark("Value"), mark("Numerator"), mark("Denominator"), mark("Period before"), mark("Target"),
        mark("Verdict"),
    )  # fmt: skip
    _heads(sheet, [say(name, of) for name in names], look)
    for row, figure in enumerate(content["figures"], 1):
        unit, total = figure["unit"], figure["total"]
        sheet.write_string(row, 0, str(safe(figure["names"][of])), look.text)
        _write(sheet, row, 1, total, unit, look)
        for column, number in ((2, total[1]), (3, total[2])):
            if number is None:
                sheet.write_blank(row, column, None, look.plain)
            else:
                sheet.write_number(row, column, number, look.shapes["count"])
        _write(sheet, row, 4, figure["before"], unit, look)
        if figure["target"] is None:
            sheet.write_blank(row, 5, None, look.plain)
        else:
            sheet.write_number(row, 5, figure["target"], look.of(unit))
        sheet.write_string(row, 6, told.verdict(figure, of), look.text)
    sheet.set_column(0, 0, 32)
    sheet.set_column(1, 6, 16)


def _months(sheet: Worksheet, content: Content, of: Language, look: _Look) -> None:
    """Write every figure's months, a column each.

    A withheld month is an empty shaded cell: a chart would draw a text as nought.
    """
    found = _courses(content)
    _heads(sheet, [say(mark("Month"), of), *(figure["names"][of] for figure in found)], look)
    sheet.set_column(0, len(found), 13)
    months = [row[0] for row in found[0]["months"]] if found else []
    for row, month in enumerate(months, 1):
        day = datetime.combine(date.fromisoformat(f"{month}-01"), datetime.min.time())
        sheet.write_datetime(row, 0, day, look.month)
    for column, figure in enumerate(found, 1):
        for row, month in enumerate(figure["months"], 1):
            if month[SUPPRESSED]:
                sheet.write_blank(row, column, None, look.withheld)
            else:
                _write(sheet, row, column, month, figure["unit"], look)
    if any(row[SUPPRESSED] for figure in found for row in figure["months"]):
        below = len(months) + 2
        sheet.write_blank(below, 0, None, look.withheld)
        sheet.write_string(below, 1, say(mark("Shaded: withheld, because the group is too small."), of))


def _courses(content: Content) -> list[Content]:
    return [figure for figure in content["figures"] if figure["months"]]


def _charts(book: xlsxwriter.Workbook, sheet: Worksheet, months: str, content: Content, of: Language) -> None:
    """Draw every figure's course as a chart of the sheet named `months`, two across."""
    breaks: list[int] = []
    for place, figure in enumerate(_courses(content)):
        column, last = place + 1, len(figure["months"])
        chart = book.add_chart({"type": "line"})
        chart.add_series(
            {
                "name": [months, 0, column],
                "categories": [months, 1, 0, last, 0],
                "values": [months, 1, column, last, column],
                "line": {"color": ACCENT, "width": 2.25},
                "marker": {"type": "circle", "size": 4, "fill": {"color": ACCENT}, "border": {"color": ACCENT}},
            }
        )
        chart.set_title({"name": figure["names"][of], "name_font": {"size": 11, "name": FACE}, "overlay": False})
        chart.set_legend({"none": True})
        small = {"size": 8, "name": FACE, "color": MUTED}
        chart.set_x_axis(
            {
                "date_axis": True, "num_format": "yyyy-mm", "num_font": {**small, "rotation": -45},
                "major_unit": 3, "major_unit_type": "months", "line": {"color": LINE},
            }
        )  # fmt: skip
        chart.set_y_axis(
            {
                "num_format": "0%" if figure["unit"] == "rate" else "#,##0", "num_font": small,
                "major_gridlines": {"visible": True, "line": {"color": LINE, "width": 0.75}}, "line": {"none": True},
            }
        )  # fmt: skip
        chart.set_chartarea({"border": {"color": LINE}})
        chart.show_blanks_as("gap")
        chart.set_size({"width": CHART_WIDTH, "height": CHART_HEIGHT})
        across, down = place % 2, place // 2  # four on a printed page
        if place % 4 == 0 and place:
            breaks.append(CHART_ROWS * down)
        sheet.insert_chart(CHART_ROWS * down, CHART_COLUMNS * across, chart, {"x_offset": 4, "y_offset": 4})
    sheet.set_h_pagebreaks(breaks)


def _units(sheet: Worksheet, content: Content, of: Language, look: _Look) -> None:
    found = content["figures"]
    _heads(sheet, [say(mark("Unit"), of), *(figure["names"][of] for figure in found)], look)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, len(found), 12)
    for column, figure in enumerate(found, 1):
        for row, unit in enumerate(figure["units"], 1):
            if column == 1:
                sheet.write_string(row, 0, str(safe(told.unit(content, unit[0], of))), look.text)
            _write(sheet, row, column, unit, figure["unit"], look)


def _texts(sheet: Worksheet, table: Table, widths: tuple[int, ...], look: _Look) -> None:
    heads, rows = table
    _heads(sheet, heads, look)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    for number, row in enumerate(rows, 1):
        for place, cell in enumerate(row):
            sheet.write_string(number, place, str(safe(cell)), look.text)
        # Not every program makes rows as tall as their text when it opens the file.
        lines = max(-(-told.breadth(cell) // (width - 2)) for cell, width in zip(row, widths, strict=True))
        sheet.set_row(number, LINE_HEIGHT * max(1, lines) + 3)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(heads) - 1)


def _about(sheet: Worksheet, frozen: Frozen, of: Language, look: _Look) -> None:
    content = frozen.told
    lines = (
        content["meeting"]["title"], told.sentence(content, of), told.until(content, of), told.seal(frozen, of),
        told.withheld(content, of),
    )  # fmt: skip
    for row, line in enumerate(lines):
        sheet.write_string(row, 0, str(safe(line)), look.title if row == 0 else look.text)
    sheet.set_column(0, 0, 110)
