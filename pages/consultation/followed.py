"""Following a promise up on the page: that it was kept, on which day and how that is known; what was noted wrongly."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from data import clock
from pages.consultation import promises
from pages.consultation.saying import told
from pages.shared.view import View
from pages.shared.words import _
from queries import freezing, minutes

TOPIC_LENGTH, OWNER_LENGTH, EVIDENCE_LENGTH = 200, 60, 200
OPEN_FIRST = ("overdue", "due", "done_late", "done")


def follow_up(seen: View, rows: pl.DataFrame, key: str) -> None:
    """Draw the form that marks a promise as done or corrects it, for those that the visitor looks after."""
    mine = {
        row["commitment_id"]: row
        for row in rows.iter_rows(named=True)
        if freezing.may_prepare(seen.viewer, row["branch_id"], seen.snapshot)
    }
    if not mine:
        return
    panel = st.popover(_("Follow up"), icon=":material/task_alt:", key=f"{key}_follow", on_change="rerun")
    if not panel.open:
        return
    with panel:
        number = st.selectbox(
            _("Promise"), sorted(mine, key=lambda one: OPEN_FIRST.index(mine[one]["state"])), key=f"{key}_which",
            format_func=lambda one: f"{promises.state(mine[one], seen.language)} · {mine[one]['topic']} · {one}",
            width=520,
        )  # fmt: skip
        kept, corrected = st.tabs([_("Kept"), _("Correct")])
        with kept:
            _kept(seen, mine[number], f"{key}_{number}")
        with corrected:
            _corrected(seen, mine[number], f"{key}_{number}")


def _kept(seen: View, row: dict[str, Any], key: str) -> None:
    with st.form(f"{key}_done", border=False):
        day = st.date_input(
            _("Done on"), value=row["done_on"] or clock.today(), min_value=row["held_on"], max_value=clock.today(),
            format="YYYY-MM-DD",
        )  # fmt: skip
        evidence = st.text_area(
            _("How it is known"), row["evidence"] or "", max_chars=EVIDENCE_LENGTH,
            placeholder=_("What was seen, measured or handed over; no worker's name."),
        )  # fmt: skip
        if not st.form_submit_button(_("Mark as done"), type="primary"):
            return
        if told(minutes.done(seen.viewer, row["commitment_id"], day, evidence, seen.snapshot), seen):
            st.toast(_("The promise is marked as done."))
            st.rerun()


def _corrected(seen: View, row: dict[str, Any], key: str) -> None:
    with st.form(f"{key}_amend", border=False):
        topic = st.text_input(_("Promise"), row["topic"], max_chars=TOPIC_LENGTH)
        owner = st.text_input(_("Owner"), row["owner"] or "", max_chars=OWNER_LENGTH)
        due_on = st.date_input(_("Due on"), value=row["due_on"], min_value=row["held_on"], format="YYYY-MM-DD")
        if st.form_submit_button(_("Keep")) and topic.strip():
            number = row["commitment_id"]
            changed = minutes.amend(
                seen.viewer, number, topic=topic, owner=owner, due_on=due_on, snapshot=seen.snapshot
            )
            if told(changed, seen):
                st.rerun()
