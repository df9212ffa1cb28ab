"""Grievances: what comes in, is it handled in time, is it solved, how long does it take, where and about what."""

import streamlit as st

from data.words import mark
from pages.kpis import case_list, say, telling, trend, unusual, waiting, xray
from pages.kpis import grievance_drawings as drawings
from pages.kpis import grievance_findings as findings
from pages.shared import anatomy, cards, charts, figure, view
from pages.shared.words import _

CARDS = (
    "overdue_grievances",
    "on_time_rate",
    "closure_rate",
    "response_rate",
    "resolution_rate",
    "satisfaction_rate",
    "median_days_to_close",
    "reopen_rate",
)
WIDE = 430  # pixels below which two charts stand under each other

seen = view.current()
anatomy.header(
    _("Grievances"),
    how=_(
        "Rates count the cases whose limit fell in the period and has passed, unless you choose another definition. "
        "Hatched months are not over: they will still change. A click on a month, a bar or a cell narrows the page."
    ),
)
cards.row(seen, CARDS, verdicts=lambda metric: telling.verdict(seen, metric))

months, drawing = drawings.flow(seen)
charts.figure(
    seen,
    drawing,
    title=findings.flow(months),
    subtitle=_("Cases filed and closed in each month and those open at its end; withdrawn ones left out")
    + trend.about(seen),
    key="flow",
    on_pick=lambda group: view.change(period=group),
)

anatomy.section(_("In time?"))
with st.grid(2, min_column_width=WIDE, gap="small"):
    for metric in ("closure_rate", "on_time_rate"):
        drawing = drawings.by_due_month(seen, metric)
        charts.figure(
            seen,
            drawing,
            title=say.level(seen, metric),
            subtitle=figure.about(seen, drawing.answer) + trend.about(seen),
            key=f"{metric}_by_month",
            on_pick=lambda group: view.change(period=group),
        )
xray.panel(seen, ("closure_rate", "on_time_rate"), "grievances")

anatomy.section(_("Solved?"))
with st.grid(2, min_column_width=WIDE, gap="small"):
    charts.figure(
        seen,
        drawings.solved(seen),
        title=findings.solved(seen),
        subtitle=_("Of the cases closed in the period: resolved by the record, and in the worker's own word"),
        key="solved",
        on_pick=lambda group: view.change(branch=group),
    )
    charts.figure(
        seen,
        drawings.satisfied(seen),
        title=findings.satisfied(seen),
        key="satisfied",
        on_pick=lambda group: view.change(branch=group),
    )

anatomy.section(_("How long?"))
waiting.panel("grievances")

unusual.panel(seen)
charts.figure(
    seen,
    drawings.categories(seen),
    title=findings.leading(
        seen,
        seen.ask("grievances_received", by="category"),
        "category",
        mark("Categories by unit"),
        mark("{name} comes up most: {count} of {total} cases ({share})"),
    ),
    key="categories",
    on_pick=lambda group, column: view.change(branch=group, category=column),
)
by_channel, by_stage = (seen.ask("grievances_received", by=code) for code in ("channel", "stage"))
with st.grid(2, min_column_width=WIDE, gap="small"):
    charts.figure(
        seen,
        charts.bars(seen, by_channel),
        title=findings.leading(
            seen,
            by_channel,
            "channel",
            mark("Channels"),
            mark("Most come by this way: {name}, {count} of {total} ({share})"),
        ),
        key="channels",
        on_pick=lambda group: view.change(channel=group),
    )
    with st.container(gap="small"):
        charts.figure(
            seen,
            charts.bars(seen, by_stage),
            title=findings.stages(seen, by_stage),
            key="stages",
            on_pick=lambda group: view.change(stage=group),
        )
        cards.row(seen, ("mediation_success_rate", "escalation_rate"), key="stages_")

anatomy.section(_("Case by case"))
case_list.grievances()
