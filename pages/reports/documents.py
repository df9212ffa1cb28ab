"""The documents: which there are, how one is made of a meeting's frozen content, and how its bytes are settled."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass

from data import agenda as agendas
from data import database, frozen
from data.agenda import Plan
from data.frozen import Frozen
from data.words import mark, translate
from pages.reports import brief, minutes, slides, workbook
from pages.reports.brief import NoFont
from pages.shared import formats
from pages.shared.downloads import safe_name
from pages.shared.words import Language
from queries import chain, clocks, freezing, ledger
from queries.agenda import management_of
from queries.filters import Month
from queries.holding import current
from queries.snapshot import Snapshot

__all__ = ["KINDS", "Kind", "NoFont", "file_name", "of_meeting", "of_period"]

_OFFICE = "application/vnd.openxmlformats-officedocument."
# Zip entries carry a moment; Office's own begin of time keeps the same content the same bytes.
_BEGIN = (1980, 1, 1, 0, 0, 0)
_MOMENT = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms)")


@dataclass(frozen=True)
class Kind:
    """One kind of document: what its file is called, ends in, and is served as."""

    name: str
    suffix: str
    mime: str


KINDS = {
    "brief": Kind(mark("Brief"), "pdf", "application/pdf"),
    "workbook": Kind(mark("Workbook"), "xlsx", _OFFICE + "spreadsheetml.sheet"),
    "slides": Kind(mark("Slides"), "pptx", _OFFICE + "presentationml.presentation"),
    "minutes": Kind(mark("Minutes"), "docx", _OFFICE + "wordprocessingml.document"),
}


def of_meeting(kind: str, state: Frozen, of: Language) -> bytes:
    """Return a document of what was frozen; minutes also hold what the meeting decided. NoFont as `brief.pdf`."""
    if kind == "brief":
        return brief.pdf(state, of)
    if kind == "workbook":
        return settled(workbook.xlsx(state, of), state)
    if kind == "slides":
        return settled(slides.pptx(state, of), state)
    with database.reading() as connection:
        items = agendas.items(connection, state.meeting_id)
    branch = state.told["meeting"]["branch_id"]
    snapshot = current()
    side = management_of(branch)  # the paper is for both sides
    made = ledger.made_at(state.meeting_id, snapshot).to_dicts()
    known = chain.known(side, branch, snapshot)
    paper = minutes.docx(state, of, items, made, known, _held(state.meeting_id, of, snapshot))
    return settled(paper, state)


def _held(meeting_id: str, of: Language, snapshot: Snapshot) -> tuple[str, str]:
    """Return the day a meeting was held and who was there, as far as it is kept."""
    row = clocks.meeting(meeting_id, snapshot)
    if row is None or row["held_on"] is None:
        return "", ""
    if row["present"] is None:
        return formats.day(row["held_on"], of), ""
    said = mark("{present} of {delegates} delegates")
    return formats.day(row["held_on"], of), translate(
        said, of, present=row["present"], delegates=formats.MISSING if row["delegates"] is None else row["delegates"]
    )


def of_period(branch: str, start: Month, end: Month, of: Language, snapshot: Snapshot | None = None) -> Frozen:
    """Return a unit's figures of a period in the form a meeting's are frozen in, stored nowhere."""
    snapshot = snapshot or current()
    title = translate(
        mark("{unit}: brief of {months}"), of, unit=snapshot.name(branch, of), months=formats.span(start, end, of)
    )
    plan = Plan("", branch, "", title, snapshot.data_date, str(start), str(end))
    content = freezing.contents(plan, [], "", snapshot)
    text = frozen.canonical(content)
    return frozen.Frozen("", 0, frozen.now(), "", snapshot.version, frozen.digest(text), text)


def file_name(kind: str, plan: Plan, of: Language) -> str:
    """Return what the document's file is called."""
    found = KINDS[kind]
    name = found.name
    return f"{safe_name(f'{plan.title} · {translate(name, of)}')}.{found.suffix}"


def settled(document: bytes, state: Frozen) -> bytes:
    """Return an Office file whose only moment is that of the freezing, also in the workbooks within its charts."""
    moment = (state.told["frozen_at"] + "Z").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.endswith("docProps/core.xml"):
                content = _MOMENT.sub(rb"\g<1>" + moment + rb"\g<2>", content)
            elif entry.filename.endswith(".xlsx"):
                content = settled(content, state)
            info = zipfile.ZipInfo(entry.filename, _BEGIN)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, content)
    return out.getvalue()
