"""One unit: everything about it on one page, against the unit above, its peers of similar size and its own past."""

import streamlit as st

from pages.branches import profile
from pages.kpis import attention, say, telling, trend
from pages.shared import anatomy, cards, charts, view
from pages.shared.words import _

KPIS = {
    "participation_rate": "participation",
    "on_time_rate": "grievances",
    "satisfaction_rate": "grievances",
    "adoption_rate": "suggestions",
    "engagement_index": "engagement",
    "commitments_on_time_rate": "commitments",
    "party_day_rate": "participation",
    "union_membership_rate": "unit",
}

seen = view.current()
anatomy.header(
    seen.place,
    how=_(
        "Every figure counts the unit and all units below it. "
        "Peers are units of the same kind with half to twice the people; they stand in no order of merit."
    ),
)
profile.facts(seen)
cards.row(seen, tuple(KPIS), verdicts=lambda metric: telling.verdict(seen, metric))

anatomy.section(_("Among units of similar size"))
profile.among_peers(seen, ("participation_rate", "on_time_rate", "satisfaction_rate", "adoption_rate"))

profile.verdicts(seen)

left, right = st.columns(2, gap="medium")
start = seen.filters.end.back(23)
with left:
    charts.figure(
        seen,
        trend.line(seen, "on_time_rate", start=start),
        title=say.level(seen, "on_time_rate"),
        key="unit_on_time",
    )
with right:
    charts.figure(
        seen,
        charts.line(
            seen,
            seen.ask("participation_rate", by="month", start=start),
            marks=trend.marks(seen, "participation_rate"),
        ),
        title=_("Participation month by month"),
        key="unit_participation",
    )

left, right = st.columns(2, gap="medium")
with left:
    charts.figure(
        seen,
        charts.bars(seen, seen.ask("grievances_received", by="category")),
        title=_("What workers raise"),
        key="unit_categories",
        on_pick=lambda group: view.go("grievances", category=(group,)),
    )
with right:
    charts.figure(
        seen,
        charts.bars(seen, seen.ask("suggestions_submitted", by="theme")),
        title=_("What workers propose"),
        key="unit_themes",
        on_pick=lambda group: view.go("suggestions", theme=(group,)),
    )

if seen.branch and seen.snapshot.children(seen.branch):
    charts.figure(
        seen,
        charts.bars(seen, seen.ask("on_time_rate", by="branch"), target=seen.target("on_time_rate")),
        title=_("The units below, on-time closure"),
        key="unit_children",
        on_pick=lambda group: view.go("unit", branch=group),
    )

anatomy.section(_("Latest notices"))
attention.notices_table(seen)
