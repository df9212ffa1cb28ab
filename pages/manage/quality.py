"""Data quality: what was handed in and what is late, month by month; what looks odd, with whom to ask."""

import streamlit as st

from pages.manage import oddities
from pages.shared import anatomy, formats, view
from pages.shared.words import _
from queries import quality

seen = view.current()
anatomy.header(
    _("Data quality"),
    how=_(
        "Figures are only as good as what was handed in. A missing headcount is carried forward from the month before; "
        "late months are marked. Odd patterns are a reason to ask, not a verdict."
    ),
)
anatomy.section(_("What to ask about"))
oddities.table(seen, quality.findings(seen.viewer, seen.filters, seen.snapshot))
anatomy.section(_("Handed in, month by month"))
share = quality.completeness(seen.viewer, seen.filters, seen.snapshot)
st.text(
    _(
        "{share} of the headcounts due have come · data up to {day}",
        share=formats.percent(share),
        day=formats.day(seen.snapshot.data_date),
    )
)
oddities.calendar(seen, quality.handed_in(seen.viewer, seen.filters, seen.snapshot))
if seen.viewer.role in ("union_staff", "admin", "operator"):
    st.button(
        _("Hand in data"), icon=":material/upload_file:", on_click=view.go, args=("hand-in",), key="quality_hand_in"
    )
