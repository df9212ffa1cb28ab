"""Overview: on course or not, what really changed, who needs attention, what was published; ten seconds."""

import streamlit as st

from pages.kpis import attention, guide, say, telling, trend
from pages.shared import anatomy, cards, charts, view
from pages.shared.words import _

KPIS = {
    "participation_rate": "participation",
    "joint_activity_share": "participation",
    "on_time_rate": "grievances",
    "satisfaction_rate": "grievances",
    "overdue_grievances": "grievances",
    "adoption_rate": "suggestions",
    "engagement_index": "engagement",
    "commitments_on_time_rate": "commitments",
}

seen = view.current()
anatomy.header(
    _("Overview"),
    how=_(
        "A word on a card says whether the latest month is a real change or chance. "
        "Findings below are tested together, so that looking at many figures does not by itself find one. "
        "Open a card's definition to see how its figure is counted."
    )
    + " "
    + _("A bar is red only if it misses its target beyond chance, all its interval on the wrong side."),
    beside=guide.stories,
)

left, right = st.columns([3, 2], gap="medium")
with left:
    anatomy.section(_("What really changed"))
    with st.container(height=attention.LIST_HEIGHT, border=False):
        attention.findings()
with right:
    anatomy.section(_("Units to look at"))
    with st.container(height=attention.LIST_HEIGHT, border=False):
        attention.units()

anatomy.section(_("Key figures"))
cards.row(seen, tuple(KPIS), verdicts=lambda metric: telling.verdict(seen, metric), pages=KPIS)

left, right = st.columns([3, 2], gap="medium")
with left:
    on_time = seen.ask("on_time_rate", by="month", start=seen.filters.end.back(23))
    charts.figure(
        seen,
        charts.line(seen, on_time, target=seen.target("on_time_rate"), marks=trend.marks(seen, "on_time_rate")),
        title=say.level(seen, "on_time_rate"),
        key="overview_on_time",
    )
with right:
    charts.figure(
        seen,
        charts.bars(seen, seen.ask("on_time_rate", by="branch"), target=seen.target("on_time_rate")),
        title=_("On-time closure by unit"),
        key="overview_units",
        on_pick=lambda group: view.go("unit", branch=group),
    )

anatomy.section(_("Latest notices"))
attention.notices_table(seen)
