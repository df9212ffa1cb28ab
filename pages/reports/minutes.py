"""The minutes as DOCX: agenda, what each side said, decisions, promises with owner and day, signature lines."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from data.agenda import Item
from data.frozen import Frozen
from data.labels import label
from data.words import mark, translate
from pages.consultation.chain import OUTCOME_NAMES, STEP_NAMES
from pages.reports import told
from pages.reports.told import Table, say
from pages.shared import formats
from pages.shared.words import Language

FACE = "Microsoft YaHei"
ACCENT = RGBColor(0xA3, 0x26, 0x2A)


def docx(frozen: Frozen, of: Language, items: Sequence[Item] = (), made: Sequence[dict[str, Any]] = ()) -> bytes:
    """Return the minutes: figures as frozen, decisions as kept in `items`, the promises `made` at this meeting.

    `made` are rows of the ledger. The same content gives the same bytes.
    """
    content = frozen.told
    kept = {item.item_id: item for item in items}
    paper = _blank(content["meeting"]["title"], datetime.fromisoformat(content["frozen_at"]))
    meeting = content["meeting"]
    paper.add_heading(meeting["title"], 0)
    paper.add_paragraph(f"{told.kind(content, of)} · {told.sentence(content, of)} · {told.until(content, of)}")
    for line in (mark("Held on:"), mark("Chair:"), mark("Present:"), mark("Taken down by:")):
        paper.add_paragraph(f"{say(line, of)} ____________________")
    paper.add_heading(say(mark("What was promised, and what became of it"), of), 1)
    heads, rows = told.ledger(content, of)
    _table(paper, (heads, rows), (26, 44, 38, 20, 24, 22))
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
            outcome = OUTCOME_NAMES[one.outcome]
            paper.add_paragraph(_labelled(mark("Outcome:"), translate(outcome, of), of))
        if one and one.links:
            paper.add_paragraph(_labelled(mark("Follows from and leads to:"), _chain(one, of), of))
    paper.add_heading(say(mark("Promises made today"), of), 1)
    columns = [say(name, of) for name in (mark("Promise"), mark("Owner"), mark("Unit"), mark("Due on"))]
    today = [
        [row["topic"], row["owner"] or formats.MISSING, told.unit(content, row["branch_id"], of), str(row["due_on"])]
        for row in made
    ]
    _table(paper, (columns, today or [["", "", "", ""]] * 3), (80, 30, 36, 28))
    paper.add_heading(say(mark("Signatures"), of), 1)
    for side in (mark("For the union:"), mark("For the management side:"), mark("For the Party organisation:")):
        day = _labelled(mark("Date:"), "______________", of)
        paper.add_paragraph(f"{say(side, of)} ____________________    {day}")
    small = paper.add_paragraph().add_run(told.seal(frozen, of))
    small.font.size = Pt(8)
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


def _labelled(label_of: str, text: str, of: Language) -> str:
    return f"{translate(label_of, of)} {text}"


def _side(side: str, text: str, of: Language) -> str:
    return f"{translate(side, of)}{'：' if of == 'zh' else ': '}{text}" if text else ""


def _chain(item: Item, of: Language) -> str:
    said = []
    for step, reference in item.links:
        name = STEP_NAMES[step]
        what = label("category", reference, of) if step == "category" else reference
        said.append(f"{translate(name, of)} {what}")
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
    return paper


def _table(paper: Any, table: Table, widths: Sequence[int]) -> None:
    heads, rows = table
    made = paper.add_table(rows=1, cols=len(heads))
    made.style = "Table Grid"
    made.autofit = False
    for cells, texts, bold in [
        (made.rows[0].cells, heads, True),
        *((made.add_row().cells, row, False) for row in rows),
    ]:
        for place, text in enumerate(texts):
            cells[place].width = Mm(widths[place])
            run = cells[place].paragraphs[0].add_run(text)
            run.font.size, run.bold = Pt(9), bold
