"""Every metric with its formula, rivals, what is left out and where it comes from; linkable by ?metric=id."""

import streamlit as st

from pages.shared import anatomy, definitions
from pages.shared.words import _
from queries.metrics import METRICS

anatomy.plain_header(
    _("Definitions"),
    _("How every figure is counted: one definition for pages, downloads and reports"),
    how=_(
        "Where the field counts a rate in several ways, all are listed; the first is used unless you choose another."
    ),
)
wanted = st.query_params.get("metric")
if wanted in METRICS:
    definitions.book([METRICS[wanted]], opened=wanted)
search = st.text_input(
    _("Search"), type="search", placeholder=_("Name, word of the formula, or id"), key="definitions_search", width=420
)
found = [metric for metric in METRICS.values() if definitions.matches(metric, search)]
for family, title in definitions.FAMILIES.items():
    inside = [metric for metric in found if metric.family == family]
    if inside:
        anatomy.section(_(title))
        definitions.book(inside)
if not found:
    st.caption(_("No metric matches your search."))
