"""Engagement: what the surveys say about seven sides of work, how many answered, and what changed between rounds."""

import streamlit as st

from pages.kpis import rounds, telling
from pages.shared import anatomy, cards, charts, view
from pages.shared.words import _

seen = view.current()
anatomy.header(
    _("Engagement"),
    how=_(
        "A score rests on those who answered, so the response rate stands beside it. "
        "Groups of fewer than five respondents are hidden from everybody: a survey is anonymous."
    ),
)
cards.row(
    seen,
    ("engagement_index", "favourable_rate", "enps", "survey_response_rate"),
    verdicts=lambda metric: telling.verdict(seen, metric),
)

held = rounds.held(seen)
charts.figure(
    seen,
    charts.heat(seen, seen.grid("favourable_rate", rows="branch", columns="dimension"), columns="dimension"),
    title=rounds.weakest(seen),
    key="engagement_heat",
    on_pick=lambda group, column: view.go("unit", branch=group),
)

left, right = st.columns(2, gap="medium")
with left:
    charts.figure(
        seen,
        charts.bars(seen, seen.ask("favourable_rate", by="dimension")),
        title=_("Favourable answers by dimension"),
        key="engagement_dimensions",
    )
with right:
    rounds.change(seen, held)

left, right = st.columns(2, gap="medium")
with left:
    charts.figure(
        seen,
        charts.bars(seen, seen.ask("survey_response_rate", by="branch"), target=seen.target("survey_response_rate")),
        title=_("How many answered, by unit"),
        key="engagement_response",
        on_pick=lambda group: view.change(branch=group),
    )
with right:
    charts.figure(
        seen,
        charts.bars(seen, seen.ask("enps", by="branch")),
        title=_("Would workers recommend working here?"),
        key="engagement_enps",
        on_pick=lambda group: view.change(branch=group),
    )
