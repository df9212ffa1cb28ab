"""Hand in data: drop the ledgers, see what would change and every fault, store; templates; history and undo."""

import streamlit as st

from pages.manage import handing, history, mapping
from pages.shared import anatomy, view
from pages.shared.words import _

seen = view.current()
anatomy.plain_header(
    _("Hand in data"),
    _("Ledgers as workbooks or CSV; nothing is stored before you say so, and nothing of a faulty hand-in"),
    how=_(
        "Drop any number of files; they are checked together. A preview says what is new, changed and unchanged, and "
        "lists every fault with its place and remedy. Store when it is right. The same file twice changes nothing."
    ),
)
names = [_("Hand in"), _("Templates"), _("Other systems"), _("History")]
hand_in, templates, others, past = st.tabs(names, key="hand_in_tab", on_change="rerun")
with hand_in:
    if hand_in.open:
        handing.draw(seen)
with templates:
    if templates.open:
        handing.templates(seen)
with others:
    if others.open:
        mapping.draw(seen)
with past:
    if past.open:
        history.draw(seen)
