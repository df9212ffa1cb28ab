"""Needs: what workers want to learn or join, where, and whether it was offered."""

import streamlit as st

from pages.consultation import topics
from pages.shared import anatomy, charts, view
from pages.shared.words import _

seen = view.current()
anatomy.header(
    _("Needs"),
    how=_(
        "Every worker may register topics; each person counts once in a topic. "
        "Beside it stands how many activities on the topic were held in the period. Small groups are withheld."
    ),
)
rows = topics.of_scope(seen)
charts.figure(
    seen,
    topics.bars(seen, rows),
    title=topics.finding(seen, rows),
    subtitle=_("People who registered a topic by the period's end; each counts once in a topic"),
    key="needs_topics",
)
left, right = st.columns([3, 2], gap="medium")
with left:
    anatomy.section(_("By unit"))
    topics.by_unit(seen)
with right:
    anatomy.section(_("Wanted and offered"))
    topics.against_offer(seen, rows)
