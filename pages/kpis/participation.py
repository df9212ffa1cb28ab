"""Participation: how many people take part, how often, where, in what, and whether the Party reaches beyond itself."""

import streamlit as st

from pages.kpis import telling, trend
from pages.shared import anatomy, cards, charts, formats, view
from pages.shared.words import _

UNITS_IN_A_CALENDAR = 30

seen = view.current()
anatomy.header(
    _("Participation"),
    how=_(
        "Participation counts distinct people: "
        "someone who came twelve times counts once, in a total over two units too. "
        "Attendances count every time. The longer the period, the higher the rate; compare periods of equal length."
    ),
)
cards.row(
    seen,
    (
        "participation_rate",
        "attendances_per_head",
        "non_party_reach",
        "joint_activity_share",
        "shared_venue_share",
        "unit_coverage",
        "party_day_rate",
        "production_linked_activity_share",
    ),
    verdicts=lambda metric: telling.verdict(seen, metric),
)

whole = seen.ask("participation_rate").one
charts.figure(
    seen,
    charts.line(
        seen,
        seen.ask("participation_rate", by="month"),
        before=seen.before("participation_rate", "month"),
        marks=trend.marks(seen, "participation_rate"),
    ),
    title=_(
        "{people} people took part at least once, {value} of the average {heads} in {place}",
        people=formats.value("count", whole["numerator"], suppressed=bool(whole["suppressed"])),
        value=formats.value("rate", whole["value"], suppressed=bool(whole["suppressed"])),
        heads=formats.value(
            "count", whole["denominator"] and round(whole["denominator"]), suppressed=bool(whole["suppressed"])
        ),
        place=seen.place,
    ),
    key="participation_by_month",
)

left, right = st.columns(2, gap="medium")
with left:
    charts.figure(
        seen,
        charts.bars(seen, seen.ask("participation_rate", by="branch"), target=seen.target("participation_rate")),
        title=_("Participation by unit, in the order of the organisation"),
        key="participation_by_unit",
        on_pick=lambda group: view.change(branch=group),
    )
with right:
    charts.figure(
        seen,
        charts.stacked(seen, seen.grid("attendances", rows="organiser", columns="month")),
        title=_("Attendances by who organised"),
        key="participation_organisers",
    )

left, right = st.columns(2, gap="medium")
with left:
    charts.figure(
        seen,
        charts.bars(seen, seen.ask("participants", by="kind")),
        title=_("People by kind of activity"),
        key="participation_kinds",
        on_pick=lambda group: view.change(kind=(group,)),
    )
with right:
    charts.figure(
        seen,
        charts.bars(seen, seen.ask("attendances", by="kind")),
        title=_("Attendances by kind of activity"),
        key="attendance_kinds",
        on_pick=lambda group: view.change(kind=(group,)),
    )

# A calendar of sixty units is a wall; a division's own units fit a screen.
rows = "unit" if len(seen.units) <= UNITS_IN_A_CALENDAR else "branch"
charts.figure(
    seen,
    charts.heat(seen, seen.grid("party_day_rate", rows=rows, columns="month")),
    title=_("Theme Party Day: who held or attended one in which month"),
    key="party_days",
    on_pick=lambda group, column: view.go("unit", branch=group, period=column),
)

left, right = st.columns(2, gap="medium")
with left:
    charts.figure(
        seen,
        trend.line(seen, "joint_activity_share"),
        title=_("How much Party and union do together"),
        key="joint_by_month",
    )
with right:
    charts.figure(
        seen,
        charts.bars(seen, seen.ask("non_party_reach", by="branch"), target=seen.target("non_party_reach")),
        title=_("Party activities reach workers outside the Party"),
        key="non_party_by_unit",
        on_pick=lambda group: view.change(branch=group),
    )
