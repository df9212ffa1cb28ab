"""Early warning: what will breach, what changed and why, which unit differs; each with its evidence."""

import streamlit as st

from pages.kpis import outlooks, process
from pages.shared import anatomy, view
from pages.shared.words import _

seen = view.current()
anatomy.header(
    _("Early warning"),
    how=_(
        "Forecasts come with an interval and with how earlier ones fared. A month counts as a change only when it "
        "leaves the range the months before would lead one to expect. Units are compared with what chance and their "
        "size allow; there is no ranking, and a small unit neither wins nor loses by chance."
    ),
)
ahead, change, between = st.tabs(
    [_("What will breach"), _("What changed and why"), _("Which unit differs")], key="warning_tab", on_change="rerun"
)
with ahead:
    if ahead.open:
        outlooks.expected(seen)
        outlooks.save_first(seen)
        outlooks.track_record(seen)
with change:
    if change.open:
        metric = process.chosen(seen)
        process.by_month(seen, metric)
        process.reasons(seen, metric)
with between:
    if between.open:
        metric = process.chosen(seen, compared=True)
        process.funnel(seen, metric)
        process.quiet(seen)
