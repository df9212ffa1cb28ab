"""Slides: what the room shows, as a presentation with native charts that anybody can edit."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from data.frozen import Frozen
from data.words import mark
from pages.consultation.frozen_view import VALUE, Content
from pages.reports import told
from pages.reports.told import Table, say
from pages.shared import formats
from pages.shared.words import Language, metric_name
from queries import metrics

ACCENT, GREY = RGBColor(0xA3, 0x26, 0x2A), RGBColor(0x5B, 0x60, 0x68)
FACE = "Microsoft YaHei"  # where the slides are shown; other machines put their own Chinese face in its place
ROWS = 8  # of a table, that the last row of the room can read
LEFT, WIDTH = Inches(0.6), Inches(12.1)


def pptx(frozen: Frozen, of: Language) -> bytes:
    """Return the presentation, 16:9; the same frozen content gives the same slides."""
    content = frozen.told
    show = Presentation()
    show.slide_width, show.slide_height = Inches(13.333), Inches(7.5)
    show.core_properties.title = content["meeting"]["title"]
    meeting = content["meeting"]
    cover = _slide(show, meeting["title"], 36)
    _text(cover, f"{told.kind(content, of)} · {told.sentence(content, of)}", 1.6, 20, GREY)
    agenda = [f"{n}. {item['title'][of]}" for n, item in enumerate(content["items"], 1)]
    _text(cover, "\n".join(agenda), 2.3, 18)
    _seal(cover, frozen, of)
    _table(
        _slide(show, say(mark("What was promised, and what became of it"), of)),
        told.ledger(content, of),
        (2, 3.6, 3, 1.2, 1.3, 1),
    )
    figures = told.figures(content, of)
    half = -(-len(figures[1]) // 2)
    for part in (figures[1][:half], figures[1][half:]):
        if part:
            title = say(mark("The figures both sides look at"), of)
            _table(_slide(show, title), (figures[0], part), (4, 2, 2, 2, 2.1), rows=len(part))
    for n, item in enumerate(content["items"], 1):
        _item(_slide(show, f"{n}. {item['title'][of]}", 26), content, item, of)
    _table(
        _slide(show, say(mark("How the figures are counted"), of)),
        told.definitions(content, of),
        (2.6, 5, 3.2, 1.3),
        rows=14,
        size=9,
    )
    last = show.slides[len(show.slides) - 1]
    _seal(last, frozen, of)
    out = io.BytesIO()
    show.save(out)
    return out.getvalue()


def _slide(show: Any, title: str, size: int = 30) -> Any:
    slide = show.slides.add_slide(show.slide_layouts[6])
    _text(slide, title, 0.45, size, ACCENT, bold=True)
    return slide


def _text(
    slide: Any, text: str, top: float, size: float, colour: RGBColor | None = None, *, bold: bool = False,
    left: int = LEFT, width: int = WIDTH,
) -> None:  # fmt: skip
    frame = slide.shapes.add_textbox(left, Inches(top), width, Inches(0.6)).text_frame
    frame.word_wrap = True
    for n, line in enumerate(text.split("\n")):
        paragraph = frame.paragraphs[0] if n == 0 else frame.add_paragraph()
        _run(paragraph, line, size, colour, bold)


def _run(paragraph: Any, text: str, size: float, colour: RGBColor | None = None, bold: bool = False) -> None:
    run = paragraph.add_run()
    run.text = text
    font = run.font
    font.size, font.bold, font.name = Pt(size), bold, FACE
    if colour is not None:
        font.color.rgb = colour
    # Chinese characters take the East Asian face, not the Latin one.
    element = font._element.makeelement(qn("a:ea"), {"typeface": FACE})
    font._element.append(element)


def _seal(slide: Any, frozen: Frozen, of: Language) -> None:
    _text(slide, told.seal(frozen, of), 6.85, 9, GREY)


def _table(slide: Any, table: Table, widths: Sequence[float], rows: int = ROWS, size: float = 12) -> None:
    heads, body = table
    body = body[:rows]
    scale = WIDTH / Inches(sum(widths))
    shape = slide.shapes.add_table(len(body) + 1, len(heads), LEFT, Inches(1.35), WIDTH, Inches(0.3 * (len(body) + 1)))
    for place, width in enumerate(widths):
        shape.table.columns[place].width = Emu(int(Inches(width) * scale))
    for number, row in enumerate([heads, *body]):
        for place, cell in enumerate(row):
            frame = shape.table.cell(number, place).text_frame
            frame.word_wrap = True
            white = RGBColor(255, 255, 255) if number == 0 else None
            _run(frame.paragraphs[0], cell, size, white, bold=number == 0)
    fill = shape.table
    for place in range(len(heads)):
        cell = fill.cell(0, place)
        cell.fill.solid()
        cell.fill.fore_color.rgb = ACCENT


def _item(slide: Any, content: Content, item: Content, of: Language) -> None:
    _text(slide, item["evidence"][of], 1.2, 18)
    chart = item["chart"]
    if chart and any(row[VALUE] is not None for row in chart["rows"]):
        _chart(slide, content, chart, of)
    sides = ((mark("Union"), "union_position", LEFT), (mark("Management side"), "management_position", Inches(6.9)))
    for side, name, left in sides:
        _text(slide, f"{say(side, of)}\n{item[name] or formats.MISSING}", 5.75, 14, left=left, width=Inches(5.8))


def _chart(slide: Any, content: Content, chart: Content, of: Language) -> None:
    by_month = chart["by"] == "month"
    data = CategoryChartData(number_format="0.0%" if metrics.find(chart["metric"]).unit == "rate" else "#,##0.0")
    data.categories = [row[0] if by_month else told.unit(content, row[0], of) for row in chart["rows"]]
    name = f"{metric_name(chart['metric'], of)} · {told.unit(content, chart['branch'], of)}"
    data.add_series(name, [row[VALUE] for row in chart["rows"]])
    kind = XL_CHART_TYPE.LINE_MARKERS if by_month else XL_CHART_TYPE.BAR_CLUSTERED
    made = slide.shapes.add_chart(kind, LEFT, Inches(2.1), WIDTH, Inches(3.6), data).chart
    made.has_legend = False
    made.has_title = True
    _run(made.chart_title.text_frame.paragraphs[0], name, 12)
    made.category_axis.tick_labels.font.size = made.value_axis.tick_labels.font.size = Pt(10)
    series = made.plots[0].series[0]
    if by_month:
        series.smooth = False
        series.format.line.color.rgb = ACCENT
    else:
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = ACCENT
        made.category_axis.reverse_order = True
