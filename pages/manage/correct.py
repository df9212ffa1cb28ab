"""Correct in place: a unit's headcounts, targets, notices, contracts and notes on figures, row by row."""

import streamlit as st

from pages.manage import correcting
from pages.shared import anatomy, view
from pages.shared.words import _

seen = view.current()
anatomy.plain_header(
    _("Correct in place"),
    _("What a unit keeps by hand, changed where it stands; checked and recorded like a hand-in"),
    how=_(
        "Choose the ledger and the unit, then change cells, add rows at the end or take rows away. Everything is "
        "checked as you type; nothing is stored before you say so. Each correction is an entry of its own in the "
        "history of hand-ins, where it can be read row by row and undone."
    ),
)
opened = correcting.choose(seen)
left = correcting.editor(seen, opened)
result = correcting.checked(seen, opened, left)
with st.container(horizontal=True, vertical_alignment="center"):
    correcting.store(seen, opened, left, result)
    st.button(_("Load anew"), icon=":material/refresh:", key="correct_reload", on_click=correcting.reopen)
    st.button(_("History"), icon=":material/history:", key="correct_history", on_click=correcting.history)
correcting.faults(result)
