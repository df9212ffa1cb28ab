"""The minutes as DOCX: agenda, what each side said, decisions, promises with owner and day, signature lines."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_ALIGN_VERTICAL
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from data.agenda import STEPS, Item
from data.frozen import Frozen
from data.words import mark, translate
from pages.consultation import chain
from pages.reports import look, told
from pages.reports.look import FACE
from pages.reports.told import Table, say
from pages.shared import formats
from pages.shared.words import Language
from queries.chain import Known

ACCENT, INK, GREY = (RGBColor.from_string(look.plain(one)) for one in (look.ACCENT, look.INK, look.MUTED))


def docx(
    frozen: Frozen,
    of: Language,
    items: Sequence[Item] = (),
    made: Sequence[dict[str, Any]] = (),
    known: Known | None = None,
    held: Sequence[str] = ("", ""),
) -> bytes:
    """Return the minutes: figures as frozen, decisions as kept in `items`, the promises `made` at this meeting.

    `made` are rows of the ledger, `known` what the chains name, `held` the day and the votes where they are kept. The
    same content gives the same bytes.
    """
    content = frozen.told
    kept = {item.item_id: item for item in items}
    paper = _blank(content["meeting"]["title"], datetime.fromisoformat(content["frozen_at"]))
    meeting = content["meeting"]
    paper.add_heading(meeting["title"], 0)
    paper.add_paragraph(f"{told.kind(content, of)} · {told.sentence(content, of)} · {told.until(content, of)}")
    _particulars(paper, held, of)
    paper.add_heading(say(mark("What was promised, and what became of it"), of), 1)
    heads, rows = told.ledger(content, of)
    if rows:
        _table(paper, (heads, rows), (28, 43, 33, 22, 27, 21))
    else:
        paper.add_paragraph(say(mark("No promises here."), of))
    paper.add_heading(say(mark("Agenda and decisions"), of), 1)
    for n, item in enumerate(content["items"], 1):
        paper.add_heading(f"{n}. {item['title'][of]}", 2)
        for text in (
            item["evidence"][of],
            _side(mark("Union"), item["union_position"], of),
            _side(mark("Management side"), item["management_position"], of),
        ):
            if text:
                paper.add_paragraph(text)
        one = kept.get(item["item_id"])
        decision = one.decision if one and one.decision else "____________________"
        paper.add_paragraph(_labelled(mark("Decision:"), decision, of))
        if one and one.outcome:
            outcome = chain.OUTCOME_NAMES[one.outcome]
            paper.add_paragraph(_labelled(mark("Outcome:"), translate(outcome, of), of))
        if one and one.links:
            paper.add_paragraph(_labelled(mark("Follows from and leads to:"), _chain(one, known, of), of))
    paper.add_heading(say(mark("Promises made today"), of), 1)
    columns = [say(name, of) for name in (mark("Promise"), mark("Owner"), mark("Unit"), mark("Due on"))]
    today = [
        [row["topic"], row["owner"] or formats.MISSING, told.unit(content, row["branch_id"], of), str(row["due_on"])]
        for row in made
    ]
    _table(paper, (columns, today or [["", "", "", ""]] * 3), (82, 32, 36, 24), least=9)
    paper.add_heading(say(mark("Signatures"), of), 1)
    sides = (mark("For the union:"), mark("For the management side:"), mark("For the Party organisation:"))
    _signatures(paper, [say(side, of) for side in sides], say(mark("Date:"), of))
    small = paper.add_paragraph().add_run(told.seal(frozen, of))
    small.font.size, small.font.color.rgb = Pt(8), GREY
    _foot(paper, meeting["title"])
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


def _labelled(label_of: str, text: str, of: Language) -> str:
    return f"{translate(label_of, of)} {text}"


def _side(side: str, text: str, of: Language) -> str:
    return f"{translate(side, of)}{'：' if of == 'zh' else ': '}{text}" if text else ""


def _chain(item: Item, known: Known | None, of: Language) -> str:
    said = []
    for step in STEPS:
        told_of = chain.references(known, item.links, step, of) if known else []
        if told_of:
            name = chain.STEP_NAMES[step]
            said.append(f"{translate(name, of)} {'、'.join(told_of) if of == 'zh' else ', '.join(told_of)}")
    return " → ".join(said)


def _blank(title: str, at: datetime) -> Any:
    paper = Document()
    section = paper.sections[0]
    section.orientation, section.page_width, section.page_height = WD_ORIENT.PORTRAIT, Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(18)
    section.top_margin = section.bottom_margin = Mm(18)
    properties = paper.core_properties
    properties.title, properties.author, properties.comments = title, "", ""
    properties.created = properties.modified = at
    for name in ("Normal", "Title", "Heading 1", "Heading 2"):
        style = paper.styles[name]
        style.font.name = FACE
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for script in ("w:eastAsia", "w:hAnsi", "w:ascii"):
            fonts.set(qn(script), FACE)
        for themed in ("w:eastAsiaTheme", "w:asciiTheme", "w:hAnsiTheme", "w:cstheme"):
            fonts.attrib.pop(qn(themed), None)
        if name != "Normal":
            style.font.color.rgb = ACCENT
    paper.styles["Normal"].font.size = Pt(10.5)
    paper.styles["Normal"].paragraph_format.space_after = Pt(4)
    for name, size in (("Title", 22), ("Heading 1", 14), ("Heading 2", 11.5)):
        paper.styles[name].font.size = Pt(size)
        paper.styles[name].font.bold = True
    edges = paper.styles["Title"].element.pPr.find(qn("w:pBdr"))
    if edges is not None:  # the blue line under Word's own title
        paper.styles["Title"].element.pPr.remove(edges)
    paper.styles["Heading 2"].font.color.rgb = INK
    return paper


def _particulars(paper: Any, held: Sequence[str], of: Language) -> None:
    """Add who met and when, with room to write what is not kept."""
    names = (mark("Held on:"), mark("Chair:"), mark("Present:"), mark("Taken down by:"))
    made = _grid(paper, 2, (30, 57, 30, 57))
    for n, name in enumerate(names):
        row, column = divmod(n, 2)
        _fill(made.cell(row, 2 * column), say(name, of), bold=True)
        _fill(made.cell(row, 2 * column + 1), {0: held[0], 2: held[1]}.get(n, ""))
    for row in made.rows:
        row.height = Mm(8)
        for place, cell in enumerate(row.cells):
            cell.vertical_alignment = WD_ALIGN_VERTICAL.CENTER
            _edges(cell, bottom=place % 2 == 1)


def _signatures(paper: Any, sides: Sequence[str], day: str) -> None:
    """Add a line to sign for each side, with a date."""
    made = _grid(paper, len(sides), (54, 60, 18, 42))
    for row, side in zip(made.rows, sides, strict=True):
        row.height = Mm(14)
        for place, text in enumerate((side, "", day, "")):
            cell = row.cells[place]
            cell.vertical_alignment = WD_ALIGN_VERTICAL.BOTTOM
            _fill(cell, text)
            _edges(cell, bottom=place % 2 == 1)


def _grid(paper: Any, rows: int, widths: Sequence[int]) -> Any:
    made = paper.add_table(rows=rows, cols=len(widths))
    made.autofit = False
    for column, width in zip(made.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
    return made


def _fill(cell: Any, text: str, *, bold: bool = False, size: float = 10) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    run = paragraph.add_run(text)
    run.font.size, run.bold = Pt(size), bold


def _edges(cell: Any, *, bottom: bool = True, colour: str = "8A8F96") -> None:
    """Draw a cell's lower edge only, or none."""
    if bottom:
        edges = OxmlElement("w:tcBorders")
        edge = OxmlElement("w:bottom")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", colour)):
            edge.set(qn(f"w:{name}"), value)
        edges.append(edge)
        cell._tc.get_or_add_tcPr().append(edges)


def _shade(cell: Any, colour: str) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _foot(paper: Any, title: str) -> None:
    """Write the meeting and the page's number at the foot of every page."""
    line = paper.sections[0].footer.paragraphs[0]
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    line.add_run(f"{title} · ")
    for kind in ("begin", "", "end"):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = "PAGE"
        line.add_run()._r.append(part)
    for run in line.runs:
        run.font.size, run.font.color.rgb = Pt(8), GREY


def _table(paper: Any, table: Table, widths: Sequence[int], least: float = 0) -> None:
    """Add a table with shaded heads that come again on every page, and rows that no page breaks."""
    heads, rows = table
    made = _grid(paper, len(rows) + 1, widths)
    for number, (row, texts) in enumerate(zip(made.rows, [heads, *rows], strict=True)):
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            properties.append(OxmlElement("w:tblHeader"))
        elif least:
            row.height = Mm(least)
        for cell, text in zip(row.cells, texts, strict=True):
            _fill(cell, text, bold=number == 0, size=9)
            cell.paragraphs[0].paragraph_format.space_before = cell.paragraphs[0].paragraph_format.space_after = Pt(2)
            _edges(cell, colour=look.plain(look.ACCENT) if number == 0 else "C9CBCF")
            if number == 0:
                _shade(cell, look.plain(look.PANEL))
    paper.add_paragraph().paragraph_format.space_after = Pt(0)
