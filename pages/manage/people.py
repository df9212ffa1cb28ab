"""People and audit: who may look at what, and who did what; for administrators only."""

import streamlit as st

from pages.manage import persons
from pages.shared import anatomy, view
from pages.shared.words import _

seen = view.current()
anatomy.plain_header(
    _("People and audit"),
    _("Who may look at what, and who did what"),
    how=_(
        "Everyone is looked up at every click: a change acts at the person's next one. "
        "The log can only be added to; it never holds the text of a case."
    ),
)
who, log = st.tabs([_("People"), _("Audit log")], key="people_tab", on_change="rerun")
with who:
    if who.open:
        persons.listed(seen)
        persons.added(seen)
with log:
    if log.open:
        persons.log(seen)
