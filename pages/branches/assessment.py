"""The assessment sheet: what a unit meets, misses, or cannot be judged by yet, each with its evidence; no points."""

import streamlit as st

from pages.branches import assessing, composing
from pages.shared import anatomy, view
from pages.shared.words import _
from queries import assessment

seen = view.current()
anatomy.header(
    _("Assessment sheet"),
    how=_(
        "Each line stands by itself: there are no points, no ranks and no sums. Metrics count a unit with all below "
        "it, duties what the unit itself did. A target within the range that chance leaves is “too early to tell”, so "
        "a small unit neither wins nor loses by luck. Units stand in the order of the organisation."
    ),
)
if not assessment.items(seen.snapshot):
    st.info(_("Nothing stands on the assessment sheet yet. An administrator composes it."))
else:
    sheet = assessment.sheet(seen.viewer, seen.filters, seen.snapshot)
    if seen.branch in sheet.units:
        assessing.one_unit(seen, sheet, seen.branch)
    anatomy.section(_("Units side by side, in the order of the organisation"))
    assessing.all_units(seen, sheet)
if assessment.may_compose(seen.viewer):
    anatomy.section(_("Compose the sheet"))
    composing.editor(seen)
