"""What both sides take away: the seal of what is frozen, the way to the projector, and the documents."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from data import people
from data.agenda import Plan
from data.frozen import Frozen
from data.words import mark
from pages.reports import documents
from pages.reports.documents import KINDS
from pages.shared.view import View
from pages.shared.words import _
from queries import freezing

NAMES = {
    "brief": mark("Brief (PDF)"),
    "workbook": mark("Workbook (XLSX)"),
    "slides": mark("Slides (PPTX)"),
    "minutes": mark("Minutes (DOCX)"),
}


def truth(seen: View, plan: Plan, frozen: Frozen | None, may: bool) -> None:
    """Draw what is frozen and its hash, the buttons to freeze and to present, and the documents."""
    if frozen is None:
        st.caption(_("Nothing is frozen yet: the room and the documents open once the meeting's figures are frozen."))
    else:
        st.text(
            _(
                "State {number}, frozen {at} UTC by {by}, data version {version}",
                number=frozen.number,
                at=f"{frozen.frozen_at:%Y-%m-%d %H:%M}",
                by=frozen.by,
                version=frozen.data_version,
            )
        )
        st.code(f"SHA-256 {frozen.sha256}", language=None)
    with st.container(horizontal=True, gap="small"):
        if may and st.button(
            _("Freeze the figures") if frozen is None else _("Freeze again"), icon=":material/ac_unit:",
            type="primary" if frozen is None else "secondary", key="room_freeze",
        ):  # fmt: skip
            with st.spinner(_("Asking every figure as the management side may see it…")):
                freezing.prepare(seen.viewer, plan.meeting_id, seen.snapshot)
            st.rerun()
        if frozen is not None:
            st.button(
                _("Show in the room"), icon=":material/co_present:", type="primary", key="room_present",
                on_click=_present, args=(plan.meeting_id,),
            )  # fmt: skip
    if frozen is not None:
        _documents(seen, plan, frozen)


def _present(meeting: str) -> None:
    st.query_params["meeting"] = meeting
    st.query_params["present"] = "1"


def _documents(seen: View, plan: Plan, frozen: Frozen) -> None:
    key = f"papers_{frozen.sha256}_{seen.language}"
    if st.button(_("Make the documents"), icon=":material/description:", key="room_papers"):
        bar = st.progress(0.0)
        made: dict[str, bytes] = {}
        try:
            for place, kind in enumerate(KINDS):
                bar.progress(place / len(KINDS), text=_(NAMES[kind]))
                made[kind] = documents.of_meeting(kind, frozen, seen.language)
        except documents.NoFont as error:
            st.error(error.text(seen.language))
        bar.empty()
        st.session_state[key] = made
    with st.container(horizontal=True, gap="small"):
        for kind, content in st.session_state.get(key, {}).items():
            file = documents.file_name(kind, plan, seen.language)
            st.download_button(
                _(NAMES[kind]), data=_on_click(content, seen.viewer.email, file), file_name=file,
                mime=KINDS[kind].mime, key=f"paper_{kind}", on_click="ignore", icon=":material/download:",
            )  # fmt: skip


def _on_click(content: bytes, who: str, file: str) -> Callable[[], bytes]:
    def made() -> bytes:
        people.audit(None, who, "export", {"file": file})
        return content

    return made
