"""The demo's stories as guided links: three findings of the overview, each to the page with its evidence."""

from __future__ import annotations

import streamlit as st

from pages.kpis import telling
from pages.shared import people, view
from pages.shared.view import View
from pages.shared.words import _
from queries import changes
from queries.statistics.findings import Finding

STORIES = 3


def stories() -> None:
    """Draw the menu of stories, on the demo's data only; what it holds is worked out when it is opened."""
    if not people.demo():
        return
    panel = st.popover(
        _("Three stories to follow"), type="tertiary", icon=":material/explore:", key="tools_stories", on_change="rerun"
    )
    if panel.open:
        with panel:
            _list(view.current())


def _list(seen: View) -> None:
    found = told(list(changes.what_changed(seen.viewer, seen.filters, seen.snapshot)))
    if not found:
        st.caption(_("No real change: what moved is no more than chance would move."))
        return
    st.caption(_("The data are made up, with stories in them. Each opens on the page with its evidence."))
    for place, finding in enumerate(found):
        st.button(
            telling.sentence(seen, finding),
            key=f"finding_story_{place}",
            icon=":material/arrow_forward:",
            type="tertiary",
            on_click=view.go,
            args=(telling.page_of(finding),),
            kwargs={"branch": finding.unit} if finding.unit else {},
        )


def told(found: list[Finding]) -> list[Finding]:
    """Return three findings: what needs attention first, no unit twice as long as others have something to tell."""
    ordered = sorted(found, key=lambda finding: finding.better is True)
    first = list({one.unit: one for one in reversed(ordered)}.values())[::-1]
    return [*first, *(one for one in ordered if one not in first)][:STORIES]
