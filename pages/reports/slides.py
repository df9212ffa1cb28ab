"""Slides: what the room shows, as a presentation with native charts that anybody can edit."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from data.frozen import Frozen
from data.words import mark
from pages.consultation.frozen_view import VALUE, Content
from pages.reports import look, told
from pages.reports.look import FACE
from pages.reports.told import Table, say
from pages.shared import formats
from pages.shared.words import Language, metric_name
from queries import metrics

ACCENT, INK, GREY, BAND, LINE, WHITE = (
    RGBColor.from_string(look.plain(one))
    for one in (look.ACCENT, look.INK, look.MUTED, look.PANEL, look.LINE, look.PAPER)
)
LEFT, WIDTH = Inches(0.6), Inches(12.13)
TOP = 1.35  # inches: below the title
HEAD, LEAST, ROOM = Inches(0.38), Inches(0.5), Inches(4.9)  # heights: a table's heads, its rows, all of them
MOST_PROMISES = 24  # on all slides; the brief has all of them
_PLAIN_TABLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # the table style without colours and lines of its own


def pptx(frozen: Frozen, of: Language) -> bytes:
    """Return the presentation, 16:9; the same frozen content gives the same slides."""
    content = frozen.told
    show = Presentation()
    show.slide_width, show.slide_height = Inches(13.333), Inches(7.5)
    show.core_properties.title = content["meeting"]["title"]
    _cover(show, content, frozen, of)
    heads, rows = told.ledger(content, of)
    promised = say(mark("What was promised, and what became of it"), of)
    _over_slides(
        show, promised, (heads, rows[:MOST_PROMISES]), (2.55, 3.3, 3, 1.3, 1.9, 1.4), size=12 if of == "zh" else 11
    )
    if not rows:
        _text(_slide(show, promised), say(mark("No promises here."), of), TOP, 18)
    _table(
        _slide(show, say(mark("The figures both sides look at"), of)),
        told.figures(content, of), (4, 2, 2, 2, 2.6), size=13, least=Inches(0.345), numbers=(1, 2, 3),
    )  # fmt: skip
    for n, item in enumerate(content["items"], 1):
        _item(_slide(show, f"{n}. {item['title'][of]}"), content, item, of)
    _over_slides(
        show, say(mark("How the figures are counted"), of), told.definitions(content, of), (2.6, 5, 3.2, 1.3), size=11
    )
    for place, slide in enumerate(show.slides, 1):
        _foot(slide, content, of, place)
    last = show.slides[len(show.slides) - 1]
    _seal(last, frozen, of)
    out = io.BytesIO()
    show.save(out)
    return out.getvalue()


def _over_slides(show: Any, title: str, table: Table, widths: Sequence[float], *, size: float) -> None:
    """Add a table over as many slides as it needs, evenly filled: “… (2/3)”."""
    heads, rows = table
    heights = [_height(row, widths, size, LEAST) for row in rows]
    count = -(-sum(heights) // ROOM) if rows else 0
    parts: list[list[list[str]]] = []
    filled = 0
    for row, height in zip(rows, heights, strict=True):
        if not parts or filled + height > ROOM or filled >= sum(heights) / count:
            parts.append([])
            filled = 0
        parts[-1].append(row)
        filled += height
    for n, part in enumerate(parts, 1):
        slide = _slide(show, title if len(parts) == 1 else f"{title} ({n}/{len(parts)})")
        _table(slide, (heads, part), widths, size=size, least=LEAST)


def _height(row: Sequence[str], widths: Sequence[float], size: float, least: int) -> int:
    """Return how tall a row is: as its fullest cell, since not every program makes rows taller when it opens one."""
    rooms = [Emu(WIDTH).pt * width / sum(widths) - 14 for width in widths]
    lines = max(-(-told.breadth(cell) * size * 0.53 // room) for cell, room in zip(row, rooms, strict=True))
    return max(least, Pt(int(lines * size * 1.25 + 7)))


def _cover(show: Any, content: Content, frozen: Frozen, of: Language) -> None:
    slide = show.slides.add_slide(show.slide_layouts[6])
    _block(slide, 0, 0, show.slide_width, Inches(2.45), ACCENT)
    _text(slide, content["meeting"]["title"], 0.65, 36, WHITE, bold=True)
    _text(
        slide, f"{told.kind(content, of)} · {told.sentence(content, of)} · {told.until(content, of)}", 1.6, 18, WHITE
    )
    titles = [f"{n}. {item['title'][of]}" for n, item in enumerate(content["items"], 1)]
    if titles:
        _text(slide, say(mark("Agenda"), of), 2.75, 16, ACCENT, bold=True)
        _text(slide, "\n".join(titles), 3.2, 18 if len(titles) <= 8 else 14)
    _seal(slide, frozen, of)


def _slide(show: Any, title: str) -> Any:
    slide = show.slides.add_slide(show.slide_layouts[6])
    _block(slide, 0, Inches(0.42), Inches(0.18), Inches(0.62), ACCENT)
    _text(slide, title, 0.35, _size_of(title), INK, bold=True)
    return slide


def _block(slide: Any, left: int, top: int, width: int, height: int, colour: RGBColor) -> Any:
    """Add a filled rectangle without line and shadow."""
    block = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, left, top, width, height)
    block.fill.solid()
    block.fill.fore_color.rgb = colour
    block.line.fill.background()
    block.shadow.inherit = False
    style = block._element.find(qn("p:style"))
    if style is not None:  # it brings the theme's effects back
        block._element.remove(style)
    return block


def _size_of(title: str) -> int:
    """Return the points in which a title fits one line; the longest take two of the least size."""
    return max(18, min(28, int(Emu(WIDTH).pt / (0.54 * max(1, told.breadth(title))))))


def _foot(slide: Any, content: Content, of: Language, place: int) -> None:
    if place > 1:
        _text(slide, f"{content['meeting']['title']} · {told.sentence(content, of)}", 7.0, 9, GREY, width=Inches(10))
        _text(slide, str(place), 7.0, 9, GREY, left=Inches(11.73), width=Inches(1), right=True)


def _text(
    slide: Any, text: str, top: float, size: float, colour: RGBColor | None = None, *, bold: bool = False,
    left: int = LEFT, width: int = WIDTH, right: bool = False,
) -> None:  # fmt: skip
    lines = text.split("\n")
    frame = slide.shapes.add_textbox(left, Inches(top), width, Pt(int(size * 1.3 * len(lines)) + 8)).text_frame
    frame.word_wrap = True
    for n, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if n == 0 else frame.add_paragraph()
        if right:
            paragraph.alignment = PP_ALIGN.RIGHT
        _run(paragraph, line, size, colour, bold)


def _run(paragraph: Any, text: str, size: float, colour: RGBColor | None = None, bold: bool = False) -> None:
    run = paragraph.add_run()
    run.text = text
    font = run.font
    font.size, font.bold, font.name = Pt(size), bold, FACE
    font.color.rgb = INK if colour is None else colour
    # Chinese characters take the East Asian face, not the Latin one.
    element = font._element.makeelement(qn("a:ea"), {"typeface": FACE})
    font._element.append(element)


def _seal(slide: Any, frozen: Frozen, of: Language) -> None:
    _text(slide, told.seal(frozen, of), 6.75, 9, GREY)


def _table(
    slide: Any, table: Table, widths: Sequence[float], *, size: float, least: int, numbers: Sequence[int] = ()
) -> None:
    """Draw a table over the width of the slide: heads in the accent, every second row banded, numbers to the right."""
    heads, body = table
    shape = slide.shapes.add_table(len(body) + 1, len(heads), LEFT, Inches(TOP), WIDTH, least * (len(body) + 1))
    drawn = shape.table
    shape._element.graphic.graphicData.tbl.tblPr.find(qn("a:tableStyleId")).text = _PLAIN_TABLE
    for place, width in enumerate(widths):
        drawn.columns[place].width = Emu(int(WIDTH * width / sum(widths)))
    for number, row in enumerate([heads, *body]):
        drawn.rows[number].height = HEAD if number == 0 else _height(row, widths, size, least)
        for place, cell in enumerate(row):
            found = drawn.cell(number, place)
            found.vertical_anchor = MSO_ANCHOR.MIDDLE
            found.margin_top = found.margin_bottom = Inches(0.03)
            found.fill.solid()
            found.fill.fore_color.rgb = ACCENT if number == 0 else BAND if number % 2 == 0 else WHITE
            frame = found.text_frame
            frame.word_wrap = True
            if place in numbers:
                frame.paragraphs[0].alignment = PP_ALIGN.RIGHT
            _run(frame.paragraphs[0], cell, size, WHITE if number == 0 else None, bold=number == 0)


def _item(slide: Any, content: Content, item: Content, of: Language) -> None:
    _text(slide, item["evidence"][of], 1.1, 18, GREY)
    chart = item["chart"]
    drawn = bool(chart) and any(row[VALUE] is not None for row in chart["rows"])
    if drawn:
        _chart(slide, content, chart, of)
    top = 5.55 if drawn else 2.6
    sides = ((mark("Union"), "union_position", LEFT), (mark("Management side"), "management_position", Inches(6.78)))
    for side, name, left in sides:
        frame = _block(slide, left, Inches(top), Inches(5.95), Inches(1.35), BAND).text_frame
        frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.TOP
        for n, (text, bold) in enumerate(((say(side, of), True), (item[name] or formats.MISSING, False))):
            paragraph = frame.paragraphs[0] if n == 0 else frame.add_paragraph()
            paragraph.alignment = PP_ALIGN.LEFT
            small = n == 1 and len(text) > (110 if of == "zh" else 200)
            _run(paragraph, text, 11 if small else 14, ACCENT if bold else None, bold)


def _chart(slide: Any, content: Content, chart: Content, of: Language) -> None:
    by_month = chart["by"] == "month"
    unit = metrics.find(chart["metric"]).unit
    shape = "0.0%" if unit == "rate" else "#,##0" if unit in ("count", "yuan", "days") else "#,##0.0"
    data = CategoryChartData(number_format=shape)
    data.categories = [
        row[0] if by_month else told.unit(content, row[0], of) for row in chart["rows"]
    ]
    name = f"{metric_name(chart['metric'], of)} · {told.unit(content, chart['branch'], of)}"
    data.add_series(name, [row[VALUE] for row in chart["rows"]])
    kind = XL_CHART_TYPE.LINE_MARKERS if by_month else XL_CHART_TYPE.BAR_CLUSTERED
    made = slide.shapes.add_chart(kind, LEFT, Inches(1.75), WIDTH, Inches(3.7), data).chart
    made.has_legend = False
    made.has_title = True
    _run(made.chart_title.text_frame.paragraphs[0], name, 12, GREY)
    categories, values = made.category_axis, made.value_axis
    for axis in (categories, values):
        axis.tick_labels.font.size, axis.tick_labels.font.name = Pt(11), FACE
        axis.tick_labels.font.color.rgb = GREY
        axis.format.line.color.rgb = LINE
    plot = made.plots[0]
    series = plot.series[0]
    if by_month:
        values.has_major_gridlines = True
        values.major_gridlines.format.line.color.rgb = LINE
        values.tick_labels.number_format, values.tick_labels.number_format_is_linked = shape.replace(".0", ""), False
        categories.tick_labels.font.size = Pt(9)
        if unit == "rate" and max(row[VALUE] or 0 for row in chart["rows"]) > 0.9:
            values.maximum_scale = 1
        series.smooth = False
        series.format.line.color.rgb = ACCENT
        series.format.line.width = Pt(2.25)
        series.marker.format.fill.solid()
        series.marker.format.fill.fore_color.rgb = ACCENT
        series.marker.format.line.color.rgb = ACCENT
        series.marker.size = 6
        _label_last(series, [row[VALUE] for row in chart["rows"]])
    else:
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = ACCENT
        categories.reverse_order = True
        values.visible = values.has_major_gridlines = False
        plot.gap_width = 45
        plot.has_data_labels = True
        labels = plot.data_labels
        labels.number_format, labels.number_format_is_linked = shape, False
        labels.position = XL_LABEL_POSITION.OUTSIDE_END
        labels.font.size, labels.font.name, labels.font.color.rgb = Pt(11), FACE, INK


def _label_last(series: Any, values: Sequence[float | None]) -> None:
    """Write the value beside the last point that has one."""
    last = max(n for n, value in enumerate(values) if value is not None)
    label = series.points[last].data_label
    label.position = XL_LABEL_POSITION.ABOVE
    font = label.font
    font.size, font.bold, font.name, font.color.rgb = Pt(12), True, FACE, ACCENT
    element = label._dLbl
    for name, shown in (("c:showVal", "1"), ("c:showSerName", "0"), ("c:showCatName", "0"), ("c:showLegendKey", "0")):
        found = element.find(qn(name))
        if found is not None:
            found.set("val", shown)
