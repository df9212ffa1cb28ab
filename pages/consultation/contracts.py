"""Contracts and care: what the law's clocks ask for next, collective contracts, and help for workers in hardship."""

import streamlit as st

from pages.consultation import due
from pages.shared import anatomy, cards, charts, formats, states, view
from pages.shared.words import _
from queries import clocks

seen = view.current()
anatomy.header(
    _("Contracts and care"),
    how=_(
        "A contract covers its unit and all below it. It holds from its stated day, else fifteen days after filing, "
        "else from signing. The clocks count calendar days and name the article they come from; "
        "time to help counts those who still wait."
    ),
)
cards.row(
    seen, ("contract_coverage_rate", "contract_fulfilment_rate", "reply_on_time_rate", "quorum_rate"), key="contracts"
)

anatomy.section(_("What is due next"))
due.due_next(seen, clocks.clocks(seen.viewer, seen.filters, seen.snapshot))

anatomy.section(_("Collective contracts"))
rows, known = clocks.contracts(seen.viewer, seen.filters, seen.snapshot)
st.text(due.contracts_told(rows, known))
due.contract_table(seen, rows, known)

left, right = st.columns(2, gap="medium")
with left:
    charts.figure(
        seen,
        charts.bars(
            seen, seen.ask("contract_coverage_rate", by="branch"), target=seen.target("contract_coverage_rate")
        ),
        title=_(
            "{value} of the employees are under a comprehensive contract",
            value=formats.percent(seen.ask("contract_coverage_rate", definition="comprehensive").one["value"]),
        ),
        key="contracts_coverage",
        on_pick=lambda group: view.change(branch=group),
    )
with right:
    charts.figure(
        seen,
        charts.bars(
            seen, seen.ask("contract_fulfilment_rate", by="branch"), target=seen.target("contract_fulfilment_rate")
        ),
        title=_(
            "{value} of the clauses have been carried out",
            value=formats.percent(seen.ask("contract_fulfilment_rate").one["value"]),
        ),
        key="contracts_fulfilment",
        on_pick=lambda group: view.change(branch=group),
    )

anatomy.section(_("Help for workers in hardship"))
cards.row(seen, ("aid_identified", "aid_coverage_rate", "aid_amount"), key="aid")
help_given = seen.ask("aid_coverage_rate").one
wait = clocks.time_to_help(seen.viewer, seen.filters, seen.snapshot)
left, right = st.columns(2, gap="small")
left.metric(
    _("Helped"),
    formats.value("count", help_given["numerator"], suppressed=help_given["suppressed"]),
    border=True,
)
right.metric(
    _("Time until half of them were helped"),
    formats.value("days", wait.median, suppressed=wait.suppressed),
    help=_("From being identified to being helped; those still waiting count as waiting."),
    border=True,
)
if wait.suppressed:
    states.suppressed()
left, right = st.columns(2, gap="medium")
with left:
    charts.figure(
        seen,
        charts.bars(seen, due.helped_by_kind(seen)),
        title=_("Helped, by kind of hardship"),
        key="aid_kinds",
    )
with right:
    charts.figure(
        seen,
        charts.line(seen, seen.ask("aid_amount", by="month")),
        title=_("Aid given month by month"),
        key="aid_months",
    )
