"""Suggestions: how far do they get, from submission to verified benefit, how fast, on what and where."""

import streamlit as st

from data.words import mark
from pages.kpis import case_list, say, telling, trend, waiting
from pages.kpis import suggestion_findings as findings
from pages.shared import anatomy, cards, charts, figure, view
from pages.shared.words import _

CARDS = (
    "suggestions_submitted",
    "proposer_rate",
    "adoption_rate",
    "implementation_rate",
    "median_days_to_decision",
    "undecided_suggestions",
    "verified_benefit",
    "production_linked_suggestion_share",
)
WIDE = 430  # pixels below which two charts stand under each other

seen = view.current()
anatomy.header(
    _("Suggestions"),
    how=_(
        "The pipeline follows the suggestions submitted in the period as far as they have come by the data date; the "
        "latest have not had their time. Adoption counts those decided in the period, implementation those adopted in "
        "it. A click on a bar narrows the page."
    ),
)
cards.row(seen, CARDS, verdicts=lambda metric: telling.verdict(seen, metric))

steps, _withheld, _reason = findings.steps(seen)
charts.figure(
    seen,
    findings.drawn(seen),
    title=findings.pipeline(steps),
    subtitle=_("Suggestions submitted in the period and where they stand on the data date; shares of those submitted"),
    key="pipeline",
)

anatomy.section(_("Taken up and carried out"))
with st.grid(2, min_column_width=WIDE, gap="small"):
    for metric, differ, plain in (
        (
            "adoption_rate",
            mark("{high} is adopted most ({high_value}), {low} least ({low_value})"),
            mark("Adoption by theme"),
        ),
        (
            "implementation_rate",
            mark("{high} is carried out most ({high_value}), {low} least ({low_value})"),
            mark("Implementation by theme"),
        ),
    ):
        by_theme = seen.ask(metric, by="theme")
        charts.figure(
            seen,
            charts.bars(seen, by_theme, target=seen.target(metric)),
            title=findings.span(seen, by_theme, differ, plain),
            key=f"{metric}_by_theme",
            on_pick=lambda group: view.change(theme=group),
        )
    for metric in ("adoption_rate", "implementation_rate"):
        charts.figure(
            seen,
            charts.bars(seen, seen.ask(metric, by="branch"), target=seen.target(metric)),
            title=say.level(seen, metric),
            key=f"{metric}_by_unit",
            on_pick=lambda group: view.change(branch=group),
        )

anatomy.section(_("How long?"))
waiting.panel("suggestions")

anatomy.section(_("Benefit and production"))
with st.grid(2, min_column_width=WIDE, gap="small"):
    charts.figure(
        seen,
        charts.line(seen, seen.ask("verified_benefit", by="month", start=trend.start(seen)), clicks=True),
        title=findings.benefit(seen),
        subtitle=figure.about(seen, seen.ask("verified_benefit")) + trend.about(seen),
        key="benefit_by_month",
        on_pick=lambda group: view.change(period=group),
    )
    by_unit = seen.ask("verified_benefit", by="branch")
    charts.figure(
        seen,
        charts.bars(seen, by_unit),
        title=findings.benefit_by_unit(seen, by_unit),
        key="benefit_by_unit",
        on_pick=lambda group: view.change(branch=group),
    )
    linked = "production_linked_suggestion_share"
    charts.figure(
        seen,
        trend.line(seen, linked, start=trend.start(seen)),
        title=say.level(seen, linked),
        subtitle=figure.about(seen, seen.ask(linked)) + trend.about(seen),
        key="linked_by_month",
    )
    charts.figure(
        seen,
        charts.bars(seen, seen.ask(linked, by="branch"), target=seen.target(linked)),
        title=_("Production-linked suggestions by unit"),
        key="linked_by_unit",
        on_pick=lambda group: view.change(branch=group),
    )

anatomy.section(_("Waiting for a decision"))
case_list.suggestions()
