"""Commitments: what was promised at meetings, what became of it, and whether the numbers moved."""

from collections import Counter

import streamlit as st

from pages.consultation import followed, promises
from pages.kpis import telling
from pages.shared import anatomy, cards, charts, formats, view
from pages.shared.words import _
from queries import ledger

seen = view.current()
anatomy.header(
    _("Commitments"),
    how=_(
        "A promise has an owner, a day and, where one was named, a figure that it should move. "
        "Done in time means on or before its day. "
        "A figure has changed if, since the meeting, a month lies outside the limits of the months before, or the "
        "latest seven all lie on one side of the level before; with fewer than three whole months it is too early."
    ),
)
cards.row(
    seen,
    ("commitments_on_time_rate", "overdue_commitments", "meetings_held", "reply_on_time_rate"),
    verdicts=lambda metric: telling.verdict(seen, metric),
)

found = ledger.ledger(seen.viewer, seen.filters, snapshot=seen.snapshot)
counts = Counter(found["state"])

anatomy.section(_("Promise ledger"))
chosen = st.pills(
    _("State"),
    list(ledger.STATES),
    key="ledger_states",
    selection_mode="multi",
    format_func=lambda state: f"{_(promises.STATES[state])} {formats.count(counts[state], whole=True)}",
    label_visibility="collapsed",
)
rows = ledger.ledger(seen.viewer, seen.filters, tuple(chosen), seen.snapshot)
promises.table(seen, rows, "ledger")
followed.follow_up(seen, rows, "commitments")

left, right = st.columns(2, gap="medium")
with left:
    overdue = seen.ask("overdue_commitments", by="branch")
    charts.figure(
        seen,
        charts.bars(seen, overdue),
        title=_("{count} promises are overdue in {place}", count=formats.count(counts["overdue"]), place=seen.place),
        key="commitments_overdue",
        on_pick=lambda group: view.change(branch=group),
    )
with right:
    charts.figure(
        seen,
        charts.bars(
            seen, seen.ask("commitments_on_time_rate", by="category"), target=seen.target("commitments_on_time_rate")
        ),
        title=_(
            "{value} of the promises due were kept in time",
            value=formats.percent(seen.ask("commitments_on_time_rate").one["value"]),
        ),
        key="commitments_categories",
        on_pick=lambda group: view.change(category=(group,)),
    )
